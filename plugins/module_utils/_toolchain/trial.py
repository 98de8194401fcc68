# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trial of a staged toolchain: its go must start on this host and report its release."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import io
import os

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# Variables and files of the user must not influence the staged go, and it must not leave files behind (it writes telemetry
# counters below HOME, whose folder go is also the default GOPATH). To Go, an empty variable is unset.
_ENVIRONMENT = {'GOENV': 'off', 'GOTOOLCHAIN': 'local', 'GOROOT': '', 'GOFLAGS': '', 'GOEXPERIMENT': '', 'GODEBUG': '', 'XDG_CONFIG_HOME': '',
                'LC_ALL': 'C'}
# The number of characters of go's output in a message.
_SHOWN = 300


def check_version(tree, version, goarch, scratch, run):
    """Raise GofleetError(not_runnable, not_the_release) unless the staged go runs here and reports this release.

    scratch: a folder for go's separate home; run: _frame.runner().
    """
    program = os.path.join(tree, 'bin', 'go')
    home = os.path.join(scratch, 'home')
    _forbid_telemetry(home)
    try:
        status, output = run([program, 'version'], dict(_ENVIRONMENT, HOME=home), scratch)
    except OSError as exc:
        hint = ''
        if exc.errno == errno.EACCES:
            hint = ' Is the file system mounted noexec?'
        raise GofleetError('The staged %s cannot be started: %s.%s It was not installed.' % (program, exc.strerror, hint),
                           'not_runnable', path=program, error=exc.strerror)
    output = output.strip()
    wanted = 'go version go%s linux/%s' % (version, goarch)
    if status or output.split()[:4] != wanted.split():
        raise GofleetError("The staged tree is not Go %s for linux/%s: 'go version' says '%s' (exit %d). It was not installed."
                           % (version, goarch, output[:_SHOWN], status), 'not_the_release', said=output[:_SHOWN], wanted=wanted)


def _forbid_telemetry(home):
    # Otherwise go starts a process that still writes there while the stage is being removed (Go 1.23; x/telemetry/internal/telemetry).
    folder = os.path.join(home, '.config', 'go', 'telemetry')
    os.makedirs(folder)
    with io.open(os.path.join(folder, 'mode'), 'wb') as target:
        target.write(b'off')
