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
from deadweight.model.image import unknown_home
from deadweight.model.questions import each_once
from deadweight.model.stages import home_of
from deadweight.model.variables import Scope, expand
from deadweight.syntax import shell, shell_plain
from deadweight.syntax.shell_runs import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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
_SETS = _DECLARES | shell.CONDA | {".", "source"}
_ACT_ON_SHELL = _SETS | {"cd", "pushd", "trap"}
_MADE = re.compile(r"\$\((?:\S*/)?mktemp\b|`mktemp\b")  # `$(mktemp -d)`
_SCRATCH = "/tmp/scratch"  # noqa: S108 - what it makes, whatever it is called
_XARGS = frozenset(("xargs", "/usr/bin/xargs"))
_RUN_OTHERS = ("python", "pypy", "php", "corepack", "npx")  # such as pip: `python3 -m pip`
# In front of what they run, which is perhaps no program of its own.
_TYPED_AGAIN = frozenset(("php", "corepack", "npx"))
# Programs that run another one as another account.
_SWITCHES = frozenset(("gosu", "su-exec", "su", "runuser", "setpriv", "doas"))
_TO_ACCOUNT = re.compile(r"--user(?:=(?P<long>.+))?|-[EHPn]*u(?P<short>.*)")  # `sudo -Hu app`
_ACTIVATE = "/bin/activate"  # of a virtual environment, or of conda


class Written(NamedTuple):
    """A call as it is written, wherever it stands: all that tells what it does, but for what lies below its layer.

    `whole` is the command, or the pipeline or block that it stands in, with its heredocs; `own` the command, for others
    may stand there. `assigned` are the variables that it may ask for.
    """

    whole: str
    own: str
    words: tuple[str, ...]
    folder: str | None
    assigned: tuple[tuple[str, str | None], ...]
    conditional: bool
    shell: str

    def inside(self, outer: Written) -> Written:
        """A call of the script that another command hands to a shell."""
        assigned = (*outer.assigned, *self.assigned)
        conditional = outer.conditional or self.conditional
        return Written(outer.whole, self.own, self.words, self.folder, assigned, conditional, self.shell)


class Reading(NamedTuple):
    """A call, what it says by itself, what it does, and what it asked of the layers below to do so."""

    written: Written
    told: _Told
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
    readings = tuple(before)
    known = {each.written: each for each in readings}
    told = {each.written.own: each.told for each in readings}
    files = around.files
    asked, done = files.asked, tuple[Effect, ...]()
    for number, (written, said, call) in enumerate(_calls(body.script, around, body, _SoFar({}, told))):
        old, first = known.get(written), len(asked)
        is_here = old is not None and old.call.around.files.here == done
        if old is not None:
            call.said.update(old.call.said)
        if old is not None and is_here and is_on_the_same:
            asked += old.asked
            effects, own = _moved(call, old), old.asked
        else:
            here = Filesystem(files.below, files.context, files.mounts, files.site, done, asked) if done else files
            if old is not None and here.asks_again(old.asked, is_on_the_same=is_on_the_same):
                effects = _moved(call, old)
            else:
                del asked[first:]
                effects = tuple(effects_of(_within(call, _finding(call.around, here))))
                if number < len(readings) and effects == readings[number].effects:
                    effects = readings[number].effects  # the same objects, so that nobody compares them once more
            own = each_once(asked[first:])
        if old is not None and is_here and _are_same(call.around, old.call.around):
            surroundings = old.call.around
        else:
            surroundings = _finding(call.around, Filesystem(None, None, here=done))
        yield Reading(written, said, _within(call, surroundings), effects, own)
        done = (*done, *effects)


