"""Packages for developers of Composer and Bundler in an image: who brings them, and what leaves them out."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.model.ecosystems import php, ruby
from deadweight.rules.dev_groups_shipped import dev_groups_shipped
from deadweight.rules.rule import Safety
from examples import snapshot_of

PHP = """\
//- composer.json
{"require": {"a/a": "1"}, "require-dev": {"ext-x": "*", "phpunit/phpunit": "^12"}, "scripts": {"test": "phpunit"}}
//- composer.lock
{"packages": [{"name": "a/a"}], "packages-dev": [{"name": "b/b"}, {"name": "c/c"}, {"name": "d/d"}]}
"""
GEMFILE = """\
source "https://rubygems.org"
gem "puma", "~> 6"
gem 'rake' # for everybody: group :test
group :development, :test do
  platforms :ruby do
    gem "debug"
  end
  gem "rspec"
end
gem "bootsnap", require: false
group :assets do
  gem "sass"
end
gem "listen", :group => :development
gem "vcr", groups: %i[development test], require: false
group(*%w[test]) do
  gem "webmock"
end
"""
LOCK = """\
GEM
  remote: https://rubygems.org/
  specs:
    bootsnap (1.18.0)
    debug (1.11.0)
    listen (3.9.0)
      ffi (~> 1.10)
    ffi (1.17.0-x86_64-linux-gnu)
    puma (6.6.0)
    rake (13.3.0)
    rspec (3.13.0)
    sass (3.7.0)

PATH
  remote: .
  specs:
    own (0.1.0)
      puma

DEPENDENCIES
  puma
