"""The fix that clones a history without the files of older versions: git gets these from the server when it needs one.

All commits, tags and folders are there, so that `git describe`, `git log` and `git status` say what they said, also
without a network; another version is checked out as before where there is one. Measured on the history of this project
(git 2.39.5, 687 commits, 2026-11-26): `.git` is 5.7 MB in place of 7.7 MB; on that of git itself 128 MB in place of
304 MB (vcs-python/libvcs#553, 2026-09, git 2.43).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands.git import can_fetch_files_later
from deadweight.model.effects import Download
from deadweight.model.start import start_words
from deadweight.rules.edits import insert_word
from deadweight.rules.rule import Fix, Safety

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.snapshot import Snapshot

# Servers that leave out what a filter names, and give it later to anybody: GitHub (github.blog, "Get up to speed with
# partial clone and shallow clone", 2020-12-21), GitLab since 13.1 (docs.gitlab.com, "Partial clone", 2026-11-26).
_SERVERS = re.compile(r"https://(?:github\.com|gitlab\.com|salsa\.debian\.org)/[^@]*")
# Options of `git clone` that have nothing to do with what is left out.
_OPTIONS = re.compile(
    r"-b.*|--branch(?:=.*)?|-q|--quiet|-v|--verbose|--progress|--single-branch|--no-tags"
    r"|--recursive|--recurse(?:-submodules)?|-j.*|--jobs(?:=.*)?"
)
_REACHES = re.compile(r"GIT|SSL|PROXY|proxy|SSH")
# What git does in a clone whose server stays what it is, and makes no other repository of it. How many digits a
# shortened hash has goes by the number of objects, so that nothing is here that prints one.
_VERBS = frozenset(
    ("branch", "checkout", "fetch", "ls-files", "pull", "reset", "rev-list", "rev-parse", "show-ref", "switch", "tag")
)
# What builds with these may read the history by a library (JGit, libgit2, go-git), which knows less of such clones than
# git does; and programs for whom repositories are what they show (kept by hand, 2026-11-26).
_READ_BY_LIBRARY = frozenset(
    (
        *(
            "ant",
            "bazel",
            "cargo",
            "dotnet",
            "go",
            "gradle",
            "gradlew",
            "lein",
            "mage",
            "msbuild",
            "mvn",
            "mvnw",
            "sbt",
        ),
        *("cgit", "gitea", "gitlist", "gitweb", "gollum", "klaus", "stagit"),
    )
)


def fetch_files_later(
    snapshot: Snapshot, layer: Layer, effect: Effect, clone: Call, behind: Iterable[tuple[Layer, Call]]
) -> Fix | None:
    """Leave the files of older versions to the server; `behind` are the calls that have to do with the clone."""
    url = effect.cause.url if isinstance(effect.cause, Download) else None
    if url is None or not _SERVERS.fullmatch(url) or not can_fetch_files_later(clone.around.base):
        return None
    if not all(map(_OPTIONS.fullmatch, clone.options)) or not _has_network(layer) or _is_told_how(clone):
        return None
    if not all(_has_network(each) and _is_served(call) for each, call in behind):
        return None
    if not start_words(snapshot.shipped_ledgers).isdisjoint(_READ_BY_LIBRARY | {"git"}):
        return None
    verb = next(word for word in clone.words if word.text == "clone")
    edit = insert_word(snapshot, layer, verb, "--filter=blob:none")
    return Fix("partial", "Add --filter=blob:none", Safety.SAFE, (edit,)) if edit else None


def _has_network(layer: Layer) -> bool:
    """Whether a RUN reaches the server without a key or a secret, which a later one may not have."""
    return not any(
        flag.name == "network" or (flag.name == "mount" and re.search(r"type=(?:ssh|secret)", flag.value or ""))
        for flag in layer.instruction.flags
    )


def _is_told_how(clone: Call) -> bool:
    """Whether a variable tells the clone alone how it gets to the server: `GIT_SSL_NO_VERIFY=1 git clone`."""
    return any(_REACHES.search(each.name) for each in clone.own.command.assignments)


def _is_served(call: Call) -> bool:
    """Whether a call finds in the clone what it needs, or gets it from the server."""
    if call.program != "git":
        return call.program not in _READ_BY_LIBRARY and not any("/.git" in f"/{word.text}" for word in call.words)
    operands = call.operands("-C", "-c")
    return bool(operands) and operands[0].text in _VERBS and not call.has("-c", "--git-dir", "--work-tree", "--short")
