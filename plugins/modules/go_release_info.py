#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: go_release_info
short_description: Resolve versions of Go to verified release records
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Reports which release a version means, the digests of its archive and its tree on each architecture, and who vouches for them.
  - It changes nothing. M(gofleet.golang.go_release_lock) writes the same records to a lock file, and downloads the archives.
  - It runs on the controller alone and connects to no host.
extends_documentation_fragment:
  - gofleet.golang.releases
  - gofleet.golang.releases.fleet
  - gofleet.golang.attributes
attributes:
  diff_mode:
    support: none
seealso:
  - module: gofleet.golang.go_release_lock
  - module: gofleet.golang.go_toolchain
'''

EXAMPLES = r'''
- name: Report the newest release
  gofleet.golang.go_release_info:
    versions: [latest]
  register: newest
'''

RETURN = r'''
releases:
  description: A release record for each version, in the form of the option O(gofleet.golang.go_toolchain#module:releases).
  returned: success
  type: list
  elements: dict
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

ARGUMENT_SPEC = options.FLEET


def main():
    module = frame.Module(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    # The action plugin of this name does all the work, on the controller.
    module.fail_json(msg='go_release_info was called without its action plugin. Call it as gofleet.golang.go_release_info.', code='no_action')


if __name__ == '__main__':
    main()
