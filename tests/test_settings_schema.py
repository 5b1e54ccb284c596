"""The JSON schema of settings: fresh, true of our own examples, and of one mind with what reads settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given as having
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from deadweight.rules.catalog import BY_ID, RULES
from deadweight.settings import CAMEL_CASE, KEBAB_CASE, Settings, read_settings, read_toml
from develop import settings_schema
from develop.settings_schema import configuration, properties, schema

if TYPE_CHECKING:
    from deadweight.settings import Spelling

DOCS = Path(__file__).parent.parent / "docs"
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "null": type(None),
}
ANNOTATIONS = {"$schema", "$comment", "title", "description", "default", "scope"}


def is_valid(value: Any, schema: Any) -> bool:
    """Whether a JSON value is as a schema says; of JSON Schema as much as ours use, and nothing else is let pass."""
    return schema is not False and all(_holds(value, schema, key) for key in schema.keys() - ANNOTATIONS)


def _holds(value: Any, schema: dict[str, Any], key: str) -> bool:
    says = schema[key]
    match key:
        case "type":
            return any(_is_of(value, each) for each in ([says] if isinstance(says, str) else says))
        case "enum":
            return any(type(value) is type(each) and value == each for each in says)
        case "anyOf":
            return any(is_valid(value, each) for each in says)
        case "pattern":
            # In a schema `$` is the very end, as it is in JavaScript.
            return not isinstance(value, str) or re.search(re.sub(r"\$$", r"\\Z", says), value) is not None
        case "minimum":
            return not _is_of(value, "integer") or value >= says
        case "items":
            return not isinstance(value, list) or all(is_valid(each, says) for each in value)
        case "properties" | "additionalProperties":
            known = schema.get("properties", {})
            other = schema["additionalProperties"]
            return not isinstance(value, dict) or all(
                is_valid(each, known.get(name, other)) for name, each in value.items()
            )
    raise AssertionError(f"{key} is not known here")


def _is_of(value: Any, type_: str) -> bool:
    if type_ == "integer":
        return type(value) is int
    return isinstance(value, bool) if type_ == "boolean" else isinstance(value, TYPES[type_])


def of_object(spelling: Spelling) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties(Settings, spelling)}


# --- what is generated ---


def test_schema_and_page_are_fresh() -> None:
    assert settings_schema.stale() == [], "run python server/develop/settings_schema.py"


def test_stale_files_are_found_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_schema, "FOLDER", tmp_path)
    page = tmp_path / "settings.md"
    page.write_text(f"# Settings\n\n{settings_schema.START}old\n{settings_schema.END}\nThe end.\n", "utf-8")
    assert settings_schema.stale() == ["deadweight.schema.json", "settings.md"]
    assert settings_schema.main("--check") == 1
    assert "old" in page.read_text("utf-8")
    assert settings_schema.main() == 0
    assert settings_schema.main("--check") == 0
    assert page.read_text("utf-8").startswith(f"# Settings\n\n{settings_schema.START}\n| ")
    assert page.read_text("utf-8").endswith(f"|\n\n{settings_schema.END}\nThe end.\n")


def test_every_rule_is_in_the_schema_with_its_title() -> None:
    rules = schema()["properties"]["rules"]["properties"]
    assert {id_: each["description"] for id_, each in rules.items()} == {rule.id: rule.title for rule in RULES}


def test_an_editor_has_every_setting_but_those_about_paths_and_one_of_its_own() -> None:
    declared = configuration()
    in_file, in_editor = schema()["properties"], properties(Settings, CAMEL_CASE)
    assert list(declared) == [f"deadweight.{name}" for name in in_editor]
    assert len(in_file) - len(in_editor) == 2 - 1
    assert not {"asks-engine", "asksEngine"} & set(in_file)
    assert "deadweight.minSaving" in declared
    assert declared["deadweight.asksEngine"]["scope"] == "machine"  # no folder's settings reach it
    for name, each in declared.items():
        assert each["scope"] == "resource" or name == "deadweight.asksEngine"
        assert is_valid(each["default"], each)


def test_the_defaults_of_an_editor_are_the_defaults() -> None:
    declared = {name.partition(".")[2]: each["default"] for name, each in configuration().items()}
    assert read_settings(declared) == (Settings(), ())


# --- our own examples ---


def examples(language: str) -> list[str]:
    texts = [(DOCS / name).read_text("utf-8") for name in ("settings.md", "editors.md")]
    return [block for text in texts for block in re.findall(rf"```{language}\n(.+?)```", text, re.DOTALL)]


TOML = [each for each in examples("toml") if "min-saving" in each]
# Others are what editors want of a server, in words of their own.
JSON_SETTINGS = [each for each in examples("json") if "minSaving" in each]


@pytest.mark.parametrize("text", TOML, ids=range(len(TOML)))
def test_files_in_the_documents_are_right(text: str) -> None:
    table = read_toml(text)
    table = table.get("tool", {}).get("deadweight", table)
    assert is_valid(table, schema())
    settings, wrong = read_settings(table, spelling=KEBAB_CASE)
    assert wrong == ()
    assert settings.min_saving == 500_000


@pytest.mark.parametrize("text", JSON_SETTINGS, ids=range(len(JSON_SETTINGS)))
def test_json_in_the_documents_is_right(text: str) -> None:
    assert is_valid(json.loads(text), of_object(CAMEL_CASE))
    assert read_settings(json.loads(text))[1] == ()


def test_the_documents_have_examples() -> None:
    assert len(TOML) >= 2
    assert JSON_SETTINGS


# --- of one mind ---


NAMES = st.sampled_from(["severity", "min-saving", "minSaving", "registry.corp/base:1", *BY_ID]) | st.text(max_size=3)
SIZES = st.sampled_from(["500kB", " 1.5 MB ", "2G", "20000", "-1", "", "1e3", "much", "1.MB", "9" * 19])
PLATFORMS = st.sampled_from(["linux/amd64", "linux/arm/v7", "arm64", "linux/", "Linux/amd64", "linux/amd64\n"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | SIZES | PLATFORMS | st.sampled_from(["off"])
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=5
)


@pytest.mark.parametrize("spelling", [CAMEL_CASE, KEBAB_CASE])
@hypothesis(deadline=None)
@having(data=st.data())
def test_what_the_schema_allows_is_read_and_what_it_does_not_is_named(spelling: Spelling, data: st.DataObject) -> None:
    names = [*properties(Settings, spelling), "context", "colour"]
    raw = data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=3))
    _, wrong = read_settings(raw, spelling=spelling)
    assert is_valid(raw, of_object(spelling)) == (wrong == ())
