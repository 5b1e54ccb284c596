"""Finds what a project's files declare about the builds of a Dockerfile: compose files, docker-bake, devcontainer.json.

They are looked for in the Dockerfile's folder and above it, up to the project's root. What reads one of them is
imported when there is such a file.
"""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.builds.declared import BuiltImage, DeclaredBuild, HowBuilt, Sayings, Unread, over, unlike
from deadweight.model.image import name_of, parse
from deadweight.workspace.files import UnreadableError, read_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.builds.declared import Said
    from deadweight.model.image import ImageName

# What an editor is asked to watch: the files that declare builds, and the variables of compose files.
WATCHED = (
    "compose*.yaml",
    "compose*.yml",
    "docker-compose*.yaml",
    "docker-compose*.yml",
    "docker-bake*.hcl",
    "docker-bake*.json",
    "devcontainer.json",
    ".devcontainer.json",
    ".env",
)

_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-].+)?\.ya?ml")
_BAKE = re.compile(r"docker-bake(?:[.-].+)?\.(?:hcl|json)")
_DEVCONTAINER = re.compile(r"\.?devcontainer\.json")
_DEVCONTAINER_FOLDER = ".devcontainer"
# Those that `docker compose` and `docker buildx bake` take by themselves, in their order; further ones go over them.
_FIRST = (
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "docker-bake.json",
    "docker-bake.hcl",
)

_LARGEST = 250_000  # bytes; longer than any that a person keeps
_MOST_FOLDERS = 9  # a Dockerfile's own and those above it
_MOST_ENTRIES = 5_000  # of a folder that are looked at
_MOST_FILES = 50  # in one folder
_MOST_BUILDS = 200  # of one Dockerfile
_MOST_IMAGES = 200  # that a project builds


class _Build(NamedTuple):
    """One build that a file declares, with the folder of its context and its Dockerfile as they lie on disk."""

    folder: str
    dockerfile: str
    name: str
    said: Said


class _File(NamedTuple):
    """What a file declares, or why it cannot be read."""

    path: Path
    builds: tuple[_Build, ...]
    error: str


def declares_below(path: Path) -> Path | None:
    """The folder in which, and below which, a file may declare builds of Dockerfiles; None for another file."""
    if path.name == ".env" or _COMPOSE.fullmatch(path.name) or _BAKE.fullmatch(path.name):
        return path.parent
    if not _DEVCONTAINER.fullmatch(path.name):
        return None
    inside = next((each for each in path.parents if each.name == _DEVCONTAINER_FOLDER), None)
    return inside.parent if inside else path.parent


class DeclaredBuilds:
    """What is declared, as the disk is at the time of the first question; each folder and file is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_File, ...]] = {}
        self._above: dict[Path, list[Path]] = {}

    def how(
        self, dockerfile: Path, context: Path | None = None, by: str = "", named: DeclaredBuild | None = None
    ) -> HowBuilt:
        """How a Dockerfile is built: as the build that is `named`; in folder `context`, as somebody says; or as the
        first that declares it.

        The nearest file goes first; of a folder compose files, docker-bake, devcontainer.json.
        """
        dockerfile = Path(os.path.abspath(dockerfile))
        unread: list[Unread] = []
        builds: list[DeclaredBuild] = []
        images: dict[ImageName, BuiltImage] = {}
        folders = self._folders(dockerfile.parent)
        for folder in folders:
            for file in self._in(folder):
                if file.error:
                    unread.append(Unread(str(file.path), seen_from(dockerfile.parent, file.path), file.error))
                builds += islice(_builds_of(dockerfile, file, folders[-1]), _MOST_BUILDS - len(builds))
                for name, image in islice(_images_of(dockerfile, file, folders[-1]), _MOST_IMAGES - len(images)):
                    images.setdefault(name, image)
        if context is None:
            used = named or (builds[0] if builds else None)
            folder = Path(used.folder) if used else dockerfile.parent
            by = used.by if used else ""
        else:
            folder = Path(os.path.abspath(context))
            used = next((each for each in builds if each.folder == str(folder)), None)
        return HowBuilt(
            str(folder),
            seen_from(dockerfile.parent, folder),
            by,
            used,
            unlike(builds, used),
            tuple(dict.fromkeys(unread)),
            images,
        )

    def declared_in(self, file: Path) -> Iterator[tuple[Path, DeclaredBuild]]:
        """All builds that a file declares, each with its Dockerfile. Raises UnreadableError where there is none."""
        path = Path(os.path.abspath(file))
        found = next((each for each in self._in(declares_below(path) or path.parent) if each.path == path), None)
        if found is None:
            raise UnreadableError(f"{shown(file)}: no such file or directory")
        if found.error or not found.builds:
            raise UnreadableError(f"{shown(file)}: {found.error or 'declares no build of a Dockerfile'}")
        for each in found.builds:
            yield Path(each.dockerfile), _declared(Path(each.dockerfile), path, each)

    def _folders(self, folder: Path) -> list[Path]:
        if folder not in self._above:
            self._above[folder] = _folders(folder)
        return self._above[folder]

    def _in(self, folder: Path) -> tuple[_File, ...]:
        if folder not in self._known:
            self._known[folder] = tuple(_read_all(folder))
        return self._known[folder]


def _folders(first: Path) -> list[Path]:
    """The folders that may speak of a Dockerfile in `first`: the nearest first, the project's root last.

    Nobody keeps a project's files in the home folder or in that of all files, which may hold anything.
    """
    home = os.path.expanduser("~")
    found = [first]
    while not os.path.exists(found[-1] / ".git") and len(found) < _MOST_FOLDERS:
        above = found[-1].parent
        if str(above) == home or above.parent == above:
            break
        found.append(above)
    return found


def _read_all(folder: Path) -> Iterator[_File]:
    """The files of a folder that declare something, the first to hold first."""
    names = list(_names(folder))
    base: dict[str, Said] = {}
    for kind, what in ((_COMPOSE, "service"), (_BAKE, "target")):
        for name in islice(sorted(filter(kind.fullmatch, names), key=_rank), _MOST_FILES):
            found = _read(folder / name)
            # A further file says the rest of what the first ones say, as in `-f compose.yaml -f compose.prod.yaml`.
            said = {each: over(base.get(each, {}), said) for each, said in found.builds.items()}
            if name in _FIRST:
                base.update(said)
            builds = (_build(folder, f"{what} {each}", here) for each, here in said.items())
            yield _File(folder / name, tuple(filter(None, builds)), found.error)
    for path in islice(_devcontainers(folder, names), _MOST_FILES):
        found = _read(path)
        own = (_build(path.parent, each, said, sees_dockerfile=True) for each, said in found.builds.items())
        yield _File(path, tuple(filter(None, own)), found.error)


def _devcontainers(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    paths = []
    if _DEVCONTAINER_FOLDER in names:
        inner = folder / _DEVCONTAINER_FOLDER
        paths = [inner / "devcontainer.json", *(inner / each / "devcontainer.json" for each in sorted(_names(inner)))]
    paths += (folder / each for each in sorted(filter(_DEVCONTAINER.fullmatch, names)))
    return (each for each in paths if os.path.isfile(each))


def _names(folder: Path) -> Iterator[str]:
    """The names in a folder, as far as they are looked at; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in islice(entries, _MOST_ENTRIES))
    except OSError:
        return


