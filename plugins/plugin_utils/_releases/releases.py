# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases of Go: records, the release index, pinned digests, and the resolution of a requested version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.module_utils._go.version import Spec, Version
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import records

# The index writes armv6l for GOARCH=arm; all other names are Go's.
_GOARCH_OF_FILE = {'armv6l': 'arm'}
_SHA256 = re.compile(r'(?:sha256:)?([0-9a-fA-F]{64})\Z')
_VERSION = re.compile(r'(?:N)\.(?:N)(?:\.(?:N)|(?:beta|rc)(?:N))?\Z'.replace('N', '0|[1-9][0-9]{0,3}'))
_KEPT = re.compile(r'go[0-9][0-9a-z.]*\.linux-[0-9a-z]+\.tar\.gz [0-9a-f]{64}\Z')
_GOARCH = re.compile(r'[0-9a-z]{1,20}\Z')
# File names that are safe to join to a folder or an address.
_FILENAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*\Z')
_ARCHIVE = re.compile(r'go(?P<version>[0-9][0-9a-z.]*)\.linux-(?P<arch>[0-9a-z]+)\.tar\.gz\Z')


@dataclass
class Record:
    """A release for which the controller collects digests of archive and tree for each architecture; records.Record reads it.

    archives: by GOARCH, {filename, size (bytes), sha256 (hex), h1, vouched}, any of which may be missing; vouched has for
    'sha256' and 'h1' the proofs and their times: {kind: UTC time}, the kind being pinned, signature, log or index.
    """

    version: str
    archives: dict[str, dict[str, Any]] = field(default_factory=dict)

    def archive(self, goarch: str) -> dict[str, Any]:
        """The entry of an architecture; a new empty dict if it has none."""
        return self.archives.setdefault(goarch, {})

    def release(self, goarch: str) -> Any:
        """The entry of an architecture as records.Release."""
        return records.Record(self.version, self.archives).release(goarch)

    def kinds(self, goarch: str) -> set[str]:
        """The kinds of proof for the archive of an architecture and for its tree."""
        return set(self.release(goarch).kinds())

    def vouch(self, goarch: str, name: str, kind: str, value: str, when: str) -> None:
        """Set a digest ('sha256' or 'h1') for an architecture, and add its kind of proof."""
        entry = self.archive(goarch)
        if entry.get(name) != value:
            entry.setdefault('vouched', {}).pop(name, None)
            entry[name] = value
        entry.setdefault('vouched', {}).setdefault(name, {})[kind] = when

    def as_option(self) -> dict[str, Any]:
        """The record in the form of the module's option releases."""
        return {'version': self.version, 'archives': self.archives}


