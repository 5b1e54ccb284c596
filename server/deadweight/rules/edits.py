"""The vocabulary of fixes: small edits that keep the user's layout, operators and line ends.

Every function gives edits in the file, or None where it cannot keep its word: that the exit status of the RUN, and
whatever runs after the place of the edit, stay the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import takewhile
from typing import TYPE_CHECKING

from deadweight.rules.rule import AddedLines
from deadweight.rules.script_places import body_of, place_of
from deadweight.syntax import shell
from deadweight.syntax.dockerfile import Blank, Comment
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.layers import Layer
    from deadweight.rules.script_places import Place
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Dockerfile
    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Node, Statement, Word

IGNORE_FILE = ".dockerignore"

PLAIN_PATH = re.compile(r"/[\w./+@-]+")  # an absolute path that needs no quotes
_WIDTH = 100  # a line that would grow beyond it is continued on the next
_BREAK = re.compile(r"(?P<before>[^\n]*?)[ \t]*\r?\n(?P<between>.*\n)?(?P<indent>[ \t]*)", re.DOTALL)
_LEADS_NOTHING = re.compile(r"[ \t]*&&[ \t]*\S?\r?\n")  # an operator that has a line to itself
_PATTERN_MARKS = re.compile(r"[\[\]*?\\]|^[!#\s]|\s$")
_SWITCHES = frozenset(("sudo", "doas", "gosu", "su-exec", "setpriv", "runuser"))  # and what they run, in one command
_SETS = re.compile(r"(?<![\w./-])(?:\.|source|export|eval|nvm|alias)(?!\S)|\w=")  # `. ~/.nvm/nvm.sh`, `PATH=...`
_STATUS = re.compile(r"\$\?|\$\{\?\}")  # `$?`
# What sees more of a script's course than its exit status: `${PIPESTATUS[0]}`, `trap clean ERR`.
_WATCHED = re.compile(r"\bPIPESTATUS\b|\btrap\b[^\n;&|]*\b(?:ERR|DEBUG)\b")


def insert_word(snapshot: Snapshot, layer: Layer, after: Word, text: str) -> Edit | None:
    """Put a word behind a word of a command: a flag behind its verb."""
    body = body_of(layer)
    return Edit(_at(snapshot, layer, body.source.end(after.span.end)), f" {text}") if body else None


def insert_names(snapshot: Snapshot, layer: Layer, after: Word, names: Iterable[str]) -> Edit | None:
    """Put names behind the last one of a list; where that has a line to itself, so do they."""
    body = body_of(layer)
    if body is None:
        return None
    text, end = layer.instruction.text, body.source.end(after.span.end)
    before = text[text.rfind("\n", 0, end) + 1 : body.source.start(after.span.start)]
    is_alone = before.isspace() and body.form == "shell"
    gap = f" {layer.instruction.escape}{line_end(text)}{before}" if is_alone else " "
    return Edit(_at(snapshot, layer, end), "".join(f"{gap}{name}" for name in names))


def insert_word_before(snapshot: Snapshot, layer: Layer, before: Word, text: str) -> Edit | None:
    """Put a word in front of a word of a command: a flag behind a program's name."""
    body = body_of(layer)
    return Edit(_at(snapshot, layer, body.source.start(before.span.start)), f"{text} ") if body else None


def insert_in_word(snapshot: Snapshot, layer: Layer, word: Word, at: int, text: str) -> Edit | None:
    """Put `text` into a word of a command, behind its first `at` characters."""
    body = body_of(layer)
    return Edit(_at(snapshot, layer, body.source.start(word.span.start + at)), text) if body else None


def insert_above(snapshot: Snapshot, layer: Layer, line: str) -> Edit:
    """Put an instruction above another one and the comments that stand on that."""
    offset = with_comments(snapshot.tree, snapshot.offset(layer.site))
    return Edit(Span(offset, offset), line + line_end(snapshot.text))


