"""The query for what installs bring because other packages recommend it, and which of that is missed without."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import debian
from deadweight.facts.recommends import recommended
from deadweight.model.commands.apt import OTHER_RELEASE
from deadweight.model.effects import PackageSet, Text
from deadweight.model.of_layers import OfLayers
from deadweight.model.stack import folded
from deadweight.size import apt
from deadweight.size.units import at_least
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.image import Base
    from deadweight.model.layers import Layer
    from deadweight.model.playing import Rest
    from deadweight.model.stack import Stack
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction, Section
    from deadweight.syntax.shell import Word

# What another archive than Debian's may have in a version of its own, with other recommendations.
ELSEWHERE = re.compile(
    r"(?:chromium|clang|cmake|docker|golang|libpq|llvm|mariadb|maven|mysql|default-mysql|nginx|nodejs|npm|openjdk|php"
    r"|postgresql|python3\.|r-base|r-cran|ruby|rustc|yarn).*"
)
# What adds archives to Debian's.
INTO_SHELL = r"\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:ba|da)?sh\b"  # `curl https://... | sudo -E bash -`
_ARCHIVES = re.compile(
    rf"sources\.list|add-apt-repository|apt-add-repository|apt-key|nodesource|extrepo|/etc/apt\b|{INTO_SHELL}"
)
# Whoever writes one of these has decided; `-o APT::Install-Recommends=true` as well.
_DECIDED = ("--install-recommends", "--with-recommends", "--install-suggests")
_CONFIGURATION = "/etc/apt/apt.conf"
_WORD = re.compile(r"[\w.+-]+")
_NAMED = 5
_MOST_INSTALLS = 64  # of other packages in an image; the longest real files have about 20
# Releases without package lists of their own, by those around them: what all of these leave out, whatever the versions
# in names of packages. Of 108 packages that people ask for, bookworm leaves out at least nine tenths of the bytes that
# bullseye and trixie agree on for 96 %, and 1.5 times as many in the middle. For bullseye, which is two years before
# both of them, bookworm and trixie hold for 66 % (2026-11-26): nothing is said of what is older than a year before all.
_OLDER = ("focal", "groovy", "hirsute", "impish")
_STAND_INS = {
    **dict.fromkeys(_OLDER, ("bullseye", "bookworm", "trixie")),
    **dict.fromkeys(("jammy", "kinetic"), ("bullseye", "bookworm")),
    **dict.fromkeys(("lunar", "mantic", "noble", "oracular"), ("bookworm", "trixie")),
    **dict.fromkeys(("plucky", "questing", "resolute", "forky", "sid"), ("trixie",)),
}
_LIBRARY = re.compile(r"lib[a-z\d.+-]*\d(?:t64|[a-z])?")  # of programs, by its version: libxml2, libglib2.0-0t64
_VERSION = re.compile(r"\d+(?:[.-]\d+)*(?:t64)?")  # libssl3t64 is libssl1.1 of another release, gcc-14 is gcc-12


class Install(NamedTuple):
    """One command that installs recommended packages.

    `lost` stay out without them, by release; `needed` are those of them that are missed; `unknown` are names of which
    nobody knows what they bring. `doubtful` are recommended by what was there before: apt does not ask for these again,
    so they may be lost, but no byte of them is claimed. Where the file `has_archives`, others than Debian's may answer.
    """

    layer: Layer
    effect: Effect
    cause: PackageSet
    call: Call
    lost: dict[str, frozenset[str]]
    needed: tuple[str, ...]
    unknown: tuple[str, ...]
    doubtful: frozenset[str]
    has_archives: bool

    def claimed(self, kept: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """What surely stays out, by release, where `kept` are asked for by name: what does so in all of them."""
        spared = {suite: names - self.doubtful for suite, names in self.spared(kept).items()}
        agreed = _everywhere({suite: frozenset(map(_unversioned, names)) for suite, names in spared.items()})
        return {
            suite: frozenset(name for name in names if _unversioned(name) in agreed) for suite, names in spared.items()
        }

    def spared(self, kept: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """What stays out, by release, where `kept` are asked for by name."""
        return {
            suite: lost.difference(kept, apt.added(kept, suite, recommends=False).packages)
            for suite, lost in self.lost.items()
        }

    def size(self, packages: Mapping[str, Iterable[str]]) -> Size | None:
        """The bytes of packages, by release: at least the least of these, where there are several."""
        sizes = [apt.unpacked(names, replace(self.cause, suite=suite)) for suite, names in packages.items()]
        known = [each for each in sizes if each is not None]
        if not known or len(known) < len(sizes):
            return None
        least = min(known, key=lambda each: each.best)
        return least if self.is_exact else at_least(least)

    def by_weight(self, packages: Iterable[str]) -> list[str]:
        """Packages, the heaviest first."""
        sizes = {name: apt.unpacked((name,), self.cause) for name in packages}
        return sorted(sizes, key=lambda name: (-(found.best if (found := sizes[name]) else 0), name))

    @property
    def suite(self) -> str:
        """The release whose names are said: of those that tell about it the nearest."""
        return nearest if (nearest := apt.nearest(self.cause.suite)) in self.lost else next(iter(self.lost))

    @property
    def is_exact(self) -> bool:
        """Whether the package lists are those of the release, and have all names."""
        return self.cause.suite in debian.suites() and not self.unknown

    @property
    def is_certain(self) -> bool:
        """Whether what is lost is just what the tables say."""
        return (
            not self.unknown
            and self.cause.suite not in _OLDER
            and all(debian.package(suite, name) for name in self.needed for suite in self.lost)
            and self.effect in self.layer.effects
            and not self.call.has(*OTHER_RELEASE)
            and not any(word.text.endswith("-") for word in self.call.words)
        )


@OfLayers
def asks(layer: Layer) -> Iterator[bool]:
    """That a layer installs recommended packages, where it does."""
    if any(True for _ in _sets(layer.rest)):
        yield True


def installs(layer: Layer, below: Below, base: Base, words: frozenset[str]) -> Iterator[Install]:
    """The installs of a layer that bring recommended packages unasked; a Dockerfile has `words`."""
    for effect, cause in _sets(layer.rest):
        call = next((call for call in layer.calls if call.span == effect.span), None)
        if call is None or _is_decided(below, base, call):
            continue
        install = _read(layer, below, effect, cause, call, words)
        if install:
            yield install


def of_command(command: Reading) -> object:
    """All that these answers take from the words of a command."""
    call = command.call
    return command.effects and (verb(call) is None, call.has(*_DECIDED), _decides(call))


def of_text(instruction: Instruction, among: frozenset[str]) -> object:
    """All that these answers take from the text of a RUN; `among` are words that tell."""
    return among & _all_words(instruction), _ARCHIVES.search(instruction.text) is None


def words_of(snapshot: Snapshot, among: frozenset[str]) -> frozenset[str]:
    """The words, of those that tell what is needed, in the instructions that a build of the image runs."""
    return frozenset[str]().union(*[_words_in(ledger.stage.section, among) for ledger in snapshot.reached_ledgers])


def are(packages: Iterable[str]) -> str:
    """How many packages are something: "1 package is", "3 packages are"."""
    count = len(list(packages))
    return f"{count} {'package is' if count == 1 else 'packages are'}"


def writes_unread(effect: Effect, places: str | tuple[str, ...]) -> bool:
    """Whether an effect writes settings there that nobody can read here; those that are known have been heeded."""
    is_known = isinstance(effect.cause, Text) and effect.cause.content is not None
    return not is_known and (effect.path or "").startswith(places)


def verb(call: Call) -> Word | None:
    """The word of a call that says that it installs."""
    return next((word for word in call.words if word.text == "install"), None)


def anywhere(packages: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The packages of which one release says so."""
    return frozenset(name for names in packages.values() for name in names)


