"""Which packages are there to build software, and which commands may need them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.commands import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deadweight.model.commands.call import Call

# Compilers, what drives them, and headers, by the names of Debian, Alpine and Fedora (kept by hand, 2026-11-26).
_TOOLS = """
    build-essential build-base alpine-sdk gcc-c++ gcc-gfortran g++
    make automake autoconf autotools-dev libtool libtool-bin cmake ninja ninja-build samurai meson scons ccache
    bison flex byacc nasm yasm swig m4 texinfo pkg-config pkgconf pkgconfig binutils
    dpkg-dev debhelper devscripts fakeroot rpm-build redhat-rpm-config linux-headers kernel-headers
    rust rustc cargo go golang golang-go
"""
_BY_NAME = frozenset(_TOOLS.split())
_NUMBERED = re.compile(r"(?:g[+][+]-|golang-)[0-9.]+|(?:gcc|cpp|clang|llvm|gfortran)-?[0-9.]*")
# What compiles by itself, or installs packages that may have to be compiled (kept by hand, 2026-11-26).
_COMPILES = frozenset(
    (
        *("make", "gmake", "cmake", "ninja", "meson", "configure", "scons", "bazel", "autoreconf", "autogen.sh"),
        *("gcc", "g++", "cc", "c++", "clang", "clang++", "gfortran", "ld", "go", "cargo", "rustc", "ghc", "cabal"),
        *("pip", "pipx", "pipenv", "poetry", "uv", "pdm", "easy_install", "conda", "mamba"),
        *("gem", "bundle", "bundler", "npm", "yarn", "pnpm", "bun", "node-gyp", "mix", "rebar3", "luarocks"),
        *("docker-php-ext-install", "docker-php-ext-configure", "pecl", "phpize", "install-php-extensions"),
        *("cpan", "cpanm", "R", "Rscript", "install2.r", "install.r", "opam", "stack"),
    )
)
_INSTALLERS = frozenset(("pip", "setuptools", "wheel", "virtualenv"))  # of Python, which have no C
_NAME = re.compile(r"[^-=<>~!\[][^=<>~!\[]*")  # of a word that is no option: `pip==9.0.3`
# Packages of Python that call a compiler when they run (their documentation, read 2026-11-26).
_COMPILE_WHEN_RUN = frozenset(
    (
        *("triton", "vllm", "sglang", "deepspeed", "flashinfer-python", "brian2"),
        *("theano", "aesara", "pytensor", "pymc", "pymc3", "cmdstanpy", "pystan"),
    )
)
# `# gcc is called at runtime`, `# Triton JIT-compiles its kernels`
_SAYS_WHEN_RUN = re.compile(r"#[^\n]*\b(?:JIT|just[- ]in[- ]time|at run[- ]?time)\b")


def is_for_building(package: str) -> bool:
    """Whether a package is of use only while something is built, by its name."""
    return (
        package in _BY_NAME
        or package.endswith(("-dev", "-devel", "-static"))
        or package.startswith("linux-headers-")
        or _NUMBERED.fullmatch(package) is not None
    )


def compile_when_run(packages: Iterable[str]) -> bool:
    """Whether a package of Python among these calls a compiler when the app runs."""
    return any(name.lower().replace("_", "-") in _COMPILE_WHEN_RUN for name in packages)


def is_said_to_compile(text: str) -> bool:
    """Whether a comment in an instruction says that something is compiled when the image runs."""
    return _SAYS_WHEN_RUN.search(text) is not None


def compiles(call: Call) -> bool:
    """Whether a call compiles, or may: pip, and pip3.12; `python setup.py install`."""
    program = call.program.rstrip("0123456789.-")
    if program == "python":
        return any(word.text.endswith("setup.py") for word in call.words)
    if program == "pip" and _brings_installers(call):
        return False
    return call.program in _COMPILES or program in _COMPILES


def _brings_installers(call: Call) -> bool:
    """Whether pip is asked for nothing but itself and its like: `pip install --upgrade pip setuptools`."""
    names = [match[0] for word in call.words if (match := _NAME.match(word.text))]
    return names[:1] == ["install"] and bool(names[1:]) and _INSTALLERS.issuperset(names[1:])


def may_compile(call: Call) -> bool:
    """Whether a call compiles, or runs something of the user's that may."""
    if compiles(call) or "/" in call.typed or call.typed.endswith((".sh", ".py")):
        return True
    tool = catalog.find(call.program)
    return tool is not None and tool.runs_scripts
