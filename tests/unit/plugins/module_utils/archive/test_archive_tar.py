# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import random
import stat
import tarfile

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar
from ansible_collections.gofleet.golang.plugins.module_utils._archive import zip as archive_zip
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import dirhash
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests, trees
from support.units import forked, tiny_trees
from support.units.odd_archives import FILE, code_of, everything_in, gzipped, modes, summed, tar_bytes, with_extension
from support.units.tiny_trees import member, tar_with, zip_with

TREE = tiny_trees.tree_of('1.30.1', 'amd64')

PREFIX = tiny_trees.module_of('1.30.1', 'amd64')


def test_a_tar_becomes_its_tree(unpack, tmpdir, folder):
    unpack(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE))
    assert tiny_trees.read_tree(os.path.join(folder, 'go')) == TREE


def test_a_tar_unpacks_as_with_the_system_s_tar(unpack, tmpdir, folder):
    path = tar_with(tmpdir.join('a.tar.gz'), [member('go/', kind=tarfile.DIRTYPE, mode=0o755), member('go/bin/', kind=tarfile.DIRTYPE, mode=0o755),
                                              member('go/bin/go', b'x' * 5000, 0o755), member('go/VERSION', b'go1.30.1')])
    unpack(path)
    other = str(tmpdir.mkdir('other'))
    assert tiny_trees.run(['tar', '-xzof', path, '-C', other], {}, other) == (0, '')
    assert described(folder) == described(other)


def described(root):
    """Mode, owner, time and content of all that is below root."""
    found = {}
    for path in everything_in(root):
        status = os.lstat(path)
        content = None if os.path.isdir(path) else tiny_trees.read_tree(os.path.dirname(path))[os.path.basename(path)]
        found[os.path.relpath(path, root)] = (status.st_mode, status.st_uid, status.st_gid, int(status.st_mtime), content)
    return found


def test_the_entries_of_a_tar_are_those_of_its_tree(unpack, tmpdir, folder):
    assert unpack(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE)) == trees.walk_tree(os.path.join(folder, 'go'))


@pytest.mark.parametrize('umask', [0o022, 0o077])
def test_modes_of_files_come_from_the_tar_with_any_umask(unpack, tmpdir, folder, umask):
    previous = os.umask(umask)
    try:
        unpack(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE))
    finally:
        os.umask(previous)
    assert modes(os.path.join(folder, 'go')) == dict((name, tiny_trees.mode_of(name)) for name in TREE)


def test_unpacked_files_are_never_writable_for_group_and_others(unpack, tmpdir, folder):
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/d/', kind=tarfile.DIRTYPE, mode=0o777), member('go/d/file', b'', 0o666)]))
    assert modes(folder) == {'go/d/file': 0o644}
    assert stat.S_IMODE(os.stat(os.path.join(folder, 'go/d')).st_mode) == 0o755


def test_unpacked_files_belong_to_the_current_user(unpack, tmpdir, folder):
    header, content = member('go/VERSION', b'go1.30.1')
    header.uid = header.gid = 12345
    unpack(tar_with(tmpdir.join('a.tar.gz'), [(header, content)]))
    status = os.stat(os.path.join(folder, 'go/VERSION'))
    assert (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())


def test_folders_of_a_tar_are_made(unpack, tmpdir, folder):
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/', kind=tarfile.DIRTYPE, mode=0o755), member('go/empty', kind=tarfile.DIRTYPE, mode=0o755)]))
    assert os.path.isdir(os.path.join(folder, 'go', 'empty'))


def test_a_folder_may_come_after_what_is_in_it(unpack, tmpdir, folder):
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/a/b', b'x'), member('go/a/', kind=tarfile.DIRTYPE, mode=0o755)]))
    assert tiny_trees.read_tree(folder) == {'go/a/b': b'x'}


@pytest.mark.parametrize('form', [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_names_too_long_for_a_header_are_understood_in_each_format(unpack, tmpdir, folder, form):
    name = 'go/' + 'd' * 60 + '/' + 'f' * 60
    longer = 'go/' + 'd' * 90 + '/' + 'f' * (90 if form == tarfile.USTAR_FORMAT else 150)
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member(name, b'one'), member(longer, b'two'), member('go/short', b'three')], format=form))
    assert tiny_trees.read_tree(folder) == {name: b'one', longer: b'two', 'go/short': b'three'}


