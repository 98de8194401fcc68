# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All ABI fixtures: programs for many hosts, and programs with one fault each.

Nothing is said here of where they run: the loaders of real hosts say it.
"""

from __future__ import annotations

from support.abi.design import Design
from support.abi.linking import LIBRARIES, LOOKUPS, NEEDS
from support.abi.programs import C_PROGRAMS, GO_PROGRAMS
from support.abi.wrong import FILES, PACKED, SCRIPTS, SPOILED

# The slow ones first.
DESIGNS: tuple[Design, ...] = (*GO_PROGRAMS, *C_PROGRAMS, *NEEDS, *LIBRARIES, *LOOKUPS, *SPOILED, *PACKED, *SCRIPTS, *FILES)

_OF_ITS_USER = 'the current folder and the PATH of the starting user decide'
_CALLED = 'it starts, and fails when it calls what is missing'
_DAMAGED = 'what is lost may or may not matter'
# Of which a verdict may be `unknown` besides what is foreign, and why. A start has one end or the other even so.
UNKNOWABLE = {
    'packed/works': 'packed',
    'packed/fails': 'packed',
    'bare/runpath-relative-glibc': _OF_ITS_USER,
    'bare/runpath-relative-musl': _OF_ITS_USER,
    'spoiled/interp-relative': _OF_ITS_USER,
    'script/relative': _OF_ITS_USER,
    'script/env-missing': _OF_ITS_USER,
    'script/crlf-argument': 'the interpreter may make anything of such an argument',
    'script/foreign': 'an emulator may run its interpreter',
    'bare/runpath-platform-glibc': 'the loader has its own name for a processor',
    'bare/runpath-old-hwcaps-glibc': 'loaders before glibc 2.37 have names for processors',
    'bare/symbol-lazy-glibc': _CALLED,
    'bare/symbol-uncalled-glibc': _CALLED,
    'spoiled/version-weak-strong': _CALLED,
    **{f'spoiled/cut-last-byte-{kind}': _DAMAGED for kind in ('dynamic', 'static', 'musl', 'arm64')},
}
