# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror misbehaves: each row is one way, and how the module ends it, on CentOS 7's Python and on the newest.

A toolchain is active before. After a row the host is what it was, to the last file, nothing has escaped, and the run
took no more memory, disk and time than its row allows: disk is a file system of that size, time is a multiple of what a
right download and installation takes in the same interpreter.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import interpreters
import mounts
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.request import Request
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution import resolver
from ansible_collections.gofleet.golang.plugins.plugin_utils._resolution.resolver import Resolution
from conftest import Need
from interpreters import Unavailable, peak_of, start_measured
from sandbox import Host, Snapshot, record
from scenarios import FIRST, SECOND
from support.mirror.certificates import ServerCertificate
from support.mirror.faults import FAULTS
from support.mirror.server import Mirror
from support.module_process import Module, Options, Outcome
from support.toolchains.hostile import TARS, ZIPS, hostile_tar, hostile_zip
from support.toolchains.real import Archive
from support.toolchains.tiny import Shape, tiny

MIB = 1 << 20
MEMORY = 64 * MIB
# What a row may take more memory than a right run does, unless it is about just that.
FOR_HOSTILE = 12 * MIB
# Of the file system that holds the host, the stage and the archive in it.
ROOM = 4 * MIB
# What a bomb may unpack to before it is refused, with the bomb itself.
BOMB_ROOM = 24 * MIB
# What has as many files as are allowed needs ballast for it.
LARGE_ROOM = 160 * MIB
# The size of a module zip is not known beforehand.
UNKNOWN_ROOM = 540 * MIB
TIMEOUT = 1
# As multiples of a right run of some kilobytes: what is refused last has 32,000 files, and this machine may be busy.
PACE = 100
# In seconds: all silences that a client bears with this timeout, and what it is patient for with a slow one.
SILENCE = 5 * TIMEOUT
DRIPPING = SILENCE + 10
# More than a client's first read.
PAYLOAD = 300_000
ESCAPED = '/tmp/gofleet-escaped'
PYTHONS = ('centos7', 'newest')


@dataclass(frozen=True)
class Shelves:
    """Everything that mirrors serve: honest releases, and archives that mean harm, each under a version of its own."""

    authority: Path
    honest: dict[str, Archive]
    tars: dict[str, Archive]
    zips: dict[str, Archive]
    other_port: Archive

    @property
    def all(self) -> list[Archive]:
        return [*self.honest.values(), self.other_port, *self.tars.values(), *self.zips.values()]


@dataclass(frozen=True)
class Place:
    """A host whose disk is a file system of its own, with a toolchain on it, under one interpreter."""

    module: Module
    host: Host
    disk: Path
    before: Snapshot
    mirror: Mirror
    shelves: Shelves
    # Of a right run: seconds, and bytes of memory.
    seconds: float
    peak: int

    def options(self, wanted: Archive, **more: object) -> Options:
        return {
            'version': wanted.version, 'releases': [record(wanted)], 'mirrors': [], 'transfer': 'pull', 'timeout': TIMEOUT,
            'ca_path': str(self.shelves.authority), **self.host.paths, **more,
        }  # fmt: skip


OptionsOf = Callable[[Place], Options]


@dataclass(frozen=True)
class Row:
    """code: what the source is passed over for; None: the release is installed all the same."""

    name: str
    options: OptionsOf
    code: str | tuple[str, ...] | None
    room: int = ROOM
    patience: float = 0
    # Of a run that has to fail with the code itself, as there is no other source to try.
    at_once: bool = False
    accepted: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        codes = (self.code,) if isinstance(self.code, str) else self.code or ()
        object.__setattr__(self, 'accepted', codes)


# ---- the tables


def by_mirror(fault: str, secure: bool = False, size: bool = True) -> OptionsOf:
    def options(place: Place) -> Options:
        archive = place.shelves.honest[SECOND]
        return {**place.options(archive, mirrors=[f'{place.mirror.fault_url(fault, secure)}/dl']), 'releases': [record(archive, size)]}

    return options


def by_proxy(fault: str, secure: bool = False) -> OptionsOf:
    return lambda place: place.options(place.shelves.honest[SECOND], goproxy=f'{place.mirror.fault_url(fault, secure)}/proxy')


# What was promised and did not come is asked for once more, and the server says that there is no such part (416).
OUT_OF_RANGE = 'http_status'

