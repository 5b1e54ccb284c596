"""An apt of its own for the collectors: the package lists of one suite, a minimal Debian, nothing of the machine."""

from __future__ import annotations

import pathlib
import re
import subprocess
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUITES = ("bullseye", "bookworm", "trixie")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The machine's own archive of Debian, in either way of writing sources.
_ARCHIVE = re.compile(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(\S+/debian)/?(?:\s|$)", re.MULTILINE)
_FIELDS = re.compile(r"^([A-Za-z-]+): ?(.*(?:\n[ \t].*)*)", re.MULTILINE)

Stanza = dict[str, str]


class Apt:
    """An apt that keeps all it has under `folder`; the updates and security fixes of `suite` count as part of it."""

    def __init__(self, folder: pathlib.Path, suite: str) -> None:
        self.folder, self.suite, self.archive = folder, suite, machines_archive()
        for name in ("lists/partial", "archives/partial", "sources", "state", "debs"):
            (folder / name).mkdir(parents=True)
        source = "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nSigned-By: " + KEYRING + "\n"
        texts = (
            source.format(self.archive, f"{suite} {suite}-updates"),
            source.format(f"{self.archive}-security", f"{suite}-security"),
        )
        (folder / "sources/debian.sources").write_text("\n".join(texts), "utf-8")
        settings = {
            "Dir::State": folder / "state",
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder,
            "Dir::Cache::pkgcache": "pkgcache.bin",  # off in Docker's images; without it a call takes seconds
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "sources",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Acquire::Languages": "none",
            "Acquire::Check-Valid-Until": "false",  # bullseye's updates are no longer signed anew
            "APT::Sandbox::User": "root",
        }
        self.options = [f"-o{name}={value}" for name, value in settings.items()]
        (folder / "status").touch()
        self.run("apt-get", "update")

    def run(self, *command: str, folder: pathlib.Path | None = None) -> str | None:
        """The output of a command of this apt; None where it fails."""
        program, *arguments = command
        done = subprocess.run(  # noqa: S603
            [program, *self.options, *arguments], capture_output=True, text=True, check=False, cwd=folder
        )
        return done.stdout if done.returncode == 0 else None

    @cached_property
    def newest(self) -> dict[str, Stanza]:
        """What the lists say of every package, of its newest version."""
        stanzas = (dict(_FIELDS.findall(text)) for text in (self.run("apt-cache", "dumpavail") or "").split("\n\n"))
        return {stanza["Package"]: stanza for stanza in stanzas if stanza}

    def minbase(self) -> list[str]:
        """The packages of the smallest Debian."""
        command = [
            "debootstrap",
            "--print-debs",
            "--variant=minbase",
            self.suite,
            str(self.folder / "base"),
            self.archive,
        ]
        return sorted(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())  # noqa: S603

    def install_minbase(self) -> list[str]:
        """From now on apt thinks that minbase is installed: these packages."""
        base = self.minbase()
        stanzas = (self.newest[name] | {"Status": "install ok installed"} for name in base)
        texts = ("".join(f"{field}: {value}\n" for field, value in stanza.items()) for stanza in stanzas)
        (self.folder / "status").write_text("\n".join(texts), "utf-8")
        return base

    def answer(self, *names: str, recommends: bool, verb: str = "install") -> list[str] | None:
        """The packages that installing `names` adds; None where apt cannot do it."""
        output = self.run("apt-get", "--simulate", f"-oAPT::Install-Recommends={int(recommends)}", verb, *names)
        return None if output is None else sorted(set(re.findall(r"^Inst (\S+) \(", output, re.MULTILINE)))

    def download(self, wanted: Iterable[str]) -> Iterator[tuple[str, str, pathlib.Path]]:
        """Downloads packages ("curl=7.88.1-10"), and gives (name, version, archive) of each."""
        wanted = list(wanted)
        debs = self.folder / "debs"
        if self.run("apt-get", "-qq", "download", *wanted, folder=debs) is None:
            for each in wanted:  # one of them cannot be had: the others can
                self.run("apt-get", "-qq", "download", each, folder=debs)
        for archive in sorted(debs.glob("*.deb")):
            name, version, _ = archive.stem.split("_")
            yield name, version.replace("%3a", ":"), archive


def machines_archive() -> str:
    """The Debian archive that this machine's own apt uses."""
    etc = pathlib.Path("/etc/apt")
    for path in (
        *sorted(etc.glob("sources.list.d/*.sources")),
        etc / "sources.list",
        *etc.glob("sources.list.d/*.list"),
    ):
        if path.exists() and (found := _ARCHIVE.search(path.read_text("utf-8"))):
            return found[1]
    raise SystemExit("no Debian archive in apt's configuration")
