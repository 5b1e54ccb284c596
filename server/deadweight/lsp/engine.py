"""The one thing that the server starts: docker or podman, asked for the history of one image, where a person names it
and the settings of the editor allow it.

No shell reads the name, nothing of the workspace says which program it is, and its answer is bounded in time and bytes.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deadweight.model.history import LARGEST

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from deadweight.settings import Builder

_SECONDS = 30.0  # the longest that an engine may take
_MOST_WORDS = 2_000  # bytes of what it complains of
# A reference or an id (github.com/distribution/reference); nothing that a program would take for an option.
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,299}")
_FORMAT = {"docker": "{{json .}}", "podman": "json"}  # docker knows the word `json` from 23.0 on


class EngineError(Exception):
    """The engine gave no answer; the message is one line for the user."""


async def image_history(engine: Builder, image: str) -> str:
    """What the engine prints of an image's history. Raises EngineError."""
    if not _IMAGE.fullmatch(image):
        raise EngineError(f"{image!r:.100} is no name of an image")
    program = shutil.which(engine)
    if program is None or not Path(program).is_absolute():  # not one that lies in the folder we were started in
        raise EngineError(f"there is no {engine} here")
    arguments = ("history", "--no-trunc", "--human=false", "--format", _FORMAT[engine], image)
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=os.path.expanduser("~"),
        )
    except OSError as error:
        raise EngineError(f"{engine}: {error.strerror or error}") from error
    try:
        return await asyncio.wait_for(_answer(engine, process), _SECONDS)
    except asyncio.TimeoutError as error:
        raise EngineError(f"{engine} history took longer than {_SECONDS:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()  # to the end of its pipes: it is over when nothing is in them any more


async def _answer(engine: Builder, process: Process) -> str:
    complaining = asyncio.ensure_future(_read(process.stderr, _MOST_WORDS))
    try:
        printed = await _read(process.stdout, LARGEST)
        if len(printed) >= LARGEST:
            raise EngineError(f"{engine} history printed more than {LARGEST // 1_000_000} MB")
        words = " ".join((await complaining).decode("utf-8", "replace").split())
    finally:
        complaining.cancel()
    if await process.wait():
        raise EngineError(f"{engine}: {words[:300] or 'no history'}")
    return printed.decode("utf-8", "surrogateescape")


async def _read(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """What a stream has to say, up to so many bytes."""
    found = b""
    while stream is not None and len(found) < most and (more := await stream.read(most - len(found))):
        found += more
    return found
