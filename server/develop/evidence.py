"""Proves the safe fixes: builds each pair with a real BuildKit, measures the saving, compares the file systems.

    python server/develop/evidence.py --lab PATH/truthlab.py [--only NAME]... [--again]

writes what it measures into `docs/evidence.jsonl` and `docs/evidence.md` out of it. Without `--lab` nothing is built:
the page is written again from what was measured. A pair is measured once; `--again` or a fix that writes something else
measures it anew. The lab is a script with the functions `build`, `docker`, `dq`, its base images are `localhost/NAME`.

A new pair is a `Case` more in `CASES`; what has no pair is in `NOT_BUILT`, with the reason.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import importlib
import json
import random
import re
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deadweight.analysis.fix_all import fix_all
from deadweight.model.context import BuildContext
from deadweight.rules.edits import append_lines
from deadweight.rules.rule import Safety
from deadweight.size.units import total
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import parse
from deadweight.text import apply_edits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from deadweight.analysis.report import Reported
    from deadweight.rules.rule import Fix
    from deadweight.size.units import Size

DOCS = Path(__file__).resolve().parents[2] / "docs"
RESULTS, PAGE = DOCS / "evidence.jsonl", DOCS / "evidence.md"
CLOSE = 0.25  # a claim may be off by so much of what is measured


@dataclass(frozen=True, slots=True)
class Case:
    """A Dockerfile with a context that one safe fix of one rule changes.

    files: path -> text, or the bytes of a file whose content does not matter
    gone: what the fix is meant to remove, as the rule's page says; a trailing `*` stands for any ending
    drops_packages: whether Debian packages go away, and all they own with them
    """

    name: str
    rule: str
    dockerfile: str
    files: Mapping[str, str | int] = field(default_factory=dict)
    fix: str | None = None
    gone: tuple[str, ...] = ()
    drops_packages: bool = False


APT_LISTS, NPM_CACHE, PIP_CACHE = "/var/lib/apt/lists/*", "/root/.npm", "/root/.cache"

MANIFEST = '{"name": "app", "version": "1.0.0", "private": true, "dependencies": {"typescript": "5.4.5"}}\n'
LOCK = """{
  "name": "app",
  "version": "1.0.0",
  "lockfileVersion": 3,
  "requires": true,
  "packages": {
    "": {"name": "app", "version": "1.0.0", "dependencies": {"typescript": "5.4.5"}},
    "node_modules/typescript": {
      "version": "5.4.5",
      "resolved": "https://registry.npmjs.org/typescript/-/typescript-5.4.5.tgz",
      "bin": {"tsc": "bin/tsc", "tsserver": "bin/tsserver"}
    }
  }
}
"""

CASES = (
    Case(
        "apt-lists-same-run",
        "apt-lists-kept",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends curl ca-certificates\n",
        gone=(APT_LISTS,),
    ),
    Case(
        "apt-lists-moved-update",
        "update-and-install-apart",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update\n"
        "RUN apt-get install -y --no-install-recommends curl\n"
        "RUN apt-get install -y --no-install-recommends less\n",
        gone=(APT_LISTS,),
    ),
    Case(
        "apt-lists-set-e",
        "apt-lists-kept",
        "FROM python:3.11-slim-bookworm\n"
        "RUN set -eux; \\\n"
        "    apt-get update; \\\n"
        "    apt-get install -y --no-install-recommends libpq5; \\\n"
        "    mkdir -p /srv/app\n",
        gone=(APT_LISTS,),
    ),
    Case(
        "pip-names",
        "install-cache-kept",
        "FROM python:3.11-slim-bookworm\nRUN pip install pandas\n",
        gone=(PIP_CACHE,),
    ),
    Case(
        "pip-requirements",
        "install-cache-kept",
        "FROM python:3.11-slim-bookworm\n"
        "WORKDIR /srv\n"
        "COPY requirements.txt ./\n"
        "RUN pip install --upgrade pip \\\n"
        "    && pip install -r requirements.txt\n",
        {"requirements.txt": "flask\nscikit-learn\n"},
        gone=(PIP_CACHE,),
    ),
    Case(
        "npm-global",
        "install-cache-kept",
        "FROM node:20-bookworm-slim\nRUN npm install -g typescript@5.4.5\n",
        gone=(NPM_CACHE,),
    ),
    Case(
        "npm-names",
        "install-cache-kept",
        "FROM node:20-bookworm-slim\nWORKDIR /srv/app\nRUN npm install express@4.19.2 typescript@5.4.5\n",
        gone=(NPM_CACHE,),
    ),
    Case(
        "npm-ci",
        "install-cache-kept",
        "FROM node:20-bookworm-slim\nWORKDIR /srv/app\nCOPY package.json package-lock.json ./\nRUN npm ci\n",
        {"package.json": MANIFEST, "package-lock.json": LOCK},
        gone=(NPM_CACHE,),
    ),
    Case(
        "npm-ci-example",
        "install-cache-kept",
        "FROM node:20-bookworm-slim\nWORKDIR /srv/app\nCOPY package.json package-lock.json ./\nRUN npm ci\n",
        {name: (DOCS / "examples/node" / name).read_text("utf-8") for name in ("package.json", "package-lock.json")},
        gone=(NPM_CACHE,),
    ),
    Case(
        "npm-without-lock",
        "install-cache-kept",
        "FROM node:20-bookworm-slim\n"
        "WORKDIR /srv/app\n"
        "COPY package.json ./\n"
        "RUN npm install --omit=dev \\\n"
        "    && node --version\n",
        {"package.json": (DOCS / "examples/node/package.json").read_text("utf-8")},
        gone=(NPM_CACHE,),
    ),
    Case(
        "late-delete-merge",
        "late-delete",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends gcc libc6-dev \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
        "RUN cd /tmp && echo 'int main() {}' > a.c && gcc -o /usr/local/bin/a a.c && rm a.c\n"
        "RUN apt-get purge -y --auto-remove gcc libc6-dev\n",
    ),
    Case(
        "late-delete-merge-subshell",
        "late-delete",
        "FROM debian:bookworm-slim\n"
        "RUN umask 027 && cd /srv && export NAME=a && apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends gcc libc6-dev \\\n"
        "    && rm -rf /var/lib/apt/lists/* \\\n"
        "    && touch $NAME\n"
        'RUN pwd > here && echo "not $NAME" >> here && apt-get purge -y --auto-remove gcc libc6-dev\n',
    ),
    Case(
        "late-delete-clean-up",
        "late-delete",
        "FROM node:20-bookworm-slim\n"
        "RUN npm install -g typescript@5.4.5\n"
        "COPY server.js /srv/\n"
        "RUN rm -rf /root/.npm\n",
        {"server.js": "console.log(1)\n"},
        gone=(NPM_CACHE,),
    ),
    Case(
        "late-delete-lists",
        "late-delete",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update\n"
        "RUN apt-get install -y --no-install-recommends less\n"
        "RUN rm -rf /var/lib/apt/lists/*\n",
        gone=(APT_LISTS,),
    ),
    Case(
        "late-delete-lists-and-more",
        "late-delete",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends less\n"
        "COPY motd /etc/\n"
        "RUN rm -rf /var/lib/apt/lists/* /tmp/*\n",
        {"motd": "hello\n"},
        gone=(APT_LISTS,),
    ),
    Case(
        "chown-in-copy",
        "rewritten-in-later-layer",
        "FROM node:20-bookworm-slim\n"
        "WORKDIR /srv/app\n"
        "COPY . .\n"
        "COPY data/big.bin extra/deep/\n"
        "RUN chown -R www-data:games /srv/app\n"
        "USER www-data\n",
        {
            ".dockerignore": "Dockerfile\n",
            "data/big.bin": 20_000_000,
            "data/sub/other.bin": 10_000_000,
            "run.sh": "echo\n",
        },
    ),
    Case(
        "chown-owner-alone",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\nCOPY data /data\nRUN chown -R 1000 /data\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chown-folders-on-the-way",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\n"
        "COPY data /srv/x/y/z/\n"
        "COPY data/big.bin /srv/x/one.bin\n"
        "RUN chown -R www-data:games /srv/x\n",
        {"data/big.bin": 20_000_000, "data/sub/deep/other.bin": 10_000_000},
    ),
    Case(
        "chown-home",
        "rewritten-in-later-layer",
        "FROM node:20-bookworm-slim\nCOPY data /home/node/app\nRUN chown -R node:node /home/node\n",
        {"data/big.bin": 20_000_000},
    ),
    Case(
        "chown-setgid-folder",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\n"
        "RUN mkdir -p /srv/app && chgrp games /srv/app && chmod 2775 /srv/app\n"
        "COPY data /srv/app/data\n"
        "RUN chown -R www-data:www-data /srv/app\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chown-link",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\nWORKDIR /srv/app\nCOPY --link data data\nRUN chown -R www-data:games /srv/app\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chown-two-folders",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\n"
        "COPY data /srv/a\n"
        "COPY data /srv/b\n"
        "RUN chown -R 1000:1000 /srv/a && chgrp -R games /srv/b\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chown-from-stage",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim AS build\n"
        "COPY data /build/data\n"
        "RUN chmod 600 /build/data/sub/other.bin\n"
        "FROM debian:bookworm-slim\n"
        "COPY --from=build /build/data /srv/data\n"
        "RUN chown -R 1000:1000 /srv/data\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chown-from-stage-symlinks",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim AS build\n"
        "COPY data /build/data\n"
        "RUN cd /build/data && ln -s big.bin link && ln -s sub folder && ln -s /nowhere dangling \\\n"
        "    && chmod 700 . && chmod 2770 sub && chmod 750 big.bin && chown -R 7:8 sub\n"
        "FROM debian:bookworm-slim\n"
        "COPY --from=build /build/data /srv/data\n"
        "RUN chown -R www-data:games /srv/data\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chown-below-the-account",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\n"
        "WORKDIR /srv/app\n"
        "COPY . .\n"
        "RUN useradd --system --create-home app && chown -R app:app /srv/app\n"
        "USER app\n",
        {".dockerignore": "Dockerfile\n", "data/big.bin": 20_000_000, "run.sh": "echo\n"},
    ),
    Case(
        "chown-below-the-account-at-home",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\n"
        "WORKDIR /home/app\n"
        "COPY data/big.bin .\n"
        "COPY data/sub sub/\n"
        "RUN groupadd staff2 && useradd -m -g staff2 app && chown -R app:staff2 /home/app\n"
        "USER app\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chmod-in-copy",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\nCOPY data /srv/data\nRUN chmod -R 750 /srv/data\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
    ),
    Case(
        "chmod-of-a-file",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\nCOPY tool /usr/local/bin/tool\nRUN chmod 755 /usr/local/bin/tool\n",
        {"tool": 20_000_000},
    ),
    Case(
        "chmod-file-and-folder",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\nCOPY tool /srv/x/tool\nRUN chmod -R 2750 /srv/x\n",
        {"tool": 20_000_000},
    ),
    Case(
        "copy-there",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\nCOPY tool /tmp/tool\nRUN mkdir -p /srv/t && mv /tmp/tool /srv/t/run\n",
        {"tool": 20_000_000},
        fix="copy-there",
    ),
    Case(
        "copy-there-into-folder",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\nCOPY tool /tmp/\nRUN mv /tmp/tool /usr/local/bin\n",
        {"tool": 20_000_000},
        fix="copy-there",
    ),
    Case(
        "chown-merged",
        "rewritten-in-later-layer",
        "FROM python:3.11-slim-bookworm\n"
        "RUN umask 027 && pip install --no-cache-dir --no-compile --target=/opt/lib pandas\n"
        "RUN mkdir /opt/more && chown -R 1000:1000 /opt/lib\n",
        fix="merge",
    ),
    Case(
        "chown-merged-subshell",
        "rewritten-in-later-layer",
        "FROM python:3.11-slim-bookworm\n"
        "RUN cd /tmp && export A=1 && umask 027 && pip install --no-cache-dir --no-compile --target=/opt/lib pandas\n"
        'RUN mkdir more && chown -R 1000:1000 /opt/lib && echo "not $A" > /srv/a && pwd > /srv/here\n',
        fix="merge",
    ),
    Case(
        "three-installs",
        "consecutive-runs",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\n"
        "RUN cd /tmp && apt-get update && apt-get install -y --no-install-recommends file"
        " && rm -rf /var/lib/apt/lists/*\n",
    ),
    Case(
        "three-installs-subshells",
        "consecutive-runs",
        "FROM debian:bookworm-slim\n"
        "RUN export X=1 && cd /srv && apt-get update && apt-get install -y --no-install-recommends less"
        " && rm -rf /var/lib/apt/lists/*\n"
        "RUN touch a && umask 077 && touch b && apt-get update && apt-get install -y --no-install-recommends file"
        " && rm -rf /var/lib/apt/lists/*\n"
        'RUN echo "not $X" > c && apt-get update && apt-get install -y --no-install-recommends make'
        " && rm -rf /var/lib/apt/lists/*\n",
    ),
    Case(
        "recommended-git",
        "recommended-packages",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y git \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n",
        gone=("/etc/alternatives/pager*", "/var/lib/dpkg/alternatives/pager"),  # less, one of the pagers
        drops_packages=True,
    ),
    Case(
        "recommended-gcc",
        "recommended-packages",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y gcc \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n",
        drops_packages=True,
    ),
    Case(
        "ignore-caches",
        "missing-dockerignore",
        "FROM debian:bookworm-slim\nWORKDIR /srv/app\nCOPY . .\n",
        {
            "main.sh": "#!/bin/sh\necho hello\n",
            ".mypy_cache/3.13/cache.json": 40_000_000,
            "web/.nyc_output/raw.json": 3_000_000,
            "assets/logo.png": 500_000,
        },
        gone=("/srv/app/.mypy_cache", "/srv/app/web/.nyc_output"),
    ),
    Case(
        "ignore-node-modules",
        "missing-dockerignore",
        "FROM node:20-bookworm-slim\nWORKDIR /srv/app\nCOPY . .\nRUN npm ci && npm cache clean --force\n",
        {
            "package.json": MANIFEST,
            "package-lock.json": LOCK,
            "index.js": "console.log(require('typescript').version)\n",
            "node_modules/typescript/lib/typescript.js": 30_000_000,
            "node_modules/.cache/babel/1.json": 5_000_000,
        },
    ),
    Case(
        "ignore-file-without-a-pattern",
        "missing-dockerignore",
        "FROM debian:bookworm-slim\nWORKDIR /srv/app\nCOPY . .\n",
        {
            ".dockerignore": "# what nobody needs\n",
            "requirements.txt": "flask\n",
            "app.py": "print('hello')\n",
            "__pycache__/app.cpython-313.pyc": 2_000_000,
            ".ruff_cache/0.14/1": 20_000_000,
        },
        gone=("/srv/app/.ruff_cache", "/srv/app/__pycache__"),
    ),
    Case(
        "ignore-more",
        "heavy-folder-copied",
        "FROM debian:bookworm-slim\nWORKDIR /srv/app\nCOPY . .\n",
        {
            ".dockerignore": "docs\n*.md\n!README.md",
            "README.md": "read\n",
            "main.sh": "#!/bin/sh\necho hello\n",
            "docs/guide.html": 500_000,
            ".parcel-cache/data.mdb": 20_000_000,
            "packages/web/.turbo/cache/1.tar.zst": 7_000_000,
        },
        gone=("/srv/app/.parcel-cache", "/srv/app/packages/web/.turbo"),
    ),
    Case(
        "copied-node-modules",
        "copied-over-install",
        "FROM node:20-bookworm-slim\n"
        "WORKDIR /srv/app\n"
        "COPY package.json package-lock.json ./\n"
        "RUN npm ci && npm cache clean --force\n"
        "COPY . .\n",
        {
            "package.json": MANIFEST,
            "package-lock.json": LOCK,
            ".dockerignore": "docs\n",
            "index.js": "console.log(require('typescript').version)\n",
            "node_modules/esbuild/bin/esbuild": 9_000_000,
            "node_modules/.cache/babel/1.json": 5_000_000,
        },
        gone=("/srv/app/node_modules/esbuild", "/srv/app/node_modules/.cache"),
    ),
)

# Rule -> why no pair of it, or of a part of it, is built.
NOT_BUILT: dict[str, str] = {
    "full-base-image": "no safe fix: another base image is for a person to choose",
    "dev-dependencies-shipped": "no safe fix: whether something needs them, only its code says",
    "secrets-copied": "no safe fix: an app or a build may read them",
    "copy-source-missing": "no safe fix, and no image before it: the build fails",
    "huge-file-copied": "no safe fix: an app may open them",
    "over-budget": "no fix of its own: those of the other rules take off what they say",
    "copy-before-install": "no safe fix, and no bytes in the image: the finding is about rebuilds",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A case before and after our own fix, with what the findings say that it saves."""

    case: Case
    before: Snapshot
    after: Snapshot
    created: Mapping[str, str]
    fixes: Mapping[str, str]  # id -> title
    claim: Size | None


