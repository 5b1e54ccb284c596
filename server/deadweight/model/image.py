"""What a FROM names: the reference and its parts, the variant in its tag, what the base holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from deadweight.facts import alpine_images, base_images, debian
from deadweight.facts.tables import table
from deadweight.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

Libc = Literal["glibc", "musl", "none"]
Shell = Literal["bash", "ash", "none"]
PackageManager = Literal["apt", "apk", "dnf", "microdnf", "yum", "tdnf", "zypper", "pacman", "none"]
OsFamily = Literal["debian", "ubuntu", "alpine", "rpm", "arch", "wolfi", "busybox", "distroless", "scratch", "windows"]
Flavour = Literal["full", "slim", "alpine", "distroless", "jre", "windows"]


class StatedSize(NamedTuple):
    """What the user says an image weighs unpacked, and where they say it; or what its Dockerfile comes to.

    `within` are the least and the most of the unpacked bytes where these are not sure, `pulled` is (least, best, most)
    where that is known; a most of None says "at least".
    """

    bytes: int
    source: str
    within: tuple[int, int | None] | None = None
    pulled: tuple[int, int, int | None] | None = None


@dataclass(frozen=True, slots=True)
class ImageRef:
    """A reference as written after FROM. Text that is no reference is one whose `repository` nobody knows."""

    text: str
    registry: str  # docker.io unless written; '' for text that is no reference
    repository: (
        str  # node, bitnami/node, mcr.microsoft.com/dotnet/sdk: official images bare, other registries with host
    )
    tag: str | None = None
    digest: str | None = None
    tag_span: Span | None = None  # of `22-slim` in `text`
    digest_span: Span | None = None  # of `sha256:...` in `text`
    mirrored: bool = False  # an official name under another registry, taken as the official image
    platform: str | None = None  # named by Docker Hub's namespaces for one platform: arm64v8/debian
    stated: StatedSize | None = None  # by the user; nobody's figure goes before it

    @property
    def is_scratch(self) -> bool:
        """Whether this is the empty image."""
        return self.text == "scratch"

    @property
    def effective_tag(self) -> str | None:
        """The tag that the engine would pull; None where only a digest says."""
        return self.tag or (None if self.digest else "latest")

    def with_tag(self, tag: str) -> Edit:
        """The edit in `text` that makes it name `tag`. A digest goes, since it names the old image."""
        end = len(self.text)
        if self.tag_span:
            return Edit(Span(self.tag_span.start, end), tag)
        start = self.digest_span.start - 1 if self.digest_span else end
        return Edit(Span(start, end), f":{tag}")


class Variant(NamedTuple):
    """What a tag says: `3.12.4-slim-bookworm` is version 3.12.4, flavour slim, codename bookworm."""

    version: str | None  # as written, a channel too: 22, v3.7, lts, jod
    numbers: tuple[int, ...]  # of the version; of a release name (jod, jammy) what it stands for; () where unknown
    codename: str | None  # bookworm, noble, alpine3.20, al2023
    flavour: Flavour
    words: tuple[str, ...]  # the rest: fpm, jre, temurin; without what the repository means anyway

    @property
    def is_jre(self) -> bool:
        """Whether this is a Java runtime without compiler."""
        return self.flavour == "jre" or any(word.startswith("jre") for word in self.words)


class Family(NamedTuple):
    """What the facts say of all tags of a repository."""

    kind: str  # base, runtime, golang, java, ruby, server: images of one kind pack alike
    os: str  # the system of a tag that names none; '' where unknown
    line: int  # how many numbers of a version make a release line: 1 for node 22, 2 for python 3.12
    slim_order: str  # how tags say slim: codename-slim, slim-codename, slim; '' where there is none
    plain: tuple[str, ...]  # words that change nothing: `jdk` in eclipse-temurin:21-jdk


@dataclass(frozen=True, slots=True)
class Base:
    """What a base image holds. None is unknown, "none" is known to be missing."""

    os_family: OsFamily | None = None
    os: str | None = None  # debian, alpine, fedora, amazonlinux ...
    suite: str | None = None  # bookworm, noble; the release's number where the system has no names: 3.24, 44, 2023
    libc: Libc | None = None
    shell: Shell | None = None
    package_manager: PackageManager | None = None
    repository: str = ""  # its name in the facts
    packages: tuple[str, ...] = ()  # beyond what the system itself brings, by the names of its package manager
    is_suite_named: bool = True  # by the tag: python:3.11-slim stands on another release from one day to the next
    documents: bool | None = None  # whether its package manager installs documentation; slim images leave it out
    version: str = ""  # in its tag, as written: 3.11 of python:3.11-slim

    @property
    def is_windows(self) -> bool:
        """Whether this is a Windows image."""
        return self.os_family == "windows"

    @property
    def sh_has_brace_lists(self) -> bool:
        """Whether /bin/sh expands `{a,b}`: dash of Debian and Ubuntu does not, nor does that of BusyBox; bash does."""
        return self.os_family not in ("debian", "ubuntu", "alpine", "busybox")


@lru_cache(maxsize=1024)
def parse(text: str) -> ImageRef:
    """The reference that `text` spells."""
    match = _REFERENCE.fullmatch(text)
    if not match:
        return ImageRef(text, "", text)
    host, _, path = match["name"].partition("/")
    if not path or not (set(".:") & set(host) or host == "localhost"):
        host, path = "docker.io", match["name"]
    repository, mirrored, platform = _repository(host, path)
    return ImageRef(
        text,
        host,
        repository,
        match["tag"],
        match["digest"],
        Span(*match.span("tag")) if match["tag"] else None,
        Span(*match.span("digest")) if match["digest"] else None,
        mirrored,
        platform,
    )


# What tells images apart: registry, repository, and the tag or digest where one is written.
ImageName = tuple[str, str, str | None]


def name_of(ref: ImageRef, *, latest: bool = False) -> ImageName:
    """The name under which somebody says what an image weighs; a digest alone names one image, nothing all tags.

    `latest`: nothing names what the engine takes then.
    """
    return ref.registry, ref.repository, ref.tag or ref.digest or ("latest" if latest else None)


def weighed(ref: ImageRef, stated: Mapping[ImageName, StatedSize]) -> ImageRef:
    """The reference with what is said of its digest, else of its tag, else of the repository whatever the tag."""
    for version in (*filter(None, (ref.digest, ref.effective_tag)), None):
        if size := stated.get((ref.registry, ref.repository, version)):
            return replace(ref, stated=size)
    return ref


@lru_cache(maxsize=256)
def family(repository: str) -> Family | None:
    """What the facts say of a repository, official or not."""
    row = table("image_families").row(repository)
    if row is None:
        return None
    _, kind, system, line, slim_order, plain, *_ = row
    return Family(kind, system, int(line), slim_order, tuple(filter(None, plain.split(","))))


@lru_cache(maxsize=4096)
def variant(repository: str, tag: str) -> Variant:
    """What a tag of a repository says."""
    known = family(repository)
    plain = known.plain if known else ()
    version: str | None = None
    numbers: tuple[int, ...] = ()
    codename: str | None = None
    flavour: Flavour = "full"
    words = []
    for index, part in enumerate(_TOKEN.findall(tag)):
        release = _released(repository, part) if index == 0 else ""
        if index == 0 and (release or _VERSION.fullmatch(part) or part in _CHANNELS):
            version = None if part == "latest" else part
            digits = _DIGITS.search(release or part)
            numbers = tuple(map(int, digits[0].split("."))) if digits else ()
        if part.startswith("alpine"):
            flavour, codename = "alpine", part.replace("-", "") if part != "alpine" else codename
        elif system_of_release(part):
            codename = part
        elif part.startswith(("windowsservercore", "nanoserver")):
            flavour, codename = "windows", part
        elif part in ("chiseled", "distroless"):
            flavour = "distroless"
        elif part == "slim" and flavour == "full":
            flavour = "slim"
        elif (index or not version) and part not in plain and part != "latest" and not _DATE.fullmatch(part):
            words.append(part)
    if known and known.os == "distroless":
        flavour = "distroless"
    return Variant(version, numbers, codename, flavour, tuple(words))


@lru_cache(maxsize=1024)
def system_of_release(codename: str) -> str:
    """The system of a release's name: bookworm is debian, noble ubuntu, al2023 amazonlinux; '' for none."""
    if codename.startswith("alpine"):
        return "alpine"
    if match := _OTHER_CODENAME.fullmatch(codename):
        return "amazonlinux" if match[1] == "al" else match[1]
    return next((system for system in ("debian", "ubuntu") if _released(system, codename)), "")


