"""Python projects from the texts of their files: requirements, pyproject.toml, lockfiles, what an install reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from deadweight.model.ecosystems.lenient import LARGEST_TEXT, as_object, toml_table
from deadweight.model.ecosystems.project import Project, inside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator


MOST_REQUIREMENTS = 2_000


@dataclass(frozen=True, slots=True)
class Requirement:
    """`uvicorn[standard]==0.30 ; python_version >= "3.9"`. `name` as PEP 503 writes it, '' for a path or URL.

    `url` is where it comes from if not from the index: "https://...", "git+...", "." or "./libs/one".
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str = ""
    url: str = ""
    wheel_bytes: int | None = None  # where a lockfile states it

    @property
    def version(self) -> str:
        """The one version that the specifier allows, or ''."""
        pinned = re.fullmatch(r"===?\s*([^\s,*]+)", self.specifier)
        return pinned[1] if pinned else ""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a requirements file asks for, its includes with it. `files` are all that were read, itself first."""

    requirements: tuple[Requirement, ...]
    files: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all of them were read."""
        return len(self.requirements) < MOST_REQUIREMENTS


@dataclass(frozen=True, slots=True)
class PyProject:
    """What pyproject.toml or a Pipfile says. `groups` are dependency groups by name, poetry's own with them."""

    name: str
    dependencies: tuple[Requirement, ...]
    extras: tuple[tuple[str, tuple[Requirement, ...]], ...]
    groups: tuple[tuple[str, tuple[Requirement, ...]], ...]
    manager: str  # "poetry", "uv", or '' where it names none
    is_package: bool  # has a build system: installing the project installs itself
    files: tuple[str, ...]  # that the build reads: readme, licence
    optional_groups: frozenset[str] = frozenset()  # installed only where they are named

    @property
    def development(self) -> tuple[Requirement, ...]:
        """What the groups ask for."""
        return tuple(each for _, group in self.groups for each in group)


