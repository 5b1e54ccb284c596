"""Rust: the program goes over to distroless with a C library, or to Debian with the libraries that its crates need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.ecosystems import rust
from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import compiled, system
from deadweight.model.multi_stage.compiled import Image, Language
from deadweight.model.multi_stage.plan import Refusal

if TYPE_CHECKING:
    from deadweight.model.multi_stage.compiled import App
    from deadweight.model.multi_stage.plan import Needs
    from deadweight.model.multi_stage.recipe import Recipe

_STATIC, _WITH_LIBC = "gcr.io/distroless/static-debian13", "gcr.io/distroless/cc-debian13"
_VENDORS = re.compile(r"\b(?:vendored|bundled|static-ssl)\b")


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of Rust needs; None for one that builds no program."""
    return compiled.needs(recipe, _RUST)


def _image(app: App, needs_shell: bool) -> Image | Refusal:
    recipe, base = app.recipe, app.recipe.ledger.base
    texts = recipe.context.texts
    linked = list(rust.linked(texts.get(inside(app.root, "Cargo.lock"), "")).values())
    if linked and _VENDORS.search(texts.get(inside(app.root, "Cargo.toml"), "")):
        linked = []
    if base.libc == "musl":
        if linked:
            return Refusal(f"nobody can tell whether {linked[0]} is linked into the program on Alpine")
        return (
            Image(compiled.of_debian(recipe), ("ca-certificates",))
            if needs_shell
            else Image(_STATIC, is_distroless=True)
        )
    if not linked and not needs_shell:
        return Image(_WITH_LIBC, is_distroless=True)
    packages = ["ca-certificates"]
    for headers in linked:
        libraries = system.libraries_of(headers, base)
        if libraries is None or not base.is_suite_named:
            return Refusal(f"which library stands behind {headers} depends on the release of Debian: name it in FROM")
        packages += libraries
    return Image(compiled.of_debian(recipe), tuple(packages))


_RUST = Language(
    builds=frozenset(("cargo", "rustup", "rustc", "git", "make", "cmake", "protoc")),
    sources=(
        "*.rs",
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain*",
        "target",
        "build.rs",
        "clippy.toml",
        "rustfmt.toml",
        "*.proto",
    ),
    folders=("/usr/local/cargo/bin",),
    image=_image,
)
