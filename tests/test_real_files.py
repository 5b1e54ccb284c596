"""What is counted on real Dockerfiles: findings, safe fixes, what fix-all breaks, what typing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("dockerfile", reason="BuildKit's parser is not installed")

from deadweight.analysis.report import check
from develop.corpus import fixing, letters
from develop.corpus.__main__ import main
from develop.corpus.fixing import JUDGES, UNSTABLE, Fixed, broken_by, fixed_by_all
from develop.corpus.letters import differences
from develop.corpus.saying import said_of

if TYPE_CHECKING:
    from pathlib import Path

UPDATED = "FROM debian:12-slim\n# what we need\nRUN apt-get update\n"
LINKED = "FROM debian:12-slim\nRUN ln -s /opt/tool /usr/local/bin/tool\n"


def test_findings_say_where_they_are_and_whether_a_safe_fix_was_proven() -> None:
    (lists,) = said_of(UPDATED)
    assert (lists.rule, lists.line, lists.keyword, lists.has_safe_fix) == ("apt-lists-kept", 3, "RUN", True)
    assert said_of(LINKED) == ()


def test_a_file_that_breaks_is_told_by_how() -> None:
    unreadable, script, comment = JUDGES
    assert fixed_by_all(UPDATED) == Fixed(is_changed=True)
    assert fixed_by_all(LINKED) == Fixed(is_changed=False)
    assert broken_by(LINKED, "FROM debian:12-slim\nRUN <<EOF\n") == (unreadable,)
    assert broken_by(LINKED, LINKED.replace("ln", "( ln")) == (script,)
    assert broken_by(UPDATED, UPDATED.replace("# what we need\n", "")) == (comment,)
    assert broken_by("# escape=`\n" + LINKED, LINKED) == (comment,)


def test_a_fix_that_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing, "_fixed", lambda text: text + "# more\n")
    assert fixed_by_all(LINKED) == Fixed(is_changed=True, broken=(UNSTABLE,))


def test_a_session_that_says_what_was_so_before_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    phrases = ["apt-get update", "rm -rf /var/lib/apt/lists/*"]
    assert differences(phrases, UPDATED, 0.5).differing == ()
    assert differences(phrases, UPDATED, 0.5).letters > 0
    monkeypatch.setattr(letters, "check", lambda snapshot, before=None: before or check(snapshot))
    assert differences(phrases, UPDATED, 0.5).differing != ()


def test_figures_and_drawn_findings_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("a", UPDATED), ("b", LINKED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
    main([str(tmp_path)])
    words = capsys.readouterr().out
    assert "| all | 2 | 50.0 % | 0.5 | 0.5 | 1 |" in words
    assert "A safe fix that was proven goes with 1 of 1 (100.0 %)." in words
    assert "It changes 1 of 2 (50.0 %) files." in words
    assert "They differ 0 times." in words
    main([str(tmp_path), "--draw", "5"])
    assert capsys.readouterr().out.startswith("a/Dockerfile:3 [apt-lists-kept] ")
