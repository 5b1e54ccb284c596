"""PHP projects from the texts of their files: composer.json and composer.lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deadweight.model.ecosystems.lenient import as_object, as_string, json_object

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Manifest:
    """What composer.json says: the packages, those for developers apart, and the scripts that run at an install."""

    packages: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    install_scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """The packages of a composer.lock by name, those for developers apart."""

    packages: tuple[str, ...]
    dev: tuple[str, ...]


def read_manifest(text: str) -> Manifest | None:
    """The manifest in the text of a composer.json; None for a text that is none."""
    data = json_object(text)
    if data is None:
        return None
    scripts = as_object(data.get("scripts"))
    return Manifest(
        tuple(filter(_is_package, as_object(data.get("require")))),
        tuple(filter(_is_package, as_object(data.get("require-dev")))),
        tuple(command for event in _AT_INSTALL for command in _commands(scripts.get(event))),
    )


def read_lock(text: str) -> Lock | None:
    """The packages in the text of a composer.lock; None for a text that is none."""
    data = json_object(text)
    if data is None:
        return None
    return Lock(tuple(_names(data.get("packages"))), tuple(_names(data.get("packages-dev"))))


_AT_INSTALL = ("pre-install-cmd", "post-install-cmd", "pre-autoload-dump", "post-autoload-dump")


def _is_package(name: str) -> bool:
    """Whether a name is one of a package; `php` and `ext-json` are demands on the machine."""
    return "/" in name


def _commands(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else (value,):
        if text := as_string(each):
            yield text


def _names(packages: Any) -> Iterator[str]:
    for each in packages if isinstance(packages, list) else ():
        package = as_object(each)
        if package.get("type") != "metapackage" and (name := as_string(package.get("name"))):
            yield name
