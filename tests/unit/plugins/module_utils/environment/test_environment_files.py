# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat

import pytest
from ansible.module_utils.common.text.converters import to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import files as environment_files
from ansible_collections.gofleet.golang.plugins.module_utils._environment import model as environment
from ansible_collections.gofleet.golang.plugins.module_utils._environment import render as environment_render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.files import Seen, Wanted
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting
from support.units import forked

MINE = environment_render.marker('e', 'container')


def content(secrets=None, **variables):
    return environment_render.rendered('e', environment.variables_of([variables], secrets or {}), 'container', Setting(None, False))


ONE = content(A=u'1')


def wanted(path, text=ONE, mode=0o644, uid=None, gid=None):
    return Wanted('container', str(path), text, mode, uid, gid)


def seen(path):
    return environment_files.observe(str(path), MINE)


def converge(what):
    steps = environment_files.plan(what, seen(what.path))
    environment_files.apply(steps, os.path.join(os.path.dirname(what.path), 'made', 'made.json'))
    return [step.action for step in steps]


def test_a_file_is_written_once(tmpdir):
    what = wanted(tmpdir.join('deep', 'er', 'file'))
    assert (converge(what), converge(what)) == (['write'], [])
    assert tmpdir.join('deep', 'er', 'file').read_binary() == what.content


def test_mode_and_owner_are_kept_to(tmpdir):
    what = wanted(tmpdir.join('file'), mode=0o640, uid=os.getuid(), gid=os.getgid())
    assert converge(what) == ['write']
    os.chmod(what.path, 0o666)
    assert (converge(what), converge(what)) == (['adjust'], [])
    assert stat.S_IMODE(os.stat(what.path).st_mode) == 0o640


def test_a_new_content_keeps_the_owner_that_nobody_asked_about(tmpdir):
    if os.geteuid() != 0:
        pytest.skip('not required: only root can give a file away')
    what = wanted(tmpdir.join('file'))
    converge(what)
    os.chown(what.path, 12, 34)
    assert converge(what._replace(content=content(A=u'2'))) == ['write']
    assert (os.stat(what.path).st_uid, os.stat(what.path).st_gid) == (12, 34)


def test_what_a_write_that_failed_has_left_is_removed(tmpdir, monkeypatch):
    what = wanted(tmpdir.join('file'))

    def full(dummy):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError) as caught:
        converge(what)
    assert (caught.value.errno, tmpdir.listdir()) == (errno.ENOSPC, [])


@pytest.mark.parametrize('text', [
    b'', b'A=1\n', b'# gofleet.golang environment other for container\n', b'# gofleet.golang environment e for service\n', MINE.encode() + b' or so\n',
    b'\n' + MINE.encode() + b'\n',
])
def test_what_does_not_say_that_it_is_ours_is_in_the_way_and_stays(tmpdir, error_of, text):
    path = tmpdir.join('file')
    path.write_binary(text)
    error = error_of(environment_files.plan, wanted(path), seen(path))
    assert (error.code, error.evidence) == ('occupied', {'path': str(path), 'consumer': 'container'})
    assert environment_files.plan(wanted(path, None), seen(path)) == []


@pytest.mark.parametrize('make', [
    lambda path, ours: path.mksymlinkto(str(ours)), lambda path, ours: path.mksymlinkto('nowhere'), lambda path, ours: path.mkdir(),
    lambda path, ours: os.mkfifo(str(path)),
])
def test_only_a_plain_file_can_be_ours(tmpdir, make):
    ours = tmpdir.join('ours')
    ours.write_binary(content(A=u'1'))
    make(tmpdir.join('file'), ours)
    assert seen(tmpdir.join('file')).kind == 'foreign'


def test_a_file_of_ours_is_removed(tmpdir):
    converge(wanted(tmpdir.join('file')))
    gone = wanted(tmpdir.join('file'), None)
    assert (converge(gone), converge(gone), tmpdir.listdir()) == (['remove'], [], [])


def test_what_a_killed_run_left_is_removed(tmpdir):
    converge(wanted(tmpdir.join('file')))
    tmpdir.join('file.gofleet-new').write('half')
    tmpdir.join('other.gofleet-new').write('somebody else')
    assert converge(wanted(tmpdir.join('file'))) == ['clean']
    assert sorted(path.basename for path in tmpdir.listdir()) == ['file', 'other.gofleet-new']


@pytest.mark.parametrize('path', ['/etc/environment', '/etc/profile', '/etc/sysctl.conf'])
def test_files_of_the_system_are_never_written(error_of, path):
    assert error_of(environment_files.path_of, 'service', 'e', path).code == 'foreign_file'


def test_a_link_to_a_file_of_the_system_is_seen_through(tmpdir, error_of):
    tmpdir.join('link').mksymlinkto('/etc/environment')
    assert error_of(environment_files.path_of, 'service', 'e', str(tmpdir.join('link'))).code == 'foreign_file'


@pytest.mark.parametrize('path', ['relative', '/a/../b', '/a//b', '/a/'])
def test_a_path_is_plain_and_absolute(error_of, path):
    assert error_of(environment_files.path_of, 'service', 'e', path).code == 'bad_path'


