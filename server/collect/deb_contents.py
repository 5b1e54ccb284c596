"""Weighs .deb archives file by file, for collect/debian.py. Run on Debian, with the Python of the suite (see below).

    PYTHONPATH=server python server/collect/deb_contents.py FOLDER SUITE

FOLDER is that of collect/debian.py: order_SUITE.txt says what to weigh, a name a line, the most wanted first. Every
package is downloaded with `apt-get download` from the machine's own archive, read as a stream, and deleted; nothing of
it is unpacked to disk or run. weighed_SUITE.tsv grows by a row a package; versions that it has are not weighed again,
so that this can be stopped and started at any time.

Byte code is weighed by compiling, and its size depends on the Python that runs this script: use the suite's own (3.9
for bullseye, 3.11 for bookworm, 3.13 for trixie).
"""

from __future__ import annotations

import io
import marshal
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import warnings
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from collect.private_apt import Apt

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = ("package", "version", "files", "documents", "byte_code", "records", "stanza")
AT_ONCE = 50  # archives on disk at a time
LARGEST = 400_000_000  # bytes of an archive that is worth the download
# What Docker's slim images tell dpkg to leave out (debuerreotype's slimify-excludes and -includes, 2026-11).
LEFT_OUT = (
    "/usr/share/doc/*",
    "/usr/share/groff/*",
    "/usr/share/info/*",
    "/usr/share/linda/*",
    "/usr/share/lintian/overrides/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
)
KEPT = (
    "/usr/share/doc/*/copyright",
    "/usr/share/locale/all_languages",
    "/usr/share/locale/currency/*",
    "/usr/share/locale/l10n/*",
    "/usr/share/locale/languages",
    "/usr/share/locale/locale.alias",
)


class Contents(NamedTuple):
    """Bytes of a package: its files, those of them that slim images leave out, what compiling its Python modules adds,
    dpkg's records of it in /var/lib/dpkg/info, and its stanza in dpkg's status.
    """

    files: int
    documents: int
    byte_code: int
    records: int
    stanza: int


def main(folder: str, suite: str) -> None:
    """Weighs what is not weighed yet."""
    table, order = pathlib.Path(folder, f"weighed_{suite}.tsv"), pathlib.Path(folder, f"order_{suite}.txt")
    known = {tuple(line.split("\t")[:2]) for line in table.read_text("utf-8").splitlines()} if table.exists() else set()
    wanted = dict.fromkeys(order.read_text("utf-8").split())
    with tempfile.TemporaryDirectory() as temporary, table.open("a", encoding="utf-8") as out:
        apt = Apt(pathlib.Path(temporary), suite)
        stanzas = apt.newest
        todo = [
            (name, stanza["Version"])
            for name in wanted
            if (stanza := stanzas.get(name))
            and int(stanza["Size"]) < LARGEST
            and (name, stanza["Version"]) not in known
        ]
        for at in range(0, len(todo), AT_ONCE):
            batch = todo[at : at + AT_ONCE]
            archives = apt.download(f"{name}={version}" for name, version in batch)
            for name, version, archive in archives:
                out.write("\t".join((name, version, *map(str, contents(archive)))) + "\n")
                archive.unlink()
            out.flush()
            print(f"{suite}: {at + len(batch)} of {len(todo)}", file=sys.stderr, flush=True)


def contents(archive: pathlib.Path) -> Contents:
    """Weighs one archive."""
    records, stanza, scripts = _control(archive)
    folders = re.findall(r"py3compile\s+-p\s+\S+\s+(/\S+)", scripts)
    files = documents = byte_code = 0
    for path, size, text in _files(archive, ("/usr/lib/python3", *folders)):
        records += len(path.encode()) + 1  # dpkg lists every path, those too that it leaves out
        files += size
        if size and _is_left_out(path):
            documents += size
        if text is not None:
            byte_code += _compiled(text)
    return Contents(files, documents, byte_code, records, stanza)


def _control(archive: pathlib.Path) -> tuple[int, int, str]:
    """Bytes of the files that dpkg keeps as they are, those of the stanza, and the text of the install script."""
    packed = subprocess.run(["dpkg-deb", "--ctrl-tarfile", archive], capture_output=True, check=True).stdout  # noqa: S603, S607
    records, stanza, script = 0, 0, b""
    with tarfile.open(fileobj=io.BytesIO(packed)) as members:
        for member in members:
            name = member.name.removeprefix("./")
            if name == "control":
                stanza = member.size
            elif member.isfile():
                records += member.size
            if name == "postinst" and (file := members.extractfile(member)):
                script = file.read()
    return records, stanza, script.decode("utf-8", "replace")


def _files(archive: pathlib.Path, compiled: tuple[str, ...]) -> Iterator[tuple[str, int, bytes | None]]:
    """Every path with its size, and the text of Python modules below the folders that are `compiled`."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as unpacking:  # noqa: S603, S607
        assert unpacking.stdout
        with tarfile.open(fileobj=unpacking.stdout, mode="r|", bufsize=1 << 20) as members:
            for member in members:
                path = member.name.removeprefix(".").rstrip("/") or "/."
                text = None
                if member.isfile() and path.endswith(".py") and path.startswith(compiled):
                    file = members.extractfile(member)
                    text = file.read() if file else None
                yield path, member.size if member.isfile() else 0, text


def _is_left_out(path: str) -> bool:
    return any(fnmatchcase(path, each) for each in LEFT_OUT) and not any(fnmatchcase(path, each) for each in KEPT)


def _compiled(text: bytes) -> int:
    """Bytes of the .pyc of a module; 0 where it is no Python of this version."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return 16 + len(marshal.dumps(compile(text, "module.py", "exec", dont_inherit=True)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0


if __name__ == "__main__":
    main(*sys.argv[1:])
