# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksum files are accepted and refused exactly as by coreutils' --check, over generated files.

Files of digests are put together by a generator whose seed follows the commit, from lines with everything that people and tools do to them;
GOFLEET_EXAMPLES gives more. Not in them: zero bytes and inline signatures, which digest_files refuses and says why.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digest_files
from parsers import Missing
from values import SEED

FILES = int(os.environ.get('GOFLEET_EXAMPLES', '120'))
NAMES = [b'a', b'b', b' b', b'*b', b'c d', b'e\\n', b'e\n', b'f\r', b'f', b'g)', b'SHA256 (a) = ', b'-h', b'\xff\xfe', b'dir/a', b'i ', b'0' * 64]
_HEADINGS = [b'Release 1.2', b'', b'# SHA256', b' # not at the beginning', b'sha256sums:', b'<pre>', b'-- ', b'SIZE (a) = 7',
             b'SHA256 a', b'\\', b'=', b'x' * 70]


def hash_of(algorithm: str) -> Callable[[bytes], str]:
    return lambda content: hashlib.new(algorithm, content).hexdigest()


def content_of(name: bytes) -> bytes:
    return b'content of ' + name


def escaped(name: bytes) -> bytes:
    return name.replace(b'\\', b'\\\\').replace(b'\n', b'\\n').replace(b'\r', b'\\r')


class Generator:
    """Makes files of digests. algorithm: of all its digests; tag: as --tag writes it."""

    def __init__(self, number: int, algorithm: str, tag: bytes) -> None:
        self.source = random.Random(SEED * 100003 + number)
        self.hash = hash_of(algorithm)
        self.tag = tag
        # Whole files look alike: that is what sets off one line of another form.
        self.forms = self.source.choice([self.all_forms[:1], self.all_forms[1:2], self.all_forms[2:3], self.all_forms])
        self.end = self.source.choice([b'\n', b'\r\n', None])
        self.wrong = self.source.random() < 0.4

    def text(self) -> bytes:
        lines = [self.line() if self.source.random() < 0.75 else self.source.choice(_HEADINGS) for dummy in range(self.source.randint(1, 8))]
        text = b''.join(line + (self.end or self.source.choice([b'\n', b'\r\n', b'\r\r\n'])) for line in lines)
        return text.rstrip(b'\r\n') if self.source.random() < 0.2 else text

    def line(self) -> bytes:
        name = self.source.choice(NAMES)
        digest = self.hash(b'another' if self.wrong and self.source.random() < 0.3 else content_of(name)).encode()
        if self.source.random() < 0.1:
            digest = self.source.choice([digest.upper(), digest[:-1], digest + b'0', digest[:-1] + b'g'])
        shown = escaped(name) if self.source.random() < 0.7 else name.replace(b'\n', b'')
        mark = b'\\' if shown != name or self.source.random() < 0.05 else b''
        before = self.source.choice([b'', b'', b'', b' ', b'\t', b' \t  '])
        return before + mark + self.source.choice(self.forms)(self, digest, shown)

    def gnu(self, digest: bytes, name: bytes) -> bytes:
        return digest + self.source.choice([b'  ', b'  ', b' *', b'\t ', b'\t*']) + name

    def bsd(self, digest: bytes, name: bytes) -> bytes:
        return digest + self.source.choice([b' ', b' ', b'\t', b' \t']) + name

    def tagged(self, digest: bytes, name: bytes) -> bytes:
        return self.tag + self.source.choice([b' ', b' ', b'', b'  ']) + b'(' + name + self.source.choice([b') = ', b')= ', b')=', b') \t=\t ', b') ']) + digest

    all_forms = (gnu, bsd, tagged)


def checked(tool: str, folder: Path, text: bytes) -> set[bytes]:
    """The names that a tool proves, once or more, and never refuses."""
    if shutil.which(tool) is None:
        raise Missing(f'{tool} is not installed')
    sums = folder.parent / 'sums'
    sums.write_bytes(text)
    done = subprocess.run([tool, '--check', str(sums)], cwd=folder, capture_output=True, check=False, env={**os.environ, 'LC_ALL': 'C'})
    said = done.stdout.split(b'\n')[:-1]
    found: dict[bytes, set[bytes]] = {}
    for line in said:
        name, dummy, verdict = line.rpartition(b': ')
        # It writes names with line ends as it reads them.
        name = name[1:].replace(b'\\n', b'\n').replace(b'\\r', b'\r').replace(b'\\\\', b'\\') if name.startswith(b'\\') else name
        found.setdefault(name, set()).add(verdict)
    return {name for name, verdicts in found.items() if verdicts == {b'OK'}}


def proven(text: bytes, digests: dict[bytes, str], algorithm: str) -> set[bytes]:
    """The names that we prove."""
    found = set()
    for name, digest in digests.items():
        try:
            entry = digest_files.find(digest_files.parse(text, algorithm), name, algorithm)
        except GofleetError:
            continue
        # A digest without a name is of every file here, and no line to GNU.
        if entry.name is not None and entry.digest == digest:
            found.add(name)
    return found


@pytest.fixture(name='folder', scope='module')
def folder_of_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('checked') / 'files'
    (folder / 'dir').mkdir(parents=True)
    for name in NAMES:
        (folder / os.fsdecode(name)).write_bytes(content_of(name))
    return folder


@pytest.mark.parametrize(('tool', 'algorithm', 'tag'), [
    ('sha256sum', 'sha256', b'SHA256'), ('sha512sum', 'sha512', b'SHA512'), ('b2sum', 'blake2b', b'BLAKE2b'),
])  # fmt: skip
def test_what_coreutils_proves_is_proven_and_nothing_else(folder: Path, tool: str, algorithm: str, tag: bytes) -> None:
    digests = {name: hash_of(algorithm)(content_of(name)) for name in NAMES}
    differing = []
    counted = 0
    for number in range(FILES):
        text = Generator(number, algorithm, tag).text()
        theirs, ours = checked(tool, folder, text), proven(text, digests, algorithm)
        counted += len(theirs)
        if theirs != ours:
            differing.append((number, text, theirs, ours))
    print(f'{tool}: {FILES} files of digests (seed {SEED}), {counted} names proven')
    assert differing[:3] == []
    # Or the generator would show nothing.
    assert counted > FILES


def test_what_shasum_proves_is_proven(folder: Path) -> None:
    # Perl's reads other lines than coreutils', so of right digests only, in one direction.
    digests = {name: hash_of('sha256')(content_of(name)) for name in NAMES}
    for number in range(FILES // 5):
        generator = Generator(number, 'sha256', b'SHA256')
        generator.forms = generator.source.choice([generator.all_forms[:1], generator.all_forms[2:]])
        generator.end, generator.wrong = generator.end or b'\r\n', False
        text = generator.text()
        theirs = checked('shasum', folder, text)
        # A carriage return at the end is the name's to it. Here it is the line's, so that a file with both has two digests for one name.
        theirs -= {b'f\r', b'f'} if b'f\r' in theirs else set()
        assert (number, text, theirs - proven(text, digests, 'sha256')) == (number, text, set())
