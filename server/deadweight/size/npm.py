"""What `npm install` and its like write, in bytes: node_modules package by package, and what stays in their caches."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.facts import packages as facts
from deadweight.facts.constants import constant
from deadweight.model.ecosystems.node import Dependency, InstallSet, Manifest, install_set, satisfies
from deadweight.size.parts import NOT_MEASURED, cut_off, summed
from deadweight.size.units import Size, around, at_least, size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from deadweight.model.ecosystems.node import Lock
    from deadweight.model.ecosystems.node_locks import LockedPackage
    from deadweight.model.folder import Folder

SOURCE = "npm install, linux x64"
_MORE = "more packages"
_ON_DISK = "node_modules in the build context"
DATE = "2026-11-23"

_OF_PLATFORM = re.compile(r"linux-?(?:x64|64|musl-x64)")  # @rolldown/binding-linux-x64-gnu, turbo-linux-64

MOST_PACKAGES = 10_000  # of a lockfile; large monorepos have some 3,000

# What all packages together may be off by: managers place and choose them differently, more so without a lockfile.
LOCKED = 0.03
RESOLVED = 0.08

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
    manifest: Manifest,
    lock: Lock | None,
    *,
    dev: bool,
    libc: str | None,
    clean: bool = False,
    manager: str = "npm",
    folder: Folder | None = None,
) -> Size | None:
    """Bytes that `npm install` (`clean`: `npm ci`; `dev` False: with --omit=dev) writes into the project's folder.

    None where nothing is known about any package. `libc` as in `install_set`. `folder` is the project's node_modules
    where it lies on the user's disk: what a package weighs there goes before every table.
    """
    if lock is None and dev and folder is not None:
        # A hidden folder holds links or what tools have cached: `.bin`, `.cache`, `.vite`.
        hidden = sum(each.bytes for name, each in folder.folders.items() if name[:1] == "." and name != ".pnpm")
        weighed = around("node_modules beside package.json", folder.bytes - hidden, 0.1, 0.1, _ON_DISK, "")
        return summed([weighed, records(lock, len(folder.folders), clean=clean, manager=manager)], _MORE)
    choices = _choices(install_set(manifest, lock, dev=dev, libc=libc), folder)
    if not choices:
        return Size(0, 0, 0)
    noted = records(lock, len(choices), clean=clean, manager=manager)
    together = LOCKED if lock else RESOLVED
    found = _with_doubtful(choices, lambda some: summed([*map(_installed, some), noted], _MORE, together))
    return _all_of(choices, found)


def _with_doubtful(choices: Sequence[_Choice], weigh: Callable[[Sequence[_Choice]], Size | None]) -> Size | None:
    """What `weigh` says of packages: at least what it says of those that are surely there."""
    found, sure = weigh(choices), [each for each in choices if each.is_sure]
    return found if len(sure) == len(choices) else _at_worst(found, weigh(sure))


def _at_worst(found: Size | None, least: Size | None) -> Size | None:
    """A size that may be as little as that of a part of it."""
    return found and replace(found, low=min(found.low, least.low if least else 0))


def _all_of(choices: Sequence[_Choice], size: Size | None) -> Size | None:
    return size if len(choices) < MOST_PACKAGES else cut_off(size, f"{MOST_PACKAGES:,} packages")


def records(lock: Lock | None, count: int, *, clean: bool, manager: str = "npm") -> Size:
    """What a manager notes about so many packages: node_modules/.package-lock.json, .yarn-integrity, .pnpm/lock.yaml.

    It also writes the lockfile itself, unless it is told to leave that as it is (`clean`).
    """
    written = lock.text_bytes if lock else LOCK_ENTRY * count
    if manager != "npm":
        noted = constant(f"{manager.partition(' ')[0]}.record")
        again = 0 if clean or lock else written
        low, best, high = (again + round(count * each) for each in (noted.low, noted.best, noted.high))
        return size(f"{manager}'s records", low, best, high, noted.source, noted.date)
    # node_modules/.package-lock.json, and package-lock.json itself, which `npm install` writes again.
    entry = lock.text_bytes / max(1, len(lock.packages)) if lock else LOCK_ENTRY
    noted_bytes = round(entry * count) + (0 if clean else written)
    low, best, high = noted_bytes // 2, noted_bytes + LOG, noted_bytes * 3 // 2 + LARGEST_LOG
    return size("npm's lock records and logs", low, best, high, SOURCE, DATE)


def pruned(manifest: Manifest, lock: Lock | None, *, dev: bool, libc: str | None) -> Size:
    """Bytes that `npm prune` writes over what an earlier layer installed: its records."""
    count = len(_choices(install_set(manifest, lock, dev=dev, libc=libc)))
    return records(lock, count, clean=False)


def cache_left(
    manifest: Manifest, lock: Lock | None, *, dev: bool, libc: str | None, manager: str = "npm"
) -> Size | None:
    """Bytes that stay in the cache after an install: in ~/.npm by `npm install` or `npm ci`, which leave the same.

    npm keeps each tarball, and for a package that no lockfile gives a URL for, the registry's document about it. The
    others keep what they unpacked; where node_modules is linked to that (pnpm, bun) only the records of it are left.
    """
    choices = _choices(install_set(manifest, lock, dev=dev, libc=libc))
    if manager != "npm":
        once = {(each.name, each.version): each for each in choices}.values()
        return _kept_by(manager, once, locked=lock is not None)
    if lock is not None and lock.manager != "npm":
        return None
    # Without a lockfile npm works out the whole tree first, of the development dependencies too.
    asked = choices if lock else _choices(install_set(manifest, None, dev=True, libc=libc))
    urls_known = lock is not None and lock.has_urls
    documents = [choice for choice in asked if not (urls_known and choice.locked)]
    sure = [each for each in documents if each.is_sure]
    return _with_doubtful(choices, lambda some: _cached(some, documents if some is choices else sure))


def _kept_by(manager: str, choices: Collection[_Choice], *, locked: bool) -> Size | None:
    """What the cache of another manager keeps: what the registry says of each package, and yarn the packages too."""
    if manager in ("pnpm", "bun"):
        each = constant(f"{manager}.cache.{'locked' if locked else 'resolved'}")
        low, best, high = (round(len(choices) * count) for count in (each.low, each.best, each.high))
        return size(f"{manager}'s cache", low, best, high, each.source, each.date)
    if manager == "yarn berry":
        known = summed([_installed(choice) for choice in choices], _MORE)
        return _times(known, "yarn_berry.cache_per_modules", f"{manager}'s cache")
    # The classic one downloads what is there for every platform, and links the one that fits.
    binaries = {choice.label for choice in choices if _OF_PLATFORM.search(choice.name)}
    own = summed([_installed(choice) for choice in choices if choice.label not in binaries], _MORE)
    ready = summed([_installed(choice) for choice in choices if choice.label in binaries], _MORE)
    all_of_them = _times(ready, "yarn.platforms", "binaries of all platforms")
    return _times(summed([own, all_of_them], _MORE), "yarn.cache_per_modules", f"{manager}'s cache")


def _times(known: Size | None, factor: str, what: str) -> Size | None:
    """A size by a measured factor."""
    if known is None:
        return None
    times = constant(factor)
    high_or_none = None if known.high is None else round(known.high * times.high)
    return size(
        what, round(known.low * times.low), round(known.best * times.best), high_or_none, times.source, times.date
    )


def named(requests: Sequence[str], libc: str | None, *, is_global: bool = False) -> Size | None:
    """Bytes that `npm install REQUEST...` writes: "typescript", "@angular/cli@19"; `is_global`: with -g."""
    del libc  # Packages by name come with what the table knows; it was measured on glibc.
    requested = _requested(requests, is_global)
    found = summed([weighed for _, weighed in requested], _MORE, RESOLVED)
    sure = [weighed for choice, weighed in requested if choice.is_sure]
    return found if len(sure) == len(requested) else _at_worst(found, summed(sure, _MORE, RESOLVED))


def named_cache_left(requests: Sequence[str], manager: str = "npm", *, is_global: bool = False) -> Size | None:
    """Bytes that stay in the cache of a manager that is asked for packages by name: `npm install REQUEST...`."""
    choices = [choice for choice, _ in _requested(requests, is_global)]
    if manager in ("pnpm", "bun"):
        documents = summed([_document(each) for each in {each.name: each for each in choices}.values()], _MORE)
        return _times(documents, f"{manager}.cache_per_documents", f"{manager}'s cache")
    if manager != "npm":
        return _kept_by(manager, choices, locked=False)
    left = _with_doubtful(choices, lambda some: _cached(some, some))
    if left is None:
        return None
    # Of a package named in the command npm also keeps the long form of its document: over 27 requests (npm_installed,
    # 2026-11-23) it leaves 1.15 times as much, at most 1.9 times.
    high = None if left.high is None else round(left.high * 1.9)
    return Size(left.low, round(left.best * 1.15), high, left.parts)


def _requested(requests: Sequence[str], is_global: bool) -> list[_Weighed]:
    """What requests bring, with the bytes of each: global packages each have a node_modules of their own."""
    if is_global:
        return [each for request in requests for each in _closure(request)]
    found = {(each[0].name, each[0].version): each for request in requests for each in _closure(request)}
    return list(found.values())


@lru_cache(maxsize=1024)
def _closure(request: str) -> tuple[_Weighed, ...]:
    """A request with all that it needs."""
    return tuple((choice, _installed(choice)) for choice in _choices(_asked([request])))


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
    on_disk: int | None = None  # what it weighs in the project's own node_modules
    is_sure: bool = True  # not only needed by a version far from the one that is asked for

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}".rstrip()


_Weighed = tuple[_Choice, "Size | None"]


def _asked(requests: Iterable[str]) -> InstallSet:
    """`@angular/cli@19` asks for the package @angular/cli in the range 19."""
    matches = (re.fullmatch(r"(@?[^@]+)(?:@(.*))?", request) for request in requests)
    return InstallSet((), tuple(Dependency(match[1], match[2] or "*") for match in matches if match))


def _choices(wanted: InstallSet, folder: Folder | None = None) -> list[_Choice]:
    locked = wanted.locked[:MOST_PACKAGES]
    choices = [_choice(each.name, each.version, locked=True) for each in locked]
    if folder is not None:
        weighed = [_on_disk(folder, each) for each in locked]
        choices = [replace(each, on_disk=count) for each, count in zip(choices, weighed, strict=True)]
    # What the lockfile does not settle comes with the dependencies that it had when it was measured.
    # One version serves all whose ranges it fits; npm nests a second one for those it does not.
    settled: dict[str, list[str]] = {}
    for each in locked:
        settled.setdefault(each.name, []).append(each.version)
    waiting = deque((each, True, True) for each in wanted.unlocked)
    while waiting and len(choices) < MOST_PACKAGES:
        # What was asked for directly settles its version first, as npm does.
        dependency, requested, is_sure = waiting.popleft()
        versions = settled.setdefault(dependency.name, [])
        if any(satisfies(version, dependency.wanted) is not False for version in versions):
            continue
        choice = _resolved(dependency, requested=requested)
        if choice.version in versions:
            continue
        versions.append(choice.version)
        choices.append(choice if is_sure else replace(choice, is_sure=False))
        if choice.nearest:
            are_sure = is_sure and not _is_far_older(choice.version, choice.nearest.version)
            waiting += [(Dependency(*depends), False, are_sure) for depends in choice.nearest.depends]
    return choices


def _is_far_older(wanted: str, version: str) -> bool:
    """Whether one asked for is of a major version so far back that it may need other packages: 1.4.0 beside 25.1.0."""
    majors = [facts.release(each.lstrip("^~=v"))[:1] for each in (wanted, version)]
    return all(majors) and 2 * majors[0][0] < majors[1][0]


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
    numbers = facts.release(version)
    nearest = facts.nearest(versions, version)
    if nearest is None or nearest.version == version:
        return _Choice(name, version, nearest, exact, exact, locked, requested=False)
    below, above = SAME_MAJOR if facts.release(nearest.version)[:1] == numbers[:1] else OTHER_MAJOR
    return _Choice(name, version, nearest, max(exact, below), max(exact, above), locked, requested=False)


def _on_disk(folder: Folder, package: LockedPackage) -> int | None:
    """What a package weighs in node_modules, without those nested in its own; None where it is not there."""
    path = package.path.removeprefix("node_modules/")
    found = (
        folder.at(path) if path else _of_pnpm(folder).get((package.name, package.version)) or folder.at(package.name)
    )
    if not found or not found.count:
        return None
    nested = found.folders.get("node_modules")
    return found.bytes - (nested.bytes if nested else 0)


@lru_cache(maxsize=8)
def _of_pnpm(folder: Folder) -> dict[tuple[str, str], Folder]:
    """The packages in `node_modules/.pnpm`, by name and version: `@babel+core@7.1.0_react@19.0.0/node_modules/...`."""
    store = folder.folders.get(".pnpm")
    found: dict[tuple[str, str], Folder] = {}
    for entry, below in store.folders.items() if store else ():
        if match := re.match(r"(@?[^@]+)@(\d[^_(]*)", entry):
            name = match[1].replace("+", "/")
            if package := below.at(f"node_modules/{name}"):
                found[name, match[2]] = package
    return found


# --- their bytes ----------------------------------------------------------------------------------------------------


def _installed(choice: _Choice) -> Size | None:
    if choice.on_disk is not None:
        return around(choice.label, choice.on_disk, 0.02, 0.02, _ON_DISK, "")
    if not choice.from_registry:
        return None
    if choice.nearest is None:
        usual = constant("npm.with_needs" if choice.requested else "npm.any")
        source = f"{NOT_MEASURED}: as other npm packages" + (" with what they need" if choice.requested else "")
        known = size(choice.label, round(usual.low), round(usual.best), round(usual.high), source, DATE)
    else:
        nearest = choice.nearest
        source = nearest.source if nearest.version == choice.version else f"{nearest.source}, version {nearest.version}"
        known = around(choice.label, nearest.installed, choice.below, choice.above, source, nearest.date)
    return at_least(known) if choice.name in FETCHES_MORE else known


def _cached(choices: Iterable[_Choice], documents: Iterable[_Choice]) -> Size | None:
    tarballs = [_tarball(choice) for choice in choices]
    named_once = {choice.name: choice for choice in documents}.values()
    return summed([*tarballs, *(_document(choice) for choice in named_once)], _MORE)


def _tarball(choice: _Choice) -> Size | None:
    nearest, what = choice.nearest, f"tarball of {choice.label}"
    if nearest is not None and nearest.tarball is not None:
        return around(what, nearest.tarball + CACHE_ENTRY, choice.below, choice.above, nearest.source, nearest.date)
    packed = [each for each in facts.npm_versions(choice.name) if each.tarball is not None and each.installed]
    if nearest is not None and (like := facts.nearest(packed, nearest.version)) and like.tarball is not None:
        count = round(like.tarball * nearest.installed / like.installed)
        below, above = max(choice.below, 0.05), max(choice.above, 0.05)
        return around(what, count + CACHE_ENTRY, below, above, like.source, like.date)
    known = _installed(choice)
    if known is None or known.high is None:
        return None
    share, source = constant("npm.tarball"), "share of the installed bytes"
    low, best, high = round(known.low * share.low), round(known.best * share.best), round(known.high * share.high)
    return size(what, low, best, high, source, DATE)


def _document(choice: _Choice) -> Size | None:
    if not choice.from_registry:
        return None
    what = f"registry's document about {choice.name}"
    for known in facts.npm_versions(choice.name):
        if known.packument is not None:
            # They grow with every release, and registries differ in what they put into them.
            return around(what, known.packument + CACHE_ENTRY, 0.1, 0.3, known.source, known.date)
    usual = constant("npm.document")
    return size(what, round(usual.low), round(usual.best), round(usual.high), "as other npm packages", DATE)
