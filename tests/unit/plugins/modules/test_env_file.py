# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import json
import os
import stat
import tempfile

import pytest
from ansible.module_utils import basic

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers as environment_consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment import made
from ansible_collections.gofleet.golang.plugins.module_utils._environment import paths as environment_paths
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import manifest
from ansible_collections.gofleet.golang.plugins.modules import env_file
from support.units import forked, module_runs

SHIPPED = b'# defaults\nGOPROXY=https://proxy.golang.org,direct\nGOTOOLCHAIN=auto\n'
EVERY = ['login_shell', 'fish', 'user_manager', 'service', 'openrc', 'container']


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch):
    """Skip syncs, because the disk of a shared machine is slow."""
    monkeypatch.setattr(os, 'fsync', lambda handle: None)


@pytest.fixture(autouse=True)
def _every_consumer(monkeypatch):
    monkeypatch.setattr(environment_consumers, 'is_present', lambda consumer, existing: True)


class Machine(object):
    """A host's files, and runs of the module there."""

    def __init__(self, root):
        self.root = root
        self.code = None
        self.log = ''

    def path(self, consumer):
        return self.root.join('files', consumer)

    def options(self, **changes):
        values = {'paths': dict((consumer, str(self.path(consumer))) for consumer in EVERY), 'goroot': str(self.root.join('go'))}
        values.update(changes)
        return dict((key, value) for key, value in values.items() if value is not None)

    def run(self, check_mode=False, ordinary=False, umask=0o022, **changes):
        def before():
            if ordinary:
                os.environ['HOME'] = str(self.root)
                os.environ.pop('XDG_CONFIG_HOME', None)
            else:
                # Not this machine's own.
                environment_paths.lock = lambda account: str(self.root.join('environment.lock'))
                environment_paths.made_folders = lambda account: str(self.root.join('lib', 'gofleet', 'environment', 'made.json'))
            basic.AnsibleModule.log = lambda self, msg, log_args=None: os.write(log.fileno(), repr((msg, log_args)).encode('utf-8'))
        with tempfile.TemporaryFile() as log:
            self.code, result = module_runs.run(
                env_file.main, self.options(**changes), self.root, check_mode=check_mode, diff=True, ordinary=ordinary, umask=umask, before=before)
            log.seek(0)
            self.log = log.read().decode('utf-8')
        return result

    def everything(self):
        """Every file with what an untouched one keeps."""
        found = {}
        for path in self.root.visit():
            status = os.lstat(str(path))
            found[str(path)] = (status.st_ino, status.st_mode, status.st_mtime, status.st_size)
        return found


@pytest.fixture
def machine(tmpdir):
    return Machine(tmpdir.mkdir('machine'))


@pytest.fixture
def go_env(machine):
    """The go.env of a toolchain of ours, to which the link leads."""
    tree = machine.root.ensure('opt', 'go1.30.1', dir=True)
    tree.join('go.env').write_binary(SHIPPED)
    folder = machine.root.ensure('opt', '.gofleet', 'manifests', dir=True)
    manifest.write(str(folder), 'go1.30.1', {'version': '1.30.1', 'goarch': 'amd64', 'files': {}, 'folders': [], 'proof': []}, [])
    machine.root.join('go').mksymlinkto(str(tree))
    return tree.join('go.env')


def actions(result):
    return dict((each['consumer'], each['action']) for each in result['files'])


def test_one_call_writes_every_consumer(machine):
    result = machine.run(consumers=EVERY, variables={'A': 'x y'})
    assert (machine.code, result['changed'], actions(result)) == (0, True, dict.fromkeys(EVERY, 'write'))
    assert [each['variables'] for each in result['files']] == [['A']] * 6
    assert [machine.path(consumer).read().split('\n')[2] for consumer in EVERY] == [
        "A='x y'", "set -gx A 'x y'", 'A="x y"', 'A="x y"', "A='x y'", 'A=x y']


def test_a_second_run_changes_no_file(machine):
    machine.run(consumers=EVERY, variables={'A': 'x'})
    before = machine.everything()
    result = machine.run(consumers=EVERY, variables={'A': 'x'})
    assert (result['changed'], result['plan'], result['diff'], set(actions(result).values())) == (False, [], [], {'none'})
    assert machine.everything() == before


