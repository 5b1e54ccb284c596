"""What an image could start in place of a server for developers, or of a build at each start: the app, built before.

`nodemon server.js` runs server.js, `npm run dev` has a script for production beside it, `dotnet run` and `go run .`
build an app and start it. Where the project does not say what comes out, there is no answer.
"""

from __future__ import annotations

import posixpath
import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems import node
from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import dotnet, node_app, node_site
from deadweight.model.multi_stage.node_app import App
from deadweight.model.multi_stage.recipe import commands_of_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.multi_stage.recipe import Recipe


class Production(NamedTuple):
    """A start for production.

    before: what the image starts now, in a few words
    commands: what a RUN of an own has to do for it, behind all other work
    start: the words of the new start command
    environment: variables that it needs, as `NAME=value`
    """

    before: str
    commands: tuple[str, ...]
    start: tuple[str, ...]
    check: str
    environment: tuple[str, ...] = ()


_BUILT_ONCE = "the app is built when the image is, and no longer at each start"


def production(recipe: Recipe) -> Production | None:
    """How the app of a stage could be started for production; None where it is already, or where nobody can tell."""
    if recipe.has("ENTRYPOINT") and recipe.has("CMD"):
        return None
    find = _BY_REPOSITORY.get(recipe.ref.repository)
    return find(recipe) if find else None


def _command(recipe: Recipe) -> tuple[str, ...]:
    """The words that build and start an app, behind those that only build: `dotnet restore && dotnet run`."""
    found = [*commands_of_start(recipe.start)]
    if len(found) == 1 and posixpath.basename(found[0][0]) in ("sh", "bash") and found[0][1:2] == ("-c",):
        found = [*commands_of_start(found[0][-1])]
    return found[-1] if found and all(words[:2] in _BEFORE for words in found[:-1]) else ()


_BEFORE = (("dotnet", "restore"), ("dotnet", "build"), ("go", "mod"), ("cargo", "build"))


# --- Node -------------------------------------------------------------------------------------------------------------

# Names of scripts that start an app for production, the plainest first (by hand, 2026-11-26).
_SCRIPTS = ("start:prod", "start:production", "start-prod", "prod", "production", "serve:prod", "start")
_STARTERS = frozenset(("node", "next", "nuxt", "remix-serve", "pm2-runtime", "serve", "http-server", "bun"))
_WATCHERS = frozenset(("nodemon", "node-dev", "supervisor"))
# Of nodemon's options, those that only watching needs; what else there is, node may need (its README; 2026-11-26).
_WATCHING = frozenset(("-w", "--watch", "-e", "--ext", "-i", "--ignore", "--delay", "-d", "--signal"))
_ALONE = frozenset(("-L", "--legacy-watch", "-q", "--quiet", "-V", "--verbose"))
_MODULES = (".js", ".mjs", ".cjs")
_PORT = re.compile(r"\bport\s*:\s*(\d+)")


def _node(recipe: Recipe) -> Production | None:
    app = node_app.read(recipe)
    if not isinstance(app, App) or recipe.ledger.stage.end.variables.get("NODE_ENV") == "development":
        return None
    found = next((words for words in app.start if node.is_development(app.manifest, words)), None)
    if found is None:
        return None
    manager = app.manager.partition(" ")[0]
    is_built = any(word.text == "build" for call in _calls(recipe, *node_app.MANAGERS) for word in call.words)
    build = () if is_built or not app.manifest.script("build") else (f"{manager} run build",)
    before = " ".join(app.start[0][:3])
    check = f"the app needs nothing that {before} sets up"
    if name := next((name for name in _SCRIPTS if _is_for_production(app, name)), ""):
        return Production(before, build, (manager, "run", name), check)
    for words in app.start:
        if words[0] == "vite" and words[1:2] not in (("build",), ("preview",)) and "vite build" in _text_of_build(app):
            port = node_site.port_of(words) or next(iter(_PORT.findall(node_site.vite_settings(app))), "5173")
            return Production(before, build, ("npx", "vite", "preview", "--port", port), check)
        if start := _unwatched(app, words):
            return Production(before, build, start, check)
    return None


def _is_for_production(app: App, name: str) -> bool:
    """Whether a script starts something, and not for developers: Laravel's `prod` only builds."""
    commands = [*node.commands(app.manifest, f"npm run {name}")] if app.manifest.script(name) else []
    starts = any(posixpath.basename(words[0]) in _STARTERS for words in commands)
    return starts and not any(node.is_development(app.manifest, words) for words in commands)


def _text_of_build(app: App) -> str:
    return " ".join(app.manifest.script(name) for name in ("prebuild", "build", "postbuild"))


