"""Node apps: packages for development and the sources stay in the stage that builds."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import node_app, node_files, system
from deadweight.model.multi_stage.node_steps import (
    from_build,
    is_setup,
    managers,
    manifests_first,
    modules,
    shared,
    then,
    together,
    tools,
    without_tools,
)
from deadweight.model.multi_stage.plan import Kept, Needs, Refusal, Written
from deadweight.model.multi_stage.recipe import (
    brings_more_than,
    goes_into,
    held_by_image,
    is_brought_again,
    runtime_image,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.node_app import App
    from deadweight.model.multi_stage.plan import Line, Steps
    from deadweight.model.multi_stage.recipe import Recipe
    from deadweight.model.multi_stage.system import Packages

# Packages that write files where the app lies or beside it (their documentation; by hand, 2026-11-26).
_WRITERS_NAMES = """
    multer formidable express-fileupload busboy sqlite3 better-sqlite3 sqlite lowdb nedb nedb-promises @seald-io/nedb
    level classic-level node-persist keyv-file winston winston-daily-rotate-file rotating-file-stream log4js pm2
    session-file-store node-localstorage json-server @prisma/client typeorm sequelize strapi @strapi/strapi ghost next
"""
_WRITERS = tuple(_WRITERS_NAMES.split())
_STANDALONE = re.compile(r"output\s*:\s*['\"]standalone['\"]")
_NEXT_CONFIGS = ("next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs")
_SERVER = 'CMD ["node", "server.js"]'  # of Next.js, in its standalone form
_USERS = {"node": "node", "oven/bun": "bun"}  # the accounts that images have for apps
_LOWEST_PORT = 1024  # below it ports are root's own


class _Brought(NamedTuple):
    """What the stage that builds does, what of it the image gets, and the CMD where that is another one."""

    build: Steps
    files: tuple[Line, ...]
    check: str = ""
    command: str = ""


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of Node needs; None for one that installs no app of Node."""
    app = node_app.read(recipe)
    if app is None or isinstance(app, Refusal):
        return app
    if reason := node_app.obstacle(app):
        return Refusal(reason)
    packages = _packages(app)
    if isinstance(packages, Refusal):
        return packages
    brought = _built(app) if app.does("build") else _not_built(app)
    if isinstance(brought, Refusal):
        return brought
    user = _user(app)
    checks = (brought.check, f"the app writes nothing into {app.folder} as user {user}" if user else "")
    return Needs(
        runtime_image(recipe),
        {**without_tools(app, brought.build), **{layer.site.step: () for layer in _elsewhere(app)}},
        _image(app, brought, user),
        packages,
        environment=tuple(_environment(app, brought)),
        checks=tuple(filter(None, checks)),
    )


def _image(app: App, brought: _Brought, user: str) -> Steps:
    """What the image does: the app comes where the last work was done, and all USERs behind it."""
    recipe = app.recipe
    image: Steps = {step: (Kept(step),) for step in (*shared(app), *(layer.site.step for layer in _elsewhere(app)))}
    last = recipe.last_work
    users = [
        layer.site.step for layer in recipe.layers if layer.instruction.keyword == "USER" and layer.site.step < last
    ]
    image.update(dict.fromkeys(users, ()))
    named = (Written(f"USER {user}"),) if user else tuple(map(Kept, users[-1:]))
    own = (*tools(app), *brought.files, *managers(app), *_folder_of_owner(app), *named)
    image[last] = (*image.get(last, ()), *own)
    if brought.command:
        commands = [layer.site.step for layer in recipe.layers if layer.instruction.keyword == "CMD"]
        image[commands[-1]] = (Written(brought.command),)
    return image


def _elsewhere(app: App) -> list[Layer]:
    """The COPYs that bring something to another place than the app's, and the RUNs that change nothing but that."""
    copies = [layer for layer in app.recipe.copies if not goes_into(layer, app.folder)]
    places = [effect.path for layer in copies for effect in layer.kept if effect.path]
    runs = [layer for layer in app.recipe.runs if is_setup(app, layer) and set(_operands(layer)) <= set(places)]
    return [*copies, *runs] if places else copies


