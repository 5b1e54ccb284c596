"""The Dockerfile language in our words: what each instruction and flag is for, and what it does to the image's size.

From docs.docker.com/reference/dockerfile (moby/buildkit, frontend/dockerfile/docs/reference.md), read 2026-11-25.
`since` is the first version of the Dockerfile frontend that knows a flag. The one figure is of builds with BuildKit,
November 2026.
"""

from __future__ import annotations

from typing import NamedTuple


class FlagEntry(NamedTuple):
    """`--name=value`. `value` is what a signature shows for it; "" where the flag mostly stands alone."""

    name: str
    value: str
    text: str
    since: str = ""
    repeats: bool = False

    @property
    def note(self) -> str:
        """What the flag does, in Markdown."""
        return f"{self.text}\n\nSince `docker/dockerfile:{self.since}`" if self.since else self.text


class InstructionEntry(NamedTuple):
    """An instruction: its forms without flags, parameter by parameter, and what it does."""

    forms: tuple[tuple[str, ...], ...]
    text: str
    size: str
    flags: tuple[FlagEntry, ...] = ()

    @property
    def note(self) -> str:
        """What the instruction does, in Markdown."""
        return f"{self.text}\n\n**Size**: {self.size}"


_METADATA = "none. It changes the image's settings only."
_CHOWN = FlagEntry(
    "chown",
    "<user>[:<group>]",
    "Who owns the copied files. A `RUN chown -R` behind the COPY would store all of them a second time.",
)
_CHMOD = FlagEntry(
    "chmod",
    "<mode>",
    "The mode of the copied files, such as `755`, or `u=rwX,go=rX` since 1.14. "
    "A `RUN chmod` behind the COPY would store them a second time.",
    "1.2",
)
_LINK = FlagEntry(
    "link",
    "",
    "Makes a layer that does not depend on those below: a new base image does not write it again. "
    "It follows no symbolic links in the target, and knows users by number only.",
    "1.4",
)
_EXCLUDE = FlagEntry(
    "exclude", "<pattern>", "Leaves out what matches. Several of these are given one by one.", "1.19", repeats=True
)
_MOUNT = FlagEntry(
    "mount",
    "type=<type>[,<option>=<value>...]",
    "Lends the command a folder while it runs: a cache, files of the context or of a stage, a secret. "
    "What is written there is not in the layer.",
    "1.2",
    repeats=True,
)
_PORTS = "Says which ports the program listens on. Nothing is opened by it."

