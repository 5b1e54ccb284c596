"""What is reported, how loudly, and what a comment silences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deadweight.analysis.claims import without
from deadweight.analysis.report import Reported, about, report, severity_of
from deadweight.model.context import Selection
from deadweight.model.effects import Copied, Effect, PackageSet, Rewritten, writes
from deadweight.model.stages import Site
from deadweight.rules.catalog import RULES
from deadweight.rules.rule import Basis, Finding, Related
from deadweight.settings import RuleSettings, Settings
from deadweight.size.estimate import effect_size
from deadweight.size.units import Size
from deadweight.text import Span
from examples import snapshot_of

SITE = Site(0, 1)
LISTS = "RUN apt-get update && apt-get install -y curl\n"
ANEW = "RUN rm -rf /var/lib/apt/lists/*\n" + LISTS


def rules(dockerfile: str, settings: Settings | None = None) -> list[str]:
    snapshot = snapshot_of(f"FROM debian:bookworm-slim\n{dockerfile}")
    return [each.rule.id for each in report(snapshot, settings or Settings())]


@pytest.mark.parametrize(
    "comment",
    [
        "# deadweight: ignore=apt-lists-kept\n",
        "#deadweight:ignore = other-rule , apt-lists-kept  the lists are wanted here\n",
        "# hadolint ignore=DL3009\n",
        "# hadolint ignore=DL3008,DL3009\n# and why\n",
    ],
)
def test_a_comment_silences_the_instruction_below_it(comment: str) -> None:
    assert rules(comment + LISTS) == []
    assert rules(f"{comment}{LISTS}{ANEW}") == ["late-delete", "apt-lists-kept"]


@pytest.mark.parametrize(
    "comment",
    [
        "# deadweight: ignore=install-cache-kept\n",
        "# hadolint ignore=DL3008\n",
        "# deadweight: ignore=apt-lists-kept\n\n",
        "# we ignore=apt-lists-kept\n",
    ],
)
def test_other_comments_silence_nothing(comment: str) -> None:
    assert rules(comment + LISTS) == ["apt-lists-kept"]


def test_min_saving() -> None:
    assert rules(LISTS, Settings(min_saving=30_000_000)) == []
    assert rules("RUN pip install flask\n", Settings(min_saving=0)) == ["install-cache-kept"]
    assert rules("RUN pip install flask\n") == []


@pytest.mark.parametrize(
    ("saves", "basis", "severity"),
    [
        (Size(1, 5_000_000, 9), "size", "hint"),
        (Size(1, 20_000_000, 9), "size", "information"),
        (Size(1, 60_000_000, 9), "context", "warning"),
        (Size(1, 60_000_000, 9), "cache", "information"),
        (Size(1, 5_000_000, None), "size", "information"),
        (Size(1, 60_000_000, None), "size", "warning"),
        (None, "size", "information"),
        (None, "correctness", "error"),
    ],
)
def test_severity_follows_the_bytes(saves: Size | None, basis: Basis, severity: str) -> None:
    assert severity_of(Finding(SITE, Span(0, 1), "x", saves, basis, None)) == severity


def test_two_layers_that_do_the_same_are_two_findings() -> None:
    assert rules(f"{LISTS}{ANEW}", Settings(rules={"late-delete": RuleSettings("off")})) == ["apt-lists-kept"] * 2


# --- settings of single rules ---


def test_a_rule_that_is_off_says_nothing() -> None:
    off = Settings(rules={"apt-lists-kept": RuleSettings("off")})
    assert rules(LISTS, off) == []
    assert rules(LISTS, Settings(rules={"late-delete": RuleSettings("off")})) == ["apt-lists-kept"]


def test_a_rule_is_as_loud_as_the_user_says() -> None:
    snapshot = snapshot_of(f"FROM debian:bookworm-slim\n{LISTS}")
    (found,) = report(snapshot, Settings(rules={"apt-lists-kept": RuleSettings("error")}))
    assert found.severity == "error"


def test_a_rule_has_a_minimum_saving_of_its_own() -> None:
    own = {"apt-lists-kept": RuleSettings(min_saving=30_000_000), "install-cache-kept": RuleSettings(min_saving=0)}
    assert rules(LISTS + "RUN pip install flask\n", Settings(rules=own)) == ["install-cache-kept"]
    own = {"apt-lists-kept": RuleSettings(min_saving=10_000_000)}
    assert rules(LISTS, Settings(min_saving=30_000_000, rules=own)) == ["apt-lists-kept"]


# --- how bytes are said ---


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (Size(0, 20_000_000, 20_000_000), "up to 20 MB"),  # the classic image store writes it, another one does not
        (Size(0, 20_000_000, 30_000_000), "up to 30 MB"),
        (Size(18_000_000, 20_000_000, 22_000_000), "about 20 MB"),
        (Size(9_000_000, 20_000_000, 22_000_000), "9.0–22 MB"),
        (Size(900_000, 2_000_000, 3_000_000), "0.9–3.0 MB"),
        (Size(20_000_000, 20_000_000, 20_000_000), "about 20 MB"),
        (Size(0, 0, 0), "about 0 B"),
        (Size(0, 20_000_000, None), "perhaps 20 MB"),
        (Size(9_000_000, 20_000_000, None), "at least 9.0 MB"),
        (Size(18_000_000, 20_000_000, None), "at least 20 MB"),
    ],
)
def test_sizes_in_words(size: Size, words: str) -> None:
    assert about(size) == words


# --- no byte twice ---


def said(block: str, settings: Settings | None = None) -> list[tuple[str, int]]:
    """The rules that report something, and the MB of each."""
    found = report(snapshot_of(block), settings or Settings())
    return [(each.rule.id, round(each.finding.saves.best / 10**6) if each.finding.saves else -1) for each in found]


GIT = """\
//- Dockerfile
FROM debian:bookworm-slim
COPY . /app/
RUN rm -rf /app/.git {more}
//- .git/pack 45000000
//- .git/index 1000000
//- logs/a.log 5000000
//- data/model.bin 30000000
"""


def test_what_an_ignore_file_would_leave_out_is_not_said_again_where_it_is_deleted() -> None:
    assert said(GIT.format(more="")) == [("missing-dockerignore", 51)]
    off = Settings(rules={"missing-dockerignore": RuleSettings("off")})
    assert said(GIT.format(more=""), off) == [("late-delete", 46)]


def test_a_finding_that_is_partly_said_already_counts_the_rest() -> None:
    assert said(GIT.format(more="/app/data")) == [("missing-dockerignore", 51), ("late-delete", 30)]
    assert said(GIT.format(more="/app")) == [("missing-dockerignore", 51), ("late-delete", 30)]


def test_a_silenced_finding_claims_nothing() -> None:
    block = GIT.format(more="").replace("COPY", "# deadweight: ignore=missing-dockerignore\nCOPY")
    assert said(block) == [("late-delete", 46)]


def test_two_copies_of_a_file_are_two_files() -> None:
    block = GIT.format(more="").replace("COPY . /app/\n", "COPY . /app/\nCOPY . /app2/\n")
    assert said(block) == [("missing-dockerignore", 102)]


def test_a_leftover_that_is_deleted_too_late_is_one_finding() -> None:
    assert len(said("FROM python:3.13-slim\nRUN pip install pandas\nRUN rm -rf /root/.cache\n")) == 1


def test_the_rest_of_copied_files_packages_and_rewrites() -> None:
    (layer,) = (each for each in snapshot_of(GIT.format(more="")).ledgers[0].layers if each.site.step == 1)
    (copy,) = layer.kept
    assert isinstance(copy.cause, Copied)
    assert copy.cause.selection is not None
    files = {".git/pack": 45_000_000}
    part = replace(copy, path="/app/.git", cause=Copied(".git", ".git", Selection(files, 45_000_000, exists=True)))
    rest = without(copy, part)
    assert rest is not None
    assert size_of(rest) == copy.cause.selection.bytes - 45_000_000
    assert without(part, copy) is None
    assert without(part, replace(part, span=Span(99, 100))) == part  # of another source
    assert without(rest, part) is rest

    both, one = (writes(None, PackageSet("apt", names), Span(0, 9)) for names in (("gcc", "curl"), ("gcc",)))
    assert without(both, one) == writes(None, PackageSet("apt", ("curl",)), Span(0, 9))
    assert without(one, both) is None
    assert without(both, writes(None, PackageSet("apk", ("gcc",)), Span(0, 9))) == both
    assert without(both, writes(None, None, Span(0, 9))) == both

    again = writes("/app", Rewritten("chown", ((SITE, copy), (Site(0, 2), both))), Span(0, 9))
    less = without(again, writes("/app", Rewritten("chown", ((SITE, part), (Site(0, 2), both))), Span(0, 9)))
    assert less is not None
    assert isinstance(less.cause, Rewritten)
    assert [site for site, _ in less.cause.sources] == [SITE]
    assert size_of(less) == size_of(rest)


def size_of(effect: Effect) -> int:
    size = effect_size(effect)
    assert size is not None
    return size.best


def test_a_place_that_a_finding_is_about_twice_is_named_once() -> None:
    place, other = Related(SITE, Span(0, 1), "written here"), Related(SITE, Span(2, 3), "written here")
    finding = Finding(SITE, Span(9, 10), "x", None, "size", None, related=(place, other, place))
    reported = Reported(RULES[0], finding, "hint", snapshot_of("FROM scratch\nRUN x\n"))
    assert [each.span for each in reported.related] == [Span(13, 14), Span(15, 16)]