@pytest.mark.parametrize('name', ['', '.e', 'a/b', '../e', 'a b', u'\u00e4', 'e\n', '-e'])
def test_a_name_that_would_lead_elsewhere_is_refused(error_of, name):
    assert error_of(environment_files.check_name, name).code == 'invalid_environment_name'


def test_root_and_others_have_their_own_places(monkeypatch, error_of):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert environment_files.path_of('login_shell', 'e', None) == '/etc/profile.d/e.sh'
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.delenv('XDG_CONFIG_HOME', raising=False)
    monkeypatch.setenv('HOME', '/home/u')
    assert environment_files.path_of('user_manager', 'e', None) == '/home/u/.config/environment.d/90-e.conf'
    monkeypatch.setenv('XDG_CONFIG_HOME', '/elsewhere')
    assert environment_files.path_of('fish', 'e', None) == '/elsewhere/fish/conf.d/e.fish'
    assert error_of(environment_files.path_of, 'openrc', 'e', None).code == 'no_user_level'


@pytest.mark.parametrize(('given', 'secrets', 'uid', 'mode'), [
    (None, False, 0, 0o644), (None, True, 0, 0o640), (None, True, 1000, 0o600), ('0600', False, 0, 0o600), ('440', True, 0, 0o440),
])
def test_secrets_are_not_for_everybody(monkeypatch, given, secrets, uid, mode):
    monkeypatch.setattr(os, 'geteuid', lambda: uid)
    assert environment_files.mode_of(given, secrets) == mode


@pytest.mark.parametrize(('given', 'secrets'), [
    (640, False), ('0o640', False), ('u=rw', False), ('4755', False), ('0644', True), ('641', True), ('888', False),
])
def test_a_mode_that_is_none_or_too_open_is_refused(error_of, given, secrets):
    assert error_of(environment_files.mode_of, given, secrets).code == 'bad_mode'


def test_owners_are_names_or_numbers(error_of):
    assert environment_files.owner_ids('root', '5') == (0, 5)
    assert environment_files.owner_ids(None, None) == (None, None)
    assert error_of(environment_files.owner_ids, 'no-such-user', None).code == 'unknown_owner'
    assert error_of(environment_files.owner_ids, None, 'no-such-group').evidence == {'name': 'no-such-group'}


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_changes(open_folder, error_of):
    steps = environment_files.plan(wanted(open_folder.join('x', 'file')), seen(open_folder.join('x', 'file')))

    def refusal():
        error = error_of(environment_files.check_writable, steps)
        return error.code, error.evidence
    assert forked.as_ordinary_user(refusal) == ('not_writable', {'path': str(open_folder), 'uid': forked.NOBODY if os.geteuid() == 0 else os.geteuid()})


# ---- diff


def ours(text, mode=0o644):
    return Seen('/p', 'ours', text, mode, 0, 0, [], None)


def test_a_diff_shows_what_somebody_edited():
    edited = content(A=u'1') + b'B=by hand\n'
    shown = environment_files.diff(wanted('/p'), ours(edited), [])
    assert (shown['before'], shown['after']) == (edited.decode(), content(A=u'1').decode())


def test_a_diff_of_modes_says_them():
    shown = environment_files.diff(wanted('/p', mode=0o640), ours(content(A=u'1')), [])
    assert (shown['before_header'], shown['after_header']) == ('/p (mode 0644)', '/p (mode 0640)')


def test_a_diff_ends_before_the_secrets_and_says_that_they_change():
    old, new = content({'S': u'old-one\nA=2'.replace(u'\n', u' ')}, A=u'1'), content({'S': u'new-one'}, A=u'1')
    shown = environment_files.diff(wanted('/p', new), ours(old), ['S'])
    assert 'one' not in shown['before'] + shown['after']
    assert (shown['before'][-12:], shown['after'][-24:]) == ('(not shown)\n', '(not shown; it changes)\n')
    assert environment_files.diff(wanted('/p', old), ours(old), ['S'])['after'].endswith('(not shown)\n')


def test_a_diff_of_other_letters_is_text_on_every_python():
    shown = environment_files.diff(wanted('/p', content({'S': u'\u20ac'}, A=u'\u20ac')), ours(content({'S': u'x'}, A=u'\u20ac\u017e')), ['S'])
    assert u'A=\u20ac\u017e\n' in to_text(shown['before'])
    assert isinstance(shown['before'], str)


def test_a_diff_does_not_show_what_was_open_and_is_a_secret_now():
    shown = environment_files.diff(wanted('/p', content({'S': u'hidden'})), ours(content(S=u'hidden')), ['S'])
    assert 'hidden' not in shown['before'] + shown['after']


def test_a_diff_does_not_show_what_was_a_secret_and_is_gone():
    shown = environment_files.diff(wanted('/p', content(A=u'1')), ours(content({'S': u'hidden'})), [])
    assert 'hidden' not in shown['before'] + shown['after']
    assert 'hidden' not in environment_files.diff(wanted('/p', None), ours(content({'S': u'hidden'})), [])['before']
