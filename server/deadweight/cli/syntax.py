"""`deadweight syntax`: how a Dockerfile is read: instructions with their lines, flags and heredocs, and problems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deadweight.cli.findings import as_position
from deadweight.cli.main import CLEAN, UNREADABLE
from deadweight.cli.output import add_format, document, line, warn, write
from deadweight.syntax.dockerfile import parse
from deadweight.syntax.problems import find_problems
from deadweight.text import Text
from deadweight.workspace.files import UnreadableError, read_text

if TYPE_CHECKING:
    import argparse

    from deadweight.syntax.dockerfile import Dockerfile, Placed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("paths", metavar="FILE", nargs="+", type=Path, help="Dockerfiles")
    add_format(parser, ("text", "json", "jsonl"))


def run(arguments: argparse.Namespace) -> int:
    """Show how each file is read. Lines are counted as BuildKit counts them."""
    code = CLEAN
    documents: list[dict[str, Any]] = []
    for path in arguments.paths:
        try:
            tree = parse(read_text(path))
            made = {"path": str(path), **_as_json(tree)}
        except UnreadableError as error:
            warn(str(error))
            made = {"path": str(path), "error": str(error)}
            code = UNREADABLE
        if arguments.format == "jsonl":
            write(line(made))
        elif arguments.format == "text":
            write(_as_text(made))
        else:
            documents.append(made)
    if arguments.format == "json":
        write(document({"files": documents} if len(documents) != 1 else documents[0]))
    return code


def _as_json(tree: Dockerfile) -> dict[str, Any]:
    text = Text(tree.text)
    return {
        "escape": tree.escape,
        "instructions": [_instruction(placed) for placed in tree.instructions],
        "problems": [
            {
                "start": as_position(text, problem.span.start),
                "end": as_position(text, problem.span.end),
                "message": problem.message,
            }
            for problem in find_problems(tree)
        ],
    }


def _instruction(placed: Placed) -> dict[str, Any]:
    instruction = placed.instruction
    source = instruction.text
    lines = source.count("\n") + (not source.endswith("\n"))
    return {
        "keyword": instruction.keyword,
        "start_line": placed.line + 1,
        "end_line": placed.line + lines,
        "flags": [
            f"--{flag.name}" if flag.value is None else f"--{flag.name}={flag.value}" for flag in instruction.flags
        ],
        "value": instruction.arguments.text,
        "heredocs": [
            {
                "name": heredoc.name,
                "content": source[heredoc.content.start : heredoc.content.end],
                "expand": heredoc.expands,
                "chomp": heredoc.strips_tabs,
            }
            for heredoc in instruction.heredocs
        ],
    }


def _as_text(made: dict[str, Any]) -> str:
    if "error" in made:
        return f"{made['path']}: {made['error']}"
    rows = [made["path"]]
    for each in made["instructions"]:
        lines = (
            f"{each['start_line']}-{each['end_line']}"
            if each["end_line"] > each["start_line"]
            else str(each["start_line"])
        )
        rows.append(f"  {lines:>9}  {' '.join((each['keyword'], *each['flags'], each['value']))[:100]}")
    rows += [f"  {each['start']['line']}:{each['start']['column']}: {each['message']}" for each in made["problems"]]
    return "\n".join(rows)
