"""curl and wget: files from the network."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Download, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

_CURL_VALUES = (
    *("-o", "--output", "-H", "--header", "-d", "--data", "-u", "--user", "-A", "--user-agent", "-X", "--request"),
    *(
        "--retry",
        "--retry-delay",
        "--connect-timeout",
        "-m",
        "--max-time",
        "--proto",
        "-x",
        "--proxy",
        "-e",
        "-b",
        "-c",
    ),
    *("--cacert", "--output-dir", "-w", "--write-out", "--resolve"),
)
_WGET_VALUES = ("-O", "--output-document", "-P", "--directory-prefix", "-o", "-t", "--tries", "-T", "--header", "-U")


def _curl(call: Call) -> Iterator[Effect]:
    urls = [word.pattern for word in call.operands(*_CURL_VALUES)]
    target = call.value("-o", "--output")
    if target and target != "-":
        yield writes(call.around.resolve(target), Download(urls[0] if urls else None), call.span)
    elif call.has("-O", "--remote-name"):
        for url in urls:
            yield writes(call.around.resolve(_name_in(url)), Download(url), call.span)
    else:
        yield from _redirected(call, urls)


def _wget(call: Call) -> Iterator[Effect]:
    urls = [word.pattern for word in call.operands(*_WGET_VALUES)]
    target = call.value("-O", "--output-document")
    # `-qO- url` and `-O - url` print; a cluster such as -qO names its file in the next word or behind it.
    clustered = [word.pattern for word in call.words if word.pattern.startswith("-") and "O" in word.pattern[:5]]
    if target is None and clustered and not clustered[0].startswith("--"):
        behind = clustered[0].partition("O")[2]
        target = behind or (urls[0] if urls else None)
        urls = urls if behind else urls[1:]
    if target == "-":
        yield from _redirected(call, urls)
    elif target:
        yield writes(call.around.resolve(target), Download(urls[0] if urls else None), call.span)
    else:
        folder = call.value("-P", "--directory-prefix") or "."
        for url in urls:
            yield writes(call.around.resolve(posixpath.join(folder, _name_in(url))), Download(url), call.span)


def _redirected(call: Call, urls: list[str]) -> Iterator[Effect]:
    """`curl url > file` writes; into a pipe or a variable it does not."""
    for redirect in call.own.command.redirects:
        if redirect.operator in (">", ">>") and redirect.target and redirect.descriptor in (None, "1"):
            target = redirect.target.pattern
            if not target.startswith("/dev/"):
                yield writes(call.around.resolve(target), Download(urls[0] if urls else None), call.span)


def _name_in(url: str) -> str:
    return url.partition("?")[0].rstrip("/").rpartition("/")[2] or "index.html"


TOOLS = (Tool(("curl",), _curl), Tool(("wget",), _wget))
