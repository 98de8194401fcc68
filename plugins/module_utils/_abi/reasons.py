# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons of a verdict, and what a verdict can be."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._abi import texts

RUNS, UNKNOWN, INCOMPATIBLE = 'runs', 'unknown', 'incompatible'
# Why there is no file to judge; of these there is certainly nothing to run.
NOTHING_TO_RUN = ('file_missing', 'not_a_file')
NO_FILE = NOTHING_TO_RUN + ('file_unreadable', 'file_changed')
# What leaves the verdict open, but is so likely a mistake that it is a failure unless fail_on is never.
LIKELY_MISTAKES = ('emulation_unseen', 'file_unreadable', 'file_changed')
# Codes of reasons that leave the verdict open, where they are not fatal.
OPEN = LIKELY_MISTAKES + ('packed', 'parse_limit', 'undetermined', 'wrong_arch', 'symbol_missing', 'truncated')


def reason(code, severity, subject, need=None, have=None, **said):
    """severity: 'fatal', 'warn' or 'info'; said: what the text of the code (abi_texts.TEXTS) speaks of besides."""
    return {'code': code, 'severity': severity, 'subject': subject, 'need': need, 'have': have,
            'detail': texts.detail(code, dict(said, subject=subject, need=need, have=have))}
