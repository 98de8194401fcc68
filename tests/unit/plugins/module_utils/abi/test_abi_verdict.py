# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools
import json

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import texts as abi_texts
from ansible_collections.gofleet.golang.plugins.module_utils._abi import verdict as abi
from support.units.abi_facts import (
    ARM64,
    LOAD,
    arm,
    binary,
    dynamic,
    elf_file,
    finding,
    go_build,
    host,
    judged_script,
    link,
    of_format,
    on_arm,
    on_arm64,
    script,
)

RUNS = [
    ('a static program', binary(), host(linking=None)),
    ('a program for a lower level', binary(go=go_build(GOAMD64='v2')), host()),
    ('a Go program from before levels', binary(go=go_build('go1.15.15')), host()),
    ('a dynamic program all of which is there', binary(dynamic()), host()),
    ('a dynamic program with a weak version that is not', binary(dynamic()), host(linking=link(finding('version_missing', 'info', need='GLIBC_2.34')))),
    ('an i386 program on a kernel that runs them', binary(elf_file(machine=3, bits=32, machine_name='386')), host()),
    ('header errors that the kernel ignores', binary(elf_file(malformed=['EI_OSABI is 97'])), host()),
    ('a level that its note says and the processor has', binary(dynamic(isa_needed=7)), host(linking=link(enforces_levels=True))),
    ('an unknown bit of a note that no loader checks', binary(elf_file(isa_needed=0x8001)), host()),
    ('an executable stack', binary(elf_file(stack_executable=True)), host()),
    ('a program that will lie elsewhere', binary(mode=0o100644, placed=False), host()),
    ('a mount that is not the one of the sysroot', binary(noexec=True), host(sysroot='/srv/root')),
    ('a script whose interpreter runs', binary(script()), host(script=judged_script('runs'))),
    ('a dynamic program with a tag of a later kernel, which its own libc never looks at', binary(dynamic(kernel_tag=[9, 0, 0])), host()),
    ('hard floats', binary(arm(interp='/lib/ld-linux-armhf.so.3', static=False)), on_arm(linking=link(identity=[40, 32, '<'], flags=0x5000400))),
    ('a pure Go program whose flags speak of soft floats on a processor with a VFP', binary(arm(hard=False), go=go_build(GOARM='7')), on_arm()),
    ('GOARM=5 on a processor without a VFP', binary(arm(), go=go_build(GOARM='5')), on_arm(cpu_features=[])),
    ('GOARM=7,softfloat on a processor without a VFP', binary(arm(), go=go_build(GOARM='7,softfloat')), on_arm(cpu_features=[])),
    ('a 32 bit ARM program on a 64 bit processor', binary(arm(), go=go_build(GOARM='7')), on_arm64()),
    ('GOARM64=v8.0 on any processor', binary(elf_file(**ARM64), go=go_build(GOARM64='v8.0')), on_arm64()),
    ('GOARM64=v8.1 on one with atomics', binary(elf_file(**ARM64), go=go_build(GOARM64='v8.1')), on_arm64(cpu_features=['atomics'])),
    ('a first level on a host without cpuinfo', binary(go=go_build(GOAMD64='v1')), host(cpu_level=None)),
    ('a header that says FreeBSD and a note that says Linux', binary(elf_file(osabi=9, kernel_tag=[3, 2, 0])), host()),
    ('a header that says FreeBSD and build info that says Linux', binary(elf_file(osabi=9), go=go_build(GOOS='linux')), host()),
    ('a header that says FreeBSD and a loader of Linux', binary(dynamic(osabi=9)), host()),
    ('an ARM header', binary(elf_file(osabi=97)), host()),
    ('a static program for Android', binary(go=go_build(GOOS='android')), host()),
    ('a Go release of no known number', binary(go=go_build('devel +abcdef', GOAMD64='v1')), host()),
]

