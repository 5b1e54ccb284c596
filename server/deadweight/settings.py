"""What the user may set, read from plain data; wrong values are named and left at their default.

A setting is declared once, as a field of `Settings`: its name, how it is read, what is right, and words about it. An
editor's JSON spells it in camelCase, a project's file in kebab-case.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict, get_args, get_type_hints

from deadweight.model import image
from deadweight.model.builds.declared import NOT_SAID
from deadweight.model.ecosystems.lenient import parse_toml
from deadweight.model.image import StatedSize
from deadweight.rules.catalog import BY_ID
from deadweight.snapshot import Options

if TYPE_CHECKING:
    from cattrs import Converter

    from deadweight.model.builds.declared import HowBuilt
    from deadweight.rules.rule import Rule

Severity = Literal["hint", "information", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
OFF: Literal["off"] = "off"
Builder = Literal["docker", "podman"]
BUILDERS: tuple[Builder, ...] = get_args(Builder)

Spelling = Literal["camelCase", "kebab-case"]
CAMEL_CASE: Spelling = "camelCase"
KEBAB_CASE: Spelling = "kebab-case"
# Settings about paths are relative to the file they stand in: an editor's JSON has no place for them.
ONLY_IN_FILES = frozenset(("context", "exclude"))
# What a program is started for is the user's to say: a project that somebody has cloned has no say in it.
ONLY_IN_EDITORS = frozenset(("asks_engine",))

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_MOST_WRONG = 20  # lines about what is wrong in one file
_LONGEST = 1000  # characters of such a line


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What a value may be: how it is read, with ValueError for what is wrong, and the JSON schema of what is right."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]


def read_size(text: str) -> int:
    """Bytes of "500kB", "1.5 MB", "20000"; k, M and G are powers of 1000. Raises ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is {_NO_SIZE}")
    return round(float(match[1]) * _SCALE[match[2]])


def read_platform(text: str) -> str:
    """A platform as it is written. Raises ValueError for what is none."""
    return str(_checked(text, _PLATFORM.fullmatch(text), "no platform: write linux/amd64 or linux/arm/v7"))


def _size(value: Any) -> Any:
    return read_size(value) if isinstance(value, str) else _checked(value, type(value) is int and value >= 0, _NO_SIZE)


def _text(value: Any) -> Any:
    return _checked(value, isinstance(value, str), "no text")


def _checked(value: Any, right: object, otherwise: str) -> Any:
    if not right:
        raise ValueError(f"{reprlib.repr(value)} is {otherwise}")
    return value


_SIZE = re.compile(r"\s*([0-9]{1,18}(?:\.[0-9]+)?)\s*([kKMG]?)[bB]?\s*")
_NO_SIZE = "no size: write 500kB, 1.5MB or a number of bytes"
_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")
_NO_SEVERITY = f"no severity: write {', '.join((OFF, *SEVERITIES[:-1]))} or {SEVERITIES[-1]}"

_SIZE_SCHEMA = {"type": ["string", "integer"], "pattern": f"^{_SIZE.pattern}$", "minimum": 0}
SIZE = Kind(_size, _SIZE_SCHEMA)
SIZE_OR_NOTHING = Kind(
    lambda value: None if value is None else _size(value), {**_SIZE_SCHEMA, "type": ["string", "integer", "null"]}
)
IMAGE_SIZE = Kind(lambda value: StatedSize(_size(value), ""), _SIZE_SCHEMA)
SEVERITY = Kind(lambda value: _checked(value, value in (OFF, *SEVERITIES), _NO_SEVERITY), {"enum": [OFF, *SEVERITIES]})
YES_OR_NO = Kind(lambda value: _checked(value, isinstance(value, bool), "neither true nor false"), {"type": "boolean"})
TEXT = Kind(_text, {"type": "string"})
TEXT_OR_NOTHING = Kind(lambda value: None if value is None else _text(value), {"type": ["string", "null"]})
TEXTS = Kind(
    lambda value: tuple(
        _checked(value, isinstance(value, list) and all(isinstance(each, str) for each in value), "no list of texts")
    ),
    {"type": "array", "items": {"type": "string"}},
)
BUILDER = Kind(
    lambda value: _checked(value, value in BUILDERS, f"no builder: write {' or '.join(BUILDERS)}"),
    {"type": "string", "enum": [*BUILDERS]},
)
PLATFORM = Kind(lambda value: read_platform(_text(value)), {"type": "string", "pattern": f"^{_PLATFORM.pattern}$"})


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """The settings of one rule; what is None is as for all rules."""

    severity: Annotated[
        Severity | Literal["off"] | None,
        SEVERITY,
        "How loud the rule's findings are, whatever their bytes; `off` turns the rule off.",
    ] = None
    min_saving: Annotated[int | None, SIZE, "Findings of the rule that save fewer bytes are not reported."] = None


