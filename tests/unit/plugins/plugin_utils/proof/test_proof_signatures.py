# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import contextlib
import random
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._proof import openpgp
from ansible_collections.gofleet.golang.plugins.plugin_utils._proof import signatures
from support.units.openpgp_keys import (
    EMBEDDED,
    ISSUER,
    PUBLIC_KEY,
    SUBKEY,
    TRUST,
    USER_ATTRIBUTE,
    USER_ID,
    Forger,
    Home,
    binding_of,
    joined,
    packets,
    with_unhashed,
)

CONTENT = b'an archive of Go\r\n \x00' * 1000
# What gpgv 2.0 reads from a keyring as "checked before, and good", after a signature; and how later versions write it.
TRUST_OF_2_0 = bytes.fromhex('b0020003')
TRUST_SINCE_2_1 = bytes.fromhex('b006000367706700')
GOOGLE = 'EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796'
GOOGLE_SUBKEYS = {
    '3B068FB4789ABE4AEFA3BB491397BC53640DB551': '2016-04-12',
    '3E50F6D3EC278FDEB655C8CA6494C6D6997C215E': '2017-01-24',
    '2F528D36D67B69EDF998D85778BD65473CB3BD13': '2019-07-22',
    '8461EFA0E74ABAE010DE66994EB27DB2A3B88B8B': '2021-10-26',
    'A5F483CD733A4EBAEA378B2AE88979FB9B30ACF2': '2023-02-15',
    '0F06FF86BEEAF4E71866EE5232EE5355A6BC6E42': '2024-01-30',
    '0E225917414670F4442C250DFD533C07C264648F': '2025-01-07',
}


@dataclass(frozen=True)
class Keys:
    """A primary key whose signing subkeys rotate: of 2016 to 2018, of 2024 to 2089, and one of 2088 that no clock has reached.

    before: its certificate before the rotation of 2024. other, others: the primary key and subkey of another owner.
    """

    home: Home
    primary: str
    old: str
    new: str
    future: str
    before: bytes
    certificate: bytes
    other: str
    others: str


@pytest.fixture(scope='session')
def homes() -> Iterator[contextlib.ExitStack]:
    if not shutil.which('gpg'):
        pytest.skip('gpg is not installed: it makes the keys of these tests (Debian: apt-get install gnupg)')
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(scope='session')
def keys(homes: contextlib.ExitStack) -> Keys:
    home = homes.enter_context(Home())
    primary = home.new_primary('pinned', at='2016-01-01')
    old = home.add_subkey(primary, at='2016-01-02', until='2019-01-01')
    before = home.export(primary)
    new = home.add_subkey(primary, at='2024-01-01', until='2089-01-01')
    future = home.add_subkey(primary, at='2088-01-01', until='2089-01-01')
    other = home.new_primary('other', at='2016-01-01')
    others = home.add_subkey(other, at='2024-01-01', until='2089-01-01')
    return Keys(home, primary, old, new, future, before, home.export(primary), other, others)


@pytest.fixture(scope='session')
def prolonged(homes: contextlib.ExitStack, keys: Keys) -> Home:
    """Where the subkey of 2016 lives until 2089."""
    home = homes.enter_context(keys.home.copied(keys.primary))
    home.prolong(keys.primary, '2089-01-01', keys.old, at='2018-06-01')
    return home


@pytest.fixture(scope='session')
def ending(homes: contextlib.ExitStack, keys: Keys) -> bytes:
    """The certificate whose primary key lived until 2025."""
    home = homes.enter_context(keys.home.copied(keys.primary))
    home.prolong(keys.primary, '2025-01-01', at='2024-03-01')
    return home.export(keys.primary)


@pytest.fixture(scope='session')
def revoked(homes: contextlib.ExitStack, keys: Keys) -> bytes:
    """The certificate whose primary key is revoked."""
    home = homes.enter_context(keys.home.copied(keys.primary))
    home.revoke(keys.primary, made_in=keys.home)
    return home.export(keys.primary)


@pytest.fixture(scope='session')
def forger() -> Forger:
    return Forger(datetime(2024, 2, 1, tzinfo=UTC))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / 'go1.26.6.linux-amd64.tar.gz'
    path.write_bytes(CONTENT)
    return path


def refusal(archive: Path, signature: bytes, certificate: bytes, primary: str) -> GofleetError:
    with pytest.raises(GofleetError) as refused:
        signatures.verify(archive, signature, certificate, primary)
    return refused.value


# ---- good signatures


@pytest.mark.parametrize('options', [(), ('--armor',), ('--digest-algo', 'SHA256'), ('--digest-algo', 'SHA384')])
def test_a_signature_by_the_subkey_of_today_is_good(archive: Path, keys: Keys, options: tuple[str, ...]) -> None:
    signature = keys.home.sign(keys.new, CONTENT, *options, at='2026-05-04')
    assert signatures.verify(archive, signature, keys.certificate, keys.primary) == signatures.Signature(
        keys.primary, keys.new, datetime(2026, 5, 4, tzinfo=UTC), False)


def test_a_signature_by_the_primary_key_itself_is_good(archive: Path, keys: Keys) -> None:
    made = signatures.verify(archive, keys.home.sign(keys.primary, CONTENT), keys.certificate, keys.primary)
    assert (made.primary, made.subkey) == (keys.primary, keys.primary)


def test_an_armored_certificate_serves_as_a_binary_one(archive: Path, keys: Keys) -> None:
    armored = keys.home.export(keys.primary, '--armor')
    assert armored.startswith(b'-----BEGIN')
    assert signatures.verify(archive, keys.home.sign(keys.new, CONTENT), armored, keys.primary).subkey == keys.new


