# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers of the host's side, for fuzz_readers.

    fuzz_host_readers.py --count N [--seed S] [--reader NAME]     that many inputs for each of them
    fuzz_host_readers.py --reader NAME --only NUMBER --seed S     one input again, with its traceback

Runs on the Python of a lane, and on 2.7 with Ansible's module_utils on its path.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import argparse
import contextlib
import gzip
import importlib
import io
import os
import shutil
import socket
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(FOLDER)
# It makes the checkout importable as the collection.
importlib.import_module('conftest')

import raw_server
from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._archive import zip as archive_zip
from ansible_collections.gofleet.golang.plugins.module_utils._environment import presets as environment_presets
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download, sources
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion
from ansible_collections.gofleet.golang.plugins.module_utils._host import processors
from ansible_collections.gofleet.golang.plugins.module_utils._linking import ld_cache
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digest_files, gpgv, openpgp
from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list as tree_manifest
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import boot, keys
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import state as sysctl_state
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from fuzz_readers import fuzz, input_of, reader, report, take
from support.hosts import tiny_roots
from support.units import tiny_trees


def written(folder, name, content):
    path = os.path.join(folder, name)
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with open(path, 'wb') as target:
        target.write(content)
    return path


def read_tar(content, folder):
    tar.unpack_tar(written(folder, 'a.tar.gz', content), folder)


def read_members(content, folder):
    """A tar that was bent before it was packed: of a packed one, mostly the checksum is what is refused."""
    packed = io.BytesIO()
    with contextlib.closing(gzip.GzipFile(fileobj=packed, mode='wb', mtime=0)) as target:
        target.write(content)
    read_tar(packed.getvalue(), folder)


def unpacked(content):
    with contextlib.closing(gzip.GzipFile(fileobj=io.BytesIO(content))) as source:
        return source.read()


def read_zip(content, folder):
    path = written(folder, 'm.zip', content)
    try:
        archive_zip.zip_h1(path)
    except GofleetError:
        # The other way to read it is to be tried as well.
        pass
    archive_zip.unpack_zip(path, os.path.join(folder, 'go'), tiny_trees.module_of('1.30.1', 'amd64'))


def read_digests(content, dummy):
    digest_files.find(digest_files.parse(content), b'name')


def read_signature(content, dummy):
    gpgv.verify('/srv/file', content, SIGNED[1], ['AB' * 20], lambda: ('gpgv', lambda keys, signature: (0, '', '')))


def read_verdict(content, dummy):
    said = content.decode('utf-8', 'replace')
    gpgv.verify('/srv/file', SIGNED[0], SIGNED[1], [SIGNED[2]], lambda: ('gpgv', lambda keys, signature: (0, said if str is not bytes else content, '')))


def read_certificate(content, dummy):
    for each in gpgv.certificates(content, [SIGNED[2]]):
        each.subkeys()
        each.revoked(SIGNED[2])
        openpgp.read(each.written(), 'PUBLIC KEY BLOCK', 1 << 20)


def read_manifest(content, folder):
    written(folder, 'go1.json', content)
    found = manifest.read(folder, 'go1')
    if found:
        manifest.problem(found, manifest.evidence(folder, found['files'], found['folders']))
        manifest.differences([], folder, 'go1', found)


def read_state(content, folder):
    found = sysctl_state.read(written(folder, 'state.json', content))
    for owner in sysctl_state.owned(found, '/etc/sysctl.d/90-gofleet.conf').values():
        sysctl_state.values_of(owner)
    sysctl_state.settled(found, '/etc/sysctl.d/90-gofleet.conf', {})


def read_spec(content, dummy):
    goversion.parse_spec(content.decode('utf-8', 'replace'))


def read_sysctl(content, folder):
    written(folder, 'etc/sysctl.d/10-a.conf', content)
    written(folder, 'run/systemd/system/x', b'')
    tree = boot.Tree(folder)
    boot.Precedence(boot.boot_loader(tree).name, tree, '/etc/sysctl.d/90-gofleet.conf').later('a.b')


def read_key(content, dummy):
    keys.parse_key(content.decode('utf-8', 'replace'))


def read_nsswitch(content, folder):
    written(folder, 'etc/nsswitch.conf', content)
    environment_presets.resolver_problem(folder)


