"""Programs with symbols in an image: which builds write them, whether they ship, and how the linker is told."""

from __future__ import annotations

import pytest

from deadweight.analysis.proof import fixed, holds
from deadweight.analysis.report import report
from deadweight.rules.unstripped_program import unstripped_program
from deadweight.settings import Settings
from examples import snapshot_of

EVERYTHING = Settings(min_saving=0)  # symbols of a Rust program are below a megabyte
CARGO = '//- Cargo.toml\n[package]\nname = "api"\nversion = "0.1.0"\n'


def tried(dockerfile: str, files: str = "") -> str | None:
    """What the fix makes of a Dockerfile; "" where there is none, None where nothing is reported."""
    snapshot = snapshot_of(f"//- Dockerfile\n{dockerfile}{files}")
    found = report(snapshot, EVERYTHING, rules=[unstripped_program])
    if not found:
        return None
    (reported,) = found
    everything = report(snapshot, EVERYTHING)
    assert all(holds(snapshot, everything, reported, fix, EVERYTHING) for fix in reported.fixes)
    return fixed(snapshot, reported.fixes).text if reported.fixes else ""


def go(run: str, start: str = 'CMD ["/usr/bin/api"]\n') -> str:
    image = f"FROM debian:12-slim\nCOPY --from=build /api /usr/bin/\n{start}"
    return f"FROM golang:1.25 AS build\nWORKDIR /src\n{run}\n{image}"


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("RUN go build -o /api", 'RUN go build -ldflags="-s -w" -o /api'),
        ("RUN CGO_ENABLED=0 go build -v -o /api .", 'RUN CGO_ENABLED=0 go build -ldflags="-s -w" -v -o /api .'),
        ("RUN go build -ldflags '-X a.b=c' -o /api", "RUN go build -ldflags '-s -w -X a.b=c' -o /api"),
        ('RUN go build --ldflags="-X a.b=c" -o /api', 'RUN go build --ldflags="-s -w -X a.b=c" -o /api'),
        ("RUN go build -ldflags='' -o /api", "RUN go build -ldflags='-s -w' -o /api"),
        (
            'RUN go build -ldflags="-X a.b=c \\\n    -X a.d=e" -o /api',
            'RUN go build -ldflags="-s -w -X a.b=c \\\n    -X a.d=e" -o /api',
        ),
        ("RUN set -e; go build -o /api; ls", 'RUN set -e; go build -ldflags="-s -w" -o /api; ls'),
        ("RUN <<EOF\ngo build -o /api\nEOF", 'RUN <<EOF\ngo build -ldflags="-s -w" -o /api\nEOF'),
    ],
)
def test_the_linker_is_told(run: str, after: str) -> None:
    assert tried(go(run)) == go(after)


@pytest.mark.parametrize(
    "run",
    [
        "RUN go build -ldflags=-X=a.b=c -o /api",  # without quotes there is no place for a blank
        "RUN sh -c 'go build -o /api'",
        "RUN go build -C api -o /api",  # has to be the first flag
        "ENV GOFLAGS=-ldflags=-linkmode=external\nRUN go build -o /api",  # a flag of the call takes its place
    ],
)
def test_no_fix_where_quotes_or_other_flags_are_in_the_way(run: str) -> None:
    assert tried(go(run)) == ""


@pytest.mark.parametrize(
    "dockerfile",
    [
        go('RUN go build -ldflags="-w -s" -o /api'),
        go("RUN go build -ldflags=-s -o /api"),
        go("RUN go build -ldflags='-w -extldflags \"-static\"' -o /api"),
        go("ENV GOFLAGS=-ldflags=-s\nRUN go build -o /api"),
        go("ARG FLAGS\nRUN go build $FLAGS -o /api").replace("$FLAGS", '-ldflags="$FLAGS"'),
        go("RUN go build -o /api && upx /api"),
        go("RUN go build -o /api\nRUN x86_64-linux-gnu-strip /api"),
        go("RUN go build -o /tmp/tool && /tmp/tool generate"),  # and no program is copied
        go("RUN go build -gcflags='all=-N -l' -o /api"),
        go('ARG SKAFFOLD_GO_GCFLAGS\nRUN go build -gcflags="${SKAFFOLD_GO_GCFLAGS}" -o /api'),
        go("RUN go build -o /api", 'ENTRYPOINT ["dlv", "exec", "/usr/bin/api"]\n'),
        go("RUN go build -o /api").replace("debian:12-slim", "debian:12-slim AS dev"),
        go("RUN if [ -n x ]; then go build -o /api; fi"),
        go("RUN go vet ./... && go test ./..."),
        "FROM golang:1.25\nRUN go build ./...\n",  # keeps no program
        "FROM golang:1.25\nRUN go install github.com/go-delve/delve/cmd/dlv@latest && go install a.b/c@v1\n",
    ],
)
def test_what_is_stripped_or_for_debuggers_or_unknown_is_not_reported(dockerfile: str) -> None:
    assert tried(dockerfile) is None


def test_a_program_that_has_the_name_of_its_package_is_found_where_it_is_copied_from() -> None:
    for run, path in (
        ("go build", "/src/src"),
        ("go build ./cmd/api", "/src/api"),
        ("go build -o bin/ ./cmd/api", "/src/bin/api"),
        ("go build main.go", "/src/main"),
        ("go install ./cmd/api", "/go/bin/api"),
        ("go install example.org/x/tool@v1", "/go/bin/tool"),
        ("go install example.org/x/tool/v2@latest", "/go/bin/tool"),
    ):
        text = f"FROM golang:1.25 AS b\nWORKDIR /src\nRUN {run}\nFROM scratch\nCOPY --from=b {path} /api\n"
        assert tried(text), run


def test_a_program_may_come_by_way_of_another_stage() -> None:
    text = go("RUN go build -o /api").replace(
        "FROM debian:12-slim\n", "FROM debian:12 AS files\nCOPY --from=build /api /x/\nFROM debian:12-slim\n"
    )
    assert tried(text.replace("COPY --from=build /api /usr/bin/", "COPY --from=files /x /usr/bin"))


def rust(run: str) -> str:
    image = "FROM debian:12-slim\nCOPY --from=build /src/target/release/api /\n"
    return f"FROM rust:1 AS build\nWORKDIR /src\nCOPY . .\n{run}\n{image}"


def test_a_release_build_of_rust_may_be_stripped_by_a_setting() -> None:
    flag = "--config profile.release.strip=true"
    assert tried(rust("RUN cargo build --release"), CARGO) == rust(f"RUN cargo build --release {flag}")
    assert tried(rust("RUN cargo build --release"), f"{CARGO}[profile.release]\nstrip = true\n") is None
    assert tried(rust("RUN cargo build --release"), f'{CARGO}[profile.release]\nstrip = "symbols"\n') is None
    assert tried(rust('ENV RUSTFLAGS="-C strip=symbols"\nRUN cargo build --release'), CARGO) is None
    assert tried(rust("RUN cargo build"), CARGO) is None
    assert tried(rust(f"RUN cargo build --release {flag}"), CARGO) is None


def test_the_programs_of_one_instruction_are_one_finding() -> None:
    run = 'RUN go install {0}a.org/x@v1 && go install {0}a.org/y@v1\nENTRYPOINT ["x"]\n'
    flag = '-ldflags="-s -w" '
    assert tried(f"FROM golang:1.25\n{run.format('')}") == f"FROM golang:1.25\n{run.format(flag)}"