# What the faults of mirror_faults.py end in, where a size and a digest are known. Those of the index are further below.
BY_MIRROR: dict[str, tuple[str | None, float]] = {
    'not_found': ('http_status', 0),
    'server_error': ('http_status', 0),
    'unavailable_once': ('http_status', 0),
    'truncate': ('truncated', 0),
    'truncate_once': (None, 0),
    'drop_no_range': (None, 0),
    'flip': ('sha256_mismatch', 0),
    'html': ('html_answer', 0),
    'stall': ('truncated', SILENCE),
    'reset': ('truncated', 0),
    'redirect_loop': ('bad_redirect', 0),
    'long_length': ('too_large', 0),
    'short_length': ('size_mismatch', 0),
    'wrong_arch': ('size_mismatch', 0),
    'refuse': ('unreachable', 0),
    'drip': ('too_slow', DRIPPING),
    'drip_headers': ('too_slow', DRIPPING),
    'endless_continue': ('too_slow', DRIPPING),
    'many_headers': ('unreachable', 0),
    'one_header': ('unreachable', 0),
    'endless': ('too_large', 0),
    'redirect_endless': (None, 0),
    'to_http': (None, 0),
    'to_file': ('bad_redirect', 0),
    'to_ftp': ('bad_redirect', 0),
    'packed_bomb': ('size_mismatch', 0),
    # The module asks for no digest file: a mirror's own digest is not trust.
    'flip_sha256': (None, 0),
}
OF_THE_INDEX = ('flip_index', 'stale_index', 'bad_json', 'empty_index')

# What comes through a module proxy has an h1 and nothing else.
BY_PROXY: dict[str, tuple[str | None, int]] = {
    'truncate': ('truncated', ROOM),
    'flip': ('archive_damaged', ROOM),
    'html': ('html_answer', ROOM),
    'long_length': (OUT_OF_RANGE, ROOM),
    'short_length': ('archive_damaged', ROOM),
    'endless': ('too_large', UNKNOWN_ROOM),
    'packed_bomb': ('archive_damaged', ROOM),
}

TRANSPORT = (
    *(Row(name, by_mirror(name), code, patience=patience) for name, (code, patience) in BY_MIRROR.items()),
    Row('flip+https', by_mirror('flip', secure=True), 'sha256_mismatch'),
    Row('drip+https', by_mirror('drip', secure=True), 'too_slow', patience=DRIPPING),
    Row('to_http+https', by_mirror('to_http', secure=True), 'bad_redirect'),
    Row('reset+https', by_mirror('reset', secure=True), 'truncated'),
    Row('long_length+unknown', by_mirror('long_length', size=False), OUT_OF_RANGE),
    *(Row(f'proxy:{name}', by_proxy(name), code, room=room) for name, (code, room) in BY_PROXY.items()),
)


def lying_index(name: str, place: Place) -> Options:
    """A mirror and the index beside it agree: digest and size of the archive that means harm are what they promise."""
    archive = place.shelves.tars[name]
    promised = record(archive)
    promised['archives'][archive.arch].pop('h1')
    promised['archives'][archive.arch]['vouched'].pop('h1')
    return place.options(archive, releases=[promised], mirrors=[f'{place.mirror.url}/dl'], trust=['index'])


def by_log(name: str, place: Place) -> Options:
    """An archive that is at hand, of which nothing but an h1 is known."""
    archive = place.shelves.tars[name]
    known = record(replace(archive, h1=place.shelves.honest[SECOND].h1))
    for key in ('sha256', 'size'):
        known['archives'][archive.arch].pop(key)
    known['archives'][archive.arch]['vouched'].pop('sha256')
    return place.options(archive, releases=[known], archive=str(archive.path), remote_src=True)


def through_proxy(name: str, place: Place) -> Options:
    return place.options(place.shelves.zips[name], goproxy=f'{place.mirror.url}/proxy')