def _operands(layer: Layer) -> Iterator[str | None]:
    for call in layer.calls:
        skipped = 1 if call.program in ("chmod", "chown") else 0
        yield from call.paths(call.operands()[skipped:])


def _not_built(app: App) -> _Brought | Refusal:
    """The packages come from the stage that builds, the sources from the build context as before."""
    recipe = app.recipe
    if len(app.installs) > 1 or app.does("beside"):
        return Refusal("its commands write more into the app's folder than packages")
    if app.project.needs_sources:
        return Refusal(app.project.needs_sources)
    if unbuilt := node_files.missing(app):
        return Refusal(f"no RUN builds {unbuilt}, which the start command runs")
    build = manifests_first(app, node_app.production(app))
    if not app.is_install_alone:
        then(app, build, node_app.pruning(app))
    sources = [layer.site.step for layer in recipe.copies if goes_into(layer, app.folder)]
    wide = [
        layer.site.step
        for layer in recipe.copies
        if layer.site.step in sources and brings_more_than(layer, app.project.install_files)
    ]
    brought = [layer for layer in recipe.copies if layer.site.step in sources]
    covering = [
        layer.site.step
        for number, layer in enumerate(brought, 1)
        if not any(is_brought_again(layer, later) for later in brought[number:])
    ]
    install = app.install.layer.site.step
    again = [Kept(each) for each in wide]
    for step in (*wide, install):
        if step in build:  # the packages need no sources, which were to come behind them
            build[step] = tuple(line for line in build[step] if line not in again)
        elif step > install:
            build[step] = ()
    after = [layer.site.step for layer in recipe.runs if is_setup(app, layer) and layer.site.step > min(sources)]
    build.update(dict.fromkeys(after, ()))
    files: tuple[Line, ...] = (from_build(app, "node_modules"), *map(Kept, covering), *map(Kept, after))
    return _Brought(build, files, "the app imports no package of devDependencies" if app.brings_dev else "")


def _built(app: App) -> _Brought | Refusal:
    """The image gets what the build writes, by its name where that is known, else the whole folder without packages
    for development.
    """
    build = manifests_first(app, "")
    if standalone := _standalone(app, build):
        return standalone
    if served := node_files.served(app):
        return _Brought(build, (*_scripts(app), from_build(app, served)))
    out = ".next" if app.depends_on("next") and _starts_next(app) else node_files.output(app)
    if out is None or app.does("beside") or len(app.installs) > 1:
        return _whole(app, build)
    if out == ".output":  # of Nuxt and Nitro: it has its packages in it
        return _Brought(build, (*_scripts(app), from_build(app, out)), "the server reads no file beside .output")
    rest = node_files.rest_of(app, but=(out,))
    if len(rest.names) > node_files.MOST or _changes_modes(app):
        return _whole(app, build)
    if out == ".next":
        then(app, build, f"rm -rf {out}/cache")
    packages = modules(app, build)
    folders = [from_build(app, each) for each in (out, *rest.folders)]
    check = f"the app reads no file beside {_listed((out, *rest.names))}"
    return _Brought(build, (*packages, *folders, *together(app, rest.files), *_made_folders(app)), check)


def _changes_modes(app: App) -> bool:
    """Whether a RUN makes files of the app programs, whichever of them it needs."""
    return any("chmod" in layer.programs for layer in app.recipe.runs if layer not in _elsewhere(app))


def _made_folders(app: App) -> Iterator[Line]:
    """The RUNs that make empty folders and files for the app."""
    both = {*shared(app), *(layer.site.step for layer in _elsewhere(app))}
    for layer in app.recipe.runs:
        if layer.programs and layer.programs <= {"mkdir", "touch"} and layer.site.step not in both:
            yield Kept(layer.site.step)


