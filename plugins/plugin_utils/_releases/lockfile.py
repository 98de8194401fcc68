# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and write lock files: release records that are fixed in a file beside a playbook, like a project's go.sum."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._files import transaction
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.plugin_utils import _plain_yaml as plain_yaml
from ansible_collections.gofleet.golang.plugins.plugin_utils._cache import Cache
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases.releases import Record

FORMAT = 1
_HEAD = '''\
# Releases of Go that this fleet installs. Written by gofleet.golang.go_release_lock; renew it with the playbook
# gofleet.golang.lock, and keep it under version control. size is in bytes, times are UTC.
'''


def read(path: Path) -> list[dict[str, Any]]:
    """The release records of a lock file, in the form of the option releases. Raises GofleetError(no_lock, bad_lock)."""
    try:
        content = plain_yaml.load(_raw(path))
    except ValueError as exc:
        raise _bad(path, str(exc)) from exc
    if not isinstance(content, dict) or not isinstance(content.get('releases'), list) or not foreign_values.is_whole(content.get('format')):
        raise _bad(path, 'it has no format and releases')
    if content['format'] > FORMAT:
        raise _bad(path, f'a later gofleet.golang wrote it (format {content["format"]}, this one knows {FORMAT}); update the collection')
    for each in content['releases']:
        if not _is_release(each):
            raise _bad(path, 'a release in it has no version and archives')
    return list(content['releases'])


def _is_release(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get('version'), str) or not isinstance(value.get('archives'), dict):
        return False
    entries = list(value['archives'].values())
    return bool(entries) and all(isinstance(entry, dict) and _are_proofs(entry.get('vouched') or {}) for entry in entries)


def _are_proofs(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(kinds, dict) for kinds in value.values())


def text_at(path: Path) -> str:
    """The text of a lock file. Raises GofleetError(no_lock, bad_lock)."""
    try:
        return _raw(path).decode('utf-8')
    except UnicodeDecodeError as exc:
        raise _bad(path, str(exc)) from exc


def _raw(path: Path) -> bytes:
    try:
        return bytes(regular_files.read(str(path), plain_yaml.LIMIT))
    except GofleetError as exc:
        if exc.code == 'file_missing':
            raise GofleetError(f'There is no lock file {path}. Write it with the playbook gofleet.golang.lock.', 'no_lock', path=str(path)) from exc
        raise _bad(path, exc.msg.rstrip('.')) from exc


def _bad(path: Path, reason: str) -> GofleetError:
    return GofleetError(f'{path} is not a lock file: {reason}. Get it back from version control, or write it anew with gofleet.golang.lock.',
                        'bad_lock', path=str(path), reason=reason)


def text_of(records: list[Record]) -> str:
    """The text of a lock file, which does not depend on the order of the records."""
    releases = [record.as_option() for record in sorted(records, key=lambda record: go_version.parse_release(record.version), reverse=True)]
    # Convert to plain types, because values from a play may have Ansible's types of text, which YAML cannot represent.
    content = json.loads(json.dumps({'format': FORMAT, 'releases': releases}))
    return _HEAD + yaml.safe_dump(content, sort_keys=True, default_flow_style=False, width=160)


def merged(old: list[dict[str, Any]], new: list[Record]) -> list[Record]:
    """New records with the times of the old ones for unchanged proofs, so that a lock changes only if a release changes.

    Raises GofleetError(lock_conflict) if a locked release now has other digests, because releases never change.
    """
    before = {str(each.get('version')): each['archives'] for each in old}
    for record in new:
        for goarch, entry in record.archives.items():
            known = before.get(record.version, {}).get(goarch) or {}
            for name in ('sha256', 'h1'):
                if known.get(name) and entry.get(name) and known[name] != entry[name]:
                    raise GofleetError(
                        f'Go {record.version} for linux-{goarch} is locked with the {name} {known[name]}, and now {_who(entry, name)} says {entry[name]}. '
                        'A release never changes: find out who is wrong before you take the release out of the lock.', 'lock_conflict',
                        version=record.version, goarch=goarch, locked=known[name], found=entry[name])
                said = (known.get('vouched') or {}).get(name) or {}
                times = entry.get('vouched', {}).get(name, {})
                times.update({kind: when for kind, when in said.items() if kind in times})
    return new


def _who(entry: dict[str, Any], name: str) -> str:
    return ' and '.join(sorted(entry.get('vouched', {}).get(name, {}))) or 'another source'


def place(path: Path) -> Path:
    """The path of a lock file, with links resolved, so that a link stays and the new file is written beside its target.

    Raises GofleetError(bad_lock) for links that lead in a circle.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise _bad(path, 'it is a link that leads back to itself')
    return target


def write(path: Path, text: str) -> None:
    """Replace a lock file as a whole and keep its mode and links to it. Only one writer at a time. Raises OSError, GofleetError."""
    path = place(path)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    transaction.write_file(str(path), text.encode(), mode)


def renew(path: Path, records: list[Record], cache: Cache, check_mode: bool) -> dict[str, Any]:
    """Write records to a lock file if it differs from them, and return the result of the task. Raises GofleetError(bad_lock, lock_conflict), OSError."""
    path = place(path)
    # Of two concurrent renewals, the second reads the file of the first.
    with cache.locked(f'lock file {path}'):
        before = text_at(path) if path.exists() else ''
        old = read(path) if before else []
        after = text_of(merged(old, records))
        if after != before and not check_mode:
            write(path, after)
    return {'changed': after != before, 'moves': moves(old, records),
            'diff': {'before': before, 'after': after, 'before_header': str(path), 'after_header': str(path)}}


def moves(old: list[dict[str, Any]], new: list[Record]) -> list[str]:
    """The changes of a renewal, one line for each release, oldest release first."""
    before = {str(each.get('version')): each['archives'] for each in old}
    after = {record.version: record.archives for record in new}
    lines = []
    for version in sorted(before.keys() | after.keys(), key=go_version.parse_release):
        if version not in after:
            lines.append(f'{version} is removed')
        elif version not in before:
            lines.append(f'{version} is added for {", ".join(sorted(after[version]))}')
        elif before[version] != after[version]:
            changed = sorted(name for name in before[version].keys() | after[version].keys() if before[version].get(name) != after[version].get(name))
            lines.append(f'{version} is changed for {", ".join(changed)}')
    return lines
