# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words that YAML takes for something else: the one table of them, and what is said where the word is lost.

YAML 1.1, which Ansible reads, takes on, off, yes and no without quotes for booleans, and 1.20 for the number 1.2. Where only one word of a variable
can have been meant by a boolean, it is taken as that word; everything else is refused with the quotes that it needs.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

_OFF = {False: u'off'}
_ON_OR_OFF = {False: u'off', True: u'on'}
# The words of variables that are booleans to YAML (go help environment, package runtime). No other word of theirs is one.
BOOLEANS = {
    'GO111MODULE': _ON_OR_OFF, 'GOAUTH': _OFF, 'GOENV': _OFF, 'GOFIPS140': _OFF, 'GOGC': _OFF, 'GOMEMLIMIT': _OFF, 'GOPROXY': _OFF, 'GOSUMDB': _OFF,
    'GOWORK': _OFF,
}
# Options of env_file that are text, and that YAML can have bent. The type of the option itself would make 'False' and '1.2' of them.
OPTIONS = ('name', 'owner', 'group')
# What may have stood there, and what to write.
_LOST = {
    'bool': ('a boolean (on, off, yes, no, true and false are booleans to it)', {True: '"on"', False: '"off"'}),
    'float': ('a number (1.20 is 1.2 to it)', {}),
}


def meant(name, value):
    """The value of a variable as it was written, if YAML made a boolean of a word that can be none other; the value itself otherwise."""
    return BOOLEANS.get(name, {}).get(value, value) if isinstance(value, bool) else value


def settled(options):
    """The options of env_file with text as text. An empty one stands for one that is not given. Raises GofleetError(ambiguous_value)."""
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
    """The GofleetError for a value that is no text any more. It shows no value but a boolean: others may be secret.

    subject: what has the value, for the beginning of a sentence.
    """
    kind = type(value).__name__
    what, words = _LOST.get(kind, ('a %s' % kind, {}))
    example = words.get(value, '"1.20"') if kind in _LOST else '"..."'
    return GofleetError('%s is not text: YAML read it as %s, and what was written is lost. Put it in quotes: %s: %s' % (subject, what, name, example),
                        'ambiguous_value', variable=name, found=kind)
