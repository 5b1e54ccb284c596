"""Reading and writing the user's text files so that every byte survives, with errors a person understands."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

LARGEST = 50_000_000  # bytes; far above any text file a person writes


class UnreadableError(Exception):
    """A file or folder that cannot be read or written; the message is one line for the user."""


def read_text(path: Path, largest: int = LARGEST) -> str:
    """The text of a file; bytes that are no UTF-8 become lone surrogates, line ends stay as they are.

    Raises UnreadableError.
    """
    try:
        # A pipe that nobody writes to would block for ever; /dev/stdin and `<(command)`, /dev/fd/63, are meant.
        if not stat.S_ISREG(path.stat().st_mode) and path.parts[:2] != ("/", "dev"):
            raise UnreadableError(f"{shown(path)}: not a file")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{shown(path)}: {reason(error)}") from error
    if len(content) > largest:
        bound = f"{largest // 1_000_000} MB" if largest >= 1_000_000 else f"{largest // 1_000} kB"
        raise UnreadableError(f"{shown(path)}: larger than {bound}")
    return content.decode("utf-8", "surrogateescape")


def write_text(path: Path, text: str) -> None:
    """Replace a file's text in one step: a reader sees the old text or the new, never a half.

    Mode and owner are kept where possible; a symlink stays one, its target is written. Raises UnreadableError.
    """
    import tempfile

    try:
        target = Path(os.path.realpath(path))
        content = text.encode("utf-8", "surrogateescape")
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _take_on_mode(name, target)
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{shown(path)}: {reason(error)}") from error


def shown(path: Path) -> str:
    """`path` for a message: always one line."""
    return str(path).replace("\n", "\\n")


def reason(error: OSError | ValueError) -> str:
    """Why the system refused, in a few words: "no such file or directory"."""
    words = (isinstance(error, OSError) and error.strerror) or str(error) or "cannot be read"
    return words[:1].lower() + words[1:]


def _take_on_mode(name: str, target: Path) -> None:
    """Give the new file `name` the mode and owner of the file it replaces, or those of any new file."""
    try:
        old = target.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        return
    if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.chown(name, old.st_uid, old.st_gid)
    os.chmod(name, stat.S_IMODE(old.st_mode))