@dataclass(frozen=True, slots=True)
class LockedDistribution:
    """One distribution of poetry.lock, uv.lock or Pipfile.lock; bytes of its wheels where the file states them."""

    name: str
    version: str
    depends: tuple[str, ...] = ()
    glibc_wheel: int | None = None
    musl_wheel: int | None = None
    dev: bool = False


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it: "Flask_SQLAlchemy" is "flask-sqlalchemy"."""
    return re.sub(r"[-_.]+", "-", name).lower()


# `uvicorn[standard] >= 0.30, < 1 ; python_version > "3.8"`, `torch @ https://...`
_INCLUDE = re.compile(r"^[ \t]*(?:-r|--requirement|-c|--constraint)[ \t=]?[ \t]*(\S+)", re.MULTILINE)
_NAMED_INDEX = re.compile(
    r"^[ \t]*(?:-i|--index-url|--extra-index-url|-f|--find-links)[ \t=]?[ \t]*(\S+)", re.MULTILINE
)
_REQUIREMENT = (
    r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[([\w\s,.-]*)\])?\s*"
    r"(?:@\s*(\S+)|\(?((?:(?:===?|~=|!=|<=?|>=?)\s*[^\s,;()=<>!~]+\s*,?\s*)*)\)?)\s*(?:;\s*(.*))?"
)


def read_requirement(text: str) -> Requirement | None:
    """One requirement as PEP 508 writes it, a path or a URL; None for anything else."""
    text = text.strip()
    if len(text) > 2000:
        return None
    if match := re.fullmatch(_REQUIREMENT, text, re.ASCII):
        name, extras, url, specifier, marker = match.groups(default="")
        wanted = tuple(normal(each.strip()) for each in extras.split(",") if each.strip())
        return Requirement(normal(name), wanted, re.sub(r"\s+", "", specifier).rstrip(","), marker.strip(), url)
    if re.match(r"\.{0,2}/|\.(?:\[|$)|[a-z+]+://|git\+", text) or text.endswith((".whl", ".tar.gz", ".zip")):
        egg = re.search(r"[#&]egg=([\w.-]+)", text)
        wheel = re.search(r"([\w.]+)-(\d[\w.]*)-[^/]*\.whl$", text)
        name = egg[1] if egg else wheel[1] if wheel else ""
        return Requirement(normal(name), url=text)
    return None


def read_requirements(text: str, path: str, lookup: Callable[[str], str | None]) -> Requirements:
    """The requirements in the text of the file at `path` and in those it includes, whose texts `lookup` gives.

    What pip would refuse is left out, and so is what stands behind the first 2,000. `-c` files are among `files`, and
    their versions are taken over.
    """
    found: dict[tuple[str, str], Requirement] = {}
    constraints: dict[str, Requirement] = {}
    files: dict[str, None] = {}
    waiting = [(path, text, False)]
    while waiting:
        here, content, constrains = waiting.pop(0)
        if here in files or len(content) > LARGEST_TEXT:
            continue
        files[here] = None
        for line in _logical_lines(content):
            if len(found) + len(constraints) >= MOST_REQUIREMENTS:
                break
            if include := re.match(r"(-r|--requirement|-c|--constraint)(?:\s*=?\s*)(\S+)", line):
                target = _beside(here, include[2])
                if (included := lookup(target)) is not None:
                    waiting.append((target, included, constrains or "c" in include[1][:4]))
                continue
            if editable := re.match(r"(?:-e|--editable)(?:\s*=?\s*)(\S+)", line):
                line = editable[1]
            elif line.startswith("-"):
                continue
            requirement = read_requirement(re.split(r"\s+--(?:hash|config-settings|global-option)\b", line)[0])
            if requirement is None:
                continue
            if constrains:
                constraints[requirement.name] = requirement
            else:
                found[requirement.name, requirement.url] = requirement
    requirements = tuple(_constrained(each, constraints.get(each.name)) for each in found.values())
    return Requirements(requirements, tuple(files))


@lru_cache(maxsize=64)
def included(text: str) -> tuple[str, ...]:
    """The files that a requirements file names by -r and -c, as written there."""
    return tuple(dict.fromkeys(match[1] for match in _INCLUDE.finditer(text))) if len(text) <= LARGEST_TEXT else ()


@lru_cache(maxsize=64)
def indexes(text: str) -> tuple[str, ...]:
    """The indexes that a requirements file names."""
    return tuple(match[1] for match in _NAMED_INDEX.finditer(text)) if len(text) <= LARGEST_TEXT else ()


def read_pyproject(text: str) -> PyProject | None:
    """What a pyproject.toml says, or None for a text that is none (or where this Python cannot read TOML)."""
    data = toml_table(text)
    if data is None:
        return None
    project, tool = as_object(data.get("project")), as_object(data.get("tool"))
    poetry = as_object(tool.get("poetry"))
    dependencies = [*_requirements(project.get("dependencies")), *_poetry(poetry.get("dependencies"))]
    extras = tuple(
        (normal(name), _requirements(each)) for name, each in as_object(project.get("optional-dependencies")).items()
    )
    declared = as_object(data.get("dependency-groups"))
    groups = [(normal(name), _requirements(_with_included(name, declared))) for name in declared]
    groups.append(("dev", _poetry(poetry.get("dev-dependencies"))))
    own = {normal(name): as_object(group) for name, group in as_object(poetry.get("group")).items()}
    groups += [(name, _poetry(group.get("dependencies"))) for name, group in own.items()]
    groups.append(("dev", _requirements(as_object(tool.get("uv")).get("dev-dependencies"))))
    manager = "poetry" if poetry else "uv" if "uv" in tool else ""
    readme = project.get("readme", poetry.get("readme"))
    licence = project.get("license")
    named = [readme, as_object(readme).get("file"), as_object(licence).get("file")]
    files = tuple(each for each in named if isinstance(each, str) and "\n" not in each)
    uv = as_object(tool.get("uv"))
    is_package = "build-system" in data and poetry.get("package-mode") is not False and uv.get("package") is not False
    name = project.get("name", poetry.get("name"))
    return PyProject(
        normal(name) if isinstance(name, str) else "",
        tuple(dependencies), extras, tuple(each for each in groups if each[1]), manager, is_package, files,
        frozenset(name for name, group in own.items() if group.get("optional") is True),
    )  # fmt: skip


def read_pipfile(text: str) -> PyProject | None:
    """What a Pipfile says, which is TOML too."""
    data = toml_table(text)
    if data is None:
        return None
    groups = (("dev", _poetry(data.get("dev-packages"))),)
    return PyProject("", _poetry(data.get("packages")), (), groups, "pipenv", is_package=False, files=())


def chosen(project: PyProject, options: Collection[str]) -> tuple[Requirement, ...]:
    """The requirements of a project that an install takes.

    `options` are words of its command line: "only=main", "without=dev", "with=docs", "extra=redis", "all-extras",
    "all-groups". Without any that is what the project depends on, and its groups: for uv those of development alone.
    """
    named: dict[str, set[str]] = {}
    for option in options:
        kind, _, name = option.partition("=")
        named.setdefault(kind, set()).add(normal(name))
    only, more, less = (named.get(kind, set()) for kind in ("only", "with", "without"))
    found = () if only and "main" not in only else project.dependencies
    for name, group in project.groups:
        is_usual = name == "dev" if project.manager == "uv" else name not in project.optional_groups
        taken = name in only if only else name in more or "all-groups" in named or (is_usual and name not in less)
        found += group if taken else ()
    for name, extra in project.extras:
        if "all-extras" in named or name in named.get("extra", ()):
            found += extra
    return found


def locked(lock: Iterable[LockedDistribution], asked: Iterable[Requirement]) -> tuple[LockedDistribution, ...]:
    """What of a lockfile the requirements come to, with all that they need."""
    by_name = {each.name: each for each in lock}
    waiting = [each.name for each in asked if applies(each.marker)]
    found: dict[str, LockedDistribution] = {}
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in found:
            found[name] = by_name[name]
            waiting += found[name].depends
    return tuple(found.values())


def read_lock(text: str) -> tuple[LockedDistribution, ...] | None:
    """The distributions of a poetry.lock, uv.lock or Pipfile.lock, the project itself left out."""
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _read_pipfile_lock(text)
    data = toml_table(text)
    if data is None or not isinstance(data.get("package"), list):
        return None
    return tuple(_locked(entry) for entry in data["package"] if isinstance(entry, dict) and not _is_own(entry))


def applies(marker: str, python: str = "") -> bool:
    """Whether a marker can hold on linux/amd64 with CPython `python` ("3.12", '' for unknown).

    What is not understood holds.
    """
    marker = marker.split("#")[0].strip()
    if "(" in marker or len(marker) > 2000:
        return True
    return not marker or any(
        all(_clause_holds(clause, python) for clause in re.split(r"\band\b", each))
        for each in re.split(r"\bor\b", marker)
    )


def recognise(texts: Mapping[str, str], paths: Collection[str], folder: str = "", called: str = "") -> Project | None:
    """The Python project in `folder` of a build context, or None where it has no manifest.

    `paths` are all files of the context, `texts` the texts of those that were read (manifests, lockfiles, settings);
    `called` is the manager that a command line calls, whatever the files would say.
    """
    present = paths if isinstance(paths, (Set, Mapping)) else frozenset(paths)
    pyproject_path, requirements_path = inside(folder, "pyproject.toml"), inside(folder, "requirements.txt")
    pyproject = read_pyproject(texts.get(pyproject_path, ""))
    pyproject = pyproject if pyproject_path in present else None
    if called:
        manifest = inside(folder, "Pipfile") if called == "pipenv" else pyproject_path
        if manifest not in present:
            return None
        lock = inside(folder, _LOCK_OF[called])
        own = pyproject if called != "pipenv" else None
        return _managed(called, folder, manifest, lock if lock in present else "", own, present)
    for manager, lock_name in _LOCK_OF.items():
        lock = inside(folder, lock_name)
        manifest = inside(folder, "Pipfile") if manager == "pipenv" else pyproject_path
        if lock in present and manifest in present:
            return _managed(manager, folder, manifest, lock, pyproject, present)
    if requirements_path in present:
        read = read_requirements(texts.get(requirements_path, ""), requirements_path, texts.get)
        files = tuple(path for path in read.files if path in present)
        return Project("python", "pip", folder, files, "", files, why_sources(read.requirements))
    if inside(folder, "Pipfile") in present:
        return _managed("pipenv", folder, inside(folder, "Pipfile"), "", None, present)
    if pyproject:
        manager = pyproject.manager or "pip"
        return _managed(manager, folder, pyproject_path, "", pyproject, present)
    return None


_LOCK_OF = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock"}


# --- requirements.txt -----------------------------------------------------------------------------------------------


def _logical_lines(text: str) -> Iterator[str]:
    """Lines without comments, joined where they end in a backslash, as pip reads them."""
    joined = re.sub(r"\\[ \t]*\r?\n", " ", text.removeprefix("\ufeff"))
    for line in joined.splitlines():
        words = " ".join(line.split())
        if stripped := re.sub(r"(?:^| )#.*$", "", words):
            yield stripped


def _beside(path: str, name: str) -> str:
    """`-r ../base.txt` in `requirements/dev.txt` is base.txt; no path leaves the context."""
    parts = [*path.split("/")[:-1], *name.split("/")]
    kept: list[str] = []
    for part in parts:
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept)


def _constrained(requirement: Requirement, constraint: Requirement | None) -> Requirement:
    return (
        replace(requirement, specifier=constraint.specifier) if constraint and not requirement.version else requirement
    )


_REMOTE = re.compile(r"git[+@]|(?!file:)[a-z+]+://")


def why_sources(requirements: Iterable[Requirement]) -> str:
    """Why an install of these reads more than manifests: one of them is a path; '' where none is."""
    for each in requirements:
        if each.url and not _REMOTE.match(each.url):
            return f"it installs {each.url[:60]}"
    return ""


# --- markers --------------------------------------------------------------------------------------------------------

_ENVIRONMENT = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}

_CLAUSE = r"""\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*['"]([^'"]*)['"]\s*"""


def _clause_holds(clause: str, python: str) -> bool:
    if not (match := re.fullmatch(_CLAUSE, clause)):
        return True
    variable, operator, value = match.groups()
    if variable in ("python_version", "python_full_version"):
        ours = _numbers(python)[:2]
        theirs = _numbers(value)[:2]
        # A full version is only compared where major and minor already tell.
        if not ours or not theirs or (ours == theirs and variable != "python_version"):
            return True
        return _compare(ours, operator, theirs)
    actual = _ENVIRONMENT.get(variable)
    if actual is None or operator not in ("==", "!="):
        return True
    return (actual == value) == (operator == "==")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d{1,6}", version))


def _compare(ours: tuple[int, ...], operator: str, theirs: tuple[int, ...]) -> bool:
    return {
        "==": ours == theirs, "!=": ours != theirs, "<": ours < theirs,
        "<=": ours <= theirs, ">": ours > theirs, ">=": ours >= theirs,
    }[operator]  # fmt: skip


# --- TOML and lockfiles ---------------------------------------------------------------------------------------------


def _requirements(value: object) -> tuple[Requirement, ...]:
    texts = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
    return tuple(each for each in map(read_requirement, texts) if each is not None)


def _with_included(name: str, groups: Mapping[str, Any]) -> list[object]:
    """The entries of a dependency group with those of the groups that it includes."""
    found: list[object] = []
    waiting, seen = [name], set[str]()
    while waiting:
        here = waiting.pop()
        entries = groups.get(here)
        if here in seen or not isinstance(entries, list):
            continue
        seen.add(here)
        found += entries
        waiting += [
            str(each["include-group"]) for each in entries if isinstance(each, dict) and "include-group" in each
        ]
    return found


def _poetry(value: object) -> tuple[Requirement, ...]:
    """Poetry's own table: `django = "^5.0"`, `uvicorn = {version = "0.30", extras = ["standard"]}`."""
    found = []
    for name, entry in as_object(value).items():
        if normal(name) == "python":
            continue
        table = as_object(entry)
        if table.get("optional") is True:
            continue
        wanted = entry if isinstance(entry, str) else table.get("version", "")
        exact = isinstance(wanted, str) and re.fullmatch(r"=?=?\s*(\d[\w.]*)", wanted)
        url = next((str(table[kind]) for kind in ("git", "path", "url") if kind in table), "")
        extras = tuple(normal(each) for each in table.get("extras", []) if isinstance(each, str)) if table else ()
        found.append(Requirement(normal(name), extras, f"=={exact[1]}" if exact else "", url=url))
    return tuple(found)


