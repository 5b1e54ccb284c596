"""chown, chmod, setcap, strip, upx, `sed -i` and their like: an older file that changes is written again, whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Copied, Rewritten, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Cause, Effect

OWNER_OR_MODE = ("chown", "chgrp", "chmod")
_CHANGES_LITTLE = re.compile(r"(?:root|0)?:?(?:root|0)?|[ugoa]*\+[rwxX]+")  # `chown root:root`, `chmod +x`
_TAKES_AWAY = re.compile(r"-[rwxXst]+")  # `chmod -x`, which looks like an option


def again(
    call: Call,
    path: str | None,
    *,
    recursive: bool = False,
    may_be_nothing: bool = False,
    is_file: bool = False,
    owner: str = "",
) -> Iterator[Effect]:
    """What `call` writes again where it changes `path` (one that it says `is_file`), or all below it, perhaps by giving
    it an `owner`: nothing of what its own RUN wrote.
    """
    sources = call.around.files.of_earlier_layers(path, recursive, is_file) if path else ()
    if sources:
        may_be_nothing = may_be_nothing or all(_belongs_to(each.cause, owner) for _, each in sources)
        yield writes(path, Rewritten(call.program, sources, may_be_nothing), call.span)


def _belongs_to(cause: Cause, owner: str) -> bool:
    """Whether `COPY --chown=app:app` has given files that owner already, who may be called `app` as well."""
    return bool(owner) and isinstance(cause, Copied) and {*owner.split(":")} == {*cause.owner.split(":")}


def changes_little(change: str) -> bool:
    """Whether an owner or a mode may be what a file has already: what is copied belongs to root, and programs are
    mostly executable where they come from.
    """
    return bool(_CHANGES_LITTLE.fullmatch(change))


def appended(call: Call) -> Iterator[Effect]:
    """What `echo x >> FILE` writes again of a file."""
    for redirect in call.own.command.redirects:
        if redirect.operator == ">>" and redirect.target:
            yield from again(call, call.around.resolve(redirect.target.pattern), is_file=True)


def _owner_or_mode(call: Call) -> Iterator[Effect]:
    """`chown -R app:app /app`, `chmod -x /app/run`: the first word is no path, unless a reference stands for it."""
    words = [word for word in call.operands("--from") if word.pattern]
    is_given = call.has("--reference") or any(_TAKES_AWAY.fullmatch(word.pattern) for word in call.words)
    change = "" if is_given or not words else words[0].pattern
    may_be_nothing = changes_little(change)
    fed = call.fed_by  # `find /app -type f | xargs chmod 640`
    is_recursive = call.has("-R", "--recursive") or (fed is not None and fed.program == "find")
    owner = change if call.program == "chown" else ""
    for path in call.paths(words if is_given else words[1:]):
        yield from again(call, path, recursive=is_recursive, may_be_nothing=may_be_nothing, owner=owner)


def _touch(call: Call) -> Iterator[Effect]:
    for path in call.paths(call.operands("-d", "-r", "-t", "--date", "--reference")):
        yield from again(call, path)


def _strip(call: Call) -> Iterator[Effect]:
    """What is left of a program, at most all of it."""
    for path in call.paths(call.operands("-o", "-R", "-K", "-N")):
        yield from again(call, path)


def _acl(call: Call) -> Iterator[Effect]:
    """`setfacl -R -m u:app:rwX /app`: who may read a file is a part of it."""
    for path in call.paths(call.operands("-m", "--modify", "-x", "--remove", "-M", "-X", "--set", "--set-file")):
        yield from again(call, path, recursive=call.has("-R", "--recursive"))


def _files(call: Call) -> Iterator[Effect]:
    """`dos2unix FILE...`, `upx --best FILE...`; what they are told to write elsewhere is new."""
    if call.has("-o", "-n", "--newfile"):
        yield writes(None, Built(call.program), call.span)
        return
    for path in call.paths(call.operands()):
        yield from again(call, path)


def _perl(call: Call) -> Iterator[Effect]:
    """What `perl -pi -e 's/a/b/' FILE` changes; what other scripts do, nobody knows."""
    if any(re.fullmatch(r"-[a-z0-9]*i\S*", word.text) for word in call.words):
        for path in call.paths(call.operands("-e", "-E", "-M", "-I")):
            yield from again(call, path)
    else:
        yield writes(None, Built("perl"), call.span)


def _sed(call: Call) -> Iterator[Effect]:
    if any(word.pattern.startswith(("-i", "--in-place", "-Ei", "-ri", "-ni")) for word in call.words):
        has_script = call.has("-e", "-f", "--expression", "--file")
        for path in call.paths(call.operands("-e", "-f", "--expression", "--file")[0 if has_script else 1 :]):
            yield from again(call, path)


def _capabilities(call: Call) -> Iterator[Effect]:
    """`setcap cap_net_bind_service=+ep /usr/sbin/httpd`: a file's attributes are a part of it."""
    for path in call.paths(call.operands()[1:]):
        yield from again(call, path)


TOOLS = (
    Tool(("setcap",), _capabilities),
    Tool(("setfacl",), _acl),
    Tool(("dos2unix", "unix2dos", "upx"), _files),
    Tool(("perl",), _perl),
    Tool(OWNER_OR_MODE, _owner_or_mode),
    Tool(("touch",), _touch),
    Tool(("strip",), _strip),
    Tool(("sed",), _sed),
)
