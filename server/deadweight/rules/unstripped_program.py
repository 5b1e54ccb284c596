r"""A program is shipped with its symbols and debugging data.

A debugger reads them, the program itself does not. Go links them in unless it is told otherwise: nearly always 24 to
35 % of the file. A panic prints the same functions, files and lines without them.

## Example

```
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /out/server ./cmd/server
FROM gcr.io/distroless/static-debian12
COPY --from=build /out/server /server
ENTRYPOINT ["/server"]
```

Use instead:

```
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -ldflags="-s -w" -o /out/server ./cmd/server
FROM gcr.io/distroless/static-debian12
COPY --from=build /out/server /server
ENTRYPOINT ["/server"]
```

What the linker is told already stays:

## Example

```
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
ARG VERSION
RUN go build -ldflags "-X main.version=1.2" -o /out/server .
FROM debian:12-slim
COPY --from=build /out/server /usr/local/bin/
```

Use instead:

```
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
ARG VERSION
RUN go build -ldflags "-s -w -X main.version=1.2" -o /out/server .
FROM debian:12-slim
COPY --from=build /out/server /usr/local/bin/
```

## Fix safety

Safe for Go: the program does the same, and its panics and profiles have their names, which lie elsewhere in the file.
Only a debugger that is attached to the container finds less. For Rust look before you take it: a backtrace of a
stripped program has no names; `--config` needs cargo 1.63.

## Not reported

The program stays in a stage that does not ship:

```
FROM golang:1.25 AS tools
RUN go build -o /out/generate ./cmd/generate
FROM scratch
COPY --from=tools /etc/ssl/certs /etc/ssl/certs
```

It is stripped, or packed, by another program:

```
FROM golang:1.25 AS build
RUN go build -o /out/server . && strip /out/server
FROM scratch
COPY --from=build /out/server /server
```

The image is there for a debugger:

```
FROM golang:1.25 AS build
RUN go build -gcflags="all=-N -l" -o /out/server .
FROM debian:12-slim
COPY --from=build /out/server /server
CMD ["dlv", "exec", "/server"]
```

Nobody knows what the linker is told:

```
FROM golang:1.25 AS build
ARG LDFLAGS
RUN go build -ldflags="$LDFLAGS" -o /out/server .
FROM scratch
COPY --from=build /out/server /server
```

## References

- Go's linker: https://pkg.go.dev/cmd/link
- Profiles of cargo: https://doc.rust-lang.org/cargo/reference/profiles.html#strip
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.commands import cargo, go
from deadweight.model.effects import Measured
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import is_for_developers, start_command
from deadweight.rules.edits import complete, insert_in_word, insert_word
from deadweight.rules.reaching import ships
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, as_written, keep, rule
from deadweight.rules.script_places import body_of
from deadweight.size.estimate import size_together
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Cause, Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word
    from deadweight.text import Edit

_LANGUAGES: dict[Cause, str] = {**dict.fromkeys(go.SYMBOLS, "Go"), cargo.SYMBOLS: "Rust"}
# What takes symbols off: strip, x86_64-linux-gnu-strip, upx.
_STRIPS = re.compile(r"(?:.*-)?strip|upx(?:-ucl)?|sstrip|eu-strip")
_DEBUGGERS = re.compile(r"\b(?:dlv|gdb|lldb|rr)\b")
_FLAGS = re.compile(r"(?:--?ldflags=)?['\"]?")  # up to what the linker is told, in `-ldflags="-X a=b"`
_STRIP_CARGO = "--config profile.release.strip=true"
_NOTE = "Check: nobody needs names in backtraces of this program, and cargo is 1.63 or newer"


def _of_command(command: Reading) -> object:
    call = command.call
    return as_written(command) if call.program == "go" else _sees_to_them(call)


def _words(snapshot: Snapshot) -> Words:
    return Words(_of_command) if keep(snapshot.reached_ledgers, Measured) else NO_WORDS


@rule("unstripped-program", group="packages", words=_words)
def unstripped_program(snapshot: Snapshot) -> Iterator[Finding]:
    """Report builds whose program is in the image and holds symbols."""
    target = snapshot.build.target
    if target is None or is_for_developers(target.name):
        return
    found = _with_symbols(snapshot.reached_ledgers)
    if (
        not found
        or any(map(_sees_to_symbols, snapshot.reached_ledgers))
        or _DEBUGGERS.search(start_command(snapshot.shipped_ledgers))
    ):
        return
    for ledger, layer, symbols in found:
        if shipped := tuple([each for each in symbols if ships(snapshot, layer, each)]):
            yield _finding(layer, shipped, ledger.stage.label)


@OfLayers
def _with_symbols(layer: Layer) -> Iterator[tuple[Effect, ...]]:
    """All that a layer writes of programs' symbols; not what a debugger is to read."""
    if found := [effect for effect in layer.kept if effect.is_certain and _is_symbols(effect)]:
        debugged = {call.span for call in layer.calls if call.program == "go" and _is_for_debuggers(call)}
        if symbols := tuple([effect for effect in found if effect.span not in debugged]):
            yield symbols