def named(names: Iterable[str]) -> str:
    """The first few of `names`, and how many more there are: "a, b and 3 more"."""
    all_ = list(names)
    first, more = ", ".join(all_[:_NAMED]), len(all_) - _NAMED
    return f"{first} and {more} more" if more > 0 else first


def unsure(install: Install, kept: tuple[str, ...]) -> list[str]:
    """What stays out where `kept` are asked for by name, and nobody knows whether it is missed. A library that no
    package recommends that is there goes with those that load it.
    """
    spared = install.spared(kept)
    wanted = frozenset[str]().union(*(_wanted(install, kept, suite) for suite in spared))
    unknown = (name for name in sorted(anywhere(spared)) if recommended(name) is None)
    return [name for name in unknown if name in wanted or not _LIBRARY.fullmatch(name)]


def unsure_roots(install: Install) -> tuple[str, ...]:
    """The same where what is needed is kept, without what others of it bring along."""
    return _roots(unsure(install, install.needed), tuple(install.lost))


def _wanted(install: Install, kept: tuple[str, ...], suite: str) -> set[str]:
    """What the packages recommend that are there without the recommended ones."""
    there = apt.added((*install.cause.names, *kept), suite, recommends=False, already=install.cause.already)
    return {
        name for each in (*there.packages, *there.held) for group in debian.recommends(suite, each) for name in group
    }


