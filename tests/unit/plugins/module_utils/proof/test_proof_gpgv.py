# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What gpgv is shown and what its words mean, on any Python of a host. What real keys and a real gpgv make of it: test_signatures.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import io
import os
import stat

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import gpgv, openpgp, verdicts
from support.units import tiny_trees

PUBLIC_KEY, USER_ID, SUBKEY, TRUST = 6, 13, 14, 12
MADE = 1777852800


def key(tag, letter, made=b'\x66\x00\x00\x00'):
    return openpgp.Packet(tag, b'\x04' + made + b'\x01' + letter * 20)


PRIMARY = key(PUBLIC_KEY, b'p')
OLD, NEW = key(SUBKEY, b'o', b'\x50\x00\x00\x00'), key(SUBKEY, b'n')
OTHER = key(PUBLIC_KEY, b'x')
NAME = openpgp.Packet(USER_ID, b'somebody')
BINDING = openpgp.Packet(openpgp.SIGNATURE, b'\x04\x18binding')
SELF = openpgp.Packet(openpgp.SIGNATURE, b'\x04\x13self')
REVOKED = openpgp.Packet(openpgp.SIGNATURE, b'\x04\x28revoked')
CERTIFICATE = (PRIMARY, NAME, SELF, NEW, BINDING, OLD, BINDING)
SIGNATURE = openpgp.Packet(openpgp.SIGNATURE, b'\x04\x00signature')
PINNED, OF_NEW, OF_OLD, OF_OTHER = [openpgp.fingerprint(each) for each in (PRIMARY, NEW, OLD, OTHER)]


def written(*parts):
    return b''.join(part.written() for part in parts)


def armored(raw, kind, end=b'\n'):
    lines = [('-----BEGIN PGP %s-----' % kind).encode('ascii'), b'Version: x', b'', base64.b64encode(raw), ('-----END PGP %s-----' % kind).encode('ascii'), b'']
    return end.join(lines)


class Scripted(object):
    """A fake gpgv that prints one given status text for each run, and records its input."""

    def __init__(self, *said):
        self.said = list(said)
        self.keyrings = []
        self.signatures = []
        self.code = 0

    def start(self):
        return '/usr/bin/gpgv', self.run

    def run(self, keyring, signature):
        self.keyrings.append(openpgp.read(keyring, 'PUBLIC KEY BLOCK', 1 << 20))
        self.signatures.append(signature)
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        return self.code, ''.join('[GNUPG:] %s\n' % line for line in said.split('\n')), 'gpgv: words to people'


def good(verdict='GOODSIG', subkey=OF_NEW, made=MADE, primary=PINNED, digest='10', kind='00'):
    return '%s %s somebody\nVALIDSIG %s 2026-05-04 %s 0 4 0 1 %s %s %s' % (verdict, subkey[-16:], subkey, made, digest, kind, primary)


def verify(said, signature=None, certificate=CERTIFICATE, primaries=(PINNED,), code=0):
    script = said if isinstance(said, Scripted) else Scripted(said)
    script.code = code
    return gpgv.verify('/srv/file', signature or SIGNATURE.written(), written(*certificate), list(primaries), script.start)


def refusal(*arguments, **options):
    with pytest.raises(GofleetError) as refused:
        verify(*arguments, **options)
    assert refused.value.evidence.get('path', '/srv/file') == '/srv/file'
    return refused.value


# ---- keys and files


def test_a_fingerprint_is_computed_as_in_rfc_4880():
    # RFC 4880 section 12.2.
    body = PRIMARY.body
    expected = hashlib.sha1(b'\x99' + b'\x00' + bytearray([len(body)]) + body).hexdigest().upper()
    assert openpgp.fingerprint(PRIMARY) == expected


@pytest.mark.parametrize('body', [b'\x03' + b'0' * 20, b'\x05' + b'0' * 20, b'\x04' + b'0' * 70000, b''], ids=['version 3', 'version 5', 'long', 'empty'])
def test_a_packet_of_another_kind_has_no_fingerprint(body):
    assert openpgp.fingerprint(openpgp.Packet(PUBLIC_KEY, body)) == ''


@pytest.mark.parametrize('body', [b'\x04', b'\x04\x01\x02'])
def test_a_subkey_that_is_cut_off_is_no_reason_to_stumble(body):
    certificate = openpgp.Certificate(PINNED, [PRIMARY, openpgp.Packet(SUBKEY, body), openpgp.Packet(openpgp.SIGNATURE, b'')])
    assert len(certificate.subkeys()) == 1
    assert not certificate.revoked(PINNED)


