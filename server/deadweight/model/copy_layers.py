"""What COPY and ADD bring: from the build context, from other stages, from the network."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.effects import Copied, CopiedFromStage, Download, Extracted, as_text, writes
from deadweight.model.filesystem import Filesystem, inside_context, is_file_at
from deadweight.model.stages import absolute
from deadweight.model.variables import expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.context import BuildContext
    from deadweight.model.effects import Cause, Effect
    from deadweight.model.ledgers import Ledgers
    from deadweight.model.stages import Stage, Step
    from deadweight.syntax.dockerfile import Instruction
    from deadweight.text import Span

_MOST_COPIES = 50  # of one stage from another that are followed back
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
# Folders of every image that has a system: what is copied to one of them goes into it.
_OF_SYSTEM = frozenset(
    (
        *("/bin", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/root", "/sbin", "/srv", "/usr", "/var"),
        *("/usr/bin", "/usr/lib", "/usr/sbin", "/usr/share", "/usr/local", "/usr/local/bin", "/usr/local/lib"),
        *("/usr/local/sbin", "/usr/local/share", "/var/lib", "/var/log", "/tmp", "/var/tmp"),  # noqa: S108
    )
)
_NETWORK = ("http://", "https://", "ftp://", "git@", "git://", "ssh://")


def copied(step: Step, stage: Stage, context: BuildContext | None, ledgers: Ledgers) -> Iterator[Effect]:
    """What a COPY or ADD of a stage writes, one effect a source."""
    instruction, state = step.instruction, step.state
    words = instruction.words
    if len(words) < 2:
        return
    target_text = expand(words[-1].text, state.variables, unset=None, escape=instruction.escape)
    target = absolute(target_text, state.workdir) if target_text is not None else None
    sources = words[:-1]
    is_folder = len(sources) > 1 or target == state.workdir or bool(target_text and target_text.endswith(("/", ".")))
    if target in _OF_SYSTEM and not is_folder:
        base = ledgers.build.base_of(stage)
        is_folder = base is None or not base.is_scratch
    from_ = instruction.flag("from")
    heredocs = {heredoc.name: heredoc for heredoc in instruction.heredocs}
    for word in sources:
        source = expand(word.text, state.variables, unset=None, escape=instruction.escape)
        heredoc = heredocs.get((source or "").lstrip("0123456789").removeprefix("<<").removeprefix("-"))
        if heredoc is not None:
            name = posixpath.join(target, heredoc.name) if target and is_folder else target
            yield writes(name, as_text(instruction.text[heredoc.content.start : heredoc.content.end]), word.span)
        elif from_ is not None:
            cause = _of_stage(from_, source, stage, context, ledgers)
            is_file = cause.effects and all(is_file_at(each, cause.path) for each in cause.effects)
            name = posixpath.basename(cause.path) if is_folder and is_file else ""
            yield writes(posixpath.join(target, name) if target and name else target, cause, word.span)
        elif instruction.keyword == "ADD" and source and source.startswith(_NETWORK):
            yield writes(*_added(instruction, source, target, is_folder), word.span)
        else:
            yield _of_context(instruction, source, target, is_folder, word.span, context)


def _of_context(
    instruction: Instruction,
    source: str | None,
    target: str | None,
    is_folder: bool,
    span: Span,
    context: BuildContext | None,
) -> Effect:
    owner = instruction.flag("chown") or ""
    if source is None or context is None:
        unknown = None if source is None else inside_context(source)
        return writes(target, Copied(source or "", unknown, None, owner=owner), span)
    root = inside_context(source)
    selection = context.select(source)
    if any(mark in root for mark in "*?[") and len(selection.files) == 1:
        only = next(iter(selection.files))
        root = only if posixpath.dirname(only) == posixpath.dirname(root) else root
    if instruction.keyword == "ADD" and root in selection.files and root.lower().endswith(_ARCHIVES):
        return writes(target, Extracted(root, selection.bytes, context.archives.get(root)), span)
    if any(mark in root for mark in "*?["):
        folder = posixpath.dirname(root)
        root_or_none = None if any(mark in folder for mark in "*?[") else folder
        return writes(target, Copied(source, root_or_none, selection, context.complete, owner), span)
    if root in selection.files and is_folder and target:
        target = posixpath.join(target, posixpath.basename(root))
    return writes(target, Copied(source, root, selection, context.complete, owner), span)


def _of_stage(
    name: str, source: str | None, into: Stage, context: BuildContext | None, ledgers: Ledgers
) -> CopiedFromStage:
    stage = ledgers.build.find(name)
    path = source and absolute(source, "/")
    if stage is None or stage.index >= into.index or not path:
        return CopiedFromStage(name, source or "", None)
    stack = ledgers[stage.index].stacks[-1]
    held = tuple(each.effect for each in Filesystem(stack, context).held(path))
    nested = 1 + max((each.cause.nested for each in held if isinstance(each.cause, CopiedFromStage)), default=0)
    return CopiedFromStage(stage.label, path, held if held and nested < _MOST_COPIES else None, nested)


def _added(instruction: Instruction, url: str, target: str | None, is_folder: bool) -> tuple[str | None, Cause]:
    """Where ADD puts what it downloads, and what that is: files of a repository or an archive, or one of its name."""
    name = posixpath.basename(url.partition("?")[0])
    is_file = url.startswith(("http", "ftp")) and not name.partition("#")[0].endswith(".git")
    if is_file and instruction.flag("unpack") not in (None, "false"):
        return target, Extracted(None, url=url)
    return posixpath.join(target, name) if target and is_folder and is_file else target, Download(url, not is_file)
