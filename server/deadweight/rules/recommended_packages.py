r"""An install brings packages along that are only recommended.

apt installs what a package recommends as if it needed it: with `git` come X11 libraries for `ssh -X`, with a compiler
a tool that draws pictures of memory use and every picture format it can read. How much that is depends on the
package: half of a gigabyte with Debian's `npm`, next to nothing with `vim`.

## Example

```
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y git \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --no-install-recommends -y git ca-certificates netbase openssh-client \
    && rm -rf /var/lib/apt/lists/*
```

What a program may need unseen is kept by name: certificates for HTTPS, ssh for repositories over SSH.

## Example

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y \
        default-libmysqlclient-dev \
        gcc \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --no-install-recommends -y \
        default-libmysqlclient-dev \
        gcc libfontconfig1 \
    && rm -rf /var/lib/apt/lists/*
```

Of what another archive brings, nobody knows what it recommends, so that it is installed apart, as it was:

## Example

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends extrepo && extrepo enable sury
RUN apt-get update \
    && apt-get install -y git php8.5-cli php8.5-curl \
    && rm -rf /var/lib/apt/lists/*
```

Use instead:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends extrepo && extrepo enable sury
RUN apt-get update \
    && apt-get install --no-install-recommends -y git openssh-client \
    && apt-get install -y php8.5-cli php8.5-curl \
    && rm -rf /var/lib/apt/lists/*
```

## Fix safety

Safe where every package that stays out is known to be one that no program in an image misses: documentation,
translations, parts of a desktop, libraries of other packages that stay out. Where one is not known, or the release,
or a package in the list, the fix is yours to look at; it names what stays out. So is the flag alone, without the
names: take it where you know that nothing needs them.

## Not reported

The flag is there, or the option in one of its other ways:

```
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends git
RUN apt-get -o APT::Install-Recommends=0 install -y mercurial
```

It is in apt's configuration:

```
FROM debian:trixie-slim
RUN echo 'APT::Install-Recommends "0";' > /etc/apt/apt.conf.d/99lean
RUN apt-get update && apt-get install -y git
```

```
FROM debian:trixie-slim
RUN printf 'APT {\n  Install-Recommends "false";\n}\n' > /etc/apt/apt.conf
RUN apt-get update && apt-get install -y git
```

```
FROM debian:trixie-slim
COPY <<EOF /lean.conf
APT::Install-Recommends "0";
EOF
ENV APT_CONFIG=/lean.conf
RUN apt-get update && apt-get install -y git
```

The recommended packages are asked for anyway, or weigh next to nothing:

```
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y wget ca-certificates vim
```

dnf installs weak dependencies too, but nobody has measured what they weigh: some projects saved 50 to 120 MB without
them, others nothing at all. openSUSE's images tell zypper to leave recommended packages out:

```
FROM fedora:44
RUN dnf install -y git gcc && dnf clean all
```

```
FROM opensuse/leap:15.6
RUN zypper --non-interactive install git && zypper clean --all
```

The stage does not ship:

```
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y git
FROM debian:trixie-slim
COPY --from=build /etc/hostname /
```

## References

- Debian: https://www.debian.org/doc/debian-policy/ch-relationships.html#binary-dependencies-depends-recommends-suggests-enhances-pre-depends
- Docker: https://docs.docker.com/build/building/best-practices/#apt-get
- dnf: https://dnf.readthedocs.io/en/latest/conf_ref.html (install_weak_deps), https://github.com/ManageIQ/manageiq-pods/pull/846,
  https://github.com/openshift/assisted-installer-agent/pull/288, https://github.com/secureblue/secureblue/issues/712
- openSUSE: https://github.com/openSUSE/docker-containers/pull/21
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import debian
from deadweight.facts.recommends import recommended, words_that_tell
from deadweight.model.commands.apt import OTHER_RELEASE, package_name
from deadweight.model.effects import PackageSet, Text
from deadweight.model.of_layers import OfLayers
from deadweight.model.stack import folded
from deadweight.rules import installing_apart
from deadweight.rules.edits import complete, insert_word
from deadweight.rules.rule import Finding, Fix, Safety, rule
from deadweight.size import apt
from deadweight.size.units import at_least
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
    from deadweight.text import Edit

_FLAGS = {"apt-get": "--no-install-recommends", "apt": "--no-install-recommends", "aptitude": "--without-recommends"}
# Whoever writes one of these has decided; `-o APT::Install-Recommends=true` as well.
_DECIDED = ("--install-recommends", "--with-recommends", "--install-suggests")
_CONFIGURATION = "/etc/apt/apt.conf"
# What adds archives to Debian's, and packages that they have in a version of their own, with other recommendations.
_ARCHIVES = re.compile(
    r"sources\.list|add-apt-repository|apt-add-repository|apt-key|nodesource|extrepo|/etc/apt\b"
    r"|\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:ba|da)?sh\b"
)
_ELSEWHERE = re.compile(
    r"(?:chromium|clang|cmake|docker|golang|libpq|llvm|mariadb|maven|mysql|default-mysql|nginx|nodejs|npm|openjdk|php"
    r"|postgresql|python3\.|r-base|r-cran|ruby|rustc|yarn).*"
)
_WORD = re.compile(r"[\w.+-]+")
_NAMED = 5
_MOST_INSTALLS = 64  # of other packages in an image; the longest real files have about 20
_LEAST = 1_000_000  # bytes: below it "at least" says nothing
# Releases without package lists of their own, by those whose lists agree about them: what all of these leave out.
_STAND_INS = {
    **dict.fromkeys(("jammy", "lunar", "noble"), ("bookworm", "trixie")),
    **dict.fromkeys(("plucky", "questing", "resolute", "forky", "sid"), ("trixie",)),
}


class _Install(NamedTuple):
    """One command that installs recommended packages.

    `lost` stay out without them, by release; `needed` are those of them that are missed; `unknown` are names of which
    nobody knows what they bring. `doubtful` are recommended by what was there before: apt does not ask for these again,
    so they may be lost, but no byte of them is claimed.
    """

    layer: Layer
    effect: Effect
    cause: PackageSet
    call: Call
    lost: dict[str, frozenset[str]]
    needed: tuple[str, ...]
    unknown: tuple[str, ...]
    doubtful: frozenset[str]

    def claimed(self, kept: tuple[str, ...]) -> frozenset[str]:
        """What surely stays out where `kept` are asked for by name."""
        return _everywhere(self.spared(kept)) - self.doubtful

    def spared(self, kept: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """What stays out, by release, where `kept` are asked for by name."""
        return {
            suite: lost.difference(kept, apt.added(kept, suite, recommends=False).packages)
            for suite, lost in self.lost.items()
        }

    def size(self, packages: Iterable[str]) -> Size | None:
        """The bytes of some of the packages: at least these, where more of them may be unknown."""
        found = apt.unpacked(packages, self.cause)
        return found if found is None or self.is_exact else at_least(found)

    @property
    def is_exact(self) -> bool:
        """Whether the package lists are those of the release, and have all names."""
        return self.cause.suite in debian.suites() and not self.unknown


class _Saving(NamedTuple):
    """What an install brings that nothing needs: its bytes, and in words."""

    install: _Install
    saves: Size
    message: str
    frees: Effect


@rule("recommended-packages", group="packages", same_as=("hadolint:DL3015",))
def recommended_packages(snapshot: Snapshot) -> Iterator[Finding]:
    """Report installs of recommended packages in layers that ship."""
    words: frozenset[str] | None = None
    for ledger, layer, _ in _asks(snapshot.inherited_ledgers):
        words = _words(snapshot) if words is None else words
        below = _below(ledger.stacks[layer.site.step])
        yield from _findings(layer, below, ledger.base, words, ledger.stage.label)


def _fixes(install: _Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    yield _apart(snapshot, install) if install.unknown else None
    yield _keeping(snapshot, install)
    yield _lean(snapshot, install)


@OfLayers
def _asks(layer: Layer) -> Iterator[bool]:
    """That a layer installs recommended packages, where it does."""
    if any(True for _ in _sets(layer.rest)):
        yield True


def _sets(rest: Rest) -> Iterator[tuple[Effect, PackageSet]]:
    for effect in rest.effects:
        cause = effect.cause
        is_apt = isinstance(cause, PackageSet) and cause.manager == "apt"
        if isinstance(cause, PackageSet) and is_apt and "recommends" in cause.options and effect.is_certain:
            yield effect, cause


class _Below(NamedTuple):
    """What layers do about installs: whether they may tell apt what to do about recommendations, whether a name may
    come from another archive than Debian's, and the names of those installs that brought recommended packages.
    """

    is_configured: bool = False
    has_archives: bool = False
    asked: frozenset[tuple[str, ...]] = frozenset()


def _with(below: _Below, layer: Layer) -> _Below:
    own = _does(layer)
    if own == _NOTHING:
        return below
    configured, archives = below.is_configured or own.is_configured, below.has_archives or own.has_archives
    is_known = own.asked <= below.asked or len(below.asked) > _MOST_INSTALLS
    return _Below(configured, archives, below.asked if is_known else below.asked | own.asked)


_NOTHING = _Below()
_done = folded(_NOTHING, _with)


@remembered
def _does(layer: Layer) -> _Below:
    """What a layer does about installs."""
    is_configured = any(map(_is_unknown_configuration, layer.effects))
    return _Below(is_configured, bool(_ARCHIVES.search(layer.instruction.text)), _asked_for(layer.kept))


def _below(stack: Stack) -> _Below:
    """What is done about the installs of a layer, by itself or those below it, and what those below it asked for."""
    return _done(stack)._replace(asked=_done(stack.below).asked)


@remembered
def _findings(layer: Layer, below: _Below, base: Base, words: frozenset[str], stage: str) -> tuple[Finding, ...]:
    """What the installs of a layer bring without need; a Dockerfile has `words`."""
    savings = [saving for install in _installs(layer, below, base, words) if (saving := _saving(install))]
    return tuple(
        Finding(
            site=layer.site,
            span=install.effect.span,
            message=message,
            saves=saves,
            basis="size",
            stage=stage,
            frees=frozenset(((layer.site, frees),)),
            fixes=partial(_fixes, install),
        )
        for install, saves, message, frees in savings
    )


def _saving(install: _Install) -> _Saving | None:
    spared = install.claimed(install.needed)
    saves = install.size(spared)
    if not spared or saves is None or (saves.high is None and saves.best < _LEAST):
        return None
    already = (*install.cause.already, *install.cause.names, *install.needed)
    freed = replace(install.cause, names=tuple(sorted(spared)), options=frozenset(), already=already)
    message = f"{_count(spared)} only recommended: {_named(_by_weight(install, spared))}"
    return _Saving(install, saves, message, replace(install.effect, cause=freed))


def _installs(layer: Layer, below: _Below, base: Base, words: frozenset[str]) -> Iterator[_Install]:
    for effect, cause in _sets(layer.rest):
        call = next((call for call in layer.calls if call.span == effect.span), None)
        if call is None or _is_decided(below, base, call):
            continue
        install = _read(layer, below, effect, cause, call, words)
        if install:
            yield install


def _words(snapshot: Snapshot) -> frozenset[str]:
    """The words, of those that tell what is needed, in the instructions that a build of the image runs."""
    return frozenset[str]().union(*[_words_in(ledger.stage.section) for ledger in snapshot.reached_ledgers])


@remembered
def _words_in(section: Section) -> frozenset[str]:
    return frozenset[str]().union(*map(_words_of, section.instructions))


@remembered
def _words_of(instruction: Instruction) -> frozenset[str]:
    return words_that_tell().intersection(_WORD.findall(instruction.text))


def _is_decided(below: _Below, base: Base, call: Call) -> bool:
    """Whether the recommendations are wanted, or switched off where only apt reads it."""
    if _verb(call) is None or call.has(*_DECIDED) or "minideb" in base.repository:
        return True
    if any("Install-Recommends" in word.text for word in call.words):
        return True
    return below.is_configured


def _is_unknown_configuration(effect: Effect) -> bool:
    """Whether an effect writes settings of apt that nobody can read here; those that are known apt has heeded."""
    is_known = isinstance(effect.cause, Text) and effect.cause.content is not None
    return not is_known and (effect.path or "").startswith(_CONFIGURATION)


def _read(
    layer: Layer, below: _Below, effect: Effect, cause: PackageSet, call: Call, words: frozenset[str]
) -> _Install | None:
    """What a command's recommendations bring; None where nothing is known of them."""
    unknown = dict.fromkeys(_names_from_elsewhere(below, cause))
    before = below.asked.union(_asked_for(call.around.files.here))
    if len(before) > _MOST_INSTALLS:
        return None
    there = {suite: _there(before, suite) for suite in _suites(cause.suite)}
    names = [name for name in cause.names if name not in unknown]
    beside, lost, doubtful = set(cause.names), {}, set[str]()
    for suite in there:
        without = apt.added(names, suite, recommends=False, already=cause.already)
        with_them = apt.added(names, suite, recommends=True, already=cause.already)
        beside |= without.packages
        unknown.update(dict.fromkeys(without.unknown))
        lost[suite] = with_them.packages - without.packages - set(cause.names)
        doubtful |= there[suite] | apt.recommended_by(suite, without.held - debian.minbase(suite))
    if not lost or not _everywhere(lost) - doubtful:
        return None
    brought = _everywhere(there)
    needed = [name for name in sorted(_anywhere(lost)) if _is_needed(name, beside, words, brought)]
    roots = _roots(needed, tuple(lost))
    return _Install(layer, effect, cause, call, lost, roots, tuple(unknown), frozenset(doubtful))


