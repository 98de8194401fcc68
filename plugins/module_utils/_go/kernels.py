# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The oldest Linux kernel on which each release of Go can start."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as goversion

# The oldest Linux versions on which Go starts (go.dev/wiki/MinimumRequirements), by the first line of Go that needs them.
_KERNEL = (((1, 24), (3, 2)), ((1, 18), (2, 6, 32)), ((1, 0), (2, 6, 23)))
_KERNEL_OF_PORT = {'loong64': (5, 19)}


def minimum(version, goarch):
    """The oldest Linux, as a tuple, on which a release of Go starts. Raises GofleetError(invalid_version)."""
    line = goversion.parse_release(version).line
    return max([oldest for first, oldest in _KERNEL if line >= first][0], _KERNEL_OF_PORT.get(goarch, ()))


def check(version, goarch, kernel):
    """Raise GofleetError(kernel_too_old) if this release of Go cannot start on the kernel.

    kernel: a tuple, or None if it is unknown; in that case the trial of the staged go decides.
    """
    needed = minimum(version, goarch)
    if kernel is None or kernel >= needed:
        return
    newer = [first for first, oldest in _KERNEL if kernel < oldest]
    last = (newer[-1][0], newer[-1][1] - 1) if newer and newer[-1][1] > 0 and goarch not in _KERNEL_OF_PORT else None
    raise GofleetError(
        'Go %s needs Linux %s or later; this host runs %s. %s' % (
            version, _dotted(needed), _dotted(kernel),
            'The last line for this kernel is %s.' % _dotted(last) if last else 'No release of Go runs on it.'),
        'kernel_too_old', version=version, needed=_dotted(needed), kernel=_dotted(kernel))


def _dotted(numbers):
    return '.'.join(str(each) for each in numbers)