def read_again(old: Reading, text: str, place: Span, files: Filesystem) -> Reading | None:
    """A call as the words of a command in `text` have it, in the place of an `old` one that was no more than words;
    None where others of its RUN may hear of that.

    Its effects are the same objects where it does the same.
    """
    around, placed, was = old.call.around, old.call.own, old.told
    command = shell_plain.command(text, placed.command.span.start)
    said = _told(command)
    program = said.program
    others = old.call.placed is not placed or was.fed is not None or said.fed is not None or said.is_nesting
    # Variables of the shell, and not only those of the image, are the business of all its commands.
    if others or program is None or not {program, was.program}.isdisjoint(_ACT_ON_SHELL):
        return None
    if not isinstance(around.variables, Scope):
        return None
    firsts = {command.words[0].text, placed.command.words[0].text}
    is_elsewhere = (said.account, said.entered) != (was.account, was.entered)
    if is_elsewhere or (len(firsts) > 1 and not shell.TESTS.isdisjoint(firsts)):
        return None
    _, _, _, folder, assigned, conditional, its_shell = old.written
    written = Written(text, text, said.texts, folder, assigned, conditional, its_shell)
    words = command.words[said.words - len(said.texts) :]
    here = placed._replace(command=command)
    call = Call(program, said.typed, words, old.call.span, place, _finding(around, files), here, here)
    effects = tuple(effects_of(call))
    if effects == old.effects:
        effects = old.effects
    return Reading(written, said, _within(call, around), effects, each_once(files.asked))


def _within(call: Call, around: Surroundings) -> Call:
    """The call in these surroundings."""
    made = Call(call.program, call.typed, call.words, call.span, call.place, around, call.placed, call.own)
    made.said.update(call.said)
    return made


def _finding(around: Surroundings, files: Filesystem) -> Surroundings:
    """The surroundings of a call that finds these files. A layer outlives those that it was read on: of its own calls,
    none has those.
    """
    return Surroundings(around.folder, around.variables, around.home, around.base, files, around.shell)


def _are_same(one: Surroundings, other: Surroundings) -> bool:
    """Whether these are the same but for the files."""
    return (one.folder, one.home, one.variables) == (other.folder, other.home, other.variables)


def _moved(call: Call, old: Reading) -> tuple[Effect, ...]:
    """What a call does that did this, perhaps as another command of its RUN."""
    return old.effects if old.call.span == call.span else tuple(_at(call, old.effects))


def _at(call: Call, effects: Iterable[Effect]) -> Iterator[Effect]:
    """What a call does, as another command of its RUN."""
    for each in effects:
        yield Effect(each.kind, each.path, each.cause, call.span, each.is_certain)


class _SoFar(NamedTuple):
    """The numbers of the calls so far, by their places, and what commands say by themselves, by their texts."""

    numbers: dict[Span, Nth]
    told: dict[str, _Told]


