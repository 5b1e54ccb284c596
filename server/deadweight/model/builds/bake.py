"""docker-bake.hcl and docker-bake.json: what their targets say of builds, with the defaults of their variables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deadweight.model.builds.declared import Said, Sayings, over
from deadweight.model.builds.hcl import Block, Name, Template, Term, read_hcl, read_template
from deadweight.model.ecosystems.lenient import as_object

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping


def read_bake_hcl(text: str) -> Sayings:
    """What the targets of an HCL file say, by name."""
    try:
        return _sayings(read_hcl(text))
    except ValueError as error:
        return Sayings({}, str(error))


def read_bake_json(text: str) -> Sayings:
    """What the targets of a JSON file say, by name."""
    try:
        data = json.loads(text.removeprefix("\ufeff"))
        return _sayings(_blocks_of(as_object(data)))
    except json.JSONDecodeError as error:
        return Sayings({}, f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}")
    except ValueError as error:
        return Sayings({}, str(error))
    except RecursionError:
        return Sayings({}, "nested too deeply")


def _blocks_of(data: Mapping[str, Any]) -> Iterator[Block]:
    """The blocks that an HCL file of the same meaning has."""
    for kind in ("variable", "group", "target"):
        for label, attributes in as_object(data.get(kind)).items():
            yield Block(kind, label, {name: _term_of(value) for name, value in as_object(attributes).items()})


def _term_of(value: object) -> Term:
    if isinstance(value, str):
        return read_template(value)
    if isinstance(value, dict):
        return {str(name): _term_of(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_term_of(each) for each in value]
    return None if value is None else json.dumps(value)


def _sayings(blocks: Iterable[Block]) -> Sayings:
    variables: dict[str, str] = {}
    targets: dict[str, Mapping[str, Term]] = {}
    groups: dict[str, Term] = {}
    for block in blocks:
        if block.kind == "variable":
            value = _value(block.attributes.get("default"), variables)
            if value is not None:
                variables[block.label] = value
        elif block.kind == "target":
            targets[block.label] = {**targets.get(block.label, {}), **block.attributes}
        elif block.kind == "group":
            groups[block.label] = block.attributes.get("targets")
    known: dict[str, Said] = {}
    inherited = {_value(each, variables) for target in targets.values() for each in _inherited(target)}
    try:
        found = {name: _target(targets, name, variables, known) for name in _ordered(targets, groups, inherited)}
    except RecursionError as error:
        raise ValueError("too many targets inherit one from the other") from error
    # What others inherit from and that says nothing of files is no build: `target "_common" { args = {...} }`.
    return Sayings(
        {name: said for name, said in found.items() if name not in inherited or said.keys() & {"context", "dockerfile"}}
    )


def _ordered(targets: Iterable[str], groups: Mapping[str, Term], inherited: Container[str | None]) -> list[str]:
    """The targets: those first that `docker buildx bake` builds when it is told no name, those last that are there for
    others to inherit from.
    """
    reached: dict[str, int] = {}
    waiting = ["default"]
    for each in waiting:  # which grows
        if each not in reached:
            reached[each] = len(reached)
            inside = groups.get(each)
            waiting += (name for name in (inside if isinstance(inside, list) else ()) if isinstance(name, str))
    return sorted(targets, key=lambda name: reached.get(name, len(reached) + (name in inherited)))


def _target(
    targets: Mapping[str, Mapping[str, Term]], name: str, variables: Mapping[str, str], known: dict[str, Said]
) -> Said:
    """What a target says, and below that what those say that it inherits from, the last one first."""
    if name in known:
        return known[name]
    known[name] = {}  # for those that inherit from themselves
    said: Said = {}
    for each in _inherited(targets[name]):
        below = _value(each, variables)
        if below is not None and below in targets:
            said = over(said, _target(targets, below, variables, known))
    known[name] = over(said, _said(targets[name], variables))
    return known[name]


def _inherited(target: Mapping[str, Term]) -> list[Term]:
    inherited = target.get("inherits")
    return inherited if isinstance(inherited, list) else []


def _said(attributes: Mapping[str, Term], variables: Mapping[str, str]) -> Said:
    said: Said = {}
    if (context := attributes.get("context")) is not None:
        said["context"] = _value(context, variables)
    if (dockerfile := attributes.get("dockerfile")) is not None:
        said["dockerfile"] = _value(dockerfile, variables)
    if (target := attributes.get("target")) is not None:
        said["target"] = _value(target, variables)
    if args := _pairs(attributes.get("args"), variables):
        said["args"] = args
    if contexts := _pairs(attributes.get("contexts"), variables):
        said["contexts"] = contexts
    if isinstance(tags := attributes.get("tags"), list):
        said["images"] = [_value(each, variables) for each in tags]
    if attributes.get("dockerfile-inline") is not None:
        said["is_inline"] = True
    return said


def _pairs(term: Term, variables: Mapping[str, str]) -> dict[str, str | None]:
    entries = term.items() if isinstance(term, dict) else ()
    return {name: _value(each, variables) for name, each in entries if each is not None}


def _value(term: Term, variables: Mapping[str, str]) -> str | None:
    """The text that a term stands for; None where that is not known."""
    if isinstance(term, str):
        return term
    if isinstance(term, Name):
        return variables.get(term.name)
    if not isinstance(term, Template):
        return None
    parts = [part if isinstance(part, str) else variables.get(part.name) for part in term.parts]
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None
