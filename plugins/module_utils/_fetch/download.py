# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch a file whose size and digest may be known: bounded in size and time, resumed, hashed while it streams.

Requests go through ansible's open_url, so proxies, netrc and certificate stores work as
everywhere in Ansible. Redirects are followed here: urllib goes from https to http without a
word, to ftp as well, and reads the body of a redirect to its end, however long.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import hashlib
import io
import os
import signal
import socket
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native
from ansible.module_utils.urls import ConnectionError as UrlsConnectionError
from ansible.module_utils.urls import SSLValidationError, open_url

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import UNKNOWN_SIZE_LIMIT, without_credentials
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses, shown
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values

try:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.parse import urljoin, urlsplit, urlunsplit
    from urllib.request import HTTPRedirectHandler, Request, build_opener
except ImportError:
    # Python 2.7
    from ansible.module_utils.six.moves.http_client import HTTPException
    from ansible.module_utils.six.moves.urllib.error import HTTPError, URLError
    from ansible.module_utils.six.moves.urllib.parse import urljoin, urlsplit, urlunsplit
    from ansible.module_utils.six.moves.urllib.request import HTTPRedirectHandler, Request, build_opener

try:
    import ssl
    _SSL_ERRORS = (ssl.SSLError, ssl.CertificateError)
except ImportError:
    ssl = None
    _SSL_ERRORS = ()

# A connection that breaks is taken up again where it broke, as long as each try brought something.
_ROUNDS = 5
# Bytes a second that a transfer brings at least. The largest archive then takes some hours, what drips a minute or two.
MINIMUM_RATE = 16 << 10
# Bytes that are asked for at a time. Until they are there, nobody knows how fast they come.
_PIECE = 1 << 16
# Redirects in a row, as in urllib.
_REDIRECTS = 10
_REDIRECTING = (301, 302, 303, 307, 308)
# Errors of writing, which another mirror would not mend.
_LOCAL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT)

# What Python's libraries, which take an answer apart, were seen to run into or may: parts that lack, numbers out of range (a redirect to port
# 70000), nesting. Their other errors have classes of their own.
_HOSTILE = (LookupError, ArithmeticError, AttributeError, TypeError, RuntimeError, AssertionError)

# size: bytes; received: bytes that came over the network, repeated ones included.
Fetched = namedtuple('Fetched', 'url size sha256 received')

AGENT = 'gofleet.golang'


class _Broken(Exception):
    """The connection ended before the file did."""


