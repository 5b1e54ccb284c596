"""What official images set by ENV that tells where the tools of their language keep things."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE: Mapping[str, str] = {}
_GEMS = {"GEM_HOME": "/usr/local/bundle", "BUNDLE_APP_CONFIG": "/usr/local/bundle"}
# ENV of their Dockerfiles (docker-library and others, by hand, 2026-11-26).
_VARIABLES: Mapping[str, Mapping[str, str]] = {
    "composer": {"COMPOSER_HOME": "/tmp"},  # noqa: S108 (so says its Dockerfile)
    "golang": {"GOPATH": "/go"},
    "jruby": _GEMS,
    "ruby": _GEMS,
    "rust": {"CARGO_HOME": "/usr/local/cargo", "RUSTUP_HOME": "/usr/local/rustup"},
}


def of(repository: str) -> Mapping[str, str]:
    """The variables that an image sets, by its name in the facts; none for one that nobody has looked at."""
    return _VARIABLES.get(repository, _NONE)
