"""curl, wget and aria2c: files from the network."""

from __future__ import annotations

import posixpath
from itertools import zip_longest
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Download, writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect

# Options that take a value: the manual pages of curl 8.14, wget 1.25 and aria2c 1.37.
_CURL_SHORT = "AbcCdDeEFhHKmoPQrtTuUwxXyYz"
_CURL_LONG = frozenset(
    (
        *(
            "--cacert",
            "--capath",
            "--cert",
            "--cert-type",
            "--ciphers",
            "--config",
            "--connect-timeout",
            "--connect-to",
        ),
        *("--continue-at", "--cookie", "--cookie-jar", "--create-file-mode", "--data", "--data-binary", "--data-raw"),
        *("--data-urlencode", "--dump-header", "--form", "--header", "--interface", "--key", "--limit-rate"),
        *("--max-filesize", "--max-redirs", "--max-time", "--noproxy", "--oauth2-bearer", "--output", "--output-dir"),
        *("--parallel-max", "--proto", "--proto-default", "--proto-redir", "--proxy", "--proxy-header", "--proxy-user"),
        *("--pubkey", "--range", "--rate", "--referer", "--request", "--resolve", "--retry", "--retry-delay"),
        *("--retry-max-time", "--speed-limit", "--speed-time", "--stderr", "--time-cond", "--tls-max", "--url"),
        *("--unix-socket", "--upload-file", "--user", "--user-agent", "--write-out", "--json", "--netrc-file"),
    )
)
_WGET_SHORT = "aABDeGiIlnoOPQRtTUwX"  # -n stands for -nv, -nc, -nH, -nd and -np
_WGET_LONG = frozenset(
    (
        *("--append-output", "--base", "--body-data", "--ca-certificate", "--certificate", "--connect-timeout"),
        *("--cut-dirs", "--directory-prefix", "--dns-timeout", "--execute", "--header", "--http-password"),
        *("--http-user", "--input-file", "--level", "--limit-rate", "--load-cookies", "--method", "--output-document"),
        *("--output-file", "--password", "--post-data", "--private-key", "--quota", "--read-timeout", "--referer"),
        *("--reject", "--accept", "--save-cookies", "--timeout", "--tries", "--user", "--user-agent", "--wait"),
        *("--waitretry", "--retry-on-http-error", "--domains", "--exclude-directories", "--include-directories"),
    )
)
_ARIA_SHORT = "dijklosxMTU"
_ARIA_LONG = frozenset(("--dir", "--out", "--split", "--max-connection-per-server", "--checksum", "--header"))


def _curl(call: Call) -> Iterator[Effect]:
    """Each address goes to the -o or -O that stands at the same place among them."""
    urls: list[str] = []
    targets: list[str | None] = []  # None is the name in the address
    folder, is_named_by_server = ".", False
    is_all = len(tuple(call.spread())) > len(call.words)  # -O holds for all that a brace list stands for
    for name, value in _options(call, _CURL_SHORT, _CURL_LONG):
        if name in ("", "--url"):
            urls.append(value)
        elif name in ("-o", "--output"):
            targets.append(value)
        elif name in ("-O", "--remote-name"):
            targets.append(None)
        elif name == "--output-dir":
            folder = value
        is_named_by_server |= name in ("-J", "--remote-header-name")
        is_all |= name == "--remote-name-all"
    if is_all and (targets or call.has("--remote-name-all")):
        targets += [None] * (len(urls) - len(targets))
    if not targets:
        yield from _redirected(call, urls)
    elif not urls:
        urls = [""]
    for url, target in zip(urls, targets, strict=False):
        if target is None:
            yield _download(call, url, None if is_named_by_server and not _has_name(url) else folder)
        elif target == "-":
            yield from _redirected(call, [url])
        elif not target.startswith("/dev/"):
            yield writes(call.around.resolve(posixpath.join(folder, target)), Download(url or None), call.span)


def _wget(call: Call) -> Iterator[Effect]:
    urls: list[str] = []
    target, folder, is_many = None, ".", False
    for name, value in _options(call, _WGET_SHORT, _WGET_LONG):
        if not name:
            urls.append(value)
        elif name in ("-O", "--output-document"):
            target = value
        elif name in ("-P", "--directory-prefix"):
            folder = value
        is_many |= name in ("-i", "--input-file", "-r", "--recursive", "-m", "--mirror", "-p", "--page-requisites")
    if target in ("-", "/dev/stdout"):
        yield from _redirected(call, urls)
    elif target:
        if target != "/dev/null":
            yield writes(call.around.resolve(target), Download(urls[0] if urls else None), call.span)
    elif is_many:
        yield writes(call.around.resolve(folder), Download(None, is_folder=True), call.span)
    else:
        for url in urls:
            yield _download(call, url, folder)


def _aria(call: Call) -> Iterator[Effect]:
    found = list(_options(call, _ARIA_SHORT, _ARIA_LONG))
    said = {name: value for name, value in found if name}
    folder, target = said.get("-d", said.get("--dir", ".")), said.get("-o", said.get("--out"))
    for url in [value for name, value in found if not name]:
        path = posixpath.join(folder, target) if target else None
        yield writes(call.around.resolve(path), Download(url), call.span) if path else _download(call, url, folder)


def _options(call: Call, short: str, long: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The options of a call in order, each with its value or "", and the operands, whose name is ""."""
    texts = iter(tuple(call.with_variables().spread()))
    for text in texts:
        if text == "--":
            yield from (("", each) for each in texts)
        elif text.startswith("--"):
            name, equals, value = text.partition("=")
            yield name, value if equals or name not in long else next(texts, "")
        elif text.startswith("-") and len(text) > 1:
            yield from _cluster(text[1:], texts, short)
        else:
            yield "", text


def _cluster(letters: str, texts: Iterator[str], short: str) -> Iterator[tuple[str, str]]:
    """The options of `-fsSLo FILE`, `-qO-`."""
    for at, letter in enumerate(letters, 1):
        if letter in short:
            yield f"-{letter}", letters[at:] or next(texts, "")
            return
        yield f"-{letter}", ""


def _download(call: Call, url: str, folder: str | None) -> Effect:
    """A file that is called as in its address; in a folder of None nobody knows how."""
    path = None if folder is None else call.around.resolve(posixpath.join(folder, _name_in(url)))
    return writes(path, Download(url), call.span)


def _redirected(call: Call, urls: Iterable[str]) -> Iterator[Effect]:
    """`curl url > file` writes; into a pipe or a variable it does not."""
    for path, url in zip_longest(call.outputs, tuple(urls)[:1]):
        if path is not None:
            yield writes(call.around.resolve(path), Download(url), call.span)


def _has_name(url: str) -> bool:
    return "." in _name_in(url) and "?" not in url


def _name_in(url: str) -> str:
    return url.partition("?")[0].rstrip("/").rpartition("/")[2] or "index.html"


TOOLS = (Tool(("curl",), _curl), Tool(("wget",), _wget), Tool(("aria2c",), _aria))
