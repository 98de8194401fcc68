# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prove that files are what they are said to be, and that trees are what they were.

Every file is looked at, and all that fail are told. What cannot be asked is refused before anything is read.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import hashlib
import os
import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes, to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import locks, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digest_files, digests, gpgv, tree_list

# Bytes: some 2,000,000 files.
MANIFEST_LIMIT = 256 << 20
# How many failures a message spells out, how many names a result has of each kind, and how many lines a diff has on each side.
_TOLD = 20
_NAMES = 100
_DIFF = 100

# A file and all that has to prove it. path: text; checksum: (algorithm, hex digest) or None; checksum_file, signature: path or address,
# or None; checksum_name: text; fingerprints: of primary keys, upper-case hex; certificate: path or None.
Wanted = namedtuple('Wanted', 'path checksum checksum_file checksum_name signature fingerprints certificate')


class NotProven(GofleetError):
    """What failed, with all that was found out: a result even so."""

    def __init__(self, msg, failures, **found):
        """failures: what failed, for machines; found: the rest of the result."""
        super(NotProven, self).__init__(msg, 'not_proven', failures=failures)
        self._found = found

    def as_result(self):
        return dict(super(NotProven, self).as_result(), changed=False, **self._found)


# ---- what is wanted


def wanted(params):
    """[Wanted] of a module's options. Raises GofleetError: nothing_to_prove, missing_option, bad_checksum, weak_algorithm, bad_fingerprint."""
    if not params['files'] and not params['tree']:
        raise GofleetError('Neither files nor tree names anything to verify. If a list can be empty, skip the task with when.', 'nothing_to_prove')
    return [_wanted(each, params) for each in params['files']]


def _wanted(entry, params):
    path = entry['path']
    checksum = digest_files.parse_checksum(entry['checksum']) if entry['checksum'] else None
    checksum_file = entry['checksum_file'] or (None if checksum else params['checksum_file'])
    fingerprints = [parse_fingerprint(each) for each in entry['fingerprints'] or params['fingerprints']]
    certificate = entry['certificate'] or params['certificate']
    if not (checksum or checksum_file or entry['signature']):
        raise GofleetError('Nothing is given that could prove %s. Give checksum, checksum_file or signature.' % path, 'nothing_to_prove', path=path)
    for option, value in (('fingerprints', fingerprints), ('certificate', certificate)):
        if entry['signature'] and not value:
            raise GofleetError('The signature of %s proves nothing without %s: anybody can sign. Give the fingerprints of the primary keys that '
                               'you trust, and the certificate that has them.' % (path, option), 'missing_option', path=path, option=option)
    return Wanted(path, checksum, checksum_file, entry['checksum_name'] or os.path.basename(path), entry['signature'], fingerprints, certificate)


def parse_fingerprint(text):
    """A primary key's fingerprint, upper-case hex, however its digits are grouped. Raises GofleetError(bad_fingerprint)."""
    fingerprint = re.sub(r'[\s:]', '', text).upper()
    if fingerprint.startswith('0X'):
        fingerprint = fingerprint[2:]
    if not re.match(r'[0-9A-F]{40}\Z', fingerprint):
        raise GofleetError("'%s' is no fingerprint of a primary key, which has 40 hex digits (gpg --show-keys --with-fingerprint prints it). Key IDs "
                           'are no proof: keys with equal ones can be made.' % text[:100], 'bad_fingerprint', fingerprint=text[:100])
    return fingerprint


def is_address(place):
    return '://' in place


# ---- files


