# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import apply, plan
from support.units import forked
from support.units.environment_files import content, seen, wanted


def converge(what):
    steps = plan.file_steps(what, seen(what.path))
    apply.apply(steps, os.path.join(os.path.dirname(what.path), 'made', 'made.json'))
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


def test_a_new_content_keeps_the_owner_if_no_other_is_wanted(tmpdir):
    if os.geteuid() != 0:
        pytest.skip('not required: only root can give a file away')
    what = wanted(tmpdir.join('file'))
    converge(what)
    os.chown(what.path, 12, 34)
    assert converge(what._replace(content=content(A=u'2'))) == ['write']
    assert (os.stat(what.path).st_uid, os.stat(what.path).st_gid) == (12, 34)


def test_leftovers_of_a_failed_write_are_removed(tmpdir, monkeypatch):
    what = wanted(tmpdir.join('file'))

    def full(dummy):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError) as caught:
        converge(what)
    assert (caught.value.errno, tmpdir.listdir()) == (errno.ENOSPC, [])


def test_a_file_of_ours_is_removed(tmpdir):
    converge(wanted(tmpdir.join('file')))
    gone = wanted(tmpdir.join('file'), None)
    assert (converge(gone), converge(gone), tmpdir.listdir()) == (['remove'], [], [])


def test_a_leftover_of_a_killed_run_is_removed(tmpdir):
    converge(wanted(tmpdir.join('file')))
    tmpdir.join('file.gofleet-new').write('half')
    tmpdir.join('other.gofleet-new').write('somebody else')
    assert converge(wanted(tmpdir.join('file'))) == ['clean']
    assert sorted(path.basename for path in tmpdir.listdir()) == ['file', 'other.gofleet-new']


def test_a_folder_that_is_not_writable_is_an_error_before_anything_changes(open_folder, error_of):
    steps = plan.file_steps(wanted(open_folder.join('x', 'file')), seen(open_folder.join('x', 'file')))

    def refusal():
        error = error_of(apply.check_writable, steps)
        return error.code, error.evidence
    assert forked.as_ordinary_user(refusal) == ('not_writable', {'path': str(open_folder), 'uid': forked.NOBODY if os.geteuid() == 0 else os.geteuid()})
