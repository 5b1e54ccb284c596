"""Go projects from the text of go.mod: the module's name and the modules that it requires."""

from __future__ import annotations

import re

_MODULE = re.compile(r"^\s*module\s+\"?([^\s\"]+)", re.MULTILINE)
_VERSION = re.compile(r"v[0-9]+")
_REQUIRED = re.compile(r"^\s*(?:require\s+)?[\w.~-]+\.[\w./~-]+\s+v[0-9]", re.MULTILINE)


def program(mod: str) -> str:
    """What `go build` calls the program of a module: `api` for example.org/team/api/v2; '' where nobody can tell."""
    match = _MODULE.search(mod)
    *above, last = match[1].split("/") if match else [""]
    return above[-1] if above and _VERSION.fullmatch(last) else last


def modules(mod: str) -> int:
    """How many modules a go.mod requires; since Go 1.17 those that they need are among them."""
    code, _, _ = mod.partition("\nreplace")
    return len(_REQUIRED.findall(code))
