"""Packages that only build: which they are, what of them has to stay, and where they are removed."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.model.building import is_for_building
from deadweight.model.effects import PackageSet
from deadweight.rules.build_packages_kept import build_packages_kept
from deadweight.rules.rule import Safety
from deadweight.rules.work_images import runs_an_app
from deadweight.settings import DEFAULTS
from deadweight.size.runtime import libraries, takes_along
from examples import snapshot_of


def fix_of(text: str, base: str = "python:3.13-slim-trixie", start: str = 'CMD ["app"]') -> str | None:
    """The file after the fix, a RUN in one line; "" where nothing is reported, None where it is without a fix."""
    snapshot = snapshot_of(f"FROM {base}\n{text}\n{start}\n")
    found = report(snapshot, rules=[build_packages_kept])
    if not found:
        return ""
    asked = DEFAULTS.offering  # two stages may be the way out that is said
    fixes, others = found[0].fixes, report(snapshot, asked)
    fix = next((fix for fix in fixes if holds(snapshot, others, found[0], fix, asked)), None)
    done = fixed(snapshot, [fix]).text.partition("\n")[2] if fix else None
    return done and done.replace(" \\\n    ", " ").removesuffix(f"\n{start}\n")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("gcc make cmake g++-12 gcc-14 build-essential build-base gcc-c++ linux-headers-amd64 pkg-config", True),
        ("libpq-dev python3-dev zlib-devel musl-dev golang-1.24 libstdc++-static", True),
        ("gcc-12-base libgcc-s1 libpq5 git python3 makepasswd cmake-data device-tree-compiler golang-docker", False),
    ],
)
def test_compilers_and_headers_are_for_building(names: str, expected: bool) -> None:
    assert [name for name in names.split() if is_for_building(name) is not expected] == []


@pytest.mark.parametrize(
    ("names", "suite", "expected"),
    [
        (("libpq-dev",), "bookworm", ("libpq5",)),
        (("default-libmysqlclient-dev", "gcc"), "trixie", ("libmariadb3",)),
        (("python3-dev",), "bookworm", ("libpython3.11", "python3")),
        (("build-essential", "make"), "trixie", ()),
        (("gfortran", "make"), "trixie", ("libgfortran5",)),
        (("libpq-dev",), "noble", ("libpq5",)),  # in every release that is known
        (("libicu-dev",), "noble", None),  # libicu72, libicu76 ...
        (("libsomething-dev",), "trixie", None),
    ],
)
def test_libraries_of_headers_stay(names: tuple[str, ...], suite: str, expected: tuple[str, ...] | None) -> None:
    found = libraries(names, PackageSet("apt", names, suite=suite))
    assert (found and set(found) >= set(expected or ())) or found == expected
    assert (found is None) == (expected is None)


def test_on_alpine_what_is_compiled_needs_the_compilers_library() -> None:
    assert libraries(("build-base",), PackageSet("apk", ("build-base",), suite="3.22")) == ("libstdc++",)
    assert libraries(("g++",), PackageSet("apk", ("g++",), suite="3.22", already=("libstdc++",))) == ()
    assert libraries(("libpq-dev",), PackageSet("apk", ("libpq-dev",), suite="3.22")) == ("libpq",)


APT, PURGE = "apt-get install -y --no-install-recommends", "apt-get purge -y --auto-remove"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"RUN {APT} gcc curl && pip install uwsgi",
            f"RUN {APT} gcc curl && pip install uwsgi && apt-get purge -y --auto-remove gcc",
        ),
        (
            f"RUN set -e; {APT} gcc libpq-dev; pip install psycopg2; a",
            f"RUN set -e; {APT} gcc libpq-dev libpq5; pip install psycopg2; {PURGE} gcc libpq-dev; a",
        ),
        (
            f"RUN {APT} gcc\nCOPY . .\nRUN make && make install",
            f"COPY . .\nRUN {APT} gcc && make && make install && apt-get purge -y --auto-remove gcc",
        ),
        (
            f"RUN set -e; {APT} gcc;\nCOPY . .\nRUN set -e; make; a",
            f"COPY . .\nRUN set -e; {APT} gcc; make; apt-get purge -y --auto-remove gcc; a",
        ),
        # Several RUNs that build become one.
        (
            f"RUN {APT} gcc && make\nRUN pip install b",
            f"RUN {APT} gcc && make && pip install b && {PURGE} gcc",
        ),
        (
            f"RUN {APT} gcc\nRUN cd /src && make\nRUN a || make check",
            f"RUN {APT} gcc && ( cd /src && make ) && {{ a || make check && {PURGE} gcc; }}",
        ),
        (
            f"RUN {APT} gcc\nCOPY . .\nRUN make\nRUN pip install a",
            f"COPY . .\nRUN {APT} gcc && make && pip install a && {PURGE} gcc",
        ),
    ],
)
def test_they_are_removed_behind_the_last_that_builds(before: str, after: str) -> None:
    assert fix_of(before) == after


@pytest.mark.parametrize(
    ("names", "rest", "base", "is_safe"),
    [
        ("libpng-dev zlib1g-dev libicu-dev", "COPY . .", "php:8.4-apache-trixie", True),
        ("libpng-dev libicu-dev", 'COPY . .\nCMD ["php-fpm"]', "php:8.4-fpm-bookworm", True),
        ("libpng-dev cmake", "COPY . .", "php:8.4-apache-trixie", False),
        ("libfreetype6-dev", "COPY . .", "php:7.2-apache-buster", False),
        ("libicu-dev", f"RUN {APT} libxslt1-dev\nCOPY . .", "php:8.4-apache-trixie", False),
        ("libpng-dev libicu-dev", 'COPY . .\nENTRYPOINT ["/start.sh"]', "php:8.4-apache-trixie", False),
        ("libpng-dev libicu-dev", "COPY . .\nRUN echo ffi.enable=1 > php.ini", "php:8.4-apache-trixie", False),
        ("libpng-dev libicu-dev", 'COPY . .\nCMD ["python", "app.py"]', "python:3.13-slim-trixie", False),
    ],
)
def test_headers_go_unseen_where_php_alone_runs(names: str, rest: str, base: str, is_safe: bool) -> None:
    snapshot = snapshot_of(f"FROM {base}\nRUN {APT} {names} && docker-php-ext-install gd intl\n{rest}\n")
    (reported,) = report(snapshot, DEFAULTS.offering, rules=[build_packages_kept])
    assert [fix.safety for fix in reported.fixes] == [Safety.SAFE if is_safe else Safety.ASK]


@pytest.mark.parametrize(
    "text",
    [
        f"RUN {APT} gcc && pip install a\nCOPY . .\nRUN pip install b",
        f"RUN {APT} gcc\nUSER app\nRUN pip install a",
        f"RUN {APT} gcc\nRUN curl -O x\nCOPY . .\nRUN pip install a",
        f"RUN {APT} gcc && export CC=gcc\nCOPY . .\nRUN pip install $CC",
        f"RUN {APT} gcc\nRUN make\nENV CFLAGS=-O3\nRUN ./configure",
    ],
)
def test_several_that_build_are_left_to_a_stage(text: str) -> None:
    assert fix_of(text) is None


@pytest.mark.parametrize(
    ("text", "base", "start"),
    [
        (f"RUN {APT} gcc && pip install a", "python:3.13-trixie", 'CMD ["app"]'),
        (f"RUN {APT} gcc && pip install a", "mcr.microsoft.com/devcontainers/python:3", 'CMD ["app"]'),
        (f"RUN {APT} gcc && pip install a", "debian:trixie", 'CMD ["/bin/bash"]'),
        (f"RUN {APT} gcc && pip install a", "debian:trixie", "EXPOSE 80"),
        (f"RUN {APT} gcc && pip install a", "debian:trixie", 'CMD ["sleep", "infinity"]'),
        (f"RUN {APT} gcc && pip install a", "debian:trixie", "ENTRYPOINT cargo run"),
        (f"RUN {APT} gcc && a", "debian:trixie", 'CMD ["app"]'),
        (f"RUN {APT} gcc && make && apt-get purge -y gcc", "debian:trixie", 'CMD ["app"]'),
    ],
)
def test_images_to_work_in_and_what_is_removed_are_no_news(text: str, base: str, start: str) -> None:
    assert fix_of(text, base, start) == ""


def test_what_others_need_does_not_go_alone() -> None:
    on = PackageSet("apt", ("libxml2-dev", "libxslt1-dev", "unheard-of-dev", "cmake"), suite="trixie")
    assert takes_along("libxml2-dev", ("libxslt1-dev",), on)
    assert takes_along("libicu-dev", ("unheard-of-dev",), on)
    assert not takes_along("cmake", ("libxslt1-dev", "unheard-of-dev"), on)
    assert not takes_along("libpng-dev", ("libxslt1-dev",), on)
    assert not takes_along("libxml2-dev", (), on)
    assert not takes_along("libxml2-dev", ("libxslt-dev",), PackageSet("apk", ("libxml2-dev", "libxslt-dev")))
    images = "libicu-dev libpng12-dev"  # Debian has no libpng12-dev any more
    assert fix_of(f"RUN {APT} {images} && make", "php:8.4-apache-trixie", "COPY . .") in ("", None)


def test_tools_go_where_the_names_of_libraries_are_not_known() -> None:
    text = "FROM ubuntu:24.04\nRUN apt-get install -y gcc libicu-dev && make\nCMD app\n"
    found = report(snapshot_of(text), rules=[build_packages_kept])
    (reported,) = found
    assert "gcc and libicu-dev" in reported.finding.message
    (fix,) = reported.fixes
    assert fix.saves is not None
    assert reported.finding.saves is not None
    assert 0 < fix.saves.best < reported.finding.saves.best
    assert holds(snapshot_of(text), report(snapshot_of(text)), reported, fix)


def test_a_stage_has_one_finding_where_most_is_installed() -> None:
    text = f"FROM ubuntu:24.04\nRUN {APT} libpq-dev\nRUN {APT} gcc libicu-dev\nRUN make\nRUN make -C a\nCMD app\n"
    (reported,) = report(snapshot_of(text), rules=[build_packages_kept])
    assert text[reported.span.start :].startswith(f"{APT} gcc")
    assert [text[each.span.start :].split("\n")[0] for each in reported.related] == [f"{APT} libpq-dev", "make -C a"]


def test_headers_that_only_a_stage_could_leave_behind_are_no_news() -> None:
    assert fix_of(f"RUN {APT} libxml2-dev && make", base="ubuntu:24.04") == ""
    assert fix_of(f"RUN {APT} libicu-dev && make", base="ubuntu:24.04") is None  # 110 MB


def test_little_that_only_a_stage_could_leave_behind_is_no_news() -> None:
    assert fix_of(f"RUN {APT} libpq-dev && make") == f"RUN {APT} libpq-dev libpq5 && make && {PURGE} libpq-dev"
    assert fix_of(f"RUN {APT} libpq-dev && make\nCOPY . .\nRUN make more") == ""


def test_a_server_starts_by_itself() -> None:
    assert fix_of(f"RUN {APT} gcc && pip install uwsgi", "nginx:1.29-trixie", "EXPOSE 80")


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ('["node", "build"]', True),
        ("/build", False),
        ('["./build.sh"]', False),
        ('[" "]', True),
        ("make -C /src", False),
        ('["mix", "phx.server"]', False),
        ('["jupyterhub --no-ssl"]', False),
        ('["/usr/local/bin/runner.sh"]', False),
        ('["/app/runner", "serve"]', True),
        ('["/bin/scutil", "emu", "/bin/build"]', False),
        ('["serve", "/app/build"]', True),
        ('["npm", "run", "develop"]', False),
        ('["nodemon", "server.js"]', False),
        ('["npm", "start"]', True),
        ('["/usr/bin/tini", "--", "/bin/bash"]', False),
        ('["/entrypoint.sh", "tail", "-f", "/dev/null"]', False),
        ('["/entrypoint.sh", "app"]', True),
        ("while true; do echo hello; sleep 1; done", False),
        ("while true; do /app/poll; sleep 1; done", True),
    ],
)
def test_a_program_that_builds_is_no_app(command: str, runs: bool) -> None:
    assert runs_an_app(snapshot_of(f"FROM debian:12\nCMD {command}\n")) is runs


@pytest.mark.parametrize(
    ("base", "runs"),
    [("nginx", True), ("php:8.4-apache", True), ("php:8.4-fpm-alpine", True), ("php:8.4", False), ("php:cli", False)],
)
def test_an_image_without_a_start_runs_what_its_base_starts(base: str, runs: bool) -> None:
    assert runs_an_app(snapshot_of(f"FROM {base}\nRUN a\n")) is runs
    assert not runs_an_app(snapshot_of("FROM nvidia/cuda:12.9.1-base-ubuntu24.04\nRUN a\n"))
