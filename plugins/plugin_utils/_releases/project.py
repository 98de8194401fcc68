# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the version of Go from a project's files: go.mod, go.work, .tool-versions, .go-version."""

from __future__ import annotations

import codecs
from pathlib import Path

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._go import version as go_version

# The largest such file in bytes; the largest known go.mod has some 100 KiB.
_LIMIT = 1 << 20


def version(path: Path) -> str:
    """The version in a project's file, in the form of the option version.

    go.mod and go.work: the toolchain line names an exact release; without one the go line names a line, or since
    Go 1.21 also a release (go.dev/doc/toolchain). Raises GofleetError(bad_version_file), and as regular_files.read() does.
    """
    reader = _READERS.get(path.name) or (_from_go_mod if path.suffix in ('.mod', '.work') else _from_plain)
    # A missing file raises the error of the system.
    path.stat()
    found = reader(_text(regular_files.read(str(path), _LIMIT)))
    if not found:
        raise GofleetError(
            f'{path} names no version of Go. A go.mod or go.work needs a line "go 1.26" or "toolchain go1.26.6", a .tool-versions a line '
            '"golang 1.26.6", a .go-version the version alone.', 'bad_version_file', path=str(path))
    try:
        return str(go_version.parse_spec(found))
    except GofleetError as exc:
        raise GofleetError(f'{path}: {exc.msg}', 'bad_version_file', path=str(path), version=found) from exc


def _text(content: bytes) -> str:
    """The text of a file, which may begin with a byte order mark of Windows or be UTF-16 from PowerShell."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode('utf-16' if wide else 'utf-8-sig', errors='replace')


def _from_go_mod(text: str) -> str | None:
    lines = [line.split('//')[0].split() for line in text.splitlines()]
    values = {line[0]: line[1] for line in lines if len(line) == 2 and line[0] in ('go', 'toolchain')}
    toolchain = values.get('toolchain')
    return values.get('go') if toolchain in (None, 'default', 'local') else toolchain


def _from_tool_versions(text: str) -> str | None:
    for line in text.splitlines():
        words = line.split('#')[0].split()
        if len(words) >= 2 and words[0] in ('golang', 'go'):
            return words[1]
    return None


def _from_plain(text: str) -> str | None:
    lines = [line.split('#')[0].strip() for line in text.splitlines()]
    return next((line for line in lines if line), None)


_READERS = {'go.mod': _from_go_mod, 'go.work': _from_go_mod, '.tool-versions': _from_tool_versions, '.go-version': _from_plain}
