"""RUNs that become one say `set -eux` once, and take back what only one of them wants."""

from __future__ import annotations

import pytest

from deadweight.rules.merging import merge_runs
from deadweight.text import apply_edits
from examples import snapshot_of


def merged(*runs: str) -> str | None:
    """The RUNs as one, without its first word."""
    snapshot = snapshot_of("FROM debian:trixie\n" + "".join(f"RUN {run}\n" for run in runs))
    edits = merge_runs(snapshot, snapshot.ledgers[0].layers[1:])
    if edits is None:
        return None
    return apply_edits(snapshot.text, edits).removeprefix("FROM debian:trixie\nRUN ").rstrip("\n")


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        ("set -eux; a", "set -eux; b", "set -eux; a; \\\n    b"),
        ("set -eux; a", "set -ex; b", "set -eux; a; \\\n    b"),
        ("set -eux; a", "b", "set -eux; a; \\\n    b"),
        ("set -eux; a", "b && c", "set -eux; a; \\\n    b && c"),
        ("set -x && a", "set -x && b", "set -x && a \\\n    && b"),
        ("set -ex && a", "set -ex; b; c", "set -ex && a \\\n    && { b; c; }"),
        ("set -euo pipefail; a", "set -euo pipefail; b", "set -euo pipefail; a; \\\n    b"),
        ("set -e -u; a", "set -ue; b", "set -e -u; a; \\\n    b"),
        # The second asks for more.
        ("set -e; a", "set -eux; b", "set -e; a; \\\n    set -eux; b"),
        ("set -e; a", "set -eo pipefail; b", "set -e; a; \\\n    set -eo pipefail; b"),
        # It may notice that unset variables are errors.
        ("set -eux; a", 'set -ex; b "$C"', 'set -eux; a; \\\n    set +u; b "$C"'),
        ("set -eux; a", "b $C && c", "set -eux; a; \\\n    set +u; b $C && c"),
        ("set -eux; a", "set -ex; . ./c", "set -eux; a; \\\n    set +u; . ./c"),
        ("set -eux; \\\n    a", 'set -ex; \\\n    b "$C"', 'set -eux; \\\n    a; \\\n    set +u; \\\n    b "$C"'),
        # A comment behind it stays, and so does what it speaks of.
        ("set -e; a", "set -e; \\\n# why\n    b", "set -e; a; \\\n    set -e; \\\n# why\n    b"),
        # In parentheses nothing is on for those behind them.
        ("set -o pipefail; a", "set -x && b", "( set -o pipefail; a ) \\\n    && set -x && b"),
    ],
)
def test_a_start_is_said_once(first: str, second: str, after: str) -> None:
    assert merged(first, second) == after


def test_what_the_first_sets_is_taken_back_where_a_later_one_minds() -> None:
    assert merged("set -eux; a", "set -ex; b", 'set -ex; c "$D"') == 'set -eux; a; \\\n    b; \\\n    set +u; c "$D"'
    assert merged("set -eux; a", "b && c", 'd "$E"') == 'set -eux; a; \\\n    b && c \\\n    && set +u && d "$E"'


def test_a_start_that_is_taken_away_is_in_front_of_parentheses_no_more() -> None:
    assert merged("set -x && a", "set -x && cd b && c", "d") == "set -x && a \\\n    && ( cd b && c ) \\\n    && d"
