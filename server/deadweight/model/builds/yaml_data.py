"""YAML as plain data, with bounds: texts stay texts, aliases are shared and not copied, depth and merging end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_DEEPEST = 100
_MOST_MERGED = 100_000  # entries that `<<` brings together: a few aliases of aliases make billions
_NOTHING = frozenset(("", "~", "null", "Null", "NULL"))


def read_yaml(text: str) -> Any:
    """The first document of a YAML text: dictionaries, lists, texts and None.

    Raises ValueError with the line in front: "line 3: mapping values are not allowed in this context".
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reader = _Reader()
    try:
        for event in yaml.parse(text, loader):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            reader.line = event.start_mark.line + 1 if event.start_mark else reader.line
            if isinstance(event, yaml.AliasEvent):
                reader.alias(event.anchor or "")
            elif isinstance(event, yaml.ScalarEvent):
                is_nothing = event.implicit[0] and event.value in _NOTHING
                reader.add(None if is_nothing else event.value, event.anchor)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                reader.open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                reader.close()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ValueError(f"line {mark.line + 1 if mark else 1}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{str(error).partition(chr(10))[0]}") from error
    except _TooMuchError as error:
        raise ValueError(f"line {reader.line}: {error}") from error
    except UnicodeError as error:
        raise ValueError("not UTF-8") from error
    return reader.top


class _TooMuchError(Exception):
    """What no file that a person wrote needs."""


@dataclass(slots=True)
class _Open:
    """A mapping or a list that is not closed yet; of a mapping the key that waits for its value."""

    value: Any
    key: Any = None
    has_key: bool = False
    merged: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """Puts the events of a document together without a call inside a call."""

    top: Any = None
    line: int = 1
    _anchors: dict[str, Any] = field(default_factory=dict)
    _opened: list[_Open] = field(default_factory=list)
    _entries: int = 0

    def open(self, value: Any, anchor: str | None) -> None:
        self.add(value, anchor)
        self._opened.append(_Open(value))
        if len(self._opened) > _DEEPEST:
            raise _TooMuchError("nested too deeply")

    def close(self) -> None:
        closed = self._opened.pop()
        sources = (each for value in closed.merged for each in (value if isinstance(value, list) else [value]))
        for each in sources:
            if not isinstance(each, dict):
                continue
            self._entries += len(each)
            if self._entries > _MOST_MERGED:
                raise _TooMuchError("merges too much")
            for key, value in list(each.items()):
                closed.value.setdefault(key, value)

    def alias(self, name: str) -> None:
        if name not in self._anchors:
            raise _TooMuchError(f"there is no anchor {name!r}")
        self.add(self._anchors[name], None)

    def add(self, value: Any, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = value
        if not self._opened:
            self.top = value
            return
        around = self._opened[-1]
        if isinstance(around.value, list):
            around.value.append(value)
        elif not around.has_key:
            around.key, around.has_key = value, True
        else:
            around.has_key = False
            if around.key == "<<":
                around.merged.append(value)  # what is opened here has its entries later
            elif isinstance(around.key, str):
                around.value[around.key] = value
