"""Which files of a Node app the image needs when it runs: what the build writes, and what no build turns into it."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from itertools import dropwhile
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems.project import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.context import BuildContext
    from deadweight.model.multi_stage.node_app import App

MOST = 8  # files and folders beside the output, up to which each is copied by its name

# What developers, tests and build tools read, at the top of a project (their documentation; by hand, 2026-11-26).
_FOR_DEVELOPERS = """
    test tests __tests__ __mocks__ spec specs e2e cypress playwright coverage docs doc examples example benchmark bench
    stories storybook-static scripts.dev types typings @types .* README* LICENSE* LICENCE* CHANGELOG* CONTRIBUTING* *.md
    Dockerfile* *.dockerfile docker-compose* compose*.y*ml docker Makefile Procfile* Vagrantfile Jenkinsfile k8s helm
    charts terraform tsconfig*.json jsconfig*.json *.tsbuildinfo tslint.json nest-cli.json angular.json nodemon.json
    jest.* vitest.* babel.config.* webpack* rollup.config.* vite.config.* tsup.config.* esbuild* gulpfile.* Gruntfile.*
    eslint.config.* prettier.config.* postcss.config.*
    tailwind.config.* svelte.config.* karma.conf.* playwright.config.*
    cypress.* commitlint.config.* lint-staged.config.* drizzle.config.ts renovate.json lerna.json turbo.json vercel.json
    netlify.toml fly.toml sonar-project.properties package-lock.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb
    npm-shrinkwrap.json package.json node_modules next-env.d.ts components.json *.log index.html *.sh *.code-workspace
    app.json deadweight.toml
"""
_DEVELOPERS = tuple(_FOR_DEVELOPERS.split())
_ALL_THE_SAME = (".env", ".env.production", ".env.local", ".env.production.local", ".sequelizerc")
# What compilers and bundlers turn into their output.
_SOURCES = (".ts", ".tsx", ".mts", ".cts", ".jsx", ".vue", ".svelte", ".astro", ".scss", ".sass", ".less", ".styl")
_ALSO_SOURCES = (".js", ".mjs", ".cjs", ".css", ".json", ".svg", ".snap", ".md", ".gitkeep", ".map", ".ico", ".png")
_SOURCE_FOLDERS = frozenset(
    (*("src", "source", "app", "pages", "components", "lib", "styles", "hooks", "utils"), *("client", "server", "api"))
)
_PROCESS_MANAGER = "pm2-runtime"
_STARTERS = frozenset(("node", "nodejs", "remix-serve", _PROCESS_MANAGER))
# What a process manager starts stands in them: "pm2-runtime start ecosystem.config.js".
_PROCESS_LISTS = (".config.js", ".config.cjs", ".json", ".yml", ".yaml")
_WITH_VALUE = frozenset(("-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"))
_FILE_SERVERS = ("serve", "http-server")
_SERVER_VALUES = frozenset(("-l", "--listen", "-p", "--port", "-a", "-c", "--config", "-P", "--proxy"))
_SITES = frozenset(("build", "dist", "public", "out", "www", "_site", "storybook-static", ".output"))
_WRITTEN = frozenset(("uploads", "upload", "logs", "log", "tmp", "temp", "storage"))  # folders that apps write into
_DATABASES = (".db", ".sqlite", ".sqlite3", "db.json")
_MODULE_ENDS = ("", ".js", ".mjs", ".cjs", "/index.js")


class Rest(NamedTuple):
    """Files and folders at the top of a project, beside what a build writes, by name."""

    files: tuple[str, ...]
    folders: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, folders first."""
        return (*self.folders, *self.files)


def entry(app: App) -> str | None:
    """The path in the project that node starts: "dist/server.js"; None where no command says."""
    for words in app.start:
        at = next((at for at, word in enumerate(words) if posixpath.basename(word) in _STARTERS), None)
        if at is None:
            continue
        manager = posixpath.basename(words[at]) == _PROCESS_MANAGER
        rest = iter(words[at + 1 :])
        for word in rest:
            if word in _WITH_VALUE:
                next(rest, None)
            elif not (word.startswith("-") or (manager and word == "start")):
                return None if manager and word.endswith(_PROCESS_LISTS) else _in_project(app, word)
    return None


