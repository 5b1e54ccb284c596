"""Which calls install what a project asks for, and what of it can be done before the project's sources are there."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands import apk, apt, bun, dnf, npm, pip, pipenv, pnpm, poetry, uv, yarn, zypper
from deadweight.model.commands.call import remembered_of_words
from deadweight.model.ecosystems import manifests
from deadweight.model.ecosystems.project import inside
from deadweight.model.effects import is_under

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.context import BuildContext
    from deadweight.model.ecosystems.project import Project


class Wanted(NamedTuple):
    """What a call installs: the project in a `folder` of the image, or that of the files it names, by a manager.

    `builds` is true of one that goes on to build the sources: `go build` downloads modules first. `needs` says why
    nothing of it can be done before they are there.
    """

    manager: str
    folder: str
    named: tuple[str, ...] = ()
    builds: bool = False
    needs: str = ""


class First(NamedTuple):
    """What a call can do before the sources are there: `commands`, or itself with `flags` behind its `verb`."""

    commands: tuple[str, ...] = ()
    verb: str = ""
    flags: tuple[str, ...] = ()


# Tools that build what they are given, and download for all of it to one place.
BUILDERS = frozenset(("go", "cargo", "maven", "gradle", "dotnet"))
# What a finding says of a manager's packages.
SAYINGS = {
    "go": "downloads the Go modules again",
    "cargo": "compiles the crates again",
    "maven": "downloads Maven's packages again",
    "gradle": "downloads Gradle's packages again",
    "dotnet": "restores the NuGet packages again",
    "mix": "fetches the Hex packages again",
    "bundler": "installs the gems again",
}


@remembered_of_words
def wanted(call: Call) -> Wanted | None:
    """What of a project a call installs; None for any other call."""
    ask = _ASK.get(call.program) or _ASK.get(call.program.rstrip("0123456789."))
    return ask(call) if ask and not call.has("--help") else None


def first_of(call: Call, what: Wanted, project: Project, context: BuildContext) -> First | None:
    """What a call can do before the sources are there; None where it needs none of them."""
    if what.manager == "poetry" and project.installs_itself and not call.has("--no-root"):
        return First(verb=call.operands(*poetry.VALUES)[0].text, flags=("--no-root",))
    if what.manager == "uv" and project.installs_itself:
        flag = "--no-install-workspace" if len(project.manifests) > 1 else "--no-install-project"
        if not call.has("--no-install-project", "--no-install-workspace", "--no-install-local"):
            return First(verb="sync", flags=(flag,))
    if what.manager == "composer":
        flags = tuple(flag for flag in ("--no-scripts", "--no-autoloader") if not call.has(flag))
        verb = next((word.text for word in call.words if word.text in ("install", "i")), "")
        return First(verb=verb, flags=flags) if flags else None
    if not what.builds:
        return None
    match what.manager:
        case "go":
            return First(("go mod download",))
        case "cargo":
            return First(tuple(_with_stand_ins(call, project, context)))
        case "maven":
            return First((" ".join((call.typed, *_maven_options(call), "dependency:go-offline")),))
        case "dotnet":
            named = _operands(call, _DOTNET_VALUES)[1:]
            runtime = next((each for name in ("-r", "--runtime") if (each := call.value(name))), None)
            return First((" ".join(("dotnet restore", *named, *(("-r", runtime) if runtime else ()))),))
        case "mix":
            only = call.value("--only")
            return First((f"mix deps.get --only {only}" if only else "mix deps.get",))
    return None


def reads_no_sources(call: Call) -> bool:
    """Whether a call does what it does whatever lies in the folders of the project, and leaves those alone."""
    words = [word.text for word in call.words]
    name = call.program.rstrip("0123456789.") or call.program
    if name in _SYSTEM:
        return not any(
            word.startswith((".", "/")) or word.endswith((".deb", ".rpm", ".apk")) for word in _system_operands(call)
        )
    verbs = _BLIND.get(name)
    if verbs is None:
        return False
    verb = next((word for word in words if not word.startswith("-")), "")
    if not verbs or verb in verbs:
        return True
    if name == "pip" and verb == "install":
        return not call.has("-r", "--requirement", "-e", "--editable", "-c") and not any(
            pip.is_folder(word.plain) or "/" in word.plain for word in call.operands(*pip.VALUES)[1:]
        )
    if name == "npm" and verb in ("install", "i", "add"):
        names = [word.plain for word in call.operands(*npm.VALUES)[1:]]
        return call.has("-g", "--global") and bool(names) and not any(each.startswith((".", "/")) for each in names)
    return False


def _system_operands(call: Call) -> list[str]:
    """The operands of a system's package manager."""
    values = {**dict.fromkeys(("apt-get", "apt", "aptitude"), apt.VALUES), "apk": apk.VALUES, "zypper": zypper.VALUES}
    return [word.plain for word in call.operands(*values.get(call.program, dnf.VALUES))]


