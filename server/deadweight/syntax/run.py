"""What a RUN hands to its shell, as a script whose offsets lead back to the source of the instruction."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Literal, NamedTuple

from deadweight.syntax import shell
from deadweight.syntax.dockerfile import Logical, remembered
from deadweight.syntax.words import heredoc_words

if TYPE_CHECKING:
    from deadweight.syntax.dockerfile import Heredoc, Instruction
    from deadweight.text import Span

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))
_LINE = re.compile(r"[^\n]*\n")  # a heredoc ends its lines at LF only, and always ends its last one
_SHEBANG = re.compile(r"#!\s*(?:\S*/env\s+(?:-S\s+)?)?(?:\S*/)?([^\s/]+)([^\n]*)")


class RunBody(NamedTuple):
    """The script of a RUN. `source` maps its offsets to those of the instruction's text.

    `form`: "shell" for text on the instruction's own lines, "script" for `RUN <<EOF` where the heredoc is the script,
    "exec" for an array that no shell reads.
    `options`: what the shell is started with, `-e` among them where a failing command ends the script. `reader` is the
    shell, without its folder.
    """

    script: shell.Script
    source: Logical
    form: Literal["shell", "script", "exec"]
    options: tuple[str, ...] = ()
    reader: str = "sh"

    def span(self, span: Span) -> Span:
        """Where a span of the script stands in the instruction's text."""
        return self.source.span(span)


def is_posix(shell_form: tuple[str, ...]) -> bool:
    """Whether SHELL's words start a POSIX shell; an empty tuple stands for the default `/bin/sh -c`."""
    return not shell_form or program_name(shell_form[0]) in _SHELLS


def program_name(path: str) -> str:
    """`/usr/bin/apt-get` is `apt-get`."""
    return path.rsplit("/", 1)[-1]


def run_body(instruction: Instruction, shell_form: tuple[str, ...] = ()) -> RunBody | None:
    """The script of a RUN; None for an exec form, an empty RUN, and what no POSIX shell reads."""
    return _read_body(instruction, shell_form)


def exec_body(instruction: Instruction) -> RunBody | None:
    """The one command of an exec form, as a shell would be told to run it; None for any other form."""
    if not instruction.array:
        return None
    pieces: list[str] = []
    starts: list[int] = []
    sources: list[int] = []
    length = 0
    for word in instruction.array:
        text = shlex.quote(word.value or "")
        starts.append(length)
        sources.append(word.span.start)
        pieces.append(text)
        length += len(text) + 1
    source = Logical(" ".join(pieces), tuple(starts), tuple(sources))
    return RunBody(shell.parse(source.text), source, "exec")


@remembered
def _read_body(instruction: Instruction, shell_form: tuple[str, ...]) -> RunBody | None:
    if instruction.array is not None or not instruction.arguments.text:
        return None
    if len(instruction.heredocs) == 1 and _is_heredoc_alone(instruction):
        return _script_body(instruction.text, instruction.heredocs[0], shell_form)
    if not is_posix(shell_form):
        return None
    source = instruction.arguments
    if instruction.heredocs:
        source = _with_bodies(source, instruction)
    return RunBody(shell.parse(source.text), source, "shell", shell_form[1:], _reader(shell_form))


def _reader(shell_form: tuple[str, ...]) -> str:
    return program_name(shell_form[0]) if shell_form else "sh"


def _is_heredoc_alone(instruction: Instruction) -> bool:
    # `RUN <<"END OF SCRIPT"` is one heredoc word, though it has white space.
    return len(heredoc_words(instruction.arguments.text)) == 1


def _script_body(text: str, heredoc: Heredoc, shell_form: tuple[str, ...]) -> RunBody | None:
    content = text[heredoc.content.start : heredoc.content.end]
    options, reader = shell_form[1:], _reader(shell_form)
    if shebang := _SHEBANG.match(content):
        if shebang[1] not in _SHELLS:
            return None
        options, reader = tuple(shebang[2].split()), shebang[1]
    elif not is_posix(shell_form):
        return None
    pieces: list[str] = []
    starts: list[int] = []
    sources: list[int] = []
    length, offset = 0, heredoc.content.start
    for line in _LINE.findall(content) if heredoc.strips_tabs else [content]:
        kept = line.lstrip("\t") if heredoc.strips_tabs else line
        starts.append(length)
        sources.append(offset + len(line) - len(kept))
        pieces.append(kept)
        length += len(kept)
        offset += len(line)
    source = Logical("".join(pieces), tuple(starts or (0,)), tuple(sources or (heredoc.content.start,)))
    return RunBody(shell.parse(source.text), source, "script", options, reader)


def _with_bodies(line: Logical, instruction: Instruction) -> Logical:
    """The logical line and, below it, the heredocs as BuildKit hands them to the shell: `RUN cat <<EOF > /etc/motd`.

    The line that ends a body is its bare name there: no tabs before it, no CR behind it.
    """
    pieces = [line.text, "\n"]
    starts = list(line.starts)
    sources = list(line.sources)
    length = len(line.text) + 1
    for heredoc in instruction.heredocs:
        content = instruction.text[heredoc.content.start : heredoc.content.end]
        name = instruction.text.index(heredoc.name, heredoc.terminator.start)
        pieces += (content, heredoc.name, "\n")
        starts += (length, length + len(content))
        sources += (heredoc.content.start, name)
        length += len(content) + len(heredoc.name) + 1
    return Logical("".join(pieces), tuple(starts), tuple(sources))
