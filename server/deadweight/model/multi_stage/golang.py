"""Go: a static program on distroless; one that needs C on its small image with a C library."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands import go
from deadweight.model.ecosystems.project import inside
from deadweight.model.effects import is_under
from deadweight.model.multi_stage import compiled
from deadweight.model.multi_stage.compiled import Image, Language
from deadweight.model.multi_stage.plan import Kept, Refusal, Written
from deadweight.model.multi_stage.recipe import brings_more_than, commands, flags_of

if TYPE_CHECKING:
    from deadweight.model.context import BuildContext
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.compiled import App
    from deadweight.model.multi_stage.plan import Needs, Steps
    from deadweight.model.multi_stage.recipe import Recipe

_STATIC, _WITH_LIBC = "gcr.io/distroless/static-debian13", "gcr.io/distroless/base-debian13"
# Modules that need C, and those that need libraries of the system beside it (their documentation; by hand, 2026-11-26).
_NEEDS_C = re.compile(
    r"mattn/go-sqlite3|confluent-kafka-go|marcboeker/go-duckdb|smacker/go-tree-sitter|uber/h3-go|DataDog/zstd"
    r"|valyala/gozstd|ethereum/go-ethereum|tidwall/sqlite|wasmerio/wasmer-go|bytecodealliance/wasmtime-go"
)
_NEEDS_LIBRARIES = re.compile(
    r"gocv\.io|h2non/bimg|davidbyttow/govips|gographics/imagick|godror/godror|mattn/go-oci8|google/gopacket"
    r"|tecbot/gorocksdb|linxGnu/grocksdb|libgit2/git2go|pebbe/zmq|veandco/go-sdl2|go-gl/"
)
_SAYS_C = re.compile(r"CGO_ENABLED=1|\s-race\b|buildmode=(?:plugin|c-|shared)")
_C_SOURCES = (".c", ".cc", ".cpp", ".h", ".hpp", ".S", ".s")
_MAY_WRITE = frozenset(("cp", "mv", "install", "ln", "make"))  # beside go itself, what puts programs somewhere
_MANIFESTS = ("go.mod", "go.sum")
_BUILDING = ("build", "install")
# A build at the start of a command, with the variables that it gets: `cd cmd && GOOS=linux go build`.
_BUILDS = re.compile(r"(^|(?:&&|;)[\s\\]*)((?:[A-Z]\w*=\S*\s+)*go\s+(?:build|install)\b)")


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of Go needs; None for one that builds no program."""
    return compiled.needs(recipe, _GO)


def _image(app: App, needs_shell: bool) -> Image | Refusal:
    manifest = _manifest(app)
    if elsewhere := _written_elsewhere(app):
        return Refusal(f"go writes {elsewhere}, and the start command looks for {app.program}")
    if found := _NEEDS_LIBRARIES.search(manifest):
        return Refusal(f"{found[0]} needs libraries of the system that nobody can tell")
    if needs_shell:
        return Image(compiled.of_debian(app.recipe), ("ca-certificates", "tzdata"))
    if not _uses_c(app):
        return Image(_STATIC, is_distroless=True)
    if app.recipe.ledger.base.libc == "musl":
        return Image(compiled.of_debian(app.recipe), ("ca-certificates", "tzdata"))
    return Image(_WITH_LIBC, is_distroless=True)


def _written_elsewhere(app: App) -> str:
    """Where a build writes the program, where that is known not to be what is started; '' else."""
    recipe = app.recipe
    if any(call.program in _MAY_WRITE for layer in recipe.runs for call in layer.calls):
        return ""
    paths = [each.path for layer in recipe.runs for each in layer.kept if each.cause in go.PROGRAM]
    is_elsewhere = all(path is not None and not is_under(app.program, path) for path in paths)
    return paths[-1] or "" if paths and is_elsewhere else ""


def _manifest(app: App) -> str:
    return app.recipe.context.texts.get(inside(app.root, "go.mod"), "")


