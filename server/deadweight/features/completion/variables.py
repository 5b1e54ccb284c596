"""Variables behind `$` and `${`: those in force there, with their values."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from deadweight.features.completion.items import Item
from deadweight.features.completion.place import Typed
from deadweight.features.completion.script import names_set_at
from deadweight.model.stages import global_scope
from deadweight.syntax.dockerfile import Instruction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deadweight.features.completion.place import Place

_VARIABLE = re.compile(r"\$(\{?)([A-Za-z_]\w*|)\Z")
_REST = re.compile(r"\w*\}?")
_LONGEST = 60  # characters of a value in a list
_AT_RUN_TIME = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
_EXEC = ("RUN", "CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK")
_FLAGS = ("--platform=", "--chown=", "--chmod=", "--checksum=", "--exclude=", "--mount=")
_EXPANDS = frozenset(
    (
        *("ADD", "ARG", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
        *("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"),
    )
)
# What BuildKit gives to a RUN that no ARG declares (docs.docker.com/reference/dockerfile, read 2026-11-25).
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
PLATFORM_ARGUMENTS = {
    "TARGETPLATFORM": "the platform of the image: linux/arm/v7",
    "TARGETOS": "the system of the image: linux",
    "TARGETARCH": "the architecture of the image: amd64",
    "TARGETVARIANT": "the variant of the architecture: v7",
    "BUILDPLATFORM": "the platform that builds: linux/amd64",
    "BUILDOS": "the system that builds",
    "BUILDARCH": "the architecture that builds",
    "BUILDVARIANT": "the variant of the architecture that builds",
}


def variable_items(place: Place, before: str, after: str) -> tuple[Typed, tuple[Item, ...]] | None:
    """The variables in force, where `before` (all of the arguments up to the cursor) ends in the start of one.

    None where it does not.
    """
    match = _VARIABLE.search(before)
    if not match or not _expands(place, before):
        return None
    escape = "\\" if place.keyword in _EXEC else place.escape
    if _is_quoted(before[: match.start()], escape):
        return None
    rest = _REST.match(after)
    behind = rest[0] if rest else ""
    end = "}" if match[1] else ""
    behind = behind if end else behind.rstrip("}")
    return Typed(match[2], behind), tuple(
        Item(name, "variable", name + end, detail=detail) for name, detail in _in_force(place).items()
    )


def arguments_above(place: Place) -> dict[str, str]:
    """The user's own arguments above the first FROM, where a FROM may name them, with their values in words."""
    if place.keyword != "FROM":
        return {}
    return {name: value for name, value in _values(_global(place)).items() if name not in PLATFORM_ARGUMENTS}


def argument_items(place: Place) -> tuple[Item, ...]:
    """What an ARG may declare: the arguments above the first FROM, and those of the platform."""
    if place.stage_index < 0:
        return ()
    scope, known = place.snapshot.build.scope, place.state.variables
    own = (name for name in scope if name not in PLATFORM_ARGUMENTS)
    items = [Item(name, "variable", detail=_shown(scope[name]), note="Declared above the first FROM.") for name in own]
    items += [Item(name, "variable", detail=says) for name, says in PLATFORM_ARGUMENTS.items()]
    return tuple(item for item in items if item.label not in known)


def _expands(place: Place, before: str) -> bool:
    """Whether variables mean something at the place; of flags `--from` and its like take none."""
    if place.flag:
        option = before.removeprefix("--mount=").rpartition(",")[2]
        return before.startswith(_FLAGS) and not option.startswith("from=")
    return place.keyword in _EXPANDS and not (place.in_array and place.keyword in _EXEC)


def _in_force(place: Place) -> dict[str, str]:
    """The variables that the place sees, each with its value in words."""
    if place.keyword == "FROM" or place.stage_index < 0:
        return _values(_global(place))
    state = place.state
    found = _values(state.variables)
    if place.keyword in _AT_RUN_TIME:
        return {name: shown for name, shown in found.items() if name in state.environment}
    if place.flag:
        return found
    if place.keyword in ("ENV", "RUN"):
        found.setdefault("PATH", "of the base image")
    if place.keyword == "RUN":
        found.update({name: "of this script" for name in names_set_at(place) if name not in found})
        found.setdefault("HOME", state.home or "of the account")
        for name in _PROXIES:
            found.setdefault(name, "given to the build")
    return found


def _global(place: Place) -> Mapping[str, str | None]:
    """What FROMs see, and the ARGs above them: the arguments declared above the first FROM, down to the cursor."""
    end = place.tree.stages[0] if place.stage_index >= 0 else place.index
    above = (piece for piece in place.tree.pieces[:end] if isinstance(piece, Instruction))
    options = place.snapshot.options
    return global_scope(above, options.build_args, options.platform)


def _values(scope: Mapping[str, str | None]) -> dict[str, str]:
    """Names and values in words, the user's own first."""
    own = (name for name in scope if name not in PLATFORM_ARGUMENTS)
    others = (name for name in scope if name in PLATFORM_ARGUMENTS)
    return {name: _shown(scope[name]) for name in chain(own, others)}


def _shown(value: str | None) -> str:
    if value is None:
        return "given to the build"
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _is_quoted(before: str, escape: str) -> bool:
    """Whether a `$` behind this text stands for itself: behind an escape, or between single quotes."""
    quote = ""
    characters: Iterator[str] = iter(before)
    is_escaped = False
    for ch in characters:
        if is_escaped:
            is_escaped = False
        elif ch == escape and quote != "'":
            is_escaped = True
        elif ch == quote:
            quote = ""
        elif not quote and ch in "'\"":
            quote = ch
    return is_escaped or quote == "'"
