"""What may stand behind FROM: stages above, images and their tags with what they weigh, `AS`."""

from __future__ import annotations

from collections import Counter
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from deadweight.facts import base_images
from deadweight.facts.tables import table
from deadweight.features import words
from deadweight.features.completion.items import Item
from deadweight.features.completion.place import Typed
from deadweight.features.completion.variables import arguments_above
from deadweight.model import image
from deadweight.model.image import variant
from deadweight.size import images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.completion.place import Place
    from deadweight.model.image import ImageRef
    from deadweight.snapshot import Snapshot

_A_DAY = 10_000_000  # a version this high is a date: alpine:20190809
_FLAVOURS = {"full": 0, "slim": 1, "jre": 2, "alpine": 3, "distroless": 4, "windows": 5}


def image_items(place: Place, typed: Typed) -> tuple[Typed, tuple[Item, ...]]:
    """What a reference may be, and the part of the user's text that it takes the place of: the name or the tag."""
    before, after = typed
    name, colon, tag = before.rpartition(":")
    if "@" in before or "$" in before:
        return typed, ()
    arguments = tuple(Item(f"${{{name}}}", "variable", detail=value) for name, value in arguments_above(place).items())
    if colon and "/" not in tag:
        return Typed(tag, after), (*_tags(place, name), *arguments)
    end = next((at for at, ch in enumerate(after) if ch in ":@"), len(after))
    return Typed(before, after[:end]), (*stage_items(place), *arguments, *_names(place))


def stage_items(place: Place) -> tuple[Item, ...]:
    """The stages above, the nearest first."""
    return tuple(
        Item(
            stage.name,
            "stage",
            detail=f"stage on {stage.base_text}" if stage.base_text else "stage",
            subject=("stage", str(stage.index)),
        )
        for stage in reversed(place.stages)
        if stage.name
    )


def as_items(place: Place) -> tuple[Item, ...]:
    """The word between an image and the stage's name."""
    word = place.instruction.line.text[:4]
    note = "Names the stage, so that `COPY --from`, `RUN --mount=from` and other FROMs can refer to it."
    return (Item("as" if word.islower() else "AS", "keyword", note=note),)


def image_note(reference: str, platform: str) -> tuple[str, str]:
    """What there is to say about an image: in a few words, and in Markdown what it weighs and holds."""
    ref = image.parse(reference)
    if ref.is_scratch:
        return "0 B", "Nothing at all: for programs that need no libc, no shell and no certificates."
    unpacked, pulled = images.unpacked(ref, platform), images.pulled(ref, platform)
    lines = [f"**{words.unpacked(unpacked)}**{f', {words.short(pulled)} pulled' if pulled else ''}"]
    lines += [f"- {line}" for line in _traits(ref)]
    lines += [*words.parts(unpacked), *words.parts(pulled)]
    return _detail(reference, platform), "\n".join((lines[0], "", *lines[1:])).strip()


def stage_note(snapshot: Snapshot, index: int) -> tuple[str, str]:
    """What a stage weighs, and whether it ships."""
    if not 0 <= index < len(snapshot.ledgers):
        return "", ""
    ledger = snapshot.ledgers[index]
    size = snapshot.sizes.stage(ledger)
    ships = "its layers are in the image" if index in snapshot.build.shipped else "none of its layers is in the image"
    text = f"Stage {words.code(ledger.stage.label)}: **{words.unpacked(size)}**, {ships}"
    return f"stage on {ledger.stage.base_text}, {words.short(size)}", text


def _names(place: Place) -> Iterator[Item]:
    """The empty image and the images that the facts know, those with most figures first."""
    yield Item("scratch", "image", detail="0 B", subject=("image", "scratch", place.platform))
    for name in _repositories():
        known = base_images.find(name, "latest", place.platform)
        # Its own figure is at hand; one from its relatives is found out for the item that somebody looks at.
        detail = _detail(name, place.platform) if known and (known.unpacked or known.pulled) else ""
        yield Item(name, "image", detail=detail, subject=("image", name, place.platform))


def _tags(place: Place, name: str) -> Iterator[Item]:
    """The tags of an image, the newest version first and its smaller variants with it."""
    repository = image.parse(name).repository
    found = base_images.tags(repository, place.platform) or base_images.tags(repository)
    for tag in sorted((each.tag for each in found), key=lambda tag: _order(repository, tag)):
        reference = f"{name}:{tag}"
        subject = ("image", reference, place.platform)
        yield Item(tag, "tag", detail=_detail(reference, place.platform), subject=subject)


def _order(repository: str, tag: str) -> tuple[object, ...]:
    """Sorts tags: release lines from new to old, in each the short tags first, full, slim and alpine beside another."""
    said, known = variant(repository, tag), image.family(repository)
    numbers = said.numbers if said.numbers and said.numbers[0] < _A_DAY else ()
    line = (*numbers, -1, -1)[: known.line if known else 1]
    is_name = not (said.version or "")[:1].isdigit()  # jod and lts come behind 22
    return (
        not numbers,
        tuple(-number for number in line),
        is_name,
        len(numbers),
        tuple(-number for number in numbers),
        len(said.words),
        said.words,
        said.codename is not None,
        _FLAVOURS[said.flavour],
        tag,
    )


@lru_cache(maxsize=1024)
def _detail(reference: str, platform: str) -> str:
    ref = image.parse(reference)
    unpacked, pulled = images.unpacked(ref, platform), images.pulled(ref, platform)
    if unpacked is None:
        return words.UNKNOWN
    return f"{words.short(unpacked)} unpacked{f', {words.short(pulled)} pulled' if pulled else ''}"


@cache
def _repositories() -> tuple[str, ...]:
    """Every image of the facts. How many figures there are of it says how much it is used, near enough."""
    counts = Counter(row[0] for row in table("base_images").rows())
    counts.update(row[0] for row in table("image_families").rows())
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def _traits(ref: ImageRef) -> Iterator[str]:
    """What a choice means for those who build on it."""
    base, said = image.base(ref), variant(ref.repository, ref.effective_tag or "")
    known = image.family(ref.repository)
    if base.os:
        has_manager = base.package_manager not in (None, "none")
        yield f"{base.os} {base.suite or ''}".strip() + (f" with {base.package_manager}" if has_manager else "")
    if base.libc == "musl":
        yield "musl instead of glibc: binaries, Python wheels and Node add-ons have to be built for it"
    if base.libc == "none":
        yield "no libc: for static binaries"
    if base.shell == "none":
        yield "no shell: RUN, CMD and ENTRYPOINT work in exec form only"
    elif base.shell == "ash":
        yield "sh is BusyBox ash, there is no bash"
    if base.package_manager == "none":
        yield "no package manager: nothing can be installed"
    if said.flavour == "slim" and known and known.kind != "base":
        yield "no compiler, no headers: what has to be built is built in another stage"
    if said.is_jre:
        yield "runs Java, does not compile it"
