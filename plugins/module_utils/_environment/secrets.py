# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mask secret variables for logs and results, which show names, types, units and consumers, but never a value."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers, render, sizes, values
from ansible_collections.gofleet.golang.plugins.module_utils._texts import addresses

# The same text as Ansible's.
MASK = 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'
_WORDS = frozenset(values.TYPES + consumers.NAMES + tuple(sizes.UNITS) + ('true', 'false', 'True', 'False', 'None'))
# Text in every file and its diff.
_PUBLIC = str(render.rendered('', [], 'container', render.Setting(None, False)).decode('utf-8') + render.SECRETS) + MASK


def masked(secrets):
    """(the option secrets as it may be shown, set of the secret texts in it)."""
    if not isinstance(secrets, dict):
        return (MASK if secrets else secrets), _texts(secrets)
    return dict((name, _shown(option)) for name, option in secrets.items()), set().union(*[_secrets(option) for option in secrets.values()])


def _shown(option):
    if option is None:
        return None
    if not isinstance(option, dict):
        return MASK
    return dict((key, each if key != 'value' and _is_public(each) else MASK) for key, each in option.items())


def _is_public(value):
    """Whether these keys are words of the module. A dict with unknown keys may be a value."""
    words = value if isinstance(value, list) else [value]
    return all(each is None or (isinstance(each, (str, type(u''))) and each in _WORDS) for each in words)


def _secrets(option):
    return set().union(*[_texts(each) for key, each in option.items() if key == 'value' or not _is_public(each)]) if isinstance(option, dict) \
        else _texts(option)


def _texts(value):
    """The texts of a value, and their lines, list entries, and passwords in addresses."""
    if isinstance(value, dict):
        return set().union(*[_texts(each) for each in value.values()])
    if isinstance(value, (list, tuple)):
        return set().union(*[_texts(each) for each in value])
    if value is None or isinstance(value, bool):
        return set()
    text = value if isinstance(value, (str, type(u''))) else '%s' % (value,)
    return set(each for each in [text] + re.split(r'[\n:,]', text) + list(addresses.secrets_in(text)) if each and each not in _WORDS and each not in _PUBLIC)
