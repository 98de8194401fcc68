# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe makes of a host with toolchains is what the module returns there, or nothing.

Hosts are made by the module's own code and changed in one way each. Every shell and every set of options asks them.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.action.go_toolchain import ActionModule
from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from ansible_collections.gofleet.golang.plugins.modules import go_toolchain
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import answer as answers
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import asking, script, snapshot, toolchain
from support.units import probe_shells, tiny_trees

GOARCH = architecture.goarch()
ANOTHER_USER = 12345
Options = dict[str, Any]


class Host:
    """A host with the releases 1.30.1 and 1.30.2, the second active."""

    def __init__(self, root: Path, releases: list[tiny_trees.Release]) -> None:
        self.root = root
        self.opt, self.link, self.bin = root / 'opt', root / 'usr/go', root / 'usr/bin'
        self.meta = self.opt / '.gofleet'
        self.manifests = self.meta / 'manifests'
        self.tree = self.opt / 'go1.30.2'
        self.options: Options = {
            'version': '1.30.2', 'also': ['1.30.1'], 'releases': [each.record() for each in releases], 'prefix': str(self.opt),
            'link': str(self.link), 'bin_dir': str(self.bin)}  # fmt: skip

    def edit_manifest(self, **changes: Any) -> None:
        path = self.manifests / 'go1.30.2.json'
        path.write_text(json.dumps(json.loads(path.read_text()) | changes, indent=1) + '\n')


@pytest.fixture(scope='module')
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Host]:
    """A function that makes the host anew, always at the same place, where its links lead."""
    folder = tmp_path_factory.mktemp('host')
    releases = [tiny_trees.Release(folder, version, GOARCH) for version in ('1.30.1', '1.30.2')]
    host = Host(folder / 'root', releases)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'fsync', lambda handle: None)
        patch.setattr(syncing, 'sync_tree', lambda path: None)
        for release in releases:
            arguments = host.options | {'version': release.version, 'also': [], 'archive': release.archive, 'remote_src': True}
            go_toolchain.converge(asking.validated(arguments, go_toolchain.ARGUMENT_SPEC), tiny_trees.run, False)
    subprocess.run(['cp', '-a', host.root, folder / 'kept'], check=True)

    def renewed() -> Host:
        shutil.rmtree(host.root)
        subprocess.run(['cp', '-a', folder / 'kept', host.root], check=True)
        return host

    return renewed


class Action:
    """What asks a host, as far as a probe needs it: a shell of this machine."""

    def __init__(self, shell: str, folder: Path) -> None:
        self._answers: dict[str, dict[str, Any]] = {}
        self._shell, self._folder = shell, folder

    def _low_level_execute_command(self, text: str, in_data: bytes | None = None) -> dict[str, Any]:
        # What is wanted differs, what is read of the host does not.
        if text not in self._answers:
            done = probe_shells.run(text, in_data, self._shell, self._folder)
            self._answers[text] = {'rc': done.returncode, 'stdout': done.stdout.decode('utf-8', 'surrogateescape')}
        return self._answers[text]


def _result(options: Options) -> Options | None:
    with probe_shells.nothing_of_the_controller():
        result: Options | None = go_toolchain.unchanged(options, sys.executable, True)
    return result


STATE = asking.State(go_toolchain.ARGUMENT_SPEC, {}, lambda options: toolchain.wanted(options, sys.executable), _result)


def by_probe(action: Action, arguments: Options) -> Options | None:
    """The result that a probe gives, or None."""
    try:
        return asking._asked(action, STATE, arguments)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - as asking.unchanged() does
        return None


def by_module(arguments: Options) -> Options | None:
    """The result of the module in check mode; None where it fails."""
    options = asking.validated(arguments, go_toolchain.ARGUMENT_SPEC)
    try:
        result = go_toolchain.converge(options, tiny_trees.run, True)
    except GofleetError:
        return None
    shown: Options = frame.shown_result(result, options, go_toolchain.ARGUMENT_SPEC, {}, os.uname().nodename)
    return shown


WANTED: dict[str, Options] = {
    'both': {},
    'the other one': {'version': '1.30.1', 'also': []},
    'one alone': {'also': [], 'prune': True},
    'with proof': {'trust': ['log']},
    'adopting': {'adopt': True},
    'none of a release': {'state': 'absent', 'version': '1.29.1', 'also': [], 'releases': []},
    'none at all': {'state': 'absent', 'version': None, 'also': [], 'releases': []},
}


