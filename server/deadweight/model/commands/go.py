"""go: the program that a build writes, with or without its symbols, the modules that it downloads, and its cache."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems import golang
from deadweight.model.effects import (
    Built,
    Effect,
    Kind,
    Leftover,
    Measured,
    PackageSet,
    ProjectTexts,
    figure,
    removes,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings

_LARGER = 22  # the N of Go 1.N from which on programs are larger than those of the versions before
# What a build writes, by whether its version is older than that: the program, and its symbols.
PROGRAM = tuple(Measured("a Go program", f"go.program{key}", is_file=True) for key in ("", ".1.21"))
SYMBOLS = tuple(
    Measured("symbols and debugging data of a Go program", f"go.program.symbols{key}", is_file=True)
    for key in ("", ".1.21")
)
# Go 1.N of the systems' packages, and of the last golang image on a system (packages.debian.org, packages.ubuntu.com,
# pkgs.alpinelinux.org, docker-library/official-images; by hand, 2026-11-26).
_OF_SUITES = {
    "wheezy": 0,
    "jessie": 3,
    "stretch": 7,
    "buster": 11,
    "bullseye": 15,
    "bookworm": 19,
    "trixie": 24,
    "trusty": 2,
    "xenial": 6,
    "bionic": 10,
    "focal": 13,
    "jammy": 18,
    "noble": 22,
    "3.4": 6,
    "3.5": 7,
    "3.6": 8,
    "3.7": 9,
    "3.8": 10,
    "3.9": 11,
    "3.10": 12,
    "3.11": 13,
    "3.12": 13,
    "3.13": 15,
}
_OF_IMAGES = {"wheezy": 8, "jessie": 11, "stretch": 14}
_NEW = 27
_NAMES_VERSION = ("GO_VERSION", "GOLANG_VERSION")
_NUMBER = re.compile(r"(?:go)?1\.(\d+)(?:\.\d+|rc\d+|beta\d+)?")
# The first Go 1.N with a cache of its builds, with modules, with nothing but them; the first that compiles its library.
_CACHES, _HAS_MODULES, _MODULES_ONLY, _COMPILES_LIBRARY = 10, 11, 16, 20
_WRITE_NOTHING = frozenset(("version", "env", "fmt", "vet", "help", "list", "doc"))
_ASKS = frozenset(("-n", "-h", "-help", "--help"))
_BUILDS = frozenset(("build", "install"))
_LOADS = frozenset(("get", "mod"))
# Options that take the next word along; a single dash or two, `=` or a blank.
_VALUES = (
    *("o", "p", "ldflags", "gcflags", "asmflags", "gccgoflags", "tags", "mod", "modfile", "overlay", "pkgdir"),
    *("buildmode", "compiler", "installsuffix", "toolexec", "pgo", "C", "covermode", "coverpkg", "buildvcs"),
)
VALUES = tuple(f"{dash}{name}" for name in _VALUES for dash in ("-", "--"))


def option(call: Call, name: str) -> str | None:
    """The value of the last option of a name: `-ldflags=-s`, `--ldflags '-s -w'`; None where there is none."""
    found = None
    words = [word.pattern for word in call.words]
    for at, text in enumerate(words):
        written, equals, value = text.lstrip("-").partition("=")
        if text.startswith("-") and written == name:
            found = value if equals else words[at + 1] if at + 1 < len(words) else None
    return found


def linker_flags(call: Call) -> str:
    """What the linker is told, by the call or by GOFLAGS; a `$` where nobody knows all of it."""
    told = call.with_variables()
    own = option(told, "ldflags")
    if own is None:
        flags = call.around.variables.get("GOFLAGS", "")
        return "$" if flags is None else flags if "ldflags" in flags else ""
    return own


def strips(flags: str) -> bool | None:
    """Whether the linker leaves symbols out; None where nobody can tell."""
    words = re.split(r"[\s=,]+", flags.replace('"', " ").replace("'", " "))
    if "-s" in words or "-w" in words:
        return True
    return None if "$" in flags or "`" in flags else False


def _effects(call: Call) -> Iterator[Effect]:
    operands, around = call.operands(*VALUES), call.around
    verb = operands[0].text if operands else ""
    if verb in _WRITE_NOTHING or not _ASKS.isdisjoint(call.options):
        return
    if verb == "clean":
        yield from _clean(call)
    elif verb in _LOADS:
        words = [word.text for word in operands[1:]]
        if verb == "mod" and words[:1] not in (["download"], ["tidy"], ["vendor"], ["verify"], ["graph"], ["why"]):
            return
        if words[:1] == ["vendor"]:
            yield writes(_in_folder(call, "vendor"), Built("go mod vendor"), call.span)
        yield from _modules(call, is_tool=verb == "get" and around.variables.get("GO111MODULE") == "on")
    elif verb in _BUILDS:
        yield from _build(call, verb, [word.plain for word in operands[1:]])
    elif verb:
        yield writes(None, Built(f"go {verb}"), call.span)


def _build(call: Call, verb: str, packages: list[str]) -> Iterator[Effect]:
    around, version = call.around, minor_version(call)
    is_tool = verb == "install" and any("@" in package for package in packages)
    # `go build ./...` tries whether all of it compiles, and keeps nothing but its cache.
    if verb == "install" or option(call, "o") or not any("..." in package for package in packages):
        path, stripped = around.resolve(_target(call, verb, packages)), strips(linker_flags(call))
        yield writes(path, PROGRAM[version < _LARGER], call.span)
        if not stripped:
            symbols = SYMBOLS[version < _LARGER]
            yield Effect(Kind.WRITES, path, symbols, call.span, is_certain=stripped is not None)
    if version >= _CACHES:
        left = Leftover(
            "install-cache",
            "Go's build cache",
            "go clean -cache",
            figure=figure("go.build_cache" if version >= _COMPILES_LIBRARY else "go.build_cache.1.19"),
            is_read_again=not is_tool,
        )
        yield writes(build_cache(call.around), left, call.span)
    yield from _modules(call, is_tool=is_tool)


def _modules(call: Call, *, is_tool: bool) -> Iterator[Effect]:
    """What is downloaded: nothing where the project has all of it, or needs nothing."""
    around = call.around
    manifest = None if is_tool else _manifest(call)
    if not is_tool and (_has_vendor(call) or (manifest is not None and not golang.modules(manifest))):
        return
    version, mode = minor_version(call), around.variables.get("GO111MODULE")
    is_module = manifest is not None or mode == "on"
    if version < _HAS_MODULES or mode == "off" or (version < _MODULES_ONLY and not is_module):
        # Without modules, go keeps the sources themselves, where a later build reads them.
        yield writes(around.resolve(posixpath.join(_gopath(call.around), "src")), Built("go get"), call.span)
        return
    # Without a go.mod that one can read, nobody knows whether there are any.
    packages = PackageSet("go", project=ProjectTexts(manifest)) if manifest else PackageSet("go") if is_tool else None
    left = Leftover("install-cache", "Go's module cache", "go clean -modcache", of=packages, is_read_again=not is_tool)
    yield call.leaves(module_cache(call.around), left)


def minor_version(call: Call) -> int:
    """The N of the Go 1.N that a call runs; where it comes from elsewhere than a package or its image, the one that a
    variable names by which it is downloaded, or else a new one.
    """
    base, suite = call.around.base, call.around.base.suite or ""
    if base.repository == "golang":
        minor = base.version.split(".")[1:2]
        return int(minor[0]) if minor and minor[0].isdigit() else _OF_IMAGES.get(suite, _NEW)
    packages = (name for manager in ("apt", "apk") for name in call.around.files.packages(manager))
    if any(name.startswith("go") for name in packages):
        return _OF_SUITES.get(suite, _NEW)
    named = (_NUMBER.fullmatch(call.around.variables.get(name) or "") for name in _NAMES_VERSION)
    return next((int(found[1]) for found in named if found), _NEW)


def _target(call: Call, verb: str, packages: list[str]) -> str:
    """The file that a build writes, or the folder where nobody knows what it is called."""
    name = _name(call, packages)
    if verb == "install":
        return posixpath.join(call.around.variables.get("GOBIN") or posixpath.join(_gopath(call.around), "bin"), name)
    written = option(call, "o")
    if written is None:
        return name or "."
    path = call.around.resolve(written)
    is_folder = written.endswith(("/", "/.", ".")) or (path is not None and call.around.files.has_folder(path))
    return posixpath.join(written, name) if is_folder else written


def _name(call: Call, packages: list[str]) -> str:
    """What the program of these packages is called; '' where nobody can tell."""
    if len(packages) > 1 and not all(each.endswith(".go") for each in packages):
        return ""
    first = packages[0].partition("@")[0] if packages else "."
    if "..." in first or "$" in first:
        return ""
    if first.endswith(".go"):
        return posixpath.basename(first).removesuffix(".go")
    name = posixpath.basename(posixpath.normpath(first))
    if name not in (".", ".."):
        return golang.program(f"module {first}") if re.fullmatch(r"v[0-9]+", name) else name
    manifest = _manifest(call)
    return golang.program(manifest) if manifest else posixpath.basename(call.around.folder or "")


def _clean(call: Call) -> Iterator[Effect]:
    if not {"-cache", "--cache"}.isdisjoint(call.options):
        yield removes(build_cache(call.around), call.span)
    if not {"-modcache", "--modcache"}.isdisjoint(call.options):
        yield removes(module_cache(call.around), call.span)


def build_cache(around: Surroundings) -> str | None:
    """Where go keeps what it has compiled."""
    return around.resolve(around.variables.get("GOCACHE") or around.cached("go-build"))


def module_cache(around: Surroundings) -> str | None:
    """Where go keeps the modules that it downloads."""
    return around.resolve(around.variables.get("GOMODCACHE") or posixpath.join(_gopath(around), "pkg/mod"))


def _gopath(around: Surroundings) -> str:
    return (around.variables.get("GOPATH") or "~/go").partition(":")[0]


def _manifest(call: Call) -> str | None:
    return call.around.files.text(path) if (path := _in_folder(call, "go.mod")) else None


def _has_vendor(call: Call) -> bool:
    """Whether the modules lie in the project: `-mod=vendor`, or a folder vendor that is copied."""
    flags = call.around.variables.get("GOFLAGS") or ""
    if option(call, "mod") == "vendor" or "-mod=vendor" in flags:
        return True
    folder = _in_folder(call, "vendor")
    return folder is not None and call.around.files.copied_bytes(folder) > 0


def _in_folder(call: Call, name: str) -> str | None:
    folder = call.around.resolve(option(call, "C") or ".")
    return folder and posixpath.join(folder, name)


TOOLS = (Tool(("go",), _effects, runs_scripts=True),)
