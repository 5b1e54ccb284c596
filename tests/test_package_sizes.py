"""What npm, pip and apt write, against real installs and real builds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deadweight.facts import debian
from deadweight.facts.constants import constant
from deadweight.facts.tables import table
from deadweight.model.ecosystems import node, python
from deadweight.model.effects import PackageSet
from deadweight.size import apt, node_project, npm, pip
from deadweight.size.parts import NAMED
from deadweight.size.units import Size

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "node"


def example() -> tuple[node.Manifest, node.Lock]:
    manifest = node.read_manifest((EXAMPLE / "package.json").read_text("utf-8"))
    lock = node.read_lock((EXAMPLE / "package-lock.json").read_text("utf-8"))
    assert manifest is not None
    assert lock is not None
    return manifest, lock


def known(size: Size | None) -> Size:
    assert size is not None
    assert 0 <= size.low <= size.best
    assert size.high is None or size.best <= size.high
    return size


def holds(size: Size | None, measured: int) -> bool:
    sized = known(size)
    return sized.low <= measured <= (sized.high if sized.high is not None else measured)


# --- npm ------------------------------------------------------------------------------------------------------------


def test_the_example_weighs_what_a_real_build_of_it_wrote() -> None:
    # Built by BuildKit on node 20 and Debian bookworm, 2026-11-23: file bytes of each layer, ~/.npm counted on its own.
    manifest, lock = example()
    assert holds(npm.installed(manifest, lock, dev=True, libc="glibc"), 77_416_042)  # RUN npm install
    assert holds(npm.installed(manifest, lock, dev=True, libc="glibc", clean=True), 77_305_565)  # RUN npm ci
    assert holds(npm.installed(manifest, lock, dev=False, libc="glibc", clean=True), 7_800_337)  # npm ci --omit=dev
    assert holds(npm.cache_left(manifest, lock, dev=True, libc="glibc"), 67_289_885)
    no_lock = known(npm.installed(manifest, None, dev=True, libc=None))
    assert holds(no_lock, 77_566_655)  # COPY package.json ./ and RUN npm install


@pytest.mark.parametrize(
    ("manager", "request_", "measured"),
    [
        # Real `add` of one package by pnpm 10.34, bun 1.4, yarn 1.22 and 4.18, node 20, 2026-11-26: what
        # their caches hold beside hard links.
        ("pnpm", "express", 2_429_397),
        ("pnpm", "pm2", 5_130_671),
        ("pnpm", "eslint", 5_335_485),
        ("pnpm", "vite", 10_583_267),
        ("pnpm", "webpack", 22_153_073),
        ("bun", "express", 765_928),
        ("bun", "pm2", 1_279_584),
        ("bun", "eslint", 1_186_944),
        ("bun", "vite", 1_917_160),
        ("bun", "webpack", 3_722_344),
        # The classic yarn has all platforms' binaries of typescript 7 and vite 8 in its cache.
        ("yarn", "typescript", 747_511_045),
        ("yarn", "eslint", 15_809_058),
        ("yarn", "vite", 592_422_461),
        ("yarn", "webpack", 34_924_900),
        ("yarn berry", "express", 3_323_003),
        ("yarn berry", "eslint", 14_251_118),
        ("yarn berry", "webpack", 34_143_446),
    ],
)
def test_each_manager_has_a_cache_of_its_own(manager: str, request_: str, measured: int) -> None:
    assert holds(node_project.cache_left(PackageSet(manager, (request_,), libc="glibc")), measured)


def test_every_dependency_counts() -> None:
    manifest, lock = example()
    whole = known(npm.installed(manifest, lock, dev=True, libc="glibc")).best
    more = replace(manifest, dependencies=(*manifest.dependencies, node.Dependency("axios", "^1.6.0")))
    less = replace(manifest, dependencies=tuple(each for each in manifest.dependencies if each.name != "zod"))
    other = tuple(replace(each, wanted="^4.0.0") if each.name == "express" else each for each in manifest.dependencies)
    assert known(npm.installed(more, lock, dev=True, libc="glibc")).best > whole + 1_000_000
    assert known(npm.installed(less, lock, dev=True, libc="glibc")).best == pytest.approx(whole - 3_594_196, abs=1000)
    assert known(npm.installed(replace(manifest, dependencies=other), lock, dev=True, libc="glibc")).best != whole
    unknown = replace(manifest, dependencies=(*manifest.dependencies, node.Dependency("no-such-package", "^1.0.0")))
    wider = known(npm.installed(unknown, lock, dev=True, libc="glibc"))
    assert wider.best > whole
    assert wider.high is not None
    assert wider.high - wider.best > 5_000_000


def test_without_urls_in_the_lockfile_npm_caches_more() -> None:
    manifest, lock = example()
    assert not lock.has_urls
    less = known(npm.cache_left(manifest, replace(lock, has_urls=True), dev=True, libc="glibc"))
    more = known(npm.cache_left(manifest, lock, dev=True, libc="glibc"))
    assert less.best < more.best / 2


def test_a_dependency_from_elsewhere_is_unknown() -> None:
    manifest = node.Manifest(dependencies=(node.Dependency("x", "git+https://example.org/x.git"),))
    assert (
        npm.installed(manifest, None, dev=True, libc=None) is None
        or known(npm.installed(manifest, None, dev=True, libc=None)).is_at_least
    )
    assert known(npm.named(["express", "cypress@13"], None)).is_at_least


def test_parts_stay_few_and_add_up() -> None:
    manifest, lock = example()
    size = known(npm.installed(manifest, lock, dev=True, libc="glibc"))
    assert len(size.parts) == NAMED + 1
    assert size.parts[-1].what.endswith(" more packages")
    assert sum(part.best for part in size.parts) == pytest.approx(size.best, abs=100)
    assert all(part.source and part.date for part in size.parts)


def test_nothing_to_install_weighs_nothing() -> None:
    assert npm.installed(node.Manifest(), None, dev=True, libc=None) == Size(0, 0, 0)
    assert pip.installed([], pip.Target()) == Size(0, 0, 0)


def test_popular_requests(shared: Path) -> None:
    rows = json.loads((shared / "facts" / "npm_installed.json").read_text("utf-8"))["rows"]
    # esbuild is there with its program counted twice: a hard link.
    rows = [row for row in rows if not row["request"].startswith("app-") and row["request"] != "esbuild"]
    near = [
        row for row in rows if abs(known(npm.named([row["request"]], None)).best / row["installed_bytes"] - 1) < 0.1
    ]
    assert len(near) >= 0.9 * len(rows)
    cached = [row for row in rows if holds(npm.named_cache_left([row["request"]]), row["cache_left_bytes"])]
    assert len(cached) >= 0.85 * len(rows)


def test_another_app_in_real_builds(shared: Path) -> None:
    text = (shared / "truthlab" / "package-lock.json").read_text("utf-8")
    manifest, lock = node.read_manifest(json.dumps(json.loads(text)["packages"][""])), node.read_lock(text)
    assert manifest is not None
    assert lock is not None
    measured = {name: layers["npm"] for name, layers in truth(shared).items() if "npm" in layers}
    everything = files_without(measured["npm-ci-all"], "/root/.npm")
    assert holds(npm.installed(manifest, lock, dev=True, libc="glibc", clean=True), everything)
    production = files_without(measured["npm-ci-omitdev"], "/root/.npm")
    assert known(npm.installed(manifest, lock, dev=False, libc="glibc", clean=True)).best == pytest.approx(
        production, rel=0.1
    )
    cached = measured["npm-ci-all"]["files_bytes"] - everything
    assert holds(npm.cache_left(manifest, lock, dev=True, libc="glibc"), cached)


# --- pip ------------------------------------------------------------------------------------------------------------


def wanted(*texts: str) -> list[python.Requirement]:
    return [requirement for text in texts if (requirement := python.read_requirement(text))]


GLIBC = pip.Target("glibc", "3.11")
MUSL = pip.Target("musl", "3.11")


def test_what_wheels_unpack_and_compile_to() -> None:
    # pip install --target, CPython 3.11, 2026-11-23: 4,987,056 bytes; numpy 71,394,502, of which .pyc 14,003,858.
    assert known(pip.installed(wanted("flask"), GLIBC)).best == pytest.approx(4_987_056, rel=0.02)
    both = known(pip.installed(wanted("flask", "numpy"), GLIBC))
    assert both.best == pytest.approx(4_987_056 + 71_394_502, rel=0.02)
    without = replace(GLIBC, byte_code=False)
    assert known(pip.installed(wanted("numpy"), without)).best == pytest.approx(71_394_502 - 14_003_858, rel=0.02)


def test_other_pythons_compile_to_less() -> None:
    sizes = [known(pip.installed(wanted("flask"), pip.Target("glibc", each))).best for each in ("3.11", "3.13", "3.10")]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.9 * sizes[0]


def test_extras_bring_more() -> None:
    plain, more = (known(pip.installed(wanted(text), GLIBC)).best for text in ("uvicorn", "uvicorn[standard]"))
    assert more > plain + 5_000_000
    alone = known(pip.installed(wanted("flask"), GLIBC, dependencies=False))
    assert alone.best < known(pip.installed(wanted("flask"), GLIBC)).best / 2


def test_torch_for_the_cpu_comes_without_cuda() -> None:
    default = known(pip.installed(wanted("torch"), GLIBC))
    cpu = known(pip.installed(wanted("torch"), replace(GLIBC, cpu=True)))
    pinned = known(pip.installed(wanted("torch==2.9.0+cpu"), GLIBC))
    assert cpu.best < default.best / 3
    assert pinned.best == pytest.approx(cpu.best, rel=0.01)


def test_real_builds_with_pip(shared: Path) -> None:
    cases = {
        "pip-flask-cache": ["flask"],
        "pip-pandas-cache": ["pandas"],
        "pip-requests-cache": ["requests"],
        "pip-numpy-cache": ["numpy"],
        "pip-scikit-learn-cache": ["scipy", "scikit-learn"],
    }
    layers = truth(shared)
    for name, names in cases.items():
        layer = layers[name]["pip"]
        tops = {path: count for count, path in layer["top_dirs"]}
        size = known(pip.installed(wanted(*names), GLIBC))
        assert holds(size, tops["/usr/local/lib"] - round(constant("pip.own_byte_code").best))
        assert holds(pip.cache_left(wanted(*names), GLIBC), tops["/root/.cache/pip"])


def test_pip_says_what_it_does_not_know() -> None:
    guessed = known(pip.installed(wanted("flask", "no-such-distribution"), pip.Target()))
    assert any(part.source.startswith("not measured") for part in guessed.parts)
    assert guessed.high is not None
    assert guessed.high > 3 * guessed.low
    assert known(pip.installed(wanted("flask", "./mine"), pip.Target())).is_at_least
    # There is no wheel of scikit-learn for musl: pip compiles it. There is one of numpy.
    assert known(pip.installed(wanted("scikit-learn"), MUSL)).is_at_least
    assert not known(pip.installed(wanted("numpy"), MUSL)).is_at_least


def test_another_version_is_less_certain() -> None:
    same = known(pip.installed(wanted("numpy==2.4.6"), GLIBC))
    other = known(pip.installed(wanted("numpy==2.4.5"), GLIBC))
    assert same.best == pytest.approx(other.best, rel=0.01)
    assert other.low < same.low


def test_markers_leave_distributions_out() -> None:
    assert pip.installed(wanted('flask ; sys_platform == "win32"'), pip.Target()) == Size(0, 0, 0)


def test_wheel_sizes_of_a_lockfile_win() -> None:
    mine = python.LockedDistribution("no-such-distribution", "1.0", (), 1_000_000, 900_000)
    assert 2_000_000 < known(pip.installed_locked([mine], GLIBC)).best < 8_000_000
    assert known(pip.cache_left_locked([mine], MUSL)).best == 900_000
    # Another version of a known one weighs by its wheel: numpy 2.4.6 has one of 16,918,164 bytes.
    larger = python.LockedDistribution("numpy", "99.0", (), 2 * 16_918_164, None)
    twice = known(pip.installed_locked([larger], GLIBC)).best / known(pip.installed(wanted("numpy==2.4.6"), GLIBC)).best
    assert 1.7 < twice < 2.3


# --- apt ------------------------------------------------------------------------------------------------------------


def asked_of_apt(
    *names: str,
    suite: str | None = "bookworm",
    recommends: bool = False,
    already: tuple[str, ...] = (),
    slim: bool = True,
) -> Size | None:
    options = {"no-documents" if slim else "documents", *(["recommends"] if recommends else [])}
    return apt.installed(PackageSet("apt", names, suite=suite, already=already, options=frozenset(options)))


def test_packages_that_requests_share_are_counted_once() -> None:
    curl = known(asked_of_apt("curl"))
    certificates = known(asked_of_apt("ca-certificates"))
    both = known(asked_of_apt("curl", "ca-certificates"))
    assert max(curl.best, certificates.best) < both.best < curl.best + certificates.best
    assert asked_of_apt("curl", already=("curl",)) == Size(0, 0, 0)


def test_what_the_base_image_holds_is_not_written_again() -> None:
    # node:22 stands on buildpack-deps, which has git and curl; it has no vim.
    held = debian.held("node")
    assert held is not None
    assert asked_of_apt("git", "curl", "tar", recommends=True, already=held.packages) == Size(0, 0, 0)
    vim = known(asked_of_apt("vim")).best
    # What dpkg notes of all that was there is written once more.
    assert 30_000_000 < known(asked_of_apt("git", "vim", already=held.packages)).best < vim + 1_000_000


def test_a_slim_image_leaves_documents_out() -> None:
    assert known(asked_of_apt("git")).best < 0.9 * known(asked_of_apt("git", slim=False)).best


def test_apt_says_what_it_does_not_know() -> None:
    assert asked_of_apt("no-such-package", recommends=True) is None
    assert known(asked_of_apt("curl", "no-such-package")).is_at_least
    here, elsewhere = known(asked_of_apt("curl")), known(asked_of_apt("curl", suite="jammy"))
    assert here.best == elsewhere.best
    assert elsewhere.low < here.low
    assert (elsewhere.high or 0) > (here.high or 0)


def test_a_name_with_a_star_stands_for_those_that_fit() -> None:
    some = known(asked_of_apt("postgresql-1*"))
    assert some.is_at_least
    assert some.best > known(asked_of_apt("postgresql-15")).best * 0.9


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_what_apt_itself_says(shared: Path, suite: str) -> None:
    rows = json.loads((shared / "facts" / f"apt_answers_{suite}.json").read_text("utf-8"))["rows"]
    near = 0
    for row in rows:
        found = apt.added(row["request"].split(), suite, recommends=row["recommends"])
        assert not found.unknown
        total = sum(package.installed for name in found.packages if (package := debian.package(suite, name)))
        near += abs(total / row["additional_bytes"] - 1) < 0.02 + 1_000_000 / row["additional_bytes"]
    assert near >= 0.95 * len(rows)


@pytest.mark.parametrize("name", ["npm", "pypi", "apt_names", "base_packages", "debian_releases"])
def test_every_row_has_its_source_and_date(name: str) -> None:
    rows = list(table(name).rows())
    assert rows == sorted(rows)
    assert all(len(row) == len(table(name).columns) and row[-2] and row[-1] >= "2026-" for row in rows)


def truth(shared: Path) -> dict[str, dict[str, Any]]:
    """The layers of real builds by case and tool: the RUN that installs with npm or with pip."""
    cases: dict[str, dict[str, Any]] = {}
    for line in (shared / "facts" / "truth_open.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        for layer in case["instructions"]:
            text = layer["text"]
            if "files_bytes" not in layer:
                continue
            if text.startswith(("RUN npm ci", "RUN npm install")):
                cases.setdefault(case["name"], {})["npm"] = layer
            elif text.startswith("RUN pip install"):
                cases.setdefault(case["name"], {})["pip"] = layer
    return cases


def files_without(layer: dict[str, Any], folder: str) -> int:
    """File bytes of a layer, less those under `folder`."""
    inside = sum(int(count) for count, path in layer["top_dirs"] if path.startswith(folder))
    return int(layer["files_bytes"]) - inside
