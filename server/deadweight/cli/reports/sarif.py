"""`check --format sarif`: SARIF 2.1.0, which GitHub code scanning, Azure DevOps and many viewers read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from deadweight import __version__
from deadweight.cli.findings import as_size, proven
from deadweight.cli.output import document, write
from deadweight.cli.reports.annotations import SYNTAX_TITLE, annotations_of, path_in_checkout, place_of
from deadweight.rules.catalog import BY_ID
from deadweight.rules.rule import Safety
from deadweight.text import Text

if TYPE_CHECKING:
    from deadweight.cli.reports.annotations import Annotation, Place
    from deadweight.cli.reports.catalog import Checked
    from deadweight.rules.rule import Fix

_LEVELS = {"error": "error", "warning": "warning", "information": "note", "hint": "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


class SarifReport:
    """One run: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, of 2023-08."""

    def __init__(self) -> None:
        self._results: list[dict[str, Any]] = []
        self._unread: list[dict[str, Any]] = []

    def add(self, checked: Checked) -> None:
        """Keep what was found in a file for the end."""
        read = checked.read
        if read.snapshot is None:
            self._unread.append(
                {"level": "error", "message": {"text": read.error}, "locations": [_location(read.path)]}
            )
            return
        text = Text(read.snapshot.text)
        self._results += (_result(checked, text, each) for each in annotations_of(checked))

    def end(self) -> None:
        """Write the document."""
        rules = list(dict.fromkeys(each["ruleId"] for each in self._results))
        for each in self._results:
            each["ruleIndex"] = rules.index(each["ruleId"])
        driver = {
            "name": "deadweight",
            "semanticVersion": __version__,
            "rules": [_rule(each) for each in rules],
        }
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that deadweight was run in."}}},
            "invocations": [{"executionSuccessful": not self._unread, "toolExecutionNotifications": self._unread}],
            "results": self._results,
        }
        write(document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}))


def _rule(id_: str) -> dict[str, Any]:
    rule = BY_ID.get(id_)
    title = rule.title if rule else SYNTAX_TITLE
    described: dict[str, Any] = {"id": id_, "shortDescription": {"text": title}}
    if rule:
        described["help"] = {"text": rule.page, "markdown": rule.page}
    return described


def _result(checked: Checked, text: Text, said: Annotation) -> dict[str, Any]:
    read, found, _ = checked
    result: dict[str, Any] = {
        "ruleId": said.rule,
        "level": _LEVELS[said.severity],
        "message": {"text": said.message},
        "locations": [_location(read.path, said.place, text.line(said.place.line - 1).rstrip("\r\n"))],
        "partialFingerprints": {"deadweight/v1": said.fingerprint},
    }
    reported = said.reported
    if reported is None or read.snapshot is None:
        return result
    related = [
        _location(read.path, place_of(text, each.span)) | {"id": number, "message": {"text": each.message}}
        for number, each in enumerate(reported.related, 1)
    ]
    # What is done to other files, SARIF can say only of text that was read: such a fix is left out.
    fixes = [
        _fix(read.path, text, fix)
        for fix in proven(read.snapshot, found, reported, read.settings)
        if fix.edits and fix.adds is None
    ]
    finding = reported.finding
    return result | {
        **({"relatedLocations": related} if related else {}),
        **({"fixes": fixes} if fixes else {}),
        "properties": {"saves": as_size(finding.saves), "basis": finding.basis, "stage": finding.stage},
    }


def _fix(path: Path, text: Text, fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(place_of(text, edit.span)), "insertedContent": {"text": edit.text}}
        for edit in fix.edits
    ]
    return {
        "description": {"text": fix.title if fix.safety is Safety.SAFE else f"{fix.title} ({fix.note})"},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": replacements}],
    }


def _location(path: Path, place: Place | None = None, line: str = "") -> dict[str, Any]:
    """A place; `line` is the whole one, for viewers that have no checkout."""
    physical: dict[str, Any] = {"artifactLocation": _artifact(path)}
    if place:
        physical["region"] = _region(place)
    if place and line:
        physical["contextRegion"] = {"startLine": place.line, "snippet": {"text": line}}
    return {"physicalLocation": physical}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _artifact(path: Path) -> dict[str, str]:
    inside = path_in_checkout(path)
    if Path(inside).is_absolute():
        return {"uri": Path(inside).as_uri()}
    return {"uri": quote(inside.encode("utf-8", "surrogateescape")), "uriBaseId": _ROOT}
