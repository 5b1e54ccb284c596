"""What lets a process that is ours alone start sooner: what is compiled at run time is compiled on first use.

The methods of dataclasses and named tuples: see quick_classes.py. Of 85 regular expressions a first look at a
Dockerfile needs 32 (2026-11-24).
"""

from __future__ import annotations

import atexit
import gc
import os
import re
import sys
from typing import Any

from deadweight.cli.quick_imports import load_modules_on_first_use

EAGER = "DEADWEIGHT_EAGER_TYPES"

_KNOWN = ((3, 10), (3, 13))  # versions of Python whose classes have what `quick_classes` looks at
# New objects before the garbage collector looks at them. Modules stay, and of what a Dockerfile leaves few objects are
# in cycles: 1,500 files come to these many, and to 50 MB. Every 200,000 objects took 4 % of `check` (2026-11-26).
_SELDOM = 1_000_000
# Modules of Python whose expressions are only asked for methods, as ours are: a start does without most of them.
_ASK_FOR_METHODS = frozenset(("dataclasses", "json.encoder", "json.scanner", "logging", "platform", "string"))
_compile = re.compile


def compile_on_first_use() -> None:
    """From now on, load modules, write methods and compile regular expressions when they are first used.

    Not where DEADWEIGHT_EAGER_TYPES=1, which is for whoever suspects that something goes wrong here.
    """
    if os.environ.get(EAGER) == "1":
        return
    gc.set_threshold(_SELDOM)
    # At its end, the interpreter looks for cycles among all that there is: 60 ms, a fifth of `check` of one file.
    atexit.register(gc.freeze)
    load_modules_on_first_use()
    vars(re)["compile"] = _compile_later
    if _KNOWN[0] <= sys.version_info[:2] <= _KNOWN[1]:
        from deadweight.cli.quick_classes import write_methods_on_first_use

        write_methods_on_first_use()


def import_asyncio() -> None:
    """Import asyncio as for a Python without TLS, unless somebody has imported it: the server uses no network.

    asyncio would load OpenSSL: 28 million instructions and 4 MB. `import ssl` works as ever afterwards.
    """
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    modules["ssl"] = None
    try:
        import asyncio  # noqa: F401
    finally:
        del modules["ssl"]


class _Pattern:
    """A regular expression that is compiled when somebody first asks it for anything."""

    def __init__(self, *given: Any) -> None:
        self.__dict__["given"] = given

    def __getattr__(self, name: str) -> Any:
        known = self.__dict__
        if "compiled" not in known:
            known["compiled"] = _compile(*known["given"])
        found = known[name] = getattr(known["compiled"], name)
        return found


def _compile_later(pattern: Any, flags: Any = 0) -> Any:
    name = sys._getframe(1).f_globals.get("__name__", "")
    may_wait = name.startswith("deadweight.") or name in _ASK_FOR_METHODS
    return _Pattern(pattern, flags) if may_wait else _compile(pattern, flags)