INCOMPATIBLE = [
    ('a mode without x', binary(mode=0o100644), host(), 'not_executable'),
    ('it lies on a noexec mount', binary(noexec=True), host(), 'noexec_mount'),
    ('it is cut short', binary(elf_file(truncated='PT_LOAD 1 ends past the end', loads=[dict(LOAD, filesz=5000)])), host(), 'truncated'),
    ('its headers are none', binary(file=None, errors=[{'code': 'malformed', 'msg': 'no', 'of': 'file'}]), host(), 'malformed'),
    ('its headers are cut off', binary(file=None, errors=[{'code': 'truncated', 'msg': 'no', 'of': 'file'}]), host(), 'truncated'),
    ('its symbols are malformed, which the loader reads', binary(dynamic(), errors=[{'code': 'malformed', 'msg': 'no', 'of': 'symbols'}]), host(),
     'malformed'),
    ('an archive', binary(of_format('gzip')), host(), 'not_elf'),
    ('a page', binary(of_format('html')), host(), 'not_elf'),
    ('an empty file', binary(of_format('empty')), host(), 'not_elf'),
    ('a Windows program', binary(of_format('pe')), host(), 'not_elf'),
    ('an object file', binary(elf_file(type='REL')), host(), 'not_elf'),
    ('a core dump', binary(elf_file(type='CORE')), host(), 'not_elf'),
    ('a library', binary(elf_file(static=False, needed=['libc.so.6'])), host(), 'not_executable'),
    ('a program with needs and no loader', binary(elf_file(type='EXEC', static=False, needed=['libc.so.6'])), host(), 'interpreter_missing'),
    ('a script without an interpreter', binary(script(program='')), host(), 'not_elf'),
    ('a script behind a byte order mark', binary(script(bom=True)), host(script=judged_script('runs')), 'not_elf'),
    ('a script whose interpreter does not run', binary(script()), host(script=judged_script('incompatible')), 'script_interpreter_missing'),
    ('a script with DOS line ends', binary(script(crlf=True)), host(script=judged_script('incompatible')), 'script_interpreter_missing'),
    ('another architecture', binary(elf_file(**ARM64)), host(), 'wrong_arch'),
    ('the other byte order', binary(elf_file(machine=21, order='>', machine_name='ppc64')), host(runs={'ppc64le': 'native'}), 'wrong_arch'),
    ('an architecture that Go does not know', binary(elf_file(machine=2, bits=32, order='>', machine_name='sparc')), host(), 'wrong_arch'),
    ('a note of another system', binary(elf_file(foreign_os='FreeBSD')), host(), 'wrong_arch'),
    ('build info of DragonFly', binary(go=go_build(GOOS='dragonfly')), host(), 'wrong_arch'),
    ('build info of a system that is not known here', binary(go=go_build(GOOS='newos')), host(), 'wrong_arch'),
    ('the loader of FreeBSD, which is not there', binary(dynamic(interp='/libexec/ld-elf.so.1')), host(linking=link(state='missing')), 'wrong_arch'),
    ('the loader of DragonFly, which was not looked for', binary(dynamic(interp='/usr/libexec/ld-elf.so.2')), host(linking=None), 'wrong_arch'),
    ("Android's loader, which stored facts of a host do not tell of", binary(dynamic(interp='/system/bin/linker64')), host(linking=link(state='unknown')),
     'wrong_arch'),
    ('build info of Android and no loader of it', binary(dynamic(interp='/system/bin/linker64'), go=go_build(GOOS='android')),
     host(linking=link(state='missing')), 'wrong_arch'),
    ('no such file', binary(file=None, placed=False, errors=[{'code': 'file_missing', 'msg': 'no', 'of': 'file'}]), host(), 'file_missing'),
    ('a folder', binary(file=None, placed=False, errors=[{'code': 'not_a_file', 'msg': 'no', 'of': 'file'}]), host(), 'not_a_file'),
    ('WebAssembly where emulators are seen and none is there', binary(of_format('wasm')), host(), 'not_elf'),
    ('soft floats where the loader is for hard ones', binary(arm(hard=False, interp='/lib/ld-linux.so.3', static=False)),
     on_arm(linking=link(identity=[40, 32, '<'], flags=0x5000400)), 'wrong_float_abi'),
    ('no loader', binary(dynamic()), host(linking=link(state='missing')), 'interpreter_missing'),
    ('a loader that is not executable', binary(dynamic()), host(linking=link(state='not_executable')), 'interpreter_missing'),
    ('a loader of another architecture', binary(dynamic()), host(linking=link(identity=[183, 64, '<'], arch='arm64')), 'interpreter_missing'),
    ('a loader on a noexec mount', binary(dynamic()), host(linking=link(state='noexec')), 'noexec_mount'),
    ('a higher level than there is', binary(go=go_build(GOAMD64='v4')), host(), 'cpu_level'),
    ('a higher level by its own text', binary(go=go_build('go1.26.6', 'v4')), host(), 'cpu_level'),
    ('a higher level by its note', binary(dynamic(isa_needed=9)), host(linking=link(enforces_levels=True)), 'cpu_level'),
    ('an unknown bit of a note', binary(dynamic(isa_needed=0x8001)), host(linking=link(enforces_levels=True)), 'cpu_level'),
    ('an entry that lies in no segment', binary(entry=0x10), host(), 'malformed'),
    ('an entry that lies in data', binary(elf_file(loads=[dict(LOAD, flags=6)]), entry=0x400001), host(), 'malformed'),
    ('a level on an old processor', binary(go=go_build(GOAMD64='v2')), host(cpu_level='v1', cpu_lacks=['cx16', 'popcnt']), 'cpu_level'),
    ('GOARM=6 without a VFP', binary(arm(), go=go_build(GOARM='6')), on_arm(cpu_features=[]), 'cpu_level'),
    ('GOARM=7 with a VFP of before', binary(arm(), go=go_build(GOARM='7')), on_arm(cpu_features=['vfp']), 'cpu_level'),
    ('GOARM64=v8.1 without atomics', binary(elf_file(**ARM64), go=go_build(GOARM64='v8.1')), on_arm64(), 'cpu_level'),
    ('GOARM64=v9.0 without atomics', binary(elf_file(**ARM64), go=go_build(GOARM64='v9.0')), on_arm64(), 'cpu_level'),
    ('GOARM64=v8.0,lse without atomics', binary(elf_file(**ARM64), go=go_build(GOARM64='v8.0,lse')), on_arm64(), 'cpu_level'),
    ('Go 1.24 on Linux 3.1', binary(go=go_build('go1.24.0')), host(kernel='3.1.10'), 'kernel_too_old'),
    ('Go 1.18 on Linux 2.6.18', binary(go=go_build('go1.18')), host(kernel='2.6.18'), 'kernel_too_old'),
    ('Go for loong64 on Linux 5.10', binary(elf_file(machine=258, machine_name='loong64'), go=go_build('go1.22.1')),
     host(arch='loong64', runs={'loong64': 'native'}, cpu_level=None), 'kernel_too_old'),
    ('a static glibc that wants a later kernel', binary(elf_file(kernel_tag=[5, 11, 0])), host(), 'kernel_too_old'),
    ('segments of 4 KB on pages of 64 KB', binary(elf_file(loads=[dict(LOAD, offset=0x1000, vaddr=0x402000)]), entry=0x402000),
     host(page_size=65536), 'page_size'),
] + [('what the loader would refuse: ' + code, binary(dynamic()), host(linking=link(finding(code, need='x', have='y'))), code) for code in (
    'library_missing', 'library_wrong_class', 'version_missing', 'symbol_missing', 'relr_unsupported', 'kernel_too_old', 'page_size', 'noexec_mount')]