def test_names_beyond_ascii_are_kept(unpack, tmpdir, folder):
    path = tar_with(tmpdir.join('a.tar.gz'), [member('go/VERSION', b'x'), _umlaut()], format=tarfile.PAX_FORMAT, encoding='utf-8')
    unpack(path)
    assert u'\xc4foo.go'.encode('utf-8') in os.listdir(os.path.join(folder, 'go').encode('ascii'))


def _umlaut():
    header, content = member('go/x', b'package foo\n')
    header.name = u'go/\xc4foo.go'
    return header, content


def test_a_file_of_many_chunks_is_downloaded_completely(unpack, tmpdir, folder):
    content = os.urandom(2 * digests.CHUNK + 3)
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/big', content)]))
    assert tiny_trees.read_tree(folder) == {'go/big': content}


def test_times_that_only_pax_can_write_are_left_out(unpack, tmpdir, folder):
    header, content = member('go/file', b'x')
    header.mtime = 1600000000.5
    unpack(tar_with(tmpdir.join('a.tar.gz'), [(header, content)], format=tarfile.PAX_FORMAT))
    assert tiny_trees.read_tree(folder) == {'go/file': b'x'}


@pytest.mark.parametrize('damage', ['empty', 'html', 'half', 'no gzip', 'no trailer', 'flipped', 'trailing', 'another member'])
def test_a_damaged_tar_is_refused(unpack, tmpdir, damage):
    path = tar_with(tmpdir.join('a.tar.gz'), [member('go/%d' % number, os.urandom(5000)) for number in range(20)])
    with open(path, 'rb') as source:
        content = source.read()
    middle = len(content) // 2
    damaged = {
        'empty': b'', 'html': b'<!DOCTYPE html>', 'half': content[:middle], 'no gzip': b'\0' * 10240, 'no trailer': content[:-8],
        'flipped': content[:middle] + bytes(bytearray([bytearray(content)[middle] ^ 255])) + content[middle + 1:],
        'trailing': content + b'x', 'another member': content + content,
    }[damage]
    with open(path, 'wb') as target:
        target.write(damaged)
    assert code_of(unpack, path) == 'archive_damaged'


@pytest.mark.parametrize('content', [
    FILE[:1024], FILE[:1536], FILE[:1536] + FILE, FILE + b'x', FILE + b'\0' * (2 << 20), FILE[:1500], b'',
    # Another kind of tar, or none: without the mark of ustar, with a wrong checksum, with numbers that are none.
    summed(bytearray(FILE[:257] + b'\0' * 8 + FILE[265:512])) + FILE[512:],
    FILE[:100] + b'0000755' + FILE[107:], FILE[:124] + b'\x80' + b'\0' * 10 + b'\1' + FILE[136:],
    FILE[:148] + b'        ' + FILE[156:],
], ids=['no end', 'half an end', 'one block of zeros', 'tail', 'padding', 'cut', 'nothing', 'v7', 'checksum', 'base 256', 'no checksum'])
def test_an_incomplete_or_invalid_tar_is_refused(unpack, tmpdir, content):
    assert code_of(unpack, gzipped(tmpdir.join('a.tar.gz'), content)) == 'archive_damaged'


def test_the_refusal_of_a_damaged_tar_names_it(unpack, tmpdir):
    tmpdir.join('a.tar.gz').write('<html>')
    with pytest.raises(GofleetError) as caught:
        unpack(str(tmpdir.join('a.tar.gz')))
    assert str(tmpdir.join('a.tar.gz')) in caught.value.msg
    assert 'Take the archive from another source' in caught.value.msg


@pytest.mark.parametrize('name', ['evil', 'gone/VERSION', 'go', 'home/.config', 'go1.30.1/VERSION'])
def test_an_archive_with_anything_beside_the_folder_go_is_refused(unpack, tmpdir, name):
    path = tar_with(tmpdir.join('a.tar.gz'), [member(name, b'')])
    before = everything_in(tmpdir)
    assert code_of(unpack, path) == 'not_a_toolchain'
    assert everything_in(tmpdir) == before


