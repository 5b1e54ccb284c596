"""The names that one instruction mentions: build stages, images, variables and heredoc delimiters, each with its place.

What a name stands for depends on the instructions around; that is for `names.py` to say.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple
from weakref import WeakKeyDictionary

from deadweight.syntax import shell
from deadweight.syntax.dockerfile import Logical
from deadweight.syntax.json_form import read_array
from deadweight.syntax.run import is_posix, program_name, run_body
from deadweight.syntax.shell_variables import variables
from deadweight.syntax.words import (
    HEREDOC,
    Variable,
    WordError,
    heredoc_name,
    heredoc_spans,
    parts,
    split_plain,
    split_quoted,
)
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deadweight.syntax.dockerfile import Flag, Instruction
    from deadweight.syntax.words import Part


# base: a stage or image after FROM; stage: the name that FROM gives its stage; source: a stage or image after --from=
# use: a variable that the build reads; runtime: one that is read when the container runs
# set: a variable that a script sets and reads from outside as well; own: one that only the script knows
# arg, bare_arg: a variable that ARG declares, with a default and without; env: one that ENV sets
# opener, terminator: the delimiter of a heredoc behind `<<` and on its last line
Role = Literal[
    "base", "stage", "source", "use", "runtime", "set", "own", "arg", "bare_arg", "env", "opener", "terminator"
]


class Mention(NamedTuple):
    """A name in an instruction: `span` covers just the name, in the instruction's text."""

    role: Role
    name: str
    span: Span


_mentions: WeakKeyDictionary[Instruction, dict[tuple[str, ...], tuple[Mention, ...]]] = WeakKeyDictionary()


def mentions(instruction: Instruction, shell_form: tuple[str, ...] = ()) -> tuple[Mention, ...]:
    """The names in an instruction under this SHELL, those that it reads before those that it declares."""
    if instruction.keyword not in _DECLARES and not _MAY_MENTION.search(instruction.text):
        return ()
    known = _mentions.setdefault(instruction, {})
    if shell_form not in known:
        known[shell_form] = tuple(_read(instruction.trigger or instruction, shell_form)) + tuple(
            _heredoc_names(instruction)
        )
    return known[shell_form]


def flag_value(instruction: Instruction, flag: Flag) -> Logical:
    """The value of a flag without quotes and escapes, and where it comes from."""
    line = instruction.line
    start, end = (_offset_of(line, at) for at in flag.span)
    equals = line.text.find("=", start, end)
    return _read_again(line.part(equals + 1, end), _FLAG_ESCAPE) if equals >= 0 else line.part(end, end)


def mount_options(value: Logical) -> Iterator[tuple[str, Logical]]:
    """The options in the value of a `--mount`: name in lower case and value, where there is one."""
    start = 0
    for option in value.text.split(","):
        name, equals, _ = option.partition("=")
        if equals:
            yield name.strip().lower(), value.part(start + len(name) + 1, start + len(option))
        start += len(option) + 1


_DECLARES = frozenset(("FROM", "ARG", "ENV", "ONBUILD"))
_MAY_MENTION = re.compile(r"[$%]|<<|from|\b(?:unset|export)\b", re.IGNORECASE)
_EXPANDS = {  # the flags in which BuildKit looks for variables, or says that there must be none
    "FROM": ("platform",),
    "COPY": ("from", "chown", "chmod"),
    "ADD": ("from", "chown", "chmod", "checksum"),
}
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_PLAIN_NAME = re.compile(r"[^\s'\"\\`${}=]+")  # the name of a variable that stands as it is called
_HEALTH_COMMAND = re.compile(r"cmd[\t\v\f\r ]+", re.IGNORECASE)
_FLAG_ESCAPE = re.compile(r"\\(.)|['\"]", re.DOTALL)
_JSON_ESCAPE = re.compile(r"\\(.)(?:(?<=u)[0-9a-fA-F]{4})?")
_JSON_MEANT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "u": "\ufffd"}  # no letter of a name
_QUOTES = str.maketrans("'\"", "  ")
_POWERSHELL = re.compile(r"\$\{?env:(\w+)", re.IGNORECASE)  # `$env:PATH`
_CMD = re.compile(r"%(\w+)%")


