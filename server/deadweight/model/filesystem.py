"""What the instructions so far put where: texts of project files, bytes that are there already, installed packages."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deadweight.model.effects import Copied, CopiedFromStage, PackageSet, is_under

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deadweight.model.context import BuildContext, Selection
    from deadweight.model.effects import Cause, Effect
    from deadweight.model.layers import Layer


@dataclass(frozen=True, slots=True)
class Mount:
    """`RUN --mount`: its type, its absolute target (None where it is unknown), what it takes from where."""

    type: str
    target: str | None
    source: str = ""
    from_: str | None = None


@dataclass(frozen=True, slots=True)
class Filesystem:
    """What a RUN finds: the layers below it, oldest first, the build context that they copy from, its own mounts."""

    layers: Sequence[Layer]
    context: BuildContext | None
    mounts: tuple[Mount, ...] = ()

    def text(self, path: str) -> str | None:
        """The text of a project file by its path in the image: as a bind mount shows it, or as it was copied last."""
        if self.context is None:
            return None
        for mount in self.mounts:
            if mount.type == "bind" and mount.from_ is None and mount.target and is_under(path, mount.target):
                text = self.context.texts.get(_below(inside_context(mount.source), mount.target, path))
                if text is not None:
                    return text
        found = (self._text_in(effect, path) for effect in self._written())
        return next((text for text in found if text is not None), None)

    def copied_bytes(self, folder: str) -> int:
        """How many bytes COPY and ADD put under a folder."""
        return sum(selection.bytes for selection in self._copied(folder))

    def copied_matching(self, folder: str, wanted: Callable[[str], bool]) -> int:
        """How many bytes of files with a wanted path (that of the context) COPY and ADD put under a folder."""
        files = (file for selection in self._copied(folder) for file in selection.files.items())
        return sum(count for path, count in files if wanted(path))

    def _copied(self, folder: str) -> Iterator[Selection]:
        if self.context is None:
            return
        for effect in self._written():
            cause = effect.cause
            if not isinstance(cause, Copied) or cause.root is None or cause.selection is None or effect.path is None:
                continue
            if is_under(effect.path, folder):
                yield cause.selection
            elif is_under(folder, effect.path):
                yield self.context.select(_below(cause.root, effect.path, folder))

    def has(self, cause: Cause) -> bool:
        """Whether something of just this cause is there."""
        return any(effect.cause == cause for effect in self._written())

    def packages(self, manager: str) -> tuple[str, ...]:
        """The names that a package manager was asked for, each once."""
        causes = (effect.cause for effect in self._written())
        sets = (cause for cause in causes if isinstance(cause, PackageSet) and cause.manager == manager)
        return tuple(sorted({name for each in sets for name in each.names}))

    def _written(self) -> Iterator[Effect]:
        """What is there, the newest first."""
        for layer in reversed(self.layers):
            yield from reversed(layer.kept)

    def _text_in(self, effect: Effect, path: str) -> str | None:
        """The text of `path` where `effect` copied it from the context, directly or by way of another stage."""
        cause = effect.cause
        if effect.path is None or self.context is None or not is_under(path, effect.path):
            return None
        if isinstance(cause, Copied) and cause.root is not None:
            return self.context.texts.get(_below(cause.root, effect.path, path))
        if isinstance(cause, CopiedFromStage):
            there = _below(cause.path, effect.path, path)
            found = (self._text_in(each, there) for each in cause.effects or ())
            return next((text for text in found if text is not None), None)
        return None


def inside_context(source: str) -> str:
    """A source of COPY as a path relative to the context: `./`, `/` and `../` are the context itself, ""."""
    return posixpath.normpath("/" + source.lstrip("/")).lstrip("/")


def _below(root: str, folder: str, path: str) -> str:
    """Where `path`, which lies below `folder`, lies below `root`, what `folder` is a copy of."""
    return posixpath.join(root, path[len(folder) :].lstrip("/")).rstrip("/")
