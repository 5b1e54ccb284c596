"""A call of a tool as the tools' files see it: options, operands, where it runs, and what lies around it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from deadweight.model.effects import replaces, writes
from deadweight.model.stages import absolute
from deadweight.model.variables import expand
from deadweight.syntax.shell import Command, Pipeline, Word, alternatives, program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from deadweight.model.effects import Effect, Leftover, Nth
    from deadweight.model.filesystem import Filesystem
    from deadweight.model.image import Base
    from deadweight.syntax.shell import Placed
    from deadweight.text import Span

_Answer = TypeVar("_Answer")


def remembered_of_words(ask: Callable[[Call], _Answer]) -> Callable[[Call], _Answer]:
    """`ask`, whose answer depends on how a call is written and on nothing below its layer, and names no place: the call
    keeps it, also in other versions of its RUN.
    """
    name = f"{ask.__module__}.{ask.__qualname__}"

    def answer(call: Call) -> _Answer:
        try:
            found: _Answer = call.said[name]
        except KeyError:
            found = call.said[name] = ask(call)
        return found

    return answer


_WRITING = (">", ">>", ">|")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a call can know: the shell's folder, ENV and ARG, the account's home, the base, what is there already, and
    which shell reads the call, "" where nobody knows that.
    """

    folder: str | None
    variables: Mapping[str, str | None]
    home: str | None
    base: Base
    files: Filesystem
    shell: str = "sh"

    @property
    def has_brace_lists(self) -> bool:
        """Whether the shell makes several words of `{a,b}`: bash does, also where it is called sh."""
        if self.shell == "sh":  # which `rm /bin/sh && ln -s /bin/bash /bin/sh` makes another one
            return self.base.sh_has_brace_lists or self.files.is_removed("/bin/sh")
        return self.shell not in ("dash", "ash")

    def cached(self, name: str) -> str:
        """Where a tool keeps its cache that goes by the XDG Base Directory Specification."""
        return posixpath.join(self.variables.get("XDG_CACHE_HOME") or "~/.cache", name)

    def resolve(self, path: str) -> str | None:
        """An absolute path, wildcards kept; None where it holds something unknown."""
        if path == "~" or path.startswith("~/"):
            # `HOME=/tmp pip install`: what the call itself is told counts, where it runs as the account that we know.
            home = self.home and self.variables.get("HOME", self.home)
            if home is None:
                return None
            path = home + path[1:]
        if "$" in path:
            known = {"HOME": self.home, **self.variables} if self.home else self.variables
            expanded = expand(path, known, unset=None)
            if expanded is None:
                return None
            path = expanded
        return None if "$" in path or "`" in path else absolute(path, self.folder)


class Fed(NamedTuple):
    """What stands before a pipe: the program's name, the words behind it, the whole command."""

    program: str
    words: tuple[Word, ...]
    command: Command


@dataclass(frozen=True, slots=True)
class Call:
    """One simple command: the program's name without its folder, as it was typed, and the words behind it.

    `span` tells the calls of a RUN apart, `place` is where it stands in the instruction's text. A call in a script
    within the script (`bash -c '...'`) is `placed` where the outer command is; its words have their places in the whole
    script. `own` is its place in the script that it is written in, with the redirects and pipes there. `said` is what
    was found out about it by its words (`remembered_of_words`), in whatever version of the RUN it was written so.
    """

    program: str
    typed: str
    words: tuple[Word, ...]
    span: Nth
    place: Span
    around: Surroundings
    placed: Placed
    own: Placed
    said: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The words as patterns."""
        found: tuple[str, ...] | None = self.said.get("patterns")
        if found is None:
            found = self.said["patterns"] = tuple([word.pattern if word.parts else word.text for word in self.words])
        return found

    @property
    def options(self) -> tuple[str, ...]:
        """The words that start with a dash, as typed, up to `--`."""
        return _options(self.patterns)

    def has(self, *names: str) -> bool:
        """Whether an option is among the words: a long one by its name, `-x` also inside a cluster such as `-rxf`."""
        return _has(self.patterns, names)

    def value(self, *names: str) -> str | None:
        """The value of the last option of these names: `--name=value`, `--name value`, `-n value` or `-nvalue`."""
        return value_of(self.patterns, names)

    def operands(self, *with_value: str) -> tuple[Word, ...]:
        """The words that are no options; `with_value` names the options that take the next word along."""
        words = self.words
        return tuple([words[at] for at in _operands(self.patterns, with_value)])

    def with_variables(self, also: Mapping[str, str] | None = None) -> Call:
        """The call as the shell makes it, where `$DEPS` may be a list and `$FLAGS` options: known variables are put in,
        those that the base image sets `also`. What nobody can know stays as it is written.
        """
        if True not in ["$" in word.text for word in self.words]:
            return self
        scope = {**also, **self.around.variables} if also else self.around.variables
        return replace(self, words=tuple(each for word in self.words for each in _put_in(word, scope)))

    def leaves(self, folder: str | None, cause: Leftover) -> Effect:
        """The effect of downloading what stays in a folder; where an earlier layer left it there, it is not written
        anew.
        """
        if folder is not None and self.around.files.has_leftover(folder):
            return replaces(folder, cause, self.span)
        return writes(folder, cause, self.span)

    def spread(self) -> Iterator[str]:
        """The words as patterns, brace lists spread out, which curl does where the shell has none:
        `https://a/{b,c}.tgz` are two.
        """
        for word in self.words:
            yield from alternatives(word)

    def alternatives(self, word: Word) -> tuple[str, ...]:
        """The patterns that a word stands for: several of a brace list, where the shell has them."""
        found = alternatives(word)
        return found if len(found) == 1 or self.around.has_brace_lists else (word.pattern,)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that what it prints goes to, as patterns: `> FILE`, `>> FILE`."""
        redirects = self.own.command.redirects
        own = (each for each in redirects if each.operator in _WRITING and each.descriptor in (None, "1"))
        found = (each.target.pattern for each in own if each.target)
        return tuple(path for path in found if not path.startswith("/dev/"))

    @property
    def fed_by(self) -> Fed | None:
        """The program whose output a pipe brings: `curl URL` of `curl URL | tar -xz`."""
        return fed_by(self.own)

    @property
    def urls_fed(self) -> tuple[str, ...]:
        """What a pipe brings from the network."""
        fed = self.fed_by
        if fed is None or fed.program not in ("curl", "wget"):
            return ()
        return tuple(word.pattern for word in fed.words if word.pattern.startswith(("http://", "https://", "ftp://")))

    def paths(self, words: Iterable[Word]) -> Iterator[str | None]:
        """Absolute paths of `words`, brace lists spread out; None for each that nobody can tell."""
        for word in words:
            for each in self.alternatives(word):
                yield self.around.resolve(each)


