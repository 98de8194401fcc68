# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import formats


@pytest.mark.parametrize(('content', 'name'), [
    (b'', 'empty'), (b'\x7fEL', 'other'), (b'#!/bin/sh\n', 'script'), (b'\xef\xbb\xbf#!/bin/sh\n', 'script'), (b'\x1f\x8b\x08\0', 'gzip'),
    (b'PK\x03\x04rest', 'zip'), (b'MZ\x90\0', 'pe'), (b'\xca\xfe\xba\xbe\0\0\0\x34', 'java'), (b'\xca\xfe\xba\xbe\0\0\0\x02', 'macho'),
    (b'\xcf\xfa\xed\xfe\x07\0\0\x01', 'macho'), (b'<!DOCTYPE html>', 'html'), (b'\n <html lang="en">', 'html'),
    (b'<?xml version="1.0"?>\n<html>', 'html'), (b'not found\n', 'text'), (b'caf\xc3\xa9', 'text'), (b'\0\1\2\3', 'other'),
])
def test_the_format_of_a_file_that_is_not_elf_is_named(reading, content, name):
    dummy, found = reading(content)
    assert (found.format, found.bits, found.needed, found.static) == (name, None, [], False)
    json.dumps(elf.as_facts(found))


@pytest.mark.parametrize(('content', 'line'), [
    (b'#!/bin/sh\n', ('/bin/sh', None, False, False)), (b'#! /usr/bin/env  python3 -u \nx', ('/usr/bin/env', 'python3 -u', False, False)),
    (b'#!/bin/sh\t-e\n', ('/bin/sh', '-e', False, False)), (b'#!/bin/sh\r\nx', ('/bin/sh', None, False, True)),
    (b'#!/bin/sh -e\r\n', ('/bin/sh', '-e', False, True)), (b'\xef\xbb\xbf#!/bin/sh\n', ('/bin/sh', None, True, False)), (b'#!\n', ('', None, False, False)),
    (b'#!/bin/sh', ('/bin/sh', None, False, False)),
])
def test_the_first_line_of_a_script_is_read_as_the_kernel_does(reading, content, line):
    dummy, found = reading(content)
    assert found.interpreter_line == formats.InterpreterLine(*line)
    assert found.limits == []


def test_a_first_line_that_old_kernels_truncate_is_reported(reading):
    assert len(reading(b'#!/' + b'x' * 200 + b'\n')[1].limits) == 1
