"""The examples of `docs/examples` before and after the conversion to a multi-stage build: built, started and asked."""

from __future__ import annotations

import json
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deadweight.rules.build_tools_shipped import build_tools_shipped
from deadweight.text import apply_edits
from develop.evidence.building import engine_of, in_lab
from develop.evidence.contexts import DOCS, snapshot_of, write_context

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from deadweight.snapshot import Snapshot

RESULTS = DOCS / "evidence-conversions.jsonl"
_SECONDS = 60  # that an app may take to answer
_JSON = {"Content-Type": "application/json"}


class Example(NamedTuple):
    """An app with a naive Dockerfile, and what it is asked: a body is posted. `like` is the base that the lab has."""

    name: str
    url: str
    body: str = ""
    like: tuple[str, str] = ("", "")


EXAMPLES = (
    Example(
        "node",
        "http://127.0.0.1:3000/quotes",
        '{"zone": "city", "grams": 1200}',
        ("FROM node:22", "FROM node:20-bookworm"),
    ),
    Example("python", "http://127.0.0.1:8000/quotes", '{"zone": "city", "grams": 1200}'),
    Example("go", "http://127.0.0.1:8080/quotes", '{"zone": "city", "grams": 1200}'),
    Example("c", "http://127.0.0.1:8081/"),
)
# What is tried by golden files and by BuildKit's parser, and not built: no package brings these tools, or their images.
# What was read by hand on 2026-11-26: Dockerfiles of one stage from public repositories, found by search and drawn as
# they came, with as much of their projects as a conversion reads. By language: drawn, converted with no need for a hand
# edit (of these by `development-start`), refused with a reason that is right.
JUDGED = (
    ("Node", 23, 17, 1, 6),
    ("Bun", 4, 4, 0, 0),
    ("Python", 10, 10, 0, 0),
    ("Java", 20, 14, 1, 6),
    (".NET", 14, 9, 5, 3),
    ("PHP", 17, 9, 0, 8),
    ("Ruby", 14, 11, 0, 3),
    ("Go", 10, 9, 1, 1),
    ("Rust", 8, 8, 3, 0),
)
NOT_BUILT = (
    "Next.js, Nuxt, NestJS, static sites, yarn, pnpm and bun; poetry, pipenv and uv; Java, .NET, PHP and Ruby; Alpine; "
    "Rust; C++"
)


class Conversion(NamedTuple):
    """An example before and after our own conversion."""

    example: Example
    files: Mapping[str, str]
    before: Snapshot
    after: Snapshot

    @property
    def is_measured_by(self) -> tuple[str, str]:
        """What a record of it says that was built."""
        return self.before.text, self.after.text


def conversion_of(example: Example) -> Conversion:
    """An example in the lab's own bases, and what the conversion makes of it."""
    folder = DOCS / "examples" / example.name
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "Dockerfile")
    files = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}
    text = (folder / "Dockerfile").read_text("utf-8").replace(*example.like)
    before = snapshot_of(text, files)
    (finding,) = build_tools_shipped.check(before)
    fix = next(fix for fix in finding.fixes(before) if fix)
    return Conversion(example, files, before, snapshot_of(apply_edits(text, fix.edits), files))


def read_conversions() -> dict[str, dict[str, Any]]:
    """What was measured, by the name of the example."""
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    return {record["name"]: record for record in map(json.loads, lines)}


def measure_conversions(lab: Any, only: Collection[str], *, again: bool) -> None:
    """Build, start and ask the examples that are wanted, and keep each as soon as that is done."""
    results = read_conversions()
    for example in EXAMPLES:
        conversion, known = conversion_of(example), results.get(example.name)
        is_known = known is not None and (known["before"], known["after"]) == conversion.is_measured_by
        if (is_known and not again) or (only and f"convert-{example.name}" not in only):
            continue
        results[example.name] = record = _measured(lab, conversion)
        print(record, flush=True)
        kept = [results[each.name] for each in EXAMPLES if each.name in results]
        RESULTS.write_text("".join(json.dumps(each) + "\n" for each in kept), encoding="utf-8")


def _measured(lab: Any, conversion: Conversion) -> dict[str, Any]:
    example = conversion.example
    before, said = _built(lab, conversion, conversion.before.text)
    after, still = _built(lab, conversion, conversion.after.text)
    return {
        "name": example.name,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "engine": engine_of(lab),
        "before": conversion.before.text,
        "after": conversion.after.text,
        "before_bytes": before,
        "after_bytes": after,
        "answer": said,
        "answers_the_same": said == still,
    }


def _built(lab: Any, conversion: Conversion, dockerfile: str) -> tuple[int, str]:
    """The bytes of all layers of the image, and what its app answers."""
    name = f"convert-{conversion.example.name}"
    with tempfile.TemporaryDirectory() as folder:
        write_context(Path(folder), dockerfile, conversion.files)
        built = lab.build(folder, in_lab(dockerfile), name=name, keep=True)
    if "error" in built:
        raise SystemExit(f"{name} cannot be built:\n{built['error']}")
    container = lab.dq("run", "-d", "--network=host", f"truthlab/{name}")
    try:
        return int(built["docker_size"]), _answer(conversion.example)
    finally:
        lab.dq("rm", "-f", container)
        lab.dq("rmi", f"truthlab/{name}")


def _answer(example: Example) -> str:
    """What the app answers, as soon as it does."""
    for _ in range(_SECONDS):
        try:
            with urllib.request.urlopen(_asking(example), timeout=5) as reply:  # noqa: S310
                text: str = reply.read().decode()
                return text.strip()
        except OSError:  # it is not there yet
            time.sleep(1)
    return "no answer"


def _asking(example: Example) -> urllib.request.Request:
    return urllib.request.Request(example.url, example.body.encode() or None, _JSON)  # noqa: S310
