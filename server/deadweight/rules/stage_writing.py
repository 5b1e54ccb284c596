"""Writes a plan for two stages into the file: the user's instructions as they are, with their comments, in new places.

The text that comes out is compared with the file line by line, so that lines which stay where they were are no edits.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deadweight.model.multi_stage.plan import Kept
from deadweight.model.multi_stage.recipe import STARTS
from deadweight.model.stages import Site
from deadweight.rules.edits import line_end
from deadweight.syntax.dockerfile import Instruction
from deadweight.text import Edit, Span, apply_edits, line_edits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.multi_stage.plan import Part, Plan
    from deadweight.model.multi_stage.production import Production
    from deadweight.model.multi_stage.recipe import Recipe
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Section


def written(snapshot: Snapshot, plan: Plan) -> tuple[Edit, ...]:
    """The edits that make two stages of one."""
    number = plan.stage + 1
    start, section = snapshot.tree.starts[number], snapshot.tree.sections[number]
    before = "".join(piece.text for piece in section.pieces)
    after = _Writer(section, line_end(snapshot.text), plan).text()
    return tuple(Edit(each.span.shifted(start), each.text) for each in line_edits(before, after))


def in_production(snapshot: Snapshot, recipe: Recipe, production: Production) -> tuple[Edit, ...]:
    """The edits that have a stage start for production: a RUN behind its last work, and another start command."""
    started = next(layer.instruction for layer in reversed(recipe.layers) if layer.instruction.keyword in STARTS)
    stage, newline = recipe.ledger.stage.index, line_end(snapshot.text)
    number = next(layer.site.step for layer in recipe.layers if layer.instruction is started)
    offset, behind = (snapshot.offset(Site(stage, step)) for step in (number, recipe.last_place))
    last = snapshot.instruction(Site(stage, recipe.last_place))
    lines = [f"RUN {' && '.join(production.commands)}"] if production.commands else []
    lines += [f"ENV {each}" for each in production.environment]
    if started.text[:3].islower():
        lines = [" ".join((line.partition(" ")[0].lower(), line.partition(" ")[2])) for line in lines]
    end = behind + len(last.text)
    is_ended = last.text.endswith("\n")
    added = "".join(f"{line}{newline}" if is_ended else f"{newline}{line}" for line in lines)
    keyword = started.text[started.keyword_span.start : started.keyword_span.end]
    start = Edit(started.span.shifted(offset), f"{keyword} {json.dumps(production.start, ensure_ascii=False)}")
    return (*((Edit(Span(end, end), added),) if added else ()), start)


class _Writer:
    """Writes the two stages of a plan in the manner of the one they come from."""

    def __init__(self, section: Section, newline: str, plan: Plan) -> None:
        self.newline = newline
        self.plan = plan
        self.instructions = section.instructions
        self.is_lower = self.instructions[0].line.text[:4].islower()
        self.leads, self.end = _leads(section)
        self._hand_on_leads()

    def text(self) -> str:
        """The text of both stages."""
        lines = [*self._stage(self.plan.build, self._first_from()), self.newline]
        lines += self._stage(self.plan.image, self._second_from())
        whole = "".join(lines) + self.end
        ends = self.end or self.instructions[-1].text
        return whole if ends.endswith("\n") else whole.removesuffix(self.newline)

    def _stage(self, part: Part, start: str) -> Iterator[str]:
        yield start
        for line in part.lines:
            lead = self.leads.pop(line.step, "") if line.step is not None else ""
            text = self.instructions[line.step].text if isinstance(line, Kept) else self._own(line.text)
            yield lead + text.removesuffix(self.newline) + self.newline

    def _own(self, text: str) -> str:
        text = text.replace("{build}", self.plan.name)
        keyword, blank, rest = text.partition(" ")
        return keyword.lower() + blank + rest if self.is_lower else text

    def _first_from(self) -> str:
        """The FROM of the user's with the name of the stage that builds."""
        start = self.instructions[0]
        words, base = start.words, self.plan.build.base
        edits = [Edit(words[0].span, base)] if base else []
        if len(words) > 1:
            edits.append(Edit(words[-1].span, self.plan.name))
        else:
            end = words[0].span.end
            edits.append(Edit(Span(end, end), f" {self._as} {self.plan.name}"))
        text = apply_edits(start.text, edits)
        return self.leads.pop(0, "") + text.removesuffix(self.newline) + self.newline

    def _second_from(self) -> str:
        start = self.instructions[0]
        flags = "".join(f" {start.text[flag.span.start : flag.span.end]}" for flag in start.flags)
        name = f" {self._as} {start.words[-1].text}" if len(start.words) > 1 else ""
        keyword = "from" if self.is_lower else "FROM"
        return f"{keyword}{flags} {self.plan.image.base}{name}{self.newline}"

    @property
    def _as(self) -> str:
        words = self.instructions[0].words
        return words[1].text if len(words) > 2 else "as" if self.is_lower else "AS"

    def _hand_on_leads(self) -> None:
        """Comments of an instruction that no stage has any more go to the next one that is written."""
        lines = (*self.plan.build.lines, *self.plan.image.lines)
        placed = sorted({line.step for line in lines if line.step is not None})
        for step in sorted(self.leads.keys() - {0}):
            if step in placed:
                continue
            comments = "".join(line for line in self.leads.pop(step).splitlines(keepends=True) if line.strip())
            following = next((each for each in placed if each > step), None)
            if following is None:
                self.end = comments + self.end
            elif comments:
                self.leads[following] = _with_blank_first(comments, self.leads[following])


def _with_blank_first(comments: str, lead: str) -> str:
    blank = lead[: len(lead) - len(lead.lstrip())]
    return blank + comments + lead[len(blank) :] if blank.endswith("\n") else comments + lead


def _leads(section: Section) -> tuple[dict[int, str], str]:
    """The comments and blank lines above each instruction, by its number, and those at the end."""
    leads: dict[int, str] = {}
    lead, number = "", 0
    for piece in section.pieces:
        if isinstance(piece, Instruction):
            leads[number], lead, number = lead, "", number + 1
        else:
            lead += piece.text
    return leads, lead