def _uses_c(app: App) -> bool:
    """Whether the program needs a C library: by what its build says, its modules, its own C."""
    recipe = app.recipe
    texts = [layer.instruction.text for layer in recipe.runs]
    said = recipe.ledger.stage.end.variables.get("CGO_ENABLED")
    if said == "0" or any("CGO_ENABLED=0" in text for text in texts):
        return False
    if said == "1" or any(_SAYS_C.search(text) for text in texts):
        return True
    if _NEEDS_C.search(_manifest(app)) or any(call.program == "make" for layer in recipe.runs for call in layer.calls):
        return True
    return recipe.context.asked(_has_c, app.root) or any(map(_builds_out_of_reach, recipe.runs))


def _builds_out_of_reach(layer: Layer) -> bool:
    """Whether a RUN builds where nothing of ours can tell it to do without C: in a loop, by another shell."""
    builds = [call for call in layer.calls if call.program == "go" and call.words and call.words[0].text in _BUILDING]
    return len(builds) > _without_c(layer.instruction.arguments.text).count("CGO_ENABLED")


def _has_c(context: BuildContext, root: str) -> bool:
    files = context.select(root or ".").files
    return any(path.endswith(_C_SOURCES) and "testdata" not in path for path in files)


def _build(app: App) -> Steps:
    """Modules first, where all sources come before them; and a build without C, where none is needed."""
    recipe, build = app.recipe, dict[int, "tuple[Kept | Written, ...]"]()
    is_static = not _uses_c(app) and recipe.ledger.stage.end.variables.get("CGO_ENABLED") != "0"
    for layer in recipe.runs:
        parts = commands(layer)
        texts = [_without_c(each.text) if is_static else each.text for each in parts]
        if texts != [each.text for each in parts]:
            build[layer.site.step] = (Written(f"RUN{flags_of(layer)} {' && '.join(texts)}"),)
    files = [inside(app.root, name) for name in _MANIFESTS if inside(app.root, name) in recipe.context.files]
    wide = next((layer for layer in recipe.copies if brings_more_than(layer, files)), None)
    downloads = [layer for layer in recipe.runs if "mod download" in layer.instruction.text]
    is_first = wide is not None and wide is recipe.copies[0] and wide.step is not None
    if wide is None or wide.step is None or not is_first or len(files) < len(_MANIFESTS) or "=> ." in _manifest(app):
        return build
    folder = "./" if wide.step.state.workdir == app.folder else f"{app.folder}/"
    first = (Written(f"COPY{flags_of(wide)} {' '.join(files)} {folder}"),)
    if not downloads and wide.step.state.workdir == app.folder:
        build[wide.site.step] = (*first, Written("RUN go mod download"), Kept(wide.site.step))
    elif not downloads and (first_build := _first_build(app)) is not None:
        step = first_build.site.step
        build[wide.site.step] = first
        build[step] = (Written("RUN go mod download"), Kept(wide.site.step), *build.get(step, (Kept(step),)))
    elif downloads and len(commands(downloads[0])) == 1 and downloads[0].site > wide.site:
        step = downloads[0].site.step
        build[wide.site.step] = first
        build[step] = (Kept(step), Kept(wide.site.step))
    return build


def _first_build(app: App) -> Layer | None:
    """The RUN that builds, where it is the first one behind the COPY of the sources and runs in their folder."""
    recipe = app.recipe
    above = recipe.copies[0].site.step
    behind = [layer for layer in (*recipe.runs, *recipe.copies) if layer.site.step > above]
    first = min(behind, key=lambda layer: layer.site.step, default=None)
    is_build = first is not None and any(call.program == "go" for call in first.calls)
    return first if first and is_build and first.step and first.step.state.workdir == app.folder else None


def _without_c(text: str) -> str:
    """A command that builds, told to do without C."""
    return text if "CGO_ENABLED" in text else _BUILDS.sub(r"\1CGO_ENABLED=0 \2", text)


_GO = Language(
    builds=frozenset(
        ("go", "make", "git", "swag", "templ", "sqlc", "protoc", "mockgen", "goose-none", "wire", "dep", "glide")
    ),
    sources=("*.go", "go.mod", "go.sum", "go.work*", "vendor", "*.proto", "*.mod", "*.sum", "tools", "*.toml.example"),
    folders=("/go/bin",),
    image=_image,
    build=_build,
)
