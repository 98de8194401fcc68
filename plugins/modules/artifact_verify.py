#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: artifact_verify
short_description: Verify files by digest or signature, and folders by a manifest
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Compares files on the host with digests, checksum files and detached OpenPGP signatures, many of them in one call.
  - Records every file of a folder in a manifest, and later reports which are missing, changed, extra or have another mode.
  - The task fails unless everything is verified. The failure lists each problem with a code, and includes all results.
  - Files are read in blocks, so memory use does not depend on their size. The only program that is executed on the host is C(gpgv), and the only file
    that is changed is a manifest that is to be written.
options:
  files:
    description: The files to verify, each by at least one of O(files[].checksum), O(files[].checksum_file) and O(files[].signature). All that are
      given must match.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: A regular file on the host, or a symbolic link to one.
        type: path
        required: true
      checksum:
        description:
          - Its digest as V(sha256:HEX).
          - V(sha224), V(sha384), V(sha512), V(sha3_224) to V(sha3_512), V(blake2b) and V(blake2s) are supported too, as far as the host's Python has
            them.
          - V(md5) and V(sha1) are invalid, because different files with equal digests can be made.
        type: str
      checksum_file:
        description:
          - A checksum file, on the host or at an C(https) or C(http) URL, of at most 8 MiB. Defaults to O(checksum_file) if there is no
            O(files[].checksum).
          - The formats of C(sha256sum) and similar programs are supported, including escaped names, and those of BSD, C(--tag) and C(openssl dgst),
            and a bare digest. As with C(sha256sum --check), other lines, such as headings, are skipped.
          - A file that is signed inline is invalid, because its signature would not be verified. Extract its text with C(gpg --decrypt).
          - If it lists several digests for the file, the strongest kind is used. Different digests of that kind are an error.
        type: str
      checksum_name:
        description:
          - The name of the file in the checksum file, with its folders if that lists them. A leading C(./) is ignored.
          - Defaults to the last part of O(files[].path).
        type: str
      signature:
        description: Its detached OpenPGP signature, armored or binary, on the host or at an C(https) or C(http) URL.
        type: str
      fingerprints:
        description: As O(fingerprints), for this file.
        type: list
        elements: str
        default: []
      certificate:
        description: As O(certificate), for this file.
        type: path
  checksum_file:
    description: A checksum file for all O(files) that have neither a digest nor a checksum file of their own.
    type: str
  checksum_algorithm:
    description:
      - The algorithm of digests that do not name theirs.
      - By default their length decides, as one of V(sha224) to V(sha512). With this option only digests of this algorithm are used.
      - V(blake2b) has the same length as V(sha512). A checksum file is read as one of C(b2sum) if its name ends in C(B2SUMS), C(.b2), C(.b2sum) or
        C(.blake2b), in any case, with or without C(.txt), or if its lines have the tag C(BLAKE2b).
      - Python 2.7 does not support V(blake2b), V(blake2s) and V(sha3_224) to V(sha3_512). Files that can be verified by them only fail there.
    type: str
    choices: [sha512, sha384, sha256, sha224, blake2b, blake2s, sha3_512, sha3_384, sha3_256, sha3_224]
  fingerprints:
    description:
      - The primary keys whose signatures are accepted, by their fingerprints of 40 hex digits, which can be grouped. A signature by one of them is
        enough.
      - Pin the primary key, never a signing subkey, because subkeys change.
    type: list
    elements: str
    default: []
  certificate:
    description:
      - File on the host with the public keys of O(fingerprints), armored or binary, as C(gpg --export) writes it.
      - Other keys in it, and keyrings of the host, are ignored.
    type: path
  tree:
    description:
      - A folder whose files are compared with O(manifest), or recorded in it.
      - Symbolic links below it are recorded with their target, and never followed. Folders, owners and times are ignored.
    type: path
  manifest:
    description:
      - File on the host with one line for each file of O(tree). It must be outside of the tree.
      - Anyone who can write to it can change what is verified. Keep it where only root can write, and verify it with O(files) if that is not enough.
    type: path
  state:
    description:
      - V(verified) compares O(tree) with O(manifest).
      - V(recorded) writes the current state of O(tree) to O(manifest), if all O(files) are verified.
    type: str
    choices: [verified, recorded]
    default: verified
  timeout:
    description: After how many seconds without data a connection is closed.
    type: int
    default: 30
  ca_path:
    description: PEM file on the host of the certificate authorities to trust for TLS. Defaults to the certificates of the system.
    type: path
  lock_timeout:
    description: How many seconds to wait for another run that writes O(manifest).
    type: int
    default: 300
notes:
  - Signatures require C(gpgv) on the host. Its package is C(gpgv) on Debian (always installed before Debian 13), Ubuntu and Alpine, and C(gnupg2) on
    RHEL and its derivatives.
  - A checksum file is only as trustworthy as its source. Verify it by its own signature in the same call, as in the examples.
  - Each line of O(manifest) is C(MODE SHA256 SIZE KIND PATH). Manifests of M(gofleet.golang.go_toolchain) (C(*.sums)) have the same format.
  - Proxies are taken from the environment (E(https_proxy), E(no_proxy)). Set it with the task's C(environment) keyword.
extends_documentation_fragment:
  - gofleet.golang.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
seealso:
  - module: ansible.builtin.get_url
  - module: ansible.builtin.stat
