"""What fix-all makes of a real Dockerfile, with BuildKit's parser and bash as judges of what may have broken."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache

import dockerfile

from deadweight.analysis.fix_all import fix_all
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse

JUDGES = ("BuildKit cannot read it any more", "bash cannot read a RUN any more", "a comment or a directive is gone")
UNSTABLE = "a second run changes it again"


@dataclass(frozen=True, slots=True)
class Fixed:
    """Whether fix-all changes a file, and what is broken since: of `JUDGES` and `UNSTABLE`."""

    is_changed: bool
    broken: tuple[str, ...] = ()


def fixed_by_all(text: str) -> Fixed:
    """Fix-all, by the settings that hold when nobody sets any."""
    after = _fixed(text)
    if after == text:
        return Fixed(is_changed=False)
    broken = broken_by(text, after)
    return Fixed(is_changed=True, broken=broken if _fixed(after) == after else (*broken, UNSTABLE))


def broken_by(before: str, after: str) -> tuple[str, ...]:
    """Which of `JUDGES` say that a file came to harm between two texts."""
    old, new = _scripts(before), _scripts(after)
    verdicts = (
        old is not None and new is None,
        old is not None and new is not None and _refused(new - old) > _refused(old - new),
        parse(before).directives != parse(after).directives or any(said not in after for said in _comments(before)),
    )
    return tuple(judge for judge, is_broken in zip(JUDGES, verdicts, strict=True) if is_broken)


def _fixed(text: str) -> str:
    return fix_all(Snapshot(parse(text))).snapshot.text


def _scripts(text: str) -> frozenset[str] | None:
    """What BuildKit gives to a shell in RUNs without heredocs; None where it cannot read the file."""
    try:
        commands = dockerfile.parse_string(text)
    except dockerfile.GoParseError:
        return None
    runs = [each for each in commands if each.cmd.upper() == "RUN" and not each.json and "<<" not in each.original]
    return frozenset(" ".join(each.value) for each in runs)


def _refused(scripts: frozenset[str]) -> int:
    return sum(not _is_bash(script) for script in scripts)


@cache
def _is_bash(script: str) -> bool:
    asked = ("bash", "-n", "-c", script)  # reads it, and runs nothing
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0  # noqa: S603


def _comments(text: str) -> frozenset[str]:
    """What comments say, line by line, in heredocs too."""
    lines = [line.strip() for line in text.splitlines()]
    return frozenset(line.strip("# ") for line in lines if line.startswith("#"))
