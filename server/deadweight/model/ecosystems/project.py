"""`Project`: what a folder of the build context tells about its package manager, whatever the language."""

from __future__ import annotations

from dataclasses import dataclass

# The files that tell a kind of project, by name.
MANIFESTS: dict[str, tuple[str, ...]] = {
    "node": ("package.json",),
    "python": ("pyproject.toml", "setup.py", "requirements*.txt", "Pipfile"),
    "go": ("go.mod",),
    "rust": ("Cargo.toml",),
    "maven": ("pom.xml",),
    "gradle": ("build.gradle", "build.gradle.kts"),
    "dotnet": ("*.csproj", "*.fsproj", "*.vbproj"),
    "php": ("composer.json",),
    "ruby": ("Gemfile",),
}


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a manifest. All paths are those of the build context, with `/`, never starting with one.

    `install_files` are what the install command reads, manifest first: what to copy before `RUN npm ci`. Where an
    install reads more than manifests, `needs_sources` says why in words ("the script postinstall runs node
    build.js"); it is '' otherwise. One that `installs_itself` needs no sources for the packages that it asks for.
    """

    language: str  # "node", "python", "ruby", "php", "go", "rust", "java", "dotnet", "elixir"
    manager: str  # "npm", "yarn", "yarn berry", "pnpm", "bun"; "pip", "poetry", "uv", "pipenv"; "go", "maven" ...
    folder: str  # '' for the context itself
    manifests: tuple[str, ...]
    lock: str  # '' where there is none
    install_files: tuple[str, ...]
    needs_sources: str = ""
    installs_itself: bool = False


def inside(folder: str, name: str) -> str:
    """The context path of `name` in `folder`; `inside('', 'a')` is 'a'."""
    return f"{folder}/{name}" if folder else name
