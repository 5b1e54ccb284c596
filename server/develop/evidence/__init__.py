"""Holds what we say against real builds: safe fixes are built before and after, sizes stand beside measured layers.

fix_cases.py and tool_cases.py have the Dockerfiles whose safe fixes are built, fixes.py makes pairs of them,
building.py builds and measures both sides, images.py compares them; index.py and clones.py serve what builds ask the
network for. sizes.py reads builds whose layers were measured, and scores.py holds our estimates against them.
fix_page.py and size_page.py write `docs/evidence.md`. `python -m develop.evidence` is the command.
"""
