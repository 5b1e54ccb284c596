"""The steps of a Node app in two stages: manifests first, packages for production, tools that the start needs."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.ecosystems.project import inside
from deadweight.model.effects import Copied
from deadweight.model.multi_stage import node_app
from deadweight.model.multi_stage.node_app import role
from deadweight.model.multi_stage.plan import Kept, Written
from deadweight.model.multi_stage.recipe import brings, brings_more_than, commands, flags_of, goes_into

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.node_app import App
    from deadweight.model.multi_stage.plan import Line, Steps

# Packages with native code that is compiled, or fetched ready-made, when they are installed (by hand, 2026-11-26).
_NATIVE_NAMES = """
    bcrypt sqlite3 better-sqlite3 canvas argon2 node-sass grpc zeromq robotjs node-pty serialport usb leveldown
    bufferutil utf-8-validate re2 libxmljs libxmljs2 oracledb ibm_db pg-native node-rdkafka nodegit deasync fibers
    microtime heapdump node-expat iconv couchbase kerberos isolated-vm cpu-features ffi-napi ref-napi sodium-native
"""
_NATIVE = tuple(_NATIVE_NAMES.split())
_PATTERN = frozenset("*?[")  # what makes a source a pattern
_CACHES = {"npm": "/root/.npm", "yarn": "/usr/local/share/.cache/yarn"}


def from_build(app: App, path: str, to: str | None = None) -> Written:
    """The COPY of a path in the app's folder out of the stage that builds; "" is all of the folder."""
    target = app.recipe.target(app.folder) + (path if to is None else to)
    source = posixpath.join(app.folder, path).rstrip("/")
    return Written(f"COPY --from={{build}}{_chown(app)} {source} {target}")


def together(app: App, files: Iterable[str]) -> Iterator[Line]:
    """One COPY of files out of the stage that builds."""
    sources = " ".join(posixpath.join(app.folder, each) for each in files)
    if sources:
        yield Written(f"COPY --from={{build}}{_chown(app)} {sources} {app.recipe.target(app.folder)}")


def modules(app: App, build: Steps) -> tuple[Line, ...]:
    """The packages that the app needs: installed in its image, or taken from the stage that builds where an install
    may need compilers, secrets or scripts of the sources.
    """
    if not _is_plain(app):
        then(app, build, node_app.pruning(app))
        return *together(app, ("package.json",)), from_build(app, "node_modules")
    copy = Written(f"COPY {' '.join(app.project.install_files)} {app.recipe.target(app.folder)}")
    cache = f"--mount=type=cache,target={_CACHES[app.manager]}"
    install = Written(f"RUN {cache} {node_app.production(app)}")
    is_generated = app.depends_on("@prisma/client", "prisma")
    return copy, install, *((from_build(app, "node_modules/.prisma"),) if is_generated else ())


def manifests_first(app: App, command: str) -> Steps:
    """The COPY of the manifests above the install and that of the rest below it; `command` takes the install's place,
    or the same that keeps to the lockfile.
    """
    recipe, install = app.recipe, app.install
    step, files = install.layer.site.step, app.project.install_files
    command = command or _kept_to_lock(app)
    if not app.is_install_alone:
        return {}
    above = [layer for layer in recipe.copies if layer.site.step < step and goes_into(layer, app.folder)]
    wide = [layer for layer in above if brings_more_than(layer, files) and _is_all(app, layer)]
    if (
        app.project.needs_sources
        or _generates_at_install(app)
        or len(app.installs) > 1
        or not _is_at_top(app)
        or app.recipe.place_of(f"{app.folder}/node_modules") is not None
    ):
        wide = []
    build: Steps = {}
    if wide and not _are_brought(above, wide, files):
        first = wide[0]
        folder = "./" if first.step and first.step.state.workdir == app.folder else f"{app.folder}/"
        build[first.site.step] = (Written(f"COPY{flags_of(first)} {' '.join(files)} {folder}"),)
    for layer in wide:
        build.setdefault(layer.site.step, ())
    lines = list(_split(install.layer, install.number, command, is_whole=not wide))
    at = next((number for number, line in enumerate(lines) if isinstance(line, Written) and command in line.text), 0)
    build[step] = (*lines[: at + 1], *(Kept(layer.site.step) for layer in wide), *lines[at + 1 :])
    return build


def then(app: App, build: Steps, command: str) -> None:
    """Run a command at the end of the stage that builds, behind all sources of the app."""
    if command:
        copies = [layer for layer in app.recipe.copies if goes_into(layer, app.folder)]
        last = max(layer.site.step for layer in (*app.recipe.runs, *copies))
        build[last] = (*build.get(last, (Kept(last),)), Written(f"RUN {command}"))


def tools(app: App) -> Iterator[Line]:
    """The installs of programs that the image starts, and of the package manager where that is what it starts."""
    started = {posixpath.basename(words[0]) for words in app.start if words}
    for layer in app.recipe.runs:
        for command in commands(layer):
            roles = {role(call) for call in command.calls}
            wanted = {word.pattern.partition("@")[0] for call in command.calls for word in call.words}
            is_manager = "manager" in roles and app.manager in ("pnpm", "bun") and app.manager in started
            # The names of programs and packages differ in their ends: pm2 brings pm2-runtime.
            is_tool = "tool" in roles and any(each.startswith(name) for name in wanted if name for each in started)
            if is_manager or is_tool:
                cache = f"--mount=type=cache,target={_CACHES['npm']} " if "npm" in command.text.split() else ""
                yield Written(f"RUN {cache}{command.text}")