def pair_of(case: Case) -> Pair:
    """What fix-all makes of a case when it may only take the safe fixes of the case's rule."""

    def is_wanted(reported: Reported, fix: Fix) -> bool:
        return reported.rule.id == case.rule and fix.safety is Safety.SAFE and case.fix in (None, fix.id)

    before = _snapshot(case)
    outcome = fix_all(before, wanted=is_wanted)
    return Pair(
        case,
        before,
        outcome.snapshot,
        {file.path: _with_lines(case.files.get(file.path, ""), file.lines) for file in outcome.added},
        {fix.id: fix.title for _, fix in outcome.done},
        total(fix.saves or reported.finding.saves for reported, fix in outcome.done),
    )


def _with_lines(text: str | int, lines: Iterable[str]) -> str:
    assert isinstance(text, str)
    return apply_edits(text, [append_lines(text, lines)])


def _snapshot(case: Case) -> Snapshot:
    texts = {path: text for path, text in case.files.items() if isinstance(text, str)}
    files = {path: len(what.encode()) if isinstance(what, str) else what for path, what in case.files.items()}
    files["Dockerfile"] = len(case.dockerfile.encode())
    context = BuildContext("the context", files, texts=texts)
    if ignore := texts.get(".dockerignore"):
        context = context.ignoring(".dockerignore", ignore)
    return Snapshot(parse(case.dockerfile), context)


