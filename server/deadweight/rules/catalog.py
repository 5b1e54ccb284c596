"""Every rule, in the order in which findings at one place are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules import (
    apt_lists_kept,
    consecutive_runs,
    copied_over_install,
    copy_before_install,
    copy_source_missing,
    debugging_tools_kept,
    dev_dependencies_shipped,
    full_base_image,
    heavy_folder_copied,
    huge_file_copied,
    install_cache_kept,
    late_delete,
    missing_dockerignore,
    next_without_standalone,
    over_budget,
    recommended_packages,
    rewritten_in_later_layer,
    secrets_copied,
    unreachable_stage,
    update_and_install_apart,
    whole_stage_copied,
)

if TYPE_CHECKING:
    from deadweight.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    over_budget.over_budget,
    full_base_image.full_base_image,
    whole_stage_copied.whole_stage_copied,
    copy_source_missing.copy_source_missing,
    secrets_copied.secrets_copied,
    copied_over_install.copied_over_install,
    missing_dockerignore.missing_dockerignore,
    heavy_folder_copied.heavy_folder_copied,
    huge_file_copied.huge_file_copied,
    copy_before_install.copy_before_install,
    late_delete.late_delete,
    rewritten_in_later_layer.rewritten_in_later_layer,
    update_and_install_apart.update_and_install_apart,
    apt_lists_kept.apt_lists_kept,
    recommended_packages.recommended_packages,
    debugging_tools_kept.debugging_tools_kept,
    install_cache_kept.install_cache_kept,
    dev_dependencies_shipped.dev_dependencies_shipped,
    next_without_standalone.next_without_standalone,
    consecutive_runs.consecutive_runs,
    unreachable_stage.unreachable_stage,
)
BY_ID = {rule.id: rule for rule in RULES}
