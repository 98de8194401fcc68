# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems that are full, read-only, or run no programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import mounts
from conftest import Need
from sandbox import Host, record
from scenarios import FIRST, SECOND, Shelf
from support.module_process import Module, Options, Outcome
from support.toolchains.real import Archive
from support.toolchains.tiny import Shape, tiny

BALLAST = 1 << 20
FULL = 'disk_full'


@pytest.fixture
def stack(need: Need) -> Iterator[ExitStack]:
    reason = mounts.why_not()
    need(reason is None, 'file systems that are full or read-only', f'run as root where mounting is allowed ({reason})')
    with ExitStack() as entered:
        yield entered


@pytest.fixture(scope='session')
def large(archives: Path) -> Archive:
    """What unpacks to a megabyte more than the others, and cannot be packed."""
    return tiny(archives / 'large', SECOND, shape=Shape(payload=BALLAST))


def upgrade(archive: Archive, host: Host, size: bool) -> Options:
    return {
        'version': archive.version, 'releases': [record(archive, size)], 'archive': str(archive.path.parent),
        'remote_src': True, 'mirrors': [], **host.paths,
    }  # fmt: skip


def refused(module: Module, options: Options, host: Host) -> Outcome:
    """The outcome of a run that must fail and leave everything as it was."""
    before = host.snapshot()
    outcome = module.run(options)
    assert outcome.fault() is None, outcome
    assert not outcome.succeeded, outcome
    assert host.answers() == {'link': FIRST, 'bin': FIRST}
    after = host.snapshot()
    # A stage may have been made; nothing is in it.
    assert {path for path in after if path not in before} <= {'opt/go/.gofleet/stage', 'opt/go/.gofleet/manifests'}
    assert {path: entry for path, entry in after.items() if path in before} == before
    assert host.staged() == []
    return outcome


@pytest.mark.parametrize('file_system', ['tmpfs', 'ext4'])
@pytest.mark.parametrize(
    ('size', 'leave'),
    [
        pytest.param(True, BALLAST // 2, id='seen_before'),
        pytest.param(False, BALLAST // 2, id='while_copying'),
        pytest.param(False, BALLAST + BALLAST // 2, id='while_unpacking'),
    ],
)
def test_a_full_disk(file_system: str, size: bool, leave: int, module: Module, shelf: Shelf, host: Host, stack: ExitStack, large: Archive) -> None:
    if file_system == 'tmpfs':
        stack.enter_context(mounts.tmpfs(host.prefix, 'size=8m'))
    else:
        stack.enter_context(mounts.ext4(host.prefix, host.root.parent / 'image', 8))
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    mounts.fill(host.prefix, leave)
    outcome = refused(module, upgrade(large, host, size), host)
    assert outcome.code == FULL, outcome
    assert str(host.prefix) in outcome.message
    assert 'Free some space' in outcome.message
    (host.prefix / 'ballast').unlink()
    assert module.run(upgrade(large, host, size)).changed
    assert host.answers() == {'link': SECOND, 'bin': SECOND}


@pytest.mark.parametrize('leave', [0, 3, 20])
def test_no_inode_left(leave: int, module: Module, shelf: Shelf, host: Host, stack: ExitStack) -> None:
    stack.enter_context(mounts.tmpfs(host.prefix, 'size=4m,nr_inodes=200'))
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    mounts.use_up_inodes(host.prefix, leave)
    outcome = refused(module, {**shelf.options(SECOND), **host.paths}, host)
    assert outcome.code == FULL, outcome
    assert str(host.prefix) in outcome.message


@pytest.mark.parametrize('zipped', [False, True], ids=['tar', 'zip'])
def test_a_module_zip_and_an_archive_fill_the_disk_alike(zipped: bool, module: Module, shelf: Shelf, host: Host, stack: ExitStack) -> None:
    stack.enter_context(mounts.tmpfs(host.prefix, 'size=1m'))
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    mounts.fill(host.prefix, 16 << 10)
    options = {**shelf.options(SECOND, zipped=zipped), **host.paths}
    for release in options['releases']:
        release['archives']['amd64'].pop('size')
    outcome = refused(module, options, host)
    assert outcome.code == FULL, outcome
    assert str(host.prefix) in outcome.message


def test_a_read_only_file_system(module: Module, shelf: Shelf, host: Host, stack: ExitStack) -> None:
    stack.enter_context(mounts.tmpfs(host.prefix, 'size=4m'))
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    mounts.remount(host.prefix, 'ro')
    outcome = refused(module, {**shelf.options(SECOND), **host.paths}, host)
    assert outcome.code == 'not_writable', outcome
    assert str(host.prefix) in outcome.message
    # The message tells root why it cannot write; more rights would not help.
    assert 'read-only' in outcome.message
    # An installed toolchain is only read.
    assert module.run({**shelf.options(FIRST), **host.paths}).changed is False


def test_a_file_system_that_runs_no_programs(module: Module, shelf: Shelf, host: Host, stack: ExitStack) -> None:
    stack.enter_context(mounts.tmpfs(host.prefix, 'size=4m,noexec'))
    before = host.snapshot()
    outcome = module.run({**shelf.options(FIRST), **host.paths})
    assert (outcome.fault(), outcome.code) == (None, 'not_runnable'), outcome
    assert str(host.prefix) in outcome.message
    assert 'noexec' in outcome.message
    assert {path for path in host.snapshot() if path not in before} <= {f'opt/go/.gofleet{name}' for name in ('', '/lock', '/stage')}
    assert host.staged() == []


def test_a_link_on_a_read_only_file_system_is_seen_before_anything_is_fetched(module: Module, shelf: Shelf, host: Host, stack: ExitStack) -> None:
    stack.enter_context(mounts.tmpfs(host.bin_dir, 'size=64k,ro'))
    before = host.snapshot()
    for check in (True, False):
        outcome = module.run({**shelf.options(FIRST), **host.paths}, check=check)
        assert (outcome.fault(), outcome.code) == (None, 'not_writable'), outcome
        assert str(host.bin_dir) in outcome.message
        assert host.snapshot() == before


def test_a_prefix_on_another_file_system_than_its_link(module: Module, shelf: Shelf, host: Host, stack: ExitStack) -> None:
    stack.enter_context(mounts.tmpfs(host.prefix, 'size=4m'))
    assert host.prefix.stat().st_dev != host.root.stat().st_dev
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    assert module.run({**shelf.options(SECOND), **host.paths, 'prune': True}).changed
    assert host.answers() == {'link': SECOND, 'bin': SECOND}
    # A mount point cannot be removed; what was in it can.
    assert module.run({'state': 'absent', **host.paths}).changed
    assert list(host.prefix.iterdir()) == []


def test_an_environment_on_a_read_only_file_system(module: Module, host: Host, stack: ExitStack) -> None:
    folder = stack.enter_context(mounts.tmpfs(host.root / 'profile', 'size=64k,ro'))
    options: Options = {'consumers': ['service', 'login_shell'], 'variables': {'GOPROXY': 'off'}}
    options['paths'] = {'service': str(host.root / 'go.env'), 'login_shell': str(folder / 'go.sh')}
    before = host.snapshot()
    for check in (True, False):
        outcome = module.other('env_file').run(options, check=check)
        assert (outcome.fault(), outcome.code) == (None, 'not_writable'), outcome
        assert str(folder) in outcome.message
        assert 'read-only' in outcome.message
        # Not even the file that could be written: all of it, or nothing.
        assert host.snapshot() == before
