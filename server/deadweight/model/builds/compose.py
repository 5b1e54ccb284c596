"""Compose files: what their services say of builds, with the variables of the `.env` beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from deadweight.model.builds.declared import Said, Sayings, over
from deadweight.model.builds.yaml_data import read_yaml
from deadweight.model.ecosystems.lenient import as_object, as_string

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<plain>[A-Za-z_][A-Za-z0-9_]*)"
    # An operand may hold references, as `${A:-${B}}` does.
    r"|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<operator>:?[-+?])(?P<operand>(?:[^${}]|\$\{[^{}]*\}|\$\$?)*))?\}"
    r"|(?P<wrong>))"
)
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*?)\s*")
_GPU = re.compile(r"nvidia|['\"]gpu['\"]", re.IGNORECASE)
_DEEPEST = 20  # services that extend one another


def read_compose(text: str, variables: Mapping[str, str]) -> Sayings:
    """What the services that are built say, by name."""
    try:
        services = as_object(as_object(read_yaml(text)).get("services"))
    except ValueError as error:
        return Sayings({}, str(error))
    found = {name: _service(services, name, variables, 0) for name in services}
    return Sayings({name: said for name, said in found.items() if said is not None})


def read_env(text: str) -> dict[str, str]:
    """The variables of a `.env` file whose values stand there as they are."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            continue
        name, value = match[1], match[2]
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        else:
            value = value.partition(" #")[0].rstrip()
        if "$" not in value:
            found[name] = value
    return found


def filled(text: str, variables: Mapping[str, str]) -> str | None:
    """`text` with its variables replaced as Compose does it; None where one is not known."""

    def value_of(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        value, operator = variables.get(match["plain"] or match["braced"] or ""), match["operator"] or ""
        has_value = value is not None and bool(value or not operator.startswith(":"))
        if operator.endswith("-") and not has_value:
            return _REFERENCE.sub(value_of, match["operand"])
        if operator.endswith("+"):
            return _REFERENCE.sub(value_of, match["operand"]) if has_value else ""
        if value is None:
            raise LookupError
        return value

    try:
        return _REFERENCE.sub(value_of, text)
    except LookupError:
        return None


def _service(services: Mapping[str, Any], name: str, variables: Mapping[str, str], depth: int) -> Said | None:
    """What a service says, and what the service of the same file that it extends says below that."""
    service = as_object(services.get(name))
    build, extends = service.get("build"), service.get("extends")
    base = None
    if depth < _DEEPEST and "file" not in as_object(extends):
        below = as_string(extends) or as_string(as_object(extends).get("service"))
        base = _service(services, below, variables, depth + 1) if below in services else None
    if build is None:
        return base
    own = _build({"context": build} if isinstance(build, str) else as_object(build), variables)
    if isinstance(image := service.get("image"), str):
        own["images"] = [filled(image, variables)]
    if _has_gpus(service):
        own["has_gpus"] = True
    return over(base, own) if base else own


def _has_gpus(service: Mapping[str, Any]) -> bool:
    """Whether containers of a service get GPUs: `gpus: all`, `runtime: nvidia`, a reservation of devices."""
    reserved = as_object(as_object(as_object(service.get("deploy")).get("resources")).get("reservations"))
    said = (service.get("gpus"), service.get("runtime"), reserved.get("devices"), service.get("environment"))
    return bool(service.get("gpus")) or any(_GPU.search(str(each)) for each in said if each)


def _build(build: Mapping[str, Any], variables: Mapping[str, str]) -> Said:
    said: Said = {}
    if isinstance(context := build.get("context"), str):
        said["context"] = filled(context, variables)
    if isinstance(dockerfile := build.get("dockerfile"), str):
        said["dockerfile"] = filled(dockerfile, variables)
    if isinstance(target := build.get("target"), str):
        said["target"] = filled(target, variables)
    if args := _pairs(build.get("args"), variables):
        said["args"] = args
    if contexts := _pairs(build.get("additional_contexts"), variables):
        said["contexts"] = contexts
    if build.get("dockerfile_inline") is not None:
        said["is_inline"] = True
    return said


def _pairs(given: object, variables: Mapping[str, str]) -> dict[str, str | None]:
    """The entries of a mapping, or of a list of `NAME=VALUE`; a name alone says nothing."""
    if isinstance(given, list):
        entries = (each.partition("=") for each in given if isinstance(each, str))
        pairs = [(name, value) for name, equals, value in entries if equals]
    else:
        pairs = [(name, value) for name, value in as_object(given).items() if isinstance(value, str)]
    return {name: filled(value, variables) for name, value in pairs}
