# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Toolchains of a few hundred bytes in the shape of Go's own, and archives of any shape, on any Python that a host may have.

Digests are computed here from their definitions, never by the code that is tested.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import contextlib
import hashlib
import io
import os
import subprocess
import tarfile
import zipfile

# A past time, or tar warns about every file.
BUILT = 1612314306
ARCHIVE_ONLY = ('api/', 'doc/', 'misc/', 'test/')
PROGRAMS = ('bin/go', 'bin/gofmt')
SCRIPTS = ('src/make.bash', 'lib/time/update.bash', 'lib/wasm/go_js_wasm_exec')


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def run(argv, environment, folder):
    """What programs.runner() gives, without an AnsibleModule."""
    process = subprocess.Popen(argv, env=dict(os.environ, **environment), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0]
    return process.returncode, output if isinstance(output, str) else output.decode('utf-8', 'replace')


def program(version, goarch):
    """A bin/go that answers `go version`."""
    return ('#!/bin/sh\necho "go version go%s linux/%s"\n' % (version, goarch)).encode('ascii')


def tree_of(version, goarch, **changes):
    """{name below go/: content}: a file for each thing that code about toolchains treats specially.

    changes: more or other content, with __ for / in the names.
    """
    tool = 'pkg/tool/linux_%s/compile' % goarch
    tree = {
        'VERSION': b'go' + version.encode('ascii') + b'\ntime 2021-02-03T04:05:06Z\n',
        'go.env': b'GOTOOLCHAIN=auto\n',
        'bin/go': program(version, goarch),
        'bin/gofmt': b'#!/bin/sh\n',
        tool: b'#!/bin/sh\n',
        'api/go1.txt': b'pkg tiny\n',
        'doc/asm.html': b'<title>tiny</title>\n',
        'misc/go.mod': b'module misc\n',
        'test/empty.go': b'package main\n',
        'lib/time/update.bash': b'#!/bin/bash\n',
        'lib/wasm/go_js_wasm_exec': b'#!/bin/sh\n',
        'src/go.mod': b'module std\n',
        'src/cmd/go.mod': b'module cmd\n',
        'src/fmt/print.go': b'package fmt\n',
        'src/make.bash': b'#!/bin/bash\n',
    }
    tree.update((name.replace('__', '/'), content) for name, content in changes.items())
    return tree


def mode_of(name):
    return 0o755 if name.startswith(('bin/', 'pkg/tool/')) or name in SCRIPTS else 0o644


def module_of(version, goarch):
    return 'golang.org/toolchain@v0.0.1-go%s.linux-%s/' % (version, goarch)


def module_files(tree, version, goarch):
    """{name in the module zip: content}."""
    prefix = module_of(version, goarch)
    files = {}
    for name, content in tree.items():
        if not name.startswith(ARCHIVE_ONLY):
            folder, base = os.path.split(name)
            files[prefix + os.path.join(folder, '_go.mod' if base == 'go.mod' else base)] = content
    return files


def h1_of(files):
    """Go's Hash1 of {name: content}."""
    lines = [sha256(files[name]).encode('ascii') + b'  ' + name.encode('utf-8') + b'\n'
             for name in sorted(files, key=lambda name: name.encode('utf-8'))]
    return 'h1:' + base64.b64encode(hashlib.sha256(b''.join(lines)).digest()).decode('ascii')


# ---- archives


def member(name, content=b'', mode=0o644, kind=tarfile.REGTYPE, target=''):
    """(header, content) for tar_with()."""
    header = tarfile.TarInfo(name)
    header.mode, header.size, header.type, header.linkname, header.mtime = mode, len(content), kind, target, BUILT
    return header, content


def tar_with(path, members, **options):
    """Write a gzipped tar that holds just these members, however evil; returns its path as text."""
    with contextlib.closing(tarfile.open(str(path), 'w:gz', **options)) as archive:
        for header, content in members:
            archive.addfile(header, io.BytesIO(content))
    return str(path)


def tar_of(path, tree):
    """Write a tree as an archive of Go; returns its path as text."""
    return tar_with(path, [member('go/' + name, tree[name], mode_of(name)) for name in sorted(tree)])


def zip_with(path, members, method=zipfile.ZIP_DEFLATED):
    """Write a zip that holds just these (name, content); returns its path as text."""
    with contextlib.closing(zipfile.ZipFile(str(path), 'w', method)) as archive:
        for name, content in members:
            header = zipfile.ZipInfo(name, (2021, 2, 3, 4, 5, 6))
            header.compress_type = method
            archive.writestr(header, content)
    return str(path)


def zip_of(path, tree, version, goarch):
    """Write a tree as its module zip; returns its path as text."""
    return zip_with(path, sorted(module_files(tree, version, goarch).items()))


def write_tree(root, tree):
    """Write {name: content} below a folder, as an archive would."""
    for name, content in tree.items():
        path = os.path.join(str(root), name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with io.open(path, 'wb') as target:
            target.write(content)
        os.chmod(path, mode_of(name))


def read_tree(root):
    """{name below root: content} of the files there."""
    found = {}
    for folder, _folders, names in os.walk(str(root)):
        for name in names:
            path = os.path.join(folder, name)
            with io.open(path, 'rb') as source:
                found[os.path.relpath(path, str(root))] = source.read()
    return found


# ---- releases


# The time of the proof of a release.
WHEN = '2026-11-21T09:00:00Z'


class Release(object):
    """A tiny release: its tree, archive and module zip in a folder, and the record that vouches for them."""

    def __init__(self, folder, version, goarch, **changes):
        self.version = version
        self.goarch = goarch
        self.tree = tree_of(version, goarch, **changes)
        self.filename = 'go%s.linux-%s.tar.gz' % (version, goarch)
        self.module_filename = 'v0.0.1-go%s.linux-%s.zip' % (version, goarch)
        self.archive = tar_of(os.path.join(str(folder), self.filename), self.tree)
        self.module = zip_of(os.path.join(str(folder), self.module_filename), self.tree, version, goarch)
        self.h1 = h1_of(module_files(self.tree, version, goarch))

    @property
    def archive_bytes(self):
        return _read(self.archive)

    @property
    def module_bytes(self):
        return _read(self.module)

    @property
    def sha256(self):
        return sha256(self.archive_bytes)

    def record(self, h1=None, **changes):
        """As the option releases has it: what the index says, with nothing more to be had, and perhaps an h1 that the log vouches for."""
        entry = {'filename': self.filename, 'sha256': self.sha256, 'size': len(self.archive_bytes), 'vouched': {'sha256': {'index': WHEN}},
                 'exhausted': True}
        if h1:
            entry['h1'] = h1
            entry['vouched']['h1'] = {'log': WHEN}
        return {'version': self.version, 'archives': {self.goarch: dict(entry, **changes)}}

    def logged(self):
        """A record that knows the h1 only."""
        return {'version': self.version, 'archives': {self.goarch: {'h1': self.h1, 'vouched': {'h1': {'log': WHEN}}}}}


def _read(path):
    with io.open(path, 'rb') as source:
        return source.read()
