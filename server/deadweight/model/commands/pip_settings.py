"""pip's settings: in the environment, in pip.conf, and what `pip config` writes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands import ini
from deadweight.model.effects import as_text, writes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Where `pip config --site set` and its like write, the nearest first; `%` is the folder that Python is installed in.
_WRITTEN = {"--site": "%/pip.conf", "--user": "~/.config/pip/pip.conf", "--global": "/etc/pip.conf"}
_READ = (*_WRITTEN.values(), "~/.pip/pip.conf", "/etc/xdg/pip/pip.conf")


def value(around: Surroundings, prefix: str, name: str) -> str | None:
    """The value of a setting; '' where it has one that nobody can know, None where it has none.

    pip takes no notice of a variable that is empty, nor of any file where PIP_CONFIG_FILE is /dev/null.
    """
    variable = f"PIP_{name.upper().replace('-', '_')}"
    if (said := around.variables.get(variable, "")) != "":
        return said or ""
    named = around.variables.get("PIP_CONFIG_FILE")
    if named == "/dev/null":
        return None
    paths = [around.resolve(path.replace("%", prefix)) for path in (*((named,) if named else ()), *_READ)]
    for each in around.files.known_texts(tuple([path for path in paths if path])):
        if found := ini.value(each, name, "global", "install"):
            return found
    return None


def written(call: Call, prefix: str, words: Sequence[str]) -> Iterator[Effect]:
    """What `pip config set global.no-cache-dir true` notes."""
    if len(words) != 3 or words[0] != "set":
        return
    section, _, name = words[1].rpartition(".")
    option = next((each for each in _WRITTEN if call.has(each)), "--user")
    path = call.around.resolve(_WRITTEN[option].replace("%", prefix))
    yield writes(path, as_text(f"[{section}]\n{name} = {words[2]}\n", appends=True), call.span)
