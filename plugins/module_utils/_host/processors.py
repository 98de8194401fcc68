# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The features of a host's processors, from /proc/cpuinfo, and the features that the settings of a Go build need."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

# features: those that all processors of the host have; None if the text lists no features. ports: Go's names of the ports whose kernels write such a text.
Processors = collections.namedtuple('Processors', 'features ports')

# The features that each x86-64 level adds, by the kernel's names (x86-64 psABI; go.dev/wiki/MinimumRequirements: pni is SSE3, abm is LZCNT).
AMD64_LEVELS = (
    ('v1', ()),
    ('v2', ('cx16', 'lahf_lm', 'popcnt', 'pni', 'ssse3', 'sse4_1', 'sse4_2')),
    ('v3', ('avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe')),
    ('v4', ('avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl')),
)
BEYOND = 'a level beyond v4'
# The field of /proc/cpuinfo that lists features, and the ports whose kernels write it (arch/*/kernel/{cpu/proc,setup,cpuinfo}.c).
_FIELDS = (
    ('flags', ('386', 'amd64')),
    ('Features', ('arm', 'arm64')),
    ('features', ('s390x',)),
    ('isa', ('riscv64',)),
    ('cpu', ('ppc64', 'ppc64le')),
)
# GORISCV64 -> extensions beyond RV64GC that the compiler may use (RISC-V profiles).
_RISCV = {'rva20u64': (), 'rva22u64': ('zba', 'zbb', 'zbs'), 'rva23u64': ('zba', 'zbb', 'zbs', 'v', 'zicond')}


def read(text):
    """The Processors in the text of /proc/cpuinfo, with the features that all of them have."""
    for field, served in _FIELDS:
        found = re.findall(r'^%s[ \t]*:[ \t]*(.*)$' % field, text, re.MULTILINE)
        if found:
            split = _riscv_extensions if field == 'isa' else _power if field == 'cpu' else _words
            return Processors(sorted(set.intersection(*[split(each) for each in found])), served)
    return Processors(None, ())


def _words(line):
    return set(line.split())


def _riscv_extensions(line):
    base, dummy, named = line.strip().partition('_')
    return set(base[4:]) | set(named.split('_')) - {''}


def _power(line):
    """The features of a POWER processor; a POWER9 also has those of POWER8."""
    level = re.search(r'POWER([0-9]{1,4})', line)
    return set('power%d' % each for each in range(8, int(level.group(1)) + 1)) if level else set()


def amd64_level(features):
    """The highest x86-64 level whose features are complete: 'v1' to 'v4'."""
    reached = None
    for level, added in AMD64_LEVELS:
        if not set(added) <= set(features):
            break
        reached = level
    return reached


def useful(port, features):
    """The features on which a verdict for a port can depend; empty for amd64, because its level includes them."""
    if features is None:
        return None
    wanted = {
        'arm64': ('atomics', 'aes', 'sha2'), 'arm': ('vfp', 'vfpv3', 'vfpv3d16', 'vfpv4', 'neon'),
        'riscv64': sorted(set(sum(_RISCV.values(), ()))), 'ppc64': ('power8', 'power9', 'power10'), 'ppc64le': ('power8', 'power9', 'power10'),
        '386': ('sse2',), 's390x': ('vx',),
    }
    return [each for each in wanted.get(port, ()) if each in features]


def missing_for_amd64(level, features):
    """The features that a processor lacks for a level 'v1' to 'v4', as the kernel names them."""
    lacks = []
    for name, added in AMD64_LEVELS:
        lacks += [each for each in added if each not in features]
        if name == level:
            break
    return lacks


def isa_level(mask):
    """The highest x86-64 level of a GNU_PROPERTY_X86_ISA_1_NEEDED (bit 0 is v1, bit 3 is v4); None if it needs only v1, which all processors have."""
    for bit in (3, 2, 1):
        if mask and mask & 1 << bit:
            return 'v%d' % (bit + 1)
    return None


def unmet_isa(mask, level):
    """The part of GNU_PROPERTY_X86_ISA_1_NEEDED that a processor of a level lacks, as text; None if it lacks nothing.

    glibc also refuses a bit that it does not know (sysdeps/x86/isa-level.h). level: 'v1' to 'v4', or None if that is unknown.
    """
    levels = [name for name, dummy in AMD64_LEVELS]
    known = (1 << levels.index(level or 'v1') + 1) - 1
    unmet = (mask or 0) & ~known
    if not unmet:
        return None
    return isa_level(mask) if unmet & 0xf else '%s (%#x)' % (BEYOND, unmet)


def asked_by_go(port, settings):
    """(setting, alternatives) of a Go build on a port: the features that it needs, as a list of alternatives, each a tuple.

    settings: of the build info. An empty list needs no feature; None means that the needs of the setting are unknown.
    """
    if port == 'arm64':
        return _asked('GOARM64', settings, _arm64)
    if port == 'arm':
        return _asked('GOARM', settings, _arm)
    if port == 'riscv64':
        return _asked('GORISCV64', settings, lambda value: [_RISCV[value]] if value in _RISCV else None)
    if port in ('ppc64', 'ppc64le'):
        return _asked('GOPPC64', settings, lambda value: [(value,)] if re.match(r'power[0-9]+\Z', value) else None)
    if port == '386':
        return _asked('GO386', settings, lambda value: [('sse2',)] if value == 'sse2' else [])
    return '', []


def _asked(name, settings, rule):
    value = settings.get(name, '')
    return '%s=%s' % (name, value), rule(value) if value else []


def _arm64(value):
    """GOARM64: v8.1 and later, and v9, need the atomic instructions (LSE), which such a program checks at its start."""
    level, dummy, options = value.partition(',')
    found = re.match(r'v([89])\.([0-9]{1,3})\Z', level)
    if not found:
        return None
    wanted = ['atomics'] if found.group(1) == '9' or int(found.group(2)) or 'lse' in options.split(',') else []
    wanted += ['aes', 'sha2'] if 'crypto' in options.split(',') else []
    return [tuple(wanted)]


def _arm(value):
    """GOARM: 5 uses software floats, 6 needs VFP, 7 needs VFPv3 (go.dev/wiki/GoArm); ',softfloat' removes the need."""
    level, dummy, floats = value.partition(',')
    if level not in ('5', '6', '7'):
        return None
    if floats == 'softfloat' or (level == '5' and floats != 'hardfloat'):
        return []
    return [('vfpv3',), ('vfpv3d16',), ('vfpv4',)] if level == '7' else [('vfp',), ('vfpv3',), ('vfpv3d16',), ('vfpv4',)]
