# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import hashlib
import io
import json
import os
import socket
import struct
import sys

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import host_facts as abi_host
from ansible_collections.gofleet.golang.plugins.module_utils._abi import judge
from ansible_collections.gofleet.golang.plugins.module_utils._abi import report as abi_report
from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._host import proc
from ansible_collections.gofleet.golang.plugins.modules import abi_check
from ansible_collections.gofleet.golang.plugins.modules.abi_check import ARGUMENT_SPEC, DOCUMENTATION, EXAMPLES, RETURN
from support.elf import tiny as tiny_elf
from support.hosts import tiny_roots
from support.units import module_runs

STATIC = {'kind': tiny_elf.EXEC, 'entry': tiny_elf.BASE + 64}
# Of the host that runs the tests.
MACHINE = struct.unpack_from(('<' if sys.byteorder == 'little' else '>') + 'H', io.open(sys.executable, 'rb').read(20), 18)[0]
RESULT = ['file', 'go', 'host', 'needs', 'path', 'reasons', 'verdict']


class Machine(object):
    """Runs the module, and holds files for it."""

    def __init__(self, folder):
        self.folder = folder
        self.root = tiny_roots.TinyRoot(folder.mkdir('root'))
        self.code = None

    def run(self, **options):
        ordinary, before = options.pop('ordinary', False), options.pop('before', None)
        self.code, result = module_runs.run(
            abi_check.main, options, self.folder, check_mode=options.pop('check_mode', False), ordinary=ordinary, before=before)
        # What was asked for is not what was found.
        result.pop('invocation', None)
        return result

    def judge(self, *paths, **options):
        return self.run(paths=list(paths), fail_on='never', sysroot=str(self.root.folder), **options)

    def static(self, inside='/usr/bin/static', **more):
        return self.root.elf(inside, **dict(STATIC, machine=MACHINE, **more))


@pytest.fixture
def machine(tmpdir):
    return Machine(tmpdir)


def codes(result):
    return [each['code'] for each in result['reasons']]


# ---- results


def test_a_program_that_runs_is_reported_with_its_facts(machine):
    result = machine.run(path=machine.static())
    assert (machine.code, result['changed'], result['verdict'], result['reasons']) == (0, False, 'runs', [])
    assert (result['file']['format'], result['file']['static'], result['file']['sha256']) == ('elf', True, None)
    assert (result['needs']['libs'], result['needs']['min_glibc'], result['go']) == ([], None, {'version': None, 'source': 'none'})
    assert set(RESULT) <= set(result)


def test_the_interpreter_that_runs_this_test_runs(machine):
    result = machine.run(path=os.path.realpath(sys.executable), fail_on='unknown')
    assert (machine.code, result.get('verdict')) == (0, 'runs'), result


def test_results_of_many_programs_come_in_their_order_and_the_worst_counts(machine):
    paths = [machine.static(), machine.root.put('/usr/bin/text', b'no program'), machine.static('/usr/bin/again')]
    result = machine.judge(*paths)
    assert [each['path'] for each in result['results']] == paths
    assert [each['verdict'] for each in result['results']] == ['runs', 'incompatible', 'runs']
    assert result['verdict'] == 'incompatible'
    assert all(sorted(each) == RESULT for each in result['results'])


def test_a_library_is_missing_in_one_sysroot_and_there_in_another(machine):
    machine.root.glibc()
    program = machine.root.program(needed=['libx.so.1'])
    if MACHINE != tiny_elf.AMD64:
        return
    assert codes(machine.judge(program)['results'][0]) == ['library_missing']
    machine.root.library('/lib64/libx.so.1')
    assert machine.judge(program)['verdict'] == 'runs'


def test_the_kernel_may_be_given(machine):
    program = machine.static(notes=[tiny_roots.kernel_tag(4, 0, 0)])
    assert machine.judge(program, kernel='3.10.0-1160.el7')['results'][0]['reasons'][0]['need'] == '4.0.0'
    assert machine.judge(program, kernel='4.0.0')['verdict'] == 'runs'


def test_processors_may_be_given(machine):
    cpuinfo = machine.folder.join('cpuinfo')
    cpuinfo.write('flags\t\t: fpu lm\n')
    level = (b'GNU', 5, struct.pack('<4I', 0xc0008002, 4, 8, 0))
    program = machine.static(notes=[level], note_align=8)
    if MACHINE == tiny_elf.AMD64:
        assert machine.judge(program, cpuinfo=str(cpuinfo))['results'][0]['host']['cpu_level'] == 'v1'
        assert machine.judge(program, cpuinfo=str(cpuinfo))['verdict'] == 'unknown'