# --- what is done about installs --------------------------------------------------------------------------------------


def _sets(rest: Rest) -> Iterator[tuple[Effect, PackageSet]]:
    for effect in rest.effects:
        cause = effect.cause
        is_apt = isinstance(cause, PackageSet) and cause.manager == "apt"
        if isinstance(cause, PackageSet) and is_apt and "recommends" in cause.options and effect.is_certain:
            yield effect, cause


class Below(NamedTuple):
    """What layers do about installs: whether they may tell apt what to do about recommendations, whether a name may
    come from another archive than Debian's, and the names of those installs that brought recommended packages.
    """

    is_configured: bool = False
    has_archives: bool = False
    asked: frozenset[tuple[str, ...]] = frozenset()


def _with(below: Below, layer: Layer) -> Below:
    own = _does(layer)
    if own == _NOTHING:
        return below
    configured, archives = below.is_configured or own.is_configured, below.has_archives or own.has_archives
    is_known = own.asked <= below.asked or len(below.asked) > _MOST_INSTALLS
    return Below(configured, archives, below.asked if is_known else below.asked | own.asked)


_NOTHING = Below()
_done = folded(_NOTHING, _with)


@remembered
def _does(layer: Layer) -> Below:
    """What a layer does about installs."""
    is_configured = any(writes_unread(each, _CONFIGURATION) for each in layer.effects)
    return Below(is_configured, bool(_ARCHIVES.search(layer.instruction.text)), _asked_for(layer.kept))


def below_of(stack: Stack) -> Below:
    """What is done about the installs of a layer, by itself or those below it, and what those below it asked for."""
    return _done(stack)._replace(asked=_done(stack.below).asked)


def _is_decided(below: Below, base: Base, call: Call) -> bool:
    """Whether the recommendations are wanted, or switched off where only apt reads it."""
    if verb(call) is None or call.has(*_DECIDED) or "minideb" in base.repository:
        return True
    return _decides(call) or below.is_configured


def _decides(call: Call) -> bool:
    return True in ["Install-Recommends" in word.text for word in call.words]


@remembered
def _words_in(section: Section, among: frozenset[str]) -> frozenset[str]:
    return frozenset[str]().union(*[among & _all_words(each) for each in section.instructions])


@remembered
def _all_words(instruction: Instruction) -> frozenset[str]:
    return frozenset(_WORD.findall(instruction.text))


# --- what they bring --------------------------------------------------------------------------------------------------


