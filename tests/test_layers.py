"""The ledger: what an instruction leaves in its layer, told by small Dockerfiles."""

from __future__ import annotations

import pytest

from deadweight.model.effects import (
    Built,
    Cause,
    Compiled,
    Copied,
    CopiedFromStage,
    Download,
    Extracted,
    Leftover,
    Measured,
    Output,
    PackageSet,
    Text,
)
from examples import snapshot_of

FILES = """\
//- package.json
{"dependencies": {"express": "^5.1.0"}, "scripts": {"build": "tsc", "pack": "webpack"}}
//- src/app.ts 1000
//- src/app.test.ts 300
//- data/a.bin 70
//- data/b.txt 7
//- tool.tar.gz 5000
"""


def shown(cause: Cause) -> str:
    """A cause in a word or two."""
    match cause:
        case PackageSet():
            options = "".join(f" {option}" for option in sorted(cause.options))
            return f"{cause.manager}({' '.join(cause.names)}{options})"
        case Leftover():
            return cause.what
        case Copied():
            return f"copied {cause.selection.bytes if cause.selection else '?'}"
        case CopiedFromStage():
            return f"from {cause.stage}({', '.join(shown(each.cause) for each in cause.effects or ())})"
        case Download():
            return f"download {cause.url}"
        case Extracted():
            return f"extracted {cause.archive}"
        case Text():
            return f"text {cause.bytes}"
        case Compiled():
            return f"compiled {cause.bytes}"
        case Measured():
            return cause.what
        case Built():
            return f"built by {cause.program}"
    return "the base"


def kept(dockerfile: str, base: str = "debian:bookworm-slim") -> list[str]:
    """What the last instruction leaves, as `path: cause`."""
    text = dockerfile if dockerfile.startswith("FROM") else f"FROM {base}\n{dockerfile}"
    ledger = snapshot_of(f"//- Dockerfile\n{text}\n{FILES}").ledgers[-1]
    return [f"{effect.path or '*'}: {shown(effect.cause)}" for effect in ledger.layers[-1].kept]


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("RUN apt-get update", ["/var/lib/apt/lists: apt package lists"]),
        ("RUN apt-get update && rm -rf /var/lib/apt/lists/*", []),
        ("RUN apt-get update && rm -rf /var/lib/apt", []),
        ("RUN bash -c 'apt-get update && rm -rf /var/{cache,lib}/apt'", []),
        ("RUN apt-get update && rm -rf /var/{cache,lib}/apt", ["/var/lib/apt/lists: apt package lists"]),
        ("RUN apt-get update && find /var/lib/apt/lists -type f -delete", []),
        ("RUN apt-get update; apt-get dist-clean", []),
        ("RUN rm -rf /var/lib/apt/lists/* && apt-get update", ["/var/lib/apt/lists: apt package lists"]),
        ("RUN apt-get update && rm -rf /var/lib/apt/lists/partial", ["/var/lib/apt/lists: apt package lists"]),
        ("RUN --mount=type=cache,target=/var/lib/apt apt-get update", []),
        ("RUN --mount=type=tmpfs,dst=/var/lib apt-get update", []),
        ("RUN apt-get install -y curl g++ git=1:2.39", ["*: apt(curl g++ git no-documents recommends)", "*: records"]),
        ("RUN apt-get install -y --no-install-recommends curl", ["*: apt(curl no-documents)", "*: records"]),
        ("RUN apt-get -o APT::Install-Recommends=false install -y curl", ["*: apt(curl no-documents)", "*: records"]),
        ("RUN sudo -E apt-get -qq install curl", ["*: apt(curl no-documents recommends)", "*: records"]),
        (
            "RUN apt-get install -y gcc make && apt-get purge -y gcc",
            ["*: apt(make no-documents recommends)", "*: records"],
        ),
        (
            "RUN apt-get install -y ./my.deb libc6:amd64 vim+ nano-",
            ["*: apt(my.deb libc6 vim no-documents recommends)", "*: records"],
        ),
        (
            "RUN rm -f /etc/apt/apt.conf.d/docker-clean && apt-get install -y --no-install-recommends curl",
            ["*: apt(curl no-documents)", "*: records", "/var/cache/apt: apt's cache"],
        ),
        (
            "RUN rm /etc/apt/apt.conf.d/docker-clean; apt-get install -y --no-install-recommends curl; apt-get clean",
            ["*: apt(curl no-documents)", "*: records"],
        ),
        ("RUN apt-get build-dep -y git", ["*: built by apt-get build-dep", "*: records"]),
        ("RUN apt-get upgrade -y && apt-get dist-upgrade -y", ["*: packages newer than those of the base image"]),
        (
            "RUN d='gcc make' && apt-get install -y --no-install-recommends $d curl",
            ["*: apt(gcc make curl no-documents)", "*: records"],
        ),
        ("ENV D='gcc make'\nRUN apt-get install -y $D && apt-get purge -y --auto-remove $D", ["*: records"]),
        (
            "RUN apt-get install -y $UNKNOWN curl",
            ["*: apt($UNKNOWN curl no-documents recommends)", "*: records"],
        ),
        ("RUN set -eux; cd /tmp; true", []),
        (
            "RUN bash -c 'apt-get update && apt-get install -y curl'",
            ["/var/lib/apt/lists: apt package lists", "*: apt(curl no-documents recommends)", "*: records"],
        ),
        ("RUN sh <<'EOF'\napt-get update\nEOF", ["/var/lib/apt/lists: apt package lists"]),
        ("RUN <<EOF\nexport L=/var/lib\napt-get update\nrm -rf $L/apt/lists\nEOF", []),
    ],
)
def test_apt(run: str, left: list[str]) -> None:
    assert [each.removesuffix(" of dpkg and debconf") for each in kept(run)] == left