def missing(app: App) -> str | None:
    """What node starts and no COPY brings; None where it is there, or nobody can tell."""
    started = entry(app)
    if started is None or app.recipe.place_of(posixpath.join(app.folder, started.partition("/")[0])) is not None:
        return None
    return None if _is_copied(app, started) else started


def _is_copied(app: App, started: str) -> bool:
    """Whether a COPY brings the module that node starts by this path."""
    return any(app.recipe.place_of(posixpath.join(app.folder, started) + end) is not None for end in _MODULE_ENDS)


def server(app: App) -> tuple[str, ...]:
    """The command that hands out static files, which comes with no package of the app; () for others."""
    for words in app.start:
        own = words
        if words[0] == "npx":  # npx -y serve -s build
            own = tuple(dropwhile(lambda word: word.startswith("-"), words[1:]))
        if own and own[0] in _FILE_SERVERS and not app.depends_on(own[0]):
            return own
    return ()


def served(app: App) -> str | None:
    """The folder that a server of static files hands out; None for others."""
    rest = iter(server(app)[1:])
    names = [word for word in rest if not (word.startswith("-") and _skips(word, rest))]
    names = [word for word in names if word not in ("true", "false")]
    path = _in_project(app, names[0] if names else (app.recipe.folder or "")) if server(app) else None
    return path if path and path.partition("/")[0] in _SITES else None


def _skips(option: str, rest: Iterator[str]) -> bool:
    if option in _SERVER_VALUES:
        next(rest, None)
    return True


def _in_project(app: App, path: str) -> str | None:
    """A path of the start command as one of the project; None where it lies elsewhere."""
    if "$" in path or app.recipe.folder is None:
        return None
    if path in (".", "./"):
        path = app.manifest.main or "index.js"
    found = posixpath.normpath(posixpath.join(app.recipe.folder, path))
    return found[len(app.folder) + 1 :] if found.startswith(app.folder + "/") else None


def output(app: App) -> str | None:
    """The folder that the build writes and the start command reads: the first one of its path, which no COPY brings."""
    started = entry(app)
    if started is None:
        return None
    top, _, below = started.partition("/")
    if _is_copied(app, started) or (not below and posixpath.splitext(top)[1]):
        return None
    return None if app.recipe.place_of(posixpath.join(app.folder, top)) is not None else top


def has_written(app: App) -> bool:
    """Whether names of the project's files and folders say that it writes there: uploads, logs, app.sqlite."""
    return app.recipe.context.asked(_has_written, app.root)


def _has_written(context: BuildContext, root: str) -> bool:
    paths = (path.removeprefix(root).lower().split("/") for path in context.select(root or ".").files)
    return any(not _WRITTEN.isdisjoint(names[:-1]) or names[-1].endswith(_DATABASES) for names in paths)


def rest_of(app: App, but: Iterable[str] = ()) -> Rest:
    """What of a project the image needs beside the output of its build, as far as names tell."""
    recipe = app.recipe
    everything = recipe.context.asked(_rest_in, app.root)
    left_out = {*but, *(each for each in everything.names if not _is_brought(app, each))}
    files, folders = ([each for each in names if each not in left_out] for names in everything)
    return Rest(tuple(files), tuple(folders))


def _is_brought(app: App, name: str) -> bool:
    return app.recipe.place_of(posixpath.join(app.folder, name)) == inside(app.root, name)


def _rest_in(context: BuildContext, root: str) -> Rest:
    """What at the top of a project is neither for developers nor a source of its build."""
    files, folders = list[str](), list[str]()
    for name, _ in context.entries(root):
        bare = name.rstrip("/")
        if bare not in _ALL_THE_SAME and any(fnmatchcase(bare, each) for each in _DEVELOPERS):
            continue
        if not name.endswith("/"):
            if not bare.endswith(_SOURCES):
                files.append(bare)
        elif not _is_source(context, inside(root, bare), bare):
            folders.append(bare)
    return Rest(tuple(files), tuple(folders))


def _is_source(context: BuildContext, folder: str, name: str) -> bool:
    """Whether a folder holds nothing but what compilers read."""
    kinds = (*_SOURCES, *_ALSO_SOURCES) if name in _SOURCE_FOLDERS else _SOURCES
    return all(path.endswith(kinds) or _IS_TEST.search(path) for path in context.select(folder).files)


_IS_TEST = re.compile(r"\.(?:test|spec|stories)\.|/__(?:tests|mocks|snapshots)__/")
