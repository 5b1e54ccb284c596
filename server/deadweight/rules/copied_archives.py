"""The archives among the files of a folder that COPY takes."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from deadweight.model.context import Selection
from deadweight.model.effects import Copied
from deadweight.model.folder import Files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.effects import Effect
    from deadweight.model.folder import Folder

NAME = re.compile(r".*\.(?:tar|tar\.\w+|tgz|tbz2?|txz|zip|7z|rar|gz|xz|bz2|zst|deb|rpm|apk|whl|run)", re.IGNORECASE)
_LEAST = 1_000_000  # bytes: smaller ones lie about in sources
_MOST = 16


def in_folder(effect: Effect) -> Iterator[Effect]:
    """The archives in a folder of the context that is copied, as effects of their own."""
    cause, folder = effect.cause, effect.path
    if not isinstance(cause, Copied) or cause.is_file or cause.selection is None or cause.root is None or not folder:
        return
    files = cause.selection.files
    if isinstance(files, Files):
        heavy = (
            (f"{files.prefix}{path}{name}", count)
            for path, below in files.folder.walk(_may_hold_one)
            for name, count in below.files.items()
            if count >= _LEAST
        )
    else:
        heavy = (each for each in files.items() if each[1] >= _LEAST)
    found = sorted((each for each in heavy if NAME.fullmatch(each[0])), key=lambda each: (-each[1], each[0]))
    for path, count in found[:_MOST]:
        alone = replace(cause, root=path, selection=Selection({path: count}, count, exists=True))
        yield replace(effect, path=posixpath.join(folder, path[len(cause.root) :].lstrip("/")), cause=alone)


def _may_hold_one(name: str, folder: Folder) -> bool:
    return folder.bytes >= _LEAST and name not in ("node_modules", ".git")
