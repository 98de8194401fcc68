# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that answers every connection with the same given bytes and closes it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import socket
import threading


@contextlib.contextmanager
def answering(content):
    """A block with the address."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(8)
    thread = threading.Thread(target=_serve, args=(listener, content))
    thread.daemon = True
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield 'http://127.0.0.1:%d/' % port
    finally:
        # A connection that asks nothing is the last.
        with contextlib.closing(socket.create_connection(('127.0.0.1', port))):
            pass
        thread.join()
        listener.close()


def _serve(listener, content):
    while True:
        connection = listener.accept()[0]
        try:
            if not connection.recv(65536):
                return
            connection.sendall(content)
        except (OSError, IOError):
            # The reader has seen enough.
            pass
        finally:
            connection.close()
