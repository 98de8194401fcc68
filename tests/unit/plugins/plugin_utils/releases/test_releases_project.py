# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version that a project names in its own files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import version
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import project


def error_of(function: Callable[..., object], *arguments: object) -> GofleetError:
    with pytest.raises(GofleetError) as caught:
        function(*arguments)
    return caught.value


@pytest.mark.parametrize(('name', 'text', 'asked'), [
    ('go.mod', 'module m\n\ngo 1.26\n', '1.26'),
    ('go.mod', 'module m\n\ngo 1.26.6\n', '1.26.6'),
    ('go.mod', 'module m\n\ngo 1.26\n\ntoolchain go1.27.3\n', '1.27.3'),
    ('go.mod', 'module m\ntoolchain go1.27.3\ngo 1.26\n', '1.27.3'),
    ('go.mod', 'module m\ngo 1.26 // not 1.27\n', '1.26'),
    ('go.mod', 'module m\n// go 1.25\ngo 1.26\n', '1.26'),
    ('go.mod', 'module m\ngo 1.26\n// toolchain go1.27.3\n', '1.26'),
    ('go.mod', 'module m\ngo 1.26\ntoolchain default\n', '1.26'),
    ('go.mod', 'module m\r\n\r\ngo 1.26\r\n', '1.26'),
    ('go.mod', 'module m\ngo 1.27rc1\n', '1.27rc1'),
    ('go.mod', 'module go\ngo 1.26\nrequire (\n\tgo.uber.org/zap v1.27.0\n)\n', '1.26'),
    ('other.mod', 'module m\ngo 1.26\n', '1.26'),
    ('go.work', 'go 1.26.6\n\nuse ./a\n', '1.26.6'),
    ('go.work', 'go 1.26\ntoolchain go1.26.6\n', '1.26.6'),
    ('.go-version', '1.26.6\n', '1.26.6'),
    ('.go-version', 'go1.26.6', '1.26.6'),
    ('.go-version', '# chosen by hand\n\n1.26 # newest patch\n', '1.26'),
    ('.go-version', 'latest\n', 'latest'),
    ('.tool-versions', 'nodejs 22.1.0\ngolang 1.26.6\n', '1.26.6'),
    ('.tool-versions', 'golang 1.26.6 1.25.9 # fallback\n', '1.26.6'),
    ('.tool-versions', '# golang 1.25.9\ngo 1.26.6\n', '1.26.6'),
    ('VERSION.txt', '1.26.6\n', '1.26.6'),
])  # fmt: skip
def test_a_project_asks_for_a_version(tmp_path: Path, name: str, text: str, asked: str) -> None:
    (tmp_path / name).write_text(text, encoding='utf-8', newline='')
    assert project.version(tmp_path / name) == asked


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be'])
@pytest.mark.parametrize(('name', 'text'), [
    ('.go-version', '1.26.6\r\n'), ('go.mod', 'go 1.26.6\n'), ('go.work', 'toolchain go1.26.6\n'), ('.tool-versions', 'golang 1.26.6\n'),
])  # fmt: skip
def test_a_byte_order_mark_is_no_part_of_a_version(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    mark = '\ufeff' if encoding in ('utf-16-le', 'utf-16-be') else ''
    (tmp_path / name).write_bytes((mark + text).encode(encoding))
    assert project.version(tmp_path / name) == '1.26.6'


@pytest.mark.parametrize(('name', 'text'), [('.go-version', '1.20.0\n'), ('go.mod', 'go 1.20.0\n'), ('.tool-versions', 'golang 1.20.0\n')])
def test_the_first_release_of_an_old_line_is_not_taken_for_the_line(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding='utf-8')
    assert version.parse_spec(project.version(tmp_path / name)).kind == 'exact'


@pytest.mark.parametrize(('name', 'text'), [
    ('go.mod', ''), ('go.mod', 'module m\n'), ('go.mod', 'module m\ngo\n'), ('go.mod', 'module m\ngo one\n'), ('go.mod', 'go 1.26 1.27\n'),
    ('go.mod', 'go 1.26\ntoolchain go1.27.3-custom\n'), ('.go-version', ''), ('.go-version', '# nothing\n'), ('.go-version', 'system\n'),
    ('.tool-versions', 'nodejs 22\n'), ('.tool-versions', 'golang\n'), ('.tool-versions', 'golang system\n'), ('.go-version', '\x00\x01'),
])  # fmt: skip
def test_a_version_file_without_a_version_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding='utf-8')
    error = error_of(project.version, tmp_path / name)
    assert (error.code, error.evidence['path']) == ('bad_version_file', str(tmp_path / name))
    assert str(tmp_path / name) in error.msg


def test_a_file_of_any_bytes_is_read(tmp_path: Path) -> None:
    (tmp_path / 'go.mod').write_bytes(b'// \xff\xfe\nmodule m\ngo 1.26\n')
    assert project.version(tmp_path / 'go.mod') == '1.26'


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        project.version(tmp_path / 'go.mod')
