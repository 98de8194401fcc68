# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input and hosts that cannot take what is wanted: the message says what, where, why and what to do; nothing changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import Need
from sandbox import FOREIGN_VERSION, Host, snapshot
from scenarios import FIRST, SECOND, Shelf
from support.mirror.server import Mirror
from support.module_process import Module, Options, Outcome

NOBODY = 65534
WRONG = 'a' * 64


@dataclass(frozen=True)
class Refusal:
    """code and parts: of the message. early: check mode says it too, and no folder of the collection appears."""

    name: str
    code: str
    options: Callable[[Shelf, Host], Options]
    parts: Callable[[Shelf, Host], tuple[str, ...]]
    prepare: Callable[[Host], None] = lambda host: None
    early: bool = True


def wrong_digest(shelf: Shelf) -> Options:
    options = shelf.options(FIRST)
    options['releases'][0]['archives']['amd64'].update(sha256=WRONG, size=None)
    return options


def foreign_file(host: Host) -> None:
    host.write('usr/local/go', 'mine\n')


def foreign_link(host: Host) -> None:
    host.write('elsewhere/bin/go', f'#!/bin/sh\necho go version go{FOREIGN_VERSION} linux/amd64\n', 0o755)
    host.link.symlink_to(host.root / 'elsewhere')


def foreign_program(host: Host) -> None:
    host.write('usr/local/bin/gofmt', '#!/bin/sh\n', 0o755)


def prefix_file(host: Host) -> None:
    host.write('opt/go', 'mine\n')


def own_option(**more: object) -> Callable[[Shelf, Host], Options]:
    return lambda shelf, host: {**shelf.options(FIRST), **more}


REFUSALS = (
    Refusal(
        'sha256', 'sha256_mismatch', lambda shelf, host: wrong_digest(shelf),
        lambda shelf, host: (WRONG, shelf.archives[FIRST].sha256, shelf.archives[FIRST].filename, 'Get the file again'),
        early=False,
    ),
    Refusal(
        'foreign_tree', 'occupied', own_option(),
        lambda shelf, host: (str(host.link), 'did not make', 'adopt: true', 'Move it away'), Host.add_foreign,
    ),
    Refusal(
        'foreign_file', 'occupied', own_option(), lambda shelf, host: (str(host.link), 'adopt: true'), foreign_file,
    ),
    Refusal(
        'foreign_link', 'occupied', own_option(),
        lambda shelf, host: (str(host.link), str(host.root / 'elsewhere'), 'adopt: true'), foreign_link,
    ),
    Refusal(
        'foreign_program', 'occupied', own_option(),
        lambda shelf, host: (str(host.bin_dir / 'gofmt'), 'adopt: true'), foreign_program,
    ),
    Refusal(
        'prefix_is_a_file', 'occupied', own_option(), lambda shelf, host: (str(host.prefix), 'not a folder'), prefix_file,
    ),
    Refusal(
        'no_archive', 'archive_unreadable', own_option(archive='/nonexistent/go.tar.gz'),
        lambda shelf, host: ('/nonexistent/go.tar.gz', 'Correct archive'),
    ),
    Refusal(
        'relative_path', 'bad_path', lambda shelf, host: {**shelf.options(FIRST), 'prefix': f'{host.root}/../x'},
        lambda shelf, host: ('prefix', f'{host.root}/../x', 'plain absolute path'),
    ),
    Refusal(
        'link_in_prefix', 'bad_path', lambda shelf, host: {**shelf.options(FIRST), 'link': f'{host.prefix}/current'},
        lambda shelf, host: (str(host.prefix), f'{host.prefix}/current', 'outside'),
    ),
    Refusal(
        'invalid_version', 'invalid_version', own_option(version='1.26; rm -rf /'),
        lambda shelf, host: ("'1.26; rm -rf /'",),
    ),
)  # fmt: skip


