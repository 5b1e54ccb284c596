"""`deadweight explain`: the pages of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.cli.main import CLEAN, UNREADABLE
from deadweight.cli.output import add_format, document, is_coloured, paint, warn, write
from deadweight.rules.catalog import BY_ID, RULES
from deadweight.settings import no_such_rule

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="a rule's id (default: list all rules)")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one page, or the list of rules."""
    wanted = [BY_ID[arguments.rule]] if arguments.rule in BY_ID else RULES if arguments.rule is None else None
    if wanted is None:
        warn(no_such_rule(arguments.rule))
        return UNREADABLE
    if arguments.format == "json":
        made = [
            {
                "rule": rule.id,
                "title": rule.title,
                "group": rule.group,
                "same_as": list(rule.same_as),
                "page": rule.page,
            }
            for rule in wanted
        ]
        write(document(made[0] if arguments.rule else {"rules": made}))
    elif arguments.rule:
        write(f"{paint(wanted[0].id, 'bold', is_coloured())}\n\n{wanted[0].page}")
    else:
        width = max(len(rule.id) for rule in wanted)
        write("\n".join(f"{paint(rule.id.ljust(width), 'bold', is_coloured())}  {rule.title}" for rule in wanted))
    return CLEAN