@lru_cache(maxsize=1024)
def base(ref: ImageRef) -> Base:
    """What the image holds, as far as its name, its tag and the facts tell."""
    system = replace(
        _system(ref),
        is_suite_named=_names_suite(ref),
        repository=ref.repository,
        version=variant(ref.repository, ref.effective_tag or "").version or "",
    )
    if system.os_family == "alpine":
        return replace(system, packages=alpine_images.HELD.get(ref.repository, ()))
    packages, documents = _held(ref) or ((), None)
    return replace(system, packages=packages, documents=False if system.os_family == "ubuntu" else documents)


def release_numbers(base: Base) -> tuple[int, ...]:
    """The number of the release that a system is of: (12,) for bookworm, (24, 4) for noble; () where nobody knows."""
    numbers = _released(base.os or "", base.suite or "") or base.suite or ""
    return tuple(map(int, numbers.split("."))) if _NUMBERS.fullmatch(numbers) else ()


def _names_suite(ref: ImageRef) -> bool:
    """Whether a tag names the release of its system, and not only the version of what runs on it."""
    known, said = family(ref.repository), variant(ref.repository, ref.effective_tag or "")
    is_version_of_system = known is not None and known.kind == "base" and bool(said.numbers)
    return said.codename is not None or is_version_of_system