def asked(host: Host, action: Action) -> dict[str, Options]:
    """The probe's results by what is wanted, each of them compared with the module's."""
    found = {}
    for name, changes in WANTED.items():
        arguments = {key: value for key, value in (host.options | changes).items() if value is not None}
        probed = by_probe(action, arguments)
        if probed is not None:
            assert json.loads(json.dumps(probed)) == json.loads(json.dumps(by_module(arguments))), name
            assert probed['changed'] is False, name
            found[name] = probed
    return found


def _replace_link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _moved_behind_link(path: Path) -> None:
    path.rename(path.with_name('moved'))
    path.symlink_to('moved')


def _file_in(folder: Path, name: str = 'file') -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text('x\n')


NEW = '.gofleet-new-0123456789abcdef'
# Changes that leave nothing to do.
HARMLESS: dict[str, Callable[[Host], Any]] = {
    'nothing': lambda host: None,
    'a relative link': lambda host: _replace_link(host.link, '../opt/go1.30.2'),
    'a link with a slash at its end': lambda host: _replace_link(host.link, f'{host.tree}/'),
    'a file of somebody in the prefix': lambda host: _file_in(host.opt, 'README'),
    'a folder of somebody in the prefix': lambda host: _file_in(host.opt / 'other/bin', 'go'),
    'a name with spaces in the prefix': lambda host: _file_in(host.opt, "it's a $HOME `id` file"),
    'an edited go.env': lambda host: (host.tree / 'go.env').write_text('GOTOOLCHAIN=local\n'),
    'a file that was added to a tree': lambda host: _file_in(host.tree / 'src', 'mine.go'),
    'a program that was added to a tree': lambda host: _file_in(host.tree / 'bin', 'mine'),
    'a file beside the link': lambda host: _file_in(host.link.parent, 'go.before'),
    'a folder that was set aside': lambda host: _file_in(host.link.parent / 'go.before-gofleet-20260101T000000Z'),
    'a touched list of files': lambda host: (host.manifests / 'go1.30.2.sums').touch(),
    'a missing stage': lambda host: (host.meta / 'stage').rmdir() if (host.meta / 'stage').is_dir() else None,
    'a private tree': lambda host: host.tree.chmod(0o700),
}  # fmt: skip
CHANGES: dict[str, Callable[[Host], Any]] = {
    'a touched program': lambda host: os.utime(host.tree / 'bin/go', (1, 1)),
    'a longer program': lambda host: (host.tree / 'bin/gofmt').write_bytes(b'#!/bin/sh\n# more\n'),
    'a missing VERSION': lambda host: (host.tree / 'VERSION').unlink(),
    'a missing tool': lambda host: (host.tree / f'pkg/tool/linux_{GOARCH}/compile').unlink(),
    'a missing folder': lambda host: shutil.rmtree(host.tree / 'src/cmd'),
    'a program that is a pipe': lambda host: _pipe(host.tree / 'bin/go'),
    'a program that is a folder': lambda host: _folder(host.tree / 'bin/go'),
    'a program that is a link': lambda host: _moved_behind_link(host.tree / 'bin/go'),
    'a folder that is a link': lambda host: _moved_behind_link(host.tree / 'src'),
    'an empty tree': lambda host: (shutil.rmtree(host.tree), host.tree.mkdir()),
    'a tree that is a file': lambda host: (shutil.rmtree(host.tree), host.tree.write_text('x')),
    'a tree that is a link': lambda host: _moved_behind_link(host.tree),
    'a tree that is gone': lambda host: shutil.rmtree(host.tree),
    'a tree that another user owns': lambda host: os.chown(host.tree, ANOTHER_USER, ANOTHER_USER),
    'a tree that everyone may write to': lambda host: host.tree.chmod(0o777),
    'a tree that a group may write to': lambda host: host.tree.chmod(0o775),
    'a link to the other tree': lambda host: _replace_link(host.link, str(host.opt / 'go1.30.1')),
    'a link to nowhere': lambda host: _replace_link(host.link, str(host.opt / 'go1.30.9')),
    'a link to a tree of somebody': lambda host: (_file_in(host.root / 'go', 'VERSION'), _replace_link(host.link, str(host.root / 'go'))),
    'a link with a newline': lambda host: _replace_link(host.link, f'{host.tree}\n'),
    'a missing link': lambda host: host.link.unlink(),
    'a link that is a folder': lambda host: _folder(host.link),
    'a missing program link': lambda host: (host.bin / 'go').unlink(),
    'a program link elsewhere': lambda host: _replace_link(host.bin / 'gofmt', '/bin/true'),
    'a program that somebody put there': lambda host: ((host.bin / 'go').unlink(), _file_in(host.bin, 'go')),
    'a new name beside the link': lambda host: host.link.with_name('go' + NEW).symlink_to(host.tree),
    'a new name beside a program': lambda host: (host.bin / ('go' + NEW)).symlink_to(host.link / 'bin/go'),
    'an unfinished stage': lambda host: _file_in(host.meta / 'stage/abc'),
    'an empty upload folder': lambda host: (host.meta / 'incoming/abc').mkdir(parents=True),
    'an upload': lambda host: _file_in(host.meta / 'incoming/abc'),
    'an unfinished manifest': lambda host: _file_in(host.manifests, 'go1.30.2.json' + NEW),
    'an unfinished lock': lambda host: _file_in(host.meta, 'lock' + NEW),
    'a folder that was being removed': lambda host: _file_in(host.opt / '.gofleet-removed-123'),
    'a prefix that everyone may write to': lambda host: host.opt.chmod(0o1777),
    'a prefix of another user': lambda host: os.chown(host.opt, ANOTHER_USER, -1),
    'a folder of programs that a group may write to': lambda host: host.bin.chmod(0o2775),
    'a prefix behind a link': lambda host: _moved_behind_link(host.opt),
    'manifests behind a link': lambda host: _moved_behind_link(host.manifests),
    'manifests that a group may write to': lambda host: host.manifests.chmod(0o770),
    'our folder of another user': lambda host: os.chown(host.meta, ANOTHER_USER, -1),
    'a damaged manifest': lambda host: (host.manifests / 'go1.30.2.json').write_text('{"format": 1'),
    'an empty manifest': lambda host: (host.manifests / 'go1.30.2.json').write_text(''),
    'a manifest with a NUL': lambda host: (host.manifests / 'go1.30.2.json').write_bytes(b'{"format"\0: 1}\n'),
    'a manifest that is a pipe': lambda host: _pipe(host.manifests / 'go1.30.2.json'),
    'a manifest that is a folder': lambda host: _folder(host.manifests / 'go1.30.2.json'),
    'a manifest that is a link': lambda host: _moved_behind_link(host.manifests / 'go1.30.2.json'),
    'a manifest that another user owns': lambda host: os.chown(host.manifests / 'go1.30.2.json', ANOTHER_USER, -1),
    'a missing manifest': lambda host: (host.manifests / 'go1.30.2.json').unlink(),
    'a manifest without a tree': lambda host: _file_in(host.manifests, 'go1.29.9.json'),
    'a list of files without a tree': lambda host: _file_in(host.manifests, 'go1.29.9.sums'),
    'a manifest with a newline in its name': lambda host: _file_in(host.manifests, 'go1.30.2\n.json'),
    'a manifest with a star in its name': lambda host: _file_in(host.manifests, '*.json'),
    'a manifest of a newer format': lambda host: host.edit_manifest(format=99),
    'a manifest for another architecture': lambda host: host.edit_manifest(goarch='mips'),
    'a manifest of a tree whose original is kept': lambda host: host.edit_manifest(twin=str(host.root / 'twin')),
    'a manifest that names a file elsewhere': lambda host: host.edit_manifest(files={'src/fmt/print.go': [1, 1]}),
    'a manifest that names a folder elsewhere': lambda host: host.edit_manifest(folders=['../../etc']),
    'a manifest with a proof by the log': lambda host: host.edit_manifest(proof=[{'kind': 'log', 'h1': 'x', 'vouched_at': None}]),
    'a manifest with foreign characters': lambda host: host.edit_manifest(source={'kind': 'archive', 'origin': 'ü\udc80\n'}),
    'a name with a newline in the prefix': lambda host: _file_in(host.opt, 'a\nn go1.30.9'),
    'a name that is a star in the prefix': lambda host: _file_in(host.opt, '*'),
    'a name that is not UTF-8 in the prefix': lambda host: _file_in(host.opt, 'a\udcff'),
    'a prefix that is a file': lambda host: (shutil.rmtree(host.opt), host.opt.write_text('x')),
    'no prefix at all': lambda host: shutil.rmtree(host.opt),
    'nothing at all': lambda host: (shutil.rmtree(host.root), host.root.mkdir()),
}  # fmt: skip