# ------------------------------------------------------------------------------------------------ building


def measure(lab: Any, pair: Pair) -> dict[str, Any]:
    """Build both sides of a pair and compare them: one line of the results."""
    lab.engine_up()
    # The layers that both sides share are built once, those of earlier days are not taken.
    lab.docker("builder", "prune", "-af", stdout=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        before = _build(lab, pair, pair.before.text, {}, Path(folder, "before"))
        after = _build(lab, pair, pair.after.text, pair.created, Path(folder, "after"))
    return {
        "case": pair.case.name,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "engine": _engine(lab),
        "before": pair.before.text,
        "after": pair.after.text,
        "created": dict(pair.created),
        "before_bytes": before.added_bytes,
        "after_bytes": after.added_bytes,
        "compared": len(before.tree.entries.keys() | after.tree.entries.keys()),
        "dropped": sorted(dropped_packages(before.tree, after.tree)),
        "differences": [
            *differences(pair.case, pair.created, before.tree, after.tree),
            *(
                f"configuration: {key}"
                for key in sorted(before.config.keys() | after.config.keys())
                if before.config.get(key) != after.config.get(key)
            ),
        ],
    }


class Built(NamedTuple):
    """An image: the bytes of all files in the layers that the Dockerfile adds, its final files, its configuration."""

    added_bytes: int
    tree: Tree
    config: dict[str, Any]


class Entry(NamedTuple):
    """A path of an image; its time is left out, because every build has its own."""

    kind: str
    mode: str
    owner: str
    target: str
    bytes: int
    content: str


class Tree(NamedTuple):
    """The files of an image, and the file lists of its Debian packages."""

    entries: dict[str, Entry]
    packages: dict[str, tuple[str, ...]]


def _build(lab: Any, pair: Pair, dockerfile: str, created: Mapping[str, str], folder: Path) -> Built:
    for path, what in {**pair.case.files, "Dockerfile": dockerfile, **created}.items():
        content = what.encode() if isinstance(what, str) else random.Random(path).randbytes(what)  # noqa: S311
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o644)
    name = f"evidence-{pair.case.name}"
    built = lab.build(str(folder), _in_lab(dockerfile), name=name, keep=True)
    if "error" in built:
        raise SystemExit(f"{pair.case.name} cannot be built:\n{built['error']}")
    tag = f"truthlab/{name}"
    config = json.loads(lab.dq("image", "inspect", "-f", "{{json .Config}}", tag))
    container = lab.dq("create", tag, "true")
    with tempfile.TemporaryFile() as tar:
        lab.docker("export", container, stdout=tar)
        lab.docker("rm", container, stdout=sys.stderr)
        lab.docker("rmi", tag, stdout=sys.stderr)
        tar.seek(0)
        with tarfile.open(fileobj=tar) as archive:
            tree = tree_of(archive)
    return Built(int(built["total_files"]), tree, config)


