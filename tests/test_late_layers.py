"""Layers that take back or write again what earlier ones wrote: what is said, and what a fix makes of it."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.late_delete import late_delete
from deadweight.rules.rewritten_in_later_layer import rewritten_in_later_layer
from deadweight.rules.rule import Rule, Safety
from examples import snapshot_of

FILES = """\
//- big.bin 60000000
//- tool 60000000
//- models/a.bin 30000000
//- models/b.bin 30000000
//- pack.tar.gz 60000000
"""


def tried(rule: Rule, lines: str, base: str = "debian:bookworm-slim") -> tuple[str, str] | None:
    """How safe the fix of the only finding is, and what it makes of the lines; "" where there is no fix."""
    head = f"FROM {base}\n"
    snapshot = snapshot_of(f"//- Dockerfile\n{head}{lines}{FILES}")
    found = report(snapshot, rules=[rule])
    if not found:
        return None
    (reported,) = found
    fixes = [fix for fix in reported.fixes if holds(snapshot, report(snapshot), reported, fix)]
    return (fixes[0].safety.value, fixed(snapshot, [fixes[0]]).text.removeprefix(head)) if fixes else ("", "")


SAFE, ASK = Safety.SAFE.value, Safety.ASK.value


@pytest.mark.parametrize(
    ("before", "safety", "after"),
    [
        # Owner, group, both; the command stays for the folder itself.
        ("COPY models /m\nRUN chown -R 7:8 /m\n", SAFE, "COPY --chown=7:8 models /m\nRUN chown 7:8 /m\n"),
        ("COPY models /m\nRUN chown -Rv 7 /m\n", SAFE, "COPY --chown=7:root models /m\nRUN chown -v 7 /m\n"),
        ("COPY models /m\nRUN chgrp --recursive 8 /m\n", SAFE, "COPY --chown=root:8 models /m\nRUN chgrp 8 /m\n"),
        ("COPY big.bin /\nRUN chown 7:8 /big.bin\n", SAFE, "COPY --chown=7:8 big.bin /\n"),
        ("COPY big.bin /\nRUN true && chown 7:8 /big.bin\n", SAFE, "COPY --chown=7:8 big.bin /\nRUN true\n"),
        (
            "COPY models /m\nCOPY big.bin /m/\nRUN chown -R 7:8 /m\n",
            SAFE,
            "COPY --chown=7:8 models /m\nCOPY --chown=7:8 big.bin /m/\nRUN chown 7:8 /m\n",
        ),
        # An account that is there, that an earlier RUN makes, or the same.
        (
            "COPY models /m\nRUN chown -R www-data:www-data /m\n",
            SAFE,
            "COPY --chown=www-data:www-data models /m\nRUN chown www-data:www-data /m\n",
        ),
        (
            "RUN useradd app\nCOPY models /m\nRUN echo\nRUN chown -R app:app /m\n",
            SAFE,
            "RUN useradd app\nCOPY --chown=app:app models /m\nRUN echo\nRUN chown app:app /m\n",
        ),
        (
            "WORKDIR /m\n# the models\nCOPY models .\nRUN useradd app && chown -R app:app /m\n",
            SAFE,
            "WORKDIR /m\nRUN useradd app && chown app:app /m\n# the models\nCOPY --chown=app:app models .\n",
        ),
        ("COPY models /m\nRUN useradd app && chown -R app:app /m\n", "", ""),  # there is no /m yet
        ("COPY models /m\nRUN useradd app\nRUN chown -R app:app /m\n", "", ""),
        ("WORKDIR /m\nCOPY models .\nRUN useradd app && cat a.bin && chown -R app:app /m\n", "", ""),
        # One that the file makes has a number before it is there.
        (
            "COPY models /m\nRUN groupadd -g 8 app && useradd -u 7 -g 8 app\nRUN chown -R app:app /m\n",
            SAFE,
            "COPY --chown=7:8 models /m\nRUN groupadd -g 8 app && useradd -u 7 -g 8 app\nRUN chown app:app /m\n",
        ),
        ("COPY models /m\nRUN useradd -u 7 app\nRUN chown -R app:app /m\n", "", ""),
        ("COPY models /m\nRUN groupadd -g 8 a; useradd -u 7 a; usermod -u 9 a\nRUN chown -R a:a /m\n", "", ""),
        ("COPY models /m\nRUN groupadd -g 8 app && useradd -u 7 -g app bob\nRUN chown -R app:app /m\n", "", ""),
        # Both at once
        (
            "COPY models /m\nRUN chown -R 7:8 /m && chmod -R 750 /m\n",
            SAFE,
            "COPY --chown=7:8 --chmod=750 models /m\nRUN chown 7:8 /m && chmod 750 /m\n",
        ),
        ("COPY models /m\nRUN chown -R app: /m\n", "", ""),  # the group of the account, whatever that is
        ("COPY models /m\nRUN chown -R $APP /m\n", "", ""),
        ("COPY --chown=9 models /m\nRUN chown -R 7:8 /m\n", "", ""),
        ("COPY models /m/sub\nRUN mkdir -p /m/logs\nRUN chown -R 7:8 /m/\n", ASK, None),
        ("COPY models /m\nRUN echo a > /m/a && chown -R 7:8 /m\n", ASK, None),
        ("COPY models /m\nRUN make -C /m\nRUN chown -R 7:8 /m\n", "", ""),
        ("COPY models /m\nRUN true || chown -R 7:8 /m\n", None, None),
        # Modes: by their number, or of a download, which has 600.
        ("COPY tool /bin/\nRUN chmod 755 /bin/tool\n", SAFE, "COPY --chmod=755 tool /bin/\n"),
        ("COPY tool /bin/\nRUN chmod +x /bin/tool\n", ASK, "COPY --chmod=755 tool /bin/\n"),
        ("COPY models /m\nRUN chmod -R 750 /m\n", SAFE, "COPY --chmod=750 models /m\nRUN chmod 750 /m\n"),
        ("COPY models /m/sub\nRUN chmod -R 750 /m\n", "", ""),  # COPY would make /m/sub with 755
        ("ADD https://x/y /bin/y\nRUN chmod +x /bin/y\n", SAFE, "ADD --chmod=711 https://x/y /bin/y\n"),
        ("ADD pack.tar.gz /p\nRUN chmod -R 750 /p\n", "", ""),
        # Places
        ("COPY tool /tmp/\nRUN mv /tmp/tool /bin/t\n", SAFE, "COPY tool /bin/t\n"),
        ("COPY tool /tmp/\nRUN mv /tmp/tool /bin/t && t --version\n", SAFE, "COPY tool /bin/t\nRUN t --version\n"),
        ("COPY tool /tmp/\nRUN /tmp/tool && mv /tmp/tool /bin/t\n", "", ""),
        ("COPY models /m\nRUN mv /m /n\n", "", ""),
        # Of a RUN
        ("RUN curl -o /x.tgz https://x/y.tgz\nRUN chmod 644 /x.tgz\n", SAFE, None),
        ("RUN curl -o /x.tgz https://x/y.tgz\nARG A=1\nRUN chmod 644 /x.tgz\n", "", ""),
        ("COPY models /m\nRUN find /m -exec chown 7:8 {} +\n", "", ""),
        ("COPY models /m\nRUN find /m -type f -exec chmod 644 {} \\;\n", "", ""),
        # Nothing is written again.
        ("COPY models /m\nRUN find /m -type d -exec chmod 755 {} \\;\n", None, None),
        ("COPY models /m\nRUN find /m -name run -exec chmod 755 {} \\;\n", None, None),
        ("RUN curl -o /x.tgz https://x/y.tgz && chmod 644 /x.tgz\n", None, None),
        ("COPY models /m\nRUN chown 7:8 /m && ln -s /m /n\n", None, None),
        ("COPY big.bin /\nRUN cp /big.bin /copy.bin\n", None, None),
    ],
)
def test_what_is_written_again(before: str, safety: str | None, after: str | None) -> None:
    made = tried(rewritten_in_later_layer, before)
    if safety is None:
        assert made is None
    else:
        assert made is not None
        assert made[0] == safety
        assert after is None or made[1] == after


def test_records_of_packages_lie_in_folders_of_the_system() -> None:
    install = "RUN apt-get update && apt-get install -y less && rm -rf /var/lib/apt/lists/*\n"
    text = f"FROM debian:bookworm-slim\n{install}COPY models /app\nRUN chown -R 7:8 /app\n"
    (reported,) = report(snapshot_of(f"//- Dockerfile\n{text}{FILES}"), rules=[rewritten_in_later_layer])
    assert reported.message == "chown writes what line 3 wrote once more, saves about 60 MB"


def test_what_a_stage_copies_keeps_its_group() -> None:
    head = "FROM debian:bookworm-slim AS a\nCOPY models /m\nFROM debian:bookworm-slim\nCOPY --from=a /m /m\n"
    for owner, fixes in (("7", 0), ("7:8", 1)):
        snapshot = snapshot_of(f"//- Dockerfile\n{head}RUN chown -R {owner} /m\n{FILES}")
        (reported,) = report(snapshot, rules=[rewritten_in_later_layer])
        assert len(reported.fixes) == fixes


@pytest.mark.parametrize(
    ("before", "safety", "after"),
    [
        # The writer and the remover become one RUN, with all between them.
        (
            "RUN curl -o /x.tgz https://x/y.tgz\nRUN tar xf /x.tgz -C /srv\nRUN rm /x.tgz\n",
            SAFE,
            "RUN curl -o /x.tgz https://x/y.tgz \\\n    && tar xf /x.tgz -C /srv \\\n    && rm /x.tgz\n",
        ),
        # What is copied between them is copied below, where the others have nothing to do with it.
        (
            "RUN curl -o /x.tgz https://x/y.tgz\n# a tool\nCOPY tool /\nRUN rm /x.tgz\n",
            SAFE,
            "RUN curl -o /x.tgz https://x/y.tgz \\\n    && rm /x.tgz\n# a tool\nCOPY tool /\n",
        ),
        (
            "RUN curl -o /x.tgz https://x/y.tgz\nCOPY tool /\nRUN useradd app\nRUN rm /x.tgz\n",
            SAFE,
            "RUN curl -o /x.tgz https://x/y.tgz \\\n    && useradd app \\\n    && rm /x.tgz\nCOPY tool /\n",
        ),
        ("RUN curl -o /x.tgz https://x/y.tgz\nCOPY tool /srv/\nRUN rm -r /x.tgz /srv\n", "", ""),
        ("RUN curl -o /t/x.tgz https://x/y.tgz\nCOPY tool /t/\nRUN rm /t/*\n", "", ""),
        ("RUN curl -o /x.tgz https://x/y.tgz\nCOPY tool /\nRUN /tool && rm /x.tgz\n", "", ""),
        ("RUN curl -o /x.tgz https://x/y.tgz\nCOPY tool /etc/\nRUN useradd app\nRUN rm /x.tgz\n", "", ""),
        ("RUN curl -o /x.tgz https://x/y.tgz\nCOPY tool /\nENV A=1\nRUN rm /x.tgz\n", "", ""),
        ("RUN curl -o /x.tgz https://x/y.tgz\nUSER 7\nRUN rm /x.tgz\n", "", ""),
        ("RUN curl -o /x.tgz https://x/y.tgz\nRUN --network=none rm /x.tgz\n", "", ""),
        ('RUN curl -o /x.tgz https://x/y.tgz\nRUN ["rm", "/x.tgz"]\n', "", ""),
        ("RUN cd /tmp && curl -o x.tgz https://x/y.tgz\nRUN rm /tmp/x.tgz\n", SAFE, None),
        (
            "RUN set -eux; curl -o /x.tgz https://x/y.tgz\nRUN set -e; rm /x.tgz\n",
            SAFE,
            "RUN set -eux; curl -o /x.tgz https://x/y.tgz; \\\n    rm /x.tgz\n",
        ),
        ("RUN set -euf; curl -o /x.tgz https://x/y.tgz\nRUN set -e; rm /x.tgz\n", "", ""),
        # The RUN above writes the same records.
        (
            "RUN dpkg -i /a.deb\nRUN curl -o /x.deb https://x/y\nRUN dpkg -i /x.deb && rm /x.deb\n",
            SAFE,
            "RUN dpkg -i /a.deb \\\n    && curl -o /x.deb https://x/y \\\n    && dpkg -i /x.deb && rm /x.deb\n",
        ),
        ("COPY big.bin /\nRUN truncate -s 0 /big.bin\n", "", ""),
        # What was unpacked lies elsewhere by now.
        ("RUN curl https://x/y.tgz | tar xz -C /tmp && mv /tmp/y /opt\nCOPY tool /\nRUN rm -rf /tmp/*\n", None, None),
        (
            "RUN curl https://x/y.tgz | tar xz -C /tmp && mv /tmp/y/bin/y /opt\nCOPY tool /\nRUN rm -rf /tmp/*\n",
            SAFE,
            None,
        ),
        # The folder that was unpacked went in the RUN that unpacked it.
        (
            "RUN curl https://x/y-1.tgz | tar xz -C /tmp && rm -rf /tmp/y-*\nCOPY tool /\nRUN rm -rf /tmp/*\n",
            None,
            None,
        ),
        ("RUN curl https://x/y-1.tgz | tar xz -C /tmp && rm -f /tmp/log\nCOPY tool /\nRUN rm -rf /tmp/*\n", SAFE, None),
        # What tools leave needs no other RUN.
        (
            "RUN apt-get update && apt-get install -y curl\nRUN rm -rf /var/lib/apt/lists/*\n",
            SAFE,
            "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
        ),
        (
            "RUN apt-get update\nRUN apt-get install -y curl\nRUN rm -rf /var/lib/apt/lists/*\n",
            SAFE,
            "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
        ),
        # That goes for them alone where other things are deleted as well.
        (
            "COPY models /m\nRUN npm i -g typescript@5\nCOPY tool /\nRUN npm cache clean --force && rm -r /m && a\n",
            SAFE,
            "COPY models /m\nRUN npm i -g typescript@5 && npm cache clean --force\nCOPY tool /\nRUN rm -r /m && a\n",
        ),
        ("COPY models /m\nRUN npm install -g typescript@5\nCOPY tool /\nRUN rm -r /m ~/.npm\n", SAFE, None),
        # A file of the context is shown to the RUN, where that only reads it.
        (
            "COPY pack.tar.gz /tmp/\nRUN tar xf /tmp/pack.tar.gz -C /srv && rm /tmp/pack.tar.gz\n",
            ASK,
            "RUN --mount=type=bind,source=pack.tar.gz,target=/tmp/pack.tar.gz tar xf /tmp/pack.tar.gz -C /srv\n",
        ),
        ("COPY pack.tar.gz /tmp/\nRUN touch /tmp/pack.tar.gz && rm /tmp/pack.tar.gz\n", "", ""),
        # In a branch, in the same RUN, of a script, of nothing.
        ("RUN curl -o /x.tgz https://x/y.tgz\nRUN if a; then rm /x.tgz; fi\n", None, None),
        ("RUN curl -o /x.tgz https://x/y.tgz && rm /x.tgz\n", None, None),
        ("RUN curl -o /tmp/setup.sh https://x/setup.sh\nRUN rm /tmp/setup.sh\n", None, None),
        ("RUN rm -rf /usr/share/doc\n", None, None),
        ("RUN --mount=type=cache,target=/t curl -o /t/x.tgz https://x/y\nRUN rm -rf /t/x.tgz\n", None, None),
        ("COPY models /m\nRUN mv /m /n\n", None, None),
    ],
)
def test_what_is_deleted_late(before: str, safety: str | None, after: str | None) -> None:
    made = tried(late_delete, before)
    if safety is None:
        assert made is None
    else:
        assert made is not None
        assert made[0] == safety
        assert after is None or made[1] == after


def test_the_lines_that_wrote_are_named() -> None:
    snapshot = snapshot_of(f"//- Dockerfile\nFROM debian:12\nCOPY models /m\nRUN echo\nRUN rm -r /m/a.bin\n{FILES}")
    (reported,) = report(snapshot, rules=[late_delete])
    (related,) = reported.related
    assert snapshot.text[related.span.start : related.span.end] == "models"
    assert reported.message == (
        "/m/a.bin stays in the image: line 2 wrote it, and this layer only hides it, saves about 30 MB"
    )


def test_a_stage_may_delete_what_the_stage_below_wrote() -> None:
    text = f"//- Dockerfile\nFROM debian:12 AS a\nCOPY models /m\nFROM a\nRUN rm -r /m\n{FILES}"
    (reported,) = report(snapshot_of(text), rules=[late_delete])
    assert reported.finding.saves is not None
    assert reported.finding.saves.best == 60_000_000
    assert reported.fixes == ()


@pytest.mark.parametrize(("flag", "change", "low"), [("7:8", "7:8", 0), ("a", "a:a", 0), ("7:8", "9", 60_000_000)])
def test_an_owner_that_files_have_already_is_perhaps_written_again(flag: str, change: str, low: int) -> None:
    """By the classic image store, which keeps what it has copied up."""
    text = f"//- Dockerfile\nFROM debian:12\nCOPY --chown={flag} models /m\nRUN chown -R {change} /m\n{FILES}"
    (reported,) = report(snapshot_of(text), rules=[rewritten_in_later_layer])
    assert reported.finding.saves is not None
    assert reported.finding.saves.low == low


def test_nothing_of_the_base_image_lies_below_a_file() -> None:
    build = "FROM golang:1.26 AS build\nWORKDIR /src\nRUN go build -o app .\nFROM alpine:3.22\n"
    copied = "COPY {}--from=build /src/app /usr/bin/app\n"
    account = "RUN addgroup -g 10001 -S app && adduser -u 10001 -S app -G app"
    snapshot = snapshot_of(f"{build}{copied.format('')}{account} && chown -R app:app /usr/bin/app\n")
    (found,) = (each for each in report(snapshot) if each.rule.id == "rewritten-in-later-layer")
    assert found.message.startswith("chown writes what line 5 wrote once more")
    after = f"{build}{copied.format('--chown=10001:10001 ')}{account}\n"
    assert fixed(snapshot, found.fixes[:1]).text == after
    assert holds(snapshot, report(snapshot), found, found.fixes[0])


GET = "RUN curl -fsSLo /tmp/a.zip https://e.org/a.zip\n"


def _first_fix(rule: str, text: str) -> str | None:
    """The file below FROM after the first safe fix of a rule; None where it has none."""
    snapshot = snapshot_of(text)
    everything = report(snapshot)
    safe = (
        fix
        for each in everything
        if each.rule.id == rule
        for fix in each.fixes
        if fix.safety is Safety.SAFE and holds(snapshot, everything, each, fix)
    )
    fix = next(safe, None)
    return fixed(snapshot, [fix]).text if fix else None


def test_a_download_is_made_where_it_is_read_and_deleted_there() -> None:
    install, env = "RUN apt-get install -y --no-install-recommends unzip\n", "ENV TOOLS=/opt/a\n"
    text = f"FROM python:3.13\n{GET}{install}RUN unzip /tmp/a.zip -d /opt\n{env}RUN rm -rf /tmp/a.zip\n"
    unzip = f"{GET.rstrip()} && unzip /tmp/a.zip -d /opt && rm -f /tmp/a.zip\n"
    assert _first_fix("late-delete", text) == f"FROM python:3.13\n{install}{unzip}{env}"


@pytest.mark.parametrize(
    "between",
    [
        "RUN unzip /tmp/a.zip -d /opt\nARG A=1\nRUN unzip /tmp/a.zip -d /srv\n",  # two read it
        "RUN ./install.sh\nARG A=1\nRUN unzip /tmp/a.zip -d /opt\n",  # perhaps
        "COPY . /app\nENV A=1\nRUN unzip /tmp/a.zip -d /opt\n",
    ],
)
def test_a_download_stays_where_others_may_read_it(between: str) -> None:
    text = f"FROM python:3.13\n{GET}{between}ENV B=1\nRUN rm -rf /tmp/a.zip\n"
    assert _first_fix("late-delete", text) is None


def test_a_file_of_a_stage_lies_on_nothing_of_the_base_image() -> None:
    text = (
        "FROM golang:1.25 AS build\nCOPY . /src\nWORKDIR /src\nRUN go build -o tool .\n"
        "FROM gcr.io/distroless/static:debug\nCOPY --from=build /src/tool /usr/bin/tool\n"
        'SHELL ["/busybox/sh", "-c"]\n'
        "RUN addgroup -g 10001 -S tool && adduser -u 10001 -S tool -G tool && chown -R tool:tool /usr/bin/tool\n"
    )
    (reported,) = (each for each in report(snapshot_of(text)) if each.rule.id == "rewritten-in-later-layer")
    assert reported.message.startswith("chown writes what line 6 wrote once more")
    done = _first_fix("rewritten-in-later-layer", text)
    assert done is not None
    assert "COPY --chown=10001:10001 --from=build /src/tool /usr/bin/tool\n" in done


def test_what_go_has_built_can_be_run() -> None:
    build = "FROM golang:1.25 AS build\nCOPY . /src\nWORKDIR /src\nRUN go build -o /bin/tool .\n"
    copy = "FROM debian:13\nCOPY --from=build /bin/tool /bin/tool\n"
    assert _first_fix("rewritten-in-later-layer", f"{build}{copy}RUN chmod +x /bin/tool\n") == build + copy
    copied = "FROM debian:13\nCOPY --from=build /src/run.sh /bin/tool\n"
    assert _first_fix("rewritten-in-later-layer", f"{build}{copied}RUN chmod +x /bin/tool\n") is None


def test_a_toolchain_that_is_there_leaves_nothing_again() -> None:
    install = "RUN curl https://sh.rustup.rs -sSf | sh -s -- -y\n"
    text = f"FROM debian:13\n{install}ENV PATH=/root/.cargo/bin:$PATH\nRUN rustup default stable\n"
    done = _first_fix("rust-docs-kept", text)
    assert done is not None
    assert done.count("/share/doc") == 1


@pytest.mark.parametrize(
    ("between", "is_deleted_there"),
    [
        ("RUN touch /tmp/b", True),
        ("RUN make -C /opt/a", True),
        ("RUN sha256sum /tmp/a.zip", False),
        ("RUN cd /tmp && sha256sum *.zip", False),
        ("RUN /opt/a/install --from /tmp", False),
        ("RUN /opt/a/install --with=a.zip", False),
    ],
)
def test_a_download_is_deleted_in_its_own_run_where_nothing_else_reads_it(between: str, is_deleted_there: bool) -> None:
    get = f"{GET.rstrip()} && unzip /tmp/a.zip -d /opt"
    text = f"FROM python:3.13\n{get}\nARG A=1\n{between}\nRUN rm -rf /tmp/a.zip\n"
    wanted = f"FROM python:3.13\n{get} && rm -f /tmp/a.zip\nARG A=1\n{between}\n"
    assert _first_fix("late-delete", text) == (wanted if is_deleted_there else None)


@pytest.mark.parametrize("late", ["rm /tmp/*.zip", "rm /tmp/a.zip /tmp/b", "rmdir /tmp"])
def test_nothing_goes_that_a_later_command_has_to_find(late: str) -> None:
    text = f"FROM python:3.13\n{GET.rstrip()} && unzip /tmp/a.zip -d /opt && touch /tmp/b\nARG A=1\nRUN {late}\n"
    assert _first_fix("late-delete", text) is None
