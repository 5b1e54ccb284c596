"""Small values that are easy to get wrong or tedious to type: signals, shells, accounts, ports, folders, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.features.completion.items import Item
from deadweight.features.completion.place import Typed
from deadweight.features.completion.script import accounts_of
from deadweight.model import image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deadweight.features.completion.place import Place

# By repository; the ports that the images' own documents name, by hand, 2026-11-25.
_PORTS = {
    "nginx": "80", "httpd": "80", "caddy": "80", "traefik": "80", "php": "80", "wordpress": "80",
    "postgres": "5432", "mysql": "3306", "mariadb": "3306", "mongo": "27017", "redis": "6379", "memcached": "11211",
    "rabbitmq": "5672", "tomcat": "8080", "node": "3000", "python": "8000", "golang": "8080", "ruby": "3000",
    "mcr.microsoft.com/dotnet/aspnet": "8080",
}  # fmt: skip
_COMMON_PORTS = ("80", "443", "3000", "5000", "8000", "8080")
_SIGNALS = (
    ("SIGTERM", "as without the instruction"),
    ("SIGINT", "as Ctrl+C sends it"),
    ("SIGQUIT", "lets nginx and php-fpm finish their requests"),
    ("SIGWINCH", "lets httpd finish its requests"),
    ("SIGHUP", ""),
    ("SIGUSR1", ""),
    ("SIGUSR2", ""),
    ("SIGKILL", "ends it at once: nothing is cleaned up"),
    ("SIGRTMIN+3", "shuts systemd down"),
)
_SHELLS = (
    ('["/bin/bash", "-o", "pipefail", "-c"]', "bash; a pipe fails where any part of it does"),
    ('["/bin/sh", "-c"]', "as without the instruction"),
    ('["/bin/ash", "-eo", "pipefail", "-c"]', "BusyBox; a pipe fails where any part of it does"),
)
_WINDOWS_SHELLS = (
    ('["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]', "PowerShell; stops at the first error"),
    ('["cmd", "/S", "/C"]', "as without the instruction"),
)
# github.com/opencontainers/image-spec, annotations.md, read 2026-11-25.
_LABELS = (
    ("title", "its name"),
    ("description", "what is in it"),
    ("version", "of the packaged program"),
    ("source", "the address of its source code"),
    ("url", "where to read more about it"),
    ("documentation", "where its documentation is"),
    ("licenses", "of what is in it, as SPDX expressions"),
    ("authors", "who to ask about it"),
    ("vendor", "who distributes it"),
    ("revision", "the commit it was built from"),
    ("created", "when it was built, as RFC 3339 writes it"),
    ("base.name", "the image it stands on"),
)
# Variables that keep later RUNs small, by base image; by hand, 2026-11-25.
_SETTINGS = {
    "python": (
        ("PIP_NO_CACHE_DIR=1", "pip keeps no downloads in any RUN of this stage"),
        ("PYTHONDONTWRITEBYTECODE=1", "Python writes no .pyc files when it runs"),
        ("PYTHONUNBUFFERED=1", "output is not held back; no bytes"),
    ),
    "node": (("NODE_ENV=production", "npm install leaves out devDependencies"),),
}


def value_items(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    """The values of the instruction's argument at the cursor."""
    found = _VALUES.get(place.keyword)
    return found(place, typed) if found else (typed, ())


def target_items(place: Place) -> tuple[Item, ...]:
    """Where COPY and ADD mostly copy to."""
    folder = place.state.workdir
    is_known = folder is not None and image.UNKNOWN_FOLDER not in folder
    return (Item("./", "folder", detail=f"the working folder, {folder}" if is_known else "the working folder"),)


def stage_folder_items(place: Place, name: str) -> tuple[Item, ...]:
    """Where a stage mostly leaves what another one copies from it."""
    stage = place.snapshot.build.find(name)
    folder = stage.end.workdir if stage and stage.index < place.stage_index else None
    if folder is None or folder == "/" or image.UNKNOWN_FOLDER in folder:
        return ()
    return (Item(f"{folder}/", "folder", detail=f"the working folder of {name}"),)


