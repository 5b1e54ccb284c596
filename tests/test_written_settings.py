"""Settings that a Dockerfile writes into files itself, and what tools make of them."""

from __future__ import annotations

import pytest

from deadweight.model.effects import Leftover, PackageSet, Text
from examples import snapshot_of


def last(block: str) -> list[str]:
    """What the last instruction keeps: packages with the options that change them, leftovers with their places."""
    found = []
    for effect in snapshot_of(block).ledgers[-1].layers[-1].kept:
        if isinstance(effect.cause, PackageSet):
            found.append(" ".join((effect.cause.manager, *sorted(effect.cause.options))))
        elif isinstance(effect.cause, Leftover):
            found.append(f"{effect.cause.what} in {effect.path}")
    return found


@pytest.mark.parametrize(
    ("instruction", "path", "content"),
    [
        ("RUN echo 'a b' c > /x", "/x", "a b c\n"),
        ("RUN echo -n a >/x", "/x", "a"),
        ('ENV V=1\nRUN echo "v=$V" | tee /etc/x', "/etc/x", "v=1\n"),
        (r"RUN printf '%s=%s\n' a 1 b 2 > /x", "/x", "a=1\nb=2\n"),
        ("RUN cat > /x <<EOF\na\nEOF", "/x", "a\n"),
        ("RUN { echo a; echo b; } > /x", "/x", "b\n"),
        ("RUN bash -c 'echo a > x'", "/x", "a\n"),
        ("COPY <<EOF /x\na\nEOF", "/x", "a\n"),
    ],
)
def test_what_stands_in_the_dockerfile_is_known(instruction: str, path: str, content: str) -> None:
    effect = snapshot_of(f"FROM debian:12\n{instruction}\n").ledgers[-1].layers[-1].kept[-1]
    assert isinstance(effect.cause, Text)
    assert (effect.path, effect.cause.content) == (path, content)


@pytest.mark.parametrize(
    "run", ["RUN echo a >/dev/null", "RUN echo a", "RUN echo $(ls) > /x", "RUN cat a > /x", "RUN echo a 2> /x"]
)
def test_what_is_no_text_of_the_dockerfile_is_none(run: str) -> None:
    kept = snapshot_of(f"FROM debian:12\n{run}\n").ledgers[-1].layers[-1].kept
    assert not [effect for effect in kept if isinstance(effect.cause, Text)]


@pytest.mark.parametrize(
    ("settings", "recommends"),
    [
        ("RUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/99lean", False),
        ("RUN printf 'APT {\\n  Install-Recommends \"false\";\\n};\\n' > /etc/apt/apt.conf", False),
        ("COPY <<EOF /etc/apt/apt.conf.d/lean\nAPT::Install-Recommends \"no\";\nEOF", False),
        ("COPY apt.conf.d /etc/apt/apt.conf.d", False),
        ("RUN echo '// APT::Install-Recommends \"0\";' > /etc/apt/apt.conf", True),
        ("RUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf\nRUN rm /etc/apt/apt.conf", True),
        ("RUN cd /etc/apt/apt.conf.d; echo 'APT::Install-Recommends 0;' >a; echo 'Install-Recommends true;' >b", True),
        ("ENV APT_CONFIG=/lean\nRUN echo 'APT::Install-Recommends \"0\";' > /lean", False),
    ],
)  # fmt: skip
def test_apt_recommends(settings: str, recommends: bool) -> None:
    files = '//- apt.conf.d/lean\nAPT::Install-Recommends "0";\n'
    words = last(f"//- Dockerfile\nFROM debian:12\n{settings}\nRUN apt-get install -y git\n{files}")[0].split()
    assert ("recommends" in words) == recommends


@pytest.mark.parametrize(
    ("run", "keeps"),
    [
        ("rm -f /etc/apt/apt.conf.d/docker-clean; apt-get install -y git", True),
        ("echo > /etc/apt/apt.conf.d/docker-clean; apt-get install -y git", True),
        ("apt-get install -y git", False),
    ],
)
def test_archives_of_apt_stay_where_nothing_removes_them(run: str, keeps: bool) -> None:
    assert ("apt's cache in /var/cache/apt" in last(f"FROM debian:12\nRUN {run}\n")) == keeps