def refuse(module: Module, options: Options, host: Host, refusal: Refusal, shelf: Shelf, check: bool) -> Outcome:
    before = snapshot(host.root)
    outcome = module.run(options, check=check)
    assert (outcome.fault(), outcome.code) == (None, refusal.code), outcome
    missing = [part for part in refusal.parts(shelf, host) if part not in outcome.message]
    assert not missing, outcome
    after = snapshot(host.root)
    if refusal.early:
        assert after == before
    else:
        assert host.staged() == []
        assert {path: entry for path, entry in after.items() if path in before} == before
        assert {path for path in after if path not in before} <= {
            'opt', 'opt/go', *(f'opt/go/.gofleet{name}' for name in ('', '/lock', '/stage')),
        }  # fmt: skip
    return outcome


@pytest.mark.parametrize('refusal', REFUSALS, ids=lambda refusal: refusal.name)
def test_a_refusal_says_why_and_changes_nothing(refusal: Refusal, module: Module, shelf: Shelf, host: Host) -> None:
    refusal.prepare(host)
    options = {**host.paths, **refusal.options(shelf, host)}
    if refusal.early:
        refuse(module, options, host, refusal, shelf, check=True)
    refuse(module, options, host, refusal, shelf, check=False)


def test_a_failed_run_leaves_the_empty_prefix_that_was_made_for_it(module: Module, shelf: Shelf, host: Host) -> None:
    """The folder has a given owner and mode."""
    host.prefix.mkdir(parents=True)
    host.prefix.chmod(0o2775)
    before = host.snapshot()
    outcome = module.run({**wrong_digest(shelf), **host.paths})
    assert outcome.code == 'sha256_mismatch', outcome
    assert {path: entry for path, entry in host.snapshot().items() if path in before} == before


def test_a_refused_upgrade_leaves_the_active_toolchain(module: Module, shelf: Shelf, host: Host) -> None:
    assert module.run({**shelf.options(SECOND), **host.paths}).changed
    before = host.snapshot()
    outcome = module.run({**wrong_digest(shelf), **host.paths})
    assert outcome.code == 'sha256_mismatch', outcome
    assert host.snapshot() == before
    assert host.answers() == {'link': SECOND, 'bin': SECOND}


def test_each_mirror_that_was_tried_is_named_with_its_error(module: Module, shelf: Shelf, host: Host, mirror: Mirror) -> None:
    faults = ('not_found', 'html', 'truncate', 'flip', 'server_error')
    mirrors = ['http://127.0.0.1:9/dl', *(f'{mirror.fault_url(fault)}/dl' for fault in faults)]
    options = {**shelf.options(FIRST), **host.paths, 'archive': None, 'mirrors': mirrors, 'transfer': 'pull', 'timeout': 5}
    outcome = module.run(options)
    assert (outcome.fault(), outcome.code) == (None, 'no_source'), outcome
    assert outcome.result
    tried = {failure['url']: failure for failure in outcome.result['evidence']['failures']}
    for base in mirrors:
        url = f'{base}/{shelf.archives[FIRST].filename}'
        assert url in outcome.message
        assert tried[url]['reason'] in outcome.message
    codes = [failure['code'] for failure in outcome.result['evidence']['failures']]
    assert codes == ['unreachable', 'http_status', 'html_answer', 'truncated', 'sha256_mismatch', 'http_status']
    # Both digests, so that a person sees which file it was.
    assert shelf.archives[FIRST].sha256 in outcome.message
    assert 'transfer: push' in outcome.message
    assert host.answers() == {'link': None, 'bin': None}
    assert host.staged() == []


# ---- an ordinary user


def as_nobody(module: Module, need: Need) -> Module:
    """The module as an ordinary user, who may read everything here: interpreters live below root's home."""
    command = (
        'setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', '--bounding-set=-all,+dac_read_search',
        '--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search',
    )  # fmt: skip
    there = not os.geteuid() and shutil.which('setpriv')
    works = there and not subprocess.run([*command, 'true'], capture_output=True, check=False).returncode
    need(bool(works), 'the module as an ordinary user', 'run as root, with setpriv of util-linux')
    return module.within(*command)


