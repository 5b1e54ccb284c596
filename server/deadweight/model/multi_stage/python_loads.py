"""Libraries of the system that packages of Python load when they run, and that slim images do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.ecosystems import python
from deadweight.model.effects import PackageSet
from deadweight.model.multi_stage.plan import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.image import Base
    from deadweight.model.multi_stage.recipe import Recipe

# Those that are built from source on the full image, and those that open a library or a program of the system: by their
# documentation and by what their builds link to (by hand, 2026-11-26). The names are those of Debian and of Alpine.
_LOADS = {
    "psycopg2": ("libpq5", "libpq"),
    "psycopg": ("libpq5", "libpq"),
    "psycopg-c": ("libpq5", "libpq"),
    "mysqlclient": ("libmariadb3", "mariadb-connector-c"),
    "python-magic": ("libmagic1", "libmagic"),
    "uwsgi": ("libxml2", "libxml2"),
    "cairosvg": ("libcairo2", "cairo"),
    "cairocffi": ("libcairo2", "cairo"),
    "gitpython": ("git", "git"),
    "pyzbar": ("libzbar0", "zbar"),
}
# Those whose libraries are called otherwise in each release, or are too many to know.
_UNKNOWN = frozenset(
    (
        *("pycurl", "python-ldap", "xmlsec", "wand", "pyaudio", "opencv-python", "opencv-contrib-python", "weasyprint"),
        *("gdal", "fiona", "playwright", "selenium", "pyppeteer", "pygraphviz", "dlib", "mpi4py", "pygobject"),
    )
)


def libraries(recipe: Recipe, base: Base) -> tuple[str, ...] | Refusal:
    """The packages of the system that packages of Python need beside those that the file asks for."""
    found: dict[str, None] = {}
    asked = {name for layer in recipe.runs for manager, name in layer.packages if manager in ("apt", "apk")}
    for requirement in _requirements(recipe):
        name = requirement.name
        if name in _UNKNOWN and not asked:
            return Refusal(f"{name} loads libraries of the system that nobody can tell")
        if name in _LOADS and not (name == "psycopg" and "binary" in requirement.extras):
            of_debian, of_alpine = _LOADS[name]
            found[of_alpine if base.os_family == "alpine" else of_debian] = None
    return tuple(found)


def _requirements(recipe: Recipe) -> Iterator[python.Requirement]:
    """What the installs of a stage ask for, as far as their files say."""
    for layer in recipe.runs:
        for effect in layer.effects:
            cause = effect.cause
            if not isinstance(cause, PackageSet) or cause.manager not in ("pip", "uv", "poetry", "pipenv"):
                continue
            yield from (each for name in cause.names if (each := python.read_requirement(name)))
            if cause.project is not None:
                yield from _of_project(cause)


def _of_project(cause: PackageSet) -> Iterator[python.Requirement]:
    project = cause.project
    if project is None:
        return
    included = dict(project.includes)
    text = project.manifest or ""
    lock = python.read_lock(project.lock) if project.lock else None
    yield from (python.Requirement(each.name) for each in lock or ())
    read = python.read_pyproject(text) or python.read_pipfile(text)
    if read is not None:
        yield from read.dependencies
    else:
        yield from python.read_requirements(text, "requirements.txt", included.get).requirements
