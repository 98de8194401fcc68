# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a transfer may take: a time budget that received bytes extend."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import signal

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# A broken connection is resumed where it broke, as long as each round received some bytes.
ROUNDS = 5
# The lowest rate in bytes per second. With it the largest archive may take some hours, while a dripping connection ends within a minute or two.
MINIMUM_RATE = 16 << 10
# Bytes that are read at a time. The rate is unknown until they have arrived.
PIECE = 1 << 16


class Patience(object):
    """Ends a transfer that is too slow, whether it waits for an answer, headers, redirects or the file.

    timeout only limits silence; a server that sends a byte now and then would hold a host for weeks. So the transfer has a budget of
    seconds: as many as all rounds together may be silent. MINIMUM_RATE bytes add a second, never above the first budget.
    An alarm interrupts every call, connection and handshake, also in Python's libraries. If another alarm is already set, such as a
    task's timeout on the controller, that alarm limits the run. Only the main thread can have an alarm.
    """

    def __init__(self, timeout):
        self._budget = ROUNDS * timeout + PIECE / MINIMUM_RATE
        self._armed = False

    def __enter__(self):
        if not signal.getitimer(signal.ITIMER_REAL)[0]:
            try:
                self._previous = signal.signal(signal.SIGALRM, self._end)
            except ValueError:
                return self
            self._armed = True
            self._set(self._budget)
        return self

    def __exit__(self, *dummy):
        if self._armed:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._previous)

    def renew(self, received):
        """Add the seconds that the budget gains for this many bytes."""
        if self._armed:
            self._set(min(self._budget, signal.getitimer(signal.ITIMER_REAL)[0] + received / MINIMUM_RATE))

    def _set(self, seconds):
        # Repeated every second, because a library may catch the exception.
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)

    def _end(self, signum, frame):
        if self._armed:
            raise GofleetError('brings less than %d bytes a second' % MINIMUM_RATE, 'too_slow', minimum=MINIMUM_RATE)
