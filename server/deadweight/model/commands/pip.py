"""pip: packages from requirements or by name, and the cache of downloaded wheels."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.commands import conda_places, pip_settings, venv
from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems import python
from deadweight.model.effects import (
    CopiedFromStage,
    Leftover,
    Measured,
    PackageSet,
    ProjectTexts,
    removes,
    removes_packages,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.commands.pip_settings import Settings
    from deadweight.model.effects import Effect
    from deadweight.syntax.shell import Word

# Options that take the next word along.
VALUES = (
    *("-r", "--requirement", "-c", "--constraint", "-t", "--target", "-i", "--index-url", "--extra-index-url"),
    *("-f", "--find-links", "--prefix", "--root", "--trusted-host", "--platform", "--python-version", "--progress-bar"),
    *("-e", "--editable", "--cache-dir", "--timeout", "--retries", "--cert", "--proxy", "--upgrade-strategy", "--src"),
    *("--no-binary", "--only-binary", "--config-settings", "-C", "--global-option", "--implementation", "--abi"),
    *("-w", "--wheel-dir", "-d", "--dest", "-p", "--python", "--index", "--default-index", "--group"),
)
# Docker's Python images ship without any byte code: the first run of pip writes its own.
_OWN_BYTE_CODE = Measured("byte code of pip itself", "pip.own_byte_code")
_SYSTEM = "/usr/local"  # where those images have Python
_MOST_FILES = 32  # requirements files that name further ones
_FALSE = ("", "0", "false", "no", "off", "n", "f")
_CPU_INDEX = re.compile(r"/whl/(?:nightly/)?cpu(?:/|$)")
# The Python of Debian's and Ubuntu's releases (kept by hand: packages.debian.org, packages.ubuntu.com, 2026-11-26). The
# older ones call Python 2 `python`.
_OF_SUITE = {
    "trusty": "3.4",
    "jessie": "3.4",
    "xenial": "3.5",
    "stretch": "3.5",
    "bionic": "3.6",
    "buster": "3.7",
    "focal": "3.8",
    "bullseye": "3.9",
    "jammy": "3.10",
    "bookworm": "3.11",
    "noble": "3.12",
    "trixie": "3.13",
}
# Releases whose pip is older than 6.0, which was the first to keep a cache and to know `--no-cache-dir`
# (pip.pypa.io: Caching; the archives of Debian and Ubuntu: pip 0.3 to 1.5.6; kept by hand, 2026-11-26).
_WITHOUT_CACHE = frozenset(
    ("squeeze", "wheezy", "jessie", "lucid", "precise", "trusty", "utopic", "vivid", "wily"),
)
_OF_PYTHON_2 = "python-pip"  # Debian's last is that of buster, Ubuntu's that of bionic
_OF_SYSTEM = frozenset((_OF_PYTHON_2, "python3-pip", "python-virtualenv"))
# What Docker's Python images bring beside the language; those of 3.12 and later have pip alone.
_BROUGHT = ("pip",)
_BROUGHT_BEFORE_3_12 = ("pip", "setuptools", "wheel")


def _effects(call: Call) -> Iterator[Effect]:
    call = call.with_variables()
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    around = call.around
    if call.has("--help") or not verb:
        return
    if verb == "cache" and [word.plain for word in operands[1:3]] in (["purge"], ["remove", "*"]):
        yield removes(_cache_folder(call, settings(call)), call.span)
    elif verb == "config":
        words = [word.plain for word in operands[1:]]
        yield from pip_settings.written(call, environment(call) or _SYSTEM, words)
    elif verb == "uninstall":
        names = frozenset(word.pattern for word in operands[1:])
        removal = removes_packages(PackageSet("pip", tuple(sorted(names))), call.span)
        # Which environment of conda an install went to, nobody says.
        yield replace(removal, is_certain=conda_places.activated(around) is None)
    elif verb in ("wheel", "download"):
        folder = call.value("-w", "--wheel-dir") or call.value("-d", "--dest") or "."
        told = settings(call)
        packages = requested(call, operands[1:], indexes(call, told))
        wheels = replace(packages, already=(), options=packages.options | {"wheels"})
        yield writes(around.resolve(folder), wheels, call.span)
        yield from _left(call, packages, told)
    elif verb == "install" and not call.has("--dry-run"):
        told = settings(call)
        packages = requested(call, operands[1:], indexes(call, told))
        yield writes(place(call), packages, call.span)
        yield from _own_byte_code(call, packages)
        yield from _left(call, packages, told)


def _own_byte_code(call: Call, packages: PackageSet) -> Iterator[Effect]:
    around = call.around
    if (
        environment(call) is None
        and around.base.repository == "python"
        and not (around.variables.get("PYTHONDONTWRITEBYTECODE") or around.files.has(_OWN_BYTE_CODE))
    ):
        is_replaced = "pip" in packages.names and "pip" not in packages.already
        # An upgrade of pip takes that of the old one away again.
        yield writes("/usr/local/lib", venv.LIBRARY_BYTE_CODE if is_replaced else _OWN_BYTE_CODE, call.span)


def _left(call: Call, packages: PackageSet, told: Settings) -> Iterator[Effect]:
    # `PIP_NO_CACHE_DIR=0` says so too: pip takes any value for "no cache", and `--no-cache` for the long option.
    if call.has("--no-cache-dir", "--no-cache") or told.value("no-cache-dir") is not None:
        return
    is_offline = call.has("--no-index") and not any("://" in each for each in values(call, "-f", "--find-links"))
    has_cache, folder = _has_cache(call), _cache_folder(call, told)
    if is_offline or has_cache is False:
        return
    left = Leftover("install-cache", "pip's download cache", "pip cache purge", "--no-cache-dir", "install", packages)
    if has_cache is None:
        # An old one ends at the option: what it may have left is deleted.
        left = replace(left, cleanup=f"rm -rf {folder or '~/.cache/pip'}", flag=None)
    yield writes(folder, left, call.span)


def _has_cache(call: Call) -> bool | None:
    """Whether the pip of a call is one that keeps a cache; None where it may be that of an old release, which ends at
    an option about one.
    """
    base = call.around.base
    if base.repository == "python":
        return True
    if base.suite in _WITHOUT_CACHE:
        is_new = "pip" in call.around.files.packages("pip")
        return False if _is_of_system(call, _OF_SYSTEM) else is_new or None
    return None if base.suite is None and _is_of_system(call, (_OF_PYTHON_2,)) else True


def _is_of_system(call: Call, packages: Iterable[str]) -> bool:
    """Whether the pip of a call is that which apt has installed by one of these packages."""
    files = call.around.files
    if frozenset(packages).isdisjoint(files.packages("apt")):
        return False
    # A new one lies elsewhere, and the shell that called the old one calls that again, for it remembers where it was.
    own = (each.cause for each in files.here)
    is_new_here = any(isinstance(each, PackageSet) and each.manager == "pip" and "pip" in each.names for each in own)
    is_remembered = is_new_here and "pip" in call.typed  # by `python -m pip`, it is the new one
    return is_remembered or "pip" not in files.packages("pip")


def requested(call: Call, operands: Iterable[Word], named: Iterable[str]) -> PackageSet:
    """The packages that `pip install`, `pip wheel` or `uv pip install` is asked for, whoever asks, of indexes that are
    `named`.
    """
    around = call.around
    words = tuple(word.plain for word in operands)
    folders = [each for each in (*words, *values(call, "-e", "--editable")) if is_folder(each)]
    files = [text for text in values(call, "-r", "--requirement", "--requirements") if text]
    options = set[str]()
    if compiles_nothing(call):
        options.add("no-compile")
    if call.has("--no-deps"):
        options.add("no-deps")
    named = tuple(named)
    built = _built_wheels(call, words)
    if built is not None:
        return replace(built, options=(built.options - {"wheels"}) | options, libc=around.base.libc)
    project = None
    if files:
        project = _files(call, files)
    elif folders:
        folder, _, extras = folders[0].partition("[")
        options |= {f"extra={each.strip()}" for each in extras.rstrip("]").split(",") if each.strip()}
        project = project_at(around, folder)
    named += tuple(each for _, text in (project.includes if project else ()) for each in python.indexes(text))
    if named:
        options.add("cpu" if any(map(_CPU_INDEX.search, named)) else "other-index")
    names = tuple(word for word in words if not is_folder(word))
    return PackageSet(
        "pip",
        names,
        project,
        suite=around.base.suite,
        libc=around.base.libc,
        options=frozenset(options),
        already=() if call.has("--target", "-t", "--prefix", "--root", "--ignore-installed") else _already(call, names),
        runtime=runtime(around),
    )


def indexes(call: Call, told: Settings) -> tuple[str, ...]:
    """The indexes that pip is to ask beside PyPI or in its place: by options, in the environment or in its settings."""
    kept = (told.value(name) for name in ("index-url", "extra-index-url", "find-links"))
    return (*indexes_typed(call), *(each for each in kept if each is not None))


def indexes_typed(call: Call) -> tuple[str, ...]:
    """Those that stand in a command line of pip or uv."""
    return tuple(
        values(call, "-i", "--index-url", "--extra-index-url", "--index", "--default-index", "-f", "--find-links")
    )


def runtime(around: Surroundings) -> str:
    """The version of Python that packages are installed for: "3.12"; '' where nobody can tell."""
    if around.base.repository == "python":
        return around.base.version if around.base.version.count(".") else ""
    if around.base.suite is None and _OF_PYTHON_2 in around.files.packages("apt"):
        return "2.7"
    return _OF_SUITE.get(around.base.suite or "", "")


def _already(call: Call, names: Iterable[str]) -> tuple[str, ...]:
    """What is installed and stays as it is: what an upgrade or another version is asked of does not."""
    if call.has("-U", "--upgrade", "--force-reinstall"):
        return ()
    around = call.around
    there = _there(call) if around.files.below or around.files.here else ()
    if where := environment(call):  # conda's packages are called as those of PyPI, mostly, and pip finds them there
        there += tuple(name.partition("=")[0] for name in around.files.packages_in("conda", (where,)))
    if around.base.repository == "python" and where is None:
        version = runtime(around).split(".")
        is_old = len(version) > 1 and version[1].isdigit() and int(version[1]) < 12
        there += _BROUGHT_BEFORE_3_12 if is_old else _BROUGHT
    pinned = {each.name for name in names if (each := python.read_requirement(name)) and each.specifier}
    return tuple(name for name in there if name not in pinned)


def _there(call: Call) -> tuple[str, ...]:
    """The names that pip was asked for where a call looks: in its environment, or the system and its account's home."""
    files, where = call.around.files, place(call)
    if where is None:
        return files.packages("pip")
    return files.packages_in("pip", (where,) if environment(call) else (where, _SYSTEM))