class Prover(object):
    """Proves files, and reads what several share once. run: programs.runner(); options: sources.Options; algorithm: see digest_files.parse()."""

    def __init__(self, run, options, algorithm):
        self.warnings = []
        self._run = run
        self._options = options
        self._algorithm = algorithm
        # What a place gave, or the GofleetError that it ended with.
        self._known = {}

    def prove(self, artifact):
        """(what a module returns of this file, GofleetError or None)."""
        result = {'path': artifact.path, 'proven': False, 'size': None, 'proofs': [], 'code': None, 'reason': None}
        try:
            self._prove(artifact, result)
        except GofleetError as exc:
            error = exc
            if artifact.path not in exc.msg:
                error = GofleetError('%s is not proven: %s' % (artifact.path, exc.msg), exc.code, **exc.evidence)
        except (IOError, OSError) as exc:
            # What gpgv is given is written to the folder for temporary files.
            error = GofleetError('%s cannot be verified here: %s: %s.' % (artifact.path, exc.filename or 'this host', exc.strerror or exc), 'os_error',
                                 errno=errno.errorcode.get(exc.errno))
        else:
            return dict(result, proven=True), None
        return dict(result, code=error.code, reason=error.msg), error

    def _prove(self, artifact, result):
        # Before anything is fetched for it.
        regular_files.check(artifact.path)
        claims = list(self._claims(artifact))
        status, found = digests.of_regular_file(artifact.path, sorted(set(claim['algorithm'] for claim in claims)) or ['sha256'])
        result['size'] = status.st_size
        for claim in claims:
            if claim['digest'] != found[claim['algorithm']]:
                raise _mismatch(artifact.path, claim, found[claim['algorithm']])
            result['proofs'].append(claim)
        if artifact.signature:
            proof = self._signed(artifact)
            # gpgv has read it again.
            regular_files.check_same(artifact.path, status)
            algorithm = sorted(found)[0]
            result['proofs'].append(dict(proof, algorithm=algorithm, digest=found[algorithm]))

    def _claims(self, artifact):
        if artifact.checksum:
            yield {'kind': 'checksum', 'algorithm': artifact.checksum[0], 'digest': artifact.checksum[1]}
        if artifact.checksum_file:
            listed = self._once(('checksum_file', artifact.checksum_file), lambda: self._digest_file(artifact.checksum_file))
            with _told_of(artifact.checksum_file) as place:
                entry = digest_files.find(listed, to_bytes(artifact.checksum_name, errors='surrogate_or_strict'), self._algorithm)
            yield {'kind': 'checksum_file', 'algorithm': entry.algorithm, 'digest': entry.digest, 'source': place, 'line': entry.line}

    def _digest_file(self, place):
        raw = self._content(place, digest_files.LIMIT)
        if place.startswith('http://'):
            self.warnings.append('%s came without TLS: whoever is on the way can change it. Use https, or a file that was brought otherwise.'
                                 % sources.without_credentials(place))
        with _told_of(place):
            return digest_files.parse(raw, self._algorithm or digest_files.algorithm_of(place))

    def _signed(self, artifact):
        signature = self._content(artifact.signature, gpgv.MAX_SIGNATURE)
        certificate = self._once(('certificate', artifact.certificate), lambda: self._content(artifact.certificate, gpgv.MAX_CERTIFICATE))
        made = gpgv.verify(artifact.path, signature, certificate, artifact.fingerprints, lambda: gpgv.on_host(artifact.path, self._run))
        return {'kind': 'signature', 'source': sources.without_credentials(artifact.signature), 'fingerprint': made.primary,
                'signing_key': made.subkey, 'made': gpgv.timestamp(made.made), 'expired': made.expired}

    def _once(self, key, make):
        if key not in self._known:
            try:
                self._known[key] = make()
            except GofleetError as exc:
                self._known[key] = exc
        if isinstance(self._known[key], GofleetError):
            raise self._known[key]
        return self._known[key]

    def _content(self, place, limit):
        return self._fetched(place, limit) if is_address(place) else regular_files.read(os.path.expanduser(place), limit)

    def _fetched(self, url, limit):
        # Here, not above: Python's and Ansible's network modules take longer to load than many files to verify.
        from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

        try:
            return download.read(url, self._options, limit)
        except GofleetError as exc:
            shown = sources.without_credentials(url)
            raise GofleetError('%s %s.' % (shown, exc.msg), exc.code, **dict(exc.evidence, source=shown))


@contextlib.contextmanager
def _told_of(place):
    """A block whose GofleetErrors are told of a file of digests; gives the name that it may be shown by."""
    shown = sources.without_credentials(place)
    try:
        yield shown
    except GofleetError as exc:
        raise GofleetError('checksum_file %s: %s' % (shown, exc.msg), exc.code, **dict(exc.evidence, source=shown))


