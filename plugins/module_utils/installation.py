# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan for toolchains: obtain, unpack, prove, publish, swap, remove."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import hashlib
import io
import os
import pwd
import tempfile
import time
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils import digests, goversion, host, manifest, sources, toolchain, transaction
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError, from_os_error

# Linux versions below which Go does not start (go.dev/wiki/MinimumRequirements).
_KERNEL = (((1, 24), (3, 2)), ((1, 18), (2, 6, 32)), ((1, 0), (2, 6, 23)))
_KERNEL_OF_PORT = {'loong64': (5, 19)}

# What a release archive unpacks to, at the very least, as a multiple of its own size (measured: 3.4 to 4.2).
_UNPACKS_TO = 3.3


# No variable or file of anybody may speak for the staged tree, nor may it leave something behind (it writes telemetry
# counters below HOME, whose folder go is also the default GOPATH). Empty is unset to Go.
_NOBODYS_GO = {'GOENV': 'off', 'GOTOOLCHAIN': 'local', 'GOROOT': '', 'GOFLAGS': '', 'GOEXPERIMENT': '', 'GODEBUG': '', 'XDG_CONFIG_HOME': '',
               'LC_ALL': 'C'}


# sys/statvfs.h; Python 2 has no name for it.
_ST_RDONLY = 1

# Refusals that no other source would mend.
_OF_THIS_HOST = ('not_runnable',)


class Need(Exception):
    """This host cannot get an archive or a record by itself. value: what it asks the controller for."""

    def __init__(self, value):
        super(Need, self).__init__(value)
        self.value = value