# The lab's images by the names of the public ones. Python's has an index on the same machine that sends the caching
# headers of the public one; node's stands on bookworm.
IN_LAB = {
    "debian:bookworm-slim": "localhost/debian:bookworm-slim",
    "debian:bookworm": "localhost/debian:bookworm",
    "node:20-bookworm-slim": "localhost/node:20-slim",
    "python:3.11-slim-bookworm": "localhost/python:3.11-slim-idx",
}
_FROM = re.compile(r"^(FROM (?:--\S+ )*)(\S+)", re.MULTILINE)


def _in_lab(dockerfile: str) -> str:
    """The Dockerfile with the lab's images in place of the public ones."""
    return _FROM.sub(lambda match: match[1] + IN_LAB.get(match[2], match[2]), dockerfile)


def _engine(lab: Any) -> str:
    version = lab.dq("version", "--format", "{{.Server.Version}}")
    buildkit = re.search(r"BuildKit version:\s*(\S+)", lab.dq("buildx", "inspect", "default"))
    return f"Docker Engine {version}, BuildKit {buildkit[1] if buildkit else '?'}"


# ------------------------------------------------------------------------------------------------ comparing

# What differs between two builds of the same Dockerfile, or is Docker's own: not compared.
NOISE = (
    *("/.dockerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/dev", "/proc", "/sys"),
    *("/var/log", "/root/.npm/_logs", "/etc/machine-id", "/etc/ld.so.cache", "/var/cache/ldconfig"),
    *("/var/cache/apt", "/var/cache/debconf", "/var/lib/dpkg/status-old", "/var/lib/dpkg/diversions-old"),
)
_KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "symlink"}
_LIST = re.compile(r"/var/lib/dpkg/info/([^/:]+)(?::\w+)?\.list")  # /var/lib/dpkg/info/libc6:amd64.list