"""
RUBY = f"//- Gemfile\n{GEMFILE}//- Gemfile.lock\n{LOCK}"
APP = 'FROM ruby:3.4-slim\nWORKDIR /app\nCOPY . .\n{}\nCMD ["bundle", "exec", "puma"]\n'


def tried(dockerfile: str, files: str) -> str | None:
    """What the fix makes of a Dockerfile; "" where there is none, None where nothing is reported."""
    snapshot = snapshot_of(f"//- Dockerfile\n{dockerfile}{files}")
    found = report(snapshot, rules=[dev_groups_shipped])
    if not found:
        return None
    (reported,) = found
    assert all(fix.safety is Safety.ASK for fix in reported.fixes)
    assert all(holds(snapshot, report(snapshot), reported, fix) for fix in reported.fixes)
    return fixed(snapshot, reported.fixes[:1]).text if reported.fixes else ""


def test_a_gemfile_says_which_groups_gems_are_in() -> None:
    gems = {gem.name: gem.groups for gem in ruby.read_gemfile(GEMFILE)}
    assert gems["puma"] == gems["rake"] == gems["bootsnap"] == frozenset()
    assert gems["debug"] == gems["rspec"] == {"development", "test"}
    assert gems["sass"] == {"assets"}
    assert gems["listen"] == {"development"}
    assert gems["vcr"] == {"development", "test"}
    assert gems["webmock"] == {"test"}


def test_a_lockfile_says_what_the_other_gems_need() -> None:
    gems, lock = ruby.read_gemfile(GEMFILE), ruby.read_lock(LOCK)
    assert "own" not in lock
    left = ruby.installed(gems, lock, ("development", "test"))
    assert left == {"puma", "rake", "bootsnap", "sass"}
    assert "ffi" in ruby.installed(gems, lock, ("test",))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"packages": 3}', '{"packages": [3, {"name": 4}]}'])
def test_texts_that_are_no_lockfiles_hold_nothing(text: str) -> None:
    lock = php.read_lock(text)
    assert lock is None or not lock.packages
    assert ruby.read_lock(text) == {}
    assert ruby.read_gemfile(text) == ()


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("RUN composer install", "RUN composer install --no-dev"),
        ("RUN composer i -o", "RUN composer i --no-dev -o"),
        ("RUN composer -n install && ls", "RUN composer -n install --no-dev && ls"),
        ("RUN composer -d . install", "RUN composer -d . install --no-dev"),
        ("RUN composer install -d .", "RUN composer install --no-dev -d ."),
    ],
)
def test_composer_is_told(run: str, after: str) -> None:
    head = "FROM php:8.4-fpm\nCOPY . .\n"
    assert tried(f"{head}{run}\n", PHP) == f"{head}{after}\n"


@pytest.mark.parametrize(
    "run",
    [
        "RUN composer install --no-dev",
        "RUN COMPOSER_NO_DEV=1 composer install",
        "ARG COMPOSER_NO_DEV\nRUN composer install",
        "RUN composer install\nENV APP_ENV=dev",
        'RUN composer install\nCMD ["vendor/bin/phpunit"]',
        "RUN composer require x/y",
        "RUN --mount=type=cache,target=/var/www/html/vendor composer install",
    ],
)
def test_composer_without_packages_for_developers_or_for_them_is_not_reported(run: str) -> None:
    assert tried(f"FROM php:8.4-fpm\nCOPY . .\n{run}\n", PHP) is None


def test_without_a_lockfile_at_least_what_composer_is_asked_for_stays() -> None:
    manifest = PHP.partition("//- composer.lock")[0]
    assert tried("FROM php:8.4-fpm\nCOPY . .\nRUN composer install\n", manifest) == (
        "FROM php:8.4-fpm\nCOPY . .\nRUN composer install --no-dev\n"
    )
    snapshot = snapshot_of(f"//- Dockerfile\nFROM php:8.4-fpm\nCOPY . .\nRUN composer install\n{manifest}")
    (reported,) = report(snapshot, rules=[dev_groups_shipped])
    assert reported.finding.saves is not None
    assert (reported.finding.saves.best, reported.finding.saves.high) == (720_000, None)
    asks_for_none = '//- composer.json\n{"require": {"a/a": "1"}, "require-dev": {"ext-x": "*"}}\n'
    assert tried("FROM php:8.4-fpm\nCOPY . .\nRUN composer install\n", asks_for_none) is None
    assert tried("FROM php:8.4-fpm\nCOPY . .\nRUN composer install --no-dev\n", manifest) is None


def test_no_fix_where_a_later_instruction_calls_a_tool_of_developers() -> None:
    assert tried("FROM php:8.4-fpm\nCOPY . .\nRUN composer install\nRUN vendor/bin/phpunit\n", PHP) == ""
    assert tried(APP.format("RUN bundle install\nRUN bundle exec rspec"), RUBY) == ""


def test_bundler_is_told_by_the_environment() -> None:
    env = 'ENV BUNDLE_WITHOUT="development:test"\n'
    assert tried(APP.format("# gems\nRUN bundle install"), RUBY) == APP.format(f"{env}# gems\nRUN bundle install")
    known = APP.format('ENV BUNDLE_WITHOUT="assets test"\nRUN bundle install')
    wanted = 'ENV BUNDLE_WITHOUT="assets:test:development"\nRUN bundle install'
    assert tried(known, RUBY) == known.replace("RUN bundle install", wanted)


def test_gems_that_are_copied_from_another_stage_are_left_out_there_and_here() -> None:
    text = (
        "FROM ruby:3.4 AS build\nWORKDIR /app\nCOPY . .\n{0}RUN bundle install\n"
        'FROM ruby:3.4-slim\n{0}COPY --from=build /usr/local/bundle /usr/local/bundle\nCMD ["puma"]\n'
    )
    assert tried(text.format(""), RUBY) == text.format('ENV BUNDLE_WITHOUT="development:test"\n')


@pytest.mark.parametrize(
    "run",
    [
        "ENV BUNDLE_WITHOUT=development:test\nRUN bundle install",
        "RUN bundle config without development test && bundle install",
        "RUN bundle config --local without 'development test' && bundle install",
        "RUN bundle config set without 'development:test'\nRUN bundle install",
        "RUN bundle install --without development test --jobs 4",
        "RUN bundle install --without=development:test",
        "ENV BUNDLE_ONLY=default\nRUN bundle install",
        "ARG BUNDLE_WITHOUT\nRUN bundle install",
        "ENV RACK_ENV=test\nRUN bundle install",
    ],
)
def test_bundler_without_the_groups_or_for_them_is_not_reported(run: str) -> None:
    assert tried(APP.format(run), RUBY) is None


def test_the_settings_of_the_project_count() -> None:
    files = f'{RUBY}//- .bundle/config\n---\nBUNDLE_WITHOUT: "development:test"\n'
    assert tried(APP.format("RUN bundle install"), files) is None
