"""What scripts switch on at their start (`set -eux`), and which of it need not be said again where they become one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.syntax import shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.syntax.run import RunBody
    from deadweight.syntax.shell import Node, Word

NOUNSET = "u"
_LETTERS = re.compile(r"-[eux]*o?")
_NAMES = {"errexit": "e", "nounset": NOUNSET, "xtrace": "x", "pipefail": "pipefail"}
# What may be told by the shell from a variable that is not set.
_EXPANDS = re.compile(r"\$|\(\(|\[\[|(?<![\w./-])(?:let|\.|source|eval)(?!\S)")


class Start(NamedTuple):
    """A `set` that a script starts with: what it switches on, where it ends, and where what is behind it starts."""

    options: frozenset[str]
    end: int
    rest: int


def start_of(body: RunBody) -> Start | None:
    """The `set` that a script starts with, where nothing in it changes that later on."""
    first, *others = body.script.body.statements
    parts: Sequence[Node] = first.node.parts if isinstance(first.node, shell.Chain) else ()
    if isinstance(first.node, shell.Chain) and set(first.node.operators) != {"&&"}:
        return None
    command, *behind = parts or (first.node, *(each.node for each in others))
    commands = [placed.command for placed in shell.commands(body.script)]
    if not isinstance(command, shell.Command) or not behind or command.assignments or command.redirects:
        return None
    if [each.words[0].text for each in commands if each.words].count("set") > 1 or commands[0] is not command:
        return None
    options = _options(command.words)
    return Start(options, command.span.end, behind[0].span.start) if options else None


class Between(NamedTuple):
    """What is said between two scripts that become one: what is switched off, the start of the second that says nothing
    new, and what is on behind that.
    """

    undone: tuple[str, ...]
    needless: Start | None
    on: frozenset[str]


def between(on: frozenset[str], body: RunBody) -> Between:
    """What a script needs to hear first where one above it has left these options `on`."""
    start = start_of(body)
    options = start.options if start else frozenset()
    # What unset variables do is seen by no script without any.
    undone = ("set +u",) if NOUNSET in on - options and _EXPANDS.search(body.script.text) else ()
    on -= {NOUNSET} if undone else set()
    return Between(undone, start if start and options <= on else None, on)


def _options(words: Sequence[Word]) -> frozenset[str] | None:
    """What `set -eux -o pipefail` switches on; None for any other command."""
    if not words or words[0].text != "set":
        return None
    found = set[str]()
    texts = iter([word.text for word in words[1:]])
    for text in texts:
        if not _LETTERS.fullmatch(text) or text == "-":
            return None
        found.update(text[1:].removesuffix("o"))
        if text.endswith("o"):
            name = _NAMES.get(next(texts, ""))
            if name is None:
                return None
            found.add(name)
    return frozenset(found)
