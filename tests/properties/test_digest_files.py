# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksum files of real tools are read for any file names, and damaged ones are at most refused.

The tools run over files with odd names, by a generator whose seed follows the commit (support/seed.py).
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digest_files
from parsers import Missing
from values import SEED

MIXTURES = 200
DAMAGES = 3000
# What a line may take for something else.
_PIECES = [
    b' ', b'  ', b'*', b' *', b'\n', b'\r', b'\r\n', b'\\', b'\\\\', b'\\n', b'\\r', b'(', b')', b') = ', b')= ', b'SHA256 (', b'MD5(', b'#', b'-', b'--', b'.',
    b'..', b'=', b':', b'\t', b'\x01', b'\x7f', b'\x85', b'\xff', b'\xef\xbb\xbf', '\u2028ä'.encode(), b'0' * 64, b'a' * 32, b'<', b'>', b'%', b'"', b"'",
    b'$(x)', b'name', b'-----BEGIN PGP SIGNED MESSAGE-----',
]  # fmt: skip


def names() -> list[bytes]:
    """File names: each piece alone, before, after and between letters, and mixtures."""
    source = random.Random(SEED)
    found = [made for piece in _PIECES for made in (piece, b'a' + piece, piece + b'a', b'a' + piece + b'b')]
    found += [b''.join(source.choices(_PIECES, k=source.randint(2, 5))) for dummy in range(MIXTURES)]
    return [name for name in dict.fromkeys(found) if name not in (b'.', b'..', b'-') and len(name) < 256]


@dataclass(frozen=True)
class Tool:
    """A program that writes lines for the files that it is given.

    escapes: whether it writes names with line ends so that they can be read again; only: the algorithm that has to be named, where the
    length of digests would be taken for another; bare_return: whether it writes a carriage return as it is.
    """

    name: str
    command: tuple[str, ...]
    algorithm: str
    escapes: bool = True
    only: str | None = None
    bare_return: bool = False


TOOLS = {
    tool.name: tool
    for tool in (
        Tool('sha256sum', ('sha256sum', '--'), 'sha256'),
        Tool('sha256sum --binary', ('sha256sum', '--binary', '--'), 'sha256'),
        Tool('sha256sum --tag', ('sha256sum', '--tag', '--'), 'sha256'),
        Tool('sha512sum', ('sha512sum', '--'), 'sha512'),
        Tool('sha384sum --tag', ('sha384sum', '--tag', '--'), 'sha384'),
        Tool('b2sum', ('b2sum', '--'), 'blake2b', only='blake2b'),
        Tool('b2sum --tag', ('b2sum', '--tag', '--'), 'blake2b'),
        Tool('cksum --algorithm', ('cksum', '--algorithm=sha256', '--'), 'sha256'),
        Tool('cksum --untagged', ('cksum', '--algorithm=sha224', '--untagged', '--'), 'sha224'),
        Tool('shasum', ('shasum', '--algorithm', '256', '--'), 'sha256', bare_return=True),
        Tool('busybox sha256sum', ('busybox', 'sha256sum', '--'), 'sha256', escapes=False),
        Tool('openssl dgst', ('openssl', 'dgst', '-sha256'), 'sha256', escapes=False),
        Tool('openssl dgst -r', ('openssl', 'dgst', '-sha512', '-r'), 'sha512', escapes=False),
    )
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('named')
    for number, name in enumerate(names()):
        (folder / os.fsdecode(name)).write_bytes(b'%d' % number)
    return folder


def written(tool: Tool, folder: Path, given: list[bytes]) -> bytes:
    if shutil.which(tool.command[0]) is None:
        raise Missing(f'{tool.command[0]} is not installed')
    done = subprocess.run([*tool.command, *given], cwd=folder, capture_output=True, check=False, env={**os.environ, 'LC_ALL': 'C'})
    if done.returncode:
        raise AssertionError(f'{tool.name}: {done.stderr[-500:]!r}')
    return done.stdout


def representable(tool: Tool) -> list[bytes]:
    # An unescaped carriage return at the end cannot be distinguished from a line end of Windows; coreutils' --check drops it too.
    found = [name for name in names() if not (tool.bare_return and name.endswith(b'\r'))]
    if tool.escapes:
        return found
    # openssl takes no -- before names.
    return [name for name in found if not set(name) & set(b'\r\n') and not name.startswith(b'-')]


@pytest.mark.parametrize('tool', TOOLS.values(), ids=TOOLS)
def test_checksum_files_of_real_tools_are_read(folder: Path, tool: Tool) -> None:
    given = representable(tool)
    assert len(given) > 100
    listed = digest_files.parse(written(tool, folder, given), tool.only)
    assert [(each.name, each.algorithm) for each in listed] == [(name, tool.algorithm) for name in given]
    numbers = {name: b'%d' % number for number, name in enumerate(names())}
    wrong = {
        name for name in given
        if digest_files.find(listed, name, tool.only).digest != hashlib.new(tool.algorithm, numbers[name]).hexdigest()
    }  # fmt: skip
    assert wrong == set()


@pytest.mark.parametrize('tool', TOOLS.values(), ids=TOOLS)
def test_what_a_tool_writes_of_one_file_is_read_back(folder: Path, tool: Tool) -> None:
    # One line is all lines: what is said of all must not be taken for what is said of this name.
    for name in random.Random(SEED).sample(representable(tool), 25):
        listed = digest_files.parse(written(tool, folder, [name]), tool.only)
        assert [(each.name, each.algorithm) for each in listed] == [(name, tool.algorithm)]


def test_a_weak_digest_is_read_and_proves_nothing(folder: Path) -> None:
    given = names()
    listed = digest_files.parse(written(Tool('md5sum --tag', ('md5sum', '--tag', '--'), 'md5'), folder, given))
    assert [(each.name, each.algorithm) for each in listed] == [(name, 'md5') for name in given]
    for name in given:
        with pytest.raises(GofleetError) as refused:
            digest_files.find(listed, name)
        assert refused.value.code == 'weak_algorithm'


def damaged(original: bytes, source: random.Random) -> bytes:
    changed = bytearray(original)
    for dummy in range(source.randint(1, 6)):
        at = source.randrange(len(changed) + 1)
        changed[at:at + source.choice([0, 1, 1, 5, 100])] = source.choice([b'', source.randbytes(1), source.choice(_PIECES)])
    return bytes(changed)


@pytest.mark.parametrize('name', ['sha256sum', 'sha256sum --tag', 'cksum --untagged'])
def test_no_damage_ends_in_anything_but_lines_or_a_refusal(folder: Path, name: str) -> None:
    source = random.Random(SEED)
    original = written(TOOLS[name], folder, source.sample(names(), 12))
    codes = set()
    began = time.monotonic()
    for dummy in range(DAMAGES):
        text = damaged(original, source)
        try:
            listed = digest_files.parse(text)
            codes.add('lines')
            digest_files.find(listed, b'name')
        except GofleetError as exc:
            codes.add(exc.code)
    # What is left whole is read, as with --check of coreutils.
    assert codes >= {'lines', 'not_listed'}
    assert codes <= {'lines', 'malformed_digest_file', 'not_listed', 'conflicting_digests', 'weak_algorithm', 'unsupported_algorithm'}
    # A thousandth of what a regular expression would take that goes astray.
    assert time.monotonic() - began < 60
