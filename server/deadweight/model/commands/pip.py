"""pip: packages from requirements or by name, and the cache of downloaded wheels."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from deadweight.model.commands import venv
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Leftover, Measured, PackageSet, ProjectTexts, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
# Options that take the next word along.
VALUES = (
    *("-r", "--requirement", "-c", "--constraint", "-t", "--target", "-i", "--index-url", "--extra-index-url"),
    *("-f", "--find-links", "--prefix", "--root", "--trusted-host", "--platform", "--python-version", "--progress-bar"),
    *("-e", "--editable", "--cache-dir", "--timeout", "--retries", "--cert", "--proxy", "--upgrade-strategy", "--src"),
    *("--no-binary", "--only-binary", "--config-settings", "-C", "--global-option", "--implementation", "--abi"),
)
# Docker's Python images ship without any byte code: the first run of pip writes its own.
_OWN_BYTE_CODE = Measured("byte code of pip itself", "pip.own_byte_code")
_FALSE = ("", "0", "false", "no", "off", "n", "f")


def _effects(call: Call) -> Iterator[Effect]:
    operands = call.operands(*VALUES)
    if not operands or operands[0].text != "install" or call.has("--dry-run", "--help"):
        return
    around = call.around
    files = [text for text in _values(call, "-r", "--requirement") if text]
    names = tuple(word.plain for word in operands[1:])
    project = None
    if files:
        texts = [around.files.text(path) for file in files if (path := around.resolve(file))]
        if texts and all(text is not None for text in texts):
            joined = "\n".join(text for text in texts if text is not None)
            project = ProjectTexts(joined, includes=tuple(_includes(call, joined, files[0])))
        else:
            project = ProjectTexts()
    elif any(
        name in (".", "./") or name.startswith((".[", "./")) for name in (*names, *_values(call, "-e", "--editable"))
    ):
        folder = around.folder or "/"
        project = ProjectTexts(around.files.text(posixpath.join(folder, "pyproject.toml")))
    packages = PackageSet(
        "pip",
        tuple(name for name in names if not name.startswith((".", "/"))),
        project,
        suite=around.base.suite,
        libc=around.base.libc,
        options=frozenset(("no-compile",)) if _compiles_nothing(call) else frozenset(),
    )
    environment = _environment(call)
    yield writes(environment or _site(call), packages, call.span)
    if (
        environment is None
        and around.base.repository == "python"
        and not (around.variables.get("PYTHONDONTWRITEBYTECODE") or around.files.has(_OWN_BYTE_CODE))
    ):
        yield writes("/usr/local/lib", _OWN_BYTE_CODE, call.span)
    if not _keeps_no_cache(call):
        left = Leftover(
            "install-cache", "pip's download cache", "pip cache purge", "--no-cache-dir", "install", packages
        )
        yield writes(_cache_folder(call), left, call.span)


def _environment(call: Call) -> str | None:
    """The virtual environment that a call installs into: that of its own path, of VIRTUAL_ENV, or on PATH."""
    folder, _, name = call.typed.rpartition("/")
    if name and folder.endswith("/bin") and (path := call.around.resolve(folder.removesuffix("/bin"))):
        return None if path in ("/usr", "/usr/local") else path
    named = call.around.variables.get("VIRTUAL_ENV")
    return call.around.resolve(named) if named else venv.on_path(call.around)


def _site(call: Call) -> str | None:
    """The folder below which packages go outside a virtual environment; None where only the base image knows."""
    if folder := call.value("--target", "-t") or call.value("--prefix") or call.value("--root"):
        return call.around.resolve(folder)
    if call.has("--user"):
        return call.around.resolve("~/.local")
    return "/usr/local" if call.around.base.repository == "python" else None


def _values(call: Call, *names: str) -> Iterator[str]:
    texts = [word.plain for word in call.words]
    for at, text in enumerate(texts):
        if text in names and at + 1 < len(texts):
            yield texts[at + 1]
        for name in names:
            if name.startswith("--") and text.startswith(name + "="):
                yield text[len(name) + 1 :]
            elif len(name) == 2 and text.startswith(name) and len(text) > 2 and not text.startswith("--"):
                yield text[2:]


def _includes(call: Call, text: str, file: str) -> Iterator[tuple[str, str]]:
    """The requirements files that `text` names, and those that they name, a few deep."""
    pending = [text]
    seen: set[str] = set()
    while pending and len(seen) < 32:
        for match in re.finditer(r"^\s*(?:-r|--requirement)[ =]?\s*(\S+)", pending.pop(), re.MULTILINE):
            path = call.around.resolve(posixpath.join(posixpath.dirname(file), match[1]))
            if match[1] not in seen and path and (found := call.around.files.text(path)) is not None:
                seen.add(match[1])
                pending.append(found)
                yield match[1], found


def _keeps_no_cache(call: Call) -> bool:
    if call.has("--no-cache-dir"):
        return True
    value = call.around.variables.get("PIP_NO_CACHE_DIR", "")
    return value is None or value.lower() not in _FALSE


def _compiles_nothing(call: Call) -> bool:
    return call.has("--no-compile") or bool(call.around.variables.get("PIP_NO_COMPILE"))


def _cache_folder(call: Call) -> str | None:
    folder = call.value("--cache-dir") or call.around.variables.get("PIP_CACHE_DIR")
    if folder:
        return call.around.resolve(folder)
    return call.around.resolve("~/.cache/pip")


def is_python(name: str) -> bool:
    """Whether a program is a Python, which may call pip as `python -m pip`."""
    return _PYTHON.fullmatch(name) is not None


TOOLS = (Tool(("pip",), _effects),)
