# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look a module version up in Go's transparency log. A record counts only if it is in a log that the log's key has signed.

A tree head is accepted if its signature is valid and it extends the previously seen head, a tile if its hash leads to
the head's root, a record if its hash is in a tile. So neither the servers nor a cache need to be trusted.

Sources: golang.org/x/mod/sumdb (tlog, note), RFC 6962 section 2.1, go.dev/ref/mod#checksum-database.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb import inclusion, tiles, tree_head
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.gosumdb import Key
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.inclusion import Evidence
from ansible_collections.gofleet.golang.plugins.plugin_utils._sumdb.tree_head import TreeHead

# Codes of refused answers that are kept as evidence. A failed read is not an answer.
_REFUSALS = ('log_signature', 'log_malformed', 'log_not_included', 'log_stale', 'log_forked')
_FORMAT = ('remembered_head and the text after the first blank line of lookup.answer are signed tree heads (golang.org/x/mod/sumdb/note); tiles are the '
           'SHA-256 hashes of RFC 6962 section 2.1 in base64, by their path (golang.org/x/mod/sumdb/tlog). Bytes that are not UTF-8 are lone surrogates.')


class HeadStore(Protocol):
    """The memory of one key that outlives a lookup: the largest proven tree head, and evidence."""

    @property
    def path(self) -> Path:
        """The path of the remembered head, for messages."""

    def read(self) -> bytes | None:
        """The remembered signed note, or None."""

    def shipped(self) -> bytes | None:
        """The signed note to start from if none or an older one is remembered; or None."""

    def replace(self, old: bytes | None, new: bytes) -> bool:
        """Remember another note if old is still the remembered one; return whether it was."""

    def keep_evidence(self, name: str, text: str) -> str:
        """Keep a text under a file name; returns its path."""


def lookup(module: str, version: str, key: Key, read: Callable[[str], bytes], heads: HeadStore | None = None) -> str:
    """The h1 of prove()."""
    return prove(module, version, key, read, heads)[0]


def prove(module: str, version: str, key: Key, read: Callable[[str], bytes], heads: HeadStore | None = None) -> tuple[str, Evidence]:
    """(h1, Evidence) of a module version, after proving that it is in the log and that the log extends its previously seen state.

    read: returns the body at a path of the database (lookup/…, tile/…), or raises GofleetError. It may cache full tiles,
    which never change; its answers are not trusted.
    heads: the memory; without it, nothing is remembered or kept.

    Raises the errors of read and heads, and GofleetError:
    log_signature: the tree head is not signed by the key;
    log_malformed: an answer is malformed, or tiles do not lead to the signed head;
    log_stale: the head is too old to contain the record that it came with;
    log_not_included: the record is not at its number in the tree under the head;
    log_forked: of two signed heads neither extends the other; evidence['proven'] is false if the only sign of it is tiles that fit one
    of them and not the other;
    log_memory: the remembered head does not belong to this log.
    With heads, evidence['file'] of the first five is the path of a file with everything that others need to check it.
    """
    visit = _Visit(f'lookup/{module}@{version}', key, read)
    try:
        evidence = visit.evidence(heads)
        return _h1(evidence.record, module, version, key), evidence
    except GofleetError as exc:
        if heads is None or exc.code not in _REFUSALS:
            raise
        raise _with_evidence(exc, visit, heads) from exc


def prove_again(evidence: Evidence, module: str, version: str, key: Key) -> str:
    """The h1 of a module version from kept evidence, which need not be trusted. Nothing is read or compared with other heads.

    Raises GofleetError(log_signature, log_malformed, log_not_included).
    """
    head = tree_head.parse(evidence.note, key)
    try:
        root = inclusion.root(evidence.number, head.size, evidence.record, evidence.path)
    except ValueError as exc:
        raise tree_head.malformed(key, str(exc)) from exc
    if root != head.root:
        raise _not_included(key, evidence.number, head, evidence.record)
    return _h1(evidence.record, module, version, key)


def _not_included(key: Key, number: int, head: TreeHead, record: bytes) -> GofleetError:
    return GofleetError(
        f'The checksum database {key.name} names a record (number {number}) that is not in the log it has signed (size {head.size}). '
        'Trust nothing that came with it; show this to whoever runs the proxy.',
        'log_not_included', log=key.name, number=number, size=head.size, record=record.decode('utf-8', 'replace'))


