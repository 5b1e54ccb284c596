"""What kind of app an image holds, by its base, by what it copies and by the project that this comes from."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.ecosystems.frameworks import app_in
from deadweight.model.effects import Copied, CopiedFromStage, Extracted, PackageSet, is_under
from deadweight.model.image import ImageRef, family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deadweight.facts.targets import App
    from deadweight.model.context import BuildContext
    from deadweight.model.ecosystems.frameworks import Language
    from deadweight.model.layers import Ledger
    from deadweight.model.stages import Build
    from deadweight.syntax.dockerfile import Instruction

# Images that run programs of a language, beyond those that the facts know by their kind (their documentation, by hand,
# 2026-11-26).
_RUNS: dict[str, Language] = {
    "node": "node",
    "bitnami/node": "node",
    "cgr.dev/chainguard/node": "node",
    "gcr.io/distroless/nodejs": "node",
    "python": "python",
    "pypy": "python",
    "cgr.dev/chainguard/python": "python",
    "gcr.io/distroless/python": "python",
    "ghcr.io/astral-sh/uv": "python",
    "php": "php",
    "dunglas/frankenphp": "php",
    "gcr.io/distroless/java": "java",
    "golang": "go",
}
_WEB_SERVERS = frozenset(("nginx", "nginxinc/nginx-unprivileged", "caddy", "httpd"))
_SERVES = frozenset(("nginx", "caddy", "httpd", "httpd-foreground", "apachectl", "docker-entrypoint.sh"))
_SETTINGS = ("/etc", "/config", "/docker-entrypoint.d", "/usr/local/apache2/conf")  # of web servers
_FILES = (Copied, CopiedFromStage, Extracted)


def app_of(build: Build, ledgers: Sequence[Ledger]) -> App | None:
    """The kind of app that the image holds; None where that is not plain."""
    if build.target is None:
        return None
    shipped = [ledgers[index] for index in sorted(build.shipped)]
    ref = shipped[0].stage.base
    if not isinstance(ref, ImageRef):
        return None
    if ref.repository in _WEB_SERVERS:
        return "static" if _hands_out_files(shipped) else None
    language = _language_of(ref)
    reached = [ledgers[index] for index in sorted(build.reached)]
    if language is None or (language == "go" and not any(map(_builds_go, reached))):
        return None
    found = {app for context, folder in _folders(reached) if (app := context.asked(app_in, folder, language))}
    return found.pop() if len(found) == 1 else None


def _language_of(ref: ImageRef) -> Language | None:
    """The language of the programs that an image is there to run; a bare system is for those that need no other."""
    name = ref.repository
    if name.startswith("gcr.io/distroless/"):
        name = name.partition("-")[0].rstrip("0123456789")  # nodejs22-debian12, python3-debian13
    if found := _RUNS.get(name):
        return found
    known = family(ref.repository)
    kind = known.kind if known else ""
    if kind == "java":
        return "java"
    is_bare = ref.is_scratch or kind == "base" or ref.repository.startswith("gcr.io/distroless/")
    return "go" if is_bare else None


def _builds_go(ledger: Ledger) -> bool:
    if "go" not in ledger.programs:
        return False
    calls = (call for layer in ledger.layers for call in layer.calls if call.program == "go")
    return any(word.text in ("build", "install") for call in calls for word in call.words[:1])


def _folders(ledgers: Iterable[Ledger]) -> Iterator[tuple[BuildContext, str]]:
    """The folders of the context that stages copy from, each with the context."""
    for ledger in ledgers:
        context = ledger.context
        if context is None:
            continue
        for layer in ledger.layers_with(Copied):
            for effect in layer.kept:
                if isinstance(effect.cause, Copied) and (root := effect.cause.root) is not None:
                    yield context, root if context.tree.at(root) is not None else posixpath.dirname(root)


def _hands_out_files(ledgers: Sequence[Ledger]) -> bool:
    """Whether the stages add files to a web server and nothing else."""
    if any(ledger.layers_with(PackageSet) for ledger in ledgers):
        return False
    if any(not _is_server(layer.instruction) for ledger in ledgers for layer in ledger.layers):
        return False
    layers = (layer for ledger in ledgers for kind in _FILES for layer in ledger.layers_with(kind))
    paths = (effect.path for layer in layers for effect in layer.kept if isinstance(effect.cause, _FILES))
    return any(path and not any(is_under(path, folder) for folder in _SETTINGS) for path in paths)


def _is_server(instruction: Instruction) -> bool:
    """Whether an instruction starts no program, or a web server."""
    if instruction.keyword not in ("CMD", "ENTRYPOINT"):
        return True
    program = next((word.value or word.text for word in instruction.words), "")
    return posixpath.basename(program) in _SERVES
