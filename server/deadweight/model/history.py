"""What `docker history` and `podman history` say of an image: its rows, read from the text that they print as JSON.

How a row says what made it is measured with real builds (BuildKit of Docker 26.1, its classic builder, buildah 1.39
under podman 5.4; 2026-11-26), see `tests/histories.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Any, NamedTuple

from deadweight.syntax.dockerfile import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HOW = "docker history --no-trunc --human=false --format json IMAGE"  # what prints such a text
# Characters. 31 rows of a real build have 7,000 (2026-11-26: tests/histories/buildkit.json); a text of this length that
# is all brackets takes about a second.
LARGEST = 2_000_000
_MOST_ROWS = 2_000  # overlay2 takes 128 layers; what writes no layer has a row as well
_LARGEST_SIZE = 10**15  # bytes; more is no layer

_DIGITS = 3  # that a size for people has (github.com/docker/go-units, HumanSizeWithPrecision)
_SIZE = re.compile(r"([0-9.]{1,20}(?:e[+-][0-9]{1,2})?) ?([kKMGT]?)(i?)B?", re.ASCII)
_POWER = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4}
_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")  # what SOURCE_DATE_EPOCH makes of it, 1970 or 1980, is none
_BLANKS = re.compile(r"\s*")
_NOP = "#(nop)"  # the classic builder's mark, and buildah's, of what runs no command
_FLAGS = re.compile(r"(?:--\S+ )+")
_SHELL = "/bin/sh -c"
_SIGNS = str.maketrans("=,\"'[]{}\\", " " * 9)  # what builders write around the same words, each in its own way


class Row(NamedTuple):
    """What made a layer, and the bytes that it adds. `is_open` where arguments of the build may stand before `text`.

    Of a RUN, `text` is the command without the shell that runs it; of what copies, it is without flags.
    """

    keyword: str
    text: str
    is_open: bool
    low: int
    best: int
    high: int
    date: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of `text`."""
        return tuple(self.text.split())


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The rows of an image, its first layer first. `wrong` says in a line why there are none."""

    rows: tuple[Row, ...] = ()
    engine: str = "docker"
    image: str = ""  # a name, or an id; "" where the text has neither
    date: str = ""
    is_rounded: bool = False  # sizes for people: --human=false was forgotten
    wrong: str = ""

    def source(self, name: str) -> str:
        """Who says what is measured; `name` is that of the text, for one that does not name its image."""
        return f"{self.engine} history of {self.image}" if self.image else f"{self.engine} history in {name}"


def read_history(text: str) -> History:
    """The history that a text is; raises nothing, whatever the text is."""
    if len(text) > LARGEST:
        return History(wrong=f"larger than {LARGEST // 1_000_000} MB: no history of an image")
    try:
        documents = list(islice(_documents(_decoded(text)), _MOST_ROWS + 1))
    except (ValueError, RecursionError):
        return _no_history("it is no JSON")
    found = list(chain.from_iterable(each if isinstance(each, list) else (each,) for each in documents))
    if not found or len(found) > _MOST_ROWS:
        return _no_history("it has too many rows" if found else "it has no rows")
    entries = [{str(key).lower(): value for key, value in each.items()} for each in found if isinstance(each, dict)]
    sizes = [size for each in entries if (size := _size(each.get("size"))) is not None]
    if len(sizes) < len(found):
        return _no_history("not all of its rows have a size")
    made_by = [_one_line(each.get("createdby")) for each in reversed(entries)]
    newest = entries[0]
    if str(newest.get("comment")).startswith("merge sha256:"):
        return History(wrong="the image is squashed: nobody can tell what a line of it weighs")
    if max(map(len, made_by)) <= _CUT and any(each.endswith(("…", "...")) for each in made_by):
        return _no_history("its commands are cut")
    dates = [_date(each) for each in reversed(entries)]
    rows = tuple(map(_row, made_by, _shells(made_by), reversed(sizes), dates))
    engine = "podman" if any("id" in each for each in found) else "docker"
    is_rounded = any(size.low < size.high for size in sizes)
    return History(rows, engine, _image(newest), dates[-1], is_rounded)


def plain_words(text: str) -> tuple[str, ...]:
    """The words of what runs and copies nothing, ENV and others, without the signs around them."""
    return tuple(text.translate(_SIGNS).split())


def without_flags(text: str) -> str:
    """An instruction's arguments without the flags before them."""
    match = _FLAGS.match(text)
    return text[match.end() :] if match else text


