"""Every rule, in the order in which findings at one place are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deadweight.rules import (
    apt_lists_kept,
    archive_kept,
    build_packages_kept,
    build_tools_shipped,
    cache_mount_defeated,
    cache_mount_missing,
    consecutive_runs,
    copied_over_install,
    copy_before_install,
    copy_source_missing,
    cuda_wheels_installed,
    dev_dependencies_shipped,
    dev_groups_shipped,
    full_base_image,
    heavy_folder_copied,
    huge_file_copied,
    install_cache_kept,
    late_delete,
    login_records_kept,
    missing_dockerignore,
    over_budget,
    packages_upgraded,
    recommended_packages,
    rewritten_in_later_layer,
    rust_docs_kept,
    secrets_copied,
    unstripped_program,
    update_and_install_apart,
    volatile_line_early,
    whole_stage_copied,
)

if TYPE_CHECKING:
    from deadweight.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    over_budget.over_budget,
    full_base_image.full_base_image,
    whole_stage_copied.whole_stage_copied,
    build_tools_shipped.build_tools_shipped,
    copy_source_missing.copy_source_missing,
    secrets_copied.secrets_copied,
    copied_over_install.copied_over_install,
    missing_dockerignore.missing_dockerignore,
    heavy_folder_copied.heavy_folder_copied,
    huge_file_copied.huge_file_copied,
    copy_before_install.copy_before_install,
    volatile_line_early.volatile_line_early,
    cache_mount_defeated.cache_mount_defeated,
    cache_mount_missing.cache_mount_missing,
    late_delete.late_delete,
    rewritten_in_later_layer.rewritten_in_later_layer,
    archive_kept.archive_kept,
    update_and_install_apart.update_and_install_apart,
    apt_lists_kept.apt_lists_kept,
    cuda_wheels_installed.cuda_wheels_installed,
    build_packages_kept.build_packages_kept,
    recommended_packages.recommended_packages,
    packages_upgraded.packages_upgraded,
    install_cache_kept.install_cache_kept,
    login_records_kept.login_records_kept,
    rust_docs_kept.rust_docs_kept,
    dev_dependencies_shipped.dev_dependencies_shipped,
    dev_groups_shipped.dev_groups_shipped,
    unstripped_program.unstripped_program,
    consecutive_runs.consecutive_runs,
)
BY_ID = {rule.id: rule for rule in RULES}
