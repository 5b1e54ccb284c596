"""Every rule, in the order in which findings at one place are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules import (
    apt_lists_kept,
    archive_kept,
    build_packages_kept,
    consecutive_runs,
    copied_over_install,
    copied_twice,
    copy_before_install,
    copy_source_missing,
    dev_dependencies_shipped,
    full_base_image,
    git_history_kept,
    heavy_folder_copied,
    huge_file_copied,
    install_cache_kept,
    late_delete,
    login_records_kept,
    missing_dockerignore,
    over_budget,
    recommended_packages,
    rewritten_in_later_layer,
    secrets_copied,
    sources_kept,
    two_download_tools,
    update_and_install_apart,
)

if TYPE_CHECKING:
    from deadweight.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    over_budget.over_budget,
    full_base_image.full_base_image,
    copy_source_missing.copy_source_missing,
    secrets_copied.secrets_copied,
    copied_over_install.copied_over_install,
    copied_twice.copied_twice,
    missing_dockerignore.missing_dockerignore,
    heavy_folder_copied.heavy_folder_copied,
    huge_file_copied.huge_file_copied,
    copy_before_install.copy_before_install,
    late_delete.late_delete,
    rewritten_in_later_layer.rewritten_in_later_layer,
    archive_kept.archive_kept,
    sources_kept.sources_kept,
    git_history_kept.git_history_kept,
    update_and_install_apart.update_and_install_apart,
    apt_lists_kept.apt_lists_kept,
    build_packages_kept.build_packages_kept,
    recommended_packages.recommended_packages,
    two_download_tools.two_download_tools,
    install_cache_kept.install_cache_kept,
    login_records_kept.login_records_kept,
    dev_dependencies_shipped.dev_dependencies_shipped,
    consecutive_runs.consecutive_runs,
)
BY_ID = {rule.id: rule for rule in RULES}