def _calls(
    script: Script, around: Surroundings, body: RunBody, so_far: _SoFar, offset: int = 0
) -> Iterator[tuple[Written, _Told, Call]]:
    """The calls of a script, in order; `offset` is where the script starts in that of `body`.

    A script in a script (`bash -c 'apt-get update'`) is looked into. Its calls stand where the outer command does; what
    a `trap` has the shell run when it ends comes last.
    """
    numbers, told = so_far
    place_of = body.source.span
    within = _surroundings(around)
    folder = inner = around.folder
    local: dict[str, str | None] = {}
    last: tuple[Nested, Written, Placed] | None = None
    for run in runs(script):
        placed, command = run.placed, run.placed.command
        own = script.text[command.span.start : command.span.end]
        said = told.get(own)
        if said is None or said.words != len(command.words):
            said = told[own] = _told(command)
        program, texts = said.program, said.texts
        words = command.words[said.words - len(texts) :]
        if run.arguments is not None or said.fed is not None:
            words = _words_given(run, said, words, around, inner)
            texts = tuple([word.text for word in words])
        assigned = _assigned_by(run, around.variables, local) if command.assignments else {}
        if program is None:
            local.update(assigned)
        elif program in _SETS:
            local.update(_set_by(program, words, around, inner))
        changed = {**local, **run.bound, **assigned}
        inner = inner if placed.subshell else folder
        home = around.home if said.account is None else home_of(said.account) or unknown_home(said.account)
        here = within(changed, inner, home)
        if said.entered:
            here = within({**changed, **_activated(here, said.entered)}, inner, home)
        if program in ("cd", "pushd"):
            inner = (_MADE.match(words[0].pattern) and _SCRATCH) or here.resolve(words[0].pattern) if words else home
            folder = folder if placed.subshell else inner
        elif program is not None:
            whole = _whole(script, placed, own) if placed.ancestors or "<<" in own else own
            matters = _that_matter(changed, whole, texts) if changed else ()
            written = Written(whole, own, texts, inner, matters, placed.conditional, around.shell)
            nested = shell.nested(command) if said.is_nesting else None
            if nested is not None:
                its_shell = program if program in shell.SHELLS else ""  # `su` starts that of the account
                yield from _inside(nested, written, placed, replace(here, shell=its_shell), body, so_far, offset)
                continue
            if program == "trap" and (at_exit := shell.at_exit(command)) is not None:
                last = (at_exit, written, placed)
            place = command.span
            if offset:
                words = tuple([word._replace(span=word.span.shifted(offset)) for word in words])
                place = place.shifted(offset)
            place = place_of(place)
            number = numbers.get(place)
            if number is None:
                number = numbers[place] = _nth(len(numbers))
            yield written, said, Call(program, said.typed, words, number, place, here, placed, placed)
    if last is not None:
        yield from _inside(*last, within(local, folder, around.home), body, so_far, offset)


def _inside(
    nested: Nested,
    outer: Written,
    placed: Placed,
    around: Surroundings,
    body: RunBody,
    so_far: _SoFar,
    offset: int,
) -> Iterator[tuple[Written, _Told, Call]]:
    """The calls of a script that a command of the script hands to a shell."""
    for inside, its, call in _calls(shell.parse(nested.text), around, body, so_far, offset + nested.offset):
        where = placed._replace(conditional=placed.conditional or call.placed.conditional)
        yield inside.inside(outer), its, replace(call, placed=where)


def _surroundings(
    around: Surroundings,
) -> Callable[[Mapping[str, str | None], str | None, str | None], Surroundings]:
    """What gives those of a call, by the variables that were set, its folder and its home: the ones of the call before
    it, where these are the same.
    """
    outer: dict[str, str | None] = {}
    changed: Mapping[str, str | None] = {}
    made = around

    def found(now: Mapping[str, str | None], folder: str | None, home: str | None) -> Surroundings:
        nonlocal outer, changed, made
        if folder != made.folder or home != made.home or now != changed:
            outer = outer or {**around.variables}
            variables = {**outer, **now} if now else around.variables
            made = Surroundings(folder, variables, home, around.base, around.files, around.shell)
            changed = now
        return made

    return found


_nth = lru_cache(maxsize=1024)(Nth)


def _words_given(
    run: Run, said: _Told, words: tuple[Word, ...], around: Surroundings, folder: str | None
) -> tuple[Word, ...]:
    """The words of a command with those that it gets from elsewhere: from who calls its function, or from a pipe."""
    words = run.filled(words)
    if said.fed is None:
        return words
    around = replace(around, folder=folder)
    return tuple(feeding.words_given(run.placed, run.placed.command.words[said.fed :], words, around))


def _set_by(
    program: str, words: tuple[Word, ...], around: Surroundings, folder: str | None
) -> Iterable[tuple[str, str | None]]:
    """The variables that a builtin or a function of the shell sets."""
    if program in _DECLARES:
        return _exported(words)
    texts = [word.text for word in words]
    match texts:
        case ["activate" | "deactivate", *_]:  # `conda activate web`, or `source activate web` as in its first years
            return _activated(around, texts).items()
        case [script, _] if script.endswith(_ACTIVATE) and program not in shell.CONDA:
            return _activated(around, texts).items()
        case [script, *_] if script.endswith(_ACTIVATE):
            place = posixpath.join(folder or "", script.removesuffix(_ACTIVATE))
            return (("VIRTUAL_ENV", around.resolve(place)),)
    return ()