def test_check_mode_changes_nothing_and_returns_the_same_result(machine):
    promised = machine.run(check_mode=True, consumers=EVERY, variables={'A': 'x'})
    assert machine.root.listdir() == []
    done = machine.run(consumers=EVERY, variables={'A': 'x'})
    for key in ('changed', 'plan', 'files', 'diff', 'presets'):
        assert (key, promised[key]) == (key, done[key])


def test_a_file_that_was_edited_is_put_right_and_the_edit_shown(machine):
    machine.run(consumers=['container'], variables={'A': 'x'})
    machine.path('container').write('B=by hand\n', mode='a')
    result = machine.run(consumers=['container'], variables={'A': 'x'})
    assert 'B=by hand' in result['diff'][0]['before']
    assert 'B=by hand' not in result['diff'][0]['after']
    assert 'B=' not in machine.path('container').read()


def test_nothing_is_changed_if_one_file_is_not_ours(machine):
    machine.path('service').write('A=theirs\n', ensure=True)
    before = machine.everything()
    result = machine.run(consumers=EVERY, variables={'A': 'x'})
    assert (machine.code, result['code'], result['evidence']['consumer']) == (1, 'occupied', 'service')
    assert machine.everything() == before


def test_two_consumers_cannot_share_a_file(machine):
    options = {'consumers': ['service', 'container'], 'variables': {'A': 'x'}, 'paths': dict.fromkeys(('service', 'container'), str(machine.path('one')))}
    machine.run(**options)
    assert machine.run(**options)['code'] == 'occupied'


def test_nothing_is_changed_if_a_consumer_cannot_read_a_value(machine):
    result = machine.run(consumers=EVERY, variables={'A': '', 'B': 'x\ny', 'C': 'fine'})
    assert (machine.code, result['code']) == (1, 'unrepresentable')
    found = [(each['variable'], each['consumer'], each['code']) for each in result['evidence']['refused'] if each['consumer'] != 'service']
    assert found == [('A', 'user_manager', 'empty'), ('B', 'user_manager', 'control_character'), ('B', 'container', 'newline')]
    assert machine.root.listdir() == []


def test_all_files_are_removed_except_those_that_are_not_ours(machine):
    machine.run(consumers=EVERY, variables={'A': 'x'})
    machine.path('service').write('A=theirs\n')
    result = machine.run(state='absent')
    assert (result['changed'], machine.run(state='absent')['changed']) == (True, False)
    assert [path.basename for path in machine.root.join('files').listdir()] == ['service']
    assert actions(result)['service'] == 'none'


def test_folders_that_are_still_needed_are_no_reason_to_change(machine):
    machine.run(consumers=['service'], variables={'A': 'x'}, name='other')
    assert machine.root.join('lib').check()
    assert not machine.run(state='absent')['changed']
    machine.run(state='absent', name='other')
    assert machine.root.join('lib').listdir() == []


def test_a_session_without_variables_has_no_file_and_a_service_has_one(machine):
    machine.run(consumers=['login_shell', 'service'], variables={'A': 'x'})
    result = machine.run(consumers=['login_shell', 'service'])
    assert actions(result) == {'login_shell': 'remove', 'service': 'write'}


def test_layers_and_presets_are_merged(machine):
    machine.run(consumers=['container', 'service'], defaults={'GODEBUG': 'gctrace=1', 'A': 'low'}, variables={'A': 'high'}, presets=['http1_client'])
    assert machine.path('service').read().split('\n')[2:4] == ['A="high"', 'GODEBUG="http2client=0,gctrace=1"']


@pytest.mark.parametrize('consumer', EVERY)
def test_an_empty_list_is_in_no_file(machine, consumer):
    result = machine.run(consumers=[consumer], variables={'PATH': [], 'GODEBUG': [], 'GOFLAGS': {'value': []}, 'A': 'x'}, secrets={'GOPRIVATE': []})
    assert [each['variables'] for each in result['files']] == [['A']]
    assert not any(name in machine.path(consumer).read() for name in ('PATH', 'GODEBUG', 'GOFLAGS', 'GOPRIVATE'))


def test_an_empty_list_is_not_in_go_env(machine, go_env):
    result = machine.run(consumers=['login_shell'], level='default', variables={'GOFLAGS': [], 'GOPRIVATE': []})
    assert (machine.code, result['changed'], go_env.read_binary()) == (0, False, SHIPPED)


