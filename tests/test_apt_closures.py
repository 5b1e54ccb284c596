"""What apt brings along, against apt itself: recorded answers (`server/collect/apt_answers.py`) and small indexes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from deadweight.facts import debian
from deadweight.facts.tables import Table
from deadweight.model.commands.apt import package_name
from deadweight.size import apt
from deadweight.size.closure import Closure, Group, closure

ANSWERS = Table((Path(__file__).parent / "apt_answers.tsv").read_bytes())


class Needs(NamedTuple):
    """What a package needs always, and what it recommends."""

    depends: tuple[Group, ...]
    recommends: tuple[Group, ...]


class Small(NamedTuple):
    """An index of a few packages; what they provide is in `virtual`."""

    packages: dict[str, Needs]
    virtual: tuple[tuple[str, tuple[str, ...]], ...] = ()
    recommends: bool = False

    def needs(self, name: str) -> tuple[Group, ...] | None:
        known = self.packages.get(name)
        return known and known.depends + (known.recommends if self.recommends else ())

    def providers(self, name: str) -> tuple[str, ...]:
        return (name,) if name in self.packages else dict(self.virtual).get(name, ())


def needs(depends: str = "", recommends: str = "") -> Needs:
    """`a b|c` as groups."""
    groups = [tuple(tuple(group.split("|")) for group in text.split()) for text in (depends, recommends)]
    return Needs(*groups)


def found(index: Small, names: str, held: str = "", *, recommends: bool = False) -> Closure:
    return closure(index._replace(recommends=recommends), names.split(), frozenset(held.split()))


def test_what_is_needed_comes_along_once_and_cycles_end() -> None:
    index = Small({"a": needs("b c"), "b": needs("c a"), "c": needs("b")})
    assert found(index, "a") == Closure(("a", "b", "c"), ())


def test_the_first_of_several_is_chosen_unless_another_one_is_there_or_requested() -> None:
    index = Small({"a": needs("x|y"), "x": needs(), "y": needs()})
    assert found(index, "a").packages == ("a", "x")
    assert found(index, "a", held="y").packages == ("a",)
    assert found(index, "a y").packages == ("a", "y")


def test_recommendations_are_asked_of_new_packages_alone() -> None:
    index = Small({"a": needs("b", "r"), "b": needs("", "s|t"), "r": needs(), "s": needs(), "t": needs()})
    assert found(index, "a").packages == ("a", "b")
    assert found(index, "a", recommends=True).packages == ("a", "b", "s", "r")
    assert found(index, "a", held="b", recommends=True).packages == ("a", "r")


def test_names_in_no_list_are_said() -> None:
    index = Small({"a": needs("gone"), "b": needs()}, (("virtual", ("b",)),))
    assert found(index, "a virtual no") == Closure(("a", "b"), ("no", "gone"))


def test_a_very_long_chain_ends() -> None:
    index = Small({str(n): needs(str(n + 1)) for n in range(20_000)} | {"20000": needs()})
    assert len(found(index, "0").packages) == 20_001


@pytest.mark.parametrize("suite", debian.suites())
@pytest.mark.parametrize(("recommends", "least"), [("no", 0.95), ("yes", 0.85)])
def test_apt_answers_the_same(suite: str, recommends: str, least: float) -> None:
    same = near = 0
    rows = list(ANSWERS.rows(suite, recommends))
    for _, _, request, answer, *_ in rows:
        ours = apt.added(request.split(), suite, recommends=recommends == "yes").packages
        theirs = frozenset(answer.split())
        same += ours == theirs
        near += abs(weight(suite, ours) - weight(suite, theirs)) <= 0.05 * weight(suite, theirs)
    assert len(rows) >= 30
    assert same >= least * len(rows)
    assert near >= 0.95 * len(rows)


def weight(suite: str, names: frozenset[str]) -> int:
    return sum(package.installed for name in names if (package := debian.package(suite, name)))


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("curl=7.88.1-10", "curl"),
        ("git/trixie-backports", "git"),
        ("libc6:amd64", "libc6"),
        ("g++", "g++"),
        ("libstdc++6", "libstdc++6"),
        ("vim+", "vim"),
        ("g++-12=12.2.0-14", "g++-12"),
        ("./build/my_1.0_amd64.deb", "my_1.0_amd64.deb"),
        ("/tmp/google-chrome.deb", "google-chrome.deb"),
        ("lamp-server^", "lamp-server^"),
        ("$PACKAGE", "$PACKAGE"),
    ],
)
def test_the_name_in_a_word(word: str, name: str) -> None:
    assert package_name(word) == name


def test_every_name_that_dockerfiles_ask_for_is_known_where_the_suite_has_it() -> None:
    # Of names without a row one is not in Debian at all: `yarn`, or only in another suite.
    for suite in debian.suites():
        known = [name for name in debian.asked_for() if debian.providers(suite, name)]
        assert len(known) > 0.55 * len(debian.asked_for())
        assert all(debian.package(suite, name) for name in ("curl", "git", "build-essential", "ca-certificates"))


def test_every_release_is_stood_for_by_a_suite_with_packages() -> None:
    for name in (*debian.suites(), "noble", "jammy", "focal", "forky", "", "no-such-release", None):
        stands = debian.release(name)
        assert stands.suite in debian.suites()
        assert (stands.width == 0) == (name in debian.suites())
        assert stands.source
        assert debian.minbase(stands.suite) > {"apt", "bash", "libc6"}


def test_a_name_that_fits_thousands_stands_for_itself_alone() -> None:
    found = apt.added(("lib*-dev", "git"), "bookworm", recommends=False)
    assert found.asked == ("lib*-dev", "git")
    assert found.unknown == ("lib*-dev",)
