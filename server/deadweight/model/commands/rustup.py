"""rustup and its installer: toolchains, with documentation unless the profile is minimal; targets and components."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands import ini
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, Measured, as_text, figure, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

ADDRESS = "sh.rustup.rs"  # of its installer
_VALUES = ("--profile", "-c", "--component", "-t", "--target", "--toolchain", "--default-toolchain", "--default-host")


def _effects(call: Call) -> Iterator[Effect]:
    words = [word.plain for word in call.operands(*_VALUES)]
    match words:
        case ["toolchain", "install" | "add", name, *_] | ["install" | "default", name, *_]:
            yield from _toolchain(call, name)
        case ["target", "add" | "install", *names]:
            for name in names:
                yield writes(_toolchains(call), Measured(f"Rust's library for {name}", "rust.target"), call.span)
        case ["set", "profile", profile]:
            yield _profile(call, profile)
        case ["component", "add" | "install", *_] | ["update", *_]:
            yield writes(_toolchains(call), Built(f"rustup {words[0]}"), call.span)


def installer(call: Call) -> Iterator[Effect]:
    """What rustup-init installs, whether it is called by its name or comes from the network."""
    words = [word.plain for word in call.words]
    if "none" in (call.value("--default-toolchain"), *words):
        return
    if profile := call.value("--profile"):
        yield _profile(call, profile)
    yield from _toolchain(call, call.value("--default-toolchain") or "stable")


def _toolchain(call: Call, name: str) -> Iterator[Effect]:
    folder, toolchain = _toolchains(call), Measured(f"the Rust toolchain {name}", "rust.toolchain")
    if call.around.files.has(toolchain):
        return  # `rustup default stable` behind an installer that has brought it
    yield writes(folder, toolchain, call.span)
    path = _settings(call)
    told = call.value("--profile") or ini.value(path and call.around.files.text(path), "profile", "")
    if (told or "").strip("\"'") != "minimal" and call.around.base.repository != "rust":
        cleanup = f"rm -rf {folder}/*/share/doc"
        left = Leftover("rust-docs", "Rust's documentation", cleanup, figure=figure("rust.documentation"))
        yield writes(folder and posixpath.join(folder, "*/share/doc"), left, call.span)


def _profile(call: Call, profile: str) -> Effect:
    return writes(_settings(call), as_text(f'profile = "{profile}"\n', appends=True), call.span)


def _settings(call: Call) -> str | None:
    return call.around.resolve(posixpath.join(_home(call), "settings.toml"))


def _toolchains(call: Call) -> str | None:
    return call.around.resolve(posixpath.join(_home(call), "toolchains"))


def _home(call: Call) -> str:
    return call.around.variables.get("RUSTUP_HOME") or "~/.rustup"


TOOLS = (Tool(("rustup",), _effects), Tool(("rustup-init", "rustup-init.sh"), installer))
