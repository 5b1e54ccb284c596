"""rm, rmdir and find -delete remove; mkdir and other plain programs add nothing worth counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.effects import removes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect


def _rm(call: Call) -> Iterator[Effect]:
    for path in call.paths(call.operands()):
        if path is not None:
            yield removes(path, call.span)


def _find(call: Call) -> Iterator[Effect]:
    """`find DIR ... -delete` and `find DIR ... -exec rm`: whatever the tests are, it is a clean-up of that folder."""
    texts = [word.text for word in call.words]
    if "-delete" not in texts and not ("-exec" in texts and "rm" in texts):
        return
    narrowing = {"-name", "-iname", "-path", "-regex", "-newer", "-mtime", "-size"}
    if narrowing.isdisjoint(texts):
        starts = list(call.words[: next(at for at, text in enumerate(texts) if text.startswith("-"))])
        for path in call.paths(starts):
            if path is not None:
                yield removes(path, call.span)


def _nothing(_: Call) -> Iterator[Effect]:
    return iter(())


# A folder, a link, an entry in a file: bytes that nobody counts. Shell builtins and programs that only print.
_QUIET = """
    mkdir a2enmod a2dismod a2enconf a2disconf a2ensite a2dissite phpenmod phpdismod docker-php-ext-enable
    update-alternatives alternatives debconf-set-selections dpkg-divert dpkg-query dpkg-architecture dpkg-buildflags
    apt-mark apt-key apt-config apt-cache update-locale ldconfig passwd chpasswd chsh visudo
    set export unset local declare let shopt ulimit alias hash trap cd pushd popd source . eval exit return
    break continue true false : test [ [[ command type which read shift wait sleep times umask shuf
    echo printf cat grep egrep fgrep cut tr tail sort uniq wc awk gawk mawk jq diff cmp comm paste seq yes xxd od
    ls stat file readlink realpath basename dirname mktemp df du ldd nm pkg-config scanelf
    id whoami uname arch hostname nproc getconf getent locale lsb_release date env free ps kill pwd sync
    sha256sum sha1sum sha512sum md5sum gpg gpgconf gpgv openssl ssh-keygen ssh-keyscan
"""

TOOLS = (Tool(("rm", "rmdir"), _rm), Tool(("find",), _find), Tool(tuple(_QUIET.split()), _nothing))
