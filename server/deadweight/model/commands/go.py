"""go: the program that a build writes, and its cache."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_PROGRAM = Measured("a Go program", "go.program", is_file=True)
_CACHE = Measured("Go's build cache", "go.build_cache")
# Up to 1.19, Debian's of bookworm, Go ships its library compiled.
_CACHE_OF_OLD = Measured("Go's build cache", "go.build_cache.1.19")
_OLD_SUITES = ("bookworm", "bullseye", "buster")
_WRITE_NOTHING = frozenset(("version", "env", "fmt", "vet", "clean", "help", "list", "doc"))


def _effects(call: Call) -> Iterator[Effect]:
    around = call.around
    verb = call.words[0].text if call.words else ""
    if verb in _WRITE_NOTHING:
        return
    if verb not in ("build", "install"):
        yield writes(None, Built(f"go {verb}"), call.span)
        return
    target = call.value("-o") or "."
    gopath = around.variables.get("GOPATH") or "~/go"
    yield writes(around.resolve(posixpath.join(gopath, "bin") if verb == "install" else target), _PROGRAM, call.span)
    is_old = around.base.suite in _OLD_SUITES and any(
        name.startswith("golang") for name in around.files.packages("apt")
    )
    cache = around.resolve(around.variables.get("GOCACHE") or "~/.cache/go-build")
    yield writes(cache, _CACHE_OF_OLD if is_old else _CACHE, call.span)
    manifest = around.folder and around.files.text(posixpath.join(around.folder, "go.mod"))
    if manifest is None or "require" in manifest:
        yield writes(around.resolve(posixpath.join(gopath, "pkg/mod")), Built("go's download of modules"), call.span)


TOOLS = (Tool(("go",), _effects, runs_scripts=True),)
