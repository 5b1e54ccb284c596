"""Rust projects from the texts of their files: what Cargo.lock brings, and whether a release build is stripped."""

from __future__ import annotations

import re

from deadweight.model.ecosystems.lenient import as_object, toml_table

# Crates that link to libraries of the system, and Debian's packages of these (crates.io; by hand, 2026-11-26).
_LINKS = {
    "openssl-sys": "libssl-dev",
    "pq-sys": "libpq-dev",
    "mysqlclient-sys": "default-libmysqlclient-dev",
    "libsqlite3-sys": "libsqlite3-dev",
    "curl-sys": "libcurl4-openssl-dev",
    "libz-sys": "zlib1g-dev",
}
_NAME = re.compile(r'^name = "([^"]+)"', re.MULTILINE)
_SOURCE = re.compile(r'^source = "', re.MULTILINE)
_STRIPS = re.compile(r"strip\s*=\s*['\"]?(?:symbols|debuginfo)")  # of rustc: `-C strip=symbols`


def crates(lock: str) -> int:
    """How many packages of a Cargo.lock are downloaded: all but the project's own."""
    return len(_SOURCE.findall(lock))


def linked(lock: str) -> dict[str, str]:
    """The crates of a Cargo.lock that link to libraries of the system, with Debian's packages of these."""
    names = set(_NAME.findall(lock))
    return {crate: headers for crate, headers in _LINKS.items() if crate in names}


def strips(manifest: str, profile: str = "release") -> bool:
    """Whether the settings of a profile in Cargo.toml or in .cargo/config.toml take debugging data off."""
    table = as_object(as_object((toml_table(manifest) or {}).get("profile")).get(profile))
    return table.get("strip") not in (None, False, "none") or _STRIPS.search(manifest) is not None


def programs(manifest: str) -> tuple[str, ...]:
    """The names of the programs that a package builds, as far as Cargo.toml says."""
    table = toml_table(manifest) or {}
    named = table.get("bin")
    own = [as_object(each).get("name") for each in named] if isinstance(named, list) else []
    package = as_object(table.get("package")).get("name")
    return tuple(name for name in dict.fromkeys((*own, package)) if isinstance(name, str))
