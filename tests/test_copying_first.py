"""copy-before-install: what each package manager reads is copied first, and what it cannot do without the sources."""

from __future__ import annotations

import re

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.settings import Settings
from examples import snapshot_of

ALL = Settings(min_saving=0)  # what these projects install weighs little
# Small projects, by the name that stands for their files below.
PROJECTS = {
    "NPM": """//- package.json
{"dependencies": {"express": "^5.1.0", "next": "^16.0.0"}, "scripts": {"build": "x"}}
//- package-lock.json
{"lockfileVersion": 3}
//- SOURCES
""",
    "GO": """//- go.mod
module example.com/app
require github.com/gin-gonic/gin v1.10.0
//- go.sum
x
//- SOURCES
""",
    "CRATE": """//- Cargo.toml
[package]
name = "app"
[dependencies]
serde = "1"
//- Cargo.lock
x
""",
    "MAVEN": """//- pom.xml
<project><artifactId>app</artifactId></project>
//- src/main/java/App.java 4000
//- SOURCES
""",
    "SOURCES": """//- a.js 4000
//- b.js 4000
""",
}
# Below each title a Dockerfile, what the fix makes of it where there is one, and the files around it. NPM and the like
# stand for the files of a small project.
FIXED = r"""
=== a RUN that goes on to build is cut in two
FROM node:22
WORKDIR /app
COPY . .
RUN npm ci \
    && npm run build
---
FROM node:22
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build
//- NPM
=== both halves have the flags of the RUN
FROM node:22
WORKDIR /app
COPY . .
RUN --mount=type=secret,id=npmrc npm ci && npm run build
---
FROM node:22
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc npm ci
COPY . .
RUN --mount=type=secret,id=npmrc npm run build
//- NPM
=== packages of the system in between stay where they are
FROM node:22
WORKDIR /app
# all
ADD --chown=node . /app
RUN apt-get update && apt-get install -y gcc
USER node
RUN npm ci
CMD x
---
FROM node:22
WORKDIR /app
# all
ADD --chown=node package.json package-lock.json /app/
RUN apt-get update && apt-get install -y gcc
USER node
RUN npm ci
ADD --chown=node . /app
CMD x
//- NPM
=== what is there already is not copied again, and the comment goes along
FROM node:22
WORKDIR /app
COPY package*.json ./
# sources
COPY . .
RUN npm ci
CMD x
---
FROM node:22
WORKDIR /app
COPY package*.json ./
RUN npm ci
# sources
COPY . .
CMD x
//- NPM
=== a folder of the context
FROM node:22
WORKDIR /srv/app
COPY web/ /srv
RUN npm ci
---
FROM node:22
WORKDIR /srv/app
COPY web/app/package.json /srv/app/
RUN npm ci
COPY web/ /srv
//- web/app/package.json
{"dependencies": {"express": "^5.1.0", "next": "^16.0.0"}, "scripts": {"build": "x"}}
//- web/app/a.js 4
//- web/b.js 4
=== the manifests of a workspace, and a yarn that is part of the project
FROM node:22
WORKDIR /app
COPY . .
RUN yarn install --immutable
---
FROM node:22
WORKDIR /app
COPY package.json yarn.lock .yarnrc.yml ./
COPY .yarn ./.yarn/
COPY packages/a/package.json ./packages/a/
RUN yarn install --immutable
COPY . .
//- package.json
{"workspaces": ["packages/*"], "packageManager": "yarn@4.1.0", "dependencies": {"next": "^16.0.0"}}
//- packages/a/package.json
{"name": "a"}
//- packages/a/a.js 4
//- yarn.lock
__metadata:
//- .yarnrc.yml
x
//- .yarn/releases/yarn-4.1.0.cjs 9
//- .yarn/plugins/p.cjs 9
//- SOURCES
=== the manifests of a workspace of pnpm, with patches and settings
FROM node:22
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile
---
FROM node:22
WORKDIR /app
COPY package.json pnpm-lock.yaml .npmrc pnpm-workspace.yaml ./
COPY patches/x.patch ./patches/
COPY packages/a/package.json ./packages/a/
RUN pnpm install --frozen-lockfile
COPY . .
//- package.json
{"dependencies": {"express": "^5.1.0", "next": "^16.0.0"}, "scripts": {"build": "x"}}
//- pnpm-lock.yaml
x
//- .npmrc
x
//- patches/x.patch 9
//- pnpm-workspace.yaml
packages:
  - packages/*
patchedDependencies:
  x: patches/x.patch
//- packages/a/package.json
{"name": "a"}
//- packages/a/a.js 4
//- SOURCES
=== requirements with what they include and are constrained by
FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install --upgrade pip
RUN pip install --no-cache-dir -r requirements/prod.txt
---
FROM python:3.13
WORKDIR /app
COPY constraints.txt ./
COPY requirements/prod.txt requirements/base.txt ./requirements/
RUN pip install --upgrade pip
RUN pip install --no-cache-dir -r requirements/prod.txt
COPY . .
//- requirements/prod.txt
-r base.txt
-c ../constraints.txt
pandas
//- requirements/base.txt
flask
//- requirements/dev.txt
pytest
//- constraints.txt
flask==3.0
//- SOURCES
=== poetry installs the project itself behind its sources
FROM python:3.13
WORKDIR /app
COPY . .
RUN poetry install --only main
---
FROM python:3.13
WORKDIR /app
COPY pyproject.toml poetry.lock README.md ./
RUN poetry install --no-root --only main
COPY . .
RUN poetry install --only main
//- pyproject.toml
[tool.poetry]
name = 'x'
readme = 'README.md'
[tool.poetry.dependencies]
pandas = '*'
[build-system]
//- poetry.lock
x
//- README.md 9
//- SOURCES
=== uv, with the members of a workspace
FROM python:3.13
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked
---
FROM python:3.13
WORKDIR /app
COPY pyproject.toml uv.lock ./
COPY packages/y/pyproject.toml ./packages/y/
RUN --mount=type=cache,target=/root/.cache/uv uv sync --no-install-workspace --locked
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked
//- pyproject.toml
[project]
name = 'x'
dependencies = ['pandas']
[build-system]
//- uv.lock
[[package]]
name = "x"
source = { editable = "." }
dependencies = [{ name = "pandas" }]
[[package]]
name = "y"
source = { editable = "packages/y" }
[[package]]
name = "pandas"
version = "2.2.3"
//- packages/y/pyproject.toml
[project]
name = 'y'
//- packages/y/y.py 9
//- SOURCES
=== bundler, with the version of Ruby that the Gemfile reads
FROM ruby:3.4
WORKDIR /app
COPY . .
RUN bundle config set without test
RUN bundle install
---
FROM ruby:3.4
WORKDIR /app
COPY Gemfile Gemfile.lock .ruby-version ./
RUN bundle config set without test
RUN bundle install
COPY . .
//- Gemfile
ruby file: ".ruby-version"
gem "rails"
//- Gemfile.lock
x
//- .ruby-version
3
//- SOURCES
=== composer does its scripts behind the sources
FROM composer:2
WORKDIR /app
COPY . .
RUN composer install \
    --no-dev
---
FROM composer:2
WORKDIR /app
COPY composer.json composer.lock ./
RUN composer install --no-scripts --no-autoloader \
    --no-dev
COPY . .
RUN composer install \
    --no-dev
//- composer.json
{}
//- composer.lock
{}
//- SOURCES
=== Go in a folder of the image, modules of the project with it
FROM golang:1.25
COPY . /src
RUN cd /src && go vet ./... && go build -o /app .
---
FROM golang:1.25
COPY go.mod go.sum /src/
COPY lib/go.mod /src/lib/
RUN cd /src && go mod download
COPY . /src
RUN cd /src && go vet ./... && go build -o /app .
//- go.mod
module example.com/app
require github.com/gin-gonic/gin v1.10.0
replace example.com/lib => ./lib
//- go.sum
x
//- SOURCES
//- lib/go.mod
module example.com/lib
//- lib/a.go 4
=== a crate that is a library and a program
FROM rust:1
WORKDIR /app
COPY . .
RUN cargo build --release --locked
---
FROM rust:1
WORKDIR /app
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked \
    && cargo clean --release -p app \
    && rm -rf src
COPY . .
RUN cargo build --release --locked
//- CRATE
//- src/main.rs 400
//- src/lib.rs 400
=== Maven with its options, and the wrapper
FROM eclipse-temurin:21
WORKDIR /app
COPY . .
RUN ./mvnw -B -Pprod -DskipTests clean package
---
FROM eclipse-temurin:21
WORKDIR /app
COPY pom.xml mvnw ./
COPY .mvn ./.mvn/
RUN ./mvnw -B -Pprod dependency:go-offline
COPY . .
RUN ./mvnw -B -Pprod -DskipTests clean package
//- MAVEN
//- mvnw 9
//- .mvn/wrapper/maven-wrapper.properties 9
//- .mvn/jvm.config 9
=== Maven's settings of the project
FROM maven:3
WORKDIR /app
COPY . .
RUN mvn -s ci/settings.xml package
---
FROM maven:3
WORKDIR /app
COPY pom.xml ./
COPY ci/settings.xml ./ci/
RUN mvn -s ci/settings.xml dependency:go-offline
COPY . .
RUN mvn -s ci/settings.xml package
//- ci/settings.xml 9
//- MAVEN
=== .NET, with the projects that one refers to
FROM mcr.microsoft.com/dotnet/sdk:9.0
WORKDIR /src
COPY . .
RUN dotnet publish src/Api -c Release -o /app
---
FROM mcr.microsoft.com/dotnet/sdk:9.0
WORKDIR /src
COPY Directory.Build.props nuget.config ./
COPY src/Api/Api.csproj ./src/Api/
COPY src/Lib/Lib.csproj ./src/Lib/
RUN dotnet restore src/Api
COPY . .
RUN dotnet publish src/Api -c Release -o /app
//- src/Api/Api.csproj
<ProjectReference Include="..\Lib\Lib.csproj" />
//- src/Lib/Lib.csproj
<x/>
//- Directory.Build.props 9
//- nuget.config 9
//- src/Api/P.cs 9
//- other/O.csproj 9
//- SOURCES
=== mix, with its configuration
FROM elixir:1.18
WORKDIR /app
COPY . .
RUN mix local.hex --force
RUN mix deps.get --only prod
RUN mix compile
---
FROM elixir:1.18
WORKDIR /app
COPY mix.exs mix.lock ./
COPY config ./config/
RUN mix local.hex --force
RUN mix deps.get --only prod
COPY . .
RUN mix compile
//- mix.exs
x
//- mix.lock
x
//- config/config.exs 9
//- config/prod.exs 9
//- SOURCES
"""
REFUSED = r"""
=== a script of the install needs the sources
COPY . .
RUN npm ci
//- package.json
{"scripts": {"postinstall": "node build.js"}}
//- SOURCES
=== a package of the project
COPY . .
RUN npm ci
//- package.json
{"dependencies": {"next": "16", "a": "file:./a"}}
//- SOURCES
=== the project itself, editable
COPY . .
RUN pip install -r r.txt -e .
//- r.txt
pandas
//- SOURCES
=== requirements that include what nobody sees
COPY . .
RUN pip install -r r.txt
//- r.txt
-r gone.txt
pandas
//- SOURCES
=== requirements that name a folder
COPY . .
RUN pip install -r r.txt
//- r.txt
-e ./lib
pandas
//- SOURCES
=== wheels that lie beside the sources
COPY . .
RUN pip install --no-index --find-links wheels -r r.txt
//- r.txt
pandas
//- wheels/pandas.whl 9
//- SOURCES
=== wheels that the requirements name
COPY . .
RUN pip install -r r.txt
//- r.txt
--find-links=./wheels
pandas
//- wheels/pandas.whl 9
//- SOURCES
=== gems of the project
COPY . .
RUN bundle install
//- Gemfile
gem 'a', path: 'engines/a'
//- SOURCES
=== a gem
COPY . .
RUN bundle install
//- Gemfile
gemspec
//- a.gemspec
x
//- SOURCES
=== a package of PHP in a folder
COPY . .
RUN composer install
//- composer.json
{"repositories": [{"type": "path", "url": "lib/*"}]}
//- SOURCES
=== a workspace of crates
COPY . .
RUN cargo build
//- Cargo.toml
[workspace]
members = ['a']
//- SOURCES
=== a build script of a crate
COPY . .
RUN cargo build
//- Cargo.toml
[package]
name = "app"
build = "b.rs"
[dependencies]
serde = "1"
//- Cargo.lock
x
//- SOURCES
=== modules of Maven that need each other
COPY . .
RUN mvn package
//- pom.xml
<artifactId>p</artifactId><module>a</module><module>b</module>
//- a/pom.xml
<parent><artifactId>p</artifactId></parent><artifactId>a</artifactId>
//- b/pom.xml
<artifactId>b</artifactId><dependency><artifactId>a</artifactId></dependency>
//- SOURCES
=== Gradle, which has no task that downloads alone
COPY . .
RUN gradle build
//- build.gradle
plugins {}
//- SOURCES
=== a command in front that may read them
COPY . .
RUN ./prepare.sh && npm ci
//- NPM
=== an instruction in between that may read them
COPY . .
RUN ./prepare.sh
RUN npm ci
//- NPM
=== a shell that the rest of the RUN relies on
COPY . .
RUN export CI=1 && npm ci && npm run build
//- NPM
=== what is installed for the build is taken away behind it
COPY . .
RUN npm ci && npm run build && npm prune --omit=dev
//- NPM
=== one of several ways
COPY . .
RUN if [ -f package-lock.json ]; then npm ci; else yarn; fi
//- NPM
=== a tool that the RUN itself brings
COPY . .
RUN apk add go && go build .
//- GO
"""
SILENT = r"""
=== a program of others
COPY . .
RUN go install golang.org/x/tools/gopls@latest
//- GO
=== modules that lie in the project
COPY . .
RUN go build .
//- GO
//- vendor/modules.txt 9
=== modules of another stage
COPY --from=modules /go/pkg /go/pkg
COPY . .
RUN go build .
//- GO
=== a cache mount
COPY . .
RUN --mount=type=cache,target=/root/.m2 mvn package
//- MAVEN
=== crates that cargo-chef has built
COPY recipe.json .
RUN cargo chef cook --release
COPY . .
RUN cargo build --release
//- CRATE
//- src/main.rs 400
//- src/lib.rs 400
//- recipe.json 9
=== crates that a stand-in has built
COPY Cargo.* .
RUN mkdir src && touch src/lib.rs && cargo build
COPY . .
RUN cargo build
//- CRATE
//- src/main.rs 400
//- src/lib.rs 400
=== a bind mount
RUN --mount=type=bind,source=package.json,target=package.json npm ci
COPY . .
//- NPM
=== nothing but a file more
COPY . .
RUN npm ci
//- package.json
{"dependencies": {"express": "^5.1.0", "next": "^16.0.0"}, "scripts": {"build": "x"}}
//- package-lock.json
{}
=== dotnet restored before
COPY *.csproj .
RUN dotnet restore
COPY . .
RUN dotnet publish --no-restore
//- A.csproj
x
//- SOURCES
"""


