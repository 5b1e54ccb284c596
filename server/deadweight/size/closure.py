"""Which packages an install brings along: what apt and apk come to, for any index of packages.

An index says of a package what it brings along: groups of names, each name a real package, the most preferred first.
Who makes the index has decided whether recommendations are among them, and resolved what is fixed within one release:
versions (there is one of each package), virtual packages (their providers), names that exist nowhere. So
`debconf|debconf-2.0 libc6` of a debian_*.tsv becomes `(("debconf", "cdebconf"), ("libc6",))`, and
`D:so:libc.musl-x86_64.so.1` of an APKINDEX `(("musl",),)`.

`closure` chooses as the package managers do: greedily and depth first, in the order in which packages list what they
need; of a group the first name, unless another one is there or chosen already. All that is requested is chosen before
anything else. Package managers try harder where packages conflict; in a Dockerfile that builds they rarely have to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

Group = tuple[str, ...]  # one of these packages has to be there; the first is preferred


class Index(Protocol):
    """The packages of a release. It is asked again and again, so that it remembers its answers."""

    def needs(self, name: str) -> tuple[Group, ...] | None:
        """What a real package brings along; None for a name that is in no list."""

    def providers(self, name: str) -> Group:
        """The real packages that a requested name stands for, the most preferred first; () where it stands for none."""


class Closure(NamedTuple):
    """What an install adds: `packages` in the order in which they were chosen; `unknown` names are in no list."""

    packages: tuple[str, ...]
    unknown: tuple[str, ...]


def closure(index: Index, names: Iterable[str], held: AbstractSet[str]) -> Closure:
    """What installing `names` adds where `held` are there. What these bring along is not asked for again."""
    there, needs_of = set(held), index.needs
    chosen: list[str] = []
    unknown: dict[str, None] = {}
    for name in names:
        found = index.providers(name)
        if not found:
            unknown[name] = None
        elif there.isdisjoint(found):
            there.add(found[0])
            chosen.append(found[0])
    for name in tuple(chosen):
        pending = [iter(needs_of(name) or ())]
        while pending:
            for group in pending[-1]:
                first = group[0]
                if first in there or not there.isdisjoint(group):
                    continue
                there.add(first)
                needs = needs_of(first)
                if needs is None:
                    unknown[first] = None
                    continue
                chosen.append(first)
                pending.append(iter(needs))
                break
            else:
                pending.pop()
    return Closure(tuple(chosen), tuple(unknown))
