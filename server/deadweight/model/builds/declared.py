"""What a file of a project declares about a build, what of it holds for one Dockerfile, and how that is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deadweight.model.image import ImageName


class Said(TypedDict, total=False):
    """What a file says of one build, with its paths as they are written. None: a variable that nobody knows decides.

    `dockerfile` is relative to `context`; `contexts` are further ones by name; `images` are the names that the image
    gets; `is_inline` has no Dockerfile on disk; `has_gpus` where its containers get GPUs.
    """

    context: str | None
    dockerfile: str | None
    target: str | None
    args: Mapping[str, str | None]
    contexts: Mapping[str, str | None]
    images: Sequence[str | None]
    is_inline: bool
    has_gpus: bool


def over(base: Said, own: Said) -> Said:
    """`base` with what `own` says; of arguments and contexts name by name."""
    both: Said = {**base, **own}
    if "args" in base and "args" in own:
        both["args"] = {**base["args"], **own["args"]}
    if "contexts" in base and "contexts" in own:
        both["contexts"] = {**base["contexts"], **own["contexts"]}
    return both


class Sayings(NamedTuple):
    """What a file says of builds, by the name of each; where it cannot be read, why: "line 3: not HCL"."""

    builds: Mapping[str, Said]
    error: str = ""


@dataclass(frozen=True, slots=True)
class DeclaredBuild:
    """One build of a Dockerfile. `context` and `source`, the file that declares it, are seen from its folder.

    `name` is what the file calls the build: "service web". `has_gpus`: its containers get GPUs.
    """

    folder: str
    context: str
    source: str
    name: str = ""
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    contexts: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))
    has_gpus: bool = False

    @property
    def by(self) -> str:
        """Who declares it."""
        return f"{self.source} ({self.name})" if self.name else self.source

    def is_like(self, other: DeclaredBuild) -> bool:
        """Whether both build the same."""
        mine, others = ((each.folder, each.target, each.args, each.contexts) for each in (self, other))
        return mine == others


class BuiltImage(NamedTuple):
    """An image that a file of the project builds: of which Dockerfile, and how. `by` is seen from who may use it."""

    dockerfile: str
    folder: str
    by: str
    target: str | None = None
    args: tuple[tuple[str, str], ...] = ()


class Unread(NamedTuple):
    """A file that cannot be read: its path, the same seen from the Dockerfile's folder, and why not, in one line."""

    path: str
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class HowBuilt:
    """How a Dockerfile is built, as far as anybody says.

    folder: that of the build context
    context: the same, seen from the Dockerfile's folder
    by: who says so, "" where nobody does
    build: what a file of the project declares for this context
    others: builds that are declared too and are not like it
    unread: files that may declare one and cannot be read
    images: what the project builds itself, by the names that FROM and further contexts may use
    """

    folder: str = ""
    context: str = "."
    by: str = ""
    build: DeclaredBuild | None = None
    others: tuple[DeclaredBuild, ...] = ()
    unread: tuple[Unread, ...] = ()
    images: Mapping[ImageName, BuiltImage] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def contexts(self) -> Mapping[str, str | None]:
        """The further contexts, by the names that FROM and --from may use."""
        return self.build.contexts if self.build else MappingProxyType({})


NOT_SAID = HowBuilt()


def unlike(builds: Iterable[DeclaredBuild], used: DeclaredBuild | None) -> tuple[DeclaredBuild, ...]:
    """Those that are neither like `used` nor like one before them."""
    found: list[DeclaredBuild] = [used] if used else []
    for build in builds:
        if not any(map(build.is_like, found)):
            found.append(build)
    return tuple(found[1:] if used else found)


def difference(build: DeclaredBuild, used: DeclaredBuild | None) -> list[tuple[str, str]]:
    """What another build has that the one in use has not, in words and as it is written: ("target", "dev")."""
    found = [("context", build.context)] if used is None or build.folder != used.folder else []
    if build.target != (used.target if used else None):
        found.append(("target", build.target or "the last stage"))
    known = used.args if used else {}
    found += [("argument", f"{name}={value}") for name, value in build.args.items() if known.get(name) != value]
    return found or [("context", build.context)]
