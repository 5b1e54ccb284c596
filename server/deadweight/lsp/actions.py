"""What can be done about a file: code actions, their edits when one is chosen, code lenses and commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from deadweight.features.kinds import ACTION_KINDS, FIX_ALL, QUICK_FIX, REFACTORING
from deadweight.lsp import convert
from deadweight.lsp.documents import OpenIgnoreFile
from deadweight.lsp.pages import page_uri
from deadweight.lsp.protocol import Handler
from deadweight.rules.catalog import RULES
from deadweight.rules.rule import Safety
from deadweight.text import Span, Text
from deadweight.workspace.files import UnreadableError, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.features.code_actions import Action
    from deadweight.lsp.documents import OpenDockerfile
    from deadweight.lsp.server import Server
    from deadweight.rules.rule import AddedLines

FIX_ALL_COMMAND, REPORT_COMMAND, PAGES_COMMAND = "deadweight.fixAll", "deadweight.sizeReport", "deadweight.rulePages"
USE_MEASURED_COMMAND, FORGET_MEASURED_COMMAND = "deadweight.useMeasuredSizes", "deadweight.forgetMeasuredSizes"
_FIX_ALL = -1  # the number of fix-all among the actions of a document; it is made when somebody chooses it


def register(server: Server) -> None:
    """Announce them in the way that suits the client."""
    client = server.client

    async def use_measured(*arguments: Any) -> dict[str, Any] | None:
        from deadweight.lsp.measured_sizes import use  # few sessions ask for it

        return await use(server, *arguments[:2])

    options = types.CodeActionOptions(list(ACTION_KINDS), resolve_provider=client.resolves_edits or None)
    announced = options if client.literal_actions else None
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, announced)(Handler(_code_action, server))
    if client.resolves_edits:
        server.feature(types.CODE_ACTION_RESOLVE)(Handler(_resolve, server))
    server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())(Handler(_code_lens, server))
    server.command(FIX_ALL_COMMAND)(lambda *arguments: _run_fix_all(server, *arguments))
    server.command(REPORT_COMMAND)(lambda *arguments: _report(server, *arguments))
    server.command(PAGES_COMMAND)(lambda *_: _pages())
    server.command(USE_MEASURED_COMMAND)(use_measured)
    server.command(FORGET_MEASURED_COMMAND)(lambda *arguments: _forget_measured(server, *arguments))


def _code_action(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
    opened = server.documents.get(params.text_document.uri)
    if isinstance(opened, OpenIgnoreFile):
        return _for_patterns(server, opened, params, only)
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return []
    analysis, client = document.analysis, server.client
    from deadweight.features.code_actions import (  # here and below: a session starts without them
        code_actions,
        is_wanted,
        not_offered,
    )

    # What takes a proof of its own is not for a light bulb at each move of the cursor.
    is_asked = bool(only) or params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
    actions = code_actions(
        analysis.snapshot,
        analysis.reported,
        convert.span(document.text, params.range, server.encoding),
        holds=analysis.holds,
        offered=analysis.offered if is_asked and is_wanted(REFACTORING, only) else (),
        only=only,
        can_create=client.creates_files,
    )
    if client.shows_disabled:
        actions += not_offered(analysis.snapshot, convert.span(document.text, params.range, server.encoding), only)
    document.listed = actions
    given = params.context.diagnostics
    converted = (_converted(server, document, action, number, given) for number, action in enumerate(actions))
    made = [action for action in converted if action is not None]
    if not is_wanted(FIX_ALL, only):
        return made
    if not is_asked:  # fix-all proves every fix of the file
        return [*made, *_fix_all_later(server, document)]
    everything = analysis.fix_all(can_create=client.creates_files)
    all_fixed = _converted(server, document, everything, _FIX_ALL, ()) if everything else None
    return [*made, all_fixed] if all_fixed else made


def _for_patterns(
    server: Server, document: OpenIgnoreFile, params: types.CodeActionParams, only: Sequence[str]
) -> list[types.CodeAction]:
    """The ways out of what is wrong with patterns; small edits at hand, so that nobody has to ask for them again."""
    from deadweight.features.code_actions import Action, is_wanted
    from deadweight.features.ignoring.findings import at_lines

    if not is_wanted(QUICK_FIX, only):
        return []
    span = convert.span(document.text, params.range, server.encoding)
    made: list[types.CodeAction] = []
    for each in at_lines(document.findings, span, str(document.text)):
        if each.edits:
            action = Action(each.title, QUICK_FIX, each.edits, is_preferred=True)
            about = [convert.diagnostic(document.uri, document.text, each.diagnostic, server.client)]
            version = document.version
            made.append(convert.code_action(document.uri, version, document.text, action, about, (), server.client))
    return made


def _fix_all_later(server: Server, document: OpenDockerfile) -> list[types.CodeAction]:
    """Fix-all without its edits and bytes, for a client that asks for the edits of what is chosen."""
    fixes = (fix for each in document.analysis.reported for fix in each.fixes)
    if not server.client.resolves_edits or all(fix.safety is not Safety.SAFE for fix in fixes):
        return []
    data = _data(document, _FIX_ALL)
    return [types.CodeAction("Apply all safe fixes", kind=FIX_ALL, data=data)]


def _converted(
    server: Server, document: OpenDockerfile, action: Action, number: int, given: Sequence[types.Diagnostic]
) -> types.CodeAction | None:
    made = _made(server, document, action, _diagnostics_of(server, document, action, given))
    if made is not None and server.client.resolves_edits and not action.disabled:
        made.edit, made.data = None, _data(document, number)
    return made


def _made(
    server: Server, document: OpenDockerfile, action: Action, about: Sequence[types.Diagnostic] = ()
) -> types.CodeAction | None:
    """An action with its edits; None where a file that it adds lines to cannot be read."""
    try:
        others = [_other_file(server, document, each) for each in action.adds]
    except UnreadableError:
        return None
    return convert.code_action(document.uri, document.version, document.text, action, about, others, server.client)


def _other_file(server: Server, document: OpenDockerfile, added: AddedLines) -> convert.OtherFile:
    """A file that lines are added to, as it is in the editor, or else on disk. Raises UnreadableError."""
    path = (document.folder or Path()) / added.path
    for each in server.documents:
        if each.path == path:
            return convert.OtherFile(each.uri, each.version, each.text, added.lines, is_new=False)
    text = "" if added.is_new else read_text(path)
    return convert.OtherFile(path.absolute().as_uri(), None, Text(text), added.lines, added.is_new)


def _data(document: OpenDockerfile, number: int) -> dict[str, Any]:
    return {"uri": document.uri, "version": document.version, "number": number}


def _diagnostics_of(
    server: Server, document: OpenDockerfile, action: Action, given: Sequence[types.Diagnostic]
) -> list[types.Diagnostic]:
    """The diagnostics that an action is about: those that the client has sent, else as we would send them."""
    if action.reported is None:
        return []
    rule, place = action.reported.rule.id, convert.range_of(document.text, action.reported.span, server.encoding)
    sent = [each for each in given if each.code == rule and each.range == place]
    if sent:
        return sent
    found = (each for each in document.diagnostics if each.span == action.reported.span and each.code == rule)
    return [convert.diagnostic(document.uri, document.text, each, server.client) for each in found]


def _resolve(server: Server, action: types.CodeAction) -> types.CodeAction:
    """The action with its edits, if the document is as it was when the action was listed."""
    data: Any = action.data
    document = server.dockerfile(data["uri"]) if isinstance(data, dict) and "uri" in data else None
    number = data.get("number") if document is not None else None
    if document is None or document.version != data.get("version"):
        raise JsonRpcContentModified("the document has changed")
    if number == _FIX_ALL:
        chosen = document.analysis.fix_all(can_create=server.client.creates_files)
    else:
        chosen = document.listed[number] if isinstance(number, int) and 0 <= number < len(document.listed) else None
    made = _made(server, document, chosen) if chosen else None
    if made is None:
        raise JsonRpcContentModified("there is no such action any more")
    action.edit = made.edit
    return action


def _code_lens(server: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    opened = server.documents.get(params.text_document.uri)
    if isinstance(opened, OpenIgnoreFile):
        from deadweight.features.ignoring.hints import context_in_words

        top = convert.range_of(opened.text, Span(0, 0), server.encoding)
        # A command without a name is a line that nobody can choose.
        return [types.CodeLens(top, types.Command(context_in_words(opened.reading), ""))]
    document = server.dockerfile(params.text_document.uri)
    if document is None:
        return []
    found: list[types.CodeLens] = []
    from deadweight.features.code_lens import code_lenses

    for lens in code_lenses(document.snapshot):
        place = convert.range_of(document.text, lens.span, server.encoding)
        found.append(types.CodeLens(place, types.Command(lens.title, REPORT_COMMAND, arguments=[document.uri])))
        if lens.is_image and (action := _safe_fixes(server, document)):
            found.append(types.CodeLens(place, types.Command(action.title, FIX_ALL_COMMAND, arguments=[document.uri])))
    return found


def _safe_fixes(server: Server, document: OpenDockerfile) -> Action | None:
    """Fix-all, where it can be carried out by a command."""
    return document.analysis.fix_all(can_create=server.client.creates_files) if server.client.applies_edits else None


def _run_fix_all(server: Server, uri: object = None, *_: object) -> None:
    """Carry out every safe fix of an open Dockerfile."""
    document = server.dockerfile(str(uri))
    action = _safe_fixes(server, document) if document else None
    if document is None or action is None:
        server.say("there is no safe fix left" if document else f"{uri} is not open")
        return
    made = _made(server, document, action)
    if made is not None and made.edit is not None:
        server.workspace_apply_edit(types.ApplyWorkspaceEditParams(made.edit, label=action.title))


def _report(server: Server, uri: object = None, *_: object) -> dict[str, str] | None:
    """The size report of an open Dockerfile in Markdown; its summary is said to a client that does not show it."""
    document = server.dockerfile(str(uri))
    if document is None:
        server.say(f"{uri} is not open")
        return None
    analysis = document.analysis
    from deadweight.features.image_size import summary
    from deadweight.features.size_report import size_report

    if not server.client.shows_reports:
        server.say(summary(analysis.snapshot, analysis.reported))
    name = convert.name_of(document.uri)
    return {"uri": document.uri, "markdown": size_report(analysis.snapshot, analysis.reported, name)}


def _pages() -> list[dict[str, str | None]]:
    """The pages of all rules, for a client to offer; None for the URI where the package has no pages."""
    return [{"rule": rule.id, "title": rule.title, "uri": page_uri(rule.id)} for rule in RULES]


def _forget_measured(server: Server, *arguments: object) -> None:
    from deadweight.lsp.measured_sizes import forget

    forget(server, *arguments[:1])
