# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import processors
from support.hosts.tiny_roots import V2, V3, V4, cpuinfo


@pytest.mark.parametrize(('flags', 'level'), [('fpu lm', 'v1'), (V2, 'v2'), (V3, 'v3'), (V4, 'v4'), (V3.replace('movbe', ''), 'v2'),
                                              (V4.replace(' abm', ''), 'v2'), (V4.replace('avx512vl', ''), 'v3')])
def test_a_level_is_had_with_all_its_features(flags, level):
    assert processors.amd64_level(processors.read(cpuinfo(flags)).features) == level


def test_the_slowest_processor_counts():
    assert processors.amd64_level(processors.read(cpuinfo(V4, V3, V4)).features) == 'v3'
    assert processors.amd64_level(processors.read(cpuinfo(V4, V4.replace('popcnt', ''))).features) == 'v1'


def test_a_text_without_features_gives_none():
    assert processors.read('model name: odd\n') == processors.Processors(None, ())
    assert processors.useful('arm64', None) is None


@pytest.mark.parametrize(('field', 'line', 'port', 'expected'), [
    ('Features', 'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics', 'arm64', ['atomics', 'aes', 'sha2']),
    ('Features', 'half thumb fastmult vfp edsp neon vfpv3', 'arm', ['vfp', 'vfpv3', 'neon']),
    ('isa', 'rv64imafdcv_zicond_zba_zbb_zbs', 'riscv64', ['v', 'zba', 'zbb', 'zbs', 'zicond']),
    ('cpu', 'POWER9 (raw), altivec supported', 'ppc64le', ['power8', 'power9']),
    ('flags', 'fpu sse sse2', '386', ['sse2']),
])
def test_other_processors_have_the_features_on_which_a_verdict_can_depend(field, line, port, expected):
    found = processors.read(cpuinfo(line, field=field))
    assert port in found.ports
    assert sorted(processors.useful(port, found.features)) == sorted(expected)


def test_the_features_missing_for_a_level_are_listed():
    assert processors.missing_for_amd64('v3', V2.split()) == ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe']
    assert processors.missing_for_amd64('v2', V2.split()) == []


@pytest.mark.parametrize(('mask', 'level'), [(None, None), (0, None), (1, None), (2, 'v2'), (3, 'v2'), (7, 'v3'), (15, 'v4'), (8, 'v4')])
def test_the_highest_bit_of_an_isa_note_counts(mask, level):
    assert processors.isa_level(mask) == level


@pytest.mark.parametrize(('port', 'settings', 'asked'), [
    ('arm64', {}, ('', [])), ('arm64', {'GOARM64': 'v8.0'}, ('GOARM64=v8.0', [()])),
    ('arm64', {'GOARM64': 'v8.0,crypto'}, ('GOARM64=v8.0,crypto', [('aes', 'sha2')])),
    ('arm64', {'GOARM64': 'v9.2'}, ('GOARM64=v9.2', [('atomics',)])), ('arm64', {'GOARM64': 'odd'}, ('GOARM64=odd', None)),
    ('riscv64', {'GORISCV64': 'rva20u64'}, ('GORISCV64=rva20u64', [()])),
    ('riscv64', {'GORISCV64': 'rva22u64'}, ('GORISCV64=rva22u64', [('zba', 'zbb', 'zbs')])),
    ('riscv64', {'GORISCV64': 'rva99'}, ('GORISCV64=rva99', None)), ('ppc64le', {'GOPPC64': 'power9'}, ('GOPPC64=power9', [('power9',)])),
    ('386', {'GO386': 'sse2'}, ('GO386=sse2', [('sse2',)])), ('386', {'GO386': 'softfloat'}, ('GO386=softfloat', [])),
    ('arm', {'GOARM': '5'}, ('GOARM=5', [])), ('arm', {'GOARM': '9'}, ('GOARM=9', None)), ('s390x', {}, ('', [])),
])
def test_go_settings_need_these_processor_features(port, settings, asked):
    setting, wanted = processors.asked_by_go(port, settings)
    assert (setting if settings else '', wanted) == asked
