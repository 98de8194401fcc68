# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import tree_list as tree_manifest
from ansible_collections.gofleet.golang.plugins.module_utils._proof import trees

DIGEST = 'ab' * 32
OTHER = 'cd' * 32


def entry(path, kind='f', mode=0o644, size=1, sha256=DIGEST):
    return trees.Entry(path, kind, mode, size, sha256)


def listed(*entries):
    return dict((each.path, each) for each in entries)


# ---- the lines


def test_names_cannot_break_the_lines_of_a_list():
    entries = [trees.Entry(name, 'f', 0o644, 0, '00') for name in (b'a\nb', b'a\\nb', b'\xff')]
    assert tree_manifest.sums(entries) == b'0644 00 0 f a\\nb\n0644 00 0 f a\\\\nb\n0644 00 0 f \xff\n'


@pytest.mark.parametrize('path', [
    b'a', b' a', b'a ', b'a\nb', b'a\\nb', b'\\', b'\n', b'\\\n\\', b'\xff\xfe', b'a\rb', b'a\tb', b'a/b/c', b'f f', u'\xc4\u2028'.encode('utf-8'), b'a\r',
])
def test_what_is_written_is_read(path):
    entries = [entry(path), entry(b'z' + path, 'l', 0o777), entry(b'y' + path, mode=0o4755, size=1 << 40)]
    assert tree_manifest.parse(tree_manifest.sums(entries)) == listed(*entries)


def test_a_tree_without_files_has_an_empty_list():
    assert tree_manifest.parse(tree_manifest.sums([])) == {}


GOOD = '0644 %s 1 f a\n' % DIGEST


@pytest.mark.parametrize(('text', 'line'), [
    (GOOD[:-1], 1), (GOOD + GOOD.replace(' a\n', ' b'), 2), ('\n', 1), (GOOD + '\n', 2), (GOOD + 'x\n', 2), (GOOD.replace('0644', '644'), 1),
    (GOOD.replace('0644', '0648'), 1), (GOOD.replace('ab', 'AB'), 1), (GOOD.replace(' 1 ', ' -1 '), 1), (GOOD.replace(' f ', ' d '), 1),
    (GOOD.replace(' a\n', ' \n'), 1), (GOOD.replace(' a\n', ' a\\b\n'), 1), (GOOD.replace(' a\n', ' a\\\n'), 1), (GOOD.replace(' a\n', ' a\0b\n'), 1),
    (GOOD + GOOD, 2), (GOOD.replace(' 1 ', ' %s ' % ('9' * 20)), 1), ('<html>\n', 1), (DIGEST + '  a\n', 1),
])
def test_an_invalid_line_is_refused_with_its_number(text, line):
    with pytest.raises(GofleetError) as refused:
        tree_manifest.parse(text.encode('ascii'))
    assert (refused.value.code, refused.value.evidence['line']) == ('bad_manifest', line)


# ---- differences


def test_equal_trees_do_not_differ():
    same = [entry(b'a'), entry(b'l', 'l')]
    found = tree_manifest.differences(listed(*same), same)
    assert (any(found), tree_manifest.in_words(found)) == (False, None)


@pytest.mark.parametrize(('field', 'now'), [
    ('changed', [entry(b'a', sha256=OTHER)]),
    ('changed', [entry(b'a', 'l')]),
    ('changed', [entry(b'a', '?', sha256='')]),
    ('missing', []),
    ('extra', [entry(b'a'), entry(b'b')]),
    ('extra', [entry(b'a'), entry(b'b', '?', sha256='')]),
    ('mode', [entry(b'a', mode=0o4644)]),
])
def test_each_difference_has_its_name(field, now):
    found = tree_manifest.differences(listed(entry(b'a')), now)
    expected = ['b' if field == 'extra' else 'a']
    assert found._asdict() == dict({'changed': [], 'missing': [], 'extra': [], 'mode': []}, **{field: expected})


def test_a_file_that_became_a_link_counts_as_changed():
    found = tree_manifest.differences(listed(entry(b'a', mode=0o600)), [entry(b'a', 'l', 0o777)])
    assert (found.changed, found.mode) == (['a'], [])


def test_content_and_mode_may_both_differ():
    found = tree_manifest.differences(listed(entry(b'a')), [entry(b'a', mode=0o600, sha256=OTHER)])
    assert (found.changed, found.mode) == (['a'], ['a'])


def test_names_are_sorted_and_native():
    found = tree_manifest.differences({}, [entry(b'b'), entry(b'\xff'), entry(b'a')])
    assert found.extra == ['a', 'b', to_native(b'\xff')]


def test_differences_are_summarised_in_a_short_text():
    found = tree_manifest.Differences(['a', 'b', 'c'], [], ['d'], [])
    assert tree_manifest.in_words(found) == 'changed: a and 2 more; extra: d'


def test_files_that_users_may_edit_are_not_reported():
    found = tree_manifest.Differences(['go.env'], [], [], ['go.env'])
    assert tree_manifest.in_words(found, [('changed', 'go.env')]) == 'mode: go.env'
    assert tree_manifest.in_words(tree_manifest.Differences(['go.env'], [], [], []), [('changed', 'go.env')]) is None


def test_a_result_has_so_many_names_and_the_count_of_all():
    found = tree_manifest.Differences(['a', 'b', 'c'], ['d'], [], [])
    assert tree_manifest.shortened(found, 2) == {'changed': ['a', 'b'], 'missing': ['d'], 'extra': [], 'mode': [], 'count': 4}