def test_a_digest_is_in_the_result_only_if_it_is_requested(machine):
    program = machine.static()
    assert machine.judge(program)['results'][0]['file']['sha256'] is None
    expected = hashlib.sha256(io.open(program, 'rb').read()).hexdigest()
    assert machine.judge(program, checksum=True)['results'][0]['file']['sha256'] == expected


def test_check_mode_is_no_different(machine):
    program = machine.static()
    plain, checked = machine.run(path=program), machine.run(path=program, check_mode=True)
    assert plain == checked


# ---- scripts


@pytest.mark.parametrize(('content', 'verdict', 'code'), [
    (b'#!/usr/bin/static\n', 'runs', 'not_elf'),
    (b'#! /usr/bin/static -x\n', 'runs', 'not_elf'),
    (b'#!/usr/bin/none\n', 'incompatible', 'script_interpreter_missing'),
    (b'#!/usr/bin/static\r\n', 'incompatible', 'script_interpreter_missing'),
    (b'#!/usr/bin/static -x\r\n', 'unknown', 'undetermined'),
    (b'\xef\xbb\xbf#!/usr/bin/static\n', 'incompatible', 'not_elf'),
    (b'#!static\n', 'unknown', 'undetermined'),
    (b'#!/usr/bin/env static\n', 'runs', 'not_elf'),
    (b'#!/usr/bin/env none\n', 'unknown', 'undetermined'),
    (b'#!/usr/bin/env static\r\n', 'incompatible', 'script_interpreter_missing'),
    (b'#!/usr/bin/script\n', 'incompatible', 'script_interpreter_missing'),
    (b'#!/usr/bin\n', 'incompatible', 'script_interpreter_missing'),
    (b'#!/usr/bin/env folder\n', 'unknown', 'undetermined'),
    (b'#!/usr/bin/env closed\n', 'unknown', 'undetermined'),
    (b'echo no interpreter\n', 'incompatible', 'not_elf'),
    (b'#!\n', 'incompatible', 'not_elf'),
])
def test_a_script_is_what_its_interpreter_is(machine, content, verdict, code):
    machine.static()
    machine.static('/usr/bin/env')
    machine.static('/usr/bin/closed', mode=0o644)
    machine.root.put('/usr/bin/folder/file', b'')
    result = machine.judge(machine.root.put('/usr/bin/script', content))['results'][0]
    assert (result['verdict'], codes(result)) == (verdict, [code])


@pytest.mark.parametrize(('count', 'verdict'), [(5, 'runs'), (6, 'incompatible')])
def test_kernels_follow_five_scripts(machine, count, verdict):
    machine.static('/usr/bin/script0')
    for number in range(count):
        path = machine.root.put('/usr/bin/script%d' % (number + 1), b'#!/usr/bin/script%d\n' % number)
    assert machine.judge(path)['verdict'] == verdict


def test_a_script_whose_interpreter_is_a_folder_is_reported(machine):
    machine.root.put('/usr/bin/folder/file', b'')
    result = machine.judge(machine.root.put('/usr/bin/script', b'#!/usr/bin/folder\n'))['results'][0]
    assert result['verdict'] == 'incompatible'
    assert 'is a folder, not a regular file' in result['reasons'][0]['detail']


def test_a_script_whose_interpreter_is_not_executable_cannot_run(machine):
    machine.static('/usr/bin/sh', mode=0o644)
    assert codes(machine.judge(machine.root.put('/usr/bin/script', b'#!/usr/bin/sh\n'))['results'][0]) == ['script_interpreter_missing']


# ---- what is asked for wrongly, and what is no file


@pytest.mark.parametrize('options', [{'path': 'none', 'fail_on': 'never'}, {'paths': ['none']}, {'paths': ['none', 'none']}])
def test_a_missing_file_fails_with_its_code(machine, options):
    result = machine.run(**options)
    assert (result['failed'], result['code']) == (True, 'file_missing')


@pytest.mark.parametrize('fail_on', ['never', 'incompatible'])
def test_each_of_several_paths_gets_a_separate_verdict(machine, fail_on):
    machine.folder.mkdir('folder')
    paths = [machine.static(), str(machine.folder.join('none')), str(machine.folder.join('folder')), machine.static('/usr/bin/again')]
    result = machine.run(paths=paths, fail_on=fail_on, gather=True)
    assert [each['path'] for each in result['results']] == paths
    assert [each['verdict'] for each in result['results']] == ['runs', 'incompatible', 'incompatible', 'runs']
    assert [codes(each) for each in result['results']] == [[], ['file_missing'], ['not_a_file'], []]
    assert all(sorted(each) == sorted(RESULT + ['binary']) for each in result['results'])
    assert (result.get('failed', False), result.get('code')) == ((False, None) if fail_on == 'never' else (True, 'incompatible'))