def _that_matter(
    changed: Mapping[str, str | None], whole: str, texts: tuple[str, ...]
) -> tuple[tuple[str, str | None], ...]:
    """The variables that a call may ask for: those that it names, and those that a tool looks for in its environment,
    which are written in capitals, or are npm's.
    """
    named = " ".join((whole, *texts))
    return tuple(
        [
            (name, value)
            for name, value in changed.items()
            if name in named or name.isupper() or name.lower().startswith("npm_config_")
        ]
    )


def _whole(script: Script, placed: Placed, own: str) -> str:
    """The outermost pipeline or block that a command stands in, else the command, with their heredocs."""
    found: Node = placed.command
    for node in placed.ancestors:
        if not isinstance(node, shell.Chain):
            found, own = node, script.text[node.span.start : node.span.end]
            break
    return "".join((own, *_heredocs(found))) if "<<" in own else own


def _heredocs(node: Node) -> Iterator[str]:
    """The texts that are fed to the commands of a node; they lie behind it."""
    if isinstance(node, (shell.Command, shell.Block)):
        yield from (redirect.heredoc.text for redirect in node.redirects if redirect.heredoc)
    yield from chain.from_iterable(map(_heredocs, shell.children(node)))


class _Told(NamedTuple):
    """What a command says by itself, wherever it stands: the program that really runs, as it is and as it is typed, and
    the texts of its words, which are the last ones of the command's `words`.

    `fed` is where the words behind `xargs` start, which puts more behind them; None without. `account` is the one that
    it runs as, if not that of the RUN; "?" where we do not know which. `entered` are the words that have it run in an
    environment of conda. `is_nesting`: it may hand a script to a shell.
    """

    program: str | None
    typed: str
    texts: tuple[str, ...]
    words: int
    fed: int | None
    account: str | None
    entered: tuple[str, ...]
    is_nesting: bool


def _told(command: Command) -> _Told:
    program, words = shell.program(command)
    is_nesting = shell.may_nest(program)
    typed = command.words[-len(words) - 1].text if program else ""
    if program and program.startswith(_RUN_OTHERS) and (inner := interpreters.interpreted(program, words)):
        program, count = inner
        if typed in _TYPED_AGAIN:
            typed = " ".join((typed, *(word.text for word in words[:count])))
        words = words[count:]
    texts = [word.text for word in command.words]
    at = next((at for at, text in enumerate(texts) if text in _XARGS), None) if program else None
    own = tuple(texts[len(texts) - len(words) :])
    fed, entered = None if at is None else at + 1, _entered(texts[: len(texts) - len(words)])
    return _Told(program, typed, own, len(texts), fed, _account(texts), entered, is_nesting)


def _activated(around: Surroundings, texts: Sequence[str]) -> dict[str, str | None]:
    """The variable that says which environment of conda is the active one, by `conda run -n web` or `activate web`."""
    from deadweight.model.commands import conda_places  # few files need it

    ask = conda_places.entered if "run" in texts[1:2] else conda_places.activation
    return {conda_places.ACTIVE: ask(around, texts)}


def _entered(texts: list[str]) -> tuple[str, ...]:
    """The words in front of a program that have it run in an environment: `conda run -n web`."""
    pairs = enumerate(pairwise(texts))
    at = next((at for at, (one, verb) in pairs if verb == "run" and posixpath.basename(one) in shell.CONDA), None)
    return () if at is None else tuple(texts[at:])


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
        found: Iterable[Effect] = () if is_question else (writes(None, Built(), call.span),)
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
