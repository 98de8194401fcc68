#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: env_file
short_description: Manage one environment for shells, services and containers of a host
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Writes one set of typed variables for login shells, fish, systemd's user managers, system services, OpenRC services and containers, each in the
    syntax of its own parser.
  - A value that a consumer's format cannot represent is invalid. The task then fails with the reason before it changes anything.
  - Files are replaced as a whole, and only those that this module wrote for the same environment; their first line identifies them.
    C(/etc/environment), startup files and files of packages are never changed.
  - A file that is already correct is not written. A host costs one round trip.
  - All files change, or none. If one cannot be written, the files before it are restored. With RV(ignore:code) V(partly_changed), the result names
    those that could not be restored.
  - As root, a file in a folder that another user can change requires the O(owner) or O(group) that it is for. That user gets access to this file
    only. Missing folders are created for the owner of their parent folder, and removed with the last file in them.
options:
  name:
    description:
      - Use one task for each environment.
      - Name of the environment. Its files are named after it. For V(openrc) it is the name of the service that reads C(/etc/conf.d/NAME).
      - Letters, digits, C(_), C(-) and C(.) are valid.
      - It must be text, as must O(owner) and O(group). Values that YAML reads as a boolean or a fraction are invalid.
    type: raw
    default: gofleet
  variables:
    description:
      - Variables by name. A value is a string, an integer, a list, or a dict of the keys below.
      - C(value) is the value. V(null) removes a variable of O(defaults).
      - C(type) is V(string), V(switch) (a boolean, written as V(1) or V(0)), V(path_list), V(comma_list), V(flag_list) or V(size). Well-known
        variables have a type (E(PATH), E(GOPATH), E(GODEBUG), E(GOFLAGS), E(GOPRIVATE), E(GOMEMLIMIT), E(CGO_ENABLED) and similar). Others are
        strings.
      - C(consumers) lists the consumers that get this variable. The default is all.
      - C(unit) of a V(size) is V(bytes), V(go) (V(512MiB)), V(systemd) (V(512M)) or V(docker) (V(512m)). A size is given in bytes, or with K, M, G, T
        or KiB to TiB, all powers of 1024. E(GOMEMLIMIT) is written as Go requires it.
      - Entries of lists are added once in front of the existing value of a session, however often the file is read. Entries of a V(path_list) must be
        absolute or begin with C(~/), which each user's own shell or manager expands. Formats that cannot add to an existing value (V(service),
        V(container)) get the whole list, and E(PATH) is followed by the system's folders.
      - An empty list has no effect, whatever its type.
      - E(GOROOT) is invalid, because the go command knows its tree and a stale value breaks it.
      - A value that the go command would reject is invalid (E(GOFLAGS), E(GOTOOLCHAIN), E(GOPROXY), E(GOSUMDB), E(GOPATH), E(GOBIN), E(GOCACHE),
        E(GOOS), E(GOAMD64) and others of C(go help environment)), and the message says what to write instead. URLs in E(GOPRIVATE) are invalid too,
        because they match no module. For a flag in E(GOFLAGS) that only a newer Go supports, set C(type) to V(string).
      - YAML reads unquoted V(off) and V(on) as booleans. They are accepted as these words in E(GOPROXY), E(GOSUMDB), E(GOMEMLIMIT), E(GOGC),
        E(GO111MODULE), E(GOWORK), E(GOENV), E(GOAUTH) and E(GOFIPS140), where the variable supports them. In other variables a boolean or a fraction
        is invalid.
    type: dict
    default: {}
  defaults:
    description:
      - Default variables, written as in O(variables). If a variable is in both, lists are joined with the entries of O(variables) first, E(GODEBUG)
        and E(GOFLAGS) are merged by setting, and for all others O(variables) takes precedence.
    type: dict
    default: {}
  skip_empty:
    description:
      - Whether variables of O(defaults) with an empty string or list are skipped. Roles use this to pass on their own variables, which are empty if
        they are not set.
    type: bool
    default: false
  secrets:
    description:
      - Variables whose values appear in no log or diff, written as in O(variables). Files that contain one are not readable by everyone.
      - This is a separate option because Ansible can hide only the values of whole options from every log.
    type: dict
    default: {}
  presets:
    description:
      - Settings that depend on the host. O(variables) and O(defaults) take precedence for the same setting.
      - V(go_path) adds the folder in which M(gofleet.golang.go_toolchain) installs C(go) to E(PATH); see O(bin_dir).
      - V(pure_go_resolver) sets C(netdns=go) in E(GODEBUG) on hosts with musl, or without a C(nsswitch.conf) that configures how host names are
        resolved.
      - V(http1_client) sets C(http2client=0) in E(GODEBUG).
    type: list
    elements: str
    choices: [go_path, pure_go_resolver, http1_client]
    default: []
  bin_dir:
    description:
      - The folder for the preset V(go_path), as in O(gofleet.golang.go_toolchain#module:bin_dir). Defaults to the default of that module.
    type: path
  consumers:
    description:
      - Which consumers read the environment. By default all of V(login_shell), V(fish) and V(user_manager) that the host has.
      - V(login_shell) is for dash, bash, BusyBox ash, ksh and zsh, through C(/etc/profile). If zsh does not read that (Debian), its C(zprofile) must.
      - V(user_manager) is C(environment.d), which applies to services of users' own systemd managers (systemd 233 and later).
      - V(service) is an C(EnvironmentFile) of systemd, V(openrc) a file in C(conf.d), V(container) a file for C(docker run --env-file).
      - The task fails if the host lacks a listed consumer (V(fish), V(user_manager), V(openrc)).
      - With O(state=absent), the consumers whose files are removed. The default is all.
    type: list
    elements: str
    choices: [login_shell, fish, user_manager, service, openrc, container]
    default: []
  paths:
    description:
      - Files of consumers, instead of the defaults below.
      - V(login_shell) C(/etc/profile.d/NAME.sh), V(fish) C(/etc/fish/conf.d/NAME.fish), V(user_manager) C(/etc/environment.d/90-NAME.conf),
        V(service) C(/etc/gofleet/NAME.env), V(openrc) C(/etc/conf.d/NAME), V(container) C(/etc/gofleet/NAME.container.env).
      - For users other than root, below E(XDG_CONFIG_HOME) or C(~/.config), C(gofleet/NAME.sh), C(fish/conf.d/NAME.fish),
        C(environment.d/90-NAME.conf), C(gofleet/NAME.env) and C(gofleet/NAME.container.env). Login shells do not read the first of them by
        themselves. A warning names the line to add, C([ -r FILE ] && . FILE), and the startup file that this user's login shell reads. Without the
        condition, logins with dash and ash end once the file is removed, and a warning says so.
    type: dict
    suboptions:
      login_shell:
        description: File for login shells.
        type: path
      fish:
        description: File for fish.
        type: path
      user_manager:
        description: File for users' systemd managers.
        type: path
      service:
        description: EnvironmentFile of a service.
        type: path
      openrc:
        description: File that an OpenRC service sources.
        type: path
      container:
        description: File for containers.
        type: path
  level:
    description:
      - V(enforced) writes all variables to the environment, which overrides what users set with C(go env -w).
      - V(default) writes settings of the go command to C(go.env) of the active toolchain instead, so C(go env -w) takes precedence, and omits them
        from sessions (V(login_shell), V(fish), V(user_manager)). Variables that the go command reads from the environment only (E(PATH), E(GODEBUG),
        E(GOMEMLIMIT), and all O(secrets)) stay in the environment.
      - V(default) requires a toolchain of M(gofleet.golang.go_toolchain) with Go 1.21 or later. In check mode any other toolchain causes a warning
        only, because an earlier task may be about to replace it.
      - The settings are stored beside the toolchains too, and M(gofleet.golang.go_toolchain) writes them to each toolchain that it activates. All
        toolchains in one folder share them, whichever O(goroot) leads to.
    type: str
    choices: [default, enforced]
    default: enforced
  goroot:
    description: The toolchain whose C(go.env) is written, or a link to it. Defaults to the link of M(gofleet.golang.go_toolchain).
    type: path
  owner:
    description: User that owns the files, by name or number. By default the owner is not changed.
    type: raw
  group:
    description: Group of the files, by name or number. By default the group is not changed.
    type: raw
  mode:
    description:
      - Permissions of the files, as three octal digits in quotes, with or without a leading V(0).
      - Defaults to V(0644). Files with secrets default to V(0640), or to V(0600) if an ordinary user writes them.
    type: raw
  state:
    description: Whether the files exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - gofleet.golang.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Secret values are omitted.
seealso:
  - module: gofleet.golang.go_toolchain
'''

EXAMPLES = r'''
- name: Set the company's module proxy as the default of all users
  gofleet.golang.env_file:
    level: default
    variables:
      GOPROXY: https://proxy.example.com|direct
      GOPRIVATE: [git.example.com]
      GOTOOLCHAIN: local

- name: Write the environment of a service, and the same for its container
  gofleet.golang.env_file:
    name: shop
    consumers: [service, container]
    group: shop
    variables:
      GOMEMLIMIT: 512MiB
      GODEBUG: [netdns=go, http2client=0]
      LISTEN: ":8080"
      CACHE_BYTES: {type: size, value: 1G}
    secrets:
      DATABASE_URL: "{{ shop_database_url }}"

- name: Add each user's own programs to PATH, in shells and in their own services
  gofleet.golang.env_file:
    name: own-programs
    consumers: [login_shell, user_manager]
    variables:
      PATH: [~/go/bin]

- name: Remove all files of an environment
  gofleet.golang.env_file:
    name: shop
    state: absent
'''

RETURN = r'''
files:
  description: The files of the environment, one for each consumer, and C(go.env) with O(level=default).
  returned: success
  type: list
  elements: dict
  contains:
    consumer:
      description: The consumer that reads it; C(go_command) for C(go.env).
      type: str
    path:
      description: Its path.
      type: str
    state:
      description: Whether it exists (in check mode, would exist). Sessions have no file if there is nothing to set.
      type: str
    action:
      description: What was done (in check mode, would be done); V(write), V(adjust) (mode or owner), V(remove) or V(none).
      type: str
    mode:
      description: Its permissions as octal digits; null if it is absent.
      type: str
    variables:
      description: Names of the variables in it.
      type: list
      elements: str
unasked:
  description:
    - Files of this environment at their default paths for consumers that the task no longer lists, each with C(consumer) and C(path).
    - They are not changed, and a warning names them.
  returned: success
  type: list
  elements: dict
presets:
  description: The result of each of O(presets), with C(name), C(applied) and C(reason).
  returned: success
  type: list
  elements: dict
plan:
  description: The steps that were taken (in check mode, that would be), one on each line.
  returned: success
  type: list
  elements: str
code:
  description: What failed, as a stable identifier for programs.
  returned: failure
  type: str
  sample: unrepresentable
evidence:
  description:
    - The values behind RV(ignore:msg), but never those of variables.
    - With RV(code) V(unrepresentable), C(refused) has C(variable), C(consumer), C(code) and C(reason) of each.
  returned: failure
  type: dict
'''

from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame
from ansible_collections.gofleet.golang.plugins.module_utils._environment import consumers as environment_consumers
from ansible_collections.gofleet.golang.plugins.module_utils._environment import converge as environment_converge
from ansible_collections.gofleet.golang.plugins.module_utils._environment import presets as environment_presets
from ansible_collections.gofleet.golang.plugins.module_utils._environment import secrets as environment_secrets

CONSUMERS = list(environment_consumers.WITH_FILES)
ARGUMENT_SPEC = {
    'name': {'type': 'raw', 'default': 'gofleet'},
    'variables': {'type': 'dict', 'default': {}},
    'defaults': {'type': 'dict', 'default': {}},
    'skip_empty': {'type': 'bool', 'default': False},
    'secrets': {'type': 'dict', 'default': {}, 'no_log': True},
    'presets': {'type': 'list', 'elements': 'str', 'choices': list(environment_presets.PRESETS), 'default': []},
    'bin_dir': {'type': 'path'},
    'consumers': {'type': 'list', 'elements': 'str', 'choices': CONSUMERS, 'default': []},
    'paths': {'type': 'dict', 'options': dict((consumer, {'type': 'path'}) for consumer in CONSUMERS)},
    'level': {'type': 'str', 'choices': ['default', 'enforced'], 'default': 'enforced'},
    'goroot': {'type': 'path'},
    'owner': {'type': 'raw'},
    'group': {'type': 'raw'},
    'mode': {'type': 'raw'},
    'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
}


def main():
    module = frame.Module(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, masked={'secrets': environment_secrets.masked})
    frame.finish(module, lambda run: environment_converge.converge(module.params, run, module.check_mode))


if __name__ == '__main__':
    main()