def _is_own(entry: dict[str, Any]) -> bool:
    """The project's own entry in uv.lock: `source = { editable = "." }`."""
    source = as_object(entry.get("source"))
    return any(kind in source for kind in ("editable", "virtual"))


def _locked(entry: dict[str, Any]) -> LockedDistribution:
    dependencies = entry.get("dependencies")
    if isinstance(dependencies, list):  # uv: [{name = "click"}, ...]
        entries = [as_object(each) for each in dependencies]
        depends = [str(each["name"]) for each in entries if "name" in each and applies(str(each.get("marker", "")))]
    else:  # poetry: {click = ">=8"}
        depends = list(as_object(dependencies))
    # Of what extras bring uv lists only what somebody asked for.
    extras = [each for each in as_object(entry.get("optional-dependencies")).values() if isinstance(each, list)]
    depends += [str(as_object(one)["name"]) for each in extras for one in each if "name" in as_object(one)]
    groups = entry.get("groups")
    dev = entry.get("category") == "dev" or (isinstance(groups, list) and bool(groups) and "main" not in groups)
    glibc, musl = _wheel_bytes(entry.get("wheels"))
    name, version = entry.get("name"), entry.get("version")
    return LockedDistribution(
        normal(name) if isinstance(name, str) else "",
        version if isinstance(version, str) else "",
        tuple(normal(each) for each in depends), glibc, musl, dev,
    )  # fmt: skip