def test_empty_defaults_are_left_out_with_skip_empty(machine):
    machine.run(consumers=['container'], skip_empty=True, defaults={'GOPROXY': '', 'GOFLAGS': [], 'GOSUMDB': False}, variables={'A': ''},
                owner='', group='', mode='')
    assert machine.path('container').read().split('\n')[2:-1] == ['A=', 'GOSUMDB=off']


def test_go_path_is_the_folder_that_go_toolchain_was_given(machine):
    machine.run(consumers=['service'], presets=['go_path'], bin_dir='/opt/tools/bin')
    assert machine.path('service').read().split('\n')[2].startswith('PATH="/opt/tools/bin:/usr/local/sbin:')
    assert machine.run(consumers=['service'], presets=['go_path'], bin_dir='/a:/b')['code'] == 'bad_path'


def test_nothing_is_changed_if_go_would_refuse_a_value(machine):
    result = machine.run(consumers=EVERY, variables={'GOTOOLCHAIN': '1.26.6', 'A': 'x'})
    assert (machine.code, result['code'], [each['variable'] for each in result['evidence']['refused']]) == (1, 'invalid_go_value', ['GOTOOLCHAIN'])
    assert machine.root.listdir() == []


# ---- secrets


SECRET = u'hu"sh \u20ac\'\\$x'


def test_a_secret_is_in_no_log_and_no_result(machine):
    machine.run(consumers=EVERY, variables={'A': 'x'}, secrets={'TOKEN': 'older-secret', 'LIST': {'type': 'comma_list', 'value': ['part-one', 'part-two']}})
    assert machine.code == 0
    result = machine.run(consumers=EVERY, variables={'A': 'x'}, secrets={'TOKEN': SECRET})
    assert result['changed']
    text = json.dumps(result) + machine.log
    for word in ('hu"sh', 'hu\\', 'older-secret', 'part-one'):
        assert word not in text
    assert 'NOT_LOGGING' in machine.log
    assert u'TOKEN=%s' % SECRET in io.open(str(machine.path('container')), encoding='utf-8').read()


def test_a_secret_that_a_consumer_cannot_read_is_not_shown(machine):
    result = machine.run(consumers=['container'], secrets={'TOKEN': 'hush\nhush'})
    assert result['code'] == 'unrepresentable'
    assert 'hush' not in json.dumps(result) + machine.log


def test_only_files_with_secrets_are_closed(machine):
    machine.run(consumers=['container', 'service'], variables={'A': 'x'}, secrets={'TOKEN': {'value': SECRET, 'consumers': ['service']}}, umask=0)
    assert [stat.S_IMODE(os.stat(str(machine.path(name))).st_mode) for name in ('container', 'service')] == [
        0o644, 0o640 if os.geteuid() == 0 else 0o600]


def test_a_file_that_gets_a_secret_is_closed_with_it(machine):
    machine.run(consumers=['service'], variables={'A': 'x'})
    machine.run(consumers=['service'], secrets={'A': SECRET}, mode='0440')
    assert stat.S_IMODE(os.stat(str(machine.path('service'))).st_mode) == 0o440


# ---- level


def test_level_default_goes_to_go_env_and_keeps_out_of_sessions(machine, go_env):
    result = machine.run(consumers=['login_shell', 'container'], level='default', variables={'GOPROXY': 'off', 'GOMEMLIMIT': '1G'}, secrets={'GOAUTH': SECRET})
    assert actions(result) == {'login_shell': 'write', 'container': 'write', 'go_command': 'write'}
    assert dict((each['consumer'], each['variables']) for each in result['files']) == {
        'login_shell': ['GOAUTH', 'GOMEMLIMIT'], 'container': ['GOAUTH', 'GOMEMLIMIT', 'GOPROXY'], 'go_command': ['GOPROXY']}
    content = go_env.read_binary()
    assert content.endswith(SHIPPED)
    assert b'GOPROXY=off\n' in content[:-len(SHIPPED)]


def test_level_default_converges_and_goes_back(machine, go_env):
    options = {'consumers': ['login_shell'], 'variables': {'GOPROXY': 'off'}}
    assert [machine.run(level='default', **options)['changed'] for dummy in range(2)] == [True, False]
    assert not machine.path('login_shell').check()
    assert actions(machine.run(level='enforced', **options)) == {'login_shell': 'write', 'go_command': 'write'}
    assert go_env.read_binary() == SHIPPED
    assert 'go_command' not in actions(machine.run(level='enforced', **options))
    machine.run(level='default', **options)
    machine.run(state='absent')
    assert go_env.read_binary() == SHIPPED


