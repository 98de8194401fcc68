# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan for toolchains: obtain, unpack, prove, publish, swap, remove."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import io
import os
import tempfile
import time
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError, from_os_error
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._files import folders, leftovers, locks, syncing, transaction
from ansible_collections.gofleet.golang.plugins.module_utils._files import owners as folder_owners
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests, trees
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import adoption, extra_files, go_policy, manifest, observe, offers, trial, trust
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import change as toolchain_change

# Refusals that no other source would mend.
_OF_THIS_HOST = ('not_runnable',)


class Need(Exception):
    """This host cannot get an archive or a record by itself. value: what it asks the controller for."""

    def __init__(self, value):
        super(Need, self).__init__(value)
        self.value = value


class Installer(object):
    """Carries out the steps of one plan, with the lock held.

    records: release record by version; blocks: of go_policy.Move; progress: what the result tells.
    """

    def __init__(self, paths, wanted, records, offered, run, blocks=None):
        self.paths = paths
        self.goarch = wanted.goarch
        self.policy = wanted.trust
        self.records = records
        self.sources = offered
        self.program = run
        self.progress = {'installed': [], 'pruned': [], 'bytes_fetched': 0, 'needs': [], 'moved_aside': [], 'passed_over': [],
                         'adopted': [], 'proven': [], 'kept': []}
        # Where what is at LINK will be moved to, for the manifest of a copy of it.
        self._aside = None
        self._blocks = blocks or {}
        # Trees whose go.env gets the blocks.
        self._configured = []

    def run(self, steps):
        """Carry out steps in their order. Where an archive is missing, nothing after the installs is done."""
        if not steps:
            return
        self._aside = next((step.aside for step in steps if step.action == 'link'), None)
        self._configured = [step.subject for step in steps if step.action == 'go_env']
        with transaction.stage(self.paths.stage) as stage:
            for step in steps:
                if self.progress['needs'] and step.action not in ('install', 'adopt'):
                    return
                getattr(self, '_do_' + step.action)(step, stage)

    def _do_clean(self, step, stage):
        transaction.delete_tree(step.subject)

    def _do_forget(self, step, stage):
        manifest.remove(self.paths.manifests, step.subject)

    def _do_install(self, step, stage):
        try:
            self._install(step.detail, step.subject, tempfile.mkdtemp(dir=stage))
        except Need as need:
            self.progress['needs'].append(need.value)

    def _do_adopt(self, step, stage):
        """Take the tree at LINK in if it is the release; otherwise install as usual, and the link's step moves it aside."""
        record = record_for(self.records, step.detail, self.goarch)
        scratch = tempfile.mkdtemp(dir=stage)
        try:
            if record:
                self._publish(step.detail, step.subject, record, *self._copy_foreign(step.detail, record, scratch))
                self.progress['adopted'].append(adoption.outcome(self.paths.link, step.detail))
                return
        except GofleetError as exc:
            if exc.code in _OF_THIS_HOST:
                raise
            self.progress['adopted'].append(adoption.outcome(self.paths.link, step.detail, exc.msg))
        transaction.delete_tree(scratch)
        try:
            self._do_install(step, stage)
        except GofleetError as exc:
            raise adoption.with_reason(exc, self.progress['adopted'])

    def _do_prove(self, step, stage):
        """Have more vouch for a tree of ours than what it was installed with."""
        name, version = step.subject, step.detail
        record = record_for(self.records, version, self.goarch)
        tree = self.paths.tree(name)
        content = manifest.read(self.paths.manifests, name)
        entries = trees.walk_tree(tree)
        differences = manifest.differences(entries, self.paths.manifests, name, content)
        if not differences or manifest.told(differences):
            raise GofleetError('%s is not what was installed any more (%s), so nobody can vouch for it. Run with verify: deep, which replaces it.'
                               % (tree, manifest.told(differences) if differences else 'its manifest was changed'), 'tree_changed', path=tree)
        dirhash.prove_h1(manifest.as_shipped(entries, self.paths.manifests, name, content), version, self.goarch, record, tree,
                         'It stays as it is. Remove it with state: absent, and install it from another source.')
        source = content.get('source') or {}
        same_archive = source.get('kind') == 'archive' and source.get('sha256') == record.get('sha256')
        proof = proofs_of(record, ['sha256', 'h1'] if same_archive else ['h1'])
        found = [each['kind'] for each in proof]
        proof += [each for each in content['proof'] if each.get('kind') not in found]
        if not self.policy.holds([each.get('kind') for each in proof]):
            raise trust.untrusted(version, self.goarch, self.policy, found, tree)
        manifest.rewrite(self.paths.manifests, name, dict(content, proof=proof))
        self.progress['proven'].append(version)

    def _do_keep_go_env(self, step, stage):
        go_policy.keep(self.paths, self._blocks)

    def _do_go_env(self, step, stage):
        go_policy.write(self.paths.tree(step.subject), self._blocks)

    def _do_link(self, step, stage):
        self._point(step)

    def _do_program(self, step, stage):
        self._point(step)

    def _point(self, step):
        transaction.make_folder(os.path.dirname(step.subject))
        if step.aside:
            transaction.point_link_keeping(step.subject, step.detail, step.aside)
            self.progress['moved_aside'].append(step.aside)
        else:
            transaction.point_link(step.subject, step.detail)

    def _do_discard(self, step, stage):
        """Remove a tree that was taken in, now that a copy has its place, unless it is more than what was copied."""
        name, twin = step.subject, step.detail
        content = manifest.read(self.paths.manifests, name)
        if not content or content.pop('twin', None) != twin:
            return
        there = os.path.isdir(twin) and not os.path.islink(twin)
        differences = manifest.differences(trees.walk_tree(twin), self.paths.manifests, name, content) if there else None
        # What is missing may be what a run was killed over. All that is left is in the copy too.
        if differences and not (differences.changed or differences.extra):
            # Not by way of the stage, which may be on another file system.
            transaction.delete_tree(twin)
            self.progress['moved_aside'] = [each for each in self.progress['moved_aside'] if each != twin]
        manifest.rewrite(self.paths.manifests, name, content)

    def _do_unlink(self, step, stage):
        transaction.remove_file(step.subject)

    def _do_remove(self, step, stage):
        # A download may lie between the plan and this.
        if extra_files.found(self.paths, step.subject) != []:
            aside = extra_files.aside_name(self.paths, step.subject, time.time(), observe.names_in(self.paths.prefix))
            self._do_set_aside(step._replace(aside=aside), stage)
            return
        transaction.remove_tree(self.paths.tree(step.subject), stage)
        manifest.remove(self.paths.manifests, step.subject)
        self.progress['pruned'].append(step.detail)

    def _do_set_aside(self, step, stage):
        """Keep a tree that holds more than its release. Without a manifest it is not ours any more."""
        kept = extra_files.described(self.paths, step.subject, step.detail, extra_files.found(self.paths, step.subject), step.aside)
        transaction.set_aside(self.paths.tree(step.subject), step.aside)
        manifest.remove(self.paths.manifests, step.subject)
        self.progress['pruned'].append(step.detail)
        self.progress['moved_aside'].append(step.aside)
        self.progress['kept'].append(kept)

    def _do_dissolve(self, step, stage):
        transaction.retire_folder(self.paths.meta)
        folders.remove_if_empty(self.paths.prefix)

    def _install(self, version, name, stage):
        record = record_for(self.records, version, self.goarch)
        if record is None:
            raise Need({'kind': 'record', 'version': version, 'goarch': self.goarch})
        given = offers.given(self.sources, record, version, self.goarch)
        if given:
            obtained = self._take(version, given, record, stage)
            staged = self._unpack(version, record, obtained, stage)
        else:
            obtained, staged = self._fetch(version, record, stage)
        self._publish(version, name, record, obtained, staged)

    def _publish(self, version, name, record, obtained, staged):
        transaction.make_folder(self.paths.manifests)
        manifest.write(self.paths.manifests, name, self._manifest(version, record, obtained, staged), staged.entries)
        # The manifest knows go.env as it was shipped. From the moment on at which the tree has its name, it has the blocks.
        if name in self._configured:
            go_policy.write(staged.path, self._blocks)
        transaction.publish_tree(staged.path, self.paths.tree(name))
        self.progress['installed'].append(version)

    def _copy_foreign(self, version, record, stage):
        """(Obtained, Staged) of a proven copy of the tree at LINK. Raises GofleetError where it is not the release."""
        source = os.path.realpath(self.paths.link)
        adoption.check_provable(version, record, self.policy)
        tree = os.path.join(stage, 'go')
        adoption.copy_tree(source, tree)
        entries = trees.walk_tree(tree)
        h1 = dirhash.prove_h1(entries, version, self.goarch, record, source)
        trial.prove_version(tree, version, self.goarch, stage, self.program)
        return Obtained(None, 'adopted', source, None, None), Staged(tree, entries, h1)

    def _fetch(self, version, record, stage):
        """(Obtained, Staged) from the first source that has the release."""
        # Here, not above: Python's and Ansible's network modules take longer to load than a run without change takes.
        from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download

        failures = []
        for kind, filename, url in self._offers(version, record):
            scratch = tempfile.mkdtemp(dir=stage)
            path = os.path.join(scratch, filename)
            try:
                fetched = download.fetch(url, path, self.sources.options, *self._expected(kind, record))
                self.progress['bytes_fetched'] += fetched.received
                obtained = Obtained(path, kind, fetched.url, fetched.sha256, fetched.size)
                staged = self._unpack(version, record, obtained, scratch)
            except GofleetError as exc:
                if exc.code in _OF_THIS_HOST:
                    raise
                failures.append({'url': addresses.without_credentials(url), 'code': exc.code, 'reason': exc.msg})
                transaction.delete_tree(scratch)
            else:
                self.progress['passed_over'] += failures
                return obtained, staged
        if self.sources.transfer == 'pull':
            raise offers.no_source(version, self.goarch, failures)
        raise Need({'kind': 'archive', 'version': version, 'goarch': self.goarch, 'filename': record['filename'],
                    'failures': failures, 'incoming': self._incoming()})

    def _offers(self, version, record):
        return offers.to_fetch(self.sources, record, version, self.goarch, self.policy) if self.sources.transfer != 'push' else ()

    def _expected(self, kind, record):
        return (record.get('size'), record.get('sha256')) if kind == 'archive' else (None, None)

    def _take(self, version, given, record, stage):
        """Copy an archive into the stage while hashing it: nobody else can write to what was verified."""
        taken = os.path.join(stage, os.path.basename(given.path))
        kind = 'module' if given.path.endswith('.zip') else 'archive'
        # What a connection's user put there may only be a file of theirs, not a link to one of root's.
        uploaded = os.path.dirname(os.path.dirname(given.path)) == self.paths.incoming
        size, sha256 = _copy(given, taken, record.get('size') if kind == 'archive' else None, follow=not uploaded)
        if kind == 'module' and not record.get('h1'):
            raise GofleetError('%s is a module zip, and nothing says what its tree has to be. Give its h1 in releases, or set goproxy so '
                               'that the transparency log is asked.' % given.origin, 'unverifiable', path=given.origin)
        if kind == 'archive' and record.get('sha256') and sha256 != record['sha256']:
            raise GofleetError('%s is not the release: its sha256 is %s, %s says %s. It was not installed. Get the file again.'
                               % (given.origin, sha256, ' and '.join(sorted(record['vouched'].get('sha256', ()))) or 'the record', record['sha256']),
                               'sha256_mismatch', path=given.origin, found=sha256, wanted=record['sha256'])
        found = trust.kinds_for_tree(record) if kind == 'module' else trust.kinds_for_archive(record)
        if not self.policy.holds(found):
            raise trust.untrusted(version, self.goarch, self.policy, found, given.origin)
        return Obtained(taken, kind, given.origin, sha256, size)

    def _incoming(self):
        """A folder that the controller's connection may write to and nobody else; None if this user can't make one."""
        connection = os.environ.get('SUDO_UID', '')
        if not self.sources.incoming or (os.geteuid() != 0 and connection not in ('', str(os.geteuid()))):
            return None
        transaction.make_folder(self.paths.incoming)
        for abandoned in leftovers.unused_stages(self.paths.incoming, observe.STALE_UPLOAD):
            transaction.delete_tree(abandoned)
        folder = tempfile.mkdtemp(dir=self.paths.incoming)
        # Under sudo the connection is another user's; root reads what that user puts here, and hashes it.
        if os.geteuid() == 0 and foreign_values.whole(connection) is not None:
            try:
                os.chown(folder, int(connection), -1)
            except (IOError, OSError):
                folders.persistently(transaction.delete_tree, folder)
                raise
        return folder

    def _unpack(self, version, record, obtained, stage):
        """The Staged tree of an archive, proven to be the release."""
        # Here for the same reason as download.
        from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
        from ansible_collections.gofleet.golang.plugins.module_utils._archive import zip as archive_zip

        tree = os.path.join(stage, 'go')
        if obtained.kind == 'module':
            entries = archive_zip.unpack_zip(obtained.path, tree, '%s@%s/' % dirhash.toolchain_module(version, self.goarch))
        else:
            entries = tar.unpack_tar(obtained.path, stage)
        if not os.path.isfile(os.path.join(tree, 'VERSION')):
            raise GofleetError('%s holds no go/VERSION: it is not an archive of Go.' % obtained.origin, 'not_a_toolchain', origin=obtained.origin)
        h1 = dirhash.prove_h1(entries, version, self.goarch, record, obtained.origin, 'It was not installed.')
        trial.prove_version(tree, version, self.goarch, stage, self.program)
        os.unlink(obtained.path)
        return Staged(tree, entries, h1)

    def _manifest(self, version, record, obtained, staged):
        proof = proofs_of(record, ['sha256', 'h1'] if obtained.kind == 'archive' else ['h1'])
        content = manifest.describe(staged.path, staged.entries)
        content.update(version=version, goarch=self.goarch, proof=proof, h1=staged.h1,
                       source={'kind': obtained.kind, 'origin': obtained.origin, 'sha256': obtained.sha256, 'size': obtained.size},
                       installed_at=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
        if obtained.kind == 'adopted':
            content['twin'] = self._aside
        return content


def proofs_of(record, names):
    """The proofs of a manifest for those of a record's values ('sha256', 'h1') that were compared."""
    return [{'kind': kind, name: record[name], 'vouched_at': when}
            for name in names if record.get(name) for kind, when in sorted(record['vouched'].get(name, {}).items())]


# A file in the stage. kind: archive or module; origin: URL or path it came from.
Obtained = namedtuple('Obtained', 'path kind origin sha256 size')
# A tree in the stage. entries: as digests.walk_tree() gives them; h1: of the tree.
Staged = namedtuple('Staged', 'path entries h1')


def _copy(given, target, expected, follow):
    """(size, sha256) of a copy of a given archive. expected: bytes, or None. Raises GofleetError(archive_unreadable, sha256_mismatch), OSError."""
    limit = expected or sources.UNKNOWN_SIZE_LIMIT
    digest = hashlib.sha256()
    try:
        # A pipe's open waits for a writer, and a device has no end.
        descriptor, status = regular_files.open_descriptor(given.path, follow)
    except GofleetError as exc:
        raise GofleetError('The archive %s cannot be read: %s' % (given.origin, exc.msg), 'archive_unreadable', path=given.origin)
    with io.open(descriptor, 'rb', 0) as source:
        if status.st_size > limit:
            raise GofleetError('%s is not the release: it has %d bytes, and %s. Nothing was installed. Get the file again.'
                               % (given.origin, status.st_size, 'the record says %d' % limit if expected else 'no archive of Go has more than %d' % limit),
                               'sha256_mismatch' if expected else 'archive_unsafe', path=given.origin, found=status.st_size, wanted=limit)
        size = 0
        with syncing.naming(target), io.open(target, 'wb') as output:
            # No further than it was long: a file that grows has no end either.
            chunk = source.read(min(digests.CHUNK, status.st_size))
            while chunk:
                digest.update(chunk)
                size += len(chunk)
                output.write(chunk)
                chunk = source.read(min(digests.CHUNK, status.st_size - size))
    return size, digest.hexdigest()


def converge(wanted, paths, records, offered, run, check_mode, lock_timeout, deep=False):
    """Bring the host to what is wanted. Returns the module's result.

    A host that is there already is only read: no lock, no write. Raises GofleetError.
    """
    try:
        return _converge(wanted, paths, records, offered, run, check_mode, lock_timeout, deep)
    except (IOError, OSError) as exc:
        raise from_os_error(exc, paths.prefix)
    finally:
        _drop_uploads(offered, paths)


def _converge(wanted, paths, records, offered, run, check_mode, lock_timeout, deep):
    _check_folders(paths)
    change = toolchain_change.plan(wanted, observe.observe(paths, deep), paths, time.time())
    _refuse_early(change.steps, paths, wanted, records)
    missing = _missing(change.steps, wanted, records)
    if not missing:
        _check_offers(change.steps, wanted, records, offered)
    if check_mode and not missing:
        foreseen = [adoption.foreseen(paths.link, step.detail, record_for(records, step.detail, wanted.goarch), wanted)
                    for step in change.steps if step.action == 'adopt']
        return toolchain_change.result(change, change.before, paths, {'adopted': foreseen}, check_mode)
    if not change.steps or missing:
        return toolchain_change.result(change, change.before, paths, {'needs': missing}, check_mode)
    made = folders.missing(paths.meta)
    try:
        with locks.lock(paths.lock, lock_timeout):
            return _carry_out(wanted, paths, records, offered, run, deep, change.before)
    except (GofleetError, IOError, OSError):
        folders.remove_made(made)
        raise


def _carry_out(wanted, paths, records, offered, run, deep, before):
    try:
        change = toolchain_change.plan(wanted, observe.observe(paths, deep), paths, time.time())
        before = change.before
        installer = Installer(paths, wanted, records, offered, run, change.move.blocks)
        installer.run(change.steps)
    except (GofleetError, IOError, OSError):
        _drop_uploads(offered, paths)
        _leave_as_found(before, paths)
        raise
    if installer.progress['needs'] and not installer.progress['installed']:
        # The controller may never come with it; a folder that it was given stays.
        _leave_as_found(before, paths)
    return toolchain_change.result(change, observe.observe(paths), paths, installer.progress, check_mode=False)


def _check_folders(paths):
    """Raise GofleetError(unsafe_folder) where root would rely on folders that others can change."""
    advice = ('Choose %s below folders that belong to root and that only root can write to, or run the play without become, as the user that the '
              'toolchain is for.')
    for option, path in (('prefix', paths.prefix), ('link', os.path.dirname(paths.link)), ('bin_dir', paths.bin_dir)):
        folder_owners.check_safe(path, 'The folder of %s,' % option, advice % option)
    for path in (paths.meta, paths.manifests, paths.stage, paths.incoming):
        if os.geteuid() == 0 and os.path.lexists(path):
            folder_owners.check_own(path)


def _leave_as_found(before, paths):
    """Take back the lock and the folders of a run that came to nothing on a host where nothing of ours was.

    A tree that got its name, what other controllers are bringing, and a prefix that somebody made in their own way stay.
    """
    try:
        if before.trees or not observe.names_in(paths.prefix) <= before.taken | {os.path.basename(paths.meta)} \
                or observe.names_in(paths.incoming):
            return
        transaction.retire_folder(paths.meta)
        if transaction.is_plain_folder(paths.prefix):
            folders.persistently(folders.remove_if_empty, paths.prefix)
    except (IOError, OSError):
        # What the run failed of matters more than a folder that stays.
        return


def _refuse_early(steps, paths, wanted, records):
    """Everything that is known to fail fails before the first change, and in check mode too."""
    if not steps:
        return
    for path in (paths.prefix, os.path.dirname(paths.link), paths.bin_dir):
        trial.check_writable(path, 'prefix, link and bin_dir below a folder of this user (the default without become)')
    versions = [step.detail for step in steps if step.action in ('install', 'adopt')]
    for version in versions:
        trial.check_kernel(version, wanted.goarch, kernel.version())
    sizes = [records.get(version, {}).get('archives', {}).get(wanted.goarch, {}).get('size') or 0 for version in versions]
    trial.check_room(trial.nearest_folder(paths.prefix), sum(sizes))


def _check_offers(steps, wanted, records, offered):
    # A tree that may be taken in is not fetched.
    for step in steps:
        if step.action == 'install':
            offers.check(offered, record_for(records, step.detail, wanted.goarch), step.detail, wanted.goarch, wanted.trust)


def _missing(steps, wanted, records):
    """What these steps need of the controller: asked before anything is written, and in check mode too.

    Raises GofleetError(untrusted) where the controller has brought all that it can and it is less than is asked for.
    """
    needs = []
    for step in steps:
        if step.action not in ('install', 'adopt', 'prove'):
            continue
        entry = record_for(records, step.detail, wanted.goarch)
        if entry is None:
            needs.append({'kind': 'record', 'version': step.detail, 'goarch': wanted.goarch})
            continue
        found = trust.kinds_for_archive(entry)
        if wanted.trust.asks_for_more(found) and not entry.get('exhausted'):
            needs.append({'kind': 'proof', 'version': step.detail, 'goarch': wanted.goarch})
        elif not wanted.trust.holds(found):
            raise trust.untrusted(step.detail, wanted.goarch, wanted.trust, found, 'No source is proven enough')
    return needs


def record_for(records, version, goarch):
    """What a version has to be on this architecture: {filename, sha256, size, h1, vouched, exhausted}, or None.

    vouched: {'sha256': {kind: time}, 'h1': {kind: time}}.
    """
    entry = dict(records.get(version, {}).get('archives', {}).get(goarch) or {})
    entry.setdefault('filename', goversion.archive_name(version, goarch))
    if not entry.get('vouched'):
        # Whoever wrote it down vouches for it.
        entry['vouched'] = dict((name, {'pinned': None}) for name in ('sha256', 'h1') if entry.get(name))
    return entry if entry.get('sha256') or entry.get('h1') else None


def _drop_uploads(offered, paths):
    for given in offered.files.values():
        if os.path.dirname(os.path.dirname(given.path)) == paths.incoming:
            transaction.delete_tree(os.path.dirname(given.path))
