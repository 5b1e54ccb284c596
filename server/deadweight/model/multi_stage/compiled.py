"""Apps that are one program when they are built, in whatever language: the program goes over, and the files that it may
read. `golang.py`, `rust.py` and `native.py` say what is different about each language.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.ecosystems.project import inside
from deadweight.model.effects import Copied
from deadweight.model.image import is_in_unknown_home
from deadweight.model.multi_stage import system
from deadweight.model.multi_stage.plan import Kept, Needs, Refusal, Written
from deadweight.model.multi_stage.recipe import BUILTINS, LOOKING, first_of_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.layers import Layer
    from deadweight.model.multi_stage.plan import Line, Steps
    from deadweight.model.multi_stage.recipe import Recipe
    from deadweight.model.multi_stage.system import Packages

_ACCOUNTS = frozenset(("adduser", "addgroup", "useradd", "groupadd", "usermod"))
_SETUP = frozenset(("mkdir", "chown", "chmod", "touch", "true", "echo"))
_HARMLESS = LOOKING | {"rm", "cp", "mv", "install", "strip", "upx"}
_SHELL_MARKS = re.compile(r"""[$&|;<>*?`()\[\]{}~#\\'"]""")
_QUOTED = re.compile(r"""'[^']*'|"[^"$`\\]*\"""")  # what a shell takes as it is
_ACCOUNTS_OF_DISTROLESS = frozenset(("", "root", "0", "nobody", "nonroot", "65532", "65534"))
# What distroless images hold of what others install by name.
_IN_DISTROLESS = frozenset(
    ("ca-certificates", "tzdata", "libc6-compat", "netbase", "openssl", "libgcc-s1", "libstdc++6")
)
_SEARCHED = frozenset(("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))
_ELSEWHERE = frozenset(
    ("GOPATH", "GOBIN", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_INSTALL_ROOT")
)  # say where programs go
# Programs that build an app whenever a source changes (their documentation; by hand, 2026-11-26).
_WATCHERS = frozenset(
    (
        "air",
        "CompileDaemon",
        "reflex",
        "gin",
        "realize",
        "modd",
        "fresh",
        "gow",
        "arelo",
        "dlv",
        "entr",
        "watchexec",
        "bacon",
    )
)
MOST = 8  # files and folders beside the program, up to which each is copied by its name
# What lies at the top of projects in any language and is for those who write them (by hand, 2026-11-26).
_FOR_DEVELOPERS = """
    .* *.md README* LICENSE* LICENCE* COPYING* CHANGELOG* AUTHORS* CONTRIBUTING* Dockerfile* DockerFile* dockerfile*
    *.dockerfile
    docker-compose* compose*.y*ml Makefile makefile GNUmakefile *.mk Jenkinsfile Procfile Vagrantfile Taskfile* justfile
    docs doc test tests testdata examples example bench benches benchmarks k8s helm charts deploy deployments terraform
    hack ci scripts *.log *.sh fly.toml deadweight.toml render.yaml app.yaml skaffold.yaml renovate.json codecov.yml
