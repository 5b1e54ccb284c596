"""`deadweight explain`: the pages of rules, and of topics that are about more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deadweight.cli.main import CLEAN, UNREADABLE
from deadweight.cli.output import add_format, document, is_coloured, paint, warn, write
from deadweight.features.topics import TOPICS
from deadweight.rules.catalog import BY_ID, RULES
from deadweight.rules.rule import Rule
from deadweight.settings import no_such_rule

if TYPE_CHECKING:
    import argparse

    from deadweight.features.topics import Topic

_PAGES: dict[str, Rule | Topic] = {**BY_ID, **{topic.id: topic for topic in TOPICS}}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="the id of a rule or a topic (default: list all)")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one page, or the list of rules and topics."""
    if arguments.rule is not None and arguments.rule not in _PAGES:
        warn(no_such_rule(arguments.rule))
        return UNREADABLE
    wanted = _PAGES.get(arguments.rule)
    if arguments.format == "json":
        everything = {"rules": [_as_json(each) for each in RULES], "topics": [_as_json(each) for each in TOPICS]}
        write(document(_as_json(wanted) if wanted else everything))
    elif wanted:
        write(f"{paint(wanted.id, 'bold', is_coloured())}\n\n{wanted.page}")
    else:
        width = max(map(len, _PAGES))
        for id_, each in _PAGES.items():
            write(f"{paint(id_.ljust(width), 'bold', is_coloured())}  {each.title}")
    return CLEAN


def _as_json(page: Rule | Topic) -> dict[str, Any]:
    if not isinstance(page, Rule):
        return {"topic": page.id, "title": page.title, "page": page.page}
    return {
        "rule": page.id,
        "title": page.title,
        "group": page.group,
        "same_as": list(page.same_as),
        "page": page.page,
    }
