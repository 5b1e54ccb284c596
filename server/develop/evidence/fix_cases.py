"""The Dockerfiles whose safe fixes are built for real, and the rules of which none is, with the reason.

A new pair is a `Case` more in `CASES`; those of what tools leave are in tool_cases.py. What has no pair is in
`NOT_BUILT`.
"""

from __future__ import annotations

from develop.evidence.case import Case
from develop.evidence.contexts import DOCS
from develop.evidence.tool_cases import TOOL_CASES

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
        "apt-lists-script",
        "update-and-install-apart",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update\n"
        "RUN apt-get install -y --no-install-recommends less\n"
        "COPY setup.sh /\n"
        "RUN sh /setup.sh\n",
        {"setup.sh": "set -e\napt-get install -y --no-install-recommends curl\n"},
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
        "late-delete-working-folder",
        "late-delete",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends gcc libc6-dev make \\\n"
        "    && rm -rf /var/lib/apt/lists/*;\n"
        "WORKDIR /src/a\n"
        "RUN echo 'int main() {}' > a.c && make a # the program\n"
        "RUN cp a /usr/local/bin/ && cd / && rm -rf /src/a && apt-get purge -y --auto-remove gcc libc6-dev make\n"
        "RUN pwd > /where\n",
    ),
    Case(
        "late-delete-variables",
        "late-delete",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y --no-install-recommends gcc libc6-dev \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
        "ENV NAME=a CFLAGS=-O2\n"
        "RUN cd /tmp && echo 'int main() {}' > $NAME.c && gcc $CFLAGS -o /usr/local/bin/$NAME $NAME.c && rm $NAME.c\n"
        "ENV NAME=/srv/b\n"
        "RUN env | grep -E '^(NAME|CFLAGS)=' | sort > $NAME && apt-get purge -y --auto-remove gcc libc6-dev\n",
    ),
    Case(
        "late-delete-download",
        "late-delete",
        "FROM buildpack-deps:bookworm-curl\n"
        "RUN curl -fsSL -o /tmp/typescript.tgz https://registry.npmjs.org/typescript/-/typescript-5.4.5.tgz \\\n"
        "    && tar -xzf /tmp/typescript.tgz -C /opt\n"
        "COPY motd /etc/\n"
        "RUN touch /tmp/else && rm -rf /tmp/*\n",
        {"motd": "hello\n"},
        is_unknown=True,
    ),
    Case(
        "late-delete-mount",
        "late-delete",
        "FROM debian:bookworm-slim AS packages\n"
        "RUN mkdir /deb && cd /deb && apt-get update && apt-get download less && mv *.deb less.deb\n"
        "FROM debian:bookworm-slim\n"
        "COPY --from=packages /deb/less.deb /tmp/less.deb\n"
        "RUN --mount=type=tmpfs,target=/var/log dpkg -i /tmp/less.deb && rm /tmp/less.deb\n",
        is_unknown=True,
    ),
    Case(
        "chown-of-several",
        "rewritten-in-later-layer",
        "FROM debian:bookworm-slim\n"
        "WORKDIR /srv/app\n"
        "COPY data data\n"
        "COPY data/sub /opt/sub\n"
        "RUN chown -R www-data:games /srv/app /opt/sub\n",
        {"data/big.bin": 20_000_000, "data/sub/other.bin": 10_000_000},
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
        "three-installs-lists",
        "consecutive-runs",
        "FROM debian:bookworm-slim\n"
        "RUN export X=1; apt-get update; apt-get install -y --no-install-recommends less;"
        " rm -rf /var/lib/apt/lists/*\n"
        "RUN cd /srv; touch a; apt-get update; apt-get install -y --no-install-recommends file;"
        " rm -rf /var/lib/apt/lists/*\n"
        'RUN echo "not $X" > c; apt-get update; apt-get install -y --no-install-recommends make;'
        " rm -rf /var/lib/apt/lists/*\n",
    ),
    Case(
        "three-installs-nounset",
        "consecutive-runs",
        "FROM debian:bookworm-slim\n"
        "RUN set -eux; apt-get update; apt-get install -y --no-install-recommends less;"
        " rm -rf /var/lib/apt/lists/*\n"
        'RUN set -ex; echo "$NOT_SET" > /a; apt-get update; apt-get install -y --no-install-recommends file;'
        " rm -rf /var/lib/apt/lists/*\n"
        "RUN set -eux; apt-get update; apt-get install -y --no-install-recommends make;"
        " rm -rf /var/lib/apt/lists/*\n",
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
        "recommended-and-unknown",  # what nobody has looked at is kept by name
        "recommended-packages",
        "FROM debian:bookworm-slim\n"
        "RUN apt-get update \\\n"
        "    && apt-get install -y graphviz \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n",
        # What is made when packages are installed: types of files, caches of fonts, which are others in each build.
        gone=("/usr/share/mime/*", "/var/cache/fontconfig/*", "/var/lib/dpkg/triggers/File"),
        drops_packages=True,
    ),
    Case(
        "recommended-apart",  # a package that nobody else knows keeps what it recommends
        "recommended-packages",
        "FROM debian:bookworm-slim\n"
        "RUN mkdir -p /own/DEBIAN \\\n"
        "    && printf 'Package: own\\nVersion: 1\\nArchitecture: all\\nMaintainer: me\\nDescription: own\\n"
        "Recommends: tree\\n' > /own/DEBIAN/control \\\n"
        "    && dpkg-deb --build /own /own.deb && rm -r /own\n"
        "COPY LICENSE /\n"
        "RUN apt-get update \\\n"
        "    && DEBIAN_FRONTEND=noninteractive apt-get install -y /own.deb git > /dev/null \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n",
        {"LICENSE": "as you like\n"},
        gone=("/etc/alternatives/pager*", "/var/lib/dpkg/alternatives/pager"),
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
    Case(
        "copied-twice",
        "copied-twice",
        "FROM debian:bookworm-slim\nCOPY site /srv/site\nCOPY motd /etc/\nCOPY site /srv/site\n",
        {"site/index.html": "<p>hello\n", "site/film.mp4": 20_000_000, "motd": "hello\n"},
    ),
    Case(
        "copied-twice-below",
        "copied-twice",
        "FROM debian:bookworm-slim\n"
        "WORKDIR /srv/app\n"
        "COPY data/big.bin data/\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends less && rm -rf /var/lib/apt/lists/*\n"
        "COPY . .\n",
        {".dockerignore": "Dockerfile\n", "run.sh": "echo\n", "data/big.bin": 20_000_000},
    ),
    *TOOL_CASES,
)