class Installer(object):
    """Carries out the steps of one plan, with the lock held.

    records: release record by version; progress: what the result tells.
    """

    def __init__(self, paths, goarch, records, offered, run):
        self.paths = paths
        self.goarch = goarch
        self.records = records
        self.sources = offered
        self.program = run
        self.progress = {'installed': [], 'pruned': [], 'bytes_fetched': 0, 'needs': [], 'moved_aside': [], 'passed_over': []}

    def run(self, steps):
        """Carry out steps in their order. Where an archive is missing, nothing after the installs is done."""
        if not steps:
            return
        with transaction.stage(self.paths.stage) as stage:
            for step in steps:
                if self.progress['needs'] and step.action != 'install':
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

    def _do_unlink(self, step, stage):
        transaction.remove_file(step.subject)

    def _do_remove(self, step, stage):
        transaction.remove_tree(self.paths.tree(step.subject), stage)
        manifest.remove(self.paths.manifests, step.subject)
        self.progress['pruned'].append(step.detail)

    def _do_dissolve(self, step, stage):
        transaction.retire_folder(self.paths.meta)
        transaction.remove_empty_folder(self.paths.prefix)

    def _install(self, version, name, stage):
        record = record_for(self.records, version, self.goarch)
        if record is None:
            raise Need({'kind': 'record', 'version': version, 'goarch': self.goarch})
        given = self._given(version, record)
        if given:
            obtained = self._take(given, record, stage)
            tree, entries = self._unpack(version, record, obtained, stage)
        else:
            obtained, tree, entries = self._fetch(version, record, stage)
        transaction.make_folder(self.paths.manifests)
        manifest.write(self.paths.manifests, name, self._manifest(version, record, obtained, tree, entries), entries)
        transaction.publish_tree(tree, self.paths.tree(name))
        self.progress['installed'].append(version)

    def _given(self, version, record):
        for filename in (record['filename'], self._module_file(version)):
            given = self.sources.files.get(filename) or self.sources.files.get(sources.ANY_NAME)
            if given:
                return given
        return None

    def _module_file(self, version):
        return '%s.zip' % digests.toolchain_module(version, self.goarch)[1]

    def _fetch(self, version, record, stage):
        """(Obtained, path, entries) of the staged tree, from the first source that has the release."""
        # Here, not above: Python's and Ansible's network modules take longer to load than a run without change takes.
        from ansible_collections.gofleet.golang.plugins.module_utils import download

        failures = []
        for kind, filename, url in self._offers(version, record) if self.sources.transfer != 'push' else ():
            scratch = tempfile.mkdtemp(dir=stage)
            path = os.path.join(scratch, filename)
            try:
                fetched = download.fetch(url, path, self.sources.options, *self._expected(kind, record))
                self.progress['bytes_fetched'] += fetched.received
                obtained = Obtained(path, kind, fetched.url, fetched.sha256, fetched.size)
                tree, entries = self._unpack(version, record, obtained, scratch)
            except GofleetError as exc:
                if exc.code in _OF_THIS_HOST:
                    raise
                failures.append({'url': sources.without_credentials(url), 'code': exc.code, 'reason': exc.msg})
                transaction.delete_tree(scratch)
            else:
                self.progress['passed_over'] += failures
                return obtained, tree, entries
        if self.sources.transfer == 'pull':
            raise _no_source(version, self.goarch, failures)
        raise Need({'kind': 'archive', 'version': version, 'goarch': self.goarch, 'filename': record['filename'],
                    'failures': failures, 'incoming': self._incoming()})

    def _offers(self, version, record):
        """(kind, file name, URL) of everything that might have the release and can be verified."""
        if record.get('sha256'):
            for base in self.sources.mirrors:
                yield 'archive', record['filename'], '%s/%s' % (base.rstrip('/'), record['filename'])
        if record['h1']:
            filename = self._module_file(version)
            for base in self.sources.goproxy:
                yield 'module', filename, '%s/%s/@v/%s' % (base.rstrip('/'), digests.toolchain_module(version, self.goarch)[0], filename)

    def _expected(self, kind, record):
        return (record.get('size'), record['sha256']) if kind == 'archive' else (None, None)

    def _take(self, given, record, stage):
        """Copy an archive into the stage while hashing it: nobody else can write to what was verified."""
        taken = os.path.join(stage, os.path.basename(given.path))
        size, sha256 = _copy(given, taken)
        kind = 'module' if given.path.endswith('.zip') else 'archive'
        if kind == 'module' and not record['h1']:
            raise GofleetError('%s is a module zip, and nothing says what its tree has to be. Give its h1 in releases, or set goproxy so '
                               'that the transparency log is asked.' % given.origin, 'unverifiable', path=given.origin)
        if kind == 'archive' and record.get('sha256') and sha256 != record['sha256']:
            raise GofleetError('%s is not the release: its sha256 is %s, %s says %s. Nothing was installed. Get the file again.'
                               % (given.origin, sha256, record['vouched'].get('sha256', 'the record'), record['sha256']),
                               'sha256_mismatch', path=given.origin, found=sha256, wanted=record['sha256'])
        return Obtained(taken, kind, given.origin, sha256, size)

    def _incoming(self):
        """A folder that the controller's connection may write to and nobody else; None if this user can't make one."""
        connection = os.environ.get('SUDO_UID', '')
        if not self.sources.incoming or (os.geteuid() != 0 and connection not in ('', str(os.geteuid()))):
            return None
        transaction.make_folder(self.paths.incoming)
        for abandoned in transaction.leftovers(self.paths.incoming, toolchain.STALE_UPLOAD):
            transaction.delete_tree(abandoned)
        folder = tempfile.mkdtemp(dir=self.paths.incoming)
        # Under sudo the connection is another user's; root reads what that user puts here, and hashes it.
        if os.geteuid() == 0 and connection.isdigit():
            user = pwd.getpwuid(int(connection))
            os.chown(folder, user.pw_uid, user.pw_gid)
        return folder

    def _unpack(self, version, record, obtained, stage):
        """(path, entries) of the staged tree, proven to be the release."""
        # Here for the same reason as download.
        from ansible_collections.gofleet.golang.plugins.module_utils import archive

        tree = os.path.join(stage, 'go')
        entries = None
        if obtained.kind == 'module':
            entries = archive.unpack_zip(obtained.path, tree, '%s@%s/' % digests.toolchain_module(version, self.goarch))
        else:
            archive.unpack_tar(obtained.path, stage, bool(record.get('sha256')), self.program)
        archive.prove_confined(stage)
        if not os.path.isfile(os.path.join(tree, 'VERSION')):
            raise GofleetError('%s holds no go/VERSION: it is not an archive of Go.' % obtained.origin, 'not_a_toolchain', origin=obtained.origin)
        if entries is None:
            entries = digests.walk_tree(tree)
        h1 = digests.toolchain_h1(entries, version, self.goarch)
        if record['h1'] and h1 != record['h1']:
            raise GofleetError('%s is not the release: the h1 of its tree is %s, the transparency log says %s. Nothing was installed.'
                               % (obtained.origin, h1, record['h1']), 'h1_mismatch', found=h1, wanted=record['h1'], origin=obtained.origin)
        prove_version(tree, version, self.goarch, stage, self.program)
        os.unlink(obtained.path)
        return tree, entries

    def _manifest(self, version, record, obtained, tree, entries):
        proof = []
        if obtained.kind == 'archive' and record.get('sha256'):
            proof.append({'kind': record['vouched'].get('sha256', 'pinned'), 'sha256': record['sha256']})
        if record['h1']:
            proof.append({'kind': record['vouched'].get('h1', 'pinned'), 'h1': record['h1']})
        content = manifest.describe(tree, entries)
        content.update(version=version, goarch=self.goarch, proof=proof,
                       h1=digests.toolchain_h1(entries, version, self.goarch),
                       source={'kind': obtained.kind, 'origin': obtained.origin, 'sha256': obtained.sha256, 'size': obtained.size},
                       installed_at=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
        return content


# A file in the stage. kind: archive or module; origin: URL or path it came from.
Obtained = namedtuple('Obtained', 'path kind origin sha256 size')


def _copy(given, target):
    digest = hashlib.sha256()
    size = 0
    try:
        source = io.open(given.path, 'rb')
    except (IOError, OSError) as exc:
        raise GofleetError('The archive %s cannot be read: %s.' % (given.origin, exc.strerror), 'archive_unreadable', path=given.origin)
    with source, transaction.naming(target), io.open(target, 'wb') as output:
        for chunk in iter(lambda: source.read(digests.CHUNK), b''):
            digest.update(chunk)
            size += len(chunk)
            output.write(chunk)
    return size, digest.hexdigest()


def _no_source(version, goarch, failures):
    return GofleetError(
        'Go %s for linux-%s came from no source. %s Check the mirrors, or let the controller fetch with transfer: push.'
        % (version, goarch, 'Tried %s' % sources.told(failures) if failures else 'There is no mirror or module proxy to try.'),
        'no_source', version=version, goarch=goarch, failures=failures)


def check_kernel(version, goarch, kernel):
    """Raise GofleetError(kernel_too_old) if this release of Go cannot start on the kernel (a tuple)."""
    line = goversion.parse_release(version).line
    needed = max([minimum for first, minimum in _KERNEL if line >= first][0], _KERNEL_OF_PORT.get(goarch, ()))
    if kernel < needed:
        newer = [first for first, minimum in _KERNEL if kernel < minimum]
        last = (newer[-1][0], newer[-1][1] - 1) if newer and newer[-1][1] > 0 and goarch not in _KERNEL_OF_PORT else None
        raise GofleetError(
            'Go %s needs Linux %s or later; this host runs %s. %s' % (
                version, _dotted(needed), _dotted(kernel),
                'The last line for this kernel is %s.' % _dotted(last) if last else 'No release of Go runs on it.'),
            'kernel_too_old', version=version, needed=_dotted(needed), kernel=_dotted(kernel))


def _dotted(numbers):
    return '.'.join(str(each) for each in numbers)


def check_room(folder, size):
    """Raise GofleetError(disk_full) if archives of size bytes certainly do not fit there once they are unpacked."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    needed = int(size * (1 + _UNPACKS_TO))
    if free < needed:
        raise GofleetError(
            'About %d MB are needed in %s, where %d MB are free. Nothing was changed. Free some space or choose another prefix.'
            % (needed >> 20, folder, free >> 20), 'disk_full', needed=needed, free=free, path=folder)


def prove_version(tree, version, goarch, scratch, run):
    """Raise GofleetError(not_runnable, not_the_release) unless the staged go runs here and says that it is this release.

    scratch: a folder that go may take for its user's home; run: programs.runner().
    """
    program = os.path.join(tree, 'bin', 'go')
    home = os.path.join(scratch, 'home')
    _forbid_telemetry(home)
    try:
        status, said = run([program, 'version'], dict(_NOBODYS_GO, HOME=home), scratch)
    except OSError as exc:
        hint = ''
        if exc.errno == errno.EACCES:
            hint = ' Is the file system mounted noexec?'
        raise GofleetError('The staged %s cannot be started: %s.%s Nothing was installed.' % (program, exc.strerror, hint),
                           'not_runnable', path=program, error=exc.strerror)
    said = said.strip()
    wanted = 'go version go%s linux/%s' % (version, goarch)
    if status or said.split()[:4] != wanted.split():
        raise GofleetError("The staged tree is not Go %s for linux/%s: 'go version' says '%s' (exit %d). Nothing was installed."
                           % (version, goarch, said[:300], status), 'not_the_release', said=said[:300], wanted=wanted)


def _forbid_telemetry(home):
    # Or go leaves a process behind that writes there while the stage is being removed (Go 1.23; x/telemetry/internal/telemetry).
    folder = os.path.join(home, '.config', 'go', 'telemetry')
    os.makedirs(folder)
    with io.open(os.path.join(folder, 'mode'), 'wb') as target:
        target.write(b'off')


def nearest_folder(path):
    """The path itself, or the nearest thing above it that exists."""
    while not os.path.lexists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def converge(wanted, paths, records, offered, run, check_mode, lock_timeout):
    """Bring the host to what is wanted. Returns the module's result.

    A host that is there already is only read: no lock, no write. Raises GofleetError.
    """
    try:
        return _converge(wanted, paths, records, offered, run, check_mode, lock_timeout)
    except (IOError, OSError) as exc:
        raise from_os_error(exc, paths.prefix)
    finally:
        _drop_uploads(offered, paths)


def _converge(wanted, paths, records, offered, run, check_mode, lock_timeout):
    before = toolchain.observe(paths)
    steps = toolchain.plan(wanted, before, paths, time.time())
    _refuse_early(steps, paths, wanted, records)
    missing = _missing_records(steps, wanted, records)
    if not steps or check_mode or missing:
        return _result(steps, before, paths, {'needs': missing})
    with transaction.lock(paths.lock, lock_timeout):
        before = toolchain.observe(paths)
        steps = toolchain.plan(wanted, before, paths, time.time())
        installer = Installer(paths, wanted.goarch, records, offered, run)
        try:
            installer.run(steps)
        except (GofleetError, IOError, OSError):
            _drop_uploads(offered, paths)
            _leave_as_found(before, paths)
            raise
        return _result(steps, before, paths, installer.progress)


def _leave_as_found(before, paths):
    """Take back the lock and the folders of a run that failed on a host where nothing of ours was.

    A tree that got its name, what other controllers are bringing, and a prefix that somebody made in their own way stay.
    """
    try:
        if before.trees or not toolchain.names_in(paths.prefix) <= before.taken or toolchain.names_in(paths.incoming):
            return
        transaction.retire_folder(paths.meta)
        if transaction.is_plain_folder(paths.prefix):
            transaction.remove_empty_folder(paths.prefix)
    except (IOError, OSError):
        # What the run failed of matters more than a folder that stays.
        return


def _refuse_early(steps, paths, wanted, records):
    """Everything that is known to fail fails before the first change, and in check mode too."""
    if not steps:
        return
    for path in (paths.prefix, os.path.dirname(paths.link), paths.bin_dir):
        _check_writable(nearest_folder(path))
    versions = [step.detail for step in steps if step.action == 'install']
    for version in versions:
        check_kernel(version, wanted.goarch, host.kernel_version())
    sizes = [records.get(version, {}).get('archives', {}).get(wanted.goarch, {}).get('size') or 0 for version in versions]
    check_room(nearest_folder(paths.prefix), sum(sizes))


def _check_writable(path):
    if os.statvfs(path).f_flag & _ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
    if not os.path.isdir(path) or not os.access(path, os.W_OK | os.X_OK):
        raise GofleetError(
            '%s is not a folder that this user (uid %d) can write to. Nothing was changed. Run the play with become, or choose '
            'prefix, link and bin_dir below a folder of this user (the default without become).' % (path, os.geteuid()),
            'not_writable', path=path, uid=os.geteuid())


def _missing_records(steps, wanted, records):
    """What an install would ask the controller for: asked before anything is written, and in check mode too."""
    return [{'kind': 'record', 'version': step.detail, 'goarch': wanted.goarch} for step in steps if step.action == 'install'
            and not record_for(records, step.detail, wanted.goarch)]


def record_for(records, version, goarch):
    """What the archive of a version has to be on this architecture: {filename, sha256, size, h1, vouched}, or None."""
    record = records.get(version, {})
    files = dict(record.get('archives', {}).get(goarch) or {})
    files.update(h1=record.get('h1', {}).get(goarch), vouched=record.get('vouched', {}))
    files.setdefault('filename', 'go%s.linux-%s.tar.gz' % (version, goarch))
    return files if files.get('sha256') or files['h1'] else None


def _drop_uploads(offered, paths):
    for given in offered.files.values():
        if os.path.dirname(os.path.dirname(given.path)) == paths.incoming:
            transaction.delete_tree(os.path.dirname(given.path))


def _result(steps, before, paths, progress):
    after = toolchain.state_after(steps, before, paths)
    installs = [step.detail for step in steps if step.action == 'install']
    result = {
        'changed': bool(steps),
        'diff': {'before': toolchain.state_of(before, paths), 'after': after},
        'plan': [' '.join(str(each) for each in step if each) for step in steps],
        'installed': installs,
        'pruned': [step.detail for step in steps if step.action == 'remove'],
        'bytes_fetched': 0, 'needs': [], 'moved_aside': after['moved_aside'], 'passed_over': [],
    }
    result.update(progress)
    if result['needs']:
        # Only installs were done, if any; the caller comes again with what is missing.
        result['installed'] = progress.get('installed', [])
        result['changed'] = bool(result['installed'])
    return result
