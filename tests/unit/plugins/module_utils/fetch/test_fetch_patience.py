# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import signal

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._fetch import patience as fetch_patience


class Clock(object):
    """An alarm that is set and asked for its rest, and never rings; elapse() takes its time away."""

    def __init__(self, monkeypatch):
        self.left = 0
        monkeypatch.setattr(signal, 'setitimer', self._set)
        monkeypatch.setattr(signal, 'getitimer', lambda kind: (self.left, 0))

    def _set(self, kind, seconds, interval=0):
        self.left = seconds

    def elapse(self, seconds):
        assert self.left > seconds, 'the alarm would have rung'
        self.left -= seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_a_transfer_at_the_minimum_rate_is_never_ended(clock):
    with fetch_patience.Patience(30) as patience:
        for _each in range(10000):
            clock.elapse(1)
            patience.renew(fetch_patience.MINIMUM_RATE)


def test_nothing_is_saved_up_for_dripping_later(clock):
    with fetch_patience.Patience(30) as patience:
        stock = clock.left
        for _each in range(1000):
            patience.renew(1 << 20)
        assert clock.left == stock


def test_every_round_may_be_silent_for_the_timeout(clock):
    with fetch_patience.Patience(30):
        clock.elapse(fetch_patience.ROUNDS * 30)


def test_the_slowest_piece_arrives_in_time_with_any_timeout(clock):
    with fetch_patience.Patience(0):
        clock.elapse(fetch_patience.PIECE / fetch_patience.MINIMUM_RATE - 0.001)
