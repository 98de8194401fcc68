# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verify files by checksums and signatures, and trees by their manifests.

All files are verified and all failures reported. Invalid options are refused before any file is read.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import os
import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._proof import checksums, digest_files, digests, gpgv, recorded_trees, verdicts
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses

# The number of failures that a message lists.
_SPELLED_OUT = 20

# A file and everything that it is verified by. path: text; checksum: (algorithm, hex digest) or None; checksum_file, signature: path or address,
# or None; checksum_name: text; fingerprints: of primary keys, upper-case hex; certificate: path or None.
Wanted = namedtuple('Wanted', 'path checksum checksum_file checksum_name signature fingerprints certificate')


class NotProven(GofleetError):
    """Files that failed verification; the error contains the whole result."""

    def __init__(self, msg, failures, **found):
        """failures: the failures as plain values; found: the rest of the result."""
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
    checksum = checksums.parse_checksum(entry['checksum']) if entry['checksum'] else None
    checksum_file = entry['checksum_file'] or (None if checksum else params['checksum_file'])
    fingerprints = [parse_fingerprint(each) for each in entry['fingerprints'] or params['fingerprints']]
    certificate = entry['certificate'] or params['certificate']
    if not (checksum or checksum_file or entry['signature']):
        raise GofleetError('%s has nothing to be verified by. Give checksum, checksum_file or signature.' % path, 'nothing_to_prove', path=path)
    for option, value in (('fingerprints', fingerprints), ('certificate', certificate)):
        if entry['signature'] and not value:
            raise GofleetError('The signature of %s proves nothing without %s, because anyone can sign a file. Give the fingerprints of the primary keys that '
                               'you trust, and the certificate that contains them.' % (path, option), 'missing_option', path=path, option=option)
    return Wanted(path, checksum, checksum_file, entry['checksum_name'] or os.path.basename(path), entry['signature'], fingerprints, certificate)


def parse_fingerprint(text):
    """A primary key's fingerprint, upper-case hex; its digits may be grouped. Raises GofleetError(bad_fingerprint)."""
    fingerprint = re.sub(r'[\s:]', '', text).upper()
    if fingerprint.startswith('0X'):
        fingerprint = fingerprint[2:]
    if not re.match(r'[0-9A-F]{40}\Z', fingerprint):
        raise GofleetError("Invalid fingerprint '%s': a primary key has one of 40 hex digits (gpg --show-keys --with-fingerprint prints it). A key ID proves "
                           'nothing, because another key with the same ID can be made.' % text[:100], 'bad_fingerprint', fingerprint=text[:100])
    return fingerprint


def is_address(place):
    return '://' in place


# ---- files


class Prover(object):
    """Verifies files, and reads each shared checksum file once. run: _frame.runner(); options: sources.Options; algorithm: of digest_files.parse()."""

    def __init__(self, run, options, algorithm):
        self.warnings = []
        self._run = run
        self._options = options
        self._algorithm = algorithm
        # The content of each path or address, or the GofleetError of reading it.
        self._known = {}

    def prove(self, artifact):
        """(result for this file, GofleetError or None)."""
        result = {'path': artifact.path, 'proven': False, 'size': None, 'proofs': [], 'code': None, 'reason': None}
        try:
            self._prove(artifact, result)
        except GofleetError as exc:
            error = exc
            if artifact.path not in exc.msg:
                error = GofleetError('%s is not proven: %s' % (artifact.path, exc.msg), exc.code, **exc.evidence)
        except (IOError, OSError) as exc:
            # The files for gpgv are written to the temporary folder.
            error = GofleetError('%s cannot be verified here: %s: %s.' % (artifact.path, exc.filename or 'this host', exc.strerror or exc), 'os_error',
                                 errno=errno.errorcode.get(exc.errno))
        else:
            return dict(result, proven=True), None
        return dict(result, code=error.code, reason=error.msg), error

    def _prove(self, artifact, result):
        # Checked before anything is fetched for the file.
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
            # gpgv has read the file again.
            regular_files.check_same(artifact.path, status)
            algorithm = sorted(found)[0]
            result['proofs'].append(dict(proof, algorithm=algorithm, digest=found[algorithm]))

    def _claims(self, artifact):
        if artifact.checksum:
            yield {'kind': 'checksum', 'algorithm': artifact.checksum[0], 'digest': artifact.checksum[1]}
        if artifact.checksum_file:
            listed = self._once(('checksum_file', artifact.checksum_file), lambda: self._digest_file(artifact.checksum_file))
            with _about(artifact.checksum_file) as place:
                entry = digest_files.find(listed, to_bytes(artifact.checksum_name, errors='surrogate_or_strict'), self._algorithm)
            yield {'kind': 'checksum_file', 'algorithm': entry.algorithm, 'digest': entry.digest, 'source': place, 'line': entry.line}

    def _digest_file(self, place):
        raw = self._content(place, digest_files.LIMIT)
        if place.startswith('http://'):
            self.warnings.append('%s came without TLS, so anyone on the network path can change it. Use https, or a local copy that you trust.'
                                 % addresses.without_credentials(place))
        with _about(place):
            return digest_files.parse(raw, self._algorithm or digest_files.algorithm_of(place))

    def _signed(self, artifact):
        signature = self._content(artifact.signature, gpgv.MAX_SIGNATURE)
        certificate = self._once(('certificate', artifact.certificate), lambda: self._content(artifact.certificate, gpgv.MAX_CERTIFICATE))
        made = gpgv.verify(artifact.path, signature, certificate, artifact.fingerprints, lambda: gpgv.on_host(artifact.path, self._run))
        return {'kind': 'signature', 'source': addresses.without_credentials(artifact.signature), 'fingerprint': made.primary,
                'signing_key': made.subkey, 'made': verdicts.timestamp(made.made), 'expired': made.expired}

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
        # Imported here, because loading Python's and Ansible's network modules takes longer than verifying many files.
        from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

        try:
            return download.read(url, self._options, limit)
        except GofleetError as exc:
            shown = addresses.without_credentials(url)
            raise GofleetError('%s %s.' % (shown, exc.msg), exc.code, **dict(exc.evidence, source=shown))


