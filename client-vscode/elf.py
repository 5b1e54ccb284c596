"""Libraries of Linux without what only debuggers read.

tree-sitter's wheels for Linux are built with debug information, 1.8 of their 2.1 MB, and there is one for each Python.
"""

from __future__ import annotations

import struct

_LITTLE_ENDIAN_64 = b"\x7fELF\x02\x01"
_LOADED = 1  # PT_LOAD, in a program header


def without_debug_information(library: bytes) -> bytes:
    """What is loaded of a library: the file up to the end of its last segment, as debuggers' sections lie behind it.

    The table of sections goes with them; whoever loads a library reads the table of segments. What is no library of
    64 bits, as all processors have that we build for, stays as it is.
    """
    if not library.startswith(_LITTLE_ENDIAN_64):
        return library
    (segments,) = struct.unpack_from("<Q", library, 0x20)  # e_phoff
    size, count = struct.unpack_from("<HH", library, 0x36)  # e_phentsize, e_phnum
    end = 0
    for each in range(segments, segments + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", library, each)
        if kind == _LOADED:
            end = max(end, offset + length)
    kept = bytearray(library[:end])
    struct.pack_into("<Q", kept, 0x28, 0)  # e_shoff
    struct.pack_into("<HH", kept, 0x3C, 0, 0)  # e_shnum, e_shstrndx
    return bytes(kept)
