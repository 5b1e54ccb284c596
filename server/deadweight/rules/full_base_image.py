r"""The base image holds more than the program needs, and a smaller one of the same version runs it.

`node`, `python`, `ruby`, `golang`, `rust` and their like carry compilers, version control and headers, so that
anything builds on them. The `-slim` image of the same version leaves these out and runs the same programs. `-alpine`
is smaller again but has another C library; distroless has no shell at all. What only runs Java needs a JRE and no JDK,
what only runs .NET no SDK, and what only runs on a GPU none of CUDA's compilers.

Every smaller image that would do is a fix of its own, with what the image weighs before and after.

## Example

```
FROM node:22
COPY server.js /
CMD ["node", "/server.js"]
```

Use instead:

```
FROM node:22-slim
COPY server.js /
CMD ["node", "/server.js"]
```

## Example

```
FROM python:3.13
RUN git clone --depth 1 https://github.com/encode/httpx /srv
CMD ["python", "-m", "http.server"]
```

Use instead:

```
FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN git clone --depth 1 https://github.com/encode/httpx /srv
CMD ["python", "-m", "http.server"]
```

## Example

```
FROM eclipse-temurin:21-jdk-noble
COPY target/app.jar /
CMD ["java", "-jar", "/app.jar"]
```

Use instead:

```
FROM eclipse-temurin:21-jre-noble
COPY target/app.jar /
CMD ["java", "-jar", "/app.jar"]
```

## Example

```
FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
COPY . .
RUN dotnet publish -o /out
FROM mcr.microsoft.com/dotnet/sdk:8.0
COPY --from=build /out /app
ENTRYPOINT ["dotnet", "/app/shop.dll"]
```

Use instead:

```
FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
COPY . .
RUN dotnet publish -o /out
FROM mcr.microsoft.com/dotnet/aspnet:8.0
COPY --from=build /out /app
ENTRYPOINT ["dotnet", "/app/shop.dll"]
```

## Example

```
FROM golang:1.25 AS build
COPY . .
RUN CGO_ENABLED=0 go build -o /shop .
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /shop /shop
CMD /shop --port 80
```

Use instead:

```
FROM golang:1.25 AS build
COPY . .
RUN CGO_ENABLED=0 go build -o /shop .
FROM gcr.io/distroless/static-debian13
COPY --from=build /shop /shop
CMD ["/shop", "--port", "80"]
```

## Example

```
FROM nvidia/cuda:12.4.1-devel-ubuntu22.04
COPY model /srv
```

Use instead:

```
FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04
COPY model /srv
```

## Fix safety

Look before you take it; each fix says at what. A smaller image is offered where every command of the stage, and of the
stages that stand on it, runs there as far as one can tell. Programs that it lacks and that a `RUN` calls, such as git
or curl, are installed below `FROM`. Alpine uses musl instead of glibc, and is left out where an install brings a
package without a wheel or program for musl, which the fix names, or where something comes from a stage with glibc. What
a `RUN` does with apt and useradd is said in the words of Alpine where all of them are known; else it is not offered.
For distroless a plain shell form becomes exec form, and the program starts as that image starts it. A static program of
Go needs no system at all, where the stage does nothing but to start it: a `RUN` that installs certificates or time
zones goes, as distroless holds both.

What an `ARG` holds stays as it is, since others may build with something else; where the smaller image has no more than
a longer name, `FROM node:$VERSION` becomes `node:$VERSION-slim`. A pinned digest names one image and goes: pin the new
one.

## Not reported

The stage does not ship:

```
FROM node:22 AS build
RUN npm install -g typescript@7
FROM node:22-slim
COPY --from=build /usr/local /usr/local
```

The base is slim already, or there to run programs, though a leaner one may exist:

```
FROM python:3.13-slim
```

```
FROM eclipse-temurin:21-jre
CMD ["java", "-jar", "/app.jar"]
```

```
FROM mcr.microsoft.com/dotnet/aspnet:8.0
ENTRYPOINT ["dotnet", "/app/shop.dll"]
```

The stage, or one that stands on it, compiles:

```
FROM ruby:3.3
COPY . .
RUN bundle install
```

```
FROM node:22 AS base
FROM base AS build
RUN make
FROM base
COPY --from=build /srv /srv
```

Maven builds on the JDK that ships; a JRE would not do:

```
FROM eclipse-temurin:21
COPY . .
RUN ./mvnw package
CMD ["java", "-jar", "target/app.jar"]
```

Nothing says that the image runs Java, and not its compiler:

```
FROM eclipse-temurin:21
```

The SDK runs the program from its sources:

```
FROM mcr.microsoft.com/dotnet/sdk:8.0
COPY . .
CMD ["dotnet", "run"]
```

The program of Go may need a C library:

```
FROM golang:1.25 AS build
RUN go build -o /shop .
FROM debian:bookworm-slim
COPY --from=build /shop /shop
CMD ["/shop"]
```

A package compiles for the GPU:

```
FROM nvidia/cuda:12.4.1-devel-ubuntu22.04
RUN pip install flash-attn
```

## References

- Docker: https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image
- Node.js: https://github.com/nodejs/docker-node#image-variants
- .NET: https://github.com/dotnet/dotnet-docker/blob/main/documentation/image-variants.md
- CUDA: https://gitlab.com/nvidia/container-images/cuda
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.image import variant, weighed
from deadweight.model.siblings import in_place_of, siblings
from deadweight.rules import base_needs, smaller_images
from deadweight.rules.base_switch import Switch, changes, edits_of, missing, to_install, weighs
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, rule
from deadweight.size import images
from deadweight.size.units import less, total
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deadweight.model.image import ImageName, ImageRef, StatedSize
    from deadweight.model.layers import Layer
    from deadweight.model.siblings import Sibling
    from deadweight.rules.smaller_images import Start
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot

_LABELS = {
    "slim": "slim",
    "alpine": "Alpine",
    "distroless": "distroless",
    "jre": "Java runtime",
    "jre-alpine": "Alpine",
    "aspnet": "ASP.NET",
    "aspnet-distroless": "chiseled",
    "aspnet-alpine": "Alpine",
    "runtime": "runtime",
    "base": "base",
}
# What an image is there for, by what its smaller one lacks, and what nothing in the stage does.
_BUILDS = {
    "no-compiler": ("holds a JDK", "nothing here compiles Java"),
    "no-sdk": ("is an SDK", "nothing here builds"),
    "no-nvcc": ("holds CUDA's compilers", "nothing here compiles"),
    "no-cuda-libraries": ("holds CUDA's libraries", "Python packages bring their own"),
}
# Of no matter, or known to be needed by nothing here.
_LOOKED_AFTER = frozenset(("no-docs", "apk", "no-useradd", "no-package-manager", "few-accounts"))
_STATIC = "gcr.io/distroless/static-debian13"


def _words(snapshot: Snapshot) -> Words:
    is_any = any(map(smaller_images.may_be_smaller, snapshot.shipped_ledgers))
    return Words(base_needs.of_command, base_needs.of_text) if is_any else NO_WORDS


@rule("full-base-image", group="base", gives_way=True, words=_words)
def full_base_image(snapshot: Snapshot) -> Iterator[Finding]:
    """Report full base images of shipped stages with a smaller sibling, and offer each sibling."""
    for ledger in snapshot.shipped_ledgers:
        found = smaller_images.start_of(snapshot, ledger)
        if found is None:
            continue
        (start, standing), first = found, ledger.layers[0]
        shipped = [each for each in standing if each.stage.index in snapshot.build.shipped]
        gone_and_anew = changes(shipped, first, start.ref, smaller_images.blockers(first, start))
        if finding := _finding(first, start, gone_and_anew, snapshot.options.bases):
            yield finding


@remembered
def _finding(
    layer: Layer,
    start: Start,
    changed: tuple[tuple[Size, Size], ...],
    bases: Mapping[ImageName, StatedSize],
) -> Finding | None:
    """The finding; `changed` is what stages no longer write on each smaller image, and write anew."""
    before = images.unpacked(start.ref, start.platform)
    if before is None:
        return None
    switches, left_out = _switches(layer, start, before, changed, bases)
    if not switches:
        return None
    return Finding(
        site=layer.site,
        span=start.word.span,
        message=_message(start.ref, switches[0].sibling),
        saves=_saves(before, switches[0]),
        basis="size",
        stage=start.stage,
        frees=frozenset((layer.site, effect) for effect in layer.kept),
        fixes=partial(_fixes, layer, start, before, switches, left_out),
    )


def _switches(
    layer: Layer,
    start: Start,
    before: Size,
    changed: tuple[tuple[Size, Size], ...],
    bases: Mapping[ImageName, StatedSize],
) -> tuple[list[Switch], list[str]]:
    """The images to take instead of one that weighs `before`; and which of those on Alpine are left out, and why."""
    ref, platform = start.ref, start.platform
    found: dict[str, Switch] = {}
    left_out: list[str] = []
    for sibling, why, (gone, anew) in zip(siblings(ref), smaller_images.blockers(layer, start), changed, strict=True):
        image = images.unpacked(weighed(sibling.ref, bases), platform)
        if image is None or not _is_wanted(ref, sibling) or sibling.name in found:
            continue
        if why:
            if sibling.base.libc == "musl" and not why.startswith("RUN calls"):
                left_out.append(f"{sibling.ref.text} is left out: {why}")
            continue
        packages = to_install(missing(start.uses, ref, sibling.base), sibling.base)
        after = total((image, weighs(packages, sibling.base), anew))
        if after is not None and after.best < before.best + gone.best:
            found[sibling.name] = Switch(sibling, after, packages, gone)
    if start.static is not None:
        static = in_place_of(ref, _STATIC)
        if image := images.unpacked(weighed(static.ref, bases), platform):
            found["distroless"] = Switch(static, image, (), start.static)
    if any(_builds(each.sibling) for each in found.values()):
        found = {name: each for name, each in found.items() if _builds(each.sibling)}
    if "base" in found:
        found.pop("runtime", None)  # whose libraries nothing here needs
    return list(found.values()), left_out


def _is_wanted(ref: ImageRef, sibling: Sibling) -> bool:
    """Whether a smaller image is worth a word: of a full image, and of one that builds where nothing is built.

    Images that are there to run a program are lean, though leaner ones may exist: slim ones, a JRE, .NET's runtimes.
    """
    said = variant(ref.repository, ref.effective_tag or "latest")
    if _builds(sibling):
        return True
    # A JDK on Alpine is for those who compile, and they had better do so in another stage.
    is_java = ref.repository == "eclipse-temurin"
    return said.flavour == "full" and not is_java and not ref.repository.startswith("mcr.microsoft.com/dotnet/")


def _builds(sibling: Sibling) -> bool:
    """Whether a smaller image lacks what the full one is there for."""
    return any(each.name in _BUILDS for each in sibling.losses)


def _saves(before: Size, switch: Switch) -> Size:
    return less(total((before, switch.gone)) or before, switch.after)


def _message(ref: ImageRef, first: Sibling) -> str:
    name, lost = ref.text.partition("@")[0], [each.name for each in first.losses]
    for loss, (what, why) in _BUILDS.items():
        if loss in lost:
            return f"{name} {what}, and {why}; {first.ref.text} runs the same programs"
    if first.ref.text == _STATIC:
        return f"nothing here needs {name}: the program is static, and {_STATIC} has certificates and time zones"
    if first.base.shell == "none":
        return f"{first.ref.text} is {name} without a shell"
    if first.base.libc == "musl":
        return f"{first.ref.text} is {name} on a smaller system"
    return f"{name} is the full image; {first.ref.text} runs the same programs"


def _fixes(
    layer: Layer,
    start: Start,
    before: Size,
    switches: Sequence[Switch],
    left_out: Sequence[str],
    snapshot: Snapshot,
) -> Iterator[Fix | None]:
    others = (each for ledger in snapshot.shipped_ledgers for each in ledger.layers if each is not layer)
    rest = total(map(snapshot.sizes.layer, others))
    image = total((before, rest)) or before
    for switch in switches:
        sibling = switch.sibling
        edits = edits_of(snapshot, layer, start.ref, start.word, switch)
        losses = [each.words for each in sibling.losses if each.name not in _LOOKED_AFTER]
        notes = "; ".join((*(losses or (each.words for each in sibling.losses)), *left_out))
        title = f"Use the {_LABELS.get(sibling.name, 'smaller')} image {sibling.ref.text}"
        if edits is None:
            continue
        if switch.packages:
            title += f" and install {', '.join(switch.packages)}"
        yield Fix(
            sibling.name or "smaller",
            title,
            Safety.ASK,
            edits,
            note=f"Check: {notes}" if notes else "",
            saves=_saves(before, switch),
            weighs=(image, total((switch.after, less(rest, switch.gone) if rest else rest)) or switch.after),
        )
