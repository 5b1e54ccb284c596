"""What a case is: a Dockerfile whose safe fix is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from develop.evidence.contexts import Files


@dataclass(frozen=True, slots=True)
class Case:
    """A Dockerfile with a context that one safe fix of one rule changes.

    gone: what the fix is meant to remove or change, as the rule's page says; a trailing `*` stands for any ending
    drops_packages: whether Debian packages go away, and all they own with them
    is_unknown: whether the finding says no bytes, because nobody can know them
    next_build: the build arguments that are others in the next build, for a fix that is about that one
    """

    name: str
    rule: str
    dockerfile: str
    files: Files = field(default_factory=dict)
    fix: str | None = None
    gone: tuple[str, ...] = ()
    drops_packages: bool = False
    is_unknown: bool = False
    next_build: tuple[str, ...] = ()
