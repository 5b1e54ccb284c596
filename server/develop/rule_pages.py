"""Writes docs/rules out of the rules: a page a rule and a topic, and an index by group. Run after any change of a page.

    python server/develop/rule_pages.py [--check]

With --check nothing is written: says which files are not what the rules say, and exits with 1 if any.
"""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING

from deadweight.features.topics import TOPICS
from deadweight.rules.catalog import RULES

if TYPE_CHECKING:
    from deadweight.features.topics import Topic
    from deadweight.rules.rule import Group, Rule

FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "rules"
INDEX = "README.md"
HEADINGS: dict[Group, str] = {
    "image": "The image",
    "base": "Base images",
    "packages": "Packages",
    "cleanup": "What tools leave behind",
    "layers": "Layers",
    "cache": "The build cache",
    "context": "The build context",
}


def main(*arguments: str) -> int:
    """Writes what is stale, and removes pages of rules that are gone; or only says so."""
    names = stale()
    if "--check" in arguments:
        for name in names:
            print(f"docs/rules/{name} is stale: run python server/develop/rule_pages.py")
        return 1 if names else 0
    wanted = pages()
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], "utf-8", newline="\n")
        else:
            (FOLDER / name).unlink()
    return 0


def stale() -> list[str]:
    """The files of docs/rules that are missing, differ, or belong to no rule."""
    wanted = pages()
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def pages() -> dict[str, str]:
    """What docs/rules holds: the text of each file by its name."""
    topics = {f"{topic.id}.md": _topic(topic) for topic in TOPICS}
    return {INDEX: _index(), **{f"{rule.id}.md": _page(rule) for rule in RULES}, **topics}


def _page(rule: Rule) -> str:
    source = f"server/{rule.check.__module__.replace('.', '/')}.py"
    facts = f"Group: {rule.group}."
    if rule.same_as:
        facts += f" The same as {', '.join(rule.same_as)}."
    body = rule.page.removeprefix(rule.title).strip()
    return f"{_generated(source)}\n\n# {rule.id}\n\n{rule.title}\n\n{facts}\n\n{body}\n"


def _topic(topic: Topic) -> str:
    body = topic.page.removeprefix(topic.title).strip()
    source = f"server/{topic.module.__name__.replace('.', '/')}.py"
    return f"{_generated(source)}\n\n# {topic.id}\n\n{topic.title}\n\n{body}\n"


def _index() -> str:
    sections = [f"{_generated('server/deadweight/rules')}\n\n# Rules"]
    for group, heading in HEADINGS.items():
        rows = [f"- [{rule.id}]({rule.id}.md): {rule.title}" for rule in RULES if rule.group == group]
        if rows:
            sections.append("\n".join((f"## {heading}\n", *rows)))
    rows = [f"- [{topic.id}]({topic.id}.md): {topic.title}" for topic in TOPICS]
    sections.append("\n".join(("## What is no rule\n", *rows)))
    return "\n\n".join(sections) + "\n"


def _generated(source: str) -> str:
    return f"<!-- Generated from {source} by server/develop/rule_pages.py: do not edit. -->"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
