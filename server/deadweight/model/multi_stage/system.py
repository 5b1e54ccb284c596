"""Packages of the system: which of those that a RUN installs only a build needs, and which the image needs instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deadweight.facts import debian
from deadweight.model.effects import PackageSet
from deadweight.model.multi_stage.plan import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deadweight.model.image import Base
    from deadweight.model.layers import Layer

PROGRAMS = frozenset(
    (
        "apt-get",
        "apt",
        "aptitude",
        "apk",
        "apt-key",
        "apt-mark",
        "apt-cache",
        "add-apt-repository",
        "dpkg",
        "dpkg-query",
    )
)
# What compilers, build systems and version control are called in Debian and Alpine (their lists; by hand, 2026-11-26).
_BUILD_NAMES = """
    autoconf automake autotools-dev bison build-base build-essential bzr clang cmake cpp debhelper dpkg-dev flex g++
    gcc gfortran git git-core gnupg golang linux-headers linux-headers-generic libc-dev libc6-dev libtool llvm m4 make
    mercurial musl-dev nasm ninja-build openssh-client patch pkg-config pkgconf pkgconfig py3-pip python
    python-is-python3 python2 python3-pip python3-setuptools python3-venv python3-wheel rustc cargo samurai subversion
    swig util-linux wheel yasm xz-utils unzip zip apt-transport-https software-properties-common lsb-release gnupg2
    apt-utils maven gradle ant alpine-sdk
"""
_BUILD = frozenset(_BUILD_NAMES.split())
_VERSIONED = re.compile(r"(?:gcc|g\+\+|clang|llvm|python2?|python3)[-.\d]*")  # g++-12; python3 for node-gyp
_HEADERS = re.compile(r".+-(?:dev|devel|headers)(?:-compat)?")
# Programs that a stage may call when it runs, and the package of Debian and Alpine that has each.
OF_PROGRAMS = {
    "curl": "curl",
    "wget": "wget",
    "git": "git",
    "nc": "netcat-openbsd",
    "ps": "procps",
    "tini": "tini",
    "dumb-init": "dumb-init",
    "gosu": "gosu",
    "su-exec": "su-exec",
    "ffmpeg": "ffmpeg",
    "openssl": "openssl",
    "psql": "postgresql-client",
    "pg_isready": "postgresql-client",
    "mysql": "default-mysql-client",
    "convert": "imagemagick",
}
# The libraries of Alpine's packages of headers (pkgs.alpinelinux.org; by hand, 2026-11-26).
_ON_ALPINE: dict[str, tuple[str, ...]] = {
    "cairo-dev": ("cairo",),
    "curl-dev": ("libcurl",),
    "freetype-dev": ("freetype",),
    "fribidi-dev": ("fribidi",),
    "geos-dev": ("geos",),
    "gdk-pixbuf-dev": ("gdk-pixbuf",),
    "harfbuzz-dev": ("harfbuzz",),
    "icu-dev": ("icu-libs",),
    "jpeg-dev": ("libjpeg-turbo",),
    "lcms2-dev": ("lcms2",),
    "libffi-dev": ("libffi",),
    "libjpeg-turbo-dev": ("libjpeg-turbo",),
    "libpng-dev": ("libpng",),
    "libpq-dev": ("libpq",),
    "libsodium-dev": ("libsodium",),
    "libwebp-dev": ("libwebp",),
    "libxml2-dev": ("libxml2",),
    "libxslt-dev": ("libxslt",),
    "libzip-dev": ("libzip",),
    "mariadb-connector-c-dev": ("mariadb-connector-c",),
    "mariadb-dev": ("mariadb-connector-c",),
    "oniguruma-dev": ("oniguruma",),
    "openjpeg-dev": ("openjpeg",),
    "openldap-dev": ("libldap",),
    "openssl-dev": ("libssl3", "libcrypto3"),
    "pango-dev": ("pango",),
    "pixman-dev": ("pixman",),
    "pcre-dev": ("pcre",),
    "postgresql-dev": ("libpq",),
    "sqlite-dev": ("sqlite-libs",),
    "tiff-dev": ("tiff",),
    "vips-dev": ("vips",),
    "yaml-dev": ("yaml",),
    "zlib-dev": ("zlib",),
    **dict.fromkeys(("libc-dev", "linux-headers", "musl-dev", "python3-dev", "libressl-dev"), ()),
}
# The release of Debian whose libraries have the names of a release of Ubuntu, and those of which that is known: where
# it has others (libssl3t64), these names lead there (packages.ubuntu.com; by hand, 2026-11-26).
_LIKE = {"focal": "bullseye", "jammy": "bookworm", "noble": "bookworm"}
_SAME_ON_UBUNTU = frozenset(
    (
        *(
            "libssl3",
            "libssl1.1",
            "libcurl4",
            "libpq5",
            "libsqlite3-0",
            "zlib1g",
            "libxml2",
            "libxslt1.1",
            "libmariadb3",
        ),
        *("libyaml-0-2", "libpng16-16", "libexpat1", "libgmp10", "libmagic1", "libbz2-1.0", "liblzma5", "libzstd1"),
    )
)
_RELEASES = ("bookworm", "trixie")  # those that a tag without a release may stand on
# Releases whose packages are on archive.debian.org alone, where `apt-get update` of an image does not look (2026-11).
_ARCHIVED = frozenset(("wheezy", "jessie", "stretch", "buster"))
_MOST_STEPS = 8  # from a package of headers through others to a library


class Packages(NamedTuple):
    """Packages of the system that an image needs, and whether it gets what these recommend: as it does in the file.

    `release` is the one that they are called so in, where FROM has to name it.
    """

    names: tuple[str, ...] = ()
    recommends: bool = False
    release: str = ""

    def also(self, names: Iterable[str]) -> Packages:
        """These packages, and more."""
        return self._replace(names=tuple(dict.fromkeys((*self.names, *names))))


def runtime_packages(layers: Iterable[Layer], base: Base) -> Packages | Refusal:
    """What the image needs of the packages that RUNs ask for by name: no compilers, and for headers their libraries."""
    found: dict[str, None] = {}
    already = frozenset(base.packages)
    recommends, has_sources = False, False
    for layer in layers:
        has_sources = has_sources or bool(_SOURCES.search(layer.instruction.text))
        for effect in layer.kept:
            cause = effect.cause
            if not isinstance(cause, PackageSet) or cause.manager not in ("apt", "apk"):
                continue
            for name in cause.names:
                if name in already or name in _BUILD or _VERSIONED.fullmatch(name):
                    continue
                if not _HEADERS.fullmatch(name):
                    if has_sources and not _is_known(name, cause.manager, base):
                        return Refusal(f"{name} comes from a source of packages that the image does not have")
                    found[name] = None
                    recommends = recommends or "recommends" in cause.options
                    continue
                libraries = libraries_of(name, base) if cause.manager == "apt" else _ON_ALPINE.get(name)
                if libraries is None:
                    return Refusal(f"nobody knows which library a program needs that was built with {name}")
                found.update(dict.fromkeys(libraries))
    return Packages(tuple(name for name in found if name not in already), recommends)


def lasting(packages: Packages, base: Base) -> Packages | Refusal:
    """The packages, where each is there whichever release the base stands on that names none."""
    if base.os != "debian" or base.is_suite_named:
        return packages
    for name in packages.names:
        if not all(debian.providers(suite, name) for suite in _RELEASES):
            return Refusal(f"{name} is called otherwise in another release of Debian: name the release in FROM")
    return packages


# What adds a source of packages: a key, a list, a script of a vendor; a file.
_SOURCES = re.compile(r"sources\.list|apt-key|add-apt-repository|setup_\d|\.deb\b|/etc/apk/repositories|--repository")


def _is_known(name: str, manager: str, base: Base) -> bool:
    """Whether the system's own lists have a package."""
    if manager == "apk":
        return False
    return base.os == "debian" and bool(debian.providers(debian.release(base.suite).suite, name))


