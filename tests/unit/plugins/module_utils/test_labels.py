# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a host's SELinux; tests/machine/test_labels_on_a_machine.py sees a real one answer."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat

import pytest
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils import _labels as labels
from ansible_collections.gofleet.golang.plugins.module_utils._files import syncing, transaction

INHERITED = b'unconfined_u:object_r:usr_t:s0'
PROGRAM = b'system_u:object_r:bin_t:s0'
DATA = b'system_u:object_r:usr_t:s0'


class Policy(object):
    """In the place of libselinux: programs are bin_t, everything below none has no label, all else is usr_t."""

    def __init__(self):
        self.asked = []
        self.given = {}
        self.creating = []
        self.errors = {}

    def _answer(self, call):
        if call in self.errors:
            raise OSError(self.errors[call], os.strerror(self.errors[call]))

    def label(self, path, kind):
        self._answer('label')
        self.asked.append((path, kind))
        if b'/none' in path:
            return None
        return PROGRAM if b'/bin/' in path else DATA

    def label_of(self, path):
        self._answer('label_of')
        return self.given.get(path, INHERITED)

    def set_label(self, path, label):
        self._answer('set_label')
        assert os.path.lexists(path)
        self.given[path] = label

    def create_as(self, label):
        self._answer('create_as')
        self.creating.append(label)


@pytest.fixture
def policy(monkeypatch):
    policy = Policy()
    monkeypatch.setattr(labels, '_known', [policy])
    monkeypatch.setattr(labels, '_refusals', [])
    return policy


@pytest.fixture
def user(monkeypatch):
    """Let the run be of a user, by number."""
    def user(number):
        monkeypatch.setattr(os, 'geteuid', lambda: number)
    return user


def refuse(policy, code, *calls):
    for call in calls:
        policy.errors[call] = code


@pytest.fixture
def tree(tmpdir):
    """A staged tree with programs, sources and a link."""
    tree = tmpdir.mkdir('stage').mkdir('go')
    for name in ('bin/go', 'src/a/one.go', 'src/a/two.go', 'src/a/three.s', 'src/b/one.go', 'VERSION'):
        tree.join(name).ensure()
    tree.join('bin', 'go').chmod(0o755)
    tree.join('link').mksymlinkto('VERSION')
    return tree


# ---- a tree


def test_a_tree_gets_the_labels_for_the_place_that_it_will_have(policy, tree, tmpdir):
    final = tmpdir.join('go1.26.6')
    labels.prepare(str(tree), str(final))
    assert policy.given == {to_bytes(str(tree.join('bin', 'go'))): PROGRAM}
    assert (to_bytes(str(final)), stat.S_IFDIR) in policy.asked
    assert (to_bytes(str(final.join('link'))), stat.S_IFLNK) in policy.asked
    assert (to_bytes(str(final.join('bin', 'go'))), stat.S_IFREG) in policy.asked
    assert labels.refusals() == []


def test_the_policy_is_asked_once_about_sources_of_one_folder_and_about_each_program(policy, tree, tmpdir):
    labels.prepare(str(tree), str(tmpdir.join('final')))
    files = sorted(os.path.relpath(path, to_bytes(str(tmpdir.join('final')))) for path, kind in policy.asked if kind == stat.S_IFREG)
    assert len(files) == 5
    assert [name for name in files if name.startswith(b'src/a/') and name.endswith(b'.go')] in ([b'src/a/one.go'], [b'src/a/two.go'])
    assert {b'VERSION', b'bin/go', b'src/a/three.s', b'src/b/one.go'} < set(files)


def test_a_label_that_differs_in_its_user_alone_is_not_written(policy, tree, tmpdir):
    labels.prepare(str(tree.join('VERSION')), str(tmpdir.join('VERSION')))
    assert policy.asked
    assert policy.given == {}


def test_a_label_that_differs_in_its_range_is_written(policy, tree, tmpdir):
    path = to_bytes(str(tree.join('VERSION')))
    policy.given[path] = INHERITED + b':c1,c2'
    labels.prepare(str(tree.join('VERSION')), str(tmpdir.join('VERSION')))
    assert policy.given[path] == DATA


def test_what_the_policy_has_no_label_for_keeps_its_own(policy, tree, tmpdir):
    labels.prepare(str(tree), str(tmpdir.join('none')))
    assert policy.given == {}