def is_folder(text: str) -> bool:
    """Whether a word names a project's folder: `.`, `./api`, `.[web]`, `/src`; not a wheel."""
    return text.startswith((".", "/")) and not text.endswith((".whl", ".tar.gz", ".zip", "*"))


def _built_wheels(call: Call, words: Iterable[str]) -> PackageSet | None:
    """What an earlier `pip wheel` put into the folder that wheels are installed from: `pip install /wheels/*`."""
    for word in words:
        if not word.startswith((".", "/")) or not word.endswith(("*", ".whl")):
            continue
        path = call.around.resolve(posixpath.dirname(word))
        for written in call.around.files.held(path) if path else ():
            cause = written.effect.cause
            inner = cause.effects if isinstance(cause, CopiedFromStage) and cause.effects else (written.effect,)
            for each in inner:
                if isinstance(each.cause, PackageSet) and "wheels" in each.cause.options:
                    return each.cause
    return None


def project_at(around: Surroundings, folder: str, lock: str = "") -> ProjectTexts:
    """The texts of the project in a folder: pyproject.toml, and the lockfile of this name."""
    path = around.resolve(folder)
    if path is None:
        return ProjectTexts()
    read = around.files.text
    return ProjectTexts(
        read(posixpath.join(path, "pyproject.toml")), read(posixpath.join(path, lock)) if lock else None
    )


