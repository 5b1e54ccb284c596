"""Variables: what BuildKit puts in their place, and what nobody can tell."""

from __future__ import annotations

import pytest

from deadweight.model.variables import MAX_VALUE, Scope, expand

SCOPE = {"x": "hello.tar.gz", "v": "1.2.3", "star": "a*b", "empty": "", "unknown": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$v", "1.2.3"),
        ("a${v}b$", "a1.2.3b$"),
        ("$gone-", "-"),
        ("$unknown", None),
        ("'$v'", "$v"),
        ('"$v"', "1.2.3"),
        ("\\$v", "$v"),
        ('"\\$v\\n"', "$v\\n"),
        ("\\n", "n"),
        ("'open", None),
        ("${v", None),
        ("${}", None),
        ("${v^^}", None),
        # set, empty, unset, unknown
        ("${v:-d} ${empty:-d} ${gone:-d}", "1.2.3 d d"),
        ("${v-d} ${empty-d} ${gone-d}", "1.2.3  d"),
        ("${v:+d} ${empty:+d} ${gone:+d}", "d  "),
        ("${v+d} ${empty+d} ${gone+d}", "d d "),
        ("${v:?m} ${v?m}${empty?m}", "1.2.3 1.2.3"),
        ("${empty:?m}", None),
        ("${gone?m}", None),
        ("${unknown:-d}", None),
        ("${unknown:+d}", None),
        ("${v:-$unknown}", "1.2.3"),
        ("${gone:-$unknown}", None),
        ("${gone:-${v%.*}}", "1.2"),
        # patterns
        ("${x#*.}", "tar.gz"),
        ("${x##*.}", "gz"),
        ("${x%.*}", "hello.tar"),
        ("${x%%.*}", "hello"),
        ("${x#nothing}", "hello.tar.gz"),
        ("${x#he?l}", "o.tar.gz"),
        ("${x#*}", "hello.tar.gz"),
        ("${x##*}", ""),
        ("${x%l*r*}", "hel"),
        ("${x%%l*r*}", "he"),
        ("${x:#*.}", "tar.gz"),
        (r"${star#a\*}", "b"),
        ("${star#a'*'}", "*b"),
        (r"${x#\q}", None),
        ("${gone#a}", ""),
        ("${x/l/L}", "heLlo.tar.gz"),
        ("${x//l/L}", "heLLo.tar.gz"),
        ("${x//./}", "hellotargz"),
        ("${x/l*./-}", "he-gz"),
        ("${x//*/y}", "y"),
        ("${v//?./X}", "XX3"),
        ("${v///-}", "-1-.-2-.-3-"),
        (r"${x/\//-}", "hello.tar.gz"),
        ("${x/$v/a}${x/o/$v}", "hello.tar.gzhell1.2.3.tar.gz"),
        ("${x/a}", None),
    ],
)
def test_expansion(text: str, value: str | None) -> None:
    assert expand(text, SCOPE) == value


@pytest.mark.parametrize("text", ["$gone", "${gone:-d}", "${gone+d}", "${gone%x}", "a$gone"])
def test_where_the_base_may_have_set_it_an_unset_variable_is_unknown(text: str) -> None:
    assert expand(text, SCOPE, unset=None) is None


def test_the_escape_may_be_a_backtick() -> None:
    assert expand("`$v\\$v", SCOPE, escape="`") == "$v\\1.2.3"


def test_values_longer_than_a_program_can_get_are_unknown() -> None:
    assert expand("$a$a", {"a": "x" * (MAX_VALUE // 2)}) == "x" * MAX_VALUE
    assert expand("$a$a$a", {"a": "x" * (MAX_VALUE // 2)}) is None
    assert expand("${a//x/yyyyyyyyyy}", {"a": "x" * MAX_VALUE}) is None


def test_patterns_with_many_stars_end() -> None:
    assert expand("${a%%" + "*a" * 30 + "b}", {"a": "a" * 3000}) == "a" * 3000
    assert expand("${a//" + "*a" * 30 + "b/x}", {"a": "a" * 3000}) == "a" * 3000


def test_a_scope_keeps_what_it_was() -> None:
    first = Scope({"a": "1"})
    second = first.changed({"a": "2", "b": None})
    third = second.changed({"b": "3"})
    assert [dict(scope) for scope in (first, second, third)] == [
        {"a": "1"},
        {"a": "2", "b": None},
        {"a": "2", "b": "3"},
    ]
    assert ("b" in first, "b" in second, len(first), first.get("b", "?")) == (False, True, 1, "?")
