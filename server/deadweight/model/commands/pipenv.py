"""pipenv: the packages of a Pipfile, installed by a pip of its own."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands import pip
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, PackageSet, ProjectTexts, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

VALUES = ("--python", "--categories", "-r", "--requirements", "-i", "--index", "--pypi-mirror")


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    verb = operands[0].text if operands else ""
    around = call.around
    if verb not in ("install", "sync"):
        return
    folder = around.folder or "/"
    names = tuple(word.pattern for word in operands[1:])
    project = None
    if not names:
        text = around.files.text
        project = ProjectTexts(text(posixpath.join(folder, "Pipfile")), text(posixpath.join(folder, "Pipfile.lock")))
    options = set() if call.has("--dev", "-d") else {"without=dev"}
    packages = PackageSet(
        "pipenv", names, project, around.base.suite, around.base.libc, frozenset(options), runtime=pip.runtime(around)
    )
    yield writes(_place(call, folder), packages, call.span)
    cache = around.resolve(around.variables.get("PIPENV_CACHE_DIR") or around.cached("pipenv"))
    if cache:
        left = Leftover("install-cache", "pipenv's download cache", f"rm -rf {cache}", of=packages)
        yield writes(cache, left, call.span)


def _place(call: Call, folder: str) -> str | None:
    around = call.around
    if call.has("--system"):
        return "/usr/local" if around.base.repository == "python" else None
    if pip.is_set(around, "PIPENV_VENV_IN_PROJECT"):
        return around.resolve(posixpath.join(folder, ".venv"))
    return around.resolve("~/.local/share/virtualenvs")


TOOLS = (Tool(("pipenv",), _effects),)