_CUT = 45  # characters that both engines leave of a command without --no-trunc


class _Size(NamedTuple):
    low: int
    best: int
    high: int


def _no_history(why: str) -> History:
    return History(wrong=f"no history of an image ({why}): write it with {HOW}")


def _decoded(text: str) -> str:
    """The text as it was meant: PowerShell's `>` writes UTF-16, which is no UTF-8 from its first byte on."""
    if text.startswith(("\udcff\udcfe", "\udcfe\udcff")):
        text = text.encode("utf-8", "surrogateescape").decode("utf-16")
    return text.removeprefix("\ufeff")


def _documents(text: str) -> Iterator[Any]:
    """The JSON documents of a text: a row a line, an array, or both as another tool lays them out."""
    decoder = json.JSONDecoder(parse_int=partial(_bounded, int), parse_float=partial(_bounded, float))
    text = text.strip()
    at = 0
    while at < len(text):
        found, at = decoder.raw_decode(text, at)
        yield found
        blanks = _BLANKS.match(text, at)
        at = blanks.end() if blanks else at


def _bounded(read: type[int] | type[float], digits: str) -> float:
    return read(digits) if len(digits) <= len(str(_LARGEST_SIZE)) else -1


def _size(given: Any) -> _Size | None:
    """Bytes as a number, as digits, or as people read them: those are rounded to three digits."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        is_size = isfinite(given) and 0 <= given <= _LARGEST_SIZE
        return _Size(int(given), int(given), int(given)) if is_size else None
    match = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    try:
        number = float(match[1]) if match else -1.0
    except ValueError:
        return None
    if match is None or not 0 <= number <= _LARGEST_SIZE:
        return None
    scale = (1024 if match[3] else 1000) ** _POWER[match[2]]
    best = round(number * scale)
    # The engine's figures end at the third digit, or at a byte.
    step = 0 if scale == 1 or not number else scale * 10.0 ** (floor(log10(number)) - _DIGITS + 1) / 2
    return _Size(round(best - step), best, round(best + step)) if best <= _LARGEST_SIZE else None


def _one_line(given: Any) -> str:
    """What made a row with all white space as single blanks: docker writes some of it otherwise than it was."""
    return " ".join(given.split()) if isinstance(given, str) else ""


def _date(entry: dict[str, Any]) -> str:
    match = _DATE.match(str(entry.get("createdat") or entry.get("created") or ""))
    return match[0] if match else ""


def _image(newest: dict[str, Any]) -> str:
    """The name of the image, which podman tells, or the start of its id."""
    tags = newest.get("tags")
    if isinstance(tags, list) and tags and isinstance(tags[0], str):
        return "".join(ch for ch in tags[0][:200] if ch.isprintable())
    digest = str(newest.get("id") or "").removeprefix("sha256:")[:12]
    return digest if digest.isalnum() else ""


def _shells(made_by: Iterable[str]) -> Iterator[str]:
    """The shell in force at each row."""
    shell = _SHELL
    for each in made_by:
        yield shell
        keyword, text = _split(each)
        if keyword == "SHELL":
            shell = " ".join(plain_words(text)) or shell


def _split(made_by: str) -> tuple[str, str]:
    """Keyword and arguments of a row, as far as the row says them."""
    shell, mark, behind = made_by.partition(_NOP)
    is_marked = bool(mark) and shell.rpartition(" ")[0].rpartition(" ")[2].startswith(("-", "/"))  # `-c`, `/C`
    text = behind.strip() if is_marked else made_by
    keyword, _, rest = text.partition(" ")
    return (keyword, rest) if keyword in KEYWORDS else ("RUN" if text and not is_marked else "", text)


def _row(made_by: str, shell: str, size: _Size, date: str) -> Row:
    keyword, text = _split(made_by)
    text = text.removesuffix(" # buildkit")
    is_open = False
    if keyword == "RUN":
        text, is_open = _command(text, shell)
    elif keyword in ("COPY", "ADD"):
        text = without_flags(text)
    return Row(keyword, text, is_open, *size, date)


def _command(text: str, shell: str) -> tuple[str, bool]:
    """The command of a RUN, and whether arguments of the build may still stand before it: `|2 A=1 B=2 command`."""
    has_arguments = text.startswith("|")
    for each in (shell, _SHELL):  # buildah names the one that it has not been told to leave
        before, found, command = f" {text}".partition(f" {each} ")
        if found and (has_arguments or not before):
            return without_flags(command), False
    return text, has_arguments
