# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import lanes


def fake_python(folder: Path, version: str, *, has_venv: bool = True) -> Path:
    """An interpreter that only answers the probe."""
    minor = '.'.join(version.split('.')[:2])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'python{minor}'
    answer = [str(path), version, *(['has venv'] if has_venv else [])]
    path.write_text('#!/bin/sh\n' + ''.join(f'echo {line}\n' for line in answer), encoding='ascii')
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine whose only interpreters are those that a test puts into its bin and versions."""
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'))
    monkeypatch.setenv('PYENV_ROOT', str(tmp_path))
    lanes.find_python.cache_clear()
    yield tmp_path
    lanes.find_python.cache_clear()


def test_an_interpreter_on_path_comes_first(machine: Path) -> None:
    fake_python(machine / 'versions' / '3.99.9' / 'bin', '3.99.9')
    wanted = fake_python(machine / 'bin', '3.99.1')
    assert lanes.find_python('3.99') == lanes.Interpreter(wanted, '3.99.1', has_venv=True)


def test_a_shim_that_runs_nothing_is_passed_over_for_the_newest_patch(machine: Path) -> None:
    shim = machine / 'bin' / 'python3.99'
    shim.parent.mkdir()
    shim.write_text('#!/bin/sh\nexit 127\n', encoding='ascii')
    shim.chmod(0o755)
    fake_python(machine / 'versions' / '3.99.9' / 'bin', '3.99.9')
    wanted = fake_python(machine / 'versions' / '3.99.10' / 'bin', '3.99.10')
    assert lanes.find_python('3.99') == lanes.Interpreter(wanted, '3.99.10', has_venv=True)


def test_one_that_can_make_environments_is_preferred(machine: Path) -> None:
    fake_python(machine / 'bin', '3.99.1', has_venv=False)
    wanted = fake_python(machine / 'versions' / '3.99.9' / 'bin', '3.99.9')
    found = lanes.find_python('3.99')
    assert found is not None
    assert found.path == wanted


def test_no_interpreter_says_which_would_do(machine: Path) -> None:
    with pytest.raises(lanes.MissingPython, match=r'newest needs Python 3\.12 or 3\.13 or 3\.14: none on PATH'):
        lanes.path('newest')


def test_an_interpreter_without_venv_says_what_to_install(machine: Path) -> None:
    fake_python(machine / 'bin', '3.11.2', has_venv=False)
    with pytest.raises(lanes.MissingPython, match='apt-get install python3-venv'):
        lanes.path('el7')


def test_a_complete_environment_is_reused_and_a_half_one_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []

    def build(environment: lanes.Environment, python: lanes.Interpreter, target: Path) -> None:
        built.append(environment.name)
        target.mkdir(parents=True, exist_ok=True)

    version = '.'.join(map(str, sys.version_info[:2]))
    monkeypatch.setenv('GOFLEET_CACHE', str(tmp_path))
    monkeypatch.delenv('GOFLEET_ENVIRONMENTS', raising=False)
    monkeypatch.setattr(lanes, '_build', build)
    monkeypatch.setitem(lanes.ENVIRONMENTS, 'dev', lanes.Environment('dev', (version,)))
    target = lanes.path('dev')
    assert lanes.path('dev') == target
    assert built == ['dev']
    (target / '.complete').unlink()
    lanes.path('dev')
    assert built == ['dev', 'dev']


@pytest.mark.parametrize('name', sorted(lanes.ENVIRONMENTS))
def test_requirements_are_pinned(name: str) -> None:
    pins = lanes._pins(lanes.ENVIRONMENTS[name])
    assert pins
    assert [pin for pin in pins if '==' not in pin] == []


def test_environments_of_another_cache_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('GOFLEET_CACHE', str(tmp_path / 'cache'))
    monkeypatch.delenv('GOFLEET_ENVIRONMENTS', raising=False)
    assert lanes.environments_root() == tmp_path / 'cache/venvs'
    monkeypatch.setenv('GOFLEET_ENVIRONMENTS', str(tmp_path / 'others'))
    assert lanes.environments_root() == tmp_path / 'others'


def test_packages_are_compiled_when_their_environment_is_made(tmp_path: Path) -> None:
    version = '.'.join(map(str, sys.version_info[:2]))
    packages = tmp_path / f'lib/python{version}/site-packages'
    packages.mkdir(parents=True)
    (packages / 'whole.py').write_text('HALF = 2\n', encoding='ascii')
    (packages / 'of_another_python.py').write_text('print "no"\n', encoding='ascii')
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin/python').symlink_to(sys.executable)
    lanes._compile(tmp_path, lanes.Interpreter(Path(sys.executable), f'{version}.0', has_venv=True))
    assert [path.name.partition('.')[0] for path in packages.glob('__pycache__/*.pyc')] == ['whole']
