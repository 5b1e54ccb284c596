"""An index of Python packages for builds in the lab: it passes on what the public one says, as that says it.

On the way to the lab the headers may be lost that let pip keep what it downloads; here they are as the public index
sends them, and its pages are packed as it packs them.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

ADDRESS = ("127.0.0.1", 18082)
INDEX = f"http://{ADDRESS[0]}:{ADDRESS[1]}"
_FILES = "https://files.pythonhosted.org/"
# What pypi.org says of its pages, and files.pythonhosted.org of its files (2026-11).
_PAGE, _FILE = "max-age=600, public", "max-age=365000000, immutable, public"


class Reply(NamedTuple):
    """What the public index answers."""

    status: int
    kind: str
    body: bytes


def serve_index() -> None:
    """Serve the index until the process ends."""
    threading.Thread(target=ThreadingHTTPServer(ADDRESS, _Handler).serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer as the public index does."""
        is_file = self.path.startswith("/files/")
        url = _FILES + self.path.removeprefix("/files/") if is_file else f"https://pypi.org{self.path}"
        reply = _asked(url, self.headers.get("Accept", "*/*"))
        body = reply.body if is_file else reply.body.replace(_FILES.encode(), f"{INDEX}/files/".encode())
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        if reply.status == 200:
            self.send_header("Cache-Control", _FILE if is_file else _PAGE)
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        if not is_file and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _asked(url: str, accept: str) -> Reply:
    request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310
    try:
        with urllib.request.urlopen(request) as found:  # noqa: S310
            return Reply(found.status, found.headers.get("Content-Type", ""), found.read())
    except urllib.error.HTTPError as error:
        return Reply(error.code, "text/plain", b"")
