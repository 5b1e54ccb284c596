"""Java: the archive goes over to a runtime of the same version, without the compiler and the build system."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import compiled
from deadweight.model.multi_stage.compiled import Image, Language
from deadweight.model.multi_stage.plan import Refusal, Written

if TYPE_CHECKING:
    from deadweight.model.multi_stage.compiled import App
    from deadweight.model.multi_stage.plan import Needs
    from deadweight.model.multi_stage.recipe import Recipe

# The version of Java in a tag: maven:3.9-eclipse-temurin-17, gradle:8.5-jdk21, openjdk:11-jdk-slim.
_VERSION = re.compile(r"(?:temurin|openjdk|corretto|jdk|sapmachine)-?(\d+)")
_FIRST = re.compile(r"(\d+)")
_LASTING = frozenset(
    ("8", "11", "17", "21", "25")
)  # versions of which there always is a runtime (adoptium.net, 2026-11)
# Tools that put an app and all that it needs into one archive.
_IN_ONE = re.compile(
    r"spring-boot-maven-plugin|maven-shade-plugin|maven-assembly-plugin|org\.springframework\.boot|shadow|uber-jar"
)
_BUILD_FILES = ("pom.xml", "build.gradle", "build.gradle.kts")


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage that builds an archive of Java needs; None for any other."""
    return compiled.needs(recipe, _JAVA)


def _image(app: App, _: bool) -> Image | Refusal:
    recipe = app.recipe
    tag = recipe.ref.effective_tag or ""
    found = _VERSION.search(tag) or (_FIRST.match(tag) if recipe.ref.repository not in ("maven", "gradle") else None)
    if found is None or found[1] not in _LASTING:
        return Refusal(f"nobody can tell a runtime for the Java of {recipe.ref.text}")
    end = "-alpine" if recipe.ledger.base.libc == "musl" else ""
    base = f"eclipse-temurin:{found[1]}-jre{end}"
    if _is_whole(app):
        return Image(base)
    folder = posixpath.dirname(app.program)
    if folder == app.folder:
        return Refusal("which other archives its archive needs, nobody can tell")
    return Image(base, files=(Written(f"COPY --from={{build}} {folder} {folder}"),), has_program=True)


def _is_whole(app: App) -> bool:
    """Whether the archive holds all that it needs."""
    texts = app.recipe.context.texts
    return any(_IN_ONE.search(texts.get(inside(app.root, name), "")) for name in _BUILD_FILES)


def _archive(words: tuple[str, ...]) -> str | None:
    """The archive that `java -jar` starts."""
    at = next((at for at, word in enumerate(words) if word == "-jar"), len(words))
    return words[at + 1] if posixpath.basename(words[0]) == "java" and at + 1 < len(words) else None


_JAVA = Language(
    builds=frozenset(("mvn", "mvnw", "gradle", "gradlew", "javac", "jar", "git", "dos2unix")),
    sources=(
        *("*.java", "*.kt", "*.groovy", "*.gradle", "*.kts", "pom.xml", "mvnw*", "gradlew*", ".mvn", "gradle*", "src"),
        *("target", "build", "*.properties", "*.iml", "bin", "*.bat", "*.cmd"),
    ),
    folders=(),
    image=_image,
    argument=_archive,
)
