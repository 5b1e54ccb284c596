"""RUNs are merged without asking as long as they are few steps, of which a change runs all of them again."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed
from deadweight.rules import copies_between
from deadweight.rules.merging import merged
from deadweight.rules.rule import Safety
from examples import snapshot_of

APT, BUILD = "apt-get install -y a", "make -C /src"
GET, UNPACK, CLONE = "curl -fsSO https://x/y.tgz", "tar -xzf y.tgz -C /src", "git clone --depth 1 https://x/y.git /src"


@pytest.mark.parametrize(
    ("runs", "is_safe"),
    [
        ((BUILD, BUILD, BUILD), True),
        ((BUILD, BUILD, BUILD, BUILD), False),
        ((BUILD, BUILD, BUILD, "rm -rf /src"), True),
        ((BUILD, BUILD, BUILD, "cd / && rm -rf src && /cleanup.sh"), False),
        ((APT, APT, APT, APT), True),
        ((BUILD, APT, APT, APT, BUILD), True),
        (
            (BUILD, 'apt-key add /k && echo "deb https://x y main" > /etc/apt/x.list', APT, APT, BUILD),
            True,
        ),
        ((APT, BUILD, APT, BUILD, APT), False),
        ((GET, "sha256sum -c /sums", UNPACK, BUILD, BUILD), True),
        ((CLONE, "git -C /src checkout v1", BUILD, BUILD, "rm -rf /src"), True),
        ((GET, UNPACK, BUILD, GET, UNPACK, BUILD), False),
        ((GET, "/unpack.sh", GET, UNPACK, BUILD), False),
        ((BUILD, BUILD, APT, APT, BUILD), False),
        ((GET, UNPACK, "./configure", BUILD, "make -C /src install", "cp -p /src/a /usr/bin", "rm -rf /src"), True),
        ((GET, UNPACK, "./configure", BUILD, "make install && /src/test.sh"), False),
    ],
)
def test_few_steps_are_merged_without_asking(runs: tuple[str, ...], is_safe: bool) -> None:
    snapshot = snapshot_of("FROM debian:12\n" + "".join(f"RUN {run}\n" for run in runs))
    fix = merged(snapshot, snapshot.ledgers[0].layers[1:])
    assert fix is not None
    assert (fix.safety is Safety.SAFE) == is_safe
    assert bool(fix.note) != is_safe


@pytest.mark.parametrize(
    ("run", "is_apart"),
    [
        ("useradd -m bob && chmod 644 /x.tgz", True),
        ("rm -rf /tmp/*", True),
        ("chmod 644 /m/a", False),
        ("chown -R 7 /", False),
        ("useradd -d /m bob", False),
        ("useradd --home-dir=/m bob", False),
        ("make -C /src", False),
        ("touch /x.tgz > /m/log", False),
        ("chmod 644 $FILE", False),
    ],
)
def test_runs_are_merged_over_files_that_they_have_nothing_to_do_with(run: str, is_apart: bool) -> None:
    snapshot = snapshot_of(f"FROM debian:12\nRUN curl -o /x.tgz https://x/y.tgz\nCOPY models /m\nRUN {run}\n")
    fix = copies_between.merged(snapshot, snapshot.ledgers[0].layers[1:])
    assert (fix is not None) == is_apart


@pytest.mark.parametrize(
    ("above", "merged_text"),
    [
        ("a;", "RUN a \\\n    && c\n"),
        ("a || b ;", "RUN a || b \\\n    && c\n"),
        ("a; b;", "RUN a; b \\\n    && c\n"),
        ("set -e; a; b;", "RUN set -e; a; b; \\\n    c\n"),
        ("a # why", "RUN a \\\n# why\n    && c\n"),
        ("a; # why", "RUN a \\\n# why\n    && c\n"),
        ("a # hadolint ignore=DL3059", None),
        ("a \\\n # why", None),
    ],
)
def test_what_stands_behind_the_last_command_is_not_in_the_way(above: str, merged_text: str | None) -> None:
    snapshot = snapshot_of(f"FROM debian:12\nRUN {above}\nRUN c\n")
    fix = merged(snapshot, snapshot.ledgers[0].layers[1:])
    after = fixed(snapshot, [fix]).text.removeprefix("FROM debian:12\n") if fix else None
    assert after == merged_text


@pytest.mark.parametrize(
    ("run", "is_merged"),
    [
        ("ln -sf /bin/bash /bin/sh", False),
        ("rm /bin/sh && ln -s bash /bin/sh", False),
        ("dpkg-reconfigure dash", False),
        ("useradd -s /bin/sh app", True),
    ],
)
def test_what_runs_in_another_shell_stays_apart(run: str, is_merged: bool) -> None:
    snapshot = snapshot_of(f"FROM debian:12\nRUN {run}\nRUN [[ a = a ]]\n")
    assert bool(merged(snapshot, snapshot.ledgers[0].layers[1:])) == is_merged
