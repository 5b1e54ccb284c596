"""Archives that stay after they were unpacked: who reads them, and how they are deleted."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.archive_kept import archive_kept
from deadweight.rules.rule import Safety
from examples import snapshot_of

GET = "curl -fsSLO https://e.org/a.tgz"


def fixed_run(run: str) -> str | None:
    """A RUN after the fix; "" where nothing is reported, None where it is without a fix."""
    snapshot = snapshot_of(f"FROM debian:trixie-slim\nRUN {run}\n")
    found = report(snapshot, rules=[archive_kept])
    if not found:
        return ""
    fixes = [fix for fix in found[0].fixes if holds(snapshot, report(snapshot), found[0], fix)]
    done = fixed(snapshot, fixes[:1]).text.partition("RUN ")[2].rstrip() if fixes else None
    return done and done.replace(" \\\n    ", " ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{GET} && tar xf a.tgz && make -C a", f"{GET} && tar xf a.tgz && rm a.tgz && make -C a"),
        (f"set -e; {GET}; tar xf a.tgz; b", f"set -e; {GET}; tar xf a.tgz; rm a.tgz; b"),
        (f"cd /opt && {GET} && tar xf /opt/a.tgz", f"cd /opt && {GET} && tar xf /opt/a.tgz && rm /opt/a.tgz"),
        (f"{GET} && (cd /opt && tar xf /a.tgz)", f"{GET} && (cd /opt && tar xf /a.tgz && rm /a.tgz)"),
        (
            f"{GET} && {GET}.asc && gpg --verify a.tgz.asc a.tgz && tar xf a.tgz",
            f"{GET} && {GET}.asc && gpg --verify a.tgz.asc a.tgz && tar xf a.tgz && rm a.tgz a.tgz.asc",
        ),
        ("wget https://e.org/a.deb && dpkg -i a.deb", "wget https://e.org/a.deb && dpkg -i a.deb && rm a.deb"),
        ("wget https://e.org/a.deb && apt-get install -y ./a.deb", "... && apt-get install -y ./a.deb && rm ./a.deb"),
        ("wget https://e.org/a.run && sh ./a.run --silent", "... && sh ./a.run --silent && rm ./a.run"),
        ("wget https://e.org/a.run && chmod +x a.run && ./a.run", "... && chmod +x a.run && ./a.run && rm /a.run"),
        ("wget https://e.org/kubectl && install -m 755 kubectl /usr/local/bin/", "... /usr/local/bin/ && rm kubectl"),
        ("wget https://e.org/a.gz && gunzip -k a.gz", "... && gunzip -k a.gz && rm a.gz"),
        (
            "for p in a b; do wget https://e.org/$p.zip && unzip $p.zip; done",
            "for p in a b; do wget https://e.org/$p.zip && unzip $p.zip; done && rm -f /a.zip",
        ),
    ],
)
def test_it_is_deleted_behind_its_last_use(before: str, after: str) -> None:
    done = fixed_run(before)
    if after.startswith("..."):
        assert done is not None
        assert done.endswith(after.removeprefix("..."))
    else:
        assert done == after


@pytest.mark.parametrize(
    "run",
    [
        f"{GET} && tar xf a.tgz && rm a.tgz",
        f"{GET} && tar xf a.tgz && cp a.tgz /srv/",
        f"{GET} && tar xf a.tgz && ./serve --archive=a.tgz",
        f"{GET} && tar tf a.tgz",
        f"{GET}",
        "curl -o /srv/files/a.tgz https://e.org/a.tgz && tar xf /srv/files/a.tgz && serve /srv/files",
        f"{GET} && mv a.tgz /srv/ && tar xf /srv/a.tgz && java -jar /srv/a.tgz",
        "git clone https://github.com/a/b.git && cd b && pip install .",
        "curl -o /usr/local/bin/setup https://e.org/setup && /usr/local/bin/setup --check",
        "curl -O https://e.org/cuda-keyring_1.1-1_all.deb && dpkg -i cuda-keyring_1.1-1_all.deb",
        "curl -O https://e.org/install.sh && sh install.sh",
    ],
)
def test_what_is_read_otherwise_or_small_is_no_news(run: str) -> None:
    assert fixed_run(run) == ""


def test_runs_become_one_where_the_next_unpacks() -> None:
    assert fixed_run(f"{GET}\nRUN tar xf a.tgz") == f"{GET} && tar xf a.tgz && rm a.tgz"


def test_a_copied_archive_goes_to_where_it_is_unpacked() -> None:
    files = "//- a.tar.gz 5000000\n"
    block = "//- Dockerfile\nFROM debian\nCOPY a.tar.gz /tmp/\nRUN {}\n" + files

    def fixes(run: str) -> list[str]:
        (reported,) = report(snapshot_of(block.replace("{}", run)), rules=[archive_kept])
        return [fix.id for fix in reported.fixes]

    assert fixes("tar -xzf /tmp/a.tar.gz -C /opt") == ["add"]
    assert fixes("tar -xzf /tmp/a.tar.gz -C /opt --strip-components=1") == ["bind-mount"]
    assert fixes("tar -xzf /tmp/a.tar.gz -C /opt && ldconfig") == ["bind-mount"]


def test_an_archive_of_a_copied_folder_stays_beside_what_came_out_of_it() -> None:
    block = "//- Dockerfile\nFROM debian\nWORKDIR /app\nCOPY . .\nRUN {}\n//- data/a.tar.gz 5000000\n//- b.tgz 3000\n"

    def said(run: str) -> list[str]:
        found = report(snapshot_of(block.replace("{}", run)), rules=[archive_kept])
        assert not any(reported.fixes for reported in found)
        return [reported.message for reported in found]

    message = "a.tar.gz stays in the image after its last use, saves about 5.0 MB"
    assert said("tar -xzf data/a.tar.gz -C /opt") == [message]
    assert said("cd data && tar xf a.tar.gz") == [message]
    assert said("tar -xzf data/a.tar.gz && rm data/a.tar.gz") == []
    assert said("tar -xzf b.tgz") == []
    assert said("make data/a.tar.gz") == []
    assert said("tar -tzf data/a.tar.gz") == []


BETWEEN = "RUN apt-get update\nRUN apt-get install -y b\nRUN pip install c\nRUN npm install -g d"


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (f"RUN {GET}\n{BETWEEN}\nRUN tar xf a.tgz", f"{BETWEEN}\nRUN {GET} && tar xf a.tgz && rm a.tgz"),
        (f"RUN b && {GET}\n{BETWEEN}\nRUN tar xf a.tgz", f"RUN b\n{BETWEEN}\nRUN {GET} && tar xf a.tgz && rm a.tgz"),
        (f"RUN {GET} && b\n{BETWEEN}\nRUN tar xf a.tgz", f"RUN b\n{BETWEEN}\nRUN {GET} && tar xf a.tgz && rm a.tgz"),
        # Only the two are one step: what is between them stays.
        (f"RUN {GET}\nRUN b\nRUN tar xf a.tgz", f"RUN {GET} && b && tar xf a.tgz && rm a.tgz"),
    ],
)
def test_it_is_downloaded_where_it_is_read(lines: str, after: str) -> None:
    snapshot = snapshot_of(f"FROM debian:trixie-slim\n{lines}\n")
    (reported,) = report(snapshot, rules=[archive_kept])
    fix = reported.fixes[0]
    assert fix.safety is Safety.SAFE
    assert holds(snapshot, report(snapshot), reported, fix)
    assert fixed(snapshot, [fix]).text.partition("\n")[2].replace(" \\\n    ", " ").rstrip() == after


@pytest.mark.parametrize(
    "lines",
    [
        # It is another one there, or nobody knows.
        f"RUN {GET}\n{BETWEEN}\nWORKDIR /srv\nRUN tar xf /a.tgz",
        f"RUN {GET}\n{BETWEEN}\nUSER app\nRUN tar xf a.tgz",
        f"RUN {GET}\n{BETWEEN}\nENV https_proxy=http://proxy\nRUN tar xf a.tgz",
        f"RUN --network=host {GET}\n{BETWEEN}\nRUN tar xf a.tgz",
        f"ARG V=1\nRUN V=2; curl -fsSLo a.tgz https://e.org/$V.tgz\n{BETWEEN}\nRUN tar xf a.tgz",
        f"RUN https_proxy=http://proxy {GET}\n{BETWEEN}\nRUN tar xf a.tgz",
        f"RUN if b; then {GET}; fi\n{BETWEEN}\nRUN tar xf a.tgz",
        f"RUN echo insecure > /root/.curlrc && {GET}\n{BETWEEN}\nRUN tar xf a.tgz",
        f"RUN {GET}\n{BETWEEN}\nRUN apt-get remove -y curl\nRUN tar xf a.tgz",
        # Another RUN reads it, too; a file of the project would have it downloaded again.
        f"RUN {GET}\n{BETWEEN}\nRUN sha256sum a.tgz\nRUN tar xf a.tgz",
        f"RUN {GET} && sha256sum a.tgz\n{BETWEEN}\nRUN tar xf a.tgz",
        f"RUN {GET}\n{BETWEEN}\nCOPY . /srv\nRUN tar xf a.tgz",
    ],
)
def test_it_is_downloaded_elsewhere_only_where_it_is_the_same(lines: str) -> None:
    snapshot = snapshot_of(f"FROM debian:trixie-slim\n{lines}\n")
    for reported in report(snapshot, rules=[archive_kept]):
        assert all(fix.safety is Safety.ASK for fix in reported.fixes)
