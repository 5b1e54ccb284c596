"""`RUN --mount`: its types, their options, and whole cache mounts for the tools that the RUN calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features.completion import images, sources
from deadweight.features.completion.items import Item
from deadweight.features.completion.place import Typed
from deadweight.features.completion.script import programs_of
from deadweight.features.reference import MOUNT_ALIASES, MOUNTS
from deadweight.model.commands.call import Surroundings
from deadweight.model.download_caches import TOOLS
from deadweight.model.filesystem import Filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.place import Place
    from deadweight.model.download_caches import CachingTool


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
    for tool, folders in _wanted(place):
        first, *others = _mounts(place, tool, folders)
        text = f"{start}cache,{first}" + "".join(f" --mount=type=cache,{each}" for each in others)
        detail = ", ".join(folders)
        yield Item(f"{start}cache ({tool.name})", "flag", text, detail=detail, note=_note(tool), typed=text)


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
    for tool in (*called, *(each for each in TOOLS if each not in called)):
        for folder in tool.folders(_around(place)):
            end = ",sharing=locked" if tool.is_locked and "sharing" not in options else ""
            yield Item(folder, "folder", folder + end, detail=tool.name, note=_note(tool))


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return MOUNT_ALIASES.get(name, name), value


def _called(place: Place) -> tuple[CachingTool, ...]:
    """The tools with a cache that the RUN calls."""
    programs = {name if name in _PROGRAMS else name.rstrip("0123456789.") for name in programs_of(place)}
    return tuple(tool for tool in TOOLS if programs & set(tool.programs))


def _wanted(place: Place) -> Iterator[tuple[CachingTool, tuple[str, ...]]]:
    """The tools whose caches are worth a mount and have none yet, with the folders of these."""
    mounted = ",".join(flag.value or "" for flag in place.instruction.flags if flag.name == "mount")
    for tool in _fitting(place):
        folders = tool.folders(_around(place))
        if folders and folders[0] not in mounted:
            yield tool, folders


def _fitting(place: Place) -> tuple[CachingTool, ...]:
    """The tools that the RUN calls; of those in the base image while it calls none; else all."""
    if called := _called(place):
        return called
    base = place.base
    fitting = (each for each in TOOLS if base.repository in each.images or base.package_manager in each.programs)
    return tuple(fitting) or (() if base.os else TOOLS)


def _around(place: Place) -> Surroundings:
    """What a tool finds that the RUN calls, before anybody knows what lies in the layers below."""
    state = place.state
    return Surroundings(state.workdir, state.variables, state.home or "/root", place.base, Filesystem(None, None))


def _mounts(place: Place, tool: CachingTool, folders: tuple[str, ...]) -> list[str]:
    """Target and further options of each mount that a tool needs."""
    more = ",sharing=locked" if tool.is_locked else ""
    user = (place.state.user or "").partition(":")[0]
    # A cache mount belongs to root unless told otherwise, and others cannot write there. Who locks is root anyway.
    if not tool.is_locked and not place.state.is_root and (user.isdecimal() or user == "node"):
        more += f",uid={1000 if user == 'node' else user}"
    return [f"target={target}{more}" for target in folders]


def _note(tool: CachingTool) -> str:
    """What a cache mount is for."""
    note = f"What {tool.name} downloads stays on the machine that builds, and in no layer."
    if tool.name == "apt":
        note += (
            " Debian's images have apt delete it all the same: `rm -f /etc/apt/apt.conf.d/docker-clean` in an earlier "
            "RUN keeps it."
        )
    return note


_PROGRAMS = frozenset(name for tool in TOOLS for name in tool.programs)
