# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import keys
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted


@pytest.mark.parametrize(('text', 'spelled', 'in_file'), [
    ('net.core.somaxconn', 'net.core.somaxconn', 'net.core.somaxconn'),
    ('net/core/somaxconn', 'net.core.somaxconn', 'net.core.somaxconn'),
    ('net/ipv4/conf/eth0.100/rp_filter', 'net.ipv4.conf.eth0/100.rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'),
    ('net.ipv4.conf.eth0/100.rp_filter', 'net.ipv4.conf.eth0/100.rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'),
    ('net.ipv4.conf.br-1f2e.rp_filter', 'net.ipv4.conf.br-1f2e.rp_filter', 'net.ipv4.conf.br-1f2e.rp_filter'),
])
def test_every_spelling_of_a_key_gives_the_same_key(text, spelled, in_file):
    parts = keys.parse_key(text)
    assert (keys.spell(parts), keys.spell_in_file(parts)) == (spelled, in_file)
    assert keys.parse_key(spelled) == keys.parse_key(in_file) == parts


@pytest.mark.parametrize('text', [
    '', 'somaxconn', 'net..core', '.net.core', 'net.core.', '/net/core', '../etc/passwd', 'net/../../etc/passwd', 'net/./core', 'net.core.so maxconn',
    'net.ipv4.conf.*.rp_filter', 'net.core.somaxconn=1', 'net.core.x\ny', 'net.core.\0', 'net.core.[ab]', 'net.ipv4.conf.//etc.x', 'net.//.x',
])
def test_an_invalid_key_is_refused(text, error_of):
    error = error_of(keys.parse_key, text)
    assert (error.code, error.evidence) == ('invalid_key', {'key': text})


def test_lines_are_read_as_sysctl_d_describes_them():
    text = '\n'.join([
        '# net.core.a = 1', ' ; net.core.b = 1', '', 'net.core.c=1', '  net.core.d =  1\t2  3 ', '-net.core.e = 1', 'net/ipv4/conf/eth0.1/f = 1',
        'net.ipv4.conf.*.g = 1', '-net.core.h', 'net.core.i', 'net.core.j =', 'net.core.k = a=b', '/proc/sys/net/core/l = 1'])
    assert [(each.key, each.value) for each in keys.assignments('x', text)] == [
        ('net.core.c', '1'), ('net.core.d', '1 2 3'), ('net.core.e', '1'), ('net.ipv4.conf.eth0/1.f', '1'), ('net.core.j', ''), ('net.core.k', 'a=b'),
        ('net.core.l', '1')]


def test_values_are_normalised_without_the_tabs_of_the_kernel():
    assert keys.normal('4096\t131072\t 6291456\n') == '4096 131072 6291456'


@pytest.mark.parametrize('space', [u'\xa0', u'\x85', u'\u2028', u'\x1c'])
def test_every_python_counts_the_same_characters_as_whitespace(space):
    # A controller on Python 3 decides for hosts on Python 2.
    value = to_native(u'4096%s1' % space)
    assert [each.value for each in keys.assignments('x', 'net.core.a = %s\n' % value)] == [value]
    assert (keys.normal(value), sysctl_wanted.numbers(value)) == (value, None)


def test_a_form_feed_ends_no_line():
    assert [(each.key, each.value) for each in keys.assignments('x', 'net.core.a = 1\x0c# 2\r\nnet.core.b = 2\rnet.core.c = 3')] == [
        ('net.core.a', '1 # 2'), ('net.core.b', '2'), ('net.core.c', '3')]


@pytest.mark.parametrize('key', ['net.core.somaxconn\n', 'net.core\n.somaxconn', 'x\n.kernel.core_pattern', 'net/core\n/somaxconn', 'net.core.somaxconn\r'])
def test_a_key_with_a_line_break_is_refused(key):
    # Its second line would be a line of the drop-in and set another key.
    with pytest.raises(GofleetError) as refused:
        keys.parse_key(key)
    assert refused.value.code == 'invalid_key'
