# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import gzip
import io
import os
import random
import shutil
import stat
import struct
import tarfile
import zipfile

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import tar as archive
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests, trees
from support.units import forked, tiny_trees
from support.units.tiny_trees import member, tar_with, zip_with

TREE = tiny_trees.tree_of('1.30.1', 'amd64')
PREFIX = tiny_trees.module_of('1.30.1', 'amd64')


@pytest.fixture
def folder(tmpdir):
    return str(tmpdir.mkdir('stage'))


@pytest.fixture
def unpack(folder):
    return lambda path: archive.unpack_tar(path, folder)


def code_of(function, *arguments):
    with pytest.raises(GofleetError) as caught:
        function(*arguments)
    return caught.value.code


def modes(root):
    found = {}
    for parent, _folders, names in os.walk(root):
        for name in names:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, root)] = stat.S_IMODE(os.stat(path).st_mode)
    return found


def everything_in(folder):
    return sorted(os.path.join(parent, name) for parent, folders, names in os.walk(str(folder)) for name in folders + names)


# ---- tar


def test_a_tar_becomes_its_tree(unpack, tmpdir, folder):
    unpack(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE))
    assert tiny_trees.read_tree(os.path.join(folder, 'go')) == TREE


def test_a_tar_becomes_what_the_system_s_tar_makes_of_it(unpack, tmpdir, folder):
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
def test_modes_of_files_come_from_the_tar_whatever_the_umask(unpack, tmpdir, folder, umask):
    previous = os.umask(umask)
    try:
        unpack(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE))
    finally:
        os.umask(previous)
    assert modes(os.path.join(folder, 'go')) == dict((name, tiny_trees.mode_of(name)) for name in TREE)


def test_nobody_else_may_write_to_what_a_tar_leaves_open(unpack, tmpdir, folder):
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/d/', kind=tarfile.DIRTYPE, mode=0o777), member('go/d/file', b'', 0o666)]))
    assert modes(folder) == {'go/d/file': 0o644}
    assert stat.S_IMODE(os.stat(os.path.join(folder, 'go/d')).st_mode) == 0o755


def test_files_belong_to_who_unpacks(unpack, tmpdir, folder):
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


def test_names_beyond_ascii_stay_what_they_are(unpack, tmpdir, folder):
    path = tar_with(tmpdir.join('a.tar.gz'), [member('go/VERSION', b'x'), _umlaut()], format=tarfile.PAX_FORMAT, encoding='utf-8')
    unpack(path)
    assert u'\xc4foo.go'.encode('utf-8') in os.listdir(os.path.join(folder, 'go').encode('ascii'))


def _umlaut():
    header, content = member('go/x', b'package foo\n')
    header.name = u'go/\xc4foo.go'
    return header, content


def test_a_file_of_many_chunks_is_whole(unpack, tmpdir, folder):
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


def gzipped(path, content):
    with contextlib.closing(gzip.open(str(path), 'wb')) as target:
        target.write(content)
    return str(path)


def tar_bytes(*members, **options):
    target = io.BytesIO()
    with contextlib.closing(tarfile.open(fileobj=target, mode='w', **options)) as made:
        for header, content in members:
            made.addfile(header, io.BytesIO(content))
    return target.getvalue()


def summed(header):
    """A header (bytearray) with the checksum that it should have."""
    header[148:156] = b' ' * 8
    header[148:156] = ('%06o\0 ' % sum(header)).encode('ascii')
    return bytes(header)


FILE = tar_bytes(member('go/file', b'x'), format=tarfile.USTAR_FORMAT)


@pytest.mark.parametrize('content', [
    FILE[:1024], FILE[:1536], FILE[:1536] + FILE, FILE + b'x', FILE + b'\0' * (2 << 20), FILE[:1500], b'',
    # Another kind of tar, or none: without the mark of ustar, with a wrong checksum, with numbers that are none.
    summed(bytearray(FILE[:257] + b'\0' * 8 + FILE[265:512])) + FILE[512:],
    FILE[:100] + b'0000755' + FILE[107:], FILE[:124] + b'\x80' + b'\0' * 10 + b'\1' + FILE[136:],
    FILE[:148] + b'        ' + FILE[156:],
], ids=['no end', 'half an end', 'one block of zeros', 'tail', 'padding', 'cut', 'nothing', 'v7', 'checksum', 'base 256', 'no checksum'])
def test_what_is_no_whole_tar_is_refused(unpack, tmpdir, content):
    assert code_of(unpack, gzipped(tmpdir.join('a.tar.gz'), content)) == 'archive_damaged'


