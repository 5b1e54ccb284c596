"""composer: the packages of a PHP project, those for developers among them, and the archives that it keeps."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Leftover, PackageSet, ProjectTexts, removes, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    "-d",
    "--working-dir",
    "--ignore-platform-req",
    "--apcu-autoloader-prefix",
    "--prefer-install",
    "--repository",
)
_INSTALLS = frozenset(("install", "i", "update", "u", "upgrade"))
_CLEARS = frozenset(("clear-cache", "clearcache", "cc"))
_WRITES_NOTHING = frozenset(
    ("config", "show", "info", "validate", "diagnose", "about", "check-platform-reqs", "audit", "why", "outdated")
)
_FALSE = ("", "0", "false")


def _effects(call: Call) -> Iterator[Effect]:
    words = [word.plain for word in call.operands(*VALUES)]
    is_global = words[:1] == ["global"]
    verb, *names = words[is_global:] or [""]
    if not verb or verb in _WRITES_NOTHING or call.has("--version", "-V", "--help", "--dry-run"):
        return
    if verb in _CLEARS:
        yield removes(cache(call.around), call.span)
    elif verb in _INSTALLS and not names:
        packages = _of_project(call)
        if not call.around.files.has(packages):  # `composer install --no-scripts` may have installed them before
            yield from _installed(call, packages, _vendor(call, is_global=is_global))
    elif verb in ("require", "req", "update", "create-project"):
        named = tuple(names[:1]) if verb == "create-project" else tuple(names)
        packages = PackageSet("composer", named)
        yield from _installed(call, packages, _vendor(call, is_global=is_global))
    else:
        yield writes(call.around.folder, Built(f"composer {verb}"), call.span)


def _installed(call: Call, packages: PackageSet, place: str | None) -> Iterator[Effect]:
    yield writes(place, packages, call.span)
    folder = cache(call.around)
    if folder is not None and not call.has("--no-cache"):
        # `COMPOSER_HOME=/opt composer install` says for that one run where the cache is.
        is_told_once = any(each.name.startswith("COMPOSER_") for each in call.placed.command.assignments)
        cleanup = f"rm -rf {folder}" if is_told_once else f"{call.typed} clear-cache"
        yield writes(folder, Leftover("install-cache", "composer's download cache", cleanup, of=packages), call.span)


def _of_project(call: Call) -> PackageSet:
    text = call.around.files.text
    name = call.around.variables.get("COMPOSER") or "composer.json"
    manifest = call.around.resolve(posixpath.join(_folder(call), name))
    texts = ProjectTexts(text(manifest), text(f"{manifest.removesuffix('.json')}.lock")) if manifest else ProjectTexts()
    return PackageSet("composer", project=texts, options=frozenset(("dev",) if wants_dev(call) else ()))


def wants_dev(call: Call) -> bool:
    """Whether an install brings require-dev; where the environment is unknown, it is taken not to."""
    if call.has("--no-dev"):
        return False
    told = call.around.variables.get("COMPOSER_NO_DEV", "")
    return told is not None and told.lower() in _FALSE


def _vendor(call: Call, *, is_global: bool) -> str | None:
    if is_global:
        return call.around.resolve(posixpath.join(_home(call.around), "vendor"))
    told = call.around.variables.get("COMPOSER_VENDOR_DIR") or "vendor"
    return call.around.resolve(posixpath.join(_folder(call), told))


def _folder(call: Call) -> str:
    return call.value("-d", "--working-dir") or "."


def _home(around: Surroundings) -> str:
    return around.variables.get("COMPOSER_HOME") or "~/.composer"


def cache(around: Surroundings) -> str | None:
    """Where composer keeps what it downloads."""
    return around.resolve(around.variables.get("COMPOSER_CACHE_DIR") or posixpath.join(_home(around), "cache"))


TOOLS = (Tool(("composer", "composer.phar"), _effects, runs_scripts=True),)