def _whole(app: App, build: Steps) -> _Brought | Refusal:
    pruning = node_app.pruning(app)
    if app.brings_dev and not pruning and not app.keeps_dev:
        return Refusal(f"{app.manager} cannot take packages for development away again")
    then(app, build, pruning)
    return _Brought(build, (from_build(app, ""),), "the app imports no package of devDependencies")


def _scripts(app: App) -> Iterator[Line]:
    """The COPY of package.json, where the image starts one of its scripts."""
    if app.start and app.start[0][0] in node_app.MANAGERS:
        yield from together(app, ("package.json",))


def _starts_next(app: App) -> bool:
    return any(posixpath.basename(words[0]) == "next" and words[1:2] == ("start",) for words in app.start)


def _standalone(app: App, build: Steps) -> _Brought | None:
    """What an app on Next.js needs whose settings ask for the standalone server; None for any other."""
    context = app.recipe.context
    config = next((name for name in _NEXT_CONFIGS if context.select(inside(app.root, name)).exists), "")
    if node_files.entry(app) == ".next/standalone/server.js":  # a RUN has put what it serves beside it
        return _Brought(
            build, (from_build(app, ".next/standalone"),), "the server needs nothing beside .next/standalone"
        )
    if not app.depends_on("next") or not _STANDALONE.search(context.texts.get(inside(app.root, config), "")):
        return None
    has_own = context.select(inside(app.root, "server.js")).exists
    if not _starts_next(app) and (node_files.entry(app) != "server.js" or has_own):
        return None
    public = (from_build(app, "public"),) if context.select(inside(app.root, "public")).exists else ()
    files = (from_build(app, ".next/standalone", ""), from_build(app, ".next/static"), *public)
    command = _SERVER if _starts_next(app) else ""
    return _Brought(build, files, "the server needs nothing that .next/standalone leaves out", command)


def _environment(app: App, brought: _Brought) -> Iterator[str]:
    known = app.recipe.ledger.stage.end.environment
    if "NODE_ENV" not in known:
        yield "NODE_ENV=production"
    if brought.command and "HOSTNAME" not in known:
        yield "HOSTNAME=0.0.0.0"  # else the server listens to the container's own name alone


def _user(app: App) -> str:
    """The account of the image for an app that writes nothing, where the file names none."""
    recipe = app.recipe
    ports = [
        word.text.partition("/")[0]
        for layer in recipe.layers
        if layer.instruction.keyword == "EXPOSE"
        for word in layer.instruction.words
    ]
    is_low = any(not each.isdecimal() or int(each) < _LOWEST_PORT for each in ports)
    is_writer = app.depends_on(*_WRITERS) or recipe.has("VOLUME", "USER") or app.does("setup") or app.does("tool")
    is_writer = is_writer or any(managers(app)) or node_files.has_written(app)
    return (
        ""
        if is_low or is_writer or app.owner or app.does("beside") or app.does("account")
        else _USERS[recipe.ref.repository]
    )


def _folder_of_owner(app: App) -> Iterator[Line]:
    """The folder of the app belongs to whom `chown -R` gave it."""
    steps = [layer.site.step for layer in app.recipe.runs if any(call.program == "chown" for call in layer.calls)]
    if app.owner and not set(steps) <= set(shared(app)):
        yield Written(f"RUN chown {app.owner} {app.folder}")


def _packages(app: App) -> Packages | Refusal:
    """The packages of the system that the image needs: those that it asks for, and those that slim images lack."""
    recipe = app.recipe
    found = system.runtime_packages(recipe.runs, held_by_image(recipe))
    if isinstance(found, Refusal):
        return found
    more = [*recipe.packages_of_programs]
    if app.depends_on("@prisma/client", "prisma") and recipe.ledger.base.package_manager == "apt":
        more.append("openssl")  # its engines load libssl, which slim images do not have
    return system.lasting(found.also(more), recipe.ledger.base)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
