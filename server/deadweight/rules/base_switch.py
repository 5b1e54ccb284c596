"""What it takes to put a smaller base image in place of a full one: its name, and what the commands miss in it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import apt
from deadweight.model.effects import PackageSet
from deadweight.model.image import base
from deadweight.model.siblings import siblings
from deadweight.model.start import starters
from deadweight.rules import on_alpine, static_program
from deadweight.rules.base_needs import standing_on
from deadweight.rules.edits import line_end, remove_instruction
from deadweight.size.estimate import cause_size
from deadweight.size.units import ZERO, Size, less, total
from deadweight.syntax.dockerfile import remembered
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.image import Base, ImageRef
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.playing import Rest
    from deadweight.model.siblings import Sibling
    from deadweight.rules.base_needs import Uses
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.words import Word

_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\w+")
# Packages that are no more than a program; a compiler belongs into another stage. The same ones by Alpine's names.
_PROGRAMS = frozenset(
    (
        *(
            "curl",
            "file",
            "git",
            "gnupg",
            "imagemagick",
            "mercurial",
            "openssh-client",
            "patch",
            "procps",
            "subversion",
        ),
        *("bzip2", "unzip", "wget", "xz-utils"),
    )
)
_BUSYBOX = frozenset(("bzip2", "patch", "procps", "unzip", "wget"))
_ON_ALPINE = {"xz-utils": "xz"}
_NEED_CERTIFICATES = frozenset(
    ("curl", "git", "wget", "mercurial", "subversion")
)  # of which Debian only recommends them
_NODE = "/nodejs/bin/node"  # GoogleContainerTools/distroless nodejs: its ENTRYPOINT, which is on no PATH (2026-11-26)


class Switch(NamedTuple):
    """A smaller image that would do, what it weighs with all that has to be added, the packages among that, and what
    the stages no longer write on it.
    """

    sibling: Sibling
    after: Size
    packages: tuple[str, ...]
    gone: Size


def missing(uses: Uses, ref: ImageRef, there: Base) -> frozenset[str]:
    """The packages whose programs the commands call, and that the full image holds and a smaller one does not."""
    if there.package_manager != "apk":
        return uses.packages & set(base(ref).packages) - set(there.packages)
    names = uses.packages & set(base(ref).packages) - _BUSYBOX
    return frozenset(_ON_ALPINE.get(name, name) for name in names) - set(there.packages)


def are_programs(packages: frozenset[str]) -> bool:
    """Whether packages are no more than programs, so that to install them again is no way back."""
    return packages <= _PROGRAMS | set(_ON_ALPINE.values())


def to_install(packages: frozenset[str], there: Base) -> tuple[str, ...]:
    """What brings these packages with all that the full image had beside them."""
    is_without = there.package_manager == "apt" and packages & _NEED_CERTIFICATES  # all of Alpine's images have some
    certificates = {"ca-certificates"} if is_without else set[str]()
    return tuple(sorted(packages | (certificates - set(there.packages))))


def weighs(packages: tuple[str, ...], there: Base) -> Size | None:
    """What an install of packages that are missing adds."""
    if not packages:
        return ZERO
    manager = "apk" if there.package_manager == "apk" else "apt"
    said = apt.options(there, recommends=False) if manager == "apt" else frozenset[str]()
    wanted = PackageSet(manager, packages, suite=there.suite, libc=there.libc, options=said, already=there.packages)
    return total((cause_size(wanted), cause_size(apt.RECORDS) if manager == "apt" else ZERO))


def changes(
    ledgers: Sequence[Ledger], first: Layer, ref: ImageRef, blockers: tuple[str, ...]
) -> tuple[tuple[Size, Size], ...]:
    """What stages on an image, whose FROM is `first`, no longer write on each smaller one that nothing blocks, and what
    they write there anew: packages that the one image holds and the other one does not, or those of another manager.
    """
    managers = {each.base.package_manager for each, why in zip(siblings(ref), blockers, strict=True) if not why}
    installs = [layer.rest for ledger in ledgers for layer in ledger.layers_with(PackageSet)] if managers else []
    runs = [each for ledger in ledgers for each in on_alpine.written(ledger.alone)] if "apk" in managers else []
    return _changes(first, ref, blockers, tuple(installs), tuple(runs))


@remembered
def _changes(
    _: Layer, ref: ImageRef, blockers: tuple[str, ...], installs: tuple[Rest, ...], runs: tuple[on_alpine.Written, ...]
) -> tuple[tuple[Size, Size], ...]:
    held, smaller = base(ref), zip(siblings(ref), blockers, strict=True)
    return tuple([(ZERO, ZERO) if why else _changed(held, each.base, installs, runs) for each, why in smaller])


def _changed(
    held: Base, there: Base, installs: tuple[Rest, ...], runs: tuple[on_alpine.Written, ...]
) -> tuple[Size, Size]:
    if held.package_manager == "apt" and there.package_manager == "apk":
        return on_alpine.weight(runs, there)
    if held.packages == there.packages or held.package_manager != there.package_manager:
        return ZERO, ZERO
    return ZERO, total([_more(each, held.packages, there.packages) for each in installs]) or ZERO


@remembered
def _more(written: Rest, held: tuple[str, ...], there: tuple[str, ...]) -> Size:
    found = []
    for effect in written.effects:
        cause = effect.cause
        if isinstance(cause, PackageSet) and cause.manager in ("apt", "apk") and cause.already[: len(held)] == held:
            anew, before = cause_size(replace(cause, already=(*there, *cause.already[len(held) :]))), cause_size(cause)
            if anew is not None:
                found.append(less(anew, before or ZERO))
    return total(found) or ZERO


def edits_of(snapshot: Snapshot, layer: Layer, ref: ImageRef, word: Word, switch: Switch) -> tuple[Edit, ...] | None:
    """The edits that lead to the smaller image; None where they cannot be written."""
    named = _named(ref, switch.sibling, word, snapshot.offset(layer.site))
    started = _started_by(snapshot, switch.sibling)
    said = _said_otherwise(snapshot, layer, base(ref), switch.sibling.base)
    if named is None or started is None or said is None:
        return None
    return (named, *_installing(snapshot, layer, switch), *said, *started, *_needless(snapshot, layer, switch))


def _needless(snapshot: Snapshot, layer: Layer, switch: Switch) -> list[Edit]:
    """The edits that take out what no static program needs."""
    if not switch.sibling.ref.repository.startswith("gcr.io/distroless/static"):
        return []
    needless = static_program.runs_in_nothing(snapshot, snapshot.ledgers.of(layer)) or ()
    return [remove_instruction(snapshot, each) for each in needless]


def _said_otherwise(snapshot: Snapshot, layer: Layer, held: Base, there: Base) -> tuple[Edit, ...] | None:
    """The edits of what all stages on the image do with apt, where it has apk."""
    if held.package_manager != "apt" or there.package_manager != "apk":
        return ()
    standing = standing_on(snapshot, snapshot.ledgers.of(layer))
    return on_alpine.edits(snapshot, [user for ledger in standing for user in on_alpine.users(ledger.alone)])


def _named(ref: ImageRef, sibling: Sibling, word: Word, offset: int) -> Edit | None:
    """The edit of the reference where it is written out, or of its end: `node:$V` becomes `node:$V-slim`."""
    if word.text == ref.text:
        return Edit(sibling.edit.span.shifted(offset + word.span.start), sibling.edit.text)
    if "$" not in word.text or word.text.endswith(("'", '"')):
        return None  # the image that a further context is, is the user's to change
    tail = _VARIABLE.split(word.text)[-1]
    head = ref.text.removesuffix(tail)
    if head + tail != ref.text or not sibling.ref.text.startswith(head):
        return None  # what an ARG holds is, too
    end = offset + word.span.end
    return Edit(Span(end - len(tail), end), sibling.ref.text.removeprefix(head))


def _installing(snapshot: Snapshot, layer: Layer, switch: Switch) -> tuple[Edit, ...]:
    """The RUN below FROM that installs what is missing."""
    if not switch.packages:
        return ()
    names = " ".join(switch.packages)
    if switch.sibling.base.package_manager == "apk":
        line = f"RUN apk add --no-cache {names}"
    else:
        install = f"apt-get install -y --no-install-recommends {names}"
        line = f"RUN apt-get update && {install} && rm -rf /var/lib/apt/lists/*"
    end = snapshot.offset(layer.site) + len(layer.instruction.text)
    return (Edit(Span(end, end), line + line_end(snapshot.text)),)


def _started_by(snapshot: Snapshot, sibling: Sibling) -> tuple[Edit, ...] | None:
    """How the image starts where there is no shell: in exec form; and where the image starts Node.js by itself, by the
    script alone. None where that cannot be said.
    """
    if sibling.base.shell != "none":
        return ()
    last = starters(snapshot.shipped_ledgers)
    is_node = sibling.ref.repository.startswith("gcr.io/distroless/nodejs")
    if is_node and not last:
        return None
    edits: list[Edit] = []
    for keyword, layer in last.items():
        instruction, offset = layer.instruction, snapshot.offset(layer.site)
        words = [word.text if instruction.array is None else word.value or "" for word in instruction.words]
        if instruction.array is None and keyword == "ENTRYPOINT" and "CMD" in last:
            return None  # which is left out in shell form, and would not be in the other
        now = words
        if is_node and (keyword == "ENTRYPOINT" or "ENTRYPOINT" not in last):
            if words[:1] != ["node"] or len(words) == 1:
                return None
            now = [_NODE, *words[1:]] if keyword == "ENTRYPOINT" else words[1:]
        if instruction.array is None or now != words:
            text = ", ".join(f'"{word}"' for word in now)
            span = instruction.arguments.span(Span(0, len(instruction.arguments.text.rstrip())))
            edits.append(Edit(span.shifted(offset), f"[{text}]"))
    return tuple(edits)
