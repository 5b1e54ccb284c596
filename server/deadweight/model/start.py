"""What a container of an image starts with, and whether that waits for a person to work in it."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING

from deadweight.syntax.dockerfile import remembered
from deadweight.syntax.run import program_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.layers import Alone, Layer, Ledger
    from deadweight.model.stages import Stage
    from deadweight.syntax.dockerfile import Instruction

# Parts of what stages and NODE_ENV for developers are called: `dev`, `test-e2e` (kept by hand, 2026-11-23).
_FOR_DEVELOPERS = frozenset(
    ("dev", "develop", "development", "test", "tests", "testing", "ci", "lint", "debug", "devcontainer", "local")
)
# What a container that a person works in is kept alive with: `CMD ["bash"]`, `CMD sleep infinity`; or an interpreter
# with nothing to interpret, which is what images of languages start with.
_IDLE = re.compile(
    r"(?:\S*/)?(?:ba|z|a)?sh(?: -[il]+)*|sleep (?:infinity|\d+[dhms]?)|tail -[fF] /dev/null"
    r"|(?:(?:\S*/)?(?:ba)?sh -c )?'?while (?:true|:); ?do (?:echo [^;|&]*; ?)?sleep \d+; ?done'?"
    r"|php -a|(?:python[\d.]*|irb|node|R|ghci|iex|julia|erl|lua|jshell)"
)
# What starts the rest of its words: `tini --`, `gosu app`, and the script that images call their entrypoint.
_STARTS_THE_REST = re.compile(
    r"(?:(?:\S*/)?(?:tini|dumb-init|catatonit)(?: -\S+)* |(?:\S*/)?(?:gosu|su-exec) \S+ "
    r"|(?:(?:\S*/)?(?:ba)?sh (?:-\w+ )*)?\S*entry[_-]?point\S* )*"
)
_WORD = re.compile(r"[^\s;&|()\"'=]+")
_PLAIN = re.compile(r"[\w./:@,+-]+(?:[ \t]+[\w./:@,+-]+)*")  # of a shell form: what the exec form says as well


def starters(ledgers: Iterable[Ledger]) -> dict[str, Layer]:
    """What a container starts: the last ENTRYPOINT and the last CMD of these stages, by keyword."""
    found: dict[str, Layer] = {}
    for ledger in ledgers:
        found.update(_last_of(ledger.alone))
    return found


def start_command(ledgers: Iterable[Ledger]) -> str:
    """What a container runs, as a shell would: ENTRYPOINT and CMD together; "" where these stages have neither."""
    last = {keyword: layer.instruction for keyword, layer in starters(ledgers).items()}
    entrypoint, command = last.get("ENTRYPOINT"), last.get("CMD")
    if entrypoint is None or entrypoint.array is None:
        return _as_shell(entrypoint or command)
    return f"{_as_shell(entrypoint)} {_as_shell(command)}".strip()


def started_path(ledgers: Iterable[Ledger], stage: Stage) -> str | None:
    """The path of the program that a container of a stage starts; None where its name is all that is known, or less."""
    last = starters(ledgers)
    layer = last.get("ENTRYPOINT") or last.get("CMD")
    word = layer.instruction.words[0] if layer is not None and layer.instruction.words else None
    name = (word.value or word.text) if word is not None else ""
    return stage.end.resolve(name) if "/" in name else None


def start_words(ledgers: Iterable[Ledger]) -> frozenset[str]:
    """The words of what a container starts, paths without their folders."""
    return frozenset[str]().union(*(words_of(layer.instruction) for layer in starters(ledgers).values()))


@remembered
def words_of(instruction: Instruction) -> frozenset[str]:
    """The words of CMD, ENTRYPOINT or HEALTHCHECK, paths without their folders."""
    words = (word.value or word.text for word in instruction.words)
    return frozenset(program_name(part) for word in words for part in _WORD.findall(word))


def is_plain(instruction: Instruction) -> bool:
    """Whether CMD, ENTRYPOINT or HEALTHCHECK is in exec form, or in a shell form that says the same as that."""
    text = instruction.arguments.text.strip()
    if instruction.keyword == "HEALTHCHECK":
        return instruction.array is not None or text.upper() == "NONE"
    return instruction.array is not None or _PLAIN.fullmatch(text) is not None


def is_idle(start: str) -> bool:
    """Whether a start command only keeps a container alive that a person works in."""
    wrappers = _STARTS_THE_REST.match(start)
    return _IDLE.fullmatch(start, wrappers.end() if wrappers else 0) is not None


@lru_cache(maxsize=64)
def is_for_developers(name: str | None) -> bool:
    """Whether a stage or an environment is for developers, by its name."""
    return not _FOR_DEVELOPERS.isdisjoint(re.split(r"[-_.]", (name or "").lower()))


@remembered
def _last_of(stage: Alone) -> dict[str, Layer]:
    """The ENTRYPOINT and the CMD of a stage that hold."""
    found: dict[str, Layer] = {}
    for layer in reversed(stage.layers):
        if layer.instruction.keyword in ("ENTRYPOINT", "CMD"):
            found.setdefault(layer.instruction.keyword, layer)
        if len(found) == 2:
            break
    return found


def _as_shell(instruction: Instruction | None) -> str:
    if instruction is None:
        return ""
    if instruction.array is None:
        return instruction.arguments.text
    return shlex.join(word.value or "" for word in instruction.array)
