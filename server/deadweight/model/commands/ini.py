"""Settings in files with sections: pip.conf, dnf.conf, zypp.conf."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMENTS = ("#", ";")
_LONGEST = 100_000  # characters that are read of a text
# How these programs write no: `install_weak_deps=False`.
NO = frozenset(("0", "no", "false", "off"))


@lru_cache(maxsize=64)
def sections(text: str) -> Mapping[str, Mapping[str, str]]:
    """What stands in each section, by names in lower case; of a name that is said twice the last value."""
    found: dict[str, dict[str, str]] = {}
    here = last = ""
    for whole in text[:_LONGEST].splitlines():
        line = whole.strip()
        if line.startswith("[") and line.endswith("]"):
            here, last = line[1:-1].strip().lower(), ""
        elif line and not line.startswith(_COMMENTS):
            name, separator, value = line.partition("=")
            if separator:
                last = name.strip().lower()
                found.setdefault(here, {})[last] = value.strip()
            elif last and whole[0].isspace():  # the value goes on
                found[here][last] = f"{found[here][last]} {line}".strip()
    return found


def value(text: str | None, name: str, *names_of_sections: str) -> str | None:
    """The value of a setting in the last of these sections that has it; None where no one has."""
    known = sections(text) if text else {}
    found = [known[each][name] for each in names_of_sections if name in known.get(each, {})]
    return found[-1] if found else None
