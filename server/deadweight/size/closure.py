"""Which packages an install brings along: what apt and apk come to, for any index of packages.

An index says of a package what it needs: groups of names, each name a real package, the most preferred first. Who makes
the index has resolved what is fixed within one release: versions (there is one of each package), virtual packages (their
providers), names that exist nowhere. So a debian_*.tsv row `debconf|cdebconf libc6` is `(("debconf", "cdebconf"),
("libc6",))`, and an APKINDEX `D:so:libc.musl-x86_64.so.1` is `(("musl",),)`.

`closure` chooses as the package managers do: greedily. What has one answer is taken first; of a group with several the
first one, unless another is there already or chosen anyway, for all requested names together. Package managers try
harder where packages conflict; in a Dockerfile that builds they rarely have to.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

Group = tuple[str, ...]  # one of these packages has to be there; the first is preferred


class Needs(NamedTuple):
    """What a package brings along: `depends` always, `recommends` where the package manager is not told otherwise."""

    depends: tuple[Group, ...]
    recommends: tuple[Group, ...] = ()


class Index(Protocol):
    """The packages of a release. It is asked again and again: answers are best remembered."""

    def needs(self, name: str) -> Needs | None:
        """What a real package brings along; None for a name that is in no list."""

    def providers(self, name: str) -> Group:
        """The real packages that stand for a requested name, the most preferred first: itself, where it is one."""


class Closure(NamedTuple):
    """What an install adds: `packages` in the order in which they were chosen; `unknown` names are in no list."""

    packages: tuple[str, ...]
    unknown: tuple[str, ...]


def closure(index: Index, names: Iterable[str], held: AbstractSet[str], *, recommends: bool) -> Closure:
    """What installing `names` adds where `held` are there. What these recommend is not asked for again."""
    unknown: dict[str, None] = {}
    chosen: dict[str, None] = {}
    # First all that is requested, so that it answers what the others need.
    for name in names:
        found = index.providers(name)
        if not found:
            unknown[name] = None
        elif held.isdisjoint(found):
            chosen[found[0]] = None
    fresh, choices, wanted = deque(chosen), deque[Group](), deque[Group]()
    while True:
        if fresh:
            name = fresh.popleft()
            needs = index.needs(name)
            if needs is None:
                unknown[name] = None
                chosen.pop(name, None)
                continue
            for group in needs.depends:
                if len(group) > 1:
                    choices.append(group)
                elif group[0] not in chosen and group[0] not in held:
                    chosen[group[0]] = None
                    fresh.append(group[0])
            if recommends:
                wanted.extend(needs.recommends)
            continue
        if not (choices or wanted):
            return Closure(tuple(chosen), tuple(unknown))
        group = choices.popleft() if choices else wanted.popleft()
        if held.isdisjoint(group) and chosen.keys().isdisjoint(group):
            chosen[group[0]] = None
            fresh.append(group[0])
