"""Package managers and build tools of Go, Rust, Ruby, PHP, Java and .NET: what they leave, and who reads it again."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.model.effects import Leftover, PackageSet
from deadweight.rules.install_cache_kept import install_cache_kept
from deadweight.size.estimate import cause_size
from examples import snapshot_of

GO = """\
//- go.mod
module example.org/team/api

require (
\tgithub.com/a/b v1.2.3
\tgolang.org/x/net v0.1.0 // indirect
)
"""
GEMS = """\
//- Gemfile
source "https://rubygems.org"
gem "puma", "~> 6"
group :development, :test do
  gem "rspec"
end
gem "debug", group: :development
//- Gemfile.lock
GEM
  remote: https://rubygems.org/
  specs:
    debug (1.9.0)
      irb (~> 1.10)
    irb (1.11.0)
    nio4r (2.7.0)
    puma (6.4.0)
      nio4r (~> 2.0)
    rspec (3.12.0)
      rspec-core (~> 3.12.0)
    rspec-core (3.12.2)

DEPENDENCIES
  debug
  puma (~> 6)
  rspec
"""


def left_by(dockerfile: str, files: str = "") -> dict[str, str | None]:
    """What the layers of the image keep of leftovers: what, and where."""
    snapshot = snapshot_of(f"//- Dockerfile\n{dockerfile}\n{files}")
    effects = [effect for layer in snapshot.ledgers[-1].layers for effect in layer.kept]
    return {effect.cause.what: effect.path for effect in effects if isinstance(effect.cause, Leftover)}


@pytest.mark.parametrize(
    ("base", "run", "where"),
    [
        ("golang:1.25", "go install example.org/x@v1", "/go/pkg/mod"),
        ("debian:12", "go install example.org/x@v1", "/root/go/pkg/mod"),
        ("golang:1.25", "GOMODCACHE=/m go install example.org/x@v1", "/m"),
        ("rust:1", "cargo install ripgrep", "/usr/local/cargo/registry"),
        ("debian:12", "cargo install ripgrep", "/root/.cargo/registry"),
        ("ruby:3.4", "gem install foreman", "/usr/local/bundle/cache/*.gem"),
        ("alpine:3.22", "apk add ruby && gem install foreman", "/usr/lib/ruby/gems/*/cache/*.gem"),
        ("ruby:3.4", "BUNDLE_PATH=/gems bundle install", "/gems/ruby/*/cache/*.gem"),
        (
            "ruby:3.4",
            "bundle config set --local deployment true && bundle install",
            "/vendor/bundle/ruby/*/cache/*.gem",
        ),
        ("php:8.4-cli", "composer require a/b", "/root/.composer/cache"),
        ("composer:2", "composer require a/b", "/tmp/cache"),
        ("php:8.4-cli", "COMPOSER_CACHE_DIR=/c composer require a/b", "/c"),
        ("php:8.4-cli", "pecl install redis", "/tmp/pear"),
        ("maven:3", "mvn package", "/root/.m2/repository"),
        ("debian:12", "./mvnw -Dmaven.repo.local=/repo package", "/repo"),
        ("gradle:9", "gradle build", "/root/.gradle/caches"),
        ("gradle:9", "GRADLE_USER_HOME=/g gradle build", "/g/caches"),
        ("debian:12", "sbt assembly", "/root/.cache/coursier"),
        ("debian:12", "curl https://sh.rustup.rs | sh -s -- -y", "/root/.rustup/toolchains/*/share/doc"),
        ("debian:12", "RUSTUP_HOME=/r rustup-init -y --default-toolchain=1.90", "/r/toolchains/*/share/doc"),
        ("mcr.microsoft.com/dotnet/sdk:9.0", "dotnet restore", "/root/.nuget/packages"),
    ],
)
def test_a_tool_leaves_its_downloads_where_it_keeps_them(base: str, run: str, where: str) -> None:
    assert where in left_by(f"FROM {base}\nWORKDIR /\nRUN {run}").values()


@pytest.mark.parametrize(
    ("base", "run"),
    [
        ("golang:1.25", "go install example.org/x@v1 && go clean -cache -modcache"),
        ("golang:1.25", "go install example.org/x@v1 && rm -rf /go/pkg /root/.cache"),
        ("golang:1.25", "go version && go env && go vet ./..."),
        ("rust:1", "cargo install ripgrep && rm -rf $CARGO_HOME/registry"),
        ("rust:1", "cargo --version"),
        ("ruby:3.4", "gem install foreman && rm -rf /usr/local/bundle/cache"),
        ("ruby:3.4", "gem install foreman && rm -rf $GEM_HOME/cache/*.gem"),
        ("ruby:3.4", "BUNDLE_PATH=/gems bundle install && rm -rf /gems/ruby/*/cache"),
        ("php:8.4-cli", "composer require a/b && composer clear-cache"),
        ("php:8.4-cli", "composer require a/b && rm -rf /root/.composer"),
        ("php:8.4-cli", "COMPOSER_CACHE_DIR=/dev/null composer require a/b"),
        ("php:8.4-cli", "pecl install redis && rm -rf /tmp/*"),
        ("maven:3", "mvn package && rm -rf ~/.m2"),
        ("gradle:9", "gradle build && rm -rf ~/.gradle"),
        ("php:8.4-cli", "docker-php-ext-install pdo_mysql"),
        ("debian:12", "curl https://sh.rustup.rs | sh -s -- -y --default-toolchain none"),
        ("debian:12", "rustup-init -y --profile=minimal && rustup toolchain install nightly"),
        ("debian:12", "rustup-init -y && rm -rf ~/.rustup/toolchains/*/share/doc"),
        ("rust:1", "rustup toolchain install nightly && rustup component add clippy"),
        ("debian:12", "gem install foreman"),  # of a Ruby that nobody knows
        ("golang:1.9", "go get github.com/x/y && go install github.com/x/y"),  # neither cache was there yet
        ("gcc:5\nENV GO_VERSION=1.6.1", "go get github.com/x/y && go install github.com/x/y"),
        (
            "debian:stretch",
            "apt-get install -y golang && go get x.org/y && go install x.org/y && rm -rf /var/cache/apt",
        ),
    ],
)
def test_what_is_cleaned_up_or_not_written_is_not_left(base: str, run: str) -> None:
    assert not left_by(f"FROM {base}\nWORKDIR /\nRUN {run}")


def test_a_go_without_modules_keeps_no_store_of_them() -> None:
    run = "RUN go get -u github.com/x/y && go build -o /y github.com/x/y"
    assert list(left_by(f"FROM golang:1.14\n{run}")) == ["Go's build cache"]
    assert list(left_by(f"FROM golang:1.25\nENV GO111MODULE=off\n{run}")) == ["Go's build cache"]


def test_modules_that_lie_in_the_project_are_not_downloaded() -> None:
    build = "FROM golang:1.25\nWORKDIR /app\nCOPY . .\nRUN go build {}-o /app/api ."
    assert "Go's module cache" in left_by(build.format(""), GO)
    assert "Go's module cache" not in left_by(build.format("-mod=vendor "), GO)
    assert "Go's module cache" not in left_by(build.format(""), f"{GO}//- vendor/modules.txt 400\n")
    assert "Go's module cache" not in left_by(build.format(""), "//- go.mod\nmodule a.b/c\n")


@pytest.mark.parametrize(
    ("dockerfile", "files", "count"),
    [
        ("FROM golang:1.25\nWORKDIR /app\nCOPY . .\nRUN go mod download", GO, 2),
        ("FROM ruby:3.4\nWORKDIR /app\nCOPY . .\nRUN bundle install", GEMS, 6),
        ("FROM ruby:3.4\nENV BUNDLE_WITHOUT=development:test\nWORKDIR /app\nCOPY . .\nRUN bundle install", GEMS, 2),
        ("FROM ruby:3.4\nWORKDIR /app\nCOPY . .\nRUN bundle install --without test", GEMS, 6),
        (
            "FROM ruby:3.4\nWORKDIR /app\nCOPY . .\nRUN bundle config set without 'development test' && bundle install",
            GEMS,
            2,
        ),
        (
            "FROM rust:1\nWORKDIR /app\nCOPY . .\nRUN cargo build --release",
            '//- Cargo.lock\n[[package]]\nname = "own"\n\n[[package]]\nname = "serde"\nsource = "registry+https://x"\n',
            1,
        ),
        (
            "FROM mcr.microsoft.com/dotnet/sdk:9.0\nWORKDIR /app\nCOPY . .\nRUN dotnet restore Api.csproj",
            '//- Api.csproj\n<PackageReference Include="Serilog" Version="4" /><PackageReference Include="Dapper" />\n',
            2,
        ),
    ],
)
def test_a_lockfile_says_how_many_downloads_stay(dockerfile: str, files: str, count: int) -> None:
    snapshot = snapshot_of(f"//- Dockerfile\n{dockerfile}\n{files}")
    causes = [effect.cause for layer in snapshot.ledgers[-1].layers for effect in layer.kept]
    (left,) = (each for each in causes if isinstance(each, Leftover) and isinstance(each.of, PackageSet))
    size = cause_size(left)
    assert size is not None
    assert size.parts[0].what.startswith(f"{count} ")


def test_apps_of_dotnet_core_2_read_packages_where_nuget_keeps_them() -> None:
    build = (
        "//- Dockerfile\nFROM mcr.microsoft.com/dotnet/core/sdk:2.1\nWORKDIR /a\nCOPY . .\nRUN dotnet build a.csproj\n"
    )
    project = '//- a.csproj\n<TargetFramework>{}</TargetFramework><PackageReference Include="Dapper" />\n'
    for framework, is_known in (("netcoreapp2.1", False), ("net9.0", True)):
        effects = snapshot_of(build + project.format(framework)).ledgers[-1].layers[-1].kept
        (left,) = (effect.cause for effect in effects if isinstance(effect.cause, Leftover))
        assert (left.of is not None) is is_known


def tried(dockerfile: str, files: str = "") -> dict[str, str]:
    """What each proven fix makes of a Dockerfile, by its title and whether it is safe; {} where nothing is reported."""
    snapshot = snapshot_of(f"//- Dockerfile\n{dockerfile}{files}")
    made = {}
    for reported in report(snapshot, rules=[install_cache_kept]):
        for fix in reported.fixes:
            assert holds(snapshot, report(snapshot), reported, fix), fix.title
            made[f"{fix.id} {fix.safety.value}"] = fixed(snapshot, [fix]).text
    return made


MAVEN = "FROM maven:3\nWORKDIR /app\nCOPY . .\nRUN mvn package{}\n"
JAVA = 'CMD ["java", "-jar", "target/app.jar"]\n'
CLEAN = " && rm -rf /root/.m2/repository"


def test_a_store_is_removed_behind_the_last_command_that_may_read_it() -> None:
    assert (
        tried(MAVEN.format(" && mvn verify") + JAVA)["clean-up safe"] == MAVEN.format(f" && mvn verify{CLEAN}") + JAVA
    )
    assert tried(MAVEN.format(" && make dist") + JAVA)["clean-up safe"] == MAVEN.format(f" && make dist{CLEAN}") + JAVA
    assert tried(MAVEN.format("") + "RUN echo done\n" + JAVA)["clean-up safe"].startswith(MAVEN.format(CLEAN))


@pytest.mark.parametrize("later", ["RUN mvn deploy", "RUN make", "RUN ./build.sh", "RUN bash build.sh"])
def test_a_store_that_a_later_instruction_reads_is_not_removed(later: str) -> None:
    made = tried(f"{MAVEN.format('')}{later}\n{JAVA}")
    assert not any(name.startswith("clean-up") for name in made)


def test_a_store_that_later_commands_read_goes_to_a_mount_of_all_of_them() -> None:
    start = "FROM golang:1.25\nWORKDIR /app\nCOPY go.mod .\nRUN{} go mod download\nCOPY . .\n"
    end = ' go build -o /app/api . && go clean -cache\nCMD ["/app/api"]\n'
    mount = " --mount=type=cache,target=/go/pkg/mod"
    made = tried(f"{start.format('')}RUN{end}", GO)
    assert made == {"cache-mount ask": f"{start.format(mount)}RUN{mount}{end}"}


def test_a_later_command_that_has_a_mount_does_not_read_the_store() -> None:
    later = f"RUN --mount=type=cache,target=/root/.m2 mvn deploy\n{JAVA}"
    assert tried(f"{MAVEN.format('')}{later}")["clean-up safe"] == f"{MAVEN.format(CLEAN)}{later}"


def test_no_mount_takes_the_place_of_a_store_that_is_read_offline() -> None:
    # The layer of the first RUN may be known to the builder, and the mount empty.
    assert tried(f"{MAVEN.format('')}RUN mvn --offline deploy\n{JAVA}") == {}


@pytest.mark.parametrize(
    "start",
    ['CMD ["mvn", "spring-boot:run"]', "CMD mvn jetty:run", 'ENTRYPOINT ["sh", "-c", "cd /app && mvn exec:java"]', ""],
)
def test_a_store_that_the_container_reads_is_no_leftover(start: str) -> None:
    assert tried(f"{MAVEN.format('')}{start}\n") == {}


@pytest.mark.parametrize(
    "start", ['CMD ["./entrypoint.sh"]', 'ENTRYPOINT ["/docker-entrypoint.sh", "java"]', "CMD make run"]
)
def test_a_script_that_the_container_starts_may_read_a_store(start: str) -> None:
    assert "clean-up ask" in tried(f"{MAVEN.format('')}{start}\n")


def test_another_target_that_runs_the_tool_needs_its_store() -> None:
    text = f"FROM maven:3 AS base\nCOPY . .\nRUN mvn package\n{JAVA}FROM base AS dev\nRUN mvn test\nFROM base\n"
    assert not any(name.startswith("clean-up") for name in tried(text))
    text = f"FROM maven:3 AS base\nCOPY . .\nRUN mvn package\n{JAVA}FROM base AS dev\nCMD ./run.sh\nFROM base\n"
    assert "clean-up ask" in tried(text)


def test_the_documentation_is_half_of_a_rust_toolchain() -> None:
    def added(run: str) -> int:
        snapshot = snapshot_of(f"FROM debian:12\nRUN {run}\n")
        size = snapshot.sizes.layer(snapshot.ledgers[0].layers[-1])
        assert size is not None
        return size.best

    install = "curl https://sh.rustup.rs | sh -s -- -y"
    assert added(install) == 1_303_000_000
    assert added(f"{install} --profile minimal") == 628_000_020  # with the line in settings.toml
    assert added(f"{install} && rustup default stable") == 1_303_000_000


def test_programs_of_consecutive_instructions_are_no_records_that_are_written_again() -> None:
    text = 'FROM golang:1.25\nRUN go install a.org/x@v1\nRUN go install a.org/y@v1\nCMD ["x"]\n'
    assert "consecutive-runs" not in {each.rule.id for each in report(snapshot_of(text))}


def test_a_mount_takes_what_later_instructions_would_leave_as_well() -> None:
    text = 'FROM golang:1.25\nRUN{0} go install a.org/x@v1\nRUN{0} go install a.org/y@v1\nENTRYPOINT ["x"]\n'
    snapshot = snapshot_of(text.format(""))
    (modules,) = (each for each in report(snapshot) if "module cache" in each.message)
    assert all(holds(snapshot, report(snapshot), modules, fix) for fix in modules.fixes)
    mounted = fixed(snapshot, [fix for fix in modules.fixes if fix.id == "cache-mount"])
    assert mounted.text == text.format(" --mount=type=cache,target=/go/pkg/mod")


def test_gems_of_two_folders_are_two_findings() -> None:
    run = "gem install foreman sinatra rails puma sidekiq && bundle install --path vendor/bundle"
    snapshot = snapshot_of(f'FROM ruby:3.4\nWORKDIR /app\nRUN {run}\nCMD ["puma"]\n')
    found = report(snapshot, rules=[install_cache_kept])
    assert len(found) == 2
    everything = report(snapshot)
    assert all(holds(snapshot, everything, each, fix) for each in found for fix in each.fixes)


def test_what_a_copy_takes_along_of_another_stage_is_left_in_the_image() -> None:
    build = 'FROM ruby:3.4 AS build\nRUN bundle install{}\nFROM ruby:3.4-slim\nCOPY --from=build {} {}\nCMD ["puma"]\n'
    gems = "/usr/local/bundle"
    clean = f" && rm -rf {gems}/cache/*.gem"
    assert tried(build.format("", gems, gems))["clean-up safe"] == build.format(clean, gems, gems)
    assert tried(build.format("", "/etc/hostname", "/")) == {}
    assert tried(build.format("", f"{gems}/gems", f"{gems}/gems")) == {}