@dataclass(frozen=True)
class Settings:
    """The settings that hold for one file."""

    min_saving: Annotated[int, SIZE, "Findings that save fewer bytes are not reported."] = 1_000_000
    inlay_hints: Annotated[bool, YES_OR_NO, "Whether an editor shows at the end of each line what it adds."] = True
    platform: Annotated[str, PLATFORM, "What is built for, as in `docker build --platform`."] = "linux/amd64"
    builder: Annotated[
        Builder, BUILDER, "What builds: podman takes `.containerignore` before `.dockerignore`, docker knows none."
    ] = "docker"
    target: Annotated[
        str | None,
        TEXT_OR_NOTHING,
        "The stage that becomes the image, in Dockerfiles that have one of this name; else it is the last stage.",
    ] = None
    build_args: Annotated[
        Mapping[str, Annotated[str, TEXT]], "Values of ARGs, by name, as in `docker build --build-arg`."
    ] = field(default_factory=lambda: MappingProxyType({}))
    bases: Annotated[
        Mapping[str, Annotated[StatedSize, IMAGE_SIZE]],
        "Unpacked sizes of base images, by reference, as `docker images` prints them; without a tag, of all its tags.",
    ] = field(default_factory=lambda: MappingProxyType({}))
    budget: Annotated[
        int | None,
        SIZE_OR_NOTHING,
        "What the image may weigh unpacked, as `docker history` adds it up; one that weighs more is a finding.",
    ] = None
    context: Annotated[
        str | None,
        TEXT,
        "The folder of the build context, relative to this file; else the one that a compose file or another declares, "
        "or that of the Dockerfile.",
    ] = None
    exclude: Annotated[
        tuple[str, ...],
        TEXTS,
        "What `check`, `fix` and `size` leave out of folders, as patterns of a .gitignore beside this file.",
    ] = ()
    asks_engine: Annotated[
        bool,
        YES_OR_NO,
        "Whether the command `deadweight.useMeasuredSizes`, given the name of an image, may start docker or podman "
        "(see `builder`) and ask for its history.",
    ] = False
    rules: Annotated[
        Mapping[str, RuleSettings],
        "Settings of single rules, by id: a severity, or a table.",
    ] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, rule: str) -> RuleSettings:
        """The settings of one rule."""
        return self.rules.get(rule, _AS_ALL)

    def is_on(self, rule: Rule) -> bool:
        """Whether a rule runs: not one that is switched off, nor one of mere offers that is not asked for."""
        severity = self.of(rule.id).severity
        return severity != OFF and (severity is not None or not rule.is_offered)

    @property
    def offering(self) -> Settings:
        """These settings with the rules of mere offers, and of those that give way to others."""
        mute = (id_ for id_, rule in BY_ID.items() if rule.is_offered or rule.gives_way)
        offered = (id_ for id_ in mute if self.of(id_).severity is None)
        return replace(self, rules={**self.rules, **{id_: replace(self.of(id_), severity="hint") for id_ in offered}})

    def build_options(
        self,
        how: HowBuilt = NOT_SAID,
        built: Mapping[image.ImageName, StatedSize] = MappingProxyType({}),
        today: str = "",
    ) -> Options:
        """What the user says about the build, and below that what a file of the project declares.

        `built` is what images weigh that the project builds; `today` an ISO date, "" where nobody says how old figures
        are.
        """
        bases = {**built, **{image.name_of(image.parse(text)): size for text, size in self.bases.items()}}
        target, args = (how.build.target, how.build.args) if how.build else (None, {})
        return Options(
            self.target or target, {**args, **self.build_args}, self.platform, bases, how, self.budget, today
        )


