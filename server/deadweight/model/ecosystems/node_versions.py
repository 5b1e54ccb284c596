"""Versions and ranges of npm: whether 1.2.9 is in `^1.2.3 || >=2`."""

from __future__ import annotations

import re

# "^5.1.0", "~1.2", ">=18", "1.x", "v2.0.0-beta.1"
_COMPARATOR = r"(\^|~>?|>=|<=|>|<|=)?v?(\d{1,9}|[xX*])(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(?:[-+].*)?"


def satisfies(version: str, wanted: str) -> bool | None:
    """Whether `version` is in the range `wanted`; None where that is no plain range (a tag, a URL, a workspace).

    Pre-release labels are not looked at.
    """
    if not (exact := re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", version)):
        return None
    number = (int(exact[1]), int(exact[2]), int(exact[3]))
    verdicts = [_satisfies_all(number, alternative) for alternative in wanted[:1000].split("||")]
    if any(verdict for verdict in verdicts):
        return True
    return None if None in verdicts else False


_Number = tuple[int, int, int]


def _satisfies_all(number: _Number, alternative: str) -> bool | None:
    if hyphen := re.fullmatch(r"\s*(\S+)\s+-\s+(\S+)\s*", alternative):
        alternative = f">={hyphen[1]} <={hyphen[2]}"
    words = re.sub(r"(\^|~>?|>=|<=|>|<|=)\s+", r"\1", alternative).split()
    verdicts = [_satisfies_one(number, word) for word in words]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _satisfies_one(number: _Number, comparator: str) -> bool | None:
    if not (match := re.fullmatch(_COMPARATOR, comparator)):
        return None
    given: list[int] = []
    for part in match.group(2, 3, 4):
        if part is None or not part.isdigit():
            break
        given.append(int(part))
    low: _Number = ((*given, 0, 0, 0)[0], (*given, 0, 0)[1] if given else 0, given[2] if len(given) == 3 else 0)
    operator = match[1] or "="
    match operator:
        case ">=":
            return number >= low
        case "<":
            return number < low
        case ">":
            return number >= _above(given) if len(given) < 3 else number > low
        case "<=":
            return number < _above(given) if len(given) < 3 else number <= low
    if operator == "^":
        # ^1.2.3 keeps the first number that is not 0; ^0.2.3 keeps 0.2
        fixed = next((index + 1 for index, each in enumerate(given) if each), len(given))
        given = given[:fixed]
    elif operator != "=":  # ~1.2.3 keeps 1.2
        given = given[:2]
    return low <= number < _above(given)


def _above(given: list[int]) -> _Number:
    """The first version after all that start with `given`: [1, 2] gives 1.3.0, [] one that never comes."""
    if not given:
        return (10**9, 0, 0)
    first, second, third = (*given[:-1], given[-1] + 1, 0, 0)[:3]
    return (first, second, third)
