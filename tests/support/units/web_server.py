# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on the loopback interface with answers defined by a test, on any Python that a host may have."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import threading
from collections import namedtuple

try:
    from http.server import BaseHTTPRequestHandler
    from socketserver import ThreadingTCPServer
except ImportError:
    # Python 2.7
    from BaseHTTPServer import BaseHTTPRequestHandler
    from SocketServer import ThreadingTCPServer

# path: as the client wrote it; headers: by lower-case name.
Request = namedtuple('Request', 'path headers')


class Answer(object):
    """What goes out for one request.

    declared: the Content-Length, when it is not the body's; None for no such header.
    stall: stay silent after the body until the server stops; silent: do so before the first byte.
    """

    def __init__(self, body=b'', status=200, kind='application/octet-stream', declared=Ellipsis, headers=(), stall=False, silent=False):
        self.body = body
        self.status = status
        self.kind = kind
        self.declared = len(body) if declared is Ellipsis else declared
        self.headers = dict(headers)
        self.stall = stall
        self.silent = silent


def cut(content, at, **options):
    """An answer whose connection ends after some bytes of what it announced."""
    return Answer(content[:at], declared=len(content), **options)


def rest_of(content, etag=None):
    """Answers a request for a range with that range, as long as its If-Range still holds."""
    def answer(request):
        start = int(re.match(r'bytes=(\d+)-\Z', request.headers['range']).group(1))
        if request.headers.get('if-range', etag) != etag:
            return Answer(content)
        span = 'bytes %d-%d/%d' % (start, len(content) - 1, len(content))
        return Answer(content[start:], status=206, headers={'Content-Range': span})
    return answer


class WebServer(object):
    """Answers by path: what serve() was given for it, one after the other, the last one for ever."""

    def __init__(self):
        self.requests = []
        self._answers = {}
        self._stopping = threading.Event()
        self._server = _Server(('127.0.0.1', 0), _Handler)
        self._server.web = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.daemon = True

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *dummy):
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self._server.server_address[1]

    def serve(self, path, *answers):
        """Put answers at a path; returns its address. An answer is an Answer, bytes, or made from a Request."""
        self._answers[path] = list(answers)
        return self.url + path

    def forget(self):
        self._answers.clear()
        del self.requests[:]

    @property
    def paths(self):
        """What was asked for, in order."""
        return [request.path for request in self.requests]

    def answer(self, request):
        self.requests.append(request)
        waiting = self._answers.get(request.path)
        if not waiting:
            return Answer(b'not here\n', status=404, kind='text/plain')
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(found, bytes):
            return Answer(found)
        return found if isinstance(found, Answer) else found(request)

    def wait_for_the_end(self):
        self._stopping.wait(60)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        headers = dict((name.lower(), value) for name, value in self.headers.items())
        answer = self.server.web.answer(Request(self.path, headers))
        if answer.silent:
            self.server.web.wait_for_the_end()
            return
        self.send_response(answer.status)
        self.send_header('Content-Type', answer.kind)
        if answer.declared is not None:
            self.send_header('Content-Length', str(answer.declared))
        for name, value in sorted(answer.headers.items()):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.stall:
            self.wfile.flush()
            self.server.web.wait_for_the_end()

    def log_message(self, *dummy):
        """The tests look at requests."""
