"""Every rule, in the order in which findings at one place are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules import (
    apt_lists_kept,
    copy_before_install,
    full_base_image,
    install_cache_kept,
    missing_dockerignore,
)

if TYPE_CHECKING:
    from deadweight.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    full_base_image.full_base_image,
    missing_dockerignore.missing_dockerignore,
    copy_before_install.copy_before_install,
    apt_lists_kept.apt_lists_kept,
    install_cache_kept.install_cache_kept,
)
BY_ID = {rule.id: rule for rule in RULES}