@contextlib.contextmanager
def _about(place):
    """A block that adds the name of the checksum file to GofleetErrors; its value is the name that may be shown."""
    shown = addresses.without_credentials(place)
    try:
        yield shown
    except GofleetError as exc:
        raise GofleetError('checksum_file %s: %s' % (shown, exc.msg), exc.code, **dict(exc.evidence, source=shown))


def _mismatch(path, claim, found):
    said = 'line %d of %s says' % (claim['line'], claim['source']) if 'line' in claim else 'checksum says'
    # Both have the same length; only a name or the option distinguishes them.
    other = ' If b2sum wrote that line, set checksum_algorithm: blake2b.' if 'line' in claim and claim['algorithm'] == 'sha512' else ''
    return GofleetError(
        '%s has the %s %s, but %s %s. It is damaged, or a different file. Fetch it again; if that does not help, do not use it.%s'
        % (path, claim['algorithm'], found, said, claim['digest'], other), 'checksum_mismatch', path=path, algorithm=claim['algorithm'], found=found,
        wanted=claim['digest'])


# ---- a run


def converge(params, run, check_mode):
    """The result for a module's options; run: _frame.runner(). Raises GofleetError, NotProven among them, and OSError."""
    artifacts = wanted(params)
    root, manifest, recording = params['tree'], params['manifest'], params['state'] == 'recorded'
    if root:
        root, manifest = os.path.abspath(root), os.path.abspath(manifest)
        if recording:
            folder_owners.check_safe(
                os.path.dirname(manifest), 'The folder of manifest,',
                'Record it below folders that belong to root and that only root can write to: it is what later proves the tree.')
        recorded_trees.check_paths(root, manifest)
    prover = Prover(run, sources.Options(params['timeout'], params['ca_path']), params['checksum_algorithm'])
    files, failures = [], []
    for artifact in artifacts:
        result, failure = prover.prove(artifact)
        files.append(result)
        failures += [(artifact.path, failure)] if failure else []
    tree, record = None, None
    if root and not recording:
        tree, failure = recorded_trees.verify_tree(root, manifest)
        failures += [(root, failure)] if failure else []
    elif root and not failures:
        record = recorded_trees.record_tree(root, manifest)
        tree = record.result
    if failures:
        raise _not_proven(failures, recording, files=files, tree=tree, warnings=prover.warnings)
    result = {'changed': False, 'files': files, 'tree': tree, 'plan': [], 'warnings': prover.warnings}
    if record and record.text is not None:
        result.update(changed=True, diff=record.diff, plan=['write %s, the manifest of %s (%d files)' % (manifest, root, tree['count'])])
        if not check_mode:
            recorded_trees.write(record, manifest, params['lock_timeout'])
    return result


def _not_proven(failures, recording, **found):
    """failures: (path, GofleetError)."""
    sentences = [failure.msg for dummy, failure in failures[:_SPELLED_OUT]]
    if len(failures) > _SPELLED_OUT:
        sentences.append('The result lists %d more under files.' % (len(failures) - _SPELLED_OUT))
    asked = len(found['files']) + (1 if found['tree'] else 0)
    if asked > 1 or recording:
        sentences.insert(0, '%d of %d are not proven%s.' % (len(failures), asked, ', so no manifest was written' if recording else ''))
    return NotProven(' '.join(sentences), [{'path': path, 'code': failure.code, 'evidence': failure.evidence} for path, failure in failures], **found)
