"""Xdebug in an image that runs an app: where it is said, and what its fix takes out."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.catalog import BY_ID
from deadweight.rules.rule import Safety
from examples import snapshot_of

RULE = BY_ID["debugging-tools-kept"]
FPM = "FROM php:8.4-fpm\n"
APP = "COPY . /var/www/html\n"


def after(run: str) -> str | None:
    """What the fix makes of a RUN in an image of an app; None where none is offered."""
    snapshot = snapshot_of(f"{FPM}RUN {run}\n{APP}")
    (reported,) = report(snapshot, rules=[RULE])
    assert reported.finding.saves is not None
    if not reported.fixes:
        return None
    (fix,) = reported.fixes
    assert fix.safety is Safety.ASK
    assert holds(snapshot, (reported, *report(snapshot)), reported, fix)
    return fixed(snapshot, [fix]).text.removeprefix(FPM).removesuffix(APP).removeprefix("RUN ").rstrip("\n")


@pytest.mark.parametrize(
    ("run", "then"),
    [
        ("pecl install xdebug && docker-php-ext-enable xdebug", ""),
        ("pecl install xdebug-3.4.5 && docker-php-ext-enable xdebug && make x", None),
        ("a && pecl install -f xdebug-3.4.5 && docker-php-ext-enable xdebug && b", "a && b"),
        ("pecl install apcu xdebug \\\n    && docker-php-ext-enable xdebug apcu",
         "pecl install apcu \\\n    && docker-php-ext-enable apcu"),
        ("install-php-extensions redis xdebug", "install-php-extensions redis"),
        ("install-php-extensions xdebug", ""),
        ("pecl install xdebug && echo xdebug.mode=coverage > /usr/local/etc/php/conf.d/x.ini", None),
    ],
)  # fmt: skip
def test_it_goes_with_what_enables_it(run: str, then: str | None) -> None:
    assert after(run) == then


def test_no_fix_where_another_instruction_has_to_do_with_it() -> None:
    text = f"{FPM}RUN pecl install xdebug\nRUN docker-php-ext-enable xdebug\n{APP}"
    (reported,) = report(snapshot_of(text), rules=[RULE])
    assert reported.fixes == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{FPM}RUN pecl install redis\n{APP}",
        f"{FPM}RUN pecl install xdebug\nCOPY php.ini /usr/local/etc/php/\n",
        f"FROM php:8.4-fpm AS dev\nRUN pecl install xdebug\n{APP}",
        f"FROM php:8.4\nRUN pecl install xdebug\n{APP}CMD sleep infinity\n",
        f'{FPM}ARG DEBUG\nRUN if [ "$DEBUG" ]; then pecl install xdebug; fi\n{APP}',
        f"{FPM}RUN pecl install xdebug\nCOPY --from=composer /usr/bin/composer /usr/bin/composer\n",
        f"{FPM}RUN pecl install xdebug\nCOPY docker-entrypoint /usr/local/bin/\nCMD composer\n",
        # Nobody knows its size.
        f"FROM ubuntu:24.04\nRUN apt-get install -y php8.9-xdebug php-cli\n{APP}CMD php a.php\n",
    ],
)
def test_nothing_is_said(text: str) -> None:
    assert not report(snapshot_of(text), rules=[RULE])


def test_debians_package_goes_out_of_its_install() -> None:
    install = (
        "RUN apt-get update && apt-get install -y --no-install-recommends php-cli{} && rm -rf /var/lib/apt/lists/*\n"
    )
    end = f"{APP}CMD php -S 0.0.0.0:80\n"
    snapshot = snapshot_of(f"FROM debian:trixie\n{install.format(' php-xdebug')}{end}")
    (reported,) = report(snapshot, rules=[RULE])
    assert fixed(snapshot, reported.fixes).text == f"FROM debian:trixie\n{install.format('')}{end}"


def test_xdebug_has_a_size_of_its_own() -> None:
    snapshot = snapshot_of(f"{FPM}RUN pecl install xdebug redis\n")
    size = snapshot.sizes.layer(snapshot.ledgers[-1].layers[-1])
    assert size is not None
    assert size.is_at_least
    assert "xdebug" in [part.what for part in size.parts]
