"""What `npm install` writes, in bytes: node_modules package by package, and what stays in ~/.npm."""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from deadweight.facts import packages as facts
from deadweight.facts.tables import table
from deadweight.model.ecosystems.node import Dependency, InstallSet, Manifest, install_set, satisfies
from deadweight.size.parts import condensed
from deadweight.size.units import Size, around, at_least, size, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.ecosystems.node import Lock

SOURCE = "npm install, linux x64"
DATE = "2026-11-23"

# p5 and p95 of what one version of a package weighs against another one, over the 468 pairs of versions in npm.tsv.
SAME_MAJOR = (0.28, 0.40)
OTHER_MAJOR = (0.75, 3.02)

# Bytes of package-lock.json for each package: docs/examples/node without `resolved`, 110,712 bytes, 264 packages.
LOCK_ENTRY = 419
# An entry of ~/.npm/_cacache/index-v5: 153 kB for the 264 tarballs and 238 documents of docs/examples/node, same build.
CACHE_ENTRY = 305

# ~/.npm/_logs, which `npm cache clean` leaves: 23 kB after npm install, 303 after three commands in one RUN.
LOG, LARGEST_LOG = 40_000, 300_000

# What these fetch in their install scripts (a browser, an engine) is in no tarball, and was not measured.
FETCHES_MORE = frozenset(
    ("@prisma/engines", "@playwright/browser-chromium", "cypress", "electron", "prisma", "puppeteer", "chromedriver")
)


def installed(
    manifest: Manifest, lock: Lock | None, *, dev: bool, libc: str | None, clean: bool = False
) -> Size | None:
    """Bytes that `npm install` (`clean`: `npm ci`; `dev` False: with --omit=dev) writes into the project's folder.

    None where nothing is known about any package. `libc` as in `install_set`.
    """
    choices = _choices(install_set(manifest, lock, dev=dev, libc=libc))
    if not choices:
        return Size(0, 0, 0)
    sizes = [_installed(choice) for choice in choices]
    # node_modules/.package-lock.json, and package-lock.json itself, which `npm install` writes again.
    entry = lock.text_bytes / max(1, len(lock.packages)) if lock else LOCK_ENTRY
    records = round(entry * len(choices)) + (0 if clean else lock.text_bytes if lock else round(entry * len(choices)))
    low, best, high = records // 2, records + LOG, records * 3 // 2 + LARGEST_LOG
    sizes.append(size("npm's lock records and logs", low, best, high, SOURCE, DATE))
    return _summed(sizes)


def cache_left(manifest: Manifest, lock: Lock | None, *, dev: bool, libc: str | None) -> Size | None:
    """Bytes that stay in ~/.npm after `npm install` or `npm ci`, which leave the same.

    npm keeps each tarball, and for a package that no lockfile gives a URL for, the registry's document about it. None
    for the lockfile of another manager, whose cache was not measured.
    """
    if lock is not None and lock.manager != "npm":
        return None
    choices = _choices(install_set(manifest, lock, dev=dev, libc=libc))
    # Without a lockfile npm works out the whole tree first, of the development dependencies too.
    asked = choices if lock else _choices(install_set(manifest, None, dev=True, libc=libc))
    urls_known = lock is not None and lock.has_urls
    documents = [choice for choice in asked if not (urls_known and choice.locked)]
    return _cached(choices, documents)


def named(requests: Sequence[str], libc: str | None) -> Size | None:
    """Bytes that `npm install -g REQUEST...` writes: "typescript", "@angular/cli@19"."""
    del libc  # Packages by name come with what the table knows; it was measured on glibc.
    return _summed([_installed(choice) for choice in _choices(_asked(requests))])


def named_cache_left(requests: Sequence[str]) -> Size | None:
    """Bytes that stay in ~/.npm after `npm install -g REQUEST...`."""
    choices = _choices(_asked(requests))
    left = _cached(choices, choices)
    if left is None:
        return None
    # Of a package named in the command npm also keeps the long form of its document: over 27 requests (npm_installed,
    # 2026-11-23) it leaves 1.15 times as much, at most 1.9 times.
    high = None if left.high is None else round(left.high * 1.9)
    return Size(left.low, round(left.best * 1.15), high, left.parts)