def _wheel_bytes(wheels: object) -> tuple[int | None, int | None]:
    """Sizes in uv.lock of the wheels for linux/amd64: glibc, musl. A wheel for any platform serves both."""
    sizes: dict[str, int] = {}
    for each in wheels if isinstance(wheels, list) else []:
        entry = as_object(each)
        url, count = str(entry.get("url", entry.get("filename", ""))), entry.get("size")
        if isinstance(count, int):
            kind = re.search(r"none-any|manylinux\w*x86_64|musllinux\w*x86_64|-linux_x86_64", url)
            key = "any" if kind and kind[0] == "none-any" else kind[0][:4] if kind else ""
            sizes[key] = max(count, sizes.get(key, 0))
    anywhere = sizes.get("any")
    return sizes.get("many", sizes.get("-lin", anywhere)), sizes.get("musl", anywhere)


def _read_pipfile_lock(text: str) -> tuple[LockedDistribution, ...] | None:
    import json

    try:
        data = as_object(json.loads(text.removeprefix("\ufeff"))) if len(text) <= LARGEST_TEXT else {}
    except (ValueError, RecursionError):
        return None
    if "_meta" not in data:
        return None
    return tuple(
        LockedDistribution(
            normal(name), str(as_object(entry).get("version", "")).removeprefix("=="), dev=section == "develop"
        )
        for section in ("default", "develop")
        for name, entry in as_object(data.get(section)).items()
    )


# --- what an install reads ------------------------------------------------------------------------------------------


def _managed(
    manager: str, folder: str, manifest: str, lock: str, pyproject: PyProject | None, present: Collection[str]
) -> Project:
    """A project that a manager installs from its manifest and lockfile."""
    files = [manifest, lock]
    needs_sources, installs_itself = "", False
    if pyproject:
        files += [inside(folder, each) for each in pyproject.files]
        needs_sources = why_sources((*pyproject.dependencies, *pyproject.development))
        installs_itself = pyproject.is_package or (manager == "pip" and not lock)
    if manager == "uv":
        files.append(inside(folder, ".python-version"))
    if manager == "poetry":
        files.append(inside(folder, "poetry.toml"))
    install_files = tuple(dict.fromkeys(path for path in files if path and path in present))
    return Project("python", manager, folder, (manifest,), lock, install_files, needs_sources, installs_itself)