@pytest.mark.parametrize('kind', ['fifo', 'folder', 'socket', 'device'])
def test_a_path_that_is_not_a_regular_file_fails_without_waiting(machine, kind):
    path = str(machine.folder.join(kind))
    if kind == 'fifo':
        os.mkfifo(path)
    elif kind == 'folder':
        os.mkdir(path)
    elif kind == 'device':
        path = '/dev/zero'
    else:
        listener = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        # The name of a socket has at most 107 bytes.
        os.chdir(str(machine.folder))
        listener.bind(kind)
        os.chdir(here)
        listener.close()
    result = machine.run(path=path, fail_on='never')
    assert (result['failed'], result['code']) == (True, 'not_a_file')


def test_a_file_that_may_not_be_read_fails_with_its_code(open_folder):
    machine = Machine(open_folder)
    program = machine.static(mode=0o700)
    open_folder.chmod(0o777)
    if os.geteuid() == 0:
        result = machine.run(path=program, ordinary=True)
        assert (result['failed'], result['code']) == (True, 'file_unreadable')


@pytest.mark.parametrize('option', ['path', 'paths'])
def test_a_program_that_this_user_may_execute_and_not_read_is_unknown(open_folder, option):
    machine = Machine(open_folder)
    program = machine.static(mode=0o111)
    open_folder.chmod(0o777)
    if os.geteuid() == 0:
        result = machine.run(ordinary=True, fail_on='never', **{option: program if option == 'path' else [program]})
        one = result if option == 'path' else result['results'][0]
        assert (machine.code, one['verdict'], codes(one)) == (0, 'unknown', ['file_unreadable'])
        assert 'run the task with become' in one['reasons'][0]['detail']
        assert machine.run(ordinary=True, path=program)['code'] == 'file_unreadable'


def test_an_unreadable_program_without_execute_permission_cannot_run(open_folder):
    machine = Machine(open_folder)
    program = machine.static(mode=0o600)
    open_folder.chmod(0o777)
    if os.geteuid() == 0:
        result = machine.run(path=program, ordinary=True, fail_on='never')
        assert (result['verdict'], codes(result)) == ('incompatible', ['not_executable', 'file_unreadable'])


@pytest.mark.parametrize('name', ['cpuinfo', 'path'])
def test_a_pipe_in_the_place_of_a_file_is_refused_without_waiting(machine, name):
    pipe = str(machine.folder.join('pipe'))
    os.mkfifo(pipe)
    result = machine.run(**dict({'path': machine.static(), 'fail_on': 'never'}, **{name: pipe}))
    assert (result['failed'], result['code']) == (True, 'not_a_file')


@pytest.mark.parametrize('goos', ['dragonfly', 'linux'])
def test_the_system_in_the_build_info_of_a_program_counts(machine, goos):
    program = machine.static(data=tiny_elf.go_inline(b'go1.26.6', tiny_elf.go_modules('path\tx', 'build\tGOAMD64=v1', 'build\tGOOS=' + goos)))
    result = machine.run(path=program, fail_on='never')
    assert result['go']['settings']['GOOS'] == goos
    assert (result['verdict'], codes(result)) == (('runs', []) if goos == 'linux' else ('incompatible', ['wrong_arch']))


def test_asking_for_nothing_fails(machine):
    assert machine.run()['code'] == 'nothing_asked'


def test_an_invalid_kernel_release_fails(machine):
    assert machine.run(path=machine.static(), kernel='new')['code'] == 'invalid_kernel'


# ---- fail_on


@pytest.mark.parametrize(('content', 'fail_on', 'code'), [
    ('static', 'unknown', None), ('static', 'incompatible', None),
    ('packed', 'incompatible', None), ('packed', 'unknown', 'unknown'), ('packed', 'never', None),
    ('text', 'incompatible', 'incompatible'), ('text', 'unknown', 'incompatible'), ('text', 'never', None)])
