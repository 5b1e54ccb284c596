"""What one gives up with a smaller base image, in words."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from deadweight.facts.tables import table

LossName = Literal[
    "musl",
    "no-shell",
    "no-bash",
    "no-package-manager",
    "apk",
    "microdnf",
    "fewer-packages",
    "no-build-tools",
    "no-toolchain",
    "no-compiler",
    "other-build",
    "no-sdk",
    "no-aspnet",
    "no-nvcc",
    "no-cuda-libraries",
    "no-useradd",
    "no-cultures",
    "not-root",
    "few-accounts",
    "no-docs",
    "digest-dropped",
]


class Loss(NamedTuple):
    """Something that is missing or different: `short` for a list ("no shell"), `words` for a sentence."""

    name: LossName
    short: str
    words: str
    source: str
    date: str


@cache
def loss(name: LossName) -> Loss:
    """The row of losses.tsv. Raises KeyError where there is none."""
    row = table("losses").row(name)
    if row is None:
        raise KeyError(name)
    return Loss(name, *row[1:])