@pytest.mark.parametrize(
    ("run", "left"),
    [
        (
            "RUN pip install flask",
            [
                "/usr/local: pip(flask)",
                "/usr/local/lib: byte code of pip itself",
                "/root/.cache/pip: pip's download cache",
            ],
        ),
        (
            "RUN python3 -m pip install --no-cache-dir flask",
            ["/usr/local: pip(flask)", "/usr/local/lib: byte code of pip itself"],
        ),
        ("ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1\nRUN pip3.12 install flask", ["/usr/local: pip(flask)"]),
        (
            "RUN PIP_NO_CACHE_DIR= pip install flask",
            [
                "/usr/local: pip(flask)",
                "/usr/local/lib: byte code of pip itself",
                "/root/.cache/pip: pip's download cache",
            ],
        ),
        ("RUN pip install --no-cache-dir flask\nRUN pip install --no-cache-dir numpy", ["/usr/local: pip(numpy)"]),
        (
            "RUN pip install --no-cache-dir --prefix=/i flask",
            ["/i: pip(flask)", "/usr/local/lib: byte code of pip itself"],
        ),
        (
            "RUN pip install --no-cache-dir --user flask",
            ["/root/.local: pip(flask)", "/usr/local/lib: byte code of pip itself"],
        ),
        (
            "RUN python3 -m venv /v",
            ["/v: pip in a virtual environment", "/usr/local/lib: byte code of the standard library"],
        ),
        ("RUN /v/bin/pip install --no-cache-dir flask", ["/v: pip(flask)"]),
        ("ENV VIRTUAL_ENV=/v\nRUN pip install --no-cache-dir flask", ["/v: pip(flask)"]),
        ("RUN python3 -m venv /v\nENV PATH=/v/bin:$PATH\nRUN pip install --no-cache-dir flask", ["/v: pip(flask)"]),
        (
            'RUN python3 -m venv /v\nENV PATH="/bin:/v/bin"\nRUN pip install --no-cache-dir flask',
            ["/v: pip(flask)"],
        ),
        (
            "RUN python3 -m venv /v\nENV PATH=/bin:/w/bin\nRUN pip install --no-cache-dir flask",
            ["/usr/local: pip(flask)", "/usr/local/lib: byte code of pip itself"],
        ),
        (
            "ENV PATH=/v/bin:$PATH\nRUN pip install --no-cache-dir flask",
            ["/usr/local: pip(flask)", "/usr/local/lib: byte code of pip itself"],
        ),
        ('RUN /v/bin/pip install --no-cache-dir "uvicorn[standard]" flask', ["/v: pip(uvicorn[standard] flask)"]),
        ("RUN . /v/bin/activate && pip install --no-cache-dir flask", ["/v: pip(flask)"]),
        ("RUN cd / && source v/bin/activate && pip install --no-cache-dir flask", ["/v: pip(flask)"]),
        (
            "RUN --mount=type=cache,target=/root/.cache/pip pip install flask",
            ["/usr/local: pip(flask)", "/usr/local/lib: byte code of pip itself"],
        ),
    ],
)
def test_pip(run: str, left: list[str]) -> None:
    assert kept(run, "python:3.13-slim") == left


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("RUN npm ci", ["/app/node_modules: npm( dev frozen)", "/root/.npm: npm's download cache"]),
        ("RUN npm ci --omit=dev && npm cache clean --force", ["/app/node_modules: npm( frozen)"]),
        ("RUN npm ci && npm cache clean", ["/app/node_modules: npm( dev frozen)", "/root/.npm: npm's download cache"]),
        ("ENV NODE_ENV=production\nRUN npm i && rm -rf ~/.npm", ["/app/node_modules: npm()"]),
        ("RUN npm ci && npm prune --omit=dev && rm -rf /root/.npm", ["/app/node_modules: npm()"]),
        (
            "USER node\nRUN npm i -g typescript",
            ["*: npm(typescript dev global)", "/home/node/.npm: npm's download cache"],
        ),
        ("RUN cd /srv && npm i && rm -r $HOME/.npm", ["/srv/node_modules: npm( dev)"]),
        ("RUN (cd /srv && true) && npm i && rm -r /root/.npm", ["/app/node_modules: npm( dev)"]),
        ("COPY . .\nRUN npm run build", ["/app: compiled 1000"]),
        ("COPY . .\nRUN npm run pack", ["/app: built by npm run pack"]),
    ],
)
def test_npm(run: str, left: list[str]) -> None:
    assert kept(f"WORKDIR /app\n{run}", "node:22-slim") == left


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("RUN curl -fsSLo /tmp/t.tgz https://e.org/t.tgz", ["/tmp/t.tgz: download https://e.org/t.tgz"]),
        ("RUN curl -O https://e.org/t.tgz?x=1", ["/opt/t.tgz: download https://e.org/t.tgz?x=1"]),
        ("RUN curl https://e.org/t.tgz > t.tgz", ["/opt/t.tgz: download https://e.org/t.tgz"]),
        ("RUN curl https://e.org/t.tgz | tar xz -C /usr", ["/usr: extracted None"]),
        ("RUN wget -q https://e.org/t.tgz && tar -xzf t.tgz && rm t.tgz", ["/opt: extracted t.tgz"]),
        ("RUN wget -qO- https://e.org/x | tar xz", ["/opt: extracted None"]),
        ("RUN wget -O /a/b https://e.org/x", ["/a/b: download https://e.org/x"]),
        ("RUN wget -P /a https://e.org/x", ["/a/x: download https://e.org/x"]),
        ("RUN make install", ["*: built by "]),
        ('RUN ["make", "install"]', ["*: built by "]),
        ("ENV D=/d\nRUN curl -o $D/x https://e.org/x", ["/d/x: download https://e.org/x"]),
        ("RUN curl -o $UNKNOWN/x https://e.org/x", ["*: download https://e.org/x"]),
    ],
)
def test_downloads_and_archives(run: str, left: list[str]) -> None:
    assert kept(f"WORKDIR /opt\n{run}") == left