"""
_DEVELOPERS = tuple(_FOR_DEVELOPERS.split())
_ALL_THE_SAME = (".env", ".env.production")


@dataclass(frozen=True, slots=True)
class Language:
    """What is different about a language.

    builds: its compilers and what else only a build calls
    sources: patterns for the files that its compilers read
    folders: where its `install` puts programs
    image: the image for a program, given whether that needs a shell, with the packages of the system to add
    build: what the stage that builds does in place of the user's instructions
    argument: the word of the start command that names the program, where a runtime comes first: `java -jar app.jar`
    """

    builds: frozenset[str]
    sources: tuple[str, ...]
    folders: tuple[str, ...]
    image: Callable[[App, bool], Image | Refusal]
    build: Callable[[App], Steps] = lambda _: {}
    argument: Callable[[tuple[str, ...]], str | None] | None = None


class Image(NamedTuple):
    """The image that a program runs on, with what it needs beside that."""

    base: str
    packages: tuple[str, ...] = ()
    files: tuple[Line, ...] = ()
    is_distroless: bool = False
    has_program: bool = False  # among its files


@dataclass(frozen=True, eq=False)
class App:
    """A program, by its path in the stage that builds it, and the words that start it.

    folder, root: where its sources lie in the image and in the build context
    """

    recipe: Recipe
    language: Language
    program: str
    words: tuple[str, ...]
    folder: str
    root: str
    packages: Packages  # of the system, those of the user that are not for builds


def needs(recipe: Recipe, language: Language) -> Needs | Refusal | None:
    """What a stage that compiles a program needs; None for one that compiles none."""
    first = first_of_start(recipe.start) or ("",)
    if posixpath.basename(first[0]) in language.builds and (
        language.argument is None or language.argument(first) is None
    ):
        return Refusal(f"the start command builds the app: {' '.join(first[:3])}")
    if not any(language.builds & layer.programs for layer in recipe.runs):
        return None
    app = _read(recipe, language)
    if isinstance(app, Refusal):
        return app
    kept = [layer for layer in recipe.runs if _is_for_image(app, layer)]
    health = recipe.last("HEALTHCHECK")
    is_alone = not kept and not health and (recipe.user or "").partition(":")[0] in _ACCOUNTS_OF_DISTROLESS
    has_more = set(app.packages.names) - _IN_DISTROLESS
    chosen = language.image(app, not is_alone or bool(has_more) or _needs_shell(recipe))
    if isinstance(chosen, Refusal):
        return chosen
    rest = _rest(app)
    if len(rest) > MOST:
        return Refusal(f"which of {', '.join(rest[:3])} and {len(rest) - 3} others the app reads, nobody can tell")
    image: Steps = {layer.site.step: (Kept(layer.site.step),) for layer in kept}
    users = [
        layer.site.step
        for layer in recipe.layers
        if layer.instruction.keyword == "USER" and layer.site.step < recipe.last_work
    ]
    image.update(dict.fromkeys(users, ()))
    program = () if chosen.has_program else (Written(_copy(app)),)
    own = (*chosen.files, *program, *_files(app, rest), *map(Kept, users[-1:]))
    image[recipe.last_work] = (*image.get(recipe.last_work, ()), *own)
    if chosen.is_distroless and (command := _as_array(recipe)):
        image[_command(recipe).site.step] = (Written(command),)
    packages = system.Packages() if chosen.is_distroless else app.packages.also(chosen.packages)
    return Needs(chosen.base, language.build(app), image, packages, checks=(_check(app, rest),))


def of_debian(recipe: Recipe) -> str:
    """The small image of the system that a program was built on, by its release where that is known."""
    base, ref = recipe.ledger.base, recipe.ref
    if base.os_family == "alpine":
        return f"alpine:{base.suite}" if base.suite and base.is_suite_named else "alpine"
    # A program runs on the C library that it was built with, and on any later one.
    suite = base.suite if base.suite and base.is_suite_named else "trixie"
    return ref.text if base.os == "ubuntu" else f"debian:{suite}-slim"


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(recipe: Recipe, language: Language) -> App | Refusal:
    for layer in recipe.runs:
        if unknown := next((call.typed for call in layer.calls if not _is_known(language, call)), ""):
            return Refusal(f"{unknown} may write what the app needs when it runs")
    found = _sources(recipe)
    if found is None:
        is_unknown = any(effect.path is None for layer in recipe.copies for effect in layer.kept)
        return Refusal("nobody can tell where the sources are" if is_unknown else "no COPY brings a folder of sources")
    folder, root = found
    words = first_of_start(recipe.start)
    if words[:1] in (("sh",), ("bash",), ("/bin/sh",), ("/bin/bash",), ("exec",)):
        words = first_of_start(words[-1]) if "-c" in words else words[1:]
    if words and posixpath.basename(words[0]) in _WATCHERS:
        return Refusal(f"the start command runs {words[0]}, which builds the app again and again")
    if not words:
        return Refusal("nobody can tell which program the image starts")
    named = language.argument(words) if language.argument else words[0]
    if named is None:
        return Refusal(f"nobody can tell what {words[0]} starts")
    program = _path_of(recipe, language, named)
    if program is None:
        return Refusal(f"nobody can tell where the build puts {named}")
    if recipe.place_of(program) is not None:
        return Refusal(f"{named} comes from the build context, and which program it starts nobody can tell")
    if copied := next((layer for layer in recipe.copies for each in layer.kept if each.path == program), None):
        return Refusal(
            f"{copied.instruction.words[0].text} is not in the build context, and COPY takes {named} from there"
        )
    packages = system.runtime_packages(recipe.runs, replace(recipe.ledger.base, packages=()))
    if isinstance(packages, Refusal):
        return packages
    packages = system.lasting(packages.also(recipe.packages_of_programs), recipe.ledger.base)
    if isinstance(packages, Refusal):
        return packages
    return App(recipe, language, program, words, folder, root, packages)


def _is_known(language: Language, call: Call) -> bool:
    program = call.program
    known = language.builds | system.PROGRAMS | _ACCOUNTS | _SETUP | _HARMLESS | BUILTINS
    return program in known or call.typed in ("./configure", "./autogen.sh", "./bootstrap")


def _sources(recipe: Recipe) -> tuple[str, str] | None:
    """The folder of the image that the project is copied to, and that of the build context: those at the top."""
    found: list[tuple[str, str]] = []
    for layer in recipe.copies:
        for effect in layer.kept:
            cause = effect.cause
            if not isinstance(cause, Copied) or cause.root is None or effect.path is None:
                continue
            if cause.is_file:
                found.append((posixpath.dirname(effect.path), posixpath.dirname(cause.root)))
            else:
                found.append((effect.path, cause.root))
    return min(found, key=lambda place: len(place[0]), default=None)


def _path_of(recipe: Recipe, language: Language, word: str) -> str | None:
    """The path of what is started by this word: of a bare name, where a command of the build puts it."""
    if "$" in word or recipe.folder is None:
        return None
    if "/" in word or language.argument:
        return posixpath.normpath(posixpath.join(recipe.folder, word))
    calls = [call for layer in recipe.runs for call in layer.calls]
    targets = (path for call in calls for path in _targets(call))
    found = (path for path in targets if path and not is_in_unknown_home(path))
    known = next((path for path in found if posixpath.basename(path) == word), None)
    installs = any({"install", "--install"} & {each.text for each in call.words} for call in calls)
    is_usual = _ELSEWHERE.isdisjoint(recipe.ledger.stage.end.environment)
    if known is not None or not (installs and is_usual and language.folders):
        return known
    return posixpath.join(language.folders[0], word)


def _targets(call: Call) -> Iterator[str | None]:
    """Where a call puts programs: `-o /usr/local/bin/app`, `cp app /usr/local/bin/`."""
    if (named := call.value("-o")) is not None:
        yield call.around.resolve(named)
    operands = call.operands()
    if call.program in ("cp", "mv", "install") and len(operands) > 1:
        target = call.around.resolve(operands[-1].pattern)
        yield target
        if target:
            yield from (posixpath.join(target, posixpath.basename(each.pattern)) for each in operands[:-1])


def _is_for_image(app: App, layer: Layer) -> bool:
    """Whether a RUN makes accounts and folders that the app needs: not only the one that its sources lie in."""
    programs = layer.programs
    if not programs or not programs <= _ACCOUNTS | _SETUP:
        return False
    made = [path for call in layer.calls if call.program == "mkdir" for path in call.paths(call.operands())]
    return bool(programs & _ACCOUNTS) or any(path not in (app.folder, app.recipe.folder) for path in made)


# --- what starts it ---------------------------------------------------------------------------------------------------


def _command(recipe: Recipe) -> Layer:
    keyword = "ENTRYPOINT" if recipe.last("ENTRYPOINT") is not None else "CMD"
    return next(layer for layer in reversed(recipe.layers) if layer.instruction.keyword == keyword)


def _needs_shell(recipe: Recipe) -> bool:
    instruction = _command(recipe).instruction
    if instruction.array is not None:
        first = instruction.array[0].value if instruction.array else ""
        return posixpath.basename(first or "") in ("sh", "bash", "ash")
    other = recipe.last("CMD")
    text = instruction.arguments.text
    is_plain = not _SHELL_MARKS.search(_QUOTED.sub("", text)) and "=" not in text.split()[0]
    return not is_plain or (other is not None and other is not instruction and other.array is None)


def _as_array(recipe: Recipe) -> str:
    """The instruction that starts the program in exec form, for an image without a shell; '' where it has that."""
    instruction = _command(recipe).instruction
    if instruction.array is not None:
        return ""
    words = shlex.split(instruction.arguments.text)
    return f"{instruction.keyword} {json.dumps(words[1:] if words[0] == 'exec' else words, ensure_ascii=False)}"


# --- what goes over ---------------------------------------------------------------------------------------------------


def _rest(app: App) -> tuple[str, ...]:
    """What lies beside the sources and the app may read, by name."""
    recipe = app.recipe
    names = recipe.context.asked(_rest_in, app.root, app.language.sources)
    return tuple(each for each in names if recipe.place_of(posixpath.join(app.folder, each)) == inside(app.root, each))


def _rest_in(context: BuildContext, root: str, sources: tuple[str, ...]) -> tuple[str, ...]:
    """What at the top of a project is neither for developers nor a source."""
    found = list[str]()
    for name, _ in context.entries(root):
        bare = name.rstrip("/")
        if bare not in _ALL_THE_SAME and any(fnmatchcase(bare, each) for each in (*_DEVELOPERS, *sources)):
            continue
        files = context.select(inside(root, bare)).files
        if not (name.endswith("/") and all(_is_source(each, sources) for each in files)):
            found.append(bare)
    return tuple(found)


def _is_source(path: str, sources: tuple[str, ...]) -> bool:
    names = path.split("/")
    return any(fnmatchcase(names[-1], each) for each in sources) or "testdata" in names


def _files(app: App, rest: tuple[str, ...]) -> Iterator[Line]:
    context = app.recipe.context
    files = [each for each in rest if context.tree.at(inside(app.root, each)) is None]
    target = app.recipe.target(app.folder)
    if files:
        yield Written(f"COPY --from={{build}} {' '.join(posixpath.join(app.folder, each) for each in files)} {target}")
    for each in rest:
        if each not in files:
            yield Written(f"COPY --from={{build}} {posixpath.join(app.folder, each)} {target}{each}")


def _copy(app: App) -> str:
    """The COPY of the program: to where it was, or where an image looks for what is started by its name alone."""
    recipe, path = app.recipe, app.program
    if not app.language.argument and "/" not in app.words[0] and posixpath.dirname(path) not in _SEARCHED:
        return f"COPY --from={{build}} {path} /usr/local/bin/"
    is_here = recipe.target(app.folder) == "./" and path.startswith(f"{app.folder}/")
    below = path[len(app.folder) + 1 :] if is_here else ""
    target = f"./{below}" if below else path
    if "*" in path:
        target = posixpath.dirname(target) + "/"
    return f"COPY --from={{build}} {path} {target}"


def _check(app: App, rest: tuple[str, ...]) -> str:
    more = f" and {', '.join(rest)}" if rest else ""
    return f"the app reads no file beside {posixpath.basename(app.program)}{more}"
