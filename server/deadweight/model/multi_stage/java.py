"""Java: the archive goes over to a runtime of the same version, without the compiler and the build system."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import compiled
from deadweight.model.multi_stage.compiled import Image, Language
from deadweight.model.multi_stage.plan import Refusal, Written
from deadweight.model.multi_stage.recipe import first_of_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.multi_stage.compiled import App
    from deadweight.model.multi_stage.plan import Needs
    from deadweight.model.multi_stage.recipe import Recipe

# The version of Java in a tag: maven:3.9-eclipse-temurin-17, gradle:8.5-jdk21, openjdk:11-jdk-slim.
_VERSION = re.compile(r"(?:temurin|openjdk|corretto|jdk|sapmachine)-?(\d+)")
_FIRST = re.compile(r"(\d+)")
_LASTING = ("8", "11", "17", "21", "25")  # versions of which there always is a runtime (adoptium.net, 2026-11)
_RELEASE = re.compile(r"-(?:noble|jammy|focal)$")  # of Ubuntu, which images of eclipse-temurin name alike
# What the build files of Maven and Gradle say of the version that they compile for.
_MADE_FOR = re.compile(
    r"<(?:java\.version|maven\.compiler\.(?:release|target|source)|release|target)>(?:1\.)?(\d+)<"
    r"|(?:sourceCompatibility|targetCompatibility)\s*=\s*['\"]?(?:JavaVersion\.VERSION_)?(?:1[._])?(\d+)"
    r"|(?:JavaLanguageVersion\.of|jvmToolchain)\((\d+)\)"
)
_CLASS_PATHS = frozenset(("-cp", "-classpath", "--class-path", "-p", "--module-path"))
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
    version = _version(app)
    if version not in _LASTING:
        java = f"Java {version}" if version else f"the Java of {recipe.ref.text}"
        return Refusal(f"there is no image that only runs {java}, as far as is known")
    if "*" in app.program and _starts_without_shell(recipe):
        return Refusal(f"no shell tells java which file {posixpath.basename(app.program)} is: name it")
    release = _RELEASE.search(recipe.ref.effective_tag or "")
    end = "-alpine" if recipe.ledger.base.libc == "musl" else release[0] if release else ""
    base = f"eclipse-temurin:{version}-jre{end}"
    if "-jar" not in app.words:
        return Image(base, files=tuple(_classes(app)), has_program=True)
    if _is_whole(app):
        return Image(base)
    folder = posixpath.dirname(app.program)
    if folder == app.folder:
        return Refusal("which other archives its archive needs, nobody can tell")
    return Image(base, files=(Written(f"COPY --from={{build}} {folder} {folder}"),), has_program=True)


def _version(app: App) -> str:
    """The version of Java by the tag of the base; where that names none, the one that the project is built for."""
    ref = app.recipe.ref
    tag = ref.effective_tag or ""
    if named := _VERSION.search(tag) or (_FIRST.match(tag) if ref.repository not in ("maven", "gradle") else None):
        return named[1]
    texts = app.recipe.context.texts
    found = (each for name in _BUILD_FILES for each in _MADE_FOR.findall(texts.get(inside(app.root, name), "")))
    wanted = [int("".join(groups)) for groups in found]
    return next((each for each in _LASTING if wanted and int(each) >= max(wanted)), "")


def _starts_without_shell(recipe: Recipe) -> bool:
    started = recipe.last("ENTRYPOINT") or recipe.last("CMD")
    return started is not None and started.array is not None and first_of_start(recipe.start)[:1] == ("java",)


def _is_whole(app: App) -> bool:
    """Whether the archive holds all that it needs."""
    texts = app.recipe.context.texts
    return any(_IN_ONE.search(texts.get(inside(app.root, name), "")) for name in _BUILD_FILES)


def _classes(app: App) -> Iterator[Written]:
    """The COPYs of all that is on the class path: folders and archives, and in the working folder the classes alone."""
    recipe = app.recipe
    for entry in _class_path(app.words) or (".",):
        path = posixpath.normpath(posixpath.join(recipe.folder or "/", entry.removesuffix("/*")))
        if path == recipe.folder:
            yield Written(f"COPY --from={{build}} {path}/*.class {recipe.target(path)}")
        else:
            yield Written(f"COPY --from={{build}} {path} {path}")


def _started(words: tuple[str, ...]) -> str | None:
    """What java starts: the archive behind -jar, or the first of its class path; a class in the working folder."""
    if posixpath.basename(words[0]) != "java" or "-" in words:
        return None
    if "-jar" in words[:-1]:
        return words[words.index("-jar") + 1]
    entries = _class_path(words)
    if entries and entries[0].removesuffix("/*") not in (".", ""):
        return entries[0].removesuffix("/*")
    behind = [word for before, word in pairwise(words) if not word.startswith("-") and before not in _CLASS_PATHS]
    is_plain = behind and re.fullmatch(r"\w+", behind[0])
    return f"{behind[0]}.class" if is_plain else None


def _class_path(words: tuple[str, ...]) -> tuple[str, ...]:
    """The entries of the class path and of the module path, as they are written."""
    values = (word for option, word in pairwise(words) if option in _CLASS_PATHS)
    return tuple(entry for value in values for entry in value.split(":") if entry)


_JAVA = Language(
    builds=frozenset(("mvn", "mvnw", "gradle", "gradlew", "javac", "jar", "git", "dos2unix")),
    sources=(
        *("*.java", "*.kt", "*.groovy", "*.gradle", "*.kts", "pom.xml", "mvnw*", "gradlew*", ".mvn", "gradle*", "src"),
        *("target", "build", "*.properties", "*.iml", "bin", "*.bat", "*.cmd"),
    ),
    folders=(),
    image=_image,
    argument=_started,
)