@pytest.mark.parametrize('shell', probe_shells.NAMES)
@pytest.mark.parametrize('change', HARMLESS)
def test_a_probe_returns_the_modules_result(change: str, shell: str, pristine: Callable[[], Host], tools: Path) -> None:
    host = pristine()
    HARMLESS[change](host)
    assert {'both', 'none of a release'} <= asked(host, Action(shell, tools)).keys()


@pytest.mark.parametrize('shell', probe_shells.NAMES)
@pytest.mark.parametrize('change', CHANGES)
def test_a_probe_never_says_what_the_module_does_not(change: str, shell: str, pristine: Callable[[], Host], tools: Path) -> None:
    host = pristine()
    CHANGES[change](host)
    asked(host, Action(shell, tools))


@pytest.mark.parametrize('shell', probe_shells.NAMES)
def test_a_bare_host_has_nothing_to_remove(shell: str, pristine: Callable[[], Host], tools: Path) -> None:
    host = pristine()
    CHANGES['nothing at all'](host)
    assert asked(host, Action(shell, tools)).keys() == {'none of a release', 'none at all'}


@pytest.mark.parametrize('content', [b'', b'#!/bin/sh\n', b'\x7fELF', b'\x7fELF\x01\x01\x01' + bytes(11) + b'\x28\0' + bytes(16) + b'\0\0\0\x05' + bytes(24)])
def test_an_interpreter_that_does_not_show_the_architecture_leads_to_the_module(content: bytes, pristine: Callable[[], Host], tmp_path: Path) -> None:
    host, program = pristine(), tmp_path / 'python'
    program.write_bytes(content)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    wanted = toolchain.wanted(asking.validated(host.options, go_toolchain.ARGUMENT_SPEC), str(program))
    assert wanted is not None
    answer = Action('dash', tmp_path)._low_level_execute_command(script.rendered(wanted))['stdout']
    with pytest.raises((GofleetError, snapshot.Unknown)):
        _goarch(str(program), answer, wanted)


