"""devcontainer.json: the build that it declares. JSON with comments and trailing commas."""

from __future__ import annotations

import json
import re
from typing import Any

from deadweight.model.builds.declared import Said, Sayings
from deadweight.model.ecosystems.lenient import as_object

# A text that nobody closes, and a comment, reach to the end: no character is looked at twice.
_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"?|//[^\n]*|/\*(?:.*?\*/|.*)', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"?|,(?=\s*[}\]])', re.DOTALL)


def read_devcontainer(text: str) -> Sayings:
    """What the file says of its build, whose name is ""; `dockerfile` is seen from the file, as `context` is."""
    try:
        data = as_object(json.loads(_plain(text.removeprefix("\ufeff"))))
    except json.JSONDecodeError as error:
        return Sayings({}, f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}")
    except RecursionError:
        return Sayings({}, "nested too deeply")
    build = as_object(data.get("build"))
    dockerfile = build.get("dockerfile", data.get("dockerFile"))
    if not isinstance(dockerfile, str):
        return Sayings({})
    said: Said = {"dockerfile": _known(dockerfile)}
    if isinstance(context := build.get("context", data.get("context")), str):
        said["context"] = _known(context)
    if isinstance(target := build.get("target"), str):
        said["target"] = _known(target)
    args: dict[str, Any] = as_object(build.get("args"))
    said["args"] = {name: _known(value) for name, value in args.items() if isinstance(value, str)}
    return Sayings({"": said})


def _plain(text: str) -> str:
    """The text as JSON: comments are blanks, so that every line keeps its number."""

    def blank(match: re.Match[str]) -> str:
        found = match[0]
        return found if found[0] == '"' else "\n" * found.count("\n") or " "

    text = _COMMENT.sub(blank, text)
    return _TRAILING_COMMA.sub(lambda match: "" if match[0] == "," else match[0], text)


def _known(text: str) -> str | None:
    """The text; None where a variable of the editor's stands in it."""
    return None if "${" in text else text
