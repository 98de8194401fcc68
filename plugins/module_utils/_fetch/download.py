# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch a file whose size and digest may be known: bounded in size and time, resumed, hashed while it streams.

Requests go through ansible's open_url, so proxies, netrc and certificate stores work as
everywhere in Ansible. Redirects are followed here: urllib silently goes from https to http
or ftp, and reads the whole body of a redirect, however long.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import io
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native
from ansible.module_utils.urls import open_url

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import connections, patience, sources
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values

try:
    from urllib.error import HTTPError
    from urllib.request import Request, build_opener
except ImportError:
    # Python 2.7
    from ansible.module_utils.six.moves.urllib.error import HTTPError
    from ansible.module_utils.six.moves.urllib.request import Request, build_opener


# size: bytes; received: bytes that came over the network, repeated ones included.
Fetched = namedtuple('Fetched', 'url size sha256 received')

AGENT = 'gofleet.golang'


def fetch_first(urls, path, options, size=None, sha256=None, prove=None):
    """Fetch the file from the first of urls that has it as expected, to path.

    size: bytes, sha256: hex; None if unknown. prove: a function that raises GofleetError if the file at path is not the expected one.
    Returns (Fetched or None, failures), with {url, code, reason} for each url that failed. Raises OSError
    if path can't be written.
    """
    failures = []
    for url in urls:
        try:
            fetched = fetch(url, path, options, size, sha256)
            if prove:
                prove(path)
            return fetched, failures
        except GofleetError as exc:
            failures.append({'url': addresses.without_credentials(url), 'code': exc.code, 'reason': exc.msg})
    return None, failures


def fetch(url, path, options, size=None, sha256=None):
    """Fetch url to path. Returns Fetched.

    Raises GofleetError (invalid_url, malformed_answer, ca_path_missing, tls_unavailable, tls_failed, unreachable, http_status, bad_redirect, html_answer,
    too_large, too_slow, truncated, size_mismatch, sha256_mismatch), whose text does not name the url. OSError if path can't be written.
    """
    transfer = _Transfer(url, options, size)
    with io.open(path, 'wb') as target:
        transfer.run(target)
    if size is not None and transfer.size != size:
        raise GofleetError('has %d bytes, not %d' % (transfer.size, size), 'size_mismatch', found=transfer.size, wanted=size)
    found = transfer.digest.hexdigest()
    if sha256 is not None and found != sha256:
        raise GofleetError('sha256 is %s, not %s' % (found, sha256), 'sha256_mismatch', found=found, wanted=sha256)
    return Fetched(addresses.without_credentials(url), transfer.size, found, transfer.received)


def read(url, options, limit):
    """The body at url as bytes, at most limit of them. Raises GofleetError as fetch() does."""
    transfer = _Transfer(url, options, None, limit)
    target = io.BytesIO()
    transfer.run(target)
    return target.getvalue()


def refusal(url, options):
    """The GofleetError with which fetch() would fail before it opens a connection, or None."""
    try:
        connections.check_ca_path(options)
        connections.check_address(url)
    except GofleetError as exc:
        return exc
    return connections.tls_error(None, None) if connections.ssl is None and url.startswith('https:') else None


class _Transfer(object):
    """One file, over as many connections as it takes."""

    def __init__(self, url, options, size, limit=sources.UNKNOWN_SIZE_LIMIT):
        self.url = url
        self.options = options
        self.limit = limit if size is None else size
        self.received = 0
        self.validator = None
        self._restart()

    def _restart(self):
        self.size = 0
        self.digest = hashlib.sha256()

    def run(self, target):
        with patience.Patience(self.options.timeout) as self.patience:
            return self._rounds(target)

    def _rounds(self, target):
        for dummy in range(patience.ROUNDS):
            before = self.received
            try:
                return self._round(target)
            except connections.Broken as exc:
                reason = exc
                if self.received == before:
                    break
        raise GofleetError('connection broke after %d bytes: %s' % (self.size, to_native(reason)), 'truncated', received=self.size)

    def _round(self, target):
        response = self._open()
        try:
            if self.size and response.getcode() != 206:
                # The server does not support ranges, or the file has changed: start again.
                target.seek(0)
                target.truncate()
                self._restart()
            self._check_kind(response)
            end = self._announced_end(response.headers.get('Content-Length'))
            if end is not None and end > self.limit:
                raise GofleetError('announces %d bytes; at most %d are expected' % (end, self.limit), 'too_large', found=end, wanted=self.limit)
            self._copy(response, target)
            if end is not None and self.size < end:
                raise connections.Broken('%d of %d bytes came' % (self.size, end))
        finally:
            response.close()

    def _announced_end(self, length):
        if length is None:
            return None
        found = foreign_values.whole(length)
        if found is None:
            raise GofleetError("announces the length '%s'" % length[:40], 'malformed_answer', length=length[:40])
        return self.size + found

    def _check_kind(self, response):
        kind = response.headers.get('Content-Type') or ''
        if kind.lower().startswith('text/html'):
            raise GofleetError('sends a web page (%s) instead of the file' % kind, 'html_answer')
        self.validator = response.headers.get('ETag') or response.headers.get('Last-Modified')

    def _open(self):
        connections.check_ca_path(self.options)
        headers = {'Accept-Encoding': 'identity'}
        if self.size:
            headers['Range'] = 'bytes=%d-' % self.size
            if self.validator and not self.validator.startswith('W/'):
                headers['If-Range'] = self.validator
        url = self.url
        for dummy in range(connections.REDIRECTS + 1):
            with connections.network_errors(self.size > 0, self.options.ca_path):
                connections.check_address(url)
                try:
                    return self._ask(url, headers)
                except HTTPError as exc:
                    if exc.code not in connections.REDIRECTING:
                        raise
                    location = exc.headers.get('Location')
                    exc.close()
                url = connections.redirected(url, location)
        raise GofleetError('redirects more than %d times' % connections.REDIRECTS, 'bad_redirect')

    def _ask(self, url, headers):
        if connections.ssl is None:
            # From core 2.19 on, open_url needs ssl for any address. Plain HTTP works without it, and the file is verified.
            return build_opener(connections.NoRedirects()).open(Request(url, headers=dict(headers, **{'User-agent': AGENT})), timeout=self.options.timeout)
        return open_url(url, headers=headers, timeout=self.options.timeout, ca_path=self.options.ca_path, http_agent=AGENT,
                        decompress=False, follow_redirects='none')

    def _copy(self, response, target):
        while True:
            with connections.network_errors(True, self.options.ca_path):
                chunk = response.read(patience.PIECE)
            if not chunk:
                return
            self.patience.renew(len(chunk))
            self.size += len(chunk)
            self.received += len(chunk)
            if self.size > self.limit:
                raise GofleetError('sends more than the %d bytes that are expected' % self.limit, 'too_large', wanted=self.limit)
            self.digest.update(chunk)
            target.write(chunk)