def _read(instruction: Instruction, shell_form: tuple[str, ...]) -> Iterator[Mention]:
    keyword, arguments, escape = instruction.keyword, instruction.arguments, instruction.escape
    for flag in instruction.flags:
        yield from _flag(instruction, flag)
    match keyword:
        case "FROM":
            yield from _from(arguments, escape)
        case "ARG" | "ENV":
            yield from _declared(keyword, arguments, escape)
        case "LABEL":
            for word in split_quoted(arguments.text, escape):
                yield from _uses(arguments.part(*word.span), escape)
        case "COPY" | "ADD" | "VOLUME" | "EXPOSE":
            yield from _words(instruction)
        case "WORKDIR" | "USER" | "STOPSIGNAL":
            yield from _uses(arguments, escape)
        case "RUN":
            yield from _run(instruction, shell_form)
        case "CMD" | "ENTRYPOINT":
            yield from _command(arguments, shell_form, "runtime")
        case "HEALTHCHECK":
            if match := _HEALTH_COMMAND.match(arguments.text):
                yield from _command(arguments.part(match.end(), len(arguments.text)), shell_form, "runtime")


def _flag(instruction: Instruction, flag: Flag) -> Iterator[Mention]:
    keyword = instruction.keyword
    if flag.name == "mount" and keyword == "RUN":
        for name, value in mount_options(flag_value(instruction, flag)):
            yield from _uses(value, instruction.escape)
            if name == "from":
                yield from _stage("source", value)
    elif flag.name in _EXPANDS.get(keyword, ()):
        value = flag_value(instruction, flag)
        yield from _uses(value, instruction.escape)
        if flag.name == "from":
            yield from _stage("source", value)


def _stage(role: Role, value: Logical) -> Iterator[Mention]:
    if value.text and "$" not in value.text:
        yield Mention(role, value.text, value.span(Span(0, len(value.text))))


def _from(arguments: Logical, escape: str) -> Iterator[Mention]:
    words = list(split_plain(arguments.text, escape))
    if words:
        base = arguments.part(*words[0].span)
        yield from _uses(base, escape)
        yield Mention("base", base.text, base.span(Span(0, len(base.text))))
    if len(words) == 3 and words[1].text.lower() == "as":
        yield from _stage("stage", arguments.part(*words[2].span))


def _declared(keyword: str, arguments: Logical, escape: str) -> Iterator[Mention]:
    """What ARG and ENV read, then what they declare: no value sees the names of its own instruction."""
    words = list(split_quoted(arguments.text, escape))
    declared = [_name(keyword, arguments, word.span.start, word.text) for word in words]
    if keyword == "ENV" and words and "=" not in words[0].text:
        # The old form: all behind the name is the value.
        name = _BLANKS.split(arguments.text, maxsplit=1)[0]
        yield from _uses(arguments.part(len(name), len(arguments.text)), escape)
        declared = [_name(keyword, arguments, 0, name)]
    else:
        for word in words:
            yield from _uses(arguments.part(*word.span), escape)
    yield from filter(None, declared)


def _name(keyword: str, arguments: Logical, start: int, word: str) -> Mention | None:
    name, equals, _ = word.partition("=")
    if not _PLAIN_NAME.fullmatch(name):
        return None
    role: Role = "env" if keyword == "ENV" else "arg" if equals else "bare_arg"
    return Mention(role, name, arguments.span(Span(start, start + len(name))))


def _words(instruction: Instruction) -> Iterator[Mention]:
    arguments, escape = instruction.arguments, instruction.escape
    if instruction.array is not None:
        for text in _strings(arguments) or ():
            yield from _uses(text, escape)
    else:
        for word in split_plain(arguments.text, escape):
            if not HEREDOC.fullmatch(word.text):
                yield from _uses(arguments.part(*word.span), escape)
    for heredoc in instruction.heredocs:
        if heredoc.expands:
            content = instruction.text[heredoc.content.start : heredoc.content.end]
            # Quotes mean nothing there, and the escape is a backslash whatever the file says.
            plain = Logical(content.translate(_QUOTES), (0,), (heredoc.content.start,))
            yield from _uses(plain, "\\")


def _run(instruction: Instruction, shell_form: tuple[str, ...]) -> Iterator[Mention]:
    body = run_body(instruction, shell_form)
    if body is None:
        found = _command(instruction.arguments, shell_form, "use")
    else:
        found = _script(body.script, body.source, "use")
    secrets = {
        value.text
        for flag in instruction.flags
        if flag.name == "mount"
        for name, value in mount_options(flag_value(instruction, flag))
        if name == "env"
    }
    for mention in found:
        # `--mount=type=secret,id=token,env=TOKEN` gives this RUN a variable of its own.
        yield mention._replace(role="own") if mention.name in secrets else mention


