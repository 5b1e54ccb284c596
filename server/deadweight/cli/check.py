"""`deadweight check`: what makes images heavier than they need to be, with the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.analysis.report import report
from deadweight.cli import build
from deadweight.cli.findings import add_budget, add_selection, selection, with_budget
from deadweight.cli.main import CLEAN, FINDINGS, UNREADABLE
from deadweight.cli.output import add_format
from deadweight.cli.reports.catalog import FORMATS, Checked, report_in
from deadweight.settings import SEVERITIES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from deadweight.analysis.report import Reported
    from deadweight.cli.build import Read

_EPILOG = "exit codes: 0 nothing at or above --fail-on, 1 something, 2 a wrong argument or an unreadable file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = _EPILOG
    build.add_arguments(parser)
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="warning",
        help="the severity from which on findings give exit code 1 (default: %(default)s)",
    )
    add_budget(parser)
    add_selection(parser)
    add_format(parser, FORMATS)


def run(arguments: argparse.Namespace) -> int:
    """Check all files. Exit code 2 where one of them could not be read, whatever the others gave."""
    chosen, budgeted = selection(arguments), with_budget(arguments)
    loud = () if arguments.fail_on == "never" else SEVERITIES[SEVERITIES.index(arguments.fail_on) :]
    code = CLEAN
    written, told, one_by_one = report_in(arguments.format), _Told(), build.OneByOne()
    for read in build.read_files(arguments, lambda settings: budgeted(chosen(settings)), every_build=True):
        with one_by_one.each(read.path):
            found = report(read.snapshot, read.settings) if read.snapshot else ()
            failed = any(each.severity in loud for each in found)
            failed = failed or bool(loud and read.snapshot and not read.snapshot.is_foreign and read.snapshot.problems)
            code = UNREADABLE if read.snapshot is None else max(code, FINDINGS if failed else CLEAN)
            written.add(Checked(read, found, told.news_of(read, found)))
    written.end()
    return UNREADABLE if one_by_one.failed else code


class _Told:
    """What was said already of Dockerfiles that are built in several ways."""

    def __init__(self) -> None:
        self._known: set[tuple[object, ...]] = set()

    def news_of(self, read: Read, found: Sequence[Reported]) -> list[Reported]:
        news = []
        for each in found:
            key = (read.path, each.rule.id, each.span, each.statement)
            if key not in self._known:
                self._known.add(key)
                news.append(each)
        return news
