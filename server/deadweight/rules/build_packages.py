"""The query for packages that are only there to build something, and for the last that may need them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from deadweight.lazy import cached_property
from deadweight.model.building import compile_when_run, compiles, is_for_building, is_said_to_compile, may_compile
from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.model.playing import removed_names
from deadweight.model.stack import folded
from deadweight.rules import run_steps
from deadweight.size.runtime import libraries, takes_along
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer
    from deadweight.syntax.dockerfile import Instruction

_MOST_LIBRARIES = 12  # that a fix asks for by name: more of them are an app with a desktop
_MANAGERS = frozenset(("apt-get", "apt", "aptitude", "apk", "dnf", "yum", "microdnf", "tdnf", "dpkg"))
_REMOVE = frozenset(("remove", "purge", "autoremove", "del", "erase"))


@dataclass(frozen=True, eq=False)
class Install:
    """An install that brings packages for building, and which."""

    layer: Layer
    effect: Effect
    cause: PackageSet
    names: tuple[str, ...]

    @cached_property
    def parts(self) -> tuple[Kept, ...]:
        """Those that can go as far as is known, and those of which nobody knows what has to stay without them."""
        stay = libraries(self.names, self.cause)
        if stay is not None:
            return (Kept(self.layer, self.effect, self.cause, self.names, stay),)
        # Where nobody knows what libraries are called, what has none can go all the same.
        alone = [name for name in self.names if libraries((name,), self.cause) == ()]
        others = [name for name in self.names if name not in alone]
        tools = tuple(name for name in alone if not takes_along(name, others, self.cause))
        headers = tuple(name for name in self.names if name not in tools)
        parts = ((tools, ()), (headers, None))
        return tuple(Kept(self.layer, self.effect, self.cause, names, stay) for names, stay in parts if names)


class Kept(NamedTuple):
    """Packages for building of an install: which, and what stays needed without them, None where unknown."""

    layer: Layer
    effect: Effect
    cause: PackageSet
    names: tuple[str, ...]
    libraries: tuple[str, ...] | None

    @property
    def may_go(self) -> bool:
        """Whether a RUN can remove them, as it is known what has to stay, and they have no name of the user's, of which
        apk removes all or nothing.
        """
        return self.libraries is not None and len(self.libraries) <= _MOST_LIBRARIES and not self.cause.label

    @property
    def freed(self) -> Effect:
        """What goes away with them; of what they only recommend, another finding speaks."""
        rest = (name for name in self.cause.names if name not in self.names)
        already, options = (*self.cause.already, *rest, *(self.libraries or ())), self.cause.options - {"recommends"}
        return replace(self.effect, cause=replace(self.cause, names=self.names, already=already, options=options))


class Left(NamedTuple):
    """An install, and the last call up to some layer that may need what it brings."""

    install: Install
    last: tuple[Layer, Call] | None


@remembered
def _installs(layer: Layer) -> tuple[Install, ...]:
    """The installs of a layer that bring packages for building."""
    found: list[Install] = []
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or cause.manager not in ("apt", "apk", "rpm") or not effect.is_certain:
            continue
        building = [name for name in cause.names if is_for_building(name) and name not in cause.already]
        if names := tuple(name for name in building if name not in _handed_on(layer)):
            found.append(Install(layer, effect, cause, names))
    if found and any(map(_removes_unsaid, layer.calls)):
        return ()
    return tuple(found)


def of_command(command: Reading) -> object:
    """All that these answers, and what is done about them, take from the words of a command."""
    call = command.call
    return run_steps.manages(call), may_compile(call), compiles(call), _removes_unsaid(call)


def of_text(instruction: Instruction) -> object:
    """All that these answers take from the text of a RUN beside its commands."""
    return is_said_to_compile(instruction.text), "sudo" in instruction.text


@OfLayers
def brought(layer: Layer) -> Iterator[str]:
    """The packages for building that a layer brings."""
    return (name for _, name in layer.packages if is_for_building(name))


@OfLayers
def callers(layer: Layer) -> Iterator[Effect]:
    """The installs of a layer that bring what calls a compiler when the app runs."""
    for effect in layer.kept:
        if isinstance(effect.cause, PackageSet) and compile_when_run(effect.cause.names):
            yield effect


def _removes_unsaid(call: Call) -> bool:
    """Whether a call may remove what nobody can name: what is not marked again goes with `apt-get purge --auto-remove`,
    as official images do it; others compare lists (`apt-get purge $(diff before after)`).
    """
    if call.program != "apt-mark" and call.program not in _MANAGERS:
        return False
    verbs = [word.text for word in call.operands()]
    if call.program == "apt-mark":
        return "auto" in verbs
    return not _REMOVE.isdisjoint(verbs) and any("$(" in word.text or "`" in word.text for word in call.words)


@remembered
def _handed_on(layer: Layer) -> frozenset[str]:
    """What variables of the image list for those who build on it: they may be packages."""
    state = layer.step.state if layer.step else None
    values = (state.variables.get(name) for name in state.environment) if state else ()
    return frozenset(word for value in values if value for word in value.split())


@remembered
def _compilers(layer: Layer) -> tuple[Call, ...]:
    """The calls of a layer that compile, or may."""
    return tuple(filter(compiles, layer.calls))


def _with(left: tuple[Left, ...], layer: Layer) -> tuple[Left, ...]:
    """The installs of an image up to a layer."""
    own, users = _installs(layer), _compilers(layer)
    if left and layer.removes:
        left = tuple(each._replace(install=still) for each in left if (still := _not_removed(each.install, layer)))
    if not own and not (left and users):
        return left
    found = [each._replace(last=(layer, users[-1])) if users else each for each in left]
    for install in own:
        behind = [call for call in users if call.span > install.effect.span]
        found.append(Left(install, (layer, behind[-1]) if behind else None))
    return tuple(found)


def _not_removed(install: Install, layer: Layer) -> Install | None:
    """What a layer leaves of an install: that it deletes the rest too late, another finding says."""
    removals = [each.cause for each in layer.undoing if isinstance(each.cause, PackageSet)]
    gone = {name for removed in removals for name in removed_names(install.cause, removed)}
    names = tuple(name for name in install.names if name not in gone)
    if names == install.names:
        return install
    return replace(install, names=names) if names else None


left_of_installs = folded(tuple[Left, ...](), _with)