# --- which packages -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Choice:
    """A package to weigh, the nearest measured version if any, and how far that may be off (`below` and `above`)."""

    name: str
    version: str
    nearest: facts.NpmPackage | None
    below: float
    above: float
    locked: bool
    requested: bool  # asked for by name with no lockfile: what it depends on may be unknown
    from_registry: bool = True

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}".rstrip()


def _asked(requests: Iterable[str]) -> InstallSet:
    """`@angular/cli@19` asks for the package @angular/cli in the range 19."""
    matches = (re.fullmatch(r"(@?[^@]+)(?:@(.*))?", request) for request in requests)
    return InstallSet((), tuple(Dependency(match[1], match[2] or "*") for match in matches if match))


def _choices(wanted: InstallSet) -> list[_Choice]:
    choices = [_choice(each.name, each.version, locked=True) for each in wanted.locked]
    # What the lockfile does not settle comes with the dependencies that it had when it was measured.
    # One version serves all whose ranges it fits; npm nests a second one for those it does not.
    settled: dict[str, list[str]] = {}
    for each in wanted.locked:
        settled.setdefault(each.name, []).append(each.version)
    waiting = deque((each, True) for each in wanted.unlocked)
    while waiting:
        # What was asked for directly settles its version first, as npm does.
        dependency, requested = waiting.popleft()
        versions = settled.setdefault(dependency.name, [])
        if any(satisfies(version, dependency.wanted) is not False for version in versions):
            continue
        choice = _resolved(dependency, requested=requested)
        if choice.version in versions:
            continue
        versions.append(choice.version)
        choices.append(choice)
        if choice.nearest:
            waiting += [(Dependency(*depends), False) for depends in choice.nearest.depends]
    return choices


def _resolved(dependency: Dependency, *, requested: bool) -> _Choice:
    """The newest version in the range, as npm takes it: the newest measured one in it, else the nearest."""
    name, wanted = dependency.name, dependency.wanted
    if alias := re.fullmatch(r"npm:(@?[^@]+)(?:@(.+))?", wanted):
        name, wanted = alias[1], alias[2] or "*"
    if "/" in wanted or wanted.startswith(("file:", "link:", "git", "workspace:", "portal:")):
        return _Choice(name, "", None, 0, 0, locked=False, requested=requested, from_registry=False)
    fitting = [each for each in facts.npm_versions(name) if satisfies(each.version, wanted) is not False]
    if fitting:
        # The newest in the range may be newer than the one measured.
        return _Choice(name, fitting[-1].version, fitting[-1], 0.1, 0.1, locked=False, requested=requested)
    base = re.search(r"\d+(?:\.\d+)*", wanted)
    choice = _choice(name, base[0] if base else "", locked=False)
    return _Choice(name, wanted, choice.nearest, choice.below, choice.above, locked=False, requested=requested)


def _choice(name: str, version: str, *, locked: bool) -> _Choice:
    versions = facts.npm_versions(name)
    if not versions and "musl" in name:
        # @img/sharp-linuxmusl-x64 is @img/sharp-linux-x64 for the other libc, of much the same size.
        versions = facts.npm_versions(name.replace("linuxmusl", "linux").replace("-musl", "-gnu"))
        return _nearest(name, version, versions, locked=locked, exact=0.3)
    return _nearest(name, version, versions, locked=locked, exact=0.01)


def _nearest(name: str, version: str, versions: Sequence[facts.NpmPackage], *, locked: bool, exact: float) -> _Choice:
    if not versions:
        return _Choice(name, version, None, 0, 0, locked, requested=False)
    numbers = facts.release(version)
    nearest = min(versions, key=lambda each: (each.version != version, _distance(facts.release(each.version), numbers)))
    if nearest.version == version:
        return _Choice(name, version, nearest, exact, exact, locked, requested=False)
    below, above = SAME_MAJOR if facts.release(nearest.version)[:1] == numbers[:1] else OTHER_MAJOR
    return _Choice(name, version, nearest, max(exact, below), max(exact, above), locked, requested=False)


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(abs(a - b) for a, b in zip((*one, 0, 0, 0), (*other, 0, 0, 0), strict=False))[:3]


