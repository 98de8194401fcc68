# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat

import pytest
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._files import system_calls, transaction
from support.units import forked


def mode_of(path):
    return stat.S_IMODE(os.lstat(str(path)).st_mode)


def names_in(folder):
    return sorted(os.listdir(str(folder)))


# ---- folders and stages


def test_folders_are_made_with_all_that_is_above_them(tmpdir):
    transaction.make_folder(str(tmpdir.join('a', 'b', 'c')), 0o700)
    assert mode_of(tmpdir.join('a', 'b', 'c')) == 0o700


def test_each_new_name_of_a_folder_is_synced(tmpdir, calls):
    transaction.make_folder(str(tmpdir.join('a', 'b')))
    assert calls == ['mkdir', 'fsync'] * 2


def test_an_existing_folder_is_not_changed(tmpdir):
    tmpdir.mkdir('a').chmod(0o711)
    transaction.make_folder(str(tmpdir.join('a')), 0o700)
    assert mode_of(tmpdir.join('a')) == 0o711


def test_a_file_in_the_way_of_a_folder_is_an_error(tmpdir):
    tmpdir.join('a').write('file')
    with pytest.raises(OSError):
        transaction.make_folder(str(tmpdir.join('a', 'b')))


def test_a_stage_is_private_and_below_its_root(tmpdir):
    root = str(tmpdir.join('meta', 'stage'))
    with transaction.stage(root) as folder:
        assert (os.path.dirname(folder), mode_of(root), mode_of(folder)) == (root, 0o700, 0o700)


@pytest.mark.parametrize('end', [None, KeyError, KeyboardInterrupt])
def test_a_stage_is_gone_however_its_block_ends(tmpdir, end):
    try:
        with transaction.stage(str(tmpdir.join('stage'))) as folder:
            os.makedirs(os.path.join(folder, 'go', 'bin'))
            if end:
                raise end
    except (KeyError, KeyboardInterrupt):
        pass
    assert names_in(tmpdir.join('stage')) == []


def test_two_stages_are_apart(tmpdir):
    with transaction.stage(str(tmpdir)) as one, transaction.stage(str(tmpdir)) as other:
        assert one != other


# ---- files


def test_a_file_is_written_with_content_and_mode(tmpdir):
    previous = os.umask(0o077)
    try:
        transaction.write_file(str(tmpdir.join('file')), b'content', 0o644)
    finally:
        os.umask(previous)
    assert (tmpdir.join('file').read_binary(), mode_of(tmpdir.join('file')), names_in(tmpdir)) == (b'content', 0o644, ['file'])


def test_a_reader_of_the_old_file_is_not_disturbed(tmpdir):
    tmpdir.join('file').write_binary(b'old')
    with tmpdir.join('file').open('rb') as old:
        transaction.write_file(str(tmpdir.join('file')), b'new')
        assert old.read() == b'old'
    assert tmpdir.join('file').read_binary() == b'new'


def test_content_is_on_the_disk_before_the_name_and_the_name_before_the_end(tmpdir, calls):
    transaction.write_file(str(tmpdir.join('file')), b'content')
    assert calls == ['fsync', 'rename', 'fsync']


def test_a_file_that_cannot_be_published_leaves_nothing(tmpdir):
    tmpdir.mkdir('folder').join('mine').write('')
    with pytest.raises(OSError):
        transaction.write_file(str(tmpdir.join('folder')), b'new')
    assert names_in(tmpdir) == ['folder']


def test_a_staged_file_is_private_until_it_is_complete(tmpdir, monkeypatch):
    modes = []
    real = os.fsync

    def watched(handle):
        modes.extend(mode_of(tmpdir.join(name)) for name in names_in(tmpdir))
        real(handle)
    monkeypatch.setattr(os, 'fchmod', lambda handle, mode: watched(handle))
    transaction.write_file(str(tmpdir.join('file')), b'new', 0o644)
    assert modes == [0o600]


