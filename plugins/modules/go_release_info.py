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
    description: Releases (V(1.26.6)), lines (V(1.26)) or V(latest). Quote them in YAML, or V(1.20) becomes the number 1.2.
    type: list
    elements: str
    default: []
  version_from:
    description: A project's file on the controller that says which release it wants, as for M(gofleet.golang.go_toolchain).
    type: path
  architectures:
    description: The architectures of the fleet, in Go's words.
    type: list
    elements: str
    default: [amd64, arm64]
  lock:
    description:
      - The lock file to write, on the controller. It is replaced as a whole, and only when a release moves or an architecture comes or goes.
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
    description: Module proxies, as for M(gofleet.golang.go_toolchain).
    type: str
    default: ''
  gosumdb:
    description: The transparency log, as for M(gofleet.golang.go_toolchain).
    type: str
    default: sum.golang.org
  index_url:
    description: Address of the release index.
    type: str
    default: https://go.dev/dl/?mode=json&include=all
  index_max_age:
    description: For how many seconds the controller's copy of the index is good.
    type: int
    default: 3600
  cache_path:
    description: Folder on the controller for indexes and archives. Defaults to C(gofleet) in E(XDG_CACHE_HOME), otherwise C(~/.cache/gofleet).
    type: path
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

from ansible_collections.gofleet.golang.plugins.module_utils import frame

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
