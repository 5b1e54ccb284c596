"""apk, dnf, yum and zypper: what they leave in a layer, what it weighs, and how the table of Alpine comes about."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from deadweight.analysis.proof import holds
from deadweight.analysis.report import report
from deadweight.facts import alpine
from deadweight.facts.tables import table
from deadweight.model.effects import PackageSet
from deadweight.rules.rule import Safety
from deadweight.size import apk, rpm
from deadweight.size.units import Size
from deadweight.text import apply_edits
from examples import snapshot_of
from test_completion import labels
from test_features import hovered
from test_layers import kept as kept_on

sys.path.insert(0, str(Path(__file__).parents[1] / "server" / "collect"))
import alpine as collector  # type: ignore[import-not-found]


def kept(run: str, base: str = "alpine:3.22") -> list[str]:
    return kept_on(run, base)


def known(size: Size | None) -> Size:
    assert size is not None
    assert 0 <= size.low <= size.best
    assert size.high is None or size.best <= size.high
    return size


def layers(dockerfile: str) -> list[Size | None]:
    """What each instruction of the last stage adds."""
    snapshot = snapshot_of(dockerfile)
    return [snapshot.sizes.layer(layer) for layer in snapshot.ledgers[-1].layers]


def findings(dockerfile: str, rule: str = "install-cache-kept") -> list[str]:
    return [each.finding.message for each in report(snapshot_of(dockerfile)) if each.rule.id == rule]


def fixed(dockerfile: str) -> str:
    """The Dockerfile after the first safe fix, "" where there is none."""
    snapshot = snapshot_of(dockerfile)
    found = report(snapshot)
    for each in found:
        for fix in each.finding.fixes(snapshot):
            if fix is not None and fix.safety is Safety.SAFE and holds(snapshot, found, each, fix):
                return apply_edits(snapshot.text, fix.edits)
    return ""


# --- apk in the ledger ----------------------------------------------------------------------------------------------

INDEX = "/var/cache/apk/APKINDEX.*.tar.gz: apk's package index"


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("RUN apk add --no-cache curl", ["*: apk(curl)"]),
        ("RUN apk --no-cache add curl", ["*: apk(curl)"]),
        ("RUN apk add curl", [INDEX, "*: apk(curl)"]),
        ("RUN apk -U add curl", [INDEX, "*: apk(curl)"]),
        ("RUN apk update", [INDEX]),
        ("RUN apk update && apk add curl", [INDEX, "*: apk(curl)"]),
        ("RUN apk add curl && rm -rf /var/cache/apk/*", ["*: apk(curl)"]),
        ("RUN apk add curl && rm -rf /var/cache", ["*: apk(curl)"]),
        # The index stays: https://github.com/kubernetes-sigs/external-dns/pull/3656
        ("RUN apk add curl && apk cache clean", [INDEX, "*: apk(curl)"]),
        ("RUN apk add --no-network curl", ["*: apk(curl)"]),
        ("RUN --mount=type=cache,target=/var/cache/apk apk add curl", ["*: apk(curl)"]),
        ("RUN --mount=type=cache,target=/etc/apk/cache apk add curl", ["*: apk(curl)"]),
        ("RUN apk add --no-cache 'nodejs=~22' \"curl>8\" foo@edge '!bar'", ["*: apk(nodejs curl foo)"]),
        ("RUN apk add --no-cache -X https://example.org/main -t .deps curl git", ["*: apk(curl git)"]),
        ("RUN apk add --no-cache --allow-untrusted /tmp/own.apk", ["*: apk(/tmp/own.apk)"]),
        ("RUN apk add --simulate curl", []),
        ("RUN apk info && apk search curl", []),
        (
            "RUN apk --root /mnt --initdb add curl",
            ["/mnt/var/cache/apk/APKINDEX.*.tar.gz: apk's package index", "/mnt: apk(curl)"],
        ),
        ("RUN apk upgrade --no-cache", ["*: built by apk upgrade"]),
        ("RUN apk fetch -o /tmp curl", ["/tmp: built by apk fetch"]),
        ("RUN apk add --no-cache curl git && apk del git", ["*: apk(curl)"]),
        ("RUN apk add --no-cache curl && apk add --no-cache --virtual .b gcc make && apk del .b", ["*: apk(curl)"]),
        ("RUN apk add --no-cache --virtual=.b gcc && apk --no-network del --purge .b", []),
        ("RUN DEPS='gcc make' && apk add --no-cache $DEPS", ["*: apk(gcc make)"]),
        ("RUN apk add --no-cache $DEPS", ["*: apk($DEPS)"]),
        ("ENV FLAGS=--no-cache\nRUN apk add $FLAGS curl", ["*: apk(curl)"]),
    ],
)
def test_what_apk_leaves(run: str, left: list[str]) -> None:
    assert kept(run) == left


def test_an_index_of_an_earlier_layer_is_not_written_again() -> None:
    assert kept("RUN apk update\nRUN apk add curl") == ["*: apk(curl)"]
    assert kept("RUN apk update && rm -rf /var/cache/apk/*\nRUN apk add curl") == [INDEX, "*: apk(curl)"]


def test_php_images_say_in_a_variable_what_extensions_need() -> None:
    assert "re2c" in kept("RUN apk add --no-cache $PHPIZE_DEPS", "php:8.4-fpm-alpine")[0]


def test_what_a_removal_leaves_of_other_packages_weighs_what_it_would_alone() -> None:
    # gcc brings libstdc++ along; when it goes, libstdc++ stays for those who asked for it.
    both = "FROM alpine:3.22\nRUN apk add --no-cache -t .b gcc && apk add --no-cache libstdc++ && apk del .b\n"
    alone = "FROM alpine:3.22\nRUN apk add --no-cache libstdc++\n"
    assert known(layers(both)[1]).best == known(layers(alone)[1]).best > 2_000_000


def test_a_removal_in_a_later_layer_frees_nothing() -> None:
    block = "FROM alpine:3.22\nRUN apk add --no-cache -t .b gcc\nRUN apk del .b\n"
    _, install, removal = layers(block)
    assert known(install).best > 150_000_000
    assert known(removal).best == 0
    assert findings(block, "late-delete") == [".b stays in the image: {lines} wrote it, and this layer only hides it"]


def test_a_package_that_comes_again_after_its_removal_is_written_again() -> None:
    once = layers("FROM alpine:3.22\nRUN apk add --no-cache git\n")[1]
    again = "RUN apk add --no-cache -t .a git && apk del .a && apk add --no-cache -t .b git\n"
    assert known(layers(f"FROM alpine:3.22\n{again}")[1]).best == known(once).best


# --- findings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN apk add curl", "RUN apk add --no-cache curl"),
        ("RUN apk --update add curl", "RUN apk --no-cache add curl"),
        ("RUN apk add --update-cache -q curl", "RUN apk add --no-cache -q curl"),
        ("RUN apk update && apk add curl", "RUN apk add --no-cache curl"),
        ("RUN apk update && apk add --no-cache curl", "RUN apk add --no-cache curl"),
        ("RUN apk update || a; apk add curl", "RUN apk update --no-cache || a; apk add --no-cache curl"),
        ("RUN apk update\nRUN apk add curl", "RUN apk add --no-cache curl"),
        ("# A\nRUN apk update\nRUN apk add curl", "# A\nRUN apk update --no-cache\nRUN apk add --no-cache curl"),
        ("RUN apk add curl\nRUN apk add git", "RUN apk add --no-cache curl\nRUN apk add --no-cache git"),
        # What a later RUN removes itself, it may fetch itself.
        (
            "RUN apk update\nRUN apk add git && rm -rf /var/cache/apk/*",
            "RUN apk add git && rm -rf /var/cache/apk/*",
        ),
    ],
)
def test_the_index_of_apk_goes_by_its_flag_in_all_that_would_keep_it(before: str, after: str) -> None:
    assert fixed(f"FROM alpine:3.22\n{before}\n") == f"FROM alpine:3.22\n{after}\n"


def test_alpine_before_3_3_knows_no_such_flag() -> None:
    assert fixed("FROM alpine:3.2\nRUN apk add curl\n").endswith("apk add curl && rm -rf /var/cache/apk/*\n")


@pytest.mark.parametrize(
    ("base", "before", "after"),
    [
        ("fedora:44", "RUN dnf install -y gcc", "RUN dnf install -y gcc && dnf clean all"),
        ("registry.access.redhat.com/ubi9/ubi-minimal", "RUN microdnf install -y git", "&& microdnf clean all"),
        ("centos:7", "RUN yum -y update\nRUN yum -y install gcc && yum clean all", "yum -y update && yum clean all"),
        ("centos:7", "RUN yum -y update\nRUN yum -y install gcc", "RUN yum -y install gcc && yum clean all"),
        ("opensuse/leap:15", "RUN zypper install -y git", "RUN zypper install -y git && zypper clean --all"),
    ],
)
def test_metadata_of_repositories_is_cleaned_where_it_is_kept(base: str, before: str, after: str) -> None:
    assert after in fixed(f"FROM {base}\n{before}\n")


@pytest.mark.parametrize(
    ("base", "run"),
    [
        ("fedora:44", "dnf install -y gcc && rm -rf /var/cache/libdnf5"),
        ("rockylinux:9", "rm -rf /foo && dnf install -y gcc && dnf clean all"),  # hadolint#1250
        ("rockylinux:9", "dnf clean all && dnf install -y gcc && dnf clean all"),  # hadolint#1179
        ("rockylinux:9", "dnf install -y gcc && rm -rf /var/cache/{dnf,yum}"),
        ("centos:7", "yum install -y gcc && rm -rf /var/cache/yum/*"),
        ("redhat/ubi9-minimal", "microdnf install -y git && microdnf clean all"),
        ("opensuse/leap:15", "zypper --non-interactive in git && zypper cc -a"),
        ("photon:5.0", "tdnf install -y jq"),  # nobody knows how much it keeps
    ],
)
def test_what_is_clean(base: str, run: str) -> None:
    assert findings(f"FROM {base}\nRUN {run}\n") == []


@pytest.mark.parametrize(
    ("base", "run"),
    [
        ("fedora:44", "dnf install -y gcc && rm -rf /var/cache/yum"),  # not where dnf keeps it
        ("rockylinux:9", "yum install -y gcc && rm -rf /var/cache/yum"),  # yum is dnf
        ("rockylinux:9", "dnf clean all && dnf install -y gcc"),
        ("opensuse/leap:15", "zypper in -y git && zypper clean"),  # which removes packages alone
    ],
)
def test_what_is_not_clean(base: str, run: str) -> None:
    assert len(findings(f"FROM {base}\nRUN {run}\n")) == 1


def test_what_dnf_leaves() -> None:
    cache = "/var/cache/dnf: dnf's package metadata"
    assert kept("RUN dnf -y --setopt=tsflags=nodocs install gcc-12.2.1-4.el9 make.x86_64", "rockylinux:9") == [
        cache,
        "*: rpm(gcc make recommends)",
    ]
    assert kept("RUN microdnf install -y git", "redhat/ubi9-minimal")[1:] == ["*: rpm(git recommends)"]
    assert kept("RUN dnf --installroot=/mnt install -y bash", "rockylinux:9") == [
        "/mnt/var/cache/dnf: dnf's package metadata",
        "/mnt: rpm(bash recommends)",
    ]
    assert kept("RUN dnf -y update --security && dnf clean all", "rockylinux:9") == ["*: built by dnf update"]
    assert kept("RUN dnf install -y gcc && dnf remove -y gcc && dnf clean all", "rockylinux:9") == []
    assert kept("RUN yum install -y java-1.8.0-openjdk && yum clean all", "centos:7") == ["*: rpm(java-1.8.0-openjdk)"]


# --- bytes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "megabytes"),
    [
        ("build-base", 248),
        ("gcc musl-dev", 152),
        ("git", 9.3),
        ("python3", 55.7),
        ("curl", 2.5),
        ("g++ make python3", 293),
    ],
)
def test_closures_come_to_what_the_survey_got_of_the_same_index(names: str, megabytes: float) -> None:
    found = known(apk.installed(names.split(), "3.17"))
    assert found.best == pytest.approx(megabytes * 1e6, rel=0.02)
    assert found.high is not None


def test_other_releases_have_wide_ranges_and_those_of_today_figures_of_today() -> None:
    old, new = known(apk.installed(("gcc", "musl-dev"), "3.12")), known(apk.installed(("gcc", "musl-dev"), None))
    assert old.high is not None
    assert old.high / old.low > 1.5
    assert new.best > 1.2 * old.best  # gcc 15 is a third larger than gcc 12
    assert {part.date for part in new.parts} > {"2026-09-09"}


def test_what_the_base_holds_is_not_written_again() -> None:
    assert apk.installed(("ca-certificates-bundle", "zlib"), "3.22") == Size(0, 0, 0)
    assert known(layers("FROM php:8.4-fpm-alpine\nRUN apk add --no-cache curl\n")[1]).best == 0
    assert known(layers("FROM alpine:3.22\nRUN apk add --no-cache curl\nRUN apk add --no-cache curl\n")[2]).best == 0


def test_a_name_that_a_package_provides_is_that_package() -> None:
    assert apk.added(("openssh-client",), "3.22").packages[0] == "openssh-client-default"
    found = alpine.alpine_package(alpine.OLD, "pkgconfig")
    assert found is not None
    assert found.name == "pkgconf"


def rpms(*names: str) -> PackageSet:
    return PackageSet("rpm", names)


def test_unknown_packages_open_the_upper_end() -> None:
    assert apk.installed(("no-such-package",), "3.22") is None
    assert known(apk.installed(("git", "no-such-package"), "3.22")).is_at_least
    assert known(apk.installed(("imagemagick",), "3.22")).is_at_least  # what it depends on is not written down
    assert rpm.installed(rpms("no-such-package")) is None
    assert known(rpm.installed(rpms("git", "no-such-package"))).is_at_least


def test_rpm_packages_weigh_what_debians_do_in_a_wide_range() -> None:
    found = known(rpm.installed(rpms("gcc-c++", "make")))
    assert found.high is not None
    assert found.high / found.low > 2
    assert "Debian" in found.parts[0].source
    assert known(rpm.installed(replace(rpms("gcc", "make"), already=("gcc",)))).best < 5_000_000


def test_every_dependency_of_a_package_is_in_the_table() -> None:
    rows = list(table("alpine").rows())
    names = {"?", *(row[1] for row in rows)}
    assert not [(row[1], each) for row in rows for each in row[4].split() if each not in names]


# --- in an editor ---------------------------------------------------------------------------------------------------


def test_hover_on_a_package_of_alpine_and_on_the_flag() -> None:
    what, text = hovered("FROM alpine:3.22\nRUN apk add --no-cache curl gi<|>t~=2\n")
    assert what == "git~=2"
    assert text.startswith("`git` with what it needs: **")
    assert "docker-library/repo-info" in text
    what, text = hovered("FROM alpine:3.22\nRUN apk add --no<|>-cache curl\n")
    assert what == "--no-cache"
    assert "`--no-cache` saves **2.5 MB** unpacked here" in text


def test_completion_of_packages_of_alpine() -> None:
    offered = labels("FROM alpine:3.22\nRUN apk add --no-cache -t .deps postgresql15<|>")
    assert offered[0] == "postgresql15"
    assert offered.index("postgresql15-dev") < offered.index("postgresql15-doc")
    assert "git" not in labels("FROM alpine:3.22\nRUN apk add git g<|>")
    assert labels("FROM debian:13\nRUN apk add gi<|>") == []


# --- the collector --------------------------------------------------------------------------------------------------

APKINDEX = """\
C:Q1
P:tool
V:1.0-r0
A:x86_64
S:100
I:4000
D:so:libz.so.1 /bin/sh !old-tool
p:cmd:tool=1.0-r0