@pytest.mark.parametrize(
    ("copy", "left"),
    [
        ("COPY data /d", ["/d: copied 77"]),
        ("COPY data/a.bin /d/", ["/d/a.bin: copied 70"]),
        ("COPY data/a.bin /d", ["/d: copied 70"]),
        ("COPY data/a.bin .", ["/srv/a.bin: copied 70"]),
        ("COPY data/*.bin src ./x/", ["/srv/x/a.bin: copied 70", "/srv/x: copied 1300"]),
        ('COPY ["data", "/with space/"]', ["/with space: copied 77"]),
        ("COPY ../data /d", ["/d: copied 77"]),
        ("COPY nowhere /d", ["/d: copied 0"]),
        ("ADD tool.tar.gz /opt/", ["/opt: extracted tool.tar.gz"]),
        ("COPY tool.tar.gz /opt/", ["/opt/tool.tar.gz: copied 5000"]),
        ("ADD https://e.org/x /x", ["/x: download https://e.org/x"]),
        ("ADD https://e.org/x?y=1 /d/", ["/d/x: download https://e.org/x?y=1"]),
        ("ADD https://github.com/a/b.git /d/", ["/d: download https://github.com/a/b.git"]),
        ("ADD --unpack=true https://e.org/x.tgz /d/", ["/d: extracted None"]),
        ("COPY <<EOF /etc/motd\nhello\nEOF", ["/etc/motd: text 6"]),
        ("ARG WHAT\nCOPY $WHAT /d", ["/d: copied ?"]),
    ],
)
def test_copy(copy: str, left: list[str]) -> None:
    assert kept(f"WORKDIR /srv\n{copy}") == left


