"""Whether a folder is but the source of what is built there and installed elsewhere, so that nobody goes back to it.

That is so where known build tools alone have to do with it, one of them or `cp` takes out what they made, and nothing
that is left behind says where it lies.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.effects import is_under
from deadweight.rules.folder_uses import INSTALLS_ALL, is_pointed_at, is_said, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.syntax.shell import Word

# Kept by hand, 2026-11-26. What looks at files, or changes those that it is told.
_ON_FILES = frozenset(
    (
        *("cd", "pwd", "ls", "cat", "rm", "rmdir", "mkdir", "touch", "chmod", "chown", "chgrp", "sed", "grep", "true"),
        *("test", "[", "set", "git", "patch", "strip", "nproc", "ldconfig", "wget", "curl"),
    )
)
_SAY = frozenset(("echo", "printf", "tee", "export"))
# What builds where it runs, and makes a program that knows nothing of that place.
_BUILD = frozenset(
    (
        *("make", "gmake", "cmake", "ninja", "meson", "configure", "autogen.sh", "bootstrap", "bootstrap.sh"),
        *("buildconf", "autoreconf", "aclocal", "autoconf", "automake", "libtoolize", "phpize", "gcc", "g++", "cc"),
    )
)
_TAKE = frozenset(("cp", "mv", "install"))
_BY_NAME = frozenset(("apt-get", "apt", "apk", "dnf", "yum", "pip", "pip3", "gem"))
_LINKS = re.compile(r".*(?:devel|link|editable|PWD|pwd).*")  # `make dev-link`, `echo "PATH=$PWD:$PATH"`
_INSTALLS = re.compile(r"(?:--)?install.*")
_SETS_UP = frozenset(("build", "build_ext", "bdist_wheel", "install"))  # verbs of setup.py
_PATHS = re.compile(r"/[\w.+@/-]+")
_SAY_NOTHING = ("LABEL", "MAINTAINER", "EXPOSE", "STOPSIGNAL", "USER")


def is_only_source(snapshot: Snapshot, folder: str, first: Layer, last: Layer, calls: Iterable[Call]) -> bool:
    """Whether a folder is no more than a source for the `calls`, all that have to do with it from the RUN that makes it
    to the last one.
    """
    from deadweight.rules.stores import script_at_start

    found = list(calls)
    if not any(_takes_out(each, folder) for each in found) or not all(_is_known(each, folder) for each in found):
        return False
    written = [layer for layer in _own(snapshot, first) if first.site <= layer.site <= last.site]
    if any(_writes_a_text(call) for layer in written for call in layer.calls):
        return False
    return not (_is_named(snapshot, folder, last) or script_at_start(snapshot, first.site))


def installs_all(call: Call) -> bool:
    """Whether a call of a build tool installs all that it has built."""
    return call.program in _BUILD and any(INSTALLS_ALL.fullmatch(word.text) for word in call.words)


def _own(snapshot: Snapshot, layer: Layer) -> Iterator[Layer]:
    return iter(snapshot.ledgers.of(layer).layers)


def _is_known(call: Call, folder: str) -> bool:
    """Whether a call leaves nothing behind, as far as one can tell, that leads to the folder."""
    program, texts = call.program, [word.text for word in call.words]
    if is_pointed_at(call, folder):
        return False
    if program in _ON_FILES:
        return not any(map(_LINKS.fullmatch, _redirected(call, texts)))
    if program in _SAY:
        return not names(call, folder) and not any(map(_LINKS.fullmatch, texts))
    if program in _BUILD:
        return not any(map(_LINKS.fullmatch, (text for text in texts if not text.startswith("-"))))
    if program in _TAKE:
        is_linked = call.has("-s", "-l", "--symbolic-link", "--link") and program == "cp"
        return not is_linked and all(path is not None and path != folder for path in call.paths(_sources(call)))
    if _sets_up(call) or _is_installer(call, folder):
        return not call.has("-e", "--editable")
    return program in _BY_NAME and not any("/" in text or text == "." for text in texts)


def _redirected(call: Call, texts: list[str]) -> list[str]:
    """The words of a call where what it prints goes to a file."""
    return texts if call.outputs else []


def _takes_out(call: Call, folder: str) -> bool:
    """Whether a call puts what was built in the folder elsewhere."""
    if call.program in _BUILD:
        return any(_INSTALLS.fullmatch(word.text) for word in call.words)
    if call.program in _TAKE:
        target = next(call.paths(call.words[-1:]), None) if len(call.words) > 1 else None
        from_here = any(path is not None and is_under(path, folder) for path in call.paths(_sources(call)))
        return from_here and target is not None and not is_under(target, folder)
    if _sets_up(call):
        return call.words[1].text == "install"
    return _is_installer(call, folder)


def _sources(call: Call) -> list[Word]:
    return [word for word in call.words if not word.text.startswith("-")][:-1]


def _sets_up(call: Call) -> bool:
    """Whether it is `python setup.py install` or the like."""
    words = [word.text for word in call.words[:2]]
    return call.program.startswith("python") and len(words) > 1 and words[0] == "setup.py" and words[1] in _SETS_UP


def _is_installer(call: Call, folder: str) -> bool:
    """Whether it is `pip install .`: it copies the package that lies in the folder."""
    if call.program not in ("pip", "pip3") or [word.text for word in call.words[:1]] != ["install"]:
        return False
    paths = call.paths(word for word in call.words[1:] if word.text == "." or "/" in word.text)
    return any(path is not None and is_under(path, folder) for path in paths)


def _writes_a_text(call: Call) -> bool:
    """Whether a call is given a text, which may be a script that leads anywhere."""
    return any(redirect.operator.startswith("<<") for redirect in call.own.command.redirects)


def _is_named(snapshot: Snapshot, folder: str, last: Layer) -> bool:
    """Whether something names the folder, or one that it is in, behind its last use or when the image runs."""
    name = posixpath.basename(folder)
    stage = snapshot.shipped_ledgers[-1].stage.end
    if stage.workdir is None or is_under(stage.workdir, folder) or is_said(snapshot, name):
        return True
    values = [stage.variables.get(each) or "" for each in stage.environment]
    if any(is_under(folder, path.rstrip("/")) for value in values for path in _PATHS.findall(value)):
        return True
    mentions = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    return any(mentions.search(each.text) for each in _others(snapshot, last))


def _others(snapshot: Snapshot, last: Layer) -> Iterator[Instruction]:
    """The instructions of the file but those of the stage up to its last use."""
    for stage in snapshot.build.stages:
        behind = last.site.step if stage.index == last.site.stage else 0
        for step, each in enumerate(stage.section.instructions):
            if step > behind and each.keyword not in _SAY_NOTHING:
                yield each
