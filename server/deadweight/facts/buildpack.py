"""The Debian packages that full language images stand on: buildpack-deps, in its three sizes."""

from __future__ import annotations

# What docker-library's buildpack-deps asks apt for, without recommendations, and so what every image built on it holds:
# node:22, python:3.13, ruby:3.4 ... (their tags without -slim and -alpine). golang:1.25 stands on the scm part.
CURL = (
    "ca-certificates",
    "curl",
    "gnupg",
    "netbase",
    "sq",
    "wget",
    "tzdata",
)
SCM = (
    *CURL,
    "git",
    "mercurial",
    "openssh-client",
    "subversion",
    "procps",
)
DEPS = (
    *SCM,
    "autoconf", "automake", "bzip2", "default-libmysqlclient-dev", "dpkg-dev", "file", "g++", "gcc", "imagemagick",
    "libbz2-dev", "libc6-dev", "libcurl4-openssl-dev", "libdb-dev", "libevent-dev", "libffi-dev", "libgdbm-dev",
    "libglib2.0-dev", "libgmp-dev", "libjpeg-dev", "libkrb5-dev", "liblzma-dev", "libmagickcore-dev",
    "libmagickwand-dev", "libmaxminddb-dev", "libncurses5-dev", "libncursesw5-dev", "libpng-dev", "libpq-dev",
    "libreadline-dev", "libsqlite3-dev", "libssl-dev", "libtool", "libwebp-dev", "libxml2-dev", "libxslt-dev",
    "libyaml-dev", "make", "patch", "unzip", "xz-utils", "zlib1g-dev",
)  # fmt: skip
