r"""An install brings packages for developers into the image: require-dev, the groups development and test.

Test runners, debuggers and linters are often half of what Composer and Bundler install. Both write them with the rest
unless they are told that this is not a developer's machine. Where no lockfile says what comes with them, it is at
least what composer.json asks for.

## Example

```
//- Dockerfile
FROM php:8.4-fpm
WORKDIR /var/www/html
COPY . .
RUN composer install --no-scripts --optimize-autoloader && composer clear-cache
//- composer.json
{"require": {"monolog/monolog": "^3.0"}, "require-dev": {"phpunit/phpunit": "^12.0"}}
//- composer.lock
{
  "packages": [{"name": "monolog/monolog"}, {"name": "psr/log"}],
  "packages-dev": [{"name": "phpunit/phpunit"}, {"name": "sebastian/diff"}, {"name": "phar-io/version"}]
}
```

Use instead:

```
//- Dockerfile
FROM php:8.4-fpm
WORKDIR /var/www/html
COPY . .
RUN composer install --no-dev --no-scripts --optimize-autoloader && composer clear-cache
```

Bundler reads what it is to leave out again whenever the app starts, so that it is told by ENV:

## Example

```
//- Dockerfile
FROM ruby:3.4-slim
ENV RAILS_ENV=production
WORKDIR /app
COPY Gemfile Gemfile.lock ./
RUN bundle install && rm -rf /usr/local/bundle/cache/*.gem
COPY . .
CMD ["bundle", "exec", "puma"]
//- Gemfile
source "https://rubygems.org"
gem "puma"
group :development, :test do
  gem "rspec"
end
gem "debug", group: :development
//- Gemfile.lock
GEM
  remote: https://rubygems.org/
  specs:
    debug (1.11.0)
    nio4r (2.7.4)
    puma (7.0.0)
      nio4r (~> 2.0)
    rspec (3.13.0)
      rspec-core (~> 3.13.0)
    rspec-core (3.13.2)

DEPENDENCIES
  debug
  puma
  rspec
```

Use instead:

```
//- Dockerfile
FROM ruby:3.4-slim
ENV RAILS_ENV=production
WORKDIR /app
COPY Gemfile Gemfile.lock ./
ENV BUNDLE_WITHOUT="development:test"
RUN bundle install && rm -rf /usr/local/bundle/cache/*.gem
COPY . .
CMD ["bundle", "exec", "puma"]
```

## Fix safety

Look before you take it: an app may use a package that is listed for developers by mistake, and scripts that Composer
runs behind an install may need one. A Rails app loads the group of its RAILS_ENV: where that is not production, it
may miss what it loads. Where a later RUN calls such a tool, no fix is on offer: test in a stage of its own.

## Not reported

The tool is told already:

```
//- Dockerfile
FROM ruby:3.4-slim
WORKDIR /app
COPY Gemfile Gemfile.lock ./
RUN bundle config set --local without 'development test' && bundle install && rm -rf /usr/local/bundle/cache
CMD ["bundle", "exec", "puma"]
//- Gemfile
gem "puma"
gem "rspec", group: :test
//- Gemfile.lock
GEM
  specs:
    puma (7.0.0)
    rspec (3.13.0)
```

```
//- Dockerfile
FROM php:8.4-fpm
ENV COMPOSER_NO_DEV=1
COPY . .
RUN composer install && composer clear-cache
//- composer.json
{"require": {"monolog/monolog": "^3.0"}, "require-dev": {"phpunit/phpunit": "^12.0"}}
//- composer.lock
{"packages": [{"name": "monolog/monolog"}], "packages-dev": [{"name": "phpunit/phpunit"}]}
```

There are no such packages, or nobody knows:

```
//- Dockerfile
FROM php:8.4-fpm
COPY . .
RUN composer install && composer clear-cache
//- composer.json
{"require": {"monolog/monolog": "^3.0"}}
//- composer.lock
{"packages": [{"name": "monolog/monolog"}], "packages-dev": []}
```

The image is for development, by the name of the target, its environment or its start command:

```
//- Dockerfile
FROM ruby:3.4-slim
ENV RAILS_ENV=development
COPY . .
RUN bundle install && rm -rf /usr/local/bundle/cache
CMD ["bundle", "exec", "rails", "server"]
//- Gemfile
gem "rspec", group: :test
//- Gemfile.lock
GEM
  specs:
    rspec (3.13.0)
```

They stay in a stage that does not ship:

```
//- Dockerfile
FROM composer:2 AS tests
COPY . .
RUN composer install
FROM php:8.4-fpm
COPY --from=tests /app/public /var/www/html
//- composer.json
{"require": {"monolog/monolog": "^3.0"}, "require-dev": {"phpunit/phpunit": "^12.0"}}
//- composer.lock
{"packages": [{"name": "monolog/monolog"}], "packages-dev": [{"name": "phpunit/phpunit"}]}
```

## References

- Composer: https://getcomposer.org/doc/03-cli.md#install-i
- Bundler: https://bundler.io/man/bundle-config.1.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import composer
from deadweight.model.ecosystems import php, ruby
from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import is_for_developers, is_idle, start_command
from deadweight.rules.edits import insert_above, insert_word
from deadweight.rules.reaching import copies_of, ships
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, rule
from deadweight.size.estimate import saved_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot

# What says in which environment an app runs: Rails, Rack, Symfony, Laravel.
_ENVIRONMENTS = ("RAILS_ENV", "RACK_ENV", "APP_ENV", "BUNDLE_WITH")
# Tools of developers, where a later RUN or the container calls one: `bundle exec rspec`, `vendor/bin/phpunit`.
_TOOLS = re.compile(
    r"\b(?:rspec|rubocop|minitest|cucumber|guard|brakeman|byebug|phpunit|pest|phpstan|psalm|phpcs|php-cs-fixer|behat|"
    r"pint|rector|infection|codecept|(?:rails|rake|artisan|composer)(?: run(?:-script)?)? (?:test|spec|lint|ci)\b)"
)
_NOTE = "Check: nothing for developers is needed when the image runs"
_LOADED = "Check: the app runs with RAILS_ENV or RACK_ENV set to production; in development it loads what is left out"
_SCRIPTS = "Check: the scripts of composer.json that run behind the install need nothing for developers"


class _Install(NamedTuple):
    """An install of a project that brings packages for developers, and what these weigh."""

    effect: Effect
    call: Call
    groups: tuple[str, ...]  # of Bundler
    saves: Size


@rule("dev-groups-shipped", group="packages", gives_way=True, words=NO_WORDS)
def dev_groups_shipped(snapshot: Snapshot) -> Iterator[Finding]:
    """Report installs of Composer and Bundler in layers that ship whose packages for developers stay there."""
    target = snapshot.build.target
    if target is None or is_for_developers(target.name):
        return
    if any(is_for_developers(target.end.variables.get(name)) for name in _ENVIRONMENTS):
        return
    for ledger, layer, install in _installs_in(snapshot.reached_ledgers):
        start = start_command(snapshot.shipped_ledgers)
        if ships(snapshot, layer, install.effect) and not _is_for_development(start):
            yield _finding(ledger, layer, install)


def _is_for_development(start: str) -> bool:
    return is_idle(start) or _TOOLS.search(start) is not None


def _finding(ledger: Ledger, layer: Layer, install: _Install) -> Finding:
    what = f"the groups {' and '.join(install.groups)}" if install.groups else "the packages of require-dev"
    is_one = len(install.groups) == 1
    if is_one:
        what = f"the group {install.groups[0]}"
    return Finding(
        site=layer.site,
        span=install.effect.span,
        message=f"{what} {'is' if is_one else 'are'} installed and {'stays' if is_one else 'stay'} in the image",
        saves=install.saves,
        basis="size",
        stage=ledger.stage.label,
        frees=frozenset({(layer.site, install.effect)}),
        fixes=partial(_fixes, layer, install),
    )


@OfLayers
def _installs_in(layer: Layer) -> Iterator[_Install]:
    """The installs of a layer that bring packages for developers."""
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or not effect.is_certain or cause.project is None:
            continue
        groups, left_out = _left_out(cause)
        call = next((call for call in layer.calls if call.span == effect.span), None) if left_out else None
        if left_out is None or call is None:
            continue
        if (saves := saved_with(effect, left_out)) and saves.best:
            yield _Install(effect, call, groups, saves)


def _left_out(cause: PackageSet) -> tuple[tuple[str, ...], PackageSet | None]:
    """The groups for developers that an install brings, and the install without them; None where there are none."""
    manifest = (cause.project and cause.project.manifest) or ""
    if cause.manager == "composer" and "dev" in cause.options:
        read = php.read_manifest(manifest)
        return (), replace(cause, options=cause.options - {"dev"}) if read and read.dev else None
    if cause.manager == "bundler" and "without=?" not in cause.options:
        without = {option.removeprefix("without=") for option in cause.options}
        groups = ruby.development_groups(ruby.read_gemfile(manifest), without)
        if groups:
            return groups, replace(cause, options=cause.options | {f"without={group}" for group in groups})
    return (), None


def _fixes(layer: Layer, install: _Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    """Leave them out, unless something behind the install calls a tool for developers."""
    for ledger in snapshot.ledgers[layer.site.stage :]:
        if any(_TOOLS.search(each.instruction.text) for each in ledger.layers if each.site > layer.site):
            return
    if install.groups:
        yield _without_groups(snapshot, layer, install)
    else:
        yield _without_dev(snapshot, layer, install)


def _without_dev(snapshot: Snapshot, layer: Layer, install: _Install) -> Fix | None:
    call, project = install.call, install.effect.cause
    verb = call.operands(*composer.VALUES)[0]
    edit = insert_word(snapshot, layer, verb, "--no-dev") if not call.has("--dev") else None
    texts = project.project if isinstance(project, PackageSet) else None
    manifest = php.read_manifest(texts.manifest) if texts and texts.manifest else None
    has_scripts = manifest is not None and manifest.install_scripts and not call.has("--no-scripts")
    note = f"{_NOTE}. {_SCRIPTS}" if has_scripts else _NOTE
    return edit and Fix("no-dev", "Add --no-dev", Safety.ASK, (edit,), note=note)


def _without_groups(snapshot: Snapshot, layer: Layer, install: _Install) -> Fix | None:
    """ENV holds when the app starts as well, which would look for the gems otherwise."""
    cause = install.effect.cause
    if install.call.has("--without", "--with") or not isinstance(cause, PackageSet):
        return None
    left_out = sorted(option.removeprefix("without=") for option in cause.options)
    groups = ":".join(dict.fromkeys((*left_out, *install.groups)))
    line = f'ENV BUNDLE_WITHOUT="{groups}"'
    # A stage that gets the gems by COPY has an environment of its own.
    layers = (
        (layer, *copies_of(snapshot, install.effect)) if layer.site.stage not in snapshot.build.shipped else (layer,)
    )
    edits = tuple(insert_above(snapshot, each, line) for each in layers)
    environment = install.call.around.variables
    is_production = "production" in (environment.get("RAILS_ENV"), environment.get("RACK_ENV"))
    note = _NOTE if is_production else f"{_NOTE}. {_LOADED}"
    return Fix("without-groups", f"Put {line} above", Safety.ASK, edits, note=note)
