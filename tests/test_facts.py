"""The tables that ship with the package: their shape, their look-up, and what they say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deadweight.facts import base_images, debian, tables
from deadweight.facts.constants import constant
from deadweight.facts.tables import Table, table

SERVER = Path(__file__).resolve().parents[1] / "server"
NAMES = sorted(path.stem for path in (SERVER / "deadweight/facts/data").glob("*.tsv"))
# Their figures are all of one source and one day, which `debian_releases` has.
SUITES = [name for name in NAMES if name.startswith("debian_") and name != "debian_releases"]
WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=3)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_sorted_and_every_row_has_a_source_and_a_date(name: str) -> None:
    text = (SERVER / f"deadweight/facts/data/{name}.tsv").read_bytes()
    assert text.endswith(b"\n")
    assert b"\r" not in text
    header, *lines = text.splitlines()
    assert lines == sorted(set(lines))
    columns = table(name).columns
    assert header.decode().split("\t") == list(columns)
    assert all(len(row) == len(columns) for row in table(name).rows())
    if name in SUITES:
        assert debian.release(name.removeprefix("debian_")).source
        return
    source, date = columns.index("source"), columns.index("date")
    for row in table(name).rows():
        assert row[source], row
        assert row[date], row


@pytest.mark.parametrize("name", NAMES)
def test_no_two_rows_of_a_table_have_the_same_key(name: str) -> None:
    widths = {
        **dict.fromkeys(("alpine", "base_packages", "downloads", "image_kin", "os_families", "releases"), 2),
        **dict.fromkeys(SUITES, 1),
        "base_images": 4,
        "image_layers": 3,
        "native_packages": 3,
        "rpm_weak": 3,
        "runtime_images": 3,
    }
    width = widths.get(name, 2 if table(name).columns[1] == "version" else 1)
    keys = [row[:width] for row in table(name).rows()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("block", [1, 20, tables._BLOCK])
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=20), WORDS, WORDS)
def test_rows_are_those_whose_first_columns_equal_the_key(
    block: int, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, str, str]], one: str, two: str
) -> None:
    monkeypatch.setattr(tables, "_BLOCK", block)
    lines = sorted("\t".join(row).encode() + b"\n" for row in rows)
    made = Table(b"a\tb\tc\n" + b"".join(lines))
    rows = sorted(rows)
    assert list(made.rows()) == rows
    for key in [(), (one,), (one, two), *(row[:width] for row in rows for width in (1, 2))]:
        assert list(made.rows(*key)) == [row for row in rows if row[: len(key)] == key]
        for cut in {*key[-1:], *(last[:1] for last in key[-1:]), ""} if key else ():
            started = [row for row in rows if row[: len(key) - 1] == key[:-1] and row[len(key) - 1].startswith(cut)]
            assert list(made.starting(*key[:-1], cut)) == started


def test_a_table_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        table("no_such_table")


def test_a_tag_has_both_figures_each_with_its_own_date() -> None:
    image = base_images.find("node", "22-slim")
    assert image is not None
    assert image.pulled is not None
    assert image.unpacked is not None
    assert 79_000_000 < image.pulled.bytes < 81_000_000
    assert 226_000_000 < image.unpacked.bytes < 229_000_000
    assert image.pulled.date != image.unpacked.date
    assert "node" in image.unpacked.source


def test_a_bare_tag_stands_on_the_release_that_its_twin_names() -> None:
    suites = {tag: image.suite for tag in ("22", "22-alpine", "26") if (image := base_images.find("node", tag))}
    assert suites == {"22": "bookworm", "22-alpine": "3.24", "26": "trixie"}


def test_tags_that_do_not_exist_have_no_figures() -> None:
    assert base_images.find("node", "22-sli") is None
    assert base_images.find("node", "22-slim", "linux/s390x-none") is None
    assert base_images.tags("no-such-repository") == ()


def test_all_tags_of_a_repository_on_a_platform() -> None:
    tags = base_images.tags("node", "linux/arm64")
    assert {image.platform for image in tags} == {"linux/arm64"}
    assert "22-slim" in {image.tag for image in tags}


def test_a_constant_has_a_range_and_a_source() -> None:
    lists = constant("apt.lists.bookworm")
    assert (lists.low, lists.best, lists.unit) == (19_660_000, 19_860_000, "bytes")
    assert lists.source
    with pytest.raises(KeyError):
        constant("apt.lists.no-such-suite")


def test_every_constant_lies_in_its_range() -> None:
    for name, *_ in table("constants").rows():
        number = constant(name)
        assert 0 <= number.low <= number.best <= number.high, name


def test_no_source_points_into_somebody_s_search_index() -> None:
    for name in set(NAMES) - set(SUITES):
        at = table(name).columns.index("source")
        assert not [row for row in table(name).rows() if re.search(r"\bid:? ?\d{6,}", row[at])]


def collector(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"collect_{name}", SERVER / f"collect/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_collectors_give_the_same_tables_again(shared: Path) -> None:
    images, layers = collector("base_images"), collector("image_layers")
    figures = [*images.read(shared / "facts/base_images.csv", SERVER / "collect/more_base_images.csv")]
    parts = layers.read(shared / "facts/layers.csv", SERVER / "collect/more_layers.csv")
    made = {"base_images": images.table(figures), "image_layers": layers.table(figures, parts)}
    for name, text in made.items():
        assert text == (SERVER / f"deadweight/facts/data/{name}.tsv").read_text("utf-8")


def test_the_packages_of_all_suites_fit_into_the_memory_that_they_may_take() -> None:
    texts = [(SERVER / f"deadweight/facts/data/{name}.tsv").read_bytes() for name in SUITES]
    assert len(texts) == len(debian.suites()) == 3
    assert sum(map(len, texts)) < 9_000_000


def test_a_virtual_package_is_those_that_provide_it_the_one_that_apt_takes_in_front() -> None:
    assert debian.package("bookworm", "x-terminal-emulator") is None
    assert debian.providers("bookworm", "x-terminal-emulator")[0] == "zutty"
    assert debian.providers("bookworm", "no-such-package") == ()


def test_a_wanted_version_is_no_answer_of_whoever_provides_the_name_without_one() -> None:
    package = debian.package("bullseye", "libxext-dev")
    assert package is not None
    assert ("x11proto-xext-dev",) in package.depends
    assert "x11proto-dev" in debian.providers("bullseye", "x11proto-xext-dev")


def test_what_an_image_holds_is_what_its_recipe_and_all_below_it_install() -> None:
    php, slim = debian.held("wordpress"), debian.held("node", "slim")
    assert php is not None
    assert {"apache2", "gcc", "ghostscript"} <= set(php.packages)
    assert slim is not None
    assert (php.documents, slim.documents) == (False, False)
    assert debian.held("node") == debian.held("buildpack-deps")
    assert debian.held("no-such-image") is None
