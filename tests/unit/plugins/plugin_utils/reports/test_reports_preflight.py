# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.gofleet.golang.plugins.filter.abi_matrix import FilterModule as MatrixFilters
from ansible_collections.gofleet.golang.plugins.filter.abi_programs import FilterModule as ProgramFilters
from ansible_collections.gofleet.golang.plugins.filter.abi_verdict import FilterModule as VerdictFilters
from ansible_collections.gofleet.golang.plugins.module_utils._abi import host_facts as abi_host
from ansible_collections.gofleet.golang.plugins.plugin_utils._reports import preflight

OLD = 'GLIBC_2.34 is needed of libc.so.6, which on this host (glibc 2.17) has at most GLIBC_2.17. Build it with CGO_ENABLED=0.'
PROGRAMS = ['build/hello', 'build/world']


def result(path: str, verdict: str = 'runs', code: str = '', detail: str = '') -> dict[str, Any]:
    return {'path': path, 'verdict': verdict, 'reasons': [{'code': code, 'severity': 'fatal', 'detail': detail}] if code else []}


def answer(*results: dict[str, Any]) -> dict[str, Any]:
    return {'changed': False, 'results': list(results)}


FIT = answer(result('build/hello'), result('build/world'))
UNFIT = answer(result('build/hello'), result('build/world', 'incompatible', 'version_missing', OLD))
FOREIGN = answer(result('build/hello', 'unknown', 'emulation_unseen', 'It is for arm64.'), result('build/world'))
OPEN = answer(result('build/hello', 'unknown', 'packed', 'It is packed.'), result('build/world'))


def decide(answers: dict[str, Any], fail_on: str = 'incompatible', hosts: tuple[str, ...] = ()) -> dict[str, Any]:
    return preflight.decision(hosts or tuple(answers), answers, PROGRAMS, fail_on)


def test_hosts_on_which_all_programs_run_are_fit() -> None:
    said = decide({'web1': FIT, 'web2': FIT})
    assert (said['fit'], said['failing']) == (True, [])
    assert said['lines'] == ['      hello  world', 'web1  runs   runs', 'web2  runs   runs']


def test_the_matrix_has_the_reason_in_each_cell_and_each_text_once() -> None:
    said = decide({'web1': FIT, 'old1': UNFIT, 'old2': UNFIT})
    assert said['lines'][:4] == [
        '      hello  world', 'web1  runs   runs', 'old1  runs   incompatible: version_missing', 'old2  runs   incompatible: version_missing']  # fmt: skip
    assert said['lines'][4:6] == ['', 'build/world on old1, old2:']
    assert ' '.join(line.strip() for line in said['lines'][6:]) == OLD


def test_failures_of_a_fleet_are_listed() -> None:
    said = decide({'web1': FIT, 'old1': UNFIT})
    assert said['fit'] is False
    assert said['failing'] == [{'host': 'old1', 'program': 'build/world', 'verdict': 'incompatible', 'code': 'version_missing'}]


@pytest.mark.parametrize(('answers', 'fail_on', 'fit'), [
    (OPEN, 'incompatible', True), (OPEN, 'unknown', False), (OPEN, 'never', True), (UNFIT, 'incompatible', False), (UNFIT, 'unknown', False),
    (UNFIT, 'never', True), (FOREIGN, 'incompatible', False), (FOREIGN, 'unknown', False), (FOREIGN, 'never', True)])  # fmt: skip
def test_which_verdict_makes_a_host_unfit_is_chosen(answers: dict[str, Any], fail_on: str, fit: bool) -> None:
    assert decide({'web1': answers}, fail_on)['fit'] is fit


@pytest.mark.parametrize(('said', 'text'), [
    ({}, 'was not reached'), ({'unreachable': True, 'msg': 'Connection refused'}, 'Connection refused'), (None, 'was not reached'),
    ({'failed': True, 'msg': 'No Python.'}, 'No Python.'), (answer(result('build/hello')), 'was not reached')])  # fmt: skip
def test_a_host_without_an_answer_is_unfit_and_shown(said: Any, text: str) -> None:
    found = decide({'web1': FIT, 'lost': said})
    assert found['fit'] is False
    assert found['failing'][-1] == {'host': 'lost', 'program': 'build/world', 'verdict': 'no answer', 'code': ''}
    assert any(text in line for line in found['lines'])
    assert sum(line == 'lost:' for line in found['lines']) == 1
    assert decide({'web1': FIT, 'lost': said}, 'never')['fit'] is True


def test_a_host_that_is_missing_among_the_answers_is_shown() -> None:
    assert decide({'web1': FIT}, hosts=('web1', 'lost'))['lines'][2] == 'lost  no answer  no answer'


def test_a_warning_is_no_reason_of_a_program_that_runs() -> None:
    warned = answer(result('build/hello', 'runs', 'execstack', 'It asks for it.'), result('build/world'))
    assert decide({'web1': warned})['lines'] == ['      hello  world', 'web1  runs   runs']


def test_programs_of_one_name_are_shown_with_their_folders() -> None:
    programs = ['a/hello', 'b/hello', 'c/world']
    said = preflight.decision(['web1'], {'web1': answer(*[result(each) for each in programs])}, programs)
    assert said['lines'][0] == '      a/hello  b/hello  world'


