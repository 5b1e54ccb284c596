"""Between the protocol and plain data: the only place with its types, code units and URIs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types
from pygls import uris

from deadweight.lsp.pages import page_uri
from deadweight.rules.edits import append_lines
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.features.code_actions import Action
    from deadweight.features.diagnostics import Diagnostic
    from deadweight.features.hover import Hover
    from deadweight.features.links import Link
    from deadweight.features.rename import Renaming
    from deadweight.text import Encoding, Text

_SEVERITIES = {
    "hint": types.DiagnosticSeverity.Hint,
    "information": types.DiagnosticSeverity.Information,
    "warning": types.DiagnosticSeverity.Warning,
    "error": types.DiagnosticSeverity.Error,
}
_ENCODINGS: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}
_CHECK = "check"  # the one change annotation of a refactoring


class OtherFile(NamedTuple):
    """A file beside the document that an action adds lines to: as it is in the editor (with a version), or on disk."""

    uri: str
    version: int | None
    text: Text
    lines: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Client:
    """What the client can do, as far as an answer depends on it."""

    encoding: Encoding = "utf-16"
    pulls: bool = False
    markdown: bool = True
    literal_actions: bool = False
    document_changes: bool = False
    creates_files: bool = False
    annotations: bool = False
    resolves_edits: bool = False
    applies_edits: bool = False
    refreshes_diagnostics: bool = False
    refreshes_hints: bool = False
    refreshes_lenses: bool = False
    watches_files: bool = False
    related_places: bool = False
    describes_codes: bool = False
    fades_unnecessary: bool = False
    annotates_renaming: bool = False
    link_tooltips: bool = False
    configures: bool = False
    registers_configuration: bool = False
    shows_progress: bool = False
    shows_image_sizes: bool = False
    shows_reports: bool = False


def client(capabilities: types.ClientCapabilities, encoding: str) -> Client:
    """What `capabilities` say; whatever they leave out, the client cannot do."""
    document = capabilities.text_document or types.TextDocumentClientCapabilities()
    workspace = capabilities.workspace or types.WorkspaceClientCapabilities()
    edit = workspace.workspace_edit or types.WorkspaceEditClientCapabilities()
    action = document.code_action or types.CodeActionClientCapabilities()
    renaming = document.rename or types.RenameClientCapabilities()
    link = document.document_link or types.DocumentLinkClientCapabilities()
    formats = document.hover.content_format if document.hover else None
    ours = capabilities.experimental.get("deadweight") if isinstance(capabilities.experimental, dict) else None
    extras: dict[str, object] = ours if isinstance(ours, dict) else {}
    # Neovim leaves `documentChanges` out and lists what it can do in them.
    document_changes = bool(edit.document_changes or edit.resource_operations)
    shown = [each for each in (document.publish_diagnostics, document.diagnostic) if each is not None]
    return Client(
        encoding=_ENCODINGS.get(encoding, "utf-16"),
        pulls=document.diagnostic is not None,
        markdown=not formats or types.MarkupKind.Markdown in formats,
        literal_actions=action.code_action_literal_support is not None,
        document_changes=document_changes,
        creates_files=types.ResourceOperationKind.Create in (edit.resource_operations or ()),
        annotations=bool(document_changes and edit.change_annotation_support and action.honors_change_annotations),
        resolves_edits="edit" in (action.resolve_support.properties if action.resolve_support else ()),
        applies_edits=bool(workspace.apply_edit),
        refreshes_diagnostics=bool(workspace.diagnostics and workspace.diagnostics.refresh_support),
        refreshes_hints=bool(workspace.inlay_hint and workspace.inlay_hint.refresh_support),
        refreshes_lenses=bool(workspace.code_lens and workspace.code_lens.refresh_support),
        watches_files=bool(
            workspace.did_change_watched_files and workspace.did_change_watched_files.dynamic_registration
        ),
        configures=bool(workspace.configuration),
        registers_configuration=bool(
            workspace.did_change_configuration and workspace.did_change_configuration.dynamic_registration
        ),
        shows_progress=bool(capabilities.window and capabilities.window.work_done_progress),
        # What a client says of pushed diagnostics holds for those that it pulls; LSP 3.18 lets it say so there too.
        related_places=any(bool(each.related_information) for each in shown),
        describes_codes=any(bool(each.code_description_support) for each in shown),
        fades_unnecessary=any(
            types.DiagnosticTag.Unnecessary in (each.tag_support.value_set if each.tag_support else ())
            for each in shown
        ),
        annotates_renaming=bool(
            document_changes and edit.change_annotation_support and renaming.honors_change_annotations
        ),
        link_tooltips=bool(link.tooltip_support),
        shows_image_sizes=extras.get("imageSize") is True,
        shows_reports=extras.get("sizeReport") is True,
    )


def name_of(uri: str) -> str:
    """The file name in a URI of any scheme; none in what is no URI."""
    try:
        path: str = uris.urlparse(uri)[2]
    except ValueError:
        return ""
    return path.replace("\\", "/").rpartition("/")[2]


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI; None for any other scheme, and for what names no place on this disk."""
    try:
        path = Path(uris.to_fs_path(uri) or "")
    except ValueError:
        return None
    return path if path.is_absolute() and "\0" not in str(path) else None