def _files(call: Call, files: Iterable[str]) -> ProjectTexts:
    """The requirements files of a call, and all that they name; without a text where one of them is not known."""
    constraints = values(call, "-c", "--constraint")
    lines = [*((f"-r {file}", file) for file in files), *((f"-c {file}", file) for file in constraints)]
    waiting = [(line, call.around.resolve(file)) for line, file in lines]
    asked = "\n".join(f"{line[:2]} {path}" for line, path in waiting)
    found: dict[str, str] = {}
    paths = [path for _, path in waiting]
    while paths and len(found) < _MOST_FILES:
        path = paths.pop()
        content = call.around.files.text(path) if path and path not in found else None
        if path and content is not None:
            found[path] = content
            folder = posixpath.dirname(path)
            paths += [call.around.resolve(posixpath.join(folder, name)) for name in python.included(content)]
    if not all(path in found for line, path in waiting if line.startswith("-r")):
        return ProjectTexts()
    return ProjectTexts(asked, includes=tuple((path.lstrip("/"), each) for path, each in found.items()))


def environment(call: Call) -> str | None:
    """The environment that a call installs into: that of its own path, of VIRTUAL_ENV, one of conda's, or on PATH."""
    folder, _, name = call.typed.rpartition("/")
    if name and folder.endswith("/bin") and (path := call.around.resolve(folder.removesuffix("/bin"))):
        return None if path in ("/usr", "/usr/local") else path
    if named := call.around.variables.get("VIRTUAL_ENV"):
        return call.around.resolve(named)
    return venv.on_path(call.around) or conda_places.found_first(call.around)


