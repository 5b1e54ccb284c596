"""`deadweight fix`: takes the dead weight off. Shows a diff unless told to write."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.analysis.fix_all import fix_all
from deadweight.analysis.report import about
from deadweight.cli import build
from deadweight.cli.findings import add_selection, selection
from deadweight.cli.main import CLEAN, FINDINGS, UNREADABLE
from deadweight.cli.output import is_coloured, paint, warn, write
from deadweight.rules.catalog import BY_ID
from deadweight.rules.edits import append_lines
from deadweight.rules.rule import Safety
from deadweight.settings import no_such_rule
from deadweight.size.units import total
from deadweight.text import apply_edits
from deadweight.workspace.files import UnreadableError, read_text, shown, write_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from deadweight.analysis.fix_all import Outcome
    from deadweight.analysis.report import Reported
    from deadweight.cli.build import Read
    from deadweight.rules.rule import AddedLines, Fix


_EPILOG = """\
exit codes: 0 nothing to change, or written; 1 something would change (with --diff or --stdout);
2 a wrong argument or an unreadable file
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = _EPILOG
    build.add_arguments(parser)
    parser.add_argument("--rule", metavar="ID", action="append", default=[], help="fix only what this rule reports")
    parser.add_argument("--choose", metavar="FIX", help="of several fixes take the one with this id, such as alpine")
    parser.add_argument("--ask", action="store_true", help="also apply the refactorings of the rules named by --rule")
    add_selection(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--diff", action="store_true", help="show what would change (the default)")
    output.add_argument("--stdout", action="store_true", help="print the fixed Dockerfile")
    output.add_argument("--write", action="store_true", help="write the files, and print each that was written")


def run(arguments: argparse.Namespace) -> int:
    """Fix all files."""
    unknown = next((each for each in arguments.rule if each not in BY_ID), None)
    if unknown is not None:
        raise UnreadableError(f"--rule: {no_such_rule(unknown)}")
    if arguments.ask and not arguments.rule:
        warn("--ask applies the refactorings of the rules named by --rule: name one")
        return UNREADABLE
    chosen = selection(arguments)
    code, one_by_one = CLEAN, build.OneByOne()
    written: list[Outcome] = []
    for read in build.read_files(arguments, chosen):
        if read.snapshot is None:
            code = UNREADABLE
            continue
        # A rule of mere offers says nothing unless somebody names it.
        settings = read.settings.offering if arguments.rule else read.settings
        outcome = None
        with one_by_one.each(read.path):
            outcome = fix_all(read.snapshot, settings, partial(_is_wanted, arguments))
        if outcome is None:
            continue
        if arguments.ask and not outcome.done:
            _say_why_not(arguments, read)
        try:
            changed = _put_out(arguments, read, outcome)
        except UnreadableError as error:
            warn(str(error))
            code = UNREADABLE
            continue
        if changed and arguments.write:
            written.append(outcome)
        elif changed:
            code = max(code, FINDINGS)
    if len(written) > 1:
        write(paint(f"{len(written)} Dockerfiles: {_summary(written)}", "bold", is_coloured()))
    return UNREADABLE if one_by_one.failed else code


def _is_wanted(arguments: argparse.Namespace, reported: Reported, fix: Fix) -> bool:
    if arguments.rule and reported.rule.id not in arguments.rule:
        return False
    if arguments.choose and len(reported.fixes) > 1 and fix.id != arguments.choose:
        return False
    return fix.safety is Safety.SAFE or arguments.ask


def _say_why_not(arguments: argparse.Namespace, read: Read) -> None:
    """Where a refactoring that was asked for does nothing, say why."""
    for rule in map(BY_ID.__getitem__, arguments.rule):
        if read.snapshot is not None and (refused := rule.why_not(read.snapshot)):
            warn(f"{shown(read.path)}: {rule.id}: {refused.reason}")


def _put_out(arguments: argparse.Namespace, read: Read, outcome: Outcome) -> bool:
    """Write or show one file's outcome; whether anything changes."""
    assert read.snapshot is not None
    before, after = read.snapshot.text, outcome.snapshot.text
    files = [_Changed(read.path, before, after, "")] if after != before else []
    for added in outcome.added:
        path = read.root / added.path
        if not (added.is_new and path.exists()):  # it has come to be there meanwhile: nothing is ever written over
            files.append(_with_lines(path, added))
    if arguments.write:
        for each in files:
            write_text(each.path, each.after)
        for number, each in enumerate(files):
            write(f"{shown(each.path)}: {each.how if number else _summary([outcome])}")
    elif arguments.stdout:
        write(after, end="")
    else:
        for each in files:
            write(_diff(shown(each.path).lstrip("/"), each.before, each.after), end="")
    return bool(files)


class _Changed(NamedTuple):
    """A file before and after, and what happens to it in a word."""

    path: Path
    before: str
    after: str
    how: str


def _with_lines(path: Path, added: AddedLines) -> _Changed:
    """A file of the context with the lines that it is to have more."""
    if added.is_new:
        return _Changed(path, "", apply_edits("", [append_lines("", added.lines)]), "created")
    before, count = read_text(path), len(added.lines)
    after = apply_edits(before, [append_lines(before, added.lines)])
    return _Changed(path, before, after, f"{count} line{'s' * (count != 1)} added")


def _summary(outcomes: Sequence[Outcome]) -> str:
    """How many fixes, and what they save together."""
    count = sum(len(outcome.done) for outcome in outcomes)
    saves = total(outcome.saves for outcome in outcomes)
    words = f"{count} fix{'es' * (count != 1)}"
    return f"{words}, saves {about(saves)}" if saves and saves.best else words


def _diff(name: str, before: str, after: str) -> str:
    from difflib import unified_diff

    coloured = is_coloured()
    rows: list[str] = []
    for row in unified_diff(_lines(before), _lines(after), f"a/{name}" if before else "/dev/null", f"b/{name}"):
        style = "green" if row.startswith("+") else "red" if row.startswith("-") else "dim"
        ended = row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n"
        rows.append(paint(ended, style, coloured) if coloured else ended)
    return "".join(rows)


def _lines(text: str) -> list[str]:
    """Lines that end at LF alone: a form feed or a lone CR ends no line of a diff."""
    *whole, last = text.split("\n")
    lines = [line + "\n" for line in whole]
    return [*lines, last] if last else lines
