"""The commands that let an image's history stand in for estimates, and take it away again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deadweight.features.measured import is_of, lines_of_image, precision, what_differs, what_is_counted
from deadweight.lsp import convert
from deadweight.lsp.engine import EngineError, image_history
from deadweight.model.history import LARGEST, read_history
from deadweight.model.measured import measure
from deadweight.workspace.files import UnreadableError, read_text, shown

if TYPE_CHECKING:
    from deadweight.lsp.documents import OpenDockerfile
    from deadweight.lsp.server import Server
    from deadweight.model.history import History


async def use(server: Server, uri: object = None, given: object = None) -> dict[str, Any] | None:
    """Measure an open Dockerfile by a saved history, `given` as a path, or by the engine's of `{"image": NAME}`.

    What comes of it, or why nothing does, is said in one line.
    """
    document = server.dockerfile(str(uri))
    if document is None:
        server.say(f"{uri} is not open")
        return None
    try:
        history, source = await _history(document, given)
    except (UnreadableError, EngineError) as error:
        server.say(str(error))
        return None
    if server.dockerfile(str(uri)) is not document:  # closed meanwhile
        return None
    before = document.options.measured
    measured = measure(history, document.snapshot.build, source)
    document.weigh(measured)
    snapshot = document.snapshot
    if not is_of(snapshot):
        document.weigh(before)
        server.say(f"{measured.source}: no row is of a line of this Dockerfile: it is another image's history")
        return None
    server.show_again([document])
    lines = [layer for layer in lines_of_image(snapshot) if layer.measured]
    done = f"{measured.source} measured {len(lines)} lines ({what_is_counted(history)})"
    notes = filter(None, (precision(measured), what_differs(snapshot, measured)))
    server.say("; ".join((done, *notes)))
    return {"uri": document.uri, "source": measured.source, "lines": len(lines)}


def forget(server: Server, uri: object = None) -> None:
    """Let estimates stand again in a Dockerfile."""
    document = server.dockerfile(str(uri))
    if document is None:
        server.say(f"{uri} is not open")
    elif document.options.measured is not None:
        document.weigh(None)
        server.show_again([document])


async def _history(document: OpenDockerfile, given: object) -> tuple[History, str]:
    """The history that is asked for, and who says it. Raises UnreadableError and EngineError."""
    image = given.get("image") if isinstance(given, dict) else None
    if isinstance(image, str):
        return await _by_engine(document, image)
    path = given.get("path") if isinstance(given, dict) else given
    if not isinstance(path, str) or not path:
        raise UnreadableError('measured sizes come from the path of a saved history, or {"image": NAME}')
    found = convert.path_of(path) if path.startswith("file:") else Path(path).expanduser()
    if found is None:
        raise UnreadableError(f"{path}: no path of a file")
    found = document.path.parent / found if document.path else found
    if not found.is_file():
        raise UnreadableError(f"{shown(found)}: not a file")
    return _read(read_text(found, LARGEST), shown(found), "")


async def _by_engine(document: OpenDockerfile, image: str) -> tuple[History, str]:
    settings = document.settings
    if not settings.asks_engine:
        raise EngineError(f"{settings.builder} is not asked: the setting asksEngine of your editor does not allow it")
    name = f"{settings.builder} history of {image}"
    return _read(await image_history(settings.builder, image), name, name)


def _read(text: str, name: str, source: str) -> tuple[History, str]:
    history = read_history(text)
    if history.wrong:
        raise UnreadableError(f"{name}: {history.wrong}")
    return history, source or history.source(Path(name).name)