UNKNOWN = [
    ('a packed program', binary(elf_file(packed=True)), host(), 'packed'),
    ('the last bytes of the last page', binary(elf_file(truncated='cut', loads=[dict(LOAD, filesz=1001)])), host(), 'truncated'),
    ('a higher level in a note that no loader checks', binary(elf_file(isa_needed=9)), host(), 'undetermined'),
    ('a higher level by a note that an old glibc does not look at', binary(dynamic(isa_needed=9)), host(), 'undetermined'),
    ('a symbol that is missing only when it is called', binary(dynamic()), host(linking=link(finding('symbol_missing', 'warn', late=True))), 'symbol_missing'),
    ('more than is read', binary(file=None, errors=[{'code': 'parse_limit', 'msg': 'no', 'of': 'file'}]), host(), 'parse_limit'),
    ('more than is read of something in it', binary(elf_file(limits=['overlap'])), host(), 'parse_limit'),
    ('build info that cannot be read', binary(errors=[{'code': 'malformed', 'msg': 'no', 'of': 'go'}]), host(), 'parse_limit'),
    ('symbols of a static program that cannot be read', binary(errors=[{'code': 'malformed', 'msg': 'no', 'of': 'symbols'}]), host(), 'parse_limit'),
    ('an architecture that binfmt_misc hands on', binary(elf_file(**ARM64)), host(runs={'amd64': 'native', 'arm64': 'binfmt_misc'}), 'wrong_arch'),
    ('an architecture where it cannot be seen what binfmt_misc does', binary(elf_file(**ARM64)), host(others='unknown'), 'emulation_unseen'),
    ('a Windows program where it cannot be seen what binfmt_misc does', binary(of_format('pe')), host(others='unknown'), 'emulation_unseen'),
    ('a header that says FreeBSD where nothing else names a system', binary(elf_file(osabi=9)), host(), 'wrong_arch'),
    ('a file that this user may not read', binary(file=None, errors=[{'code': 'file_unreadable', 'msg': 'no', 'of': 'file'}]), host(), 'file_unreadable'),
    ('a file that changed while it was read', binary(file=None, errors=[{'code': 'file_changed', 'msg': 'no', 'of': 'file'}]), host(), 'file_changed'),
    ('an i386 program on a kernel that does not say', binary(elf_file(machine=3, bits=32, machine_name='386')),
     host(runs={'amd64': 'native', '386': 'unknown'}), 'wrong_arch'),
    ('a Windows program that binfmt_misc hands on', binary(of_format('pe')), host(runs={'amd64': 'native', 'pe': 'binfmt_misc'}), 'undetermined'),
    ('a loader of no known kind', binary(dynamic()), host(linking=link(libc='other')), 'undetermined'),
    ('a loader that was not looked for', binary(dynamic()), host(linking=None), 'undetermined'),
    ('a loader by a relative path', binary(dynamic()), host(linking=link(state='relative')), 'undetermined'),
    ('a loader that cannot be read', binary(dynamic()), host(linking=link(state='unknown', have='no')), 'undetermined'),
    ('a doubt about a library', binary(dynamic()), host(linking=link(finding('library_missing', 'doubt', why='$ORIGIN'))), 'undetermined'),
    ('a Go program that does not say its level', binary(go=go_build('go1.26.6', 'unknown')), host(), 'undetermined'),
    ('a level on a host without cpuinfo', binary(go=go_build(GOAMD64='v2')), host(cpu_level=None), 'undetermined'),
    ('a setting that is not known', binary(elf_file(**ARM64), go=go_build(GOARM64='v10.0')), on_arm64(), 'undetermined'),
    ('a script whose interpreter is open', binary(script()), host(script=judged_script('unknown')), 'undetermined'),
    ('a script whose interpreter was not judged', binary(script()), host(), 'undetermined'),
    ('a library without needs, as loaders are', binary(elf_file(static=False, soname='ld.so')), host(), 'undetermined'),
]