@pytest.mark.parametrize('end', [b'\r\n', b' \t\n'], ids=['of Windows', 'after blanks'])
def test_an_armor_may_have_headers_and_any_line_ends_and_needs_no_checksum(archive: Path, keys: Keys, end: bytes) -> None:
    text = base64.encodebytes(keys.home.sign(keys.new, CONTENT)).splitlines()
    armored = end.join([b'-----BEGIN PGP SIGNATURE-----', b'Version: GnuPG v1', b'', *text, b'-----END PGP SIGNATURE-----', b''])
    assert signatures.verify(archive, armored, keys.certificate, keys.primary).subkey == keys.new


@pytest.mark.parametrize('head', [
    lambda size: b'\x89' + size.to_bytes(2, 'big'),
    lambda size: b'\x8a' + size.to_bytes(4, 'big'),
    lambda size: b'\xc2' + bytes([(size - 192 >> 8) + 192, size - 192 & 0xff]),
    lambda size: b'\xc2\xff' + size.to_bytes(4, 'big'),
], ids=['old, two octets', 'old, four octets', 'new, two octets', 'new, five octets'])  # fmt: skip
def test_every_form_of_a_packet_header_is_read(archive: Path, keys: Keys, head: object) -> None:
    body = openpgp.read(keys.home.sign(keys.new, CONTENT), 'SIGNATURE', 1 << 20)[0].body
    assert callable(head)
    assert signatures.verify(archive, head(len(body)) + body, keys.certificate, keys.primary).subkey == keys.new


def test_a_short_packet_has_one_octet_of_length_in_either_format() -> None:
    assert openpgp.read(b'\x88\x01a\xc2\x01b', 'SIGNATURE', 10) == [(2, b'a'), (2, b'b')]


# ---- expiry


def test_an_expired_subkey_still_proves_what_it_signed_in_its_lifetime(archive: Path, keys: Keys) -> None:
    signature = keys.home.sign(keys.old, CONTENT, at='2018-12-31')
    assert signatures.verify(archive, signature, keys.certificate, keys.primary) == signatures.Signature(
        keys.primary, keys.old, datetime(2018, 12, 31, tzinfo=UTC), True)


@pytest.mark.parametrize('day', ['2019-01-01', '2020-01-01'])
def test_a_signature_made_after_its_subkey_expired_is_refused(archive: Path, keys: Keys, prolonged: Home, day: str) -> None:
    error = refusal(archive, prolonged.sign(keys.old, CONTENT, at=day), keys.certificate, keys.primary)
    assert error.code == 'signed_after_expiry'
    assert (error.evidence['subkey'], error.evidence['expiry'][:10]) == (keys.old, '2019-01-01')
    assert f'signing_certificate: {signatures.REFRESHED}' in error.msg


def test_a_refreshed_certificate_prolongs_a_subkey(archive: Path, keys: Keys, prolonged: Home) -> None:
    signature = prolonged.sign(keys.old, CONTENT, at='2020-01-01')
    certificate = signatures.accept_refresh(keys.certificate, prolonged.export(keys.primary), keys.primary)
    assert not signatures.verify(archive, signature, certificate, keys.primary).expired


def test_an_expired_primary_key_still_stands_behind_what_was_signed_before(archive: Path, keys: Keys, ending: bytes) -> None:
    signature = keys.home.sign(keys.new, CONTENT, at='2024-06-01')
    assert signatures.verify(archive, signature, ending, keys.primary).expired


def test_a_signature_made_after_the_primary_key_expired_is_refused(archive: Path, keys: Keys, ending: bytes) -> None:
    assert refusal(archive, keys.home.sign(keys.new, CONTENT, at='2025-06-01'), ending, keys.primary).code == 'signed_after_expiry'


def test_a_signature_that_was_made_to_expire_is_refused_when_it_has(archive: Path, keys: Keys) -> None:
    signature = keys.home.sign(keys.new, CONTENT, '--default-sig-expire', '2025-01-01', at='2024-06-01')
    assert refusal(archive, signature, keys.certificate, keys.primary).code == 'signature_expired'


def test_a_key_from_the_future_points_at_the_clock(archive: Path, keys: Keys) -> None:
    error = refusal(archive, keys.home.sign(keys.future, CONTENT, at='2088-06-01'), keys.certificate, keys.primary)
    assert error.code == 'signature_time'
    assert f'the clock of the controller ({datetime.now(UTC):%Y-%m-%d})' in error.msg


# ---- revocation


@pytest.mark.parametrize('reason', [0, 1, 2, 3], ids=['none', 'compromised', 'superseded', 'no longer used'])
def test_a_revoked_subkey_proves_nothing_for_any_reason(archive: Path, keys: Keys, reason: int) -> None:
    signature = keys.home.sign(keys.new, CONTENT, at='2024-06-01')
    with keys.home.copied(keys.primary) as home:
        home.revoke_subkey(keys.primary, keys.new, reason)
        error = refusal(archive, signature, home.export(keys.primary), keys.primary)
    assert error.code == 'revoked_signing_key'
    assert error.evidence['subkey'] == keys.new


def test_a_revoked_subkey_that_has_also_expired_proves_nothing(archive: Path, keys: Keys) -> None:
    # gpgv says EXPKEYSIG of it, and not a word of the revocation.
    signature = keys.home.sign(keys.old, CONTENT, at='2018-01-01')
    with keys.home.copied(keys.primary) as home:
        home.revoke_subkey(keys.primary, keys.old, reason=1)
        assert refusal(archive, signature, home.export(keys.primary), keys.primary).code == 'revoked_signing_key'


def test_the_revocation_of_one_subkey_leaves_an_expired_other_one_good(archive: Path, keys: Keys) -> None:
    signature = keys.home.sign(keys.old, CONTENT, at='2018-01-01')
    with keys.home.copied(keys.primary) as home:
        home.revoke_subkey(keys.primary, keys.new, reason=1)
        assert signatures.verify(archive, signature, home.export(keys.primary), keys.primary).expired