# Rule -> why no pair of it, or of a part of it, is built.
NOT_BUILT: dict[str, str] = {
    "build-packages-kept": "no safe fix: whether a program calls a compiler when it runs, only the program says",
    "full-base-image": "no safe fix: another base image is for a person to choose",
    "cuda-wheels-installed": "no safe fix: whether a container is started with a GPU, the Dockerfile does not say",
    "build-tools-shipped": "no safe fix: what the app reads when it runs, only its code says",
    "dev-dependencies-shipped": "no safe fix: whether something needs them, only its code says",
    "dev-groups-shipped": "no safe fix: whether something needs them, only its code says",
    "rust-docs-kept": "a toolchain comes from where no lab can download it",
    "secrets-copied": "no safe fix: an app or a build may read them",
    "copy-source-missing": "no safe fix, and no image before it: the build fails",
    "huge-file-copied": "no safe fix: an app may open them",
    "whole-stage-copied": "no safe fix: what else the program reads, only its code says",
    "two-download-tools": "no safe fix: whether the app calls one of them, only its code says",
    "next-without-standalone": "no fix of its own: what Next.js is told is not in the Dockerfile",
    "debugging-tools-kept": "no safe fix: an app or a script may call them",
    "unreachable-stage": "no fix, and no bytes in the image",
    "install-cache-kept": "of apk, dnf, zypper, pacman, conda, cargo, Bundler, Composer, Maven, Gradle, sbt, NuGet and "
    "Go's modules: the lab has the archives of Debian, npm and PyPI alone",
    "consecutive-runs": "of too many layers: no engine makes the image before it",
    "over-budget": "no fix of its own: those of the other rules take off what they say",
    "packages-upgraded": "no safe fix: whether a newer base image is there, only its registry says",
    "copy-before-install": "no safe fix, and no bytes in the image: the finding is about rebuilds",
    "development-start": "no safe fix: what the image starts for production is another program",
    "cache-mount-missing": "no safe fix, and no bytes in the image: it is about rebuilds",
}
