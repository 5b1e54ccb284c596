"""What completion offers, as plain data: items, and the stretch of text that they take the place of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from deadweight.text import Span

# "form" is text with stops to fill in: nothing for an editor without snippets.
Kind = Literal["keyword", "form", "flag", "value", "image", "tag", "stage", "file", "folder", "variable", "package"]
MOST = 200  # items in one answer; more are a list that nobody reads, and cost every keystroke


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to type. `insert` is plain text, `snippet` the same in the protocol's snippet syntax.

    An empty `insert` is the label, an empty `snippet` is the plain text. `note` is Markdown at hand; what takes time to
    find out is asked for by `subject`. `typed` is what the user's text is compared with, where it is not the label.
    """

    label: str
    kind: Kind
    insert: str = ""
    snippet: str = ""
    detail: str = ""
    note: str = ""
    subject: tuple[str, ...] = ()
    typed: str = ""

    @property
    def text(self) -> str:
        """The plain text to insert."""
        return self.insert or self.label


class Completions(NamedTuple):
    """Items, the best first. An item takes the place of `span`, on one line around the `cursor`.

    `is_incomplete`: there are more, and another letter brings them to light.
    """

    span: Span
    cursor: int
    items: tuple[Item, ...]
    is_incomplete: bool = False


def escaped(text: str) -> str:
    r"""Text as a snippet has it: `$`, `\` and `}` stand for themselves."""
    return "".join(f"\\{ch}" if ch in "$\\}" else ch for ch in text)