# --- their bytes ----------------------------------------------------------------------------------------------------


def _installed(choice: _Choice) -> Size | None:
    if not choice.from_registry:
        return None
    if choice.nearest is None:
        spread = _request_spread() if choice.requested else facts.npm_spread()
        source = "no figure for it: as other npm packages" + (" with what they need" if choice.requested else "")
        known = size(choice.label, spread.low, spread.mean, spread.high, source, DATE)
    else:
        nearest = choice.nearest
        source = nearest.source if nearest.version == choice.version else f"{nearest.source}, version {nearest.version}"
        known = around(choice.label, nearest.installed, choice.below, choice.above, source, nearest.date)
    return at_least(known) if choice.name in FETCHES_MORE else known


def _cached(choices: Iterable[_Choice], documents: Iterable[_Choice]) -> Size | None:
    tarballs = [_tarball(choice) for choice in choices]
    named_once = {choice.name: choice for choice in documents}.values()
    return _summed([*tarballs, *(_document(choice) for choice in named_once)])


def _tarball(choice: _Choice) -> Size | None:
    nearest, what = choice.nearest, f"tarball of {choice.label}"
    if nearest is not None and nearest.tarball is not None:
        return around(what, nearest.tarball + CACHE_ENTRY, choice.below, choice.above, nearest.source, nearest.date)
    # Of the installed bytes; p10 and p90 of that share over all packages in npm.tsv are 0.19 and 0.46.
    known = _installed(choice)
    if known is None or known.high is None:
        return None
    share = facts.npm_tarball_share()
    source = "share of the installed bytes"
    return size(what, round(known.low * 0.19), round(known.best * share), round(known.high * 0.46), source, DATE)


def _document(choice: _Choice) -> Size | None:
    if not choice.from_registry:
        return None
    what, nearest = f"registry's document about {choice.name}", choice.nearest
    if nearest is not None and nearest.packument is not None:
        # They grow with every release, and registries differ in what they put into them.
        return around(what, nearest.packument + CACHE_ENTRY, 0.1, 0.3, nearest.source, nearest.date)
    spread = facts.npm_packument_spread()
    return size(what, spread.low, spread.mean, spread.high, "as other npm packages", DATE)


@cache
def _request_spread() -> facts.Spread:
    """What packages weigh with all they need: those of the table that no other one needs."""
    rows = {row[0]: row for row in table("npm").rows()}  # the last row of a name is its newest, near enough
    depends = {name: [each.rpartition("@")[0] for each in row[6].split(",")] for name, row in rows.items()}
    needed = {name for names in depends.values() for name in names}
    sums = []
    for root in rows.keys() - needed:
        waiting, seen = [root], set[str]()
        while waiting:
            name = waiting.pop()
            if name in rows and name not in seen:
                seen.add(name)
                waiting += depends[name]
        sums.append(sum(int(rows[name][2]) for name in seen))
    sums.sort()
    # The mean of what is left without the heaviest tenth: frameworks and compilers are in the table under their names.
    usual = sums[: len(sums) * 9 // 10]
    return facts.Spread(sums[len(sums) // 10], round(sum(usual) / len(usual)), sums[len(sums) * 9 // 10])


def _summed(sizes: Sequence[Size | None]) -> Size | None:
    """The total with few parts. Unknown packages err together, to the same side: their ranges do not cancel out."""
    summed = total(sizes)
    if summed is None or summed.high is None:
        return summed and condensed(summed, "more packages")
    guessed = [each for each in sizes if each is not None and each.parts[0].source.startswith("no figure")]
    together = 0.4 * sum(each.best for each in guessed)
    low = max(0, round(summed.best - math.hypot(summed.best - summed.low, together)))
    high = round(summed.best + math.hypot(summed.high - summed.best, together))
    return condensed(Size(low, summed.best, high, summed.parts), "more packages")
