# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe adds for a path is what AnsibleModule adds for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import answer as answers
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import path_info, script, snapshot

LABEL = 'system_u:object_r:etc_t:s0'
ANSWER = 'u 0\nh /root\nk Linux here 6.1.0 x86_64\ns 81a4 0 0 5 1 1 root root /file\n'


class OfHost(AnsibleModule):  # type: ignore[misc]
    """Nothing but what it says of a path."""

    def __init__(self) -> None:
        pass

    def selinux_enabled(self) -> bool:
        return False


def seen_by_probe(*paths: Path) -> snapshot.Snapshot:
    wanted = script.Wanted(status=(*map(str, paths), path_info.SELINUX), links=tuple(map(str, paths)))
    done = subprocess.run(['sh', '-c', script.rendered(wanted)], capture_output=True, check=True, text=True)
    return answers.parsed(done.stdout, wanted)


@pytest.fixture
def no_selinux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(path_info, 'SELINUX', str(tmp_path / 'not enabled'))


@pytest.mark.usefixtures('no_selinux')
@pytest.mark.parametrize('mode', [0o644, 0o4755, 0o1777, 0o000, 0o070])
def test_files_folders_and_links_are_described_as_ansible_does(tmp_path: Path, mode: int) -> None:
    file, folder, hard, other, link, dangling = (tmp_path / name for name in ('file', 'folder', 'hard', 'other', 'link', 'dangling'))
    file.write_bytes(b'text')
    hard.write_bytes(b'')
    folder.mkdir()
    os.link(hard, other)
    link.symlink_to('file')
    dangling.symlink_to('missing')
    for path in (file, folder, hard):
        path.chmod(mode)
    if os.geteuid() == 0:
        # A number without a name.
        os.chown(file, 54321, 54322)
    paths = (file, folder, hard, link, dangling, tmp_path / 'missing')
    seen = seen_by_probe(*paths)
    for path in paths:
        described: dict[str, Any] = OfHost().add_path_info({'path': str(path)})
        assert {'path': str(path), **path_info.added(str(path), seen)} == described


@pytest.mark.parametrize(('lines', 'label'), [
    ([], None),
    ([f's 81a4 0 0 0 1 1 root root {path_info.SELINUX}', f'c {LABEL} /file'], LABEL),
    ([f's 81a4 0 0 0 1 1 root root {path_info.SELINUX}', 'c system_u:object_r:etc_t:s0-s15:c0.c1023 /file'], 'system_u:object_r:etc_t:s0-s15:c0.c1023'),
])  # fmt: skip
def test_the_label_is_added_where_selinux_is_enabled(lines: list[str], label: str | None) -> None:
    assert path_info.added('/file', parsed(lines)).get('secontext') == label


@pytest.mark.parametrize('line', ['', 'c ? /file', 'c system_u:object_r:etc_t /file', 'c system_u:object_r:etc_t:SystemLow /file', f'c {LABEL} /other'])
def test_without_a_raw_label_of_a_host_with_selinux_the_module_is_asked(line: str) -> None:
    seen = parsed([f's 81a4 0 0 0 1 1 root root {path_info.SELINUX}', *filter(None, [line])])
    with pytest.raises(snapshot.Unknown, match='label'):
        path_info.added('/file', seen)


def parsed(lines: list[str]) -> snapshot.Snapshot:
    if not lines:
        lines = [f"stat: cannot stat '{path_info.SELINUX}': No such file or directory"]
    return answers.parsed(ANSWER + '\n'.join([*lines, 'e', '']), script.Wanted(status=('/file', path_info.SELINUX), labels=('/file',)))