@pytest.mark.parametrize('head', [b'\x89\x00\x05', b'\x8a\x00\x00\x00\x05', b'\x88\x05', b'\xc2\x05', b'\xc2\xff\x00\x00\x00\x05'])
def test_every_form_of_a_packet_header_is_read(head):
    assert openpgp.read(head + b'abcde', 'SIGNATURE', 100) == [(2, b'abcde')]


def test_a_long_packet_of_the_new_format_is_read():
    assert openpgp.read(b'\xc2\xc1\x08' + b'a' * 456, 'SIGNATURE', 1000) == [(2, b'a' * 456)]


@pytest.mark.parametrize('end', [b'\n', b'\r\n', b' \t\n'])
def test_an_armor_is_taken_off(end):
    raw = SIGNATURE.written()
    assert openpgp.read(armored(raw, 'SIGNATURE', end), 'SIGNATURE', 1000) == [SIGNATURE]


def test_a_byte_order_mark_before_an_armor_is_ignored():
    raw = b'\xef\xbb\xbf' + armored(SIGNATURE.written(), 'SIGNATURE', b'\r\n')
    assert openpgp.read(raw, 'SIGNATURE', 1000) == [SIGNATURE]


def test_the_checksum_of_an_armor_must_be_right():
    text = b'-----BEGIN PGP SIGNATURE-----\n\nwgFh\n=%s\n-----END PGP SIGNATURE-----\n'
    crc = 0xB704CE
    for byte in bytearray(b'\xc2\x01a'):
        crc ^= byte << 16
        for dummy in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    right = base64.b64encode(bytes(bytearray([crc >> 16 & 255, crc >> 8 & 255, crc & 255])))
    assert openpgp.read(text.replace(b'%s', right), 'SIGNATURE', 1000) == [(2, b'a')]
    with pytest.raises(ValueError, match='checksum'):
        openpgp.read(text.replace(b'%s', b'AAAA'), 'SIGNATURE', 1000)


@pytest.mark.parametrize(('raw', 'reason'), [
    (b'', 'it is empty'), (b' \n', 'it is empty'), (b'<html>', 'it is a web page'), (b'text', 'it is not binary'),
    (b'\xc2', 'it ends inside the header'), (b'\xc2\x05a', 'it ends inside a packet'), (b'\xc2\x01a\x01', 'no packet begins at byte 3'),
    (b'\xc2\xe0a', 'the packet at byte 0 does not give its length'),
    (b'-----BEGIN PGP SIGNATURE-----\n\nwgF', 'it ends before its line'), (b'-----BEGIN PGP MESSAGE-----\n', 'it has "-----BEGIN PGP MESSAGE-----"'),
    (b'-----BEGIN PGP SIGNATURE-----\n\nwg*h\n-----END PGP SIGNATURE-----', 'Only base64 data'),
    (b'-----BEGIN PGP SIGNATURE-----\n\nwgF\n-----END PGP SIGNATURE-----', 'its armor ends inside'),
    (b'-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----', 'its armor is empty'), (written(SIGNATURE, PRIMARY), 'it holds more than signatures'),
    (written(*[SIGNATURE] * 9), 'it holds 9 signatures'), (b'\xc2' * ((64 << 10) + 1), 'it has 65537 bytes'),
], ids=['junk %d' % number for number in range(16)])
def test_an_invalid_signature_is_not_passed_to_gpgv(raw, reason):
    script = Scripted(good())
    with pytest.raises(GofleetError) as refused:
        gpgv.verify('/srv/file', raw, written(*CERTIFICATE), [PINNED], script.start)
    assert refused.value.code == 'bad_signature_file'
    assert refused.value.evidence['reason'].startswith(reason)
    assert script.signatures == []


def test_gpgv_sees_the_pinned_key_alone_and_no_trust_packet():
    script = Scripted(good())
    verify(script, certificate=[OTHER, NAME, SELF] + list(CERTIFICATE) + [openpgp.Packet(TRUST, b'\x02\x00\x03')])
    assert script.keyrings == [[PRIMARY, NAME, SELF, NEW, BINDING, OLD, BINDING]]


@pytest.mark.parametrize(('certificate', 'code'), [
    ([OTHER, NAME], 'wrong_certificate'), ([SIGNATURE], 'wrong_certificate'), ([openpgp.Packet(5, PRIMARY.body)], 'bad_certificate'),
    ([PRIMARY, openpgp.Packet(7, b'secret')], 'bad_certificate'),
])
def test_a_certificate_without_a_pinned_key_is_refused(certificate, code):
    assert refusal(good(), certificate=certificate).code == code


