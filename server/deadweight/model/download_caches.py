"""Where tools keep what they download, whether that is for a second run alone or for the build itself."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import apt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.commands.call import Call


class DownloadCache(NamedTuple):
    """The folders that a tool downloads to, in the words of a title: "apt's downloads". One that `is_locked` may serve
    one build at a time.
    """

    what: str
    folders: tuple[str, ...]
    is_locked: bool = False


def download_cache(call: Call) -> DownloadCache | None:
    """Where a call keeps its downloads, for the tools whose effects do not say so; None for any other."""
    known = _CACHES.get(call.program)
    folders = tuple(call.around.resolve(folder) for folder in known[1](call)) if known else ()
    found = tuple(folder for folder in folders if folder)
    return DownloadCache(known[0], found, known[2]) if known and found and len(found) == len(folders) else None


# Package managers of a system take a lock on their cache.
LOCKED = frozenset(("apt", "apt-get", "aptitude", "apk", "dnf", "dnf5", "yum", "microdnf", "tdnf", "zypper", "pacman"))


def _apt(call: Call) -> Iterator[str]:
    if any(word.text in ("install", "update", "upgrade", "dist-upgrade", "full-upgrade") for word in call.words):
        yield from (apt.CACHE, posixpath.dirname(apt.LISTS))


def _go(call: Call) -> Iterator[str]:
    variables = call.around.variables
    verb = call.words[0].text if call.words else ""
    if verb not in ("build", "install", "test", "get", "mod", "run", "generate", "vet"):
        return
    # Docker's images of Go set GOPATH (docker-library/golang, read 2026-11-26).
    path = variables.get("GOPATH") or ("/go" if call.around.base.repository == "golang" else "~/go")
    yield variables.get("GOMODCACHE") or posixpath.join(path, "pkg/mod")
    if verb != "mod":
        yield variables.get("GOCACHE") or "~/.cache/go-build"


def _cargo(call: Call) -> Iterator[str]:
    # Docker's images of Rust set CARGO_HOME (rust-lang/docker-rust, read 2026-11-26). The folder `target` is no cache:
    # with it in a mount, the program that was built is not in the layer.
    default = "/usr/local/cargo" if call.around.base.repository == "rust" else "~/.cargo"
    if any(word.text in ("build", "b", "install", "fetch", "test", "run", "chef") for word in call.words):
        yield posixpath.join(call.around.variables.get("CARGO_HOME") or default, "registry")


def _pnpm(call: Call) -> Iterator[str]:
    home = call.around.variables.get("PNPM_HOME") or "~/.local/share/pnpm"
    if any(word.text in ("install", "i", "ci", "fetch", "add") for word in call.words):
        yield from (posixpath.join(home, "store"), "~/.cache/pnpm")


def _maven(call: Call) -> Iterator[str]:
    if call.words and not call.has("-v", "--version"):
        yield "~/.m2/repository"


def _gradle(call: Call) -> Iterator[str]:
    # Docker's images of Gradle link root's folder to that of the user gradle (kept by hand, 2026-11-26).
    default = "/home/gradle/.gradle" if call.around.base.repository == "gradle" else "~/.gradle"
    if call.words and not call.has("-v", "--version"):
        yield call.around.variables.get("GRADLE_USER_HOME") or default


def _dotnet(call: Call) -> Iterator[str]:
    if call.words and call.words[0].text in ("restore", "build", "publish", "pack", "test", "run"):
        yield call.around.variables.get("NUGET_PACKAGES") or "~/.nuget/packages"


_CACHES: dict[str, tuple[str, Callable[[Call], Iterator[str]], bool]] = {
    **dict.fromkeys(apt.PROGRAMS, ("apt's downloads", _apt, True)),
    "go": ("Go's modules and compiled packages", _go, False),
    "cargo": ("cargo's downloads", _cargo, False),
    **dict.fromkeys(("mvn", "mvnw"), ("Maven's downloads", _maven, False)),
    **dict.fromkeys(("gradle", "gradlew"), ("Gradle's downloads", _gradle, False)),
    "pnpm": ("pnpm's downloads", _pnpm, False),
    "dotnet": ("NuGet's downloads", _dotnet, False),
}
