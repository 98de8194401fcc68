# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees of go_toolchain: the real ansible-playbook, on hosts that are folders of this machine.

Two runs serve all tests: in the first each host meets one situation, in the second some meet the next one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import stat
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.mirror.certificates import Authority, ServerCertificate
from support.mirror.log import Request
from support.mirror.server import Mirror
from support.mirror.tree import ChecksumDatabase, IndexRelease, Resource, Tree
from support.stage import stage
from support.toolchains.real import Archive
from support.toolchains.tiny import Shape, tiny
from support.units.plays import Controller, Host, Options, Result, Step, write_log

ARCH = {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine())
OTHER_ARCH = 'arm64' if ARCH == 'amd64' else 'amd64'
OLD, NEW = '1.30.1', '1.30.2'
# What the mirror's index has of the line after the newest.
CANDIDATE = '1.31rc1'
INDEX = '/dl/'
# The port of discard (RFC 863), which has no server today.
NOBODY = 'http://127.0.0.1:9'
PASSWORD = 'correct-horse'
WRONG_DIGEST = 'ab' * 32
WRONG_H1 = 'h1:' + 'A' * 43 + '='
FOREIGN = 'go1.4\n'


def plain(version: str) -> str:
    return f'/plain/go{version}.linux-{ARCH}.tar.gz'


def with_password(url: str) -> str:
    return url.replace('://', f'://user:{PASSWORD}@')


class Rendezvous(Tree):
    """A tree whose index is served only after two requests have arrived."""

    def __init__(self, archives: Sequence[Archive]) -> None:
        super().__init__(archives)
        self._both = threading.Barrier(2)

    def index(self, query: str, releases: Sequence[IndexRelease] | None = None) -> Resource:
        self._both.wait(60)
        return super().index(query, releases)


# Failing tests would print them whole.
@dataclass(repr=False)
class Stand:
    """Hosts and mirrors by name, made when they are first spoken of."""

    folder: Path
    archives: dict[tuple[str, str], Archive]
    tls: ServerCertificate
    running: contextlib.ExitStack
    hosts: dict[str, Host] = field(default_factory=dict)
    mirrors: dict[str, Mirror] = field(default_factory=dict)

    def host(self, name: str) -> Host:
        if name not in self.hosts:
            self.hosts[name] = Host(name, self.folder / 'hosts' / name)
            # Like /usr/local/bin, it is there before anything is installed.
            self.hosts[name].bin_dir.mkdir(parents=True)
        return self.hosts[name]

    def mirror(self, name: str) -> Mirror:
        if name not in self.mirrors:
            database = ChecksumDatabase(self.folder / 'logs' / name, upstream=lambda: NOBODY)
            archives = [each for each in self.archives.values() if name != 'other-arch' or each.arch == OTHER_ARCH]
            mirror = Mirror(archives, self.tls, database=database)
            if name == 'shared':
                mirror.tree = Rendezvous(archives)
            self.mirrors[name] = self.running.enter_context(mirror)
        return self.mirrors[name]

    def archive(self, version: str) -> Archive:
        return self.archives[version, ARCH]

    def h1(self, version: str) -> str:
        return self.archive(version).h1 or ''

    def log(self, name: str, digests: dict[str, str] | None = None) -> str:
        """Write the log of a mirror; returns its key."""
        known = {archive.spec.module_version: archive.h1 or '' for archive in self.archives.values()}
        return write_log(self.folder / 'logs' / name, known | (digests or {}))

    def file(self, name: str, content: str) -> str:
        path = self.folder / 'files' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding='utf-8')
        return str(path)

    def step(self, name: str, mirror: str | None = None, check: bool = False, environment: dict[str, str] | None = None, **options: Any) -> Step:
        """A task with a separate host, mirror and cache, unless the options differ; None omits one."""
        host, url = self.host(name), self.mirror(mirror or name).url
        chosen: Options = {
            'version': '1.30',
            'prefix': str(host.prefix),
            'link': str(host.link),
            'bin_dir': str(host.bin_dir),
            'index_url': f'{url}{INDEX}?mode=json&include=all',
            # Only the log of a test's own may be asked.
            'gosumdb': 'off',
            'mirrors': [f'{url}/plain'],
            'cache_path': str(self.folder / 'caches' / (mirror or name)),
            'timeout': 60,
        }
        chosen |= options
        return Step(host, {key: value for key, value in chosen.items() if value is not None}, check, environment or {})


