#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: sysctl_profile
short_description: Apply kernel settings of a host, now and at boot
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Applies named profiles and settings of your own. It sets what this host has and permits, reads each value back, and writes them to one file in
    C(/etc/sysctl.d), from which the host sets them at boot.
  - Reports for each setting whether it is in force. If not, it reports why, which file overrides it at boot, and which services must be restarted to
    see it.
  - Values that the kernel rejects are not written to the file. The run then restores what it has set, and fails.
  - A setting that a later file sets at boot is not written to the kernel, so the running values are those of the next boot.
  - The previous value of a setting is recorded in C(/var/lib/gofleet/sysctl) before the setting is changed. It is restored when the setting is no
    longer wanted, unless something else has changed it meanwhile. A value that another file sets by then takes precedence.
options:
  profiles:
    description:
      - V(http_server) lets bursts of connections wait instead of failing, and keeps idle keep-alive connections fast.
      - V(quic) allows the socket buffers that QUIC requests.
      - V(many_connections) raises the limits that tens of thousands of connections reach, and widens the range of local ports.
      - V(hardening) ignores redirects and source routes, and hides the kernel's addresses.
      - Most values are minimums. A higher value of the host is kept. If several profiles have a minimum for one setting, the highest is used.
    type: list
    elements: str
    choices: [http_server, quic, many_connections, hardening]
    default: []
  settings:
    description:
      - Your own settings by name. They take precedence over those of profiles. A value with several numbers can be a list.
      - Write a dot within a part of a name as in sysctl.d(5), V(net/ipv4/conf/eth0.100/rp_filter) or V(net.ipv4.conf.eth0/100.rp_filter). A setting
        must not be given twice, in two spellings or with and without C(-).
      - With a C(-) before the name, the setting is skipped on hosts that lack it. Without it, a name that neither the host nor this collection knows
        is invalid.
      - C(fs.file-max) and C(fs.nr_open) are never lowered, because systemd sets them as high as possible.
      - C(net.ipv4.tcp_tw_recycle), settings that cannot be read (they are commands), and patterns are invalid on every host.
    type: dict
    default: {}
  path:
    description:
      - The file, in C(/etc/sysctl.d). Several can be used; each restores its own settings only.
      - If two files set a key, the later one takes precedence. On most hosts that is the one whose name sorts last.
    type: str
    default: /etc/sysctl.d/90-gofleet.conf
  state:
    description:
      - V(absent) removes the file and restores everything that it has set.
      - V(present) with neither O(profiles) nor O(settings) does the same.
    type: str
    choices: [present, absent]
    default: present
  strict:
    description:
      - Whether every setting must be in force, now and after a boot. The task fails before it changes anything if this host lacks a setting, does not
        permit writing it, or has a later file that sets it. If the kernel changes a value to another, the task restores what was set, and fails.
    type: bool
    default: false
  ports:
    description:
      - Ports that services of this host listen on. A range of local ports (C(net.ipv4.ip_local_port_range)) that contains one of them is invalid,
        unless C(net.ipv4.ip_local_reserved_ports) contains it.
    type: list
    elements: int
    default: []
  lock_timeout:
    description: How many seconds to wait for another run on the same host.
    type: int
    default: 300
notes:
  - C(/etc/sysctl.conf), and files that this module did not write, are read but never changed.
  - On hosts with OpenRC, the service C(sysctl) is added to the runlevel C(boot) if it is in none. It is removed when the last setting is restored,
    unless another file in C(/etc) sets something.
  - In a container, the settings of its own network namespace can be set if C(/proc/sys) is writable. All others belong to the host.
extends_documentation_fragment:
  - gofleet.golang.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
seealso:
  - module: ansible.posix.sysctl
'''

EXAMPLES = r'''
- name: Apply the settings for a host that serves HTTP/1, HTTP/2 and HTTP/3
  gofleet.golang.sysctl_profile:
    profiles: [http_server, quic]
  notify: Restart the service

- name: Allow tens of thousands of connections, and reserve the ports of two services
  gofleet.golang.sysctl_profile:
    profiles: [many_connections]
    ports: [18080, 19090]
    settings:
      net.ipv4.ip_local_reserved_ports: "18080,19090"
      net.ipv4.tcp_rmem: [4096, 131072, 16777216]

