# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe of env_file gives the module's result, or none: on a host that has its environment, and on ones where one thing is different."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.action import env_file
from ansible_collections.gofleet.golang.plugins.module_utils import _system
from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers, converge
from ansible_collections.gofleet.golang.plugins.module_utils._environment import paths as environment_paths
from ansible_collections.gofleet.golang.plugins.module_utils._environment import presets as environment_presets
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import libc
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import answer, asking, script
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe.snapshot import Unknown
from support.units import probe_shells

Options = dict[str, Any]
ARGUMENTS = {
    'presets': ['go_path', 'pure_go_resolver'], 'defaults': {'GOPROXY': 'https://proxy.example.com'}, 'variables': {'GREETING': "it's"},
    'secrets': {'TOKEN': 's3cret'}, 'consumers': ['login_shell', 'service', 'container']}  # fmt: skip


class Host:
    """A host of which all that env_file reads lies below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, place: str) -> Path:
        return self.root / place.lstrip('/')

    def make(self, place: str, content: str = '') -> Path:
        path = self.path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def options(self, **changes: Any) -> Options:
        return asking.validated({**ARGUMENTS, **changes}, env_file.ARGUMENT_SPEC)

    def run(self, check_mode: bool, **changes: Any) -> Options:
        options = self.options(**changes)
        result: Options = converge.converge(options, lambda *dummy: (1, '', ''), check_mode)
        return result

    def probed(self, shell: str, tools: Path, **changes: Any) -> Options | type[Unknown]:
        """What the probe says, as asking.unchanged() uses it; Unknown for everything that leads to the module."""
        options = self.options(**changes)
        try:
            wanted = env_file.ActionModule.STATE.reads(options)
            if wanted is None:
                return Unknown
            seen = answer.parsed(probe_shells.answer(wanted, shell, tools), wanted)
            with _system.seen_by(seen), probe_shells.nothing_of_the_controller():
                result = env_file.ActionModule.STATE.result(options)
        except (Unknown, GofleetError, OSError):
            return Unknown
        return result if result and not result['changed'] else Unknown


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host with a toolchain and glibc. Whoever runs the tests stands for root."""
    root = tmp_path / 'host'
    root.mkdir()
    host = Host(root)
    rows = tuple(row._replace(system_path=row.system_path and f'{root}{row.system_path}', evidence=tuple(f'{root}{each}' for each in row.evidence))
                 for row in consumers.ALL)
    monkeypatch.setattr(consumers, 'ALL', rows)
    monkeypatch.setattr(consumers, 'BY_NAME', {row.name: row for row in rows})
    monkeypatch.setattr(environment_paths, 'lock', lambda account: f'{root}/run/gofleet/environment.lock')
    monkeypatch.setattr(environment_paths, 'made_folders', lambda account: f'{root}/var/lib/gofleet/environment/made.json')
    monkeypatch.setattr(toolchain_paths, 'ROOT', toolchain_paths.Paths(f'{root}/opt/go', f'{root}/usr/local/go', f'{root}/usr/local/bin'))
    monkeypatch.setattr(environment_presets, 'NSSWITCH', f'{root}/etc/nsswitch.conf')
    below = str(root).lstrip('/')
    monkeypatch.setattr(libc, 'MUSL_LOADERS', f'{below}/{libc.MUSL_LOADERS}')
    monkeypatch.setattr(libc, 'GLIBC_LOADERS', tuple(f'{below}/{each}' for each in libc.GLIBC_LOADERS))
    host.make('/etc/nsswitch.conf', 'hosts: files dns\n')
    for folder in ('/etc/profile.d', '/etc/fish/conf.d', '/etc/conf.d', '/var/lib', '/run', '/usr/local'):
        host.path(folder).mkdir(parents=True, exist_ok=True)
    host.make('/opt/go/go1.26.6/go.env', 'GOTOOLCHAIN=auto\n')
    described = {'format': 1, 'version': '1.26.6', 'goarch': 'amd64', 'proof': [], 'files': {}, 'folders': []}
    host.make('/opt/go/.gofleet/manifests/go1.26.6.json', json.dumps(described))
    host.path('/usr/local/go').symlink_to('../../opt/go/go1.26.6')
    assert host.run(False)['changed']
    return host


