# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one environment as typed values, whatever reads it in the end.

Layers of options become Variables: layers over each other, presets beneath. Nothing here knows a file format; environment_render.py does.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import sys
from collections import namedtuple

from ansible.module_utils.common.text.converters import to_native, to_text
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.gofleet.golang.plugins.module_utils._environment import flags, sizes, words
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# What reads an environment. go_command is the go command itself, by the go.env of its tree.
CONSUMERS = ('login_shell', 'fish', 'user_manager', 'service', 'openrc', 'container', 'go_command')
TYPES = ('string', 'switch', 'path_list', 'comma_list', 'flag_list', 'size')
SEPARATORS = {'path_list': u':', 'comma_list': u',', 'flag_list': u' '}

# Types of names that everybody knows: go help environment, runtime, environ(7).
_KNOWN_TYPES = dict(
    [(name, 'path_list') for name in ('PATH', 'GOPATH', 'LD_LIBRARY_PATH', 'PKG_CONFIG_PATH')]
    + [(name, 'comma_list') for name in ('GODEBUG', 'GOPRIVATE', 'GONOSUMDB', 'GONOPROXY', 'GOINSECURE', 'GOVCS', 'GOEXPERIMENT')],
    GOFLAGS='flag_list', GOMEMLIMIT='size', CGO_ENABLED='switch')
_KNOWN_UNITS = {'GOMEMLIMIT': 'go'}
# Words that stand for a size.
_SIZE_WORDS = {'GOMEMLIMIT': (u'off',)}
# int and str, and Python 2's long and unicode.
_SCALARS = (int, type(2 ** 64), bytes, type(u''))
_KEYS = ('value', 'type', 'unit', 'consumers')
_NAME = re.compile(r'^[A-Za-z_][A-Za-z0-9_]*\Z')
# A kernel's limit for one NAME=VALUE with its NUL (MAX_ARG_STRLEN, execve(2)), with pages of 4 KiB.
_LONGEST = 131072
# Flags that may be given more than once, for several package patterns (go help build).
_REPEATABLE = ('-asmflags', '-gccgoflags', '-gcflags', '-ldflags')
# Python 2 may spell a character beyond U+FFFF as two surrogates; one alone is what to_text() makes of a byte that is not UTF-8.
_SURROGATE = re.compile(u'(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])' if sys.maxunicode == 0xffff
                        else u'[\ud800-\udfff]')


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
        """The entries of a list as text, each as it stands between separators."""
        return [quoted_flag(entry) for entry in self.value] if self.type == 'flag_list' else list(self.value)

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

    layers: dicts of options, from the lowest to the uppermost; secrets: a dict of options whose values are shown nowhere; presets: Variables of
    lists that stand behind what the layers say.
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


def said(layer):
    """A layer without the variables whose values are empty strings or lists: what a caller hands on that was given nothing."""
    return dict((name, option) for name, option in layer.items() if _value_of(option) not in (u'', b'', []))


def _value_of(option):
    return option.get('value') if isinstance(option, dict) else option


def _lay(found, variable, name, option):
    """null in an upper layer takes a variable away. A list without entries adds nothing, whatever is there."""
    if _value_of(option) in ([], ()):
        return
    if variable is None:
        found.pop(name, None)
    else:
        found[name] = merged(found[name], variable) if name in found else variable


def merged(lower, upper):
    """One Variable of two layers. Lists are joined, the upper layer's entries first; GODEBUG and GOFLAGS setting by setting, in order."""
    if lower.type != upper.type or not upper.is_list:
        return upper
    if upper.name in ('GODEBUG', 'GOFLAGS'):
        # The last one of a name counts in both, but a reader of the file should find one.
        said = set(_setting(entry) for entry in upper.value)
        entries = [entry for entry in lower.value if _setting(entry) not in said] + upper.value
    else:
        entries = upper.value + [entry for entry in lower.value if entry not in upper.value]
    return upper._replace(value=entries)


def _setting(entry):
    name = re.sub(u'^--', u'-', entry).partition(u'=')[0]
    return entry if name in _REPEATABLE else name