_AS_ALL = RuleSettings()
DEFAULTS = Settings()


def spelled(name: str, spelling: Spelling) -> str:
    """The name of a field as users write it: `min_saving` is `minSaving` or `min-saving`."""
    first, *others = name.split("_")
    return "-".join((first, *others)) if spelling == KEBAB_CASE else first + "".join(map(str.capitalize, others))


@cache
def hints_of(cls: type) -> dict[str, Any]:
    """The settings that a class declares: what `Annotated` says of each, by field."""
    return get_type_hints(cls, include_extras=True)


def kind_of(hint: Any) -> Kind | None:
    """The kind of value that a declaration names; None for a table."""
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Kind)), None)


def read_settings(
    raw: object,
    base: Settings = DEFAULTS,
    *,
    spelling: Spelling = CAMEL_CASE,
    place: str = "settings",
    source: str = "your settings",
) -> tuple[Settings, tuple[str, ...]]:
    """`base` with what a client or a file says, and what is wrong with that, a line each that starts with `place`.

    `source` is who is named for the sizes of images.
    """
    given: Any = {} if raw is None else raw
    if given == {}:
        return base, ()  # without the code that cattrs writes for the rest
    wrong: list[str] = []
    try:
        settings = _converter(spelling).structure(given, Settings)
    except Exception as error:
        given = _right_entries(given, error, place, spelling, wrong)
        settings = _converter(spelling).structure(given, Settings)
    named = [each for each in hints_of(Settings) if spelled(each, spelling) in given]
    settings = replace(settings, bases={name: size._replace(source=source) for name, size in settings.bases.items()})
    return _over(base, settings, named), _lines(place, wrong)


def read_toml(text: str) -> dict[str, Any]:
    """The table that a TOML text is. Raises ValueError with the line in front: "3: expected '=' after a key"."""
    try:
        return parse_toml(text)
    except ValueError as error:
        message = str(error)
        found = _TOML_PLACE.search(message)
        line = found[1] if found and found[1] else text.count("\n") + 1
        message = message[: found.start()] if found else message
        raise ValueError(f"{line}: {message[:1].lower()}{message[1:]}") from error


def no_such_rule(name: object) -> str:
    """What is wrong with an id that no rule has."""
    hint = _meant(name, BY_ID) or f"the rules are {', '.join(BY_ID)}"
    return f"there is no rule {name!r}: {hint}"


def _meant(name: object, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(name), names, 1)
    return f"did you mean {close[0]}?" if close else ""


