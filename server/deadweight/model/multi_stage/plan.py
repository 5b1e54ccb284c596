"""What becomes of a stage that is made two: `Needs`, as an ecosystem's file finds them, and the `Plan` made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from deadweight.model.multi_stage.system import Packages

BUILD = "build"  # the name of the new stage, unless the file has one of that name


@dataclass(frozen=True, slots=True)
class Kept:
    """An instruction of the user's as it is written, by its number in the stage; its comments come along."""

    step: int


@dataclass(frozen=True, slots=True)
class Written:
    """An instruction of our own, where it stands for one of the user's by its number, with the comments of that.

    `{build}` in its text is the name of the stage that builds.
    """

    text: str
    step: int | None = None


Line: TypeAlias = "Kept | Written"
Steps: TypeAlias = "dict[int, tuple[Line, ...]]"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an ecosystem's file knows of a stage.

    base: the image that the app runs on
    build, image: what each of the two stages does in place of an instruction of the user's, by its number. A COPY, ADD
        or RUN that is not named is done where it builds, and not in the image
    packages: of the system, which the image needs and its base does not bring; they come behind the steps up to
        `sources`, which say where from
    environment: variables that the image gets, as `NAME=value`
    known: the COPYs from other images whose purpose is known
    checks: what a person has to look at
    variant: what tells it from the usual way, in a word: "nginx"
    build_base: the image that the other stage stands on, where it has to be called otherwise: by its release
    """

    base: str
    build: Steps
    image: Steps
    packages: Packages
    environment: tuple[str, ...] = ()
    sources: int = 0
    known: frozenset[int] = frozenset()
    checks: tuple[str, ...] = ()
    variant: str = ""
    build_base: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no plan, as the end of a sentence: "the start command runs tsx, which is for development"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two stages: the image it stands on ('' for the one of the user's), and its instructions in order."""

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
    variant: str = ""
