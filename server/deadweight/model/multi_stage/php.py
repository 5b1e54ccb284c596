"""PHP: extensions and composer's packages go over; compilers, headers and composer itself stay behind."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.multi_stage import interpreted
from deadweight.model.multi_stage.interpreted import Installed
from deadweight.model.multi_stage.plan import Needs, Refusal

if TYPE_CHECKING:
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.recipe import Recipe

# Where the official images put extensions and their settings.
_EXTENSIONS = ("/usr/local/lib/php/extensions", "/usr/local/etc/php/conf.d")
_COMPILES = frozenset(("docker-php-ext-install", "docker-php-ext-enable", "docker-php-ext-configure", "pecl", "pear"))
_RUNS = frozenset(("php", "a2enmod", "a2dismod", "a2ensite", "a2dissite"))


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage on the official image of PHP needs; None for one that installs nothing."""
    calls = [call for layer in recipe.runs for call in layer.calls if _role(call) == "install"]
    if not calls:
        return None
    if not recipe.start:
        # Its base image starts a server where the file says nothing else.
        return Refusal("the file leaves it to the base image what it starts")
    runs = interpreted.read(recipe, _role)
    if isinstance(runs, Refusal):
        return runs
    packages = interpreted.packages_of(recipe)
    if isinstance(packages, Refusal):
        return packages
    if reason := interpreted.obstacle(recipe, runs):
        return Refusal(reason)
    inside = [posixpath.join(call.around.folder or "", "vendor") for call in calls if call.program == "composer"]
    if any(not path.startswith("/") for path in inside):
        return Refusal("nobody can tell in which folder composer installs")
    extensions = _EXTENSIONS if any(call.program in _COMPILES for call in calls) else ()
    return interpreted.needs(
        recipe,
        runs,
        Installed(extensions, tuple(dict.fromkeys(inside))),
        packages,
        manifests=lambda _: "",
        known=(layer.site.step for layer in recipe.copies if _brings_composer(layer)),
    )


def _role(call: Call) -> str:
    """What a call is for: install, tool, image; '' for who knows."""
    if call.program in _COMPILES:
        return "install"
    if call.program == "composer":
        verb = next((word.text for word in call.words if not word.text.startswith("-")), "")
        return "install" if verb in ("install", "i", "dump-autoload", "dumpautoload") else ""
    return "image" if call.program in _RUNS else ""


def _brings_composer(layer: Layer) -> bool:
    source = (layer.instruction.flag("from") or "").partition(":")[0]
    return source == "composer"
