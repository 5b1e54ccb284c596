"""Brace lists: `rm -rf /var/{a,b}` removes two folders where bash reads it, and none where dash or BusyBox's ash do."""

from __future__ import annotations

import pytest

from deadweight.model.effects import Kind
from deadweight.snapshot import Snapshot
from deadweight.syntax.dockerfile import edited, parse
from deadweight.text import Edit, Span
from examples import snapshot_of

BOTH, NEITHER = True, False


def are_removed(snapshot: Snapshot) -> bool:
    """Whether a file removes /a and /b."""
    effects = (effect for layer in snapshot.ledgers[-1].layers for effect in layer.effects)
    return {"/a", "/b"} <= {effect.path for effect in effects if effect.kind is Kind.REMOVES}


@pytest.mark.parametrize(
    ("dockerfile", "which"),
    [
        ("FROM debian:13\nRUN rm -r /{a,b}\n", NEITHER),
        ("FROM ubuntu:24.04\nRUN rm -r /{a,b}\n", NEITHER),
        ("FROM python:3.13-slim\nRUN rm -r /{a,b}\n", NEITHER),
        ("FROM alpine:3.22\nRUN rm -r /{a,b}\n", NEITHER),
        ("FROM busybox:1.37\nRUN rm -r /{a,b}\n", NEITHER),
        ("FROM fedora:44\nRUN rm -r /{a,b}\n", BOTH),
        ("FROM archlinux:base\nRUN rm -r /{a,b}\n", BOTH),
        ("FROM opensuse/leap:15.6\nRUN rm -r /{a,b}\n", BOTH),
        # Nobody knows which shell: whoever writes a brace list has one that reads it.
        ("FROM example.org/team/base\nRUN rm -r /{a,b}\n", BOTH),
        # SHELL says which one, also in the stage below, until another one does.
        ('FROM debian:13\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN rm -r /{a,b}\n', BOTH),
        ('FROM debian:13 AS a\nSHELL ["bash", "-c"]\nFROM a\nRUN rm -r /{a,b}\n', BOTH),
        ('FROM fedora:44\nSHELL ["/bin/dash", "-c"]\nRUN rm -r /{a,b}\n', NEITHER),
        ('FROM debian:13\nSHELL ["bash", "-c"]\nSHELL ["/bin/sh", "-c"]\nRUN rm -r /{a,b}\n', NEITHER),
        # So do a script in a script, and the first line of a heredoc.
        ("FROM debian:13\nRUN bash -c 'rm -r /{a,b}'\n", BOTH),
        ("FROM debian:13\nRUN sh -c 'rm -r /{a,b}'\n", NEITHER),
        ('FROM debian:13\nRUN ["bash", "-ec", "rm -r /{a,b}"]\n', BOTH),
        ("FROM fedora:44\nRUN dash -c 'rm -r /{a,b}'\n", NEITHER),
        ("FROM debian:13\nRUN bash <<EOF\nrm -r /{a,b}\nEOF\n", BOTH),
        ("FROM debian:13\nRUN <<EOF\n#!/usr/bin/env bash\nrm -r /{a,b}\nEOF\n", BOTH),
        ("FROM debian:13\nRUN <<EOF\nrm -r /{a,b}\nEOF\n", NEITHER),
        ("FROM debian:13\nRUN su - app -c 'rm -r /{a,b}'\n", BOTH),  # which shell an account has is not known
        ("FROM debian:13\nRUN sudo rm -r /{a,b}\n", NEITHER),
        # No shell, no lists; and quotes are no list anywhere.
        ('FROM fedora:44\nRUN ["rm", "-r", "/{a,b}"]\n', NEITHER),
        ("FROM fedora:44\nRUN rm -r '/{a,b}'\n", NEITHER),
        # What sh is was changed.
        ("FROM debian:13\nRUN rm /bin/sh && ln -s /bin/bash /bin/sh\nRUN rm -r /{a,b}\n", BOTH),
    ],
)
def test_a_list_is_one_where_the_shell_has_them(dockerfile: str, which: bool) -> None:
    assert are_removed(snapshot_of(dockerfile)) is which


@pytest.mark.parametrize("image", ["debian:13", "fedora:44"])
def test_curl_reads_lists_by_itself(image: str) -> None:
    snapshot = snapshot_of(f"FROM {image}\nRUN curl -fsSL --remote-name-all https://example.org/{{a,b}}.tgz\n")
    assert [effect.path for effect in snapshot.ledgers[-1].layers[-1].kept] == ["/a.tgz", "/b.tgz"]


def test_the_shell_of_a_heredoc_may_change_while_it_is_typed() -> None:
    before = parse("FROM debian:13\nRUN <<EOF\n#!/bin/bash\nrm -r /{a,b}\nEOF\n")
    snapshot = Snapshot(before)
    assert are_removed(snapshot)
    at = before.text.index("bash")
    assert not are_removed(snapshot.edited(edited(before, Edit(Span(at, at + 4), "sh"))))
