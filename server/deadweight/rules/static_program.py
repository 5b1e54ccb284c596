"""The query for an image that only holds a static program of Go: it needs no operating system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.effects import CopiedFromStage, is_under
from deadweight.model.start import is_plain, started_path, starters
from deadweight.rules.base_needs import is_everywhere, is_static

if TYPE_CHECKING:
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot

# All that distroless has an own copy of (GoogleContainerTools/distroless README: static).
_HELD = frozenset(("ca-certificates", "tzdata", "netbase"))
_HELD_FOLDERS = ("/etc/ssl", "/usr/share/zoneinfo", "/etc/passwd", "/etc/group")
_INSTALLERS = frozenset(("apt-get", "apt", "rm", "update-ca-certificates"))
_OF_IMAGES = frozenset(
    ("ARG", "ENV", "LABEL", "EXPOSE", "VOLUME", "STOPSIGNAL", "WORKDIR", "COPY", "CMD", "ENTRYPOINT", "MAINTAINER")
)


def runs_in_nothing(snapshot: Snapshot, ledger: Ledger) -> tuple[Layer, ...] | None:
    """The RUNs that a stage can do without, where it starts a static program that another stage has built and holds
    nothing else to run; None where it does more.
    """
    target = snapshot.build.target
    if target is not ledger.stage or any(each.stage.base == target.index for each in snapshot.reached_ledgers):
        return None
    needless: list[Layer] = []
    for layer in ledger.layers[1:]:
        keyword = layer.instruction.keyword
        if keyword == "RUN" and _installs_what_is_held(layer):
            needless.append(layer)
        elif keyword == "USER":
            if not is_everywhere(layer.instruction.arguments.text):
                return None
        elif keyword not in _OF_IMAGES or not is_everywhere(layer.instruction.flag("chown") or "root"):
            return None
    copied = [effect for layer in ledger.layers_with(CopiedFromStage) for effect in layer.kept]
    programs = [
        effect.path
        for effect in copied
        if isinstance(cause := effect.cause, CopiedFromStage)
        and any(each.stage.label == cause.stage and is_static(each) for each in ledger.others)
    ]
    others = [effect.path for effect in copied if effect.path not in programs]
    if not all(path and any(is_under(path, folder) for folder in _HELD_FOLDERS) for path in others):
        return None
    program = _program(ledger)
    starts = program and any(path and path != "/" and is_under(program, path) for path in programs)
    return tuple(needless) if starts else None


def _installs_what_is_held(layer: Layer) -> bool:
    """Whether a RUN does no more than to install what distroless holds."""
    names = {name for _, name in layer.packages}
    return bool(names) and names <= _HELD and layer.programs <= _INSTALLERS


def _program(ledger: Ledger) -> str | None:
    """The path of what the stage starts, in exec form or in one that says the same."""
    is_told = all(is_plain(layer.instruction) for layer in starters((ledger,)).values())
    return started_path((ledger,), ledger.stage) if is_told else None