@dataclass(frozen=True, repr=False)
class Told:
    """The outcome of a run: results by host, requests by mirror, and the hosts' files before and after."""

    results: dict[str, Result]
    requests: dict[str, list[Request]]
    handshakes: dict[str, int]
    before: dict[str, dict[str, tuple[int, int, int, int]]]
    after: dict[str, dict[str, tuple[int, int, int, int]]]

    def asked(self, mirror: str) -> list[str]:
        return [request.path for request in self.requests[mirror]]

    def files(self, host: str) -> list[str]:
        """Everything on a host after the run that is no folder."""
        return [name for name, (_inode, mode, *_rest) in self.after[host].items() if not stat.S_ISDIR(mode)]


def run(controller: Controller, stand: Stand, name: str, steps: Sequence[Step], rivals: Sequence[Step] = ()) -> Told:
    """A run; rivals: the tasks of another one at the same time, whose results bear the host's name and '-rival'."""
    for mirror in stand.mirrors.values():
        mirror.forget()
    before = {name: host.snapshot() for name, host in stand.hosts.items()}
    rival = controller.start(f'{name}-rival', rivals) if rivals else None
    results = controller.run(name, steps)
    if rival:
        results |= {f'{host}-rival': result for host, result in rival.results().items()}
    return Told(
        results,
        {name: mirror.requests() for name, mirror in stand.mirrors.items()},
        {name: mirror.failed_handshakes() for name, mirror in stand.mirrors.items()},
        before,
        {name: host.snapshot() for name, host in stand.hosts.items()},
    )


# ---- the two runs


def wanted_first(stand: Stand) -> list[Step]:
    return [
        # The rival has this host too; it is first so that neither waits long.
        stand.step('shared'),
        *fetching(stand),
        *with_archives(stand),
        *with_a_log(stand),
        *refused(stand),
        *with_credentials(stand),
        *checked(stand),
    ]


def fetching(stand: Stand) -> list[Step]:
    digest = f'sha256:{stand.archive(OLD).sha256}'
    return [
        stand.step('fresh'),
        stand.step('pinned', version=OLD, checksums={stand.archive(OLD).filename: digest}),
        stand.step('pushed-1', mirror='pushed', transfer='push'),
        stand.step('pushed-2', mirror='pushed', transfer='push'),
        # The controller trusts the mirror's authority by a variable that the module does not get.
        stand.step(
            'distrusting',
            mirrors=[f'{stand.mirror("distrusting").https_url}/plain'],
            environment={'SSL_CERT_FILE': str(stand.folder / 'nowhere.pem')},
        ),
        stand.step(
            'without-ca',
            mirrors=[f'{stand.mirror("without-ca").https_url}/plain'],
            ca_path=str(stand.folder / 'nowhere.pem'),
        ),
    ]


def with_archives(stand: Stand) -> list[Step]:
    archive = stand.archive(OLD)
    pinned: Options = {'version': OLD, 'checksums': {archive.filename: f'sha256:{archive.sha256}'}}
    return [
        stand.step('from-file', archive=str(archive.path), **pinned),
        stand.step('from-folder', archive=str(archive.path.parent), **pinned),
        stand.step('from-host', archive=str(archive.path), remote_src=True, **pinned),
    ]


def with_a_log(stand: Stand) -> list[Step]:
    lie = {stand.archive(NEW).spec.module_version: WRONG_H1}
    return [
        stand.step(
            name,
            index_url=f'{with_password(NOBODY)}/',
            mirrors=[],
            goproxy=f'{with_password(stand.mirror(name).url)}/proxy,direct',
            gosumdb=key,
        )
        for name, key in (('proxied', stand.log('proxied')), ('lied-to', stand.log('lied-to', lie)))
    ]


