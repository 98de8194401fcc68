# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build archives that no tool writes, byte by byte, and list the folder after unpacking them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import gzip
import io
import os
import stat
import tarfile

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from support.units.tiny_trees import member


def code_of(function, *arguments):
    with pytest.raises(GofleetError) as caught:
        function(*arguments)
    return caught.value.code


def modes(root):
    found = {}
    for parent, _folders, names in os.walk(root):
        for name in names:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, root)] = stat.S_IMODE(os.stat(path).st_mode)
    return found


def everything_in(folder):
    return sorted(os.path.join(parent, name) for parent, folders, names in os.walk(str(folder)) for name in folders + names)


def gzipped(path, content):
    with contextlib.closing(gzip.open(str(path), 'wb')) as target:
        target.write(content)
    return str(path)


def tar_bytes(*members, **options):
    target = io.BytesIO()
    with contextlib.closing(tarfile.open(fileobj=target, mode='w', **options)) as made:
        for header, content in members:
            made.addfile(header, io.BytesIO(content))
    return target.getvalue()


def summed(header):
    """A header (bytearray) with the checksum that it should have."""
    header[148:156] = b' ' * 8
    header[148:156] = ('%06o\0 ' % sum(header)).encode('ascii')
    return bytes(header)


FILE = tar_bytes(member('go/file', b'x'), format=tarfile.USTAR_FORMAT)


def with_extension(kind, content):
    """A header of a kind that speaks of the next member."""
    header, _content = member('PaxHeaders/x', content)
    header.type = kind
    return header.tobuf(tarfile.USTAR_FORMAT) + content + b'\0' * (-len(content) % 512)