@dataclass
class _Visit:
    """One lookup, with all answers that were read for it."""

    path: str
    key: Key
    source: Callable[[str], bytes]
    remembered: bytes | None = None
    answers: dict[str, bytes] = field(default_factory=dict)
    trees: dict[TreeHead, tiles.Tree] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        if path not in self.answers:
            self.answers[path] = self.source(path)
        return self.answers[path]

    def evidence(self, heads: HeadStore | None) -> Evidence:
        """The proven record of the lookup."""
        number, record, note = self._parsed()
        head = tree_head.parse(note, self.key)
        if heads is not None:
            # First, because a fork is the gravest finding, and a head that extends the last one is kept even if its record is refused.
            self._remember(note, head, heads)
        if number >= head.size:
            raise GofleetError(
                f'The tree head that came with record number {number} of the checksum database {self.key.name} is too old to hold it: it is of '
                f'{head.size} records. Whoever answers serves an old head or a wrong number. Ask through another module proxy.',
                'log_stale', log=self.key.name, number=number, size=head.size)
        if self._tree(head).leaf(number) != inclusion.leaf(record):
            raise _not_included(self.key, number, head, record)
        return Evidence(number, record, note, self._tree(head).path(number))

    def _parsed(self) -> tuple[int, bytes, bytes]:
        number, dummy, rest = self.read(self.path).partition(b'\n')
        record, separator, note = rest.partition(b'\n\n')
        digits = number.decode('ascii', 'replace')
        if not separator or not tree_head.NUMBER.match(digits):
            raise tree_head.malformed(self.key, 'a lookup is a number, lines of go.sum, a blank line and a signed note')
        return int(digits), record + b'\n', note

    def _remember(self, note: bytes, head: TreeHead, heads: HeadStore) -> None:
        """Prove a head against the remembered one, and remember the larger of them."""
        while True:
            self.remembered = self._adopted(heads)
            if self.remembered is not None:
                known = self._remembered_head(self.remembered, heads.path)
                self._prove_consistent(known, head, heads.path)
                if head.size <= known.size:
                    return
            # Proofs need requests, so no lock is held meanwhile; a second run proves its head again, against the one that the first has stored.
            if heads.replace(self.remembered, note):
                return

    def _adopted(self, heads: HeadStore) -> bytes | None:
        """The remembered head, or the shipped head if that is newer and extends it."""
        self.remembered, shipped = heads.read(), heads.shipped()
        if shipped is None:
            return self.remembered
        head = tree_head.parse(shipped, self.key)
        if self.remembered is not None:
            known = self._remembered_head(self.remembered, heads.path)
            if head.size <= known.size:
                # A remembered head was proven to extend the shipped head of its time, and later heads of its log to extend it.
                return self.remembered
            self._prove_consistent(known, head, heads.path)
        # If another run was quicker, its head is equally good, or newer.
        return shipped if heads.replace(self.remembered, shipped) else self._adopted(heads)

    def _remembered_head(self, note: bytes, path: Path) -> TreeHead:
        try:
            return tree_head.parse(note, self.key)
        except GofleetError as exc:
            raise GofleetError(
                f'The tree head of {self.key.name} that this controller remembers in {path} was not signed by its key: it was changed, or the disk is '
                'damaged. Put back a copy from a backup or another controller. Without the file, the next run takes whatever history it is shown first.',
                'log_memory', log=self.key.name, path=str(path), note=note.decode('utf-8', 'replace')) from exc

    def _prove_consistent(self, known: TreeHead, head: TreeHead, path: Path) -> None:
        if head.size == known.size:
            prefix, older = head.root, known
        elif head.size > known.size:
            prefix, older = self._tree(head).prefix(known.size), known
        else:
            prefix, older = self._prefix_of_known(known, head, path), head
        if prefix != older.root:
            raise self._forked(known, head, path, 'one does not begin with the other', proven=True)

    def _prefix_of_known(self, known: TreeHead, head: TreeHead, path: Path) -> bytes:
        try:
            return self._tree(known).prefix(head.size)
        except tiles.NotUnderHead as exc:
            # Only tiles that fit the new head are evidence of a history that differs from the remembered one.
            self._tree(head)
            raise self._forked(known, head, path, 'the tiles that were read add up to the latter only', proven=False) from exc

    def _forked(self, known: TreeHead, head: TreeHead, path: Path, reason: str, proven: bool) -> GofleetError:
        culprit = 'Whoever holds its key lies to you or to others.' if proven else (
            'Either whoever holds its key lies to you or to others, or tiles were changed on the way: another module proxy will show which.')
        return GofleetError(
            f'The checksum database {self.key.name} has signed two histories, of {known.size} records as this controller knows it and of {head.size} '
            f'now: {reason}. {culprit} Trust nothing of it, and publish the evidence. Only if the log is your own and was started anew, remove {path}.',
            'log_forked', log=self.key.name, sizes=sorted([known.size, head.size]), proven=proven, remembered=str(path))

    def _tree(self, head: TreeHead) -> tiles.Tree:
        if head not in self.trees:
            self.trees[head] = tiles.Tree(head, self.key, self.read)
        return self.trees[head]


def _h1(record: bytes, module: str, version: str, key: Key) -> str:
    lines = [line.split(' ') for line in record.decode('utf-8', 'replace').split('\n')]
    found = {words[2] for words in lines if words[:2] == [module, version] and len(words) == 3 and words[2].startswith('h1:')}
    if len(found) != 1:
        raise tree_head.malformed(key, f'the record has {len(found)} hashes of {module} {version}')
    return found.pop()


def _with_evidence(exc: GofleetError, visit: _Visit, heads: HeadStore) -> GofleetError:
    evidence = {
        'code': exc.code, 'message': exc.msg, 'format': _FORMAT, 'key': str(visit.key),
        'remembered_head': visit.remembered and _lossless(visit.remembered),
        'lookup': {'path': visit.path, 'answer': _lossless(visit.answers[visit.path])},
        'tiles': {path: base64.b64encode(tile).decode() for path, tile in visit.answers.items() if path != visit.path},
    }  # fmt: skip
    text = json.dumps(evidence, indent=1)
    try:
        # Named after its content, so that the same false answer is kept once.
        path = heads.keep_evidence(f'{exc.code}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json', text)
    except OSError as failure:
        # The finding matters more than a failure to keep its evidence.
        return GofleetError(f'{exc.msg} The evidence could not be kept: {failure}.', exc.code, **exc.evidence)
    return GofleetError(f'{exc.msg} The evidence is in {path}.', exc.code, **dict(exc.evidence, file=path))


def _lossless(content: bytes) -> str:
    return content.decode('utf-8', 'surrogateescape')
