r"""A COPY takes a huge file along that nothing in the image reads.

`COPY . .` takes along what happens to lie in the folder: a dump of a database, a video, an archive. Reported are files
of 50 MB or more, and dumps, archives, videos, disk images, drawings and profiles of 10 MB or more, that the Dockerfile
does not speak of.

## Example

```
//- Dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY . .
CMD ["python", "app.py"]
//- .dockerignore
.git
//- app.py 4000
//- backup/prod.sql 83000000
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY . .
CMD ["python", "app.py"]
//- .dockerignore
.git
backup/prod.sql
```

## Fix safety

Look before you take it: an app may open the file by a name that only its code says.

## Not reported

The Dockerfile speaks of it:

```
//- Dockerfile
FROM postgres:17
COPY . /init
RUN cp /init/seed.sql /docker-entrypoint-initdb.d/
//- seed.sql 83000000
```

It lies in a folder that a package manager fills, or that a web server hands out:

```
//- Dockerfile
FROM node:22-slim
COPY . /app
//- node_modules/@next/swc-linux-x64-gnu/next-swc.linux-x64-gnu.map 120000000
//- public/intro.mp4 21000000
```

A folder is copied by its name, or it is what apps are there to load, such as a model or a program:

```
//- Dockerfile
FROM python:3.13-slim
COPY . /app
COPY media /srv/media
//- model.onnx 270000000
//- app.py 4000
//- media/intro.mp4 21000000
```

## References

- Docker: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from deadweight.model.brought import wide_copies
from deadweight.model.context import Selection
from deadweight.model.ecosystems.generated import WRITTEN_FOLDERS
from deadweight.model.effects import Copied
from deadweight.rules.dead_weight import leaving_out, listed
from deadweight.rules.rule import NO_WORDS, Finding, Words, as_typed, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deadweight.model.context import BuildContext
    from deadweight.model.folder import Folder
    from deadweight.rules.rule import Fix
    from deadweight.snapshot import Snapshot

_HUGE, _HUGE_OF_A_KIND = 50_000_000, 10_000_000  # bytes
_MOST_NAMES = 3  # in a message

_OF_A_KIND = """
    .sql .dump .bak .pgdump .rdb .sql.gz .dump.gz .zip .7z .rar .tar .tar.gz .tgz .tar.xz .tar.bz2 .tar.zst
    .mp4 .mov .avi .mkv .webm .psd .sketch .fig .iso .img .qcow2 .vmdk .vdi .ova .dmg .heapsnapshot .heapprofile .hprof
    .pcap .core .dmp .prof .trace
"""
_KINDS = tuple(_OF_A_KIND.split())
# What apps load: programs, libraries, models, data in the form in which a program asks it.
_WANTED = """
    .jar .war .so .dll .dylib .exe .wasm .node .onnx .pt .pth .ckpt .bin .safetensors .gguf .ggml .h5 .hdf5 .pb .tflite
    .pkl .pickle .joblib .model .npy .npz .parquet .arrow .feather .mmdb .db .sqlite .sqlite3 .ttf .ttc .otf .whl .deb
    .rpm .apk .phar .pck
"""
_LOADED = tuple(_WANTED.split())
_SERVED = frozenset(("public", "static", "assets", "media", "www", "htdocs"))  # folders that a web server hands out


def _words(snapshot: Snapshot) -> Words:
    return Words(of_text=as_typed) if snapshot.context and snapshot.context.asked(_huge_files) else NO_WORDS


@rule("huge-file-copied", group="context", words=_words)
def huge_file_copied(snapshot: Snapshot) -> Iterator[Finding]:
    """Report huge files that a COPY of the whole context brings into the image."""
    context = snapshot.context
    if context is None or not (huge := context.asked(_huge_files)):
        return
    for ledger in snapshot.shipped_ledgers:
        for layer in ledger.layers_with(Copied):
            for effect in wide_copies(layer):
                cause = effect.cause
                if not isinstance(cause, Copied) or cause.selection is None or cause.source.strip("./"):
                    continue
                files = {path: count for path, count in huge.items() if not _is_spoken_of(snapshot, path)}
                if not files:
                    return
                taken = replace(
                    effect, cause=replace(cause, selection=Selection(files, sum(files.values()), exists=True))
                )
                names = list(files)
                shown = listed(names) if len(names) <= _MOST_NAMES else f"{names[0]} and {len(names) - 1} more"
                yield Finding(
                    site=layer.site,
                    span=effect.span,
                    message=f"{shown} {'goes' if len(names) == 1 else 'go'} into the image, and nothing here reads "
                    f"{'it' if len(names) == 1 else 'them'}",
                    saves=snapshot.sizes.of([taken]),
                    basis="context",
                    stage=ledger.stage.label,
                    frees=frozenset([(layer.site, taken)]),
                    fixes=partial(_fixes, context, names),
                )
                return


def _huge_files(context: BuildContext) -> Mapping[str, int]:
    """The huge files of a context, the heaviest first."""
    found = {
        prefix + name: count
        for prefix, folder in context.tree.walk(_may_hold_one)
        for name, count in folder.files.items()
        if _is_huge(name.lower(), count)
    }
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _may_hold_one(name: str, folder: Folder) -> bool:
    return folder.bytes >= _HUGE_OF_A_KIND and name not in _SERVED and name not in WRITTEN_FOLDERS


def _is_huge(name: str, count: int) -> bool:
    if name.endswith(_KINDS):
        return count >= _HUGE_OF_A_KIND
    return count >= _HUGE and "." in name.strip(".") and not name.endswith(_LOADED)


def _is_spoken_of(snapshot: Snapshot, path: str) -> bool:
    """Whether an instruction names a file, or a folder that it lies in."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    words = {name, *(each for each in folders if len(each) > 2), *((stem,) if len(stem) > 3 else ())}
    texts = (layer.instruction.text for ledger in snapshot.reached_ledgers for layer in ledger.layers)
    return any(word in text for text in texts for word in words)


def _fixes(context: BuildContext, paths: list[str], _: Snapshot) -> Iterator[Fix]:
    return leaving_out(context, paths, "Check: the app does not open it")
