# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import os

import pytest
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import digest_files, digests

HEX = dict((name, hashlib.new(name, b'x').hexdigest()) for name in ('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'))
S256 = HEX['sha256']
S512 = HEX['sha512']
OTHER = 'ef' * 32


def refusal(function, *arguments):
    with pytest.raises(GofleetError) as refused:
        function(*arguments)
    return refused.value


def read(text, algorithm=None):
    """[(algorithm, digest, name)] of a digest file."""
    return [(each.algorithm, each.digest, each.name) for each in digest_files.parse(to_bytes(text), algorithm)]


def found(text, name, algorithm=None):
    return digest_files.find(digest_files.parse(to_bytes(text)), to_bytes(name), algorithm)


# ---- lines


@pytest.mark.parametrize('text', [
    S256, S256 + '\n', S256 + '\r\n', S256.upper() + ' \n', '\n\n%s\n\n' % S256, '# by hand\n' + S256, '\xef\xbb\xbf'.join(['', S256]) if str is bytes
    else b'\xef\xbb\xbf' + S256.encode('ascii'), S256 + '  -\n', S256 + ' *-\n',
])
def test_a_bare_digest_names_no_file(text):
    assert read(text) == [('sha256', S256, None)]


@pytest.mark.parametrize(('line', 'name'), [
    ('%s  a', b'a'), ('%s *a', b'a'), ('%s a', b'a'), ('%s  *a', b'*a'), ('%s **a', b'*a'), ('%s   a', b' a'), ('%s   ', b' '), ('%s  a  b ', b'a  b '),
    ('\\%s  a\\nb', b'a\nb'), ('\\%s *a\\\\b', b'a\\b'), ('\\%s  a\\rb\\\\n', b'a\rb\\n'), ('%s  a\\nb', b'a\\nb'), ('%s  dir/a', b'dir/a'),
    ('SHA256 (a) = %s', b'a'), ('SHA256 (a b) = %s', b'a b'), ('SHA256 (a) = b) = %s', b'a) = b'), ('SHA256 (() = %s', b'('), ('SHA256 ( a ) = %s', b' a '),
    ('\\SHA256 (a\\nb) = %s', b'a\nb'), ('SHA256(a)= %s', b'a'), ('SHA2-256(a)= %s', b'a'), ('sha256 (a) = %s', b'a'), ('SHA256 (*a) = %s', b'*a'),
])
def test_each_form_of_a_line_is_read(line, name):
    assert read(line % S256 + '\n') == [('sha256', S256, name)]
    assert read(line % S256.upper()) == [('sha256', S256, name)]


def test_names_are_bytes():
    assert read(S256.encode('ascii') + b'  \xff\xfe\n') == [('sha256', S256, b'\xff\xfe')]


@pytest.mark.parametrize('algorithm', sorted(HEX))
def test_an_untagged_digest_is_known_by_its_length(algorithm):
    assert read('%s  a\n' % HEX[algorithm]) == [(algorithm, HEX[algorithm], b'a')]
    assert read(HEX[algorithm]) == [(algorithm, HEX[algorithm], None)]


def test_an_option_may_name_the_algorithm():
    assert read('%s  a\n%s  b\n' % (S512, S256), 'blake2b') == [('blake2b', S512, b'a'), ('sha256', S256, b'b')]
    # What a line says of itself counts more.
    assert read('SHA512 (a) = %s\n' % S512, 'blake2b') == [('sha512', S512, b'a')]


@pytest.mark.parametrize(('tag', 'algorithm'), [
    ('MD5', 'md5'), ('SHA1', 'sha1'), ('SHA224', 'sha224'), ('SHA384', 'sha384'), ('SHA512', 'sha512'), ('BLAKE2b', 'blake2b'), ('SHA3-256', 'sha3_256'),
    ('BLAKE2s', 'blake2s'), ('SHA2-512', 'sha512'),
])
def test_a_tag_says_the_algorithm(tag, algorithm):
    digest = 'a' * dict(digests.LENGTHS, **digests.WEAK)[algorithm]
    assert read('%s (a) = %s\n' % (tag, digest)) == [(algorithm, digest, b'a')]


@pytest.mark.parametrize('line', ['RMD160 (a) = %s' % ('a' * 40), 'SIZE (a) = 1234', 'BLAKE2b-256 (a) = %s' % S256, 'SHA512/256 (a) = %s' % S256,
                                  'SHA256-base64 (a) = 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='])
def test_a_tag_that_is_unknown_is_passed_over(line):
    text = '%s\nSHA256 (a) = %s\n' % (line, S256)
    assert found(text, 'a').digest == S256
    assert refusal(found, line, 'a').code == 'unsupported_algorithm'


def test_lines_are_counted_whatever_they_say():
    listed = digest_files.parse(to_bytes('# first\n\n%s  a\n%s  b\n' % (S256, OTHER)))
    assert [each.line for each in listed] == [3, 4]


