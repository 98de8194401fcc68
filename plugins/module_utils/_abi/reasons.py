# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons of a verdict, and what a verdict can be."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._abi import texts

RUNS, UNKNOWN, INCOMPATIBLE = 'runs', 'unknown', 'incompatible'
# Codes without a file to judge; with the first ones there is certainly nothing to run.
NOTHING_TO_RUN = ('file_missing', 'not_a_file')
NO_FILE = NOTHING_TO_RUN + ('file_unreadable', 'file_changed')
# Codes that leave the verdict open, but are so likely a mistake that the task fails unless fail_on is never.
LIKELY_MISTAKES = ('emulation_unseen', 'file_unreadable', 'file_changed')
# Codes of reasons that leave the verdict open, where they are not fatal.
OPEN = LIKELY_MISTAKES + ('packed', 'parse_limit', 'undetermined', 'wrong_arch', 'symbol_missing', 'truncated')


def reason(code, severity, subject, need=None, have=None, **known):
    """severity: 'fatal', 'warn' or 'info'; known: further values that the message of the code (texts.TEXTS) uses."""
    return {'code': code, 'severity': severity, 'subject': subject, 'need': need, 'have': have,
            'detail': texts.detail(code, dict(known, subject=subject, need=need, have=have))}