def without_tools(app: App, build: Steps) -> Steps:
    """The same without installs of tools alone that no command of the build calls."""
    called = {call.program for layer in app.recipe.runs for call in layer.calls}
    for layer in app.recipe.runs:
        names = {word.pattern.partition("@")[0] for call in layer.calls for word in call.words}
        if app.roles[layer.site.step] == {"tool"} and called.isdisjoint(names):
            kept = build.get(layer.site.step, (Kept(layer.site.step),))
            build[layer.site.step] = tuple(line for line in kept if line != Kept(layer.site.step))
    return build


def managers(app: App) -> Iterator[Line]:
    """Has corepack fetch the package manager that the image starts: else each container would."""
    started = {posixpath.basename(words[0]) for words in app.start if words}
    has_corepack = any(call.program == "corepack" for layer in app.recipe.runs for call in layer.calls)
    if has_corepack and app.manager in started:
        yield Written(f"RUN {app.manager} --version")


def shared(app: App) -> Iterator[int]:
    """The RUNs that make accounts, and folders above the app: both stages need them."""
    sources = [layer.site.step for layer in app.recipe.copies if goes_into(layer, app.folder)]
    for layer in app.recipe.runs:
        roles = app.roles[layer.site.step]
        if roles and roles <= {"account", "setup", "quiet"} and ("account" in roles or layer.site.step < min(sources)):
            yield layer.site.step


def is_setup(app: App, layer: Layer) -> bool:
    """Whether a RUN makes folders and changes modes, and nothing else."""
    roles = app.roles.get(layer.site.step, frozenset())
    return bool(roles) and roles <= {"setup", "quiet"}


def _is_all(app: App, layer: Layer) -> bool:
    """Whether a COPY brings all of the project: a folder of its own above the install is there for that."""
    causes = (effect.cause for effect in layer.kept if isinstance(effect.cause, Copied))
    return any(cause.root == app.root and not _PATTERN.intersection(cause.source) for cause in causes)


def _generates_at_install(app: App) -> bool:
    """Whether Prisma's client is generated by its own install, which looks for the schema."""
    texts = [layer.instruction.arguments.text for layer in app.recipe.runs]
    texts += [app.manifest.script(name) for name in ("prebuild", "build", "postbuild", "generate")]
    return app.depends_on("@prisma/client") and not any("prisma generate" in text for text in texts)


def _kept_to_lock(app: App) -> str:
    """The user's install, as `npm ci` where its lockfile settles all that the manifest asks for."""
    install = app.install
    text = commands(install.layer)[install.number].text
    is_plain = text.split()[:2] in (["npm", "install"], ["npm", "i"]) and len(install.call.words) == text.count(" ")
    return (
        f"npm ci{text.partition(' ')[2].removeprefix('install').removeprefix('i')}"
        if is_plain and app.is_locked()
        else text
    )


def _split(layer: Layer, number: int, command: str, *, is_whole: bool) -> Iterator[Line]:
    """A RUN whose command of this number is another one; what comes behind that is a RUN of its own, unless it
    `is_whole`. What cleans its cache stays with it.
    """
    parts = commands(layer)
    flags = flags_of(layer)
    if len(parts) == 1 or (is_whole and command == parts[number].text):
        yield (
            Written(f"RUN{flags} {command}") if command != parts[0].text and len(parts) == 1 else Kept(layer.site.step)
        )
        return
    texts = [command if at == number else part.text for at, part in enumerate(parts)]
    if is_whole:
        yield Written(f"RUN{flags} {' && '.join(texts)}")
        return
    end = number + 1
    while end < len(parts) and "cache" in [word.text for call in parts[end].calls for word in call.words[:1]]:
        end += 1
    yield Written(f"RUN{flags} {' && '.join(texts[:end])}")
    yield from (Written(f"RUN{flags} {' && '.join(rest)}") for rest in (texts[end:],) if rest)


def _is_plain(app: App) -> bool:
    """Whether the packages can be installed in the image as they are in the stage that builds."""
    recipe = app.recipe
    if app.manager not in _CACHES or app.owner or recipe.has("ARG") or app.install.layer.instruction.flags:
        return False
    if not app.brings_lock:
        return False  # the image would have other versions than the build
    if app.project.needs_sources or app.depends_on(*_NATIVE) or inside(app.root, ".npmrc") in recipe.context.files:
        return False
    if app.locked.needs_git or not app.locked.names.isdisjoint(_NATIVE):
        return False
    return _is_at_top(app) and not node_app.needs_dev(app) and not app.install.call.value("--prefix", "--cwd")


def _is_at_top(app: App) -> bool:
    files = app.project.install_files
    return all(posixpath.dirname(path) == app.root and " " not in path for path in files)


def _are_brought(above: list[Layer], wide: list[Layer], files: tuple[str, ...]) -> bool:
    """Whether COPYs above the install bring all that it reads, and nothing else."""
    narrow = [layer for layer in above if layer not in wide]
    return all(any(brings(layer, path) for layer in narrow) for path in files)


def _chown(app: App) -> str:
    return f" --chown={app.owner}" if app.owner else ""