def test_the_refusal_of_a_damaged_tar_names_it(unpack, tmpdir):
    tmpdir.join('a.tar.gz').write('<html>')
    with pytest.raises(GofleetError) as caught:
        unpack(str(tmpdir.join('a.tar.gz')))
    assert str(tmpdir.join('a.tar.gz')) in caught.value.msg
    assert 'Take the archive from another source' in caught.value.msg


@pytest.mark.parametrize('name', ['../evil', 'go/../../evil', '/evil', 'go/..', '..', 'go/x/../../../evil', '/go/evil', 'go//evil', 'go/./evil', './go/evil',
                                  'go/line\nbreak', 'go/\x1b[2J', 'go/' + 'x' * 256, 'go/' + 'x/' * 40 + 'x', 'go/' + ('x' * 200 + '/') * 6 + 'x'])
def test_a_name_that_leads_out_or_is_odd_is_refused_before_anything_is_written(unpack, tmpdir, name):
    path = tar_with(tmpdir.join('a.tar.gz'), [member(name, b'evil')])
    before = everything_in(tmpdir)
    assert code_of(unpack, path) == 'archive_unsafe'
    assert everything_in(tmpdir) == before


@pytest.mark.parametrize('name', ['evil', 'gone/VERSION', 'go', 'home/.config', 'go1.30.1/VERSION'])
def test_an_archive_with_anything_beside_the_folder_go_is_not_one_of_go_s(unpack, tmpdir, name):
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


def test_the_type_that_old_go_put_among_the_bits_of_a_mode_means_nothing(unpack, tmpdir, folder):
    header = bytearray(FILE[:512])
    header[100:108] = b'0100755\0'
    unpack(gzipped(tmpdir.join('a.tar.gz'), summed(header) + FILE[512:]))
    assert modes(folder) == {'go/file': 0o755}


def test_a_link_cannot_be_written_through(unpack, tmpdir):
    tmpdir.join('victim').write('kept')
    members = [member('go/link', kind=tarfile.SYMTYPE, target=str(tmpdir.join('victim'))), member('go/link', b'evil')]
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), members)) == 'archive_unsafe'
    assert tmpdir.join('victim').read() == 'kept'


def test_a_sparse_member_is_refused_however_large_it_says_it_is(tmpdir, folder):
    header, _content = member('go/hole', kind=tarfile.GNUTYPE_SPARSE)
    header.size = 1 << 60
    path = gzipped(tmpdir.join('a.tar.gz'), header.tobuf(tarfile.GNU_FORMAT) + b'\0' * 1024)

    def unpack(child):
        try:
            archive.unpack_tar(path, folder)
        except GofleetError as exc:
            return exc.code
        finally:
            child.say(b'r')
    # In a child: who reads to the end of such a member reads for years.
    child = forked.Child(unpack)
    ended = child.hears(b'r', 5)
    assert (child.result() if ended else child.kill() or 'still reading') in ('archive_unsafe', 'archive_damaged')


@pytest.mark.parametrize(('first', 'second'), [
    (u'go/file', u'go/file'), (u'go/File', u'go/file'), (u'go/src/a', u'go/Src/b'), (u'go/\xe9', u'go/e\u0301'), (u'go/\xc9', u'go/e\u0301'),
    (u'go/a', u'go/a/b'), (u'go/a/b', u'go/a'), (u'go/a', u'go/A/b'),
])
def test_two_names_of_which_a_file_system_may_make_one_are_refused(unpack, tmpdir, first, second):
    members = [member('go/x', content) for content in (b'first', b'last')]
    for (header, _content), name in zip(members, (first, second)):
        header.name = name
    path = tar_with(tmpdir.join('a.tar.gz'), members, format=tarfile.PAX_FORMAT, encoding='utf-8')
    assert code_of(unpack, path) == 'archive_unsafe'


def test_a_name_that_is_no_text_is_refused(unpack, tmpdir):
    path = gzipped(tmpdir.join('a.tar.gz'), tar_bytes(member('go/\xff' if str is bytes else 'go/\udcff'), format=tarfile.GNU_FORMAT, encoding='utf-8'))
    assert code_of(unpack, path) == 'archive_damaged'


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