_SYSTEM = frozenset(
    (
        "apt-get",
        "apt",
        "aptitude",
        "apk",
        "dnf",
        "yum",
        "microdnf",
        "dnf5",
        "tdnf",
        "zypper",
        "pacman",
        "install_packages",
    )
)
_ANY = frozenset[str]()
# Programs that look at nothing of a project, by the verbs that hold for; none stands for all.
_BLIND: dict[str, frozenset[str]] = {
    **dict.fromkeys(("set", "echo", "true", ":", "useradd", "adduser", "groupadd", "addgroup", "corepack"), _ANY),
    **dict.fromkeys(("apt-key", "update-ca-certificates", "locale-gen", "gem", "rustup", "add-apt-repository"), _ANY),
    "npm": frozenset(("config", "cache", "set")),
    "yarn": frozenset(("config", "cache", "set")),
    "pnpm": frozenset(("config", "set", "store")),
    "pip": frozenset(("cache", "config")),
    "poetry": frozenset(("config", "self")),
    "composer": frozenset(("clear-cache", "clearcache", "global", "self-update")),
    "bundle": frozenset(("config",)),
    "git": frozenset(("config",)),
    "go": frozenset(("env", "version")),
    "mix": frozenset(("local.hex", "local.rebar")),
}


# --- one function a tool ----------------------------------------------------------------------------------------------


def _folder(call: Call, *options: str) -> str | None:
    return call.around.resolve(call.value(*options) or ".") if options else call.around.folder


def _operands(call: Call, with_value: Collection[str]) -> list[str]:
    """The words that are no options, of a tool whose options never stand in clusters: `-DskipTests`."""
    found: list[str] = []
    words = iter(call.words)
    for word in words:
        if word.text in with_value:
            next(words, None)
        elif not word.text.startswith("-"):
            found.append(word.plain)
    return found


def _in(manager: str, folder: str | None, named: tuple[str, ...] = (), builds: bool = False) -> Wanted | None:
    return Wanted(manager, folder, named, builds) if folder is not None else None


def _npm(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*npm.VALUES)]
    is_install = len(words) == 1 and words[0] in ("install", "i", "ci", "clean-install", "install-clean", "ic")
    return _in("npm", _folder(call, "--prefix", "-C")) if is_install and not call.has("-g", "--global") else None


def _yarn(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*yarn.VALUES)]
    is_install = words in ([], ["install"]) or words[:2] == ["workspaces", "focus"]
    is_question = not words and call.has("--version", "-v")
    return _in("yarn", _folder(call, "--cwd")) if is_install and not is_question else None


def _pnpm(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*pnpm.VALUES)]
    return _in("pnpm", _folder(call, "-C", "--dir")) if words in (["install"], ["i"], ["ci"], ["fetch"]) else None


def _bun(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*bun.VALUES)]
    return _in("bun", _folder(call, "--cwd")) if words in (["install"], ["i"], ["ci"]) else None


def _pip(call: Call) -> Wanted | None:
    words = [word.plain for word in call.operands(*pip.VALUES)]
    if words[:1] not in (["install"], ["wheel"], ["download"]):
        return None
    return _requirements(call, words[1:])


def _requirements(call: Call, words: list[str]) -> Wanted | None:
    """An install from requirements files, perhaps with the project itself."""
    files = tuple(pip.values(call, "-r", "--requirement", "--requirements", "-c", "--constraint"))
    folders = [each for each in (*words, *pip.values(call, "-e", "--editable")) if pip.is_folder(each)]
    if not list(pip.values(call, "-r", "--requirement", "--requirements")) and not folders:
        return None
    named = tuple(call.around.resolve(file) or "" for file in files)
    if call.around.folder is None or "" in named:
        return None
    needs = f"it installs {folders[0][:60]}" if folders else ""
    links = [each for each in pip.values(call, "-f", "--find-links") if "://" not in each]
    needs = needs or (f"it takes packages from {links[0][:60]}" if links else "")
    folder = call.around.folder
    if folder == "/" or not is_under(named[0] if named else folder, folder):
        folder = posixpath.dirname(named[0]) if named else folder  # `pip install -r /app/requirements.txt`
    where = call.around.resolve(folders[0].partition("[")[0]) if folders else None
    return Wanted("pip", where or folder, named, needs=needs)


