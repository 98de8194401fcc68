# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore words that YAML reads as another type, such as off, or raise an error if the word cannot be known.

In YAML 1.1, which Ansible uses, on, off, yes and no without quotes are booleans, and 1.20 is the number 1.2. If a boolean can only mean one word
of a variable, it is read as that word; everything else is an error that shows the necessary quotes.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

_OFF = {False: u'off'}
_ON_OR_OFF = {False: u'off', True: u'on'}
# The words of variables that YAML reads as booleans (go help environment, package runtime). The list is complete.
BOOLEANS = {
    'GO111MODULE': _ON_OR_OFF, 'GOAUTH': _OFF, 'GOENV': _OFF, 'GOFIPS140': _OFF, 'GOGC': _OFF, 'GOMEMLIMIT': _OFF, 'GOPROXY': _OFF, 'GOSUMDB': _OFF,
    'GOWORK': _OFF,
}
# Text options of env_file that YAML may have changed. With the type str Ansible would turn them into 'False' and '1.2'.
OPTIONS = ('name', 'owner', 'group')
# The text that may have been written, and the text to write instead.
_LOST = {
    'bool': ('a boolean (in YAML on, off, yes, no, true and false are booleans)', {True: '"on"', False: '"off"'}),
    'float': ('a number (in YAML 1.20 is 1.2)', {}),
}


def meant(name, value):
    """The original word, if YAML read it as a boolean and only one word is possible; otherwise the value itself."""
    return BOOLEANS.get(name, {}).get(value, value) if isinstance(value, bool) else value


def settled(options):
    """The options of env_file, with words restored and None for empty ones. Raises GofleetError(ambiguous_value)."""
    found = dict(options)
    for option in OPTIONS:
        found[option] = _text(option, options[option])
    for option in ('owner', 'group', 'mode', 'goroot', 'bin_dir'):
        found[option] = None if found[option] == '' else found[option]
    return found


def _text(option, value):
    if isinstance(value, (bool, float)) or not isinstance(value, (type(None), int, type(2 ** 64), str, type(u''))):
        raise lost('The option %s' % option, option, value)
    return value if value is None else to_native('%s' % value)


def lost(subject, name, value):
    """The GofleetError for a value that YAML did not read as text. It shows only a boolean, because other values may be secret.

    subject: the owner of the value, which begins the sentence.
    """
    kind = type(value).__name__
    what, words = _LOST.get(kind, ('a %s' % kind, {}))
    example = words.get(value, '"1.20"') if kind in _LOST else '"..."'
    return GofleetError('%s is not text: YAML read it as %s, and the original spelling is lost. Put it in quotes: %s: %s' % (subject, what, name, example),
                        'ambiguous_value', variable=name, found=kind)
