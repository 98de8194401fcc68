# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program of the host: the one way that module_utils have to do so."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def runner(module):
    """A function run(argv, environment, folder) -> (exit status, output) that uses an AnsibleModule's run_command.

    argv: list of str, taken literally; environment: variables to set besides the module's own; folder: where to run.
    output: what came on both streams, as str. It raises OSError if the program can't be started.
    """

    def run(argv, environment, folder):
        status, output, errors = module.run_command(
            argv, environ_update=environment, cwd=folder, expand_user_and_vars=False, handle_exceptions=False)
        return status, output + errors

    return run
