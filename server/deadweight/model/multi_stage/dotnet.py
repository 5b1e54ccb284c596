""".NET: the folder that `dotnet publish` writes goes over to the runtime of the same version."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deadweight.model.multi_stage import compiled
from deadweight.model.multi_stage.compiled import Image, Language
from deadweight.model.multi_stage.plan import Refusal, Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.multi_stage.compiled import App
    from deadweight.model.multi_stage.plan import Needs
    from deadweight.model.multi_stage.recipe import Recipe

# What a web app looks for in its working folder (learn.microsoft.com: the content root; 2026-11).
_SETTINGS, _STATIC = "appsettings*.json", "wwwroot"
_RUNTIME, _WEB = "mcr.microsoft.com/dotnet/runtime", "mcr.microsoft.com/dotnet/aspnet"


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the SDK of .NET needs; None for one that builds no app."""
    return compiled.needs(recipe, _DOTNET)


def _image(app: App, _: bool) -> Image | Refusal:
    recipe = app.recipe
    tag = recipe.ref.tag
    folder = posixpath.dirname(app.program)
    if tag is None or recipe.ref.digest:
        return Refusal("the SDK is named without a version")
    if folder == app.folder:
        return Refusal("the app is published among its sources")
    projects = [text for path, text in recipe.context.texts.items() if path.endswith("proj")]
    is_web = any("Microsoft.NET.Sdk.Web" in text or "Microsoft.AspNetCore.App" in text for text in projects)
    # The image for web apps holds the runtime too.
    name = _WEB if is_web or not projects else _RUNTIME
    published = Written(f"COPY --from={{build}} {folder} {folder}")
    return Image(f"{name}:{tag}", files=(published, *_beside(app, folder)), has_program=True)


def _beside(app: App, folder: str) -> Iterator[Written]:
    """What an app finds in the folder that it is started in, where that is the one of its sources."""
    recipe = app.recipe
    if recipe.folder in (None, folder) or recipe.folder != app.folder:
        return
    names = [name.rstrip("/") for name, _ in recipe.context.entries(app.root)]
    files = [each for each in names if fnmatchcase(each, _SETTINGS)]
    if files:
        yield Written(f"COPY --from={{build}} {' '.join(posixpath.join(app.folder, each) for each in files)} ./")
    if _STATIC in names:
        yield Written(f"COPY --from={{build}} {posixpath.join(app.folder, _STATIC)} ./{_STATIC}")


def _assembly(words: tuple[str, ...]) -> str | None:
    """The assembly that `dotnet` starts."""
    if words[0] != "dotnet" or len(words) < 2 or not words[1].endswith(".dll"):
        return None
    return words[1]


_DOTNET = Language(
    builds=frozenset(("dotnet",)),
    sources=("*",),  # what the app reads is published with it
    folders=(),
    image=_image,
    argument=_assembly,
)