# ---- verdicts


def test_a_good_signature_says_who_and_when():
    assert verify(good()) == verdicts.Signature(PINNED, OF_NEW, MADE, False)


def test_each_of_several_pinned_keys_is_checked_with_a_separate_keyring():
    script = Scripted('ERRSIG 0123456789ABCDEF 1 10 00 %d 9' % MADE, good(primary=PINNED))
    assert verify(script, certificate=[OTHER, NAME] + list(CERTIFICATE), primaries=[OF_OTHER, PINNED]).primary == PINNED
    assert [packets[0] for packets in script.keyrings] == [OTHER, PRIMARY]


def test_a_good_signature_beside_an_unknown_one_is_enough():
    script = Scripted('ERRSIG 0123456789ABCDEF 1 10 00 %d 9' % MADE, good())
    assert verify(script, signature=written(SIGNATURE, SIGNATURE)).subkey == OF_NEW
    assert script.signatures == [SIGNATURE.written()] * 2


def test_a_good_signature_does_not_excuse_a_bad_one():
    assert refusal(Scripted(good(), 'BADSIG 0123456789ABCDEF x'), signature=written(SIGNATURE, SIGNATURE)).code == 'bad_signature'


@pytest.mark.parametrize(('said', 'code'), [
    ('BADSIG {id} x', 'bad_signature'),
    ('ERRSIG 0123456789ABCDEF 1 10 00 1777852800 9', 'unknown_signing_key'),
    ('ERRSIG 0123456789ABCDEF 1 10 00 4294967295 9', 'unknown_signing_key'),
    ('ERRSIG {id} 1 10 00 1777852800 9', 'unbound_signing_key'),
    ('ERRSIG {id} 1 10 00 1777852800 39', 'signature_time'),
    ('ERRSIG {id} 1 2 00 1777852800 5', 'weak_signature'),
    ('ERRSIG {id} 22 8 00 1777852800 4', 'unsupported_signature'),
    ('ERRSIG', 'weak_signature'),
    (good(digest='2'), 'weak_signature'),
    (good(kind='01'), 'bad_signature_file'),
    (good('EXPSIG'), 'signature_expired'),
    (good('REVKEYSIG'), 'revoked_signing_key'),
    ('', 'gpgv_failed'),
    ('NODATA 4', 'gpgv_failed'),
    (good() + '\nBADSIG {id} x', 'gpgv_failed'),
    (good(primary=OF_OTHER), 'gpgv_failed'),
    (good(made='20260504T000000'), 'gpgv_failed'),
    ('GOODSIG {id} x', 'gpgv_failed'),
    (good('EXPKEYSIG'), 'gpgv_failed'),
    ('KEYEXPIRED %d\n%s' % (MADE, good('EXPKEYSIG')), 'signed_after_expiry'),
])
def test_each_refusal_has_its_code(said, code):
    assert refusal(said.replace('{id}', OF_NEW[-16:])).code == code


def test_an_expired_key_proves_what_it_signed_before():
    script = Scripted('KEYEXPIRED %d\n%s' % (MADE + 1, good('EXPKEYSIG')))
    assert verify(script).expired
    # Of no other subkey does gpgv tell then.
    assert script.keyrings[1] == [PRIMARY, NAME, SELF, NEW, BINDING]


def test_a_revocation_in_the_certificate_counts_even_if_gpgv_ignores_it():
    assert refusal(good(), certificate=CERTIFICATE[:4] + (BINDING, REVOKED)).code == 'revoked_signing_key'
    assert verify(good(), certificate=CERTIFICATE + (REVOKED,)).subkey == OF_NEW


def test_a_gpgv_that_was_killed_has_given_no_verdict():
    assert refusal(good(), code=-9).code == 'gpgv_failed'


def test_an_unknown_key_is_reported_with_the_known_keys():
    error = refusal('ERRSIG 0123456789ABCDEF 1 10 00 %d 9' % MADE)
    assert error.evidence['known'] == {OF_OLD: '2012-07-13', OF_NEW: '2024-03-24'}
    assert 'Its newest key, %s, was made on 2024-03-24' % OF_NEW in error.msg
    assert '(on 2026-05-04, by its own date)' in error.msg
    assert 'certificate' in error.msg


