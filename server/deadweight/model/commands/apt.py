"""apt-get, apt and aptitude: packages, and the package lists that `update` downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.facts.constants import constant
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Figure, Leftover, Measured, PackageSet, removes, removes_packages, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

LISTS = "/var/lib/apt/lists"
# dpkg's status and logs, debconf's and ldconfig's caches: each layer that changes packages holds them whole.
RECORDS = Measured("records of dpkg and debconf", "apt.layer_overhead")
# Options that take the next word along.
VALUES = ("-o", "--option", "-t", "--target-release", "--default-release", "-c", "--config-file", "-a")
_NO = ("0", "no", "false", "off")


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    if not operands or call.has("--print-uris", "--dry-run", "--simulate", "--download-only", "-s"):
        return
    suite = call.around.base.suite
    if operands[0].text == "update":
        lists = Leftover("apt-lists", "apt package lists", f"rm -rf {LISTS}/*", figure=_lists(suite))
        yield writes(LISTS, lists, call.span)
    elif operands[0].text in ("dist-clean", "distclean"):
        yield removes(LISTS, call.span)
    elif operands[0].text in ("upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"):
        yield writes(None, Built(f"apt-get {operands[0].text}"), call.span)
    elif operands[0].text in ("remove", "purge", "autoremove", "autopurge"):
        names = tuple(call.texts(operands[1:]))
        yield removes_packages(PackageSet("apt", names), call.span)
        yield writes(None, RECORDS, call.span)
    elif operands[0].text in ("install", "build-dep", "satisfy"):
        names = tuple(text.partition("=")[0].partition("/")[0] for text in call.texts(operands[1:]))
        # A trailing dash asks for the removal of a package: `apt-get install foo bar-`.
        names = tuple(name for name in names if not name.endswith("-"))
        if names:
            options = frozenset(("recommends",)) if _wants_recommends(call) else frozenset[str]()
            already = (*call.around.base.packages, *call.around.files.packages("apt"))
            libc = call.around.base.libc
            packages = PackageSet("apt", names, suite=suite, libc=libc, options=options, already=already)
            yield writes(None, packages, call.span)
            if not set(names) <= set(already):
                yield writes(None, RECORDS, call.span)


def _lists(suite: str | None) -> Figure:
    """What the lists of a release weigh."""
    try:
        found = constant(f"apt.lists.{suite}")
    except KeyError:
        found = constant("apt.lists.unknown")
    return Figure(round(found.low), round(found.best), round(found.high), found.source, found.date)


def _wants_recommends(call: Call) -> bool:
    if call.has("--no-install-recommends", "--without-recommends", "-R"):
        return False
    for word in call.words:
        name, equals, value = word.pattern.rpartition("APT::Install-Recommends")[2].rpartition("=")
        if equals and not name and "APT::Install-Recommends" in word.pattern:
            return value.strip("\"'").lower() not in _NO
    return True


TOOLS = (Tool(("apt-get", "apt", "aptitude"), _effects),)
