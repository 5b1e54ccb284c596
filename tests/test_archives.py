"""Archives and downloads: what a file of a known end, a known address or a pipe unpacks to."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from deadweight.snapshot import Options, Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.workspace.archives import unpacked
from deadweight.workspace.context import context_of
from examples import snapshot_of

if TYPE_CHECKING:
    from pathlib import Path

    from deadweight.size.units import Size

CONTENT = {"bin/tool": 300_000, "share/a.txt": 5_000, "share/b.txt": 1_000}
TOTAL = sum(CONTENT.values())


def made(folder: Path, name: str) -> Path:
    """An archive of CONTENT, of the kind that its name says."""
    path = folder / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, count in CONTENT.items():
                archive.writestr(inner, os.urandom(count))
        return path
    kind = {"gz": "w:gz", "tgz": "w:gz", "xz": "w:xz"}.get(name.rpartition(".")[2], "w")
    with tarfile.open(path, kind) as archive:  # type: ignore[call-overload]
        for inner, count in CONTENT.items():
            entry = tarfile.TarInfo(inner)
            entry.size = count
            archive.addfile(entry, io.BytesIO(os.urandom(count)))
    return path


def added(snapshot: Snapshot) -> Size | None:
    """What the last line adds."""
    return snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1])


@pytest.mark.parametrize("name", ["a.tar", "a.zip"])
def test_an_archive_with_a_list_of_its_files_is_weighed_exactly(tmp_path: Path, name: str) -> None:
    assert unpacked(made(tmp_path, name)) == (TOTAL, TOTAL, TOTAL)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tgz", "a.tar.xz"])
def test_a_packed_stream_says_how_long_it_is(tmp_path: Path, name: str) -> None:
    content = unpacked(made(tmp_path, name))
    assert content is not None
    assert content.low <= TOTAL <= content.high
    assert content.best == pytest.approx(TOTAL, rel=0.05)


@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.tar.gz", "a.tar.xz"])
@pytest.mark.parametrize("content", [b"", b"PK\5\6", b"\x1f\x8b", b"YZ" * 8, b"x" * 2000, b"\0" * 2000])
def test_what_is_no_archive_says_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert unpacked(tmp_path / name) is None


@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.tar.gz", "a.tar.xz"])
def test_a_cut_archive_raises_nothing(tmp_path: Path, name: str) -> None:
    whole = made(tmp_path, name).read_bytes()
    for end in range(0, len(whole), max(1, len(whole) // 200)):
        (tmp_path / name).write_bytes(whole[:end])
        unpacked(tmp_path / name)


@pytest.mark.parametrize(
    "dockerfile",
    [
        "ADD tool.tar /opt/",
        "COPY tool.tar /tmp/\nRUN tar -xf /tmp/tool.tar -C /opt && rm /tmp/tool.tar",
        "COPY . /src\nRUN cd /src && tar xf tool.tar -C /opt",
        "RUN --mount=type=bind,source=tool.tar,target=/t.tar mkdir -p /opt && tar -C /opt -xf /t.tar",
        "COPY tool.zip /tmp/\nRUN unzip -q /tmp/tool.zip -d /opt",
    ],
)
def test_an_archive_of_the_context_unpacks_to_its_files(tmp_path: Path, dockerfile: str) -> None:
    made(tmp_path, "tool.tar")
    made(tmp_path, "tool.zip")
    (tmp_path / "Dockerfile").write_text("")
    context = context_of(tmp_path / "Dockerfile")
    size = added(Snapshot(parse(f"FROM debian:bookworm-slim\n{dockerfile}\n"), context, Options()))
    assert size is not None
    assert (size.low, size.best, size.high) == (TOTAL, TOTAL, TOTAL)


def test_of_an_archive_a_part_may_be_taken(tmp_path: Path) -> None:
    made(tmp_path, "tool.tar")
    text = "FROM debian:bookworm-slim\nADD . /src\nRUN tar -xf /src/tool.tar -C /opt bin/tool\n"
    size = added(Snapshot(parse(text), context_of(tmp_path / "Dockerfile"), Options()))
    assert size is not None
    assert (size.low, size.high) == (0, TOTAL)


@pytest.mark.parametrize(
    ("run", "low", "high"),
    [
        ("curl -fsSL https://nodejs.org/dist/v$V/node-v$V-linux-x64.tar.xz | tar -xJ -C /usr/local", 115, 170),
        ("curl -fsSLO https://go.dev/dl/go1.24.1.linux-amd64.tar.gz", 60, 80),
        (
            "wget https://go.dev/dl/go1.24.1.linux-amd64.tar.gz && tar xzf go1.24.1.linux-amd64.tar.gz && rm go*",
            200,
            245,
        ),
        ("curl -fsSL https://bun.sh/install | bash", 80, 120),
    ],
)
def test_a_well_known_address_has_a_size(run: str, low: int, high: int) -> None:
    size = added(snapshot_of(f"FROM debian:bookworm-slim\nRUN {run}\n"))
    assert size is not None
    assert (size.low, size.high) == (low * 1_000_000, high * 1_000_000)


@pytest.mark.parametrize(
    "run",
    [
        "curl -fsSLO https://example.com/tool.tar.gz",
        "curl -fsSL https://example.com/tool.tar.gz | tar -xz",
        "curl -fsSL https://example.com/install | sh",
        "curl -O https://repo.example.com/Miniconda3-latest-Linux-x86_64.sh",
        "bash build.sh",
    ],
)
def test_any_other_is_unknown(run: str) -> None:
    assert added(snapshot_of(f"FROM debian:bookworm-slim\nRUN {run}\n")) is None


def test_a_program_of_a_well_known_image_has_a_size() -> None:
    size = added(snapshot_of("FROM python:3.13-slim\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /uvx /bin/\n"))
    assert size is not None
    assert 25_000_000 < size.low < size.best < (size.high or 0) < 61_000_000


def test_a_key_or_a_script_is_small() -> None:
    size = added(snapshot_of("FROM debian:bookworm-slim\nRUN curl -o /k.asc https://example.com/key.asc\n"))
    assert size is not None
    assert size.high is not None
    assert size.high < 100_000


@pytest.mark.parametrize(
    ("run", "count"),
    [
        ("dd if=/dev/zero of=/big bs=1M count=50", 50 << 20),
        ("dd if=/dev/urandom of=/big bs=1000 count=3", 3000),
        ("fallocate -l 1G /swap", 1 << 30),
        ("truncate -s 10MB /hole", 10_000_000),
        ("head -c 2k /dev/urandom > /noise", 2048),
        ("head -c 2k /dev/urandom", 0),
        ("java -version", 0),
        ("dpkg --print-architecture", 0),
        ("a2enmod rewrite", 0),
    ],
)
def test_a_file_of_a_stated_size(run: str, count: int) -> None:
    size = added(snapshot_of(f"FROM debian:bookworm-slim\nRUN {run}\n"))
    assert size is not None
    assert (size.low, size.best, size.high) == (count, count, count)


def test_a_filled_file_is_written_again_by_a_later_chmod() -> None:
    text = "FROM debian:bookworm-slim\nRUN truncate -s 5M /big\nRUN chmod 700 /big\n"
    size = added(snapshot_of(text))
    assert size is not None
    assert size.best == 5 << 20


def test_go_writes_a_program_and_a_cache() -> None:
    layer = snapshot_of("FROM golang:1.25\nRUN --mount=type=cache,target=/root/.cache go build -o /s .\n")
    size = added(layer)
    assert size is not None
    assert size.best == 8_600_000