def offset(text: Text, position: types.Position, encoding: Encoding) -> int:
    """The offset of a position; one outside of the text is taken as the nearest inside."""
    return text.offset((position.line, position.character), encoding)


def span(text: Text, range_: types.Range, encoding: Encoding) -> Span:
    """The span of a range; one that runs backwards is turned round."""
    start, end = offset(text, range_.start, encoding), offset(text, range_.end, encoding)
    return Span(min(start, end), max(start, end))


def edit(text: Text, change: Any, encoding: Encoding) -> Edit:
    """The edit that a change is, given as the client sent it; one without a range replaces the whole text.

    Raises KeyError, TypeError and ValueError for what is no change.
    """
    new, range_ = change["text"], change.get("range")
    if not isinstance(new, str):
        raise TypeError("the text is no string")
    if range_ is None:
        return Edit(Span(0, len(text)), new)
    return Edit(raw_span(text, range_, encoding), new)


def raw_span(text: Text, range_: Any, encoding: Encoding) -> Span:
    """The span of a range, given as the client sent it.

    Raises KeyError, TypeError and ValueError for what is no range.
    """
    start = _raw_offset(text, range_["start"], encoding)
    end = start if range_["end"] == range_["start"] else _raw_offset(text, range_["end"], encoding)
    return Span(start, end) if start <= end else Span(end, start)


def _raw_offset(text: Text, position: Any, encoding: Encoding) -> int:
    line, character = position["line"], position["character"]
    if type(line) is not int or type(character) is not int or line < 0 or character < 0:
        raise ValueError(f"no position: {position}")
    return text.offset((line, character), encoding)


def range_of(text: Text, span: Span, encoding: Encoding) -> types.Range:
    """The range of a span."""
    start, end = text.position(span.start, encoding), text.position(span.end, encoding)
    return types.Range(types.Position(*start), types.Position(*end))


def diagnostic(uri: str, text: Text, found: Diagnostic, client: Client) -> types.Diagnostic:
    """A diagnostic as the protocol has it; `publishing` makes the same of it in bytes."""
    related = found.related if client.related_places else ()
    page = page_uri(found.code) if client.describes_codes else None
    is_faded = found.is_unnecessary and client.fades_unnecessary
    return types.Diagnostic(
        range=range_of(text, found.span, client.encoding),
        message=plain(found.message),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        code_description=types.CodeDescription(page) if page else None,
        source="deadweight",
        tags=[types.DiagnosticTag.Unnecessary] if is_faded else None,
        data={"rule": found.code},
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(uri, range_of(text, each.span, client.encoding)), plain(each.message)
            )
            for each in related
        ]
        or None,
    )


def hover(text: Text, shown: Hover, client: Client) -> types.Hover:
    """A hover as the protocol has it."""
    return types.Hover(_markup(shown.text, client), range_of(text, shown.span, client.encoding))


