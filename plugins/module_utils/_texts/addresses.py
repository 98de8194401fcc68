# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove user names, passwords and tokens from addresses before they are shown or stored.

Users often write invalid addresses: with / # ? or @ in a password that should be percent-encoded, or without a scheme. A parser that follows
RFC 3986 mistakes half of such a password for a path and shows it. So if an address can be read in two ways, the reading that hides more counts.
Texts are str of either kind on Python 2; the time is linear in their length.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

HIDDEN = '***'
# Query parameters whose values are not secret. All others are hidden, because the names that servers give to tokens cannot be listed.
_HARMLESS = frozenset(('mode', 'include', 'version', 'v', 'ref', 'branch', 'tag', 'format', 'arch', 'os', 'goarch', 'goos', 'raw', 'download',
                       'go-get', 'inline', 'page', 'type'))
_HARMLESS_VALUE = re.compile(r'[A-Za-z0-9._+,-]{0,64}\Z')
# A word for the scheme that is followed by a colon alone could be a user name.
_SCHEME = re.compile(r'(?:[^\s:/?#@\\]{0,40}:/{2,}|(?:https?|ftp|git|ssh):/*|/{2,})')
_AUTHORITY = re.compile(r'[^/?#\\]*')
_HOST = re.compile(r'(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]&=;,]*)(?::[0-9]*)?\Z')
_DOTTED = re.compile(r'(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|localhost|\[[0-9A-Fa-f:.]+\])\Z')
# An @ of the module proxy protocol (/@v/list, /@latest) or before a version (toolchain@v0.0.1-go1.26.6), but not one before an IPv4 address.
_OF_MODULE = re.compile(r'@(?:v[0-9]*(?=[/?#]|\Z)|latest(?=[/?#]|\Z)|(?![0-9]+(?:\.[0-9]+){3}(?:[:/?#]|\Z))v?[0-9]+\.[0-9])')
# The number of readings that are tried; an address with more @ is read in the way that hides most.
_READINGS = 20
_NEXT = r'(?:[A-Za-z][A-Za-z0-9+.-]{0,20}://|direct\b|off\b)'
# Separators of addresses in an option, and in a text, where they may be quoted.
_LISTED = re.compile(r'[,|](?= {0,9}' + _NEXT + r')|\s(?=[A-Za-z][A-Za-z0-9+.-]{0,20}://|[^\s/@:]+:[^\s]*@)')
_LISTED_IN_TEXT = re.compile(r'([,|][\'"]{0,2}(?=' + _NEXT + '))')
_IN_TEXT = re.compile(r'://\S+')
_BARE = re.compile(r'(?:^|\s)[^\s/@:]*:[^\s]*@[^\s@]')
# Characters at the end of a sentence or quotation that are not part of an address in it.
_ENDS = '.,:;!?)}\'"`>'


def without_credentials(address):
    """The address in a form that may be shown and stored. A path of a file is returned unchanged.

    It hides user names and passwords with any characters, values of parameters that are not known to be harmless, and the fragment.
    """
    if address.startswith(('./', '../', '~', 'file:///')) or (address.startswith('/') and not address.startswith('//')):
        return address
    prefix, rest = _parted(address)
    rest = rest[_end_of_credentials(rest):]
    authority = _AUTHORITY.match(rest).group()
    return prefix + _shown_authority(authority) + _shown_tail(rest[len(authority):])


def in_option(text):
    """An option's value: an address, a list of addresses as in GOPROXY, or a key and an address as in GOSUMDB; other texts are returned unchanged."""
    if '://' not in text and not _BARE.search(text):
        return text
    found, start = [], 0
    for separator in _LISTED.finditer(text):
        found += [_option_part(text[start:separator.start()]), separator.group()]
        start = separator.end()
    return ''.join(found + [_option_part(text[start:])])


def in_text(text):
    """A text with the addresses in it in a form that may be shown. Only words with a scheme count as addresses."""
    return _IN_TEXT.sub(_shown_in_text, text) if '://' in text else text


def secrets_in(value):
    """The texts that without_credentials() hides in an option's value, or in a list or dict of options, as a set, raw and percent-decoded."""
    if isinstance(value, dict):
        return set().union(*[secrets_in(each) for each in value.values()])
    if isinstance(value, (list, tuple)):
        return set().union(*[secrets_in(each) for each in value])
    if not isinstance(value, (str, type(u''))) or ('://' not in value and not _BARE.search(value)):
        return set()
    found = set()
    for each in [part.strip() for part in _LISTED.split(value)]:
        found.update(_secrets(each) if without_credentials(each) != each else ())
    return found