def _rank(name: str) -> tuple[bool, int, str]:
    return (False, _FIRST.index(name), name) if name in _FIRST else (True, 0, name)


def _read(path: Path) -> Sayings:
    try:
        return _sayings(path, read_text(path, _LARGEST))
    except UnreadableError as error:
        return Sayings({}, str(error).removeprefix(f"{shown(path)}: "))


def _sayings(path: Path, text: str) -> Sayings:
    """What a text says; what reads it is imported now."""
    if _DEVCONTAINER.fullmatch(path.name):
        from deadweight.model.builds.devcontainer import read_devcontainer

        return read_devcontainer(text)
    if _COMPOSE.fullmatch(path.name):
        from deadweight.model.builds.compose import read_compose, read_env

        try:
            variables = read_env(read_text(path.with_name(".env"), _LARGEST))
        except UnreadableError:
            variables = {}
        return read_compose(text, variables)
    from deadweight.model.builds.bake import read_bake_hcl, read_bake_json

    return (read_bake_hcl if path.suffix == ".hcl" else read_bake_json)(text)


def _build(folder: Path, name: str, said: Said, *, sees_dockerfile: bool = False) -> _Build | None:
    """A build that a file of `folder` declares; None where nobody knows its folder or its Dockerfile.

    `sees_dockerfile`: it names the Dockerfile as seen from the file, and not from the context.
    """
    context, written = said.get("context", "."), said.get("dockerfile", "Dockerfile")
    if context is None or written is None or said.get("is_inline"):
        return None
    root = os.path.normpath(os.path.join(folder, context))
    return _Build(root, os.path.normpath(os.path.join(folder if sees_dockerfile else root, written)), name, said)


def _builds_of(dockerfile: Path, file: _File, top: Path) -> Iterator[DeclaredBuild]:
    """What a file declares of one Dockerfile. A context outside of the project is none of ours."""
    for build in file.builds:
        if (
            build.dockerfile == str(dockerfile)
            and Path(build.folder).is_relative_to(top)
            and os.path.isdir(build.folder)
        ):
            yield _declared(dockerfile, file.path, build)


def _declared(dockerfile: Path, source: Path, build: _Build) -> DeclaredBuild:
    """A build as its Dockerfile sees it."""
    said = build.said
    return DeclaredBuild(
        build.folder,
        seen_from(dockerfile.parent, Path(build.folder)),
        seen_from(dockerfile.parent, source),
        build.name,
        said.get("target"),
        {each: value for each, value in said.get("args", {}).items() if value is not None},
        said.get("contexts", {}),
        said.get("has_gpus", False),
    )


def _images_of(dockerfile: Path, file: _File, top: Path) -> Iterator[tuple[ImageName, BuiltImage]]:
    """The images that a file builds, by name. A further context names them by what the file calls the build, as in
    `base = "target:base"`.
    """
    for folder, path, name, said in file.builds:
        if not Path(folder).is_relative_to(top) or not os.path.isdir(folder) or not os.path.isfile(path):
            continue
        seen = seen_from(dockerfile.parent, Path(path))
        by = f"built by {seen} ({seen_from(dockerfile.parent, file.path)}, {name})"
        args = tuple((each, value) for each, value in said.get("args", {}).items() if value is not None)
        image = BuiltImage(path, folder, by, said.get("target"), args)
        for text in (*said.get("images", ()), name.replace(" ", ":", 1)):
            if text:
                yield name_of(parse(text), latest=True), image


def seen_from(folder: Path, path: Path) -> str:
    """`path` relative to a folder, with slashes; absolute where there is no way."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return str(path)