def refused(stand: Stand) -> list[Step]:
    """What cannot be done (REFUSALS), and what can be done with adopt only."""
    archive = stand.archive(OLD)
    common = stand.mirror('refused')
    for name in ('occupied', 'adopted'):
        stand.host(name).link.mkdir()
        (stand.host(name).link / 'VERSION').write_text(FOREIGN, encoding='utf-8')
    return [
        stand.step('unknown', mirror='refused', version='1.30.9'),
        stand.step('candidate', mirror='refused', version='1.31'),
        stand.step('mismatch', mirror='refused', version=OLD, archive=str(archive.path), checksums={archive.filename: f'sha256:{WRONG_DIGEST}'}),
        stand.step('down', mirror='refused', version=OLD, mirrors=mirrors_down(common)),
        stand.step('occupied', mirror='refused'),
        stand.step('adopted', mirror='refused', adopt=True),
        stand.step('conflict', mirror='refused', version_from=stand.file('conflict/go.mod', 'go 1.30\n')),
        stand.step('no-digest', mirror='refused', checksums={archive.filename: 'sha256:1234'}),
        stand.step('no-version', mirror='refused', version=None),
        stand.step('no-index', mirror='refused', version=OLD, index_url=f'{NOBODY}/', cache_path=str(stand.folder / 'caches' / 'no-index')),
        stand.step('other-arch', version=OLD),
        stand.step('unsigned', mirror='refused', trust=['signature']),
        stand.step('unlogged', mirror='refused', trust=['log', 'signature']),
        stand.step('no-lock', mirror='refused', lock=str(stand.folder / 'nowhere.yml')),
    ]


def mirrors_down(mirror: Mirror) -> list[str]:
    return [f'{mirror.fault_url("not_found")}/plain', f'{mirror.fault_url("html")}/plain', f'{mirror.fault_url("flip")}/plain', NOBODY]


def with_credentials(stand: Stand) -> list[Step]:
    mirror = stand.mirror('private')
    secret, broken = with_password(mirror.url), with_password(mirror.fault_url('not_found'))
    index = f'{secret}{INDEX}?mode=json&include=all'
    return [
        stand.step('private', index_url=index, mirrors=[f'{broken}/plain', f'{secret}/plain']),
        stand.step('private-down', mirror='private', index_url=index, mirrors=[f'{broken}/plain']),
        stand.step('private-index', mirror='private', index_url=f'{broken}{INDEX}', goproxy=f'{broken}/proxy'),
    ]


def checked(stand: Stand) -> list[Step]:
    project = f'go {NEW}\ntoolchain go{OLD} // the one that builds\n'
    files = {
        'from-go-mod': stand.file('a/go.mod', f'module example.com/a\n\n{project}'),
        'from-go-work': stand.file('a/go.work', f'{project}\nuse .\n'),
        'from-go-version': stand.file('a/.go-version', f'{OLD}\n'),
        'from-tool-versions': stand.file('a/.tool-versions', f'nodejs 22.1.0\ngolang {OLD}\n'),
    }
    return [
        stand.step('checked', check=True),
        stand.step('cached', check=True),
        stand.step('outdated', check=True),
        stand.step('checked-other-arch', mirror='other-arch', version=OLD, check=True),
        *(stand.step(name, mirror='refused', version=None, version_from=path, check=True) for name, path in files.items()),
    ]


def wanted_second(stand: Stand) -> list[Step]:
    return [
        stand.step('fresh'),
        stand.step('checked'),
        stand.step('pinned', version=OLD, index_url=f'{NOBODY}/', mirrors=[], cache_path=str(stand.folder / 'caches' / 'none')),
        stand.step('pushed-1', state='absent', version=None),
        stand.step('cached', version=OLD, index_max_age=0, check=True),
        stand.step('outdated', index_max_age=0, check=True),
    ]


@pytest.fixture(scope='session')
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp('plays')
    shape = Shape(program='script')
    archives = {(version, arch): tiny(folder / 'archives', version, arch, shape) for version in (OLD, NEW) for arch in (ARCH, OTHER_ARCH)}
    tls = Authority.kept(folder / 'authority').issue(folder / 'tls')
    with contextlib.ExitStack() as running:
        yield Stand(folder, archives, tls, running)


@pytest.fixture(scope='session')
def controller(stand: Stand) -> Controller:
    collections = stand.folder / 'collections'
    stage(collections)
    return Controller(stand.folder, collections, stand.tls.authority)


