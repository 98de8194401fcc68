# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a program completely: its header, dynamic table and symbols."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# What the program() of support.elf.hostile takes from others.
UNDEFINED = [
    elf.Symbol('puts', 'GLIBC_2.2.5', 'libc.so.6', False), elf.Symbol('strlcpy', 'GLIBC_2.38', 'libc.so.6', True),
    elf.Symbol('exp', 'GLIBC_2.29', 'libm.so.6', False), elf.Symbol('bare', None, None, False),
]


def read_whole(reading, content):
    source, binary = reading(content)
    elf.undefined_symbols(source, binary)
    elf.defined_symbols(source, binary)


def refusal(reading, content):
    """The GofleetError of reading it, and of its symbols."""
    with pytest.raises(GofleetError) as caught:
        read_whole(reading, content)
    assert set(caught.value.evidence) >= {'offset', 'what', 'value'}
    json.dumps(caught.value.as_result())
    return caught.value
