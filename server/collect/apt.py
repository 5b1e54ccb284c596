"""Asks apt what requests add to a minimal Debian, for facts/data/apt.tsv and apt_packages.tsv. Run as root on Debian.

    python server/collect/apt.py DATA_FOLDER SUITE REQUESTS

REQUESTS is a file, a package name a line. Everything happens in a temporary folder: package lists of the machine's
own archive with SUITE in place of its own, and a status file that says debootstrap's minbase is installed, as in
Docker's Debian images. Unknown packages are left out. Rows that are asked again are replaced, all others stay.
"""

from __future__ import annotations

import datetime
import pathlib
import re
import subprocess
import sys
import tempfile

CLOSURES = ("suite", "recommends", "request", "closure", "source", "date")
PACKAGES = ("suite", "package", "installed", "download", "source", "date")
ANSWERED = "apt-get --simulate on minbase"
LISTED = "package lists: Installed-Size, Size"


def main(folder: str, suite: str, requests_path: str) -> None:
    """Asks every request with and without recommends, and merges the answers into both tables."""
    closures, packages = pathlib.Path(folder, "apt.tsv"), pathlib.Path(folder, "apt_packages.tsv")
    requests = pathlib.Path(requests_path).read_text("utf-8").split()
    today = datetime.date.today().isoformat()
    answers: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as temporary:
        apt = Apt(pathlib.Path(temporary), suite)
        for request in requests:
            for word, recommends in (("no", False), ("yes", True)):
                if (added := apt.answer(request, recommends=recommends)) is not None:
                    answers.append((suite, word, request, " ".join(added), ANSWERED, today))
        needed = {name for answer in answers for name in answer[3].split()}
        sizes: list[tuple[str, ...]] = [
            (suite, name, *map(str, apt.sizes[name]), LISTED, today) for name in needed if name in apt.sizes
        ]
    merge(closures, CLOSURES, answers, key=3)
    merge(packages, PACKAGES, sizes, key=2)


def merge(table: pathlib.Path, header: tuple[str, ...], rows: list[tuple[str, ...]], key: int) -> None:
    """Puts rows into a table, in place of those with the same first `key` columns."""
    lines = table.read_text("utf-8").splitlines()[1:] if table.exists() else []
    merged = {tuple(line.split("\t")[:key]): tuple(line.split("\t")) for line in lines}
    merged |= {row[:key]: row for row in rows}
    text = "\n".join("\t".join(row) for row in (header, *sorted(merged.values())))
    table.write_text(text + "\n", "utf-8")


class Apt:
    """An apt of its own under `folder`, that thinks only minbase is installed."""

    def __init__(self, folder: pathlib.Path, suite: str) -> None:
        for name in ("lists/partial", "archives/partial", "sources"):
            (folder / name).mkdir(parents=True)
        for source in pathlib.Path("/etc/apt/sources.list.d").glob("*.sources"):
            text = re.sub(r"\b(bullseye|bookworm|trixie)\b", suite, source.read_text("utf-8"))
            (folder / "sources" / source.name).write_text(text, "utf-8")
        status = folder / "status"
        status.touch()
        settings = {
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": status,
            "Dir::Cache": folder,
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "sources",
            "Dir::Etc::preferencesparts": "/dev/null",
        }
        self.options = [f"-o{name}={value}" for name, value in settings.items()]
        self.run("apt-get", "update")
        stanzas = self.run("apt-cache", "dumpavail").split("\n\n")
        named = {match[1]: stanza for stanza in stanzas if (match := re.search(r"^Package: (\S+)", stanza, re.M))}
        self.sizes = {
            name: (1024 * field(stanza, "Installed-Size"), field(stanza, "Size")) for name, stanza in named.items()
        }
        archive = re.search(r"^URIs: (\S+)", next((folder / "sources").glob("*")).read_text("utf-8"), re.M)
        assert archive, "the machine's sources name no archive"
        debootstrap = ["debootstrap", "--print-debs", "--variant=minbase", suite, str(folder / "base"), archive[1]]
        minbase = subprocess.run(debootstrap, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
        installed = [f"{named[name]}\nStatus: install ok installed\n\n" for name in minbase if name in named]
        status.write_text("".join(installed), "utf-8")

    def run(self, *command: str) -> str:
        """The output of a command of this apt; '' where it fails."""
        program, *arguments = command
        done = subprocess.run([program, *self.options, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
        return done.stdout if done.returncode == 0 else ""

    def answer(self, name: str, *, recommends: bool) -> list[str] | None:
        """The packages that installing `name` adds; None where apt cannot do it."""
        output = self.run("apt-get", "--simulate", f"-oAPT::Install-Recommends={int(recommends)}", "install", name)
        return sorted(set(re.findall(r"^Inst (\S+) \(", output, re.M))) if output else None


def field(stanza: str, name: str) -> int:
    """A number of a package's stanza, 0 where it is missing."""
    match = re.search(rf"^{name}: (\d+)", stanza, re.M)
    return int(match[1]) if match else 0


if __name__ == "__main__":
    main(*sys.argv[1:])