def read_loader_cache(content, dummy):
    for order in '<>':
        try:
            ld_cache.read(content, order)
        except GofleetError:
            # The other byte order is to be tried as well.
            pass


def at_home(host, *arguments, **options):
    # A corrupted redirect may lead to any address; no address and no name server is queried.
    if host != '127.0.0.1':
        raise socket.gaierror(socket.EAI_NONAME, 'not of this machine')
    return _GETADDRINFO(host, *arguments, **options)


_GETADDRINFO = socket.getaddrinfo


def read_answer(content, folder):
    # In a separate process.
    socket.getaddrinfo = at_home
    with raw_server.answering(content) as url:
        download.fetch(url, os.path.join(folder, 'got'), sources.Options(5, None))


def read_json(content, dummy):
    try:
        foreign_values.from_json(content)
    except ValueError as exc:
        # That is what its callers catch.
        raise GofleetError(str(exc)[:100], 'no_json')


def packets(*pairs):
    return b''.join(openpgp.Packet(tag, body).written() for tag, body in pairs)


# A signature, a certificate and its primary key's fingerprint: forms alone, which gpgv would refuse.
_KEY = openpgp.Packet(6, b'\4\0\0\0\0\1' + b'k' * 40)
SIGNED = (packets((2, b'\4\0\x16\x08' + b's' * 60)),
          _KEY.written() + packets((13, b'somebody'), (2, b'\4\x13' + b's' * 20), (14, b'\4\0\0\0\1\1' + b'k' * 40), (2, b'\4\x18' + b's' * 20)),
          openpgp.fingerprint(_KEY))
ARMORED = b'-----BEGIN PGP SIGNATURE-----\nVersion: x\n\nwgFh\n-----END PGP SIGNATURE-----\n'
_HEX = b'ab' * 32
_DIGESTS = [_HEX + b'  name\n' + _HEX + b' *b c\n# x\n', b'SHA256 (name) = ' + _HEX + b'\nSHA512 (name) = ' + _HEX * 2 + b'\n', _HEX,
            b'\\' + _HEX + b'  a\\nb\r\n']
_JSON = (b'{"format": 1, "version": "1.30.1", "goarch": "amd64", "files": {"VERSION": [5, 1]}, "folders": ["bin"], "count": 1, "bytes": 5, '
         b'"proof": [{"kind": "log", "h1": "h1:x"}], "source": {"kind": "archive", "sha256": "x"}, "sums_sha256": "x"}')
_STATE = (b'{"format": 1, "made": ["/etc/x"], "keys": {"a.b": {"before": "1", "kernel": "2", "configured": null, "owners": '
          b'{"/etc/sysctl.d/90-gofleet.conf": {"wanted": "2", "found": null, "earlier": ["3"]}}}}}')
_STATUS = ('[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG AB somebody\n'
           '[GNUPG:] VALIDSIG %s 2026-05-04 1777852800 0 4 0 1 10 00 %s\n' % (SIGNED[2], SIGNED[2])).encode('ascii')
_EXPIRED = _STATUS.replace(b'GOODSIG', b'EXPKEYSIG') + b'[GNUPG:] KEYEXPIRED 1777852800\n'
_ERRORS = b'[GNUPG:] ERRSIG ABABABAB 1 10 00 1777852800 9\n'
_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/x\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello'
_CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
_MOVED = b'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:70000/x\r\nContent-Length: 0\r\n\r\n'
_REFUSED = b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="a", nonce="b"\r\nSet-Cookie: a=b; expires=x\r\n\r\n'
_CPU = b'processor\t: 0\nflags\t\t: fpu avx2\nFeatures\t: fp asimd atomics\nisa\t\t: rv64imafdc_zba\ncpu\t\t: POWER9, altivec\n'
_NESTED = [b'[' * 100000, b'{"a":' * 100000, b'[' * 50000 + b']' * 50000, b'[1e999]', b'[Infinity]', b'1' * 100000, b'"' + b'\\u0000' * 10000]


