"""PHP: extensions and composer's packages go over; compilers, headers and composer itself stay behind."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.effects import Copied
from deadweight.model.multi_stage import interpreted
from deadweight.model.multi_stage.interpreted import Installed
from deadweight.model.multi_stage.plan import Needs, Refusal, Written
from deadweight.model.multi_stage.recipe import flags_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.plan import Line
    from deadweight.model.multi_stage.recipe import Recipe

# Where the official images put extensions and their settings.
_EXTENSIONS = ("/usr/local/lib/php/extensions", "/usr/local/etc/php/conf.d")
_COMPILES = frozenset(
    (
        *("docker-php-ext-install", "docker-php-ext-enable", "docker-php-ext-configure"),
        "docker-php-source",
        "pecl",
        "pear",
    )
)
_RUNS = frozenset(("php", "a2enmod", "a2dismod", "a2enconf", "a2disconf", "a2ensite", "a2dissite", "service"))
_COMPOSER = "composer"
_PHAR = "composer.phar"
# Of composer.json, what an install runs (getcomposer.org: scripts; 2026-11).
_SCRIPTS = re.compile(r'"(?:pre|post)-(?:install-cmd|autoload-dump|package-install)"')
_INSTALLER = ("getcomposer.org", "composer.github.io", "composer-setup", _PHAR, "--install-dir", "--filename=composer")


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of PHP needs; None for one that installs nothing."""
    calls = [call for layer in recipe.runs for call in layer.calls if _role(call) == "install"]
    if not calls:
        return None
    runs = interpreted.read(recipe, _role)
    if isinstance(runs, Refusal):
        return runs
    packages = interpreted.packages_of(recipe)
    if isinstance(packages, Refusal):
        return packages
    composed = [call for call in calls if call.program not in _COMPILES]
    if reason := interpreted.obstacle(recipe, runs) or ("" if not composed or _has_composer(recipe) else _NONE):
        return Refusal(reason)
    inside = [posixpath.join(call.around.folder or "", "vendor") for call in composed]
    if any(not path.startswith("/") for path in inside):
        return Refusal("nobody can tell in which folder composer installs")
    extensions = _EXTENSIONS if len(composed) < len(calls) else ()
    written = dict(_written(recipe, composed)) if _runs_scripts(recipe, composed) else {}
    return interpreted.needs(
        recipe,
        runs,
        Installed(extensions, () if written else tuple(dict.fromkeys(inside))),
        packages,
        manifests=lambda _: "",
        known=(layer.site.step for layer in recipe.copies if _brings_composer(layer)),
        written=written,
    )


_NONE = "composer is called, and nothing brings it"


def _role(call: Call) -> str:
    """What a call is for: install, tool, image; '' for who knows."""
    if call.program in _COMPILES:
        return "install"
    texts = [word.text for word in call.words]
    if call.program == _COMPOSER or (call.program == "php" and texts and posixpath.basename(texts[0]) == _PHAR):
        verb = next((text for text in texts if not text.startswith("-") and not text.endswith(_PHAR)), "")
        return "install" if verb in ("install", "i", "update", "dump-autoload", "dumpautoload") else ""
    if any(part in text for text in texts for part in _INSTALLER):
        return "tool"
    return "image" if call.program in _RUNS else ""


def _runs_scripts(recipe: Recipe, composed: list[Call]) -> bool:
    """Whether an install runs scripts of the project, which write among its sources: Laravel's into bootstrap/cache."""
    has_scripts = any(
        _SCRIPTS.search(text) for path, text in recipe.context.texts.items() if path.endswith("composer.json")
    )
    return has_scripts and not all(call.has("--no-scripts") for call in composed)


def _written(recipe: Recipe, composed: list[Call]) -> Iterator[tuple[int, Line]]:
    """The COPYs of all of the sources that an install finds, as they are behind it."""
    folders = {call.around.folder for call in composed}
    last = max(layer.site.step for layer in recipe.runs if any(call in composed for call in layer.calls))
    for layer in recipe.copies:
        for effect in layer.kept if layer.site.step < last else ():
            if effect.path in folders and isinstance(effect.cause, Copied) and not effect.cause.is_file:
                copied = f"COPY --from={{build}}{flags_of(layer)} {effect.path} {effect.path}"
                yield layer.site.step, Written(copied)


def _has_composer(recipe: Recipe) -> bool:
    """Whether a COPY, a package of the system or the installer from its site brings composer."""
    return (
        any(map(_brings_composer, recipe.copies))
        or any(name == _COMPOSER for layer in recipe.runs for _, name in layer.packages)
        or any(_role(call) == "tool" for layer in recipe.runs for call in layer.calls)
        or any(recipe.place_of(f"{folder}/{_COMPOSER}") for folder in ("/usr/bin", "/usr/local/bin"))
        or recipe.place_of(posixpath.join(recipe.folder or "/", _PHAR)) is not None
    )


def _brings_composer(layer: Layer) -> bool:
    source = (layer.instruction.flag("from") or "").partition(":")[0]
    return source in (_COMPOSER, f"{_COMPOSER}/{_COMPOSER}")
