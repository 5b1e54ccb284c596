"""What installs of Python packages bring for development alone: groups of pyproject.toml, files such as
requirements-dev.txt, extras; the part of `dev-dependencies-shipped` that is about Python.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import pip
from deadweight.model.ecosystems import python
from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import is_for_developers, is_idle, start_command
from deadweight.rules.edits import complete, insert_word, remove_command, remove_instruction, swap_words
from deadweight.rules.reaching import ships
from deadweight.rules.rule import Finding, Fix, Safety
from deadweight.size.estimate import saved_with
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect, ProjectTexts
    from deadweight.model.layers import Layer, Ledger
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word
    from deadweight.text import Edit

# What groups, extras and files of requirements for development are called (kept by hand, 2026-11-26).
_NAMES = frozenset(
    (
        "dev",
        "develop",
        "development",
        "test",
        "tests",
        "testing",
        "lint",
        "linting",
        "ci",
        "docs",
        "typing",
        "pre-commit",
    )
)
_FILE = re.compile(r"(?:.*[-_./])?(?:dev|develop|development|tests?|testing|lint|ci)(?:[-_.][\w.-]*)?\.(?:txt|in)")
_LONGEST = 300  # characters of a path that is worth a look
# Whoever writes one of these has chosen the groups.
_CHOSEN = {
    "poetry": ("--only", "--with", "--without", "--no-dev", "--all-groups", "--only-root"),
    "uv": (
        *("--no-dev", "--no-default-groups", "--dev", "--only-dev", "--group", "--only-group", "--no-group"),
        *("--all-groups",),
    ),
}
# What a developer starts, and what a build runs to try the code.
_STARTS = re.compile(r"--reload\b|\brunserver\b|--debug\b|\b(?:pytest|tox|nox|jupyter|debugpy|watchmedo|ptw)\b")
_TRIES = frozenset(
    (
        *(
            "bandit",
            "black",
            "coverage",
            "flake8",
            "inv",
            "invoke",
            "isort",
            "make",
            "mkdocs",
            "mypy",
            "nox",
            "pre-commit",
        ),
        *("pylint", "pyright", "pytest", "ruff", "sphinx-build", "tox"),
    )
)
_RUNNERS = frozenset(("poetry", "uv", "pipenv"))
_ENVIRONMENTS = ("FLASK_ENV", "APP_ENV", "ENVIRONMENT", "ENV", "DJANGO_ENV")
_NOTE = "Check: nothing of it is needed when the image runs"
_VERBS = ("install", "sync")


class _Lean(NamedTuple):
    """The same install without what is for development alone, in words what that is, and what the fix writes.

    `flag` stands behind the verb; `swaps` are words and what stands in their place, '' for nothing. Nothing is left to
    install where neither is there.
    """

    cause: PackageSet
    what: str
    flag: str = ""
    swaps: tuple[tuple[Word, str], ...] = ()


class _Install(NamedTuple):
    layer: Layer
    effect: Effect
    call: Call
    lean: _Lean
    saves: Size


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """The installs whose packages for development are in the image, by their layer or by a COPY from its stage."""
    installs = ((ledger, each) for ledger in snapshot.reached_ledgers for each in _first_installs(ledger))
    found = [(ledger, each) for ledger, each in installs if ships(snapshot, each.layer, each.effect)]
    if not found or _is_for_development(snapshot):
        return
    for ledger, install in found:
        yield Finding(
            site=install.layer.site,
            span=install.effect.span,
            message=f"{install.lean.what} and stay in the image",
            saves=install.saves,
            basis="size",
            stage=ledger.stage.label,
            frees=frozenset({(install.layer.site, install.effect)}),
            fixes=partial(_fixes, install),
        )


def _is_for_development(snapshot: Snapshot) -> bool:
    target, start = snapshot.build.target, start_command(snapshot.shipped_ledgers)
    known = [target.end.variables.get(name) for name in _ENVIRONMENTS] if target else []
    return is_idle(start) or _STARTS.search(start) is not None or any(map(is_for_developers, known))


def _first_installs(ledger: Ledger) -> Iterator[_Install]:
    """The first install of each tool that brings them: `uv sync` a second time finds them there."""
    seen: set[str] = set()
    for _, install in _installs.in_stage(ledger.alone):
        manager = install.lean.cause.manager
        if manager == "pip" or manager not in seen:
            seen.add(manager)
            yield install


@OfLayers
def _installs(layer: Layer) -> Iterator[_Install]:
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or not effect.is_certain or cause.manager not in _LEANER:
            continue
        call = next((call for call in layer.calls if call.span == effect.span), None)
        if call is None or any("$" in word.text for word in call.words):
            continue
        lean = _LEANER[cause.manager](cause, call)
        saves = saved_with(effect, lean.cause) if lean else None
        if lean and saves and saves.best:
            yield _Install(layer, effect, call, lean, saves)


def _of_groups(cause: PackageSet, call: Call) -> _Lean | None:
    """`poetry install` and `uv sync` bring the groups of development where nobody says otherwise."""
    if cause.names or call.has(*_CHOSEN[cause.manager]):
        return None
    declared = python.read_pyproject(cause.project.manifest or "") if cause.project else None
    groups = [name for name, _ in declared.groups if name not in declared.optional_groups] if declared else []
    if cause.manager == "uv":
        groups = [name for name in groups if name == "dev"]
    meant = list(dict.fromkeys(name for name in groups if name in _NAMES))
    if not meant:
        return None
    is_all = len(meant) == len(set(groups))
    less_of = {"only=main"} if is_all and cause.manager == "poetry" else {f"without={name}" for name in meant}
    flag = "--no-dev" if cause.manager == "uv" else "--only main" if is_all else f"--without {','.join(meant)}"
    names = " and ".join(meant)
    what = f"the groups {names} are installed" if len(meant) > 1 else f"the packages of the group {names} are installed"
    return _Lean(replace(cause, options=cause.options | less_of), what, flag)


def _of_pipfile(cause: PackageSet, call: Call) -> _Lean | None:
    """`pipenv install --dev`."""
    word = next((word for word in call.words if word.text in ("--dev", "-d")), None)
    if word is None or cause.names:
        return None
    lean = replace(cause, options=cause.options | {"without=dev"})
    return _Lean(lean, "dev-packages are installed", swaps=((word, ""),))


def _of_files(cause: PackageSet, call: Call) -> _Lean | None:
    """`pip install -r requirements-dev.txt`, `pip install .[test]`."""
    if cause.project and cause.project.includes:
        return _of_requirements(cause, cause.project, call)
    extras = [each for each in cause.options if each.startswith("extra=")]
    meant = sorted(each for each in extras if each.removeprefix("extra=") in _NAMES)
    if not meant or len(meant) < len(extras):
        return None
    word = next((word for word in call.words if re.fullmatch(r"[./][\w./-]*\[[^\]]*\]", word.plain)), None)
    if word is None or word.plain.partition("[")[0] == "":
        return None
    names = " and ".join(each.removeprefix("extra=") for each in meant)
    what = f"the packages of the extra {names} are installed"
    lean = replace(cause, options=cause.options - set(meant))
    return _Lean(lean, what, swaps=((word, word.plain.partition("[")[0]),))


def _of_requirements(cause: PackageSet, project: ProjectTexts, call: Call) -> _Lean | None:
    typed = [each for each in pip.values(call, "-r", "--requirement", "--requirements") if _is_one(each)]
    if len(typed) != 1 or not (words := _option(call, typed[0])):
        return None
    path = call.around.resolve(typed[0])
    lines = (project.manifest or "").splitlines()
    others = [line for line in lines if line != f"-r {path}"]
    if len(others) == len(lines):
        return None
    text = dict(project.includes).get((path or "").lstrip("/"), "")
    bases = [name for name in python.included(text) if not _is_one(name)]
    what = f"the packages of {typed[0].rpartition('/')[2]} are installed"
    if len(bases) == 1 and "-c" not in text and not any(line.startswith("-r") for line in others):
        base = typed[0][: typed[0].rfind("/") + 1] + bases[0]
        resolved = call.around.resolve(base)
        lean = replace(cause, project=replace(project, manifest="\n".join((*others, f"-r {resolved}"))))
        return _Lean(lean, what, swaps=((words[-1], base),))
    lean = replace(cause, project=replace(project, manifest="\n".join(others)))
    if any(line.startswith("-r") for line in others) or cause.names:
        return _Lean(lean, what, swaps=tuple((word, "") for word in words))
    return _Lean(lean, what)


def _is_one(path: str) -> bool:
    """Whether a file of requirements is one for development, by its name."""
    return len(path) <= _LONGEST and _FILE.fullmatch(path) is not None


def _option(call: Call, file: str) -> tuple[Word, ...]:
    """The words that ask for a file: `-r FILE`; () where they are written in another way."""
    for before, word in zip(call.words, call.words[1:], strict=False):
        if word.text == file and before.text in ("-r", "--requirement", "--requirements"):
            return before, word
    return ()


_LEANER = {"poetry": _of_groups, "uv": _of_groups, "pipenv": _of_pipfile, "pip": _of_files}


# --- the fix ----------------------------------------------------------------------------------------------------------


def _fixes(install: _Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Leave them out, unless a RUN tries the code with them."""
    if any(map(_tries, snapshot.ledgers)):
        return
    lean = install.lean
    if lean.flag:
        ledger = snapshot.ledgers.of(install.layer)
        alike = ((layer, call) for layer in ledger.layers for call in layer.calls if _is_like(call, install))
        made = complete(_with_flag(snapshot, layer, call, lean.flag) for layer, call in alike)
        title = f"Add {lean.flag}"
    elif lean.swaps:
        made = swap_words(snapshot, install.layer, lean.swaps)
        kept = " ".join(text for _, text in lean.swaps if text)
        title = f"Install {kept}" if kept else f"Drop {' '.join(word.text for word, _ in lean.swaps)}"
    else:
        is_alone = len(install.layer.calls) == 1
        edit = remove_instruction(snapshot, install.layer) if is_alone else None
        made = complete([edit or remove_command(snapshot, install.layer, install.call)])
        title = "Remove the install"
    if made:
        yield Fix("omit-dev", title, Safety.ASK, made, note=_NOTE)


def _is_like(call: Call, install: _Install) -> bool:
    """Whether a call installs the same project with the same tool: where the first leaves them out, it brings them."""
    is_install = call.program == install.call.program and any(word.text in _VERBS for word in call.words[:1])
    return is_install and not call.has(*_CHOSEN[install.lean.cause.manager])


def _with_flag(snapshot: Snapshot, layer: Layer, call: Call, flag: str) -> Edit | None:
    verb = next((word for word in call.words if word.text in _VERBS), None)
    return insert_word(snapshot, layer, verb, flag) if verb else None


def _tries(ledger: Ledger) -> bool:
    """Whether a stage runs what is only there for development, or what may: `poetry run pytest`."""
    return not _TRIES.isdisjoint(ledger.programs) or any(map(_runs_something, ledger.layers))


@remembered
def _runs_something(layer: Layer) -> bool:
    return any(call.program in _RUNNERS and any(word.text == "run" for word in call.words) for call in layer.calls)
