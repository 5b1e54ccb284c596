"""bundle: the gems of a project, the groups that are left out of them, and the archives that it keeps."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.commands import gem
from deadweight.model.commands.call import Tool
from deadweight.model.ecosystems import ruby
from deadweight.model.effects import Built, PackageSet, ProjectTexts, as_text, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Options that take the next word along.
VALUES = (
    *("-j", "--jobs", "--retry", "--path", "--gemfile", "--binstubs", "--shebang", "--trust-policy", "--cache-path"),
    *("--full-index", "--target-rbconfig", "--standalone"),
)
_WRITES_NOTHING = frozenset(("check", "list", "show", "info", "outdated", "platform", "version", "env", "help", "lock"))
_FALSE = ("", "0", "false", "no", "off")
# Its settings for all apps of an account, and the variable that names the folder of those of one.
_OF_ALL, _FOLDER = "~/.bundle/config", "BUNDLE_APP_CONFIG"


def _effects(call: Call) -> Iterator[Effect]:
    operands = [word.plain for word in call.operands(*VALUES) if not re.fullmatch(r"_[\d.]+_", word.text)]
    verb = operands[0] if operands else "install"
    if call.has("--version", "-v", "--help") and not operands:
        return
    if verb in ("install", "update", "i"):
        yield from _install(call)
    elif verb == "config":
        yield from _config(call, operands[1:])
    elif verb not in _WRITES_NOTHING:
        yield writes(call.around.folder, Built(f"bundle {verb}"), call.span)


def _config(call: Call, words: list[str]) -> Iterator[Effect]:
    """`bundle config set --local without 'development test'`, and as it was before: `bundle config without test`."""
    if words and words[0] in ("get", "unset", "list"):
        return
    name, *values = (words[1:] if words[:1] == ["set"] else words) or [""]
    if values:
        said = as_text(f'{_key(name)}: "{" ".join(values)}"\n', appends=True)
        yield writes(call.around.resolve(_OF_ALL if _is_for_all(call) else _of_app(call.around)), said, call.span)


def _is_for_all(call: Call) -> bool:
    """Whether a setting is for all apps of the account; where there is no app, Bundler takes it for that."""
    if call.has("--local", "--global"):
        return call.has("--global")
    around = call.around
    manifest = around.resolve("Gemfile")
    return not (around.variables.get(_FOLDER) or (manifest and around.files.held(manifest)))


def _of_app(around: Surroundings) -> str:
    return posixpath.join(around.variables.get(_FOLDER) or ".bundle", "config")


def _key(name: str) -> str:
    return f"BUNDLE_{name.upper().replace('.', '__').replace('-', '___')}"


def _install(call: Call) -> Iterator[Effect]:
    around, text = call.around, call.around.files.text
    told = call.value("--gemfile") or around.variables.get("BUNDLE_GEMFILE")
    manifest = around.resolve(told or "Gemfile")
    lock = manifest and text(f"{manifest}.lock")
    groups = without(call)
    options = {"without=?"} if groups is None else {f"without={group}" for group in groups}
    project = ProjectTexts(text(manifest) if manifest else None, lock)
    packages = PackageSet("bundler", project=project, options=frozenset(options))
    path = setting(call, "path")
    if path is None and (call.has("--deployment") or _is_on(setting(call, "deployment"))):
        path = "vendor/bundle"
    place = around.resolve(path) if path else gem.home(around)
    yield writes(place, packages, call.span)
    # A path of its own has a folder for each kind and version of Ruby: `jruby/2.5.0`.
    kind = "jruby" if around.base.repository == "jruby" else "ruby"
    yield from gem.left(call, posixpath.join(place, kind, "*") if path and place else place, packages)


def without(call: Call) -> frozenset[str] | None:
    """The groups that an install leaves out; None where nobody can tell."""
    if setting(call, "only") is not None:
        return None
    words = [word.plain for word in call.words]
    if "--without" in words:
        after = words[words.index("--without") + 1 :]
        named = [word for word in after if not word.startswith("-")]
        return frozenset(group for word in named for group in ruby.groups_in(word))
    option = next((word.partition("=")[2] for word in words if word.startswith("--without=")), None)
    told = option if option is not None else setting(call, "without")
    if told is None:
        return frozenset() if "BUNDLE_WITHOUT" not in call.around.variables else None
    return None if "$" in told else frozenset(ruby.groups_in(told))


def setting(call: Call, name: str) -> str | None:
    """What Bundler is told: by its option, by `bundle config`, by ENV, by the project's .bundle/config."""
    around = call.around
    if option := call.value(f"--{name}") if name == "path" else None:
        return option
    if told := _said(around, _of_app(around), name) or around.variables.get(_key(name)):
        return told
    return _said(around, ".bundle/config", name) or _said(around, _OF_ALL, name)


def _said(around: Surroundings, file: str, name: str) -> str | None:
    """What a file of settings says: `BUNDLE_WITHOUT: "development:test"`."""
    path = around.resolve(file)
    text = path and around.files.text(path)
    found = re.findall(rf"^{_key(name)}:\s*(.+)$", text, re.MULTILINE) if text else []
    return found[-1].strip("\"' ") if found else None


def _is_on(value: str | None) -> bool:
    return value is not None and value.lower() not in _FALSE


TOOLS = (Tool(("bundle", "bundler"), _effects, runs_scripts=True),)