def append_command(
    snapshot: Snapshot,
    layer: Layer,
    call: Call,
    command: str,
    *,
    like: Call | None = None,
    above: Layer | None = None,
    wider: int = 0,
) -> Edit | None:
    """Run `command`, which never fails, right after `call` where that succeeded, in the operators already in force.

    Behind a call in a branch or loop it runs when the whole of that is done. It runs as the account of `call`; where
    that is another one than the RUN's, as that of the call `like`, which wrote what it takes away. `above` is the RUN
    that this one becomes a part of, so that it has several lines then; `wider` are the characters that another edit
    puts into its line.
    """
    body = body_of(layer)
    place = body and place_of(body, call)
    as_user = _as_user_of(layer, call if like is None or _is_by_own_account(layer, call) else like, command)
    if not body or not place or place.errexit is None or as_user is None or _WATCHED.search(body.script.text):
        return None
    command = as_user
    after, operator = place.unit, "&&"
    if place.errexit and not place.is_before_operator:
        # With `set -e` a failing `a` ends the script in `a; b`, not in `a && b`. An `if` may fail without ending it.
        is_unread = not place.is_last and not _STATUS.search(body.script.text)
        if place.chain is None and (place.is_program or is_unread):
            operator = ";"
        elif place.chain is not None and place.is_program and place.is_end_of_script:
            operator = "&&"
        elif place.chain is not None and is_unread:
            after, operator = place.chain, ";"
        else:
            return None
    joined = _joined(snapshot, layer, body, place, operator, command, above, wider)
    return Edit(_at(snapshot, layer, body.source.end(after.span.end)), joined)


def prepend_command(snapshot: Snapshot, layer: Layer, call: Call, command: str) -> Edit | None:
    """Run `command` right before `call`, or before all that decides whether it runs: where it fails, so does that."""
    body = body_of(layer)
    place = body and place_of(body, call, whole=call.placed.conditional)
    as_user = _as_user_of(layer, call, command)
    if not body or not place or place.errexit is None or as_user is None:
        return None
    start = body.source.start(place.unit.span.start)
    operator = ";" if place.errexit and place.unit.span.start == place.statement.span.start else "&&"
    command = as_user
    return Edit(_at(snapshot, layer, start), f"{command}{_joint(layer, body, start, operator, command)}")


def remove_instruction(snapshot: Snapshot, layer: Layer) -> Edit:
    """Take an instruction out of the file with all its lines."""
    start, text = snapshot.offset(layer.site), layer.instruction.text
    end = start + len(text)
    if not text.endswith("\n"):  # the file ends without a line end, and goes on doing so
        start = len(snapshot.text[:start].rstrip("\r\n"))
    return Edit(with_blanks(snapshot.tree, Span(start, end)), "")


def remove_instructions(snapshot: Snapshot, layers: Sequence[Layer]) -> tuple[Edit, ...]:
    """Take instructions out of the file, those right below each other at once."""
    spans: list[Span] = []
    for layer in layers:
        start = snapshot.offset(layer.site)
        first = spans.pop().start if spans and spans[-1].end == start else start
        spans.append(Span(first, start + len(layer.instruction.text)))
    return tuple(Edit(with_blanks(snapshot.tree, span), "") for span in spans)


def replace_word(snapshot: Snapshot, layer: Layer, word: Word, text: str) -> Edit | None:
    """Put `text` in place of a word of a command; without a text the word goes, and the blanks before it, or the line
    that it stands on alone.
    """
    body = body_of(layer)
    if body is None:
        return None
    start, end = body.source.start(word.span.start), body.source.end(word.span.end)
    if not text:
        source, escape = layer.instruction.text, layer.instruction.escape
        first, last = source.rfind("\n", 0, start) + 1, source.find("\n", end) + 1 or len(source)
        start = len(source[:start].rstrip(" \t"))
        if start == first and source[end:last].strip() == escape:
            return Edit(Span(first, last).shifted(snapshot.offset(layer.site)), "")
        before = source[:first].rstrip("\r\n")
        if start == first and not source[end:last].strip() and before.endswith(escape):
            start = len(before.removesuffix(escape).rstrip(" \t"))  # the last line of all
    return Edit(Span(start, end).shifted(snapshot.offset(layer.site)), text)


