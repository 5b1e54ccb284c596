"""Stages and the build graph: what each instruction knows when it runs, and which stages reach the image."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from deadweight.model import image
from deadweight.model.variables import Scope, expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from deadweight.model.image import ImageRef
    from deadweight.syntax.dockerfile import Dockerfile, Instruction, Placed
    from deadweight.syntax.words import Word

_BLANKS = re.compile(r"[\t\v\f\r ]+")  # between name and value of the old `ENV name value`
# Accounts that official images create, and their home (docker-library/node and others; kept by hand, 2026-11-23).
_MOST_DIGITS = 4  # of a stage's number
_HOMES = {"": "/root", "root": "/root", "0": "/root", "node": "/home/node"}


@dataclass(frozen=True, slots=True)
class State:
    """What is in force before an instruction. None: nobody can tell."""

    variables: Scope = field(default_factory=Scope)
    user: str | None = ""
    workdir: str | None = "/"
    shell: tuple[str, ...] = ()
    environment: frozenset[str] = frozenset()  # the names that an ENV has set: they win over an ARG

    @property
    def home(self) -> str | None:
        """The home folder of USER; None where it is not known."""
        if home := self.variables.get("HOME"):
            return home
        account = None if self.user is None else self.user.partition(":")[0]
        return None if account is None else _HOMES.get(account, f"/home/{account}" if account.isalpha() else None)

    @property
    def is_root(self) -> bool:
        """Whether commands run as root, as far as one can tell."""
        return self.user is not None and self.user.partition(":")[0] in ("", "root", "0")

    def resolve(self, path: str, escape: str = "\\") -> str | None:
        """`path` as an absolute path without `.` and `..`; None where a variable or the folder is unknown."""
        expanded = expand(path, self.variables, unset=None, escape=escape)
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
    """One FROM and what follows. `base` is an image, the index of an earlier stage, or None where it is unknown.

    `number` is what `COPY --from` counts, `entry` the state of the stage it stands on, `end` the state behind it.
    """

    index: int
    name: str | None
    start: Placed
    base: ImageRef | int | None
    base_text: str
    base_word: Word | None
    platform: str | None
    steps: tuple[Step, ...]
    number: int
    entry: State | None
    end: State

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """What `COPY --from` and `RUN --mount=from=` name in this stage."""
        return tuple(name for step in self.steps for name in sources_of(step.instruction))

    @property
    def label(self) -> str:
        """The stage as a person calls it: its name, or its number from 0 as `COPY --from` counts."""
        return self.name or str(self.number)


@dataclass(frozen=True)
class Build:
    """All stages of a file, or of an excerpt. `target` is the stage that becomes the image; None where none does.

    `scope` are the arguments above the first FROM.
    """

    stages: tuple[Stage, ...]
    target: Stage | None
    scope: Mapping[str, str | None]
    unknown_target: str | None = None

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
        if name.isascii() and name.isdecimal():
            # int() takes no number of thousands of digits, and no file has so many stages.
            number = int(name) if len(name.lstrip("0")) <= _MOST_DIGITS else -1
            return next((stage for stage in self.stages if stage.number == number), None)
        index = self._names.get(name.lower())
        return None if index is None else self.stages[index]

    @cached_property
    def _names(self) -> dict[str, int]:
        return {stage.name: stage.index for stage in self.stages if stage.name}  # the last one of a name counts

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
    numbers: Sequence[int] | None = None,
    has_target: bool = True,
    before: Build | None = None,
) -> Build:
    """The stages of a file. An unknown `target` is named in the result, and the last stage taken.

    `numbers` are those of the stages of an excerpt, which may be without the target. What `before` knows of the same
    instructions at the same places is taken over.
    """
    head, groups = _grouped(tree.instructions)
    scope = global_scope((placed.instruction for placed in head), build_args, platform)
    old = before.stages if before is not None and before.scope == scope else ()
    stages: list[Stage] = []
    names: dict[str, int] = {}
    for index, group in enumerate(groups):
        number = numbers[index] if numbers else index
        known = old[index] if index < len(old) and old[index].start == group[0] else None
        stage = _stage(index, number, group, scope, build_args, names, stages, known)
        stages.append(stage)
        if stage.name:
            names[stage.name] = index
    build = Build(tuple(stages), stages[-1] if stages and has_target else None, scope)
    if not target:
        return build
    chosen = build.find(target)
    return replace(build, target=chosen) if chosen else replace(build, unknown_target=target)


def global_scope(head: Iterable[Instruction], build_args: Mapping[str, str], platform: str) -> dict[str, str | None]:
    """The arguments that the instructions above the first FROM declare, and those that BuildKit does."""
    scope: dict[str, str | None] = {**_platform_arguments(platform)}
    for instruction in head:
        if instruction.keyword == "ARG":
            scope.update(_declared(instruction, scope, build_args, scope))
    return scope


def base_name(instruction: Instruction, scope: Mapping[str, str | None]) -> str:
    """What a FROM names, variables expanded; "" where that is unknown."""
    words = instruction.words
    return (expand(words[0].text, scope, escape=instruction.escape) or "") if words else ""


def sources_of(instruction: Instruction) -> Iterator[str]:
    """What `COPY --from` and `RUN --mount=from=` name."""
    for flag in instruction.flags:
        if flag.name == "from" and flag.value:
            yield flag.value
        elif flag.name == "mount" and flag.value:
            yield from (pair[5:] for pair in flag.value.split(",") if pair[:5].lower() == "from=")


def absolute(path: str, folder: str | None) -> str | None:
    """`path` seen from `folder`, without `.`, `..` and a trailing slash; None where it takes a folder nobody knows."""
    if not path.startswith("/"):
        if folder is None:
            return None
        path = f"{folder}/{path}"
    return posixpath.normpath("/" + path.lstrip("/"))


def _grouped(instructions: Sequence[Placed]) -> tuple[Sequence[Placed], list[Sequence[Placed]]]:
    """The instructions above the first FROM, and those of each stage, FROM first."""
    starts = [at for at, placed in enumerate(instructions) if placed.instruction.keyword == "FROM"]
    ends = [*starts[1:], len(instructions)]
    groups = [instructions[start:end] for start, end in zip(starts, ends, strict=False)]
    return instructions[: starts[0] if starts else len(instructions)], groups


def _stage(
    index: int,
    number: int,
    group: Sequence[Placed],
    scope: Mapping[str, str | None],
    build_args: Mapping[str, str],
    names: Mapping[str, int],
    stages: Sequence[Stage],
    known: Stage | None,
) -> Stage:
    start, *others = group
    instruction, words = start.instruction, start.instruction.words
    text = base_name(instruction, scope)
    name = words[2].text.lower() if len(words) == 3 and words[1].text.lower() == "as" else None
    base: ImageRef | int | None = names.get(text.lower()) if text else None
    entry = stages[base].end if isinstance(base, int) else None
    if base is None and text:
        base = image.parse(text)
    if known is not None and (known.base != base or known.entry is not entry):
        known = None
    first = entry or State(workdir=image.UNKNOWN_FOLDER if not text else image.working_folder(image.parse(text)))
    steps, end = _steps(others, first, known, scope, build_args)
    platform = instruction.flag("platform")
    shown = platform and expand(platform, scope, escape=instruction.escape)
    return Stage(index, name, start, base, text, words[0] if words else None, shown, steps, number, entry, end)


def _steps(
    group: Sequence[Placed],
    first: State,
    known: Stage | None,
    scope: Mapping[str, str | None],
    build_args: Mapping[str, str],
) -> tuple[tuple[Step, ...], State]:
    """The steps of a stage, and the state behind them."""
    old = known.steps if known else ()
    same = next((at for at, (step, placed) in enumerate(zip(old, group, strict=False)) if step.placed != placed), None)
    if same is None:
        same = min(len(old), len(group))
    steps = list(old[:same])
    state = first if known is None else old[same].state if same < len(old) else known.end
    if same == len(group) and known is not None:
        return tuple(steps), state
    # Scopes of one stage share their history, which only the newest of them may go on with.
    state = replace(state, variables=Scope(state.variables))
    for placed in group[same:]:
        steps.append(Step(placed, state))
        state = _after(placed.instruction, state, scope, build_args)
    return tuple(steps), state


def _after(
    instruction: Instruction,
    state: State,
    outer: Mapping[str, str | None],
    build_args: Mapping[str, str],
) -> State:
    """The state behind an instruction."""
    text = instruction.arguments.text
    match instruction.keyword:
        case "ENV":
            assigned = dict(_assigned(instruction, state))
            names = state.environment.union(assigned)
            return replace(state, variables=state.variables.changed(assigned), environment=names)
        case "ARG":
            declared = _declared(instruction, state.variables, build_args, outer)
            # ENV wins over ARG.
            changed = {name: value for name, value in declared if name not in state.environment}
            return replace(state, variables=state.variables.changed(changed))
        case "WORKDIR":
            return replace(state, workdir=state.resolve(text, instruction.escape))
        case "USER":
            user = expand(text, state.variables, unset=None, escape=instruction.escape)
            return replace(state, user=user)
        case "SHELL" if instruction.array:
            return replace(state, shell=tuple(word.value or "" for word in instruction.array))
    return state


def _assigned(instruction: Instruction, state: State) -> Iterator[tuple[str, str | None]]:
    """The names an ENV sets, in both of its forms; each value sees the variables as they were before it."""
    words = instruction.words
    if words and "=" not in words[0].text:
        name, *values = _BLANKS.split(instruction.arguments.text, maxsplit=1)
        pairs = [(name, values[0] if values else "")]
    else:
        pairs = [(name, value) for name, _, value in (word.text.partition("=") for word in words)]
    for written, value in pairs:
        name_of = expand(written, state.variables, unset=None, escape=instruction.escape)
        if name_of:
            yield name_of, expand(value, state.variables, unset=None, escape=instruction.escape)


def _declared(
    instruction: Instruction,
    scope: Mapping[str, str | None],
    build_args: Mapping[str, str],
    outer: Mapping[str, str | None],
) -> Iterator[tuple[str, str | None]]:
    """The names an ARG declares: given on the command line, by default, from above the first FROM, as they are
    already, or unknown: an ARG without a default is made to be given.
    """
    for word in instruction.words:
        name, equals, default = word.text.partition("=")
        if name in build_args:
            yield name, build_args[name]
        elif equals:
            yield name, expand(default, scope, unset="", escape=instruction.escape)
        else:
            yield name, outer[name] if name in outer else scope.get(name)


def _platform_arguments(platform: str) -> dict[str, str | None]:
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    target = {"TARGETPLATFORM": platform, "TARGETOS": system, "TARGETARCH": architecture, "TARGETVARIANT": variant}
    return {**target, **{name.replace("TARGET", "BUILD"): value for name, value in target.items()}}
