"""Diagnostics and inlay hints as the bytes that go to the client: what each keystroke sends needs no objects."""

from __future__ import annotations

import json
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from deadweight.features.diagnostics import of_finding, of_problem
from deadweight.lsp.convert import readable
from deadweight.lsp.documents import OpenDockerfile, Written
from deadweight.lsp.pages import page_uri

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.features.diagnostics import Diagnostic
    from deadweight.features.inlay_hints import Hint
    from deadweight.lsp.convert import Client
    from deadweight.lsp.documents import Document
    from deadweight.text import Encoding, Span, Text

_SEVERITIES = {"error": 1, "warning": 2, "information": 3, "hint": 4}
_UNNECESSARY = 1  # DiagnosticTag


def diagnostics_json(document: Document, client: Client) -> bytes:
    """The diagnostics of a document's present version, an array of JSON."""
    if isinstance(document, OpenDockerfile) and document.is_read:
        found = _of_dockerfile(document, client)
    else:
        found = [_diagnostic(document, each, client) for each in document.diagnostics]
    return f"[{','.join(found)}]".encode()


def _of_dockerfile(document: OpenDockerfile, client: Client) -> list[str]:
    """The same, with what an earlier version came to where that says it of the same places."""
    snapshot, reported = document.snapshot, document.analysis.reported
    has_mark = document.text.line(0).startswith("\ufeff")  # the columns of the first line depend on it
    before, now = document.written, dict[object, Written]()
    found: list[str] = []
    for each in reported:
        name = (each.rule.id, each.finding.site, each.finding.span)
        shown = (each.shown, has_mark, client)
        known = before.get(name)
        if known is None or known.shown != shown:
            known = Written(shown, _diagnostic(document, of_finding(each), client))
        now[name] = known
        found.append(known.text)
    document.written = now
    problems = () if snapshot.is_foreign else snapshot.problems
    if not problems:
        return found
    ordered = [(each.span, text) for each, text in zip(reported, found, strict=True)]
    ordered += [(each.span, _diagnostic(document, of_problem(each), client)) for each in problems]
    return [text for _, text in sorted(ordered, key=itemgetter(0))]


def publish_json(document: Document, diagnostics: bytes) -> bytes:
    """The notification that pushes diagnostics."""
    version = b"" if document.version is None else b',"version":%d' % document.version
    return b'{"jsonrpc":"2.0","method":"textDocument/publishDiagnostics","params":{"uri":%b%b,"diagnostics":%b}}' % (
        _quoted(document.uri).encode(),
        version,
        diagnostics,
    )


def report_json(diagnostics: bytes, previous: object) -> bytes:
    """The answer to a client that pulls; nothing but "unchanged" where it has these diagnostics already."""
    # The words decide, not the version: an edit that moves nothing and changes no number leaves all as it is.
    result_id = f"{hash(diagnostics) & 0xFFFFFFFFFFFF:x}".encode()
    if previous == result_id.decode():
        return b'{"kind":"unchanged","resultId":"%b"}' % result_id
    return b'{"kind":"full","resultId":"%b","items":%b}' % (result_id, diagnostics)


def _diagnostic(document: Document, found: Diagnostic, client: Client) -> str:
    uri, text, encoding = document.uri, document.text, client.encoding
    related = ""
    if found.related and client.related_places:
        places = (
            f'{{"location":{{"uri":{_quoted(uri)},"range":{_range(text, each.span, encoding)}}},'
            f'"message":{_quoted(each.message)}}}'
            for each in found.related
        )
        related = f',"relatedInformation":[{",".join(places)}]'
    rest = _rest(found.code, found.severity, found.message, client.describes_codes)
    tags = f',"tags":[{_UNNECESSARY}]' if found.is_unnecessary and client.fades_unnecessary else ""
    return f'{{"range":{_range(text, found.span, encoding)},{rest}{tags}{related}}}'


@lru_cache(maxsize=1024)
def _rest(code: str, severity: str, message: str, describes_codes: bool) -> str:
    """All that does not depend on the place."""
    page = page_uri(code) if describes_codes else None
    described = f'"codeDescription":{{"href":{_quoted(page)}}},' if page else ""
    return (
        f'"severity":{_SEVERITIES[severity]},"code":{_quoted(code)},{described}"source":"deadweight",'
        f'"message":{_quoted(message)},"data":{{"rule":{_quoted(code)}}}'
    )


def _range(text: Text, span: Span, encoding: Encoding) -> str:
    (line, column), (last, end) = text.position(span.start, encoding), text.position(span.end, encoding)
    return f'{{"start":{{"line":{line},"character":{column}}},"end":{{"line":{last},"character":{end}}}}}'


def hints_json(document: Document, hints: Iterable[Hint], client: Client) -> bytes:
    """Inlay hints, an array of JSON."""
    return f"[{','.join([_hint(document.text, each, client) for each in hints])}]".encode()


def _hint(text: Text, hint: Hint, client: Client) -> str:
    line, column = text.position(hint.offset, client.encoding)
    kind = "markdown" if client.markdown else "plaintext"
    return (
        f'{{"position":{{"line":{line},"character":{column}}},"label":{_quoted(hint.label)},"paddingLeft":true,'
        f'"tooltip":{{"kind":"{kind}","value":{_quoted(readable(hint.tooltip, client))}}}}}'
    )


def _quoted(text: str) -> str:
    """A string of JSON; the lone surrogates that stand for bytes in a file become question marks."""
    return json.dumps(text.encode("utf-8", "replace").decode("utf-8"))