def test_the_policy_is_queried_for_the_folder_that_a_link_leads_to(policy, tree, tmpdir):
    tmpdir.mkdir('data')
    tmpdir.join('opt').mksymlinkto('data')
    labels.prepare(str(tree.join('VERSION')), str(tmpdir.join('opt', 'VERSION')))
    assert [path for path, dummy in policy.asked] == [to_bytes(str(tmpdir.join('data', 'VERSION')))]


def test_names_that_are_not_utf8_are_labelled(policy, tree, tmpdir):
    name = os.path.join(to_bytes(str(tree)), b'bin', b'caf\xe9')
    with open(name, 'wb'):
        pass
    labels.prepare(str(tree), str(tmpdir.join('final')))
    assert policy.given[name] == PROGRAM


def test_a_file_system_without_labels_is_left_alone(policy, tree, tmpdir):
    refuse(policy, errno.EOPNOTSUPP, 'set_label')
    labels.prepare(str(tree), str(tmpdir.join('bin', 'final')))
    # Nothing was asked after the first refusal.
    assert len(policy.asked) == 1
    assert labels.refusals() == []


@pytest.mark.parametrize('call', ['set_label', 'label'])
@pytest.mark.parametrize('code', [errno.EACCES, errno.EPERM, errno.EINVAL])
def test_a_refused_label_does_not_end_the_run_and_is_reported_once_with_advice(policy, tree, tmpdir, call, code):
    refuse(policy, code, call)
    labels.prepare(str(tree), str(tmpdir.join('bin', 'final')))
    [sentence] = labels.refusals()
    assert 'restorecon -R %s' % tmpdir.join('bin', 'final') in sentence
    assert os.strerror(code) in sentence
    assert labels.refusals() == []


def test_another_error_is_raised(policy, tree, tmpdir):
    refuse(policy, errno.ENOSPC, 'set_label')
    with pytest.raises(OSError) as caught:
        labels.prepare(str(tree), str(tmpdir.join('bin', 'final')))
    assert caught.value.errno == errno.ENOSPC


# ---- one thing that is made


def test_as_root_the_kernel_makes_a_thing_with_its_label_and_no_name_is_used(policy, user, tmpdir):
    user(0)
    with labels.creating(str(tmpdir.join('bin', 'go')), stat.S_IFLNK):
        assert policy.creating == [PROGRAM]
    assert policy.creating == [PROGRAM, None]
    assert policy.given == {}


def test_what_is_made_later_inherits_again_when_the_block_fails(policy, user, tmpdir):
    user(0)
    with pytest.raises(KeyError):
        with labels.creating(str(tmpdir.join('bin', 'go')), stat.S_IFLNK):
            raise KeyError('in the block')
    assert policy.creating == [PROGRAM, None]


def test_an_ordinary_user_labels_what_they_have_made_under_the_name_that_it_has_first(policy, user, tmpdir):
    user(1000)
    with labels.creating(str(tmpdir.join('bin', 'go')), stat.S_IFLNK, str(tmpdir.join('go.new'))):
        tmpdir.join('go.new').mksymlinkto('nowhere')
    assert policy.creating == []
    assert policy.given == {to_bytes(str(tmpdir.join('go.new'))): PROGRAM}


@pytest.mark.parametrize(('number', 'call'), [(0, 'create_as'), (1000, 'set_label'), (0, 'label')])
def test_a_refused_label_does_not_keep_a_thing_from_being_made(policy, user, tmpdir, number, call):
    user(number)
    refuse(policy, errno.EACCES, call)
    with labels.creating(str(tmpdir.join('bin', 'go')), stat.S_IFREG, str(tmpdir.join('made'))):
        tmpdir.join('made').ensure()
    assert len(labels.refusals()) == 1


def test_a_name_below_a_descriptor_is_the_name_of_the_folder_that_is_open(policy, user, tmpdir):
    user(0)
    folder = tmpdir.mkdir('bin')
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        with labels.creating('/proc/self/fd/%d/go' % handle, stat.S_IFREG):
            pass
    finally:
        os.close(handle)
    assert policy.asked == [(to_bytes(str(folder.join('go'))), stat.S_IFREG)]


# ---- the functions of transaction that create files


