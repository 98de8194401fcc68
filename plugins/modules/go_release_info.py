#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: go_release_info
short_description: Resolve versions of Go to release records, and lock them
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Says which release a version means, and what its archive and its tree have to be on each architecture, and who vouches for that.
  - With O(lock) it writes that into a file, from which M(gofleet.golang.go_toolchain) installs without asking anybody.
  - It runs on the controller alone and connects to no host.
options:
  versions:
    description:
      - Releases (V(1.26.6)), lines (V(1.26)) or V(latest). Quote them in YAML, or V(1.20) becomes the number 1.2.
      - Each may be several with commas between.
    type: list
    elements: str
    default: []
  version_from:
    description: A project's file on the controller that says which release it wants, as for M(gofleet.golang.go_toolchain).
    type: path
  architectures:
    description: The architectures of the fleet, in Go's words (V(arm64), not aarch64). An empty list is refused.
    type: list
    elements: str
    default: [amd64, arm64]
  lock:
    description:
      - The lock file to write, on the controller. It is replaced as a whole, and only when a release moves or an architecture comes or goes.
      - Where it is a symbolic link, the file that it leads to is replaced.
      - A release that is in it with other digests than are found now is refused.
    type: path
  fetch:
    description: Whether the archives are fetched into the controller's cache, verified, so that M(gofleet.golang.go_toolchain) can push them without a network.
    type: bool
    default: false
  checksums:
    description: Pinned digests, as for M(gofleet.golang.go_toolchain).
    type: dict
    default: {}
  mirrors:
    description: Base URLs of mirrors, for O(fetch) and for signatures.
    type: list
    elements: str
    default: ['https://go.dev/dl']
  goproxy:
    description: Module proxies, as for M(gofleet.golang.go_toolchain); with O(index_url=off) their list says what a line means.
    type: str
    default: ''
  gosumdb:
    description: The transparency log, as for M(gofleet.golang.go_toolchain).
    type: str
    default: sum.golang.org
  index_url:
    description: Address of the release index; V(off) or an empty string asks none, as for M(gofleet.golang.go_toolchain).
    type: str
    default: https://go.dev/dl/?mode=json&include=all
  index_max_age:
    description: For how many seconds the controller's copy of the index is good, as for M(gofleet.golang.go_toolchain).
    type: int
    default: 3600
  cache_path:
    description:
      - Folder on the controller for indexes, archives, and what was seen of the transparency log and of releases. Defaults to C(gofleet) in
        E(XDG_CACHE_HOME), otherwise C(~/.cache/gofleet).
      - It is created with mode 0700. It is refused (RV(code) is V(unsafe_folder)) if it, or a folder above it, belongs to somebody other than the
        user who runs Ansible or root, or may be written to by others. The group root (gid 0) and the private group of an ordinary user count
        as the owner. A sticky folder such as C(/tmp) above it is accepted for ordinary users, and not for root.
      - What is in it is proven again at each use, without a network, or counts as no more than what the index said.
    type: path
  allow_downgrade:
    description:
      - Whether a line or V(latest) may resolve to an older release than this controller saw before with the same O(index_url) and O(goproxy).
        It is done with a warning.
      - Without it the newer release is used, with a warning, if the transparency log or a pinned digest vouches for it. Otherwise the task fails
        (RV(code) is V(downgrade)), and nothing is installed or removed.
      - An exact version is not held to it.
    type: bool
    default: false
  trust:
    description: Who has to vouch for each archive, as for M(gofleet.golang.go_toolchain). Less is a failure here, and nothing is written.
    type: list
    elements: str
    choices: [pinned, signature, log, index]
    default: []
  trust_all:
    description: Whether all that O(trust) names have to vouch.
    type: bool
    default: false
  signing_certificate:
    description: File or address of a newer OpenPGP certificate of the signing key, as for M(gofleet.golang.go_toolchain).
    type: str
  timeout:
    description:
      - After how many seconds without a byte a connection is given up.
      - One that goes on bringing less than 16 KiB a second is given up after some five times as long.
    type: int
    default: 30
  ca_path:
    description: PEM file of the authorities to trust for TLS. Defaults to the system's.
    type: path
extends_documentation_fragment:
  - gofleet.golang.attributes
attributes:
  async:
    description: Can run with the C(async) keyword.
    support: none
    details: The controller does its half of the work while the host does the other. Such a task fails with RV(code=async_unsupported).
  check_mode:
    support: full
  diff_mode:
    support: full
seealso:
  - module: gofleet.golang.go_toolchain
'''

EXAMPLES = r'''
- name: Say which release is the newest
  gofleet.golang.go_release_info:
    versions: [latest]
  register: newest

- name: Lock what the fleet installs
  gofleet.golang.go_release_info:
    versions: ["1.26", "1.25"]
    architectures: [amd64, arm64]
    lock: "{{ playbook_dir }}/go.lock.yml"
    trust: [log]
'''

RETURN = r'''
releases:
  description: A release record for each version, as the option of this name of M(gofleet.golang.go_toolchain) takes it.
  returned: success
  type: list
  elements: dict
moves:
  description: What changed in the lock (in check mode, would change), a line for each release.
  returned: success, O(lock) is set
  type: list
  elements: str
  sample: ["1.26.5 goes", "1.26.6 comes for amd64, arm64"]
code:
  description: What failed, as a stable word for machines.
  returned: failure
  type: str
  sample: unknown_version
evidence:
  description: The values behind RV(ignore:msg).
  returned: failure
  type: dict
'''

from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame

ARGUMENT_SPEC = {
    'versions': {'type': 'list', 'elements': 'str', 'default': []},
    'version_from': {'type': 'path'},
    'architectures': {'type': 'list', 'elements': 'str', 'default': ['amd64', 'arm64']},
    'lock': {'type': 'path'},
    'fetch': {'type': 'bool', 'default': False},
    'checksums': {'type': 'dict', 'default': {}},
    'mirrors': {'type': 'list', 'elements': 'str', 'default': ['https://go.dev/dl']},
    'goproxy': {'type': 'str', 'default': ''},
    'gosumdb': {'type': 'str', 'default': 'sum.golang.org'},
    'index_url': {'type': 'str', 'default': 'https://go.dev/dl/?mode=json&include=all'},
    'index_max_age': {'type': 'int', 'default': 3600},
    'cache_path': {'type': 'path'},
    'allow_downgrade': {'type': 'bool', 'default': False},
    'trust': {'type': 'list', 'elements': 'str', 'choices': ['pinned', 'signature', 'log', 'index'], 'default': []},
    'trust_all': {'type': 'bool', 'default': False},
    'signing_certificate': {'type': 'str'},
    'timeout': {'type': 'int', 'default': 30},
    'ca_path': {'type': 'path'},
}


def main():
    module = frame.Module(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    # The action plugin of this name does it all, on the controller.
    module.fail_json(msg='go_release_info was called without its action plugin. Call it as gofleet.golang.go_release_info.', code='no_action')


if __name__ == '__main__':
    main()
