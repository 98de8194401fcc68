# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import gzip
import io
import tarfile
import zlib

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._archive import gzipped_tar
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digests
from support.units.tiny_trees import BUILT, member


def packed(content):
    target = io.BytesIO()
    with contextlib.closing(gzip.GzipFile(fileobj=target, mode='wb')) as packer:
        packer.write(content)
    return target.getvalue()


def inflated(content):
    return gzipped_tar.Inflated(io.BytesIO(packed(content)))


def read(*members, **options):
    """(Member, content) of each member of a tar that tarfile makes."""
    target = io.BytesIO()
    with contextlib.closing(tarfile.open(fileobj=target, mode='w', **options)) as made:
        for header, content in members:
            made.addfile(header, io.BytesIO(content))
    stream = inflated(target.getvalue())
    found = [(each, stream.read(each.size)) for each in gzipped_tar.members(stream)]
    stream.finish()
    return found


# ---- members


def test_a_member_has_the_values_of_its_header():
    found = read(member('go/', mode=0o755, kind=tarfile.DIRTYPE), member('go/bin/go', b'x' * 600, 0o755), member('go/empty'))
    assert found == [
        (gzipped_tar.Member('folder', b'go', 0o755, 0, BUILT), b''), (gzipped_tar.Member('file', b'go/bin/go', 0o755, 600, BUILT), b'x' * 600),
        (gzipped_tar.Member('file', b'go/empty', 0o644, 0, BUILT), b''),
    ]


@pytest.mark.parametrize('form', [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize('length', [99, 100, 101, 154, 155, 156, 200])
def test_names_of_every_length_are_whole_in_each_format(form, length):
    name = ('go/' + 'd' * (length // 2) + '/').ljust(length, 'f')
    assert [each.name for each, _content in read(member(name, b'x'), member('go/next'), format=form)] == [name.encode('ascii'), b'go/next']


def test_a_time_that_no_host_can_keep_is_the_last_that_all_can():
    header, content = member('go/late')
    header.mtime = 2 ** 33 - 1
    assert read((header, content), format=tarfile.USTAR_FORMAT)[0][0].mtime == 2 ** 31 - 1


# ---- gzip


def test_bytes_are_given_out_in_any_portions():
    content = bytes(bytearray(number % 251 for number in range(3000)))
    stream = inflated(content)
    assert stream.read(0) + stream.read(1) + stream.read(999) + b''.join(stream.pieces(2000)) == content


def test_at_most_one_chunk_is_unpacked_ahead():
    stream = inflated(b'\0' * (64 << 20))
    stream.read(1)
    assert max(len(piece) for piece in stream.pieces(8 << 20)) <= digests.CHUNK
    assert len(stream._chunk) <= digests.CHUNK


@pytest.mark.parametrize('rest', [b'', b'\0' * 5000])
def test_zeros_may_follow(rest):
    stream = inflated(b'x' + rest)
    stream.read(1)
    stream.finish()


@pytest.mark.parametrize('rest', [b'x', b'\0' * 5000 + b'x', b'\0' * (2 << 20)])
def test_only_a_bounded_number_of_zeros_may_follow_the_tar(rest):
    stream = inflated(b'x' + rest)
    stream.read(1)
    with pytest.raises(ValueError, match='there is data after its last file'):
        stream.finish()


def test_reading_past_the_end_of_the_stream_is_an_error():
    with pytest.raises(EOFError):
        inflated(b'x').read(2)


def read_all(stream):
    stream.read(100)
    stream.finish()


@pytest.mark.parametrize('cut', [1, 4, 8, 9, 15])
def test_a_stream_without_its_trailer_is_an_error(cut):
    stream = gzipped_tar.Inflated(io.BytesIO(packed(b'x' * 100)[:-cut]))
    with pytest.raises(EOFError):
        read_all(stream)


@pytest.mark.parametrize('tail', [b'x', b'\0', packed(b'')])
def test_a_file_is_one_stream(tail):
    stream = gzipped_tar.Inflated(io.BytesIO(packed(b'x' * 100) + tail))
    with pytest.raises(ValueError, match='there is data after its gzip stream'):
        read_all(stream)


@pytest.mark.parametrize('at', [-1, -5])
def test_length_and_checksum_in_the_trailer_count(at):
    content = bytearray(packed(b'x' * 100))
    content[at] ^= 1
    stream = gzipped_tar.Inflated(io.BytesIO(bytes(content)))
    with pytest.raises(zlib.error):
        read_all(stream)
