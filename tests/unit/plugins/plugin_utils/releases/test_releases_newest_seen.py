# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An old index that is served again moves no fleet back to an older release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver
from support.units.release_index import index
from support.units.transparency_log import Log
from support.units.web_server import Answer, WebServer

NOWHERE = '127.0.0.1:1'
NEW, OLD = index('1.27.1', '1.26.6', '1.25.9'), index('1.27.0', '1.26.5', '1.25.9')
HEX = 'ab' * 32


def log_of(*versions: str) -> Log:
    modules = [f'v0.0.1-go{version}.linux-{goarch}' for version in versions for goarch in ('amd64', 'arm64')]
    return Log({f'golang.org/toolchain@{each}': f'golang.org/toolchain {each} h1:{each}\n'.encode() for each in modules}, name=NOWHERE)


class Controller:
    """A controller with an index and, once logged() was called, a transparency log behind a module proxy."""

    def __init__(self, root: Path, web: WebServer) -> None:
        self.root, self.web, self.runs = root, web, 0
        self.cache = Cache(root / 'cache')
        self.options: dict[str, Any] = {
            'checksums': {}, 'given': [], 'goproxy': [], 'gosumdb': 'off', 'index_url': f'{web.url}/dl/', 'index_max_age': 0, 'options': Options(10, None),
        }  # fmt: skip
        self.serve(NEW)

    def serve(self, body: bytes) -> None:
        self.web.serve('/dl/', body)

    def logged(self, *versions: str) -> None:
        log = log_of(*versions)
        for path, body in log.paths().items():
            self.web.serve(f'/proxy/sumdb/{NOWHERE}/{path}', body)
        self.options.update(goproxy=[f'{self.web.url}/proxy'], gosumdb=log.key)

    def resolve(self, *versions: str, **changes: Any) -> resolver.Resolution:
        """In a separate run."""
        self.runs += 1
        request = Request(versions=list(versions), **{**self.options, **changes})
        return resolver.resolve(request, self.cache, Cache(self.root / f'run-{self.runs}'))

    def version(self, asked: str, **changes: Any) -> str:
        """What is resolved to, or the code of the refusal."""
        try:
            resolution = self.resolve(asked, **changes)
        except GofleetError as exc:
            return str(exc.code)
        return str(resolution.records[0].version)

    @property
    def file(self) -> Path:
        (path,) = (self.cache.root / 'newest').iterdir()
        return path


@pytest.fixture
def controller(tmp_path: Path, web: WebServer) -> Controller:
    return Controller(tmp_path, web)


@pytest.mark.parametrize(('asked', 'newest', 'older'), [('1.26', '1.26.6', '1.26.5'), ('latest', '1.27.1', '1.27.0')])
def test_an_older_index_is_refused_where_nothing_proves_the_newer_release(controller: Controller, asked: str, newest: str, older: str) -> None:
    assert controller.version(asked) == newest
    controller.serve(OLD)
    with pytest.raises(GofleetError) as caught:
        controller.resolve(asked)
    error = caught.value
    assert (error.code, error.evidence['found'], error.evidence['seen']) == ('downgrade', older, newest)
    for word in (newest, older, controller.options['index_url'], 'allow_downgrade', str(controller.file)):
        assert word in error.msg


def test_the_newer_release_is_used_with_a_warning_where_the_log_vouches_for_it(controller: Controller) -> None:
    controller.logged('1.26.5', '1.26.6')
    controller.resolve('1.26')
    controller.serve(OLD)
    resolution = controller.resolve('1.26')
    (record,) = resolution.records
    (warning,) = resolution.warnings
    assert (record.version, record.kinds('amd64'), record.archives['arm64']['filename']) == ('1.26.6', {'index', 'log'}, 'go1.26.6.linux-arm64.tar.gz')
    for word in ('1.26.6', '1.26.5', controller.options['index_url'], 'the transparency log'):
        assert word in warning


def test_the_evidence_of_the_log_in_the_cache_is_enough(controller: Controller) -> None:
    controller.logged('1.26.5', '1.26.6')
    controller.resolve('1.26')
    controller.serve(OLD)
    for path in log_of('1.26.5', '1.26.6').paths():
        controller.web.serve(f'/proxy/sumdb/{NOWHERE}/{path}', Answer(status=500))
    assert controller.version('1.26') == '1.26.6'


def test_the_newer_release_is_used_where_its_digest_is_pinned(controller: Controller) -> None:
    controller.resolve('1.26')
    controller.serve(OLD)
    assert controller.version('1.26', checksums={'go1.26.6.linux-amd64.tar.gz': HEX}) == '1.26.6'


def test_an_exact_version_is_installed_however_old(controller: Controller) -> None:
    controller.resolve('1.26', 'latest')
    controller.serve(OLD)
    resolution = controller.resolve('1.26.5')
    assert ([each.version for each in resolution.records], resolution.warnings) == (['1.26.5'], [])


def test_given_releases_are_not_held_to_what_an_index_said(controller: Controller) -> None:
    controller.resolve('1.26')
    assert controller.version('1.26', given=[{'version': '1.26.5', 'archives': {'amd64': {'sha256': HEX}}}]) == '1.26.5'


