"""Ruby projects from the texts of their files: Gemfile, Gemfile.lock, and the groups that gems are in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DEVELOPMENT = ("development", "test")  # the groups that no server needs, by their names


@dataclass(frozen=True, slots=True)
class Gem:
    """A line of a Gemfile: `gem "rspec", group: :test`."""

    name: str
    groups: frozenset[str]


def read_gemfile(text: str) -> tuple[Gem, ...]:
    """The gems that a Gemfile asks for. It is a program: what it asks for in other ways than by `gem` is not seen."""
    gems: list[Gem] = []
    opened: list[frozenset[str]] = []
    for line in text.splitlines():
        code = line.partition(" #")[0].strip()
        if code.startswith("#"):
            continue
        if match := _GEM.match(code):
            own = frozenset(_names(match["groups"] or ""))
            gems.append(Gem(match["name"], own.union(*opened)))
        elif _OPENS.search(code):
            opened.append(frozenset(_names(code)) if code.startswith("group") else frozenset())
        elif code == "end" and opened:
            opened.pop()
    return tuple(gems)


def read_lock(text: str) -> Mapping[str, tuple[str, ...]]:
    """The gems of a Gemfile.lock that come from elsewhere than the project, each with those that it needs."""
    gems: dict[str, tuple[str, ...]] = {}
    is_own, name = False, ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            is_own, name = line.strip() == "PATH", ""
        elif match := _LOCKED.match(line):
            name = "" if is_own else match[1]
            if name:
                gems.setdefault(name, ())
        elif name and (match := _NEEDED.match(line)):
            gems[name] = (*gems[name], match[1])
    return gems


def installed(gems: Iterable[Gem], lock: Mapping[str, tuple[str, ...]], without: Iterable[str]) -> frozenset[str]:
    """The names of the gems that `bundle install` writes; a gem of no group is in the group default."""
    left_out = frozenset(without)
    waiting = [gem.name for gem in gems if not gem.groups or not gem.groups <= left_out]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in lock and name not in found:
            found.add(name)
            waiting += lock[name]
    return frozenset(found)


def development_groups(gems: Iterable[Gem], without: Iterable[str] = ()) -> tuple[str, ...]:
    """The groups for developers that gems are in, less those that are left out already."""
    named = frozenset[str]().union(*(gem.groups for gem in gems)).difference(without)
    return tuple(group for group in DEVELOPMENT if group in named)


def groups_in(text: str) -> Iterator[str]:
    """The groups that a setting of Bundler names: `development:test`, `development test`."""
    yield from (name for name in re.split(r"[\s:,]+", text.strip("\"' ")) if name)


def _names(code: str) -> Iterator[str]:
    """The names of groups in code: `:test`, `"test"`, `%i[development test]`."""
    yield from _NAMES.findall(code)
    yield from (name for words in _WORDS.findall(code) for name in words.split())


# gem "puma", "~> 6", group: :test      gem 'a', :groups => [:development, :test], require: false
_GEM = re.compile(
    r"gem[ (]\s*['\"](?P<name>[^'\"]+)['\"]"
    r"(?:.*?(?:\bgroups?:|:groups?\s*=>)\s*(?P<groups>%[iw].[\w ]+|\[[^\]]*\]|[:'\"]\w+))?"
)
_NAMES = re.compile(r"(?<!\w)[:'\"](\w+)")
_WORDS = re.compile(r"%[iwIW][\[({]([^\])}]*)")
_OPENS = re.compile(r"\bdo(?:\s*\|[^|]*\|)?$|^(?:if|unless|case|def|begin)\b")
_LOCKED = re.compile(r" {4}(\S+) \([^)]*\)$")
_NEEDED = re.compile(r" {6}(\S+)")