@pytest.fixture(params=probe_shells.NAMES)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def swap(path: Path, make: Callable[[Path], Any]) -> None:
    path.unlink()
    make(path)


SERVICE, SHELL = '/etc/gofleet/gofleet.env', '/etc/profile.d/gofleet.sh'
SAME: dict[str, Callable[[Host], Any]] = {
    'nothing': lambda host: None,
    'a foreign file beside ours': lambda host: host.make('/etc/profile.d/other.sh', 'x=1\n'),
    'no toolchain': lambda host: host.path('/usr/local/go').unlink(),
    'a toolchain without go.env': lambda host: host.path('/opt/go/go1.26.6/go.env').unlink(),
    'fish is installed': lambda host: host.make('/usr/bin/fish'),
}
DIFFERENT: dict[str, Callable[[Host], Any]] = {
    'a name with a newline': lambda host: host.make('/etc/profile.d/a\nm 0', ''),
    'another content': lambda host: host.path(SERVICE).write_text(host.path(SERVICE).read_text() + 'A=1\n'),
    'a content without the last newline': lambda host: host.path(SHELL).write_text(host.path(SHELL).read_text()[:-1]),
    'an empty file': lambda host: host.path(SERVICE).write_text(''),
    'another mode': lambda host: host.path(SERVICE).chmod(0o644),
    'no file': lambda host: host.path(SHELL).unlink(),
    'a link to the same content': lambda host: host.path(SHELL).symlink_to(host.path(SHELL).rename(host.path('/etc/real'))),
    'a link that leads nowhere': lambda host: swap(host.path(SHELL), lambda path: path.symlink_to('nowhere')),
    'a pipe': lambda host: swap(host.path(SHELL), os.mkfifo),
    'a folder': lambda host: swap(host.path(SHELL), lambda path: path.mkdir()),
    'a file of somebody else': lambda host: host.path(SHELL).write_text('# by hand\n'),
    'what a killed run left': lambda host: host.make('/etc/profile.d/gofleet.sh.gofleet-new-0123456789abcdef'),
    'a folder that everybody can write to': lambda host: host.path('/etc/profile.d').chmod(0o777),
    'an environment of an earlier consumer': lambda host: host.make('/etc/fish/conf.d/gofleet.fish', '# gofleet.golang environment gofleet for fish\n'),
    'no nsswitch.conf': lambda host: host.path('/etc/nsswitch.conf').unlink(),
    'an nsswitch.conf without hosts': lambda host: host.path('/etc/nsswitch.conf').write_text('passwd: files\n'),
    'defaults in go.env': lambda host: host.path('/opt/go/go1.26.6/go.env').write_text(
        '# gofleet.golang environment gofleet: begin\nGOPROXY=off\n# gofleet.golang environment gofleet: end\n'),
    'a copy of defaults beside the toolchains': lambda host: host.make(
        '/opt/go/.gofleet/go.env', '# gofleet.golang environment gofleet: begin\nGOPROXY=off\n# gofleet.golang environment gofleet: end\n'),
    'a go.env that is a link': lambda host: swap(host.path('/opt/go/go1.26.6/go.env'), lambda path: path.symlink_to('/etc/hostname')),
    'a manifest of a later collection': lambda host: host.path('/opt/go/.gofleet/manifests/go1.26.6.json').write_text('{"format": 99}'),
    "musl's loader": lambda host: host.make('/lib/ld-musl-x86_64.so.1'),
    'loaders of musl and glibc': lambda host: (host.make('/lib/ld-musl-x86_64.so.1'), host.make('/lib64/ld-linux-x86-64.so.2')),
    'no manifest': lambda host: host.path('/opt/go/.gofleet/manifests/go1.26.6.json').unlink(),
}  # fmt: skip