def tree_of(archive: tarfile.TarFile) -> Tree:
    """What an exported image holds, without the noise."""
    entries: dict[str, Entry] = {}
    packages: dict[str, tuple[str, ...]] = {}
    for member in archive:
        path = "/" + member.name.strip("/")
        content = b""
        if member.isreg() and (file := archive.extractfile(member)):
            content = file.read()
        if name := _LIST.fullmatch(path):
            packages[name[1]] = tuple(content.decode().split("\n"))
        if member.islnk() and (linked := entries.get("/" + member.linkname.strip("/"))):
            entries[path] = linked  # a hard link is the file that it names
            continue
        entries[path] = Entry(
            _KINDS.get(member.type, "other"),
            f"{member.mode:04o}",
            f"{member.uid}:{member.gid}",
            member.linkname,
            member.size,
            hashlib.sha256(content).hexdigest() if member.isreg() else "",
        )
    return Tree({path: entry for path, entry in entries.items() if not _is_noise(path)}, packages)


def _is_noise(path: str) -> bool:
    return _is_in(path, NOISE) or path.endswith((".pyc", "/__pycache__"))


def _is_in(path: str, places: Iterable[str]) -> bool:
    """Whether a path is one of these places, or below; a place that ends in `*` is only a beginning."""
    return any(
        path.startswith(place[:-1]) if place.endswith("*") else path == place or path.startswith(place + "/")
        for place in places
    )