@pytest.mark.parametrize(('key', 'day'), [('new', '2024-06-01'), ('old', '2018-01-01'), ('primary', '2018-01-01')])
def test_a_revoked_primary_key_takes_its_subkeys_with_it(archive: Path, keys: Keys, revoked: bytes, key: str, day: str) -> None:
    assert refusal(archive, keys.home.sign(getattr(keys, key), CONTENT, at=day), revoked, keys.primary).code == 'revoked_signing_key'


def test_a_revocation_counts_even_if_it_cannot_be_proven(archive: Path, keys: Keys, revoked: bytes) -> None:
    # gpgv is silent about those that it does not believe, and about some that it does.
    known = packets(keys.certificate)
    revocation = next(packet for packet in packets(revoked) if packet not in known)
    damaged_one = revocation._replace(body=revocation.body[:-8] + bytes(8))
    certificate = joined([known[0], damaged_one, *known[1:]])
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), certificate, keys.primary).code == 'revoked_signing_key'


def test_a_revocation_of_the_old_version_counts(archive: Path, keys: Keys) -> None:
    known = packets(keys.certificate)
    revocation = openpgp.Packet(openpgp.SIGNATURE, b'\x03\x05\x20' + bytes(20))
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), joined([known[0], revocation, *known[1:]]), keys.primary).code == 'revoked_signing_key'


def test_gpgv_is_believed_about_a_revocation(archive: Path, keys: Keys, fake_gpgv: FakeGpgv) -> None:
    fake_gpgv.says(good(keys, 'REVKEYSIG'))
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary).code == 'revoked_signing_key'


# ---- signatures that prove nothing


def test_a_signature_of_another_file_is_refused(archive: Path, keys: Keys) -> None:
    error = refusal(archive, keys.home.sign(keys.new, CONTENT + b'!'), keys.certificate, keys.primary)
    assert error.code == 'bad_signature'
    assert archive.name in error.msg


def test_an_unknown_key_is_named_with_the_way_out(archive: Path, keys: Keys) -> None:
    error = refusal(archive, keys.home.sign(keys.new, CONTENT, at='2026-05-04'), keys.before, keys.primary)
    assert error.code == 'unknown_signing_key'
    assert error.msg.startswith(f'go1.26.6.linux-amd64.tar.gz is signed by the key {keys.new[-16:]} (on 2026-05-04, by its own date)')
    assert f'Its newest key, {keys.old}, was made on 2016-01-02' in error.msg
    assert '"signing_certificate: https://dl.google.com/linux/linux_signing_key.pub"' in error.msg
    assert f'the same primary key, {keys.primary}' in error.msg
    assert error.evidence['known'] == {keys.old: '2016-01-02'}
    assert error.evidence['key_id'] == keys.new[-16:]


def test_an_unknown_key_is_reported_for_a_certificate_without_subkeys(archive: Path, keys: Keys) -> None:
    alone = joined(packets(keys.certificate)[:3])
    error = refusal(archive, keys.home.sign(keys.new, CONTENT), alone, keys.primary)
    assert error.code == 'unknown_signing_key'
    assert 'It has no signing key.' in error.msg


def test_an_unknown_key_is_reported_with_the_newest_known_key(archive: Path, keys: Keys) -> None:
    error = refusal(archive, keys.home.sign(keys.others, CONTENT), keys.certificate, keys.primary)
    assert f'Its newest key, {keys.future}, was made on 2088-01-01.' in error.msg
    assert list(error.evidence['known']) == [keys.old, keys.new, keys.future]


def test_another_key_is_unknown_even_if_the_file_of_certificates_has_it(archive: Path, keys: Keys) -> None:
    both = keys.certificate + keys.home.export(keys.other)
    assert refusal(archive, keys.home.sign(keys.others, CONTENT), both, keys.primary).code == 'unknown_signing_key'


def test_the_keyrings_of_the_user_do_not_count(archive: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path / '.gnupg', tmp_path / 'gnupg'):
        folder.mkdir(mode=0o700)
        for name in ('trustedkeys.gpg', 'trustedkeys.kbx', 'pubring.gpg'):
            (folder / name).write_bytes(keys.home.export(keys.other))
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('GNUPGHOME', str(tmp_path / 'gnupg'))
    assert refusal(archive, keys.home.sign(keys.others, CONTENT), keys.certificate, keys.primary).code == 'unknown_signing_key'


@pytest.mark.parametrize('digest', ['SHA1', 'RIPEMD160'])
def test_a_weak_digest_is_refused(archive: Path, keys: Keys, digest: str) -> None:
    signature = keys.home.sign(keys.new, CONTENT, '--digest-algo', digest, '--allow-weak-digest-algos')
    error = refusal(archive, signature, keys.certificate, keys.primary)
    assert (error.code, error.evidence['algorithm']) == ('weak_signature', digest)


# ---- several signatures


@pytest.mark.parametrize('digest', ['SHA256', 'SHA512'])
@pytest.mark.parametrize('good_first', [True, False])
def test_one_good_signature_is_enough_beside_one_by_an_unknown_key(archive: Path, keys: Keys, good_first: bool, digest: str) -> None:
    both = [keys.home.sign(keys.new, CONTENT, '--digest-algo', 'SHA512'), keys.home.sign(keys.others, CONTENT, '--digest-algo', digest)]
    signature = b''.join(both if good_first else both[::-1])
    assert signatures.verify(archive, signature, keys.certificate, keys.primary).subkey == keys.new