def working_folder(ref: ImageRef) -> str:
    """The folder that a build starts in: WORKDIR of the image, a name of its own where nobody knows that."""
    said = variant(ref.repository, ref.effective_tag or "")
    known = family(ref.repository)
    if ref.repository == "php":
        return "/var/www/html" if {"apache", "fpm"} & set(said.words) else "/"
    if folder := _WORKING_FOLDERS.get(ref.repository) or _WORKING_FOLDERS.get(_all_of_publisher(ref)):
        return folder
    return "/" if ref.is_scratch or (known is not None and known.kind != "server") else UNKNOWN_FOLDER


def account(ref: ImageRef) -> str:
    """The account that a build starts as: USER of the image, "" for root."""
    return _ACCOUNTS.get(ref.repository) or _ACCOUNTS.get(_all_of_publisher(ref), "")


def _all_of_publisher(ref: ImageRef) -> str:
    return f"{ref.repository.rpartition('/')[0]}/*"


def unknown_home(account: str | None) -> str:
    """A name of its own for the home folder of an account where nobody knows that; None: nor the account."""
    return f"/(the home of {account if account and _ACCOUNT.fullmatch(account) else 'an account'})"


def is_in_unknown_home(path: str) -> bool:
    """Whether a path lies in the home of an account that nobody knows."""
    return _UNKNOWN_HOME.match(path) is not None


def spelled(command: str) -> str:
    """A command as a shell of the account reads it: to itself, a home that nobody else knows is `~`."""
    return _UNKNOWN_HOME.sub("~", command)


def _held(ref: ImageRef) -> debian.Held | None:
    """What an image on Debian or Ubuntu holds by its recipe; None where that is unknown."""
    said = variant(ref.repository, ref.effective_tag or "")
    if said.flavour == "slim":
        return debian.held(ref.repository, "slim") or debian.held("debian", "slim")
    if said.flavour != "full":
        return None
    recipes = (debian.held(ref.repository, word) for word in (*said.words, ""))
    return next((recipe for recipe in recipes if recipe), None)


def _system(ref: ImageRef) -> Base:
    """The operating system of the image."""
    if ref.is_scratch:
        return _base("scratch", None)
    tag = ref.effective_tag
    system = _system_of_name(ref.repository)
    if tag is None:
        known = family(ref.repository)
        return _base(system or (known.os if known else ""), None)
    said = variant(ref.repository, tag)
    known = family(ref.repository)
    if not system and not known:
        return Base()
    image = base_images.find(ref.repository, tag)
    suite = (image.suite if image else None) or _suite_said(said)
    if said.flavour in ("alpine", "distroless", "windows"):
        system = said.flavour
    elif named := system_of_release(said.codename or suite or ""):
        system = named
    elif known and not system:
        system = known.os
    if known and known.kind == "base" and said.numbers and not suite:
        suite = _suite_of_version(system, said.numbers)
    elif system == "ubuntu" and suite and "." in suite:  # nvidia/cuda:12.4.1-base-ubuntu22.04
        suite = _suite_of_version(system, tuple(map(int, suite.split("."))))
    found = _base(system, suite)
    is_slim = "minimal" in said.words or (system == "oraclelinux" and said.flavour == "slim")
    if is_slim and found.package_manager == "dnf":
        return replace(found, package_manager="microdnf")
    if system == "busybox" and (libc := next((word for word in said.words if word in ("musl", "glibc")), None)):
        return replace(found, libc=cast("Libc", libc))
    return found