def with_extension(kind, content):
    """A header of a kind that speaks of the next member."""
    header, _content = member('PaxHeaders/x', content)
    header.type = kind
    return header.tobuf(tarfile.USTAR_FORMAT) + content + b'\0' * (-len(content) % 512)


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


def test_what_gnu_writes_where_others_have_a_prefix_is_no_part_of_a_name(unpack, tmpdir, folder):
    header = tar_bytes(member('go/file', b'x'), format=tarfile.GNU_FORMAT)[:512]
    timed = summed(bytearray(header[:345] + b'14600000000\0' + header[357:]))
    unpack(gzipped(tmpdir.join('a.tar.gz'), timed + FILE[512:]))
    assert tiny_trees.read_tree(folder) == {'go/file': b'x'}


def test_headers_for_all_members_are_refused(unpack, tmpdir):
    assert code_of(unpack, gzipped(tmpdir.join('a.tar.gz'), with_extension(b'g', b'13 path=go/a\n') + FILE)) == 'archive_unsafe'


# ---- how much a tar may hold


@pytest.fixture
def small_bounds(monkeypatch):
    monkeypatch.setattr(archive, '_ALLOWANCE', 40960)
    monkeypatch.setattr(archive, '_UNPACKS_TO', 0)


def test_a_tar_that_unpacks_to_too_much_is_refused_before_it_is_written(unpack, tmpdir, folder, small_bounds):
    path = tar_with(tmpdir.join('a.tar.gz'), [member('go/a', b'\0' * 30000), member('go/b', b'\0' * 30000)])
    assert code_of(unpack, path) == 'archive_unsafe'
    assert tiny_trees.read_tree(folder) == {'go/a': b'\0' * 30000}


def test_a_file_without_content_takes_its_place_on_the_disk(unpack, tmpdir, folder, small_bounds):
    assert unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/%d' % number) for number in range(9)]))
    shutil.rmtree(os.path.join(folder, 'go'))
    assert code_of(unpack, tar_with(tmpdir.join('b.tar.gz'), [member('go/%d' % number) for number in range(10)])) == 'archive_unsafe'


def test_folders_that_no_member_is_count_too(unpack, tmpdir, folder, small_bounds):
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member('go/' + 'd/' * 20 + 'f')])) == 'archive_unsafe'


def test_what_an_archive_may_unpack_to_grows_with_it(unpack, tmpdir, folder, monkeypatch):
    monkeypatch.setattr(archive, '_ALLOWANCE', 16384)
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/a', os.urandom(50000))]))
    assert os.path.getsize(os.path.join(folder, 'go/a')) == 50000


@pytest.mark.parametrize('kind', [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_too_many_members_are_refused(unpack, tmpdir, monkeypatch, kind):
    monkeypatch.setattr(archive, '_MEMBERS', 20)
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member('go/%d' % number, kind=kind) for number in range(21)])) == 'archive_unsafe'


@pytest.mark.parametrize('name', ['go/', 'go/src/'])
def test_a_folder_that_comes_twice_is_refused(unpack, tmpdir, name):
    assert code_of(unpack, tar_with(tmpdir.join('a.tar.gz'), [member(name, kind=tarfile.DIRTYPE)] * 2)) == 'archive_unsafe'


def test_whatever_a_tar_holds_it_ends_in_a_tree_or_a_refusal(tmpdir):
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
            archive.unpack_tar(gzipped(tmpdir.join('fuzz.tar.gz'), bytes(spoilt)), str(stage))
        except GofleetError:
            pass
        assert [each for each in everything_in(tmpdir) if not each.startswith((str(stage), str(tmpdir.join('fuzz.tar.gz'))))] == \
            [each for each in before if each not in (str(stage), str(tmpdir.join('fuzz.tar.gz')))]
        stage.remove(rec=1)


def test_a_full_disk_is_not_called_damage(tmpdir, folder, monkeypatch):
    def full(handle, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(archive, '_write', full)
    with pytest.raises(OSError) as caught:
        archive.unpack_tar(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE), folder)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, folder)


def test_what_the_system_takes_in_parts_is_written_whole(tmpdir, folder, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, 'write', lambda handle, content: write(handle, content[:1000]))
    archive.unpack_tar(tar_with(tmpdir.join('a.tar.gz'), [member('go/a', b'abc' * 5000)]), folder)
    monkeypatch.undo()
    assert tiny_trees.read_tree(folder) == {'go/a': b'abc' * 5000}


# ---- module zips


