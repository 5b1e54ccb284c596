"""Stages and the build graph: what each instruction knows when it runs, and which stages reach the image."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from deadweight.model import image
from deadweight.model.variables import expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deadweight.model.image import ImageRef
    from deadweight.syntax.dockerfile import Dockerfile, Instruction, Placed
    from deadweight.syntax.words import Word

_NOTHING: Mapping[str, str | None] = MappingProxyType({})
# Accounts that official images create, and their home (docker-library/node and others, read 2026-11-23).
_HOMES = {"": "/root", "root": "/root", "0": "/root", "node": "/home/node"}


@dataclass(frozen=True, slots=True)
class State:
    """What is in force before an instruction. None: nobody can tell."""

    variables: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)
    user: str | None = ""
    workdir: str | None = "/"
    shell: tuple[str, ...] = ()

    @property
    def home(self) -> str | None:
        """The home folder of USER; None where it is not known."""
        if home := self.variables.get("HOME"):
            return home
        account = None if self.user is None else self.user.partition(":")[0]
        return None if account is None else _HOMES.get(account, f"/home/{account}" if account.isalpha() else None)

    @property
    def is_root(self) -> bool:
        """Whether commands run as root."""
        return self.home == "/root"

    def resolve(self, path: str) -> str | None:
        """`path` as an absolute path without `.` and `..`; None where a variable or the folder is unknown."""
        expanded = expand(path, self.variables, unset=None)
        return None if expanded is None else absolute(expanded, self.workdir)


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction of a stage and the state it starts from."""

    placed: Placed
    state: State

    @property
    def instruction(self) -> Instruction:
        """The instruction itself."""
        return self.placed.instruction


@dataclass(frozen=True)
class Stage:
    """One FROM and what follows. `base` is an image, the index of an earlier stage, or None where it is unknown."""

    index: int
    name: str | None
    start: Placed
    base: ImageRef | int | None
    base_text: str
    base_word: Word | None
    platform: str | None
    steps: tuple[Step, ...]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """What `COPY --from` and `RUN --mount=from=` name in this stage."""
        names: list[str] = []
        for step in self.steps:
            for flag in step.instruction.flags:
                if flag.name == "from" and flag.value:
                    names.append(flag.value)
                elif flag.name == "mount" and flag.value:
                    names += [pair[5:] for pair in flag.value.split(",") if pair.startswith("from=")]
        return tuple(names)

    @property
    def label(self) -> str:
        """The stage as a person calls it: its name, or its number from 0 as `COPY --from` counts."""
        return self.name or str(self.index)


@dataclass(frozen=True)
class Build:
    """All stages of a file. `target` is the stage that becomes the image; None for a file without FROM."""

    stages: tuple[Stage, ...]
    target: Stage | None
    unknown_target: str | None = field(default=None)

    @cached_property
    def shipped(self) -> frozenset[int]:
        """The stages whose layers are in the image: the target and the stages it stands on."""
        found: set[int] = set()
        at = self.target
        while at is not None and at.index not in found:
            found.add(at.index)
            at = self.stages[at.base] if isinstance(at.base, int) else None
        return frozenset(found)

    @cached_property
    def reached(self) -> frozenset[int]:
        """The stages that a build runs at all: what the target stands on, copies from or mounts."""
        found: set[int] = set()
        pending = [self.target] if self.target else []
        while pending:
            stage = pending.pop()
            if stage.index in found:
                continue
            found.add(stage.index)
            if isinstance(stage.base, int):
                pending.append(self.stages[stage.base])
            pending += [named for name in stage.sources if (named := self.find(name)) and named.index < stage.index]
        return frozenset(found)

    def find(self, name: str) -> Stage | None:
        """The stage that `--from=NAME` or `FROM NAME` means: by name in any case, or by number."""
        lowered = name.lower()
        for stage in reversed(self.stages):
            if stage.name == lowered:
                return stage
        return self.stages[int(name)] if name.isdecimal() and int(name) < len(self.stages) else None

    def base_of(self, stage: Stage) -> ImageRef | None:
        """The image that a stage stands on, through other stages; None where it is unknown."""
        while isinstance(stage.base, int):
            stage = self.stages[stage.base]
        return stage.base


