r"""What costs work, and takes nothing off or hardly anything.

The figures are of real builds (Docker 26.1 with BuildKit, Debian bookworm, November 2026: `docker history`, the survey
of builds) and of the tables that ship with Deadweight. MB are unpacked unless it says pulled.

## scratch or distroless for an interpreter

`FROM scratch` is for programs that need nothing else: a static Go or Rust binary. Node.js, Python and Ruby need a C
library, certificates, time zones and their own files, and whoever copies these by hand keeps a base image of their own.
An Express app of 1139 MB comes to 189 MB on `node:20-slim` and to 125 MB on distroless: the first step is 950 MB, the
second 64 MB for an image without a shell, in which nobody can look around when something fails. Take it where that is
wanted, not for the bytes.

## Alpine for Node.js

`node:22-alpine` is 61 MB pulled, `node:22-slim` 80 MB (September 2026). The 19 MB come with musl instead of glibc:
modules with native code may have no build for it, and are compiled at each install.

## Alpine for Python with native code

Of 104 packages with native code in a lockfile of 80 popular ones, 47 had no wheel for musl (November 2026), among
them torch, scikit-learn, opencv, tensorflow and pymongo: pip looks for a compiler, and `build-base` is 248 MB. With a
wheel, and so no reason against it: numpy, pandas, scipy, pillow, cryptography, lxml, psycopg2-binary.

## Squashing

`docker build --squash` and tools like it make one layer of all. They take off what a later layer has deleted, which a
deletion in the same `RUN` does as well (an archive of 59 MB: 59 MB off, either way), and take away what layers are for:
images on the same base no longer share it, and every change of a line pushes and pulls everything.

## Merging RUNs

Three `apt-get install` made one: 2.1 MB unpacked and 0.5 MB pulled, the records of dpkg that each of them writes once
more. Where nothing is deleted or written again, a RUN costs next to nothing. Merge what cleans up with what it cleans.

## Deleting in a later RUN

Takes off nothing, and adds a record of the deletion: of the apt lists 0.01 MB more, of an archive of 59 MB none less.
It has to be in the same `RUN`. See the rule late-delete.

## apt-get clean on Debian and Ubuntu

0 B. Docker's images of both delete packages after each install (`/etc/apt/apt.conf.d/docker-clean`). It counts where
that file is gone: 95 MB for git. What does stay are the lists: 20 MB. See the rule apt-lists-kept.

## Home-made base images

Debian put together with debootstrap came to 48.9 MB pulled, the official image to 48.5 MB. Node.js out of Debian's
packages, with npm: 249 MB without recommended packages and 838 MB with them, beside 230 MB for all of `node:22-slim`.
Somebody has to rebuild such an image for every security update.

## Small things

- `npm install` made `npm ci`: 0.2 MB. It is for builds that repeat, not for bytes.
- apt cache mounts instead of deleting the lists: 0 MB. They make builds quicker.
- `useradd --no-log-init`: 0 MB.
- `--no-install-recommends` for vim: 0.1 MB of 43, for postgresql-client 0.4 of 65. For npm it is 588 of 838: the hover
  over a package says what it is there.
- ENV, LABEL, USER, CMD, EXPOSE: 0 B each, in whatever order; WORKDIR and a `RUN` that writes nothing: 1 to 2 kB.
- Stripping a small C program: 0.08 MB; `-ldflags="-s -w"` of a small Go program: 2 MB of 6.5.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from deadweight.features import words
from deadweight.features.places import call_at, word_at
from deadweight.model.image import ImageRef, parse, variant
from deadweight.size import images
from deadweight.size.units import less

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.features.places import Place
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Ledger
    from deadweight.snapshot import Snapshot

ID = "what-not-to-optimise"

_INTERPRETERS = frozenset(("node", "npm", "npx", "yarn", "python", "python3", "ruby", "bundle", "php", "java"))


def notes(snapshot: Snapshot, place: Place) -> list[str]:
    """What a hover says where somebody does one of these things; never a finding."""
    found = _of_base(snapshot, place.ledger) if place.layer.step is None else _of_command(place)
    said = [f"Seldom worth it: {each} (`deadweight explain {ID}`)" for each in found]
    return ["", *said] if said else []


def _of_base(snapshot: Snapshot, ledger: Ledger) -> Iterator[str]:
    ref = ledger.stage.base
    if not isinstance(ref, ImageRef):
        return
    if ref.is_scratch and (program := _interpreter(ledger)):
        yield f"{words.code(program)} needs a C library and more, which an empty image has to be given by hand"
    said = variant(ref.repository, ref.effective_tag or "")
    if said.flavour != "alpine" or said.version is None:
        return
    if ref.repository == "node":
        slim = parse(f"node:{said.version}-slim")
        platform = ledger.stage.platform or snapshot.options.platform
        here, there = images.pulled(ref, platform), images.pulled(slim, platform)
        if here and there and here.best < there.best:
            saved = words.short(less(there, here))
            other = words.code(slim.text)
            yield f"{saved} pulled less than {other}, for musl, which not all native modules are built for"
    elif ref.repository == "python":
        yield "packages with native code that have no wheel for musl are compiled, with a compiler of 248 MB"


def _interpreter(ledger: Ledger) -> str:
    """The interpreter that the image starts, where it starts one."""
    for layer in ledger.layers:
        if layer.instruction.keyword in ("CMD", "ENTRYPOINT"):
            program = next((word.value or word.text for word in layer.instruction.words), "")
            if posixpath.basename(program) in _INTERPRETERS:
                return posixpath.basename(program)
    return ""


def _of_command(place: Place) -> Iterator[str]:
    call = call_at(place)
    if (
        call is None
        or call.program not in ("apt", "apt-get")
        or place.ledger.base.os_family not in ("debian", "ubuntu")
    ):
        return
    verb = next((word.text for word in call.operands()), "")
    if verb in ("clean", "autoclean"):
        yield "Docker's images of Debian and Ubuntu delete packages after each install: nothing is left to clean"
    elif verb == "install" and (name := _node_package(place, call)):
        yield f"Debian's {words.code(name)} comes in hundreds of packages; `node:22-slim` is Node.js and npm"


def _node_package(place: Place, call: Call) -> str:
    found = word_at(place, call)
    return found[0].text if found and found[0].text in ("npm", "nodejs") else ""