def swap_words(snapshot: Snapshot, layer: Layer, swaps: Iterable[tuple[Word, str]]) -> tuple[Edit, ...] | None:
    """Put a text in place of each of these words, or nothing: the words of an install that is to bring less."""
    return complete(replace_word(snapshot, layer, word, text) for word, text in swaps)


def remove_word(snapshot: Snapshot, layer: Layer, word: Word) -> Edit | None:
    """Take a word out of a command that has more of them; where it has a line to itself, that line."""
    body = body_of(layer)
    if body is None:
        return None
    text, escape = layer.instruction.text, re.escape(layer.instruction.escape)
    start, end = body.source.start(word.span.start), body.source.end(word.span.end)
    line = text.rfind("\n", 0, start) + 1
    if not text[line:start].strip():
        if rest := re.match(rf"[ \t]*{escape}[ \t]*\r?\n", text[end:]):
            return Edit(Span(line, end + rest.end()).shifted(snapshot.offset(layer.site)), "")
        before = re.search(rf"[ \t]*{escape}[ \t]*\r?\n[ \t]*\Z", text[:start])
        return Edit(Span(before.start(), end).shifted(snapshot.offset(layer.site)), "") if before else None
    return replace_word(snapshot, layer, word, "")


def move_below(snapshot: Snapshot, moved: Sequence[Layer], last: Layer, *, flag: str = "") -> tuple[Edit, ...]:
    """Move instructions, with the comments that stand on them, right below `last`; `flag` goes behind each keyword.

    Where a blank line stands above them, one does below `last`.
    """
    source = snapshot.text
    newline = line_end(source)
    spans: list[Span] = []
    above = with_comments(snapshot.tree, snapshot.offset(moved[0].site))
    lines = newline if _blanks(snapshot.tree, above, -1) else ""
    for layer in moved:
        instruction, offset = layer.instruction, snapshot.offset(layer.site)
        start, end = with_comments(snapshot.tree, offset), offset + len(instruction.text)
        text = source[start:end]
        at = offset - start + instruction.span.start + len(instruction.keyword)
        lines += (f"{text[:at]} {flag}{text[at:]}" if flag else text).removesuffix(newline) + newline
        first = spans.pop().start if spans and spans[-1].end == start else start
        spans.append(Span(first, end))
    edits = [Edit(with_blanks(snapshot.tree, span), "") for span in spans]
    at = snapshot.offset(last.site) + len(last.instruction.text)
    if source[:at].endswith("\n"):
        return (*edits, Edit(Span(at, at), lines))
    return (*edits, Edit(Span(at, at), newline + lines.removesuffix(newline)))


def insert_flag(snapshot: Snapshot, layer: Layer, flag: str) -> Edit:
    """Put a flag behind the keyword of an instruction: `COPY --chown=app . .`."""
    instruction = layer.instruction
    at = snapshot.offset(layer.site) + instruction.span.start + len(instruction.keyword)
    return Edit(Span(at, at), f" {flag}")


def remove_command(snapshot: Snapshot, layer: Layer, call: Call) -> Edit | None:
    """Take a command, which never fails, out of its list or chain, with the operator that joins it."""
    body = body_of(layer)
    place = body and place_of(body, call)
    if not body or not place or place.errexit is None or call.placed.command.redirects:
        return None
    if call.place != body.span(call.placed.command.span):
        return None  # it stands in a script within the script
    if place.unit is not call.placed.command or (place.chain and set(place.chain.operators) != {"&&"}):
        return None
    siblings: tuple[Node | Statement, ...]
    if place.chain is not None:
        siblings, own = place.chain.parts, place.chain.parts.index(place.unit)
    else:
        siblings, own = place.list.statements, place.list.statements.index(place.statement)
    if len(siblings) == 1 or place.list is not body.script.body or _STATUS.search(body.script.text):
        return None
    if own == 0:
        start, end = body.source.start(siblings[0].span.start), body.source.start(siblings[1].span.start)
    else:
        start, end = body.source.end(_last(siblings[own - 1]).span.end), body.source.end(place.unit.span.end)
    return Edit(Span(start, end).shifted(snapshot.offset(layer.site)), "")


def complete(edits: Iterable[Edit | None]) -> tuple[Edit, ...] | None:
    """The edits, where each of them can be made."""
    made = tuple(edits)
    return None if None in made else tuple(edit for edit in made if edit is not None)