def cases(table: str) -> list[object]:
    """A table's texts, each with the files that names of projects stand for."""
    for name, files in PROJECTS.items():
        table = table.replace(f"//- {name}\n", files)
    titled = (case.partition("\n") for case in re.split(r"^=== ", table, flags=re.MULTILINE)[1:])
    return [pytest.param(text, id=title) for title, _, text in titled]


def fixes_of(block: str, wanted: str = "split-copy") -> list[str]:
    """The Dockerfiles that the fixes of copy-before-install make, of those that keep their word."""
    snapshot = snapshot_of(block)
    found = report(snapshot, ALL)
    fixes = [(each, fix) for each in found if each.rule.id == "copy-before-install" for fix in each.fixes]
    mine = [(each, fix) for each, fix in fixes if fix.id == wanted]
    return [fixed(snapshot, [fix]).text for each, fix in mine if holds(snapshot, found, each, fix, ALL)]


def is_reported(block: str) -> bool:
    return any(each.rule.id == "copy-before-install" for each in report(snapshot_of(block), ALL))


@pytest.mark.parametrize("case", cases(FIXED))
def test_what_the_install_reads_comes_first(case: str) -> None:
    dockerfile, mark, files = case.partition("//- ")
    before, _, after = dockerfile.partition("---\n")
    assert fixes_of(f"//- Dockerfile\n{before}{mark}{files}") == [after]
    assert not is_reported(f"//- Dockerfile\n{after}{mark}{files}")