@pytest.mark.parametrize('kind', [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.CONTTYPE, b'Z'])
def test_nothing_but_files_and_folders_is_unpacked(unpack, tmpdir, folder, kind):
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member('go/odd', kind=kind, target='VERSION')])) == 'archive_unsafe'
    assert everything_in(folder) == []


@pytest.mark.parametrize('mode', [0o4755, 0o2755, 0o1755, 0o6777])
@pytest.mark.parametrize('kind', [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_special_rights_are_refused(unpack, tmpdir, folder, mode, kind):
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member('go/tool', b'', mode, kind)])) == 'archive_unsafe'
    assert everything_in(folder) == []


def test_the_file_type_in_modes_of_old_go_archives_is_ignored(unpack, tmpdir, folder):
    header = bytearray(FILE[:512])
    header[100:108] = b'0100755\0'
    unpack(gzipped(tmpdir.join('a.tar.gz'), summed(header) + FILE[512:]))
    assert modes(folder) == {'go/file': 0o755}


def test_a_sparse_member_is_refused_without_reading_the_size_that_it_claims(tmpdir, folder):
    header, _content = member('go/hole', kind=tarfile.GNUTYPE_SPARSE)
    header.size = 1 << 60
    path = gzipped(tmpdir.join('a.tar.gz'), header.tobuf(tarfile.GNU_FORMAT) + b'\0' * 1024)

    def unpack(child):
        try:
            tar.unpack_tar(path, folder)
        except GofleetError as exc:
            return exc.code
        finally:
            child.say(b'r')
    # In a child process, because reading such a member to its end would take years.
    child = forked.Child(unpack)
    ended = child.hears(b'r', 5)
    assert (child.result() if ended else child.kill() or 'still reading') in ('archive_unsafe', 'archive_damaged')


PAX = {'path': 'go/named', 'linkpath': '/etc/passwd', 'size': '5', 'GNU.sparse.major': '1', 'GNU.sparse.name': 'go/x', 'hdrcharset': 'BINARY',
       'SCHILY.xattr.security.capability': 'x', 'LIBARCHIVE.creationtime': '1'}


@pytest.mark.parametrize(('key', 'code'), [(key, None if key == 'path' else 'archive_unsafe') for key in sorted(PAX)])
def test_a_pax_header_may_give_a_name_and_nothing_else_that_matters(unpack, tmpdir, folder, key, code):
    header, content = member('go/file', b'x')
    record = '%s=%s\n' % (key, PAX[key])
    path = gzipped(tmpdir.join('a.tar.gz'), with_extension(b'x', ('%d %s' % (len(record) + 3, record)).encode('ascii')) + tar_bytes((header, content)))
    if code:
        assert code_of(unpack, path) == code
    else:
        unpack(path)
        assert os.listdir(os.path.join(folder, 'go')) == ['named']


@pytest.mark.parametrize('content', [
    with_extension(b'x', b'13 path=go/a\n') * 2, with_extension(b'L', b'go/a\0') + with_extension(b'x', b'13 path=go/a\n'),
    with_extension(b'x', b''), with_extension(b'L', b'go/' + b'a' * 20000), with_extension(b'x', b'14 path=go/a\n'), with_extension(b'x', b'-5 path=go/a\n'),
    with_extension(b'x', b'99999999999 path=go/a\n'), with_extension(b'x', b'0 path=go/a\n'), with_extension(b'x', b'path=go/a\n'),
    with_extension(b'x', b'2 path=go/a\n'),
], ids=['two', 'both kinds', 'empty', 'long', 'too long', 'negative', 'huge', 'zero', 'no length', 'too short'])
def test_a_broken_header_of_a_name_is_refused(unpack, tmpdir, folder, content):
    assert code_of(unpack, gzipped(tmpdir.join('a.tar.gz'), content + content + FILE)) == 'archive_damaged'
    assert everything_in(folder) == []


@pytest.mark.parametrize('kind', [b'x', b'L'])
def test_a_name_longer_than_any_is_refused_unread(unpack, tmpdir, kind):
    path = gzipped(tmpdir.join('a.tar.gz'), with_extension(kind, b'20000 path=go/' + b'a' * 19985 + b'\n') + FILE)
    with pytest.raises(GofleetError) as caught:
        unpack(path)
    assert 'a name of 20000 bytes' in caught.value.msg


