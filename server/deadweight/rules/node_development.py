"""What installs of npm, yarn, pnpm and bun bring for development alone; the part of `dev-dependencies-shipped` that is
about Node.js.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import catalog
from deadweight.model.ecosystems import node
from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import is_for_developers, is_idle, start_command
from deadweight.rules.edits import append_command, insert_word
from deadweight.rules.reaching import ships
from deadweight.rules.rule import Finding, Fix, Safety, as_written, of_known
from deadweight.size.estimate import saved_with
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.ecosystems.node import Manifest
    from deadweight.model.effects import Effect
    from deadweight.model.filesystem import Filesystem
    from deadweight.model.layers import Layer, Ledger
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot

# What npm does without running anything of the project; `npm --version` has no verb.
_NPM_ITSELF = re.compile(
    r"|install|i|add|in|isntall|ci|clean-install|ic|install-clean|cache|config|c|set|get|prune|audit|list|ls|fund|"
    r"version|view|update|up|uninstall|rm|dedupe|ddp|help"
)
# Programs of the system, which no package of npm stands behind.
_SYSTEM = frozenset(("apk", "yum", "dnf", "microdnf", "corepack", "setcap", "update-ca-certificates", "awk"))
_OLD_NODE = re.compile(r"(?:[0-9]|1[0-4]|argon|boron|carbon|dubnium|erbium|fermium)(?![0-9])")  # tags with npm 6
# How managers are told to leave them out; yarn's newer ones have another command for it.
_FLAGS = {"npm": "--omit=dev", "yarn": "--production", "pnpm": "--prod", "bun": "--production"}
_MANAGERS = frozenset((*_FLAGS, "yarn berry"))
_NOTE = "Check: nothing in devDependencies is needed when the image runs"


class _Install(NamedTuple):
    """An install of a project that brings its devDependencies."""

    ledger: Ledger
    layer: Layer
    effect: Effect
    call: Call
    manifest: Manifest
    saves: Size


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """The installs whose packages for development are in the image, by their layer or by a COPY from its stage."""
    for install in _installs(snapshot):
        user = _user(snapshot, install, snapshot.reached_ledgers)
        needed = f" for `{user}`" if user and user.startswith(("npm ", "npx ")) else ""
        yield Finding(
            site=install.layer.site,
            span=install.effect.span,
            message=f"devDependencies are installed{needed} and stay in the image",
            saves=install.saves,
            basis="size",
            stage=install.ledger.stage.label,
            frees=frozenset({(install.layer.site, install.effect)}),
            fixes=partial(_fixes, install),
        )


def are_installed(snapshot: Snapshot) -> bool:
    """Whether a layer brings devDependencies."""
    return bool(_installs_in(snapshot.reached_ledgers))


def _installs(snapshot: Snapshot) -> Iterator[_Install]:
    for ledger, layer, (effect, call, manifest, saves) in _installs_in(snapshot.reached_ledgers):
        if not ships(snapshot, layer, effect) or _is_told_otherwise(call, snapshot.ledgers.files(layer)):
            continue
        if not _is_for_development(manifest, start_command(snapshot.shipped_ledgers)):
            yield _Install(ledger, layer, effect, call, manifest, saves)


@OfLayers
def _installs_in(layer: Layer) -> Iterator[tuple[Effect, Call, Manifest, Size]]:
    """The installs of a layer that bring devDependencies, and what these weigh."""
    for effect in layer.kept:
        saves = _saves(effect)
        manifest = _manifest(effect) if saves else None
        call = next((call for call in layer.calls if call.span == effect.span), None) if manifest else None
        if saves is not None and manifest is not None and call is not None:
            yield effect, call, manifest, saves


def _saves(effect: Effect) -> Size | None:
    """The bytes that an install writes for devDependencies; None where it does not, or nobody can tell."""
    cause = effect.cause
    if not isinstance(cause, PackageSet) or cause.manager not in _MANAGERS or "dev" not in cause.options or cause.names:
        return None
    if not effect.is_certain:
        return None
    saves = saved_with(effect, replace(cause, options=cause.options - {"dev"}))
    return saves if saves and saves.best else None


def _manifest(effect: Effect) -> Manifest | None:
    project = effect.cause.project if isinstance(effect.cause, PackageSet) else None
    manifest = node.read_manifest(project.manifest) if project and project.manifest else None
    return manifest if manifest and manifest.dev_dependencies else None


# --- whether the image is one for development -------------------------------------------------------------------------


def _is_for_development(manifest: Manifest, start: str) -> bool:
    """Whether what the image starts with is a developer's tool, or waits for a developer."""
    if is_idle(start):
        return True
    return any(node.is_development(manifest, words) for words in node.commands(manifest, start))


def _is_told_otherwise(call: Call, files: Filesystem) -> bool:
    """Whether NODE_ENV asks for devDependencies or nobody knows it, or npm's settings leave them out."""
    around = call.around
    environment = around.variables.get("NODE_ENV", "")
    if environment is None or is_for_developers(environment):
        return True
    if "--omit=dev" in call.options or call.has("--package-lock-only", "--dry-run"):
        return True
    npmrc = around.resolve(f"{call.value('--prefix', '-C') or '.'}/.npmrc")
    return node.omits_dev((npmrc and files.text(npmrc)) or "", around.variables)


# --- who needs them ---------------------------------------------------------------------------------------------------