MOST = 'as_much_as_may_be'
NOT_GO = 'not_a_toolchain'
UNSAFE = 'archive_unsafe'
DAMAGED = 'archive_damaged'
OF_TAR = {
    'other_top': NOT_GO, 'name_beside_the_top': NOT_GO, 'no_version': NOT_GO, MOST: NOT_GO,
    'no_end': DAMAGED, 'two_streams': DAMAGED, 'packed_twice': DAMAGED, 'cut': DAMAGED, 'wrong_checksum': DAMAGED,
    'bomb_after_the_end': DAMAGED, 'long_gnu_name': DAMAGED, 'long_pax_header': DAMAGED, 'headers_only': DAMAGED, 'hidden_member': DAMAGED,
    'size_in_base_256': DAMAGED, 'longer_than_it_is': DAMAGED,
}  # fmt: skip
OF_ZIP = {
    'bomb_that_lies': (UNSAFE, DAMAGED), 'overlapping_members': (UNSAFE, DAMAGED), 'many_more_files': DAMAGED, 'huge_directory': DAMAGED,
    'encrypted': DAMAGED, 'comment': DAMAGED, 'html': DAMAGED, 'end_in_the_comment': NOT_GO,
    # Kinds and modes that a zip gives its members mean nothing: they become plain files, and the h1 tells that they are too many.
    'symlink': 'h1_mismatch', 'set_user_id': 'h1_mismatch', 'character_device': 'h1_mismatch', 'edited': 'h1_mismatch',
    MOST: 'h1_mismatch',
}  # fmt: skip
LARGE = (MOST, 'many_files', 'many_more_files', 'huge_directory')
CONTENT = (
    *(Row(name, partial(lying_index, name), OF_TAR.get(name, UNSAFE), LARGE_ROOM if name in LARGE else BOMB_ROOM) for name in TARS),
    *(Row(f'zip:{name}', partial(through_proxy, name), OF_ZIP.get(name, UNSAFE), LARGE_ROOM if name in LARGE else BOMB_ROOM) for name in ZIPS),
)
UNKNOWN_DIGEST = tuple(
    Row(f'given:{name}', partial(by_log, name), OF_TAR.get(name, UNSAFE), LARGE_ROOM if name in LARGE else BOMB_ROOM, at_once=True) for name in TARS
)


def test_every_fault_of_the_mirror_has_a_row() -> None:
    assert {*BY_MIRROR, *OF_THE_INDEX} == set(FAULTS)
    assert set(OF_TAR) <= set(TARS)
    assert set(OF_ZIP) <= set(ZIPS)


# ---- what they are tried on


@pytest.fixture(scope='module')
def disk(need: Need) -> Iterator[Path]:
    reason = mounts.why_not()
    need(reason is None, 'a disk of bounded size for lying mirrors', f'run as root where mounting is allowed ({reason})')
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(interpreters.folder_for_all()))
        yield stack.enter_context(mounts.tmpfs(folder / 'disk', f'size={UNKNOWN_ROOM}'))


@pytest.fixture(scope='module')
def shelves(archives: Path, tls: ServerCertificate) -> Shelves:
    folder = archives / 'hostile'
    folder.mkdir()
    # Where each interpreter can read it.
    authority = Path(shutil.copy(tls.authority, folder / 'ca.pem'))
    ballast = Shape(payload=PAYLOAD)
    honest = {version: tiny(folder / 'honest', version, shape=ballast) for version in (FIRST, SECOND)}
    return Shelves(
        authority, honest,
        {name: hostile_tar(name, folder / 'tars', f'1.41.{number}') for number, name in enumerate(TARS)},
        {name: hostile_zip(name, folder / 'zips', f'1.42.{number}') for number, name in enumerate(ZIPS)},
        tiny(folder / 'honest', SECOND, 'arm64', ballast),
    )  # fmt: skip


@pytest.fixture(scope='module')
def serving(shelves: Shelves, tls: ServerCertificate) -> Iterator[Mirror]:
    with Mirror(shelves.all, tls) as running:
        yield running


@pytest.fixture(scope='module', params=PYTHONS)
def interpreter(request: pytest.FixtureRequest, library: Path, archives: Path, disk: Path, need: Need) -> Iterator[Module]:
    with contextlib.ExitStack() as stack:
        try:
            older = request.param == 'centos7'
            found = stack.enter_context(interpreters.centos7(library, (library, archives, disk))) if older else interpreters.newest(library)
        except Unavailable as error:
            need(False, f'lying mirrors on the Python of {request.param}', str(error))
            raise
        outcome = found.warm_up()
        assert outcome.changed is False, f'the module does not even start on Python {found.version}: {outcome}'
        yield found


