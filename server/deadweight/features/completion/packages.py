"""What the package managers of a RUN can be told: packages with what they weigh, and options that keep layers small."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import packages as facts
from deadweight.facts.tables import table
from deadweight.features import words
from deadweight.features.completion.items import MOST, Item
from deadweight.model import image
from deadweight.model.commands import apt, npm, pip
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
# Sizes: builds with BuildKit on Debian 12, November 2026; the options are those of the tools' manuals, read 2026-11-25.
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
        verbs=("add",),
        options=(
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
_NEITHER = frozenset("=<>!~;[]()$`*{}")  # what no name of a package holds


def package_items(place: Place, command: Command) -> tuple[tuple[Item, ...], bool] | None:
    """What the word at the cursor may be, and whether there is more; None where nothing is known about the command."""
    call, index = command.call, command.index
    program = call.program if call.program in _MANAGERS else call.program.rstrip("0123456789.")
    manager = _MANAGERS.get(program)
    if manager is None or "--" in [word.text for word in call.words[:index]]:
        return None
    before = [word.text for word in call.words[:index]]
    verb = next(_operands(before, manager.valued), None)
    if verb not in manager.verbs or (before[-1] in manager.valued and not command.typed.before.startswith("-")):
        return None
    prefix = command.typed.before.lstrip("'\"")
    given = frozenset(_name(word.text) for at, word in enumerate(call.words) if at != index)
    options = tuple(Item(name, "flag", detail=says) for name, says in manager.options if name not in given)
    if prefix.startswith("-"):
        return options, False
    if not manager.table or verb == "ci" or _NEITHER & set(prefix):
        return (() if prefix else options), False
    found = _PACKAGES[manager.table](place, prefix, "--no-install-recommends" not in given)
    shown = [
        item for _, item in zip(range(MOST + 1), (item for item in found if item.label not in given), strict=False)
    ]
    return (*shown[:MOST], *(() if prefix else options)), len(shown) > MOST


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
        options=frozenset((option,)) if option else frozenset(),
        already=base.packages if manager == "apt" else (),
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


def _operands(texts: list[str], valued: tuple[str, ...]) -> Iterator[str]:
    """The words that are neither options nor their values."""
    rest = iter(texts)
    for text in rest:
        if text in valued:
            next(rest, None)
        elif not text.startswith("-"):
            yield text


def _debian(place: Place, prefix: str, recommends: bool) -> Iterator[Item]:
    """Debian's packages for the stage's release: what Dockerfiles ask for first, then those that they bring along."""
    if place.base.package_manager not in (None, "apt"):
        return
    suite = nearest(place.base.suite)
    asked = list(facts.apt_requests(suite))
    found = [facts.debian_package(suite, name) for name in asked if name.startswith(prefix)]
    inside = (name for name in asked if f"-{prefix}" in name and not name.startswith(prefix)) if prefix else ()
    more = facts.debian_starting(suite, prefix) if prefix else ()
    option = "recommends" if recommends else ""
    seen: set[str] = set()
    for package in chain(found, more, (facts.debian_package(suite, name) for name in inside)):
        # No package, no bytes: the smallest system has it already (tar), or another name has them (git-core).
        if package is None or package.name in seen:
            continue
        seen.add(package.name)
        subject = ("package", "apt", package.name, str(place.stage_index), option)
        yield Item(package.name, "package", detail=f"{in_words(package.installed)} alone", subject=subject)


def _python(place: Place, prefix: str, _: bool) -> Iterator[Item]:
    """The distributions of PyPI that the facts know."""
    found = list(facts.wheels_starting(normal(prefix) if prefix else ""))
    for wheel in sorted(found, key=lambda each: each.name in _needed("pypi")):
        count = wheel.pure or (wheel.musllinux if place.base.libc == "musl" else wheel.manylinux)
        detail = f"wheel of {in_words(count)}" if count else "no wheel: built from source"
        yield Item(
            wheel.name, "package", detail=detail, subject=("package", "pip", wheel.name, str(place.stage_index), "")
        )


def _node(place: Place, prefix: str, _: bool) -> Iterator[Item]:
    """The npm packages that the facts know."""
    if "@" in prefix[1:]:
        return
    found = list(facts.npm_starting(prefix.lower()))
    for each in sorted(found, key=lambda each: each.name in _needed("npm")):
        subject = ("package", "npm", each.name, str(place.stage_index), "")
        yield Item(each.name, "package", detail=f"{in_words(each.installed)} alone", subject=subject)


_PACKAGES = {"apt": _debian, "pip": _python, "npm": _node}


@cache
def _needed(name: str) -> frozenset[str]:
    """The packages of a table that another one of it needs: people seldom ask for those by name."""
    rows = table(name)
    column = rows.columns.index("depends")
    return frozenset(
        dependency.rpartition("@")[0] or dependency for row in rows.rows() for dependency in row[column].split(",")
    )