@pytest.fixture
def unzip(folder):
    return lambda path: archive.unpack_zip(path, os.path.join(folder, 'go'), PREFIX)


@pytest.fixture
def module(tmpdir):
    return tiny_trees.zip_of(tmpdir.join('m.zip'), TREE, '1.30.1', 'amd64')


def in_module(files):
    return [(PREFIX + name, content) for name, content in files]


def test_a_module_zip_becomes_the_tree_of_the_archive(unzip, module, folder):
    unzip(module)
    expected = dict((name, content) for name, content in TREE.items() if not name.startswith(tiny_trees.ARCHIVE_ONLY))
    assert tiny_trees.read_tree(os.path.join(folder, 'go')) == expected


def test_a_module_zip_gets_the_modes_of_the_archive(unzip, module, folder):
    unzip(module)
    root = os.path.join(folder, 'go')
    assert modes(root) == dict((name, tiny_trees.mode_of(name)) for name in tiny_trees.read_tree(root))


def test_the_entries_of_a_module_zip_are_those_of_its_tree(unzip, module, folder):
    assert unzip(module) == trees.walk_tree(os.path.join(folder, 'go'))


@pytest.mark.parametrize(('path', 'executable'), [
    (b'bin/go', True), (b'bin/gofmt', True), (b'pkg/tool/linux_amd64/compile', True), (b'src/make.bash', True), (b'src/a.sh', True),
    (b'src/syscall/mksyscall.pl', True), (b'src/all.rc', True), (b'lib/wasm/go_js_wasm_exec', True), (b'VERSION', False), (b'src/bin/go', False),
    (b'pkg/include/textflag.h', False), (b'src/cmd/go/main.go', False), (b'lib/wasm/wasm_exec.js', False), (b'src/sh', False),
    (b'bin.go', False), (b'pkg/toolbox/x', False),
])
def test_programs_are_told_by_place_and_ending(path, executable):
    assert archive.is_program(path) is executable


def test_a_stored_member_is_as_good_as_a_packed_one(unzip, tmpdir, folder):
    unzip(zip_with(tmpdir.join('m.zip'), in_module([('VERSION', b'go1.30.1')]), zipfile.ZIP_STORED))
    assert tiny_trees.read_tree(folder) == {'go/VERSION': b'go1.30.1'}


@pytest.mark.parametrize('name', [
    'VERSION', 'golang.org/toolchain@v0.0.1-go1.30.2.linux-amd64/VERSION', '/' + PREFIX + 'VERSION', PREFIX + 'folder/', PREFIX,
    PREFIX + '../evil', PREFIX + 'a/../../evil', PREFIX + '/evil', PREFIX + '..',
])
def test_a_name_that_is_no_file_of_the_module_is_refused(unzip, tmpdir, name):
    path = zip_with(tmpdir.join('m.zip'), [(name, b'evil')])
    before = everything_in(tmpdir)
    assert code_of(unzip, path) == 'archive_unsafe'
    assert [each for each in everything_in(tmpdir) if os.path.isfile(each)] == [each for each in before if os.path.isfile(each)]


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_two_members_of_one_name_are_refused(unzip, tmpdir):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'one'), ('a', b'two')]))) == 'archive_unsafe'


def test_a_go_mod_beside_its_name_in_modules_is_refused(unzip, tmpdir):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('_go.mod', b'one'), ('go.mod', b'two')]))) == 'archive_unsafe'


@pytest.mark.parametrize('names', [('a', 'a/b'), ('a/b', 'a')])
def test_a_name_that_is_file_and_folder_is_refused(unzip, tmpdir, names):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([(name, b'') for name in names]))) == 'archive_unsafe'


def test_a_zip_that_says_it_is_too_large_is_refused_unread(unzip, tmpdir, folder, monkeypatch):
    monkeypatch.setattr(archive, '_ZIP_LIMIT', 1000)
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'\0' * 600), ('b', b'\0' * 600)]))) == 'archive_unsafe'
    assert everything_in(folder) == []


def test_a_zip_of_just_the_limit_is_taken(unzip, tmpdir, monkeypatch):
    # As a file system counts: a block for the folder, and one for each file.
    monkeypatch.setattr(archive, '_ZIP_LIMIT', 12288)
    assert [entry.size for entry in unzip(zip_with(tmpdir.join('m.zip'), in_module([('a', b'\0' * 400), ('b', b'\0' * 600)])))] == [400, 600]


