"""sh and bash: `curl https://bun.sh/install | sh` installs what the script says; any other script is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands import apt, rustup
from deadweight.model.commands.call import Tool
from deadweight.model.effects import Built, Installer, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _effects(call: Call) -> Iterator[Effect]:
    urls = call.urls_fed
    operands = [word.text for word in call.operands() if word.text != "-"]
    if urls and (not operands or call.has("-s")):
        if rustup.ADDRESS in urls[0]:
            yield from rustup.installer(call)
        else:
            yield writes(None, Installer(urls[0]), call.span)
            if apt.updates_besides(call):
                yield apt.updated(call)
    else:
        yield writes(None, Built(call.program), call.span)


TOOLS = (Tool(("sh", "bash", "dash", "ash", "zsh"), _effects, runs_scripts=True),)