def fetch_first(urls, path, options, size=None, sha256=None, prove=None):
    """Fetch the file from the first of urls that has it as expected, to path.

    size: bytes, sha256: hex; None where unknown. prove: looks at the file and raises GofleetError if it is another.
    Returns (Fetched or None, failures), a failure for each url that was passed over: {url, code, reason}. Raises OSError
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
            failures.append({'url': without_credentials(url), 'code': exc.code, 'reason': exc.msg})
    return None, failures


def fetch(url, path, options, size=None, sha256=None):
    """Fetch url to path. Returns Fetched.

    Raises GofleetError (invalid_url, malformed_answer, ca_path_missing, tls_unavailable, tls_failed, unreachable, http_status, bad_redirect, html_answer,
    too_large, too_slow, truncated, size_mismatch, sha256_mismatch); its text leaves the url to the caller. OSError if path can't be written.
    """
    transfer = _Transfer(url, options, size)
    with io.open(path, 'wb') as target:
        transfer.run(target)
    if size is not None and transfer.size != size:
        raise GofleetError('has %d bytes, not %d' % (transfer.size, size), 'size_mismatch', found=transfer.size, wanted=size)
    found = transfer.digest.hexdigest()
    if sha256 is not None and found != sha256:
        raise GofleetError('sha256 is %s, not %s' % (found, sha256), 'sha256_mismatch', found=found, wanted=sha256)
    return Fetched(without_credentials(url), transfer.size, found, transfer.received)


def read(url, options, limit):
    """The body at url as bytes, at most limit of them. Raises GofleetError as fetch() does."""
    transfer = _Transfer(url, options, None, limit)
    target = io.BytesIO()
    transfer.run(target)
    return target.getvalue()


def refusal(url, options):
    """The GofleetError with which fetch() fails for what is known without a network, or None."""
    try:
        _check_ca_path(options)
        _check_address(url)
    except GofleetError as exc:
        return exc
    return _tls_error(None, None) if ssl is None and url.startswith('https:') else None


class _Transfer(object):
    """One file on its way, over as many connections as it takes."""

    def __init__(self, url, options, size, limit=UNKNOWN_SIZE_LIMIT):
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
        with _Patience(self.options.timeout) as self.patience:
            return self._rounds(target)

    def _rounds(self, target):
        for dummy in range(_ROUNDS):
            before = self.received
            try:
                return self._round(target)
            except _Broken as exc:
                reason = exc
                if self.received == before:
                    break
        raise GofleetError('connection broke after %d bytes: %s' % (self.size, to_native(reason)), 'truncated', received=self.size)

    def _round(self, target):
        response = self._open()
        try:
            if self.size and response.getcode() != 206:
                # The server has no ranges, or the file changed meanwhile: what we have is worth nothing.
                target.seek(0)
                target.truncate()
                self._restart()
            self._check_kind(response)
            end = self._announced_end(response.headers.get('Content-Length'))
            if end is not None and end > self.limit:
                raise GofleetError('announces %d bytes; at most %d are expected' % (end, self.limit), 'too_large', found=end, wanted=self.limit)
            self._copy(response, target)
            if end is not None and self.size < end:
                raise _Broken('%d of %d bytes came' % (self.size, end))
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
            raise GofleetError('answers with a web page (%s) instead of the file' % kind, 'html_answer')
        self.validator = response.headers.get('ETag') or response.headers.get('Last-Modified')

    def _open(self):
        _check_ca_path(self.options)
        headers = {'Accept-Encoding': 'identity'}
        if self.size:
            headers['Range'] = 'bytes=%d-' % self.size
            if self.validator and not self.validator.startswith('W/'):
                headers['If-Range'] = self.validator
        url = self.url
        for dummy in range(_REDIRECTS + 1):
            with _network_errors(self.size > 0, self.options.ca_path):
                _check_address(url)
                try:
                    return self._ask(url, headers)
                except HTTPError as exc:
                    if exc.code not in _REDIRECTING:
                        raise
                    location = exc.headers.get('Location')
                    exc.close()
                url = _redirected(url, location)
        raise GofleetError('redirects more than %d times' % _REDIRECTS, 'bad_redirect')

    def _ask(self, url, headers):
        if ssl is None:
            # From core 2.19 on open_url needs ssl for any address; plain HTTP does not, and what comes is verified.
            return build_opener(_NoRedirects()).open(Request(url, headers=dict(headers, **{'User-agent': AGENT})), timeout=self.options.timeout)
        return open_url(url, headers=headers, timeout=self.options.timeout, ca_path=self.options.ca_path, http_agent=AGENT,
                        decompress=False, follow_redirects='none')

    def _copy(self, response, target):
        while True:
            with _network_errors(True, self.options.ca_path):
                chunk = response.read(_PIECE)
            if not chunk:
                return
            self.patience.renew(len(chunk))
            self.size += len(chunk)
            self.received += len(chunk)
            if self.size > self.limit:
                raise GofleetError('sends more than the %d bytes that are expected' % self.limit, 'too_large', wanted=self.limit)
            self.digest.update(chunk)
            target.write(chunk)


class _Patience(object):
    """Ends a transfer that gets on too slowly, whatever it is waiting for: an answer, its headers, redirects or the file.

    timeout ends silence only; a byte now and then would hold a host for weeks. So there is a stock of seconds, as many as
    all rounds may be silent for together, that runs down: MINIMUM_RATE bytes put a second back, never above the first stock.
    An alarm interrupts every call, connection or handshake, in Python's libraries too. Where another alarm is set that one is
    left alone: it bounds this run (a task's timeout, on the controller); outside the main thread there is none.
    """

    def __init__(self, timeout):
        self._stock = _ROUNDS * timeout + _PIECE / MINIMUM_RATE
        self._armed = False

    def __enter__(self):
        if not signal.getitimer(signal.ITIMER_REAL)[0]:
            try:
                self._previous = signal.signal(signal.SIGALRM, self._end)
            except ValueError:
                return self
            self._armed = True
            self._set(self._stock)
        return self

    def __exit__(self, *dummy):
        if self._armed:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._previous)

    def renew(self, received):
        """Put back what so many bytes are worth."""
        if self._armed:
            self._set(min(self._stock, signal.getitimer(signal.ITIMER_REAL)[0] + received / MINIMUM_RATE))

    def _set(self, seconds):
        # Again after a second, for a library may take the exception for one of its own.
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)

    def _end(self, signum, frame):
        if self._armed:
            raise GofleetError('brings less than %d bytes a second' % MINIMUM_RATE, 'too_slow', minimum=MINIMUM_RATE)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


def _redirected(url, location):
    """Where a redirect leads. Raises GofleetError(bad_redirect)."""
    if not location:
        raise GofleetError('redirects to nowhere', 'bad_redirect')
    target = urljoin(url, location.replace(' ', '%20'))
    here, there = urlsplit(url), urlsplit(target)
    if there.scheme not in ('http', 'https') or (here.scheme, there.scheme) == ('https', 'http'):
        raise GofleetError("redirects to '%s'; %s" % (without_credentials(target)[:300], 'from https only https is followed' if here.scheme == 'https'
                                                      else 'only http and https are followed'), 'bad_redirect')
    # Credentials are for the server that they were given for.
    if (here.scheme, here.netloc.rpartition('@')[2]) == (there.scheme, there.netloc):
        return urlunsplit(there._replace(netloc=here.netloc))
    return target


class _network_errors(object):
    """Turns what a connection can raise into GofleetError, or into _Broken once something has come."""

    def __init__(self, begun, ca_path=None):
        self.begun = begun
        self.ca_path = ca_path

    def __enter__(self):
        return self

    def __exit__(self, kind, exc, trace):
        if exc is None or isinstance(exc, GofleetError):
            return False
        if isinstance(exc, HTTPError):
            raise GofleetError('answers %s %s' % (exc.code, shown.excerpt(exc.reason)), 'http_status', status=exc.code)
        if isinstance(exc, ValueError) and not isinstance(exc, _SSL_ERRORS):
            # What urllib and http.client say of an address that is none shows parts of it, perhaps of its password.
            raise GofleetError('is not a valid address', 'invalid_url')
        if _is_tls(exc):
            raise _tls_error(exc, self.ca_path)
        if isinstance(exc, (URLError, UrlsConnectionError, HTTPException, socket.error)) and not _is_local(exc):
            text = shown.excerpt(to_native(getattr(exc, 'reason', None) or exc)) or type(exc).__name__
            if self.begun:
                raise _Broken(text)
            raise GofleetError('cannot be reached: %s' % text, 'unreachable', error=text)
        if isinstance(exc, _HOSTILE):
            raise GofleetError('answers what cannot be read (%s: %s)' % (type(exc).__name__, to_native(exc)[:200]), 'malformed_answer')
        return False


def _check_ca_path(options):
    if options.ca_path and not os.path.isfile(options.ca_path):
        raise GofleetError('is not asked, for ca_path (%s) is not on this machine' % options.ca_path, 'ca_path_missing', path=options.ca_path)


def _check_address(url):
    problem = addresses.problem(url)
    if problem:
        raise GofleetError(problem, 'invalid_url')


def _is_tls(exc):
    reason = getattr(exc, 'reason', None)
    # Python 2.7 tells a time-out under TLS as an error of TLS.
    if 'timed out' in to_native(exc):
        return False
    return isinstance(exc, _SSL_ERRORS + (SSLValidationError,)) or isinstance(reason, _SSL_ERRORS) \
        or (ssl is None and 'https' in to_native(exc))


def _tls_error(exc, ca_path):
    if ssl is None:
        return GofleetError('cannot be verified: this Python has no ssl module', 'tls_unavailable')
    store = 'those in ca_path (%s)' % ca_path if ca_path else 'those of this machine (%s)' % _system_store()
    return GofleetError('TLS fails: %s. The authorities that were trusted are %s' % (to_native(getattr(exc, 'reason', None) or exc).rstrip('.'), store),
                        'tls_failed', ca_path=ca_path)


def _system_store():
    """Where this Python's OpenSSL finds the authorities of the system, as text."""
    # CentOS 7's own 2.7.5 has it; 2.7.8 and older that somebody built do not.
    if not hasattr(ssl, 'get_default_verify_paths'):
        return 'where its OpenSSL looks for them'
    paths = ssl.get_default_verify_paths()
    found = [each for each in (paths.cafile, paths.capath) if each]
    return ' and '.join(found) or 'none: neither %s nor %s is there' % (paths.openssl_cafile, paths.openssl_capath)


def _is_local(exc):
    return isinstance(exc, (IOError, OSError)) and exc.errno in _LOCAL and not isinstance(exc, URLError)