# The working folder of an image that no fact knows: paths below it are like each other, and like no path in a file.
UNKNOWN_FOLDER = "/(the working folder of the base image)"
# The home of an account that nobody knows; so are the paths below it.
_UNKNOWN_HOME = re.compile(r"/\(the home of [^()/]*\)")
_ACCOUNT = re.compile(r"[\w.?-]+")

# `node`, `localhost:5000/team/app:1.2`, `node:22@sha256:4b1c...`; the names of a repository are in lower case.
_REFERENCE = re.compile(
    r"(?P<name>(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[a-z0-9]+:[0-9a-f]+))?"
)
# The parts of a tag; `alpine-3.24` (eclipse-temurin) is one.
_TOKEN = re.compile(r"alpine-[0-9][0-9.]*(?=-|$)|[^-]+")
_VERSION = re.compile(r"(?:v|centos)?[0-9]+(?:\.[0-9]+)*(?:[a-z]+[0-9]*)?")  # 22, 3.12.4, v3.7, centos7, 3.14rc1
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_NUMBERS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})*")
_DATE = re.compile(r"20[0-9]{6}(?:\.[0-9]+)?")  # debian:trixie-20260811-slim
_OTHER_CODENAME = re.compile(r"(al|amazonlinux|azurelinux|oraclelinux|ubi|ubuntu)([0-9][0-9.]*)")
_CHANNELS = frozenset(
    ("latest", "lts", "current", "stable", "mainline", "edge", "rolling", "testing", "unstable", "sid")
)
_HUB = frozenset(("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"))
# The last folder before an official name in a mirror: mirror.corp/library/node, .../containers/node (GitLab).
_MIRROR_FOLDERS = frozenset(("library", "containers", "docker.io", "dockerhub", "docker-hub", "docker-remote"))
# The same image, published by its makers under their own registry.
_SAME_IMAGE = {
    "ghcr.io/oracle/oraclelinux": "oraclelinux",
    "container-registry.oracle.com/os/oraclelinux": "oraclelinux",
    "public.ecr.aws/amazonlinux/amazonlinux": "amazonlinux",
    "public.ecr.aws/amazoncorretto/amazoncorretto": "amazoncorretto",
    "public.ecr.aws/ubuntu/ubuntu": "ubuntu",
    "public.ecr.aws/lts/ubuntu": "ubuntu",
    "public.ecr.aws/debian/debian": "debian",
    "docker.io/java": "openjdk",  # its name until 2017
    "docker.io/gliderlabs/alpine": "alpine",  # its name until 2016
    "registry.fedoraproject.org/fedora": "fedora",
    "quay.io/fedora/fedora": "fedora",
    "quay.io/centos/centos": "centos",
    "docker.io/rockylinux/rockylinux": "rockylinux",
    "docker.io/almalinux/almalinux": "almalinux",
    "quay.io/rockylinux/rockylinux": "rockylinux",
    "quay.io/almalinuxorg/almalinux": "almalinux",
    # Distroless without a Debian release is that of today's stable.
    "gcr.io/distroless/static": "gcr.io/distroless/static-debian13",
    "gcr.io/distroless/base": "gcr.io/distroless/base-debian13",
    "gcr.io/distroless/cc": "gcr.io/distroless/cc-debian13",
    "gcr.io/distroless/python3": "gcr.io/distroless/python3-debian13",
}
# USER of images that do not leave it at root (their Dockerfiles; by hand, 2026-11-26).
_ACCOUNTS = {"jupyter/*": "1000", "mambaorg/micromamba": "mambauser", "quay.io/jupyter/*": "1000"}
# WORKDIR of images, where it is not "/" (their Dockerfiles; by hand, 2026-11-23).
_WORKING_FOLDERS = {
    "golang": "/go",
    "oven/bun": "/home/bun/app",
    "composer": "/app",
    "httpd": "/usr/local/apache2",
    "tomcat": "/usr/local/tomcat",
    "wordpress": "/var/www/html",
    "gradle": "/home/gradle",
    "jupyter/*": "/home/jovyan",
    "mambaorg/micromamba": "/tmp",  # noqa: S108 (so says its Dockerfile)
    "quay.io/jupyter/*": "/home/jovyan",
    **{f"mcr.microsoft.com/dotnet/{name}": "/" for name in ("sdk", "aspnet", "runtime", "runtime-deps")},
    **{f"mcr.microsoft.com/dotnet/core/{name}": "/" for name in ("sdk", "aspnet", "runtime")},
    "redis": "/data",
    "caddy": "/srv",
    "nginx": "/",
    "postgres": "/",
    "mysql": "/",
    "mariadb": "/",
    "mongo": "/",
}
_PLATFORMS = {
    "amd64": "linux/amd64",
    "arm64v8": "linux/arm64",
    "arm32v5": "linux/arm/v5",
    "arm32v6": "linux/arm/v6",
    "arm32v7": "linux/arm/v7",
    "i386": "linux/386",
    "ppc64le": "linux/ppc64le",
    "riscv64": "linux/riscv64",
    "s390x": "linux/s390x",
}


