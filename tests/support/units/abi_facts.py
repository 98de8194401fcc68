# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of programs and hosts in the form of abi_check, with the changes of a test."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


LOADER = '/lib64/ld-linux-x86-64.so.2'

LOAD = {'offset': 0, 'vaddr': 0x400000, 'filesz': 10, 'memsz': 10, 'flags': 5, 'align': 4096}


def elf_file(**changes):
    facts = {
        'format': 'elf', 'interpreter_line': None, 'bits': 64, 'order': '<', 'machine': 62, 'machine_name': 'amd64', 'type': 'DYN', 'flags': 0, 'osabi': 0,
        'phnum': 8, 'interp': None, 'loads': [LOAD],
        'dynamic': False, 'needed': [], 'soname': None, 'rpath': [], 'runpath': [], 'flags_1': 0, 'has_relr': False, 'version_needs': [],
        'version_definitions': [], 'stack_executable': False, 'build_id': None, 'go_build_id': None, 'kernel_tag': None, 'foreign_os': None,
        'isa_needed': None, 'stripped': True, 'static': True, 'static_pie': False, 'packed': False, 'truncated': None, 'malformed': [], 'limits': []}
    return dict(facts, **changes)


def dynamic(**changes):
    return elf_file(**dict({'interp': LOADER, 'static': False, 'dynamic': True, 'needed': ['libc.so.6']}, **changes))


def go_build(version='go1.26.6', text=None, **settings):
    return {'version': version, 'path': 'example.org/x', 'main': 'example.org/x@v1', 'settings': settings, 'cgo': None, 'vcs_revision': None,
            'trimpath': None, 'source': 'segment', 'cpu_level_text': text}


def binary(file=None, **changes):
    facts = {'path': '/opt/program', 'size': 1000, 'mode': 0o100755, 'placed': True, 'noexec': False, 'sha256': None, 'go': None, 'symbols': [],
             'exports': [], 'late': [], 'entry': 0x400000, 'origin': '/opt', 'errors': [], 'file': elf_file() if file is None else file}
    return dict(facts, **changes)


def host(**changes):
    facts = {
        'arch': 'amd64', 'kernel': '5.10.0', 'kernel_machine': 'x86_64', 'page_size': 4096, 'cpu_level': 'v3', 'cpu_features': [],
        'cpu_lacks': ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'], 'runs': {'amd64': 'native', '386': 'compatible'}, 'others': 'refused',
        'sysroot': None, 'libcs': [], 'libc': 'glibc', 'libc_version': '2.17', 'libc_path': '/lib64/libc.so.6', 'evidence': {}, 'linking': link(),
        'script': None}
    return dict(facts, **changes)


def link(*findings, **changes):
    answer = {'loader': LOADER, 'state': 'ok', 'have': None, 'libc': 'glibc', 'libc_version': '2.17', 'libc_path': '/lib64/libc.so.6', 'arch': 'amd64',
              'identity': [62, 64, '<'], 'flags': 0, 'relr': False, 'enforces_levels': False, 'libraries': [], 'findings': list(findings), 'taken': 0}
    return dict(answer, **changes)


def finding(code, level='fatal', **more):
    return dict({'code': code, 'level': level, 'subject': 'libx.so.1', 'need': None, 'have': None, 'by': None}, **more)


def arm(hard=True, **changes):
    return elf_file(**dict({'machine': 40, 'bits': 32, 'machine_name': 'arm', 'flags': 0x5000400 if hard else 0x5000200}, **changes))


def on_arm(**changes):
    return host(**dict({'arch': 'arm', 'runs': {'arm': 'native'}, 'cpu_level': None, 'cpu_features': ['vfp', 'vfpv3'], 'linking': None}, **changes))


def on_arm64(**changes):
    return host(**dict({'arch': 'arm64', 'runs': {'arm64': 'native', 'arm': 'compatible'}, 'cpu_level': None, 'cpu_features': []}, **changes))


ARM64 = {'machine': 183, 'machine_name': 'arm64'}

SCRIPT = {'program': u'/bin/sh', 'argument': None, 'bom': False, 'crlf': False}


def script(**line):
    return dict(elf_file(), format='script', interpreter_line=dict(SCRIPT, **line))


def of_format(name):
    return dict(elf_file(), format=name)


def judged_script(verdict):
    return {'program': '/bin/sh', 'verdict': verdict, 'reasons': [] if verdict == 'runs' else [{'detail': 'it does not.'}]}
