"""The kinds of code actions and semantic tokens, by the names that the protocol has for them."""

from __future__ import annotations

from typing import Literal, get_args

QUICK_FIX = "quickfix"
REFACTORING = "refactor.rewrite"  # and below it: refactor.rewrite.multi-stage
FIX_ALL = "source.fixAll.deadweight"
ACTION_KINDS = (QUICK_FIX, REFACTORING, FIX_ALL)

TokenType = Literal[
    "comment", "keyword", "parameter", "string", "number", "operator", "variable", "property", "function", "macro",
    "type", "enumMember", "namespace",
]  # fmt: skip
TOKEN_TYPES: tuple[TokenType, ...] = get_args(TokenType)
