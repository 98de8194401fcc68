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


def test_make_test_quick_leaves_out_files_that_there_are() -> None:
    left_out = (*units.LONG_OF_HOSTS, *units.LONG_OF_CONTROLLERS)
    assert [name for name in left_out if not (units.UNIT / name).is_file()] == []


def test_each_sanity_test_runs_with_one_ansible_core_at_least() -> None:
    [oldest, newest] = sanity.CHECKS
    assert sanity.skipped(oldest, True) == ['--skip-test', 'pylint']
    assert sanity.skipped(newest, True) == []
    assert sanity.skipped(oldest, False) == []
