"""What becomes of a stage that is made two: `Needs`, as an ecosystem's file finds them, and the `Plan` made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILD = "build"  # the name of the new stage, unless the file has one of that name


@dataclass(frozen=True, slots=True)
class Kept:
    """An instruction of the user's as it is written, by its number in the stage; its comments come along.

    `flag` is put behind its keyword.
    """

    step: int
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """An instruction of our own, where it stands for one of the user's by its number, with the comments of that.

    `{build}` in its text is the name of the stage that builds.
    """

    text: str
    step: int | None = None


Line: TypeAlias = "Kept | Written"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an ecosystem's file knows of a stage.

    build: what the stage that builds does in place of an instruction of the user's, by its number; a COPY, ADD or RUN
        that is not named stays as it is
    base: the image that the app runs on
    files: what brings the app into its image, in order
    moved: COPYs and RUNs of the user's that only the image needs, by number: they leave the stage that builds
    shared: those that both need
    packages: of the system, which the image needs and its base does not bring
    environment: variables that the image gets, as `NAME=value`
    user: the account that the app runs as where the file names none
    command: what takes the place of CMD
    checks: what a person has to look at
    """

    base: str
    files: tuple[Line, ...]
    build: Mapping[int, tuple[Line, ...]] = field(default_factory=dict)
    moved: frozenset[int] = frozenset()
    shared: frozenset[int] = frozenset()
    packages: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    user: str = ""
    command: str = ""
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no plan, as the end of a sentence: "the start command runs tsx, which is for development"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two stages: the image it stands on, and its instructions in order."""

    base: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A stage, by its number, as two: the first is called `name`, the second goes by the name that the stage has."""

    stage: int
    name: str
    build: Part
    image: Part
    checks: tuple[str, ...] = ()