def _uv(call: Call) -> Wanted | None:
    words = [word.plain for word in call.operands(*uv.VALUES)]
    match words:
        case ["sync"]:
            return _in("uv", _folder(call, "--project", "--directory"))
        case ["pip", "install", *names]:
            return _requirements(call, names)
        case ["pip", "sync", *files]:
            named = tuple(call.around.resolve(file) or "" for file in files)
            return _in("pip", call.around.folder, named) if "" not in named else None
    return None


def _poetry(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*poetry.VALUES)]
    is_install = words in (["install"], ["sync"]) and not call.has("--only-root")
    return _in("poetry", _folder(call, "-C", "--directory", "-P", "--project")) if is_install else None


def _pipenv(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*pipenv.VALUES)]
    is_install = words in (["install"], ["sync"]) and not call.has("-r", "--requirements")
    return _in("pipenv", call.around.folder) if is_install else None


def _bundle(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*_BUNDLE_VALUES)]
    is_elsewhere = call.has("--gemfile") or "BUNDLE_GEMFILE" in call.around.variables
    return _in("bundler", call.around.folder) if words in ([], ["install"]) and not is_elsewhere else None


def _composer(call: Call) -> Wanted | None:
    words = [word.text for word in call.operands(*_COMPOSER_VALUES)]
    return _in("composer", _folder(call, "-d", "--working-dir")) if words in (["install"], ["i"]) else None


def _go(call: Call) -> Wanted | None:
    words = [word.text for word in call.words]
    verb = words[0] if words else ""
    if words[:2] == ["mod", "download"]:
        return _in("go", call.around.folder)
    around = call.around.variables
    is_off = (around.get("GO111MODULE") or "") == "off" or "-mod=vendor" in (*words, around.get("GOFLAGS") or "")
    if verb not in ("build", "install", "test", "vet", "generate", "run", "get", "mod") or is_off or call.has("-C"):
        return None
    if any("@" in word for word in words):  # a program of others: `go install example.com/x@latest`
        return None
    return _in("go", call.around.folder, builds=True)


def _cargo(call: Call) -> Wanted | None:
    words = _operands(call, _CARGO_VALUES)
    verb = words[0] if words else ""
    if words[:2] == ["chef", "cook"]:
        return _in("cargo", call.around.folder)
    path = call.value("--path") if verb == "install" else None
    is_build = verb in ("build", "b", "fetch", "test", "rustc") or (path is not None and len(words) == 1)
    if not is_build or call.has("--manifest-path", "--offline"):
        return None
    return _in("cargo", call.around.resolve(path or "."), builds=True)


def _maven(call: Call) -> Wanted | None:
    goals = _operands(call, _MAVEN_VALUES)
    is_offline = any(word.text in ("-o", "--offline") for word in call.words)
    if not goals or is_offline or _MAVEN_BUILDS.isdisjoint(each.partition("@")[0] for each in goals):
        is_fetch = bool(goals) and all(each.startswith("dependency:") for each in goals)
        return _in("maven", _maven_folder(call)) if is_fetch else None
    settings = call.value("-s", "--settings")
    named = call.around.resolve(settings) if settings else None
    return _in("maven", _maven_folder(call), (named,) if named else (), builds=True)


def _maven_folder(call: Call) -> str | None:
    named = call.value("-f", "--file")
    return call.around.resolve(posixpath.dirname(named) if named and named.endswith(".xml") else named or ".")


def _maven_options(call: Call) -> list[str]:
    """The options of a Maven call that its downloads depend on, or how it talks."""
    kept: list[str] = []
    words = iter([word.text for word in call.words])
    for word in words:
        if word in ("-f", "--file", "-s", "--settings", "-gs", "-P", "--activate-profiles"):
            kept += [word, next(words, "")]
        elif word in ("-B", "--batch-mode", "-q", "--quiet", "-ntp", "--no-transfer-progress", "-U") or (
            word.startswith(("-P", "--file=", "--settings=")) and len(word) > len("-P")
        ):
            kept.append(word)
    return kept


def _gradle(call: Call) -> Wanted | None:
    tasks = _operands(call, _GRADLE_VALUES)
    is_build = any(not task.startswith("wrapper") for task in tasks) and not call.has("--offline")
    return _in("gradle", _folder(call, "-p", "--project-dir"), builds=True) if is_build else None


