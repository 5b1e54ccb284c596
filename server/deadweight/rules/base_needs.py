"""The query for what the commands of a stage need of the image that it stands on, and a smaller one may lack."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from deadweight.model.commands.call import remembered_of_words
from deadweight.model.ecosystems import rust
from deadweight.model.effects import Built, CopiedFromStage, Leftover, PackageSet
from deadweight.model.image import family
from deadweight.model.of_layers import OfLayers
from deadweight.model.start import is_plain, words_of
from deadweight.rules import on_alpine
from deadweight.size import python_project
from deadweight.size.ready_made import blockers
from deadweight.syntax.dockerfile import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deadweight.facts.losses import LossName
    from deadweight.model.calls import Reading
    from deadweight.model.commands.call import Call
    from deadweight.model.layers import Alone, Layer, Ledger
    from deadweight.model.playing import Rest
    from deadweight.snapshot import Snapshot
    from deadweight.syntax.dockerfile import Instruction

# What comes with a JDK and not with a JRE, and what runs on a JDK alone.
_JDK = frozenset(
    (
        *("javac", "jar", "javadoc", "javap", "jlink", "jdeps", "jmod", "jpackage", "jshell", "jcmd", "jmap", "jstack"),
        *(
            "jstat",
            "jps",
            "jinfo",
            "jconsole",
            "jdb",
            "jhsdb",
            "mvn",
            "mvnw",
            "gradle",
            "gradlew",
            "sbt",
            "ant",
            "lein",
        ),
        *("native-image", "kotlinc", "scalac", "groovyc", "bazel"),
    )
)
_SDK = frozenset(("build", "publish", "restore", "run", "test", "watch", "pack", "tool", "ef", "new", "add", "msbuild"))
_COMPILERS = frozenset(("gcc", "g++", "cc", "c++", "clang", "clang++", "make", "cmake", "ninja", "nvcc", "meson"))
# Gems and extensions of PHP with code in C are the rule: puma, pg, redis.
_COMPILE = {"bundle": ("install",), "gem": ("install",), "pecl": ("install",), "phpize": ()}
_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh"))
# Programs that start a shell, or that are scripts of one.
_START_SHELL = frozenset(("npm", "npx", "yarn", "pnpm", "bunx", "docker-entrypoint.sh"))
_ACCOUNTS = frozenset(("usermod", "groupmod", "userdel", "groupdel", "chpasswd", "gpasswd"))
_OF_DEBIAN = frozenset(
    (
        *("aptitude", "dpkg", "apt-key", "apt-cache", "apt-mark", "apt-file", "add-apt-repository", "dpkg-reconfigure"),
        *(
            "dpkg-query",
            "dpkg-deb",
            "gdebi",
            "debconf-set-selections",
            "update-alternatives",
            "update-rc.d",
            "locale-gen",
        ),
        *("localedef", "update-locale", "service", "systemctl", "a2enmod", "a2dismod", "a2ensite", "a2dissite"),
        *("a2enconf", "ldconfig", "lsb_release", "update-initramfs", "policy-rc.d", "invoke-rc.d"),
    )
)
_MANAGERS = {
    **dict.fromkeys(("apt-get", "apt", "aptitude"), "apt"),
    "apk": "apk",
    **{name: name for name in ("dnf", "microdnf", "yum", "tdnf", "zypper", "pacman")},
}
# The programs that a full image has and a slim one may lack, by the package that brings them (Debian's names).
_PROGRAMS = {
    **{name: (name,) for name in ("curl", "wget", "make", "patch", "unzip", "bzip2", "file", "pkg-config")},
    "git": ("git", "dep", "glide", "godep", "govendor"),  # those of Go fetch their modules by git
    "gcc": ("gcc", "cc"),
    "g++": ("g++", "c++"),
    "autoconf": ("autoconf", "automake", "autoreconf"),
    "mercurial": ("hg",),
    "subversion": ("svn",),
    "gnupg": ("gpg", "apt-key"),
    "xz-utils": ("xz",),
    "openssh-client": ("ssh", "scp", "sftp", "ssh-keyscan", "ssh-keygen", "ssh-add", "ssh-agent"),
    "imagemagick": ("convert", "identify", "mogrify"),
    "procps": ("ps", "pgrep", "pkill", "top", "free"),
    "default-libmysqlclient-dev": ("mysql_config",),
    "libpq-dev": ("pg_config",),
}
_BROUGHT_BY = {program: package for package, programs in _PROGRAMS.items() for program in programs}
# Programs of which it counts that they are called.
_TELLING = frozenset((*_MANAGERS, *_BROUGHT_BY, *on_alpine.PROGRAMS, "rm", "update-ca-certificates"))
_BUILT_FROM_SCRIPTS = frozenset(("dist", "build", "out", "public", "static", "package.json", "package-lock.json"))
_FOR_ONE_SYSTEM = frozenset(("-r", "--runtime", "-a", "--arch", "--os", "--self-contained"))  # of dotnet publish
# Images of others whose programs run on any Linux.
_STATIC = ("ghcr.io/astral-sh/uv", "composer", "busybox", "docker", "hashicorp/", "gcr.io/distroless/static")


# What installs a compiler, and what is of no use without one.
_HAVE_COMPILERS = frozenset(("build-essential", "build-base", "gcc", "g++", "clang"))
_FOR_COMPILING = frozenset(("autoconf", "automake", "cmake", "libtool", "meson", "ninja-build", "pkg-config"))


# Seen to fail on slim images: debuerreotype/debuerreotype#10 (PostgreSQL on jessie), and of docker-debian-artifacts #25
# (Java on stretch), #64 (PostgreSQL there) and #89 (buster). bullseye is taken to be the same, which nobody has
# tried here; Dockerfiles on bookworm-slim and trixie-slim do without (read 2026-11-26).
_NEED_FOLDER_OF_MANUALS = frozenset(("jessie", "stretch", "buster", "bullseye"))
_LINKS_MANUALS = re.compile(
    r"(?:openjdk-\d+|default)-j(?:re|dk)(?:-headless)?|postgresql(?:-client|-contrib)?(?:-\d+(?:\.\d+)?)?"
)


class Need(NamedTuple):
    """What of a base image a command cannot do without: `loss` takes it away, `why` says so in words."""

    loss: LossName
    why: str


class Uses(NamedTuple):
    """What stages use of the image that they stand on: what they cannot do without, the package managers they call, and
    the packages whose programs they call and do not install themselves. `brings_cuda`: with packages of Python;
    `is_known_on_alpine`: what they do with apt and useradd can be said in the words of Alpine.
    """

    needs: tuple[Need, ...]
    managers: frozenset[str]
    packages: frozenset[str]
    brings_cuda: bool
    is_known_on_alpine: bool

    def blocker(self, lost: Iterable[LossName], manager: str | None) -> str:
        """Why the commands would not run on an image that lacks so much and has this package manager; '' if they do."""
        gone = frozenset(lost)
        found = [each.why for each in self.needs if each.loss in gone]
        if "apk" in gone:
            found += [] if self.is_known_on_alpine else ["RUN calls apt or useradd with words that Alpine lacks"]
            others = self.managers - {"apt"}
        else:
            others = self.managers
        found += [f"RUN calls {each}" for each in sorted(others) if manager not in (each, None)]
        if "no-cuda-libraries" in gone and not self.brings_cuda:
            found.append("the programs may need CUDA's libraries")
        return found[0] if found else ""


def standing_on(snapshot: Snapshot, ledger: Ledger) -> list[Ledger]:
    """A stage and all others of the build that stand on it: what one of them runs, its image has to hold."""
    below = {ledger.stage.index}
    found = [ledger]
    for each in snapshot.reached_ledgers:
        if isinstance(each.stage.base, int) and each.stage.base in below:
            below.add(each.stage.index)
            found.append(each)
    return found


class _Used(NamedTuple):
    """What one stage uses of an image: what it cannot do without, the programs it calls, what it installs, and the
    packages of headers that it compiles against.
    """

    needs: tuple[Need, ...]
    programs: frozenset[str]
    installed: frozenset[str]
    headers: frozenset[str]
    brings_cuda: bool
    is_known_on_alpine: bool


def of_command(command: Reading) -> object:
    """All that these answers take from the words of a command."""
    call = command.call
    said = on_alpine.said_by(call)
    name = call.program if call.program in _TELLING else ""
    looked_for = _looked_for_by(call)
    return name, looked_for, _needs_of_call(call), said and said.packages, _sets_no_cgo(call), _names_one_system(call)


def of_text(instruction: Instruction) -> bool:
    """All that they take from the text of a RUN."""
    return "/etc/apt" in instruction.text


def uses(ledgers: Sequence[Ledger]) -> Uses:
    """What stages use of the image that the first of them stands on."""
    used = tuple([_used(each.alone) for each in ledgers])
    return _uses(ledgers[0].layers[0], used, tuple([tuple(_brought_from_glibc(each)) for each in ledgers]))


@remembered
def _uses(_: Layer, used: tuple[_Used, ...], brought: tuple[tuple[Need, ...], ...]) -> Uses:
    pairs = zip(used, brought, strict=True)
    needs = dict.fromkeys([need for each, others in pairs for need in (*each.needs, *others)])
    programs = frozenset[str]().union(*[each.programs for each in used])
    installed = frozenset[str]().union(*[each.installed for each in used])
    managers = {_MANAGERS[each] for each in programs if each in _MANAGERS}
    headers = frozenset[str]().union(*[each.headers for each in used])
    packages = {*headers, *(_BROUGHT_BY[each] for each in programs if each in _BROUGHT_BY)} - installed
    if installed & _HAVE_COMPILERS:
        packages -= {"gcc", "g++", "make"}
        needs = {each: None for each in needs if each.loss != "no-build-tools"}
    elif for_compiling := sorted(name for name in installed if name.endswith("-dev") or name in _FOR_COMPILING):
        needs[Need("no-build-tools", f"{for_compiling[0]} is for compiling")] = None
    brings_cuda = any(each.brings_cuda for each in used)
    is_known_on_alpine = all(each.is_known_on_alpine for each in used)
    return Uses(tuple(needs), frozenset(managers), frozenset(packages), brings_cuda, is_known_on_alpine)


@remembered
def _used(stage: Alone) -> _Used:
    needs = dict.fromkeys([need for _, need in _needs.in_stage(stage)])
    installs = stage.by_cause.get(PackageSet, [])
    installed = [name for layer in installs for manager, name in layer.packages if manager in ("apt", "apk")]
    brings_cuda = any(_brings_cuda(layer.rest) for layer in installs)
    is_known_on_alpine = all(map(on_alpine.said, on_alpine.users(stage)))
    headers = frozenset([each for _, each in _linked.in_stage(stage)])
    programs = stage.programs.union([each for _, each in _looked_for.in_stage(stage)])
    return _Used(tuple(needs), programs, frozenset(installed), headers, brings_cuda, is_known_on_alpine)


@OfLayers
def _needs(layer: Layer) -> Iterator[Need]:
    """What a line of the Dockerfile cannot do without."""
    instruction = layer.instruction
    keyword = instruction.keyword
    if keyword in ("RUN", "ONBUILD"):
        yield Need("no-shell", keyword)
    elif keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        yield from _needs_of_start(instruction)
    elif keyword == "USER" and not is_everywhere(instruction.arguments.text):
        yield Need("few-accounts", f"USER names {instruction.arguments.text}")
    elif keyword in ("COPY", "ADD") and not is_everywhere(instruction.flag("chown") or "root"):
        yield Need("few-accounts", f"--chown names {instruction.flag('chown')}")
    elif keyword == "SHELL" and any("bash" in word.text for word in instruction.words):
        yield Need("no-bash", "SHELL names bash")
    if keyword in ("RUN", "COPY", "ADD") and "/etc/apt" in instruction.arguments.text:
        yield Need("apk", f"{keyword} names /etc/apt")
    for call in layer.calls:
        yield from _needs_of_call(call)
    for effect in layer.kept:
        if isinstance(effect.cause, PackageSet):
            for each in blockers(effect.cause):
                yield Need(each.loss, f"{each.package} {each.why}")
            if effect.cause.manager == "pip" and effect.cause.runtime.startswith("2"):
                yield Need("musl", "Python 2 has no wheels for musl")
            if (linking := _linking_manuals(effect.cause)) and "/usr/share/man" not in instruction.text:
                yield Need("no-docs", f"{linking} links its manuals into a folder that is left out with them")
        elif isinstance(effect.cause, Built):
            yield Need("no-nvcc", f"{effect.cause.program or 'a program'} may compile")


def _linking_manuals(cause: PackageSet) -> str | None:
    """The Java or PostgreSQL of an install, on a system where its links to manuals need their folders to be there."""
    is_old = cause.manager == "apt" and cause.suite in _NEED_FOLDER_OF_MANUALS
    return next((name for name in cause.names if _LINKS_MANUALS.fullmatch(name)), None) if is_old else None


def is_everywhere(account: str) -> bool:
    """Whether images without a shell know an account: by number, root, and their own."""
    names = account.split(":")
    return all(name.isdecimal() or name in ("", "root", "nonroot", "app") for name in names)


@OfLayers
def _looked_for(layer: Layer) -> Iterator[str]:
    """The programs that a RUN looks for: where they are not there, it fails."""
    for call in layer.calls:
        yield from _looked_for_by(call)


def _looked_for_by(call: Call) -> tuple[str, ...]:
    """`which curl`, where nothing depends on the answer."""
    return tuple(word.text for word in call.words) if call.program == "which" and not call.placed.conditional else ()


@OfLayers
def _linked(layer: Layer) -> Iterable[str]:
    """The packages of headers that the crates of a build are compiled against."""
    causes = [effect.cause for effect in layer.effects if isinstance(effect.cause, Leftover)]
    locks = (each.of.project.lock for each in causes if each.of and each.of.manager == "cargo" and each.of.project)
    return [headers for lock in locks if lock for headers in rust.linked(lock).values()]


@remembered
def _brings_cuda(rest: Rest) -> bool:
    """Whether an install of Python packages brings CUDA's libraries along."""
    causes = (effect.cause for effect in rest.effects if isinstance(effect.cause, PackageSet))
    installs = (each for each in causes if each.manager in python_project.MANAGERS and "cpu" not in each.options)
    return any(map(_is_for_cuda, installs))