P:zlib
V:1.3-r0
S:50
I:900
p:so:libz.so.1=1.3

P:busybox
V:1.37-r0
S:5
I:90
p:/bin/sh cmd:sh

P:dash
V:1-r0
S:5
I:90
p:/bin/sh

P:mail-a
V:1-r0
S:5
I:90
p:mailer=1
k:10

P:mail
V:1-r0
S:5
I:90
p:mailer=1
"""
DOCUMENT = """\
# `tool:1-alpine3.22`

- Created: `2026-09-17T20:37:20Z`

### `apk` package: `zlib`

```console
zlib-1.3.2-r0 description:
A library

zlib-1.3.2-r0 installed size:
105 KiB

```
"""


@pytest.mark.parametrize("name", ["APKINDEX", "APKINDEX.tar.gz"])
def test_the_collector_reads_an_index(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "APKINDEX":
        path.write_text(APKINDEX, "utf-8")
    else:
        path.write_bytes(gzip.compress(_tar(".SIGN.RSA", b"x")) + gzip.compress(_tar("APKINDEX", APKINDEX.encode())))
    collector.main(str(tmp_path), "3.22", "2026-01-02", str(path))
    lines = (tmp_path / "alpine.tsv").read_text("utf-8").splitlines()
    rows = {line.split("\t")[1]: line.split("\t") for line in lines[1:]}
    assert lines[1:] == sorted(lines[1:])
    assert rows["tool"][2:5] == ["4000", "100", "busybox zlib"]
    assert rows["mailer"][2:5] == ["", "", "mail-a"]  # the index says which one is preferred


def test_the_collector_reads_what_an_image_lists(tmp_path: Path) -> None:
    document = tmp_path / "alpine.md"
    document.write_text(DOCUMENT, "utf-8")
    collector.main(str(tmp_path), "3.22", "", str(document))
    row = "3.22\tzlib\t107520\t\t\tdocker-library/repo-info: tool:1-alpine3.22\t2026-09-17"
    assert row in (tmp_path / "alpine.tsv").read_text("utf-8").splitlines()


def _tar(name: str, content: bytes) -> bytes:
    """A tar archive as apk writes it, whose end the next one follows."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()