@pytest.mark.parametrize("case", cases(REFUSED))
def test_no_fix_where_the_sources_are_needed(case: str) -> None:
    assert fixes_of(f"//- Dockerfile\nFROM node:22\nWORKDIR /app\n{case}") == []


@pytest.mark.parametrize("case", cases(SILENT))
def test_nothing_is_said_where_nothing_is_written_again(case: str) -> None:
    head = "FROM golang:1.25 AS modules\nWORKDIR /app\nCOPY go.* ./\nRUN go mod download\n" if "modules" in case else ""
    assert not is_reported(f"//- Dockerfile\n{head}FROM golang:1.25\nWORKDIR /app\n{case}")


def test_line_ends_and_the_escape_of_the_file_stay() -> None:
    before = "# escape=`\nFROM rust:1\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\n".replace("\n", "\r\n")
    (after,) = fixes_of(f"//- Dockerfile\n{before}{PROJECTS['CRATE']}//- src/main.rs 400\n//- src/other.rs 400\n")
    assert after.count("\n") == after.count("\r\n")
    assert "src/main.rs `\r\n    && cargo build --release `\r\n" in after


def test_where_nothing_can_come_first_a_cache_mount_is_on_offer() -> None:
    files = "//- build.gradle\nplugins {}\n//- src/A.java 9\n//- src/B.java 9\n"
    (after,) = fixes_of(f"//- Dockerfile\nFROM gradle:8\nCOPY . /src\nRUN gradle -p /src build\n{files}", "cache-mount")
    assert after.endswith("RUN --mount=type=cache,target=/home/gradle/.gradle gradle -p /src build\n")
    assert not is_reported(f"//- Dockerfile\n{after}{files}")