@pytest.fixture(scope='session')
def first(controller: Controller, stand: Stand) -> Told:
    rival = stand.step('shared', cache_path=str(stand.folder / 'caches' / 'rival'))
    return run(controller, stand, 'first', wanted_first(stand), [rival])


@pytest.fixture(scope='session')
def second(controller: Controller, stand: Stand, first: Told) -> Told:
    return run(controller, stand, 'second', wanted_second(stand))


# ---- fetching


def test_a_fresh_pull_asks_once_for_the_index_and_once_for_the_archive(first: Told) -> None:
    assert first.asked('fresh') == [INDEX, plain(NEW)]


def test_a_line_becomes_its_newest_patch(first: Told) -> None:
    assert first.results['fresh']['installed'] == [NEW]


def test_the_link_leads_to_what_was_installed(first: Told, stand: Stand) -> None:
    assert stand.host('fresh').link.readlink() == stand.host('fresh').prefix / f'go{NEW}'


def test_an_unchanged_run_makes_no_request(second: Told) -> None:
    assert second.asked('fresh') == []


def test_an_unchanged_run_says_that_nothing_changed(second: Told) -> None:
    assert second.results['fresh']['changed'] is False


def test_an_unchanged_run_writes_nothing_on_the_host(second: Told) -> None:
    assert second.after['fresh'] == second.before['fresh']


def test_an_exact_version_is_resolved_from_a_cached_index_of_any_age(second: Told) -> None:
    assert (second.results['cached']['version'], second.asked('cached')) == (OLD, [])


def test_a_line_asks_again_when_the_cached_index_is_too_old(second: Told) -> None:
    assert second.asked('outdated') == [INDEX]


def test_a_pinned_exact_version_asks_no_index(first: Told) -> None:
    assert first.asked('pinned') == [plain(OLD)]


@pytest.mark.parametrize(('name', 'kind'), [('fresh', 'index'), ('pinned', 'pinned')])
def test_the_proof_names_what_vouched_for_the_digest(first: Told, name: str, kind: str) -> None:
    (toolchain,) = first.results[name]['toolchains']
    assert [proof['kind'] for proof in toolchain['proof']] == [kind]


def test_an_installed_release_needs_no_index(second: Told) -> None:
    assert (second.results['pinned'].get('failed', False), second.results['pinned']['changed']) == (False, False)


def test_of_two_plays_at_once_one_installs(first: Told) -> None:
    assert sorted(first.results[name]['installed'] for name in ('shared', 'shared-rival')) == [[], [NEW]]


def test_two_plays_at_once_fetch_one_archive(first: Told) -> None:
    assert first.asked('shared').count(plain(NEW)) == 1


# ---- pushing


# The requests of a controller for a push without a log: a signature could vouch, because the archive is downloaded anyway.
PUSHED = [INDEX, plain(NEW), f'{plain(NEW)}.asc']


def test_a_push_to_two_hosts_fetches_once(first: Told) -> None:
    assert first.asked('pushed') == PUSHED


@pytest.mark.parametrize('name', ['pushed-1', 'pushed-2', 'distrusting', 'without-ca', 'from-file', 'from-folder'])
def test_the_result_says_that_the_controller_pushed(first: Told, name: str) -> None:
    assert first.results[name]['transfer'] == 'push'


def test_a_host_that_cannot_verify_tls_has_tried_before_it_gets_a_push(first: Told) -> None:
    assert (first.handshakes['distrusting'], first.asked('distrusting')) == (1, PUSHED)


def test_a_host_without_the_ca_file_sends_no_request(first: Told) -> None:
    assert (first.handshakes['without-ca'], first.asked('without-ca')) == (0, PUSHED)


def test_what_was_pushed_names_the_mirror_that_it_came_from(first: Told, stand: Stand) -> None:
    (toolchain,) = first.results['pushed-1']['toolchains']
    assert toolchain['source']['origin'] == f'{stand.mirror("pushed").url}{plain(NEW)}'


@pytest.mark.parametrize('name', ['pushed-1', 'distrusting', 'from-file'])
def test_a_push_leaves_no_archive_on_the_host(first: Told, name: str) -> None:
    assert [path for path in first.after[name] if path.endswith('.gz') or '/incoming/' in path] == []


# ---- archives


