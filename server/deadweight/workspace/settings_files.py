"""Finds and reads the settings of a project: `deadweight.toml`, or `[tool.deadweight]` in `pyproject.toml`."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deadweight.lazy import cached_property
from deadweight.settings import DEFAULTS, KEBAB_CASE, read_settings, read_toml
from deadweight.workspace.discover import git_patterns
from deadweight.workspace.files import UnreadableError, read_text, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from pathspec import GitIgnoreSpec

    from deadweight.settings import Settings

OWN, PYPROJECT = "deadweight.toml", "pyproject.toml"
NAMES = frozenset((OWN, PYPROJECT))

_LARGEST = 1_000_000  # bytes
_MOST_FOLDERS = 100  # that are looked at above a file


@dataclass(frozen=True, eq=False)
class SettingsFile:
    """A settings file: what it says, or why nobody can tell. It holds for all that lies below its folder.

    `name` is what messages call it, `given` its table.
    """

    path: Path
    name: str
    text: str
    given: Any
    error: str | None = None

    def over(self, base: Settings) -> tuple[Settings, tuple[str, ...]]:
        """`base` with what the file says, and what is wrong with that, a line each that starts with the file."""
        if self.error is not None:
            return base, (self.error,)
        place = self.name if self.path.name == OWN else f"{self.name}: tool.deadweight"
        settings, wrong = read_settings(self.given, base, spelling=KEBAB_CASE, place=place, source=self.path.name)
        if settings.context is None:
            return settings, wrong
        folder = self._folder(settings.context)
        if folder is None:
            wrong += (f"{place}: context: {settings.context!r} is no folder of the project, seen from this file",)
        return replace(settings, context=folder), wrong

    def excludes(self, path: Path, *, is_folder: bool) -> bool:
        """Whether `exclude` names a path, absolute and below the file's folder."""
        if self._excluded is None:
            return False
        name = path.relative_to(self.path.parent).as_posix()
        return bool(self._excluded.check_file(f"{name}/" if is_folder else name).include)

    @cached_property
    def _excluded(self) -> GitIgnoreSpec | None:
        patterns = self.over(DEFAULTS)[0].exclude
        return git_patterns(patterns) if patterns else None

    def _folder(self, text: str) -> str | None:
        """The folder that `text` names, seen from the file; None where there is none in the repository.

        A file that came with somebody's sources sends nobody through the rest of the disk.
        """
        folder = Path(os.path.normpath(self.path.parent / text))
        root = next((each for each in self.path.parents if os.path.exists(each / ".git")), None)
        is_inside = not os.path.isabs(text) and (root is None or folder.is_relative_to(root))
        return str(folder) if is_inside and os.path.isdir(folder) else None


class SettingsFiles:
    """The settings files of a run; each folder is looked at once."""

    def __init__(self, called: Callable[[Path], str] = shown) -> None:
        self._called = called
        self._known: dict[Path, SettingsFile | None] = {}

    def of(self, path: Path) -> SettingsFile | None:
        """The settings file of `path`, which need not exist: the nearest one above it in its repository."""
        folder = Path(os.path.abspath(path)).parent
        passed: list[Path] = []
        found: SettingsFile | None = None
        for each in islice((folder, *folder.parents), _MOST_FOLDERS):
            if each in self._known:
                found = self._known[each]
                break
            passed.append(each)
            found = self._in(each)
            if found is not None or os.path.exists(each / ".git"):
                break
        self._known.update(dict.fromkeys(passed, found))
        return found

    def left_out_of(self, top: Path) -> Callable[[Path, bool], bool]:
        """Says what a search of the folder `top` leaves out: paths, and whether they are folders, from the top down.

        Where `top` is left out itself it was asked for by name: what leaves it out does not count then.
        """
        top = Path(os.path.abspath(top))
        above = self.of(top)
        overruled = above if above is not None and above.excludes(top, is_folder=True) else None

        def is_left_out(path: Path, is_folder: bool) -> bool:
            file = self.of(path)
            if file is None or file is overruled:
                return False
            return file.excludes(Path(os.path.abspath(path)), is_folder=is_folder)

        return is_left_out

    def _in(self, folder: Path) -> SettingsFile | None:
        for name in (OWN, PYPROJECT):
            path = folder / name
            if os.path.isfile(path) and (file := _read(path, self._called(path))):
                return file
        return None


def _read(path: Path, name: str) -> SettingsFile | None:
    """A settings file; None for a pyproject.toml that has no settings of ours."""
    try:
        text = read_text(path, _LARGEST)
    except UnreadableError as error:
        return SettingsFile(path, name, "", {}, f"{name}: {str(error).removeprefix(f'{shown(path)}: ')}")
    is_own = path.name == OWN
    if not is_own and "deadweight" not in text:
        return None
    try:
        table = read_toml(text)
    except ValueError as error:
        is_ours = is_own or "[tool.deadweight" in text
        return SettingsFile(path, name, text, {}, f"{name}:{error}") if is_ours else None
    if is_own:
        return SettingsFile(path, name, text, table)
    tool = table.get("tool")
    return (
        SettingsFile(path, name, text, tool["deadweight"]) if isinstance(tool, dict) and "deadweight" in tool else None
    )