def test_two_armored_signatures_may_follow_each_other(archive: Path, keys: Keys) -> None:
    signature = keys.home.sign(keys.others, CONTENT, '--armor') + keys.home.sign(keys.new, CONTENT, '--armor')
    assert signatures.verify(archive, signature, keys.certificate, keys.primary).subkey == keys.new


@pytest.mark.parametrize('good_first', [True, False])
def test_a_good_signature_does_not_excuse_one_of_another_file(archive: Path, keys: Keys, good_first: bool) -> None:
    both = [keys.home.sign(keys.new, CONTENT), keys.home.sign(keys.new, CONTENT + b'!')]
    signature = b''.join(both if good_first else both[::-1])
    assert refusal(archive, signature, keys.certificate, keys.primary).code == 'bad_signature'


def test_of_two_refusals_the_one_about_the_pinned_key_is_reported(archive: Path, keys: Keys) -> None:
    signature = keys.home.sign(keys.others, CONTENT) + keys.home.sign(keys.new, CONTENT, '--digest-algo', 'SHA1')
    assert refusal(archive, signature, keys.certificate, keys.primary).code == 'weak_signature'


# ---- files that are no detached signature


def not_detached(archive: Path, signature: bytes, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> str:
    # Without gpgv: it must not even see such a file.
    monkeypatch.setenv('PATH', '/nonexistent')
    error = refusal(archive, signature, keys.certificate, keys.primary)
    assert error.code == 'bad_signature_file'
    return str(error.evidence['reason'])


@pytest.mark.parametrize(('options', 'reason'), [
    (('--clearsign',), 'it has "-----BEGIN PGP SIGNED MESSAGE-----"'),
    (('--sign', '--armor'), 'it has "-----BEGIN PGP MESSAGE-----"'),
    (('--sign', '--compress-algo', 'none'), 'it holds more than signatures'),
    (('--sign',), 'the packet at byte 0 does not give its length'),
])  # fmt: skip
def test_a_message_signed_inline_is_refused(
        archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], reason: str) -> None:
    message = keys.home.sign(keys.new, b'short', *options)
    assert not_detached(archive, message, keys, monkeypatch).startswith(reason)


def test_a_signature_of_a_text_is_refused(archive: Path, keys: Keys) -> None:
    # Its line ends may differ from the file's.
    error = refusal(archive, keys.home.sign(keys.new, CONTENT, '--textmode'), keys.certificate, keys.primary)
    assert error.code == 'bad_signature_file'
    assert 'type 01' in error.msg


