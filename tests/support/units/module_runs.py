# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module as Ansible does: in a separate process that prints one JSON text and ends."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import re
import sys
import tempfile

from ansible.module_utils import basic
from ansible.module_utils.common import json as ansible_json
from ansible.module_utils.common import parameters

from support.units import forked

# Newer cores load the form of arguments and results by name, when both are there; an ordinary user could not.
if hasattr(ansible_json, 'get_module_encoder'):
    for _direction in ansible_json.Direction:
        ansible_json.get_module_decoder('legacy', _direction)
        ansible_json.get_module_encoder('legacy', _direction)

# In UTF-8, each of them alone.
_SURROGATE = re.compile(b'\xed[\xa0-\xbf]')


def run(main, options, folder, check_mode=False, diff=False, ordinary=False, umask=0o022, before=None):
    """The exit code of a module's main() and its result.

    folder: for its temporary files; ordinary: as a user without privileges; before: a function that is called in the module's process first.
    """
    arguments = dict(options, _ansible_check_mode=check_mode, _ansible_diff=diff, _ansible_remote_tmp=str(folder), _ansible_keep_remote_files=False)
    if 'inject_invocation' in parameters.PASS_VARS:
        # Newer cores leave the options out of a result unless they are asked for them.
        arguments['_ansible_inject_invocation'] = True
    with tempfile.TemporaryFile() as output:
        def module(dummy):
            if ordinary and os.geteuid() == 0:
                os.setgroups([])
                os.setgid(forked.NOBODY)
                os.setuid(forked.NOBODY)
                # The interpreter of the tests may lie where this user cannot look; the kernel knows it in any case.
                sys.executable = ''
            if before:
                before()
            os.umask(umask)
            os.dup2(output.fileno(), 1)
            sys.stdout = os.fdopen(1, 'w')
            # As the wrapper does that Ansible sends; newer cores ask for a profile too.
            basic._ANSIBLE_ARGS = json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode('utf-8')
            basic._ANSIBLE_PROFILE = 'legacy'
            try:
                main()
            except SystemExit as end:
                sys.stdout.flush()
                return end.code
        code = forked.Child(module).result()
        output.seek(0)
        return code, result_of(output.read())


def result_of(printed):
    """The result that a module printed, if Ansible of each age can read it: UTF-8, and no surrogates, which ansible-core 2.19 loses the whole result over."""
    result = json.loads(printed.decode('utf-8'))
    # Python 2 may spell a character beyond U+FFFF as two of them.
    text = json.dumps(result, ensure_ascii=False).encode('utf-8', 'surrogatepass' if str is not bytes else 'strict')
    assert not _SURROGATE.search(text), 'the result holds surrogates: %r' % text
    return result
