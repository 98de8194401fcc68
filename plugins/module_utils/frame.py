# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How every module of this collection works and ends."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.gofleet.golang.plugins.module_utils import labels, programs
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError, from_os_error


def finish(module, answer):
    """Do the work of an AnsibleModule, and end with its result or with why there is none.

    answer: a function of programs.runner() that gives the result, whose warnings may be among it, or raises GofleetError or OSError.
    """
    # What is installed is for all its readers, whatever umask the connection came with.
    os.umask(0o022)
    try:
        result = answer(programs.runner(module))
    except GofleetError as exc:
        result = exc.as_result()
        _warn(module, result)
        module.fail_json(**result)
    except (IOError, OSError) as exc:
        result = from_os_error(exc).as_result()
        _warn(module, result)
        module.fail_json(**result)
    _warn(module, result)
    module.exit_json(**result)


def _warn(module, result):
    for warning in list(result.pop('warnings', ())) + labels.refusals():
        module.warn(warning)
