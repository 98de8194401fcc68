#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: env_file
short_description: One environment for everything on a host that reads one
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Renders one set of typed variables for login shells, fish, systemd's user managers, system services, OpenRC services and containers, each in
    the language of its own parser.
  - What a consumer's parser cannot be told is refused with the reason, before anything is changed.
  - Files are replaced whole, and only those that this module wrote for the same environment; their first line says so. C(/etc/environment),
    startup files and files of packages are never touched.
  - A file that is as it should be is not written. A host costs one round trip.
  - All files change, or none. If one cannot be written, those before it are put back; RV(ignore:code) V(partly_changed) names those that could not be.
  - For root, a file in a folder that another user can change must name the O(owner) or O(group) that it is for. That user gains this file and
    nothing else. Folders that are missing are made for the owner of the folder that they lie in, and are removed with the last file in them.
options:
  name:
    description:
      - One environment belongs to one task.
      - Name of the environment, after which its files are named. For V(openrc) the name of the service, which reads C(/etc/conf.d/NAME).
      - Letters, digits, C(_), C(-) and C(.).
      - Text, as are O(owner) and O(group); what YAML takes for a boolean or a fraction is refused.
    type: raw
    default: gofleet
  variables:
    description:
      - Variables by name. A value is a string, a whole number or a list; or a dict of the keys below.
      - C(value) is the value. V(null) takes a variable of O(defaults) away.
      - C(type) is V(string), V(switch) (a boolean as V(1) or V(0)), V(path_list), V(comma_list), V(flag_list) or V(size). Names that everybody knows
        have theirs (E(PATH), E(GOPATH), E(GODEBUG), E(GOFLAGS), E(GOPRIVATE), E(GOMEMLIMIT), E(CGO_ENABLED) and the like); others are strings.
      - C(consumers) names those that get this variable; all of them otherwise.
      - C(unit) of a V(size) is V(bytes), V(go) (V(512MiB)), V(systemd) (V(512M)) or V(docker) (V(512m)). A size is given in bytes, or with K, M, G, T
        or KiB to TiB, all powers of 1024. E(GOMEMLIMIT) is written as Go takes it.
      - Entries of lists are put in front of what a session has already, each of them once, however often a file is read. Entries of a V(path_list)
        are absolute, or begin with C(~/), which each user's own shell and manager resolve. Where a file cannot add to what is there (V(service),
        V(container)) it gives the whole list, and E(PATH) is followed by the system's folders.
      - A list without entries adds nothing and takes nothing away, whatever its type.
      - E(GOROOT) is refused, because the go command knows its tree and a stale value breaks it.
      - What the go command would refuse of a variable of its own is refused, with what to write instead (E(GOFLAGS), E(GOTOOLCHAIN), E(GOPROXY),
        E(GOSUMDB), E(GOPATH), E(GOBIN), E(GOCACHE), E(GOOS), E(GOAMD64) and the others of C(go help environment)); so is E(GOPRIVATE) with addresses
        in it, which match no module. For a flag in E(GOFLAGS) that only a newer Go knows, give C(type) V(string).
      - Without quotes V(off) and V(on) are booleans to YAML. They are taken as these words in E(GOPROXY), E(GOSUMDB), E(GOMEMLIMIT), E(GOGC),
        E(GO111MODULE), E(GOWORK), E(GOENV), E(GOAUTH) and E(GOFIPS140), as far as the variable has them; in other variables a boolean or a fraction is
        refused.
    type: dict
    default: {}
  defaults:
    description:
      - Variables beneath O(variables), written alike. Of a variable that is in both, lists are joined, entries of O(variables) first; E(GODEBUG) and
        E(GOFLAGS) setting by setting; and otherwise the value in O(variables) holds.
    type: dict
    default: {}
  skip_empty:
    description:
      - Whether a variable of O(defaults) with an empty string or list is left out, as if it were not named. For roles that hand on variables of their
        own, which are empty where nothing is wanted.
    type: bool
    default: false
  secrets:
    description:
      - Variables whose values no log and no diff shows, written as in O(variables). Files with one of them are not readable for everybody.
      - They are an option of their own because only of a whole option can Ansible keep the values out of every log.
    type: dict
    default: {}
  presets:
    description:
      - Settings that this host may call for. What O(variables) and O(defaults) say of the same setting holds.
      - V(go_path) puts the folder in which M(gofleet.golang.go_toolchain) keeps C(go) into E(PATH); see O(bin_dir).
      - V(pure_go_resolver) sets C(netdns=go) in E(GODEBUG), where the host runs musl or has no C(nsswitch.conf) that says where hosts are looked for.
      - V(http1_client) sets C(http2client=0) in E(GODEBUG).
    type: list
    elements: str
    choices: [go_path, pure_go_resolver, http1_client]
    default: []
  bin_dir:
    description:
      - The folder for the preset V(go_path), as given to O(gofleet.golang.go_toolchain#module:bin_dir). Defaults to that module's own default.
    type: path
  consumers:
    description:
      - What is to read the environment. Without it, everything on the host that serves sessions, of V(login_shell), V(fish) and V(user_manager).
      - V(login_shell) is for dash, bash, BusyBox ash, ksh and zsh, by C(/etc/profile). Where zsh does not read that (Debian), its C(zprofile) has to.
      - V(user_manager) is C(environment.d), which reaches services of users' own systemd managers (systemd 233 and later).
      - V(service) is an C(EnvironmentFile) of systemd, V(openrc) a file in C(conf.d), V(container) a file for C(docker run --env-file).
      - One that is named and that the host lacks (V(fish), V(user_manager), V(openrc)) is a failure.
      - With O(state=absent), those whose files go; all of them otherwise.
    type: list
    elements: str
    choices: [login_shell, fish, user_manager, service, openrc, container]
    default: []
  paths:
    description:
      - Files of consumers, instead of those below.
      - V(login_shell) C(/etc/profile.d/NAME.sh), V(fish) C(/etc/fish/conf.d/NAME.fish), V(user_manager) C(/etc/environment.d/90-NAME.conf),
        V(service) C(/etc/gofleet/NAME.env), V(openrc) C(/etc/conf.d/NAME), V(container) C(/etc/gofleet/NAME.container.env).
      - For other users than root, below E(XDG_CONFIG_HOME) or C(~/.config), C(gofleet/NAME.sh), C(fish/conf.d/NAME.fish),
        C(environment.d/90-NAME.conf), C(gofleet/NAME.env) and C(gofleet/NAME.container.env). No login shell reads the first of them by itself. A
        warning names the line that does it, C([ -r FILE ] && . FILE), and the startup file that this user's login shell reads. Without the
        condition, logins of dash and ash end once the file is removed, and a warning says so.
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
      - V(enforced) writes everything to the environment, which wins over what users set with C(go env -w).
      - V(default) writes settings of the go command to C(go.env) of the active toolchain instead, so that a user's C(go env -w) still wins, and keeps
        them out of sessions (V(login_shell), V(fish), V(user_manager)). Variables that the go command takes from the environment alone (E(PATH),
        E(GODEBUG), E(GOMEMLIMIT), and all O(secrets)) stay there.
      - V(default) needs a toolchain of M(gofleet.golang.go_toolchain), of Go 1.21 or later. In check mode another one is a warning, because
        a task before may be about to change that.
      - The settings are kept beside the toolchains too, from where M(gofleet.golang.go_toolchain) gives them to each toolchain that becomes active. All
        toolchains in one folder share them, whichever of them O(goroot) names.
    type: str
    choices: [default, enforced]
    default: enforced
  goroot:
    description: The toolchain whose C(go.env) is written, or a link to it. Defaults to the link of M(gofleet.golang.go_toolchain).
    type: path
  owner:
    description: User that owns the files, by name or number. Unchanged without it.
    type: raw
  group:
    description: Group of the files, by name or number. Unchanged without it.
    type: raw
  mode:
    description:
      - Permissions of the files, as three octal digits in quotes, with or without a V(0) before them.
      - Defaults to V(0644), and for files with secrets to V(0640), or V(0600) if an ordinary user writes them.
    type: raw
  state:
    description: Whether the files are to be there.
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
    details: Secret values are left out.
seealso:
  - module: gofleet.golang.go_toolchain
'''

EXAMPLES = r'''
- name: Have the company's module proxy in everybody's session, unless they chose another
  gofleet.golang.env_file:
    level: default
    variables:
      GOPROXY: https://proxy.example.com|direct
      GOPRIVATE: [git.example.com]
      GOTOOLCHAIN: local

- name: Have the environment of a service, and the same one for its container
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

- name: Have each user's own programs found, in shells and in services of their own
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
  description: The files of the environment, one a consumer; with O(level=default), C(go.env) too.
  returned: success
  type: list
  elements: dict
  contains:
    consumer:
      description: Who reads it; C(go_command) for C(go.env).
      type: str
    path:
      description: Where it is.
      type: str
    state:
      description: Whether it is there (in check mode, would be). Sessions have no file if there is nothing to say to them.
      type: str
    action:
      description: What was done to it (in check mode, would be); V(write), V(adjust) (mode or owner), V(remove) or V(none).
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
    - Files of this environment at their usual places that no consumer of this task asks for any more, each with C(consumer) and C(path).
    - They keep what was last written to them, and a warning says so.
  returned: success
  type: list
  elements: dict
presets:
  description: What came of O(presets), each with C(name), C(applied) and C(reason).
  returned: success
  type: list
  elements: dict
plan:
  description: The steps that were taken (in check mode, that would be), one a line.
  returned: success
  type: list
  elements: str
code:
  description: What failed, as a stable word for machines.
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
    options = dict(module.params, paths=module.params['paths'] or {})
    frame.finish(module, lambda run: environment_converge.converge(options, run, module.check_mode))


if __name__ == '__main__':
    main()
