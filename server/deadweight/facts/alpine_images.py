"""The Alpine packages that base images hold: Alpine's own, and what official images of languages add to it."""

from __future__ import annotations

# docker-library/repo-info: alpine:3.24.2, 2026-09-17, and nginx:1.23.3-alpine on 3.17, 2023-01-09 (libc-utils).
BASE = frozenset(
    (
        "alpine-baselayout", "alpine-baselayout-data", "alpine-keys", "alpine-release", "apk-tools", "busybox",
        "busybox-binsh", "ca-certificates-bundle", "libapk", "libc-utils", "libcrypto3", "libssl3", "musl",
        "musl-utils", "scanelf", "ssl_client", "zlib",
    )
)  # fmt: skip

# What their Dockerfiles ask apk for and do not remove (official recipes for Alpine 3.22 to 3.24, read 2026-11-26), and
# the libraries that stay since what they built needs them, as docker-library/repo-info lists them for
# python:3.13.15-alpine3.24, wordpress:7.1.2-fpm-alpine, composer:2.10.2, postgres:17.11-alpine3.24 (2026) and
# nginx:1.23.3-alpine (2023). What these depend on they hold as well.
_PHP = (
    "argon2-libs", "ca-certificates", "curl", "gnu-libiconv-libs", "libsodium", "libxml2", "oniguruma", "openssl",
    "readline", "sqlite-libs", "tar", "xz",
)  # fmt: skip
_TEMURIN = (
    "ca-certificates", "coreutils", "fontconfig", "musl-locales", "musl-locales-lang", "openssl", "p11-kit-trust",
    "ttf-dejavu", "tzdata",
)  # fmt: skip
HELD = {
    "python": (
        "ca-certificates", "gdbm", "libbz2", "libffi", "libncursesw", "libpanelw", "libuuid", "ncurses-libs",
        "readline", "sqlite-libs", "tzdata", "xz-libs",
    ),
    "node": ("libstdc++",),
    "golang": ("ca-certificates",),
    "rust": ("ca-certificates", "gcc", "musl-dev"),
    "php": _PHP,
    "wordpress": (*_PHP, "bash", "ghostscript", "imagemagick"),
    "composer": (
        *_PHP, "7zip", "bash", "coreutils", "git", "make", "mercurial", "openssh-client-default", "patch", "subversion",
        "tini", "unzip", "zip",
    ),
    "ruby": ("bzip2", "ca-certificates", "gmp-dev", "libffi-dev", "procps", "yaml-dev", "zlib-dev"),
    "nginx": ("ca-certificates", "curl", "geoip", "libedit", "libgd", "libxslt", "nginx", "pcre2", "tzdata"),
    "postgres": (
        "bash", "icu-data-full", "icu-libs", "krb5-libs", "libedit", "libldap", "libxslt", "lz4-libs", "nss_wrapper",
        "tzdata", "zstd",
    ),
    "eclipse-temurin": _TEMURIN,
    "docker": ("ca-certificates", "git", "openssh-client-default"),
}  # fmt: skip

# Lists of packages that official images keep in a variable (docker-library/repo-info, as above).
_PHPIZE = {"PHPIZE_DEPS": "autoconf dpkg-dev dpkg file g++ gcc libc-dev make pkgconf re2c"}
LISTS = {"php": _PHPIZE, "wordpress": _PHPIZE, "composer": _PHPIZE}
