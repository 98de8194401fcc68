# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

import pytest
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from support.units import tiny_trees

NAME = 'go1.30.1'
PROOF = [{'kind': 'index', 'sha256': 'ab'}]
TREE = tiny_trees.tree_of('1.30.1', 'amd64')


def described(root):
    entries = trees.walk_tree(root)
    return dict(manifest.describe(root, entries), version='1.30.1', goarch='amd64', proof=PROOF), entries


@pytest.fixture
def root(tmpdir):
    tiny_trees.write_tree(tmpdir.join(NAME), TREE)
    return str(tmpdir.join(NAME))


@pytest.fixture
def folder(tmpdir, root):
    """A folder with the manifest of the tree at root."""
    folder = str(tmpdir.mkdir('manifests'))
    manifest.write(folder, NAME, *described(root))
    return folder


def rewrite(folder, **changes):
    path = os.path.join(folder, NAME + '.json')
    with open(path) as source:
        content = json.load(source)
    with open(path, 'w') as target:
        json.dump(dict(content, **changes), target)


# ---- writing and reading


def test_what_is_written_is_read(folder, root):
    assert manifest.read(folder, NAME) == dict(described(root)[0], format=manifest.FORMAT)


def test_a_tree_without_a_manifest_has_none(folder):
    assert manifest.read(folder, 'go1.30.2') is None


def test_the_sums_are_written_before_what_makes_the_tree_proven(tmpdir, root, monkeypatch):
    written = []
    monkeypatch.setattr(manifest.transaction, 'write_file', lambda path, content: written.append(os.path.basename(path)))
    manifest.write(str(tmpdir), NAME, *described(root))
    assert written == [NAME + '.sums', NAME + '.json']


def test_what_proves_is_removed_before_the_sums(folder, monkeypatch):
    removed = []
    monkeypatch.setattr(manifest.transaction, 'remove_file', lambda path: removed.append(os.path.basename(path)))
    manifest.remove(folder, NAME)
    assert removed == [NAME + '.json', NAME + '.sums']


def test_a_removed_manifest_leaves_nothing(folder):
    manifest.remove(folder, NAME)
    assert os.listdir(folder) == []


def test_the_sums_have_a_line_for_each_file(folder, root):
    with open(os.path.join(folder, NAME + '.sums')) as source:
        lines = source.read().splitlines()
    assert len(lines) == len(TREE)
    assert '0755 %s %d f bin/go' % (tiny_trees.sha256(TREE['bin/go']), len(TREE['bin/go'])) in lines


def test_the_manifest_keeps_the_digest_of_its_sums(folder):
    with open(os.path.join(folder, NAME + '.sums'), 'rb') as source:
        assert manifest.read(folder, NAME)['sums_sha256'] == tiny_trees.sha256(source.read())


def test_the_manifest_counts_files_and_bytes(root):
    content = described(root)[0]
    assert (content['count'], content['bytes']) == (len(TREE), sum(map(len, TREE.values())))


def test_programs_tools_and_the_version_are_what_each_run_looks_at(root):
    assert sorted(described(root)[0]['files']) == ['VERSION', 'bin/go', 'bin/gofmt', 'pkg/tool/linux_amd64/compile']


def test_folders_are_looked_at_two_levels_deep(root):
    os.makedirs(os.path.join(root, 'src/a/b'))
    assert described(root)[0]['folders'] == [
        'api', 'bin', 'doc', 'lib', 'lib/time', 'lib/wasm', 'misc', 'pkg', 'pkg/tool', 'src', 'src/a', 'src/cmd', 'src/fmt', 'test']


def test_a_link_to_a_folder_is_no_folder(root):
    os.symlink('src', os.path.join(root, 'source'))
    assert 'source' not in described(root)[0]['folders']


# ---- names


def test_trees_are_known_by_either_of_their_files(tmpdir):
    for name in ('go1.30.1.json', 'go1.30.1.sums', 'go1.30.2.sums', 'go1.30.3-2.json', 'go1.30.4.json.gofleet-new', 'README'):
        tmpdir.join(name).write('')
    assert manifest.names(str(tmpdir)) == ['go1.30.1', 'go1.30.2', 'go1.30.3-2']


def test_without_a_folder_there_are_no_names(tmpdir):
    assert manifest.names(str(tmpdir.join('missing'))) == []


# ---- damage