@cache
def _converter(spelling: Spelling) -> Converter:
    """Makes settings of plain data; each wrong entry is an error of its own."""
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn, override

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)

    def value_of(hint: Any) -> Callable[[Any, Any], Any]:
        kind = kind_of(hint)
        assert kind is not None
        return lambda value, _: kind.read(value)

    def table_of(hint: Any) -> Callable[[Any, Any], Any]:
        read: Any = make_mapping_structure_fn(hint, converter, dict)
        return lambda value, cls: read(_object(value), cls)

    converter.register_structure_hook_factory(lambda hint: kind_of(hint) is not None, value_of)
    converter.register_structure_hook_factory(lambda hint: getattr(hint, "__origin__", None) is Mapping, table_of)
    # An entry for each rule, so that an id of no rule is, like any unknown name, an entry too many.
    rules: Any = TypedDict("rules", dict.fromkeys(BY_ID, RuleSettings), total=False)  # type: ignore[misc]
    own = {"rules": lambda value, _: converter.structure(_object(value), rules)}
    for cls in (RuleSettings, Settings):
        named: Any = {}
        for name, hint in hints_of(cls).items():
            read = own.get(name) or converter.get_structure_hook(hint)
            is_out_of_place = name in (ONLY_IN_FILES if spelling == CAMEL_CASE else ONLY_IN_EDITORS)
            named[name] = override(rename=spelled(name, spelling), struct_hook=read, omit=is_out_of_place)
        structure = make_dict_structure_fn(cls, converter, **named)
        converter.register_structure_hook(cls, lambda value, cls, of=structure: of(_object(value, cls)))
    return converter


def _right_entries(given: Any, error: Any, place: str, spelling: Spelling, wrong: list[str]) -> dict[str, Any]:
    """What is left of an object that cattrs finds errors in; each wrong entry is named with its place."""
    if not hasattr(error, "exceptions"):
        wrong.append(f"{place}: {error}")
        return {}
    right = dict(given) if isinstance(given, Mapping) else {}
    for each in error.exceptions:
        for name in sorted(getattr(each, "extra_fields", ()), key=str):
            del right[name]
            if len(wrong) <= _MOST_WRONG:  # each is looked for among the names that there are
                wrong.append(f"{place}: {_no_such_entry(name, place, spelling)}")
        for note in getattr(each, "__notes__", ()):
            name = spelled(note.name, spelling) if hasattr(note, "name") else note.index
            left = _right_entries(right.pop(name, None), each, f"{place}: {name}", spelling, wrong)
            right |= {name: left} if left else {}
    return right


def _no_such_entry(name: object, place: str, spelling: Spelling) -> str:
    if place.endswith(": rules"):
        return no_such_rule(name)
    if spelling == CAMEL_CASE and name in ONLY_IN_FILES:
        return f"{name} belongs in the project's deadweight.toml"
    if spelling == KEBAB_CASE and name in {spelled(each, spelling) for each in ONLY_IN_EDITORS}:
        return f"{name} belongs in an editor's own settings"
    names = (spelled(each, spelling) for cls in (Settings, RuleSettings) for each in hints_of(cls))
    return ": ".join(filter(None, (f"there is no {name}", _meant(name, names))))


def _lines(place: str, wrong: list[str]) -> tuple[str, ...]:
    """Lines that a terminal may show, and not too many of them."""
    lines = [*wrong[:_MOST_WRONG], *([f"{place}: and more"] if len(wrong) > _MOST_WRONG else ())]
    return tuple("".join(ch if ch.isprintable() else " " for ch in line)[:_LONGEST] for line in lines)


def _object(value: Any, cls: type | None = None) -> Any:
    # `"late-delete": "off"` is short for `"late-delete": {"severity": "off"}`.
    short = cls is RuleSettings and isinstance(value, str)
    return {"severity": value} if short else _checked(value, isinstance(value, Mapping), "no object")


def _over(base: Settings, given: Settings, named: Iterable[str]) -> Settings:
    """`base` with the `named` fields of `given`; of tables the entries that are given."""
    changed: dict[str, Any] = {name: getattr(given, name) for name in named}
    for name, value in changed.items():
        if isinstance(value, Mapping):
            changed[name] = {**getattr(base, name), **value}
    if "rules" in changed:
        rules = {id_: _rule_over(base.of(id_), rule) for id_, rule in given.rules.items()}
        changed["rules"] = {**base.rules, **rules}
    return replace(base, **changed)


def _rule_over(base: RuleSettings, given: RuleSettings) -> RuleSettings:
    min_saving = base.min_saving if given.min_saving is None else given.min_saving
    return RuleSettings(given.severity or base.severity, min_saving)