def test_a_certificate_in_place_of_a_signature_is_refused(archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not_detached(archive, keys.certificate, keys, monkeypatch).startswith('it holds more than signatures')


@pytest.mark.parametrize(('junk', 'reason'), [
    (b'', 'it is empty'),
    (b' \n', 'it is empty'),
    (b'\n<!DOCTYPE html><title>Not here</title>', 'it is a web page'),
    (b'0' * 64, 'it is not binary, and has no line'),
    (b'\x00' * 64, 'it is not binary, and has no line'),
    (b'-----BEGIN PGP SIGNATURE-----\n', 'it ends before its line'),
    (b'-----BEGIN PGP SIGNATURE-----\n\n*\n-----END PGP SIGNATURE-----\n', 'Only base64 data is allowed'),
    (b'-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n', 'its armor is empty'),
    (b'\x89\xff', 'it ends inside the header of a packet, at byte 1'),
    (b'\x89\x00\x05ab', 'it ends inside a packet, which begins at byte 3 and has 5'),
    (b'\xc2\xff\xff\xff\xff\xff', 'it ends inside a packet, which begins at byte 6 and has 4294967295'),
    (b'\xc2\xe0' + b'a' * 9, 'the packet at byte 0 does not give its length'),
    (b'\xc2\x01a\x01', 'no packet begins at byte 3'),
    (b'\xc2\x01a' * 9, 'it holds 9 signatures, more than the limit of 8'),
    (b'\xc2' * (10 << 20), 'it has 10485760 bytes'),
    (b'a' * (10 << 20), 'it has 10485760 bytes'),
])  # fmt: skip
def test_junk_is_refused(archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch, junk: bytes, reason: str) -> None:
    assert not_detached(archive, junk, keys, monkeypatch).startswith(reason)


def test_a_truncated_armor_is_refused_wherever_it_ends(archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    armored = keys.home.sign(keys.new, CONTENT, '--armor').rstrip()
    for end in range(0, len(armored), 7):
        not_detached(archive, armored[:end], keys, monkeypatch)


def test_a_damaged_armor_is_refused_by_its_checksum(archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = keys.home.sign(keys.new, CONTENT, '--armor').splitlines()
    lines[3] = (b'A' if lines[3][:1] != b'A' else b'B') + lines[3][1:]
    assert not_detached(archive, b'\n'.join(lines), keys, monkeypatch) == 'its checksum is not that of its content'


def test_no_damage_to_a_signature_file_is_answered_with_anything_but_a_refusal(
        archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    originals = [keys.home.sign(keys.new, CONTENT), keys.home.sign(keys.new, CONTENT, '--armor')]
    monkeypatch.setenv('PATH', '/nonexistent')
    dice = random.Random(4)
    for original in originals:
        for dummy in range(500):
            assert refusal(archive, damaged(original, dice), keys.certificate, keys.primary).code in ('bad_signature_file', 'gpgv_missing')


def damaged(original: bytes, dice: random.Random) -> bytes:
    changed = bytearray(original)
    for dummy in range(dice.randint(1, 4)):
        at = dice.randrange(len(changed))
        changed[at:at + dice.choice([0, 1, 1, 5])] = dice.randbytes(dice.choice([0, 1, 1, 3]))
    return bytes(changed)


def test_a_file_that_cannot_be_read_is_an_error_of_the_system(archive: Path, keys: Keys) -> None:
    archive.unlink()
    with pytest.raises(FileNotFoundError):
        signatures.verify(archive, keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary)


def test_a_name_that_looks_like_an_option_is_a_name(archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(archive.parent)
    odd = archive.rename(archive.with_name('--keyring=ü'))
    assert signatures.verify(Path(odd.name), keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary).subkey == keys.new


def test_nothing_stays_behind(archive: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = keys.home.sign(keys.new, CONTENT)
    folder = tmp_path / 'temporary'
    folder.mkdir()
    monkeypatch.setattr('tempfile.tempdir', str(folder))
    signatures.verify(archive, signature, keys.certificate, keys.primary)
    refusal(archive, signature, keys.before, keys.primary)
    assert list(folder.iterdir()) == []


# ---- certificates


def test_the_certificate_of_another_primary_key_is_refused(archive: Path, keys: Keys) -> None:
    error = refusal(archive, keys.home.sign(keys.others, CONTENT), keys.home.export(keys.other), keys.primary)
    assert error.code == 'wrong_certificate'
    assert keys.primary in error.msg
    assert error.evidence['found'] == [keys.other]


@pytest.mark.parametrize(('junk', 'reason'), [
    (b'', 'it is empty'),
    (b'<html>', 'it is a web page'),
    (b'-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n', 'it has "-----BEGIN PGP SIGNATURE-----"'),
    (b'\x00\x00\x00\x20\x01\x01\x00\x02KBXf', 'it is not binary'),
    (b'a' * (10 << 20), 'it has 10485760 bytes'),
])  # fmt: skip
def test_a_file_that_is_no_certificate_is_refused(keys: Keys, junk: bytes, reason: str) -> None:
    with pytest.raises(GofleetError, match='signing_certificate') as refused:
        signatures.accept_refresh(keys.before, junk, keys.primary)
    assert refused.value.code == 'bad_certificate'
    assert refused.value.evidence['reason'].startswith(reason)


def test_a_file_without_any_key_is_no_certificate_of_ours(keys: Keys) -> None:
    with pytest.raises(GofleetError, match='its primary keys: none') as refused:
        signatures.accept_refresh(keys.before, keys.home.sign(keys.new, CONTENT), keys.primary)
    assert refused.value.code == 'wrong_certificate'


def test_a_secret_key_is_refused_before_it_goes_anywhere(keys: Keys) -> None:
    secret, dummy = keys.home.gpg('--export-secret-keys', keys.primary)
    with pytest.raises(GofleetError, match='it holds a secret key') as refused:
        signatures.accept_refresh(keys.before, secret, keys.primary)
    assert refused.value.code == 'bad_certificate'


def test_no_damage_to_a_certificate_is_answered_with_anything_but_a_certificate_or_a_refusal(keys: Keys) -> None:
    dice = random.Random(4)
    codes = set()
    for dummy in range(1000):
        try:
            accepted = signatures.accept_refresh(keys.before, damaged(keys.certificate, dice), keys.primary)
        except GofleetError as exc:
            codes.add(exc.code)
        else:
            codes.add('accepted')
            assert openpgp.primaries(packets(accepted)) == [keys.primary]
    assert codes == {'bad_certificate', 'wrong_certificate', 'accepted'}


# ---- refresh


def test_a_refreshed_certificate_proves_what_the_old_one_could_not(archive: Path, keys: Keys) -> None:
    signature = keys.home.sign(keys.new, CONTENT)
    assert refusal(archive, signature, keys.before, keys.primary).code == 'unknown_signing_key'
    refreshed = signatures.accept_refresh(keys.before, keys.home.export(keys.primary, '--armor'), keys.primary)
    assert signatures.verify(archive, signature, refreshed, keys.primary).subkey == keys.new


def test_a_refresh_takes_the_pinned_certificate_alone_from_a_file_of_several(keys: Keys) -> None:
    several = keys.home.export(keys.other, '--armor') + b'\n' + keys.home.export(keys.primary, '--armor')
    refreshed = signatures.accept_refresh(keys.before, several, keys.primary)
    assert [openpgp.fingerprint(packet) for packet in packets(refreshed) if packet.tag in (PUBLIC_KEY, SUBKEY)] == [
        keys.primary, keys.old, keys.new, keys.future]


def test_a_refresh_with_another_primary_key_is_refused(keys: Keys) -> None:
    with pytest.raises(GofleetError) as refused:
        signatures.accept_refresh(keys.before, keys.home.export(keys.other), keys.primary)
    assert refused.value.code == 'wrong_certificate'


def test_a_refresh_loses_no_subkey(archive: Path, keys: Keys) -> None:
    refreshed = signatures.accept_refresh(keys.certificate, keys.before, keys.primary)
    assert signatures.verify(archive, keys.home.sign(keys.new, CONTENT), refreshed, keys.primary).subkey == keys.new


@pytest.mark.parametrize('turned', [False, True])
def test_a_refresh_loses_no_revocation(archive: Path, keys: Keys, revoked: bytes, turned: bool) -> None:
    old, new = (keys.certificate, revoked) if turned else (revoked, keys.certificate)
    refreshed = signatures.accept_refresh(old, new, keys.primary)
    assert refusal(archive, keys.home.sign(keys.new, CONTENT, at='2024-06-01'), refreshed, keys.primary).code == 'revoked_signing_key'


def test_a_revocation_counts_in_whichever_copy_of_the_certificate_a_file_has_it(archive: Path, keys: Keys, revoked: bytes) -> None:
    # gpgv looks at the first copy only.
    signature = keys.home.sign(keys.new, CONTENT, at='2024-06-01')
    assert refusal(archive, signature, keys.certificate + revoked, keys.primary).code == 'revoked_signing_key'


def test_a_refreshed_certificate_from_a_key_server_needs_no_user_ids(archive: Path, keys: Keys) -> None:
    parts = packets(keys.certificate)
    first = next(index for index, packet in enumerate(parts) if packet.tag == SUBKEY)
    assert parts[1].tag == USER_ID
    refreshed = signatures.accept_refresh(keys.before, joined([parts[0], *parts[first:]]), keys.primary)
    assert signatures.verify(archive, keys.home.sign(keys.new, CONTENT), refreshed, keys.primary).subkey == keys.new


def test_a_refreshed_certificate_is_in_the_order_of_certificates(archive: Path, keys: Keys) -> None:
    attribute = [openpgp.Packet(USER_ATTRIBUTE, b'\x02\x01a'), openpgp.Packet(openpgp.SIGNATURE, b'\x04\x13')]
    full = packets(keys.certificate)
    full[3:3] = attribute
    bare = [packet for packet in packets(keys.before) if packet.tag != USER_ID]
    refreshed = signatures.accept_refresh(joined([bare[0], *bare[2:]]), joined(full), keys.primary)
    assert packets(refreshed) == full
    assert signatures.verify(archive, keys.home.sign(keys.new, CONTENT), refreshed, keys.primary).subkey == keys.new


@pytest.mark.parametrize('body', [b'\x03' + bytes(20), b'\x05' + bytes(20), b'\x04' + bytes(70_000), b''])
def test_a_packet_of_another_kind_has_no_fingerprint(keys: Keys, body: bytes) -> None:
    odd = openpgp.Packet(PUBLIC_KEY, body)
    assert openpgp.fingerprint(odd) == ''
    assert signatures.accept_refresh(keys.certificate, keys.certificate + odd.written(), keys.primary) == joined(packets(keys.certificate))


def test_accepting_twice_changes_nothing(keys: Keys) -> None:
    once = signatures.accept_refresh(keys.before, keys.certificate, keys.primary)
    assert signatures.accept_refresh(once, keys.certificate, keys.primary) == once


# ---- forged subkeys


def spliced(keys: Keys, forger: Forger) -> dict[str, list[bytes]]:
    """What an attacker may add to the certificate, by what it tries."""
    ours, theirs = packets(keys.certificate), packets(keys.home.export(keys.other))
    stolen = binding_of(ours, keys.new)
    at = binding_of(theirs, keys.others)
    pinned = bytes([ISSUER]) + bytes.fromhex(keys.primary)[-8:]
    renamed = with_unhashed(theirs[at], lambda parts: [pinned if part[0] == ISSUER else part for part in parts])
    foreign, own = theirs[at - 1].written(), forger.subkey.written()
    forged = forger.binding(ours[0]).written()
    return {
        'no binding': [foreign],
        'the binding by its own primary key': [foreign, theirs[at].written()],
        'that binding in the pinned name': [foreign, renamed.written()],
        'the binding of another subkey': [foreign, ours[stolen].written()],
        'that binding, vouched for by the file': [foreign, ours[stolen].written(), TRUST_OF_2_0],
        'a binding of its own': [own, forged],
        'a binding of its own, vouched for by the file': [own, forged, TRUST_OF_2_0],
        'a binding of its own, vouched for in the newer form': [own, forged, TRUST_SINCE_2_1],
    }


SPLICES = ['no binding', 'the binding by its own primary key', 'that binding in the pinned name', 'the binding of another subkey',
           'that binding, vouched for by the file', 'a binding of its own', 'a binding of its own, vouched for by the file',
           'a binding of its own, vouched for in the newer form']  # fmt: skip


@pytest.mark.parametrize('splice', SPLICES)
def test_a_subkey_that_the_primary_key_has_not_bound_proves_nothing(archive: Path, keys: Keys, forger: Forger, splice: str) -> None:
    parts = spliced(keys, forger)[splice]
    certificate = signatures.accept_refresh(keys.before, keys.certificate + b''.join(parts), keys.primary)
    signature = forger.sign(CONTENT) if parts[0] == forger.subkey.written() else keys.home.sign(keys.others, CONTENT)
    error = refusal(archive, signature, certificate, keys.primary)
    assert error.code == 'unbound_signing_key'
    assert 'Do not install this file' in error.msg


def test_a_forged_subkey_leaves_the_real_ones_good(archive: Path, keys: Keys, forger: Forger) -> None:
    certificate = keys.certificate + b''.join(spliced(keys, forger)['a binding of its own'])
    assert signatures.verify(archive, keys.home.sign(keys.new, CONTENT), certificate, keys.primary).subkey == keys.new


def test_what_the_forger_makes_is_refused_for_the_binding_alone(archive: Path, forger: Forger) -> None:
    # Under its own primary key the subkey is valid, so the tests above are refused only because of the binding.
    own = Forger(datetime(2024, 1, 1, tzinfo=UTC))
    primary = own.as_primary(b'forger')
    certificate = joined([*primary, forger.subkey, forger.binding(primary[0], by=own)])
    made = signatures.verify(archive, forger.sign(CONTENT), certificate, own.fingerprint)
    assert (made.primary, made.subkey) == (own.fingerprint, forger.fingerprint)


def test_a_damaged_binding_unbinds_a_real_subkey_even_if_the_file_vouches_for_it(archive: Path, keys: Keys) -> None:
    parts = packets(keys.certificate)
    at = binding_of(parts, keys.new)
    parts[at] = parts[at]._replace(body=parts[at].body[:-8] + bytes(8))
    certificate = joined(parts[:at + 1]) + TRUST_OF_2_0 + joined(parts[at + 1:])
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), certificate, keys.primary).code == 'unbound_signing_key'


@pytest.mark.parametrize('damage', ['missing', 'wrong'])
def test_a_subkey_must_have_signed_that_it_belongs_to_the_primary_key(archive: Path, keys: Keys, damage: str) -> None:
    parts = packets(keys.certificate)
    at = binding_of(parts, keys.new)

    def change(subpackets: list[bytes]) -> list[bytes]:
        assert EMBEDDED in {part[0] for part in subpackets}
        kept = [part for part in subpackets if part[0] != EMBEDDED]
        return kept if damage == 'missing' else kept + [part[:-8] + bytes(8) for part in subpackets if part[0] == EMBEDDED]

    parts[at] = with_unhashed(parts[at], change)
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), joined(parts), keys.primary).code == 'unbound_signing_key'


def test_gpgv_gets_to_see_no_trust_packet_and_no_other_key(archive: Path, keys: Keys, fake_gpgv: FakeGpgv) -> None:
    fake_gpgv.says(good(keys))
    certificate = keys.home.export(keys.other) + keys.certificate + TRUST_OF_2_0 + TRUST_SINCE_2_1
    assert TRUST in {packet.tag for packet in packets(certificate)}
    signatures.verify(archive, keys.home.sign(keys.new, CONTENT), certificate, keys.primary)
    assert packets(fake_gpgv.keyring()) == packets(keys.certificate)


# ---- gpgv of other systems


class FakeGpgv:
    """A fake gpgv that prints one given status text for each run, and records its keyring."""

    def __init__(self, folder: Path, name: str = 'gpgv') -> None:
        self.folder = folder
        self.ending = 'exit 0'
        self.name = name

    def says(self, *runs: str) -> None:
        for number, status in enumerate(runs, 1):
            (self.folder / f'status-{number}').write_text(''.join(f'[GNUPG:] {line}\n' for line in status.split('\n') if line), encoding='utf-8')
        script = self.folder / self.name
        script.write_text(f"""#!/bin/sh
cd '{self.folder}' && echo run >> runs
cp "$4" keyring && cat "status-$(wc -l < runs | tr -d ' ')"
{self.ending}
""", encoding='ascii')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    def keyring(self) -> bytes:
        return (self.folder / 'keyring').read_bytes()

    def runs(self) -> int:
        return (self.folder / 'runs').read_text(encoding='ascii').count('run')


@pytest.fixture
def fake_gpgv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGpgv:
    folder = tmp_path / 'bin'
    folder.mkdir()
    monkeypatch.setenv('PATH', f'{folder}:/usr/bin:/bin')
    return FakeGpgv(folder)


def good(keys: Keys, verdict: str = 'GOODSIG', key: str = '', made: str = '1777852800', primary: str = '') -> str:
    key = key or keys.new
    return f'{verdict} {key[-16:]} pinned\nVALIDSIG {key} 2026-05-04 {made} 0 4 0 1 10 00 {primary or keys.primary}'


def test_without_gpgv_the_packages_that_have_it_are_named(archive: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = keys.home.sign(keys.new, CONTENT)
    monkeypatch.setenv('PATH', '/nonexistent')
    error = refusal(archive, signature, keys.certificate, keys.primary)
    assert error.code == 'gpgv_missing'
    for words in ('Debian, Ubuntu: gpgv', 'similar: gnupg2', 'Alpine: gpgv', 'Homebrew: gnupg', 'trust'):
        assert words in error.msg


def test_a_gpgv_named_gpgv2_will_do(archive: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = keys.home.sign(keys.new, CONTENT)
    tools = tmp_path / 'tools'
    tools.mkdir()
    for name in ('cat', 'cp', 'tr', 'wc'):
        (tools / name).symlink_to(str(shutil.which(name)))
    FakeGpgv(tools, 'gpgv2').says(good(keys))
    monkeypatch.setenv('PATH', str(tools))
    assert signatures.verify(archive, signature, keys.certificate, keys.primary).subkey == keys.new


def test_the_words_of_gpgv_2_0_are_understood(archive: Path, keys: Keys, fake_gpgv: FakeGpgv) -> None:
    # It has no NEWSIG, repeats KEYEXPIRED with a SIGEXPIRED that means nothing, also between the verdict and VALIDSIG.
    stray = 'KEYEXPIRED 1546300800\nSIGEXPIRED'
    verdict, valid = good(keys).splitlines()
    fake_gpgv.says('\n'.join([stray, 'SIG_ID p779G8y9wP1s/jki2E695RW21Ik 2026-05-04 1777852800', stray, verdict, stray, valid]))
    assert not signatures.verify(archive, keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary).expired


@pytest.mark.parametrize(('line', 'code'), [
    ('ERRSIG {id} 1 10 00 1777852800 9', 'unknown_signing_key'),
    ('ERRSIG {id} 1 10 00 1777852800 9 -', 'unknown_signing_key'),
    ('ERRSIG {id} 1 10 00 not-a-time 9', 'unknown_signing_key'),
    ('ERRSIG {id}', 'weak_signature'),
    # 2.4 does not see an unbound subkey, others have a number for it.
    ('ERRSIG {ours} 1 10 00 1777852800 9 -', 'unbound_signing_key'),
    ('ERRSIG {ours} 1 10 00 1777852800 6', 'unbound_signing_key'),
    ('ERRSIG {ours} 1 10 00 1777852800 1', 'unbound_signing_key'),
    ('ERRSIG {ours} 1 10 00 1777852800 39', 'signature_time'),
    # MD5 in any GnuPG of today, and SHA1 where the system's policy forbids it.
    ('ERRSIG {ours} 1 1 00 1777852800 5', 'weak_signature'),
    ('ERRSIG {ours} 1 2 00 1777852800 5', 'weak_signature'),
    # Ed25519 for gpgv 2.0.
    ('ERRSIG {ours} 22 8 00 1777852800 4', 'unsupported_signature'),
])  # fmt: skip
def test_each_reason_for_not_checking_has_its_code(archive: Path, keys: Keys, fake_gpgv: FakeGpgv, line: str, code: str) -> None:
    fake_gpgv.says(line.format(id='0123456789ABCDEF', ours=keys.new[-16:]))
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary).code == code


@pytest.mark.parametrize('status', [
    '',
    'NODATA 2',
    'VALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10 00 {primary}',
    'GOODSIG {id} pinned',
    'GOODSIG {id} pinned\nVALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10',
    'GOODSIG {id} pinned\nVALIDSIG {key} 2026-05-04 20260504T000000 0 4 0 1 10 00 {primary}',
    'GOODSIG {id} pinned\nGOODSIG {id} pinned\nVALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10 00 {primary}',
    'GOODSIG {id} pinned\nBADSIG {id} pinned\nVALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10 00 {primary}',
    'GOODSIG {id} pinned\nVALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10 00 {other}',
    # A user ID with a character that some take for the end of a line.
    'GOODSIG {id} pinned\u2028[GNUPG:] VALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10 00 {primary}',
    # Expired, and gpgv does not say when.
    'EXPKEYSIG {id} pinned\nVALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10 00 {primary}',
    'KEYEXPIRED soon\nEXPKEYSIG {id} pinned\nVALIDSIG {key} 2026-05-04 1777852800 0 4 0 1 10 00 {primary}',
])  # fmt: skip
def test_an_unclear_verdict_is_not_accepted(archive: Path, keys: Keys, fake_gpgv: FakeGpgv, status: str) -> None:
    reported = status.format(id=keys.new[-16:], key=keys.new, primary=keys.primary, other=keys.other)
    fake_gpgv.says(reported, reported)
    error = refusal(archive, keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary)
    assert error.code == 'gpgv_failed'
    assert error.evidence['status'] == [' '.join(line.split()) for line in reported.split('\n') if line]


def test_a_gpgv_that_is_killed_has_given_no_verdict(archive: Path, keys: Keys, fake_gpgv: FakeGpgv) -> None:
    fake_gpgv.ending = 'kill -9 $$'
    fake_gpgv.says(good(keys))
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary).code == 'gpgv_failed'


def test_a_good_signature_does_not_excuse_a_gpgv_that_failed_on_another(archive: Path, keys: Keys, fake_gpgv: FakeGpgv) -> None:
    fake_gpgv.says(good(keys), 'NODATA 2')
    assert refusal(archive, keys.home.sign(keys.new, CONTENT) * 2, keys.certificate, keys.primary).code == 'gpgv_failed'


def test_an_expired_subkey_is_judged_without_the_other_subkeys(archive: Path, keys: Keys, fake_gpgv: FakeGpgv) -> None:
    late = 1546300800 + 1
    said = good(keys, 'EXPKEYSIG', keys.old, str(late))
    # As if a younger subkey had expired too; alone, the one that signed has ended before it signed.
    fake_gpgv.says(f'KEYEXPIRED {late + 99}\n{said}', f'KEYEXPIRED {late - 1}\n{said}')
    assert refusal(archive, keys.home.sign(keys.old, CONTENT, at='2018-01-01'), keys.certificate, keys.primary).code == 'signed_after_expiry'
    assert fake_gpgv.runs() == 2
    assert openpgp.Certificate(keys.primary, packets(fake_gpgv.keyring())).subkeys().keys() == {keys.old}


def test_the_second_look_at_an_expired_subkey_must_tell_the_same(archive: Path, keys: Keys, fake_gpgv: FakeGpgv) -> None:
    expired = 'KEYEXPIRED 1777852900\n'
    fake_gpgv.says(expired + good(keys, 'EXPKEYSIG'), expired + good(keys, 'EXPKEYSIG', made='1777852801'))
    assert refusal(archive, keys.home.sign(keys.new, CONTENT), keys.certificate, keys.primary).code == 'gpgv_failed'


# ---- the certificate that is shipped


def test_the_shipped_certificate_is_that_of_the_pinned_key() -> None:
    assert signatures.PRIMARY == GOOGLE
    assert openpgp.primaries(packets(signatures.vendored())) == [GOOGLE]


def test_the_shipped_certificate_knows_each_subkey_since_2016(homes: contextlib.ExitStack) -> None:
    with Home() as home:
        listed = home.gpg('--with-colons', '--with-subkey-fingerprint', '--show-keys', given=signatures.vendored())[0].decode()
    lines = [line.split(':') for line in listed.splitlines()]
    keys = [words[9] for words in lines if words[0] == 'fpr']
    made = [f'{datetime.fromtimestamp(int(words[5]), UTC):%Y-%m-%d}' for words in lines if words[0] in ('pub', 'sub')]
    known = dict(zip(keys, made, strict=True))
    assert keys[0] == GOOGLE
    assert known.items() >= GOOGLE_SUBKEYS.items()
    ours = openpgp.Certificate(GOOGLE, packets(signatures.vendored())).subkeys()
    days = {key: f'{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}' for key, seconds in ours.items()}
    assert days == {key: day for key, day in known.items() if key != GOOGLE}


def test_gpgv_takes_the_shipped_certificate(archive: Path, keys: Keys) -> None:
    error = refusal(archive, keys.home.sign(keys.new, CONTENT), signatures.vendored(), signatures.PRIMARY)
    assert error.code == 'unknown_signing_key'
    assert error.evidence['known'].items() >= GOOGLE_SUBKEYS.items()


def test_the_shipped_certificate_is_written_as_it_was_read() -> None:
    assert packets(signatures.accept_refresh(signatures.vendored(), signatures.vendored())) == packets(signatures.vendored())