def _mismatch(path, claim, found):
    said = 'line %d of %s says' % (claim['line'], claim['source']) if 'line' in claim else 'checksum says'
    # Of the same length, so that only a name or the option tells them apart.
    other = ' If b2sum wrote that line, set checksum_algorithm: blake2b.' if 'line' in claim and claim['algorithm'] == 'sha512' else ''
    return GofleetError(
        '%s has the %s %s, and %s %s. It is damaged, or another file. Fetch it again; if that does not help, do not use it.%s'
        % (path, claim['algorithm'], found, said, claim['digest'], other), 'checksum_mismatch', path=path, algorithm=claim['algorithm'], found=found,
        wanted=claim['digest'])


# ---- trees


def observe_tree(root):
    """[digests.Entry] of a tree. Raises GofleetError: tree_missing, not_a_folder, file_changed, file_unreadable."""
    if not os.path.lexists(root):
        raise GofleetError('There is no folder %s on this host.' % root, 'tree_missing', path=root)
    if not os.path.isdir(root):
        raise GofleetError('%s is not a folder. Name the root of the tree.' % root, 'not_a_folder', path=root)
    try:
        return digests.walk_tree(root, digests.sha256_of_entry)
    except (IOError, OSError) as exc:
        path = to_native(exc.filename or root)
        # It was there when its folder was listed.
        if exc.errno in (errno.ENOENT, errno.ENOTDIR):
            raise regular_files.changed(path)
        raise GofleetError('%s cannot be read: %s. Let this user (uid %d) read the whole tree, or run the task with become.'
                           % (path, exc.strerror or exc, os.geteuid()), 'file_unreadable', path=path, errno=errno.errorcode.get(exc.errno))


def read_manifest(path):
    """(text, {path: digests.Entry}) of a manifest. Raises GofleetError(bad_manifest), and as regular_files does."""
    text = regular_files.read(path, MANIFEST_LIMIT)
    try:
        return text, tree_list.parse(text)
    except GofleetError as exc:
        raise GofleetError('%s is not a manifest of this collection: %s. Record the tree under another name, or restore the manifest.'
                           % (path, exc.msg), exc.code, **dict(exc.evidence, path=path))


def check_paths(root, manifest):
    """Raise GofleetError(manifest_in_tree): a manifest in its tree would change what it is of."""
    if (os.path.realpath(manifest) + os.sep).startswith(os.path.realpath(root).rstrip(os.sep) + os.sep):
        raise GofleetError('manifest (%s) lies in tree (%s), and would be one of the files that it lists. Put it beside the tree.'
                           % (manifest, root), 'manifest_in_tree', path=manifest)


def verify_tree(root, manifest):
    """(what a module returns of a tree, GofleetError or None)."""
    result = _tree_result(root, manifest)
    try:
        if not os.path.lexists(manifest):
            raise GofleetError('There is no manifest %s of %s on this host. Record the tree first, with state: recorded, or bring the manifest.'
                               % (manifest, root), 'manifest_missing', path=manifest)
        text, listed = read_manifest(manifest)
        entries = observe_tree(root)
        differences = tree_list.differences(listed, entries)
        result.update(_measured(entries, text), differences=tree_list.shortened(differences, _NAMES))
        if any(differences):
            raise GofleetError('%s is not what %s says: %s. Find out who changed it; if that was right, record it anew with state: recorded.'
                               % (root, manifest, tree_list.told(differences)), 'tree_differs', path=root, manifest=manifest)
    except GofleetError as exc:
        result.update(proven=False, code=exc.code, reason=exc.msg)
        return result, exc
    return dict(result, proven=True), None


def _tree_result(root, manifest):
    return {'path': root, 'manifest': manifest, 'proven': None, 'sha256': None, 'count': None, 'bytes': None, 'differences': None, 'code': None,
            'reason': None}


def _measured(entries, text):
    return {'sha256': hashlib.sha256(text).hexdigest(), 'count': len(entries), 'bytes': sum(entry.size for entry in entries if entry.kind == digests.FILE)}


# What to write: text: bytes, or None if it is there already; result: what a module returns of the tree; diff: of Ansible.
Record = namedtuple('Record', 'text result diff')


