#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: sysctl_profile
short_description: Kernel settings of a host, in force and after a boot
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Takes named profiles and settings of your own, sets what this host has and lets be written, reads each back, and keeps them in one
    file of C(/etc/sysctl.d), from which the host sets them when it boots.
  - Says of each setting whether it is in force, and if not, why, which file wins against it at boot, and who has to be restarted to see it.
  - Values that the kernel refuses are in no file. The run then puts back what it has set, and fails.
  - A setting that a later file sets at boot is not written to the kernel, so that what is in force is what a boot gives.
  - What a setting was before is remembered in C(/var/lib/gofleet/sysctl), before it changes. It comes back when the setting is no longer
    asked for, unless somebody else has changed it meanwhile; what another file has come to say of it comes first.
options:
  profiles:
    description:
      - V(http_server) lets bursts of connections wait instead of failing, and keeps the speed of kept-alive ones.
      - V(quic) allows the socket buffers that QUIC asks for.
      - V(many_connections) raises what tens of thousands of connections run into, and widens the range of local ports.
      - V(hardening) refuses redirects and source routes, and hides the kernel's addresses.
      - Most values are floors. A host that has more keeps it. Of profiles that name the same floor, the highest counts.
    type: list
    elements: str
    choices: [http_server, quic, many_connections, hardening]
    default: []
  settings:
    description:
      - Settings of your own by name, which come before those of profiles. A value with several numbers may be a list.
      - A dot within a part of a name is written as in sysctl.d(5), V(net/ipv4/conf/eth0.100/rp_filter) or V(net.ipv4.conf.eth0/100.rp_filter).
        A setting that is named twice, in two spellings or with and without C(-), is refused.
      - A C(-) before a name lets hosts lack the setting. Without it, a name that neither the host nor this collection knows is refused.
      - C(fs.file-max) and C(fs.nr_open) are never lowered, because systemd sets them as high as they go.
      - Refused are C(net.ipv4.tcp_tw_recycle) on every host, settings that nobody can read (they are commands), and patterns.
    type: dict
    default: {}
  path:
    description:
      - The file, in C(/etc/sysctl.d). Several may be kept; each gives back its own settings only.
      - Where two files set a key, the later wins, which for most hosts is the one whose name sorts last.
    type: str
    default: /etc/sysctl.d/90-gofleet.conf
  state:
    description:
      - V(absent) removes the file and gives everything back that it has set.
      - V(present) with neither O(profiles) nor O(settings) does the same.
    type: str
    choices: [present, absent]
    default: present
  strict:
    description:
      - Whether each setting has to be in force, now and after a boot. What this host lacks, or lets nobody write, or a later file sets, fails
        the task before anything changes; so does a value of which the kernel makes another one, and what was set is put back.
    type: bool
    default: false
  ports:
    description:
      - Ports that services of this host listen on. A range of local ports (C(net.ipv4.ip_local_port_range)) that holds one is refused,
        unless C(net.ipv4.ip_local_reserved_ports) has it.
    type: list
    elements: int
    default: []
  lock_timeout:
    description: For how many seconds to wait for another run on the same host.
    type: int
    default: 300
notes:
  - C(/etc/sysctl.conf), and files that this module did not write, are only read.
  - On hosts with OpenRC its service C(sysctl) is added to the runlevel C(boot) if it is in none. It is taken out when the last setting is given back,
    unless a file of somebody else in C(/etc) sets something.
  - In a container the settings of its own network namespace can be set if C(/proc/sys) is writable; others are the host's.
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
- name: Have a host that serves HTTP/1, HTTP/2 and HTTP/3
  gofleet.golang.sysctl_profile:
    profiles: [http_server, quic]
  notify: Restart the service

- name: Have tens of thousands of connections, clear of the ports of two services
  gofleet.golang.sysctl_profile:
    profiles: [many_connections]
    ports: [18080, 19090]
    settings:
      net.ipv4.ip_local_reserved_ports: "18080,19090"
      net.ipv4.tcp_rmem: [4096, 131072, 16777216]

- name: Fail where a setting would not be in force after a boot
  gofleet.golang.sysctl_profile:
    profiles: [quic]
    strict: true

- name: Have a setting of one interface, where it is there
  gofleet.golang.sysctl_profile:
    path: /etc/sysctl.d/90-vlan.conf
    settings:
      -net/ipv4/conf/eth0.100/rp_filter: 2

- name: Give everything back
  gofleet.golang.sysctl_profile:
    state: absent
'''

RETURN = r'''
settings:
  description: What became of each setting, by name.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: Its name as sysctl(8) shows it.
      type: str
    value:
      description: What is wanted of it here. For a floor, what another file of this host sets if that is more.
      type: str
    at_least:
      description: Whether that is a floor.
      type: bool
    status:
      description:
        - V(applied) if it was set (in check mode, would be), V(already) if it was in force.
        - V(adjusted) if the kernel made another value of it, which RV(ignore:now) is.
        - V(unavailable) if this host has no such setting, V(read_only) if it lets nobody write it.
        - V(shadowed) if a file that is read later sets it at boot.
      type: str
    note:
      description: Why, in words.
      type: str
    before:
      description: The value in force before the run; null if nobody can tell.
      type: str
    now:
      description: The value in force after it (in check mode, before it).
      type: str
    in_file:
      description: Whether it is set in the file.
      type: bool
    shadowed_by:
      description: C(path) and C(value) of what wins against it at boot.
      type: dict
    reverted_by:
      description: C(path) and C(value) of what C(sysctl --system) would set instead, on hosts that boot in another way.
      type: dict
    restart:
      description: Why what runs keeps the old value until it is restarted; null if it does not, or if nothing was set.
      type: str
    origin:
      description: The profile that it is of, or V(settings).
      type: str
    reason:
      description: What the profile wants it for.
      type: str
    source:
      description: Where the profile has that from; C(ip-sysctl), C(net), C(fs) and C(kernel) are pages of the kernel's documentation.
      type: str
released:
  description:
    - Settings that were given back, because they are not asked for any more.
    - Each with C(key), C(status) (V(restored) or V(left)), C(value), and a C(reason) if there is something to say.
  returned: success
  type: list
  elements: dict
restart:
  description: The settings that were set and that services see only after a restart, each with C(key) and C(reason).
  returned: success
  type: list
  elements: dict
loader:
  description: Who sets what is in the file at boot (C(name), null for nobody), and whether that runs (C(enabled)).
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
  description: The steps that were taken (in check mode, that would be), one a line.
  returned: success
  type: list
  elements: str
code:
  description: What failed, as a stable word for machines.
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
    """The result for these options; run: programs.runner(). Raises GofleetError, OSError."""
    paths = sysctl_paths.chosen_paths(params['path'])
    wanted = []
    if params['state'] == 'present':
        wanted = sysctl_wanted.wanted_settings(params['profiles'], params['settings'])
    return sysctl.converge(wanted, paths, run, check_mode, params['lock_timeout'], params['ports'], params['strict'])


if __name__ == '__main__':
    main()
