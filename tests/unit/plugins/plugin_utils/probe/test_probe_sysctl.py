# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe of sysctl_profile over generated hosts: it comes to the module's result, or to none."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.action import sysctl_profile
from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners, syncing
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot, converge, profiles
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import answer as answers
from ansible_collections.gofleet.golang.plugins.plugin_utils._probe import snapshot
from support import seed
from support.units import probe_shells
from support.units.sysctl_host import BACKLOG, OTHER, OURS, RANGE, RMEM, SOMAXCONN, Host

HOSTS = 80
# Each of so many is as the run left it, and must be known.
PLAIN = 4
# A host is as the last run left it, or it was changed up to this many times.
CHANGES = 4
STATE = 'var/lib/gofleet/sysctl'
SHELLS = (*probe_shells.NAMES, 'bash as sh')
FORGED = 'x\ns 81a4 0 0 1 1 1 root root '
HOSTILE = (
    'x\nd /etc', 'x\nd other', 'x\nn y.conf', 'x\nf /etc', 'x\ne', 'x\nr y:1', FORGED, f'{FORGED}.conf', 'x\nd other\n.conf', "it's.conf", '*.conf', '[a].conf',
    '-n.conf', 'a:b.conf', '90-gofleet.conf:95-x.conf', '$(id).conf', '`id`.conf', 'back\\nslash.conf', ' .conf', 'tab\t.conf', '.hidden.conf', '..conf',
    '\udcff.conf', 'é.conf', '95-x.conf\r', '*', '.[!.]*', '..?*', 'x\n.\n.conf',
)  # fmt: skip
TARGETS = (
    '/dev/null', 'nowhere', '.', '..', '../sysctl.conf', '/etc/sysctl.conf', '90-gofleet.conf', '../sysctl.d/90-gofleet.conf', '../sysctl.d/96-x.conf', 'a\nb',
    '90-gofleet.conf\n', '90-gofleet.conf\n.\nd other', '/proc/self/comm', 'itself.conf',
)  # fmt: skip
SEPARATORS = ('=', ' = ', '=\t', ' =\xa0', ' \x0c= ', '')
ENDS = ('\n', '\n\n', '', '\r\n', '\x0c# end\n', '\u2028', '\x85', '\xa0\n', ' \n', '\0\n')


