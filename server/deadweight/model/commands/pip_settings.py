"""pip's settings: in the environment, in pip.conf, and what `pip config` writes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import ini
from deadweight.model.effects import as_text, writes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deadweight.model.commands.call import Call, Surroundings
    from deadweight.model.effects import Effect

# Where `pip config --site set` and its like write, the nearest first; `%` is the folder that Python is installed in.
_WRITTEN = {"--site": "%/pip.conf", "--user": "~/.config/pip/pip.conf", "--global": "/etc/pip.conf"}
_READ = (*_WRITTEN.values(), "~/.pip/pip.conf", "/etc/xdg/pip/pip.conf")


class Settings(NamedTuple):
    """What a call of pip is told by the environment and by the files that it reads, the nearest first."""

    around: Surroundings
    files: tuple[str, ...]

    def value(self, name: str) -> str | None:
        """The value of a setting; '' where it has one that nobody can know, None where it has none.

        pip takes no notice of a variable that is empty.
        """
        variables, variable = self.around.variables, f"PIP_{name.upper().replace('-', '_')}"
        if (said := variables.get(variable, "")) != "":
            return said or ""
        found = (ini.value(each, name, "global", "install") for each in self.files)
        return next((each for each in found if each), None)


def settings(around: Surroundings, prefix: str) -> Settings:
    """The settings of a pip that is installed below `prefix`; PIP_CONFIG_FILE=/dev/null is for none in files."""
    named = around.variables.get("PIP_CONFIG_FILE")
    if named == "/dev/null":
        return Settings(around, ())
    paths = [around.resolve(path.replace("%", prefix)) for path in (*((named,) if named else ()), *_READ)]
    return Settings(around, around.files.known_texts(tuple([path for path in paths if path])))


def cache(told: Settings) -> str:
    """Where pip keeps what it downloads."""
    return told.value("cache-dir") or told.around.cached("pip")


def written(call: Call, prefix: str, words: Sequence[str]) -> Iterator[Effect]:
    """What `pip config set global.no-cache-dir true` notes."""
    if len(words) != 3 or words[0] != "set":
        return
    section, _, name = words[1].rpartition(".")
    option = next((each for each in _WRITTEN if call.has(each)), "--user")
    path = call.around.resolve(_WRITTEN[option].replace("%", prefix))
    yield writes(path, as_text(f"[{section}]\n{name} = {words[2]}\n", appends=True), call.span)
