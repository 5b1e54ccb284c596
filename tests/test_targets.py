"""Which kind of app an image holds, and how it stands beside its target; nothing where that is not plain."""

from __future__ import annotations

import pytest

from deadweight.facts.tables import table
from deadweight.facts.targets import target_of
from deadweight.features import words
from deadweight.model.ecosystems.frameworks import FRAMEWORKS
from deadweight.size.targets import Comparison
from deadweight.size.units import Size
from deadweight.syntax.dockerfile import edited
from deadweight.text import Edit, Span
from examples import snapshot_of

EXPRESS = '//- package.json\n{"dependencies": {"express": "^5.1.0"}}\n'
NEXT = '//- package.json\n{"dependencies": {"next": "^16.0.0", "express": "^5.1.0"}}\n'
GO = "//- go.mod\nmodule example.com/app\n\ngo 1.25\n"
BUILDS_GO = "FROM golang:1.25 AS build\nCOPY . .\nRUN go build -o /app .\n"
BUILDS_PAGES = "FROM node:22 AS build\nCOPY . .\nRUN npm run build\n"
TWO = EXPRESS.replace("package", "a/package") + NEXT.replace("package", "b/package")
FASTAPI = '//- api/pyproject.toml\n[project]\nname = "a"\ndependencies = ["fastapi[standard]"]\n'
SPRING = "<project><parent><artifactId>spring-boot-starter-parent</artifactId></parent></project>\n"


def app_of(dockerfile: str, *files: str) -> str | None:
    found = snapshot_of(f"//- Dockerfile\n{dockerfile}\n{''.join(files)}").sizes.comparison()
    return found.target.app if found else None


@pytest.mark.parametrize(
    ("app", "dockerfile", "files"),
    [
        ("express", "FROM node:22\nCOPY . .", EXPRESS),
        ("express", "FROM node:22-slim\nCOPY package*.json ./\nRUN npm ci\nCOPY src src", EXPRESS),
        ("express", f"{BUILDS_PAGES}FROM gcr.io/distroless/nodejs22-debian12\nCOPY --from=build /x /", EXPRESS),
        ("next", "FROM node:22-alpine\nCOPY . .", NEXT),
        ("django", "FROM python:3.13\nCOPY . .", "//- requirements.txt\n-r base.txt\n//- base.txt\nDjango>=5\n"),
        ("fastapi", "FROM python:3.13\nCOPY api /api", FASTAPI),
        ("flask", "FROM python:3.13\nCOPY requirements.txt .", "//- requirements.txt\nflask==3.1.0\n"),
        ("laravel", "FROM php:8.4-fpm\nCOPY . .", '//- composer.json\n{"require": {"laravel/framework": "^12.0"}}\n'),
        ("spring-boot", "FROM eclipse-temurin:21-jre\nCOPY . .", f"//- pom.xml\n{SPRING}"),
        ("spring-boot", "FROM gradle:9\nCOPY . .", '//- build.gradle.kts\nplugins { id("org.springframework.boot") }'),
        ("go", f"{BUILDS_GO}FROM scratch\nCOPY --from=build /app /app", GO),
        ("go", f"{BUILDS_GO}FROM gcr.io/distroless/static-debian13\nCOPY --from=build /app /app", GO),
        ("go", BUILDS_GO, GO),
        ("static", f"{BUILDS_PAGES}FROM nginx:alpine\nCOPY --from=build /dist /usr/share/nginx/html", EXPRESS),
        ("static", 'FROM caddy\nCOPY site /srv\nCMD ["caddy", "run"]', "//- site/index.html 900\n"),
    ],
)  # fmt: skip
def test_an_app_is_known_by_its_base_and_its_manifests(app: str, dockerfile: str, files: str) -> None:
    assert app_of(dockerfile, files) == app


@pytest.mark.parametrize(
    ("dockerfile", "files"),
    [
        pytest.param("", "", id="no stage"),
        pytest.param("FROM node:22\nCOPY . .", "", id="no manifest"),
        pytest.param("FROM node:22\nCOPY . .", '//- package.json\n{"devDependencies": {"express": "^5"}}\n', id="dev"),
        pytest.param("FROM node:22\nCOPY . .", "//- package.json\n{nothing\n", id="broken manifest"),
        pytest.param("FROM node:22\nCOPY src src", f"{EXPRESS}//- src/a.js 9\n", id="a manifest that is not copied"),
        pytest.param("FROM node:22\nCOPY a a\nCOPY b b", TWO, id="two"),
        pytest.param("FROM debian:bookworm\nCOPY . .", EXPRESS, id="another base"),
        pytest.param("FROM $BASE\nCOPY . .", EXPRESS, id="unknown base"),
        pytest.param("FROM registry.corp/node-app:1\nCOPY . .", EXPRESS, id="unknown image"),
        pytest.param("FROM debian:bookworm\nCOPY . .", GO, id="go that nobody builds"),
        pytest.param(f"{BUILDS_GO}FROM scratch\nCOPY --from=build /app /app", "", id="go of somebody else"),
        pytest.param("FROM nginx\nCOPY nginx.conf /etc/nginx/", "//- nginx.conf 900\n", id="a proxy"),
        pytest.param('FROM nginx\nCOPY site /srv\nCMD ["node", "x"]', "//- site/a 9\n", id="another program"),
        pytest.param("FROM nginx\nCOPY site /srv\nRUN apt-get install -y nodejs", "//- site/a 9\n", id="more"),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_none(dockerfile: str, files: str) -> None:
    assert app_of(dockerfile, files) is None


def test_every_app_has_a_target_with_a_source() -> None:
    apps = {"static", *(app for named in FRAMEWORKS.values() for app in named.values())}
    assert {row[0] for row in table("targets").rows()} == apps
    for row in table("targets").rows():
        target = target_of(row[0])
        assert 0 < target.low < target.high
        assert target.name.startswith(("a ", "an "))


EXPRESS_TARGET = target_of("express")


@pytest.mark.parametrize(
    ("pulled", "said"),
    [
        (Size(430_000_000, 430_000_000, 430_000_000), "4.3 × the target of an Express app"),
        (Size(4_300_000_000, 4_340_000_000, 4_400_000_000), "43 × the target of an Express app"),
        (Size(430_000_000, 430_000_000, None), "at least 4.3 × the target of an Express app"),
        (Size(103_000_000, 103_000_000, 103_000_000), "within the target of an Express app"),
        (Size(40_000_000, 40_000_000, 40_000_000), "within the target of an Express app"),
        (Size(40_000_000, 40_000_000, None), "60–100 MB pulled are the target of an Express app"),
        (None, "60–100 MB pulled are the target of an Express app"),
    ],
)
def test_an_image_beside_its_target(pulled: Size | None, said: str) -> None:
    assert words.compared(Comparison(EXPRESS_TARGET, pulled)) == said


def test_what_a_pull_of_a_layer_transfers_is_found_out_once() -> None:
    before = snapshot_of(f"//- Dockerfile\nFROM node:22\nCOPY . .\n{EXPRESS}")
    old = before.sizes.layer_pulled(before.ledgers[0].layers[1])
    end = len(before.text)
    after = before.edited(edited(before.tree, Edit(Span(end, end), "ENV A=1\n")))
    assert old is not None
    assert after.sizes.layer_pulled(after.ledgers[0].layers[1]) is old
    assert after.sizes.comparison() == before.sizes.comparison()