def _command(arguments: Logical, shell_form: tuple[str, ...], role: Role) -> Iterator[Mention]:
    """The variables of a command in shell form, or of the script that an exec form hands to a shell."""
    strings = _strings(arguments)
    if strings is not None:
        script = _script_of(strings)
    elif is_posix(shell_form):
        script = arguments
    else:
        script = None
        pattern = _CMD if program_name(shell_form[0]).lower().removesuffix(".exe") == "cmd" else _POWERSHELL
        for match in pattern.finditer(arguments.text):
            yield Mention(role, match[1], arguments.span(Span(*match.span(1))))
    if script is not None:
        yield from _script(shell.parse(script.text), script, role)


def _script(script: shell.Script, source: Logical, role: Role) -> Iterator[Mention]:
    found = variables(script)
    for use in found.outer:
        yield Mention("set" if use.sets else role, use.name, source.span(use.span))
    nowhere = Span(0, 0)
    yield from (Mention("own", name, nowhere) for name in sorted(found.own))


def _script_of(strings: Sequence[Logical]) -> Logical | None:
    """The script in `["sh", "-c", "SCRIPT"]`."""
    values = [string.text for string in strings]
    at = next((at for at, value in enumerate(values) if program_name(value) in _SHELLS), len(values)) + 1
    while at < len(values) and values[at][:1] in ("-", "+"):
        option = values[at]
        if "c" in option and not option.startswith(("--", "+")):
            return strings[at + 1] if at + 1 < len(values) else None
        at += 2 if option.endswith("o") else 1
    return None


_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))


def _uses(value: Logical, escape: str) -> Iterator[Mention]:
    """The variables in a word that BuildKit expands; none in one that is not complete."""
    if "$" not in value.text:
        return
    try:
        found = parts(value.text, escape)
    except WordError:
        return
    for name, span in _names(value.text, found):
        yield Mention("use", name, value.span(span))


def _names(text: str, found: Sequence[Part]) -> Iterator[tuple[str, Span]]:
    for part in found:
        if not isinstance(part, Variable):
            continue
        start = part.span.start + (2 if text.startswith("${", part.span.start) else 1)
        if part.name.isidentifier():
            yield part.name, Span(start, start + len(part.name))
        for operand in part.operands:
            yield from _names(text, operand)


def _heredoc_names(instruction: Instruction) -> Iterator[Mention]:
    """The delimiters of an instruction's heredocs, each opener before its terminator."""
    if not instruction.heredocs:
        return
    line = instruction.line
    words = [(span, HEREDOC.fullmatch(line.text, *span)) for span in heredoc_spans(line.text)]
    openers = [match for _, match in words if match and heredoc_name(match[2])]
    for match, heredoc in zip(openers, instruction.heredocs, strict=False):
        written = match[2]
        start = match.start(2) + (written != heredoc.name and written[1:-1] == heredoc.name)
        whole = Span(start, start + len(heredoc.name)) if heredoc.name in written else Span(*match.span(2))
        yield Mention("opener", heredoc.name, line.span(whole))
        start = instruction.text.index(heredoc.name, heredoc.terminator.start)
        yield Mention("terminator", heredoc.name, Span(start, start + len(heredoc.name)))


def _strings(arguments: Logical) -> tuple[Logical, ...] | None:
    """The strings of an exec form, and where they come from; None where it is none."""
    found = read_array(arguments.text) if arguments.text.startswith("[") else None
    if found is None:
        return None
    insides = (arguments.part(word.span.start + 1, word.span.end - 1) for word in found)
    return tuple(_read_again(inside, _JSON_ESCAPE, _JSON_MEANT) for inside in insides)


def _offset_of(line: Logical, source: int) -> int:
    """The offset in a logical line of what stands at `source`."""
    run = max(bisect_right(line.sources, source) - 1, 0)
    return line.starts[run] + source - line.sources[run]


def _read_again(value: Logical, escape: re.Pattern[str], meant: Mapping[str, str] = MappingProxyType({})) -> Logical:
    """`value` with each escape replaced by the character it leaves, if any, or by what that one is `meant` for."""
    if not escape.search(value.text):
        return value
    text, done = "", 0
    starts: list[int] = []
    sources: list[int] = []
    for match in (*escape.finditer(value.text), None):
        plain = value.part(done, match.start() if match else len(value.text))
        if plain.text:
            starts += [len(text) + start for start in plain.starts]
            sources += plain.sources
            text += plain.text
        if match is None:
            break
        if match[1]:
            starts.append(len(text))
            sources.append(value.start(match.start(1)))
            text += meant.get(match[1], match[1])
        done = match.end()
    return Logical(text, tuple(starts or (0,)), tuple(sources or value.sources[:1]))
