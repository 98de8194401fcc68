#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: artifact_verify
short_description: Prove that files are what their publisher released, and that trees are what they were
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Compares files on the host with digests, with files of digests and with detached OpenPGP signatures, many of them in one call.
  - Records every file of a tree in a manifest, and later says which are missing, changed, extra or have another mode.
  - The task fails unless everything is proven. All that is not is told, each with a code, and what was found out is returned even so.
  - Files are streamed, so that memory does not grow with them. Nothing on the host is executed but C(gpgv), and nothing is changed but a manifest
    that is to be written.
options:
  files:
    description: The files to prove, each by at least one of O(files[].checksum), O(files[].checksum_file) and O(files[].signature); all that are given count.
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
          - V(sha224), V(sha384), V(sha512), V(sha3_224) to V(sha3_512), V(blake2b) and V(blake2s) will do as well, as far as the host's Python has them.
          - V(md5) and V(sha1) are refused, because files with equal ones can be made.
        type: str
      checksum_file:
        description:
          - A file of digests, on the host or at an C(https) or C(http) address, of at most 8 MiB. Defaults to O(checksum_file) unless there is
            a O(files[].checksum).
          - The forms of C(sha256sum) and its kin are read, escaped names among them, those of BSD, C(--tag) and C(openssl dgst), and a bare digest.
            As with C(sha256sum --check), lines that are none of these, such as headings, are skipped.
          - A file that is signed inline is refused, because its signature would go unchecked. Extract its text with C(gpg --decrypt).
          - Where it lists several for the file the strongest counts, and digests of that kind that differ are an error.
        type: str
      checksum_name:
        description:
          - The name that the file has in the file of digests, with its folders if that lists some; C(./) before it is of no account.
          - Defaults to the last part of O(files[].path).
        type: str
      signature:
        description: Its detached OpenPGP signature, armored or binary, on the host or at an C(https) or C(http) address.
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
    description: A file of digests for all O(files) that have neither a digest nor a file of digests of their own.
    type: str
  checksum_algorithm:
    description:
      - Of which algorithm digests are that do not say it themselves.
      - Without it their length tells, and V(sha224) to V(sha512) are taken for granted. With it only digests of that algorithm count.
      - V(blake2b) has the length of V(sha512). A file of digests counts as C(b2sum)'s if its name ends in C(B2SUMS), C(.b2), C(.b2sum) or
        C(.blake2b), in any case, with or without C(.txt), or if its lines have the tag C(BLAKE2b).
      - Python 2.7 has no V(blake2b), V(blake2s) and V(sha3_224) to V(sha3_512). What can be proven by them alone is refused there.
    type: str
    choices: [sha512, sha384, sha256, sha224, blake2b, blake2s, sha3_512, sha3_384, sha3_256, sha3_224]
  fingerprints:
    description:
      - The primary keys whose signatures count, by their fingerprints of 40 hex digits, which may be grouped. One of them is enough.
      - Pin the primary key, never a subkey that signs, because those change.
    type: list
    elements: str
    default: []
  certificate:
    description:
      - File on the host with the public keys of O(fingerprints), armored or binary, as C(gpg --export) writes it.
      - Other keys in it are of no account, and neither are keyrings of the host.
    type: path
  tree:
    description:
      - A folder whose files are compared with O(manifest), or recorded in it.
      - Symbolic links below it are recorded by where they lead to, and never followed. Folders, owners and times do not count.
    type: path
  manifest:
    description:
      - File on the host with a line for each file of O(tree). It lies outside of the tree.
      - Who can write to it can change what is proven. Keep it where only root can, and prove it with O(files) where that is not enough.
    type: path
  state:
    description:
      - V(verified) compares O(tree) with O(manifest).
      - V(recorded) has O(manifest) say what O(tree) is now, if all O(files) are proven.
    type: str
    choices: [verified, recorded]
    default: verified
  timeout:
    description: After how many seconds without a byte a connection is given up.
    type: int
    default: 30
  ca_path:
    description: PEM file on the host of the authorities to trust for TLS. Defaults to the certificates of the system.
    type: path
  lock_timeout:
    description: For how many seconds to wait for another run that writes O(manifest).
    type: int
    default: 300