def fed_by(placed: Placed) -> Fed | None:
    """The program whose output a pipe brings to a command."""
    outer = placed.ancestors[-1] if placed.ancestors else None
    if not isinstance(outer, Pipeline):
        return None
    at = next((at for at, part in enumerate(outer.parts) if part is placed.command), 0)
    before = outer.parts[at - 1] if at else None
    if not isinstance(before, Command):
        return None
    name, words = program(before)
    return Fed(name, words, before) if name else None


def _put_in(word: Word, scope: Mapping[str, str | None]) -> Iterator[Word]:
    """The words that the shell makes of one: several of a list that stands outside of quotes."""
    value = expand(word.pattern, scope, unset=None) if "$" in word.text else None
    if value is None or "$" in value:
        yield word
    elif any(part.is_quoted for part in word.parts):
        yield Word(word.span, value, value)
    else:
        for each in value.split():
            yield Word(word.span, each, each)


# What options say is asked of a call many times over, by its tool and by rules, and of the same words again in each
# version of a file.
_remembered = lru_cache(maxsize=2048)


@_remembered
def _options(texts: tuple[str, ...]) -> tuple[str, ...]:
    end = texts.index("--") if "--" in texts else len(texts)
    return tuple([text for text in texts[:end] if text.startswith("-") and text != "-"])


@_remembered
def _has(texts: tuple[str, ...], names: tuple[str, ...]) -> bool:
    for option in _options(texts):
        if option.partition("=")[0] in names:
            return True
        if not option.startswith("--") and True in [len(each) == 2 and each[1] in option[1:] for each in names]:
            return True
    return False


@_remembered
def value_of(texts: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    """The value of the last option of these names among words."""
    found = None
    for at, text in enumerate(texts):
        for name in names:
            if text == name and at + 1 < len(texts):
                found = texts[at + 1]
            elif text.startswith(name + "=") and name.startswith("--"):
                found = text[len(name) + 1 :]
            elif len(name) == 2 and text.startswith(name) and len(text) > 2 and not text.startswith("--"):
                found = text[2:]
            elif _is_cluster(text) and name == f"-{text[-1]}" and at + 1 < len(texts):
                found = texts[at + 1]
    return found


@_remembered
def _operands(texts: tuple[str, ...], with_value: tuple[str, ...]) -> tuple[int, ...]:
    """Which words are no options and no values of these."""
    found: list[int] = []
    numbers = iter(range(len(texts)))
    for at in numbers:
        text = texts[at]
        if text == "--":
            found += numbers
        elif text.startswith("-") and text != "-":
            if text in with_value or (_is_cluster(text) and f"-{text[-1]}" in with_value):
                next(numbers, None)
        else:
            found.append(at)
    return tuple(found)


def _is_cluster(text: str) -> bool:
    """Whether a word is several short options: of `curl -fsSLo file`, the last one may take the next word along."""
    return len(text) > 2 and text[0] == "-" and text[1:].isalpha()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: the programs it is called by, without a version at the end (pip for pip3.12), and what a call does.

    `runs_scripts` is true of one that may run programs which others have written: those of the project, or a script
    from the network.
    """

    names: tuple[str, ...]
    effects: Callable[[Call], Iterator[Effect]]
    runs_scripts: bool = False
