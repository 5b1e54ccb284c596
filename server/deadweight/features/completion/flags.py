"""Flags of instructions and their values; `RUN --mount` has a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features.completion import images, mounts, sources
from deadweight.features.completion.items import Item
from deadweight.features.completion.place import Typed
from deadweight.features.completion.script import accounts_of
from deadweight.features.reference import INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.place import Place
    from deadweight.syntax.dockerfile import Flag

_PLATFORMS = (
    *("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386", "linux/ppc64le", "linux/s390x"),
    *("linux/riscv64", "windows/amd64"),
)
_VALUES: dict[str, tuple[tuple[str, str], ...]] = {
    "chmod": (
        ("755", "everybody reads and runs, the owner writes"),
        ("644", "everybody reads, the owner writes"),
        ("+x", "may be run, since 1.14"),
        ("u=rwX,go=rX", "folders 755, files 644, programs stay such; since 1.14"),
    ),
    "link": (("true", ""), ("false", "")),
    "parents": (("true", ""), ("false", "")),
    "unpack": (("true", "archives are unpacked, those of URLs too"), ("false", "archives stay archives")),
    "keep-git-dir": (("true", "keeps .git with its whole history"), ("false", "as without the flag")),
    "network": (
        ("none", "no network: what a RUN needs is there already"),
        ("host", "that of the machine, where the builder was told to allow it"),
        ("default", "as without the flag"),
    ),
    "security": (
        ("insecure", "all privileges, where the builder was told to allow it"),
        ("sandbox", "as without the flag"),
    ),
    "checksum": (("sha256:", "of the file that is downloaded"),),
    "interval": (("30s", "as without the flag"), ("1m", ""), ("5m", "")),
    "timeout": (("3s", ""), ("5s", ""), ("30s", "as without the flag")),
    "start-period": (("5s", ""), ("30s", ""), ("1m", "")),
    "start-interval": (("1s", ""), ("5s", "as without the flag")),
    "retries": (("3", "as without the flag"), ("5", "")),
}


def flag_items(place: Place, flag: Flag) -> tuple[Typed, tuple[Item, ...]]:
    """What the flag around the cursor may be: its name, or its value."""
    typed = place.typed(flag.span)
    name, equals, value = typed.before.partition("=")
    if not equals:
        own, equals, _ = typed.after.partition("=")
        return Typed(typed.before, own + equals), tuple(name_items(place, flag))
    if name == "--mount":
        return mounts.mount_items(place, Typed(value, typed.after))
    if name == "--from":
        if "$" in value:
            return typed, ()
        return images.image_items(place, Typed(value, typed.after))
    if name == "--exclude":
        return sources.source_items(place, Typed(value, typed.after))
    return Typed(value, typed.after), tuple(_values(place, name[2:], value))


def name_items(place: Place, at: Flag | None = None) -> Iterator[Item]:
    """The flags of the instruction that are not given yet; `at` is the one around the cursor."""
    entry = INSTRUCTIONS.get(place.keyword)
    given = {flag.name for flag in place.instruction.flags if flag is not at}
    for flag in entry.flags if entry else ():
        if flag.name in given and not flag.repeats:
            continue
        if flag.name == "mount":
            yield from mounts.whole_mounts(place)
        label = f"--{flag.name}=" if flag.value else f"--{flag.name}"
        yield Item(label, "flag", detail=flag.value, note=flag.note)


def _values(place: Place, name: str, value: str) -> Iterator[Item]:
    """The values of a flag that has only a few."""
    if name == "platform":
        yield Item("$BUILDPLATFORM", "variable", detail="the machine that builds")
        yield Item("$TARGETPLATFORM", "variable", detail="as without the flag")
        yield from (Item(each, "value") for each in _PLATFORMS)
    elif name == "chown":
        yield from (Item(each, "value", detail=says) for each, says in _owners(place))
    elif name in _VALUES and not any(value == each for each, _ in _VALUES[name]):
        yield from (Item(each, "value", detail=says) for each, says in _VALUES[name])


def _owners(place: Place) -> Iterator[tuple[str, str]]:
    """Who may own what is copied: the accounts of the stage; by number only where the layer stands alone."""
    if place.instruction.flag("link") is None:
        for name in dict.fromkeys((*accounts_of(place), *([place.state.user] if place.state.user else []))):
            yield (name if ":" in name else f"{name}:{name}"), "an account of this stage"
        if place.base.repository == "node":
            yield "node:node", "the account of the node image, 1000"
    yield "1000:1000", "by number, which needs no account"
