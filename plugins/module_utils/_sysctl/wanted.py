# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Derive the wanted kernel settings from options, and check whether a host can have them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import keys
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import profiles as known
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values

RESERVED = 'net.ipv4.ip_local_reserved_ports'
_RANGE = 'net.ipv4.ip_local_port_range'
_PORTS = 65535
# The reason for a setting that is absent although its name is valid: the host has no interface of that name.
NO_INTERFACE = 'this host does not have this interface, or has its protocol disabled'
# These include Python 2's long and unicode.
_INTEGERS = (int, type(2 ** 64))
_TEXTS = (str, type(u''))

_NUMBER = re.compile(r'-?(?:0[xX][0-9a-fA-F]+|[0-9]+)\Z')

# One wanted key. value: with normalised whitespace; at_least: whether it is a minimum; optional: whether a host may lack the key.
Wanted = namedtuple('Wanted', 'parts key value at_least optional origin reason source')


def wanted_settings(profiles, settings):
    """The Wanted keys in the order of setting: those of the profiles, overridden by those of the user.

    A leading "-", as in sysctl.d(5), marks a key that a host may lack. Raises GofleetError(invalid_key, invalid_value, harmful_key, duplicate_key).
    """
    found = {}
    for profile in profiles:
        for setting in known.PROFILES[profile]:
            other = found.get(setting.key)
            value = most(setting.value, other.value) if other and setting.at_least else setting.value
            parts = keys.parse_key(setting.key)
            found[setting.key] = Wanted(parts, setting.key, value, setting.at_least, False, profile, setting.reason, setting.source)
    names = {}
    for given, value in settings.items():
        name = to_native(given)
        parts = keys.parse_key(name[1:] if name.startswith('-') else name)
        key = keys.spell(parts)
        if key in names:
            raise GofleetError("settings contains %s twice, as '%s' and as '%s'. Nothing was changed. Remove one of them."
                               % ((key,) + tuple(sorted((names[key], name)))), 'duplicate_key', key=key, names=sorted((names[key], name)))
        names[key] = name
        found[key] = Wanted(parts, key, _value(key, value), key in known.RAISE_ONLY, name.startswith('-'), 'settings', None, None)
    for key, why in known.HARMFUL.items():
        if key in found:
            raise GofleetError('%s is refused on every host: %s.' % (key, why), 'harmful_key', key=key)
    return [found[key] for key in sorted(found, key=lambda each: (each not in known.BEFORE_OTHERS, each))]


def _value(key, value):
    if isinstance(value, (list, tuple)) and value:
        return ' '.join(_value(key, each) for each in value)
    if isinstance(value, bool) or not isinstance(value, _INTEGERS + _TEXTS):
        raise _invalid(key, value, 'is neither a number nor a string. Write 1 or 0 for a switch, and quote values that YAML reads as another type')
    text = to_native(value) if isinstance(value, _TEXTS) else str(value)
    if not text.strip() or '\n' in text.strip() or '\0' in text:
        raise _invalid(key, value, 'is empty or has more than one line')
    if '#' in text:
        raise _invalid(key, value, 'contains a #, which BusyBox reads as the start of a comment')
    return keys.normal(text)


def _invalid(key, value, why):
    return GofleetError("%s: the value '%s' %s." % (key, value, why), 'invalid_value', key=key)


def numbers(value):
    """The numbers of a value, or None if it contains anything else."""
    fields = keys.words(value or '')
    if not fields or not all(_NUMBER.match(each) for each in fields):
        return None
    # The kernel reads a leading 0 as octal and Python rejects it, so such a value does not count as a number.
    try:
        return [int(each, 0) for each in fields]
    except ValueError:
        return None


def is_same(one, other):
    """Whether two values are equal for the kernel, which prints 1 after 0x1 was written."""
    return one == other or (numbers(one) is not None and numbers(one) == numbers(other))


def as_printed(each, now):
    """A Wanted with its value in the form that the kernel prints; now: the value in force."""
    plain = numbers(now) is not None and numbers(each.value) is not None and 'x' in each.value.lower() and 'x' not in now.lower()
    return each._replace(value=' '.join(str(number) for number in numbers(each.value))) if plain else each


def reaches(value, floor):
    """Whether each number of a value is at least that of the minimum (floor)."""
    found, wanted = numbers(value), numbers(floor)
    return found is not None and wanted is not None and len(found) == len(wanted) and all(one >= other for one, other in zip(found, wanted))