@lru_cache(maxsize=64)
def _is_for_cuda(cause: PackageSet) -> bool:
    return any(name.startswith("nvidia-") or "+cu" in version for name, version in python_project.names(cause))


def _needs_of_start(instruction: Instruction) -> Iterator[Need]:
    words = words_of(instruction)
    if not is_plain(instruction):
        yield Need("no-shell", f"{instruction.keyword} is in shell form")
    elif (words & (_SHELLS | _START_SHELL)) or any(each.endswith(".sh") for each in words):
        yield Need("no-shell", f"{instruction.keyword} starts a script")
    if "bash" in words:
        yield Need("no-bash", f"{instruction.keyword} starts bash")
    if tools := words & _JDK:
        yield Need("no-compiler", f"{instruction.keyword} starts {min(tools)}")
    if "dotnet" in words and words & _SDK:
        yield Need("no-sdk", f"{instruction.keyword} starts dotnet {min(words & _SDK)}")


@remembered_of_words
def _needs_of_call(call: Call) -> tuple[Need, ...]:
    return tuple(_needs_of_words(call))


def _needs_of_words(call: Call) -> Iterator[Need]:
    program = call.program
    verbs = [word.text for word in call.words if not word.text.startswith("-")]
    verb = verbs[0] if verbs else ""
    if program in _JDK:
        yield Need("no-compiler", f"RUN calls {program}")
    elif program == "dotnet" and verb in _SDK:
        yield Need("no-sdk", f"RUN calls dotnet {verb}")
    elif program in _COMPILERS:
        yield Need("no-nvcc", f"RUN calls {program}")
    elif program in _COMPILE and (verb in _COMPILE[program] or not _COMPILE[program]):
        yield Need("no-build-tools", f"{program} {verb} compiles".replace("  ", " "))
    elif program in _ACCOUNTS:
        yield Need("no-useradd", f"RUN calls {program}")
    elif program in _OF_DEBIAN:
        yield Need("apk", f"RUN calls {program}")
    if True in [f"/{word.text}".endswith("/bash") for word in call.placed.command.words[:2]]:
        yield Need("no-bash", "RUN calls bash")


