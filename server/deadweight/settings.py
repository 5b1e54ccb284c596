"""What the user may set, read from plain data; wrong values are named and left at their default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kKMG]?)[bB]?\s*")
_SCALE = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one session.

    min_saving: findings that save fewer bytes are not reported
    inlay_hints: whether editors show what each line adds
    platform: what is built for, as in `docker build --platform`
    """

    min_saving: int = 1_000_000
    inlay_hints: bool = True
    platform: str = "linux/amd64"


DEFAULTS = Settings()


def read_size(text: str) -> int:
    """Bytes of "500kB", "1.5 MB", "20000"; k, M and G are powers of 1000. Raises ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no size: write 500kB, 1.5MB or a number of bytes")
    return round(float(match[1]) * _SCALE[match[2]])


def read_settings(raw: object) -> tuple[Settings, tuple[str, ...]]:
    """Settings out of what a client or a file gives (names in camelCase), and what is wrong with it, a line each."""
    import cattrs

    if raw is None:
        return DEFAULTS, ()
    if not isinstance(raw, Mapping):
        return DEFAULTS, ("settings: expected an object",)
    converter = cattrs.Converter()
    converter.register_structure_hook(int, _size)
    converter.register_structure_hook(bool, _exact(bool))
    converter.register_structure_hook(str, _exact(str))
    settings, wrong = DEFAULTS, []
    known = {_camel(field.name): field for field in fields(Settings)}
    for name, value in raw.items():
        field = known.get(name)
        if field is None:
            wrong.append(f"settings: there is no {name}")
            continue
        try:
            read = converter.structure(value, type(getattr(DEFAULTS, field.name)))
        except ValueError as error:
            wrong.append(f"settings: {name}: {error}")
        else:
            settings = replace(settings, **{field.name: read})
    return settings, tuple(wrong)


def _size(value: Any, _: type) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)) or (isinstance(value, int) and value < 0):
        raise ValueError(f"{value!r} is no size")
    return value if isinstance(value, int) else read_size(value)


def _exact(wanted: type) -> Any:
    def hook(value: Any, _: type) -> Any:
        if not isinstance(value, wanted):
            raise ValueError(f"{value!r} is no {wanted.__name__}")
        return value

    return hook


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