def test_what_is_a_failure_is_chosen(machine, content, fail_on, code):
    if content == 'text':
        program = machine.root.put('/usr/bin/x', b'no program')
    else:
        tiny = tiny_elf.build(sections=False, **dict(STATIC, machine=MACHINE))
        raw = bytearray(tiny.content)
        if content == 'packed':
            end = tiny.at['program'] + 2 * (56 if tiny.bits == 64 else 32)
            raw[end + 4:end + 8] = b'UPX!'
        program = machine.root.put('/usr/bin/x', bytes(raw))
    result = machine.run(path=program, fail_on=fail_on)
    assert (result.get('failed', False), result.get('code')) == (code is not None, code)
    assert result['verdict'] == {'static': 'runs', 'packed': 'unknown', 'text': 'incompatible'}[content]
    if code:
        assert program in result['msg']
        assert result['reasons'][0]['detail'] in result['msg']


@pytest.mark.parametrize(('fail_on', 'code'), [('incompatible', 'emulation_unseen'), ('unknown', 'unknown'), ('never', None)])
def test_a_program_for_another_architecture_is_a_failure_where_no_emulator_can_be_seen(machine, fail_on, code):
    def hide_proc():
        proc.PROC = str(machine.folder.join('no-proc'))
    program = machine.root.elf('/usr/bin/foreign', **dict(STATIC, machine=tiny_elf.RISCV))
    result = machine.run(path=program, fail_on=fail_on, before=hide_proc)
    assert (result['verdict'], codes(result)) == ('unknown', ['emulation_unseen'])
    assert (result.get('failed', False), result.get('code')) == (code is not None, code)
    assert 'fail_on: never' in result['reasons'][0]['detail']


# ---- facts that travel


def test_the_proof_on_a_host_may_be_sufficient(machine):
    result = machine.run(gather=True)
    assert (result['changed'], result['results'], result['verdict']) == (False, [], 'runs')
    assert len(json.dumps(result['host'])) < 4096
    assert result['host']['libcs']


def test_facts_of_a_program_are_judged_as_the_program_is(machine):
    machine.root.glibc()
    program = machine.root.program(needed=['libx.so.1', 'libc.so.6'], needs=[('libc.so.6', ['GLIBC_2.17'])])
    here = machine.run(path=program, gather=True, fail_on='never', sysroot=str(machine.root.folder))
    there = machine.run(binaries=[here['binary']], fail_on='never', sysroot=str(machine.root.folder))['results'][0]
    assert (there['verdict'], codes(there), there['needs'], there['file']) == (here['verdict'], codes(here), here['needs'], here['file'])


def test_the_mode_of_a_file_that_will_lie_elsewhere_is_of_no_account(machine):
    program = machine.static(mode=0o644)
    here = machine.run(path=program, gather=True, fail_on='never')
    assert codes(here) == ['not_executable']
    assert machine.run(binaries=[here['binary']])['verdict'] == 'runs'


def test_results_are_bounded_however_much_a_program_lacks(machine):
    machine.root.glibc()
    names = ['lib%d.so.1' % number for number in range(2000)]
    result = machine.judge(machine.root.program(needed=names))['results'][0]
    if MACHINE == tiny_elf.AMD64:
        assert (len(result['reasons']), len(result['needs']['libs'])) == (100, 100)


# ---- the documentation


def test_documentation_and_argument_spec_are_of_one_mind():
    for text in (DOCUMENTATION, RETURN):
        for name in ARGUMENT_SPEC:
            if text is DOCUMENTATION:
                assert '\n  %s:\n' % name in text
    assert 'path' in EXAMPLES


def test_the_module_holds_no_logic():
    tree = ast.parse(io.open(abi_check.__file__.replace('.pyc', '.py'), 'rb').read())
    assert [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))] == ['main']


def test_facts_that_travel_are_whole():
    # C++ has names of thousands of letters, and what is missing after a cut would count as not needed.
    facts = {'symbols': [['_ZN' + 3000 * 'x', None, None, False]], 'settings': dict(('K%d' % number, 'v') for number in range(1500))}
    assert abi_report.plain(facts) == facts


def test_facts_and_verdict_of_a_program_come_from_one_reading(monkeypatch):
    real, opened = elf.open_file, []
    monkeypatch.setattr(elf, 'open_file', lambda path: opened.append(path) or real(path))
    judged = judge.judge_file(os.path.realpath(sys.executable), abi_host.Observed(), checksum=True, with_facts=True)
    assert opened.count(os.path.realpath(sys.executable)) == 1
    assert (judged['binary']['sha256'], judged['binary']['placed'], judged['binary']['origin']) == (judged['file']['sha256'], False, None)
