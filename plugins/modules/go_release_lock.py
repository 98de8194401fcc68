#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: go_release_lock
short_description: Write a lock file of verified releases of Go
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Resolves versions of Go to release records, verifies them, and writes them to a file, from which M(gofleet.golang.go_toolchain) installs without
    asking an index, a log or a mirror for digests.
  - It runs on the controller alone and connects to no host. If anything cannot be verified as O(trust) demands, the task fails and writes nothing.
options:
  path:
    description:
      - The lock file on the controller, an absolute path. It is replaced as a whole, and only when a release or an architecture is added, changed or
        removed.
      - If it is a symbolic link, the file that it leads to is replaced.
      - If a release in it has other digests than are found now, the task fails (RV(code) is V(lock_conflict)).
    type: path
    required: true
  fetch:
    description:
      - Whether the archives are downloaded to the controller's cache (O(cache_path)) and verified, so that M(gofleet.golang.go_toolchain) can push them
        without a network. In check mode nothing is downloaded.
    type: bool
    default: false
extends_documentation_fragment:
  - gofleet.golang.releases
  - gofleet.golang.releases.fleet
  - gofleet.golang.attributes
attributes:
  diff_mode:
    support: full
seealso:
  - module: gofleet.golang.go_release_info
  - module: gofleet.golang.go_toolchain
'''

EXAMPLES = r'''
- name: Lock the releases that the fleet installs
  gofleet.golang.go_release_lock:
    path: "{{ playbook_dir }}/go.lock.yml"
    versions: ["1.26", "1.25"]
    architectures: [amd64, arm64]
    trust: [log]
'''

RETURN = r'''
releases:
  description: A release record for each version, in the form of the option O(gofleet.golang.go_toolchain#module:releases).
  returned: success
  type: list
  elements: dict
moves:
  description: What changed in the lock file (in check mode, would change), a line for each release.
  returned: success
  type: list
  elements: str
  sample: ["1.26.5 is removed", "1.26.6 is added for amd64, arm64"]
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
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import options

ARGUMENT_SPEC = dict(options.FLEET, path={'type': 'path', 'required': True}, fetch={'type': 'bool', 'default': False})


def main():
    module = frame.Module(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    # The action plugin of this name does all the work, on the controller.
    module.fail_json(msg='go_release_lock was called without its action plugin. Call it as gofleet.golang.go_release_lock.', code='no_action')


if __name__ == '__main__':
    main()