class Changes:
    """Changes of a host, chosen at random."""

    def __init__(self, host: Host, choose: random.Random) -> None:
        self.host = host
        self.root = Path(str(host.root))
        self.choose = choose

    def some(self) -> None:
        kinds: tuple[Callable[[], None], ...] = (
            self.file, self.file, self.link, self.folder, self.hostile, self.linked_folder, self.init, self.openrc, self.programs, self.state, self.record,
            self.drop_in, self.value, self.mode_of_value, self.no_value, self.leftover, self.weak, self.not_a_folder, self.conf, self.pipe,
        )  # fmt: skip
        for dummy in range(self.choose.randrange(CHANGES + 1)):
            try:
                self.choose.choice(kinds)()
            except (OSError, KeyError, ValueError):
                # Another change was in the way.
                continue

    def place(self, name: str) -> Path:
        folder = self.root / self.choose.choice((boot.ETC, boot.ETC, boot.ETC, *boot.FOLDERS)).lstrip('/')
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def name(self) -> str:
        return self.choose.choice(('10-x.conf', '90-gofleet.conf', '91-other.conf', '95-x.conf', '96-x.conf', '99-sysctl.conf', 'itself.conf', 'README'))

    def settings(self) -> str:
        values = ('1', '128', '4096', '4096\xa0', '0x1000', '16384 60999', '16384\t60999', 'x', '')
        found = ''
        for dummy in range(self.choose.randrange(3)):
            found += self.choose.choice(('', '#', '-', ' ')) + self.choose.choice((SOMAXCONN, BACKLOG, RANGE, 'net/core/somaxconn', 'net.core.*'))
            found += self.choose.choice(SEPARATORS) + self.choose.choice(values) + self.choose.choice(ENDS)
        return found

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode('utf-8', 'surrogateescape'))

    def file(self) -> None:
        self.write(self.place(self.name()), self.settings())

    def conf(self) -> None:
        path = self.root / 'etc/sysctl.conf'
        if self.choose.random() < 0.3:
            self.link_at(path, self.choose.choice((*TARGETS, 'sysctl.d/10-x.conf')))
        else:
            self.write(path, self.settings())
        if self.choose.random() < 0.5:
            self.link_at(self.root / 'etc/sysctl.d/99-sysctl.conf', '../sysctl.conf')

    def link(self) -> None:
        self.link_at(self.place(self.name()), self.choose.choice(TARGETS))

    def link_at(self, path: Path, target: str) -> None:
        if os.path.lexists(path):
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(str(self.root) + target if target.startswith('/etc') else target)

    def folder(self) -> None:
        self.place(self.name()).mkdir()

    def pipe(self) -> None:
        os.mkfifo(self.place('pipe.conf'))

    def hostile(self) -> None:
        path = self.place(self.choose.choice(HOSTILE))
        kind = self.choose.randrange(4)
        if kind == 0:
            path.mkdir()
        elif kind == 1:
            self.link_at(path, self.choose.choice(TARGETS))
        else:
            self.write(path, self.settings())

    def linked_folder(self) -> None:
        """A folder that is a link to another one."""
        path = self.root / self.choose.choice((*boot.FOLDERS, 'lib', 'etc', 'var/lib/gofleet', STATE)).lstrip('/')
        target = path.parent / self.choose.choice(('elsewhere', 'elsewhere/deeper'))
        target.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            return
        if path.is_dir():
            target.rmdir()
            path.rename(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target.relative_to(path.parent) if self.choose.random() < 0.5 else target)

    def init(self) -> None:
        shutil.rmtree(self.root / 'run/systemd', ignore_errors=True)
        for path in ('usr/lib/systemd/systemd-sysctl', 'lib/systemd/systemd-sysctl', 'run/systemd/system/x', 'etc/init.d/procps'):
            if self.choose.random() < 0.4:
                self.write(self.root / path, '')
        if self.choose.random() < 0.4:
            unit = self.root / self.choose.choice(('etc', 'run')) / 'systemd/system/systemd-sysctl.service'
            self.link_at(unit, self.choose.choice(('/dev/null', 'x', 'a\nb')))

    def openrc(self) -> None:
        shutil.rmtree(self.root / 'run/systemd', ignore_errors=True)
        self.write(self.root / 'etc/init.d/sysctl', self.choose.choice(('sysctl -p\n', 'sysctl --system\n', '')))
        self.write(self.root / self.choose.choice(('sbin', 'usr/sbin')) / 'openrc-run', '')
        for level in ('boot', 'default', self.choose.choice(HOSTILE)):
            if self.choose.random() < 0.5:
                self.write(self.root / 'etc/runlevels' / level / 'sysctl', '')

    def programs(self) -> None:
        path = self.root / self.choose.choice(('sbin', 'usr/sbin', 'bin')) / 'sysctl'
        self.link_at(path, self.choose.choice(('/bin/busybox', 'busybox', 'procps', 'busybox\n', '../usr/bin/busybox')))

    def state(self) -> None:
        path = self.root / STATE / 'state.json'
        kind = self.choose.randrange(6)
        if kind == 0:
            path.unlink()
        elif kind == 1:
            shutil.rmtree(path.parent)
        else:
            self.write(path, self.choose.choice(('', '{}', '{"format": 2}', '{"format": 1, "made": [], "keys": {}}', '{"format": 1, "keys": [')))

    def record(self) -> None:
        """One of the recorded values is another."""
        path = self.root / STATE / 'state.json'
        content = json.loads(path.read_text())
        key = self.choose.choice((sorted(content['keys']) or [SOMAXCONN]) + [BACKLOG])
        entry = content['keys'].setdefault(key, {'before': '1', 'configured': None, 'kernel': 'x', 'owners': {}})
        owner = entry['owners'].setdefault(self.choose.choice((OURS, OTHER)), {'wanted': '4096', 'found': '4096', 'earlier': []})
        if self.choose.random() < 0.5:
            owner[self.choose.choice(('wanted', 'found'))] = self.choose.choice(('1', '4096', '128'))
        if self.choose.random() < 0.2:
            content['made'] = self.choose.choice(([], ['service sysctl'], [boot.ETC]))
        path.write_text(json.dumps(content))

    def drop_in(self) -> None:
        path = self.root / OURS.lstrip('/')
        kind = self.choose.randrange(6)
        if kind == 0:
            path.unlink()
        elif kind == 1:
            text = path.read_bytes()
            self.link_at(path, 'elsewhere')
            (path.parent / 'elsewhere').write_bytes(text)
        else:
            before = path.read_text()
            others = ('', self.settings(), before + self.settings(), before.rstrip('\n'), before + '\n', before.replace('4096', '99'))
            self.write(path, self.choose.choice(others))

    def setting(self) -> Path:
        return Path(self.host.kernel.path(self.choose.choice((SOMAXCONN, BACKLOG, RANGE, RMEM, sysctl_wanted.RESERVED))))

    def value(self) -> None:
        values = ('1\n', '4096\n', '4096', '16384\t60999\n', '16384 60999\n', '0x1000\n', '\n', '', '4096\n\n', '4096\n1\n', '4096\xa0\n', '\udcff\n')
        self.write(self.setting(), self.choose.choice(values))

    def mode_of_value(self) -> None:
        self.setting().chmod(self.choose.choice((0o444, 0o200, 0o644, 0o600, 0o000)))

    def no_value(self) -> None:
        path = self.setting()
        path.unlink()
        kind = self.choose.randrange(3)
        if kind == 0:
            path.mkdir()
        elif kind == 1:
            path.symlink_to(self.choose.choice(('rmem_max', 'nowhere')))

    def leftover(self) -> None:
        name = self.choose.choice((
            'etc/sysctl.d/90-gofleet.conf.gofleet-new', 'etc/sysctl.d/90-gofleet.conf.gofleet-new-0123456789abcdef', f'{STATE}/state.json.gofleet-new',
            f'{STATE}/lock.gofleet-new-0123456789abcdef', f'{STATE}-removed-1', f'{STATE}-removed-1/lock', f'{STATE}-removed-1\nn x',
            'etc/sysctl.d/91-other.conf.gofleet-new',
        ))  # fmt: skip
        self.write(self.root / name, '')

    def weak(self) -> None:
        path = self.root / self.choose.choice(('etc/sysctl.d', 'etc', STATE, 'var/lib/gofleet', 'usr/lib/sysctl.d'))
        if self.choose.random() < 0.3 and os.geteuid() == 0:
            os.chown(path, self.choose.choice((0, 1000)), self.choose.choice((0, 1000)))
        else:
            path.chmod(self.choose.choice((0o777, 0o1777, 0o775, 0o700)))

    def not_a_folder(self) -> None:
        path = self.root / self.choose.choice(('etc/sysctl.d', 'var/lib/gofleet', STATE, 'etc/runlevels', 'run/sysctl.d'))
        if path.is_dir():
            shutil.rmtree(path)
        self.write(path, '')


