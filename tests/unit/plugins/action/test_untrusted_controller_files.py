# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What go_toolchain makes of an index that is served again, of an edited lock and of a cache that others may write to: by ansible-playbook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture as host
from support.mirror.server import Mirror
from support.mirror.tree import ChecksumDatabase, without_newest_patches
from support.toolchains.tiny import Shape, tiny
from support.units.playbook_runs import Site
from support.units.plays import write_log

GOARCH = host.goarch()
# The index's name for it.
ARCH = {'arm': 'armv6l'}.get(GOARCH, GOARCH)
NOBODY = 'http://127.0.0.1:9'


@pytest.fixture(scope='module')
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    folder = tmp_path_factory.mktemp('archives')
    archives = [tiny(folder, version, ARCH, Shape(program='script')) for version in ('1.30.1', '1.30.2')]
    with Mirror(archives, database=ChecksumDatabase(folder, upstream=lambda: NOBODY)) as running:
        yield running


def trees(site: Site) -> list[str]:
    return sorted(path.name for path in site.path('opt').glob('go*'))


@dataclass
class Life:
    """A host, and which trees it had when it was to be moved back."""

    site: Site
    kept: list[str]


@pytest.fixture(scope='module')
def life(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A host that follows a line; then its index becomes older."""
    site = Site(tmp_path_factory.mktemp('life'))
    shared = {'gosumdb': 'off', 'index_url': f'{mirror.url}/dl/?mode=json&include=all', 'mirrors': [f'{mirror.url}/plain'], 'index_max_age': 0}
    site.run({'name': 'installed', 'version': '1.30'}, **shared)
    mirror.tree.releases = without_newest_patches(mirror.tree.releases)
    site.run({'name': 'replayed', 'version': '1.30', 'prune': True}, {'name': 'latest', 'version': 'latest', 'prune': True}, **shared)
    kept = trees(site)
    site.run({'name': 'allowed', 'version': '1.30', 'prune': True, 'allow_downgrade': True}, **shared)
    return Life(site, kept)


def test_an_index_that_is_older_than_what_was_seen_removes_no_newer_tree(life: Life) -> None:
    assert life.site('installed')['version'] == '1.30.2'
    assert [life.site(task).code for task in ('replayed', 'latest')] == ['downgrade', 'downgrade']
    assert life.kept == ['go1.30.2']


def test_the_refusal_names_both_versions_the_index_and_what_to_do(life: Life, mirror: Mirror) -> None:
    for word in ('1.30.1', '1.30.2', mirror.url, "write version: '1.30.1'", 'allow_downgrade'):
        assert word in life.site('replayed')['msg']


def test_a_downgrade_that_is_allowed_is_done_with_a_warning(life: Life) -> None:
    allowed = life.site('allowed')
    assert (allowed['version'], allowed['pruned']) == ('1.30.1', ['1.30.2'])
    assert any('1.30.2' in warning and 'allow_downgrade' in warning for warning in allowed['warnings'])


@pytest.fixture(scope='module')
def refused(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp('refused'))
    archive = next(each for each in mirror.tree.archives if each.version == '1.30.1')
    claims = {'log': '2026-01-01T00:00:00Z', 'signature': '2026-01-01T00:00:00Z'}
    entry = {'filename': archive.filename, 'sha256': archive.sha256, 'h1': archive.h1, 'vouched': {'sha256': claims, 'h1': claims}}
    # JSON is YAML.
    lock = site.root / 'go.lock.yml'
    lock.write_text(json.dumps({'format': 1, 'releases': [{'version': '1.30.1', 'archives': {GOARCH: entry}}]}), encoding='utf-8')
    (site.root / 'open').mkdir()
    (site.root / 'open').chmod(0o777)
    shared = {'index_url': f'{mirror.url}/dl/?mode=json&include=all', 'mirrors': [f'{mirror.url}/plain']}
    unserved = write_log(site.root / 'log', {'v0.0.1-go1.29.0.linux-amd64': 'h1:x'})
    locked = {'version': '1.30.1', 'lock': str(lock), 'goproxy': f'{NOBODY}/', 'gosumdb': f'{unserved} {NOBODY}/'}
    site.run(
        {'name': 'edited lock', 'trust': ['log', 'signature'], 'trust_all': True, **locked},
        {'name': 'one is enough', 'trust': ['log'], **locked},
        {'name': 'pinned', 'trust': ['pinned'], **locked},
        {'name': 'open cache', 'version': '1.30', 'cache_path': str(site.root / 'open' / 'cache'), 'gosumdb': 'off'},
        **shared,
    )
    return site


def test_an_edited_lock_does_not_make_itself_proven_by_the_log_or_a_signature(refused: Site) -> None:
    assert [refused(task).code for task in ('edited lock', 'one is enough')] == ['untrusted', 'untrusted']
    assert refused('edited lock')['evidence']['found'] == ['pinned']


def test_a_lock_counts_as_pinned(refused: Site) -> None:
    (toolchain,) = refused('pinned')['toolchains']
    assert {proof['kind'] for proof in toolchain['proof']} == {'pinned'}


def test_a_cache_below_a_folder_that_everybody_may_write_to_is_refused(refused: Site) -> None:
    outcome = refused('open cache')
    assert (outcome.code, outcome['evidence']['folder']) == ('unsafe_folder', str(refused.root / 'open'))
    assert 'Set cache_path' in outcome['msg']