def read_build(
    tree: Dockerfile,
    *,
    target: str | None = None,
    build_args: Mapping[str, str] = MappingProxyType({}),
    platform: str = "linux/amd64",
) -> Build:
    """The stages of a file. An unknown `target` is named in the result, and the last stage taken."""
    scope: dict[str, str | None] = {**_platform_arguments(platform)}
    stages: list[Stage] = []
    ends: list[State] = []
    names: dict[str, int] = {}
    opened: tuple[Placed, list[Step], State] | None = None

    def close() -> None:
        if opened is not None:
            stages.append(_stage(len(stages), opened[0], tuple(opened[1]), scope, names))
            ends.append(opened[2])
            if name := stages[-1].name:
                names[name] = len(stages) - 1

    for placed in tree.instructions:
        instruction = placed.instruction
        if instruction.keyword == "FROM":
            close()
            base = names.get(_base_name(instruction, scope))
            opened = (placed, [], State() if base is None else ends[base])
        elif opened is not None:
            start, steps, state = opened
            steps.append(Step(placed, state))
            opened = (start, steps, _after(instruction, state, scope, build_args))
        elif instruction.keyword == "ARG":
            for name, value in _declared(instruction, scope, build_args):
                scope[name] = value
    close()
    build = Build(tuple(stages), stages[-1] if stages else None)
    if target is None:
        return build
    chosen = build.find(target)
    return replace(build, target=chosen) if chosen else replace(build, unknown_target=target)


def absolute(path: str, folder: str | None) -> str | None:
    """`path` seen from `folder`, without `.`, `..` and a trailing slash; None where the folder matters and is unknown."""
    if not path.startswith("/"):
        if folder is None:
            return None
        path = f"{folder}/{path}"
    return posixpath.normpath("/" + path.lstrip("/"))


def _stage(
    index: int, start: Placed, steps: tuple[Step, ...], scope: Mapping[str, str | None], names: Mapping[str, int]
) -> Stage:
    instruction = start.instruction
    words = instruction.words
    text = _base_name(instruction, scope)
    name = words[2].text.lower() if len(words) == 3 and words[1].text.lower() == "as" else None
    base: ImageRef | int | None = names.get(text.lower()) if text else None
    if base is None and text:
        base = image.parse(text)
    platform = instruction.flag("platform")
    return Stage(
        index, name, start, base, text, words[0] if words else None, platform and expand(platform, scope), steps
    )


def _base_name(instruction: Instruction, scope: Mapping[str, str | None]) -> str:
    words = instruction.words
    return (expand(words[0].text, scope) or "") if words else ""


def _after(
    instruction: Instruction, state: State, scope: Mapping[str, str | None], build_args: Mapping[str, str]
) -> State:
    """The state behind an instruction."""
    match instruction.keyword:
        case "ENV":
            changed = dict(_assigned(instruction, state))
            return replace(state, variables={**state.variables, **changed})
        case "ARG":
            variables = dict(state.variables)
            for name, value in _declared(instruction, state.variables, build_args, scope):
                if name not in variables:  # ENV wins over ARG
                    variables[name] = value
            return replace(state, variables=variables)
        case "WORKDIR":
            return replace(state, workdir=state.resolve(instruction.arguments.text))
        case "USER":
            return replace(state, user=expand(instruction.arguments.text, state.variables, unset=None))
        case "SHELL":
            return replace(state, shell=tuple(word.value or "" for word in instruction.array or ()))
    return state


def _assigned(instruction: Instruction, state: State) -> Iterator[tuple[str, str | None]]:
    """The names an ENV sets, in both of its forms."""
    words = instruction.words
    if words and "=" not in words[0].text:
        name, _, value = instruction.arguments.text.partition(" ")
        yield name, expand(value.strip(), state.variables, unset=None, escape=instruction.escape)
        return
    for word in words:
        name, _, value = word.text.partition("=")
        yield name, expand(value, state.variables, unset=None, escape=instruction.escape)


def _declared(
    instruction: Instruction,
    scope: Mapping[str, str | None],
    build_args: Mapping[str, str],
    outer: Mapping[str, str | None] = _NOTHING,
) -> Iterator[tuple[str, str | None]]:
    """The names an ARG declares: given on the command line, by default, from above the first FROM, or unknown."""
    for word in instruction.words:
        name, equals, default = word.text.partition("=")
        if name in build_args:
            yield name, build_args[name]
        elif equals:
            yield name, expand(default, scope, unset="", escape=instruction.escape)
        else:
            yield name, outer.get(name)


def _platform_arguments(platform: str) -> dict[str, str | None]:
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    target = {"TARGETPLATFORM": platform, "TARGETOS": system, "TARGETARCH": architecture, "TARGETVARIANT": variant}
    return {**target, **{name.replace("TARGET", "BUILD"): value for name, value in target.items()}}
