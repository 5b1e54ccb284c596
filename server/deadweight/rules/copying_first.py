"""The fix of copy-before-install: the files that an install reads go above it, all others below.

The user's lines stay as they are. What is added is a COPY of the manifests, and for a tool that builds what it is given
a RUN above the sources that only downloads.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.effects import Copied, Kind, is_under
from deadweight.model.project_installs import first_of, reads_no_sources, wanted
from deadweight.rules.edits import line_end, listed, with_comments
from deadweight.rules.rule import Fix, Safety
from deadweight.rules.script_places import body_of
from deadweight.syntax.shell import Chain, Command
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.ecosystems.project import Project
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.project_installs import First, Wanted
    from deadweight.snapshot import Snapshot

_MOST_COPIES = 20  # a file of so many COPYs more is no better to read
_UNCLEAR = ("*", "?", "[", " ", "$", "\\", '"', "'")  # in a path: COPY would read it as more than a name
_WIDTH = 100  # a line that would be wider is continued on the next
# What a first RUN of an own may leave out: they change nothing but the shell that runs them.
_OF_THE_SHELL = frozenset(("set", "echo", ":", "true", "cd"))
# Programs that look at nothing but what their words name; at nothing where they name nothing.
_PROGRAMS = "sed grep cp mv rm mkdir chmod chown ln cat touch tar unzip curl wget nproc uname which id ls test ["
_BY_PATHS = frozenset(_PROGRAMS.split())
_OF_FILES = frozenset(("-f", "-e", "-d", "-r", "-s", "-x", "-L"))  # of `test`


class Install(NamedTuple):
    """An install, the COPY of sources above it, and the project those make; `there` is what narrower COPYs brought."""

    copy: Layer
    copied: Effect
    layer: Layer
    call: Call
    what: Wanted
    project: Project
    there: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """The files that the install reads and no narrower COPY has brought."""
        return tuple(path for path in self.project.install_files if path not in self.there)


def copy_first(snapshot: Snapshot, ledger: Ledger, install: Install) -> Fix | None:
    """Copy what the install reads where all sources are copied now, and the sources below it."""
    context = snapshot.context
    placed = install.call.placed
    is_plain = not (placed.conditional or placed.background or placed.in_function or placed.in_substitution)
    if context is None or not is_plain or install.project.needs_sources or install.what.needs:
        return None
    if not _may_move(ledger, install):
        return None
    copies = _copies(install, context)
    if copies is None:
        return None
    narrowed, sources = _narrowed(snapshot, install, copies)
    first = first_of(install.call, install.what, install.project, context)
    edit = _first_alone(snapshot, install, first, sources) if first else _behind(snapshot, ledger, install, sources)
    if edit is None:
        return None
    files = listed([posixpath.basename(path) for path in _told(install)])
    then = f"{_shortened(first)} and then copy the rest" if first else "the rest after the install"
    title = f"Copy {files} first, {then}" if copies else "Copy the sources after the install"
    note = "Check: nothing that the install runs needs the other files"
    return Fix("split-copy", title, Safety.ASK, (narrowed, edit), note=note)


def _shortened(first: First) -> str:
    """What is run first, in a title."""
    if len(first.commands) > 1:
        return "build the dependencies"
    return f"run {first.commands[0]}" if first.commands else f"install with {' '.join(first.flags)}"


def _told(install: Install) -> tuple[str, ...]:
    """The files that a title names: not those of all members of a workspace."""
    files = install.missing or install.project.install_files
    return files if len(files) <= 3 else files[:2]


# --- whether the sources may come later -------------------------------------------------------------------------------


def _may_move(ledger: Ledger, install: Install) -> bool:
    """Whether the COPY does the same below the install, and nothing in between needs what it brings."""
    instruction = install.copy.instruction
    words = instruction.words
    if instruction.heredocs or instruction.array is not None or len(words) != 2:
        return False
    source, target = (word.value or word.text for word in words)
    if any(mark in source for mark in _UNCLEAR) or " " in target or not _means_the_same_below(install):
        return False
    layers = ledger.layers
    between = layers[layers.index(install.copy) + 1 : layers.index(install.layer)]
    copied = install.copied.path or "/"
    return all(_is_apart(layer, copied) for layer in between)


def _is_apart(layer: Layer, copied: str) -> bool:
    """Whether an instruction neither reads nor writes what lies in the folder of the sources."""
    keyword = layer.instruction.keyword
    if keyword == "RUN":
        return (
            bool(layer.calls) and all(_is_blind(call, copied) for call in layer.calls) and not _touches(layer, copied)
        )
    if keyword in ("COPY", "ADD"):
        return not _touches(layer, copied)
    return True


def _is_blind(call: Call, copied: str) -> bool:
    """Whether a call does the same without the sources: by what it is, or as its words are about other places."""
    if reads_no_sources(call):
        return True
    if call.program not in _BY_PATHS:
        return False
    operands = [word.pattern for word in call.operands()]
    if call.program in ("sed", "grep", "[", "test"):
        # The first is no path, nor is what is compared: `[ $(nproc) = 2 ]`.
        is_about_files = any(option in _OF_FILES for option in call.options)
        operands = operands[1:] if call.program in ("sed", "grep") else operands if is_about_files else []
    paths = [call.around.resolve(each) for each in operands if "://" not in each]
    return all(path is not None and not is_under(path, copied) and not is_under(copied, path) for path in paths)


def _touches(layer: Layer, copied: str) -> bool:
    """Whether a layer does something below the folder of the sources; the packages of the system are elsewhere."""
    return any(
        is_under(each.path, copied) or (is_under(copied, each.path) and each.kind is not Kind.WRITES)
        for each in layer.effects
        if each.path is not None
    )


def _means_the_same_below(install: Install) -> bool:
    """Whether the COPY does the same below the install: `COPY . $APP` may not, nor one that brings node_modules."""
    above, below = install.copy.step, install.layer.step
    cause = install.copied.cause
    if above is None or below is None or not isinstance(cause, Copied) or cause.selection is None:
        return False
    instruction = above.instruction
    if instruction.flag("exclude") is not None or any(flag.name in ("parents", "from") for flag in instruction.flags):
        return False
    if "$" in instruction.line.text and above.state.variables != below.state.variables:
        return False
    target = instruction.words[1].text
    if above.state.resolve(target) != below.state.resolve(target):
        return False
    if install.what.builds:
        return True
    # What the install writes and the COPY would write over.
    written = (_in_context(install, each.path) for each in install.layer.kept if each.path)
    return not any(each and _holds(cause, each) for each in written)


def _holds(copied: Copied, folder: str) -> bool:
    """Whether a COPY brings a folder of the context, or a file of this path."""
    selection = copied.selection
    return selection is not None and any(is_under(path, folder) for path in selection.files)


def _last_of_install(install: Install) -> int | None:
    """The number of the last call that needs nothing but the manifests; None where another comes before the install."""
    calls = install.layer.calls
    own = next(at for at, call in enumerate(calls) if call is install.call)
    last = -1
    for at, call in enumerate(calls):
        if not _reads_manifests(install, call):
            break
        last = at
    return last if last >= own else None


def _reads_manifests(install: Install, call: Call) -> bool:
    if call.program in _OF_THE_SHELL or _is_blind(call, install.copied.path or "/"):
        return True
    what = wanted(call)
    if what is None or what.builds or what.needs or what.manager != install.what.manager:
        return False
    named = (_in_context(install, path) for path in what.named)
    return what.folder == install.what.folder and all(path in install.project.install_files for path in named)


# --- the edits --------------------------------------------------------------------------------------------------------


def _narrowed(snapshot: Snapshot, install: Install, copies: tuple[str, ...]) -> tuple[Edit, str]:
    """The COPY of the sources becomes one of the manifests, or goes where they are there already; and its own lines."""
    instruction, offset = install.copy.instruction, snapshot.offset(install.copy.site)
    start, end = offset + instruction.span.start, offset + instruction.span.end
    if copies:
        return Edit(Span(start, end), line_end(snapshot.text).join(copies)), snapshot.text[start:end]
    first = with_comments(snapshot.tree, offset)
    return Edit(Span(first, offset + len(instruction.text)), ""), snapshot.text[first:end]


def _behind(snapshot: Snapshot, ledger: Ledger, install: Install, sources: str) -> Edit | None:
    """The sources right below the RUN, or in the middle of it where a part of it needs them."""
    at = _last_of_install(install)
    if at is None:
        return None
    if at + 1 < len(install.layer.calls):
        return _between(snapshot, ledger, install, at, sources)
    text, newline = install.layer.instruction.text, line_end(snapshot.text)
    end = snapshot.offset(install.layer.site) + len(text)
    return Edit(Span(end, end), sources + newline if text.endswith("\n") else newline + sources)


def _first_alone(snapshot: Snapshot, install: Install, first: First, sources: str) -> Edit | None:
    """A RUN that needs the manifests alone, then the sources, then the RUN as it is."""
    layer, newline = install.layer, line_end(snapshot.text)
    calls = layer.calls
    before = calls[: next(at for at, call in enumerate(calls) if call is install.call)]
    body, step = body_of(layer), layer.step
    if body is None or step is None or any(call.program not in _OF_THE_SHELL for call in before):
        return None
    commands = first.commands or _with_flags(install, first)
    folder = install.call.around.folder
    if not commands or folder is None:
        return None
    if folder != step.state.workdir:
        commands = (f"cd {folder}", *commands)
    run = _head(layer) + " && ".join(commands)
    if len(run) > _WIDTH and "\n" not in run:
        run = _head(layer) + f" {layer.instruction.escape}{newline}    && ".join(commands)
    at = snapshot.offset(layer.site) + layer.instruction.span.start
    return Edit(Span(at, at), f"{run}{newline}{sources}{newline}")


def _with_flags(install: Install, first: First) -> tuple[str, ...]:
    """The call as it is written, with flags behind its verb."""
    body = body_of(install.layer)
    verb = next((word for word in install.call.words if word.text == first.verb), None)
    command = install.call.placed.command
    if body is None or verb is None or body.form != "shell" or install.call.place != body.span(command.span):
        return ()
    text = install.layer.instruction.text
    start, middle, end = (
        body.source.start(command.span.start), body.source.end(verb.span.end), body.source.end(command.span.end)
    )  # fmt: skip
    return (f"{text[start:middle]} {' '.join(first.flags)}{text[middle:end]}",)


def _between(snapshot: Snapshot, ledger: Ledger, install: Install, last: int, sources: str) -> Edit | None:
    """The sources in the middle of the RUN: the part that installs, and one for what needs them."""
    layer = install.layer
    body = body_of(layer)
    statements = body.script.body.statements if body else ()
    if body is None or body.form != "shell" or len(statements) != 1 or layer.instruction.heredocs:
        return None
    chain = statements[0].node
    calls = layer.calls
    if not isinstance(chain, Chain) or set(chain.operators) != {"&&"} or statements[0].terminator == "&":
        return None
    parts = chain.parts
    is_plain = last + 1 < len(parts) and all(
        isinstance(part, Command) and call.placed.command is part
        for part, call in zip(parts, calls[: last + 1], strict=False)
    )
    # What the first part tells the shell, the second would not know.
    if not is_plain or any(
        call.program in ("set", "cd", "export", "umask", "ulimit", ".", "source") for call in calls[: last + 1]
    ):
        return None
    # What it takes away later would stay in the layer of the first part.
    rest = {call.span for call in calls[last + 1 :]}
    ships = ledger.stage.index in snapshot.build.shipped
    if ships and any(each.kind is not Kind.WRITES and each.span in rest for each in layer.effects):
        return None
    text, offset, newline = layer.instruction.text, snapshot.offset(layer.site), line_end(snapshot.text)
    start, end = body.source.end(parts[last].span.end), body.source.start(parts[last + 1].span.start)
    if "#" in text[start:end]:
        return None
    return Edit(Span(start, end).shifted(offset), f"{newline}{sources}{newline}{_head(layer)}")


def _head(layer: Layer) -> str:
    """Keyword and flags of a RUN: what its mounts bring, a second one may need as well."""
    instruction = layer.instruction
    keyword = instruction.text[instruction.keyword_span.start : instruction.keyword_span.end]
    flags = (instruction.text[flag.span.start : flag.span.end] for flag in instruction.flags)
    return " ".join((keyword, *flags)) + " "


# --- what is copied first ---------------------------------------------------------------------------------------------


def _copies(install: Install, context: BuildContext) -> tuple[str, ...] | None:
    """The lines that copy what the install reads, one a folder; None where COPY cannot name it, or there are many."""
    instruction, cause = install.copy.instruction, install.copied.cause
    if not isinstance(cause, Copied) or cause.root is None or cause.selection is None:
        return None
    root = cause.root
    files = install.missing
    if any(path not in cause.selection.files for path in files) or any(
        mark in path for path in files for mark in _UNCLEAR
    ):
        return None
    source, target = (word.value or word.text for word in instruction.words)
    folder = target if target.endswith("/") else "./" if target == "." else target + "/"
    head = instruction.text[instruction.span.start : instruction.words[0].span.start]
    lines = []
    for place, names in _by_folder(files, root, context):
        sources = " ".join(_as_source(name, source, root) for name in names)
        below = place[len(root) :].lstrip("/")
        lines.append(f"{head}{sources} {folder}{below + '/' if below else ''}")
    return tuple(lines) if len(lines) <= _MOST_COPIES else None


def _by_folder(files: Iterable[str], root: str, context: BuildContext) -> Iterator[tuple[str, list[str]]]:
    """Folders of the context and what of each is copied; one of which all is wanted is copied as it is."""
    wanted_files = set(files)
    groups: dict[str, list[str]] = {}
    for path in files:
        whole = _whole_folder(path, root, wanted_files, context)
        groups.setdefault(whole or posixpath.dirname(path), [])
        if not whole:
            groups[posixpath.dirname(path)].append(path)
    for place in sorted(groups, key=lambda place: len(place.split("/")) if place else 0):
        yield place, groups[place] or [place]


def _whole_folder(path: str, root: str, wanted_files: set[str], context: BuildContext) -> str:
    """The outermost folder of several files around a path that is wanted whole; '' where there is none."""
    names = posixpath.dirname(path[len(root) :].lstrip("/")).split("/")
    for depth in range(1, len(names) + 1 if names[0] else 0):
        folder = posixpath.join(root, *names[:depth])
        held = context.select(folder).files
        if 1 < len(held) <= len(wanted_files) and all(each in wanted_files for each in held):
            return folder
    return ""


def _in_context(install: Install, path: str | None) -> str | None:
    """Where a path of the image lies in the context that the COPY brought there."""
    cause, copied = install.copied.cause, install.copied.path
    if path is None or copied is None or not isinstance(cause, Copied) or not is_under(path, copied):
        return None
    return posixpath.join(cause.root or "", path[len(copied) :].lstrip("/")).rstrip("/")


def _as_source(path: str, source: str, root: str) -> str:
    """A file of the context as the COPY's own source would name it: `./app/` gives `./app/package.json`."""
    name = path[len(root) :].lstrip("/")
    return name if source in (".", "./", "/") else posixpath.join(source, name)