def test_a_file_is_removed_and_a_missing_one_is_fine(tmpdir):
    tmpdir.join('file').write('')
    transaction.remove_file(str(tmpdir.join('file')))
    transaction.remove_file(str(tmpdir.join('file')))
    assert names_in(tmpdir) == []


def test_the_removal_of_a_file_is_synced(tmpdir, calls):
    tmpdir.join('file').write('')
    transaction.remove_file(str(tmpdir.join('file')))
    assert calls == ['unlink', 'fsync']


def test_a_folder_is_not_removed_as_a_file(tmpdir):
    tmpdir.mkdir('folder')
    with pytest.raises(OSError):
        transaction.remove_file(str(tmpdir.join('folder')))


# ---- trees


def test_a_tree_gets_its_name_whole(tmpdir):
    tmpdir.mkdir('staged').join('VERSION').write('go')
    transaction.publish_tree(str(tmpdir.join('staged')), str(tmpdir.join('go1.30.1')))
    assert (names_in(tmpdir), names_in(tmpdir.join('go1.30.1'))) == (['go1.30.1'], ['VERSION'])


def test_a_tree_is_on_the_disk_before_it_has_its_name(tmpdir, calls):
    tmpdir.mkdir('staged')
    transaction.publish_tree(str(tmpdir.join('staged')), str(tmpdir.join('go1.30.1')))
    assert calls == ['mkdir', 'sync_tree', 'rename', 'sync_folder', 'fsync']


@pytest.mark.parametrize('kind', ['empty folder', 'full folder', 'file', 'dangling link'])
def test_nothing_is_published_over_an_existing_file(tmpdir, kind):
    target = tmpdir.join('go1.30.1')
    if kind.endswith('folder'):
        target.mkdir()
    if kind == 'full folder':
        target.join('mine').write('')
    if kind == 'file':
        target.write('mine')
    if kind == 'dangling link':
        os.symlink('nowhere', str(target))
    before = os.lstat(str(target))
    tmpdir.mkdir('staged').join('VERSION').write('go')
    with pytest.raises(OSError) as caught:
        transaction.publish_tree(str(tmpdir.join('staged')), str(target))
    assert (caught.value.errno, caught.value.filename) == (errno.EEXIST, str(target))
    assert os.path.samestat(before, os.lstat(str(target)))
    assert tmpdir.join('staged', 'VERSION').check()


def test_a_tree_loses_its_name_before_its_files(tmpdir, monkeypatch):
    tree = tmpdir.mkdir('go1.30.1')
    tree.join('VERSION').write('go')
    tmpdir.mkdir('stage')
    seen = []
    real = transaction.delete_tree

    def delete(path):
        seen.append(tree.check())
        real(path)
    monkeypatch.setattr(transaction, 'delete_tree', delete)
    transaction.remove_tree(str(tree), str(tmpdir.join('stage')))
    assert (seen, tree.check(), names_in(tmpdir.join('stage'))) == ([False], False, [])


def test_the_loss_of_a_name_is_synced(tmpdir, calls):
    tmpdir.mkdir('go1.30.1')
    tmpdir.mkdir('stage')
    transaction.remove_tree(str(tmpdir.join('go1.30.1')), str(tmpdir.join('stage')))
    assert calls[-3:] == ['rename', 'sync_folder', 'fsync']


def test_two_trees_of_one_name_can_be_removed_in_one_stage(tmpdir):
    stage = str(tmpdir.mkdir('stage'))
    for _each in range(2):
        tmpdir.mkdir('go1.30.1').join('VERSION').write('go')
        transaction.remove_tree(str(tmpdir.join('go1.30.1')), stage)
    assert names_in(tmpdir) == ['stage']


