"""What commands write, however the shell is told to run them: pipes, loops, functions, other accounts."""

from __future__ import annotations

import pytest

from deadweight.model.effects import Download, Extracted, Leftover, PackageSet
from deadweight.model.image import is_in_unknown_home
from examples import snapshot_of

TGZ = "https://e.org/a.tgz"


def written(script: str, files: str = "") -> list[str]:
    """What a RUN leaves, effect by effect: packages by name, files by path, each with `?` where it may not happen."""
    snapshot = snapshot_of(f"//- Dockerfile\nFROM debian:trixie-slim\nCOPY . .\nRUN {script}\n{files}")
    found = []
    for effect in snapshot.ledgers[-1].layers[-1].kept:
        cause = effect.cause
        may_be = "" if effect.is_certain else "?"
        if isinstance(cause, PackageSet):
            found.append(" ".join(cause.names) + may_be)
        elif isinstance(cause, (Download, Extracted)):
            found.append(f"{effect.path}{may_be}")
        elif isinstance(cause, Leftover):
            found.append(f"{cause.what}{may_be}")
    return found


@pytest.mark.parametrize(
    ("script", "paths"),
    [
        (f"curl -sSLO --output-dir /opt {TGZ}", ["/opt/a.tgz"]),
        (f"curl -fsSLo/tmp/x.tgz {TGZ}", ["/tmp/x.tgz"]),
        (f"curl -o a {TGZ} -H 'A: b' -o b https://e.org/b.tgz", ["/a", "/b"]),
        ("curl -O https://e.org/a.tgz -O https://e.org/b.tgz", ["/a.tgz", "/b.tgz"]),
        ("curl --remote-name-all https://e.org/{a,b}.tgz", ["/a.tgz", "/b.tgz"]),
        ("curl -OJL https://e.org/download?id=3", ["None"]),
        (f"curl -d @x -X POST {TGZ}", []),
        (f"curl {TGZ} >| /tmp/x", ["/tmp/x"]),
        (f"curl -o /dev/null {TGZ}", []),
        (f"wget -nv -qO/tmp/x.tgz {TGZ}", ["/tmp/x.tgz"]),
        (f"wget --progress=dot:giga -P /opt {TGZ} https://e.org/b.tgz", ["/opt/a.tgz", "/opt/b.tgz"]),
        (f"wget -qO- {TGZ} | tar -xzC /opt", ["/opt"]),
        ("wget -i list.txt -P /opt", ["/opt"]),
        (f"aria2c -x 8 -d /opt -o x.tgz {TGZ}", ["/opt/x.tgz"]),
        (f"curl -O {TGZ} && 7z x a.tgz -o/opt && rm a.tgz", ["/opt"]),
        ("curl -O https://e.org/a.gz && gunzip a.gz", ["/a"]),
        ("curl -O https://e.org/a.gz && gunzip -k a.gz", ["/a.gz", "/a"]),
        ("curl -O https://e.org/a.gz && gunzip -c a.gz > /b", ["/a.gz", "/b"]),
        ("curl https://e.org/a.gz | gunzip > /usr/bin/a", ["/usr/bin/a"]),
        ("curl -O https://e.org/a.zst && zstd -d a.zst", ["/a.zst", "/a"]),
        (f"curl -O {TGZ} && unlink a.tgz", []),
        (f"curl -o /opt/a.tgz {TGZ} && find /opt -mindepth 1 -execdir rm -rf {{}} +", []),
    ],
)
def test_tools_say_where_files_go(script: str, paths: list[str]) -> None:
    assert written(script) == paths


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo git curl | xargs apt-get install -y", ["git curl"]),
        ("cat packages.txt | xargs apt-get install -y", ["git curl"]),
        ("grep -v '^#' packages.txt | xargs -n1 apt-get install -y", ["git curl"]),
        ("xargs -a packages.txt apt-get install -y", ["git curl"]),
        ("xargs apt-get install -y < packages.txt", ["git curl"]),
        ("get-packages | xargs apt-get install -y jq", ["jq $@"]),
        (f"echo {TGZ} | xargs -I{{}} curl -o /x.tgz {{}}", ["/x.tgz"]),
        (f"curl -O {TGZ} && echo /a.tgz | xargs rm -f", []),
        (f"curl -o /opt/a.tgz {TGZ} && find /opt -type f -print0 | xargs -0 rm -f", []),
        (f"curl -o /opt/a.tgz {TGZ} && find /opt -name '*.md' | xargs rm -f", ["/opt/a.tgz"]),
    ],
)
def test_xargs_hands_on_what_it_is_given(script: str, expected: list[str]) -> None:
    assert written(script, "//- packages.txt\n# tools\ngit\ncurl # for the API\n") == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("for p in a b; do curl -O https://e.org/$p.tgz; done", ["/a.tgz", "/b.tgz"]),
        ("for p in a b; do curl -O https://e.org/$p.tgz && rm $p.tgz; done", []),
        ("for p in a; do for q in c d; do curl -o /$p$q x; done; done", ["/ac", "/ad"]),
        ("for p in $ALL; do curl -o /opt/x https://e.org/$p; done", ["/opt/x?"]),
        ("if a; then for p in b; do curl -o /$p x; done; fi", ["/b?"]),
        ('i() { apt-get install -y "$@"; }; i git curl && i vim', ["git curl", "vim"]),
        ("get() { curl -o /opt/$1.tgz https://e.org/$2; }; get a b; get c d", ["/opt/a.tgz", "/opt/c.tgz"]),
        ('get() { local n="$1"; curl -o /opt/$n x; }; all() { get a; get "$1"; }; all b', ["/opt/a", "/opt/b"]),
        ("get() { if [ $1 ]; then curl -o /x y; fi; }; get a", ["/x?"]),
        ("get() { curl -o /x y; }; a || get", ["/x?"]),
        ("never() { curl -o /x y; }; true", ["/x?"]),
        ("loop() { loop; }; loop", []),
    ],
)
def test_loops_and_functions_are_spelled_out(script: str, expected: list[str]) -> None:
    assert written(script) == expected


