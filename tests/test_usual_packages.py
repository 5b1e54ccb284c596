"""What packages weigh of which nothing is known: figures that sum up the tables of packages that were measured."""

from __future__ import annotations

from deadweight.facts.constants import constant
from deadweight.facts.tables import table


def test_an_npm_package_weighs_what_measured_ones_do() -> None:
    assert_sums_up("npm.any", [int(row[2]) for row in table("npm").rows()], usual=0.95)


def test_an_npm_package_that_is_asked_for_brings_what_it_needs() -> None:
    """As those do that no other one of the table needs."""
    rows = {row[0]: row for row in table("npm").rows()}  # the last row of a name is its newest, near enough
    needs = {name: [each.rpartition("@")[0] for each in row[6].split(",")] for name, row in rows.items()}
    weights = []
    for root in rows.keys() - {name for names in needs.values() for name in names}:
        waiting, seen = [root], set[str]()
        while waiting:
            name = waiting.pop()
            if name in rows and name not in seen:
                seen.add(name)
                waiting += needs[name]
        weights.append(sum(int(rows[name][2]) for name in seen))
    # Frameworks and compilers are in the table under their names.
    assert_sums_up("npm.with_needs", weights, usual=0.9)


def test_a_document_of_the_npm_registry_weighs_what_measured_ones_do() -> None:
    assert_sums_up("npm.document", [int(row[5]) for row in table("npm").rows() if row[5]], usual=0.95)


def test_a_tarball_of_npm_is_a_share_of_what_it_unpacks_to() -> None:
    pairs = [(int(row[4]), int(row[2])) for row in table("npm").rows() if row[4] and int(row[2])]
    shares = sorted(packed / unpacked for packed, unpacked in pairs)
    known = constant("npm.tarball")
    assert known.best == sum(packed for packed, _ in pairs) / sum(unpacked for _, unpacked in pairs)
    assert known.low == round(shares[len(shares) // 10], 2)
    assert known.high == round(shares[len(shares) * 9 // 10], 2)


def test_a_distribution_weighs_what_measured_ones_do() -> None:
    """It is none of the giants that everybody asks for: those are in the table."""
    assert_sums_up("pip.any", [int(row[5]) + int(row[6]) for row in table("pypi").rows() if row[5]], usual=0.8)


def assert_sums_up(name: str, values: list[int], usual: float) -> None:
    """That a constant is the 10th and 90th percentile, and the mean of the `usual` share: without the heaviest."""
    values = sorted(values)
    among, count = values[: int(len(values) * usual)], len(values)
    known = constant(name)
    assert (known.low, known.best, known.high) == (
        values[count // 10],
        round(sum(among) / len(among)),
        values[count * 9 // 10],
    )
