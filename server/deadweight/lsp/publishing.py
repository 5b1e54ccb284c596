"""Diagnostics and inlay hints as the bytes that go to the client: what each keystroke sends needs no objects."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from operator import is_not, itemgetter
from typing import TYPE_CHECKING

from deadweight.analysis.report import Reported
from deadweight.features.diagnostics import of_finding, of_problem
from deadweight.lsp.convert import readable
from deadweight.lsp.documents import OpenDockerfile, Told, Written
from deadweight.lsp.pages import page_uri
from deadweight.model.stages import Site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.analysis.report import Said
    from deadweight.features.diagnostics import Diagnostic
    from deadweight.features.inlay_hints import Hint
    from deadweight.lsp.convert import Client
    from deadweight.lsp.documents import Document
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Dockerfile, Section
    from deadweight.text import Encoding, Span, Text

_SEVERITIES = {"error": 1, "warning": 2, "information": 3, "hint": 4}
_UNNECESSARY = 1  # DiagnosticTag
_MARK, _QUOTED_MARK = "\0", "\\u0000"  # around the numbers of lines, which move; the second one in a string of JSON


def diagnostics_json(document: Document, client: Client) -> bytes:
    """The diagnostics of a document's present version, an array of JSON."""
    if isinstance(document, OpenDockerfile) and document.is_read:
        found = _of_dockerfile(document, client)
    else:
        found = [_unmarked(_diagnostic(document, each, client)) for each in document.diagnostics]
    return f"[{','.join(found)}]".encode()


def _of_dockerfile(document: OpenDockerfile, client: Client) -> list[str]:
    """The same, with what an earlier version came to where that says it of the same places."""
    analysis = document.analysis
    snapshot = analysis.snapshot
    if snapshot.is_foreign:
        return []
    told, tree = document.told, snapshot.tree
    # The columns of the first line depend on its mark.
    around = (client, document.text.line(0).startswith("\ufeff"))
    before = told.written if told.around == around else {}
    moves, typed = _moves(told, tree) if before else {}, _typed(told, tree) if before else frozenset()
    stay = frozenset([stage for stage, by in moves.items() if not by]).difference([site.stage for site in typed])
    now, found = dict[object, Written](), list[str]()
    for said in analysis.checked.said:
        rule, finding, severity = said
        name = (rule.id, finding.site, finding.span, finding.message)  # one command may leave several caches
        known = before.get(name)
        is_said = known is not None and known.said.finding is finding and known.said.severity == severity
        if known is None or not (is_said and known.stages <= stay):
            is_as_typed = known is not None and is_said and typed.isdisjoint(known.sites)
            moved = _moved(known, moves) if known is not None and is_as_typed else None
            known = moved or _written(document, snapshot, said, known, client)
        now[name] = known
        found.append(known.text)
    document.told = Told(tree.sections, tree.first_rows, around, now)
    problems = snapshot.problems
    if not problems:
        return found
    ordered = [(each.span, text) for each, text in zip(analysis.reported, found, strict=True)]
    ordered += [(each.span, _unmarked(_diagnostic(document, of_problem(each), client))) for each in problems]
    return [text for _, text in sorted(ordered, key=itemgetter(0))]


def _moves(told: Told, tree: Dockerfile) -> dict[int, int]:
    """The stages whose instructions stand as they stood to each other, with the number of lines by which all moved."""
    pairs = enumerate(zip(told.sections, tree.sections, told.rows, tree.first_rows, strict=False), -1)
    return {stage: now - row for stage, (was, here, row, now) in pairs if was is here or _is_laid_out_as(was, here)}


def _is_laid_out_as(was: Section, here: Section) -> bool:
    return was.rows == here.rows and was.numbers == here.numbers


def _typed(told: Told, tree: Dockerfile) -> frozenset[Site]:
    """The instructions of these stages that are others than before."""
    pairs = enumerate(zip(told.sections, tree.sections, strict=False), -1)
    return frozenset(
        [
            Site(stage, step)
            for stage, (was, here) in pairs
            if was is not here
            for step, is_other in enumerate(map(is_not, was.instructions, here.instructions))
            if is_other
        ]
    )


def _moved(known: Written, moves: dict[int, int]) -> Written | None:
    """What was written of a finding, where all that it names has moved by as many lines; None where more is another."""
    by = {moves.get(stage) for stage in known.stages}
    lines = by.pop()
    if by or lines is None:
        return None
    if not lines:
        return known
    if not known.marked:
        return None
    parts = known.marked.split(_MARK)
    parts[1::2] = [str(int(number) + lines) for number in parts[1::2]]
    rows = tuple([row + lines for row in known.rows])
    return known._replace(rows=rows, marked=_MARK.join(parts), text="".join(parts))


def _written(
    document: OpenDockerfile, snapshot: Snapshot, said: Said, known: Written | None, client: Client
) -> Written:
    """A finding as JSON; the text that is known where all that it depends on is the same."""
    reported = Reported(*said, snapshot)
    if known is not None and known.said == said:
        shown, sites, ends = known.shown, known.sites, known.ends
    else:
        shown, sites, ends = reported.shown, reported.sites, reported.ends
    instructions = tuple([snapshot.instruction(site) for site in sites])
    rows = tuple([snapshot.line(site) for site in sites])
    if known is not None and known.rows == rows and known.shown == shown:
        pairs = zip(known.instructions, instructions, ends, strict=True)
        if not [1 for was, here, end in pairs if was is not here and was.text[:end] != here.text[:end]]:
            return known._replace(said=said, instructions=instructions)
    found = of_finding(reported)
    marked = _diagnostic(document, found, client)
    text = _unmarked(marked)
    if said.finding.lines:  # the message has numbers too
        found = replace(found, message=reported.message_with(_marked))
        is_clear = _QUOTED_MARK not in text
        marked = _diagnostic(document, found, client).replace(_QUOTED_MARK, _MARK) if is_clear else ""
    return Written(said, shown, sites, reported.stages, ends, instructions, rows, marked, text)


def _marked(number: int) -> str:
    return f"{_MARK}{number}{_MARK}"


def _unmarked(marked: str) -> str:
    return marked.replace(_MARK, "")


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
    first, second = _marked(line), _marked(last)
    return f'{{"start":{{"line":{first},"character":{column}}},"end":{{"line":{second},"character":{end}}}}}'


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
