# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import model, render, report
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Seen, Wanted


def content(secrets=None, **variables):
    return render.rendered('e', model.variables_of([variables], secrets or {}), 'container', Setting(None, False))


ONE = content(A=u'1')


def wanted(path, text=ONE, mode=0o644, uid=None, gid=None):
    return Wanted('container', str(path), text, mode, uid, gid)


def ours(text, mode=0o644):
    return Seen('/p', 'ours', text, mode, 0, 0, [], None)


def test_a_diff_shows_a_manual_edit():
    edited = content(A=u'1') + b'B=by hand\n'
    shown = report.diff(wanted('/p'), ours(edited), [])
    assert (shown['before'], shown['after']) == (edited.decode(), content(A=u'1').decode())


def test_a_diff_of_modes_shows_both_modes():
    shown = report.diff(wanted('/p', mode=0o640), ours(content(A=u'1')), [])
    assert (shown['before_header'], shown['after_header']) == ('/p (mode 0644)', '/p (mode 0640)')


def test_a_diff_ends_before_the_secrets_and_says_that_they_change():
    old, new = content({'S': u'old-one\nA=2'.replace(u'\n', u' ')}, A=u'1'), content({'S': u'new-one'}, A=u'1')
    shown = report.diff(wanted('/p', new), ours(old), ['S'])
    assert 'one' not in shown['before'] + shown['after']
    assert (shown['before'][-12:], shown['after'][-24:]) == ('(not shown)\n', '(not shown; it changes)\n')
    assert report.diff(wanted('/p', old), ours(old), ['S'])['after'].endswith('(not shown)\n')


def test_a_diff_of_other_letters_is_text_on_every_python():
    shown = report.diff(wanted('/p', content({'S': u'\u20ac'}, A=u'\u20ac')), ours(content({'S': u'x'}, A=u'\u20ac\u017e')), ['S'])
    assert u'A=\u20ac\u017e\n' in to_text(shown['before'])
    assert isinstance(shown['before'], str)


def test_a_diff_does_not_show_a_variable_that_became_a_secret():
    shown = report.diff(wanted('/p', content({'S': u'hidden'})), ours(content(S=u'hidden')), ['S'])
    assert 'hidden' not in shown['before'] + shown['after']


def test_a_diff_does_not_show_a_removed_secret():
    shown = report.diff(wanted('/p', content(A=u'1')), ours(content({'S': u'hidden'})), [])
    assert 'hidden' not in shown['before'] + shown['after']
    assert 'hidden' not in report.diff(wanted('/p', None), ours(content({'S': u'hidden'})), [])['before']