def append_lines(text: str, lines: Iterable[str]) -> Edit:
    """Put whole lines at the end of a text."""
    newline, end = line_end(text), len(text)
    added = "".join(f"{line}{newline}" for line in lines)
    return Edit(Span(end, end), added if not text or text.endswith("\n") else newline + added)


def ignore(context: BuildContext, patterns: Iterable[str]) -> AddedLines:
    """Leave out of the build context what patterns match: at the end of the ignore file in use, or in a new one."""
    path = context.ignore_file
    return AddedLines(path or IGNORE_FILE, tuple(patterns), is_new=path is None)


def is_literal(path: str) -> bool:
    """Whether a path is a pattern of an ignore file for itself alone."""
    return _PATTERN_MARKS.search(path) is None


def name_of_ignore_file(context: BuildContext) -> str:
    """The ignore file in use as a person calls it, or the one that is missing."""
    return (context.ignore_file or IGNORE_FILE).rpartition("/")[2]


def listed(names: Sequence[str]) -> str:
    """Names in the words of a title: "package.json, yarn.lock and .yarnrc.yml"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def with_comments(tree: Dockerfile, offset: int) -> int:
    """Where the comments start that stand right on the instruction at `offset`."""
    number = bisect_left(tree.offsets, offset)
    while number and isinstance(tree.pieces[number - 1], Comment):
        number -= 1
    return tree.offsets[number]


def with_blanks(tree: Dockerfile, span: Span) -> Span:
    """Whole lines that are to go, with the blank lines below them that those above stand for already."""
    below = _blanks(tree, span.end, 1)
    return Span(span.start, span.end + sum(map(len, below[: len(_blanks(tree, span.start, -1))])))


def line_end(text: str) -> str:
    """The line end in use: that of the first line."""
    newline = text.find("\n")
    return "\r\n" if newline > 0 and text[newline - 1] == "\r" else "\n"


def _blanks(tree: Dockerfile, offset: int, step: int) -> list[str]:
    """The blank lines right above (-1) or below (1) an offset at which a piece starts."""
    number = bisect_left(tree.offsets, offset) + min(step, 0)
    found: list[str] = []
    while 0 <= number < len(tree.pieces) and isinstance(piece := tree.pieces[number], Blank):
        found.append(piece.text)
        number += step
    return found


def _at(snapshot: Snapshot, layer: Layer, offset: int) -> Span:
    start = snapshot.offset(layer.site) + offset
    return Span(start, start)


def _as_user_of(layer: Layer, call: Call, command: str) -> str | None:
    """A command as it is typed to run where a call does: `sudo -E command`, `su app -c 'command'`, `conda run -n web
    command`; None where that is not known. One that says itself as whom it runs stays as it is.
    """
    program, words = command.partition(" ")[0], call.placed.command.words
    if program in _SWITCHES:
        return command
    _, behind = shell.program(call.placed.command)  # of `sudo -u app sh -c 'npm install'` those behind sh
    wrapper = [word.text for word in words[: len(words) - len(behind) - 1]]
    # `conda run -n web npm ci`: there is no npm outside.
    switches = _SWITCHES if program == "rm" else _SWITCHES | shell.CONDA
    first = next((at for at, text in enumerate(wrapper) if text.rpartition("/")[2] in switches), None)
    if first is not None:
        own = takewhile(lambda text: text != "xargs", wrapper[first:])  # which reads what comes by a pipe
        return " ".join((*own, command))
    if _is_by_own_account(layer, call):
        return command
    return _by_su(words, command) if words[0].text == "su" else None


def _is_by_own_account(layer: Layer, call: Call) -> bool:
    """Whether a call runs as the account of its RUN, or by sudo as root, who may do all that it may."""
    return layer.step is not None and call.around.home == layer.step.state.own_home


def _by_su(words: Sequence[Word], command: str) -> str | None:
    """`su app -c 'command'`, for one that is the same wherever it runs; None where the script that is handed to su so
    far sets what the programs in it need.
    """
    at = next((at for at, word in enumerate(words[:-1]) if word.text in ("-c", "--command")), None)
    program, *operands = (each for each in command.split() if not each.startswith("-"))
    if at is None or _SETS.search(words[at + 1].text) or "'" in command:
        return None
    if program == "rm" and not all(each.startswith(("/", "~/")) for each in operands):
        return None
    texts = [word.text for word in words]
    return " ".join((*texts[: at + 1], f"'{command}'", *texts[at + 2 :]))


def _joined(
    snapshot: Snapshot,
    layer: Layer,
    body: RunBody,
    place: Place,
    operator: str,
    command: str,
    above: Layer | None,
    wider: int,
) -> str:
    """`command` with the operator before it, broken over lines the way its neighbours are."""
    text = layer.instruction.text
    newline = line_end(text if "\n" in text else snapshot.text)  # of the last line of a file, it may have none
    start, end = body.source.start(place.unit.span.start), body.source.end(place.unit.span.end)
    spaced = " && " if operator == "&&" else "; "
    if body.form == "script":
        line = text[text.rfind("\n", 0, end) + 1 :].partition("\n")[0]
        rest = text[end:].partition("\n")[0].strip()
        if operator == ";" and not rest and "<<" not in line:
            return f"{newline}{_indent(text, start)}{command}"
        return spaced + command
    escape = layer.instruction.escape
    gap = _neighbouring_gap(text, body, place)
    if gap is not None and (match := _BREAK.match(gap)):
        trails = match["before"].replace(escape, "").strip()
        if not trails and operator == "&&" and not _LEADS_NOTHING.match(match["between"] or ""):
            return f" {escape}{newline}{match['indent']}&& {command}"
        # `npm ci &&\`, with a blank or without
        joint = match["before"] if trails == operator else f"{spaced.rstrip()} {escape}"
        return f"{joint}{newline}{match['indent']}{command}"
    line = text[text.rfind("\n", 0, end) + 1 :].partition("\n")[0].rstrip()
    is_short = "\n" not in text[start:end] and len(line) + wider + len(spaced) + len(command) <= _WIDTH
    is_amid = gap is not None and bool(text[end:].partition("\n")[0].strip(f" \t\r{escape}"))
    if above is None and (is_short or (is_amid and len(line) > _WIDTH)):
        return spaced + command
    from deadweight.rules.line_breaks import seam  # a session starts without it

    ending, starting = seam(snapshot, (layer, above) if above else (layer,), operator)
    return f"{ending}{newline}{starting}{command}"


def _joint(layer: Layer, body: RunBody, start: int, operator: str, command: str) -> str:
    """The operator between `command` and what it is put before, on a line of its own where that would grow too long."""
    text, newline, escape = layer.instruction.text, line_end(layer.instruction.text), layer.instruction.escape
    before = text[text.rfind("\n", 0, start) + 1 : start]
    after = text[start:].partition("\n")[0]
    is_short = len(command) < _WIDTH // 2 or len(f"{before}{command} && {after}") <= _WIDTH
    if is_short or body.form != "shell":
        return "; " if operator == ";" else " && "
    indent = before[: len(before) - len(before.lstrip())] or "    "
    if operator == ";":
        return f"; {escape}{newline}{indent}"
    return f" && {escape}{newline}{indent}" if before.isspace() else f" {escape}{newline}{indent}&& "


def _last(sibling: Node | Statement) -> Node:
    return sibling.node if isinstance(sibling, shell.Statement) else sibling


def _neighbouring_gap(text: str, body: RunBody, place: Place) -> str | None:
    """The source between the unit and the nearest command it is joined to, where there is one."""
    siblings: tuple[Node | Statement, ...]
    if place.chain is not None:
        siblings, own = place.chain.parts, place.chain.parts.index(place.unit)
    else:
        siblings, own = place.list.statements, place.list.statements.index(place.statement)
    if len(siblings) == 1:
        return None
    first, second = siblings[max(own - 1, 0)], siblings[max(own, 1)]
    return text[body.source.end(_last(first).span.end) : body.source.start(second.span.start)]


def _indent(text: str, offset: int) -> str:
    """The white space that the line of `offset` starts with."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip())]