'''

EXAMPLES = r'''
- name: Verify two downloads by their digests
  gofleet.golang.artifact_verify:
    files:
      - path: /srv/downloads/app
        checksum: "sha256:{{ app_sha256 }}"
      - path: /srv/downloads/go1.26.6.linux-amd64.tar.gz
        checksum_file: https://dl.google.com/go/go1.26.6.linux-amd64.tar.gz.sha256

- name: Verify a checksum file by its signature, and a release by the checksum file
  gofleet.golang.artifact_verify:
    files:
      - path: /srv/downloads/SHA256SUMS
        signature: /srv/downloads/SHA256SUMS.asc
      - path: /srv/downloads/app_linux_amd64.tar.gz
        checksum_file: /srv/downloads/SHA256SUMS
    fingerprints: ["0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"]
    certificate: /etc/pki/publisher.asc

- name: Record the files of a deployment
  gofleet.golang.artifact_verify:
    tree: /opt/app/releases/42
    manifest: /var/lib/app/42.sums
    state: recorded

- name: Fail if one of them was changed since
  gofleet.golang.artifact_verify:
    tree: /opt/app/releases/42
    manifest: /var/lib/app/42.sums
'''

RETURN = r'''
files:
  description: The result for each of O(files), in that order.
  returned: success, and failure with RV(code=not_proven)
  type: list
  elements: dict
  contains:
    path:
      description: The path as given.
      type: str
    proven:
      description: Whether all that was given matches.
      type: bool
    size:
      description: Its size in bytes; null if it could not be read.
      type: int
    proofs:
      description:
        - What verifies it. C(kind) is V(checksum), V(checksum_file) or V(signature); C(algorithm) and C(digest) are of the file.
        - V(checksum_file) has the C(source) and its C(line).
        - V(signature) has the C(source), the C(fingerprint) of the primary key and of the C(signing_key), when it was C(made) (RFC 3339, UTC), and
          whether the key has C(expired) since.
      type: list
      elements: dict
    code:
      description:
        - Why it is not verified, as a stable identifier for programs; null if it is.
        - Among them are V(file_missing), V(not_a_file), V(file_unreadable), V(file_changed), V(checksum_mismatch), V(malformed_digest_file),
          V(not_listed), V(conflicting_digests), V(weak_algorithm), V(unsupported_algorithm), V(gpgv_missing), V(bad_signature),
          V(unknown_signing_key), V(revoked_signing_key), V(signed_after_expiry), V(weak_signature) and V(wrong_certificate).
      type: str
    reason:
      description: The same in words.
      type: str
tree:
  description: The result for O(tree); null if it is not set, or was not recorded because files are not verified.
  returned: success, and failure with RV(code=not_proven)
  type: dict
  contains:
    path:
      description: Its root.
      type: str
    manifest:
      description: The manifest.
      type: str
    proven:
      description: Whether it matches the manifest; null with O(state=recorded).
      type: bool
    sha256:
      description: SHA-256 of the manifest (in check mode, of what would be written).
      type: str
    count:
      description: Number of files and links.
      type: int
    bytes:
      description: Size of all files.
      type: int
    differences:
      description:
        - Names of files that are C(changed), C(missing), C(extra) or have another C(mode), at most 100 of each, and the C(count) of all.
        - With O(state=recorded), the differences from the previous manifest; null if there was none.
      type: dict
    code:
      description: Why it is not verified (V(tree_differs), V(manifest_missing), V(bad_manifest), V(tree_missing) and others); null if it is.
      type: str
    reason:
      description: The same in words.
      type: str
plan:
  description: The steps that were taken (in check mode, that would be), one on each line.
  returned: success
  type: list
  elements: str
code:
  description: What failed, as a stable identifier for programs. V(not_proven) if a file or tree is not verified, others if an option is invalid.
  returned: failure
  type: str
  sample: not_proven
evidence:
  description: The values behind RV(ignore:msg). With V(not_proven), C(failures) with the C(path), C(code) and C(evidence) of each.
  returned: failure
  type: dict
'''

from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame
from ansible_collections.gofleet.golang.plugins.module_utils._proof import artifacts

ARGUMENT_SPEC = {
    'files': {'type': 'list', 'elements': 'dict', 'default': [], 'options': {
        'path': {'type': 'path', 'required': True},
        'checksum': {'type': 'str'},
        'checksum_file': {'type': 'str'},
        'checksum_name': {'type': 'str'},
        'signature': {'type': 'str'},
        'fingerprints': {'type': 'list', 'elements': 'str', 'default': []},
        'certificate': {'type': 'path'},
    }},
    'checksum_file': {'type': 'str'},
    'checksum_algorithm': {'type': 'str', 'choices': [
        'sha512', 'sha384', 'sha256', 'sha224', 'blake2b', 'blake2s', 'sha3_512', 'sha3_384', 'sha3_256', 'sha3_224']},
    'fingerprints': {'type': 'list', 'elements': 'str', 'default': []},
    'certificate': {'type': 'path'},
    'tree': {'type': 'path'},
    'manifest': {'type': 'path'},
    'state': {'type': 'str', 'choices': ['verified', 'recorded'], 'default': 'verified'},
    'timeout': {'type': 'int', 'default': 30},
    'ca_path': {'type': 'path'},
    'lock_timeout': {'type': 'int', 'default': 300},
}


def main():
    module = frame.Module(
        argument_spec=ARGUMENT_SPEC, supports_check_mode=True, required_together=[('tree', 'manifest')],
        required_if=[('state', 'recorded', ('tree', 'manifest'))])
    frame.finish(module, lambda run: artifacts.converge(module.params, run, module.check_mode))


if __name__ == '__main__':
    main()