- name: Fail if a setting would not be in force after a boot
  gofleet.golang.sysctl_profile:
    profiles: [quic]
    strict: true

- name: Apply a setting of one interface, on hosts that have it
  gofleet.golang.sysctl_profile:
    path: /etc/sysctl.d/90-vlan.conf
    settings:
      -net/ipv4/conf/eth0.100/rp_filter: 2

- name: Restore all previous values
  gofleet.golang.sysctl_profile:
    state: absent
'''

RETURN = r'''
settings:
  description: The result for each setting, by name.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: Its name as sysctl(8) shows it.
      type: str
    value:
      description: The wanted value on this host. For a minimum, the value of another file if that is higher.
      type: str
    at_least:
      description: Whether the value is a minimum.
      type: bool
    status:
      description:
        - V(applied) if it was set (in check mode, would be), V(already) if it was in force.
        - V(adjusted) if the kernel changed it to another value, RV(ignore:now).
        - V(unavailable) if this host lacks the setting, V(read_only) if it cannot be written.
        - V(shadowed) if a later file sets it at boot.
      type: str
    note:
      description: The reason, in words.
      type: str
    before:
      description: The value before the run; null if it is unknown.
      type: str
    now:
      description: The value after the run (in check mode, before it).
      type: str
    in_file:
      description: Whether the file sets it.
      type: bool
    shadowed_by:
      description: C(path) and C(value) of the file that overrides it at boot.
      type: dict
    reverted_by:
      description: C(path) and C(value) that C(sysctl --system) would set instead, on hosts that boot in another way.
      type: dict
    restart:
      description: Why running services keep the old value until they are restarted; null if they do not, or if nothing was set.
      type: str
    origin:
      description: The profile that it belongs to, or V(settings).
      type: str
    reason:
      description: Why the profile sets it.
      type: str
    source:
      description: The source of the profile's value; C(ip-sysctl), C(net), C(fs) and C(kernel) are pages of the kernel's documentation.
      type: str
released:
  description:
    - Settings that are no longer wanted and were restored.
    - Each has C(key), C(status) (V(restored) or V(left)), C(value), and a C(reason) if needed.
  returned: success
  type: list
  elements: dict
restart:
  description: Changed settings that services see only after a restart, each with C(key) and C(reason).
  returned: success
  type: list
  elements: dict
loader:
  description: The service that applies the file at boot (C(name), null if there is none), and whether it is C(enabled).
  returned: success
  type: dict
  sample:
    name: systemd-sysctl
    enabled: true
path:
  description: The file.
  returned: success
  type: str
plan:
  description: The steps that were taken (in check mode, that would be), one on each line.
  returned: success
  type: list
  elements: str
code:
  description: What failed, as a stable identifier for programs.
  returned: failure
  type: str
  sample: unknown_key
evidence:
  description: The values behind RV(ignore:msg).
  returned: failure
  type: dict
'''

from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import converge as sysctl
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import paths as sysctl_paths
from ansible_collections.gofleet.golang.plugins.module_utils._sysctl import wanted as sysctl_wanted

ARGUMENT_SPEC = {
    'profiles': {'type': 'list', 'elements': 'str', 'choices': ['http_server', 'quic', 'many_connections', 'hardening'], 'default': []},
    'settings': {'type': 'dict', 'default': {}},
    'path': {'type': 'str', 'default': '/etc/sysctl.d/90-gofleet.conf'},
    'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
    'strict': {'type': 'bool', 'default': False},
    'ports': {'type': 'list', 'elements': 'int', 'default': []},
    'lock_timeout': {'type': 'int', 'default': 300},
}


def main():
    module = frame.Module(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    frame.finish(module, lambda run: converge(module.params, run, module.check_mode))


def converge(params, run, check_mode):
    """The result for these options; run: _frame.runner(). Raises GofleetError, OSError."""
    paths = sysctl_paths.chosen_paths(params['path'])
    wanted = []
    if params['state'] == 'present':
        wanted = sysctl_wanted.wanted_settings(params['profiles'], params['settings'])
    return sysctl.converge(wanted, paths, run, check_mode, params['lock_timeout'], params['ports'], params['strict'])


if __name__ == '__main__':
    main()
