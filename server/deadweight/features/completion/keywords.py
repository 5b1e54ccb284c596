"""What may start a line: instructions, whole forms of them that keep layers small, and the directives at the top."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.features.completion.items import Completions, Item, escaped
from deadweight.features.reference import INSTRUCTIONS
from deadweight.syntax.dockerfile import DIRECTIVES, KEYWORDS, Blank, Comment, Instruction
from deadweight.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.place import Place, Typed
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Dockerfile

_NOT_AS_TRIGGER = frozenset(("FROM", "ONBUILD", "MAINTAINER"))
_DIRECTIVE = re.compile(r"#[ \t]*([a-zA-Z]*)\Z")
_DIRECTIVE_VALUE = re.compile(r"#[ \t]*([a-zA-Z]+)[ \t]*=[ \t]*([^\r\n]*)\Z")
_DIRECTIVE_ITEMS = {
    "syntax": (
        "docker/dockerfile:1",
        "The newest Dockerfile language of version 1, whatever the builder brings along.",
    ),
    "escape": ("`", "Continues lines with a backtick, for Windows paths."),
    "check": ("skip=", "Which of BuildKit's own checks are left out; `error=true` makes the others fail the build."),
}
# docs.docker.com/reference/build-checks, read 2026-11-25.
_CHECKS = (
    *("StageNameCasing", "FromAsCasing", "NoEmptyContinuation", "ConsistentInstructionCasing", "DuplicateStageName"),
    *("ReservedStageName", "JSONArgsRecommended", "MaintainerDeprecated", "UndefinedArgInFrom", "WorkdirRelativePath"),
    *("UndefinedVar", "MultipleInstructionsDisallowed", "LegacyKeyValueFormat", "RedundantTargetPlatform"),
    *("SecretsUsedInArgOrEnv", "InvalidDefaultArgInFrom", "FromPlatformFlagConstDisallowed", "CopyIgnoredFile"),
    *("InvalidDefinitionDescription", "ExposeProtoCasing", "ExposeInvalidFormat"),
)


class _Form(NamedTuple):
    """A whole instruction: lines with `{name}` for what is filled in, and for which base images it is one."""

    label: str
    lines: tuple[str, ...]
    note: str
    fits: tuple[str, ...] = ()  # package managers and repositories; () is any


_FORMS = (
    _Form("FROM ... AS", ("FROM {image} AS {name}",), "A stage of its own: what it holds does not ship unless copied."),
    _Form(
        "RUN apt-get install",
        (
            "RUN apt-get update",
            "    && apt-get install -y --no-install-recommends {packages}",
            "    && rm -rf /var/lib/apt/lists/*",
        ),
        "Installs without recommended packages, and removes the package lists (20 MB on Debian 12) in the same layer.",
        ("apt",),
    ),
    _Form("RUN apk add", ("RUN apk add --no-cache {packages}",), "Installs and keeps no index.", ("apk",)),
    _Form(
        "RUN dnf install",
        ("RUN dnf install -y --nodocs --setopt=install_weak_deps=False {packages}", "    && dnf clean all"),
        "Installs without weak dependencies and documentation, and removes the metadata in the same layer.",
        ("dnf",),
    ),
    _Form(
        "RUN pip install",
        ("RUN pip install --no-cache-dir -r {requirements.txt}",),
        "Installs and keeps no downloads.",
        ("python",),
    ),
    _Form(
        "RUN npm ci",
        ("RUN npm ci --omit=dev", "    && npm cache clean --force"),
        "Installs what the lockfile says, without devDependencies and without the downloads.",
        ("node",),
    ),
    _Form(
        "RUN go build",
        (
            "RUN --mount=type=cache,target=/go/pkg/mod",
            "    --mount=type=cache,target=/root/.cache/go-build",
            '    CGO_ENABLED=0 go build -ldflags="-s -w" -o {/app} {.}',
        ),
        "Builds a static program without debugging data; what is downloaded is in no layer.",
        ("golang",),
    ),
    _Form("RUN <<EOF", ("RUN <<EOF", "{script}", "EOF"), "A script of several lines as one layer."),
    _Form("COPY --from", ("COPY --from={stage} {source} {target}",), "Copies what another stage has built."),
    _Form('CMD ["..."]', ('CMD ["{program}"]',), "Exec form: the program gets signals, and needs no shell."),
    _Form(
        "HEALTHCHECK CMD",
        ("HEALTHCHECK --interval={30s} --timeout={3s} CMD {command}",),
        "How the engine finds out whether the container still works.",
    ),
)
_FILL_IN = re.compile(r"\{([^}]*)\}")


def keyword_items(place: Place) -> tuple[Typed, tuple[Item, ...]]:
    """The instructions that may stand here, as the file writes them."""
    typed = place.typed(place.instruction.keyword_span)
    is_lower = _writes_lower(place.tree, place.index)
    is_trigger = place.instruction.begin > 0
    names = KEYWORDS if place.stage_index >= 0 else ("FROM", "ARG")
    behind = place.instruction.text[place.at + 1 + len(typed.after) :]
    space = "" if behind[:1] in (" ", "\t") else " "
    items = [
        _keyword(name, typed, space, is_lower=is_lower)
        for name in names
        if not is_trigger or name not in _NOT_AS_TRIGGER
    ]
    if not is_trigger and not behind.strip():
        items += _forms(place, typed, is_lower=is_lower)
    if place.stage_index < 0 and not typed.before and _in_head(place.tree, place.index):
        items += (_directive_line(name, "# ") for name in _DIRECTIVE_ITEMS if name not in place.tree.directives)
    return typed, tuple(items)


def directive_items(snapshot: Snapshot, tree: Dockerfile, index: int, offset: int) -> Completions | None:
    """What a comment at the top may be: a parser directive, or its value."""
    text = tree.pieces[index].text[: offset - tree.offsets[index]]
    behind = tree.pieces[index].text[offset - tree.offsets[index] + 1 :].rstrip("\r\n")
    if not _in_head(tree, index):
        return None
    if match := _DIRECTIVE_VALUE.match(text):
        return _directive_values(match[1].lower(), match[2], behind, offset)
    match = _DIRECTIVE.match(text)
    if not match or behind.strip():
        return None
    given = snapshot.tree.directives
    items = tuple(_directive_line(name, "") for name in _DIRECTIVE_ITEMS if name not in given)
    start = offset - len(match[1])
    space = "" if text.endswith((" ", "\t")) or match[1] else " "
    return Completions(Span(start, offset), offset, tuple(_led(item, space) for item in items))


def _keyword(name: str, typed: Typed, space: str, *, is_lower: bool) -> Item:
    shown = name.lower() if is_lower else name
    entry = INSTRUCTIONS[name]
    detail = entry.text.partition(". ")[0].rstrip(".")
    # Some editors compare letter by letter, in the case they are typed in.
    filter_ = name.lower() if typed.before.islower() else name
    return Item(shown, "keyword", shown + space, detail=detail, note=entry.note, typed=filter_)


def _forms(place: Place, typed: Typed, *, is_lower: bool) -> Iterator[Item]:
    """Whole instructions that fit the stage."""
    base = place.base
    held = {base.package_manager, base.repository}
    for form in _FORMS:
        is_possible = form.label.startswith("FROM") if place.stage_index < 0 else True
        if not is_possible or (form.fits and base.os and not held & set(form.fits)):
            continue
        keyword, _, rest = form.label.partition(" ")
        shown = keyword.lower() if is_lower else keyword
        lines = (shown + form.lines[0][len(keyword) :], *form.lines[1:])
        end = f" {place.escape}{_line_end(place.tree)}" if form.lines[-1] != "EOF" else _line_end(place.tree)
        text = end.join(lines)
        stops = iter(range(1, 10))
        snippet = "".join(
            escaped(part) if at % 2 == 0 else f"${{{next(stops)}:{escaped(part)}}}"
            for at, part in enumerate(_FILL_IN.split(text))
        )
        plain = _FILL_IN.sub(r"\1", text)
        filter_ = form.label.lower() if typed.before.islower() else form.label
        note = f"{form.note}\n\n```dockerfile\n{plain}\n```"
        yield Item(f"{shown} {rest}", "form", plain, snippet, note=note, typed=filter_)


def _directive_line(name: str, start: str) -> Item:
    value, note = _DIRECTIVE_ITEMS[name]
    text = f"{start}{name}={value}"
    return Item(text, "keyword", text, detail="parser directive", note=note)


def _led(item: Item, space: str) -> Item:
    return Item(item.label, item.kind, space + item.text, "", item.detail, item.note)


def _directive_values(name: str, value: str, behind: str, offset: int) -> Completions | None:
    if name not in DIRECTIVES:
        return None
    if name != "check":
        text, note = _DIRECTIVE_ITEMS[name]
        found = [Item(text, "value", note=note)]
        if name == "escape":
            found.append(Item("\\", "value", note="As without the directive."))
        return Completions(Span(offset - len(value), offset + len(behind)), offset, tuple(found))
    part = re.split(r"[=,;]", value)[-1]
    option = value.rpartition(";")[2]
    if option.startswith("skip="):
        given = set(option[5:].split(",")[:-1])
        items = [Item(each, "value") for each in ("all", *_CHECKS) if each not in given]
    elif option.startswith("error="):
        items = [Item("true", "value"), Item("false", "value")]
    else:
        items = [Item("skip=", "value", detail="checks to leave out"), Item("error=true", "value")]
    return Completions(Span(offset - len(part), offset), offset, tuple(items))


def _in_head(tree: Dockerfile, index: int) -> bool:
    """Whether only directives stand above a piece: the next line may be one too."""
    return all(
        (isinstance(piece, Comment) and piece.directive) or (isinstance(piece, Blank) and piece.text == "\ufeff")
        for piece in tree.pieces[:index]
    )


def _writes_lower(tree: Dockerfile, index: int) -> bool:
    """Whether the file writes its keywords in lower case."""
    seen = 0
    for at, piece in enumerate(tree.pieces):
        if at != index and isinstance(piece, Instruction) and piece.keyword in KEYWORDS:
            seen += 1 if piece.line.text[:1].islower() else -1
    return seen > 0


def _line_end(tree: Dockerfile) -> str:
    """How the file ends its lines."""
    first = next((piece.text for piece in tree.pieces if "\n" in piece.text), "")
    return "\r\n" if "\r\n" in first else "\n"
