# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The codes of a verdict's reasons, grouped by their effect, and the constructor of a reason."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._abi import texts

RUNS, UNKNOWN, INCOMPATIBLE = 'runs', 'unknown', 'incompatible'
# Codes of files that could not be judged; with the first ones the file certainly cannot run.
NOTHING_TO_RUN = ('file_missing', 'not_a_file')
NO_FILE = NOTHING_TO_RUN + ('file_unreadable', 'file_changed')
# Codes that leave the verdict open but are very likely a mistake, so that the task fails unless fail_on is never.
LIKELY_MISTAKES = ('emulation_unseen', 'file_unreadable', 'file_changed')
# Codes that leave the verdict open unless their severity is fatal.
OPEN = LIKELY_MISTAKES + ('packed', 'parse_limit', 'undetermined', 'wrong_arch', 'symbol_missing', 'truncated')


def reason(code, severity, subject, need=None, have=None, **known):
    """severity: 'fatal', 'warn' or 'info'; known: further values that the message of the code (texts.TEXTS) uses."""
    return {'code': code, 'severity': severity, 'subject': subject, 'need': need, 'have': have,
            'detail': texts.detail(code, dict(known, subject=subject, need=need, have=have))}