@pytest.mark.parametrize(
    "script",
    [
        "sh -c 'apt-get install -y git'",
        "env A=1 eatmydata timeout 60 apt-get install -y git",
        "command apt-get install -y git",
        "sudo -E apt-get install -y git",
        "su -c 'apt-get install -y git'",
        "su - root -c 'apt-get install -y git'",
        "runuser -u root -- apt-get install -y git",
        "gosu root apt-get install -y git",
        "fakeroot apt-get install -y git",
    ],
)
def test_programs_that_run_another_one_are_looked_through(script: str) -> None:
    assert written(script) == ["git"]


def test_what_another_account_leaves_lies_nobody_knows_where() -> None:
    snapshot = snapshot_of("FROM python:3.13-slim\nRUN su app -c 'pip install flask'\n")
    (cache,) = (each for each in snapshot.ledgers[0].layers[1].kept if isinstance(each.cause, Leftover))
    assert cache.path is not None
    assert is_in_unknown_home(cache.path)


@pytest.mark.parametrize(
    "script",
    [
        f'd=$(mktemp -d) && curl -o "$d/a.tgz" {TGZ} && rm -rf "$d"',
        f'd="$(mktemp -d)"; cd "$d"; curl -O {TGZ}; cd /; rm -rf "$d"',
        f'export D="$(mktemp -d)"; curl -o $D/a.tgz {TGZ}; rm -r $D',
    ],
)
def test_a_folder_of_mktemp_is_one_folder(script: str) -> None:
    assert written(script) == []


def test_a_loop_is_one_finding_with_one_edit() -> None:
    snapshot = snapshot_of("FROM python:3.13-slim\nRUN for p in numpy pandas; do pip install $p; done\n")
    layer = snapshot.ledgers[0].layers[1]
    assert [call.words[-1].text for call in layer.calls] == ["$p"]
    assert [each.cause.names for each in layer.kept if isinstance(each.cause, PackageSet)] == [("numpy",), ("pandas",)]


def test_loops_in_loops_come_to_an_end() -> None:
    values = " ".join(map(str, range(100)))
    inner = f"for a in {values}; do for b in {values}; do for c in {values}; do curl -o /$a$b$c x; done; done; done"
    assert len(written(inner)) <= 2_000