def variable_of(name, option, secret):
    """The Variable for an option: a value, or a dict of value, type, unit and consumers; None if the value is null or missing."""
    name = to_native(name)
    if not _NAME.match(name):
        raise GofleetError("'%s' can't be the name of a variable everywhere: letters, digits and _ can, and no digit comes first." % name,
                           'invalid_name', variable=name)
    if name == 'GOROOT':
        raise GofleetError('GOROOT is not to be set: the go command knows its own tree, and a stale GOROOT breaks it after the next upgrade '
                           '(golang/go#34214). Put the tree you want first in PATH.', 'goroot_forced', variable=name)
    option = option if isinstance(option, dict) else {'value': option}
    _check_option(name, option)
    value = words.meant(name, option.get('value'))
    if value is None:
        return None
    kind = option.get('type') or _KNOWN_TYPES.get(name, 'string')
    if kind == 'size' and value in _SIZE_WORDS.get(name, ()):
        kind = 'string'
    variable = Variable(name, kind, _READERS[kind](name, value), option.get('unit') or _KNOWN_UNITS.get(name, 'bytes'), secret,
                        tuple(option.get('consumers') or ()))
    # The kernel counts NAME, =, the value and a NUL.
    if len(name) + len(variable.text.encode('utf-8')) + 2 > _LONGEST:
        raise GofleetError('%s is longer than the %d bytes that Linux lets one variable have. Put the value into a file and its path into the variable.'
                           % (name, _LONGEST), 'too_long', variable=name)
    return variable


def _check_option(name, option):
    """Raise GofleetError(invalid_variable). A dict that is no option may be meant as a value, so its message shows none of it."""
    if set(option) - set(_KEYS):
        _refuse_option(name, 'has a key that means nothing', _KEYS)
    for key, known in (('type', TYPES), ('unit', sorted(sizes.UNITS))):
        if option.get(key) is not None and option[key] not in known:
            _refuse_option(name, 'has a %s that does not exist' % key, known)
    consumers = option.get('consumers') or []
    if not isinstance(consumers, list) or any(each not in CONSUMERS for each in consumers):
        _refuse_option(name, 'names consumers that do not exist, or not as a list', CONSUMERS)


def _refuse_option(name, what, known):
    raise GofleetError('%s %s. There are: %s.' % (name, what, ', '.join(known)), 'invalid_variable', variable=name)


def _text(name, value):
    if isinstance(value, (bool, float)) or not isinstance(value, _SCALARS):
        raise words.lost('The value of %s' % name, name, value)
    text = to_text(value, errors='surrogate_or_strict', nonstring='simplerepr')
    if u'\0' in text or _SURROGATE.search(text):
        raise GofleetError('The value of %s holds %s, which no variable can. Put the value into a file and its path into the variable.'
                           % (name, 'a NUL' if u'\0' in text else 'bytes that are not UTF-8'), 'not_text', variable=name)
    return text


def _switch(name, value):
    try:
        return u'1' if boolean(value) else u'0'
    except TypeError:
        raise GofleetError('%s is on or off, and its value says neither. Write true or false.' % name, 'ambiguous_value', variable=name)


def _size(name, value):
    return sizes.parse(value, name)


def _listed(name, value, split):
    entries = [_text(name, each) for each in value] if isinstance(value, (list, tuple)) else split(_text(name, value))
    return [entry for position, entry in enumerate(entries) if entry not in entries[:position]]


def _paths(name, value):
    entries = _listed(name, value, lambda text: text.split(u':'))
    for entry in entries:
        # An empty or relative entry is a folder of whoever happens to be somewhere: programs of strangers.
        if u':' in entry or not entry.startswith((u'/', u'~/')):
            _refuse_entry(name, 'has to be an absolute path (or begin with ~/) without a colon')
    return entries


def _commas(name, value):
    entries = _listed(name, value, lambda text: [entry.strip() for entry in text.split(u',')] if text else [])
    for entry in entries:
        if not entry or u',' in entry:
            _refuse_entry(name, 'may not be empty, nor hold a comma')
    return entries


def _flags(name, value):
    entries = _listed(name, value, lambda text: split_flags(name, text))
    for entry in entries:
        # go help environment: GOFLAGS is a list of -flag=value settings.
        if not entry or (name == 'GOFLAGS' and not entry.startswith(u'-')):
            _refuse_entry(name, 'has to begin with -')
        if u"'" in entry and u'"' in entry:
            _refuse_entry(name, "may not hold both kinds of quotes, since Go's list of flags knows no escapes")
    return entries


def _refuse_entry(name, rule):
    raise GofleetError('Each entry of %s %s.' % (name, rule), 'invalid_entry', variable=name)


def quoted_flag(entry):
    """An entry of a list of flags as Go splits it (cmd/internal/quoted): quoted whole if it holds spaces or begins with a quote."""
    if entry and not re.search(u'[ \t\n\r]', entry) and entry[0] not in u'"\'':
        return entry
    return u'"%s"' % entry if u"'" in entry else u"'%s'" % entry


def split_flags(name, text):
    """The entries of a list of flags. Raises GofleetError(invalid_entry) for a quote that does not end."""
    try:
        return flags.split(text)
    except flags.Unterminated:
        _refuse_entry(name, 'that begins with a quote has to end with it')


_READERS = {'string': _text, 'switch': _switch, 'path_list': _paths, 'comma_list': _commas, 'flag_list': _flags, 'size': _size}