def test_allow_downgrade_takes_the_older_one_with_a_warning_each_time_and_forgets_nothing(controller: Controller) -> None:
    controller.resolve('1.26')
    controller.serve(OLD)
    for _each in range(2):
        resolution = controller.resolve('1.26', allow_downgrade=True)
        (warning,) = resolution.warnings
        assert resolution.records[0].version == '1.26.5'
        assert all(word in warning for word in ('1.26.6', '1.26.5', controller.options['index_url'], 'allow_downgrade'))
    assert controller.version('1.26') == 'downgrade'


def test_latest_is_held_to_what_a_line_was_seen_at(controller: Controller) -> None:
    controller.resolve('1.27')
    controller.serve(OLD)
    assert controller.version('latest') == 'downgrade'


def test_a_line_is_held_to_what_latest_was_seen_at(controller: Controller) -> None:
    controller.resolve('latest')
    controller.serve(OLD)
    assert controller.version('1.27') == 'downgrade'


def test_lines_are_held_to_what_they_were_seen_at_themselves(controller: Controller) -> None:
    controller.resolve('latest', '1.25')
    controller.serve(OLD)
    assert controller.version('1.25') == '1.25.9'


def test_a_newer_release_is_no_reason_for_a_warning(controller: Controller) -> None:
    controller.serve(OLD)
    controller.resolve('1.26', 'latest')
    controller.serve(NEW)
    resolution = controller.resolve('1.26', 'latest')
    assert ([each.version for each in resolution.records], resolution.warnings) == (['1.26.6', '1.27.1'], [])
    controller.serve(OLD)
    assert controller.version('1.26') == 'downgrade'


def test_an_index_that_lags_behind_has_a_separate_memory(controller: Controller, web: WebServer) -> None:
    controller.resolve('1.26')
    frozen = web.serve('/company/', OLD)
    assert controller.version('1.26', index_url=frozen) == '1.26.5'


def test_another_password_for_the_index_is_no_other_index(controller: Controller) -> None:
    url = str(controller.options['index_url'])
    controller.resolve('1.26', index_url=url.replace('://', '://user:old@'))
    controller.serve(OLD)
    assert controller.version('1.26', index_url=url.replace('://', '://user:new@')) == 'downgrade'
    assert 'old@' not in controller.file.read_text()


def test_an_unreachable_index_and_an_old_list_of_a_proxy_cause_no_downgrade(controller: Controller, web: WebServer) -> None:
    controller.logged('1.26.5', '1.26.6')
    controller.resolve('1.26')
    web.serve('/dl/', Answer(status=503))
    web.serve('/proxy/golang.org/toolchain/@v/list', b'v0.0.1-go1.26.5.linux-amd64\n')
    resolution = controller.resolve('1.26')
    assert resolution.records[0].version == '1.26.6'
    assert any('1.26.5' in warning for warning in resolution.warnings)


def test_a_release_that_only_the_log_listed_is_remembered(controller: Controller, web: WebServer) -> None:
    controller.logged('1.26.5', '1.26.6')
    web.serve('/dl/', Answer(status=503))
    for listed in ('1.26.6', '1.26.5'):
        web.serve('/proxy/golang.org/toolchain/@v/list', f'v0.0.1-go{listed}.linux-amd64\n'.encode())
        assert controller.version('1.26') == '1.26.6'


def test_a_release_that_the_log_does_not_know_is_not_remembered(controller: Controller) -> None:
    # Otherwise one lie of an index would outlive it.
    controller.logged('1.26.6')
    controller.serve(index('1.26.99'))
    controller.resolve('1.26')
    controller.serve(NEW)
    resolution = controller.resolve('1.26')
    assert (resolution.records[0].version, resolution.warnings) == ('1.26.6', [])


# ---- a manipulated cache


def test_a_forged_memory_makes_no_release(controller: Controller) -> None:
    controller.logged('1.26.6')
    controller.resolve('1.26')
    content = json.loads(controller.file.read_text())
    entry = content['lines']['1.26']
    entry['version'] = '1.26.99'
    for archive in entry['archives'].values():
        archive.update(h1='h1:x', vouched={'sha256': {'pinned': 'then', 'index': 'then'}, 'h1': {'log': 'then'}})
    controller.file.write_text(json.dumps(content))
    assert controller.version('1.26') == 'downgrade'


@pytest.mark.parametrize('content', [
    b'', b'{', b'[]', b'[' * 100_000, b'{"lines": 7}', b'{"lines": {"1.26": 7}}', b'{"lines": {"1.26": {"version": 7, "seen": "x"}}}',
    b'{"lines": {"1.25": {"version": "1.26.99", "seen": "x"}}}', b'{"lines": {"1.26": {"version": "1.26.99", "seen": 7}}}',
])  # fmt: skip
def test_a_memory_that_cannot_be_understood_is_begun_anew(controller: Controller, content: bytes) -> None:
    controller.resolve('1.26')
    controller.file.write_bytes(content)
    assert controller.version('1.26') == '1.26.6'
    controller.serve(OLD)
    assert controller.version('1.26') == 'downgrade'


def test_a_memory_that_is_a_link_is_not_followed(controller: Controller, tmp_path: Path) -> None:
    controller.resolve('1.26')
    (tmp_path / 'target').write_bytes(controller.file.read_bytes())
    path = controller.file
    path.unlink()
    path.symlink_to(tmp_path / 'target')
    before = (tmp_path / 'target').read_bytes()
    assert controller.version('1.26') == '1.26.6'
    assert (controller.file.is_symlink(), (tmp_path / 'target').read_bytes()) == (False, before)
