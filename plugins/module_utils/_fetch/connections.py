# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of connections as GofleetErrors, whose text does not name the address because the caller adds it; and the check of redirects."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import socket

from ansible.module_utils.common.text.converters import to_native
from ansible.module_utils.urls import ConnectionError as UrlsConnectionError
from ansible.module_utils.urls import SSLValidationError

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses, shown

try:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.parse import urljoin, urlsplit, urlunsplit
    from urllib.request import HTTPRedirectHandler
except ImportError:
    # Python 2.7
    from ansible.module_utils.six.moves.http_client import HTTPException
    from ansible.module_utils.six.moves.urllib.error import HTTPError, URLError
    from ansible.module_utils.six.moves.urllib.parse import urljoin, urlsplit, urlunsplit
    from ansible.module_utils.six.moves.urllib.request import HTTPRedirectHandler

try:
    import ssl
    _SSL_ERRORS = (ssl.SSLError, ssl.CertificateError)
except ImportError:
    ssl = None
    _SSL_ERRORS = ()

# Redirects in a row, as in urllib.
REDIRECTS = 10
REDIRECTING = (301, 302, 303, 307, 308)
# Errors of writing the file, which occur with every mirror.
_LOCAL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT)
# What Python's libraries may raise for a hostile answer: missing parts, numbers out of range (a redirect to port
# 70000), nesting. Their other errors have specific classes.
_HOSTILE = (LookupError, ArithmeticError, AttributeError, TypeError, RuntimeError, AssertionError)


class Broken(Exception):
    """The connection ended before the end of the file."""


class network_errors(object):
    """A block that turns network errors into GofleetErrors, or into Broken if the transfer has begun."""

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
            # Errors of urllib and http.client about an invalid address show parts of it, perhaps of its password.
            raise GofleetError('is not a valid address', 'invalid_url')
        if _is_tls(exc):
            raise tls_error(exc, self.ca_path)
        if isinstance(exc, (URLError, UrlsConnectionError, HTTPException, socket.error)) and not _is_local(exc):
            text = shown.excerpt(to_native(getattr(exc, 'reason', None) or exc)) or type(exc).__name__
            if self.begun:
                raise Broken(text)
            raise GofleetError('cannot be reached: %s' % text, 'unreachable', error=text)
        if isinstance(exc, _HOSTILE):
            raise GofleetError('sends an answer that cannot be parsed (%s: %s)' % (type(exc).__name__, to_native(exc)[:200]), 'malformed_answer')
        return False


def check_ca_path(options):
    """Raise GofleetError(ca_path_missing) unless the certificates that options name exist."""
    if options.ca_path and not os.path.isfile(options.ca_path):
        raise GofleetError('is skipped: ca_path (%s) does not exist on this machine' % options.ca_path, 'ca_path_missing', path=options.ca_path)


def check_address(url):
    """Raise GofleetError(invalid_url) unless url may be a valid http or https address."""
    problem = addresses.problem(url)
    if problem:
        raise GofleetError(problem, 'invalid_url')


def _is_tls(exc):
    reason = getattr(exc, 'reason', None)
    # Python 2.7 reports a timeout under TLS as a TLS error.
    if 'timed out' in to_native(exc):
        return False
    return isinstance(exc, _SSL_ERRORS + (SSLValidationError,)) or isinstance(reason, _SSL_ERRORS) \
        or (ssl is None and 'https' in to_native(exc))


def tls_error(exc, ca_path):
    """The GofleetError for a failed or impossible TLS connection. exc: the exception; ca_path: the certificates that were trusted, or None."""
    if ssl is None:
        return GofleetError('cannot be verified: this Python has no ssl module', 'tls_unavailable')
    store = 'those in ca_path (%s)' % ca_path if ca_path else 'those of this machine (%s)' % _system_store()
    return GofleetError('TLS fails: %s. The authorities that were trusted are %s' % (to_native(getattr(exc, 'reason', None) or exc).rstrip('.'), store),
                        'tls_failed', ca_path=ca_path)


def _system_store():
    """Where this Python's OpenSSL finds the authorities of the system, as text."""
    # CentOS 7's 2.7.5 has it; a Python up to 2.7.8 that was built from source does not.
    if not hasattr(ssl, 'get_default_verify_paths'):
        return 'where its OpenSSL looks for them'
    paths = ssl.get_default_verify_paths()
    found = [each for each in (paths.cafile, paths.capath) if each]
    return ' and '.join(found) or 'none: neither %s nor %s is there' % (paths.openssl_cafile, paths.openssl_capath)


def _is_local(exc):
    return isinstance(exc, (IOError, OSError)) and exc.errno in _LOCAL and not isinstance(exc, URLError)


# ---- redirects


class NoRedirects(HTTPRedirectHandler):
    """Does not follow redirects, like open_url(follow_redirects='none'); the caller does."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


def redirected(url, location):
    """Where a redirect leads. Raises GofleetError(bad_redirect)."""
    if not location:
        raise GofleetError('redirects without a Location', 'bad_redirect')
    target = urljoin(url, location.replace(' ', '%20'))
    here, there = urlsplit(url), urlsplit(target)
    if there.scheme not in ('http', 'https') or (here.scheme, there.scheme) == ('https', 'http'):
        rule = 'redirects from https must lead to https' if here.scheme == 'https' else 'only http and https are allowed'
        raise GofleetError("redirects to '%s'; %s" % (addresses.without_credentials(target)[:300], rule), 'bad_redirect')
    # Credentials are sent only to the server that they are for.
    if (here.scheme, here.netloc.rpartition('@')[2]) == (there.scheme, there.netloc):
        return urlunsplit(there._replace(netloc=here.netloc))
    return target