def most(one, other):
    """The greater of two values, number by number; the first one if they cannot be compared."""
    first, second = numbers(one), numbers(other)
    if first is None or second is None or len(first) != len(second):
        return one
    return ' '.join(str(max(pair)) for pair in zip(first, second))


# ---- whether a host can have them


def problems(wanted, observed, ports):
    """(key, code, reason) for each setting that cannot be reached on this host."""
    found = []
    for each in wanted:
        live = observed.live[each.key]
        problem = _existence_problem(each, live) or (live.kind == 'setting' and _value_problem(each, live, observed.kernel)) or None
        if problem:
            found.append((each.key,) + problem)
        if each.key == _RANGE:
            found += _port_problems(each.value, _reserved(wanted, observed), ports)
    return found


def _existence_problem(each, live):
    """(code, reason) for a name that is not a setting, or None."""
    if live.kind == 'command':
        return 'write_only_key', 'it cannot be read, so it is a command to the kernel and not a setting'
    if _is_cut_interface(each.parts):
        return 'unknown_key', "no setting has this many parts. If the interface is '%s', write %s" % (
            '.'.join(each.parts[3:-1]), '/'.join(each.parts[:3] + ('.'.join(each.parts[3:-1]), each.parts[-1])))
    hint = ' Did you mean %s?' % ' or '.join(live.near) if live.near else ''
    if live.kind == 'folder':
        return 'not_a_setting', 'it is a folder of settings, not a setting%s' % ('.' + hint if hint else '')
    if live.kind == 'setting' or each.optional:
        return None
    if each.key in known.REMOVED:
        return 'removed_key', known.REMOVED[each.key]
    if each.key not in known.known_keys() and live.why != NO_INTERFACE:
        return 'unknown_key', 'it is unknown to this host and to this collection.%s Write "-%s" if hosts may lack it' % (hint, each.key)
    return None


def _is_cut_interface(parts):
    """Whether dots in the name of an interface were read as separators. No host has such a setting, so it cannot be optional."""
    return len(parts) > 5 and '.'.join(parts[:3]) in known.PER_INTERFACE


def _value_problem(each, live, kernel):
    """(code, reason) for a value that is invalid for this setting, or None."""
    asked, now = numbers(each.value), numbers(live.value)
    if each.key in known.FREE_FORM or now is None:
        return None
    if asked is None:
        return 'not_a_number', "'%s' is not a number, and the kernel's value is %s" % (each.value, live.value)
    # If a value has too few or too many numbers, the kernel silently uses as many as it can.
    if len(asked) != len(now):
        return 'wrong_count', "'%s' has %d numbers, and the kernel's value has %d (%s)" % (each.value, len(asked), len(now), live.value)
    if each.key == _RANGE and asked[0] >= asked[1]:
        return 'out_of_range', "'%s' is invalid: the first number must be less than the second" % each.value
    for key, least, greatest, first, last in known.LIMITS:
        holds = key == each.key and kernel >= first and (last is None or kernel < last)
        # A kernel whose present value is beyond the limit has another limit (distributions backport changes).
        if holds and not _within(asked, least, greatest) and _within(now, least, greatest):
            return 'out_of_range', '%s is not between %d and %d, the limits of Linux %s' % (
                each.value, least, greatest, '.'.join(str(number) for number in kernel))
    return None


def _within(found, least, greatest):
    return all(least <= number <= greatest for number in found)


def _reserved(wanted, observed):
    asked = [each.value for each in wanted if each.key == RESERVED]
    found = set()
    for field in re.split(r'[,\s]+', (asked[0] if asked else observed.live[RESERVED].value) or ''):
        low, dash, high = field.partition('-')
        first, last = foreign_values.whole(low), foreign_values.whole(high if dash else low)
        if first is not None and last is not None:
            found.update(range(first, min(last, _PORTS) + 1))
    return found


def _port_problems(value, reserved, ports):
    ends = numbers(value)
    if not ends or len(ends) != 2:
        return []
    taken = [port for port in ports if ends[0] <= port <= ends[1] and port not in reserved]
    if not taken:
        return []
    listed = ','.join(str(port) for port in taken)
    return [(_RANGE, 'port_in_range', "'%s' contains ports that services listen on (%s), and an outgoing connection may use them first. Choose another "
             'range, or reserve them with %s: "%s"' % (value, listed, RESERVED, listed))]