@pytest.mark.parametrize('name', ['from-file', 'from-folder', 'from-host'])
def test_an_archive_is_installed(first: Told, name: str) -> None:
    assert first.results[name]['installed'] == [OLD]


@pytest.mark.parametrize('name', ['from-file', 'from-folder', 'from-host'])
def test_with_an_archive_and_its_digest_no_request_is_sent(first: Told, name: str) -> None:
    assert first.asked(name) == []


def test_an_archive_on_the_host_needs_no_transfer(first: Told) -> None:
    assert first.results['from-host']['transfer'] == 'none'


@pytest.mark.usefixtures('first')
def test_an_archive_on_the_host_stays_where_it_is(stand: Stand) -> None:
    assert stand.archive(OLD).path.is_file()


# ---- what a project asks for


@pytest.mark.parametrize('name', ['from-go-mod', 'from-go-work', 'from-go-version', 'from-tool-versions'])
def test_a_project_file_says_which_release_is_wanted(first: Told, name: str) -> None:
    assert first.results[name]['version'] == OLD


# ---- module proxies and the log


def test_a_module_zip_is_proven_by_the_log(first: Told, stand: Stand) -> None:
    (toolchain,) = first.results['proxied']['toolchains']
    (proof,) = toolchain['proof']
    assert (proof['kind'], proof['h1']) == ('log', stand.h1(NEW))


def test_a_module_zip_is_named_as_the_source(first: Told, stand: Stand) -> None:
    (toolchain,) = first.results['proxied']['toolchains']
    assert (toolchain['source']['kind'], Path(toolchain['source']['origin']).name) == ('module', f'{stand.archive(NEW).spec.module_version}.zip')


def test_a_run_that_does_without_the_index_says_so(first: Told) -> None:
    (warning,) = first.results['proxied']['warnings']
    assert f'The release index {NOBODY}/ cannot be reached' in warning


# ---- check mode and diff


def test_check_mode_on_a_fresh_host_says_changed(first: Told) -> None:
    assert first.results['checked']['changed'] is True


def test_check_mode_leaves_no_trace(first: Told) -> None:
    assert first.after['checked'] == first.before['checked']


def test_check_mode_plans_what_the_run_then_does(first: Told, second: Told) -> None:
    assert first.results['checked']['plan'] == second.results['checked']['plan']


def test_the_diff_shows_a_fresh_host_before_and_after(first: Told) -> None:
    diff = first.results['checked']['diff']
    assert (diff['before']['toolchains'], diff['after']['toolchains']) == ([], [f'go{NEW}'])


def test_the_diff_shows_the_links_to_come(first: Told, stand: Stand) -> None:
    host = stand.host('checked')
    diff = first.results['checked']['diff']
    assert diff['before']['links'] == {}
    assert diff['after']['links'] == {
        str(host.link): str(host.prefix / f'go{NEW}'),
        str(host.bin_dir / 'go'): str(host.link / 'bin' / 'go'),
        str(host.bin_dir / 'gofmt'): str(host.link / 'bin' / 'gofmt'),
    }


def test_check_mode_fails_where_the_record_is_missing(first: Told) -> None:
    assert first.results['checked-other-arch']['code'] == 'no_archive_for_architecture'


# ---- what is refused: code, and parts of the message (what, where, why, what to do)