def options(choose: random.Random) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """Profiles, settings, and the options of converge()."""
    named = choose.sample(sorted(profiles.PROFILES), choose.randrange(2))
    possible: dict[str, Any] = {
        SOMAXCONN: 4096, BACKLOG: '4096', RANGE: [16384, 60999], RMEM: '0x1000', 'net.ipv4.tcp_rmem': '4096 131072 6291456', '-net.ipv4.missing': 1,
        sysctl_wanted.RESERVED: '18080', 'fs.file-max': 1,
    }  # fmt: skip
    settings = {key: possible[key] for key in choose.sample(sorted(possible), choose.choice((0, 1, 2, 2, 3)))}
    return named, settings, {'strict': choose.random() < 0.2, 'ports': choose.choice(((), (), (18080,)))}


def ran(host: Host, named: list[str], settings: dict[str, Any], path: str, more: dict[str, Any]) -> Any:
    """What a run in check mode says: its result, or the error's class and code."""
    try:
        wanted = sysctl_wanted.wanted_settings(named, settings)
        return converge.converge(wanted, host.paths(path), None, True, 0, more['ports'], more['strict'])
    except (GofleetError, OSError) as exc:
        return type(exc), getattr(exc, 'code', None)


def asked(host: Host, shell: str, named: list[str], settings: dict[str, Any], path: str, more: dict[str, Any], tools: Path) -> Any:
    """The same by a probe; Unknown where it does not say."""
    wanted = sysctl_profile.read_of(sysctl_wanted.wanted_settings(named, settings), host.paths(path))
    said = probe_shells.answer(wanted, shell, tools)
    try:
        seen = answers.parsed(said, wanted)
        # As conftest has it on the host's side.
        seen.uid = 0
        with system.seen_by(seen):
            return ran(host, named, settings, path, more)
    except snapshot.Unknown:
        return snapshot.Unknown


@pytest.fixture
def root_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as root does, by whoever runs the tests."""
    monkeypatch.setattr(syncing, 'sync_tree', lambda path: None)
    monkeypatch.setattr(os, 'fsync', lambda handle: None)
    if os.geteuid() != 0:
        monkeypatch.setattr(os, 'geteuid', lambda: 0)
        monkeypatch.setattr(owners, 'first_weak', lambda path: None)


@pytest.mark.parametrize('shell', SHELLS)
@pytest.mark.usefixtures('root_here')
def test_a_probe_comes_to_the_result_of_the_module_or_to_none(shell: str, tmp_path: Path, tmpdir: Any, monkeypatch: pytest.MonkeyPatch, tools: Path) -> None:
    counted: Counter[str] = Counter()
    for number in range(HOSTS):
        label = f'{seed.seed()} {shell} {number}'
        choose = random.Random(label)
        folder = tmp_path / str(number)
        folder.mkdir()
        host = Host(type(tmpdir)(folder), monkeypatch)
        named, settings, more = options(choose)
        is_plain = number % PLAIN == 0
        if is_plain:
            named, settings, more = [], {SOMAXCONN: 4096, RANGE: [16384, 60999]}, {'strict': False, 'ports': ()}
        for path in (OURS,) if is_plain else choose.choice(((OURS,), (OURS,), (OTHER, OURS), (OURS, OTHER), ())):
            try:
                host.run(settings, named, path)
            except GofleetError:
                # Such options are refused.
                continue
        path = OURS
        if not is_plain:
            Changes(host, choose).some()
            path = choose.choice((OURS, OURS, OURS, OTHER))
            # On most hosts the same is wanted as before.
            if choose.random() < 0.1:
                named, settings, more = options(choose)
        said = asked(host, shell, named, settings, path, more, tools)
        there = ran(host, named, settings, path, more)
        # An error, too, sends the module.
        if isinstance(said, dict):
            assert said == there, f'{label}: {folder}'
        is_unchanged = isinstance(said, dict) and not said['changed'] and not said['warnings']
        counted['plain, unchanged, and asked for'] += is_plain and is_unchanged
    # A probe that knows nothing would pass all that is above.
    assert counted['plain, unchanged, and asked for'] == HOSTS // PLAIN, counted