def test_a_zip_that_unpacks_to_too_much_for_its_size_is_refused(unzip, tmpdir, small_bounds):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'\0' * 600), ('b', b'\0' * 60000)]))) == 'archive_unsafe'


@pytest.mark.parametrize(('first', 'second'), [(u'a', u'A'), (u'src/a', u'Src/b'), (u'\xe9', u'e\u0301')])
def test_two_names_in_a_zip_of_which_a_file_system_may_make_one_are_refused(unzip, tmpdir, first, second):
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([(first, b'one'), (second, b'two')]))) == 'archive_unsafe'


def test_a_zip_of_too_many_members_is_refused_whatever_it_says_their_number_is(unzip, tmpdir, folder, monkeypatch):
    monkeypatch.setattr(archive, '_MEMBERS', 20)
    path = zip_with(tmpdir.join('m.zip'), in_module([('%d' % number, b'') for number in range(21)]))
    assert code_of(unzip, path) == 'archive_unsafe'
    with open(path, 'rb') as source:
        content = source.read()
    with open(path, 'wb') as target:
        target.write(content[:-14] + struct.pack('<HH', 1, 1) + content[-10:])
    assert code_of(unzip, path) == 'archive_unsafe'
    assert everything_in(folder) == []


@pytest.mark.parametrize(('at', 'content'), [
    (-6, b'\xff\xff\xff\xff'), (-6, b'\0\0\0\0'), (-6, b'\1\0\0\0'), (-10, b'\xff\xff\0\0'), (-12, b'\xff\xff'),
    # The offset of a member, and one of 64 bits.
    (-22 - 4 - 6, b'\xff\xff\xff\x7f'), (-22 - 4 - 6, b'\xff\xff\xff\xff'),
])
def test_a_zip_that_points_out_of_itself_is_damaged_and_no_error_of_the_host(unzip, tmpdir, at, content):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'x')]))
    with open(path, 'rb') as source:
        spoilt = bytearray(source.read())
    spoilt[len(spoilt) + at:len(spoilt) + at + len(content)] = content
    with open(path, 'wb') as target:
        target.write(spoilt)
    for read in (unzip, archive.zip_h1):
        with pytest.raises(GofleetError) as caught:
            read(path)
        assert caught.value.code in ('archive_damaged', 'archive_unsafe')


def test_a_zip_with_a_huge_directory_is_refused_unread(unzip, tmpdir, monkeypatch):
    monkeypatch.setattr(archive, '_DIRECTORY', 50)
    assert code_of(unzip, zip_with(tmpdir.join('m.zip'), in_module([('a', b'')]))) == 'archive_damaged'


@pytest.mark.parametrize('tail', [
    lambda end: end[:-2] + b'\1\0x', lambda end: end[:-2] + b'\1\0', lambda end: b'PK\6\7' + b'\0' * 16 + end, lambda end: end + b'x', lambda end: end[:12],
], ids=['comment', 'no comment where one is said to be', '64 bit', 'tail', 'cut'])
def test_a_zip_ends_as_go_ends_it(unzip, tmpdir, tail):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'')]))
    with open(path, 'rb') as source:
        content = source.read()
    with open(path, 'wb') as target:
        target.write(content[:-22] + tail(content[-22:]))
    with pytest.raises(GofleetError) as caught:
        unzip(path)
    assert caught.value.code == 'archive_damaged'
    assert 'it does not end as a zip of Go does' in caught.value.msg


def test_a_zip_that_is_larger_than_it_says_is_refused(unzip, tmpdir, folder):
    path = zip_with(tmpdir.join('m.zip'), in_module([('bomb', b'\0' * 1000000)]))
    _claim_size(path, 1000)
    assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')
    assert sum(os.path.getsize(each) for each in everything_in(folder) if os.path.isfile(each)) <= 2 * digests.CHUNK


def _claim_size(path, size):
    """Write another uncompressed size into the zip's central directory."""
    with open(path, 'rb') as source:
        content = bytearray(source.read())
    at = bytes(content).index(b'PK\x01\x02') + 24
    content[at:at + 4] = struct.pack('<I', size)
    with open(path, 'wb') as target:
        target.write(content)


