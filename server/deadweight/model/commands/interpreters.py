"""Programs that others run: pip of `python3 -m pip`, composer of `php composer.phar`, pnpm of `corepack pnpm` and
`npx pnpm`.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deadweight.syntax.shell import Word

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
# Those that take no value, and `-m` behind them: `python -u -m pip`, `python -Im pip`, `python -mpip`
_PYTHON_FLAGS = re.compile(r"-[bBdEIOPqsSuvx]*(?P<is_module>m(?P<name>.*))?")
_PHP_VALUES = ("-d", "-c", "-z", "--define", "--php-ini")
_PHP_PROGRAMS = frozenset(("composer", "composer.phar"))
_MANAGERS = frozenset(("npm", "pnpm", "yarn"))  # that corepack and npx run
_NPX_VALUES = ("-p", "--package", "-w", "--workspace", "--cache", "--registry")
_NPX_SCRIPT = ("-c", "--call")  # a script of a shell


def is_python(name: str) -> bool:
    """Whether a program is a Python, which may call pip as `python -m pip`."""
    return _PYTHON.fullmatch(name) is not None


def interpreted(program: str, words: tuple[Word, ...]) -> tuple[str, int] | None:
    """The program that an interpreter runs, and the number of words that say so."""
    if is_python(program):
        return _module(words)
    if program == "corepack" and words and words[0].text.partition("@")[0] in _MANAGERS:
        return words[0].text.partition("@")[0], 1
    if program == "npx":
        return _run_by_npx(words)
    return _file_of_php(words) if program == "php" else None


def _run_by_npx(words: tuple[Word, ...]) -> tuple[str, int] | None:
    # `npx --yes pnpm@9 install`
    numbers = iter(range(len(words)))
    for at in numbers:
        text = words[at].text
        if text in _NPX_SCRIPT:
            break
        if text in _NPX_VALUES:
            next(numbers, None)
        elif not text.startswith("-"):
            name = text.partition("@")[0]
            return (name, at + 1) if name in _MANAGERS else None
    return None


def _module(words: tuple[Word, ...]) -> tuple[str, int] | None:
    for at, word in enumerate(words):
        if not (found := _PYTHON_FLAGS.fullmatch(word.text)):
            break
        if found["name"]:
            return found["name"], at + 1
        if found["is_module"]:
            name = words[at + 1].value if at + 1 < len(words) else None
            return (name, at + 2) if name else None
    return None


def _file_of_php(words: tuple[Word, ...]) -> tuple[str, int] | None:
    # `php -d memory_limit=-1 /usr/bin/composer install`
    numbers = iter(range(len(words)))
    for at in numbers:
        if words[at].text in _PHP_VALUES:
            next(numbers, None)
        elif not words[at].text.startswith("-"):
            name = posixpath.basename(words[at].text)
            return (name, at + 1) if name in _PHP_PROGRAMS else None
    return None
