"""The blocks of docs/editors.md: those that tests/editors/run.py gives to editors are there, and all can be read."""

from __future__ import annotations

import importlib
import json
import re
import sys

import pytest

from editors.page import PAGE, blocks

# The standard library reads TOML since 3.11; tomli is the same code for 3.10.
toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

GIVEN = {
    "Neovim 0.11 and later": 3,
    "Neovim 0.10 and earlier": 1,
    "Helix": 2,
    "Emacs 29 and later (eglot)": 1,
    "Emacs (lsp-mode)": 1,
    "Vim (ALE)": 1,
}


@pytest.mark.parametrize("heading", GIVEN)
def test_what_an_editor_is_given_is_on_the_page(heading: str) -> None:
    assert len(blocks(heading)) == GIVEN[heading]
    assert any("deadweight" in each for each in blocks(heading))


def test_a_heading_that_is_gone_is_said() -> None:
    with pytest.raises(LookupError, match="ed of 1976"):
        blocks("ed of 1976")


@pytest.mark.parametrize(("language", "read"), [("json", json.loads), ("toml", toml.loads)])
def test_a_block_is_what_it_says_to_be(language: str, read) -> None:  # type: ignore[no-untyped-def]
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert found
    for each in found:
        assert read(each)
