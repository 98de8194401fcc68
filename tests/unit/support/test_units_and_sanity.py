# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from commands import sanity, units
from support import gaps, lanes

REPORT = """<?xml version="1.0"?>
<testsuites><testsuite>
  <testcase classname="a" name="good"/>
  <testcase classname="a" name="bad"><failure message="no"/></testcase>
  <testcase classname="a" name="broken"><error message="no"/></testcase>
  <testcase classname="a" name="left_out"><skipped type="pytest.skip" message="no gpgv"/></testcase>
  <testcase classname="a" name="known"><skipped type="pytest.xfail" message="later"/></testcase>
</testsuite></testsuites>
"""


def test_a_report_is_counted(tmp_path: Path) -> None:
    path = tmp_path / 'report.xml'
    path.write_text(REPORT, encoding='ascii')
    assert units._read(path) == (2, 2, ('a.left_out: no gpgv',))


def test_a_missing_python_2_is_a_gap_and_other_absences_are_captured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lanes, 'find_python', lambda version: None)
    assert list(units._host_suites(['2.7', '3.6'], tmp_path, gaps.Gaps())) == []
    captured = capfd.readouterr()
    assert captured.err.startswith('CANNOT RUN host-side unit tests on Python 2.7: ')
    assert captured.out == 'not on this machine, so not run: host-side unit tests on Python 2.7, 3.6\n'


def test_what_ansible_test_leaves_out_is_found_in_its_output() -> None:
    lines = [
        'WARNING: Skipping tests disabled by default without --allow-disabled: x',
        'WARNING: Skipping sanity test "import" on Python 2.7 due to missing virtual environment support.',
        'Running sanity test "pep8"',
    ]
    outcome = sanity.Outcome(sanity.CHECKS[0], 0, '\n'.join(lines), 1.0)
    assert outcome.left_out == [lines[1]]


def test_every_host_python_is_asked_by_one_sanity_check() -> None:
    asked = [version for check in sanity.CHECKS for version in check.pythons]
    assert sorted(asked) == sorted(lanes.HOST_PYTHONS)


def test_make_test_runs_the_host_side_on_the_oldest_pythons_and_the_newest_and_every_lane() -> None:
    assert units.representative(lanes.HOST_PYTHONS) == ['2.7', '3.6', lanes.HOST_PYTHONS[-1], *lanes.LANES]
    assert units.representative(['2.7', '3.9', '3.10']) == ['2.7', '3.6', '3.10', *lanes.LANES]


def test_every_folder_of_unit_tests_runs_in_some_lane_and_what_needs_ansible_in_each() -> None:
    found = {lane: units.controller_folders(lane, quick=False) for lane in lanes.LANES}
    assert set(units.CONTROLLER_SIDE) == set.intersection(*map(set, found.values()))
    there = {str(path.parent.relative_to(units.UNIT)) for path in units.UNIT.rglob('test_*.py')}
    run = {*units.HOST_SIDE, *(folder for folders in found.values() for folder in folders)}
    assert [folder for folder in there if not any(folder == one or folder.startswith(f'{one}/') for one in run)] == []


@pytest.mark.parametrize('number', range(3))
def test_each_shared_file_runs_in_one_lane_of_make_test_and_in_another_one_next(number: int) -> None:
    shared = {name for names in units.SHARED for name in names}
    assert all((units.UNIT / name).is_file() for name in shared)
    run = {lane: shared - set(units.shares_of_others(lane, number)) for lane in lanes.LANES}
    assert sorted(name for names in run.values() for name in names) == sorted(shared)
    assert all(names and names.isdisjoint(shared - set(units.shares_of_others(lane, number + 1))) for lane, names in run.items())


def test_every_file_that_starts_ansible_playbook_is_listed() -> None:
    """A file that is not listed would run in every lane, which must be a decision."""
    signs = ('ansible-playbook', 'support.units.plays', 'support.units.playbook_runs')
    places = [path for folder in ('plugins/action', 'roles') for path in (units.UNIT / folder).glob('test_*.py')]
    found = {str(path.relative_to(units.UNIT)) for path in places if any(sign in path.read_text(encoding='utf-8') for sign in signs)}
    listed = {*units.PLAYS_OF_EVERY_LANE, *(name for names in units.SHARED for name in names)}
    assert found == {name for name in listed if not name.startswith('plugins/plugin_utils/')}
