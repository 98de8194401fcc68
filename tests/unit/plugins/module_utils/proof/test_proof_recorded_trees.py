# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._proof import recorded_trees, tree_list, trees
from support.units import forked


def refusal(function, *arguments):
    with pytest.raises(GofleetError) as refused:
        function(*arguments)
    return refused.value


@pytest.fixture
def root(tmpdir):
    tmpdir.join('tree/a/b').write('content', ensure=True)
    return str(tmpdir.join('tree'))


@pytest.mark.parametrize('name', ['a/b', 'a'])
def test_a_tree_that_this_user_may_not_read_is_reported(open_folder, name):
    open_folder.join('tree/a/b').write('content', ensure=True)
    path = open_folder.join('tree', name)
    path.chmod(0)
    root = str(open_folder.join('tree'))
    result = forked.as_ordinary_user(lambda: refusal(recorded_trees.observe_tree, root).as_result())
    path.chmod(0o755)
    assert result['code'] == 'file_unreadable'
    assert str(path) in result['msg']


def test_a_file_of_a_tree_that_is_written_to_is_reported(root, monkeypatch):
    path = os.path.join(root, 'a/b')

    def changing(descriptor):
        with io.open(path, 'ab') as target:
            target.write(b'more')
        return fstat(descriptor)

    fstat = os.fstat
    monkeypatch.setattr(regular_files.os, 'fstat', changing)
    error = refusal(recorded_trees.observe_tree, root)
    assert (error.code, error.evidence['path']) == ('file_changed', path)


def test_a_file_that_leaves_a_tree_while_it_is_read_is_reported(root, monkeypatch):
    lstat = os.lstat

    def leaving(path):
        if path.endswith(b'/b' if isinstance(path, bytes) else '/b') and os.path.exists(path):
            os.unlink(path)
        return lstat(path)

    monkeypatch.setattr(os, 'lstat', leaving)
    assert refusal(recorded_trees.observe_tree, root).code == 'file_changed'


@pytest.mark.parametrize(('manifest', 'inside'), [
    ('/t/m', True), ('/t/a/m', True), ('/t', True), ('/tm', False), ('/m', False), ('/t/../m', False), ('/m/../t/m', True),
])
def test_a_manifest_lies_outside_of_its_tree(manifest, inside):
    if inside:
        assert refusal(recorded_trees.check_paths, '/t', manifest).code == 'manifest_in_tree'
    else:
        recorded_trees.check_paths('/t', manifest)


def test_every_manifest_lies_in_the_root():
    assert refusal(recorded_trees.check_paths, '/', '/m').code == 'manifest_in_tree'


def test_a_diff_has_only_what_differs(root):
    then = [trees.Entry(b'a', 'f', 0o644, 1, 'aa'), trees.Entry(b'b', 'f', 0o644, 1, 'bb')]
    now = [then[0], then[1]._replace(mode=0o755), trees.Entry(b'c', 'l', 0o777, 1, 'cc')]
    text = tree_list.sums(then)
    record = recorded_trees.plan_record('/t', '/m', now, (text, tree_list.parse(text)))
    assert record.diff == {'before_header': '/m', 'after_header': '/m', 'before': '0644 bb 1 f b\n', 'after': '0755 bb 1 f b\n0777 cc 1 l c\n'}


def test_an_empty_tree_is_recorded_too():
    assert recorded_trees.plan_record('/t', '/m', [], None).text == b''
    assert recorded_trees.plan_record('/t', '/m', [], (b'', {})).text is None
