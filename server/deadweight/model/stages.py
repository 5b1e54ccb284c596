"""Stages and the build graph: what each instruction knows when it runs, and which stages reach the image."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import image_variables
from deadweight.lazy import cached_property
from deadweight.model import image
from deadweight.model.image import ImageRef
from deadweight.model.variables import Scope, expand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from deadweight.model.image import ImageName, StatedSize
    from deadweight.syntax.dockerfile import Dockerfile, Instruction, Section
    from deadweight.syntax.words import Word

_BLANKS = re.compile(r"[\t\v\f\r ]+")  # between name and value of the old `ENV name value`
_MOST_DIGITS = 4  # of a stage's number
_NO_FOLDER = image.UNKNOWN_FOLDER
# Accounts that official images create, and their home (docker-library/node and others; kept by hand, 2026-11-23).
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
        return None if self.user is None else home_of(self.user.partition(":")[0])

    @property
    def own_home(self) -> str:
        """The home folder of USER, by a name of its own where it is not known: what lies there lies in one place."""
        return self.home or image.unknown_home(self.user and self.user.partition(":")[0])

    @property
    def is_root(self) -> bool:
        """Whether commands run as root, as far as one can tell."""
        return self.user is not None and self.user.partition(":")[0] in ("", "root", "0")

    def resolve(self, path: str, escape: str = "\\") -> str | None:
        """`path` as an absolute path without `.` and `..`; None where a variable or the folder is unknown."""
        expanded = expand(path, self.variables, unset=None, escape=escape)
        return None if expanded is None else absolute(expanded, self.workdir)


def home_of(account: str) -> str | None:
    """The home folder of an account; None where it is not known."""
    return _HOMES.get(account, f"/home/{account}" if account.isalpha() else None)


class Site(NamedTuple):
    """Which instruction of a file it is: the number of its stage, and its number there, FROM being 0.

    Nothing that is typed into an instruction, a comment or between them changes the site of another instruction.
    """

    stage: int
    step: int


NOWHERE = Site(-1, -1)


class Step(NamedTuple):
    """An instruction of a stage and the state it starts from."""

    instruction: Instruction
    state: State


@dataclass(frozen=True, eq=False)
class Stage:
    """One FROM and what follows. `base` is an image, the index of an earlier stage, or None where it is unknown.

    `entry` is the state of the stage it stands on, `first` the one behind FROM, `end` the one behind its last step.
    `triggers` are the steps of an image that is built on it, by the number of the ONBUILD.
    """

    index: int
    name: str | None
    section: Section
    base: ImageRef | int | None
    base_text: str
    base_word: Word | None
    platform: str | None
    steps: tuple[Step, ...]
    entry: State | None
    first: State
    end: State
    triggers: Mapping[int, Step]

    @property
    def start(self) -> Instruction:
        """The FROM."""
        return self.section.instructions[0]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """What `COPY --from` and `RUN --mount=from=` name in this stage."""
        flagged = [step.instruction for step in self.steps if step.instruction.flags]
        return tuple([name for instruction in flagged for name in sources_of(instruction)])

    @cached_property
    def label(self) -> str:
        """The stage as a person calls it: its name, or its number from 0 as `COPY --from` counts."""
        return self.name or str(self.index)


@dataclass(frozen=True, eq=False)
class Build:
    """All stages of a file. `target` is the stage that becomes the image; None for a file without a FROM.

    `scope` are the arguments that the head of the file declares.
    """

    stages: tuple[Stage, ...]
    target: Stage | None
    head: Section
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
            index = int(name) if len(name.lstrip("0")) <= _MOST_DIGITS else len(self.stages)
            return self.stages[index] if index < len(self.stages) else None
        found = self._names.get(name.lower())
        return None if found is None else self.stages[found]

    @cached_property
    def _names(self) -> dict[str, int]:
        return {stage.name: stage.index for stage in self.stages if stage.name}  # the last one of a name counts

    def stands_on(self, stage: Stage, index: int) -> bool:
        """Whether a stage stands on an earlier one, perhaps through others."""
        while isinstance(stage.base, int) and stage.base != index:
            stage = self.stages[stage.base]
        return stage.base == index

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
    bases: Mapping[ImageName, StatedSize] = MappingProxyType({}),
    contexts: Mapping[str, str | None] = MappingProxyType({}),
    before: Build | None = None,
) -> Build:
    """The stages of a file. An unknown `target` is named in the result, and the last stage taken.

    `bases` are what the user says images weigh, `contexts` further contexts that stand for an image. What
    `before`, an earlier version read with the same arguments, knows of the same sections is taken over.
    """

    def image_of(text: str) -> ImageRef | None:
        if text not in contexts:
            return image.weighed(image.parse(text), bases)
        scheme, mark, name = (contexts[text] or "").partition("://")
        if mark and scheme == "docker-image":
            return image.weighed(image.parse(name), bases)
        # Any other is a folder, a URL or a build of its own, of which the most that anybody knows is what it weighs.
        other = image.weighed(image.parse(contexts[text] or ""), bases)
        return other if other.stated else None

    head, *sections = tree.sections
    scope = (
        before.scope
        if before is not None and before.head is head
        else global_scope(head.instructions, build_args, platform)
    )
    if before is not None and before.scope == scope:
        scope, old = before.scope, before.stages
    else:
        old = ()
    stages = _stages(sections, scope, build_args, image_of, old)
    build = Build(stages, stages[-1] if stages else None, head, scope)
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


def _stages(
    sections: Sequence[Section],
    scope: Mapping[str, str | None],
    build_args: Mapping[str, str],
    image_of: Callable[[str], ImageRef | None],
    old: tuple[Stage, ...],
) -> tuple[Stage, ...]:
    pairs = enumerate(zip(old, sections, strict=False))
    first = next((at for at, (stage, section) in pairs if stage.section is not section), min(len(old), len(sections)))
    if first == len(old) == len(sections):
        return old
    stages = list(old[:first])
    names = {stage.name: stage.index for stage in stages if stage.name}
    # Where no stage came or went, those behind the last that changed are as they were, if nothing they stand on is not.
    is_as_long = len(old) == len(sections)
    last = len(sections)
    if is_as_long:
        ends = enumerate(zip(reversed(old), reversed(sections), strict=True))
        last -= next((at for at, (stage, section) in ends if stage.section is not section), 0)
    is_same = is_as_long
    for index in range(first, len(sections)):
        if is_same and index >= last:
            return (*stages, *old[index:])
        known = old[index] if index < len(old) else None
        stage = _stage(index, sections[index], scope, build_args, image_of, names, stages, known)
        is_same = is_same and known is not None and (stage.name, stage.end) == (known.name, known.end)
        stages.append(stage)
        if stage.name:
            names[stage.name] = index
    return tuple(stages)


def name_word(start: Instruction) -> Word | None:
    """The word of a FROM that names its stage: `FROM image AS name`."""
    words = start.words
    return words[2] if len(words) == 3 and words[1].text.lower() == "as" else None


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


def _stage(
    index: int,
    section: Section,
    scope: Mapping[str, str | None],
    build_args: Mapping[str, str],
    image_of: Callable[[str], ImageRef | None],
    names: Mapping[str, int],
    stages: Sequence[Stage],
    known: Stage | None,
) -> Stage:
    start, *others = section.instructions
    is_same_start = known is not None and known.start is start
    text = known.base_text if known is not None and is_same_start else base_name(start, scope)
    base: ImageRef | int | None = names.get(text.lower()) if text else None
    entry = stages[base].end if isinstance(base, int) else None
    if base is None and text:
        base = image_of(text)
    if known is not None and (known.base != base or known.entry is not entry):
        known = None
    if known is not None and known.section is section:
        return known
    first = known.first if known is not None else entry or _state_of(base)
    steps, end = _steps(others, first, known, scope, build_args)
    triggers = _triggers(steps, end, scope)
    if known is not None and is_same_start:
        return replace(known, section=section, steps=steps, end=end, triggers=triggers)
    words = start.words
    name = name_word(start)
    platform = start.flag("platform")
    shown = platform and expand(platform, scope, escape=start.escape)
    called = name and name.text.lower()
    return Stage(
        index, called, section, base, text, words[0] if words else None, shown, steps, entry, first, end, triggers
    )


def _state_of(base: ImageRef | int | None) -> State:
    """What an image has in force, as far as that is known: its ENV, its USER and its WORKDIR."""
    if not isinstance(base, ImageRef):
        return State(workdir=_NO_FOLDER)
    return State(Scope(image_variables.of(base.repository)), image.account(base), image.working_folder(base))


def _steps(
    instructions: Sequence[Instruction],
    first: State,
    known: Stage | None,
    scope: Mapping[str, str | None],
    build_args: Mapping[str, str],
) -> tuple[tuple[Step, ...], State]:
    """The steps of a stage, and the state behind them; those that start as they did are the steps of before."""
    old = known.steps if known else ()
    same = _common(old, instructions)
    rest = min(_common(old[::-1], instructions[::-1]), len(old) - same, len(instructions) - same)
    steps = list(old[:same])
    state = old[same].state if same < len(old) else known.end if known else first
    for at in range(same, len(instructions)):
        if known is not None and at + rest == len(instructions):
            was = old[len(old) - rest].state if rest else known.end
            if was == state:
                return (*steps, *old[len(old) - rest :]), known.end
        steps.append(Step(instructions[at], state))
        state = _after(instructions[at], state, scope, build_args)
    if known is not None and known.end == state:
        state = known.end  # the stages that stand on it see nothing new
    return tuple(steps), state


def _triggers(steps: tuple[Step, ...], end: State, scope: Mapping[str, str | None]) -> dict[int, Step]:
    """What ONBUILD instructions of a stage are in a build on top of it, which has arguments of its own."""
    found: dict[int, Step] = {}
    state = end
    for number, step in enumerate(steps, 1):
        trigger = step.instruction.trigger if step.instruction.keyword == "ONBUILD" else None
        if trigger is not None:
            found[number] = Step(trigger, state)
            state = _after(trigger, state, scope, {})
    return found


def _common(steps: Sequence[Step], instructions: Sequence[Instruction]) -> int:
    """How many instructions at the start are those of the steps."""
    count = 0
    for step, instruction in zip(steps, instructions, strict=False):
        if step.instruction is not instruction:
            break
        count += 1
    return count


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
            values = dict(assigned(instruction, state))
            names = state.environment.union(values)
            return replace(state, variables=state.variables.changed(values), environment=names)
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


def assigned(instruction: Instruction, state: State) -> Iterator[tuple[str, str | None]]:
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