@pytest.mark.parametrize('ends', [('\r\n', '\n'), ('\n', '\r\n'), ('\r\n', '\r'), ('\n', '\r')])
@pytest.mark.parametrize('line', ['%s  %s', '%s *%s', '%s %s', 'SHA256 (%s) = %s'])
def test_a_carriage_return_at_the_end_of_a_line_is_ignored(line, ends):
    lines = [line % ((name, digest) if line.startswith('SHA') else (digest, name)) for name, digest in (('a', S256), ('b', OTHER))]
    assert read(''.join(text + end for text, end in zip(lines, ends))) == [('sha256', S256, b'a'), ('sha256', OTHER, b'b')]


def test_lines_of_windows_are_read():
    assert read('%s  a\r\n%s *b\r\n' % (S256, OTHER)) == [('sha256', S256, b'a'), ('sha256', OTHER, b'b')]


@pytest.mark.parametrize(('text', 'line'), [
    ('', 1), ('\n# nothing\n', 1), ('a', 1), (S256[:-1], 1), (S256 + '0', 1), ('%s  \n' % S256, None), ('g' * 64 + '  a', 1),
    ('%s\n%s\n' % (S256, OTHER), 1), ('\\' + S256, 1), ('\\%s  a\\tb' % S256, 1), ('\\%s  a\\' % S256, 1), ('SHA256 (a) = %s' % S512, 1),
    ('SHA256 (a) = %s' % S256[:-1], 1), ('SHA256 (a) = ', 1), ('SHA256 () = ' + S256, 1), ('SHA256 (a) %s' % S256, 1), ('SHA256 (a) = %s x' % S256, 1),
    ('%s  a\0b' % S256, 1), ('a' * 33 + '  a', 1), ('<html>', 1), ('  <!DOCTYPE html>', 1), ('-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n', 1),
])
def test_a_line_that_no_tool_writes_is_refused_with_its_number(text, line):
    if line is None:
        # A digest with blanks behind it.
        assert read(text) == [('sha256', S256, None)]
        return
    error = refusal(digest_files.parse, to_bytes(text))
    assert (error.code, error.evidence['line']) == ('malformed_digest_file', line)
    assert len(error.msg) < 600


@pytest.mark.parametrize('text', [
    '%s\ta', '%s\t a', '%s\t*a', ' %s  a', '\t \t%s  a', '  SHA256 (a) = %s', 'SHA256 (a) \t=\t %s', ' \\%s  a',
    'Release 1.2\n\n%s  a',
    'sha256sums:\n%s *a\n-- \nus\n',
    '%s  a\nb  a\n', '<pre>\n%s  a\n</pre>', '%s  a\n' + OTHER, OTHER + '\n%s  a\n', OTHER + '  -\n%s  a', '\0\n%s  a', '%s a\n' + OTHER + ' b', '%s a',
])
def test_what_gnu_finds_among_blanks_and_headings_is_found(text):
    assert found(text % S256, 'a').digest == S256


def test_lines_of_bsd_do_not_mix_with_those_of_gnu():
    # The second name may be "a" to one reader and " a" to the other (coreutils, src/digest.c: bsd_reversed).
    assert read('%s a\n%s  b\n' % (S256, OTHER)) == [('sha256', S256, b'a'), ('sha256', OTHER, b' b')]
    assert read('%s  a\n%s b\n' % (S256, OTHER)) == [('sha256', S256, b'a')]
    # Digests of another length are another list.
    assert read('%s  a\n%s b\n' % (S256, S512)) == [('sha256', S256, b'a'), ('sha512', S512, b'b')]


def test_skipped_lines_are_reported_if_a_name_is_missing():
    error = refusal(found, 'first\n%s  a\nnext\n' % S256, 'b')
    assert (error.code, "2 of its lines cannot be read; line 1 ('first')" in error.msg) == ('not_listed', True)


@pytest.mark.parametrize(('name', 'algorithm'), [
    ('B2SUMS', 'blake2b'), ('/x/b2sums.txt', 'blake2b'), ('a.tar.gz.b2', 'blake2b'), ('a.b2sum', 'blake2b'), ('a.blake2b', 'blake2b'),
    ('https://example.com/1/B2SUMS?x=1#y', 'blake2b'), ('SHA512SUMS', None), ('B2SUMS/SHA512SUMS', None), ('a.tar.b20', None), ('', None),
])
def test_the_name_of_a_checksum_file_decides_between_algorithms_of_one_length(name, algorithm):
    assert digest_files.algorithm_of(name) == algorithm


@pytest.mark.parametrize('piece', [
    'a', '(', ') = ', ')=', ')= ', ' \t', '=', 'SHA256 (a)=', '\\', 'SHA256 (', S256, '%s  a\\' % S256, '\\%s  \\' % S256, 'SHA256 (a) = ',
])
def test_long_lines_that_no_tool_writes_are_refused_in_few_words(piece):
    error = refusal(digest_files.parse, to_bytes(piece * 200000))
    assert (error.code, error.evidence['line'], len(error.msg) < 600) == ('malformed_digest_file', 1, True)


