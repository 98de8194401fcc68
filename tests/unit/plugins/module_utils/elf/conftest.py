# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf


@pytest.fixture(name='reading')
def opened(tmpdir):
    """Write bytes or a Tiny to a file, and read it: (Source, File)."""
    sources = []

    def read(content):
        path = tmpdir.join('program%d' % len(sources))
        path.write_binary(bytes(getattr(content, 'content', content)))
        manager = elf.open_file(str(path))
        source = manager.__enter__()
        sources.append(manager)
        return source, elf.read(source)

    yield read
    for manager in sources:
        manager.__exit__(None, None, None)
