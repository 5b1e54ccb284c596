"""The query that every leftover rule is: files that a tool leaves in a layer and that nothing in the image reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.calls import effects_of
from deadweight.model.effects import Kind, Leftover
from deadweight.model.image import spelled
from deadweight.model.layers import kept_after, mounts_of
from deadweight.model.of_layers import OfLayers
from deadweight.rules import stores
from deadweight.rules.edits import (
    PLAIN_PATH,
    append_command,
    complete,
    insert_flag,
    insert_word,
    insert_word_before,
    remove_command,
    remove_instruction,
    replace_word,
    with_comments,
)
from deadweight.rules.reaching import ships
from deadweight.rules.rule import Finding, Fix, Safety
from deadweight.size.estimate import size_together
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.model.playing import Rest
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.shell import Word
    from deadweight.text import Edit


class Left(NamedTuple):
    """What one layer keeps of one tool's leftovers."""

    layer: Layer
    cause: Leftover
    effects: tuple[Effect, ...]
    saves: Size | None
    is_read_again: bool  # whether they are a store that the tool reads where it runs again

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that leave them, each by itself: `apt-get update` where another one has done so before."""
        spans = {effect.span for effect in (*self.layer.effects, *self.effects) if self.is_same(effect)}
        return tuple(call for call in self.layer.calls if call.span in spans)

    @property
    def last_calls(self) -> tuple[Call, ...]:
        """The last call of each folder that they lie in: that of root, that of another account."""
        folders = {effect.path for effect in self.effects}
        lasts = {each.path: each.span for each in self.layer.effects if self.is_same(each) and each.path in folders}
        return tuple(call for call in self.calls if call.span in lasts.values())

    def is_same(self, effect: Effect) -> bool:
        """Whether an effect writes such a leftover of the same tool."""
        cause = effect.cause
        if effect.kind is not Kind.WRITES or not isinstance(cause, Leftover):
            return False
        return (cause.topic, cause.what) == (self.cause.topic, self.cause.what)


def leftovers(snapshot: Snapshot, topic: str) -> Iterator[tuple[Ledger, Left]]:
    """The leftovers of a topic in this image or in one built on it, each with the stage that writes them: what a
    COPY --from takes along is there as well.
    """
    triggered = snapshot.ledgers.triggered
    ledgers = (*snapshot.reached_ledgers, triggered) if triggered else snapshot.reached_ledgers
    for ledger, found in [(ledger, found) for ledger, _, found in _left_in(ledgers) if found.cause.topic == topic]:
        left: Left | None = found
        if ledger.stage.index not in snapshot.build.shipped:
            left = _copied(snapshot, found)
        if left and not (left.is_read_again and stores.is_read_at_start(snapshot, left.calls)):
            yield ledger, left


def _copied(snapshot: Snapshot, left: Left) -> Left | None:
    """What COPY --from takes of the leftovers of a layer that does not ship."""
    effects = tuple([effect for effect in left.effects if ships(snapshot, left.layer, effect)])
    if effects == left.effects:
        return left
    return left_of(left.layer, left.cause, effects) if effects else None


@OfLayers
def _left_in(layer: Layer) -> Iterable[Left]:
    """The leftovers of a layer, those of one kind together."""
    return [Left(layer, *each) for each in _left_of_each_kind(layer.rest)]


@remembered
def _left_of_each_kind(rest: Rest) -> tuple[_Kind, ...]:
    found: dict[tuple[str, str], tuple[Leftover, list[Effect]]] = {}
    for effect in rest.effects:
        cause = effect.cause
        if isinstance(cause, Leftover) and effect.is_certain:
            found.setdefault((cause.topic, cause.what), (cause, []))[1].append(effect)
    return tuple([_kind(cause, tuple(effects)) for cause, effects in found.values()])


class _Kind(NamedTuple):
    """A `Left` without its layer."""

    cause: Leftover
    effects: tuple[Effect, ...]
    saves: Size | None
    is_read_again: bool


def _kind(cause: Leftover, effects: tuple[Effect, ...]) -> _Kind:
    is_read_again = any(isinstance(each.cause, Leftover) and each.cause.is_read_again for each in effects)
    return _Kind(cause, effects, size_together(effects), is_read_again)


def left_of(layer: Layer, cause: Leftover, effects: Iterable[Effect]) -> Left:
    """What some effects of a layer leave."""
    return Left(layer, *_kind(cause, tuple(effects)))


def finding(stage: str, left: Left, *fixes: Callable[[Snapshot, Left], Fix | None]) -> Finding:
    """The finding that a leftover is, and what makes its fixes."""
    where = "each image built on this one" if left.layer.is_trigger else "this layer"
    return Finding(
        site=left.layer.site,
        span=left.effects[0].span,
        message=f"{left.cause.what} {'stay' if left.cause.are_many else 'stays'} in {where}",
        saves=left.saves,
        basis="size",
        stage=stage,
        frees=frozenset((left.layer.site, effect) for effect in left.effects),
        fixes=lambda now: (fix(now, left) for fix in fixes),
    )


def clean_up(snapshot: Snapshot, left: Left) -> Fix | None:
    """The fix that keeps the tool from writing them, by its flag, or removes them in the same RUN."""
    cause = left.cause
    edits: list[Edit | None] = []
    if left.is_read_again:
        return _clean_store(snapshot, left)
    if cause.flag:
        calls = [(left.layer, call) for call in left.calls]
        calls += [(again.layer, call) for again in left_again(snapshot, left) for call in again.calls]
        needless = [_without(snapshot, layer, call, cause) for layer, call in calls]
        edits = [edit or _with_flag(snapshot, *each, cause) for edit, each in zip(needless, calls, strict=True)]
        first = left.calls[0] if left.calls else None
        title = (
            f"Add {cause.flag}"
            if None in needless or first is None
            else f"Remove {first.program} {_verb(first, cause)}"
        )
    elif left.calls:
        lasts = [
            *((left.layer, call) for call in left.last_calls),
            *((again.layer, again.calls[-1]) for again in left_again(snapshot, left)),
        ]
        edits = [_cleaned_behind(snapshot, layer, call, cause) for layer, call in lasts]
        title = f"Run {spelled(cause.cleanup)} in the same RUN"
    made = complete(edits)
    return Fix("clean-up", title, Safety.SAFE, made) if made else None


def cache_mount(snapshot: Snapshot, left: Left) -> Fix | None:
    """The fix that keeps them on the builder: a later build finds them, and no layer holds them."""
    paths = sorted({_folder(effect.path or "") for effect in left.effects})
    step = left.layer.step
    if step is None or not step.state.is_root or not all(PLAIN_PATH.fullmatch(path) for path in paths):
        return None
    layers = [left.layer]
    if left.is_read_again:
        found = list(stores.readers_behind(snapshot, left))
        if any(reader.is_offline or not reader.is_root for reader in found):
            return None  # the layer of the download may be known, and the mount empty
        layers += dict.fromkeys(reader.layer for reader in found)
    else:
        layers += [again.layer for again in left_again(snapshot, left)]
    edits = tuple(
        insert_flag(snapshot, layer, f"--mount=type=cache,target={path}") for layer in layers for path in paths
    )
    note = "Check: the builder is BuildKit; elsewhere the flag is an error"
    return Fix("cache-mount", f"Keep {left.cause.what} in a cache mount", Safety.ASK, edits, note=note)


def _folder(path: str) -> str:
    """What a mount has to take the place of: the folder of `/usr/local/bundle/cache/*.gem`."""
    folder, _, name = path.rpartition("/")
    return folder if "*" in name else path


def _clean_store(snapshot: Snapshot, left: Left) -> Fix | None:
    """The fix that removes a store behind the last command of the RUN that may read it, where no later one does."""
    if not left.calls or any(stores.readers_behind(snapshot, left)):
        return None
    cleanup = spelled(left.cause.cleanup)
    edit = _cleaned_behind(snapshot, left.layer, stores.last_reader(left.layer, left.calls[-1]), left.cause)
    start = stores.script_at_start(snapshot, left.layer.site)
    note = f"Check: {start} does not run {left.calls[0].program} again" if start else ""
    return edit and Fix(
        "clean-up",
        f"Run {cleanup} in the same RUN",
        Safety.ASK if note else Safety.SAFE,
        (edit,),
        note=note,
    )


def _cleaned_behind(snapshot: Snapshot, layer: Layer, call: Call, cause: Leftover) -> Edit | None:
    """The edit that cleans up behind a call, by the very program that was called: what is called as
    `/opt/conda/bin/conda` may not be on PATH. A path that only a script within the script knows is none outside of it.
    conda and mamba leave the same, and each call is cleaned up behind by its own program.
    """
    own = (each.cause for each in layer.effects if each.span == call.span and isinstance(each.cause, Leftover))
    cleanup = spelled(next((each.cleanup for each in own if each.what == cause.what), cause.cleanup))
    program, _, rest = cleanup.partition(" ")
    folder, _, name = call.typed.strip("\"'").rpartition("/")
    if not folder or name != program:
        return append_command(snapshot, layer, call, cleanup)
    is_known = call.own is call.placed or folder.startswith("/")
    return append_command(snapshot, layer, call, f"{call.typed} {rest}") if is_known else None


def left_again(snapshot: Snapshot, left: Left) -> Iterator[Left]:
    """What later layers would leave of the same, were it not there already: `apk add` after an `apk update`."""
    for layer in _above(snapshot, left.layer):
        if layer.step is None or any(map(left.is_same, layer.effects)):
            continue
        alone, kept = _alone(layer)
        if any(map(left.is_same, kept)):
            yield left_of(layer, left.cause, filter(left.is_same, alone))


@remembered
def _alone(layer: Layer) -> tuple[list[Effect], tuple[Effect, ...]]:
    """What the calls of a layer would do without the layers below, as `Layer.calls` are; and what would be kept."""
    calls = [call for call in layer.calls if not _does_nothing(layer, call)]
    alone = [effect for call in calls for effect in effects_of(call)]
    return alone, kept_after(alone, mounts_of(layer.instruction, layer.step.state) if layer.step else ())


def _does_nothing(layer: Layer, call: Call) -> bool:
    """Whether all that a call would bring is there: `rustup default stable`, which leaves nothing then either."""
    brings = any(not isinstance(effect.cause, Leftover) for effect in effects_of(call))
    return brings and not any(effect.span == call.span for effect in layer.effects)


def _above(snapshot: Snapshot, layer: Layer) -> Iterator[Layer]:
    """The later layers of a stage, and of those of the image that stand on it."""
    own, ledgers = snapshot.ledgers.of(layer), snapshot.shipped_ledgers
    yield from own.layers[layer.site.step + 1 :]
    for ledger in ledgers[ledgers.index(own) + 1 :] if own in ledgers else ():
        yield from ledger.layers


def _without(snapshot: Snapshot, layer: Layer, call: Call, cause: Leftover) -> Edit | None:
    """The edit that takes out a call that does nothing but leave them: `apk update` in front of `apk add`."""
    if any(effect.cause != cause for effect in effects_of(call)):
        return None
    if len(layer.calls) > 1:
        return remove_command(snapshot, layer, call)
    offset = snapshot.offset(layer.site)
    # A comment right above speaks of it, and would speak of something else.
    is_alone = not layer.is_trigger and with_comments(snapshot.tree, offset) == offset
    return remove_instruction(snapshot, layer) if is_alone else None


def _verb(call: Call, cause: Leftover) -> str:
    """What a call of the tool does."""
    own = (effect.cause for effect in effects_of(call))
    return next((each.verb for each in own if each == cause and isinstance(each, Leftover)), cause.verb) or ""


def _with_flag(snapshot: Snapshot, layer: Layer, call: Call, cause: Leftover) -> Edit | None:
    """The edit that puts the flag behind a call's verb, or the program's name where there is none: `apk update` and
    `apk add` leave the same.
    """
    verb, flag = _verb(call, cause), cause.flag or ""
    if moot := next((word for word in call.words if word.text in cause.moot), None):
        return replace_word(snapshot, layer, moot, flag)
    if not verb:
        return insert_word_before(snapshot, layer, call.words[0], flag) if call.words else None
    word = _place_of_flag(call, verb, flag.replace("--no-", "--"))
    return insert_word(snapshot, layer, word, flag) if word else None


def _place_of_flag(call: Call, verb: str | None, opposite: str) -> Word | None:
    """The word that a flag goes behind: the verb, or the value of its opposite, because the last of both counts."""
    found: Word | None = None
    words = iter(call.words)
    for word in words:
        if word.text == "--":
            break
        if word.text == opposite:
            found = next(words, None)
        elif (word.text == verb and found is None) or word.text.startswith(f"{opposite}="):
            found = word
    return found