def code_action(
    uri: str,
    version: int | None,
    text: Text,
    action: Action,
    diagnostics: Sequence[types.Diagnostic],
    others: Sequence[OtherFile],
    client: Client,
) -> types.CodeAction:
    """An action as the protocol has it; `others` are the files that it adds lines to."""
    # VS Code shows what an annotation says only where an edit has several of them: it has to be read before.
    title = f"{action.title} ({action.note})" if action.note else action.title
    return types.CodeAction(
        title=plain(title),
        kind=action.kind,
        diagnostics=list(diagnostics) or None,
        is_preferred=True if action.is_preferred else None,
        edit=_workspace_edit(uri, version, text, action, others, client),
    )


def renaming(uri: str, version: int | None, text: Text, found: Renaming, client: Client) -> types.WorkspaceEdit:
    """A renaming as the protocol has it; what to check is said where the client shows it."""
    plain = [types.TextEdit(range_of(text, each.span, client.encoding), each.text) for each in found.edits]
    if not client.document_changes:
        return types.WorkspaceEdit(changes={uri: plain})
    is_noted = bool(found.note and plain) and client.annotates_renaming
    return types.WorkspaceEdit(
        document_changes=[_text_edits(uri, version, plain, is_noted=is_noted)] if plain else [],
        change_annotations=_annotations(found.title, found.note) if is_noted else None,
    )


def link(text: Text, found: Link, folder: Path | None, client: Client) -> types.DocumentLink | None:
    """A link as the protocol has it; None for a file where there is no `folder` that it lies in."""
    target = found.url if not found.path else file_uri(folder, found.path)
    if target is None:
        return None
    tooltip = plain(found.tooltip) if found.tooltip and client.link_tooltips else None
    return types.DocumentLink(range_of(text, found.span, client.encoding), plain(target), tooltip)


def file_uri(folder: Path | None, path: str) -> str | None:
    """The URI of a file in a folder."""
    return uris.from_fs_path(str(folder / path)) if folder else None


def _workspace_edit(
    uri: str, version: int | None, text: Text, action: Action, others: Sequence[OtherFile], client: Client
) -> types.WorkspaceEdit:
    plain = [types.TextEdit(range_of(text, each.span, client.encoding), each.text) for each in action.edits]
    added = [(each, _added(each, client)) for each in others]
    if not client.document_changes:
        return types.WorkspaceEdit(changes={uri: plain, **{each.uri: [edit] for each, edit in added}})
    changes: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    is_noted = bool(action.note) and client.annotations
    for each, edit in added:
        if each.is_new:
            # A file that has come to be there meanwhile stops the edit: it is not ours to overwrite.
            options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
            # Who does not confirm the text is left with no empty file.
            changes.append(types.CreateFile(each.uri, options=options, annotation_id=_CHECK if is_noted else None))
        changes.append(_text_edits(each.uri, each.version, [edit], is_noted=is_noted))
    if plain:
        changes.append(_text_edits(uri, version, plain, is_noted=is_noted))
    annotations = _annotations(action.title, action.note) if is_noted else None
    return types.WorkspaceEdit(document_changes=changes, change_annotations=annotations)


def _added(file: OtherFile, client: Client) -> types.TextEdit:
    edit = append_lines(str(file.text), file.lines)
    return types.TextEdit(range_of(file.text, edit.span, client.encoding), edit.text)


def _text_edits(
    uri: str, version: int | None, plain: list[types.TextEdit], *, is_noted: bool
) -> types.TextDocumentEdit:
    edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [*plain]
    if is_noted:
        edits = [types.AnnotatedTextEdit(_CHECK, each.range, each.new_text) for each in plain]
    return types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version), edits)


def _annotations(title: str, note: str) -> dict[str, types.ChangeAnnotation]:
    return {_CHECK: types.ChangeAnnotation(plain(title), needs_confirmation=True, description=plain(note))}


def _markup(markdown: str, client: Client) -> types.MarkupContent:
    kind = types.MarkupKind.Markdown if client.markdown else types.MarkupKind.PlainText
    return types.MarkupContent(kind, readable(markdown, client))


def readable(markdown: str, client: Client) -> str:
    """Markdown, or plain text for a client that shows none."""
    return plain(markdown if client.markdown else markdown.replace("**", "").replace("`", ""))


def plain(text: str) -> str:
    """Words without the lone surrogates that stand for bytes in a file; no client could read them."""
    return text.encode("utf-8", "replace").decode("utf-8")