@pytest.mark.parametrize(('seconds', 'text'), [
    (0, '1970-01-01T00:00:00Z'), (MADE + 3661, '2026-05-04T01:01:01Z'), (951782399, '2000-02-28T23:59:59Z'), (4294967295, '2106-02-07T06:28:15Z'),
    (9999999999, '2286-11-20T17:46:39Z'),
])
def test_times_beyond_2038_are_shown(seconds, text):
    assert verdicts.timestamp(seconds) == text


# ---- this host's gpgv


SCRIPT = r'''#!/bin/sh
printf '%s\n' "$@" > "$SEEN/arguments"
cp "$4" "$SEEN/keyring"; cp "$7" "$SEEN/signature"; cp "$8" "$SEEN/signed"; ls -A "$2" > "$SEEN/home"; echo "$LC_ALL" > "$SEEN/locale"
echo '[GNUPG:] GOODSIG x'
echo 'gpgv: Good signature' >&2
exit 3
'''


@pytest.fixture
def seen(tmpdir, monkeypatch):
    """What a gpgv was given."""
    folder = tmpdir.mkdir('seen')
    tmpdir.join('bin/gpgv').write(SCRIPT, ensure=True)
    tmpdir.join('bin/gpgv').chmod(0o755)
    monkeypatch.setenv('PATH', '%s:/usr/bin:/bin' % tmpdir.join('bin'))
    monkeypatch.setenv('SEEN', str(folder))
    return folder


def test_gpgv_gets_private_files_and_an_empty_home(tmpdir, seen):
    path = tmpdir.join('a\n[GNUPG:] VALIDSIG')
    path.write_binary(b'content')
    program, run = gpgv.on_host(str(path), tiny_trees.run)
    code, said, errors = run(b'keys', b'signature')
    assert (program, code, errors) == (str(tmpdir.join('bin/gpgv')), 3, 'gpgv: Good signature\n')
    assert said.startswith('[GNUPG:] GOODSIG x\n')
    assert [seen.join(name).read_binary() for name in ('keyring', 'signature', 'signed', 'home', 'locale')] == [
        b'keys', b'signature', b'content', b'', b'C\n']
    assert 'VALIDSIG' not in seen.join('arguments').read()


def test_nothing_that_gpgv_was_given_stays_behind(tmpdir, seen, monkeypatch):
    folder = tmpdir.mkdir('temporary')
    monkeypatch.setattr(gpgv.tempfile, 'tempdir', str(folder))
    tmpdir.join('file').write('')
    dummy, run = gpgv.on_host(str(tmpdir.join('file')), tiny_trees.run)
    run(b'keys', b'signature')

    def failing(argv, environment, place):
        assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
        assert os.listdir(str(folder)) == [os.path.basename(place)]
        raise OSError(13, 'Permission denied', argv[0])

    dummy, run = gpgv.on_host(str(tmpdir.join('file')), failing)
    with pytest.raises(OSError):
        run(b'keys', b'signature')
    assert folder.listdir() == []


def test_a_gpgv_named_gpgv2_will_do(tmpdir, seen, monkeypatch):
    os.rename(str(tmpdir.join('bin/gpgv')), str(tmpdir.join('bin/gpgv2')))
    monkeypatch.setattr(gpgv, 'get_bin_path', lambda name: only_in(str(tmpdir.join('bin')), name))
    assert gpgv.on_host('/srv/file', tiny_trees.run)[0] == str(tmpdir.join('bin/gpgv2'))


def only_in(folder, name):
    if name not in os.listdir(folder):
        raise ValueError('Failed to find required executable "%s"' % name)
    return os.path.join(folder, name)


def test_without_gpgv_the_packages_that_have_it_are_named(tmpdir, monkeypatch):
    monkeypatch.setattr(gpgv, 'get_bin_path', lambda name: only_in(str(tmpdir), name))
    with pytest.raises(GofleetError) as refused:
        gpgv.on_host('/srv/file', tiny_trees.run)
    assert refused.value.code == 'gpgv_missing'
    assert refused.value.msg.startswith('This host has no gpgv')
    for words in ('Debian, Ubuntu: gpgv', 'similar: gnupg2', 'Alpine: gpgv', 'or prove the file by a checksum'):
        assert words in refused.value.msg


def test_the_module_is_ascii_as_every_host_reads_it():
    for module in (gpgv, openpgp):
        with io.open(module.__file__.replace('.pyc', '.py'), encoding='ascii') as source:
            assert source.read()
