"""`Project`: what a folder of the build context tells about its package manager, whatever the language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a manifest. All paths are those of the build context, with `/`, never starting with one.

    `install_files` are what the install command reads, manifest first: what to copy before `RUN npm ci`. Where an
    install reads more than manifests, `needs_sources` says why in words ("the script postinstall runs node
    build.js"); it is '' otherwise.
    """

    language: str  # "node", "python"
    manager: str  # "npm", "yarn", "yarn berry", "pnpm", "bun"; "pip", "poetry", "uv", "pipenv"
    folder: str  # '' for the context itself
    manifests: tuple[str, ...]
    lock: str  # '' where there is none
    install_files: tuple[str, ...]
    needs_sources: str = ""


def inside(folder: str, name: str) -> str:
    """The context path of `name` in `folder`; `inside('', 'a')` is 'a'."""
    return f"{folder}/{name}" if folder else name