def test_a_folder_has_no_content(unpack, tmpdir, folder):
    header = tar_bytes(member('go/d/', kind=tarfile.DIRTYPE), format=tarfile.USTAR_FORMAT)[:512]
    sized = summed(bytearray(header[:124] + b'00000001000\0' + header[136:]))
    assert code_of(unpack, gzipped(tmpdir.join('a.tar.gz'), sized + FILE[:512] + FILE)) == 'archive_unsafe'
    assert everything_in(folder) == []


def test_in_gnu_format_the_field_of_the_prefix_is_not_part_of_the_name(unpack, tmpdir, folder):
    header = tar_bytes(member('go/file', b'x'), format=tarfile.GNU_FORMAT)[:512]
    timed = summed(bytearray(header[:345] + b'14600000000\0' + header[357:]))
    unpack(gzipped(tmpdir.join('a.tar.gz'), timed + FILE[512:]))
    assert tiny_trees.read_tree(folder) == {'go/file': b'x'}


def test_headers_for_all_members_are_refused(unpack, tmpdir):
    assert code_of(unpack, gzipped(tmpdir.join('a.tar.gz'), with_extension(b'g', b'13 path=go/a\n') + FILE)) == 'archive_unsafe'


def test_a_damaged_tar_ends_in_a_tree_or_a_refusal(tmpdir):
    content = tar_bytes(*[member('go/' + name, TREE[name], tiny_trees.mode_of(name)) for name in sorted(TREE)] + [member('go/' + 'x' * 150, b'x')])
    chance = random.Random(7)
    for number in range(300):
        spoilt = bytearray(content)
        for _each in range(chance.randint(1, 3)):
            at = chance.randrange(0, len(spoilt) // 512) * 512 + chance.choice((0, 100, 124, 135, 136, 148, 156, 157, 257, 345, chance.randrange(512)))
            spoilt[at] = chance.choice((0, 0x20, 0x2f, 0x30, 0x35, 0x37, 0x4c, 0x78, 0x80, 0xff, chance.randrange(256)))
        # Half of them with right checksums, to get past those.
        for at in range(0, len(spoilt), 512) if number % 2 else ():
            if bytes(spoilt[at + 257:at + 262]) == b'ustar':
                spoilt[at:at + 512] = summed(spoilt[at:at + 512])
        stage = tmpdir.mkdir('fuzz')
        before = everything_in(tmpdir)
        try:
            tar.unpack_tar(gzipped(tmpdir.join('fuzz.tar.gz'), bytes(spoilt)), str(stage))
        except GofleetError:
            pass
        assert [each for each in everything_in(tmpdir) if not each.startswith((str(stage), str(tmpdir.join('fuzz.tar.gz'))))] == \
            [each for each in before if each not in (str(stage), str(tmpdir.join('fuzz.tar.gz')))]
        stage.remove(rec=1)


MODULE = {'example.com/m@v1.0.0/go.mod': b'module example.com/m\n', 'example.com/m@v1.0.0/m.go': b'package m\n'}


def test_the_h1_of_a_zip_is_that_of_its_files(tmpdir):
    # Computed with sha256sum, sort, openssl and base64.
    assert archive_zip.zip_h1(zip_with(tmpdir.join('m.zip'), MODULE.items())) == 'h1:fCHMqo5ggHEQvwcrsN81zr5orRk5lClR36KRHpfUjKg='


def test_the_h1_of_a_zip_is_that_of_the_tree_it_becomes(unzip, module):
    assert archive_zip.zip_h1(module) == dirhash.toolchain_h1(unzip(module), '1.30.1', 'amd64')


def test_a_zip_that_is_too_large_has_no_h1(module, monkeypatch):
    monkeypatch.setattr(archive_zip, '_LIMIT', 100)
    assert code_of(archive_zip.zip_h1, module) == 'archive_unsafe'


def test_a_file_that_is_not_a_zip_has_no_h1(tmpdir):
    tmpdir.join('m.zip').write_binary(b'<html>')
    with pytest.raises(GofleetError) as caught:
        archive_zip.zip_h1(str(tmpdir.join('m.zip')))
    assert caught.value.code == 'archive_damaged'
