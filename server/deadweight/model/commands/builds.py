"""What a build of any tool writes, by what the same build left in the user's own folder."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.model.effects import Built, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Cause

# Where build scripts of JavaScript projects write: Vite, Rollup, tsc; Next.js; Create React App; Nuxt.
OF_SCRIPTS = ("dist", ".next", "build", ".output", "out")


def output(call: Call, what: str, names: tuple[str, ...]) -> tuple[str | None, Cause]:
    """What a build writes, and where: into a folder of these names where the user's own project has one."""
    folder = call.around.folder
    found = call.around.files.left_by_builds(folder, names) if folder else None
    if found is None or folder is None:
        return folder, Built(what)
    own, count = found
    return posixpath.join(folder, posixpath.basename(own)), Output(what, own, count)


def script(call: Call, words: Sequence[str]) -> tuple[str | None, Cause]:
    """Where a script of package.json writes, and what: `npm run build`, `yarn build`."""
    verb, *rest = words[:2]
    what = " ".join((call.program, verb, *(rest if verb in ("run", "run-script") else ())))
    return output(call, what, OF_SCRIPTS if "build" in what else ())
