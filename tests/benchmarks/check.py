"""How many Dockerfiles `deadweight check` reads per CPU second, start-up included, and what an import of the CLI costs.

    python tests/benchmarks/check.py FOLDER [--files 300] [--rounds 5]

FOLDER holds Dockerfiles named *.Dockerfile. Prints CPU seconds (user and system, of the child process alone), so that
other programs on the machine hardly matter, and ratios within one run.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path


def cpu_seconds(command: list[str]) -> float:
    """CPU seconds of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(command: list[str], rounds: int) -> float:
    """The median of some runs, after one that warms the caches."""
    cpu_seconds(command)
    return sorted(cpu_seconds(command) for _ in range(rounds))[rounds // 2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    files = sorted(map(str, arguments.folder.glob("*.Dockerfile")))[: arguments.files]
    check = median([sys.executable, "-m", "deadweight", "check", "--format", "jsonl", *files], arguments.rounds)
    nothing = median([sys.executable, "-c", "pass"], arguments.rounds)
    imported = median([sys.executable, "-c", "import deadweight.cli.main"], arguments.rounds)
    print(f"check: {check:.2f} CPU s for {len(files)} files, {len(files) / check:.0f} files per CPU second")
    print(f"import: {imported / nothing:.1f} times the CPU of `python -c pass` ({nothing * 1000:.0f} ms)")


if __name__ == "__main__":
    main()