def ids(table):
    return [each[0] for each in table]


def with_its_file(facts):
    # binary(file=None) takes the default.
    return dict(facts, file=None) if any(each['of'] == 'file' for each in facts['errors']) else facts


@pytest.mark.parametrize(('facts', 'on'), [each[1:] for each in RUNS], ids=ids(RUNS))
def test_a_program_that_the_host_can_run_has_the_verdict_runs(facts, on):
    said = abi.verdict(facts, on)
    assert (said['verdict'], [each for each in said['reasons'] if each['severity'] == 'fatal']) == ('runs', [])


@pytest.mark.parametrize(('facts', 'on', 'code'), [each[1:] for each in INCOMPATIBLE], ids=ids(INCOMPATIBLE))
def test_a_program_that_the_host_cannot_run_is_incompatible(facts, on, code):
    said = abi.verdict(with_its_file(facts), on)
    assert (said['verdict'], [each['code'] for each in said['reasons'] if each['severity'] == 'fatal']) == ('incompatible', [code])


@pytest.mark.parametrize(('facts', 'on', 'code'), [each[1:] for each in UNKNOWN], ids=ids(UNKNOWN))
def test_without_sufficient_evidence_the_verdict_is_unknown(facts, on, code):
    said = abi.verdict(with_its_file(facts), on)
    assert (said['verdict'], [(each['code'], each['severity']) for each in said['reasons']]) == ('unknown', [(code, 'warn')])


