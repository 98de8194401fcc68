# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes held at a chosen point until a test lets them go, so that a race happens each time and in one order."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import syscalls
from support.module_process import Module, Options, Outcome, Running
from syscalls import Point

# Far above what the awaited event takes.
PATIENCE = 60


@contextlib.contextmanager
def patience(what: str, seconds: int = PATIENCE) -> Iterator[None]:
    """End a wait for something that does not come."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f'{what}: not within {seconds} s')

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


class Gate:
    """A mirror that keeps who asks it waiting: a run stands still there, holding the lock, until it is fed."""

    def __init__(self) -> None:
        self._listener = socket.create_server(('127.0.0.1', 0))

    @property
    def options(self) -> Options:
        """By which a run fetches from here, and does not lose its patience."""
        address = f'http://127.0.0.1:{self._listener.getsockname()[1]}/dl'
        return {'archive': None, 'remote_src': False, 'mirrors': [address], 'transfer': 'pull', 'timeout': 10 * PATIENCE}

    def wait(self) -> int:
        """A descriptor of the connection, once a client has connected."""
        with patience('a client of the mirror'):
            connection = self._listener.accept()[0]
            asked = b''
            while b'\r\n\r\n' not in asked:
                asked += connection.recv(65536)
        return connection.detach()

    def feed(self, handle: int, content: bytes) -> None:
        head = f'HTTP/1.1 200 OK\r\nContent-Type: application/gzip\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n'
        with socket.socket(fileno=handle) as connection:
            connection.sendall(head.encode() + content)

    def close(self) -> None:
        self._listener.close()


@dataclass
class Stopped:
    """A module that a signal stopped right after one of its system calls."""

    running: Running
    log: int

    def release(self) -> Outcome:
        os.killpg(self.running.process.pid, signal.SIGCONT)
        with os.fdopen(self.log, 'rb') as pipe:
            # strace ends with the module; until then its output must be read.
            pipe.read()
        return self.running.finish()


def start_stopped(module: Module, options: Options, point: Point, pipe: Path) -> Stopped:
    """Start a module that stops after a call. strace tells through a pipe when that is so."""
    os.mkfifo(pipe)
    running = module.within(*syscalls.injector(pipe, point, 'signal=STOP')).start(options)
    with patience(f'the module to stop at {point}'):
        log = os.open(pipe, os.O_RDONLY)
        output = b''
        while b'stopped by SIGSTOP' not in output:
            chunk = os.read(log, 65536)
            assert chunk, f'the module ended before {point}: {running.finish()}'
            output += chunk
    return Stopped(running, log)
