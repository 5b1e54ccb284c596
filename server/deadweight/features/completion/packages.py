"""What the package managers of a RUN can be told: packages with what they weigh, and options that keep layers small."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import alpine, debian
from deadweight.facts import packages as facts
from deadweight.facts.tables import table
from deadweight.features import words
from deadweight.features.completion.items import MOST, Item
from deadweight.model import image
from deadweight.model.commands import apk, apt, npm, pip
from deadweight.model.ecosystems.python import normal
from deadweight.model.effects import PackageSet, writes
from deadweight.size.apt import nearest
from deadweight.size.estimate import effect_size
from deadweight.size.units import in_words
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.place import Place
    from deadweight.features.completion.script import Command
    from deadweight.model.commands.call import Call
    from deadweight.snapshot import Snapshot


class _Manager(NamedTuple):
    """A package manager: its verbs that take packages by name (those of the facts' `table`), options with a value."""

    table: str = ""
    verbs: tuple[str, ...] = ("install",)
    valued: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


_NO_RECOMMENDS = "leaves out what is only recommended: 387 MB of python3-pip, 157 MB of ffmpeg, 9 MB of wget"
_NPM = _Manager(
    "npm",
    ("install", "i", "add", "ci"),
    npm.VALUES,
    (("--omit=dev", "leaves out devDependencies, which nothing needs that runs"),),
)
_DNF = _Manager(
    options=(
        ("--setopt=install_weak_deps=False", "leaves out what is only recommended"),
        ("--nodocs", "leaves out manuals and documentation"),
        ("-y", "answers the question that a build cannot answer"),
    )
)
# Options by hand, 2026-11-25; sizes of builds with BuildKit on Debian 12, November 2026.
_MANAGERS = {
    **dict.fromkeys(
        ("apt-get", "apt", "aptitude"),
        _Manager(
            "apt",
            ("install",),
            apt.VALUES,
            (
                ("--no-install-recommends", _NO_RECOMMENDS),
                ("-y", "answers the question that a build cannot answer"),
            ),
        ),
    ),
    "apk": _Manager(
        "apk",
        ("add",),
        apk.VALUES,
        (
            ("--no-cache", "keeps no index in /var/cache/apk"),
            ("--virtual", "gives the packages a name, by which `apk del` in the same RUN removes them"),
        ),
    ),
    **dict.fromkeys(("dnf", "microdnf", "yum"), _DNF),
    "zypper": _Manager(verbs=("install", "in"), options=(("--no-recommends", "leaves out what is only recommended"),)),
    **dict.fromkeys(
        ("pip", "pip3"),
        _Manager(
            "pip",
            ("install",),
            pip.VALUES,
            (
                ("--no-cache-dir", "keeps no downloads in ~/.cache/pip, which weigh as much as all wheels together"),
                ("--no-compile", "writes no .pyc files: 53 MB less of pandas, for a slower first start"),
            ),
        ),
    ),
    "uv pip": _Manager("pip", ("install",), pip.VALUES, (("--no-cache", "keeps no downloads in ~/.cache/uv"),)),
    "uv": _Manager(
        verbs=("sync",),
        options=(
            ("--no-cache", "keeps no downloads in ~/.cache/uv"),
            ("--no-dev", "leaves out the dependencies of development"),
        ),
    ),
    "poetry": _Manager(
        options=(
            ("--only=main", "leaves out the dependencies of development"),
            ("--no-cache", "keeps no downloads in ~/.cache/pypoetry"),
        )
    ),
    "npm": _NPM,
    "yarn": _Manager(
        "npm", ("add", "install"), (), (("--production", "leaves out devDependencies, which nothing needs that runs"),)
    ),
    "pnpm": _Manager(
        "npm", ("add", "install", "i"), (), (("--prod", "leaves out devDependencies, which nothing needs that runs"),)
    ),
    "composer": _Manager(
        verbs=("install", "require"), options=(("--no-dev", "leaves out the packages of development"),)
    ),
    "gem": _Manager(options=(("--no-document", "writes no documentation of the gems"),)),
    "go": _Manager(
        verbs=("build", "install"),
        options=(
            ('-ldflags="-s -w"', "leaves out symbols and debugging data"),
            ("-trimpath", "leaves out the paths of the machine that builds"),
        ),
    ),
    "cargo": _Manager(verbs=("build", "install"), options=(("--release", "builds without debugging data"),)),
}
_REQUEST = re.compile(r"['\"]?(@?[^=<>!~\[;@'\"]+)")
# Packages of Alpine that hold no program and no library.
_BESIDE = ("-doc", "-dbg", "-lang", "-openrc", "-bash-completion", "-fish-completion", "-zsh-completion")
_NEITHER = frozenset("=<>!~;[]()$`*{}")  # what no name of a package holds


def package_items(place: Place, command: Command) -> tuple[tuple[Item, ...], bool] | None:
    """What the word at the cursor may be, and whether there is more; None where nothing is known about the command."""
    call, word = command.call, command.call.words[command.index]
    manager = _MANAGERS.get(call.program) or _MANAGERS.get(call.program.rstrip("0123456789."))
    if manager is None:
        return None
    operands = call.operands(*manager.valued)
    prefix = command.typed.before.lstrip("'\"")
    if not operands or operands[0] is word or operands[0].text not in manager.verbs:
        return None
    options = tuple(Item(name, "flag", detail=says) for name, says in manager.options if not call.has(name))
    if prefix.startswith("-"):
        return options, False
    if word not in operands:
        return None  # the value of an option
    if not manager.table or operands[0].text == "ci" or _NEITHER & set(prefix):
        return () if prefix else options, False
    given = {_name(each.value or each.text) for each in operands if each is not word}
    found = (item for item in _PACKAGES[manager.table](place, call, prefix) if item.label not in given)
    shown = tuple(islice(found, MOST + 1))
    # Behind a blank only what people ask for is listed: the rest comes with the first letter.
    return (*shown[:MOST], *(() if prefix else options)), len(shown) > MOST or not prefix


def package_note(snapshot: Snapshot, manager: str, name: str, stage: int, option: str) -> tuple[str, str]:
    """What a package weighs with all that it needs, on the base image of a stage."""
    stages = snapshot.build.stages
    ref = snapshot.build.base_of(stages[stage]) if 0 <= stage < len(stages) else None
    base = image.base(ref) if ref else image.Base()
    wanted = PackageSet(
        manager,
        (name,),
        suite=base.suite,
        libc=base.libc,
        options=apt.options(base, recommends=option == "recommends") if manager == "apt" else frozenset(),
        already=base.packages if manager in ("apt", "apk") else (),
    )
    effect = writes(None, wanted, Span(0, 0))
    size = effect_size(effect)
    if size is not None and not size.best and not size.high:
        return "in the base image", f"{words.code(name)} is in the base image already."
    title = f"{words.code(name)} with what it needs: **{words.unpacked(size)}**"
    return f"{words.short(size)} with what it needs", "\n".join((title, "", *words.made_of((effect,))))


def _name(text: str) -> str:
    """A package without the version and the extras that are asked for: curl=7.88, flask[async]>=3, @angular/cli@19."""
    match = _REQUEST.match(text)
    return match[1] if match else text


def _debian(place: Place, call: Call, prefix: str) -> Iterator[Item]:
    """Debian's packages for the stage's release: what Dockerfiles ask for first, then those that they bring along."""
    if place.base.package_manager not in (None, "apt"):
        return
    suite = nearest(place.base.suite)
    # No package of its own, no bytes: the smallest system has it already (tar), or another name has them (git-core).
    asked = [name for name in debian.asked_for() if name not in debian.minbase(suite)]
    found = (debian.package(suite, name) for name in asked if name.startswith(prefix))
    more = debian.starting(suite, prefix) if prefix else ()
    inside = (name for name in asked if f"-{prefix}" in name) if prefix else ()
    option = "" if call.has("--no-install-recommends", "--without-recommends", "-R") else "recommends"
    seen: set[str] = set()
    for package in chain(found, (debian.package(suite, name) for name in inside), more):
        if package is None or package.name in seen:
            continue
        seen.add(package.name)
        yield _package(place, "apt", package.name, f"{in_words(package.installed)} alone", option)


def _alpine(place: Place, _: Call, prefix: str) -> Iterator[Item]:
    """Alpine's packages, those that a program needs first: which ones people ask for, no table says."""
    if not prefix or place.base.package_manager not in (None, "apk"):
        return
    found = alpine.alpine_starting(alpine.nearest(place.base.suite), prefix)
    for name in sorted(found, key=lambda each: each.endswith(_BESIDE)):
        yield _package(place, "apk", name, f"{in_words(found[name])} alone")


def _python(place: Place, _: Call, prefix: str) -> Iterator[Item]:
    """The distributions of PyPI that the facts know."""
    found = facts.wheels_starting(normal(prefix)) if prefix else filter(None, map(facts.wheel, _asked("pypi")))
    for wheel in sorted(found, key=lambda each: each.name not in _asked("pypi")):
        is_missing = wheel.lacks_musl and place.base.libc == "musl"
        count = (wheel.files or 0) + (wheel.byte_code or 0)
        weight = f"{in_words(count)} alone" if count else f"wheel of {in_words(wheel.download or 0)}"
        detail = "no wheel: built from source" if is_missing else weight
        yield _package(place, "pip", wheel.name, detail)


def _node(place: Place, _: Call, prefix: str) -> Iterator[Item]:
    """The npm packages that the facts know."""
    if "@" in prefix[1:]:
        return
    found = facts.npm_starting(prefix.lower()) if prefix else (facts.npm_versions(name)[-1] for name in _asked("npm"))
    for each in sorted(found, key=lambda each: each.name not in _asked("npm")):
        yield _package(place, "npm", each.name, f"{in_words(each.installed)} alone")


def _package(place: Place, manager: str, name: str, detail: str, option: str = "") -> Item:
    return Item(name, "package", detail=detail, subject=("package", manager, name, str(place.stage_index), option))


_PACKAGES = {"apk": _alpine, "apt": _debian, "pip": _python, "npm": _node}


@cache
def _asked(name: str) -> tuple[str, ...]:
    """The packages of a table that no other one of it needs: what people ask for, near enough."""
    rows = table(name)
    column = rows.columns.index("depends")
    # react@^19 in npm.tsv; coverage[toml] in pypi.tsv, where `async:asgiref` is needed by an extra alone
    needed = {
        each.rpartition("@")[0] or each.partition("[")[0] for row in rows.rows() for each in row[column].split(",")
    }
    return tuple(dict.fromkeys(row[0] for row in rows.rows() if row[0] not in needed))
