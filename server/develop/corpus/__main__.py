"""Says how we do on thousands of real Dockerfiles: findings, safe fixes, files that broke, letters typed.

    python -m develop.corpus FILES [--only TEXT] [--letters N] [--page]
    python -m develop.corpus FILES [--only TEXT] --draw N [--seed S]

FILES is a folder with Dockerfiles in it, or a `.jsonl.xz` with `repo`, `path`, `category` and `text` a line; `--only`
takes those with TEXT in their name. `--letters` types in N of them. `--page` writes `docs/corpus.md`, else the figures
are printed. `--draw` prints N findings, each as likely as any other, to be judged by people.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from develop.corpus.files import read_files
from develop.corpus.fixing import fixed_by_all
from develop.corpus.letters import differences, phrases_of
from develop.corpus.page import PAGE, Figures, figures_in_words
from develop.corpus.saying import said_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from develop.corpus.files import File

_LETTERS = 300  # files: a minute or two


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is wanted, and print it or write the page."""
    parser = argparse.ArgumentParser("develop.corpus", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", type=Path, help="a folder, or a .jsonl.xz")
    parser.add_argument("--only", default="", metavar="TEXT", help="only files with this in their name")
    parser.add_argument("--letters", type=int, default=_LETTERS, metavar="N", help="type in this many files")
    parser.add_argument("--draw", type=int, metavar="N", help="print this many findings, and end")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args(arguments)
    files = [file for file in read_files(given.files) if given.only in file.name]
    rng = random.Random(given.seed)  # noqa: S311
    if given.draw:
        print(*drawn(files, given.draw, rng), sep="\n")
        return
    words = figures_in_words(figures_of(files, given.letters, rng))
    if given.page:
        PAGE.write_text(words, encoding="utf-8")
    else:
        print(words)


def drawn(files: Sequence[File], count: int, rng: random.Random) -> list[str]:
    """So many of all findings in real files, test data of linters left out: a line each."""
    real = [file for file in files if file.kind != "fixture"]
    with _pool() as pool:
        said = pool.map(said_of, [file.text for file in real], chunksize=20)
        lines = [
            f"{file.name}:{each.line} [{each.rule}] {each.message}"
            for file, found in zip(real, said, strict=True)
            for each in found
        ]
    return rng.sample(lines, min(count, len(lines)))


def figures_of(files: Sequence[File], letters: int, rng: random.Random) -> Figures:
    """All that is counted."""
    texts = [file.text for file in files]
    typed = rng.sample(texts, min(letters, len(texts)))
    differs = partial(differences, tuple(phrases_of(typed)))
    with _pool() as pool:
        said = pool.map(said_of, texts, chunksize=20)
        fixed = pool.map(fixed_by_all, texts, chunksize=20)
        sessions = pool.map(differs, typed, [rng.random() for _ in typed], chunksize=5)
        return Figures(tuple(files), tuple(said), tuple(fixed), tuple(sessions))


def _pool() -> ProcessPoolExecutor:
    # BuildKit's parser is written in Go, which does not live on in a process that was forked.
    return ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"))


if __name__ == "__main__":
    main()