def plan_record(root, manifest, entries, old):
    """The Record of a tree. entries: of observe_tree(); old: read_manifest() of what there is, or None. Raises GofleetError(not_a_file)."""
    special = [to_native(entry.path) for entry in entries if entry.kind == '?']
    if special:
        raise GofleetError('%s holds %s, and that is neither a file nor a symbolic link, so no digest can stand for it%s. No manifest was written. '
                           'Take pipes, sockets and devices out of the tree.'
                           % (root, special[0], ' (there are %d more)' % (len(special) - 1) if len(special) > 1 else ''), 'not_a_file',
                           path=root, special=special[:_NAMES])
    text = tree_list.sums(entries)
    then, listed = old or (b'', {})
    differences = tree_list.shortened(tree_list.differences(listed, entries), _NAMES) if old else None
    result = dict(_tree_result(root, manifest), differences=differences, **_measured(entries, text))
    if old and text == then:
        return Record(None, result, None)
    before, after = _lines(then), _lines(text)
    return Record(text, result, {
        'before_header': manifest, 'after_header': manifest,
        'before': _shown(before, set(after)), 'after': _shown(after, set(before))})


def _lines(text):
    return [line + '\n' for line in to_native(text, errors='surrogate_or_replace').split('\n')[:-1]]


def _shown(lines, others):
    different = [line for line in lines if line not in others]
    more = len(different) - _DIFF
    return ''.join(different[:_DIFF]) + ('... and %d more\n' % more if more > 0 else '')


def record_tree(root, manifest):
    """The Record that there is to write now. Raises GofleetError."""
    old = read_manifest(manifest) if os.path.lexists(manifest) else None
    return plan_record(root, manifest, observe_tree(root), old)


def _write(record, manifest, lock_timeout):
    with locks.lock(manifest + '.lock', lock_timeout, passing=True):
        transaction.write_file(manifest, record.text)


# ---- a run


def converge(params, run, check_mode):
    """The result for a module's options; run: programs.runner(). Raises GofleetError, NotProven among them, and OSError."""
    artifacts = wanted(params)
    root, manifest, recording = params['tree'], params['manifest'], params['state'] == 'recorded'
    if root:
        root, manifest = os.path.abspath(root), os.path.abspath(manifest)
        if recording:
            folder_owners.check_safe(
                os.path.dirname(manifest), 'The folder of manifest,',
                'Record it below folders that belong to root and that only root can write to: it is what later proves the tree.')
        check_paths(root, manifest)
    prover = Prover(run, sources.Options(params['timeout'], params['ca_path']), params['checksum_algorithm'])
    files, failures = [], []
    for artifact in artifacts:
        result, failure = prover.prove(artifact)
        files.append(result)
        failures += [(artifact.path, failure)] if failure else []
    tree, record = None, None
    if root and not recording:
        tree, failure = verify_tree(root, manifest)
        failures += [(root, failure)] if failure else []
    elif root and not failures:
        record = record_tree(root, manifest)
        tree = record.result
    if failures:
        raise _not_proven(failures, recording, files=files, tree=tree, warnings=prover.warnings)
    result = {'changed': False, 'files': files, 'tree': tree, 'plan': [], 'warnings': prover.warnings}
    if record and record.text is not None:
        result.update(changed=True, diff=record.diff, plan=['write %s, the manifest of %s (%d files)' % (manifest, root, tree['count'])])
        if not check_mode:
            _write(record, manifest, params['lock_timeout'])
    return result


def _not_proven(failures, recording, **found):
    """failures: (path, GofleetError)."""
    told = [failure.msg for dummy, failure in failures[:_TOLD]]
    if len(failures) > _TOLD:
        told.append('%d more are in files.' % (len(failures) - _TOLD))
    asked = len(found['files']) + (1 if found['tree'] else 0)
    if asked > 1 or recording:
        told.insert(0, '%d of %d are not proven%s.' % (len(failures), asked, ', so no manifest was written' if recording else ''))
    return NotProven(' '.join(told), [{'path': path, 'code': failure.code, 'evidence': failure.evidence} for path, failure in failures], **found)
