# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse and check addresses in GOPROXY and GOSUMDB as the go command does. Sources: net/url, cmd/go/internal/modfetch, golang.org/x/mod/sumdb/note."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import binascii
import hashlib
import re
import socket
from collections import namedtuple

from ansible_collections.gofleet.golang.plugins.module_utils._environment import lines

_SCHEME = re.compile(u'([A-Za-z][A-Za-z0-9+.-]*):')
_ESCAPE = re.compile(u'%(?![0-9A-Fa-f]{2})')
_USER = re.compile(u'[A-Za-z0-9._:~!$&\'()*+,;=%@-]*\\Z')
_HOST = re.compile(u'(?:[A-Za-z0-9._~!$&\'()*+,;=:<>"%-]|[^\\x00-\\x7f])*\\Z')
_LITERAL = re.compile(u'\\[([0-9A-Fa-f:.]+)(?:%25[A-Za-z0-9._~-]+)?\\](?::[0-9]*)?\\Z')
# Databases whose key is built into the go command.
_KNOWN_DATABASES = (u'sum.golang.org',)
_ALIAS = u'sum.golang.google.cn'
_ED25519 = 1

Url = namedtuple('Url', 'scheme authority path query fragment opaque')


def parsed(text):
    """The Url that Go's url.Parse returns for a text, or None if it fails."""
    if lines.CONTROLS.search(text):
        return None
    rest, dummy, fragment = text.partition(u'#')
    found = _SCHEME.match(rest)
    if rest.startswith(u':'):
        return None
    scheme, rest = (found.group(1).lower(), rest[found.end():]) if found else (u'', rest)
    rest, asked, query = rest.partition(u'?')
    if not rest.startswith(u'/'):
        if scheme:
            return None if _ESCAPE.search(fragment) else Url(scheme, u'', u'', asked + query, fragment, rest)
        if u':' in rest.partition(u'/')[0]:
            return None
    authority = u''
    if rest.startswith(u'//') and (scheme or not rest.startswith(u'///')):
        authority, slash, rest = rest[2:].partition(u'/')
        rest = slash + rest
    if _ESCAPE.search(rest) or _ESCAPE.search(fragment) or not _is_authority(authority):
        return None
    return Url(scheme, authority, rest, asked + query, fragment, u'')


def _is_authority(authority):
    user, at, host = authority.rpartition(u'@')
    if at and (not _USER.match(user) or _ESCAPE.search(user)):
        return False
    if host.startswith(u'['):
        literal = _LITERAL.match(host)
        return bool(literal) and _is_ipv6(literal.group(1))
    name, colon, port = host.rpartition(u':')
    # Since Go 1.26, an IPv6 address needs brackets.
    if u':' in name or (colon and not re.match(u'[0-9]*\\Z', port)):
        return False
    # In a host, only bytes beyond ASCII and the percent sign itself may be escaped.
    return bool(_HOST.match(host)) and not re.search(u'%(?!25|[89A-Fa-f][0-9A-Fa-f])', host)


def _is_ipv6(text):
    # As netip.ParseAddr(), since Go 1.24.8 and 1.25.2.
    try:
        socket.inet_pton(socket.AF_INET6, str(text))
    except (socket.error, ValueError):
        return False
    return True


def proxy_refusal(text):
    """The reason why the go command would reject this GOPROXY, or None. It never contains the value, which may contain a password."""
    entries = [entry.strip() for entry in re.split(u'[,|]', text)]
    entries = [entry for entry in entries if entry]
    if not entries:
        return 'has no entry: write an address, direct or off' if text else None
    for number, entry in enumerate(entries):
        if entry in (u'off', u'direct'):
            # The go command ignores the rest of the list.
            return None
        reason = _of_proxy(entry)
        if reason:
            return 'entry %d %s' % (number + 1, reason)
    return None


def _of_proxy(entry):
    if re.search(u'[.:/]', entry) and u':/' not in entry and not entry.startswith(u'/'):
        entry = u'https://' + entry
    url = parsed(entry)
    if url is None:
        return 'is not a valid address (a character that must be escaped, a port that is not a number, or brackets without an IPv6 address)'
    if not url.scheme:
        return 'is neither an address nor direct or off: write https://HOST, http://HOST or file:///FOLDER'
    if url.scheme not in (u'https', u'http', u'file'):
        return 'has a scheme that the go command does not support: use https, http or file'
    # Since Go 1.19 file:/FOLDER is another address than file:///FOLDER, and the go command rejects it.
    if url.scheme == u'file' and (url.authority or url.query or url.fragment or not entry[len(u'file:'):].startswith(u'//')):
        return 'must be file:///FOLDER, with three slashes, without a host and without ? and #'
    return None


def database_refusal(text):
    """The reason why the go command would reject this GOSUMDB, or None."""
    words = text.split()
    if text == u'off' or text == _ALIAS:
        return None
    if len(words) not in (1, 2):
        return 'must be off, the name of a known database (sum.golang.org), or a key, optionally with an address'
    if words[0] not in _KNOWN_DATABASES and not _is_key(words[0]):
        return 'is neither the key of a checksum database (NAME+HASH+KEY as its operator publishes it) nor off or sum.golang.org'
    return 'contains an invalid address' if len(words) == 2 and parsed(words[1]) is None else None


def _is_key(text):
    name, dummy, rest = text.partition(u'+')
    digest, dummy, encoded = rest.partition(u'+')
    if not re.match(u'[0-9a-fA-F]{8}\\Z', digest) or not _is_host(name) or len(encoded) % 4 or not re.match(u'[A-Za-z0-9+/]+={0,2}\\Z', encoded):
        return False
    try:
        key = base64.b64decode(encoded.encode('ascii'))
    except (TypeError, binascii.Error):
        return False
    proven = hashlib.sha256(name.encode('utf-8') + b'\n' + key).hexdigest()[:8]
    return len(key) == 33 and bytearray(key)[0] == _ED25519 and digest.lower() == proven


def _is_host(name):
    url = parsed(u'https://' + name)
    return (url is not None and bool(url.authority) and u'@' not in url.authority and not name.endswith(u'/') and u'%' not in url.path
            and not (url.query or url.fragment))