def test_a_folder_a_file_a_link_and_nothing_can_be_deleted(tmpdir):
    tmpdir.mkdir('kept').join('file').write('')
    tmpdir.mkdir('folder').mkdir('sub').join('file').write('')
    tmpdir.join('file').write('')
    os.symlink(str(tmpdir.join('kept')), str(tmpdir.join('link')))
    for name in ('folder', 'file', 'link', 'missing'):
        transaction.delete_tree(str(tmpdir.join(name)))
    assert (names_in(tmpdir), names_in(tmpdir.join('kept'))) == (['kept'], ['file'])


def test_links_in_a_deleted_tree_are_not_followed(tmpdir):
    tmpdir.mkdir('kept').join('file').write('')
    os.symlink(str(tmpdir.join('kept')), str(tmpdir.mkdir('folder').join('link')))
    transaction.delete_tree(str(tmpdir.join('folder')))
    assert names_in(tmpdir.join('kept')) == ['file']


def shut(root, mode):
    """Give the mode to all folders below root, the deepest first, and root to an ordinary user."""
    forked.give_to_ordinary_user(root)
    for folder, _folders, _names in os.walk(str(root), topdown=False):
        if folder != str(root):
            os.chmod(folder, mode)


@pytest.mark.parametrize('mode', [0o555, 0o000])
def test_an_ordinary_user_can_delete_folders_without_permissions(open_folder, mode):
    open_folder.mkdir('go').mkdir('src').mkdir('fmt').join('print.go').write('')
    open_folder.mkdir('go', 'src', 'os').join('file.go').write('')
    shut(open_folder, mode)
    forked.as_ordinary_user(lambda: transaction.delete_tree(str(open_folder.join('go'))))
    assert names_in(open_folder) == []


def test_an_ordinary_user_can_remove_a_tree_that_was_made_read_only(open_folder):
    open_folder.mkdir('go1.30.1').mkdir('src').join('file.go').write('')
    shut(open_folder, 0o555)
    stage = open_folder.mkdir('stage')
    forked.give_to_ordinary_user(open_folder)
    forked.as_ordinary_user(lambda: transaction.remove_tree(str(open_folder.join('go1.30.1')), str(stage)))
    assert names_in(open_folder) == ['stage']


def test_a_file_that_cannot_be_deleted_is_an_error():
    with pytest.raises(OSError):
        transaction.delete_tree('/proc/self/attr')


# ---- links


@pytest.mark.parametrize('before', ['nothing', 'a link', 'a dangling link', 'a file'])
def test_a_link_replaces_an_existing_file(tmpdir, before):
    link = tmpdir.join('link')
    tmpdir.mkdir('old')
    if before == 'a file':
        link.write('old')
    elif before != 'nothing':
        os.symlink('old' if before == 'a link' else 'nowhere', str(link))
    transaction.point_link(str(link), '/new')
    assert (os.readlink(str(link)), names_in(tmpdir)) == ('/new', ['link', 'old'])


def test_a_link_moves_in_one_synced_step(tmpdir, calls):
    os.symlink('old', str(tmpdir.join('link')))
    transaction.point_link(str(tmpdir.join('link')), 'new')
    assert [call for call in calls if call != 'unlink'] == ['rename', 'sync_folder', 'fsync']


def test_a_link_is_never_unlinked_to_be_moved(tmpdir, monkeypatch):
    link = str(tmpdir.join('link'))
    os.symlink('old', link)
    real = os.unlink

    def unlink(path):
        assert path != link
        real(path)
    monkeypatch.setattr(os, 'unlink', unlink)
    transaction.point_link(link, 'new')
    assert os.readlink(link) == 'new'


def test_the_link_that_a_killed_run_left_is_no_obstacle(tmpdir):
    os.symlink('half', str(tmpdir.join('link.gofleet-new')))
    transaction.point_link(str(tmpdir.join('link')), 'new')
    assert (os.readlink(str(tmpdir.join('link'))), names_in(tmpdir)) == ('new', ['link', 'link.gofleet-new'])


