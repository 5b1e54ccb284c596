"""How much archives of a build context unpack to, as their own ends and headers say: nothing is unpacked."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO

from deadweight.model.context import GZIP, Unpacked

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 512  # a header of tar, and what it rounds files up to
_MOST_HEADERS = 20_000
_LARGEST_INDEX = 4_000_000  # bytes of a list of files that is read whole
# A tar holds a header and padding beside each file: 7 % of a folder of npm packages, 0.4 % of large files
# (survey of builds, section 5; 2026-11-23).
_FILES_OF_TAR = (0.85, 0.98, 1.0)


def unpacked(path: Path) -> Unpacked | None:
    """The bytes of the files in an archive; None where it does not say, or is none."""
    try:
        with path.open("rb") as file:
            return _unpacked(path.name.lower(), file)
    except (OSError, ValueError, struct.error):
        return None


def _unpacked(name: str, file: BinaryIO) -> Unpacked | None:
    if name.endswith(".zip"):
        return _zip(file)
    if name.endswith(".tar"):
        return _tar(file)
    stream = _gzip(file) if name.endswith(GZIP) else _xz(file)
    if stream is None:
        return None
    low, best, high = (round(stream * share) for share in _FILES_OF_TAR)
    return Unpacked(low, best, high)


def _zip(file: BinaryIO) -> Unpacked | None:
    """By its directory, which lies at the end, with its own size in the record behind it."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or struct.unpack_from("<I", tail, at + 12)[0] > _LARGEST_INDEX:
        return None
    import zipfile  # most contexts hold no archive

    try:
        with zipfile.ZipFile(file) as archive:
            count = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError):
        return None
    return Unpacked(count, count, count)


def _tar(file: BinaryIO) -> Unpacked | None:
    """By its headers, from one to the next."""
    end = file.seek(0, os.SEEK_END)
    at = total = 0
    for _ in range(_MOST_HEADERS):
        file.seek(at)
        header = file.read(_BLOCK)
        if len(header) < _BLOCK or not header.strip(b"\0"):
            return Unpacked(total, total, total) if at else None
        if header[257:262] != b"ustar":
            return None
        count = int.from_bytes(header[124:136], "big") & (1 << 88) - 1 if header[124] & 0x80 else _octal(header)
        if header[156:157] in (b"0", b"\0", b"7"):
            total += count
        at += _BLOCK + (count + _BLOCK - 1) // _BLOCK * _BLOCK
        if at > end:
            return None
    return Unpacked(total, total, end)


def _octal(header: bytes) -> int:
    return int(header[124:136].strip(b"\0 ") or b"0", 8)


def _gzip(file: BinaryIO) -> int | None:
    """The bytes of the stream, which its last four bytes say modulo 4 GiB."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(2) != b"\x1f\x8b" or end < 18:
        return None
    file.seek(end - 4)
    stream: int = struct.unpack("<I", file.read(4))[0]
    while stream < end - 1024:  # a gigabyte of noise, and what went around
        stream += 1 << 32
    return stream


def _xz(file: BinaryIO) -> int | None:
    """The bytes of the stream, by the index at its end; None where there are several streams."""
    end = file.seek(0, os.SEEK_END)
    file.seek(end - 12)
    footer = file.read(12)
    if footer[10:] != b"YZ":
        return None
    length = (struct.unpack("<I", footer[4:8])[0] + 1) * 4
    if length > min(_LARGEST_INDEX, end - 12):
        return None
    file.seek(end - 12 - length)
    index = file.read(length)
    if index[:1] != b"\0":
        return None
    records, at = _number(index, 1)
    stream = 0
    for _ in range(records):
        _, at = _number(index, at)
        count, at = _number(index, at)
        stream += count
    return stream


def _number(index: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where the next one starts."""
    value = shift = 0
    while shift < 63:
        if at >= len(index):
            raise ValueError("the index ends too early")
        byte = index[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("a number too long")