def _suites(release: str | None) -> tuple[str, ...]:
    """The suites whose package lists say what an install brings."""
    return (release,) if release in debian.suites() else _STAND_INS.get(release or "", ())


def _names_from_elsewhere(below: _Below, cause: PackageSet) -> tuple[str, ...]:
    """The names that an archive other than Debian's may answer."""
    if not below.has_archives:
        return ()
    return tuple(name for name in cause.names if _ELSEWHERE.fullmatch(name))


def _asked_for(effects: Iterable[Effect]) -> frozenset[tuple[str, ...]]:
    causes = (effect.cause for effect in effects)
    sets = (cause for cause in causes if isinstance(cause, PackageSet) and cause.manager == "apt")
    return frozenset(cause.names for cause in sets if "recommends" in cause.options)


@lru_cache(maxsize=64)
def _there(before: frozenset[tuple[str, ...]], suite: str) -> frozenset[str]:
    """What installs before this one brought, their recommendations included."""
    return frozenset[str]().union(*(apt.added(names, suite, recommends=True).packages for names in before))


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


def _everywhere(packages: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The packages of which all releases say so."""
    first, *others = packages.values()
    return first.intersection(*others)


def _anywhere(packages: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The packages of which one release says so."""
    return frozenset(name for names in packages.values() for name in names)


def _keeping(snapshot: Snapshot, install: _Install) -> Fix | None:
    """The flag, and the needed packages by name."""
    edits = _edits(snapshot, install, install.needed)
    if edits is None:
        return None
    title = f"Add {_FLAGS[install.call.program]}"
    if install.needed:
        title += f", keep {' '.join(install.needed)}"
    spared = install.spared(install.needed)
    unsure = [name for name in _anywhere(spared) if recommended(name) is None]
    claimed = install.claimed(install.needed)
    saves = install.size(claimed) if install.needed else None
    if not unsure and _is_certain(install):
        return Fix("no-recommends", title, Safety.SAFE, edits, saves=saves)
    note = f"Check: nothing needs {_named(_by_weight(install, unsure or claimed))}"
    if install.unknown:
        note += f"; what {_named(install.unknown)} would bring is not known"
    elif install.cause.suite not in debian.suites():
        note += f"; these are the packages of Debian {' and '.join(install.lost)}"
    return Fix("no-recommends", title, Safety.ASK, edits, note=note, saves=saves)


def _apart(snapshot: Snapshot, install: _Install) -> Fix | None:
    """The flag for those packages alone whose recommendations are known."""
    known = [name for name in install.cause.names if name not in install.unknown]
    brought = frozenset[str]().union(
        *(apt.added(known, suite, recommends=False, already=install.cause.already).packages for suite in install.lost)
    )
    unsure = any(recommended(name) is None for name in _anywhere(install.spared(install.needed)))
    # What another archive has in a version of its own may be asked for as something else by the rest.
    if unsure or not _is_certain(install._replace(unknown=())) or any(map(_ELSEWHERE.fullmatch, brought)):
        return None
    flag = _FLAGS[install.call.program]
    edits = installing_apart.install_apart(snapshot, install.layer, install.call, known, flag, install.needed)
    title = f"Install {_named(known)} apart, with {flag}"
    return Fix("no-recommends-apart", title, Safety.SAFE, edits) if edits else None


def _lean(snapshot: Snapshot, install: _Install) -> Fix | None:
    """The flag alone, where that leaves out more."""
    edits = _edits(snapshot, install, ())
    if edits is None or not install.needed:
        return None
    missed = (f"{name} ({known.why})" for name in install.needed if (known := recommended(name)))
    title, note = f"Add {_FLAGS[install.call.program]} alone", f"Check: nothing needs {_named(missed)}"
    return Fix("no-recommends-lean", title, Safety.ASK, edits, note=note, saves=install.size(install.claimed(())))


def _is_certain(install: _Install) -> bool:
    """Whether what is lost is just what the tables say."""
    return (
        not install.unknown
        and all(debian.package(suite, name) for name in install.needed for suite in install.lost)
        and install.effect in install.layer.effects
        and not install.call.has(*OTHER_RELEASE)
        and not any(word.text.endswith("-") for word in install.call.words)
    )


def _edits(snapshot: Snapshot, install: _Install, names: tuple[str, ...]) -> tuple[Edit, ...] | None:
    call = install.call
    verb = _verb(call)
    packages = [word for word in call.words if package_name(word.pattern) in install.cause.names]
    if call.placed.in_function:  # what is said there holds for all that call it
        return None
    if verb is None or not packages or packages[-1].span.start < verb.span.start:
        return None
    edits = [insert_word(snapshot, install.layer, verb, _FLAGS[call.program])]
    if names:
        edits.append(insert_word(snapshot, install.layer, packages[-1], " ".join(names)))
    return complete(edits)


def _verb(call: Call) -> Word | None:
    return next((word for word in call.words if word.text == "install"), None)


def _by_weight(install: _Install, packages: Iterable[str]) -> list[str]:
    """Packages, the heaviest first."""
    sizes = {name: install.size((name,)) for name in packages}
    return sorted(sizes, key=lambda name: (-(found.best if (found := sizes[name]) else 0), name))


def _named(names: Iterable[str]) -> str:
    """The first few of `names`, and how many more there are: "a, b and 3 more"."""
    all_ = list(names)
    first, more = ", ".join(all_[:_NAMED]), len(all_) - _NAMED
    return f"{first} and {more} more" if more > 0 else first


def _count(packages: Iterable[str]) -> str:
    count = len(list(packages))
    return f"{count} {'package is' if count == 1 else 'packages are'}"