def test_a_checksum_file_with_an_inline_signature_is_refused():
    error = refusal(digest_files.parse, b'-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n' + S256.encode('ascii'))
    assert 'gpg --decrypt' in error.msg


def test_a_file_over_the_limit_is_refused_before_it_is_read():
    assert 'more than the limit' in refusal(digest_files.parse, b'\n' * (digest_files.LIMIT + 1)).msg


# ---- what a file says of one


def cpu_of(function):
    """The least processor time of three, in seconds: what others do to this machine only adds to it."""
    def once():
        began = sum(os.times()[:2])
        function()
        return sum(os.times()[:2]) - began

    return min(once() for dummy in range(3))


@pytest.mark.parametrize('piece', ['./', './/'])
def test_a_name_of_four_times_the_length_takes_four_times_as_long(piece):
    def asked(length):
        listed = [digest_files.Listed(1, 'sha256', S256, to_bytes(piece * (length // len(piece)) + 'a'))]
        return lambda: digest_files.find(listed, b'a')

    # Sixteen times, if each were cut off from the rest: some seconds. os.times() counts hundredths.
    assert cpu_of(asked(400000)) < 8 * max(cpu_of(asked(100000)), 0.05)


@pytest.mark.parametrize('text', ['SHA256 (a%s ', '\\' + S256 + '  %s\\', S256 + ' %s'])
@pytest.mark.parametrize('piece', [')=', ')= ', '\\\\', ' ='])
def test_a_line_of_four_times_the_length_takes_four_times_as_long(text, piece):
    def read_of(length):
        raw = to_bytes(text.replace('%s', piece * (length // len(piece)), 1)) + b'\n'

        def run():
            try:
                digest_files.parse(raw)
            except GofleetError:
                pass
        return run

    assert cpu_of(read_of(100000)) < 8 * max(cpu_of(read_of(25000)), 0.05)


def test_a_bare_digest_is_of_every_file():
    assert found(S256, 'anything').digest == S256


@pytest.mark.parametrize(('listed', 'name'), [('a', 'a'), ('./a', 'a'), ('a', './a'), ('.//./a', 'a'), ('dir/a', 'dir/a'), ('./dir/a', 'dir/a')])
def test_a_name_is_found_with_or_without_the_folder_that_it_is_in(listed, name):
    assert found('%s  other\n%s  %s\n' % (OTHER, S256, listed), name)[:3] == (2, 'sha256', S256)


@pytest.mark.parametrize(('listed', 'name'), [('dir/a', 'a'), ('a', 'dir/a'), ('A', 'a'), ('a ', 'a'), ('/a', 'a'), ('../a', 'a')])
def test_the_same_name_in_another_folder_is_another_file(listed, name):
    error = refusal(found, '%s  %s\n' % (S256, listed), name)
    assert (error.code, error.evidence['listed']) == ('not_listed', 1)
    assert 'checksum_name' in error.msg


def test_an_unknown_name_is_refused_with_a_suggestion():
    error = refusal(found, '%s  amd64/a\n%s  arm64/a\n' % (S256, OTHER), 'a')
    assert error.evidence['near'] == ['amd64/a', 'arm64/a']


def test_the_strongest_digest_counts():
    text = 'MD5 (a) = %s\nSHA256 (a) = %s\nSHA512 (a) = %s\nSHA1 (a) = %s\n' % (HEX['md5'], S256, S512, HEX['sha1'])
    assert found(text, 'a')[:3] == (3, 'sha512', S512)
    assert found(text, 'a', 'sha256')[:3] == (2, 'sha256', S256)


@pytest.mark.parametrize('text', ['%s  a\n' % HEX['md5'], HEX['sha1'], 'MD5 (a) = %s\nSHA1 (a) = %s\n' % (HEX['md5'], HEX['sha1'])])
def test_weak_digests_alone_prove_nothing(text):
    assert refusal(found, text, 'a').code == 'weak_algorithm'


def test_a_requested_algorithm_must_be_in_the_checksum_file():
    error = refusal(found, 'SHA512 (a) = %s\n' % S512, 'a', 'sha256')
    assert (error.code, error.evidence['algorithms']) == ('unsupported_algorithm', ['sha512'])


def test_a_name_may_be_listed_twice_with_the_same_digest():
    assert found('%s  a\n%s *./a\n' % (S256, S256.upper()), 'a').digest == S256


def test_digests_that_differ_are_no_digest():
    error = refusal(found, '%s  a\n%s  b\n%s  ./a\n' % (S256, S256, OTHER), 'a')
    assert (error.code, error.evidence['lines']) == ('conflicting_digests', [1, 3])
