"""How many steps of a build some RUNs are, by what they do: what people would write as one RUN is one."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer

_MANAGE = frozenset(
    (
        *("apt-get", "apt", "aptitude", "apt-mark", "dpkg", "apk", "dnf", "dnf5", "yum", "microdnf", "tdnf", "zypper"),
        *("rm", "set", "true", "export"),
    )
)
# What comes before an install: where the packages are found, and what they ask.
_PREPARE = frozenset(("apt-key", "add-apt-repository", "debconf-set-selections", "echo", "printf"))
# What brings files at one version, looks whether they are the right ones, and unpacks them.
_FETCH = frozenset(
    (
        *("curl", "wget", "git", "tar", "unzip", "gunzip", "xz", "bzip2", "gpg", "echo", "printf", "mkdir", "cd"),
        *("sha1sum", "sha256sum", "sha512sum", "md5sum", "mv", "cp", "rm", "set", "true"),
    )
)
_DELETE = frozenset(("rm", "rmdir", "cd", "set", "true"))
_REMOVE = frozenset(("remove", "purge", "autoremove", "clean", "autoclean", "del", "erase"))
_MAKE = frozenset(("make", "gmake"))
_PUT = frozenset(("cp", "mv", "install", "ln", "ldconfig", "mkdir", "rm", "cd", "set", "true"))


def steps(layers: Sequence[Layer]) -> int:
    """How many steps RUNs are: those that manage packages, one below the other, are one list that a build brings up to
    date as a whole, and so are those that bring and unpack files. What only deletes, or installs what was built,
    belongs to the steps before it.
    """
    kinds = groupby(_kind_of_step(layer) for layer in layers if not (_only_deletes(layer) or _only_installs(layer)))
    return sum(1 if kind else len(list(row)) for kind, row in kinds)


def _kind_of_step(layer: Layer) -> str:
    """What a RUN does and nothing else, so that it is one step with its neighbours that do the same; "" for others."""
    return "packages" if _is_of_packages(layer) else "files" if _only_fetches(layer) else ""


@remembered
def only_manages(layer: Layer) -> bool:
    """Whether a RUN does nothing but manage packages."""
    return bool(layer.calls) and all(map(manages, layer.calls))


def manages(call: Call) -> bool:
    """Whether a call manages packages."""
    return call.program in _MANAGE


@remembered
def _is_of_packages(layer: Layer) -> bool:
    """Whether a RUN does nothing but manage packages, or say where they are found."""
    return bool(layer.calls) and all(call.program in _MANAGE or call.program in _PREPARE for call in layer.calls)


@remembered
def _only_fetches(layer: Layer) -> bool:
    """Whether a RUN does nothing but bring files, check and unpack them."""
    return bool(layer.calls) and all(call.program in _FETCH for call in layer.calls)


@remembered
def _only_deletes(layer: Layer) -> bool:
    """Whether a RUN does nothing but delete files, or packages."""
    return bool(layer.calls) and all(call.program in _DELETE or _removes_packages(call) for call in layer.calls)


def _removes_packages(call: Call) -> bool:
    return manages(call) and any(word.text in _REMOVE for word in call.words)


@remembered
def _only_installs(layer: Layer) -> bool:
    """Whether a RUN does nothing but put to their places what one before it has built."""
    return bool(layer.calls) and all(call.program in _PUT or _makes_install(call) for call in layer.calls)


def _makes_install(call: Call) -> bool:
    return call.program in _MAKE and any(word.text.startswith("install") for word in call.words)
