"""Where tools keep what they download, whether that is for a second run alone or for the build itself."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import (
    apk,
    apt,
    bun,
    cargo,
    composer,
    dnf,
    dotnet,
    gem,
    go,
    gradle,
    maven,
    npm,
    pip_settings,
    pnpm,
    poetry,
    uv,
    yarn,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from deadweight.model.commands.call import Call, Surroundings


class CachingTool(NamedTuple):
    """A tool that keeps what it downloads, and where, as long as no option says otherwise; `images` are those that have
    it.
    """

    name: str
    programs: tuple[str, ...]
    kept_in: Callable[[Surroundings], tuple[str | None, ...]]
    images: tuple[str, ...] = ()

    @property
    def is_locked(self) -> bool:
        """Whether its folders may serve one build at a time."""
        return not LOCKED.isdisjoint(self.programs)

    def folders(self, around: Surroundings) -> tuple[str, ...]:
        """Its folders; none where nobody can tell all of them."""
        found = [each and around.resolve(each) for each in self.kept_in(around)]
        known = tuple([each for each in found if each])
        return known if len(known) == len(found) else ()


class DownloadCache(NamedTuple):
    """The folders that a tool downloads to, in the words of a title: "apt's downloads". One that `is_locked` may serve
    one build at a time.
    """

    what: str
    folders: tuple[str, ...]
    is_locked: bool = False


def download_cache(call: Call) -> DownloadCache | None:
    """Where a call keeps its downloads, for the tools whose effects do not say all of it; None for any other."""
    known = _BY_PROGRAM.get(call.program)
    if known is None or not known.loads(call):
        return None
    folders = known.tool.folders(call.around)
    if known.tool is _GO and call.words[0].text == "mod":
        folders = folders[:1]
    return DownloadCache(known.what, folders, known.tool.is_locked) if folders else None


# Package managers of a system take a lock on their cache.
LOCKED = frozenset(("apt", "apt-get", "aptitude", "apk", "dnf", "dnf5", "yum", "microdnf", "tdnf", "zypper", "pacman"))


def _gradle(around: Surroundings) -> tuple[str, ...]:
    is_linked = around.base.repository == "gradle" and around.variables.get("GRADLE_USER_HOME") is None
    return ("/home/gradle/.gradle",) if is_linked else (gradle.home(around),)


def _dnf(around: Surroundings) -> tuple[str, ...]:
    return (dnf.cache(around.base.package_manager or "dnf", around.base),)


def _pnpm(around: Surroundings) -> tuple[str | None, ...]:
    home = pnpm.home(around)
    return (home and posixpath.join(home, "store"), pnpm.cache(around))


def _gems(around: Surroundings) -> tuple[str | None, ...]:
    folder = gem.home(around)
    return (folder and posixpath.join(folder, "cache"),)


_APT = CachingTool("apt", apt.PROGRAMS, lambda _: (apt.CACHE, posixpath.dirname(apt.LISTS)))
_GO = CachingTool("go", ("go",), lambda around: (go.module_cache(around), go.build_cache(around)), ("golang",))
# The folder `target` is no cache: with it in a mount, the program that was built is not in the layer.
_CARGO = CachingTool("cargo", ("cargo",), lambda around: (posixpath.join(cargo.home(around), "registry"),), ("rust",))
_PNPM = CachingTool("pnpm", ("pnpm",), _pnpm)
_MAVEN = CachingTool("Maven", ("mvn", "mvnw"), lambda _: (maven.REPOSITORY,), ("maven",))
_GRADLE = CachingTool("Gradle", ("gradle", "gradlew"), _gradle, ("gradle",))
_NUGET = CachingTool("NuGet", ("dotnet",), lambda around: (dotnet.store(around),), ("mcr.microsoft.com/dotnet/sdk",))
TOOLS = (
    _APT,
    CachingTool("apk", ("apk",), lambda _: (apk.LOCAL_CACHE,)),
    CachingTool(
        "dnf",
        ("dnf", "microdnf", "yum"),
        _dnf,
    ),
    CachingTool(
        "pip",
        ("pip", "pip3"),
        lambda around: (pip_settings.cache(pip_settings.settings(around, "/usr/local")),),
        ("python",),
    ),
    CachingTool("uv", ("uv",), lambda around: (uv.cache(around),), ("python",)),
    CachingTool("poetry", ("poetry",), lambda around: (poetry.cache(around),)),
    CachingTool("npm", ("npm", "npx"), lambda _: (npm.CACHE,), ("node",)),
    CachingTool("yarn", ("yarn",), lambda around: (yarn.cache(around),)),
    _PNPM,
    CachingTool("bun", ("bun",), lambda around: (bun.cache(around),)),
    _GO,
    _CARGO,
    _MAVEN,
    _GRADLE,
    CachingTool("Composer", ("composer",), lambda around: (composer.cache(around),), ("php",)),
    CachingTool("Bundler", ("bundle", "bundler", "gem"), _gems, ("ruby",)),
    _NUGET,
)


class _Loading(NamedTuple):
    """A tool, what is said of its downloads, and whether a call makes some."""

    tool: CachingTool
    what: str
    loads: Callable[[Call], bool]


def _with_verb(*verbs: str) -> Callable[[Call], bool]:
    return lambda call: any(word.text in verbs for word in call.words)


def _first(*verbs: str) -> Callable[[Call], bool]:
    return lambda call: bool(call.words) and call.words[0].text in verbs


def _does_more_than_say_its_version(call: Call) -> bool:
    return bool(call.words) and not call.has("-v", "--version")


_LOADING = (
    _Loading(_APT, "apt's downloads", _with_verb("install", "update", "upgrade", "dist-upgrade", "full-upgrade")),
    _Loading(
        _GO,
        "Go's modules and compiled packages",
        _first("build", "install", "test", "get", "mod", "run", "generate", "vet"),
    ),
    _Loading(_CARGO, "cargo's downloads", _with_verb("build", "b", "install", "fetch", "test", "run", "chef")),
    _Loading(_PNPM, "pnpm's downloads", _with_verb("install", "i", "ci", "fetch", "add")),
    _Loading(_MAVEN, "Maven's downloads", _does_more_than_say_its_version),
    _Loading(_GRADLE, "Gradle's downloads", _does_more_than_say_its_version),
    _Loading(_NUGET, "NuGet's downloads", _first("restore", "build", "publish", "pack", "test", "run")),
)
_BY_PROGRAM = {program: each for each in _LOADING for program in each.tool.programs}
