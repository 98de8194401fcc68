# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import model, observe, render
from ansible_collections.gofleet.golang.plugins.module_utils._environment.render import Setting
from ansible_collections.gofleet.golang.plugins.module_utils._environment.state import Account, Host, Target, Wanted
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain.paths import Paths

MINE = render.marker('e', 'container')


def content(secrets=None, **variables):
    return render.rendered('e', model.variables_of([variables], secrets or {}), 'container', Setting(None, False))


@pytest.mark.parametrize('make', [
    lambda path, ours: path.mksymlinkto(str(ours)), lambda path, ours: path.mksymlinkto('nowhere'), lambda path, ours: path.mkdir(),
    lambda path, ours: os.mkfifo(str(path)),
])
def test_only_a_plain_file_can_be_ours(tmpdir, make):
    ours = tmpdir.join('ours')
    ours.write_binary(content(A=u'1'))
    make(tmpdir.join('file'), ours)
    assert observe.file(str(tmpdir.join('file')), MINE).kind == 'foreign'


def owner_ids(owner, group):
    found = observe.host({'owner': owner, 'group': group, 'paths': {}, 'state': 'absent', 'presets': []})
    return found.uid, found.gid


def test_owners_are_names_or_numbers(error_of):
    assert owner_ids('root', '5') == (0, 5)
    assert owner_ids(None, None) == (None, None)
    assert error_of(owner_ids, 'no-such-user', None).code == 'unknown_owner'
    assert error_of(owner_ids, None, 'no-such-group').evidence == {'name': 'no-such-group'}


# ---- what is read


OPTIONS = {'owner': None, 'group': None, 'paths': {}, 'goroot': None, 'state': 'present', 'presets': []}
USER = Account(1000, '/home/u', '/home/u/.config', '/bin/sh')
ROOT = Account(0, '/root', None, '')


def sources(account, consumer, path, state='present', **options):
    target = Target('e', state, [Wanted(consumer, path, None, None, None, None)], None, {}, [], [])
    host = Host(account, frozenset(), None, {}, None, None, Paths('/opt/go', '/usr/local/go', '/usr/local/bin'))
    return [(source.kind, source.path) for source in observe.sources(target, dict(OPTIONS, **options), host)]


def test_root_reads_the_wanted_file_and_the_toolchain_and_the_usual_files_of_other_consumers():
    assert sources(ROOT, 'service', '/etc/gofleet/e.env') == [
        ('file', '/etc/gofleet/e.env'), ('go_env', '/usr/local/go'), ('unasked', '/etc/profile.d/e.sh'), ('unasked', '/etc/fish/conf.d/e.fish'),
        ('unasked', '/etc/environment.d/90-e.conf'), ('unasked', '/etc/conf.d/e'), ('unasked', '/etc/gofleet/e.container.env')]


def test_an_ordinary_user_reads_no_file_of_openrc_but_startup_files():
    found = sources(USER, 'login_shell', '/home/u/.config/gofleet/e.sh', goroot='/home/u/go')
    assert [source for source in found if source[0] != 'unasked'] == [
        ('file', '/home/u/.config/gofleet/e.sh'), ('go_env', '/home/u/go'), ('login', '/home/u')]
    assert [path for kind, path in found if kind == 'unasked' and 'conf.d/e' in path] == ['/home/u/.config/fish/conf.d/e.fish']


def test_a_removal_reads_the_folders_of_this_collection():
    assert sources(ROOT, 'service', '/etc/gofleet/e.env', 'absent')[2:] == [
        ('own_folder', '/etc/gofleet'), ('own_folder', '/run/gofleet'), ('own_folder', '/var/lib/gofleet'), ('own_folder', '/var/lib/gofleet/environment'),
        ('made_folders', '/var/lib/gofleet/environment/made.json')]


def test_the_resolver_is_read_for_its_preset_only():
    assert [source.kind for source in observe.host_sources(OPTIONS) if source.kind != 'exists'] == []
    options = dict(OPTIONS, presets=['pure_go_resolver'], paths={'fish': '/x/e.fish', 'service': None})
    assert [(source.kind, source.path) for source in observe.host_sources(options) if source.kind != 'exists'] == [
        ('real_path', '/x/e.fish'), ('resolver', '/etc/nsswitch.conf')]
    assert observe.host_sources(dict(OPTIONS, state='absent')) == []
