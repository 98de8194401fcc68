# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The type of an ABI fixture, and its path."""

from __future__ import annotations

from dataclasses import dataclass

from support.abi.compilers import Recipe
from support.abi.spoiled import Edit

# What each prints where it runs, before it exits with 0.
WORD = 'works'
# Where the fixtures lie on every host: some name their libraries and interpreters by their whole path.
PLACE = '/opt/gofleet-fixtures'
# Where a host may have a file system whose programs the kernel does not start.
NOEXEC = '/opt/gofleet-noexec'
# Of what is the same for all architectures: scripts, and what is no program.
ANY = 'any'
# The interpreters of dynamic programs for amd64.
GLIBC, MUSL = '/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1'


@dataclass(frozen=True)
class Design:
    """A file among the fixtures. path: below PLACE; base: the path of another file whose bytes are edited.

    arch: whose loader is to be asked, or ANY. started: whether it is a fixture, or only something that fixtures need.
    """

    path: str
    what: str
    recipe: Recipe | None = None
    base: str = ''
    content: bytes = b''
    edits: tuple[Edit, ...] = ()
    mode: int = 0o755
    arch: str = 'amd64'
    started: bool = True