def making(tmpdir):
    """Each way to make something: (what is made in the end, its kind, the call)."""
    folder = tmpdir.mkdir('bin')
    foreign = folder.join('foreign')
    foreign.ensure()
    return {
        'a file': (folder.join('file'), stat.S_IFREG, lambda path: transaction.write_file(path, b'content')),
        'a folder': (folder.join('folder'), stat.S_IFDIR, transaction.make_folder),
        'a link': (folder.join('link'), stat.S_IFLNK, lambda path: transaction.point_link(path, 'target')),
        'a link in the place of another thing': (
            foreign, stat.S_IFLNK, lambda path: transaction.point_link_keeping(path, 'target', path + '.aside')),
    }


WAYS = ('a file', 'a folder', 'a link', 'a link in the place of another thing')


@pytest.mark.parametrize('way', WAYS)
def test_what_root_makes_is_made_with_the_label_for_its_final_name(policy, user, tmpdir, way):
    user(0)
    path, kind, make = making(tmpdir)[way]
    make(str(path))
    assert policy.asked == [(to_bytes(str(path)), kind)]
    assert policy.creating == [PROGRAM, None]


@pytest.mark.parametrize('way', WAYS)
def test_what_a_user_makes_has_the_label_before_it_has_its_name(policy, user, tmpdir, monkeypatch, way):
    user(1000)
    named = []

    def rename(source, target):
        named.append(policy.given.get(to_bytes(source)))
        return real(source, target)

    real = os.rename
    monkeypatch.setattr(os, 'rename', rename)
    path, dummy, make = making(tmpdir)[way]
    make(str(path))
    assert list(policy.given.values()) == [PROGRAM]
    assert set(named) <= {PROGRAM}


def test_a_tree_is_labelled_before_it_is_synced_and_named(policy, tree, tmpdir, monkeypatch):
    synced = []
    monkeypatch.setattr(syncing, 'sync_tree', lambda path: synced.append(dict(policy.given)))
    transaction.publish_tree(str(tree), str(tmpdir.join('go1.26.6')))
    assert synced == [{to_bytes(str(tree.join('bin', 'go'))): PROGRAM}]


# ---- whether there is a policy at all


@pytest.fixture
def unasked(monkeypatch, tmpdir):
    """A host whose policy was not read yet; returns the folder that serves as its selinuxfs."""
    monkeypatch.setattr(labels, '_known', [])
    monkeypatch.setattr(labels, '_refusals', [])
    monkeypatch.setattr(labels, '_SELINUXFS', str(tmpdir.join('selinux')))
    return tmpdir.join('selinux')


def test_a_host_without_selinux_is_looked_at_once_and_no_library_is_opened(unasked, monkeypatch, tmpdir):
    looks = []
    monkeypatch.setattr(labels, '_Policy', None)
    real = labels._is_enabled
    monkeypatch.setattr(labels, '_is_enabled', lambda: looks.append(1) or real())
    for dummy in range(3):
        labels.prepare(str(tmpdir), '/opt/go/go1.26.6')
        with labels.creating('/usr/local/bin/go', stat.S_IFLNK):
            pass
    assert looks == [1]
    assert labels.refusals() == []


def test_a_selinuxfs_that_cannot_be_written_is_that_of_a_containers_host(unasked, monkeypatch):
    unasked.join('enforce').ensure()
    assert labels._is_enabled()

    class ReadOnly(object):
        f_flag = 1

    monkeypatch.setattr(os, 'statvfs', lambda path: ReadOnly)
    assert not labels._is_enabled()


def test_a_python_without_ctypes_says_what_to_do(unasked, monkeypatch, tmpdir):
    unasked.join('enforce').ensure()
    monkeypatch.setattr(labels, 'ctypes', None)
    labels.prepare(str(tmpdir), '/opt/go/go1.26.6')
    [sentence] = labels.refusals()
    assert 'ctypes' in sentence
    assert 'restorecon -R' in sentence


def test_a_kernel_without_a_policy_is_left_alone(unasked, monkeypatch, tmpdir):
    unasked.join('enforce').ensure()

    def no_policy():
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(labels, '_Policy', no_policy)
    labels.prepare(str(tmpdir), '/opt/go/go1.26.6')
    assert labels.refusals() == []
