"""Files of a build context that hold secrets, by their names and, where those do not tell, by their texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deadweight.model.context import BuildContext

_KEY, _CREDENTIALS, _STATE, _SETTINGS = "a private key", "credentials", "Terraform's state", "settings with secrets"

# The ends of paths, from a slash on.
_NAMES = {
    **{f"/{name}": _KEY for name in ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")},
    **{f"/{name}": _CREDENTIALS for name in (".netrc", "_netrc", ".git-credentials", ".pgpass")},
    **{f"/{path}": _CREDENTIALS for path in (".aws/credentials", ".docker/config.json", ".kube/config")},
    **{f"/gcloud/{name}": _CREDENTIALS for name in ("application_default_credentials.json", "credentials.db")},
    **{f"/.azure/{name}": _CREDENTIALS for name in ("accessTokens.json", "msal_token_cache.json")},
    **dict.fromkeys((".tfstate", ".tfstate.backup"), _STATE),
}
_ENDS = tuple(_NAMES)
_ENV = re.compile(r"\.env(?:\.local|\.[\w-]+\.local|\.secrets?)?")  # not .env.example, .env.test
_PEM = re.compile(r".*\.(?:pem|key)")
_PRIVATE_NAME = re.compile(r"(?:.*[-_.])?priv(?:ate|key)?(?:[-_.].*)?\.(?:pem|key)|.*privkey\d*\.pem", re.IGNORECASE)
_PRIVATE_TEXT = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")
# What a text says that gives a tool the right to something: `//registry.npmjs.org/:_authToken=npm_x`, not `=${TOKEN}`.
_TOKENS = {
    ".npmrc": re.compile(r"^[^;#\n]*(?:_authToken|_password|_auth)\s*=\s*(?!\"?\$)\S", re.MULTILINE),
    ".yarnrc.yml": re.compile(r"^\s*npmAuth(?:Token|Ident):\s*(?![\"']?\$)\S", re.MULTILINE),
    ".pypirc": re.compile(r"^\s*password\s*[=:]\s*\S", re.MULTILINE),
}
_SETTING = re.compile(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*([\"']?)(.*?)\2[ \t]*(?:#.*)?\r?$", re.MULTILINE)
# The end of a name says what its value is: of TOKEN_EXPIRY and SECRET_KEY_FILE, no secret.
_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:SECRET|TOKEN|PASSWORD|PASSWD|PASSWORT|PASS|PWD|CREDENTIALS?|DSN"
    r"|(?:SECRET|PRIVATE|API|ACCESS|AUTH|ENCRYPTION|SIGNING|APP|ACCOUNT|STRIPE|MASTER)_?KEY)(?:_BASE)?",
    re.IGNORECASE,
)
_PUBLIC_NAME = re.compile(r"^(?:NEXT_PUBLIC|VITE|REACT_APP|NUXT_PUBLIC|PUBLIC|EXPO_PUBLIC|VUE_APP|GATSBY|NG_APP)_")
_LOGIN = re.compile(r"\w+://[^/\s:@]*:([^/\s@]+)@")  # postgres://app:password@db
# What stands for a secret that somebody is to put in, and what only a machine of a developer has.
_NO_SECRET = re.compile(
    r"|[<{\[$%].*|op://.*|vault:.*|arn:.*|.*(?:change|replace|your|example|sample|dummy|placeholder|insert|todo|xxx|\*\*\*|\.\.\.).*"
    r"|(?:(?:my|the|super|secret|password|passwd|pass|token|postgres|root|admin|user|test|dev|local|guest|mysql|key)"
    r"[-_]?)+\d*|true|false|yes|no|none|null|\d{1,7}",
    re.IGNORECASE,
)
# Folders of packages, of tests and of documents: what is called a key there opens nothing.
_FOLDERS = """
    node_modules vendor site-packages .venv venv .git
    test tests testing testdata fixtures __tests__ spec e2e example examples sample samples doc docs
"""
_HARMLESS = frozenset(_FOLDERS.split())


def secrets_of(context: BuildContext) -> Mapping[str, str]:
    """The files that hold secrets, by path, each with what that is."""
    found: dict[str, str] = {}
    for prefix, folder in context.tree.walk(lambda name, _: name not in _HARMLESS):
        paths = (prefix + name for name, count in folder.files.items() if count)
        found.update((path, what) for path in paths if (what := _secret(path, context.texts)))
    return dict(sorted(found.items()))


def _secret(path: str, texts: Mapping[str, str]) -> str | None:
    """What secret a file holds; None for none."""
    name = path.rpartition("/")[2]
    if f"/{path}".endswith(_ENDS):
        return next(what for end, what in _NAMES.items() if f"/{path}".endswith(end))
    if name in _TOKENS:
        return _CREDENTIALS if _TOKENS[name].search(texts.get(path, "")) else None
    if _ENV.fullmatch(name):
        return _SETTINGS if path not in texts or _sets_secret(texts[path]) else None
    if _PEM.fullmatch(name):
        is_key = _PRIVATE_TEXT.search(texts[path]) if path in texts else _PRIVATE_NAME.fullmatch(name)
        return _KEY if is_key else None
    return None


def _sets_secret(text: str) -> bool:
    """Whether a `.env` sets something that nobody else should know."""
    for match in _SETTING.finditer(text):
        name, value = match[1], match[3].strip()
        if _SECRET_NAME.fullmatch(name) and not _PUBLIC_NAME.match(name) and not _NO_SECRET.fullmatch(value):
            return True
        if (login := _LOGIN.search(value)) and not _NO_SECRET.fullmatch(login[1]):
            return True
    return False
