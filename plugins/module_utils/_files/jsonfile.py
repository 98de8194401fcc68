# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this collection remembers on a host: one JSON object a file, with the number of its format."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import json

from ansible_collections.gofleet.golang.plugins.module_utils import _system as system
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import transaction
from ansible_collections.gofleet.golang.plugins.module_utils._texts import foreign as foreign_values
from ansible_collections.gofleet.golang.plugins.module_utils._texts import raw as raw_texts

# Bytes. A manifest has some 10 KiB.
_LIMIT = 16 << 20


def read(path, newest, newer, missing=None):
    """What is in a file, its text as the str of this Python; missing if there is no file.

    newest: the latest format that is known; newer: code of the GofleetError that is raised for a later one.
    Raises ValueError for what is no JSON that this collection can have written, IOError, OSError.
    """
    try:
        text = system.content(path, _LIMIT + 1)
    except (IOError, OSError) as exc:
        if exc.errno != errno.ENOENT:
            raise
        return missing
    if len(text) > _LIMIT:
        raise ValueError('it has more than %d bytes' % _LIMIT)
    content = foreign_values.from_json(text)
    if isinstance(content, dict) and isinstance(content.get('format'), int) and content['format'] > newest:
        raise GofleetError('%s was written by a later gofleet.golang (format %s, this one knows %d). Update the collection on the controller.'
                           % (path, content['format'], newest), newer, path=path)
    return raw_texts.from_json(content)


def write(path, content):
    """Replace a file as a whole. Raises OSError."""
    text = json.dumps(raw_texts.to_json(content), indent=1, sort_keys=True, separators=(',', ': '))
    transaction.write_file(path, text.encode('ascii') + b'\n')
