""".NET: the folder that `dotnet publish` writes goes over to the runtime of the same version."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deadweight.model.image import is_in_unknown_home
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
# 8.0, 6.0.100-alpine3.14, 3.1-buster: the SDK counts its third number otherwise than the runtime does.
_TAG = re.compile(r"(\d+\.\d+)(?:\.\d+)?(-.+)?")
_SLIM_ONLY = frozenset(("-stretch", "-buster"))  # the runtimes of .NET Core are on their slim images
_FRAMEWORK = re.compile(r"<TargetFramework>net(?:coreapp)?(\d+\.\d+)</TargetFramework>")


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the SDK of .NET needs; None for one that builds no app."""
    return compiled.needs(recipe, _DOTNET)


def _image(app: App, _: bool) -> Image | Refusal:
    recipe = app.recipe
    folder = posixpath.dirname(app.program)
    projects = [text for path, text in recipe.context.texts.items() if path.endswith("proj")]
    tag = _tag(recipe, projects)
    if tag is None:
        return Refusal("the SDK is named without a version")
    outputs = list(_outputs(recipe, "build", "publish"))
    if outputs and None not in outputs and folder not in outputs:
        return Refusal(f"dotnet writes the app into {outputs[-1]}, and the start command looks for {app.program}")
    if folder == app.folder:
        is_written = folder in outputs
        unknown = f"no command is known to write {app.program}, which the image starts"
        return Refusal("the app is published among its sources" if is_written else unknown)
    is_web = any("Microsoft.NET.Sdk.Web" in text or "Microsoft.AspNetCore.App" in text for text in projects)
    # The image for web apps holds the runtime too.
    name = recipe.ref.repository.removesuffix("sdk") + ("aspnet" if is_web or not projects else "runtime")
    copied = Written(f"COPY --from={{build}} {folder} {folder}")
    return Image(f"{name}:{tag}", files=(copied, *_beside(app, folder)), has_program=True)


def _tag(recipe: Recipe, projects: list[str]) -> str | None:
    """The tag of the runtime: that of the SDK, or the version that all projects are made for; None for who knows."""
    found = _TAG.fullmatch(recipe.ref.tag or "")
    if recipe.ref.digest or found is None:
        made_for = {version for text in projects for version in _FRAMEWORK.findall(text)}
        return next(iter(made_for)) if len(made_for) == 1 else None
    end = found[2] or ""
    return f"{found[1]}{end}{'-slim' if end in _SLIM_ONLY else ''}"


def published(recipe: Recipe) -> Iterator[str]:
    """The folders that `dotnet publish` is told to write into, as far as they are known."""
    return (path for path in _outputs(recipe, "publish") if path and not is_in_unknown_home(path))


def _outputs(recipe: Recipe, *verbs: str) -> Iterator[str | None]:
    """The folders that builds are told to write into."""
    for layer in recipe.runs:
        for call in layer.calls:
            verb = call.words[0].text if call.program == "dotnet" and call.words else ""
            if verb in verbs and (named := call.value("-o", "--output")):
                yield call.around.resolve(named)


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
