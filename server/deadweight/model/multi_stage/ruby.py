"""Ruby apps: gems go over in the bundle's folder, and their compilers stay behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.ecosystems.project import inside
from deadweight.model.effects import Copied
from deadweight.model.multi_stage import interpreted
from deadweight.model.multi_stage.interpreted import Installed
from deadweight.model.multi_stage.plan import Needs, Refusal
from deadweight.model.multi_stage.recipe import brings_more_than

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.recipe import Recipe

_BUNDLE = "/usr/local/bundle"  # GEM_HOME of the official images
_MANIFESTS = ("Gemfile", "Gemfile.lock", ".ruby-version")
_RUNS = frozenset(("rails", "rake", "ruby", "hanami", "jekyll"))
_GEM = re.compile(r"^ {4}([\w-]+) \(|^\s*gem\s+['\"]([\w-]+)['\"]", re.MULTILINE)
# Libraries that gems load and slim images lack, by the names of Debian and Alpine (the gems' own pages; by hand,
# 2026-11-26), and gems whose libraries are called otherwise in each release.
_LOADS = {
    "pg": ("libpq5", "libpq"),
    "mysql2": ("libmariadb3", "mariadb-connector-c"),
    "sqlite3": ("libsqlite3-0", "sqlite-libs"),
    "rugged": ("", ""),
    "psych": ("libyaml-0-2", "yaml"),
    "image_processing": ("imagemagick", "imagemagick"),
    "mini_magick": ("imagemagick", "imagemagick"),
}
_UNKNOWN = frozenset(("rmagick", "ruby-vips", "charlock_holmes", "curb", "wkhtmltopdf-binary", "pdfkit", "grover"))
_BY_GIT = re.compile(r"^[^#\n]*\bgit(?:hub)?(?::|\s*=>)", re.MULTILINE)
_PATHS = re.compile(r"BUNDLE_PATH|--path\b|--deployment\b|vendor/bundle|\bpath\b")


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of Ruby needs; None for one that installs no gems."""
    if not any(_role(call) == "install" for each in recipe.runs for call in each.calls):
        return None
    runs = interpreted.read(recipe, _role)
    if isinstance(runs, Refusal):
        return runs
    if reason := interpreted.obstacle(recipe, runs) or _obstacle(recipe):
        return Refusal(reason)
    packages = interpreted.packages_of(recipe, _libraries(recipe))
    if isinstance(packages, Refusal):
        return packages
    return interpreted.needs(
        recipe, runs, Installed((_BUNDLE,)), packages, manifests=lambda layer: _manifests_of(recipe, layer)
    )


def _role(call: Call) -> str:
    """What a call is for: install, tool, image; '' for who knows."""
    verb = call.words[0].text if call.words else "install"
    if call.program == "bundle":
        if verb == "exec":
            return "image"
        return {"install": "install", "config": "install", "lock": "tool", "update": "install"}.get(verb, "")
    if call.program == "gem":
        return "install" if verb in ("install", "update") else "tool"
    return "image" if call.program in _RUNS or call.typed in ("bin/rails", "./bin/rails") else ""


def _obstacle(recipe: Recipe) -> str:
    texts = [layer.instruction.text for layer in recipe.layers if layer.instruction.keyword in ("RUN", "ENV")]
    if any(_PATHS.search(text) for text in texts if "bundle" in text.lower()):
        return "gems are installed in a folder of their own"
    if gem := next((each for each in _gems(recipe) if each in _UNKNOWN), ""):
        return f"{gem} loads libraries of the system that nobody can tell"
    return ""


def _gems(recipe: Recipe) -> list[str]:
    texts = (text for path, text in recipe.context.texts.items() if path.rpartition("/")[2] in _MANIFESTS)
    return [one or other for text in texts for one, other in _GEM.findall(text)]


def _libraries(recipe: Recipe) -> list[str]:
    is_alpine = recipe.ledger.base.os_family == "alpine"
    found = {_LOADS[gem][is_alpine] for gem in _gems(recipe) if gem in _LOADS}
    texts = (text for path, text in recipe.context.texts.items() if path.rpartition("/")[2] == "Gemfile")
    found |= {"git"} if any(_BY_GIT.search(text) for text in texts) else set()
    return sorted(found - {""})


def _manifests_of(recipe: Recipe, layer: Layer) -> str:
    cause = layer.kept[0].cause
    root = cause.root if isinstance(cause, Copied) else None
    if root is None or re.search(r"\bpath:|gemspec", recipe.context.texts.get(inside(root, "Gemfile"), "gemspec")):
        return ""
    files = [path for name in _MANIFESTS if (path := inside(root, name)) in recipe.context.files]
    return interpreted.copy_of(layer, files, root, recipe.context.files) if brings_more_than(layer, files) else ""
