"""Completion and signature help for the client at hand: with snippets, Markdown and ranges where it knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types

from deadweight.lsp import convert
from deadweight.lsp.documents import OpenDockerfile, OpenIgnoreFile

if TYPE_CHECKING:
    from deadweight.features.completion.items import Completions, Item
    from deadweight.features.signature_help import Signature
    from deadweight.lsp.server import Server
    from deadweight.text import Encoding, Text

_KINDS = {
    "keyword": types.CompletionItemKind.Keyword,
    "form": types.CompletionItemKind.Snippet,
    "flag": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.Value,
    "image": types.CompletionItemKind.Module,
    "tag": types.CompletionItemKind.Value,
    "stage": types.CompletionItemKind.Reference,
    "file": types.CompletionItemKind.File,
    "folder": types.CompletionItemKind.Folder,
    "variable": types.CompletionItemKind.Variable,
    "package": types.CompletionItemKind.Module,
}
_BESIDE_LABEL = 40  # characters of a detail that fit beside the label
_EDIT_RANGE = "editRange"


class _Client(NamedTuple):
    """What the client can do with items and signatures; whatever it leaves out, it cannot."""

    snippets: bool
    insert_replace: bool
    label_details: bool
    markdown: bool
    folders: bool
    default_range: bool
    offsets_in_labels: bool
    signature_markdown: bool


def _client(capabilities: types.ClientCapabilities) -> _Client:
    document = capabilities.text_document or types.TextDocumentClientCapabilities()
    completion = document.completion or types.CompletionClientCapabilities()
    item = completion.completion_item or types.ClientCompletionItemOptions()
    kinds = completion.completion_item_kind
    defaults = completion.completion_list.item_defaults if completion.completion_list else None
    signature = document.signature_help.signature_information if document.signature_help else None
    parameter = signature.parameter_information if signature else None
    return _Client(
        snippets=bool(item.snippet_support),
        insert_replace=bool(item.insert_replace_support),
        label_details=bool(item.label_details_support),
        markdown=types.MarkupKind.Markdown in (item.documentation_format or ()),
        folders=types.CompletionItemKind.Folder in (kinds.value_set or () if kinds else ()),
        default_range=_EDIT_RANGE in (defaults or ()),
        offsets_in_labels=bool(parameter and parameter.label_offset_support),
        signature_markdown=types.MarkupKind.Markdown in ((signature and signature.documentation_format) or ()),
    )


def completion(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    """What may come at the cursor."""
    from deadweight.features.completion.complete import complete  # here and below: a session starts without them

    document = server.documents.get(params.text_document.uri)
    if document is None:
        return None
    offset = convert.offset(document.text, params.position, server.encoding)
    found: Completions | None = None
    if isinstance(document, OpenIgnoreFile):
        from deadweight.features.ignoring.completion import ignore_completions

        found = ignore_completions(document.reading, offset)
    elif isinstance(document, OpenDockerfile):
        trigger = (params.context and params.context.trigger_character) or ""
        found = complete(document.snapshot, offset, trigger)
    if found is None:
        return None
    client = _client(server.client_capabilities)
    ranges = _ranges(document.text, found, server.encoding)
    shown = [item for item in found.items if item.kind != "form" or client.snippets]
    # One range for all items, where the client knows of that: of 200 items it is most of the answer.
    defaults = types.CompletionItemDefaults(edit_range=_edit_range(ranges, client)) if client.default_range else None
    items = [
        _item(item, f"{at:03}", ranges, params.text_document.uri, client, has_default=defaults is not None)
        for at, item in enumerate(shown)
    ]
    return types.CompletionList(found.is_incomplete, items, defaults)


def resolve(server: Server, item: types.CompletionItem) -> types.CompletionItem:
    """What an item that somebody looks at weighs."""
    from deadweight.features.completion.complete import documentation

    data: Any = item.data
    if not isinstance(data, dict) or not isinstance(data.get("subject"), list):
        return item
    document = server.dockerfile(str(data.get("uri")))
    if document is None:
        return item
    detail, note = documentation(document.snapshot, tuple(map(str, data["subject"])))
    item.detail = detail or item.detail
    item.documentation = _documentation(note, markdown=_client(server.client_capabilities).markdown)
    return item


def signatures(server: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    """The forms of the instruction at the cursor."""
    from deadweight.features.signature_help import signature_help

    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return None
    offset = convert.offset(document.text, params.position, server.encoding)
    found = signature_help(document.snapshot, offset)
    if found is None:
        return None
    client = _client(server.client_capabilities)
    signatures = [_signature(form, client) for form in found.forms]
    return types.SignatureHelp(signatures, found.active, found.forms[found.active].active)


def _item(
    item: Item, order: str, ranges: types.EditRangeWithInsertReplace, uri: str, client: _Client, *, has_default: bool
) -> types.CompletionItem:
    as_snippet = bool(item.snippet) and client.snippets
    text = convert.plain(item.snippet if as_snippet else item.text)
    kind = _KINDS[item.kind]
    if kind is types.CompletionItemKind.Folder and not client.folders:
        kind = types.CompletionItemKind.File
    shown = item.detail if client.label_details and len(item.detail) <= _BESIDE_LABEL else ""
    return types.CompletionItem(
        convert.plain(item.label),
        label_details=types.CompletionItemLabelDetails(description=convert.plain(shown)) if shown else None,
        kind=kind,
        detail=convert.plain(item.detail) or None,
        documentation=_documentation(item.note, markdown=client.markdown),
        sort_text=order,
        filter_text=item.typed or (item.text if item.text != item.label else None),
        insert_text_format=types.InsertTextFormat.Snippet if as_snippet else None,
        text_edit=None if has_default else _edit(text, ranges, client),
        text_edit_text=text if has_default and text != item.label else None,
        data={"uri": uri, "subject": list(item.subject)} if item.subject else None,
    )


def _ranges(text: Text, found: Completions, encoding: Encoding) -> types.EditRangeWithInsertReplace:
    """What an item takes the place of: up to the cursor, and the whole word."""
    whole = convert.range_of(text, found.span, encoding)
    start, cursor = whole.start, types.Position(*text.position(found.cursor, encoding))
    return types.EditRangeWithInsertReplace(insert=types.Range(start, cursor), replace=whole)


def _edit_range(
    ranges: types.EditRangeWithInsertReplace, client: _Client
) -> types.EditRangeWithInsertReplace | types.Range:
    return ranges if client.insert_replace else ranges.replace


def _edit(
    text: str, ranges: types.EditRangeWithInsertReplace, client: _Client
) -> types.TextEdit | types.InsertReplaceEdit:
    if client.insert_replace:
        return types.InsertReplaceEdit(text, ranges.insert, ranges.replace)
    return types.TextEdit(ranges.replace, text)


def _signature(form: Signature, client: _Client) -> types.SignatureInformation:
    parameters = [
        types.ParameterInformation(
            (each.span.start, each.span.end) if client.offsets_in_labels else form.label[slice(*each.span)],
            _documentation(each.note, markdown=client.signature_markdown),
        )
        for each in form.parameters
    ]
    return types.SignatureInformation(
        form.label, _documentation(form.note, markdown=client.signature_markdown), parameters
    )


def _documentation(note: str, *, markdown: bool) -> types.MarkupContent | str | None:
    """Markdown, or its words for a client that shows them as they are."""
    if not note:
        return None
    note = convert.plain(note)
    if markdown:
        return types.MarkupContent(types.MarkupKind.Markdown, note)
    return note.replace("**", "").replace("```dockerfile\n", "").replace("`", "")
