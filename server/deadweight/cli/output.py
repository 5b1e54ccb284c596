"""What all commands share for speaking to people and scripts: streams that take any text, JSON, colour, messages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def prepare_streams() -> None:
    r"""Let stdout and stderr take any text: bytes of a file that are no UTF-8 come out as they went in.

    What the stream's encoding cannot write is escaped (`\u2192`) instead of raised. Line ends are not translated, so
    that a file's own survive.
    """
    import codecs
    import io
    import os

    # Closed streams (`>&-`) are None: what is written to them is lost, as the caller wants it.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    codecs.register_error("deadweight", _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="deadweight", newline="\n")


def _escape(error: UnicodeError) -> tuple[str | bytes, int]:
    """The bytes that lone surrogates stand for, and a backslash escape for other characters."""
    import codecs

    if not isinstance(error, UnicodeEncodeError):  # a stream that is read as well, as under a test runner
        return codecs.lookup_error("surrogateescape")(error)
    refused = error.object[error.start : error.end]
    if error.encoding.lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        return refused.encode("ascii", "backslashreplace").decode(
            "ascii"
        ), error.end  # a single byte has no place there
    made = b""
    for ch in refused:
        is_byte = "\udc80" <= ch <= "\udcff"
        made += bytes((ord(ch) - 0xDC00,)) if is_byte else ch.encode("ascii", "backslashreplace")
    return made, error.end


def write(text: str, end: str = "\n") -> None:
    """Write `text` to stdout."""
    sys.stdout.write(text + end)


def warn(message: str) -> None:
    """One line on stderr: what went wrong."""
    sys.stdout.flush()  # in the order in which it happened, where both go to one place
    sys.stderr.write(f"deadweight: {message}\n")


def document(value: object) -> str:
    """`value` as one JSON document for `--format json`."""
    import json

    return json.dumps(value, indent=2)


def line(value: object) -> str:
    """`value` as one compact line for `--format jsonl`."""
    import json

    return json.dumps(value, separators=(",", ":"))


def add_format(parser: argparse.ArgumentParser, formats: Sequence[str] = ("text", "json")) -> None:
    """Add `--format`; the first of `formats` is the default."""
    parser.add_argument("--format", choices=formats, default=formats[0], help="output format (default: %(default)s)")


# SGR codes: https://www.ecma-international.org/publications-and-standards/standards/ecma-48/, section 8.3.117.
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}


def is_coloured(stream: TextIO | None = None) -> bool:
    """Whether a stream (stdout unless told) takes colour: it is a terminal, and NO_COLOR is unset or empty."""
    import os

    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and (stream or sys.stdout).isatty()


def paint(text: str, style: str, coloured: bool) -> str:
    """`text` in a style (bold, dim, red, green, yellow, blue, cyan), or as it is."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if coloured else text


def own_bug(error: Exception) -> str:
    """What is said of an error that nobody else is to blame for: where it was raised, in a line."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    message = " ".join(str(error).split())[:200]
    place = f"{type(error).__name__} at {last.name}, line {last.lineno}: {message}"
    return f"a bug of deadweight's own, please report it: {place}"