INSTRUCTIONS = {
    "FROM": InstructionEntry(
        (("<image>[:<tag>|@<digest>]", "[AS <name>]"),),
        "Starts a stage on a base image, or on an earlier stage.",
        "everything that the base image holds. Only the last stage, and what it stands on, is in the image.",
        (
            FlagEntry(
                "platform",
                "<platform>",
                "The platform of the base image. `$BUILDPLATFORM` is the machine that builds: for stages that compile "
                "for another one.",
            ),
        ),
    ),
    "RUN": InstructionEntry(
        (("<command>",), ('["<program>",', '"<argument>"...]'), ("<<EOF",)),
        "Runs a command, and stores what it leaves behind as a layer.",
        "all files written and not removed by the end of the same RUN. What a later RUN removes stays in the image.",
        (
            _MOUNT,
            FlagEntry("network", "default|none|host", "What the command sees of the network.", "1.3"),
            FlagEntry(
                "security",
                "sandbox|insecure",
                "`insecure` runs the command with all privileges, where the builder was told to allow it.",
                "1.20",
            ),
            FlagEntry("device", "<name>[,required]", "Asks for a device that the builder knows.", "1.27", repeats=True),
        ),
    ),
    "COPY": InstructionEntry(
        (("<source>...", "<target>"), ('["<source>", ...', '"<target>"]'), ("<<EOF", "<target>")),
        "Copies files of the build context, of a stage or of an image.",
        "that of the files. `.dockerignore` says what of the context is left out.",
        (
            FlagEntry(
                "from",
                "<stage>|<context>|<image>",
                "Copies from a stage or an image instead of the build context: the rest of it does not ship.",
            ),
            _CHOWN,
            _CHMOD,
            _LINK,
            FlagEntry("parents", "", "Keeps the folders in front of each source, from `/./` on if given.", "1.20"),
            _EXCLUDE,
        ),
    ),
    "ADD": InstructionEntry(
        (("<source>...", "<target>"), ('["<source>", ...', '"<target>"]'), ("<<EOF", "<target>")),
        "Copies like COPY, and also downloads URLs, clones Git repositories and unpacks local archives.",
        "that of the files; of an archive, what is in it. A downloaded archive is not unpacked unless told so.",
        (
            FlagEntry(
                "checksum", "<hash>", "Compares a download with `sha256:...`, a repository with a commit.", "1.6"
            ),
            _CHOWN,
            _CHMOD,
            _LINK,
            FlagEntry("unpack", "<bool>", "Whether archives are unpacked: with `true` a URL's too.", "1.17"),
            FlagEntry("keep-git-dir", "<bool>", "Keeps `.git` of a cloned repository, with its whole history.", "1.1"),
            _EXCLUDE,
        ),
    ),
    "WORKDIR": InstructionEntry(
        (("<path>",),),
        "The folder in which the following instructions work, and the program starts. It is made if need be.",
        "none but the empty folder.",
    ),
    "ENV": InstructionEntry(
        (("<name>=<value>...",),),
        "Sets variables for the following instructions and for the running container.",
        "none. `ENV PIP_NO_CACHE_DIR=1` and its like make later RUNs leave less behind.",
    ),
    "ARG": InstructionEntry(
        (("<name>[=<default>]...",),),
        "Declares what `--build-arg` can set. Each stage has to declare again what stands above the first FROM.",
        "none. Its values are no secrets: the image's history shows them.",
    ),
    "CMD": InstructionEntry(
        (('["<program>",', '"<argument>"...]'), ('["<argument of ENTRYPOINT>"...]',), ("<command>",)),
        "What a container runs unless told otherwise, or the arguments of ENTRYPOINT. The last one counts.",
        _METADATA,
    ),
    "ENTRYPOINT": InstructionEntry(
        (('["<program>",', '"<argument>"...]'), ("<command>",)),
        "What a container runs, with CMD or the words of `docker run` behind it. In shell form it gets no signals.",
        _METADATA,
    ),
    "EXPOSE": InstructionEntry((("<port>[/<protocol>]...",),), _PORTS, _METADATA),
    "USER": InstructionEntry(
        (("<user>[:<group>]",), ("<uid>[:<gid>]",)),
        "Who runs the following RUNs, and the program.",
        "none. Set before files are written, it saves the `chown -R` that would store them again.",
    ),
    "LABEL": InstructionEntry((("<key>=<value>...",),), "Notes about the image, for people and tools.", _METADATA),
    "HEALTHCHECK": InstructionEntry(
        (("CMD", "<command>"), ("NONE",)),
        "How the engine finds out whether the container still works; NONE switches the base image's check off.",
        "none. A check by `curl` needs curl in the image, 12 MB on Debian 12; many programs can check themselves.",
        (
            FlagEntry("interval", "<duration>", "How often it is checked: `30s` unless told otherwise."),
            FlagEntry("timeout", "<duration>", "How long a check may take: `30s` unless told otherwise."),
            FlagEntry("start-period", "<duration>", "How long failures do not count: `0s` unless told otherwise."),
            FlagEntry(
                "start-interval",
                "<duration>",
                "How often it is checked in the start period: `5s` unless told otherwise. Since Docker Engine 25.",
            ),
            FlagEntry("retries", "<count>", "How many failures in a row are too many: 3 unless told otherwise."),
        ),
    ),
    "VOLUME": InstructionEntry(
        (("<path>...",), ('["<path>"...]',)),
        "Folders whose data outlive the container. What later instructions write there is lost.",
        "none.",
    ),
    "SHELL": InstructionEntry(
        (('["<program>",', '"<argument>"...]'),), "The shell of RUN, CMD and ENTRYPOINT in shell form.", _METADATA
    ),
    "STOPSIGNAL": InstructionEntry(
        (("<signal>",),), "The signal that `docker stop` sends: SIGTERM unless told otherwise.", _METADATA
    ),
    "ONBUILD": InstructionEntry(
        (("<instruction>",),),
        "An instruction for those who build on this image; it runs right behind their FROM.",
        "none here, that of the instruction there.",
    ),
    "MAINTAINER": InstructionEntry(
        (("<name>",),), "Deprecated: `LABEL org.opencontainers.image.authors` says the same.", _METADATA
    ),
}


class MountEntry(NamedTuple):
    """A type of `RUN --mount`, and its options with what they mean."""

    text: str
    options: tuple[tuple[str, str], ...]


MOUNT_ALIASES = {"dst": "target", "destination": "target", "src": "source", "rw": "readwrite", "ro": "readonly"}
_TARGET = ("target", "where it is mounted")
_OWNER = (("mode", "its mode, in octal"), ("uid", "who owns it"), ("gid", "which group owns it"))
_SOURCE = (
    ("from", "the stage or image it is taken from, instead of the build context"),
    ("source", "the path in there"),
)
MOUNTS = {
    "bind": MountEntry(
        "Files of the build context, of a stage or of an image, without a COPY: they are not in any layer.",
        (_TARGET, *_SOURCE, ("readwrite", "lets the command write there; what it writes is lost")),
    ),
    "cache": MountEntry(
        "A folder that is kept from build to build and is in no layer: for what package managers download.",
        (
            _TARGET,
            ("sharing", "who waits for whom: shared, private or locked"),
            ("id", "a name, for caches that are not the same though their target is"),
            *_SOURCE,
            *_OWNER,
            ("readonly", "lets the command read only"),
        ),
    ),
    "secret": MountEntry(
        "A secret of `docker build --secret`, which no layer holds.",
        (
            ("id", "the name that `--secret id=` gives it"),
            ("target", "the file it is in; /run/secrets/ID unless told otherwise"),
            ("env", "the variable it is in, since 1.10"),
            ("required", "whether the build fails without it"),
            *_OWNER,
        ),
    ),
    "ssh": MountEntry(
        "The keys of `docker build --ssh`, for private repositories.",
        (
            ("id", "which of them; default unless told otherwise"),
            ("target", "the path of the agent's socket"),
            ("required", "whether the build fails without it"),
            *_OWNER,
        ),
    ),
    "tmpfs": MountEntry(
        "A folder in memory: what is written there is in no layer.", (_TARGET, ("size", "the most it holds"))
    ),
}
