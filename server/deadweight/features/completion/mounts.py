"""`RUN --mount`: its types, their options, and whole cache mounts for the tools that the RUN calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.features.completion import images, sources
from deadweight.features.completion.items import Item
from deadweight.features.completion.place import Typed
from deadweight.features.completion.script import programs_of
from deadweight.features.reference import MOUNT_ALIASES, MOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.place import Place


class _Cache(NamedTuple):
    """Where the programs of one tool keep what they download; `~` is the home of the account.

    `images` are those that have the tool, `is_locked` says that two builds must not write there at once.
    """

    tool: str
    programs: tuple[str, ...]
    targets: tuple[str, ...]
    images: tuple[str, ...] = ()
    is_locked: bool = False
    of_others: tuple[str, ...] = ()  # the targets of those who are not root, where they differ


# docs.docker.com/build/cache/optimize, read 2026-11-25, for apt, pip, npm, go, cargo and NuGet; the others by hand,
# 2026-11-25, as the tools keep them in Docker's official images.
_CACHES = (
    _Cache("apt", ("apt-get", "apt", "aptitude"), ("/var/cache/apt", "/var/lib/apt"), is_locked=True),
    _Cache("apk", ("apk",), ("/var/cache/apk",), is_locked=True),
    _Cache("dnf", ("dnf", "microdnf", "yum"), ("/var/cache/dnf",), is_locked=True),
    _Cache("pip", ("pip", "pip3"), ("~/.cache/pip",), ("python",)),
    _Cache("uv", ("uv",), ("~/.cache/uv",), ("python",)),
    _Cache("poetry", ("poetry",), ("~/.cache/pypoetry",)),
    _Cache("npm", ("npm", "npx"), ("~/.npm",), ("node",)),
    _Cache("yarn", ("yarn",), ("/usr/local/share/.cache/yarn",), of_others=("~/.cache/yarn",)),
    _Cache("pnpm", ("pnpm",), ("~/.local/share/pnpm/store",)),
    _Cache("bun", ("bun",), ("~/.bun/install/cache",)),
    _Cache("go", ("go",), ("/go/pkg/mod", "~/.cache/go-build"), ("golang",)),
    _Cache("cargo", ("cargo",), ("/usr/local/cargo/registry", "/usr/local/cargo/git/db"), ("rust",)),
    _Cache("Maven", ("mvn", "mvnw"), ("~/.m2",), ("maven",)),
    _Cache("Gradle", ("gradle", "gradlew"), ("~/.gradle",), ("gradle",)),
    _Cache("Composer", ("composer",), ("~/.composer/cache",), ("php",)),
    _Cache("Bundler", ("bundle", "bundler", "gem"), ("/usr/local/bundle/cache",), ("ruby",)),
    _Cache("NuGet", ("dotnet", "nuget"), ("~/.nuget/packages",), ("mcr.microsoft.com/dotnet/sdk",)),
)
_SWITCHES = ("readonly", "readwrite", "required")
_VALUES = {
    "sharing": (
        ("locked", "the second build waits for the first: for apt and its like"),
        ("shared", "builds write at the same time, as without the option"),
        ("private", "each build that runs at the same time has a new one"),
    ),
    "required": (("true", "the build fails without it"), ("false", "as without the option")),
}


def mount_items(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    """What the option around the cursor may be; `typed` is the value of the flag."""
    *above, piece = typed.before.split(",")
    rest, *below = typed.after.split(",")
    options = dict(_option(each) for each in (*above, *below))
    type_ = options.get("type", "bind" if options else "")
    _, equals, value = piece.partition("=")
    if not equals:
        own, equals, _ = rest.partition("=")
        whole = () if options or rest else tuple(whole_mounts(place, "type="))
        return Typed(piece, own + equals), (*whole, *_names(type_, options))
    part, (name, _) = Typed(value, rest), _option(piece)
    if name == "type":
        whole = () if options else tuple(whole_mounts(place, ""))
        return part, (*(Item(each, "value", note=entry.text) for each, entry in MOUNTS.items()), *whole)
    if name == "from":
        return images.image_items(place, part)
    if name == "source" and "from" not in options:
        return sources.source_items(place, part)
    return part, tuple(_values(place, type_, name, options))


def whole_mounts(place: Place, start: str = "--mount=type=") -> Iterator[Item]:
    """Cache mounts for the tools of the RUN, as flags; or as what goes on behind a part of one."""
    for cache in _wanted(place):
        first, *others = _mounts(place, cache)
        text = f"{start}cache,{first}" + "".join(f" --mount=type=cache,{each}" for each in others)
        detail = ", ".join(_targets(place, cache))
        yield Item(f"{start}cache ({cache.tool})", "flag", text, detail=detail, note=_note(cache), typed=text)


def _names(type_: str, options: dict[str, str]) -> Iterator[Item]:
    """The options of a mount that are not given yet."""
    if "type" not in options:
        yield Item("type=", "flag", detail=", ".join(MOUNTS), note="What is mounted; bind unless told otherwise.")
    for name, says in MOUNTS[type_].options if type_ in MOUNTS else ():
        if name not in options:
            yield Item(name if name in _SWITCHES else f"{name}=", "flag", detail=says)


def _values(place: Place, type_: str, name: str, options: dict[str, str]) -> Iterator[Item]:
    """The values of an option that has only a few."""
    yield from (Item(each, "value", detail=says) for each, says in _VALUES.get(name, ()))
    if name != "target" or type_ != "cache":
        return
    called = _called(place)
    for cache in (*called, *(each for each in _CACHES if each not in called)):
        for target in _targets(place, cache):
            end = ",sharing=locked" if cache.is_locked and "sharing" not in options else ""
            yield Item(target, "folder", target + end, detail=cache.tool, note=_note(cache))


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return MOUNT_ALIASES.get(name, name), value


def _called(place: Place) -> tuple[_Cache, ...]:
    """The caches of the tools that the RUN calls."""
    programs = {name if name in _PROGRAMS else name.rstrip("0123456789.") for name in programs_of(place)}
    return tuple(cache for cache in _CACHES if programs & set(cache.programs))


def _wanted(place: Place) -> tuple[_Cache, ...]:
    """The caches that are worth a mount and have none yet."""
    mounted = ",".join(flag.value or "" for flag in place.instruction.flags if flag.name == "mount")
    return tuple(each for each in _fitting(place) if _targets(place, each)[0] not in mounted)


def _fitting(place: Place) -> tuple[_Cache, ...]:
    """The caches of the tools that the RUN calls; of those in the base image while it calls none; else all."""
    if called := _called(place):
        return called
    base = place.base
    fitting = (each for each in _CACHES if base.repository in each.images or base.package_manager in each.programs)
    return tuple(fitting) or (() if base.os else _CACHES)


def _targets(place: Place, cache: _Cache) -> tuple[str, ...]:
    home = place.state.home or "/root"
    targets = cache.targets if place.state.is_root else cache.of_others or cache.targets
    return tuple(target.replace("~", home, 1) for target in targets)


def _mounts(place: Place, cache: _Cache) -> list[str]:
    """Target and further options of each mount that a tool needs."""
    more = ",sharing=locked" if cache.is_locked else ""
    user = (place.state.user or "").partition(":")[0]
    # A cache mount belongs to root unless told otherwise, and others cannot write there. Who locks is root anyway.
    if not cache.is_locked and not place.state.is_root and (user.isdecimal() or user == "node"):
        more += f",uid={1000 if user == 'node' else user}"
    return [f"target={target}{more}" for target in _targets(place, cache)]


def _note(cache: _Cache) -> str:
    """What a cache mount is for."""
    note = f"What {cache.tool} downloads stays on the machine that builds, and in no layer."
    if cache.tool == "apt":
        note += (
            " Debian's images have apt delete it all the same: `rm -f /etc/apt/apt.conf.d/docker-clean` in an earlier "
            "RUN keeps it."
        )
    return note


_PROGRAMS = frozenset(name for cache in _CACHES for name in cache.programs)
