"""Which clones may lose their history without asking: nothing reads it, or nothing can any more."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import holds
from deadweight.analysis.report import report
from deadweight.rules.git_history_kept import git_history_kept
from examples import snapshot_of

CLONE = "git clone https://github.com/example/tool.git /opt/tool"


@pytest.mark.parametrize(
    ("lines", "fix"),
    [
        (f"RUN {CLONE}\n", "shallow safe"),
        (f"RUN {CLONE} && cd /opt/tool && sed -i s/a/b/ conf && chmod +x run.sh\n", "shallow safe"),
        (f"RUN {CLONE} && mv /opt/tool/bin/* /usr/local/bin/\n", "shallow safe"),
        (f"RUN {CLONE}\nWORKDIR /opt\nRUN cp tool/conf /etc/ && pip install tool\n", "shallow safe"),
        (f"WORKDIR /opt/tool\nRUN {CLONE}\nWORKDIR /srv\n", "shallow safe"),
        ("RUN git clone https://gitlab.example.org/a/b.git /opt/b\n", "shallow safe"),
        ("RUN git clone https://git.example.org/a/b.git /opt/b\n", "shallow ask"),
        # They take the history along, or something may read it.
        (f"RUN {CLONE} && cp -r /opt/tool /srv\n", "partial safe"),
        (f"RUN {CLONE} && cd /opt/tool && cp -r . /srv\n", "partial safe"),
        (f"RUN {CLONE} && mv /opt/tool/.git /srv\n", "shallow ask"),
        (f"RUN {CLONE}\nRUN make -C /opt/tool\n", "partial safe"),
        (f"RUN {CLONE}\nWORKDIR /opt/tool\n", "partial safe"),
        (f"RUN {CLONE}\nRUN pip install /opt/tool\n", "remove-history safe"),
        # Another version is checked out; git goes, or does not for good.
        (f"RUN {CLONE} && git -C /opt/tool checkout 4f2c9d1\n", "partial safe"),
        (f"RUN apk add git && {CLONE} && make -C /opt/tool && apk del git\n", "remove-history safe"),
        (f"RUN apk add git && {CLONE} && git -C /opt/tool checkout 4f2c9d1 && apk del git\n", "remove-history safe"),
        (f"RUN apk add --virtual .b git && {CLONE} && make -C /opt/tool && apk del .b\n", "remove-history safe"),
        (f"RUN apk add git && {CLONE} && make -C /opt/tool && apk del git\nRUN apk add git\n", "partial safe"),
        (f"RUN apk add git && {CLONE} && make -C /opt/tool\nRUN apk del git\n", "remove-history safe"),
        (f"RUN apk add git && {CLONE}\nRUN make -C /opt/tool\nRUN apk del git\n", "partial safe"),
        (f"RUN {CLONE} && make -C /opt/tool\nRUN wget https://x/opt/tool\nRUN apk del git\n", "remove-history safe"),
        ("RUN git clone https://chromium.googlesource.com/a/b /opt/b\n", "shallow safe"),
        (f"RUN {CLONE} --recurse && make -C /opt/tool\n", "partial safe"),
        (f"RUN apk add git && apk del git && {CLONE} && make -C /opt/tool\n", "partial safe"),
    ],
)
def test_a_history_goes_without_asking_where_nothing_reads_it(lines: str, fix: str) -> None:
    snapshot = snapshot_of(f"FROM alpine:3.22\n{lines}")
    (reported,) = report(snapshot, rules=[git_history_kept])
    found = reported.fixes[0]
    assert f"{found.id} {found.safety.value}" == fix
    assert holds(snapshot, report(snapshot), reported, found)


@pytest.mark.parametrize(
    ("base", "lines"),
    [
        # git is too old, or nobody knows how old.
        ("ubuntu:18.04", f"RUN {CLONE} && make -C /opt/tool\n"),
        ("alpine:3.9", f"RUN {CLONE} && make -C /opt/tool\n"),
        ("example/base", f"RUN {CLONE} && make -C /opt/tool\n"),
        # The server leaves nothing out, or what it gives later takes a key, a secret, a network or a setting.
        ("debian:13", "RUN git clone https://bitbucket.org/example/tool.git /opt/tool && make -C /opt/tool\n"),
        ("debian:13", "RUN git clone https://$TOKEN@github.com/example/tool.git /opt/tool && make -C /opt/tool\n"),
        ("debian:13", "RUN git clone git@github.com:example/tool.git /opt/tool && make -C /opt/tool\n"),
        ("debian:13", f"RUN --mount=type=secret,id=netrc {CLONE} && make -C /opt/tool\n"),
        ("debian:13", f"RUN {CLONE}\nRUN --network=none make -C /opt/tool\n"),
        ("debian:13", f"RUN GIT_SSL_NO_VERIFY=1 {CLONE} && make -C /opt/tool\n"),
        ("debian:13", f"RUN git -c http.sslVerify=false {CLONE[4:]} && make -C /opt/tool\n"),
        ("debian:13", f"RUN {CLONE} && git -C /opt/tool remote remove origin && make -C /opt/tool\n"),
        # A second clone cannot ask the server, and a library does not know how to.
        ("debian:13", f"RUN {CLONE} && git clone /opt/tool /srv/tool && make -C /srv/tool\n"),
        ("debian:13", f"RUN {CLONE} && cd /opt/tool && cargo build --release\n"),
        ("debian:13", f"RUN {CLONE}\nWORKDIR /opt/tool\nCMD gollum\n"),
        # A shortened hash may have a digit less.
        ("debian:13", f"RUN {CLONE} && cd /opt/tool && git rev-parse --short HEAD > /version\n"),
        ("debian:13", f"RUN {CLONE} && cd /opt/tool && git describe > /version\n"),
    ],
)
def test_old_files_stay_with_the_server_only_where_that_changes_nothing(base: str, lines: str) -> None:
    snapshot = snapshot_of(f"FROM {base}\n{lines}")
    reported = report(snapshot, rules=[git_history_kept])
    assert reported
    assert all(fix.id != "partial" for each in reported for fix in each.fixes)


@pytest.mark.parametrize("account", ["gitpod", "vscode"])
def test_people_work_in_what_they_clone(account: str) -> None:
    text = f"ARG base\nFROM ${{base}}\nUSER {account}\nRUN git clone https://github.com/pyenv/pyenv.git ~/.pyenv\n"
    assert not report(snapshot_of(text), rules=[git_history_kept])
    assert report(snapshot_of(text.replace(account, "app")), rules=[git_history_kept])


@pytest.mark.parametrize(("folder", "said"), [("/opt/tool", 0), ("/opt/tool/.git", 0), ("/opt/tool-data", 1)])
def test_a_variable_tells_of_this_clone_and_of_no_folder_that_begins_alike(folder: str, said: int) -> None:
    snapshot = snapshot_of(f"FROM debian:13\nRUN {CLONE}\nENV TOOL_GIT_DIR={folder}\n")
    assert len(report(snapshot, rules=[git_history_kept])) == said
