"""Finds Dockerfiles and ignore files: what a name says a file is, and a search that skips what git ignores."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deadweight.workspace.files import UnreadableError, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

Kind = Literal["dockerfile", "dockerignore"]

_SKIPPED_FOLDERS = frozenset((".git", ".hg", ".svn", "node_modules"))

# Endings of files that are about a Dockerfile but are none: templates, editors' backups, documentation, patches.
_OTHER = """
    .j2 .jinja .jinja2 .tmpl .tpl .template .gotmpl .erb .mustache .handlebars .hbs .ejs .m4 .in .liquid .mako
    ~ .bak .backup .orig .rej .save .swo .swp .swx .tmp
    .md .rst .html .diff .patch
"""
_OTHER_ENDINGS = tuple(_OTHER.split())


def kind_of(name: str) -> Kind | None:
    """What a file is by its name alone (no folders); None for anything else, templates and backups among it."""
    if name.lower().endswith(_OTHER_ENDINGS) or name.startswith((".#", "#")):
        return None
    if name.endswith((".dockerignore", ".containerignore")):
        return "dockerignore"
    stem = name.partition(".")[0]
    # docker build falls back to `dockerfile` in small letters.
    if stem in ("Dockerfile", "Containerfile") or name == "dockerfile":
        return "dockerfile"
    return "dockerfile" if name.endswith((".Dockerfile", ".dockerfile", ".containerfile")) else None


def find(
    paths: Sequence[Path],
    kind: Kind = "dockerfile",
    is_left_out: Callable[[Path, bool], bool] = lambda path, is_folder: False,
) -> Iterator[Path]:
    """The files of `kind`: each path that is no folder as given, and what the folders hold, in a fixed order.

    A folder is searched without what git ignores or `is_left_out` (asked for paths, and whether they are folders),
    without `.git` and `node_modules`, and without following symlinks to folders. Nothing comes twice. A folder that
    cannot be read is as good as empty.
    """
    return (path for path in find_in_steps(paths, kind, is_left_out) if path is not None)


def find_in_steps(
    paths: Sequence[Path],
    kind: Kind = "dockerfile",
    is_left_out: Callable[[Path, bool], bool] = lambda path, is_folder: False,
) -> Iterator[Path | None]:
    """The same, and None whenever a folder has been looked through: a moment at which a search may be left alone."""
    seen: set[Path] = set()
    for path in paths:
        for found in _search(path, kind, is_left_out) if path.is_dir() else (path,):
            if found is None or found not in seen:
                if found is not None:
                    seen.add(found)
                yield found


def git_patterns(lines: Iterable[str]) -> GitIgnoreSpec:
    """The patterns of `lines`; as git does, a line that is no pattern is left out."""
    from pathspec import GitIgnoreSpec

    lines = list(lines)
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(GitIgnoreSpec, line))


# What git ignores below a folder: the folder's path as git spells it ("" or ending in a slash), and the patterns.
_Ignored = tuple[str, "GitIgnoreSpec"]


def _search(top: Path, kind: Kind, is_left_out: Callable[[Path, bool], bool]) -> Iterator[Path | None]:
    """The files of `kind` below `top`: those of a folder by name, None at its end, then its folders by name."""
    base, ignored = _git_above(top)
    waiting: list[tuple[Path, str, list[_Ignored]]] = [(top, base, ignored)]
    while waiting:
        folder, spelled, ignored = waiting.pop()
        ignored = ignored + _specs(folder / ".gitignore", spelled)
        folders = []
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                path = f"{spelled}{entry.name}/"
                is_skipped = entry.name in _SKIPPED_FOLDERS or _is_ignored(path, ignored)
                if not is_skipped and not is_left_out(folder / entry.name, True):
                    folders.append((folder / entry.name, path, ignored))
                continue
            if kind_of(entry.name) != kind or not entry.is_file() or _is_ignored(spelled + entry.name, ignored):
                continue
            if not is_left_out(folder / entry.name, False):
                yield folder / entry.name
        yield None
        waiting += reversed(folders)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder by name."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)
    return []


def _git_above(top: Path) -> tuple[str, list[_Ignored]]:
    """How git spells `top` in its repository, and the patterns that hold there, the weakest first.

    A folder that is ignored itself was asked for by name: what ignores it does not count then.
    """
    place = Path(os.path.abspath(top))
    repository = next((each for each in (place, *place.parents) if (each / ".git").exists()), None)
    if repository is None:
        return "", []
    names = place.relative_to(repository).parts
    ignored = _specs(repository / ".git" / "info" / "exclude", "")
    spelled = ""
    for name in names:
        ignored += _specs(repository / spelled / ".gitignore", spelled)
        spelled += name + "/"
        if _is_ignored(spelled, ignored):
            return "/".join((*names, "")), []
    return spelled, ignored


def _specs(path: Path, base: str) -> list[_Ignored]:
    """The patterns of a .gitignore file, if it is there; a file that cannot be read ignores nothing."""
    if not path.is_file():
        return []
    with contextlib.suppress(UnreadableError):
        return [(base, git_patterns(read_text(path).split("\n")))]
    return []


def _is_pattern(make: type[GitIgnoreSpec], line: str) -> bool:
    with contextlib.suppress(ValueError):
        make.from_lines([line])
        return True
    return False


def _is_ignored(path: str, ignored: list[_Ignored]) -> bool:
    """Whether git ignores `path` (a folder's ends in a slash): the nearest file that says something decides."""
    for base, spec in reversed(ignored):
        said = spec.check_file(path[len(base) :]).include
        if said is not None:
            return said
    return False