def _expose(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    """Ports while nothing is typed, because any number is one; the protocol behind the slash."""
    port, slash, protocol = typed.before.partition("/")
    if slash and port:
        return Typed(protocol, typed.after), (Item("tcp", "value", detail="as without it"), Item("udp", "value"))
    if place.word or typed.before:
        return typed, ()
    own = _PORTS.get(place.base.repository)
    detail = f"the port of {place.base.repository}"
    first = (Item(own, "value", detail=detail),) if own else ()
    return typed, (*first, *(Item(each, "value") for each in _COMMON_PORTS if each != own))


def _user(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    if place.word or ":" in typed.before:
        return typed, ()
    found = [(name, "an account of this stage") for name in accounts_of(place)]
    if place.base.repository == "node":
        found.append(("node", "the account of the node image, 1000"))
    if place.base.os_family == "distroless":
        found.append(("nonroot", "the account of distroless images, 65532"))
    found += [("nobody", "an account that owns nothing"), ("1000:1000", "by number, which needs no account")]
    if place.state.user:
        found.append(("root", "may write everywhere"))
    return typed, _items(dict(found).items())


def _workdir(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    """Folders of the base image and of other stages, and the usual ones."""
    ref = place.snapshot.build.base_of(place.stage) if place.stage else None
    own = image.working_folder(ref) if ref else "/"
    found = {own: "the folder of the base image"} if own not in ("/", image.UNKNOWN_FOLDER) else {}
    for stage in place.stages:
        if stage.end.workdir and stage.end.workdir.startswith("/") and stage.end.workdir != "/":
            found.setdefault(stage.end.workdir, f"as in stage {stage.label}")
    for usual in ("/app", "/src", "/usr/src/app"):
        found.setdefault(usual, "")
    return typed, tuple(Item(path, "folder", detail=says) for path, says in found.items() if "(" not in path)


def _shell(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    if place.word or typed.before or typed.after:
        return typed, ()
    return typed, _items(_WINDOWS_SHELLS if place.base.is_windows else _SHELLS)


def _stop_signal(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    return typed, () if place.word else _items(_SIGNALS)


def _label(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    """Keys that registries and tools read."""
    if "=" in typed.before or typed.before[:1] in ("'", '"') or _is_old_form(place):
        return typed, ()
    behind = typed.after.partition("=")
    given = {word.text.partition("=")[0] for word in place.instruction.words if not word.span.contains(place.at)}
    keys = [(f"org.opencontainers.image.{name}", says) for name, says in _LABELS]
    return Typed(typed.before, behind[0] + behind[1]), tuple(
        Item(key, "value", f"{key}=", detail=says) for key, says in keys if key not in given
    )


def _env(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    """Settings that keep what later RUNs install small."""
    if "=" in typed.before + typed.after or _is_old_form(place):
        return typed, ()
    wanted = _SETTINGS.get(place.base.repository, ())
    return typed, _items((text, says) for text, says in wanted if text.partition("=")[0] not in place.state.variables)


def _healthcheck(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    if place.word:
        return typed, ()
    is_lower = place.instruction.line.text[:1].islower()
    found = (("CMD", "the command that checks"), ("NONE", "no check, not the base image's either"))
    return typed, tuple(Item(name.lower() if is_lower else name, "keyword", detail=says) for name, says in found)


def _is_old_form(place: Place) -> bool:
    """Whether the arguments are a name, a blank and a value, where the cursor is in the value."""
    words = place.instruction.words
    return bool(place.word) and "=" not in words[0].text


def _items(found: Iterable[tuple[str, str]]) -> tuple[Item, ...]:
    return tuple(Item(text, "value", detail=says) for text, says in found)


_VALUES: dict[str, Callable[[Place, Typed], tuple[Typed, tuple[Item, ...]]]] = {
    "EXPOSE": _expose,
    "USER": _user,
    "WORKDIR": _workdir,
    "SHELL": _shell,
    "STOPSIGNAL": _stop_signal,
    "LABEL": _label,
    "ENV": _env,
    "HEALTHCHECK": _healthcheck,
}
