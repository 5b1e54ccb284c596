"""C and C++: the program goes over to the small image of the same system, with the libraries that it is linked to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deadweight.model.ecosystems.project import inside
from deadweight.model.multi_stage import compiled
from deadweight.model.multi_stage.compiled import Image, Language
from deadweight.model.multi_stage.plan import Refusal, Written
from deadweight.model.multi_stage.recipe import runtime_image

if TYPE_CHECKING:
    from deadweight.model.context import BuildContext
    from deadweight.model.multi_stage.compiled import App
    from deadweight.model.multi_stage.plan import Needs
    from deadweight.model.multi_stage.recipe import Recipe

_COMPILERS = frozenset(("gcc", "g++", "cc", "c++", "clang", "clang++", "make", "cmake", "ninja", "meson"))
_STATIC = "gcr.io/distroless/static-debian13"
_CPLUSPLUS = (".cpp", ".cc", ".cxx", ".C", ".hpp", ".hh")
# Of the GNU compilers' own image, whose library of C++ is newer than that of its Debian.
_ITS_LIBRARIES = "/usr/local/lib64/libstdc++.so.6 /usr/local/lib64/libgcc_s.so.1"
_OF_THE_C_LIBRARY = frozenset(("m", "pthread", "dl", "rt", "c", "util", "stdc++", "gcc", "gcc_s", "crypt", "resolv"))
_LINKED = re.compile(r"(?<![\w-])-l(\w[\w+.-]*)")
_FINDS = re.compile(r"find_(?:package|library)\s*\(\s*(?!Threads|GTest|Doxygen|Python|Git\b)(\w+)|pkg_check_modules")


def needs(recipe: Recipe) -> Needs | Refusal | None:
    """What a stage that compiles C or C++ needs; None for any other."""
    calls = {call.program for layer in recipe.runs for call in layer.calls}
    return compiled.needs(recipe, _C) if calls & _COMPILERS else None


def _image(app: App, needs_shell: bool) -> Image | Refusal:
    recipe = app.recipe
    is_gnu = recipe.ref.repository in ("gcc", "buildpack-deps")
    linked = _linked(app)
    asked = any(manager in ("apt", "apk") for layer in recipe.runs for manager, _ in layer.packages)
    if linked and (is_gnu or not asked):
        return Refusal(f"nobody can tell which package has the library {sorted(linked)[0]}")
    texts = " ".join(layer.instruction.text for layer in recipe.runs)
    if re.search(r"\s-static\b", texts) and not needs_shell and not app.packages.names:
        return Image(_STATIC, is_distroless=True)
    if not is_gnu:
        installed = tuple(_installed(app))
        more = ("libstdc++",) if recipe.ledger.base.libc == "musl" and _is_cplusplus(app) else ()
        return Image(runtime_image(recipe), more, installed, has_program=bool(installed))
    if app.program.startswith("/usr/local/"):
        return Refusal("what `make install` puts beside the compilers, nobody can tell")
    base = compiled.of_debian(recipe)
    if recipe.ref.repository == "gcc" and _is_cplusplus(app):
        libraries = Written(f"COPY --from={{build}} {_ITS_LIBRARIES} /usr/local/lib/")
        return Image(base, files=(libraries, Written("RUN ldconfig")))
    return Image(base)


def _installed(app: App) -> list[Written]:
    """All that `make install` puts below /usr/local, which is empty in images of a bare system."""
    if not app.program.startswith("/usr/local/"):
        return []
    found = [Written("COPY --from={build} /usr/local /usr/local")]
    return [*found, Written("RUN ldconfig")] if app.recipe.ledger.base.libc == "glibc" else found


def _linked(app: App) -> frozenset[str]:
    """The libraries that the program is linked to beside that of C, by what its build says."""
    context = app.recipe.context
    names = [name for layer in app.recipe.runs for name in _LINKED.findall(layer.instruction.text)]
    names += _LINKED.findall(context.texts.get(inside(app.root, "Makefile"), ""))
    found = _FINDS.search(context.texts.get(inside(app.root, "CMakeLists.txt"), ""))
    names += [found[1] or "of pkg-config"] if found else []
    return frozenset(names) - _OF_THE_C_LIBRARY


def _is_cplusplus(app: App) -> bool:
    return app.recipe.context.asked(_has_cplusplus, app.root)


def _has_cplusplus(context: BuildContext, root: str) -> bool:
    return any(path.endswith(_CPLUSPLUS) for path in context.select(root or ".").files)


_C = Language(
    builds=_COMPILERS
    | {"autoconf", "automake", "autoreconf", "libtoolize", "ld", "ar", "git", "ctest", "ldconfig", "pkg-config"},
    sources=(
        *("*.c", "*.h", "*.cpp", "*.hpp", "*.cc", "*.hh", "*.cxx", "*.S", "*.s", "*.o", "*.a", "*.in", "*.am", "*.ac"),
        *("CMakeLists.txt", "*.cmake", "configure", "meson.build", "meson_options.txt", "conanfile.*", "vcpkg.json"),
    ),
    folders=("/usr/local/bin",),
    image=_image,
)