def test_apt_itself_keeps_archives_only_where_it_is_told_to() -> None:
    def bytes_of(before: str, program: str) -> int:
        clean = f"RUN rm /etc/apt/apt.conf.d/docker-clean{before}"
        snapshot = snapshot_of(f"FROM debian:12\n{clean}\nRUN {program} install -y build-essential\n")
        left = [effect for effect in snapshot.ledgers[-1].layers[-1].kept if isinstance(effect.cause, Leftover)]
        size = snapshot.sizes.of(left)
        return size.best if size else 0

    keep = "; echo 'Binary::apt::APT::Keep-Downloaded-Packages \"true\";' > /etc/apt/apt.conf.d/keep-cache"
    index = bytes_of("", "apt")
    assert bytes_of("", "apt-get") > index + 50_000_000
    assert bytes_of(keep, "apt") == bytes_of(keep, "apt-get")


PIP = "pip's download cache in /root/.cache/pip"


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ("", [PIP]),
        # pip 23.2.1: `PIP_NO_CACHE_DIR=0 pip cache dir` says that the cache is disabled; an empty value says nothing.
        *((f"ENV PIP_NO_CACHE_DIR={value}", []) for value in ("1", "true", "on", "0", "off", "false")),
        ("ENV PIP_NO_CACHE_DIR=", [PIP]),
        ("RUN pip config set global.no-cache-dir true", []),
        ("RUN pip config --global set install.no-cache-dir yes", []),
        ("COPY pip.conf /etc/pip.conf", []),
        ("COPY pip.conf /app/\nENV PIP_CONFIG_FILE=/app/pip.conf", []),
        ("COPY pip.conf /etc/pip.conf\nENV PIP_CONFIG_FILE=/dev/null", [PIP]),
        ("RUN printf '[global]\\nno-cache-dir = true\\n' > /etc/pip.conf", []),
        ("RUN mkdir -p ~/.pip && printf '[global]\\ncache-dir = /c\\n' > ~/.pip/pip.conf",
         ["pip's download cache in /c"]),
        ("RUN echo '# no-cache-dir = true' > /etc/pip.conf", [PIP]),
    ],
)  # fmt: skip
def test_pip_keeps_no_cache_where_it_is_told_so(settings: str, left: list[str]) -> None:
    files = "//- pip.conf\n[global]\nno-cache-dir = true\n"
    found = last(f"//- Dockerfile\nFROM python:3.13-slim\n{settings}\nRUN pip install flask\n{files}")
    assert [each for each in found if "cache" in each] == left


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("RUN npm config set cache /c", "/c"),
        ("RUN npm config set cache=/c --location=global", "/c"),
        ("RUN npm set cache /c", "/c"),
        ("ENV NPM_CONFIG_CACHE=/c", "/c"),
        ("ENV npm_config_cache=/c", "/c"),
        ("RUN echo 'cache = /c' >> ~/.npmrc", "/c"),
        ("RUN npm config get cache", "/root/.npm"),
    ],
)
def test_npm_keeps_its_cache_where_it_is_told(settings: str, place: str) -> None:
    assert f"npm's download cache in {place}" in last(f"FROM node:22-slim\n{settings}\nRUN npm install -g a\n")


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ("RUN yarn config set cache-folder /c", "yarn's download cache in /c"),
        ("RUN echo 'cache-folder \"/c\"' > ~/.yarnrc", "yarn's download cache in /c"),
        ("RUN yarn config set nodeLinker node-modules", "yarn's download cache in /root/.yarn/berry"),
        ("", "yarn's download cache in /usr/local/share/.cache/yarn"),
    ],
)
def test_yarn_is_told_where_and_how(settings: str, left: str) -> None:
    manifest = '//- package.json\n{"dependencies": {"a": "1"}}\n'
    assert left in last(f"//- Dockerfile\nFROM node:22\nWORKDIR /a\nCOPY . .\n{settings}\nRUN yarn install\n{manifest}")


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("RUN poetry config virtualenvs.in-project true", "/app/.venv"),
        ("RUN poetry config --local virtualenvs.in-project true", "/app/.venv"),
        ("RUN poetry config virtualenvs.create false", "/usr/local"),
        ("COPY poetry.toml ./", "/usr/local"),
        ("ENV POETRY_VIRTUALENVS_CREATE=0", "/usr/local"),
        ("RUN poetry config installer.parallel false", "/root/.cache/pypoetry/virtualenvs"),
    ],
)
def test_poetry_is_told_where_to_install(settings: str, place: str) -> None:
    files = "//- poetry.toml\n[virtualenvs]\ncreate = false\n"
    block = f"//- Dockerfile\nFROM python:3.13\nWORKDIR /app\n{settings}\nRUN poetry install\n{files}"
    kept = snapshot_of(block).ledgers[-1].layers[-1].kept
    assert [each.path for each in kept if isinstance(each.cause, PackageSet)] == [place]