def _user(snapshot: Snapshot, install: _Install, ledgers: Iterable[Ledger]) -> str | None:
    """What later on, in one of these stages, may run something of the project or its packages."""
    return next((use for layer in _behind(snapshot, install, ledgers) for use in _uses(layer)), None)


def _behind(snapshot: Snapshot, install: _Install, ledgers: Iterable[Ledger]) -> Iterator[Layer]:
    """The layers that find what is installed: those below in the stage, and the stages that build on it."""
    yield from install.ledger.layers[install.layer.site.step + 1 :]
    users = {install.ledger.stage.index}
    for ledger in ledgers:
        stage = ledger.stage
        if stage.index <= install.ledger.stage.index:
            continue
        named = {found.index for name in stage.sources if (found := snapshot.build.find(name))}
        if stage.base in users or not users.isdisjoint(named):
            users.add(stage.index)
            yield from ledger.layers


@remembered
def _uses(layer: Layer) -> tuple[str, ...]:
    """What of a layer's calls may run something of the project or its packages, as it is written."""
    instruction = layer.instruction
    is_unread = (instruction.keyword == "RUN" and not layer.calls) or instruction.keyword == "ONBUILD"
    calls = (call for call in layer.calls if _may_use_packages(call))
    found = (" ".join((call.program, *(word.text for word in call.words))) for call in calls)
    return (instruction.arguments.text,) if is_unread else tuple(found)


def of_command(command: Reading) -> object:
    """All that these findings take from the words of a command."""
    return as_written(command) if _may_use_packages(command.call) else of_known(command)


def _may_use_packages(call: Call) -> bool:
    if call.program in ("npm", "yarn", "pnpm", "bun"):
        verb = next((word.text for word in call.words if not word.text.startswith("-")), "")
        return not _NPM_ITSELF.fullmatch(verb)
    if call.program in _SYSTEM or [word.text for word in call.words] in (["-v"], ["--version"]):
        return False
    tool = catalog.find(call.program)
    return tool is None or tool.runs_scripts


# --- the fix ----------------------------------------------------------------------------------------------------------


def _fixes(install: _Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Leave them out, or remove them at the end of a RUN that needs them; unless another target of the file does. In a
    stage that is only copied from, it may be another RUN than the one that installs them.
    """
    stage = install.layer.site.stage
    layers = [install.layer]
    if stage not in snapshot.build.shipped:
        layers += [layer for layer in install.ledger.layers[install.layer.site.step + 1 :] if _uses(layer)]
    if all(layer in layers for layer in _behind(snapshot, install, snapshot.ledgers) if _uses(layer)):
        yield _fix(snapshot, install, layers[-1])


def _fix(snapshot: Snapshot, install: _Install, last_layer: Layer) -> Fix | None:
    """`last_layer` is the last one that may use what is installed, or that of the install."""
    layer, call, cause = install.layer, install.call, install.effect.cause
    flag = _FLAGS.get(cause.manager) if isinstance(cause, PackageSet) else None
    if flag is None or not call.words:
        return None
    if _has_npm_6(snapshot, install):
        flag = "--production"
    is_same = last_layer is layer
    behind = last_layer.calls[layer.calls.index(call) + 1 if is_same else 0 :]
    users = [each for each in behind if _may_use_packages(each)]
    if users or not is_same or install.manifest.workspaces or _runs_scripts_that_need_them(install):
        prune = _prune(call, flag)
        last = users[-1] if users else call if is_same else None
        is_here = last is not None and last.around.folder == call.around.folder
        edit = append_command(snapshot, last_layer, last, prune, like=call) if last and prune and is_here else None
        title = f"Run npm prune {flag} in the same RUN" if is_same else f"Run npm prune {flag} behind the build"
    else:
        first = call.words[0]
        verb = call.words[-1] if first.text.startswith("-") else first
        edit = insert_word(snapshot, layer, verb, flag) if call.value("--include", "--also") is None else None
        title = f"Add {flag}"
    return Fix("omit-dev", title, Safety.ASK, (edit,), note=_NOTE) if edit else None


def _prune(call: Call, flag: str) -> str | None:
    """`npm prune` with the options of the install, without which it fails or brings what the install left out.

    `--legacy-peer-deps` (ERESOLVE without it), `--omit=optional`, `--workspace=api`; tried with npm 11.19, 2026-11-23.
    """
    options = [word.text for word in call.words if word.text.startswith("-")]
    if call.program != "npm":
        return None
    is_plain = len(options) == len(call.words) - 1  # the rest is the verb: no option has its value behind it
    assigned = [each.name.lower() for each in call.placed.command.assignments]
    if not is_plain or call.value("--prefix", "-C") or any(name.startswith("npm_config_") for name in assigned):
        return None
    return " ".join(("npm prune", *(each for each in options if each not in ("--include=dev", "--also=dev")), flag))


def _has_npm_6(snapshot: Snapshot, install: _Install) -> bool:
    """Whether the base brings npm 6, which takes no notice of `--omit`."""
    base = snapshot.build.base_of(install.ledger.stage) if install.call.program == "npm" else None
    return base is not None and base.repository == "node" and _OLD_NODE.match(base.tag or "") is not None


def _runs_scripts_that_need_them(install: _Install) -> bool:
    return not install.call.has("--ignore-scripts") and node.install_needs_dev(install.manifest)