def dropped_packages(before: Tree, after: Tree) -> frozenset[str]:
    """The Debian packages that only the first image holds."""
    return frozenset(before.packages.keys() - after.packages.keys())


def differences(case: Case, created: Iterable[str], before: Tree, after: Tree) -> Iterator[str]:
    """What is different in two images and nobody announced."""
    was, now = before.entries, after.entries
    owned = _owned(before, dropped_packages(before, after)) if case.drops_packages else frozenset()
    written = tuple(f"/{path}" for path in created)  # COPY takes `.dockerignore` along, wherever that is
    for path in sorted(was.keys() | now.keys()):
        if _is_in(path, case.gone) or path in owned or (path in now and path.endswith(written)):
            continue
        if path not in now:
            yield f"only before: {path}"
        elif path not in was:
            yield f"only after: {path}"
        elif was[path] != now[path]:
            changes = (name for name, old, new in zip(Entry._fields, was[path], now[path], strict=True) if old != new)
            yield f"{', '.join(changes)}: {path}"


_MERGED = re.compile(r"/(?:bin|sbin|lib|lib32|lib64|libx32)(?=/)")  # symlinks to what is in /usr


def _owned(tree: Tree, dropped: Iterable[str]) -> frozenset[str]:
    """The paths of packages that go away, and where dpkg and apt write down which packages there are."""
    paths: set[str] = set()
    for name in dropped:
        paths.update("/usr" + path if _MERGED.match(path) else path for path in tree.packages[name])
        paths.update(path for path in tree.entries if re.match(rf"/var/lib/dpkg/info/{re.escape(name)}[.:]", path))
    return frozenset(paths | {"/var/lib/dpkg/status", "/var/lib/apt/extended_states"} if paths else paths)


