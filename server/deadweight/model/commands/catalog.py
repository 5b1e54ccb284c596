"""Every tool that the ledger knows, by the name it is called by: all that the modules beside this one list in TOOLS."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from deadweight.model import commands

if TYPE_CHECKING:
    from deadweight.model.commands.call import Tool

# Modules that are imported when a file calls one of their tools: most files call few, and a session starts without.
# Those without a name of their own are what others share.
LATER = {
    "accounts": "useradd adduser usermod userdel groupadd addgroup groupmod",
    "apk": "apk",
    "apt": "apt-get apt aptitude add-apt-repository apt-add-repository",
    "builds": "",
    "bun": "bun",
    "bundler": "bundle bundler",
    "cargo": "cargo",
    "compilers": "gcc g++ cc c++ clang clang++",
    "composer": "composer composer.phar",
    "compress": "bunzip2 bzcat gunzip lz4cat unlz4 unlzma unxz unzstd xzcat zcat zstdcat gzip pigz xz lzma bzip2 pbzip2"
    " zstd lz4",
    "conda": "conda mamba micromamba",
    "conda_places": "",
    "corepack": "corepack",
    "dnf": "dnf dnf5 yum microdnf tdnf",
    "dotnet": "dotnet",
    "download": "curl wget aria2c",
    "dpkg": "dpkg rpm",
    "fill": "dd fallocate truncate head",
    "gem": "gem",
    "git": "git",
    "go": "go",
    "gradle": "gradle gradlew",
    "ini": "",
    "interpreters": "",
    "installer": "sh bash dash ash zsh",
    "locales": "localedef locale-gen update-ca-certificates",
    "maven": "mvn mvnw",
    "npm": "npm",
    "pacman": "pacman",
    "pecl": "pecl docker-php-ext-install install-php-extensions docker-php-ext-configure",
    "pip": "pip",
    "pipenv": "pipenv",
    "pipx": "pipx",
    "places": "mv cp rsync install ln",
    "pnpm": "pnpm",
    "poetry": "poetry",
    "printed": "tee",
    "rpm": "",
    "rustup": "rustup rustup-init rustup-init.sh",
    "sbt": "sbt sbtn",
    "tar": "tar bsdtar unzip 7z 7za 7zr 7zz unrar jar cpio dpkg-deb",
    "upgrades": "",
    "uv": "uv",
    "venv": "venv virtualenv",
    "yarn": "yarn yarnpkg",
    "zypper": "zypper",
}


def find(program: str) -> Tool | None:
    """The tool that a program's name stands for: pip for `pip`, `pip3` and `pip3.12`."""
    known = _known()
    name = program if program in known else program.rstrip("0123456789.")
    found = known.get(name)
    if isinstance(found, str):
        known.update(tools_of(found))
        found = tools_of(found)[name]
    return found


def tools_of(module: str) -> dict[str, Tool]:
    """The tools of a module by name."""
    tools = getattr(import_module(f"{commands.__name__}.{module}"), "TOOLS", ())
    return {name: tool for tool in tools for name in tool.names}


@cache
def _known() -> dict[str, Tool | str]:
    """All tools, or their module where that is imported later. A tool is a file in this folder, and nothing else has
    to know of it.
    """
    found: dict[str, Tool | str] = {name: module for module, names in LATER.items() for name in names.split()}
    for module in sorted(each.name for each in pkgutil.iter_modules(commands.__path__)):
        if module not in LATER:
            found.update(tools_of(module))
    return found
