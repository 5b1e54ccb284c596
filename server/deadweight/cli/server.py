"""`deadweight server`: the language server, over stdin and stdout or a port of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_LARGEST_PORT = 65_535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_true", help="speak over stdin and stdout (the default)")
    transport.add_argument("--tcp", metavar="PORT", type=_port, help="listen on this port of 127.0.0.1 for one client")


def run(arguments: argparse.Namespace) -> int:
    """Serve until the client is gone."""
    return start(arguments.tcp)


def start(port: int | None = None) -> int:
    """Serve over stdin and stdout, or over a port."""
    import gc

    from deadweight.cli.quick_start import import_asyncio

    gc.disable()  # nothing of what is imported will ever be garbage; the server switches it on again
    import_asyncio()
    from deadweight.lsp.server import serve

    return serve(port)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= _LARGEST_PORT:
        raise ValueError(text)
    return port