def own(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, NOBODY, NOBODY)


@pytest.mark.parametrize('place', ['prefix', 'link', 'bin_dir'])
def test_message_names_the_folder_that_an_ordinary_user_cannot_write_to(place: str, module: Module, shelf: Shelf, host: Host, need: Need) -> None:
    user = as_nobody(module, need)
    theirs = {'prefix': host.root / 'u/go', 'link': host.root / 'v/go', 'bin_dir': host.root / 'w'}
    for name, path in theirs.items():
        if name != place:
            own(path if name == 'bin_dir' else path.parent)
    before = snapshot(host.root)
    options = {**shelf.options(FIRST), **{name: str(path) for name, path in theirs.items()}}
    for check in (True, False):
        outcome = user.run(options, check=check)
        assert (outcome.fault(), outcome.code) == (None, 'not_writable'), outcome
        for part in (str(host.root), f'uid {NOBODY}', 'become', 'prefix, link and bin_dir'):
            assert part in outcome.message
        assert snapshot(host.root) == before


def test_an_ordinary_user_installs_and_removes_below_their_home(module: Module, shelf: Shelf, host: Host, need: Need) -> None:
    user = as_nobody(module, need)
    home = host.root / 'nobody'
    own(home)
    user = user.within(*user.wrapper, HOME=str(home))
    assert user.run(shelf.options(FIRST)).changed
    assert (home / '.local/go').readlink() == home / f'.local/share/go-toolchains/go{FIRST}'
    assert user.run(shelf.options(FIRST)).changed is False
    assert user.run({'state': 'absent'}).changed
    assert not (home / '.local/share/go-toolchains').exists()


def test_ordinary_user_removes_toolchains_in_a_prefix_created_by_root(module: Module, shelf: Shelf, host: Host, need: Need) -> None:
    """Its name is in a folder of root's, so the empty prefix stays."""
    user = as_nobody(module, need)
    own(host.prefix)
    own(host.bin_dir)
    own(host.root / 'v')
    options = {**host.paths, 'link': str(host.root / 'v/go')}
    assert user.run({**shelf.options(FIRST), **options}).changed
    outcome = user.run({'state': 'absent', **options})
    assert outcome.changed, outcome
    assert list(host.prefix.iterdir()) == []
    assert user.run({'state': 'absent', **options}).changed is False


def test_a_failure_is_not_hidden_by_a_prefix_that_cannot_be_removed(module: Module, shelf: Shelf, host: Host, need: Need) -> None:
    user = as_nobody(module, need)
    for path in (host.prefix, host.bin_dir, host.root / 'v'):
        own(path)
    outcome = user.run({**wrong_digest(shelf), **host.paths, 'link': str(host.root / 'v/go')})
    assert (outcome.fault(), outcome.code) == (None, 'sha256_mismatch'), outcome
    assert host.prefix.is_dir()


# ---- what a killed run leaves is cleaned up by whatever run comes next


def test_next_run_removes_the_temporary_link_of_a_killed_upgrade(module: Module, shelf: Shelf, host: Host) -> None:
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    expected = host.snapshot()
    # What a kill between symlink() and rename() leaves.
    for name in (host.link, host.bin_dir / 'go'):
        name.with_name(f'{name.name}.gofleet-new').symlink_to(host.prefix / f'go{FIRST}')
    assert module.run({**shelf.options(FIRST), **host.paths}).succeeded
    assert host.snapshot() == expected


def test_old_unfinished_upload_is_removed(module: Module, shelf: Shelf, host: Host) -> None:
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    upload = host.write('opt/go/.gofleet/incoming/tmpX/go1.30.9.linux-amd64.tar.gz', 'half')
    assert module.run({**shelf.options(FIRST), **host.paths}).changed is False
    assert upload.exists()
    for path in (upload, upload.parent):
        os.utime(path, (0, 0))
    assert module.run({**shelf.options(FIRST), **host.paths}).changed
    assert not upload.parent.exists()
    assert module.run({**shelf.options(FIRST), **host.paths}).changed is False
