# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import gzip
import os
import random
import shutil
import stat
import struct
import tarfile
import zipfile

import forked
import pytest
import tiny_trees
from tiny_trees import member, tar_with, zip_with

from ansible_collections.gofleet.golang.plugins.module_utils import archive, digests, transaction
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

TREE = tiny_trees.tree_of('1.30.1', 'amd64')
PREFIX = tiny_trees.module_of('1.30.1', 'amd64')


@pytest.fixture
def folder(tmpdir):
    return str(tmpdir.mkdir('stage'))


@pytest.fixture(params=['tar', 'python', 'no tar'])
def unpack(request, monkeypatch, tmpdir, folder):
    """Each way to unpack a tar: the system's program; Python for what is not trusted, or where there is no tar."""
    if request.param == 'no tar':
        monkeypatch.setenv('PATH', str(tmpdir.mkdir('empty')))
    return lambda path: archive.unpack_tar(path, folder, trusted=request.param != 'python', run=tiny_trees.run)


@pytest.fixture
def with_python(folder):
    return lambda path: archive.unpack_tar(path, folder, trusted=False, run=tiny_trees.run)


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


def test_modes_come_from_the_tar_whatever_the_umask_gives_to_others(unpack, tmpdir, folder):
    previous = os.umask(0o022)
    try:
        unpack(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE))
    finally:
        os.umask(previous)
    assert modes(os.path.join(folder, 'go')) == dict((name, tiny_trees.mode_of(name)) for name in TREE)


def test_files_belong_to_who_unpacks(unpack, tmpdir, folder):
    header, content = member('go/VERSION', b'go1.30.1')
    header.uid = header.gid = 12345
    unpack(tar_with(tmpdir.join('a.tar.gz'), [(header, content)]))
    status = os.stat(os.path.join(folder, 'go/VERSION'))
    assert (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())


def test_folders_of_a_tar_are_made(unpack, tmpdir, folder):
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/', kind=tarfile.DIRTYPE, mode=0o755), member('go/empty', kind=tarfile.DIRTYPE, mode=0o755)]))
    assert os.path.isdir(os.path.join(folder, 'go', 'empty'))


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


