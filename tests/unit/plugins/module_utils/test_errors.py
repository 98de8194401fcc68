# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import json
import os

import pytest
from ansible.module_utils.common.text.converters import jsonify

from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError


def test_an_error_is_its_message_and_its_result():
    error = GofleetError('what and why', 'some_code', path='/opt/go')
    assert str(error) == 'what and why'
    assert error.as_result() == {'msg': 'what and why', 'code': 'some_code', 'evidence': {'path': '/opt/go'}}


@pytest.mark.parametrize(('number', 'code', 'advice'), [
    (errno.ENOSPC, 'disk_full', 'Free some space'), (errno.EDQUOT, 'disk_full', 'quota'), (errno.EROFS, 'not_writable', 'read-only'),
    (errno.EACCES, 'not_writable', 'become'), (errno.EPERM, 'not_writable', 'become'), (errno.EIO, 'io_error', 'dmesg'),
    (errno.ELOOP, 'os_error', 'run again'),
])
def test_an_os_error_gets_a_code_and_advice(number, code, advice):
    error = errors.from_os_error(OSError(number, os.strerror(number), '/opt/go'))
    assert (error.code, error.evidence) == (code, {'path': '/opt/go', 'errno': errno.errorcode[number]})
    assert error.msg.startswith('/opt/go: %s.' % os.strerror(number))
    assert advice in error.msg


def test_an_os_error_of_no_file_speaks_of_the_host():
    assert errors.from_os_error(OSError(errno.ENOSPC, 'full')).msg.startswith('the host: full.')


def test_an_io_error_of_a_real_file_is_understood(tmpdir):
    with pytest.raises((IOError, OSError)) as caught:
        io.open(str(tmpdir), 'rb')
    assert errors.from_os_error(caught.value).evidence == {'path': str(tmpdir), 'errno': 'EISDIR'}


@pytest.mark.parametrize('name', [b'/opt/\xff', u'/opt/\xe4'.encode('utf-8'), 7])
def test_the_result_is_json_for_any_file_name(name):
    error = errors.from_os_error(OSError(errno.EACCES, 'denied', name))
    assert json.loads(jsonify(error.as_result()))['code'] == 'not_writable'