def host_readers():
    folder = tempfile.mkdtemp(prefix='gofleet-fuzz-')
    try:
        tree = tiny_trees.tree_of('1.30.1', 'amd64')
        with open(tiny_trees.tar_of(os.path.join(folder, 'a.tar.gz'), tree), 'rb') as source:
            tar = source.read()
        with open(tiny_trees.zip_of(os.path.join(folder, 'm.zip'), tree, '1.30.1', 'amd64'), 'rb') as source:
            module = source.read()
    finally:
        shutil.rmtree(folder)
    entries = [('libx.so.1', '/lib64/libx.so.1', None), ('liby.so.2', '/lib/glibc-hwcaps/x86-64-v3/liby.so.2', 'x86-64-v3')]
    caches = [tiny_roots.ld_cache(entries, ('x86-64-v3',), old=old) for old in (False, True)]
    return {
        'tar': reader([tar], read_tar, 0.3),
        'tar_members': reader([unpacked(tar)], read_members, 0.3),
        'zip': reader([module], read_zip, 0.3),
        'digest_file': reader(_DIGESTS, read_digests, hostile=[
            b'./' * 400000, _HEX + b'  ' + b'./' * 400000, b'a\n' * 1000000, b'SHA256 (' + b')=' * 500000 + b' ']),
        'signature': reader([SIGNED[0], ARMORED], read_signature),
        'gpgv_status': reader([_STATUS, _EXPIRED, _ERRORS], read_verdict),
        'certificate': reader([SIGNED[1], ARMORED.replace(b'SIGNATURE', b'PUBLIC KEY BLOCK')], read_certificate),
        'manifest': reader([_JSON], read_manifest, hostile=_NESTED),
        'manifest_lines': reader([b'0644 ' + _HEX + b' 5 f a\\nb\n0755 ' + _HEX + b' 7 l c\n'], lambda content, dummy: tree_manifest.parse(content)),
        'sysctl_state': reader([_STATE],
                               read_state, hostile=_NESTED),
        'sysctl_file': reader([b'# a\nnet.core.somaxconn = 1\n-net/ipv4/conf/eth0.1/rp_filter=2\n; x\n'], read_sysctl),
        'sysctl_key': reader([b'net.core.somaxconn', b'net/ipv4/conf/eth0.1/rp_filter'], read_key, hostile=[b'-x\n.kernel.core_pattern', b'a.' * 100000]),
        'version': reader([b'1.26.6', b'go1.27rc1', b'latest', b'1.26'], read_spec),
        'nsswitch': reader([b'passwd: files\nhosts: files dns\n'], read_nsswitch),
        'ld_so_cache': reader(caches, read_loader_cache, hostile=[caches[0] + b'x' * (1 << 22)]),
        'cpuinfo': reader([_CPU], lambda content, dummy: processors.read(content.decode('latin-1'))),
        'json': reader([_JSON, b'[1, -2.5, "\\u00e4", null]'], read_json, hostile=_NESTED),
        'proxy_list': reader([b'https://a.example,https://b.example|direct, off'], lambda content, dummy: sources.proxy_urls(content.decode('latin-1'))),
        'http_answer': reader([_ANSWER, _CHUNKED, _MOVED, _REFUSED], read_answer, 0.08, [
            _ANSWER.replace(b': 5', b': \xb2'), _ANSWER.replace(b': 5', b': ' + b'9' * 5000), b'HTTP/1.1 200 OK\r\n' + b'a: b\r\n' * 2000 + b'\r\n',
            b'HTTP/1.1 \xb200 OK\r\n\r\n', _MOVED.replace(b'70000', b'9' * 30), _MOVED.replace(b'127.0.0.1:70000', b'[::1'), b'x' * 200000]),
    }


def main(arguments):
    parser = argparse.ArgumentParser(description='Bend what others write, and read it.')
    parser.add_argument('--count', type=int, default=400)
    parser.add_argument('--seed', type=int, default=20261121)
    parser.add_argument('--reader')
    parser.add_argument('--only', type=int, metavar='NUMBER')
    options = parser.parse_args(arguments)
    readers = host_readers()
    if options.reader:
        readers = {options.reader: readers[options.reader]}
    if options.only is not None:
        folder = tempfile.mkdtemp(prefix='gofleet-fuzz-')
        try:
            content = input_of(readers[options.reader], options.seed, options.only)
            print(repr(content[:2000]))
            print(take(readers[options.reader], content, os.path.join(folder, 'one')))
        finally:
            shutil.rmtree(folder)
        return 0
    outcomes = fuzz(readers, options.count, options.seed)
    report(outcomes, options.seed)
    return 1 if any(each.failures for each in outcomes.values()) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
