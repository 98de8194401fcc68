# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._files import preconditions


def test_the_nearest_folder_is_the_one_that_exists(tmpdir):
    assert preconditions.nearest_folder(str(tmpdir.join('a', 'b', 'c'))) == str(tmpdir)
    assert preconditions.nearest_folder(str(tmpdir)) == str(tmpdir)
    assert preconditions.nearest_folder('/') == '/'


def test_a_folder_that_this_user_can_write_to_is_accepted(tmpdir):
    preconditions.check_writable(str(tmpdir.join('a', 'b')), 'another path')


def test_a_file_instead_of_a_folder_is_refused_with_advice(tmpdir, error_of):
    tmpdir.join('file').write('')
    error = error_of(preconditions.check_writable, str(tmpdir.join('file')), 'another path')
    assert (error.code, error.evidence['path']) == ('not_writable', str(tmpdir.join('file')))
    assert error.msg.endswith('Run the play with become, or choose another path.')