def test_a_link_does_not_take_the_place_of_a_folder(tmpdir):
    tmpdir.mkdir('link').join('mine').write('')
    with pytest.raises(OSError):
        transaction.point_link(str(tmpdir.join('link')), 'new')
    assert names_in(tmpdir.join('link')) == ['mine']


@pytest.fixture(params=['exchanged', 'renamed'])
def way(request, monkeypatch):
    """Both ways to keep what a link replaces: exchanging the names, and renaming where Python has no ctypes."""
    if request.param == 'renamed':
        monkeypatch.setattr(system_calls, 'ctypes', None)
    return request.param


@pytest.mark.parametrize('kind', ['folder', 'file', 'link'])
def test_a_folder_that_a_link_replaces_is_kept_unchanged(tmpdir, way, kind):
    link, aside = tmpdir.join('go'), tmpdir.join('go.before')
    if kind == 'folder':
        link.mkdir().mkdir('bin').join('go').write('theirs')
    elif kind == 'file':
        link.write('theirs')
    else:
        os.symlink('theirs', str(link))
    before = os.lstat(str(link))
    transaction.point_link_keeping(str(link), '/new', str(aside))
    assert os.readlink(str(link)) == '/new'
    assert os.path.samestat(before, os.lstat(str(aside)))
    assert names_in(tmpdir) == ['go', 'go.before']
    if kind == 'folder':
        assert aside.join('bin', 'go').read() == 'theirs'


def test_the_new_names_are_synced(tmpdir, way, calls):
    tmpdir.mkdir('go')
    transaction.point_link_keeping(str(tmpdir.join('go')), '/new', str(tmpdir.join('go.before')))
    assert calls[-2:] == ['sync_folder', 'fsync']


def test_the_name_is_never_missing_where_names_can_be_exchanged(tmpdir, calls):
    tmpdir.mkdir('go')
    del calls[:]
    transaction.point_link_keeping(str(tmpdir.join('go')), '/new', str(tmpdir.join('go.before')))
    assert 'rename' not in calls


def test_nothing_is_kept_over_an_existing_file(tmpdir, way):
    tmpdir.mkdir('go')
    tmpdir.join('go.before').write('earlier')
    with pytest.raises(OSError):
        transaction.point_link_keeping(str(tmpdir.join('go')), '/new', str(tmpdir.join('go.before')))
    assert (tmpdir.join('go.before').read(), tmpdir.join('go').isdir()) == ('earlier', True)


@pytest.mark.parametrize('code', [errno.ENOSYS, errno.EINVAL, errno.EPERM])
def test_a_system_that_cannot_exchange_names_renames(tmpdir, monkeypatch, code):
    class Libc(object):
        def __init__(self, *dummy, **options):
            pass

        @staticmethod
        def renameat2(*dummy):
            system_calls.ctypes.set_errno(code)
            return -1
    monkeypatch.setattr(system_calls.ctypes, 'CDLL', Libc)
    tmpdir.mkdir('go').join('file').write('')
    transaction.point_link_keeping(str(tmpdir.join('go')), '/new', str(tmpdir.join('go.before')))
    assert (os.readlink(str(tmpdir.join('go'))), names_in(tmpdir.join('go.before'))) == ('/new', ['file'])


def test_another_refusal_to_exchange_is_an_error(tmpdir):
    with pytest.raises(OSError) as caught:
        transaction.point_link_keeping(str(tmpdir.join('missing')), '/new', str(tmpdir.join('aside')))
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize('name', [u'g\xf6'.encode('utf-8'), b'g\xff'])
def test_names_may_be_any_bytes(tmpdir, way, name):
    link = to_native(os.path.join(str(tmpdir).encode('utf-8'), name))
    os.mkdir(link)
    transaction.point_link_keeping(link, '/new', link + '.before')
    assert os.readlink(link) == '/new'
    assert os.path.isdir(link + '.before')