@pytest.fixture(scope='module')
def place(interpreter: Module, disk: Path, serving: Mirror, shelves: Shelves) -> Place:
    host = Host(disk / interpreter.version / 'host').make()
    empty = Place(interpreter, host, disk, {}, serving, shelves, 0, 0)
    runs = [measured(empty, empty.options(shelves.honest[version], mirrors=[f'{serving.url}/dl'])) for version in (SECOND, FIRST)]
    assert all(outcome.changed for outcome, _seconds, _peak in runs), runs
    assert interpreter.run({'version': FIRST, 'prune': True, **host.paths}).changed
    return replace(empty, before=host.snapshot(), seconds=min(run[1] for run in runs), peak=max(run[2] for run in runs))


def measured(place: Place, options: Options) -> tuple[Outcome, float, int]:
    """The outcome of a run, how many seconds it took, and how many bytes of memory."""
    started = time.monotonic()
    outcome = start_measured(place.module, options, place.host.root.parent).finish()
    return outcome, time.monotonic() - started, peak_of(place.host.root.parent)


def escaped(module: Module) -> bool:
    return not subprocess.run([*module.wrapper, 'ls', '-d', ESCAPED], capture_output=True, check=False).returncode


def codes_of(outcome: Outcome) -> list[Any]:
    """What each source was passed over for; the run's own code where none was."""
    assert outcome.result is not None
    failures = outcome.result.get('passed_over') or outcome.result.get('evidence', {}).get('failures')
    return [failure['code'] for failure in failures] if failures else [outcome.code]


def put_back(place: Place, row: Row) -> None:
    """Remove what a row installed, with the next runs that anybody would do."""
    assert place.module.run({'version': FIRST, 'prune': True, **place.host.paths}).changed, row.name


def judge(place: Place, row: Row, tally: list[str]) -> None:
    mounts.remount(place.disk, f'size={row.room + PAYLOAD * 4}')
    outcome, seconds, peak = measured(place, row.options(place))
    ending = 'installed' if outcome.changed else '/'.join(map(str, codes_of(outcome)))
    tally.append(
        f'{row.name:<28} Python {place.module.version:<7} {ending:<18}'
        f' {seconds / place.seconds:5.1f} x a right run, {peak / MIB:5.1f} MiB'
    )
    assert outcome.fault() is None, outcome
    if row.code is None:
        assert outcome.changed, outcome
        put_back(place, row)
    else:
        assert outcome.code == (row.accepted[0] if row.at_once else 'no_source'), outcome
        assert codes_of(outcome)[0] in row.accepted, outcome
    assert place.host.snapshot() == place.before
    assert place.host.staged() == []
    assert place.host.answers() == {'link': FIRST, 'bin': FIRST}
    assert not escaped(place.module)
    assert peak <= (MEMORY if row.name.endswith(MOST) else min(MEMORY, place.peak + FOR_HOSTILE))
    assert seconds <= PACE * place.seconds + row.patience


# ---- the rows


@pytest.mark.parametrize('row', TRANSPORT, ids=lambda row: row.name)
def test_misbehaving_mirror_is_skipped(row: Row, place: Place, tally: list[str]) -> None:
    judge(place, row, tally)


@pytest.mark.parametrize('row', CONTENT, ids=lambda row: row.name)
def test_malicious_archive_with_the_right_digest_is_rejected(row: Row, place: Place, tally: list[str]) -> None:
    judge(place, row, tally)


@pytest.mark.parametrize('row', UNKNOWN_DIGEST, ids=lambda row: row.name)
def test_malicious_archive_is_rejected_before_its_tree_is_verified(row: Row, place: Place, tally: list[str]) -> None:
    judge(place, row, tally)


def test_archive_of_another_architecture_with_the_right_digest_is_not_published(place: Place, tally: list[str]) -> None:
    honest, other = place.shelves.honest[SECOND], place.shelves.other_port
    promised = record(replace(honest, sha256=other.sha256, size=other.size))
    promised['archives'][honest.arch].pop('h1')
    promised['archives'][honest.arch]['vouched'].pop('h1')
    mounts.remount(place.disk, f'size={ROOM}')
    outcome = place.module.run(place.options(honest, releases=[promised], mirrors=[f'{place.mirror.fault_url("wrong_arch")}/dl'], trust=['index']))
    found = codes_of(outcome)[0]
    tally.append(f'{"wrong_arch+promised":<28} Python {place.module.version:<7} {found}')
    assert outcome.fault() is None, outcome
    # Where the kernel starts programs of that architecture too, it is what they say of themselves.
    assert found in ('not_runnable', 'not_the_release'), outcome
    assert place.host.snapshot() == place.before


