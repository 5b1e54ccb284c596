"""rustup: toolchains, with Rust's documentation unless the profile is minimal; components and targets."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Measured, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_VALUES = ("--profile", "-c", "--component", "-t", "--target", "--toolchain", "--default-toolchain", "--default-host")
_TOOLCHAIN = Measured("a Rust toolchain with its documentation", "rust.toolchain")
_MINIMAL = Measured("a Rust toolchain", "rust.toolchain.minimal")
_LIBRARY = Measured("Rust's library for another target", "rust.target")


def _effects(call: Call) -> Iterator[Effect]:
    words = [word.plain for word in call.operands(*_VALUES)]
    folder = call.around.resolve(call.around.variable("RUSTUP_HOME") or "~/.rustup")
    toolchains = folder and posixpath.join(folder, "toolchains")
    match words:
        case ["toolchain", "install" | "add", *_] | ["install", *_]:
            is_minimal = call.value("--profile") == "minimal" or call.around.base.repository == "rust"
            yield writes(toolchains, _MINIMAL if is_minimal else _TOOLCHAIN, call.span)
        case ["target", "add" | "install", *names]:
            for _ in names:
                yield writes(toolchains, _LIBRARY, call.span)
        case ["component", "add" | "install", *_] | ["update", *_]:
            yield writes(toolchains, Built(f"rustup {words[0]}"), call.span)


TOOLS = (Tool(("rustup",), _effects),)