def problem(url):
    """The reason why this cannot be an http or https address, as a text that shows no part of it; None if it may be one."""
    if not url.startswith(('http://', 'https://')):
        return 'is not an address that begins with http:// or https://'
    rest = url.partition('://')[2]
    authority = _AUTHORITY.match(rest).group()
    if not _HOST.match(authority.rpartition('@')[2]):
        return 'has no valid host and port. In a user name or password, write %2F for /, %23 for #, %3F for ?, %40 for @ and %25 for %'
    if re.search('[\\x00-\\x20\\x7f]', rest[len(authority):]):
        return 'holds a blank or a control character. Write %20 for a blank'
    return None


# ---- reading


def _parted(address):
    scheme = _SCHEME.match(address)
    return (scheme.group(), address[scheme.end():]) if scheme else ('', address)


def _end_of_credentials(rest):
    """The offset of the host: after the first @ of the shortest reading in which no later @ could end a password."""
    ends = [position + 1 for position, sign in enumerate(rest) if sign == '@']
    if len(ends) > _READINGS:
        return ends[-1]
    for end in [0] + ends:
        if _is_sound(rest, end, [each for each in ends if each > end]):
            return end
    return ends[-1] if ends else 0


def _is_sound(rest, start, later):
    authority = _AUTHORITY.match(rest, start).group()
    # Digits and a path may be a password that begins with digits; a name with dots and without a port is not a user with a password.
    if not _HOST.match(authority) or (not authority and start == 0):
        return False
    plain = start == 0 and _DOTTED.match(authority)
    query = rest.find('?', start)
    # A parameter's value may contain an @; so may a password with a ?, but the part before it seldom looks like a host and a path.
    path = rest[start + len(authority):start + len(authority) + 1] == '/'
    in_query = query if query >= 0 and path and _DOTTED.match(authority.partition(':')[0]) else len(rest)
    return all(plain or _OF_MODULE.match(rest, end - 1) or (end > in_query and '=' in rest[in_query:end]) for end in later)


def _shown_authority(authority):
    if _HOST.match(authority) or not re.search('[:=@]', authority):
        return authority
    # An invalid port is the beginning of a password whose end is elsewhere.
    host, colon, dummy = authority.partition(':')
    return (host if _HOST.match(host) else '') + colon + HIDDEN


def _shown_tail(tail):
    tail, fragment, hidden = tail.partition('#')
    path, query, parameters = tail.partition('?')
    # Parameters of a path (RFC 3986, 3.3), such as ;jsessionid=
    path = re.sub(r';([^;/]*)', lambda found: ';' + _shown_parameter(found.group(1)), path)
    parameters = re.sub(r'[^&;]+', lambda found: _shown_parameter(found.group()), parameters)
    return path + query + parameters + fragment + (HIDDEN if hidden else '')


def _shown_parameter(parameter):
    name, equals, value = parameter.partition('=')
    if name.lower() in _HARMLESS and _HARMLESS_VALUE.match(value):
        return parameter
    if equals:
        return name + equals + (HIDDEN if value else '')
    return HIDDEN if name else ''


def _option_part(text):
    address = text.strip()
    return text.replace(address, without_credentials(address)) if address and ('://' in address or _BARE.search(address)) else text


def _shown_in_text(found):
    shown = []
    for part in _LISTED_IN_TEXT.split(found.group()):
        # The brackets are part of an IPv6 address.
        address = part.rstrip(_ENDS if '[' in part else _ENDS + ']')
        shown += [without_credentials(address) if '://' in address else address, part[len(address):]]
    return ''.join(shown)


# ---- secrets


def _secrets(address):
    rest = _parted(address)[1]
    end = _end_of_credentials(rest)
    authority = _AUTHORITY.match(rest, end).group()
    found = set([rest[:end - 1]] if end else [])
    user, colon, password = rest[:max(end - 1, 0)].partition(':')
    # An error of a library may show the part that it mistook for a port or a path.
    found.update([password] + re.split(r'[/?#@:\\]', password) if colon else [user])
    if not _HOST.match(authority):
        found.add(authority.partition(':')[2])
    tail, dummy, fragment = rest[end + len(authority):].partition('#')
    found.update([fragment] + [each.partition('=')[2] for each in re.split(r'[?&;]', tail) if _shown_parameter(each) != each])
    return set(each for one in found for each in (one, _decoded(one)) if each)


def _decoded(text):
    # Not urllib's function, whose module loads all of TLS on Python 2.
    return re.sub(r'%([2-7][0-9A-Fa-f])', lambda found: chr(int(found.group(1), 16)), text)