# ---- the index: the controller asks for it, and no host is touched before it is understood

# A URL's fault, whether it comes over TLS, and the code that the run ends with.
OF_INDEX = (
    ('stale_index', False, 'unknown_version'),
    ('bad_json', False, 'bad_index'),
    ('empty_index', False, 'unknown_version'),
    ('not_found+index', False, 'index_unreachable'),
    ('html+index', False, 'index_unreachable'),
    ('truncate+index', False, 'index_unreachable'),
    ('stall+index', False, 'index_unreachable'),
    ('reset+index', False, 'index_unreachable'),
    ('refuse+index', False, 'index_unreachable'),
    ('redirect_loop+index', False, 'index_unreachable'),
    ('drip+index', False, 'index_unreachable'),
    ('many_headers+index', False, 'index_unreachable'),
    ('endless+index', False, 'index_unreachable'),
    ('to_file+index', False, 'index_unreachable'),
    ('to_http+index', True, 'index_unreachable'),
    ('packed_bomb+index', False, 'bad_index'),
    ('flip+index', False, 'bad_index'),
)
# An unknown release, so that only the index can contain it.
NEWEST = FIRST.rpartition('.')[0] + '.4'


def resolve(mirror: Mirror, fault: str, secure: bool, tls: ServerCertificate, folder: Path, version: str) -> Resolution:
    request = Request(
        versions=[version], checksums={}, given=[], goproxy=[], gosumdb='off', index_max_age=0,
        index_url=f'{mirror.fault_url(fault, secure)}/dl/?mode=json&include=all', options=sources.Options(TIMEOUT, str(tls.authority)),
    )  # fmt: skip
    return resolver.resolve(request, Cache(folder / 'cache'), Cache(folder / 'run'))


def why_unresolved(mirror: Mirror, fault: str, secure: bool, tls: ServerCertificate, folder: Path, version: str) -> str | None:
    """The code of the failure. That of an index out of reach is kept for the hosts which have to install."""
    try:
        resolution = resolve(mirror, fault, secure, tls, folder, version)
    except GofleetError as error:
        return str(error.code)
    excuse = resolution.excuses.get(version)
    return str(excuse['code']) if excuse else None


@pytest.mark.parametrize(('fault', 'secure', 'code'), OF_INDEX, ids=[row[0] for row in OF_INDEX])
def test_invalid_index_is_rejected_before_any_host_is_contacted(
    fault: str, secure: bool, code: str, mirror: Mirror, tls: ServerCertificate, tmp_path: Path, tally: list[str]
) -> None:
    found = why_unresolved(mirror, fault, secure, tls, tmp_path, NEWEST)
    tally.append(f'{fault:<28} controller     {found}')
    assert found == code
    assert not [request.path for request in mirror.requests() if '/go1' in request.path]


def test_host_detects_wrong_digests_of_an_index(place: Place, tls: ServerCertificate, tmp_path: Path, tally: list[str]) -> None:
    spoilt = resolve(place.mirror, 'flip_index', False, tls, tmp_path, SECOND).records[0].as_option()
    row = Row('flip_index', lambda _: place.options(place.shelves.honest[SECOND], releases=[spoilt], mirrors=[f'{place.mirror.url}/dl']), 'sha256_mismatch')
    judge(place, row, tally)


@pytest.mark.parametrize('name', TARS)
def test_archive_with_a_wrong_digest_is_not_opened(name: str, place: Place) -> None:
    """The record is the honest release's, so size or digest decides."""
    honest = place.shelves.honest[SECOND]
    hostile = place.shelves.tars[name]
    promised = record(honest)
    promised['archives'][honest.arch]['filename'] = hostile.filename
    mounts.remount(place.disk, f'size={ROOM}')
    outcome = place.module.run(place.options(honest, releases=[promised], mirrors=[f'{place.mirror.url}/plain']))
    assert (outcome.fault(), outcome.code) == (None, 'no_source'), outcome
    assert codes_of(outcome)[0] in ('size_mismatch', 'too_large', 'sha256_mismatch')
    assert place.host.snapshot() == place.before
