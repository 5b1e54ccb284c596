"""What base images weigh that the project builds itself: a FROM that another Dockerfile makes has that one's total."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.builds.declared import BuiltImage
from deadweight.model.image import ImageRef, StatedSize, name_of, parse
from deadweight.model.stages import read_build
from deadweight.snapshot import Snapshot
from deadweight.syntax import dockerfile
from deadweight.workspace.context import walk_context
from deadweight.workspace.declared_builds import DeclaredBuilds
from deadweight.workspace.files import UnreadableError, read_text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from deadweight.model.builds.declared import HowBuilt
    from deadweight.model.image import ImageName
    from deadweight.settings import Settings
    from deadweight.syntax.dockerfile import Dockerfile

_SECONDS = 10.0  # the longest that the contexts of all of them are walked
_LARGEST = 100_000  # bytes of a Dockerfile; the longest of 2,963 on GitHub has 30,321
_MOST = 10  # images of one Dockerfile
_DEEPEST = 5  # Dockerfiles that stand on one another


class BuiltBases(NamedTuple):
    """What images weigh that the project builds, the folders whose files decide it, and the names that were asked."""

    sizes: Mapping[ImageName, StatedSize] = MappingProxyType({})
    folders: frozenset[Path] = frozenset()
    asked: frozenset[ImageName] = frozenset()


NONE = BuiltBases()


def weigh_bases(
    path: Path, tree: Dockerfile, how: HowBuilt, settings: Settings, builds: DeclaredBuilds | None = None
) -> Generator[None, None, BuiltBases]:
    """What the images weigh that a Dockerfile stands on and the project builds, in steps as the walks of contexts are.

    No Dockerfile makes what it stands on, through whatever others: `image: postgres:17` beside a build of a Dockerfile
    with FROM postgres:17 names another image than that.
    """
    weighing = _Weighing(settings, builds or DeclaredBuilds(), time.monotonic() + _SECONDS)
    itself = BuiltImage(os.path.abspath(path), how.folder, "", settings.build_options(how).target)
    sizes = yield from weighing.of(tree, how, (itself,))
    return BuiltBases(sizes, frozenset(weighing.folders), frozenset(weighing.asked))


class _Weighing:
    """Images being weighed, each once."""

    def __init__(self, settings: Settings, builds: DeclaredBuilds, deadline: float) -> None:
        self._settings, self._builds, self._deadline = settings, builds, deadline
        self._known: dict[BuiltImage, StatedSize | None] = {}
        self.folders: set[Path] = set()
        self.asked: set[ImageName] = set()

    def of(
        self, tree: Dockerfile, how: HowBuilt, above: tuple[BuiltImage, ...]
    ) -> Generator[None, None, dict[ImageName, StatedSize]]:
        """The images that a Dockerfile stands on; `above` stand on it."""
        sizes: dict[ImageName, StatedSize] = {}
        if not how.images:
            return sizes
        for name in list(dict.fromkeys(self._bases(tree, how)))[:_MOST]:
            self.asked.add(name)
            image = how.images.get(name)
            if image is None or len(above) > _DEEPEST or any(_is_same(image, each) for each in above):
                continue
            if image not in self._known:
                self._known[image] = yield from self._weigh(image, above)
            if size := self._known[image]:
                sizes[name] = size._replace(source=image.by)
        return sizes

    def _bases(self, tree: Dockerfile, how: HowBuilt) -> Iterator[ImageName]:
        """What FROM names, and further contexts."""
        options = self._settings.build_options(how)
        for stage in read_build(tree, build_args=options.build_args, platform=options.platform).stages:
            if isinstance(stage.base, ImageRef):
                yield name_of(stage.base, latest=True)
        for written in how.contexts.values():
            if written:
                yield name_of(parse(written.removeprefix("docker-image://")), latest=True)

    def _weigh(self, image: BuiltImage, above: tuple[BuiltImage, ...]) -> Generator[None, None, StatedSize | None]:
        path, folder = Path(image.dockerfile), Path(image.folder)
        self.folders |= {path.parent, folder}
        try:
            tree = dockerfile.parse(read_text(path, _LARGEST))
            how = self._builds.how(path, folder)
            below = yield from self.of(tree, how, (*above, image))
            context = yield from walk_context(path, folder, deadline=self._deadline, builder=self._settings.builder)
        except UnreadableError:
            return None
        args = {**dict(image.args), **self._settings.build_args}
        options = replace(self._settings.build_options(how, below), target=image.target, build_args=args)
        sizes = Snapshot(tree, context, options).sizes
        unpacked, pulled = sizes.image(), sizes.pulled()
        if unpacked is None:
            return None
        return StatedSize(
            unpacked.best,
            image.by,
            (unpacked.low, unpacked.high),
            (pulled.low, pulled.best, pulled.high) if pulled else None,
        )


def _is_same(one: BuiltImage, other: BuiltImage) -> bool:
    return (one.dockerfile, one.target) == (other.dockerfile, other.target)