def test_the_mode_of_go_env_stays(machine, go_env):
    go_env.chmod(0o664)
    machine.run(consumers=['login_shell'], level='default', variables={'GOPROXY': 'off'})
    assert stat.S_IMODE(go_env.stat().mode) == 0o664


@pytest.mark.parametrize('options', [{'state': 'absent'}, {'consumers': ['login_shell'], 'level': 'default', 'variables': {'GOPROXY': 'off'}}])
def test_leftovers_of_a_killed_write_beside_go_env_are_removed(machine, go_env, options):
    """Or the tree would not be the one any more that was proven."""
    machine.run(**options)
    left = go_env.dirpath('go.env.gofleet-new')
    left.write('half')
    assert machine.run(**options)['plan'] == ['remove %s, which a killed run left' % left]
    assert not left.check()
    assert not machine.run(**options)['changed']


def test_a_tree_that_we_did_not_install_is_left_unchanged(machine):
    left = machine.root.ensure('go', 'go.env.gofleet-new')
    assert not machine.run(state='absent')['changed']
    assert left.check()


def test_an_edit_of_go_env_stays_and_one_of_our_block_is_shown(machine, go_env):
    options = {'consumers': ['login_shell'], 'level': 'default', 'variables': {'GOPROXY': 'off'}}
    machine.run(**options)
    go_env.write_binary(go_env.read_binary().replace(b'=off', b'=on') + b'GOFLAGS=-v\n')
    result = machine.run(**options)
    assert 'GOPROXY=on' in result['diff'][0]['before']
    assert go_env.read_binary().endswith(SHIPPED + b'GOFLAGS=-v\n')


def test_level_default_needs_a_toolchain_of_ours_but_in_check_mode(machine):
    options = {'consumers': ['login_shell'], 'level': 'default', 'variables': {'GOPROXY': 'off'}}
    assert machine.run(**options)['code'] == 'no_toolchain'
    assert machine.run(check_mode=True, **options)['changed']
    machine.root.ensure('go', 'go.env')
    assert machine.run(**options)['code'] == 'foreign_toolchain'
    assert machine.run(**dict(options, level='enforced'))['changed']


def test_go_env_refuses_an_empty_value(machine, go_env):
    result = machine.run(consumers=['login_shell'], level='default', variables={'GOPRIVATE': ''})
    assert [(each['consumer'], each['code']) for each in result['evidence']['refused']] == [('go_command', 'empty')]


# ---- an ordinary user


@pytest.fixture
def own(open_folder):
    """A machine that an ordinary user can reach, whose home it is."""
    machine = Machine(open_folder.mkdir('home'))
    forked.give_to_ordinary_user(open_folder)
    return machine


def test_an_ordinary_user_has_files_of_their_own(own):
    result = own.run(ordinary=True, paths=None, variables={'GOPATH': ['~/go']}, secrets={'TOKEN': SECRET})
    assert [(each['path'].replace(str(own.root), '~'), each['mode']) for each in result['files']] == [
        ('~/.config/gofleet/gofleet.sh', '0600'), ('~/.config/fish/conf.d/gofleet.fish', '0600'),
        ('~/.config/environment.d/90-gofleet.conf', '0600')]


def test_a_warning_shows_the_line_that_a_user_needs_in_a_startup_file(own):
    options = {'paths': None, 'consumers': ['login_shell'], 'variables': {'A': 'x'}}
    [warning] = own.run(ordinary=True, **options)['warnings']
    path = str(own.root.join('.config', 'gofleet', 'gofleet.sh'))
    assert '[ -r {0} ] && . {0}'.format(path) in str(warning)
    own.root.join('.profile').write('. "$HOME/.config/gofleet/gofleet.sh"\n')
    assert not own.run(ordinary=True, **options).get('warnings')


def names_below(folder):
    return sorted(path.relto(folder) for path in folder.visit())


def test_nothing_is_left_in_a_home_when_an_environment_goes(own):
    own.run(ordinary=True, paths=None, variables={'A': 'x'})
    assert len(names_below(own.root)) > 3
    assert own.run(ordinary=True, paths=None, state='absent')['changed']
    assert names_below(own.root) == []


def test_folders_that_were_there_stay_when_an_environment_goes(own):
    own.root.ensure('.config', 'environment.d', dir=True)
    forked.give_to_ordinary_user(own.root)
    own.run(ordinary=True, paths=None, variables={'A': 'x'})
    own.run(ordinary=True, paths=None, state='absent')
    assert names_below(own.root) == ['.config', '.config/environment.d']


