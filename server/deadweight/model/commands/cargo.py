"""cargo: what a build leaves of the registry, and the programs of `cargo install`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands import builds
from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems import rust
from deadweight.model.effects import Built, Effect, Kind, Leftover, Measured, PackageSet, ProjectTexts, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings

SYMBOLS = Measured("symbols of a Rust program", "rust.program.symbols", is_file=True)
# Options that take the next word along.
VALUES = (
    *("-p", "--package", "--bin", "--example", "--features", "-F", "--target", "--target-dir", "--manifest-path"),
    *("--profile", "-j", "--jobs", "--color", "--config", "-Z", "--path", "--git", "--rev", "--branch", "--tag"),
    *("--version", "--vers", "--root", "--registry", "--index", "--recipe-path", "--message-format", "--exclude"),
)
_READS = frozenset(("build", "b", "rustc", "fetch", "run", "r", "test", "t", "check", "c", "bench", "chef", "install"))
_BUILDS = frozenset(("build", "b", "rustc", "run", "r", "test", "t", "check", "c", "bench", "chef"))
_WRITE_NOTHING = frozenset(("version", "help", "login", "search", "new", "init", "fmt", "metadata", "tree", "clippy"))


def _effects(call: Call) -> Iterator[Effect]:
    operands = [word.plain for word in call.operands(*VALUES) if not word.text.startswith("+")]
    verb = operands[0] if operands else ""
    if verb in _WRITE_NOTHING or not verb:
        return
    if verb == "clean":
        yield removes(call.around.resolve(call.value("--target-dir") or _target_folder(call)), call.span)
        return
    if verb == "install":
        root = call.value("--root") or call.around.variables.get("CARGO_INSTALL_ROOT") or home(call.around)
        yield writes(call.around.resolve(posixpath.join(root, "bin")), Built("cargo install"), call.span)
    elif verb in _BUILDS:
        path, cause = builds.output(call, "cargo", ("target",))
        yield writes(path, cause, call.span)
        if verb in ("build", "b"):
            yield from _symbols(call)
    elif verb not in _READS:
        yield writes(None, Built(f"cargo {verb}"), call.span)
    if verb in _READS and not call.has("--offline", "--frozen"):
        yield from _left(call, is_tool=verb == "install" and call.value("--path") is None)


def _symbols(call: Call) -> Iterator[Effect]:
    """The symbols of each program that a release build writes, where the project's files say which."""
    around, files = call.around, call.around.files
    profile = call.value("--profile") or ("release" if call.has("--release", "-r") else "dev")
    manifest = call.value("--manifest-path") or "Cargo.toml"
    path = around.resolve(manifest)
    text = files.text(path) if path else None
    folder = around.resolve(call.value("--target-dir") or _target_folder(call))
    if profile != "release" or path is None or text is None or folder is None:
        return
    beside = posixpath.join(posixpath.dirname(path), ".cargo")
    settings = (text, *(files.text(posixpath.join(beside, name)) for name in ("config.toml", "config")))
    told = " ".join((around.variables.get("RUSTFLAGS") or "", *(word.plain for word in call.words)))
    switch = around.variables.get("CARGO_PROFILE_RELEASE_STRIP", "false")
    if "strip" in told or switch != "false" or any(rust.strips(each) for each in settings if each):
        return
    triple = call.value("--target") or around.variables.get("CARGO_BUILD_TARGET") or ""
    for name in rust.programs(text):
        wanted = call.value("--bin")
        if wanted in (None, name):
            program = posixpath.join(folder, triple, "release", name)
            yield Effect(Kind.WRITES, None if "$" in program else program, SYMBOLS, call.span)


def _left(call: Call, *, is_tool: bool) -> Iterator[Effect]:
    around = call.around
    folder = around.resolve(home(around))
    lock = around.files.text(posixpath.join(around.folder, "Cargo.lock")) if around.folder and not is_tool else None
    if lock is not None and not rust.crates(lock):
        return
    path = folder and posixpath.join(folder, "registry")
    left = Leftover(
        "install-cache",
        "cargo's registry",
        f"rm -rf {path} {folder}/git",
        of=PackageSet("cargo", project=ProjectTexts(lock=lock)) if lock or is_tool else None,
        is_read_again=not is_tool,
    )
    if path:
        yield call.leaves(path, left)


def home(around: Surroundings) -> str:
    """CARGO_HOME."""
    return around.variables.get("CARGO_HOME") or "~/.cargo"


def _target_folder(call: Call) -> str:
    return call.around.variables.get("CARGO_TARGET_DIR") or "target"


TOOLS = (Tool(("cargo",), _effects, runs_scripts=True),)
