"""Real builds by a real BuildKit: both sides of a pair, measured and compared; every layer of a Dockerfile, measured.

The lab is a script with the functions `build`, `docker`, `dq`, `have`, `quick`; its base images are `localhost/NAME`.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tarfile
import tempfile
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from develop.evidence.clones import ENVIRONMENT, serve_clones
from develop.evidence.contexts import snapshot_of, write_context
from develop.evidence.images import Tree, differences, dropped_packages, tree_of
from develop.evidence.index import INDEX, serve_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from develop.evidence.fixes import Pair
    from develop.evidence.sizes import Build


def open_lab(script: Path) -> Any:
    """The lab, with an index of Python packages and a project to clone served, and base images that ask for them."""
    sys.path.insert(0, str(script.parent))
    lab = importlib.import_module(script.stem)
    lab.engine_up()
    serve_index()
    serve_clones()
    for image in IN_LAB.values():
        if image.endswith(_ASKING):
            base = f"FROM {image.removesuffix(_ASKING)}\n"
            lab.quick(f"{base}ENV PIP_INDEX_URL={INDEX}/simple PIP_TRUSTED_HOST={INDEX.partition('//')[2]}\n", image)
    for name, recipe in _RECIPES.items():
        if not lab.have(IN_LAB[name]):
            lab.quick(recipe, IN_LAB[name])
    return lab


def measure(lab: Any, pair: Pair) -> dict[str, Any]:
    """Build both sides of a pair and compare them: one line of the results."""
    lab.engine_up()
    # The layers that both sides share are built once, those of earlier days are not taken.
    lab.docker("builder", "prune", "-af", stdout=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        before = _build(lab, pair, pair.before.text, {}, Path(folder, "before"))
        after = _build(lab, pair, pair.after.text, pair.created, Path(folder, "after"))
    rebuilt = {"found_before": before.found_bytes, "found_after": after.found_bytes} if pair.is_of_next_build else {}
    return {
        "case": pair.case.name,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "engine": engine_of(lab),
        "before": pair.before.text,
        "after": pair.after.text,
        "created": dict(pair.created),
        "before_bytes": before.added_bytes,
        "after_bytes": after.added_bytes,
        **rebuilt,
        "compared": len(before.tree.entries.keys() | after.tree.entries.keys()),
        "dropped": sorted(dropped_packages(before.tree, after.tree)),
        "differences": [
            *differences(pair.case, pair.created, before.tree, after.tree),
            *(
                f"configuration: {key}"
                for key in sorted(before.config.keys() | after.config.keys())
                if before.config.get(key) != after.config.get(key)
            ),
        ],
    }


def measure_layers(lab: Any, build: Build) -> Build:
    """The build as it weighs now, layer by layer, in all stages that have a name, and in the last."""
    *others, _ = snapshot_of(build.dockerfile, build.files).build.stages
    lines: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_context(Path(folder), build.dockerfile, build.files)
        for target in (*(stage.name for stage in others if stage.name), None):
            built = lab.build(folder, in_lab(build.dockerfile), name=f"size-{build.name}", target=target)
            if "error" in built:
                raise SystemExit(f"{build.name} cannot be built:\n{built['error']}")
            written = (each for each in built["instructions"] if each["text"].upper().startswith(_WRITERS))
            lines |= {each["line"]: each.get("files_bytes", 0) for each in written}
    return replace(
        build,
        date=datetime.now(timezone.utc).date().isoformat(),
        base_bytes=built["base_bytes"],
        added_bytes=built["total_files"],
        lines=lines,
    )


class Built(NamedTuple):
    """An image: the bytes of all files in the layers that the Dockerfile adds, its final files, its configuration.

    found_bytes: those that the next build finds on the builder, in layers and in cache mounts
    """

    added_bytes: int
    found_bytes: int
    tree: Tree
    config: dict[str, Any]


def _build(lab: Any, pair: Pair, dockerfile: str, created: Mapping[str, str], folder: Path) -> Built:
    write_context(folder, dockerfile, {**pair.case.files, **created})
    name = f"evidence-{pair.case.name}"
    built = lab.build(str(folder), in_lab(dockerfile), name=name, keep=True)
    if "error" in built:
        raise SystemExit(f"{pair.case.name} cannot be built:\n{built['error']}")
    tag = f"truthlab/{name}"
    config = json.loads(lab.dq("image", "inspect", "-f", "{{json .Config}}", tag))
    container = lab.dq("create", tag, "true")
    with tempfile.TemporaryFile() as tar:
        lab.docker("export", container, stdout=tar)
        lab.docker("rm", container, stdout=sys.stderr)
        tar.seek(0)
        with tarfile.open(fileobj=tar) as archive:
            tree = tree_of(archive)
    found = _found(lab, pair, in_lab(dockerfile), folder, built) if pair.is_of_next_build else 0
    lab.docker("rmi", tag, stdout=sys.stderr)
    return Built(int(built["total_files"]), found, tree, config)


def _found(lab: Any, pair: Pair, dockerfile: str, folder: Path, first: dict[str, Any]) -> int:
    """The bytes in layers that the next build takes from the cache; of one that is the same, those in cache mounts."""
    if pair.case.next_build:
        name = f"{first['name']}-next"
        second = lab.build(str(folder), dockerfile, name=name, build_args=pair.case.next_build, keep=True)
        known = _layers(lab, first)
        found = sum(size for layer, size in _layers(lab, second).items() if layer in known)
        lab.docker("rmi", f"truthlab/{name}", stdout=sys.stderr)
        return found
    # A copy of a mount is a layer that weighs what the mount holds; with another name it is made anew on each side. The
    # index that apt makes of its lists is no download, and docker-clean has apt do without it.
    copy = "RUN --mount=type=cache,target={0} cp -a {0} /{1} && find /{1} -name '*pkgcache.bin' -delete\n"
    copies = (copy.format(each, folder.name) for each in _MOUNTED.findall(dockerfile))
    probe = in_lab("FROM debian:bookworm-slim\n") + "".join(copies)
    found = int(lab.build(str(folder), probe, name="evidence-mounts")["total_files"])
    lab.docker("builder", "prune", "-af", "--filter", "type=exec.cachemount", stdout=sys.stderr)
    return found


def _layers(lab: Any, built: dict[str, Any]) -> dict[str, int]:
    """The layers of an image above its base, and the bytes of the files in each."""
    sizes = [each["files_bytes"] for each in built["instructions"] if "files_bytes" in each]
    layers = json.loads(lab.dq("image", "inspect", "-f", "{{json .RootFS.Layers}}", f"truthlab/{built['name']}"))
    return dict(zip(layers[-len(sizes) :], sizes, strict=True))


_MOUNTED = re.compile(r"--mount=type=cache,target=([^,\s]+)")
_WRITERS = ("RUN ", "COPY ", "ADD ")
_ASKING = "-asking"  # the index on the same machine
# The lab's images by the names of the public ones. Python's and node's stand on bookworm.
IN_LAB = {
    "buildpack-deps:bookworm": "localhost/buildpack-deps:bookworm",
    "buildpack-deps:bookworm-curl": "localhost/buildpack-deps:bookworm-curl",
    "buildpack-deps:bookworm-scm": "localhost/buildpack-deps:bookworm-cloning",
    "gcr.io/distroless/static-debian13": "localhost/distroless-static:like",
    "golang:1.19-bookworm": "localhost/golang:1.19",
    "debian:bookworm-slim": "localhost/debian:bookworm-slim",
    "debian:bookworm": "localhost/debian:bookworm",
    "debian:bullseye-slim": "localhost/debian:bullseye-slim",
    "debian:trixie-slim": "localhost/debian:trixie-slim",
    "node:20-bookworm": "localhost/node:20",
    "node:20-bookworm-slim": "localhost/node:20-slim",
    "python:3.11-bookworm": f"localhost/python:3.11{_ASKING}",
    "python:3.11-slim-bookworm": f"localhost/python:3.11-slim{_ASKING}",
}
# What the lab itself has not, made there.
_RECIPES = {
    "buildpack-deps:bookworm-scm": f"""FROM localhost/buildpack-deps:bookworm-curl
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
ENV {ENVIRONMENT}
""",
    # Debian's Go, on what the public image stands on.
    "golang:1.19-bookworm": """FROM localhost/buildpack-deps:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends golang-go && rm -rf /var/lib/apt/lists/*
WORKDIR /go
""",
    # An older Debian from the same archive; debootstrap does without mounts where this file tells it of a container.
    "debian:bullseye-slim": r"""FROM localhost/debian:bookworm AS made
RUN apt-get update && apt-get install -y --no-install-recommends debootstrap && touch /.dockerenv \
    && archive="$(sed -n 's/^URIs: //p' /etc/apt/sources.list.d/debian.sources | head -n 1)" \
    && debootstrap --variant=minbase bullseye /made "$archive"
FROM scratch
COPY --from=made /made /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["bash"]
""",
}
_FROM = re.compile(r"^(FROM (?:--\S+ )*)(\S+)", re.MULTILINE)


def in_lab(dockerfile: str) -> str:
    """The Dockerfile with the lab's images in place of the public ones."""
    return _FROM.sub(lambda match: match[1] + IN_LAB.get(match[2], match[2]), dockerfile)


def engine_of(lab: Any) -> str:
    """What builds, and its version."""
    version = lab.dq("version", "--format", "{{.Server.Version}}")
    buildkit = re.search(r"BuildKit version:\s*(\S+)", lab.dq("buildx", "inspect", "default"))
    return f"Docker Engine {version}, BuildKit {buildkit[1] if buildkit else '?'}"