def now() -> str:
    """The present time in the form of records."""
    return datetime.now(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


def parse_index(text: bytes, url: str) -> list[Record]:
    """The records of a release index in the form of go.dev/dl/?mode=json, only with archives for Linux.

    Raises GofleetError(bad_index).
    """
    when = now()
    try:
        index = foreign_values.from_json(text)
        if not isinstance(index, list):
            raise TypeError('it is not a list')
        return [record for record in (_record(each, when) for each in index) if record]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise GofleetError(
            f'What {url} answers is not a release index ({type(exc).__name__}: {exc}). Set index_url to one, or pin digests with checksums.',
            'bad_index', url=url) from exc


def _record(release: dict[str, Any], when: str) -> Record | None:
    try:
        version = go_version.parse_release(release['version'])
    except GofleetError:
        # go1 and the like, which have no usual archives for Linux.
        return None
    record = Record(str(version))
    for each in release['files']:
        # Releases before 1.6 have no SHA-256 in the index, so they could not be verified.
        if each['os'] == 'linux' and each['kind'] == 'archive' and each['sha256'] != '':
            goarch = _GOARCH_OF_FILE.get(each['arch'], each['arch'])
            if not _GOARCH.match(goarch):
                raise ValueError(f'odd architecture {goarch[:40]!r}')
            record.archives[goarch] = {
                'filename': _plain_name(each['filename']), 'sha256': sha256_digits(each['sha256']), 'size': plain_size(each['size']),
                'vouched': {'sha256': {'index': when}}}
    return record if record.archives else None


def indexed_again(value: dict[str, Any]) -> Record:
    """A record of parse_index() from the cache. It counts as proof of kind index, regardless of the kinds in it.

    Raises TypeError, KeyError, AttributeError, ValueError.
    """
    archives = {}
    for goarch, entry in value['archives'].items():
        filename, sha256, size, when = entry['filename'], entry['sha256'], entry['size'], entry['vouched']['sha256']['index']
        # One match and no conversion, because each run reads all of the thousands of archives in an index.
        if not _KEPT.match(f'{filename} {sha256}') or not foreign_values.is_whole(size) or not isinstance(when, str):
            raise ValueError(f'{filename!r} is not an archive as it was kept')
        archives[goarch] = {'filename': filename, 'sha256': sha256, 'size': size, 'vouched': {'sha256': {'index': when}}}
    if not _VERSION.match(value['version']):
        raise ValueError(f'{value["version"]!r} is not a version as it was kept')
    return Record(value['version'], archives)


def plain_size(size: Any) -> int:
    """The claimed size of an archive in bytes. Raises ValueError for a size that no archive of Go can have."""
    # Since core 2.19, numbers of a playbook have a type of Ansible.
    if not foreign_values.is_whole(size) or not 0 < size <= sources.UNKNOWN_SIZE_LIMIT:
        raise ValueError(f'{str(size)[:40]!r} is not the size of an archive')
    return int(size)


def is_release(name: str) -> bool:
    """Whether this is the name of an official release, not of a custom toolchain such as go1.26.6-custom."""
    try:
        go_version.parse_release(name)
    except GofleetError:
        return False
    return True


def _plain_name(name: str) -> str:
    if not _ARCHIVE.match(name):
        raise ValueError(f'odd file name {name!r}')
    return name


def sha256_digits(digest: str) -> str:
    """The 64 hex digits in lower case of a text with or without the prefix sha256:. Raises ValueError."""
    match = _SHA256.match(digest)
    if not match:
        raise ValueError(f'{digest!r} is not a SHA-256')
    return match[1].lower()


def pinned(checksums: dict[str, str]) -> dict[str, Record]:
    """Records of the pinned checksums, by version. Raises GofleetError(invalid_checksum)."""
    records: dict[str, Record] = {}
    when = now()
    for name, digest in checksums.items():
        match = _ARCHIVE.match(name)
        digits = _SHA256.match(str(digest))
        if not match or not digits:
            raise GofleetError(
                f"checksums says '{name}: {digest}'. Write the archive's file name and its digest, as in "
                'go1.26.6.linux-amd64.tar.gz: sha256: followed by 64 hex digits.', 'invalid_checksum', name=name, digest=str(digest))
        version = str(go_version.parse_release(match['version']))
        record = records.setdefault(version, Record(version))
        record.archives[_GOARCH_OF_FILE.get(match['arch'], match['arch'])] = {
            'filename': name, 'sha256': digits[1].lower(), 'vouched': {'sha256': {'pinned': when}}}
    return records


def resolve(spec: Spec, known: Iterable[str], where: str) -> str:
    """The known version that matches a spec. where: the source of the versions, for messages.

    Raises GofleetError(unknown_version, no_stable_release), which names the nearest known ones.
    """
    versions = sorted(map(go_version.parse_release, known))
    if spec.kind == 'exact':
        if spec.version in versions:
            return str(spec.version)
        raise _unknown(spec, versions, where)
    candidates = [each for each in versions if spec.kind == 'latest' or each.line == spec.line]
    stable = [each for each in candidates if each.stable]
    if stable:
        return str(stable[-1])
    if candidates:
        raise GofleetError(
            f"Go {spec} has no stable release in {where} yet; its newest is {candidates[-1]}. Write version: '{candidates[-1]}' to have that one.",
            'no_stable_release', wanted=str(spec), newest=str(candidates[-1]))
    raise _unknown(spec, versions, where)


def _unknown(spec: Spec, versions: list[Version], where: str) -> GofleetError:
    near = [str(each) for each in sorted(_nearest(spec, versions))]
    hint = f"The nearest known are {', '.join(near)}." if near else 'It knows no release at all.'
    return GofleetError(f'Go {spec} is not in {where}. {hint}{quotes_hint(spec)}', 'unknown_version', wanted=str(spec), nearest=near)


def quotes_hint(spec: Spec) -> str:
    """The hint for a line that may have lost a zero in YAML (1.20 read as 1.2); '' if it cannot have lost one."""
    if spec.kind != 'line' or not 0 < spec.line[1] < 10:
        return ''
    return f' Without quotes, YAML reads {spec}0 as the number {spec}: write "{spec}0" in quotes if that is meant.'


def check_removed(texts: Iterable[str]) -> None:
    """Check versions to remove. Raises GofleetError(invalid_version) for one that is invalid or must have lost a zero, which would match nothing."""
    for spec in map(go_version.parse_spec, texts):
        # These lines are from 2013 and 2014; no index has digests of them.
        if spec.kind == 'line' and (1, 1) <= spec.line <= (1, 3):
            raise GofleetError(f"The line Go {spec} is to be removed.{quotes_hint(spec)} Otherwise name the exact release, as in '{spec}.1'.",
                               'invalid_version', version=str(spec))


def _nearest(spec: Spec, versions: list[Version], count: int = 3) -> list[Version]:
    if spec.line is None:
        return versions[-count:]
    number = spec.version.number if spec.version else 0

    def distance(each: Version) -> tuple[int, int, int]:
        return (abs(each.major - spec.line[0]), abs(each.minor - spec.line[1]), abs(each.number - number))

    return sorted(versions, key=distance)[:count]
