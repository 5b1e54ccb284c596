"""Which framework a project is built on, by what its manifests ask for: what kind of app its image will hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from deadweight.model.ecosystems import node, python
from deadweight.model.ecosystems.lenient import as_object, json_object
from deadweight.model.ecosystems.project import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deadweight.facts.targets import App
    from deadweight.model.context import BuildContext

Language = Literal["node", "python", "php", "java", "go"]

# By language. An app on two of them is one on the first: a Next.js app may have a server of its own on express.
FRAMEWORKS: Mapping[Language, Mapping[str, App]] = {
    "node": {"next": "next", "express": "express"},
    "python": {"django": "django", "fastapi": "fastapi", "flask": "flask"},
    "php": {"laravel/framework": "laravel"},
    "java": {"spring-boot": "spring-boot"},
    "go": {"go": "go"},
}
_LARGEST = 500_000  # characters of a manifest; no editor waits for a longer one to learn what kind of app it is
_MODULE = re.compile(r"^[ \t]*module[ \t]+\S", re.MULTILINE)
_SPRING_BOOT = "spring-boot"
_GRADLE_PLUGIN = "org.springframework.boot"


def app_in(context: BuildContext, folder: str, language: Language) -> App | None:
    """What the project of a language in a folder of the context is; None where its manifests name no framework."""
    named = frozenset(_named(context.texts, folder, language))
    return next((app for name, app in FRAMEWORKS[language].items() if name in named), None)


def _named(texts: Mapping[str, str], folder: str, language: Language) -> Iterator[str]:
    """What the manifests in a folder ask for in production, as far as it is a framework."""

    def at(path: str) -> str:
        found = texts.get(path, "")
        return found if len(found) <= _LARGEST else ""

    def text(name: str) -> str:
        return at(inside(folder, name))

    if language == "node":
        manifest = node.read_manifest(text("package.json"))
        yield from (each.name for each in (manifest.dependencies if manifest else ()))
    elif language == "python":
        project = python.read_pyproject(text("pyproject.toml"))
        path = inside(folder, "requirements.txt")
        found = python.read_requirements(at(path), path, at).requirements
        yield from (each.name for each in (*found, *(project.dependencies if project else ())))
    elif language == "php":
        yield from as_object((json_object(text("composer.json")) or {}).get("require"))
    elif language == "java":
        if _SPRING_BOOT in text("pom.xml") or any(_GRADLE_PLUGIN in text(f"build.gradle{end}") for end in ("", ".kts")):
            yield _SPRING_BOOT
    elif _MODULE.search(text("go.mod")):
        yield "go"