def place(call: Call) -> str | None:
    """The folder below which packages go; None where only the base image knows."""
    if folder := call.value("--target", "-t") or call.value("--prefix") or call.value("--root"):
        return call.around.resolve(folder)
    if found := environment(call):
        return found
    if call.has("--user"):
        return call.around.resolve("~/.local")
    return _SYSTEM if call.around.base.repository == "python" else None


def values(call: Call, *names: str) -> Iterator[str]:
    """All values of an option that may stand several times."""
    texts = [word.plain for word in call.words]
    for at, text in enumerate(texts):
        if text in names and at + 1 < len(texts):
            yield texts[at + 1]
        for name in names:
            if name.startswith("--") and text.startswith(name + "="):
                yield text[len(name) + 1 :]
            elif len(name) == 2 and text.startswith(name) and len(text) > 2 and not text.startswith("--"):
                yield text[2:]


def settings(call: Call) -> Settings:
    """What the pip of a call is told by the environment and by its files."""
    return pip_settings.settings(call.around, environment(call) or _SYSTEM)


def is_set(around: Surroundings, name: str) -> bool:
    """Whether a switch in the environment is on; one with an unknown value is taken to be."""
    value = around.variables.get(name, "")
    return value is None or value.lower() not in _FALSE


def compiles_nothing(call: Call) -> bool:
    """Whether `pip install` writes no byte code."""
    return call.has("--no-compile") or is_set(call.around, "PIP_NO_COMPILE")


def _cache_folder(call: Call, told: Settings) -> str | None:
    return call.around.resolve(call.value("--cache-dir") or pip_settings.cache(told))


TOOLS = (Tool(("pip",), _effects),)
