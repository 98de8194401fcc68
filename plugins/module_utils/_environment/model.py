# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An environment as typed values, independent of consumers and file formats.

Layers of options become Variables: upper layers override lower ones, and all override presets.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native, to_text

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers as environment_consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment import flags, sizes, values, words
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

SEPARATORS = {'path_list': u':', 'comma_list': u',', 'flag_list': u' '}

# Types of well-known names: go help environment, runtime, environ(7).
_KNOWN_TYPES = dict(
    [(name, 'path_list') for name in ('PATH', 'GOPATH', 'LD_LIBRARY_PATH', 'PKG_CONFIG_PATH')]
    + [(name, 'comma_list') for name in ('GODEBUG', 'GOPRIVATE', 'GONOSUMDB', 'GONOPROXY', 'GOINSECURE', 'GOVCS', 'GOEXPERIMENT')],
    GOFLAGS='flag_list', GOMEMLIMIT='size', CGO_ENABLED='switch')
_KNOWN_UNITS = {'GOMEMLIMIT': 'go'}
# Words that are valid in place of a size.
_SIZE_WORDS = {'GOMEMLIMIT': (u'off',)}
_KEYS = ('value', 'type', 'unit', 'consumers')
_NAME = re.compile(r'^[A-Za-z_][A-Za-z0-9_]*\Z')
# The kernel's limit for one NAME=VALUE with its NUL (MAX_ARG_STRLEN, execve(2)), with pages of 4 KiB.
_LONGEST = 131072
# Flags that may be repeated for several package patterns (go help build).
_REPEATABLE = tuple('-%s' % name for name in flags.PER_PACKAGE)


class Variable(namedtuple('Variable', 'name type value unit secret consumers')):
    """One variable. value: text, a list of text entries, or an int of bytes, by type; consumers: tuple, empty for all."""

    __slots__ = ()

    @property
    def is_list(self):
        return self.type in SEPARATORS

    @property
    def separator(self):
        return SEPARATORS[self.type]

    @property
    def entries(self):
        """The entries of a list as texts, in the form that is written between separators."""
        return [flags.quoted(entry) for entry in self.value] if self.type == 'flag_list' else list(self.value)

    @property
    def text(self):
        """The whole value as text."""
        if self.is_list:
            return self.separator.join(self.entries)
        return to_text(sizes.render(self.value, self.unit)) if self.type == 'size' else self.value


def is_for(variable, consumer):
    return not variable.consumers or consumer in variable.consumers


def variables_of(layers, secrets, presets=()):
    """The environment as Variables, sorted by name.

    layers: dicts of options, from the lowest to the uppermost; secrets: a dict of options whose values are never shown; presets: Variables of
    lists, whose entries follow those of the layers.
    Raises GofleetError(invalid_variable, invalid_name, invalid_size, ambiguous_value, invalid_entry, goroot_forced, too_long).
    """
    found = {}
    for layer in layers:
        for name, option in sorted(layer.items()):
            _lay(found, variable_of(name, option, False), to_native(name), option)
    for name, option in sorted(secrets.items()):
        variable = variable_of(name, option, True)
        if variable and variable.name in found:
            raise GofleetError('%s is among the secrets and among the other variables. Name it once.' % name, 'invalid_variable', variable=to_native(name))
        _lay(found, variable, to_native(name), option)
    for preset in presets:
        upper = found.get(preset.name)
        found[preset.name] = merged(preset, upper) if upper else preset
    return [found[name] for name in sorted(found)]


def without_empty(layer):
    """A layer without variables whose values are empty strings or lists: callers pass those if their own options are not set."""
    return dict((name, option) for name, option in layer.items() if _value_of(option) not in (u'', b'', []))


def _value_of(option):
    return option.get('value') if isinstance(option, dict) else option


def _lay(found, variable, name, option):
    """Put a layer on top of others. null removes a variable; an empty list has no effect."""
    if _value_of(option) in ([], ()):
        return
    if variable is None:
        found.pop(name, None)
    else:
        found[name] = merged(found[name], variable) if name in found else variable


def merged(lower, upper):
    """One Variable from two layers. Lists are joined, with the upper layer's entries first; GODEBUG and GOFLAGS are merged setting by setting, in order."""
    if lower.type != upper.type or not upper.is_list:
        return upper
    if upper.name in ('GODEBUG', 'GOFLAGS'):
        # In both, the last setting of a name counts; one setting for each name keeps the file readable.
        upper_settings = set(_setting(entry) for entry in upper.value)
        entries = [entry for entry in lower.value if _setting(entry) not in upper_settings] + upper.value
    else:
        entries = upper.value + [entry for entry in lower.value if entry not in upper.value]
    return upper._replace(value=entries)


def _setting(entry):
    name = re.sub(u'^--', u'-', entry).partition(u'=')[0]
    return entry if name in _REPEATABLE else name


def variable_of(name, option, secret):
    """The Variable of an option, which is a value or a dict of value, type, unit and consumers; None if the value is null or missing."""
    name = to_native(name)
    if not _NAME.match(name):
        raise GofleetError("Invalid name of a variable: '%s'. Use letters, digits and _, and do not begin with a digit." % name,
                           'invalid_name', variable=name)
    if name == 'GOROOT':
        raise GofleetError('GOROOT must not be set: the go command knows its own tree, and a stale GOROOT breaks it after the next upgrade '
                           '(golang/go#34214). Put the tree you want first in PATH.', 'goroot_forced', variable=name)
    option = option if isinstance(option, dict) else {'value': option}
    _check_option(name, option)
    value = words.meant(name, option.get('value'))
    if value is None:
        return None
    kind = option.get('type') or _KNOWN_TYPES.get(name, 'string')
    if kind == 'size' and value in _SIZE_WORDS.get(name, ()):
        kind = 'string'
    variable = Variable(name, kind, values.read(kind, name, value), option.get('unit') or _KNOWN_UNITS.get(name, 'bytes'), secret,
                        tuple(option.get('consumers') or ()))
    # The kernel counts NAME, =, the value and a NUL.
    if len(name) + len(variable.text.encode('utf-8')) + 2 > _LONGEST:
        raise GofleetError('%s is longer than %d bytes, the limit of Linux for one variable. Put the value into a file and its path into the variable.'
                           % (name, _LONGEST), 'too_long', variable=name)
    return variable


def _check_option(name, option):
    """Raise GofleetError(invalid_variable) for an invalid dict. One with unknown keys may be a value, so the message does not show it."""
    if set(option) - set(_KEYS):
        _refuse_option(name, 'has an unknown key', _KEYS)
    for key, known in (('type', values.TYPES), ('unit', sorted(sizes.UNITS))):
        if option.get(key) is not None and option[key] not in known:
            _refuse_option(name, 'has an unknown %s' % key, known)
    consumers = option.get('consumers') or []
    if not isinstance(consumers, list) or any(each not in environment_consumers.NAMES for each in consumers):
        _refuse_option(name, 'must list its consumers, and one that is listed is unknown', environment_consumers.NAMES)


def _refuse_option(name, what, known):
    raise GofleetError('%s %s. Valid are: %s.' % (name, what, ', '.join(known)), 'invalid_variable', variable=name)
