"""The cases of what tools leave (caches, archives, sources, histories), and of what the next build finds."""

from __future__ import annotations

from develop.evidence.case import Case
from develop.evidence.contexts import DOCS

GO = {name: (DOCS / "examples/go" / name).read_text("utf-8") for name in ("go.mod", "main.go", "web/index.html")}
MAKEFILE = """tool: tool.c
\tcc -O2 -o tool tool.c
install: tool
\tinstall tool /usr/local/bin/tool
"""

TOOL_CASES = (
    Case(
        "apt-archives",
        "install-cache-kept",
        "FROM debian:bookworm-slim\n"
        "RUN rm -f /etc/apt/apt.conf.d/docker-clean\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends gcc \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n",
    ),
    Case(
        "old-useradd",
        "login-records-kept",
        "FROM debian:bullseye-slim\nARG UID=131072\nRUN useradd --uid $UID --create-home app\n",
    ),
    Case(
        "go-symbols",
        "unstripped-program",
        "FROM golang:1.19-bookworm AS build\n"
        "WORKDIR /src\n"
        "COPY . .\n"
        "RUN CGO_ENABLED=0 go build -o /out/rates .\n"
        "FROM debian:bookworm-slim\n"
        "COPY --from=build /out/rates /usr/local/bin/\n",
        GO,
        gone=("/usr/local/bin/rates",),  # another file that does the same
    ),
    Case(
        "sources-of-an-archive",
        "sources-kept",
        "FROM debian:bookworm\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends gcc libc6-dev make \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
        "COPY tool-1.2.tar.gz /tmp/\n"
        "RUN tar -xzf /tmp/tool-1.2.tar.gz -C /usr/src \\\n"
        "    && cd /usr/src/tool-1.2 \\\n"
        "    && make \\\n"
        "    && make install\n",
        {
            "tool-1.2.tar.gz": {
                "bytes": 8_000_000,
                "holds": {
                    "tool-1.2/Makefile": MAKEFILE,
                    "tool-1.2/tool.c": "int main(void) { return 0; }\n",
                    "tool-1.2/tests/data.bin": 20_000_000,
                },
            },
        },
        gone=("/usr/src/tool-1.2",),
    ),
    Case(
        "archive-downloaded",
        "archive-kept",
        "FROM buildpack-deps:bookworm-curl\n"
        "RUN curl -fsSLO https://registry.npmjs.org/typescript/-/typescript-5.4.5.tgz \\\n"
        "    && tar -xzf typescript-5.4.5.tgz -C /opt\n",
        gone=("/typescript-5.4.5.tgz",),
        is_unknown=True,
    ),
    Case(
        "archive-downloaded-before",
        "archive-kept",
        "FROM buildpack-deps:bookworm-curl\n"
        "RUN curl -fsSLO https://registry.npmjs.org/typescript/-/typescript-5.4.5.tgz\n"
        "ENV TOOLS=/opt/package\n"
        "RUN tar -xzf typescript-5.4.5.tgz -C /opt\n",
        gone=("/typescript-5.4.5.tgz",),
        is_unknown=True,
    ),
    Case(
        "clone-without-history",
        "git-history-kept",
        "FROM buildpack-deps:bookworm-scm\nRUN git clone https://github.com/example/tool.git /opt/tool\n",
        gone=("/opt/tool/.git",),
        is_unknown=True,
    ),
    Case(
        "clone-without-old-files",
        "git-history-kept",
        "FROM buildpack-deps:bookworm-scm\n"
        "RUN git clone https://github.com/example/tool.git /opt/tool \\\n"
        "    && cd /opt/tool \\\n"
        "    && git checkout --quiet HEAD~2 \\\n"
        "    && git rev-parse HEAD > /opt/version\n",
        gone=("/opt/tool/.git",),
        is_unknown=True,
    ),
    Case(
        "clone-without-git-later",
        "git-history-kept",
        "FROM buildpack-deps:bookworm-scm\n"
        "RUN git clone https://github.com/example/tool.git /opt/tool \\\n"
        "    && cd /opt/tool \\\n"
        "    && git checkout --quiet HEAD~2\n"
        "RUN apt-get purge -y git\n",
        gone=("/opt/tool/.git",),
        is_unknown=True,
    ),
    Case(
        "revision-above-install",
        "volatile-line-early",
        "FROM debian:bookworm-slim\n"
        "ARG GIT_SHA\n"
        "LABEL org.opencontainers.image.revision=$GIT_SHA\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends curl \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
        "COPY motd /etc/\n",
        {"motd": "hello\n"},
        next_build=("GIT_SHA=4f2c9d1",),
    ),
    Case(
        "mount-emptied",
        "cache-mount-defeated",
        "FROM debian:bookworm-slim\n"
        "RUN --mount=type=cache,target=/var/lib/apt,sharing=locked \\\n"
        "    apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends curl \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n",
    ),
    Case(
        "mount-with-docker-clean",
        "cache-mount-defeated",
        "FROM debian:bookworm-slim\n"
        "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n"
        "    --mount=type=cache,target=/var/lib/apt,sharing=locked \\\n"
        "    apt-get update && apt-get install -y --no-install-recommends curl\n",
    ),
    Case(
        "mount-passed-by-option",
        "cache-mount-defeated",
        "FROM python:3.11-slim-bookworm\n"
        "RUN --mount=type=cache,target=/root/.cache/pip pip install --no-cache-dir pandas\n",
    ),
)
