r"""PyTorch or TensorFlow comes with its libraries for CUDA, and nothing here has a GPU.

PyPI has PyTorch for linux with CUDA alone: beside it pip installs cuDNN, cuBLAS, NCCL, Triton and a dozen more
distributions, several gigabytes that no program reads on a machine without a GPU. PyTorch's own index has the same
versions without them; TensorFlow without them is the distribution `tensorflow-cpu`.

## Example

```
FROM python:3.13-slim
RUN pip install --no-cache-dir torch torchvision
```

Use instead:

```
FROM python:3.13-slim
RUN pip install --index-url https://download.pytorch.org/whl/cpu --no-cache-dir torch torchvision
```

Where the list holds more than that index has, it is asked beside PyPI. pip takes the version `2.9.0+cpu` of the one for
newer than the `2.9.0` of the other:

## Example

```
FROM python:3.13-slim
RUN pip install --no-cache-dir torch fastapi
```

Use instead:

```
FROM python:3.13-slim
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu --no-cache-dir torch fastapi
```

The same holds where a package brings PyTorch along, in a file or by name:

## Example

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
//- requirements.txt
sentence-transformers
```

Use instead:

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements.txt .
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu --no-cache-dir -r requirements.txt
```

So does one in a stage that builds an environment to be copied:

## Example

```
FROM python:3.13 AS build
RUN python -m venv /venv && /venv/bin/pip install torch fastapi
FROM python:3.13-slim
COPY --from=build /venv /venv
CMD ["/venv/bin/fastapi", "run"]
```

Use instead:

```
FROM python:3.13 AS build
RUN python -m venv /venv && /venv/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu torch fastapi
FROM python:3.13-slim
COPY --from=build /venv /venv
CMD ["/venv/bin/fastapi", "run"]
```

uv asks the first index that has a name, and no other; it has an option that is about PyTorch's packages alone:

## Example

```
FROM python:3.13-slim
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/
RUN uv pip install --system --no-cache torch fastapi
```

Use instead:

```
FROM python:3.13-slim
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/
RUN uv pip install --torch-backend=cpu --system --no-cache torch fastapi
```

## Example

```
FROM python:3.13-slim
RUN pip install --no-cache-dir tensorflow==2.21.0
```

Use instead:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir tensorflow-cpu==2.21.0
```

## Fix safety

Look before you take it: a container that is started with GPUs (`docker run --gpus all`) computes on the processor
afterwards. A lockfile (poetry.lock, uv.lock) names its indexes itself, so that there is no fix here: declare PyTorch's
index in pyproject.toml. `--torch-backend` is known to uv 0.7.14 and later.

## Not reported

The base image brings CUDA, or the Dockerfile or a compose file speaks of GPUs:

```
FROM nvidia/cuda:12.9.1-runtime-ubuntu24.04
RUN pip install --no-cache-dir torch
```

```
FROM python:3.13-slim
ENV NVIDIA_VISIBLE_DEVICES=all
RUN pip install --no-cache-dir torch
```

An index is named already, of whatever kind, in the command, in settings or in a file of requirements:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cu128
```

```
FROM python:3.13-slim
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
RUN pip install --no-cache-dir torch
```

```
//- Dockerfile
FROM python:3.13-slim
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
//- requirements.txt
--extra-index-url https://download.pytorch.org/whl/cpu
torch
```

The version says which build it is:

```
FROM python:3.13-slim
RUN pip install --no-cache-dir torch==2.9.0+cpu
```

The stage does not ship, and nothing copies them:

```
FROM python:3.13-slim AS train
RUN pip install --no-cache-dir torch
FROM python:3.13-slim
COPY --from=train /etc/hostname /
```

## References

- PyTorch: https://pytorch.org/get-started/locally/
- uv: https://docs.astral.sh/uv/guides/integration/pytorch/
- TensorFlow: https://www.tensorflow.org/install/pip
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import pip
from deadweight.model.ecosystems import python
from deadweight.model.effects import PackageSet
from deadweight.model.of_layers import OfLayers
from deadweight.rules.edits import complete, insert_word, swap_words
from deadweight.rules.reaching import ships
from deadweight.rules.rule import NO_WORDS, Finding, Fix, Safety, Words, rule
from deadweight.size import python_project
from deadweight.size.estimate import saved_with
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.model.layers import Layer, Ledger
    from deadweight.size.units import Size
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction, Section
    from deadweight.syntax.shell import Word
    from deadweight.text import Edit

_INDEX = "https://download.pytorch.org/whl/cpu"
# What this index has with all that it needs; lists with other names need PyPI beside it.
_ON_INDEX = frozenset(("torch", "torchvision", "torchaudio"))
_LEAN = {"tensorflow": "tensorflow-cpu"}
_LEAST = 100_000_000  # bytes: what is less is no CUDA
_SPEAKS_OF_GPUS = re.compile(r"nvidia|cuda|(?<![a-z])gpus?(?![a-z])|rocm|(?<![a-z])cu1\d\d(?!\d)", re.IGNORECASE)
_PLATFORM = "linux/amd64"
_NOTE = "Check: no container of this image is started with a GPU"


class _Install(NamedTuple):
    """An install that brings libraries for CUDA: by which distributions, and what they weigh."""

    layer: Layer
    effect: Effect
    cause: PackageSet
    call: Call
    names: tuple[str, ...]
    saves: Size

    @property
    def freed(self) -> Effect:
        """The part of the install that is spoken of."""
        return replace(self.effect, cause=replace(self.cause, names=self.names))


@remembered
def _names_one(instruction: Instruction) -> bool:
    return _SPEAKS_OF_GPUS.search(instruction.text) is not None


def _words(snapshot: Snapshot) -> Words:
    return Words(of_text=_names_one) if _installs(snapshot.reached_ledgers) else NO_WORDS


@rule("cuda-wheels-installed", group="packages", words=_words)
def cuda_wheels_installed(snapshot: Snapshot) -> Iterator[Finding]:
    """Report installs of PyTorch and TensorFlow with CUDA in images where nothing speaks of GPUs."""
    installs = [(ledger, install) for ledger, _, install in _installs(snapshot.reached_ledgers)]
    plain = [(ledger, install) for ledger, install in installs if _is_plain(snapshot, ledger)]
    found = [(ledger, install) for ledger, install in plain if ships(snapshot, install.layer, install.effect)]
    if not found or _speaks_of_gpus(snapshot):
        return
    for ledger, install in found:
        verb = "comes with its" if len(install.names) == 1 else "come with their"
        yield Finding(
            site=install.layer.site,
            span=install.effect.span,
            message=f"{' and '.join(install.names)} {verb} libraries for CUDA, and nothing here has a GPU",
            saves=install.saves,
            basis="size",
            stage=ledger.stage.label,
            frees=frozenset({(install.layer.site, install.freed)}),
            fixes=partial(_fixes, install),
        )


def _speaks_of_gpus(snapshot: Snapshot) -> bool:
    build = snapshot.options.how.build
    sections = (ledger.stage.section for ledger in snapshot.reached_ledgers)
    return (build is not None and build.has_gpus) or any(map(_names_gpus, sections))


@remembered
def _names_gpus(section: Section) -> bool:
    return any(map(_names_one, section.instructions))


def _is_plain(snapshot: Snapshot, ledger: Ledger) -> bool:
    """Whether the base image is a system or a language alone: what any other one brings, who knows."""
    base = ledger.base
    if (ledger.stage.platform or snapshot.options.platform) != _PLATFORM:
        return False
    return base.os_family in ("debian", "ubuntu", "rpm") and ("/" not in base.repository or "/uv" in base.repository)


@OfLayers
def _installs(layer: Layer) -> Iterator[_Install]:
    """The installs of a layer that bring libraries for CUDA from PyPI."""
    for effect in layer.kept:
        cause = effect.cause
        if not isinstance(cause, PackageSet) or not effect.is_certain or cause.options & {"cpu", "other-index"}:
            continue
        if cause.manager != "pip" or cause.libc == "musl" or not (names := _heavy(cause)):
            continue
        lean = replace(cause, names=tuple(map(_lean, cause.names)), options=cause.options | {"cpu"})
        saves = saved_with(effect, lean)
        call = next((call for call in layer.calls if call.span == effect.span), None)
        if saves and saves.best >= _LEAST and call:
            yield _Install(layer, effect, cause, call, names, saves)


@lru_cache(maxsize=64)
def _heavy(cause: PackageSet) -> tuple[str, ...]:
    """The distributions of an install that bring libraries for CUDA, or are built with them."""
    return (*python_project.with_cuda(cause), *(name for name in map(_name, cause.names) if name in _LEAN))


def _name(typed: str) -> str:
    """The name in a requirement; none where it asks for extras, as `tensorflow[and-cuda]` does."""
    read = python.read_requirement(typed)
    return read.name if read and not read.extras else ""


def _lean(typed: str) -> str:
    """What to ask for in place of a requirement: `tensorflow-cpu==2.21` for `tensorflow==2.21`."""
    name = _name(typed)
    return _LEAN[name] + typed[len(name) :] if name in _LEAN and typed.startswith(name) else typed


# --- the fix ----------------------------------------------------------------------------------------------------------


def _fixes(install: _Install, snapshot: Snapshot) -> Iterator[Fix | None]:
    call = install.call
    operands = [word.plain for word in call.operands(*pip.VALUES)]
    is_uv = operands[:2] == ["pip", "install"]
    verb = next((word for word in call.words if word.text == "install"), None)
    if verb is None or not (is_uv or operands[:1] == ["install"]) or call.program == "pipx":
        return
    swaps = [(word, _lean(word.plain)) for word in call.operands(*pip.VALUES) if _is_swapped(word)]
    swapped = swap_words(snapshot, install.layer, swaps)
    edits: list[Edit | None] = []
    titles = [f"Install {lean}" for _, lean in swaps]
    if any(name not in _LEAN for name in install.names):
        if _pins_files(install.cause, call):
            return
        is_known = {_name(each) for each in operands[1:]} <= _ON_INDEX and not any(pip.values(call, "-r"))
        option = f"--index-url {_INDEX}" if is_known else f"--extra-index-url {_INDEX}"
        option = "--torch-backend=cpu" if is_uv else option
        edits.append(insert_word(snapshot, install.layer, verb, option))
        titles.append(f"Add {option}")
    if swapped is not None and (made := complete((*swapped, *edits))):
        yield Fix("cpu-wheels", ", ".join(titles), Safety.ASK, made, note=_NOTE)


def _is_swapped(word: Word) -> bool:
    """Whether a word is one that another one stands for, as it is written."""
    return word.text == word.plain and _lean(word.plain) != word.plain


def _pins_files(cause: PackageSet, call: Call) -> bool:
    """Whether the files are told by their hashes: the same version of another index has another one."""
    texts = cause.project.includes if cause.project else ()
    return call.has("--require-hashes") or any("--hash" in text for _, text in texts)
