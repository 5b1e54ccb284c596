"""The calls of a RUN, in order, and what each of them does."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model import feeding
from deadweight.model.commands import catalog, interpreters, printed
from deadweight.model.commands.call import Call, Surroundings
from deadweight.model.commands.changes import appended
from deadweight.model.effects import Built, Effect, Nth, is_under, writes
from deadweight.model.filesystem import Filesystem
from deadweight.model.questions import each_once
from deadweight.model.stages import home_of
from deadweight.model.variables import expand
from deadweight.syntax import shell
from deadweight.syntax.shell_runs import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deadweight.model.questions import Question
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Command, Node, Placed, Script, Word
    from deadweight.syntax.shell_programs import Nested
    from deadweight.syntax.shell_runs import Run
    from deadweight.syntax.shell_tree import Assignment
    from deadweight.text import Span

# What any program answers and then ends: `java -version`.
_QUESTIONS = frozenset(("--version", "-version", "-V", "-v", "version", "--help", "-h"))
_DECLARES = frozenset(("export", "local", "declare", "readonly", "typeset"))
_MADE = re.compile(r"\$\((?:\S*/)?mktemp\b|`mktemp\b")  # `$(mktemp -d)`
_SCRATCH = "/tmp/scratch"  # noqa: S108 - what it makes, whatever it is called
_XARGS = frozenset(("xargs", "/usr/bin/xargs"))
_RUN_OTHERS = ("python", "pypy", "php", "corepack")  # such as pip: `python3 -m pip`
# Programs that run another one as another account.
_SWITCHES = frozenset(("gosu", "su-exec", "su", "runuser", "setpriv", "doas"))
_TO_ACCOUNT = re.compile(r"--user(?:=(?P<long>.+))?|-[EHPn]*u(?P<short>.*)")  # `sudo -Hu app`
_ACTIVATE = "/bin/activate"  # of a virtual environment


class _Written(NamedTuple):
    """A call as it is written, wherever it stands: all that tells what it does, but for what lies below its layer.

    `whole` is the command, or the pipeline or block that it stands in; `own` the command, for others may stand there.
    """

    whole: str
    own: str
    words: tuple[str, ...]
    folder: str | None
    assigned: tuple[tuple[str, str | None], ...]
    conditional: bool

    def inside(self, outer: _Written) -> _Written:
        """A call of the script that another command hands to a shell."""
        assigned = (*outer.assigned, *self.assigned)
        return _Written(outer.whole, self.own, self.words, self.folder, assigned, outer.conditional or self.conditional)


class Reading(NamedTuple):
    """A call, what it does, and what it asked of the layers below to do so."""

    written: _Written
    call: Call
    effects: tuple[Effect, ...]
    asked: tuple[Question, ...]


def read_calls(
    body: RunBody, around: Surroundings, before: Iterable[Reading], *, is_on_the_same: bool = False
) -> Iterator[Reading]:
    """The calls of a RUN and what they do.

    `before` is what was read of another version of the RUN that starts in the same state: a call that is written as it
    was does what it did, if it finds what it found. Nobody looks where the RUN has done the same so far, and
    `is_on_the_same` as that version.
    """
    known = {each.written: each for each in before}
    files = around.files
    asked, done = files.asked, tuple[Effect, ...]()
    numbers: dict[Span, Nth] = {}
    for written, call in _calls(body.script, around, body, numbers):
        old, first = known.get(written), len(asked)
        here = Filesystem(files.below, files.context, files.mounts, files.site, done, asked) if done else files
        if old is not None:
            call.said.update(old.call.said)
        if old is not None and here.asks_again(old.asked, is_on_the_same=is_on_the_same):
            effects = old.effects if old.call.span == call.span else tuple(_at(call, old.effects))
        else:
            del asked[first:]
            effects = tuple(effects_of(_with(call, here)))
        yield Reading(written, _with(call, Filesystem(None, None, here=done)), effects, each_once(asked[first:]))
        done = (*done, *effects)


def _with(call: Call, files: Filesystem) -> Call:
    """The call where it finds these files. A layer outlives those that it was read on: of its own calls, none has
    those.
    """
    around = call.around
    around = Surroundings(around.folder, around.variables, around.home, around.base, files)
    made = Call(call.program, call.typed, call.words, call.span, call.place, around, call.placed, call.own)
    made.said.update(call.said)
    return made


def _at(call: Call, effects: Iterable[Effect]) -> Iterator[Effect]:
    """What a call does, as another command of its RUN."""
    for each in effects:
        yield Effect(each.kind, each.path, each.cause, call.span, each.is_certain)


def _calls(
    script: Script, around: Surroundings, body: RunBody, numbers: dict[Span, Nth], offset: int = 0
) -> Iterator[tuple[_Written, Call]]:
    """The calls of a script, in order; `offset` is where the script starts in that of `body`, `numbers` are those of
    the calls so far.

    A script in a script (`bash -c 'apt-get update'`) is looked into. Its calls stand where the outer command does.
    """
    folder = inner = around.folder
    local: dict[str, str | None] = {}
    for run in runs(script):
        placed, command = run.placed, run.placed.command
        program, typed, words, fed, account, nested = _told(command)
        if run.arguments is not None:
            words = run.filled(words)
        if fed is not None:
            words = tuple(feeding.words_given(placed, fed, words, around))
        assigned = _assigned_by(run, around.variables, local)
        if program in _DECLARES:
            local.update(_exported(words))
        elif program in (".", "source") and words and words[0].text.endswith(_ACTIVATE):
            local["VIRTUAL_ENV"] = around.resolve(posixpath.join(inner or "", words[0].text.removesuffix(_ACTIVATE)))
        elif program is None:
            local.update(assigned)
        changed = {**local, **run.bound, **assigned}
        inner = inner if placed.subshell else folder
        here = around
        home = around.home if account is None else home_of(account)
        if changed or inner != around.folder or home != around.home:
            variables = {**around.variables, **changed} if changed else around.variables
            here = Surroundings(inner, variables, home, around.base, around.files)
        if program in ("cd", "pushd"):
            inner = (_MADE.match(words[0].pattern) and _SCRATCH) or here.resolve(words[0].pattern) if words else home
            folder = folder if placed.subshell else inner
        elif program is not None:
            texts = tuple([word.text for word in words])
            whole = own = script.text[command.span.start : command.span.end]
            if (block := _block_around(placed)) is not None:
                whole = script.text[block.span.start : block.span.end]
            written = _Written(whole, own, texts, inner, tuple(changed.items()), placed.conditional)
            if nested is not None:
                for inside, call in _calls(shell.parse(nested.text), here, body, numbers, offset + nested.offset):
                    conditional = placed.conditional or call.placed.conditional
                    yield inside.inside(written), replace(call, placed=placed._replace(conditional=conditional))
                continue
            place = command.span
            if offset:
                words = tuple([word._replace(span=word.span.shifted(offset)) for word in words])
                place = place.shifted(offset)
            place = body.span(place)
            number = numbers.setdefault(place, Nth(len(numbers)))
            yield written, Call(program, typed, words, number, place, here, placed, placed)


def _block_around(placed: Placed) -> Node | None:
    """The outermost pipeline or block that a command stands in."""
    for node in placed.ancestors:
        if not isinstance(node, shell.Chain):
            return node
    return None


class _Told(NamedTuple):
    """What a command says by itself: the program that really runs, as it is and as it is typed, and its words.

    `fed` are the words behind `xargs`, which puts more behind them; None without. `account` is the one that it runs as,
    if not that of the RUN; "?" where we do not know which. `nested` is the script that it hands to a shell.
    """

    program: str | None
    typed: str
    words: tuple[Word, ...]
    fed: tuple[Word, ...] | None
    account: str | None
    nested: Nested | None


@lru_cache(maxsize=1024)
def _told(command: Command) -> _Told:
    program, words = shell.program(command)
    typed = command.words[-len(words) - 1].text if program else ""
    if program and program.startswith(_RUN_OTHERS) and (inner := interpreters.interpreted(program, words)):
        program, count = inner
        if typed == "php":
            typed = " ".join((typed, *(word.text for word in words[:count])))  # what calls composer once more
        words = words[count:]
    texts = [word.text for word in command.words]
    at = next((at for at, text in enumerate(texts) if text in _XARGS), None) if program else None
    fed = None if at is None else command.words[at + 1 :]
    return _Told(program, typed, words, fed, _account(texts), shell.nested(command))


def _account(texts: list[str]) -> str | None:
    """The account that a command runs as, where it says so: `gosu app npm ci`, `sudo -E -u app npm ci`."""
    if not texts or texts[0] != "sudo":
        return "?" if texts and texts[0] in _SWITCHES else None
    for text, after in pairwise(texts[1:]):
        if not text.startswith("-"):
            break
        if match := _TO_ACCOUNT.fullmatch(text):
            return match["long"] or match["short"] or after
    return None


def _assigned_by(run: Run, outer: Mapping[str, str | None], local: Mapping[str, str | None]) -> dict[str, str | None]:
    """The variables that a command sets, for itself or for those behind it."""
    assignments = run.placed.command.assignments
    return {each.name: _assigned(each, run, outer, local) for each in assignments} if assignments else {}


def _assigned(
    assignment: Assignment, run: Run, outer: Mapping[str, str | None], local: Mapping[str, str | None]
) -> str | None:
    """What a variable stands for, be it made of others: `PKGS="$PKGS jq"`; the folder that `mktemp -d` makes has a name
    of our own.
    """
    name, value = assignment.name, assignment.value
    filled = run.filled((value,)) if value else ()
    said = filled[0].value if filled else ""
    if value and said is None:
        said = _made(name, value.pattern) or expand(filled[0].pattern, {**outer, **local, **run.bound}, unset=None)
    if said and ("$" in said or "`" in said):
        return None
    if assignment.operator == "+=":
        before = local.get(name, outer.get(name, ""))
        return None if before is None or said is None else before + said
    return said


def is_made(path: str) -> bool:
    """Whether a path lies in what `mktemp` makes, whose name is another one each time."""
    return is_under(path, _SCRATCH) or path.startswith(f"{_SCRATCH}.")


def _made(name: str, value: str) -> str | None:
    return f"{_SCRATCH}.{name}" if _MADE.match(value) else None


def _exported(words: Iterable[Word]) -> Iterator[tuple[str, str | None]]:
    """The names that `export A=1 B` sets."""
    for word in words:
        name, equals, value = word.text.partition("=")
        if equals and name.isidentifier():
            value = value.strip("\"'")
            yield name, _made(name, value) or (None if word.value is None else value)


def effects_of(call: Call) -> Iterator[Effect]:
    """What a call does."""
    if call.placed.calls_function:
        return
    tool = catalog.find(call.program)
    if tool is None:
        is_question = len(call.words) == 1 and call.words[0].text in _QUESTIONS
        found: Iterable[Effect] = () if is_question else (writes(None, Built(call.program), call.span),)
    else:
        found = tool.effects(call)
    if call.own.command.redirects:
        found = chain(found, appended(call))
    if call.program in printed.PROGRAMS:
        found = chain(found, printed.printed(call))
    if not call.placed.conditional:
        yield from found
        return
    for effect in found:
        yield replace(effect, is_certain=False)