# Flipped bits are the digest's business: neither tar nor tarfile always looks at gzip's checksum.
@pytest.mark.parametrize('damage', ['empty', 'html', 'half', 'no gzip'])
def test_a_damaged_tar_is_refused(unpack, tmpdir, damage):
    path = tar_with(tmpdir.join('a.tar.gz'), [member('go/%d' % number, os.urandom(5000)) for number in range(20)])
    with open(path, 'rb') as source:
        content = source.read()
    damaged = {
        'empty': b'', 'html': b'<!DOCTYPE html>', 'half': content[:len(content) // 2], 'no gzip': b'\0' * 10240,
    }[damage]
    with open(path, 'wb') as target:
        target.write(damaged)
    assert code_of(unpack, path) == 'archive_damaged'


def test_the_refusal_of_a_damaged_tar_names_it(with_python, tmpdir):
    tmpdir.join('a.tar.gz').write('<html>')
    with pytest.raises(GofleetError) as caught:
        with_python(str(tmpdir.join('a.tar.gz')))
    assert str(tmpdir.join('a.tar.gz')) in caught.value.msg
    assert 'Take the archive from another source' in caught.value.msg


@pytest.mark.parametrize('name', ['../evil', 'go/../../evil', '/evil', 'go/..', '..', 'go/x/../../../evil'])
def test_a_name_that_leads_out_is_refused_before_anything_is_written(with_python, tmpdir, folder, name):
    path = tar_with(tmpdir.join('a.tar.gz'), [member(name, b'evil')])
    before = everything_in(tmpdir)
    assert code_of(with_python, path) == 'archive_unsafe'
    assert everything_in(tmpdir) == before


@pytest.mark.parametrize('kind', [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_python_unpacks_nothing_but_files_and_folders(with_python, tmpdir, folder, kind):
    assert code_of(with_python, tar_with(tmpdir.join('a.tar.gz'), [member('go/odd', kind=kind, target='VERSION')])) == 'archive_unsafe'
    assert everything_in(folder) == []


def test_python_grants_no_special_rights(with_python, tmpdir, folder):
    with_python(tar_with(tmpdir.join('a.tar.gz'), [member('go/tool', b'#!', 0o6777)]))
    assert modes(folder) == {'go/tool': 0o755}


def test_a_link_cannot_be_written_through(with_python, tmpdir):
    tmpdir.join('victim').write('kept')
    members = [member('go/link', kind=tarfile.SYMTYPE, target=str(tmpdir.join('victim'))), member('go/link', b'evil')]
    assert code_of(with_python, tar_with(tmpdir.join('a.tar.gz'), members)) == 'archive_unsafe'
    assert tmpdir.join('victim').read() == 'kept'


def test_a_sparse_member_is_refused_however_large_it_says_it_is(tmpdir, folder):
    header, _content = member('go/hole', kind=tarfile.GNUTYPE_SPARSE)
    header.size = 1 << 60
    path = tmpdir.join('a.tar.gz')
    with gzip.open(str(path), 'wb') as target:
        target.write(header.tobuf(tarfile.GNU_FORMAT) + b'\0' * 1024)

    def unpack(child):
        try:
            archive.unpack_tar(str(path), folder, False, tiny_trees.run)
        except GofleetError as exc:
            return exc.code
        finally:
            child.say(b'r')
    # In a child: who reads to the end of such a member reads for years.
    child = forked.Child(unpack)
    ended = child.hears(b'r', 5)
    assert (child.result() if ended else child.kill() or 'still reading') == 'archive_unsafe'


def test_of_two_members_of_one_name_the_last_counts_as_with_tar(unpack, tmpdir, folder):
    unpack(tar_with(tmpdir.join('a.tar.gz'), [member('go/file', b'first'), member('go/file', b'last')]))
    assert tiny_trees.read_tree(folder) == {'go/file': b'last'}


def test_a_full_disk_is_not_called_damage(tmpdir, folder, monkeypatch):
    # A stand-in for tar on a full disk: it says what tar says, and fails.
    programs = tmpdir.mkdir('programs')
    programs.join('tar').write('#!/bin/sh\necho "tar: go/x: Cannot write: No space left on device"\nexit 2\n')
    programs.join('tar').chmod(0o755)
    monkeypatch.setenv('PATH', str(programs), prepend=os.pathsep)
    monkeypatch.setenv('LC_ALL', 'C')
    with pytest.raises(OSError) as caught:
        archive.unpack_tar(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE), folder, trusted=True, run=tiny_trees.run)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, folder)


def test_a_tar_that_outlives_its_killed_run_keeps_the_lock(tmpdir, folder, monkeypatch):
    programs = tmpdir.mkdir('programs')
    os.mkfifo(str(tmpdir.join('started')))
    os.mkfifo(str(tmpdir.join('go on')))
    programs.join('tar').write('#!/bin/sh\n: > "%s"\n: < "%s"\n' % (tmpdir.join('started'), tmpdir.join('go on')))
    programs.join('tar').chmod(0o755)
    monkeypatch.setenv('PATH', str(programs), prepend=os.pathsep)

    def run(dummy):
        with transaction.lock(str(tmpdir.join('meta', 'lock')), 30):
            archive.unpack_tar(str(tmpdir.join('a.tar.gz')), folder, trusted=True, run=tiny_trees.run)
    run_of_tar = forked.Child(run)
    tmpdir.join('started').read()
    run_of_tar.kill()
    with pytest.raises(GofleetError) as caught, transaction.lock(str(tmpdir.join('meta', 'lock')), 1):
        pass
    tmpdir.join('go on').write('')
    with transaction.lock(str(tmpdir.join('meta', 'lock')), 30):
        assert caught.value.code == 'locked'


def test_a_tar_that_may_not_be_run_is_passed_over(tmpdir, folder, monkeypatch):
    tmpdir.mkdir('programs').join('tar').write('not a program')
    monkeypatch.setenv('PATH', str(tmpdir.join('programs')))
    archive.unpack_tar(tiny_trees.tar_of(tmpdir.join('a.tar.gz'), TREE), folder, trusted=True, run=tiny_trees.run)
    assert tiny_trees.read_tree(os.path.join(folder, 'go')) == TREE


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
    assert unzip(module) == digests.walk_tree(os.path.join(folder, 'go'))


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
    monkeypatch.setattr(archive, '_ZIP_LIMIT', 1000)
    assert [entry.size for entry in unzip(zip_with(tmpdir.join('m.zip'), in_module([('a', b'\0' * 400), ('b', b'\0' * 600)])))] == [400, 600]


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
        except (GofleetError, IOError, OSError):
            pass
        shutil.rmtree(stage, ignore_errors=True)


# ---- the h1 of a zip


MODULE = {'example.com/m@v1.0.0/go.mod': b'module example.com/m\n', 'example.com/m@v1.0.0/m.go': b'package m\n'}


def test_the_h1_of_a_zip_is_that_of_its_files(tmpdir):
    # Computed with sha256sum, sort, openssl and base64.
    assert archive.zip_h1(zip_with(tmpdir.join('m.zip'), MODULE.items())) == 'h1:fCHMqo5ggHEQvwcrsN81zr5orRk5lClR36KRHpfUjKg='


def test_the_h1_of_a_zip_is_that_of_the_tree_it_becomes(unzip, module):
    assert archive.zip_h1(module) == digests.toolchain_h1(unzip(module), '1.30.1', 'amd64')


def test_a_file_that_is_no_zip_has_no_h1(tmpdir):
    tmpdir.join('m.zip').write_binary(b'<html>')
    with pytest.raises(GofleetError) as caught:
        archive.zip_h1(str(tmpdir.join('m.zip')))
    assert caught.value.code == 'archive_damaged'


# ---- what an unpacked tree may hold


@pytest.fixture
def tree(folder):
    root = os.path.join(folder, 'go')
    tiny_trees.write_tree(root, TREE)
    return root


def test_a_tree_of_files_and_folders_is_confined(tree):
    archive.prove_confined(tree)


@pytest.mark.parametrize('target', ['VERSION', 'src/../VERSION', 'nowhere', '.', '../go/VERSION'])
def test_a_link_may_lead_to_what_is_inside(tree, target):
    os.symlink(target, os.path.join(tree, 'link'))
    archive.prove_confined(tree)


@pytest.mark.parametrize('target', ['/etc/passwd', '..', '../go-evil', '../../x', 'src/../../x', '/'])
def test_a_link_that_leads_out_is_refused(tree, target):
    os.symlink(target, os.path.join(tree, 'link'))
    assert code_of(archive.prove_confined, tree) == 'archive_unsafe'


def test_a_link_that_leads_out_over_another_is_refused(tree):
    os.symlink('..', os.path.join(tree, 'src', 'up'))
    os.symlink('src/up/../x', os.path.join(tree, 'link'))
    assert code_of(archive.prove_confined, tree) == 'archive_unsafe'


def test_a_link_that_leads_to_itself_harms_nobody(tree):
    os.symlink('loop', os.path.join(tree, 'loop'))
    archive.prove_confined(tree)


def test_the_root_may_be_reached_over_a_link(tree, tmpdir):
    os.symlink(tree, str(tmpdir.join('alias')))
    os.symlink('VERSION', os.path.join(tree, 'link'))
    archive.prove_confined(str(tmpdir.join('alias')))


@pytest.mark.parametrize('bit', [stat.S_ISUID, stat.S_ISGID])
def test_a_program_with_the_rights_of_its_owner_is_refused(tree, bit):
    os.chmod(os.path.join(tree, 'bin/go'), 0o755 | bit)
    assert code_of(archive.prove_confined, tree) == 'archive_unsafe'


def test_a_second_name_of_a_file_is_refused(tree, tmpdir):
    os.link(os.path.join(tree, 'VERSION'), str(tmpdir.join('outside')))
    assert code_of(archive.prove_confined, tree) == 'archive_unsafe'


def test_a_pipe_is_refused(tree):
    os.mkfifo(os.path.join(tree, 'pipe'))
    assert code_of(archive.prove_confined, tree) == 'archive_unsafe'


def test_the_refusal_names_what_is_evil(tree):
    os.symlink('/etc', os.path.join(tree, 'src', 'etc'))
    with pytest.raises(GofleetError) as caught:
        archive.prove_confined(tree)
    assert caught.value.msg == "The archive holds 'src/etc', a link that leads out of the tree."
    assert caught.value.evidence == {'member': 'src/etc'}


def test_what_system_tar_unpacks_is_judged_afterwards(tmpdir, folder):
    members = [member('go/VERSION', b''), member('go/link', kind=tarfile.SYMTYPE, target='../../../etc')]
    archive.unpack_tar(tar_with(tmpdir.join('a.tar.gz'), members), folder, trusted=True, run=tiny_trees.run)
    assert code_of(archive.prove_confined, folder) == 'archive_unsafe'


def test_a_folder_that_cannot_be_looked_into_is_not_passed_over(open_folder):
    tiny_trees.write_tree(open_folder.join('go'), {'src/file': b''})
    os.symlink('/etc', str(open_folder.join('go', 'src', 'link')))
    forked.give_to_ordinary_user(open_folder)
    os.chmod(str(open_folder.join('go', 'src')), 0)

    def prove():
        try:
            archive.prove_confined(str(open_folder.join('go')))
        except (GofleetError, OSError):
            return 'refused'
    assert forked.as_ordinary_user(prove) == 'refused'