def module_result(host: Host, **changes: Any) -> Any:
    try:
        return host.run(True, **changes)
    except GofleetError as exc:
        return exc.code


@pytest.mark.parametrize('change', SAME)
def test_a_host_that_has_its_environment_is_known_by_the_probe(change: str, host: Host, shell: str, tools: Path) -> None:
    SAME[change](host)
    probed = host.probed(shell, tools)
    # For another user than root it knows nothing.
    assert probed == (module_result(host) if os.geteuid() == 0 else Unknown)


@pytest.mark.parametrize('change', DIFFERENT)
def test_the_probe_never_says_more_than_the_module(change: str, host: Host, shell: str, tools: Path) -> None:
    DIFFERENT[change](host)
    probed = host.probed(shell, tools)
    assert probed is Unknown or probed == module_result(host)


@pytest.mark.parametrize('changes', [
    {'level': 'default'}, {'state': 'absent'}, {'owner': 'root'}, {'owner': 0}, {'paths': {'service': '/srv/x.env'}}, {'secrets': {'TOKEN': 'other'}},
    {'variables': {}}, {'presets': ['go_path']}, {'mode': '0600'}, {'consumers': []}, {'consumers': ['openrc']}, {'goroot': '/opt/go/go1.26.6'},
    {'variables': {'GREETING': 'a\x01'}}, {'name': 'other'}])  # fmt: skip
def test_other_options_get_the_modules_result_or_none(changes: Options, host: Host, shell: str, tools: Path) -> None:
    probed = host.probed(shell, tools, **changes)
    if probed is not Unknown:
        assert probed == host.run(True, **changes)


@pytest.mark.parametrize('change', ['nothing', 'another block', 'a changed block', 'no block', 'no copy', 'a setting of Go', 'a block after the defaults'])
def test_defaults_in_go_env_are_known_by_the_probe_or_left_to_the_module(change: str, host: Host, shell: str, tools: Path) -> None:
    host.run(False, level='default')
    tree, copy = host.path('/opt/go/go1.26.6/go.env'), host.path('/opt/go/.gofleet/go.env')
    other = '# gofleet.golang environment zz: begin\nGOPROXY=off\n# gofleet.golang environment zz: end\n'
    text = tree.read_text()
    changed = {'nothing': text, 'another block': other + text, 'a changed block': text.replace('proxy.example', 'x'), 'no block': 'GOTOOLCHAIN=auto\n',
               'no copy': text, 'a setting of Go': text + 'GOSUMDB=off\n', 'a block after the defaults': text + other}  # fmt: skip
    tree.write_text(changed[change])
    if change == 'no copy':
        copy.unlink()
    probed, said = host.probed(shell, tools, level='default'), module_result(host, level='default')
    assert probed in (Unknown, said)
    if os.geteuid() == 0 and change in ('nothing', 'a setting of Go'):
        assert probed == said


def test_a_secret_is_not_in_what_a_connection_may_log(host: Host, tools: Path) -> None:
    wanted = env_file.ActionModule.STATE.reads(host.options())
    assert wanted is not None
    said = probe_shells.answer(wanted, 'dash', tools)
    digest = next(line for line in script.standard_input(wanted).decode().splitlines() if SERVICE in line).split()[0]
    for hidden in ('s3cret', digest):
        assert hidden not in script.rendered(wanted)
        assert hidden not in said


def test_the_script_for_every_consumer_of_a_real_host_is_short_enough() -> None:
    options = asking.validated({**ARGUMENTS, 'consumers': [row.name for row in consumers.ALL if row.system_path]}, env_file.ARGUMENT_SPEC)
    wanted = env_file.ActionModule.STATE.reads(options)
    assert wanted is not None
    assert len(script.rendered(wanted)) <= script.LIMIT
