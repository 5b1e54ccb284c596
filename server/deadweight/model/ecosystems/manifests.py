"""What an install reads of a project, by package manager: the files to copy before the sources, one home for all."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Set
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from deadweight.model.ecosystems import node, python
from deadweight.model.ecosystems.lenient import as_object, as_string, as_strings, json_object, toml_table
from deadweight.model.ecosystems.project import MANIFESTS, Project, inside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from deadweight.model.context import BuildContext

    Texts = Mapping[str, str]
    Paths = Collection[str]

_LARGEST = 500_000  # characters of a manifest; the largest pom.xml of the corpus has 80 kB
_MOST_FILES = 500  # manifests of one project


def project_in(context: BuildContext, manager: str, folder: str, named: tuple[str, ...] = ()) -> Project | None:
    """The project in a folder of the context that `manager` installs; None where it has nothing to install there.

    `named` are files that the command line names, as paths of the context: requirements, a solution.
    """
    paths = context.files
    if manager in _NODE:
        return node.recognise(context.texts, paths, folder, called=manager)
    read = _READERS.get(manager)
    return read(context.texts, paths, folder, named) if read else None


def _present(paths: Paths) -> Collection[str]:
    return paths if isinstance(paths, (Set, Mapping)) else frozenset(paths)


def _project(
    language: str, manager: str, folder: str, manifest: str, files: Iterable[str], paths: Paths, needs: str = ""
) -> Project:
    present = _present(paths)
    found = tuple(dict.fromkeys(path for path in (manifest, *files) if path in present))
    return Project(language, manager, folder, (manifest,), "", found, needs)


def _text(texts: Texts, path: str) -> str:
    found = texts.get(path, "")
    return found if len(found) <= _LARGEST else ""


def _below(paths: Paths, folder: str) -> list[str]:
    """The files of a folder of the context, at most so many."""
    found = sorted(path for path in paths if path.startswith(folder + "/"))
    return found[:_MOST_FILES]


# --- Python -----------------------------------------------------------------------------------------------------------

_FIND_LINKS = re.compile(r"^[ \t]*(?:-f|--find-links)[ \t=]+(?!\w+://)(\S+)", re.MULTILINE)


def _pip(texts: Texts, paths: Paths, folder: str, named: tuple[str, ...]) -> Project | None:
    present = _present(paths)
    if not named or any(path not in present for path in named):
        return None
    files: dict[str, None] = {}
    needs = ""
    for path in named:
        read = python.read_requirements(_text(texts, path), path, texts.get)
        # What they name and nobody can see may be anywhere.
        own = [
            posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            for name in python.included(_text(texts, path))
        ]
        missing = next((each for each in own if each not in present), "")
        needs = needs or python.why_sources(read.requirements) or (f"it reads {missing[:60]}" if missing else "")
        if found := _FIND_LINKS.search(_text(texts, path)):
            needs = needs or f"it takes packages from {found[1][:60]}"
        files.update(dict.fromkeys(read.files))
    return _project("python", "pip", folder, named[0], files, paths, needs)


def _python(manager: str) -> Callable[[Texts, Paths, str, tuple[str, ...]], Project | None]:
    def read(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
        return python.recognise(texts, paths, folder, called=manager)

    return read


# Members of a workspace, and packages that lie in folders, as uv.lock names them.
_UV_LOCAL = re.compile(r"^source = \{ (editable|virtual|directory|path) = \"([^\"]+)\" \}", re.MULTILINE)


def _uv(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
    project = python.recognise(texts, paths, folder, called="uv")
    if project is None or not project.lock:
        return project
    needs, members = project.needs_sources, []
    for kind, path in _UV_LOCAL.findall(texts.get(project.lock, "")):
        member = inside(_joined(folder, path), "pyproject.toml")
        if kind in ("directory", "path") or member not in paths:
            needs = needs or f"it installs {path[:60]}"
        elif member not in project.manifests:
            members.append(member)
    return replace(
        project,
        manifests=(*project.manifests, *members),
        install_files=tuple(dict.fromkeys((*project.install_files, *members))),
        needs_sources=needs,
        installs_itself=project.installs_itself or bool(members),
    )


# --- Ruby, PHP --------------------------------------------------------------------------------------------------------

_GEM_PATH = re.compile(r"^[^#\n]*\bpath(?::|\s*=>)\s*[\"']([^\"']+)|^\s*path\s+[\"']([^\"']+)", re.MULTILINE)
_GEMSPEC = re.compile(r"^\s*gemspec\b", re.MULTILINE)
# `ruby file: ".ruby-version"`, `ruby File.read(".ruby-version")`, `eval_gemfile "Gemfile.local"`
_READ_BY_GEMFILE = re.compile(r"(?:\bfile:|File\.read\(|\beval_gemfile\b)\s*\(?\s*[\"']([^\"']+)")


def _bundler(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
    gemfile = inside(folder, "Gemfile")
    if gemfile not in paths:
        return None
    text = _text(texts, gemfile)
    path = _GEM_PATH.search(text)
    needs = f"a gem comes from {(path[1] or path[2])[:60]}" if path else ""
    if not text or _GEMSPEC.search(text):
        needs = needs or "the gem's own files are read"
    names = ["Gemfile.lock", ".bundle/config", ".tool-versions" if ".tool-versions" in text else ""]
    names += [match[1] for match in _READ_BY_GEMFILE.finditer(text)]
    files = [inside(folder, name) for name in names]
    return _project(
        "ruby", "bundler", folder, gemfile, (*files, *_below(paths, inside(folder, "vendor/cache"))), paths, needs
    )


def _composer(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
    manifest = inside(folder, "composer.json")
    data = json_object(_text(texts, manifest))
    if data is None or manifest not in paths:
        return None
    repositories = data.get("repositories")
    entries = repositories if isinstance(repositories, list) else list(as_object(repositories).values())
    local = next((as_object(each) for each in entries if as_object(each).get("type") in ("path", "artifact")), None)
    needs = f"a package comes from {as_string(local.get('url'))[:60]}" if local else ""
    patches = as_object(as_object(data.get("extra")).get("patches"))
    named = [each for of in patches.values() for each in as_object(of).values() if isinstance(each, str)]
    files = [inside(folder, name) for name in ("composer.lock", "symfony.lock", "auth.json", *named)]
    return _project("php", "composer", folder, manifest, files, paths, needs)


# --- Go, Rust ---------------------------------------------------------------------------------------------------------

_GO_REQUIRE = re.compile(r"^[ \t]*require\b", re.MULTILINE)
_GO_LOCAL = re.compile(r"=>[ \t]*(\.{1,2}/?[^\s]*)")
_GO_USE = re.compile(r"^[ \t]*(?:use[ \t]+)?(\.[^\s()]*)[ \t]*$", re.MULTILINE)


def _go(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
    manifest, workspace = inside(folder, "go.mod"), inside(folder, "go.work")
    if inside(folder, "vendor/modules.txt") in paths:
        return None  # it takes what lies there
    members = [folder] if manifest in paths else []
    if workspace in paths:
        members += [_joined(folder, match[1]) for match in _GO_USE.finditer(_text(texts, workspace))]
    if not any(_GO_REQUIRE.search(_text(texts, inside(each, "go.mod"))) for each in members):
        return None
    needs = ""
    for each in tuple(members):
        for match in _GO_LOCAL.finditer(_text(texts, inside(each, "go.mod"))):
            other = _joined(each, match[1])
            members.append(other)
            if inside(other, "go.mod") not in paths:
                needs = f"a module comes from {match[1][:60]}"
    files = [inside(each, name) for each in members for name in ("go.mod", "go.sum")]
    first = manifest if manifest in paths else workspace
    return _project("go", "go", folder, first, (*files, workspace, workspace + ".sum"), paths, needs)


def _joined(folder: str, path: str) -> str:
    """`../x` seen from a folder of the context; `` for its top."""
    found = posixpath.normpath(posixpath.join("/" + folder, path)).lstrip("/")
    return "" if found == "." else found


def _cargo(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
    manifest = inside(folder, "Cargo.toml")
    table = toml_table(_text(texts, manifest))
    vendored = inside(folder, "vendor/")
    if table is None or manifest not in paths or any(path.startswith(vendored) for path in paths):
        return None
    dependencies = _cargo_dependencies(table)
    if not dependencies and "workspace" not in table:
        return None
    files = [
        inside(folder, name)
        for name in ("Cargo.lock", "rust-toolchain", "rust-toolchain.toml", ".cargo/config.toml", ".cargo/config")
    ]
    return _project("rust", "cargo", folder, manifest, files, paths, _why_crate(table, dependencies))


def crate_name(text: str) -> str:
    """The name of the package in the text of a Cargo.toml; '' where it has none."""
    return as_string(as_object((toml_table(text) or {}).get("package")).get("name"))


def _cargo_dependencies(table: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    targets = [as_object(each) for each in as_object(table.get("target")).values()]
    for each in (table, *targets):
        for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
            found.update(as_object(each.get(kind)))
    return found


def _why_crate(table: Mapping[str, Any], dependencies: Mapping[str, Any]) -> str:
    """Why cargo reads more than manifests even where stand-ins lie in src."""
    if "workspace" in table and as_strings(as_object(table["workspace"]).get("members")):
        return "the workspace has members"
    for name, wanted in dependencies.items():
        if path := as_object(wanted).get("path"):
            return f"{name} comes from {str(path)[:60]}"
    package = as_object(table.get("package"))
    if package.get("build"):
        return f"its build script is {str(package['build'])[:60]}"
    if as_object(table.get("lib")).get("path", "src/lib.rs") != "src/lib.rs":
        return "its library lies elsewhere"
    for each in table.get("bin", ()) if isinstance(table.get("bin"), list) else ():
        own = as_object(each)
        if own.get("path", "src/main.rs" if own.get("name") == package.get("name") else "") != "src/main.rs":
            return f"its program {own.get('name')} lies elsewhere"
    other = next((kind for kind in ("bench", "example", "test") if table.get(kind)), "")
    return f"its {other} targets are read" if other else ""


# --- Java, .NET, Elixir -----------------------------------------------------------------------------------------------

_MODULE = re.compile(r"<module>\s*([^<]+?)\s*</module>")
_ARTIFACT = re.compile(r"<artifactId>\s*([^<]+?)\s*</artifactId>")
_PARENT = re.compile(r"<parent>.*?</parent>", re.DOTALL)
_DEPENDENCY = re.compile(r"<dependency>.*?</dependency>", re.DOTALL)


def _maven(texts: Texts, paths: Paths, folder: str, named: tuple[str, ...]) -> Project | None:
    manifest = inside(folder, "pom.xml")
    if manifest not in paths:
        return None
    poms: dict[str, None] = {}
    waiting = [manifest]
    while waiting and len(poms) < _MOST_FILES:
        pom = waiting.pop(0)
        if pom in paths and pom not in poms:
            poms[pom] = None
            here = posixpath.dirname(pom)
            modules = (_joined(here, match[1]) for match in _MODULE.finditer(_text(texts, pom)))
            waiting += [each if each.endswith(".xml") else inside(each, "pom.xml") for each in modules]
    contents = [_text(texts, pom) for pom in poms]
    own = {match[1] for text in contents if (match := _ARTIFACT.search(_PARENT.sub("", text)))}
    asked = {match[1] for text in contents for each in _DEPENDENCY.findall(text) if (match := _ARTIFACT.search(each))}
    needs = next((f"module {name[:60]} is needed by another" for name in sorted(own & asked)), "")
    if any("<systemPath>" in text or ("basedir" in text and "<repository>" in text) for text in contents):
        needs = needs or "it reads archives of the project"
    files = [*poms, *named, inside(folder, "mvnw"), *_below(paths, inside(folder, ".mvn"))]
    return _project("java", "maven", folder, manifest, files, paths, needs)


_GRADLE_FILES = ("settings.gradle", "settings.gradle.kts", "gradle.properties", "gradlew", "gradle.lockfile")


def _gradle(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
    names = (*MANIFESTS["gradle"], "settings.gradle", "settings.gradle.kts")
    manifest = next((path for name in names if (path := inside(folder, name)) in paths), None)
    if manifest is None:
        return None
    files = [inside(folder, name) for name in (*names, *_GRADLE_FILES)]
    files += _below(paths, inside(folder, "gradle"))
    # `gradle dependencies` resolves the graph, and fetches none of the archives.
    return _project("java", "gradle", folder, manifest, files, paths, "gradle has no task that only downloads")


_PROJECTS = MANIFESTS["dotnet"]
_REFERENCE = re.compile(r"<ProjectReference\s[^>]*\bInclude\s*=\s*\"([^\"]+)\"")
_IMPORT = re.compile(r"<Import\s[^>]*\bProject\s*=\s*\"(?!Sdk\.)([^\"$]+)\"")
_BESIDE_PROJECTS = "nuget.config directory.build.props directory.build.targets directory.packages.props global.json"
_DOTNET_BESIDE = frozenset(_BESIDE_PROJECTS.split())
_SOLUTIONS = ("*.sln", "*.slnx")


def _dotnet(texts: Texts, paths: Paths, folder: str, named: tuple[str, ...]) -> Project | None:
    start = [path for path in named if path in paths] or [
        path
        for path in sorted(paths)
        if (not folder or path.startswith(folder + "/")) and _is_one_of(path, (*_PROJECTS, *_SOLUTIONS))
    ]
    solutions = [path for path in start if _is_one_of(path, _SOLUTIONS)]
    projects: dict[str, None] = {}
    needs = ""
    waiting = [path for path in start if path not in solutions]
    if named and solutions:
        top = posixpath.dirname(solutions[0])
        waiting += [
            path for path in sorted(paths) if _is_one_of(path, _PROJECTS) and (not top or path.startswith(top + "/"))
        ]
    while waiting and len(projects) < _MOST_FILES:
        path = waiting.pop(0)
        if path in projects:
            continue
        projects[path] = None
        text = _text(texts, path)
        here = posixpath.dirname(path)
        if imported := _IMPORT.search(text):
            needs = needs or f"{posixpath.basename(path)} imports {imported[1][:60]}"
        for match in _REFERENCE.finditer(text):
            other = _joined(here, match[1].replace("\\", "/"))
            if other in paths:
                waiting.append(other)
            else:
                needs = needs or f"{posixpath.basename(path)} refers to {match[1][:60]}"
    if not projects:
        return None
    above = {each for path in (*projects, *solutions) for each in _folders_above(path)}
    beside = [path for path in _near(paths, above) if posixpath.basename(path).lower() in _DOTNET_BESIDE]
    locks = [inside(posixpath.dirname(path), "packages.lock.json") for path in projects]
    return _project(
        "dotnet", "dotnet", folder, next(iter(projects)), (*solutions, *projects, *beside, *locks), paths, needs
    )


def _is_one_of(path: str, patterns: tuple[str, ...]) -> bool:
    name = posixpath.basename(path)
    return any(fnmatchcase(name, each) for each in patterns)


def _folders_above(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


def _near(paths: Paths, folders: Collection[str]) -> list[str]:
    """The files that lie right in these folders."""
    return sorted(path for path in paths if posixpath.dirname(path) in folders)


_MIX_PATH = re.compile(r"\bpath:\s*\"([^\"]+)\"")
_READ_BY_MIX = re.compile(r"(?:File\.read!?|Code\.(?:require|eval)_file)\(\s*\"([^\"]+)\"")


def _mix(texts: Texts, paths: Paths, folder: str, _: tuple[str, ...]) -> Project | None:
    manifest = inside(folder, "mix.exs")
    if manifest not in paths:
        return None
    text = _text(texts, manifest)
    path = _MIX_PATH.search(text)
    needs = f"a package comes from {path[1][:60]}" if path else ""
    files = [inside(folder, "mix.lock"), *(inside(folder, match[1]) for match in _READ_BY_MIX.finditer(text))]
    files += [path for path in _below(paths, inside(folder, "apps")) if path.endswith("/mix.exs")]
    return _project("elixir", "mix", folder, manifest, (*files, *_below(paths, inside(folder, "config"))), paths, needs)


_NODE = frozenset(("npm", "yarn", "pnpm", "bun"))
_READERS: dict[str, Callable[[Texts, Paths, str, tuple[str, ...]], Project | None]] = {
    "pip": _pip,
    "poetry": _python("poetry"),
    "uv": _uv,
    "pipenv": _python("pipenv"),
    "bundler": _bundler,
    "composer": _composer,
    "go": _go,
    "cargo": _cargo,
    "maven": _maven,
    "gradle": _gradle,
    "dotnet": _dotnet,
    "mix": _mix,
}
