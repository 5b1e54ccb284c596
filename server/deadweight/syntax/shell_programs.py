"""Which program a command really runs, behind `sudo` and its like, and the script that it hands to another shell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.syntax.shell_tree import Command, Word


class Nested(NamedTuple):
    """A script inside a script: the text, and its offset in the outer one."""

    text: str
    offset: int


def program(command: Command) -> tuple[str | None, tuple[Word, ...]]:
    """The program that really runs, without its folder, and its arguments.

    Wrappers are looked through: `sudo -E env A=1 /usr/bin/apt-get update` is `apt-get` with `update`, and `conda run -n
    web pip list` is `pip`. The program is None where there is none or where only the shell knows it: `$CC -c a.c`.
    """
    words = command.words
    while words:
        name = _program_name(words[0])
        wrapper = _WRAPPERS.get(name or "")
        inner = wrapper.inner(words[1:]) if wrapper else ()
        if not inner:
            return name, words[1:]
        words = inner
    return None, ()


def nested(command: Command) -> Nested | None:
    """The script that a command hands to another shell, where it is known as written.

    `sh -c 'a && b'`, `bash -ec "a"`, `bash <<'EOF'`. None where the outer shell would change the text first.
    """
    name, words = program(command)
    if not may_nest(name):
        return None
    if (script := _script_argument(words) if name in SHELLS else _script_of_switch(words)) is not None:
        quoted = script.text[1:-1]
        is_as_written = script.text[:1] in ("'", '"') and script.text[-1:] == script.text[:1] and script.value == quoted
        return Nested(quoted, script.span.start + 1) if is_as_written else None
    if name in _SWITCHES:
        return None
    heredoc = next((redirect.heredoc for redirect in command.redirects if redirect.heredoc), None)
    if heredoc is None or any(not word.text.startswith(("-", "+")) for word in words):
        return None  # `bash script.sh <<EOF` reads the file
    is_as_written = heredoc.is_literal or not (heredoc.parts or "\\" in heredoc.text)
    return Nested(heredoc.text, heredoc.span.start) if is_as_written else None


def may_nest(name: str | None) -> bool:
    """Whether a program may be told to read a script."""
    return name in SHELLS or name in _SWITCHES


def at_exit(command: Command) -> Nested | None:
    """The script that a `trap` has the shell run when it ends; an empty one where it takes that back, or names what
    nobody reads here. None for any other command.
    """
    name, words = program(command)
    if name != "trap" or not any(word.text in ("EXIT", "0") for word in words[1:]):
        return None
    script = words[0]
    quote, inside = script.text[:1], script.text[1:-1]
    is_as_written = quote in ("'", '"') and script.text[-1:] == quote and quote not in inside and "\\" not in inside
    return Nested(inside if is_as_written else "", script.span.start + 1)


class _Wrapper(NamedTuple):
    """A program that runs the program named in its arguments."""

    valued: str = ""  # short options that take a value
    valued_long: tuple[str, ...] = ()
    operands: int = 0  # its own, before the program
    takes_assignments: bool = False
    instead: str = ""  # short options that make it do something else than run the program
    verb: str = ""  # the word in front of them all, without which it runs none

    def inner(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """The words of the program inside; none where there is none."""
        if self.verb:
            if not words or words[0].text != self.verb:
                return ()
            words = words[1:]
        index = 0
        while index < len(words) and (text := words[index].text).startswith("-") and text != "-":
            index += 1
            if text == "--":
                break
            if text.startswith("--"):
                index += text in self.valued_long
            else:
                # `-u root` has its value in the next word, `-uroot` has not.
                first = next((place for place, option in enumerate(text) if option in self.valued), len(text))
                if any(option in self.instead for option in text[1:first]):
                    return ()
                index += first == len(text) - 1
        while self.takes_assignments and index < len(words) and _ASSIGNMENT.match(words[index].text):
            index += 1
        return words[index + self.operands :]


# The options are those of the manual pages of Debian 12 (sudo 1.9, coreutils 9.1, util-linux 2.38, time 1.9, dash 0.5),
# and of `conda run` and `micromamba run` (docs.conda.io, mamba-org/mamba; read 2026-11-26).
CONDA = frozenset(("conda", "mamba", "micromamba"))
_IN_CONDA = ("--name", "--prefix", "--root-prefix", "--cwd", "--attach", "--env", "--label")
_WRAPPERS = {
    "sudo": _Wrapper("ughpCrtTUDR", ("--user", "--group", "--host", "--prompt", "--chdir"), 0, True, "lvKke"),
    "env": _Wrapper("uC", ("--unset", "--chdir"), 0, True, "S"),
    "command": _Wrapper(instead="vV"),
    "builtin": _Wrapper(),
    "exec": _Wrapper("a"),
    "time": _Wrapper("fo", ("--format", "--output")),
    "nice": _Wrapper("n", ("--adjustment",)),
    "ionice": _Wrapper("cn", ("--class", "--classdata"), 0, False, "pPu"),
    "nohup": _Wrapper(),
    "timeout": _Wrapper("ks", ("--kill-after", "--signal"), 1),
    "stdbuf": _Wrapper("ioe", ("--input", "--output", "--error")),
    "setsid": _Wrapper(),
    "eatmydata": _Wrapper(),
    "xargs": _Wrapper("aEILnPsd", ("--arg-file", "--delimiter", "--max-args", "--max-lines", "--max-procs")),
    "gosu": _Wrapper(operands=1),
    "su-exec": _Wrapper(operands=1),
    "runuser": _Wrapper("ugGsw", ("--user", "--group", "--shell"), 0, False, "cl"),
    "setpriv": _Wrapper("", ("--reuid", "--regid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set")),
    "doas": _Wrapper("Cu"),
    "fakeroot": _Wrapper("lisbu", ("--lib", "--faked")),
    "unbuffer": _Wrapper(),
    "taskset": _Wrapper("c", (), 1, False, "p"),
    "flock": _Wrapper("wE", ("--timeout", "--conflict-exit-code"), 1, False, "c"),
    **dict.fromkeys(CONDA, _Wrapper("nprae", _IN_CONDA, verb="run")),
    "xvfb-run": _Wrapper("efnpsw", ("--error-file", "--server-num", "--server-args", "--wait")),
}
# They start a shell of another account, which takes `-c` wherever it stands: `su - app -c 'npm ci'`.
_SWITCHES = frozenset(("su", "runuser"))
SHELLS = frozenset(("sh", "bash", "dash", "ash"))
_SHELL_OPTIONS_WITH_VALUE = frozenset(("-o", "+o", "-O", "+O", "--rcfile", "--init-file"))

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")  # `A=1` in `env A=1 make`
_BASENAME = re.compile(r"(?:[^\s]*/)?([\w.+@\[\]:-]+)\Z")  # `apt-get` in `/usr/bin/apt-get`, `pip` in `$VENV/bin/pip`


def _program_name(word: Word) -> str | None:
    """`apt-get` for `/usr/bin/apt-get`; None where the last part of the path is not written out."""
    match = _BASENAME.match(word.pattern if word.value is None else word.value)
    return match[1] if match else None


def _script_argument(words: Sequence[Word]) -> Word | None:
    """The word after the options of `sh`, where `-c` is among them."""
    is_command = False
    index = 0
    while index < len(words) and words[index].text[:1] in ("-", "+"):
        text = words[index].text
        is_command |= text[0] == "-" and not text.startswith("--") and "c" in text
        index += 1 + (text in _SHELL_OPTIONS_WITH_VALUE or (text[1:2] != "-" and text.endswith("o")))
    return words[index] if is_command and index < len(words) else None


def _script_of_switch(words: Sequence[Word]) -> Word | None:
    """The word behind -c of `su`."""
    at = next((at for at, word in enumerate(words) if word.text in ("-c", "-lc", "--command")), len(words))
    return words[at + 1] if at + 1 < len(words) else None
