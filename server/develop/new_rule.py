"""Starts a new rule: its module, its entry in the catalog and the changelog, its page and its place in the schema.

    python server/develop/new_rule.py some-problem-kept "What is wrong in the file, as a sentence."

The tests fail until everything marked `WRITE:` is written: the page first, then the check.
"""

from __future__ import annotations

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[2]
RULES = ROOT / "server" / "deadweight" / "rules"
CATALOG = RULES / "catalog.py"
CHANGELOG = ROOT / "CHANGELOG.md"
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
SENTENCE = re.compile(r'(?!.*""")[^\s"].*\.')
LONGEST = 116  # characters of a sentence that stands behind r""" on a line of 120

MARK = "WRITE:"  # a test refuses it in rules/

MODULE = '''\
r"""{sentence}

WRITE: why these bytes need not be there, in one paragraph.

## Example

```
WRITE: a Dockerfile that is reported
```

Use instead:

```
WRITE: exactly what the fix makes of it
```

## Fix safety

WRITE: why the image behaves the same, or what a person has to check.

## Not reported

WRITE: where the rule stays silent, and why:

```
WRITE: a Dockerfile that is not reported
```

## References

- WRITE: where the reader can look it up
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.rules.rule import Finding
    from deadweight.snapshot import Snapshot


# WRITE: its group, and what other linters call it: same_as=("hadolint:DL0000",)
@rule("{id}", group="cleanup")
def {name}(snapshot: Snapshot) -> Iterator[Finding]:
    """Report WRITE: what is found, in the words of a Dockerfile."""
    yield from ()
'''


class RefusedError(Exception):
    """Why no rule is made, in one line."""


def main(id_: str, sentence: str) -> None:
    """Writes everything or nothing."""
    name = id_.replace("-", "_")
    module = RULES / f"{name}.py"
    if not ID.fullmatch(id_):
        raise RefusedError(f"{id_!r} is not kebab-case of two words or more, such as apt-lists-kept")
    if module.exists():
        raise RefusedError(f"{id_} exists: {module.relative_to(ROOT)}")
    if not SENTENCE.fullmatch(sentence) or len(sentence) > LONGEST:
        raise RefusedError(f"not a sentence of one line, at most {LONGEST} characters, with a full stop: {sentence!r}")
    written = {
        module: MODULE.format(id=id_, name=name, sentence=sentence),
        CATALOG: with_entry(CATALOG.read_text("utf-8"), name),
        CHANGELOG: with_line(CHANGELOG.read_text("utf-8"), f"- `{id_}`: {sentence}"),
    }
    for path, text in written.items():
        path.write_text(text, "utf-8", newline="\n")
    from develop import rule_pages, settings_schema  # these read the catalog, so not before it has the rule

    rule_pages.main()
    settings_schema.main()
    print(f"write {module.relative_to(ROOT)}, then: python server/develop/rule_pages.py")


def with_entry(catalog: str, name: str) -> str:
    """The catalog with the rule of module `name` as its last one."""
    before, opening, rest = catalog.partition("from deadweight.rules import (\n")
    imports, closing, rest = rest.partition(")\n")
    head, start, rules = rest.partition("RULES: tuple[Rule, ...] = (\n")
    entries, end, tail = rules.partition(")\n")
    if not (opening and closing and start and end):
        raise RefusedError("rules/catalog.py does not read as it used to: its import or its list is not found")
    lines = sorted([*imports.splitlines(), f"    {name},"])
    imports = "".join(f"{line}\n" for line in lines)
    return f"{before}{opening}{imports}{closing}{head}{start}{entries}    {name}.{name},\n{end}{tail}"


def with_line(changelog: str, line: str) -> str:
    """The changelog with `line` as the last one of the unreleased version."""
    section = re.search(r"^## .*\(unreleased\)\n(?:(?!## ).*\n)*", changelog, re.MULTILINE)
    if section is None:
        raise RefusedError("CHANGELOG.md has no version that is unreleased")
    end = section.start() + len(section[0].rstrip("\n"))
    return f"{changelog[:end]}\n{line}{changelog[end:]}"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except RefusedError as refused:
        sys.exit(str(refused))
