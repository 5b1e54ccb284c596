"""Sites of files alone, which a bundler writes: nginx can hand them out, at the port that the image has now."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems.lenient import as_object, as_string, json_object
from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import node_app, node_files
from deadweight.model.multi_stage.node_steps import manifests_first, then, without_tools
from deadweight.model.multi_stage.plan import Needs, Refusal, Written
from deadweight.model.multi_stage.recipe import STARTS
from deadweight.model.multi_stage.system import Packages

if TYPE_CHECKING:
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.node_app import App
    from deadweight.model.multi_stage.plan import Steps
    from deadweight.model.multi_stage.recipe import Recipe
    from deadweight.syntax.words import Word

NGINX = "nginx:alpine"
_ROOT = "/usr/share/nginx/html"
_SETTINGS = (
    r"RUN printf 'server {{\n    listen {port};\n    root {root};\n    location / {{\n        "
    r"try_files $uri $uri/ {otherwise};\n    }}\n}}\n' > /etc/nginx/conf.d/default.conf"
)
# What a start command may call, beside a server that a package brings.
_OF_SITES = frozenset(
    (
        *(
            "npm",
            "yarn",
            "pnpm",
            "bun",
            "npx",
            "bunx",
            "serve",
            "http-server",
            "tsc",
            "vue-tsc",
            "vite",
            "react-scripts",
        ),
        *("vue-cli-service", "ng", "echo", "cross-env", "exec", "cd"),
    )
)
# Frameworks on Vite that write elsewhere, or a server (their documentation; by hand, 2026-11-26).
_OTHER_OUTPUT = frozenset(("@sveltejs/kit", "astro", "@remix-run/dev", "@builder.io/qwik", "nuxt", "vite-plugin-ssr"))
_VITE_CONFIGS = ("vite.config.js", "vite.config.ts", "vite.config.mjs", "vite.config.mts")
_PORTS = frozenset(("-p", "--port", "-l", "--listen"))  # of servers of static files
_OUT_DIR = re.compile(r"outDir\s*:\s*['\"]([\w./-]+)['\"]")


class _Server(NamedTuple):
    """What serves the site now: the folder that the build writes, its port, whether it answers all paths alike."""

    folder: str
    port: int
    is_one_page: bool = True


# Servers of bundlers, by the words that start them, with the folders and ports of their documentation (2026-11-26).
_BUNDLERS: dict[tuple[str, ...], _Server] = {
    ("react-scripts", "start"): _Server("build", 3000),
    ("vue-cli-service", "serve"): _Server("dist", 8080),
    ("vite", "preview"): _Server("dist", 4173),
    ("ng", "serve"): _Server("", 4200),
}


def needs(recipe: Recipe) -> Needs | None:
    """What both stages need where nginx hands out the site; None for what is no site, or one that does more."""
    app = node_app.read(recipe)
    if app is None or isinstance(app, Refusal):
        return None
    server = _server(app)
    if (
        server is None
        or recipe.has("USER", "VOLUME", "HEALTHCHECK")
        or len({each.layer.site for each in app.installs}) > 1
    ):
        return None
    if recipe.context.select(inside(app.root, "src/setupProxy.js")).exists:
        return None
    if '"proxy"' in recipe.context.texts.get(inside(app.root, "package.json"), "") or "proxy" in vite_settings(app):
        return None  # it passes requests on
    if any(word.startswith("--proxy") for words in app.start for word in words) or not _serves_alone(app):
        return None
    build = manifests_first(app, "")
    if not app.does("build"):
        if not app.manifest.script("build"):
            return None
        then(app, build, f"{app.manager} run build")
    settings = _SETTINGS.format(port=_port(app, server), root=_ROOT, otherwise=_otherwise(server))
    site = Written(f"COPY --from={{build}} {posixpath.join(app.folder, server.folder)} {_ROOT}")
    image: Steps = {recipe.last_work: (Written(settings), site)}
    image.update({layer.site.step: () for layer in recipe.layers if layer.instruction.keyword in STARTS})
    checks = (f"the build writes {server.folder}", "the site gets its settings when it is built, not when it starts")
    return Needs(NGINX, without_tools(app, build), image, Packages(), checks=checks, variant="nginx")


def _serves_alone(app: App) -> bool:
    """Whether the start command runs the server and what builds the site, and nothing beside it: no `node api.js`."""
    wanted = (*app.manifest.dependencies, *app.manifest.dev_dependencies)
    is_other = any(each.name in _OTHER_OUTPUT for each in wanted)
    return not is_other and all(posixpath.basename(words[0]) in _OF_SITES for words in app.start)


def _server(app: App) -> _Server | None:
    recipe = app.recipe
    for words in app.start:
        names = tuple(word for word in words if word != "npx" and not word.startswith("-"))
        usual = _BUNDLERS.get((posixpath.basename(names[0]), *names[1:2])) if names else None
        if usual is None:
            continue
        known = usual._replace(port=int(port_of(words) or usual.port))
        if names[0] == "ng":
            written = _angular(recipe.context.texts.get(inside(app.root, "angular.json"), ""))
            return known._replace(folder=written) if written else None
        found = _OUT_DIR.search(vite_settings(app)) if names[0] == "vite" else None
        return known._replace(folder=found[1]) if found else known
    if folder := node_files.served(app):
        words = node_files.server(app)
        is_one_page = "-s" in words or "--single" in words
        return _Server(folder, int(port_of(words) or (3000 if words[0] == "serve" else 8080)), is_one_page)
    return None


def port_of(words: tuple[str, ...]) -> str:
    """The port that a server is told to listen to; '' where it is not."""
    joined = (word.partition("=") for word in words)
    named = [*pairwise(words), *((name, value) for name, _, value in joined)]
    return next((port for name, port in named if name in _PORTS and port.isdecimal()), "")


def vite_settings(app: App) -> str:
    """The text of Vite's settings; '' where there are none."""
    texts = app.recipe.context.texts
    return next((texts[path] for name in _VITE_CONFIGS if (path := inside(app.root, name)) in texts), "")


def _angular(text: str) -> str:
    """The folder that `ng build` writes by angular.json; '' where nobody can tell, as of several projects."""
    projects = as_object((json_object(text) or {}).get("projects"))
    if len(projects) != 1:
        return ""
    ((name, project),) = projects.items()
    targets = as_object(as_object(project).get("architect") or as_object(project).get("targets"))
    build = as_object(targets.get("build"))
    folder = as_string(as_object(build.get("options")).get("outputPath", f"dist/{name}"))
    # The newer builder puts what a browser gets into a folder of its own.
    is_new = as_string(build.get("builder")).endswith(":application")
    return f"{folder}/browser" if folder and is_new else folder


def _port(app: App, server: _Server) -> int:
    exposed = [word.text.partition("/")[0] for layer in app.recipe.layers for word in _ports(layer)]
    return int(exposed[0]) if len(exposed) == 1 and exposed[0].isdecimal() else server.port


def _ports(layer: Layer) -> tuple[Word, ...]:
    return layer.instruction.words if layer.instruction.keyword == "EXPOSE" else ()


def _otherwise(server: _Server) -> str:
    return "/index.html" if server.is_one_page else "=404"