# ------------------------------------------------------------------------------------------------ the page


def read_results(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """What was measured, by the name of the case."""
    if not path.exists():
        return {}
    return {record["case"]: record for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def is_of(record: Mapping[str, Any], pair: Pair) -> bool:
    """Whether a measurement is of what our fixer writes today."""
    return bool(
        record["before"] == pair.before.text
        and record["after"] == pair.after.text
        and record["created"] == dict(pair.created)
    )


def error_of(record: Mapping[str, Any], claim: Size) -> float:
    """How far a claim is off, as a share of what is measured."""
    saved = record["before_bytes"] - record["after_bytes"]
    return float((claim.best - saved) / saved)


def is_in_range(record: Mapping[str, Any], claim: Size) -> bool:
    """Whether the saving lies between the ends of the claim, in the digits that the page shows."""
    saved = float(_mb(record["before_bytes"] - record["after_bytes"]))
    return float(_mb(claim.low)) <= saved and (claim.high is None or saved <= float(_mb(claim.high)))


_INTRODUCTION = """# Evidence: safe fixes, built

Each pair is a Dockerfile and what `deadweight fix` makes of it. Both were built with a real BuildKit, and both images
taken apart. *Saved* is measured: the bytes of all files in the layers above the base image, as `docker history` counts
them, before less after. *Claimed* is what the finding says, with its range; it is computed without building anything.
The file systems of both images were compared path by path: type, mode, owner, target, size and content, and the
configuration of the image. Not compared are times, what Docker puts into a container, and what differs between any two
builds of one Dockerfile: {noise}, compiled Python.

{engine}, overlay2; the base images are made from Debian's packages by the recipes of the public ones, python and node
with the interpreter of the machine. All numbers in MB = 10^6 bytes. Written by

```sh
python server/develop/evidence.py --lab PATH/truthlab.py
```
"""


def page(pairs: Sequence[Pair], results: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of `docs/evidence.md`."""
    records = [results[pair.case.name] for pair in pairs if pair.case.name in results]
    engines = sorted({f"{record['engine']}, {record['date']}" for record in records})
    noise = ", ".join(f"`{path}`" for path in NOISE if path.count("/") > 1)
    built = [(pair, results[pair.case.name]) for pair in pairs if pair.case.name in results]
    lines = [
        _INTRODUCTION.format(noise=noise, engine="; ".join(engines)),
        "| Rule | Pair | Before | After | Saved | Claimed | Error | In range | File systems |",
        "|---|---|---:|---:|---:|---:|---:|---|---|",
        *(_row(pair, record) for pair, record in built),
        "",
        "## Not built",
        "",
        *(f"- {rule}: {reason}" for rule, reason in NOT_BUILT.items()),
        *(f"- {pair.case.rule}, {pair.case.name}: not measured yet" for pair in pairs if pair.case.name not in results),
        "",
        "## The pairs",
        *(line for pair, record in built for line in _section(pair, record)),
    ]
    return "\n".join(lines) + "\n"


def _row(pair: Pair, record: Mapping[str, Any]) -> str:
    before, after, claim = record["before_bytes"], record["after_bytes"], pair.claim
    claimed, error, in_range = "unknown", "", ""
    if claim is not None:
        high = "" if claim.high is None else f" to {_mb(claim.high)}"
        claimed = f"{_mb(claim.best)} ({'at least ' if claim.high is None else ''}{_mb(claim.low)}{high})"
        error, in_range = f"{error_of(record, claim):+.0%}", "yes" if is_in_range(record, claim) else "no"
    return (
        f"| {pair.case.rule} | [{pair.case.name}](#{pair.case.name}) | {_mb(before)} | {_mb(after)} "
        f"| {_mb(before - after)} | {claimed} | {error} | {in_range} | {_verdict(pair, record)} |"
    )


def _verdict(pair: Pair, record: Mapping[str, Any]) -> str:
    if record["differences"]:
        return f"{len(record['differences'])} unexplained differences"
    gone = [f"`{path}`" for path in (*pair.case.gone, *(f"+ {path}" for path in record["created"]))]
    if record["dropped"]:
        gone.append(f"{len(record['dropped'])} packages")
    return f"equal but for {', '.join(gone)}" if gone else "equal"


def _section(pair: Pair, record: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n### {pair.case.name}\n"
    yield f"{pair.case.rule}: {', '.join(pair.fixes.values())}. {record['compared']:,} paths compared.\n"
    yield "```diff"
    before, after = record["before"].splitlines(), record["after"].splitlines()
    yield from (
        line for line in difflib.unified_diff(before, after, n=99, lineterm="") if line[:2] not in ("--", "++", "@@")
    )
    for path, text in record["created"].items():
        yield from (f"+ {path}: {line}" for line in text.splitlines())
    yield "```"
    if record["dropped"]:
        yield f"\nPackages gone: {', '.join(record['dropped'])}."
    yield from (f"\n- {difference}" for difference in record["differences"])


def _mb(count: int) -> str:
    return f"{count / 1e6:.2f}"


# ------------------------------------------------------------------------------------------------ the command


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is wanted and not measured yet, then write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lab", type=Path, help="the script that builds images; without it only the page is written")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="measure only this case")
    parser.add_argument("--again", action="store_true", help="measure what was measured before")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    pairs = [pair_of(case) for case in CASES]
    results = read_results(given.results)
    if given.lab:
        lab = _lab(given.lab)
        for pair in pairs:
            known = pair.case.name in results and is_of(results[pair.case.name], pair) and not given.again
            if known or (given.only and pair.case.name not in given.only):
                continue
            record = results[pair.case.name] = measure(lab, pair)
            print(_row(pair, record), *record["differences"][:20], sep="\n  ", flush=True)
            kept = [results[case.name] for case in CASES if case.name in results]
            given.results.write_text("".join(json.dumps(each) + "\n" for each in kept), encoding="utf-8")
    PAGE.write_text(page(pairs, results), encoding="utf-8")


def _lab(script: Path) -> Any:
    """The lab, with its index of Python packages served."""
    sys.path.insert(0, str(script.parent))
    lab = importlib.import_module(script.stem)
    lab.engine_up()
    importlib.import_module(f"{script.stem}_cases").serve_pip(lab)
    return lab


if __name__ == "__main__":
    main()