@pytest.mark.parametrize(
    ("settings", "brings_dev"),
    [
        ("", True),
        ("RUN npm config set omit=dev", False),
        ("RUN npm config set production true", False),
        ("COPY .npmrc ./", False),
        ("ENV NPM_CONFIG_OMIT=dev", False),
        ("ENV NODE_ENV=production", False),
    ],
)
def test_npm_leaves_out_what_it_is_told_to(settings: str, brings_dev: bool) -> None:
    block = f"//- Dockerfile\nFROM node:22\n{settings}\nRUN npm ci\n//- .npmrc\nomit=dev\n"
    assert ("dev" in last(block)[0].split()) == brings_dev


@pytest.mark.parametrize(
    ("base", "settings", "recommends"),
    [
        ("fedora:42", "", True),
        ("fedora:42", "RUN echo install_weak_deps=False >> /etc/dnf/dnf.conf", False),
        ("fedora:42", "RUN dnf config-manager setopt install_weak_deps=0", False),
        ("fedora:42", "RUN dnf config-manager --save --setopt=install_weak_deps=False", False),
        ("fedora:42", "COPY dnf.conf /etc/dnf/", False),
        ("centos:7", "", False),
    ],
)
def test_weak_dependencies_of_dnf(base: str, settings: str, recommends: bool) -> None:
    program = "yum" if base == "centos:7" else "dnf"
    block = f"//- Dockerfile\nFROM {base}\n{settings}\nRUN {program} install -y git\n"
    words = " ".join(last(block + "//- dnf.conf\n[main]\ninstall_weak_deps = no\n")).split()
    assert ("recommends" in words) == recommends


def test_a_later_text_goes_to_the_end_of_a_file_or_in_its_place() -> None:
    files = "//- pip.conf\n[global]\ntimeout = 60\n"
    appended = "RUN echo 'no-cache-dir = 1' >> /etc/pip.conf"
    block = "//- Dockerfile\nFROM python:3.13\nCOPY pip.conf /etc/\n{}\nRUN pip install a\n" + files
    assert PIP not in last(block.format(appended))
    assert PIP in last(block.format(appended + "\nRUN echo > /etc/pip.conf"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("RUN bundle config set --local without test\n", "bundler without=test"),
        (
            "RUN bundle config set --local without test && bundle config set --local without dev\n",
            "bundler without=dev",
        ),
        ("WORKDIR /\nRUN bundle config set without test\nWORKDIR /app\n", "bundler without=test"),
        ("RUN bundle config --global without test\nUSER app\n", "bundler"),
        ("ENV BUNDLE_APP_CONFIG=/b\nRUN bundle config set without test\nUSER app\n", "bundler without=test"),
        ("RUN mkdir .bundle && echo 'BUNDLE_WITHOUT: test' > .bundle/config\n", "bundler without=test"),
    ],
)
def test_bundler_is_told_by_its_files(lines: str, said: str) -> None:
    assert last(f"FROM debian:12\nWORKDIR /app\n{lines}RUN bundle install\n")[0] == said


@pytest.mark.parametrize(
    "told", ["rustup set profile minimal", "echo 'profile = \"minimal\"' > ~/.rustup/settings.toml"]
)
def test_rustup_is_told_by_its_file(told: str) -> None:
    assert last(f"FROM debian:12\nRUN {told}\nRUN rustup toolchain install stable\n") == []
    assert last("FROM debian:12\nRUN rustup toolchain install stable\n") != []
