"""What the user may set, and what is said about what nobody can read."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given as having
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from deadweight.model.image import StatedSize
from deadweight.rules.catalog import BY_ID
from deadweight.settings import (
    CAMEL_CASE,
    DEFAULTS,
    KEBAB_CASE,
    RuleSettings,
    Settings,
    no_such_rule,
    read_settings,
    read_toml,
)

if TYPE_CHECKING:
    from deadweight.settings import Spelling

MINE = "your settings"
unhurried = hypothesis(deadline=None)


def test_nothing_given_is_the_defaults() -> None:
    assert read_settings(None) == (DEFAULTS, ())
    assert read_settings({}) == (DEFAULTS, ())


def test_everything_given() -> None:
    given = {
        "minSaving": "500kB",
        "inlayHints": False,
        "platform": "linux/arm64",
        "builder": "podman",
        "target": "app",
        "buildArgs": {"MY_VERSION": "22"},
        "bases": {"registry.corp/base_x:1": "340MB", "registry.corp/b": 7},
        "rules": {
            "apt-lists-kept": "off",
            "late-delete": {"severity": "hint", "minSaving": "5MB"},
            "missing-dockerignore": {"minSaving": 0},
        },
    }
    rules = {
        "apt-lists-kept": RuleSettings(severity="off"),
        "late-delete": RuleSettings("hint", 5_000_000),
        "missing-dockerignore": RuleSettings(None, 0),
    }
    settings, wrong = read_settings(given)
    bases = {"registry.corp/base_x:1": StatedSize(340_000_000, MINE), "registry.corp/b": StatedSize(7, MINE)}
    build_args = {"MY_VERSION": "22"}
    assert settings == Settings(500_000, False, "linux/arm64", "podman", "app", build_args, bases, rules=rules)
    assert settings.of("install-cache-kept") == RuleSettings()
    assert wrong == ()


SIZE = "write 500kB, 1.5MB or a number of bytes"
SEVERITY = "write off, hint, information, warning or error"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ([], "settings: [] is no object"),
        ({"colour": 1}, "settings: there is no colour"),
        ({"builder": "kaniko"}, "settings: builder: 'kaniko' is no builder: write docker or podman"),
        ({"min_saving": 1}, "settings: there is no min_saving"),
        ({"minSaving": "much"}, f"settings: minSaving: 'much' is no size: {SIZE}"),
        ({"minSaving": -1}, f"settings: minSaving: -1 is no size: {SIZE}"),
        ({"minSaving": True}, f"settings: minSaving: True is no size: {SIZE}"),
        ({"inlayHints": 3}, "settings: inlayHints: 3 is neither true nor false"),
        ({"platform": 3}, "settings: platform: 3 is no text"),
        ({"platform": "arm"}, "settings: platform: 'arm' is no platform: write linux/amd64 or linux/arm/v7"),
        ({"target": 3}, "settings: target: 3 is no text"),
        ({"buildArgs": "A=1"}, "settings: buildArgs: 'A=1' is no object"),
        ({"buildArgs": ["A=1"]}, "settings: buildArgs: ['A=1'] is no object"),
        ({"buildArgs": {"MY_ARG": 1}}, "settings: buildArgs: MY_ARG: 1 is no text"),
        ({"bases": {"base:1": "much"}}, f"settings: bases: base:1: 'much' is no size: {SIZE}"),
        ({"bases": {"base:1": None}}, f"settings: bases: base:1: None is no size: {SIZE}"),
        ({"context": "."}, "settings: context belongs in the project's deadweight.toml"),
        ({"exclude": []}, "settings: exclude belongs in the project's deadweight.toml"),
        ({"min-saving": 1}, "settings: there is no min-saving: did you mean minSaving?"),
        ({"rules": "off"}, "settings: rules: 'off' is no object"),
        ({"rules": {"apt-list-kept": "off"}}, "settings: rules: there is no rule 'apt-list-kept': did you mean "),
        (
            {"rules": {"late-delete": "loud"}},
            f"settings: rules: late-delete: severity: 'loud' is no severity: {SEVERITY}",
        ),
        ({"rules": {"late-delete": 3}}, "settings: rules: late-delete: 3 is no object"),
        (
            {"rules": {"late-delete": {"minSaving": []}}},
            f"settings: rules: late-delete: minSaving: [] is no size: {SIZE}",
        ),
        ({"rules": {"late-delete": {"level": 1}}}, "settings: rules: late-delete: there is no level"),
        ({"rules": None}, "settings: rules: None is no object"),
        ({"rules": [{"late-delete": "off"}]}, "settings: rules: [{'late-delete': 'off'}] is no object"),
        ({"rules": {"late-delete": None}}, "settings: rules: late-delete: None is no object"),
        (
            {"rules": {"late-delete": {"severity": []}}},
            f"settings: rules: late-delete: severity: [] is no severity: {SEVERITY}",
        ),
        ({"minSaving": None}, f"settings: minSaving: None is no size: {SIZE}"),
        ({"minSaving": 1.5}, f"settings: minSaving: 1.5 is no size: {SIZE}"),
        ({"minSaving": "9" * 400}, f"settings: minSaving: '{'9' * 400}' is no size: {SIZE}"),
        ({"minSaving": -(10**5000)}, "settings: minSaving: "),
        ("minSaving", "settings: 'minSaving' is no object"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(given: Any, wrong: str) -> None:
    settings, (line,) = read_settings(given)
    assert line.startswith(wrong)
    assert settings.min_saving == DEFAULTS.min_saving
    assert all(each == RuleSettings() for each in settings.rules.values())


def test_what_is_right_beside_what_is_wrong_counts() -> None:
    given = {
        "minSaving": "much",
        "platform": "linux/arm64",
        "bases": {"base:1": 3, "base:2": "much"},
        "rules": {"x": "off", "late-delete": {"severity": "hint", "a": 1}},
    }
    settings, wrong = read_settings(given)
    bases = {"base:1": StatedSize(3, MINE)}
    assert settings == Settings(platform="linux/arm64", bases=bases, rules={"late-delete": RuleSettings("hint")})
    assert len(wrong) == 4


def test_nothing_said_of_a_stage_is_nothing() -> None:
    assert read_settings({"target": None}) == (DEFAULTS, ())


def test_each_of_many_wrong_entries_has_a_line() -> None:
    rules = {"late-delet": "off", "late-delete": {"severity": "loud", "minSaving": "1kB", "level": 1}}
    settings, wrong = read_settings({"a": 1, "b": 2, "inlayHints": "no", "rules": rules})
    assert settings == Settings(rules={"late-delete": RuleSettings(None, 1000)})
    assert sorted(line.partition(f": {SEVERITY}")[0] for line in wrong) == [
        "settings: inlayHints: 'no' is neither true nor false",
        "settings: rules: late-delete: severity: 'loud' is no severity",
        "settings: rules: late-delete: there is no level",
        "settings: rules: there is no rule 'late-delet': did you mean late-delete?",
        "settings: there is no a",
        "settings: there is no b",
    ]


def test_what_is_nested_without_end_is_named_in_short() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    assert read_settings({"platform": nested}) == (DEFAULTS, ("settings: platform: [[[[[[[...]]]]]]] is no text",))


NAMES = st.sampled_from(["minSaving", "inlayHints", "platform", "rules", "severity", *BY_ID]) | st.text()
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["off", "hint", "5MB"])
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20)
OF_A_RULE = st.fixed_dictionaries({}, optional={"severity": JSON, "minSaving": JSON}) | JSON
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "minSaving": JSON,
        "platform": JSON,
        "buildArgs": JSON,
        "bases": st.dictionaries(NAMES, JSON) | JSON,
        "exclude": JSON,
        "rules": st.dictionaries(NAMES, OF_A_RULE) | JSON,
    },
)


@unhurried
@having(GIVEN | JSON, st.sampled_from([CAMEL_CASE, KEBAB_CASE]))
def test_any_json_is_read(raw: Any, spelling: Spelling) -> None:
    settings, wrong = read_settings(raw, spelling=spelling)
    assert isinstance(settings.min_saving, int)
    assert isinstance(settings.build_options().bases, dict)
    assert all(isinstance(each, str) for each in (*settings.build_args.values(), *settings.exclude))
    assert all(isinstance(each, RuleSettings) for each in settings.rules.values())
    assert all(line.startswith("settings: ") for line in wrong)
    if not isinstance(raw, dict) and raw is not None:
        assert (settings, len(wrong)) == (DEFAULTS, 1)


@unhurried
@having(st.text() | st.text(alphabet="a.=[]{}'\"#\n 1"))
def test_any_text_is_toml_or_said_not_to_be_with_a_line(text: str) -> None:
    try:
        assert isinstance(read_toml(text), dict)
    except ValueError as error:
        line, _, message = str(error).partition(": ")
        assert 1 <= int(line) <= text.count("\n") + 1
        assert message


def test_a_rule_that_nothing_is_like() -> None:
    assert no_such_rule("apt-lists-keep") == "there is no rule 'apt-lists-keep': did you mean apt-lists-kept?"
    assert "the rules are over-budget, full-base-image, " in no_such_rule("zzz")


def test_settings_are_read_without_the_packages_of_the_server() -> None:
    code = "import sys, deadweight.settings; print({'cattrs', 'attrs', 'pygls', 'difflib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