def _goarch(program: str, answer: str, wanted: script.Wanted) -> str:
    with asking._system.seen_by(answers.parsed(answer, wanted)):
        found: str = architecture.goarch(program)
    return found


@pytest.mark.parametrize('changes', [
    {'verify': 'deep'}, {'archive': '/a', 'remote_src': True}, {'uploads': {'a': {}}}, {'prefix': '/opt/a:b'}, {'link': '/x/*'},
])
def test_what_only_a_host_can_tell_is_not_asked(changes: Options, pristine: Callable[[], Host]) -> None:
    assert toolchain.wanted(asking.validated(pristine().options | changes, go_toolchain.ARGUMENT_SPEC), sys.executable) is None


def test_a_delegate_whose_variables_are_unknown_is_left_to_the_module() -> None:
    action: Any = SimpleNamespace(_task=SimpleNamespace(delegate_to='elsewhere'))
    assert ActionModule._unchanged(action, {}, {'ansible_delegated_vars': {}}) is None


@pytest.mark.parametrize('interpreter', ['python3', '/usr/bin/env python3:x', 'auto', ''])
def test_an_interpreter_without_a_plain_path_is_not_asked(interpreter: str, pristine: Callable[[], Host]) -> None:
    assert toolchain.wanted(asking.validated(pristine().options, go_toolchain.ARGUMENT_SPEC), interpreter) is None


def test_default_paths_fit_into_a_script() -> None:
    options = asking.validated({'version': '1.30.1'}, go_toolchain.ARGUMENT_SPEC)
    wanted = toolchain.wanted(options, '/usr/local/lib/a/long/path/of/an/interpreter/bin/python3.13')
    assert wanted is not None
    assert wanted.for_others is not None
    assert len(script.rendered(wanted)) < script.LIMIT


def test_patterns_find_the_files_that_a_manifest_names() -> None:
    found = [f'/tree/{each}' for each in tiny_trees.tree_of('1.30.1', 'amd64') if manifest._is_key_file(each.encode())]
    patterns = [f'/tree/{each}' for each in manifest.evidence_patterns()[0]]
    assert len(found) == 4
    assert all(any(script.fits(path, each) for each in patterns) for path in found)
