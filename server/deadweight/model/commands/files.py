"""rm, rmdir and find remove, find also changes; mkdir and other plain programs add nothing worth counting."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from deadweight.model.commands.call import Tool
from deadweight.model.commands.changes import OWNER_OR_MODE, again, changes_little
from deadweight.model.effects import removes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deadweight.model.commands.call import Call
    from deadweight.model.effects import Effect
    from deadweight.syntax.shell import Word


_RUNS = frozenset(("-exec", "-execdir", "-ok"))
_NARROWING = frozenset(
    ("-name", "-iname", "-path", "-ipath", "-regex", "-newer", "-mtime", "-atime", "-size", "-perm", "-user", "-empty")
)


# The home of an account that nobody knows, which may be any: `/home/$APP_USER/.npm`
_ANY_HOME = re.compile(r"/home/\$(?:\w+|\{\w+\})(?=/)")


def _rm(call: Call) -> Iterator[Effect]:
    resolve = call.around.resolve
    for pattern in (each for word in call.operands() for each in call.alternatives(word)):
        path = resolve(pattern) or resolve(_ANY_HOME.sub("/home/*", pattern))
        if path is not None:
            yield removes(path, call.span)


def _shred(call: Call) -> Iterator[Effect]:
    if call.has("-u", "--remove"):
        yield from _rm(call)


def _find(call: Call) -> Iterator[Effect]:
    """`find DIR ... -delete` and `find DIR ... -exec rm` clean a folder up, or take what has some name in it. With
    `-exec chown` it changes what is in there.
    """
    texts = [word.text for word in call.words]
    run = next((at + 1 for at, text in enumerate(texts[:-1]) if text in _RUNS), len(texts))
    if texts[run : run + 1] and texts[run] in OWNER_OR_MODE and not ("-type" in texts and "d" in texts):
        change = next((text for text in texts[run + 1 :] if not text.startswith("-")), "")
        for path in call.paths(found_whole(call.words)):
            may_be_nothing = changes_little(change)
            yield from again(replace(call, program=texts[run]), path, recursive=True, may_be_nothing=may_be_nothing)
    if "-delete" not in texts and not ("rm" in texts and run < len(texts)):
        return
    names = _names_found(call.words)
    is_flat = ("-maxdepth", "1") in pairwise(texts)
    for path in call.paths(_folders(call.words) if names else found_whole(call.words)):
        for name in names or ("",) if path is not None else ():
            found = posixpath.join(path or "", "" if is_flat else "**", name) if name else path
            yield removes(found, call.span)


def _names_found(words: tuple[Word, ...]) -> tuple[str, ...]:
    """The names that `find` looks for, where it takes all that is called so: `-name .git -o -name .github`."""
    texts = [word.text for word in words]
    if _NARROWING.intersection(texts) != {"-name"} or not {"!", "-not"}.isdisjoint(texts):
        return ()
    return tuple([after.value or after.pattern for one, after in pairwise(words) if one.text == "-name"])


def found_whole(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The folders of which `find` finds all that is in them; none where a test takes only some of it."""
    texts = [word.text for word in words]
    if not _NARROWING.isdisjoint(texts):
        return ()
    return _folders(words)


def _folders(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Where `find` looks."""
    starts = ("-", "!", "(", "\\")
    return words[: next((at for at, word in enumerate(words) if word.text.startswith(starts)), len(words))]


def _nothing(_: Call) -> Iterator[Effect]:
    return iter(())


# A folder, a link, an entry in a file: bytes that nobody counts. Shell builtins and programs that only print.
_QUIET = """
    mkdir a2enmod a2dismod a2enconf a2disconf a2ensite a2dissite phpenmod phpdismod docker-php-ext-enable
    update-alternatives alternatives debconf-set-selections dpkg-divert dpkg-query dpkg-architecture dpkg-buildflags
    apt-mark apt-key apt-config apt-cache update-locale ldconfig passwd chpasswd chsh visudo
    expr bc nl tac rev fold column strings printenv logger tty stty gpasswd groups who w uptime mountpoint
    cksum b2sum sha224sum sha384sum base64 base32 mkfifo mknod ip ping host dig nslookup sysctl service systemctl
    rpm2cpio xargs rpmkeys zipinfo lsof pgrep pkill killall
    set export unset local declare let shopt ulimit alias hash trap cd pushd popd source . eval exit return
    break continue true false : test [ [[ command type which read shift wait sleep times umask shuf
    echo printf cat grep egrep fgrep cut tr tail sort uniq wc awk gawk mawk jq diff cmp comm paste seq yes xxd od
    ls stat file readlink realpath basename dirname mktemp df du ldd nm pkg-config scanelf
    id whoami uname arch hostname nproc getconf getent locale lsb_release date env free ps kill pwd sync
    sha256sum sha1sum sha512sum md5sum gpg gpgconf gpgv openssl ssh-keygen ssh-keyscan
"""

TOOLS = (
    Tool(("rm", "rmdir", "unlink"), _rm),
    Tool(("shred",), _shred),
    Tool(("find",), _find),
    Tool(tuple(_QUIET.split()), _nothing),
)