notes:
  - Signatures need C(gpgv) on the host. Packages that have it are C(gpgv) on Debian (which had it always before Debian 13), Ubuntu and Alpine, and C(gnupg2)
    on RHEL and its kin.
  - A file of digests proves no more than the way that it came. Prove it by its own signature in the same call, as the examples do.
  - In O(manifest) each line is C(MODE SHA256 SIZE KIND PATH). Those that M(gofleet.golang.go_toolchain) writes (C(*.sums)) are of the same form.
  - Proxies are taken from the environment (E(https_proxy), E(no_proxy)); set it with the task's C(environment) keyword.
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
- name: Prove two downloads by digests
  gofleet.golang.artifact_verify:
    files:
      - path: /srv/downloads/app
        checksum: "sha256:{{ app_sha256 }}"
      - path: /srv/downloads/go1.26.6.linux-amd64.tar.gz
        checksum_file: https://dl.google.com/go/go1.26.6.linux-amd64.tar.gz.sha256

- name: Prove a file of digests by its signature, and a release by the file of digests
  gofleet.golang.artifact_verify:
    files:
      - path: /srv/downloads/SHA256SUMS
        signature: /srv/downloads/SHA256SUMS.asc
      - path: /srv/downloads/app_linux_amd64.tar.gz
        checksum_file: /srv/downloads/SHA256SUMS
    fingerprints: ["0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"]
    certificate: /etc/pki/publisher.asc

- name: Record what was deployed
  gofleet.golang.artifact_verify:
    tree: /opt/app/releases/42
    manifest: /var/lib/app/42.sums
    state: recorded

- name: Fail if somebody has changed it since
  gofleet.golang.artifact_verify:
    tree: /opt/app/releases/42
    manifest: /var/lib/app/42.sums
'''

RETURN = r'''
files:
  description: What became of each of O(files), in their order.
  returned: success, and failure with RV(code=not_proven)
  type: list
  elements: dict
  contains:
    path:
      description: As it was given.
      type: str
    proven:
      description: Whether all that was given proves it.
      type: bool
    size:
      description: In bytes; null if it could not be read.
      type: int
    proofs:
      description:
        - What proves it. C(kind) is V(checksum), V(checksum_file) or V(signature), C(algorithm) and C(digest) are of the file.
        - V(checksum_file) has the C(source) and its C(line).
        - V(signature) has the C(source), the C(fingerprint) of the primary key, that of the C(signing_key), when it was C(made) (RFC 3339, UTC),
          and whether the key has C(expired) since.
      type: list
      elements: dict
    code:
      description:
        - Why it is not proven, as a stable word for machines; null if it is.
        - Among them are V(file_missing), V(not_a_file), V(file_unreadable), V(file_changed), V(checksum_mismatch), V(malformed_digest_file),
          V(not_listed), V(conflicting_digests), V(weak_algorithm), V(unsupported_algorithm), V(gpgv_missing), V(bad_signature),
          V(unknown_signing_key), V(revoked_signing_key), V(signed_after_expiry), V(weak_signature) and V(wrong_certificate).
      type: str
    reason:
      description: The same in words.
      type: str
tree:
  description: What O(tree) is; null without one, and if files that are not proven kept it from being recorded.
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
      description: Whether it is what the manifest says; null with O(state=recorded).
      type: bool
    sha256:
      description: Of the manifest (in check mode, of what would be written).
      type: str
    count:
      description: Of files and links.
      type: int
    bytes:
      description: Of all files.
      type: int
    differences:
      description:
        - Names of files that are C(changed), C(missing), C(extra) or have another C(mode), at most 100 each, and the C(count) of all.
        - With O(state=recorded), from the manifest that there was; null if there was none.
      type: dict
    code:
      description: Why it is not proven (V(tree_differs), V(manifest_missing), V(bad_manifest), V(tree_missing) and others); null if it is.
      type: str
    reason:
      description: The same in words.
      type: str
plan:
  description: The steps that were taken (in check mode, that would be), one a line.
  returned: success
  type: list
  elements: str
code:
  description: What failed, as a stable word for machines; V(not_proven) for everything that was looked at, others for options that cannot be.
  returned: failure
  type: str
  sample: not_proven
evidence:
  description: The values behind RV(ignore:msg); of V(not_proven) C(failures), each with its C(path), C(code) and C(evidence).
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