def _repository(host: str, path: str) -> tuple[str, bool, str | None]:
    """(repository, mirrored, platform) of a registry and a path in it."""
    folder, _, name = path.rpartition("/")
    whole = f"docker.io/{path.removeprefix('library/')}" if host in _HUB else f"{host}/{path}"
    if same := _SAME_IMAGE.get(whole):
        return same, not same.startswith(host), None
    if host in _HUB:
        if folder == "library":
            return name, False, None
        if folder in _PLATFORMS and family(name):
            return name, False, _PLATFORMS[folder]
        return path, False, None
    if (not folder or folder.rpartition("/")[2] in _MIRROR_FOLDERS) and not family(whole) and family(name):
        return name, True, None
    return whole, False, None


def _released(name: str, release: str) -> str:
    """The version that a release's name stands for: node's jod is 22, debian's bookworm 12; '' for none."""
    row = table("releases").row(name, release)
    return row[2] if row else ""


def _system_of_name(repository: str) -> str:
    """The system of images that the facts list only by their publisher; '' for all others."""
    if repository.startswith("gcr.io/distroless/"):
        return "distroless"
    if repository.startswith("cgr.dev/chainguard/"):
        return "wolfi"
    if _WINDOWS.search(repository):
        return "windows"
    match = _UBI.fullmatch(repository)
    return f"ubi{match[2] or ''}" if match else ""


# mcr.microsoft.com/windows/servercore, microsoft/nanoserver, stefanscherer/node-windows, winamd64/golang
_WINDOWS = re.compile(r"(?:^|[/-])(?:windows(?:servercore)?|nanoserver)(?:$|[/-])|^winamd64/")
# redhat/ubi9-minimal, registry.access.redhat.com/ubi8/ubi
_UBI = re.compile(r"(?:redhat/|registry\.(?:access\.)?redhat\.(?:com|io)/)(?:ubi[0-9]+/)?ubi([0-9]*)(-minimal|-micro)?")


def _suite_said(said: Variant) -> str | None:
    """The release that a tag's codename names."""
    if not said.codename or said.flavour == "windows":
        return None
    if said.codename.startswith("alpine"):
        return said.codename.removeprefix("alpine")
    match = _OTHER_CODENAME.fullmatch(said.codename)
    return match[2] if match else said.codename


def _suite_of_version(system: str, numbers: tuple[int, ...]) -> str | None:
    """The release of a distribution by its version: debian 12.5 is bookworm, ubuntu 22.4 jammy, alpine 3.20.1 3.20."""
    if system in ("debian", "ubuntu"):
        width = 1 if system == "debian" else 2
        wanted = numbers[:width]
        for _, name, version, *_ in table("releases").rows(system):
            if tuple(map(int, version.split("."))) == wanted:
                return name
        return None
    return ".".join(map(str, numbers[: 2 if system == "alpine" else 1]))


def _base(system: str, suite: str | None) -> Base:
    """The facts of a system, of exactly this release where they differ."""
    families = table("os_families")
    row = (families.row(system, suite) if suite else None) or families.row(system, "")
    if row is None:
        return Base()
    _, _, os_family, libc, shell, package_manager, *_ = row
    return Base(
        cast("OsFamily", os_family),
        system,
        suite,
        cast("Libc", libc) if libc else None,
        cast("Shell", shell) if shell else None,
        cast("PackageManager", package_manager) if package_manager else None,
    )