def _dotnet(call: Call) -> Wanted | None:
    words = _operands(call, _DOTNET_VALUES)
    verb = words[0] if words else ""
    if verb not in ("restore", "build", "publish", "pack", "test") or call.has("--no-restore"):
        return None
    named = [call.around.resolve(word.replace("\\", "/")) or "" for word in words[1:]]
    folder = call.around.folder
    if folder is None or "" in named or len(named) > 1:
        return None
    is_file = bool(named) and named[0].endswith(("proj", ".sln", ".slnx"))
    return Wanted(
        "dotnet", folder if is_file or not named else named[0], tuple(named) if is_file else (), verb != "restore"
    )


def _mix(call: Call) -> Wanted | None:
    tasks = [word.text.strip(",") for word in call.operands("--only") if word.text not in ("do", "+", "deps.get,")]
    tasks += ["deps.get"] if any(word.text == "deps.get," for word in call.words) else []
    if "deps.get" not in tasks and "deps.compile" not in tasks:
        return None
    others = set(tasks) - {"deps.get", "deps.compile", "local.hex", "local.rebar"}
    return _in("mix", call.around.folder, builds=bool(others))


def _with_stand_ins(call: Call, project: Project, context: BuildContext) -> Iterator[str]:
    """The build of a crate's dependencies: with sources that do nothing, and nothing left of what they come to.

    COPY keeps the times of files, so that cargo would take the stand-ins' program for newer than the real sources.
    """
    profile, target, named = call.value("--profile"), call.value("--target"), call.value("--features", "-F")
    is_release = call.has("--release", "-r") or call.words[0].text == "install"
    how = f" --profile {profile}" if profile else " --release" if is_release else ""
    how += f" --target {target}" if target else ""
    flags = [flag for flag in ("--locked", "--frozen", "--all-features", "--no-default-features") if call.has(flag)]
    flags += [f"--features {named}"] if named else []
    has_library = inside(project.folder, "src/lib.rs") in context.files
    sources = "mkdir src"
    if not has_library or inside(project.folder, "src/main.rs") in context.files:
        sources += " && echo 'fn main() {}' > src/main.rs"
    yield sources + (" && touch src/lib.rs" if has_library else "")
    yield " ".join((f"cargo build{how}", *flags))
    yield f"cargo clean{how} -p {manifests.crate_name(context.texts.get(project.manifests[0], ''))}"
    yield "rm -rf src"


# Options that take the next word along.
_BUNDLE_OPTIONS = "--path --without --with --jobs -j --retry --gemfile --binstubs"
_COMPOSER_OPTIONS = "-d --working-dir --prefer-install --ignore-platform-req --apcu-autoloader-prefix"
_CARGO_OPTIONS = """
    --target --features -F -p --package --bin --profile -j --jobs --path --root --target-dir --manifest-path --config
    --example
"""
_MAVEN_OPTIONS = "-f --file -s --settings -gs -P --activate-profiles -pl --projects -T --threads -D -rf"
_DOTNET_OPTIONS = """
    -c --configuration -o --output -f --framework -r --runtime -v --verbosity --os -a --arch -s --source --configfile
    --version-suffix
"""
_GRADLE_VALUES = frozenset(("-p", "--project-dir", "-x", "--exclude-task", "-b", "--build-file", "-g", "-c", "-I"))
_BUNDLE_VALUES, _COMPOSER_VALUES = tuple(_BUNDLE_OPTIONS.split()), tuple(_COMPOSER_OPTIONS.split())
_CARGO_VALUES, _MAVEN_VALUES = frozenset(_CARGO_OPTIONS.split()), frozenset(_MAVEN_OPTIONS.split())
_DOTNET_VALUES = frozenset(_DOTNET_OPTIONS.split())
_MAVEN_BUILDS = frozenset(("package", "install", "verify", "compile", "test", "deploy", "test-compile"))
_ASK: dict[str, Callable[[Call], Wanted | None]] = {
    "npm": _npm,
    "yarn": _yarn,
    "yarnpkg": _yarn,
    "pnpm": _pnpm,
    "bun": _bun,
    "pip": _pip,
    "uv": _uv,
    "poetry": _poetry,
    "pipenv": _pipenv,
    "bundle": _bundle,
    "bundler": _bundle,
    "composer": _composer,
    "composer.phar": _composer,
    "go": _go,
    "cargo": _cargo,
    "mvn": _maven,
    "mvnw": _maven,
    "gradle": _gradle,
    "gradlew": _gradle,
    "dotnet": _dotnet,
    "mix": _mix,
}