def _read(
    layer: Layer, below: Below, effect: Effect, cause: PackageSet, call: Call, words: frozenset[str]
) -> Install | None:
    """What a command's recommendations bring; None where nothing is known of them."""
    unknown = dict.fromkeys(_names_from_elsewhere(below, cause))
    before = below.asked.union(_asked_for(call.around.files.here))
    if len(before) > _MOST_INSTALLS:
        return None
    names = [name for name in cause.names if name not in unknown]
    beside, lost, held = set(cause.names), dict[str, frozenset[str]](), dict[str, frozenset[str]]()
    for suite in _suites(cause.suite):
        without = apt.added(names, suite, recommends=False, already=cause.already)
        with_them = apt.added(names, suite, recommends=True, already=cause.already)
        beside |= without.packages
        unknown.update(dict.fromkeys(without.unknown))
        lost[suite] = with_them.packages - without.packages - set(cause.names)
        held[suite] = without.held
    if not lost or not all(lost.values()):
        return None
    there = {suite: _there(before, suite) for suite in lost}
    recommended_before = (apt.recommended_by(suite, held[suite] - debian.minbase(suite)) for suite in lost)
    others = before | {tuple(unknown)}
    doubtful = set[str]().union(*there.values(), *recommended_before, *(_may_bring(others, suite) for suite in lost))
    brought = _everywhere(there)
    needed = [name for name in sorted(anywhere(lost)) if _is_needed(name, beside, words, brought)]
    roots = _roots(needed, tuple(lost))
    install = Install(layer, effect, cause, call, lost, roots, tuple(unknown), frozenset(doubtful), below.has_archives)
    return install if all(install.claimed(()).values()) else None


def _suites(release: str | None) -> tuple[str, ...]:
    """The suites whose package lists say what an install brings."""
    return (release,) if release in debian.suites() else _STAND_INS.get(release or "", ())


def _names_from_elsewhere(below: Below, cause: PackageSet) -> tuple[str, ...]:
    """The names that an archive other than Debian's may answer."""
    if not below.has_archives:
        return ()
    return tuple(name for name in cause.names if ELSEWHERE.fullmatch(name))


def _asked_for(effects: Iterable[Effect]) -> frozenset[tuple[str, ...]]:
    causes = (effect.cause for effect in effects)
    sets = (cause for cause in causes if isinstance(cause, PackageSet) and cause.manager == "apt")
    return frozenset(cause.names for cause in sets if "recommends" in cause.options)


@lru_cache(maxsize=64)
def _there(before: frozenset[tuple[str, ...]], suite: str) -> frozenset[str]:
    """What installs before this one brought, their recommendations included."""
    return frozenset[str]().union(*(apt.added(names, suite, recommends=True).packages for names in before))


@lru_cache(maxsize=64)
def _may_bring(installs: frozenset[tuple[str, ...]], suite: str) -> frozenset[str]:
    """What names may bring that the release has none of, or that another archive answers: about what the package
    without a version does, so that php8.5-dev needs a compiler as php-dev.
    """
    of_others = {name for names in installs for name in names if ELSEWHERE.fullmatch(name) or not _is_in(suite, name)}
    kin = {name if _is_in(suite, name) else _VERSION.sub("", name) for name in of_others}
    return apt.added(sorted(kin), suite, recommends=True).packages


def _is_in(suite: str, name: str) -> bool:
    return debian.package(suite, name) is not None


def _is_needed(name: str, beside: Iterable[str], words: frozenset[str], brought: frozenset[str]) -> bool:
    """Whether a lost package has to be asked for. One that any image misses, an install before keeps as well."""
    known = recommended(name)
    if known is None or known.loss == "harmless":
        return False
    if not set(known.beside).isdisjoint(beside):
        return True
    return name not in brought and ("*" in known.beside or not words.isdisjoint(known.words))


def _roots(names: list[str], suites: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names` that no other one of them needs anyway."""
    closures = {
        name: _everywhere({suite: apt.added((name,), suite, recommends=False).packages for suite in suites})
        for name in names
    }
    return tuple(name for name in names if not any(name in closures[each] for each in names if each != name))


@lru_cache(maxsize=4096)
def _unversioned(name: str) -> str:
    """A package's name without the versions in it."""
    return _VERSION.sub("#", name)


def _everywhere(packages: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The packages of which all releases say so."""
    first, *others = packages.values()
    return first.intersection(*others)