def _is_for_debuggers(call: Call) -> bool:
    """Whether the compiler is told not to optimise, or what a tool such as Skaffold puts in for a debugger."""
    flags = go.option(call, "gcflags") or ""
    return "-N" in flags or "$" in flags


@remembered
def _sees_to_symbols(ledger: Ledger) -> bool:
    """Whether a stage calls what takes symbols off a program, or gets a debugger that reads them."""
    return any(_sees_to_them(call) for layer in ledger.layers for call in layer.calls)


def _sees_to_them(call: Call) -> bool:
    return _STRIPS.fullmatch(call.program) is not None or True in ["/dlv" in word.text for word in call.words]


def _is_symbols(effect: Effect) -> bool:
    return isinstance(effect.cause, Measured) and effect.cause in _LANGUAGES


@remembered
def _finding(layer: Layer, symbols: tuple[Effect, ...], stage: str) -> Finding:
    language = _LANGUAGES[symbols[0].cause]
    what = f"a {language} program is" if len(symbols) == 1 else f"{language} programs are"
    return Finding(
        site=layer.site,
        span=symbols[0].span,
        message=f"{what} shipped with symbols and debugging data",
        saves=size_together(symbols),
        basis="size",
        stage=stage,
        frees=frozenset([(layer.site, each) for each in symbols]),
        fixes=partial(_fixes, layer, symbols),
    )


def _fixes(layer: Layer, symbols: tuple[Effect, ...], snapshot: Snapshot) -> Iterator[Fix | None]:
    body = body_of(layer)
    spans = {each.span for each in symbols}
    calls = [call for call in layer.calls if call.span in spans]
    if body is None or any(call.place != body.span(call.placed.command.span) for call in calls):
        return  # in a script within the script, whose quotes are others
    if len({each.cause for each in symbols}) > 1:
        return
    is_go = symbols[0].cause in go.SYMBOLS
    edits = [_strip_go(snapshot, layer, call) if is_go else _strip_rust(snapshot, layer, call) for call in calls]
    made = complete(edits)
    if not made:
        return
    if is_go:
        yield Fix("strip", "Link without symbols: -s -w", Safety.SAFE, made)
    else:
        yield Fix("strip", f"Add {_STRIP_CARGO}", Safety.ASK, made, note=_NOTE)


def _strip_go(snapshot: Snapshot, layer: Layer, call: Call) -> Edit | None:
    """Tell the linker, besides what it is told."""
    words = [word.text for word in call.words]
    at = next((at for at, text in enumerate(words) if text.lstrip("-").partition("=")[0] == "ldflags"), None)
    if at is not None:
        word = call.words[at if "=" in words[at] else min(at + 1, len(words) - 1)]
        return _told_first(snapshot, layer, word)
    if go.linker_flags(call) or go.option(call, "C") is not None:
        return None  # those of GOFLAGS count no more where the call has some of its own; -C has to be the first
    return insert_word(snapshot, layer, call.operands(*go.VALUES)[0], '-ldflags="-s -w"')


def _told_first(snapshot: Snapshot, layer: Layer, word: Word) -> Edit | None:
    """The edit that puts the flags before those in a word: `-ldflags="-X a=b"`."""
    match = _FLAGS.match(word.text)
    if match is None or not match[0].endswith(("'", '"')):
        return None
    rest = word.text[match.end() :]
    return insert_in_word(snapshot, layer, word, match.end(), "-s -w " if rest[:1] not in ("'", '"') else "-s -w")


def _strip_rust(snapshot: Snapshot, layer: Layer, call: Call) -> Edit | None:
    release = next((word for word in call.words if word.text in ("--release", "-r")), None)
    return insert_word(snapshot, layer, release, _STRIP_CARGO) if release else None
