# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, links and environments that could make an answer read as that of another host: each is Unknown or read as what it is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import answer as answers
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script, snapshot
from support.units import probe_shells

# Only shells with this machine's own tools.
NO_TOOLS = Path('/nonexistent')


def seen(wanted: script.Wanted, shell: str = 'sh', **environment: str) -> snapshot.Snapshot:
    return answers.parsed(probe_shells.answer(wanted, shell, NO_TOOLS, **environment), wanted)


@pytest.mark.parametrize('name', ['a\nd other', 'a\nn other', 'a\nn other/', 'a\nf ', 'a\nl ', 'a\ne', 'a\n', '\n', 'a\nr a:b', 'a\nc x y'])
def test_a_name_with_a_newline_adds_and_hides_no_names(tmp_path: Path, name: str) -> None:
    if not name.endswith('/'):
        (tmp_path / name).touch()
    else:
        (tmp_path / name).mkdir()
    (tmp_path / 'b').touch()
    wanted = script.Wanted(names=(str(tmp_path),))
    with pytest.raises(snapshot.Unknown):
        seen(wanted)


@pytest.mark.parametrize('target', ['file\n', 'file\n.\nd /other', 'file\n.\ns 81a4 0 0 1 1 1 root root /etc/forged', 'file\n.\nr /x:y', '\n.\n'])
def test_a_target_with_a_newline_is_no_target(tmp_path: Path, target: str) -> None:
    (tmp_path / 'file').write_bytes(b'text\n')
    (tmp_path / 'link').symlink_to(target)
    path = str(tmp_path / 'link')
    for wanted in (script.Wanted(links=(path,)), script.Wanted(text=(path,)), script.Wanted(text=(f'{tmp_path}/*',))):
        with pytest.raises(snapshot.Unknown):
            seen(wanted)


def test_a_dot_dot_leads_out_of_where_a_linked_folder_is(tmp_path: Path) -> None:
    for name in ('real/folder', 'real/beside'):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / 'real/file').write_bytes(b'text\n')
    (tmp_path / 'folder').symlink_to('real/folder')
    (tmp_path / 'real/folder/link').symlink_to('../file')
    # There is no file beside the link to the folder, and the list says so.
    parents = tuple(script.way(str(tmp_path)))
    paths = tuple(str(tmp_path / name) for name in ('folder/link', 'folder', 'real', 'real/folder', 'real/file'))
    wanted = script.Wanted(status=(*parents, *paths), links=paths[:2], names=(str(tmp_path),))
    assert seen(wanted).stat(paths[0]).st_size == len('text\n')
    with pytest.raises(snapshot.Unknown):
        seen(script.Wanted(status=paths[:1], links=paths[:1], names=(str(tmp_path),))).stat(paths[0])


def test_a_file_whose_name_continues_anothers_behind_a_colon_is_not_read_as_that_one(tmp_path: Path) -> None:
    (tmp_path / 'a').write_bytes(b'')
    (tmp_path / 'a:b').write_bytes(b'text\n')
    with pytest.raises(snapshot.Unknown):
        seen(script.Wanted(text=(f'{tmp_path}/*',)))


@pytest.mark.parametrize('environment', [
    {'SHELLOPTS': 'noglob'}, {'GLOBIGNORE': '*'}, {'BASHOPTS': 'dotglob'}, {'GREP_OPTIONS': '-v'}, {'LC_ALL': 'de_DE.UTF-8'}])  # fmt: skip
def test_the_environment_hides_no_file(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / 'file').write_bytes(b'text\n')
    for shell in ('bash', 'dash'):
        found = seen(script.Wanted(text=(f'{tmp_path}/*',), names=(str(tmp_path),)), shell, **environment)
        assert (found.listdir(str(tmp_path)), found.lstat(str(tmp_path / 'file')).st_size) == (['file'], len('text\n'))
        assert found.brought(str(tmp_path / 'file')) == b'text\n'


@pytest.mark.parametrize('wanted', [
    script.Wanted(status=('/file',)), script.Wanted(text=('/file',)), script.Wanted(names=('/file',)), script.Wanted(status=('/*/file',)),
    script.Wanted(status=('~/file',)),
])  # fmt: skip
def test_a_path_of_which_the_answer_says_nothing_makes_it_unknown(wanted: script.Wanted) -> None:
    with pytest.raises(snapshot.Unknown):
        answers.parsed('u 0\nh /root\nk Linux here 6.1.0 x86_64\ns 41ed 0 0 1 1 1 root root /\ne\n', wanted)


def test_a_shell_that_loses_the_scripts_variables_on_the_way_gives_no_answer(tmp_path: Path) -> None:
    # As `sudo -i` does: the login shell replaces what is for the inner one.
    wanted = script.Wanted(text=(str(tmp_path / 'file'),), names=(str(tmp_path),))
    done = subprocess.run(['sh', '-c', f'sh -c "{script.rendered(wanted)}"'], capture_output=True, check=False, text=True)
    with pytest.raises(snapshot.Unknown):
        answers.parsed(done.stdout, wanted)


EMPTY = 'h /root\nk Linux here 6.1.0 x86_64\ns 8180 0 0 0 1 1 root root /file\ne\n'


def test_an_empty_file_is_empty_to_root_alone() -> None:
    wanted = script.Wanted(text=('/file',))
    assert answers.parsed(f'u 0\n{EMPTY}', wanted).brought('/file') == b''
    with pytest.raises(snapshot.Unknown):
        # Another user may not be allowed to read it.
        answers.parsed(f'u 1000\n{EMPTY}', wanted).brought('/file')


@pytest.mark.parametrize('ask', [lambda found, path: found.lstat(path), lambda found, path: found.listdir(path), lambda found, path: found.brought(path)])
def test_what_lies_below_a_file_is_not_missing(tmp_path: Path, ask: Callable[[snapshot.Snapshot, str], Any]) -> None:
    (tmp_path / 'file').touch()
    path = str(tmp_path / 'file/below')
    with pytest.raises(snapshot.Unknown):
        ask(seen(script.Wanted(status=(path,))), path)
    with pytest.raises(snapshot.Unknown):
        ask(seen(script.Wanted(names=(str(tmp_path),))), path)