@pytest.mark.parametrize(
    ("builder", "path", "left"),
    [
        ("COPY . .\nRUN npm run build", "/app/dist", "from build(compiled 1000)"),
        ("COPY . .\nRUN npm run build", "/app/package.json", "from build(copied 88)"),
        ("COPY package.json .\nCOPY . .", "/app/package.json", "from build(copied 88)"),
        ("COPY . .", "/app/data", "from build(copied 77)"),
        ("COPY . .", "/elsewhere", "from build()"),
        ("RUN npm ci\nRUN npm prune --omit=dev", "/app/node_modules", "from build(npm())"),
        ("RUN make", "/app/bin", "from build(built by a part of what an earlier instruction wrote)"),
    ],
)
def test_copy_from_a_stage_takes_what_it_holds_in_the_end(builder: str, path: str, left: str) -> None:
    text = f"FROM node:22 AS build\nWORKDIR /app\n{builder}\nFROM node:22-slim\nCOPY --from=build {path} /x"
    assert kept(text) == [f"/x: {left}"]


def test_what_may_not_happen_is_uncertain() -> None:
    ledger = snapshot_of("FROM debian:bookworm-slim\nRUN [ -f /x ] && apt-get install -y curl; true\n").ledgers[0]
    assert {effect.is_certain for effect in ledger.layers[1].kept} == {False}


def test_a_copied_node_modules_is_not_written_again_by_npm_install() -> None:
    def added(run: str) -> int:
        files = '//- package.json\n{"dependencies": {"next": "^16.0.0"}}\n//- node_modules/next/x.js 300000000\n'
        text = f"//- Dockerfile\nFROM node:22\nWORKDIR /a\nCOPY . .\nRUN {run} && npm cache clean --force\n{files}"
        snapshot = snapshot_of(text)
        size = snapshot.sizes.layer(snapshot.ledgers[0].layers[-1])
        assert size is not None
        return size.best

    assert added("npm ci") > 300_000_000  # removes it first
    assert added("npm install") < 30_000_000


@pytest.mark.parametrize("run", ["npm run build", "mvn package", "cargo build --release"])
def test_a_build_writes_what_it_left_in_the_users_own_folder(run: str) -> None:
    project = "//- .dockerignore\ndist\ntarget\n//- dist/a.js 7000\n//- target/app.jar 7000\n//- package.json\n{}\n"
    snapshot = snapshot_of(f"//- Dockerfile\nFROM node:22\nWORKDIR /app\nCOPY . .\nRUN {run}\n{project}")
    size = snapshot.sizes.of(each for each in snapshot.ledgers[-1].layers[-1].kept if isinstance(each.cause, Output))
    assert size is not None
    assert size.best == 7000
    assert size.low < 7000


def test_a_build_whose_output_is_copied_anyway_stays_unknown() -> None:
    snapshot = snapshot_of(
        "//- Dockerfile\nFROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm run build\n//- dist/a.js 7000\n"
    )
    assert snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1]) is None


def test_a_program_of_another_stage_is_a_file_that_a_later_chmod_writes_again() -> None:
    stage = "FROM golang:1.25 AS b\nRUN go build -o /out/tool .\n"
    for line in ("COPY --from=b /out/tool /usr/bin/tool", "COPY --from=b /out/tool /usr/bin/"):
        snapshot = snapshot_of(f"{stage}FROM debian:12-slim\n{line}\nRUN chmod 755 /usr/bin/tool\n")
        size = snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1])
        assert size is not None
        assert size.best == 8_600_000, line


@pytest.mark.parametrize(
    ("removal", "left"),
    [("/src/raw.tif", 30), ("/src/sub", 1020), ("/src/none", 1030), ("/src/*.tif", 30)],
)
def test_what_a_stage_removes_of_a_copied_folder_is_not_copied_from_it(removal: str, left: int) -> None:
    files = "//- images/raw.tif 1000\n//- images/a.png 20\n//- images/sub/b.png 10\n"
    text = f"FROM debian:12 AS b\nCOPY images /src\nRUN rm -rf {removal}\nFROM debian:12\nCOPY --from=b /src /srv\n"
    snapshot = snapshot_of(f"//- Dockerfile\n{text}{files}")
    size = snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1])
    assert size is not None
    assert size.best == left


@pytest.mark.parametrize("folder", ["/usr/local/lib/python3.13/site-packages", "/usr/local"])
def test_packages_are_copied_out_of_the_folder_of_python(folder: str) -> None:
    text = f"FROM python:3.13 AS build\nRUN pip install pandas\nFROM python:3.13-slim\nCOPY --from=build {folder} /p\n"
    snapshot = snapshot_of(text)
    size = snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1])
    assert size is not None
    assert size.low > 60_000_000