def _brought_from_glibc(ledger: Ledger) -> Iterator[Need]:
    """What the stage copies from elsewhere that may be built for glibc."""
    for layer in ledger.layers_with(CopiedFromStage):
        for effect in layer.kept:
            cause = effect.cause
            if not isinstance(cause, CopiedFromStage):
                continue
            there = next((each for each in ledger.others if each.stage.label == cause.stage), None)
            if there is None:
                if not cause.stage.startswith(_STATIC):
                    yield Need("musl", f"{cause.path} comes from {cause.stage}")
            elif there.base.libc != "musl" and not _is_for_any_libc(there, cause.path):
                yield Need("musl", f"{cause.path} comes from a stage with glibc")


@remembered
def _is_for_any_libc(ledger: Ledger, path: str) -> bool:
    """Whether what a stage builds runs with any C library: byte code of Java and .NET, scripts, static Go programs."""
    base = ledger.base.repository
    known = family(base)
    if base == "golang":
        return is_static(ledger)
    if base == "mcr.microsoft.com/dotnet/sdk":
        return not any(_names_one_system(call) for layer in ledger.layers for call in layer.calls)
    if base == "node":  # node_modules may hold programs
        return posixpath.basename(path) in _BUILT_FROM_SCRIPTS
    return known is not None and known.kind == "java"


def _names_one_system(call: Call) -> bool:
    return not _FOR_ONE_SYSTEM.isdisjoint([word.text for word in call.words])


@remembered
def is_static(ledger: Ledger) -> bool:
    """Whether a stage builds Go programs that need no C library."""
    if ledger.base.repository != "golang":
        return False
    if ledger.stage.end.variables.get("CGO_ENABLED") == "0":
        return True
    return any(_sets_no_cgo(call) for layer in ledger.layers for call in layer.calls)


def _sets_no_cgo(call: Call) -> bool:
    set_here = [(each.name, each.value and each.value.value) for each in call.placed.command.assignments]
    return ("CGO_ENABLED", "0") in set_here