@pytest.mark.parametrize('damage', ['empty', 'html', 'half', 'flipped'])
def test_a_damaged_zip_is_refused(unzip, tmpdir, damage):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', os.urandom(5000))]))
    with open(path, 'rb') as source:
        content = source.read()
    damaged = {
        'empty': b'', 'html': b'<!DOCTYPE html>', 'half': content[:len(content) // 2],
        'flipped': content[:1000] + b'\xff' * 500 + content[1500:],
    }[damage]
    with open(path, 'wb') as target:
        target.write(damaged)
    assert code_of(unzip, path) == 'archive_damaged'


@pytest.mark.parametrize('method', [1, 6, 9, 12, 14, 93, 95, 98, 99])
def test_a_member_packed_in_another_way_is_refused(unzip, tmpdir, method):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'abc' * 100)]))
    with open(path, 'rb') as source:
        content = bytearray(source.read())
    for at in (8, bytes(content).index(b'PK\x01\x02') + 10):
        content[at:at + 2] = struct.pack('<H', method)
    with open(path, 'wb') as target:
        target.write(content)
    assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')


# Python 2.7 knows neither.
if hasattr(zipfile, 'ZIP_LZMA'):
    @pytest.mark.parametrize('method', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_method_that_go_does_not_use_is_refused_before_it_takes_memory(unzip, tmpdir, method):
        # The dictionary of an LZMA member may have gigabytes.
        path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'abc' * 100)]), method)
        assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')


def test_an_encrypted_member_is_refused(unzip, tmpdir):
    path = zip_with(tmpdir.join('m.zip'), in_module([('a', b'secret')]))
    with open(path, 'rb') as source:
        content = bytearray(source.read())
    for at in (6, bytes(content).index(b'PK\x01\x02') + 8):
        content[at] |= 1
    with open(path, 'wb') as target:
        target.write(content)
    assert code_of(unzip, path) == 'archive_damaged'


def test_a_name_that_is_not_the_utf_8_it_claims_is_refused(unzip, tmpdir):
    path = zip_with(tmpdir.join('m.zip'), in_module([(u'\xe4', b'')]))
    with open(path, 'rb') as source:
        content = source.read()
    with open(path, 'wb') as target:
        target.write(content.replace(u'\xe4'.encode('utf-8'), b'\xff\xff'))
    assert code_of(unzip, path) in ('archive_unsafe', 'archive_damaged')


def test_whatever_a_zip_holds_it_ends_in_a_tree_or_a_refusal(module, tmpdir):
    with open(module, 'rb') as source:
        content = source.read()
    directory = content.index(b'PK\x01\x02')
    chance = random.Random(5)
    path = str(tmpdir.join('fuzz.zip'))
    for _round in range(400):
        spoilt = bytearray(content)
        for _each in range(chance.randint(1, 3)):
            at = chance.randrange(directory, len(spoilt)) if chance.random() < 0.8 else chance.randrange(len(spoilt))
            spoilt[at] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
        if chance.random() < 0.1:
            del spoilt[chance.randrange(len(spoilt)):]
        with open(path, 'wb') as target:
            target.write(spoilt)
        stage = str(tmpdir.join('fuzz'))
        try:
            archive.unpack_zip(path, stage, PREFIX)
        except GofleetError:
            pass
        shutil.rmtree(stage, ignore_errors=True)


# ---- the h1 of a zip


MODULE = {'example.com/m@v1.0.0/go.mod': b'module example.com/m\n', 'example.com/m@v1.0.0/m.go': b'package m\n'}


def test_the_h1_of_a_zip_is_that_of_its_files(tmpdir):
    # Computed with sha256sum, sort, openssl and base64.
    assert archive.zip_h1(zip_with(tmpdir.join('m.zip'), MODULE.items())) == 'h1:fCHMqo5ggHEQvwcrsN81zr5orRk5lClR36KRHpfUjKg='


def test_the_h1_of_a_zip_is_that_of_the_tree_it_becomes(unzip, module):
    assert archive.zip_h1(module) == digests.toolchain_h1(unzip(module), '1.30.1', 'amd64')


def test_a_zip_that_is_too_large_has_no_h1(module, monkeypatch):
    monkeypatch.setattr(archive, '_ZIP_LIMIT', 100)
    assert code_of(archive.zip_h1, module) == 'archive_unsafe'


def test_a_file_that_is_no_zip_has_no_h1(tmpdir):
    tmpdir.join('m.zip').write_binary(b'<html>')
    with pytest.raises(GofleetError) as caught:
        archive.zip_h1(str(tmpdir.join('m.zip')))
    assert caught.value.code == 'archive_damaged'
