# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words that YAML reads as something else: the table of them, and the error where the word is lost.

In YAML 1.1, which Ansible reads, on, off, yes and no without quotes are booleans, and 1.20 is the number 1.2. If a boolean can only mean one word
of a variable, it is read as that word; everything else is an error that shows the quotes which are needed.
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
# Options of env_file that are text, and that YAML may have changed. With the type str Ansible would turn them into 'False' and '1.2'.
OPTIONS = ('name', 'owner', 'group')
# What may have been written, and what to write instead.
_LOST = {
    'bool': ('a boolean (in YAML on, off, yes, no, true and false are booleans)', {True: '"on"', False: '"off"'}),
    'float': ('a number (in YAML 1.20 is 1.2)', {}),
}


def meant(name, value):
    """The word that was written, if YAML read it as a boolean and only one word is possible; otherwise the value itself."""
    return BOOLEANS.get(name, {}).get(value, value) if isinstance(value, bool) else value


def settled(options):
    """The options of env_file with text as text, and None for empty ones. Raises GofleetError(ambiguous_value)."""
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
    """The GofleetError for a value that YAML did not read as text. It shows no value, except a boolean: others may be secret.

    subject: what has the value, for the beginning of a sentence.
    """
    kind = type(value).__name__
    what, words = _LOST.get(kind, ('a %s' % kind, {}))
    example = words.get(value, '"1.20"') if kind in _LOST else '"..."'
    return GofleetError('%s is not text: YAML read it as %s, and the original spelling is lost. Put it in quotes: %s: %s' % (subject, what, name, example),
                        'ambiguous_value', variable=name, found=kind)
