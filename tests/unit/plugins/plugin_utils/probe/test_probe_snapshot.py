# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe says of generated folders is what the system says of them, or nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import answer as answers
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import script, snapshot
from support import seed
from support.units import probe_shells

CONTENTS = (b'', b'\n', b'one\n', b'one', b'one\n\ntwo\n', b'\xff\xfe\n', b'tab\there\n', b'a\r\n', b'nul\0byte\n', b'no newline\n\n', 'ünï\n'.encode())
NAMES = ('plain', 'with space', '.hidden', '..two', "quote'd", 'new\nline', '-n', 'a:b', '*', 'star*red', '[x]', 'é', 'back\\slash', '$HOME', '`id`')


def wanted_of(root: Path) -> script.Wanted:
    paths = [str(path) for path in sorted(root.rglob('*'))] + [str(root / 'missing'), str(root / 'missing/below')]
    paths = [path for path in paths if script.can_be_asked(path)]
    folders = (f'{root}/*', f'{root}/*/*')
    return script.Wanted(status=(str(root), *paths), text=(f'{root}/*', *paths), links=tuple(paths), names=(str(root), *paths), folders=folders)


def make(root: Path, choose: random.Random) -> None:
    folders = [root]
    for dummy in range(choose.randrange(1, 9)):
        path = choose.choice(folders) / choose.choice(NAMES)
        if os.path.lexists(path):
            continue
        kind = choose.choice(('file', 'file', 'folder', 'link', 'pipe'))
        if kind == 'folder':
            path.mkdir()
            folders.append(path)
        elif kind == 'link':
            path.symlink_to(choose.choice(('plain', '..', str(root), 'nowhere', 'new\nline')))
        elif kind == 'pipe':
            os.mkfifo(path)
        else:
            path.write_bytes(choose.choice(CONTENTS))


def result(function: Callable[[str], Any], path: str) -> Any:
    try:
        return function(path)
    except OSError as exc:
        return exc.errno
    except snapshot.Unknown:
        return snapshot.Unknown


@pytest.mark.parametrize('shell', probe_shells.NAMES)
@pytest.mark.parametrize('number', range(60))
def test_a_probe_says_what_the_system_says_or_nothing(number: int, shell: str, tmp_path: Path, tools: Path) -> None:
    root = tmp_path / 'root'
    root.mkdir()
    make(root, random.Random(f'{seed.seed()} {number}'))
    try:
        wanted = wanted_of(root)
        seen = answers.parsed(probe_shells.answer(wanted, shell, tools), wanted)
    except snapshot.Unknown:
        return
    for path in [*map(str, root.rglob('*')), str(root), str(root / 'missing'), str(root / 'missing/below')]:
        pairs: list[tuple[Callable[[str], Any], Callable[[str], Any]]] = [
            (seen.lstat, os.lstat), (seen.stat, os.stat), (seen.readlink, os.readlink), (seen.isdir, os.path.isdir),
            (seen.listdir, lambda path: sorted(each.name for each in Path(path).iterdir())), (seen.realpath, os.path.realpath),
            (seen.brought, lambda path: Path(path).read_bytes()),
        ]  # fmt: skip
        for probed, real in pairs:
            if real is not os.lstat and probed is seen.brought and not Path(path).is_file():
                continue
            said = result(probed, path)
            if said is snapshot.Unknown:
                continue
            there = result(real, path)
            if isinstance(said, snapshot.Status):
                assert (said.st_mode, said.st_uid, said.st_gid, said.st_size, said.st_mtime) == (
                    there.st_mode, there.st_uid, there.st_gid, there.st_size, int(there.st_mtime)), path  # fmt: skip
            else:
                assert (sorted(said) if isinstance(said, list) else said) == there, path


@pytest.mark.parametrize('shell', probe_shells.NAMES)
def test_a_plain_folder_is_known_completely(shell: str, tmp_path: Path, tools: Path) -> None:
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a/file').write_bytes(b'one\ntwo\n')
    (tmp_path / 'link').symlink_to('a/file')
    wanted = wanted_of(tmp_path)
    seen = answers.parsed(probe_shells.answer(wanted, shell, tools), wanted)
    assert (seen.listdir(str(tmp_path)), seen.listdir(str(tmp_path / 'a'))) == (['a', 'link'], ['file'])
    assert (seen.brought(str(tmp_path / 'a/file')), seen.readlink(str(tmp_path / 'link'))) == (b'one\ntwo\n', 'a/file')
    assert seen.stat(str(tmp_path / 'link')).st_size == 8
    assert seen.isdir(str(tmp_path / 'a'))


@pytest.mark.parametrize('shell', probe_shells.NAMES)
def test_an_answer_that_is_cut_off_or_mixed_with_other_lines_is_unknown(shell: str, tmp_path: Path, tools: Path) -> None:
    (tmp_path / 'file').write_bytes(b'one\n')
    wanted = wanted_of(tmp_path)
    whole = probe_shells.answer(wanted, shell, tools)
    lines = whole.split('\n')
    for end in range(len(lines) - 1):
        with pytest.raises(snapshot.Unknown):
            answers.parsed('\n'.join(lines[:end]), wanted)
    for place in range(len(lines)):
        with pytest.raises(snapshot.Unknown):
            answers.parsed('\n'.join([*lines[:place], 'Last login: today', *lines[place:]]), wanted)
    for other in (whole.replace('\n', '\r\n'), '', whole + whole):
        with pytest.raises(snapshot.Unknown):
            answers.parsed(other, wanted)