@pytest.mark.parametrize('content', [
    b'', b'{', b'null', b'[]', b'7', b'"text"', b'{}', b'\xff\xfe', b'{"format": 1}', b'not json', b'\0' * 100,
])
def test_a_manifest_that_this_collection_cannot_have_written_is_invalid(folder, content):
    with open(os.path.join(folder, NAME + '.json'), 'wb') as target:
        target.write(content)
    assert manifest.read(folder, NAME) is None


@pytest.mark.parametrize('key', ['version', 'goarch', 'files', 'folders', 'proof', 'format'])
def test_an_incomplete_manifest_is_invalid(folder, key):
    path = os.path.join(folder, NAME + '.json')
    with open(path) as source:
        content = json.load(source)
    del content[key]
    with open(path, 'w') as target:
        json.dump(content, target)
    assert manifest.read(folder, NAME) is None


@pytest.mark.parametrize(('key', 'value'), [
    ('format', 'one'), ('format', None), ('version', 1.3), ('version', None), ('version', 'x'), ('files', []), ('files', None),
    ('folders', 7), ('folders', [7]),
])
def test_a_manifest_with_wrong_types_is_invalid(folder, key, value):
    rewrite(folder, **{key: value})
    assert manifest.read(folder, NAME) is None


def test_a_newer_format_is_refused_and_not_taken_for_damage(folder):
    rewrite(folder, format=manifest.FORMAT + 1)
    with pytest.raises(GofleetError) as caught:
        manifest.read(folder, NAME)
    assert caught.value.code == 'manifest_newer'
    assert 'Update the collection' in caught.value.msg


def test_a_newer_format_may_lack_what_this_one_has(folder):
    with open(os.path.join(folder, NAME + '.json'), 'w') as target:
        json.dump({'format': manifest.FORMAT + 1, 'other': True}, target)
    with pytest.raises(GofleetError):
        manifest.read(folder, NAME)


# ---- what is wrong with a tree


def problem(folder, root):
    content = manifest.read(folder, NAME)
    return manifest.problem(content, manifest.evidence(root, content['files'], content['folders']))


def test_a_tree_as_it_was_installed_has_no_problem(folder, root):
    assert problem(folder, root) is None


@pytest.mark.parametrize('name', ['VERSION', 'bin/go', 'bin/gofmt', 'pkg/tool/linux_amd64/compile'])
def test_a_missing_file_is_named(folder, root, name):
    os.unlink(os.path.join(root, name))
    assert problem(folder, root) == name + ' is missing'


@pytest.mark.parametrize('name', ['VERSION', 'bin/go', 'pkg/tool/linux_amd64/compile'])
def test_a_file_of_another_size_is_named(folder, root, name):
    path = os.path.join(root, name)
    status = os.stat(path)
    with open(path, 'ab') as target:
        target.write(b'x')
    os.utime(path, (status.st_atime, status.st_mtime))
    assert problem(folder, root) == name + ' is not the file that was installed'


def test_a_file_of_another_time_is_named(folder, root):
    os.utime(os.path.join(root, 'bin/go'), (0, 1000))
    assert problem(folder, root) == 'bin/go is not the file that was installed'


def test_fractions_of_a_second_do_not_matter(folder, root):
    path = os.path.join(root, 'bin/go')
    os.utime(path, (0, int(os.stat(path).st_mtime)))
    assert problem(folder, root) is None


@pytest.mark.parametrize('name', ['src', 'src/fmt', 'lib/time', 'test'])
def test_a_missing_folder_is_named(folder, root, name):
    os.rename(os.path.join(root, name), os.path.join(root, 'elsewhere'))
    assert problem(folder, root) == name + ' is missing'


@pytest.mark.parametrize('name', ['bin', 'pkg'])
def test_a_file_where_a_folder_was_is_a_problem(folder, root, name):
    os.rename(os.path.join(root, name), os.path.join(root, 'elsewhere'))
    with open(os.path.join(root, name), 'w'):
        pass
    assert problem(folder, root).endswith(' is missing')


def test_a_tree_that_is_gone_is_a_problem(folder, root):
    os.rename(root, root + '.gone')
    assert problem(folder, root) == 'VERSION is missing'


def test_a_path_beyond_ascii_is_read_back(tmpdir):
    root = to_native(os.path.join(str(tmpdir).encode('utf-8'), u'g\xf6'.encode('utf-8')))
    tiny_trees.write_tree(root, TREE)
    manifests = to_native(os.path.join(str(tmpdir).encode('utf-8'), u'm\xe4'.encode('utf-8')))
    os.mkdir(manifests)
    manifest.write(manifests, NAME, *described(root))
    assert problem(manifests, root) is None