def test_a_fleet_without_programs_is_fit() -> None:
    assert preflight.decision(['web1'], {'web1': answer()}, [])['fit'] is True


def test_the_summary_names_what_fails_where_and_not_more_than_a_reader_takes_in() -> None:
    assert 'Every program was judged on 1 hosts' in decide({'web1': FIT})['summary']
    said = decide({f'old{number}': UNFIT for number in range(9)})['summary']
    assert said.startswith('9 of 9 hosts cannot be relied on to run what is coming: build/world on old0 (incompatible: version_missing), ')
    assert said.endswith('build/world on old4 (incompatible: version_missing), and 4 more. Nothing was changed.')


@pytest.mark.parametrize('count', [1, 3, 16, 40])
@pytest.mark.parametrize('length', [1, 30, 300])
def test_no_line_is_wider_than_a_terminal_and_nothing_is_lost(count: int, length: int) -> None:
    programs = [f'{"p" * length}{number}' for number in range(count)]
    hosts = [f'{"h" * length}{number}' for number in range(5)]
    detail = 'x' * 300 + ' is why.'
    unfit = answer(*[result(each, 'incompatible', 'version_missing', detail) for each in programs])
    said = preflight.decision(hosts, dict.fromkeys(hosts, unfit), programs)
    assert max(map(len, said['lines'])) <= preflight.WIDTH
    # Column by column, the words of a cell stand in order.
    text = ''.join(said['lines']).replace(' ', '')
    assert text.count('version_missing') == count * len(hosts)
    assert text.count('x' * 20) >= 14 * count
    if length == 1:
        assert all(name in text for name in (*programs, *hosts))


def test_many_programs_make_several_tables_of_the_same_hosts() -> None:
    programs = [f'program{number}' for number in range(16)]
    said = preflight.decision(['web1', 'web2'], {host: answer(*map(result, programs)) for host in ('web1', 'web2')}, programs)
    assert [line.partition(' ')[0] for line in said['lines']] == ['', 'web1', 'web2', '', '', 'web1', 'web2']
    headings = ' '.join(line for line in said['lines'] if 'program' in line).split()
    assert headings == programs


@pytest.mark.parametrize(('value', 'programs'), [
    ('/build/hello', ['/build/hello']), ('/build/hello,/build/world', ['/build/hello', '/build/world']), ('/a , /b,', ['/a', '/b']),
    (['/a', '/b'], ['/a', '/b']), (('/a',), ['/a']), ('', []), (None, []), ([], []), (['/a', ''], ['/a'])])  # fmt: skip
def test_programs_are_a_list_or_a_text_of_one_or_several(value: Any, programs: list[str]) -> None:
    assert ProgramFilters().filters()['abi_programs'](value) == programs


@pytest.mark.parametrize('value', [5, {'a': 1}, [1], b'/a'])
def test_programs_that_are_no_text_are_refused(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match='Write a path'):
        ProgramFilters().filters()['abi_programs'](value)


def test_the_matrix_takes_one_program_as_a_text() -> None:
    assert preflight.decision(['web1'], {'web1': answer(result('build/hello'))}, 'build/hello')['lines'] == ['      hello', 'web1  runs']


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match='fail_on'):
        MatrixFilters().filters()['abi_matrix']({}, ['web1'], PROGRAMS, 'sometimes')


# ---- by stored facts


def binary(**changes: Any) -> dict[str, Any]:
    file = {
        'format': 'elf', 'interpreter_line': None, 'bits': 64, 'order': '<', 'machine': 62, 'machine_name': 'amd64', 'type': 'EXEC', 'flags': 0,
        'osabi': 0, 'interp': None, 'loads': [], 'dynamic': False, 'needed': [], 'soname': None, 'rpath': [], 'runpath': [], 'flags_1': 0,
        'has_relr': False, 'version_needs': [], 'version_definitions': [], 'stack_executable': False, 'build_id': None, 'kernel_tag': None,
        'foreign_os': None, 'isa_needed': None, 'stripped': True, 'static': True, 'static_pie': False, 'packed': False, 'truncated': None,
        'malformed': [], 'limits': [],
    }  # fmt: skip
    facts = {
        'path': 'build/hello', 'size': 10, 'mode': 0o755, 'placed': False, 'sha256': None, 'go': None, 'symbols': [], 'exports': [], 'late': [],
        'entry': None, 'origin': None, 'errors': [],
    }  # fmt: skip
    return {**facts, 'file': {**file, **changes}}


def test_the_filter_judges_by_facts_of_a_host() -> None:
    judge = VerdictFilters().filters()['abi_verdict']
    host = {**abi_host.Observed().portable_facts(), 'runs': {'amd64': 'native'}, 'others': 'refused', 'arch': 'amd64'}
    assert judge(binary(), host)['verdict'] == 'runs'
    other = judge(binary(machine=183, machine_name='arm64'), host)
    assert (other['verdict'], other['path'], other['reasons'][0]['code']) == ('incompatible', 'build/hello', 'wrong_arch')


@pytest.mark.parametrize(('program', 'host'), [({}, {'libcs': []}), (binary(), {}), ('build/hello', {'libcs': []}), (binary(), None)])
def test_the_filter_refuses_what_abi_check_did_not_gather(program: Any, host: Any) -> None:
    with pytest.raises(AnsibleFilterError, match='gather: true'):
        VerdictFilters().filters()['abi_verdict'](program, host)
