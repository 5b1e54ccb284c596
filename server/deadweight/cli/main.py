"""`deadweight`, the command line: picks a command, imports only that one, and turns failures into exit codes.

A command is a module with `add_arguments(parser)` and `run(arguments) -> int`, and a line in `COMMANDS`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import ModuleType
    from typing import NoReturn

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2
_INTERRUPTED, _READER_GONE = 130, 141  # 128 + SIGINT and SIGPIPE, as shells show them

_BY_EDITORS = (["server"], ["server", "--stdio"])  # what an editor waits for needs no argparse

COMMANDS = {
    "check": "say what makes images heavier than they need to be",
    "fix": "take the dead weight off: shows a diff, or writes",
    "size": "say what every line of a Dockerfile weighs",
    "context": "say what a build context weighs",
    "check-ignore": "say which pattern leaves paths out of the context",
    "explain": "show the pages of rules",
    "syntax": "show how a Dockerfile is read",
    "server": "start the language server",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (sys.argv unless given) names. Gives the exit code; raises nothing."""
    if argv is None:  # the process is ours alone
        from deadweight.cli.quick_start import compile_on_first_use

        compile_on_first_use()
    from deadweight.cli.output import own_bug, prepare_streams

    try:
        prepare_streams()
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse, after --help and --version or a wrong argument
        return stop.code if isinstance(stop.code, int) else CLEAN
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return _READER_GONE
    except OSError as error:  # a full disk behind stdout
        _discard_output()
        sys.stderr.write(f"deadweight: {error.strerror or error}\n")
        return UNREADABLE
    except Exception as error:
        sys.stderr.write(f"deadweight: {own_bug(error)}\n")  # stdout may be why: it is not flushed for it
        return UNREADABLE
    return code


def _run(argv: Sequence[str]) -> int:
    """Read the arguments and run the command."""
    if list(argv) in _BY_EDITORS:
        from deadweight.cli.server import start

        return start()
    from deadweight.cli.output import warn
    from deadweight.workspace.files import UnreadableError

    parser = _parser("deadweight", "What every line of a Dockerfile weighs, and the dead weight off.")
    parser.usage = "deadweight [-h] [--version] COMMAND ..."
    parser.epilog = "commands:\n" + "".join(f"  {each:<14}{words}\n" for each, words in COMMANDS.items())
    parser.add_argument("--version", action="version", version=f"deadweight {_version()}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="see below; COMMAND --help says more")
    name = parser.parse_args(argv[:1]).command
    module = _module(name)
    if module is None:
        warn(f"{name} is not part of this version")
        return UNREADABLE
    words = COMMANDS[name]
    command = _parser(f"deadweight {name}", words[0].upper() + words[1:] + ".")
    module.add_arguments(command)
    try:
        return int(module.run(command.parse_args(argv[1:])))
    except UnreadableError as error:
        warn(str(error))
        return UNREADABLE


def _parser(program: str, description: str) -> argparse.ArgumentParser:
    """A parser whose errors are one line."""
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            words = message.replace("\n", "\\n")
            self.exit(UNREADABLE, f"{self.prog}: {words} (see {self.prog} --help)\n")

    return Parser(program, description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def _module(command: str) -> ModuleType | None:
    """The module of a command; None where it is not there."""
    from importlib import import_module

    name = "deadweight.cli." + command.replace("-", "_")
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None


def _version() -> str:
    from deadweight import __version__

    return __version__


def _discard_output() -> None:
    """Point stdout at nothing, so that Python's own last flush does not complain about a reader that left."""
    import contextlib
    import os

    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