def test_a_folder_stays_as_long_as_another_environment_needs_it(own):
    for name in ('one', 'other'):
        own.run(ordinary=True, paths=None, name=name, variables={'A': 'x'})
    own.run(ordinary=True, paths=None, name='one', state='absent')
    assert own.root.join('.config', 'fish', 'conf.d', 'other.fish').check()
    own.run(ordinary=True, paths=None, name='other', state='absent')
    assert names_below(own.root) == []


def test_a_consumer_that_is_not_named_any_more_is_reported(own):
    own.run(ordinary=True, paths=None, consumers=['fish', 'container'], variables={'A': 'old'})
    result = own.run(ordinary=True, paths=None, consumers=['fish'], variables={'A': 'new'})
    path = str(own.root.join('.config', 'gofleet', 'gofleet.container.env'))
    assert result['unasked'] == [{'consumer': 'container', 'path': path}]
    assert [path in str(warning) for warning in result['warnings']] == [True]
    own.run(ordinary=True, paths=None, consumers=['container'], state='absent')
    assert own.run(ordinary=True, paths=None, consumers=['fish'], variables={'A': 'new'})['unasked'] == []


@pytest.mark.parametrize('check_mode', [True, False])
@pytest.mark.parametrize('gift', [{'owner': 'root'}, {'group': 'root'}])
def test_an_ordinary_user_cannot_give_a_file_away_and_keeps_the_old_one(own, gift, check_mode):
    forked.require_root()
    own.run(ordinary=True, paths=None, consumers=['fish'], variables={'A': 'old'})
    before = own.everything()
    result = own.run(check_mode, ordinary=True, paths=None, consumers=['fish'], variables={'A': 'new'}, **gift)
    assert (own.code, result['code'], own.everything()) == (1, 'not_privileged', before)


@pytest.mark.parametrize(('line', 'warned'), [('. {0}\n', True), ('[ -r {0} ] && . {0}\n', False)])
def test_a_warning_comes_before_a_removal_that_would_end_logins(own, line, warned):
    own.run(ordinary=True, paths=None, consumers=['login_shell'], variables={'A': 'x'})
    own.root.join('.profile').write(line.format('~/.config/gofleet/gofleet.sh'))
    result = own.run(True, ordinary=True, paths=None, state='absent')
    assert (result['changed'], bool(result.get('warnings'))) == (True, warned)


@pytest.mark.parametrize('check_mode', [True, False])
def test_a_path_that_an_ordinary_user_cannot_write_is_an_error(own, check_mode):
    result = own.run(check_mode, ordinary=True, paths={'service': '/usr/gofleet-test/x'}, consumers=['service'], variables={'A': 'x'})
    assert (own.code, result['code'], result['evidence']['path']) == (1, 'not_writable', '/usr')


@pytest.mark.parametrize(('options', 'code'), [
    ({'name': '../x'}, 'invalid_environment_name'), ({'variables': {'1': 'x'}}, 'invalid_name'), ({'variables': {'GOROOT': '/x'}}, 'goroot_forced'),
    ({'variables': {'A': True}}, 'ambiguous_value'), ({'name': False}, 'ambiguous_value'), ({'owner': True}, 'ambiguous_value'),
    ({'paths': {'service': '/etc/environment'}, 'consumers': ['service']}, 'foreign_file'),
    ({'mode': 644}, 'bad_mode'), ({'owner': 'no-such-user'}, 'unknown_owner'),
])
def test_bad_input_is_an_error_with_a_code(machine, options, code):
    result = machine.run(**dict({'consumers': ['login_shell']}, **options))
    assert (machine.code, result.get('code')) == (1, code)
    assert machine.root.listdir() == []


def test_a_failure_after_the_files_were_changed_names_them(machine, monkeypatch):
    def fail(path, dummy_lock):
        raise OSError(errno.EIO, 'Input/output error', path)
    monkeypatch.setattr(made, 'remove_empty', fail)
    result = machine.run(variables={'A': '1'}, consumers=['service'])
    assert (result['failed'], result['code'], result['changed']) == (True, 'io_error', True), result
    assert result['evidence']['changed'] == [str(machine.path('service'))]
    assert 'All files are as wanted' in result['msg']
    assert machine.path('service').check(file=1)