def libraries_of(headers: str, base: Base) -> tuple[str, ...] | None:
    """The libraries that programs need which were built with a package of headers; None where nobody knows.

    They are those that it depends on, or its packages of headers: libjpeg-dev depends on libjpeg62-turbo-dev.
    """
    suite = _LIKE.get(base.suite or "", "") if base.os == "ubuntu" else debian.release(base.suite).suite
    if suite in _RELEASES and not base.is_suite_named:
        suite = _RELEASES[0]  # later ones provide its names too: libpng16-16 is libpng16-16t64 in trixie
    is_known = base.suite is None or base.suite in debian.suites() or base.os == "ubuntu"
    if base.os not in ("debian", "ubuntu") or not suite or not is_known:
        return None
    stem = headers.removeprefix("default-").removeprefix("lib").removesuffix("-dev")[:4]
    found: dict[str, None] = {}
    waiting, seen = [headers], set[str]()
    for _ in range(_MOST_STEPS):
        known = [debian.package(suite, each) for name in waiting for each in debian.providers(suite, name)[:1]]
        groups = [group for package in known if package for group in package.depends]
        seen.update(waiting)
        found.update(dict.fromkeys(_libraries(groups)))
        waiting = [group[0] for group in groups if _HEADERS.fullmatch(group[0]) and group[0] not in seen]
        if not waiting or any(stem in name for name in found):
            break
    if not found or (base.os == "ubuntu" and not _SAME_ON_UBUNTU.issuperset(found)):
        return None
    smallest = debian.minbase(suite)
    return tuple(each for each in found if each not in smallest)


def _libraries(groups: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for group in groups:
        name = group[0]
        is_library = name.startswith("lib") and name not in ("libc6", "libc-bin", "libc-dev-bin")
        if (is_library or name == "zlib1g") and not _HEADERS.fullmatch(name):
            yield name


def gone(layers: Iterable[Layer], base: Base) -> str:
    """The release of an image that gets no packages any more; '' where RUNs install some, or where nobody knows."""
    installs = any(manager == "apt" for layer in layers for manager, _ in layer.packages)
    return base.suite if base.suite in _ARCHIVED and not installs else ""


def install(packages: Packages, manager: str | None) -> str:
    """The RUN that installs packages and leaves nothing else."""
    names = " ".join(sorted(packages.names))
    if manager == "apk":
        return f"RUN apk add --no-cache {names}"
    option = "" if packages.recommends else " --no-install-recommends"
    return f"RUN apt-get update && apt-get install -y{option} {names} && rm -rf /var/lib/apt/lists/*"