def _unwatched(app: App, words: tuple[str, ...]) -> tuple[str, ...]:
    """What a watcher starts, without it: `node server.js` of `nodemon -e js server.js`; () where nobody can tell."""
    if words[0] == "node" and "--watch" in words:
        return tuple(word for word in words if word != "--watch")
    if posixpath.basename(words[0]) not in _WATCHERS:
        return ()
    rest = list(words[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0).partition("=")[0]
        if option in _WATCHING:
            rest = rest[1:] if "=" not in option else rest
        elif option not in _ALONE:
            return ()
    if not rest:
        rest = [app.manifest.main] if app.manifest.main else []
    return ("node", *rest) if rest and (rest[0].endswith(_MODULES) or not posixpath.splitext(rest[0])[1]) else ()


# --- Go, Rust ---------------------------------------------------------------------------------------------------------

_BUILT = "/usr/local/bin/app"
_GO_VALUES = frozenset(("-tags", "-ldflags", "-mod", "-gcflags", "-C"))
_CARGO_VALUES = frozenset(("--bin", "--features", "-F", "--manifest-path", "-p", "--package"))
_NAME = re.compile(r"\[package\][^\[]*?^name\s*=\s*\"([\w-]+)\"", re.MULTILINE)


def _go(recipe: Recipe) -> Production | None:
    words = _command(recipe)
    if words[:2] != ("go", "run"):
        return None
    flags, rest = _split(words[2:], _GO_VALUES)
    files = tuple(takewhile(lambda word: word.endswith(".go"), rest)) or rest[:1]
    if not files or "-C" in flags or "-exec" in flags:
        return None
    stripped = () if any(flag.startswith("-ldflags") for flag in flags) else ('-ldflags "-s -w"',)
    command = " ".join(("go build", *flags, *stripped, "-o", _BUILT, *files))
    return Production(f"go run {rest[0]}", (command,), (_BUILT, *rest[len(files) :]), _BUILT_ONCE)


def _rust(recipe: Recipe) -> Production | None:
    words = _command(recipe)
    if words[:2] != ("cargo", "run") or recipe.folder is None:
        return None
    flags, rest = _split(words[2:], _CARGO_VALUES)
    path = recipe.place_of(posixpath.join(recipe.folder, "Cargo.toml"))
    text = recipe.context.texts.get(path or "", "")
    named = _NAME.search(text)
    if named is None or path is None or "[[bin]]" in text or "--manifest-path" in flags or "-p" in flags:
        return None
    if not recipe.context.select(inside(posixpath.dirname(path), "src/main.rs")).exists and "--bin" not in flags:
        return None
    name = flags[flags.index("--bin") + 1] if "--bin" in flags else named[1]
    program = f"./target/{'release' if '--release' in flags or '-r' in flags else 'debug'}/{name}"
    arguments = rest[1:] if rest[:1] == ("--",) else rest
    command = ("build", *flags)
    is_built = any(tuple(word.text for word in call.words) == command for call in _calls(recipe, "cargo"))
    commands = () if is_built else (" ".join(("cargo", *command)),)
    return Production("cargo run", commands, (program, *arguments), _BUILT_ONCE)


def _calls(recipe: Recipe, *programs: str) -> Iterator[Call]:
    return (call for layer in recipe.runs for call in layer.calls if posixpath.basename(call.typed) in programs)


def _split(words: tuple[str, ...], with_value: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The options at the beginning, each with its value, and the rest."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        at += 2 if words[at] in with_value else 1
    return words[:at], words[at:]


# --- Java -------------------------------------------------------------------------------------------------------------

_QUIET = frozenset(
    ("-q", "-B", "-e", "-ntp", "clean", "--no-daemon", "--quiet", "-DskipTests", "--no-transfer-progress")
)
_PROFILES = "-Dspring-boot.run.profiles="


def _java(recipe: Recipe) -> Production | None:
    words = _command(recipe)
    tool = posixpath.basename(words[0]) if words else ""
    runs, build, archive, files = _SPRING.get(tool, ("", "", "", ()))
    rest = [word for word in words[1:] if word not in _QUIET and word != runs]
    if not runs or runs not in words or recipe.folder is None or not all(word.startswith(_PROFILES) for word in rest):
        return None
    places = (recipe.place_of(posixpath.join(recipe.folder, name)) for name in files)
    text = "".join(recipe.context.texts.get(path or "", "") for path in places)
    if not _SPRING_BOOT.search(text) or "<packaging>war" in text or "<modules>" in text:
        return None
    profiles = tuple(f"--spring.profiles.active={word.removeprefix(_PROFILES)}" for word in rest)
    is_built = any(word.text in ("package", "install", build) for call in _calls(recipe, tool) for word in call.words)
    commands = (*(() if is_built else (f"{words[0]} {build}",)), f"mv {archive} app.jar")
    return Production(" ".join((words[0], runs)), commands, ("java", "-jar", "app.jar", *profiles), _BUILT_ONCE)


_SPRING_BOOT = re.compile(r"spring-boot-maven-plugin|org\.springframework\.boot")
_OF_MAVEN = ("spring-boot:run", "package -DskipTests", "target/*.jar", ("pom.xml",))
_OF_GRADLE = ("bootRun", "bootJar", "build/libs/*.jar", ("build.gradle", "build.gradle.kts"))
_SPRING = {"mvn": _OF_MAVEN, "mvnw": _OF_MAVEN, "gradle": _OF_GRADLE, "gradlew": _OF_GRADLE}


# --- .NET -------------------------------------------------------------------------------------------------------------

_RUN_VALUES = frozenset(("--project", "-p", "-c", "--configuration", "--launch-profile", "-v", "--verbosity"))
_RUN_FLAGS = frozenset(("--no-restore", "--no-build", "--no-launch-profile"))
_ASSEMBLY = re.compile(r"<AssemblyName>([^<]+)<")
_STARTS = re.compile(r"Microsoft\.NET\.Sdk\.(?:Web|Worker)|<OutputType>Exe<", re.IGNORECASE)
_PROJECTS = (".csproj", ".fsproj", ".vbproj")


def _dotnet(recipe: Recipe) -> Production | None:
    words = _command(recipe)
    if words[:2] != ("dotnet", "run") or recipe.folder is None:
        return None
    named, rest = "", list(words[2:])
    while rest and rest[0] in _RUN_VALUES | _RUN_FLAGS:
        option = rest.pop(0)
        if option in _RUN_VALUES and rest:
            value = rest.pop(0)
            named = value if option in ("--project", "-p") else named
    arguments = rest[1:] if rest[:1] == ["--"] else rest
    path = _project(recipe, named)
    text = recipe.context.texts.get(path or "", "")
    if path is None or not _STARTS.search(text) or "<TargetFrameworks>" in text:
        return None
    is_web = "Microsoft.NET.Sdk.Web" in text
    assembly = _ASSEMBLY.search(text)
    name = assembly[1] if assembly else posixpath.splitext(posixpath.basename(path))[0]
    # Where a web app is started decides where it looks for its settings.
    if "$(" in name or " " in name or (is_web and posixpath.dirname(named.removeprefix("./"))):
        return None
    done = next(dotnet.published(recipe), None)
    command = " ".join(("dotnet publish", *filter(None, (named,)), "-c Release -o out"))
    program = posixpath.join(done, f"{name}.dll") if done else f"out/{name}.dll"
    check = f"{_BUILT_ONCE}; it starts in Production, and launchSettings.json does not count any more"
    environment = tuple(_addresses(recipe, arguments)) if is_web else ()
    return Production("dotnet run", () if done else (command,), ("dotnet", program, *arguments), check, environment)


def _project(recipe: Recipe, named: str) -> str | None:
    """The project file that `dotnet run` starts, by its path in the build context."""
    place = posixpath.normpath(posixpath.join(recipe.folder or "/", named))
    if place.endswith(_PROJECTS):
        return recipe.place_of(place)
    found = [
        path
        for path in recipe.context.texts
        if path.endswith(_PROJECTS) and recipe.place_of(posixpath.join(place, posixpath.basename(path))) == path
    ]
    return found[0] if len(found) == 1 else None


def _addresses(recipe: Recipe, arguments: list[str]) -> list[str]:
    """The variable that has a web app listen to the port that the file exposes, where nothing says so."""
    ports = [
        word.text
        for layer in recipe.layers
        if layer.instruction.keyword == "EXPOSE"
        for word in layer.instruction.words
        if word.text.isdecimal()
    ]
    is_said = any(argument.startswith("--urls") for argument in arguments)
    is_said = is_said or any(name.startswith("ASPNETCORE_") for name in recipe.ledger.stage.end.environment)
    return [] if is_said or not ports else [f"ASPNETCORE_URLS=http://+:{ports[0]}"]


_BY_REPOSITORY: dict[str, Callable[[Recipe], Production | None]] = {
    **dict.fromkeys(("node", "oven/bun"), _node),
    "golang": _go,
    "rust": _rust,
    **dict.fromkeys(("maven", "gradle", "eclipse-temurin", "openjdk", "amazoncorretto"), _java),
    **dict.fromkeys(("mcr.microsoft.com/dotnet/sdk", "mcr.microsoft.com/dotnet/core/sdk"), _dotnet),
}