REFUSALS = {
    'unknown': ('unknown_version', ('Go 1.30.9', '{index}', f'The nearest known are {OLD}, {NEW}')),
    'candidate': ('no_stable_release', ('Go 1.31 has no stable release', '{index}', f"Write version: '{CANDIDATE}'")),
    'mismatch': ('sha256_mismatch', ('{file}', 'sha256 is {digest}', f'pinned says {WRONG_DIGEST}', 'Get the file again')),
    'down': (
        'no_source',
        (
            '{mirror}/fault/not_found/plain/{file}: answers 404',
            '{mirror}/fault/html/plain/{file}: sends a web page',
            '{mirror}/fault/flip/plain/{file}: sha256 is {flipped}, not {digest}',
            f'{NOBODY}/{{file}}: cannot be reached',
            'Check mirrors',
        ),
    ),
    'occupied': ('occupied', ('{link} is in the way', 'did not make', 'Nothing was changed', 'Move it away', 'adopt: true')),
    'conflict': ('conflicting_options', ('version and version_from', 'Leave one of them out')),
    'no-digest': ('invalid_checksum', ('checksums', '{file}: sha256:1234', 'followed by 64 hex digits')),
    'no-version': ('invalid_version', ('Neither version nor version_from', 'Write version:')),
    'no-index': ('index_unreachable', (f'The release index {NOBODY}/', 'Connection refused', 'Set index_url', 'checksums', 'goproxy')),
    'other-arch': ('no_archive_for_architecture', (f'Go {OLD} for linux-{ARCH}', OTHER_ARCH, 'Pin this', 'gosumdb')),
    'unsigned': ('untrusted', (f'signature has to vouch for Go {NEW} for linux-', 'index does', 'There is no signature of', '.asc: answers 404', 'trust')),
    'unlogged': ('untrusted', ('log or signature has to vouch', 'The transparency log knows nothing of', 'gosumdb: off', 'There is no signature')),
    'no-lock': ('no_file', ('nowhere.yml', 'gofleet.golang.lock')),
    'lied-to': ('no_source', ('{module} is not the release', '{h1}', WRONG_H1, 'It was not installed')),
}


@pytest.fixture(scope='session')
def words(stand: Stand) -> dict[str, str]:
    """What the parts of a message stand for."""
    archive, mirror = stand.archive(OLD), stand.mirror('refused').url
    content = bytearray(archive.path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    return {
        'index': f'{mirror}{INDEX}?mode=json&include=all',
        'mirror': mirror,
        'file': archive.filename,
        'digest': archive.sha256,
        'flipped': hashlib.sha256(content).hexdigest(),
        'link': str(stand.host('occupied').link),
        'module': f'{stand.archive(NEW).spec.module_version}.zip',
        'h1': stand.h1(NEW),
    }


@pytest.mark.parametrize('name', REFUSALS)
def test_a_refusal_has_a_code(first: Told, name: str) -> None:
    assert first.results[name]['code'] == REFUSALS[name][0]


@pytest.mark.parametrize('name', REFUSALS)
def test_a_refusal_says_what_where_why_and_what_to_do(first: Told, words: dict[str, str], name: str) -> None:
    message = first.results[name]['msg']
    assert [part for part in REFUSALS[name][1] if part.format(**words) not in message] == [], message


def test_a_mismatch_names_the_file_that_was_given(first: Told, stand: Stand) -> None:
    assert str(stand.archive(OLD).path) in first.results['mismatch']['msg']


# For 'down' and 'lied-to' the host has made a folder, to which the controller then has nothing to bring.
@pytest.mark.parametrize('name', REFUSALS)
def test_a_refusal_leaves_the_host_as_it_was(first: Told, name: str) -> None:
    assert first.after[name] == first.before[name]


def test_with_adopt_the_foreign_file_is_kept_unchanged(first: Told) -> None:
    (aside,) = first.results['adopted']['moved_aside']
    assert (Path(aside) / 'VERSION').read_text(encoding='utf-8') == FOREIGN


def test_with_adopt_the_link_replaces_the_foreign_file(first: Told, stand: Stand) -> None:
    assert stand.host('adopted').link.readlink() == stand.host('adopted').prefix / f'go{NEW}'


# ---- removal, secrets


def test_state_absent_leaves_nothing_but_what_was_there_before(first: Told, second: Told) -> None:
    assert second.after['pushed-1'].keys() == first.before['pushed-1'].keys()


def test_state_absent_says_what_it_removed(second: Told) -> None:
    assert second.results['pushed-1']['pruned'] == [NEW]


@pytest.mark.parametrize('name', ['private', 'private-down', 'private-index', 'proxied', 'lied-to'])
def test_no_result_tells_a_password(first: Told, name: str) -> None:
    # The invocation is Ansible's own copy of what the task says.
    reported = {key: value for key, value in first.results[name].items() if key != 'invocation'}
    assert PASSWORD not in json.dumps(reported)


@pytest.mark.parametrize('name', ['private', 'proxied'])
def test_no_manifest_keeps_a_password(first: Told, stand: Stand, name: str) -> None:
    manifest = stand.host(name).prefix / '.gofleet' / 'manifests' / f'go{NEW}.json'
    assert PASSWORD not in manifest.read_text(encoding='utf-8')