EVERYTHING = [(with_its_file(each[1]), each[2]) for each in RUNS + INCOMPATIBLE + UNKNOWN]


def test_no_verdict_runs_has_a_fatal_reason_or_an_unread_part():
    """Each program of these tables on each host of them."""
    for (facts, dummy), (dummy, on) in itertools.product(EVERYTHING, EVERYTHING):
        said = abi.verdict(facts, on)
        fatal = [each for each in said['reasons'] if each['severity'] == 'fatal']
        assert (said['verdict'] == 'incompatible') == bool(fatal)
        assert not (said['verdict'] == 'runs' and (facts['errors'] or (facts['file'] and facts['file']['packed'])))


def test_each_reason_fits_json_and_has_a_whole_sentence():
    for (facts, dummy), (dummy, on) in itertools.product(EVERYTHING, EVERYTHING):
        for each in abi.verdict(facts, on)['reasons']:
            assert json.loads(json.dumps(each)) == each
            assert sorted(each) == ['code', 'detail', 'have', 'need', 'severity', 'subject']
            assert len(each['detail']) > 20 or each['detail'] == 'no', each
            assert each['detail'][-1:] in '.)' or each['detail'] == 'no', each
            assert '..' not in each['detail'], each
            assert 'None' not in each['detail'], each


def test_each_code_has_a_text():
    used = set(each[3] for each in INCOMPATIBLE + UNKNOWN) | {'private_symbols', 'execstack'}
    assert used == set(abi_texts.TEXTS)


@pytest.mark.parametrize(('judged', 'fail_on', 'fails'), [
    (('runs',), 'unknown', False), (('unknown', 'packed'), 'incompatible', False), (('unknown', 'packed'), 'unknown', True),
    (('unknown', 'packed', 'emulation_unseen'), 'incompatible', True), (('unknown', 'emulation_unseen'), 'unknown', True),
    (('unknown', 'emulation_unseen'), 'never', False), (('unknown', 'file_unreadable'), 'incompatible', True),
    (('unknown', 'wrong_arch'), 'incompatible', False),
    (('incompatible', 'not_elf'), 'incompatible', True), (('incompatible', 'not_elf'), 'never', False)])
def test_a_likely_mistake_fails_by_default_though_its_verdict_is_unknown(judged, fail_on, fails):
    said = {'verdict': judged[0], 'reasons': [{'code': each} for each in judged[1:]]}
    assert abi.fails(said, fail_on) is fails
    assert (abi.cause(said) or {}).get('code') == (judged[-1] if judged[1:] else None)


def test_the_most_severe_reasons_come_first():
    said = abi.verdict(binary(elf_file(packed=True, stack_executable=True, truncated='cut', loads=[dict(LOAD, filesz=5000)])), host())
    assert [each['severity'] for each in said['reasons']] == ['fatal', 'warn', 'warn']


@pytest.mark.parametrize(('verdicts', 'worst'), [
    ([], 'runs'), (['runs'], 'runs'), (['runs', 'unknown'], 'unknown'), (['unknown', 'incompatible', 'runs'], 'incompatible')])
def test_the_worst_of_several_verdicts_counts(verdicts, worst):
    assert abi.worst(verdicts) == worst


@pytest.mark.parametrize(('go', 'tag', 'needed'), [
    (go_build('go1.23.9'), None, (2, 6, 32)), (go_build('go1.24'), None, (3, 2)), (go_build('go1.27rc1'), None, (3, 2)),
    (go_build('go1.17.13'), None, (2, 6, 23)), (go_build('go1.24.1 X:nocoverageredesign'), None, (3, 2)), (go_build('devel go1.27-abc'), None, (3, 2)),
    (go_build('devel'), None, None), (None, [3, 2, 0], (3, 2, 0)), (go_build('go1.24'), [4, 0, 0], (4, 0, 0)), (None, None, None)])
def test_the_kernel_that_a_program_needs(go, tag, needed):
    assert abi.needed_kernel(binary(elf_file(kernel_tag=tag), go=go)) == needed
