#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: go_toolchain
short_description: Go toolchains on a host, each proven before it gets its name
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Installs releases of Go side by side, lets one of them be the active one, and removes the rest on request.
  - The controller resolves a version to a release record with the SHA-256 of each architecture's archive; the host takes the record of
    its own architecture, so no facts are needed.
  - An archive is fetched, verified, unpacked and proven beside its target and gets its name by one rename. What was active before stays
    so until then. A run that is killed at any point leaves the old state or the new one, and the next run converges.
  - A host that has what is wanted is read in one round trip and nothing on it is written.
  - Defaults of the go command that M(gofleet.golang.env_file) set with its O(gofleet.golang.env_file#module:level=default) stay with O(link). A toolchain
    that becomes active has them in its C(go.env) before O(link) leads to it, and none that were removed meanwhile. Releases before 1.21 do not
    read C(go.env), which a warning says.
  - A toolchain is removed only if it holds nothing but its release. One into which somebody put files (C(bin/dlv), C(pkg/mod)) is renamed to
    C(goVERSION.before-gofleet-TIME) in O(prefix) and left to you, with a warning that names them. What was changed in files of the release is not kept.
options:
  version:
    description:
      - The release to be active. An exact one (V(1.26.6), V(1.27rc1)), a line (V(1.26), its newest stable patch) or V(latest).
      - Quote it in YAML, or V(1.20) becomes the number 1.2.
      - The first release of an old line is written V(1.20.0), because V(1.20) is the line.
      - With O(state=absent), the exact releases or lines to remove; everything of this collection if neither this nor O(also) is given.
    type: str
  also:
    description: Releases to keep beside the active one, written as in O(version).
    type: list
    elements: str
    default: []
  prune:
    description: Whether toolchains that this collection installed and that are wanted no longer are removed, or kept aside if they hold files of others.
    type: bool
    default: false
  state:
    description: Whether the toolchains are to be there.
    type: str
    choices: [present, absent]
    default: present
  releases:
    description:
      - Release records to use instead of the index; the controller fills it otherwise.
      - RV(releases) of an earlier run may be given back.
    type: list
    elements: dict
    default: []
    suboptions:
      version:
        description: The exact version.
        type: str
        required: true
      archives:
        description:
          - By architecture in Go's words (V(amd64), V(arm64) and so on), a dict of C(filename), C(size) (bytes), C(sha256) (hex), C(h1) (the digest of
            the tree as Go's transparency log knows it) and C(vouched); one of C(sha256) and C(h1) has to be there.
          - C(vouched) says in a result for C(sha256) and C(h1) who said so and when, as a dict of times. What is given counts as V(pinned), whatever
            it says of itself; where O(trust) asks for the log or a signature, that is proven again.
        type: dict
        default: {}
  lock:
    description:
      - A lock file on the controller, as M(gofleet.golang.go_release_lock) writes it. Its releases are used as O(releases) are.
      - With it no index is asked for, and no log or signature unless O(trust) names them and the controller's cache cannot prove them.
        O(version) may still be a line or V(latest), of what is locked.
    type: path
  verify:
    description:
      - How toolchains that are there are looked at. V(quick) compares programs, tools and folders with the manifest; V(deep) reads every file.
      - A toolchain that is not what was installed is replaced by a new one. An edited C(go.env) is told and let be.
      - V(deep) takes files that the release does not have for a change, too. Such a toolchain is kept aside (RV(kept)) when its successor is there.
    type: str
    choices: [quick, deep]
    default: quick
  archive:
    description:
      - An archive (C(goVERSION.linux-ARCH.tar.gz), or a module's C(.zip)), or a folder that holds archives for every architecture.
      - On the controller, or on the host with O(remote_src=true).
      - It is verified as any other source is.
    type: path
  remote_src:
    description: Whether O(archive) is on the host.
    type: bool
    default: false
  transfer:
    description:
      - V(pull) lets the host fetch.
      - V(push) fetches once for each architecture to the controller's cache and copies from there.
      - V(auto) pulls, and pushes to a host that can reach no source or cannot verify its TLS.
    type: str
    choices: [auto, pull, push]
    default: auto
  prefix:
    description: Folder of the toolchains. Defaults to V(/opt/go) for root and V(~/.local/share/go-toolchains) for other users.
    type: path
  link:
    description: Symbolic link to the active toolchain. Defaults to V(/usr/local/go) for root and V(~/.local/go) for other users.
    type: path
  bin_dir:
    description: Folder for the links C(go) and C(gofmt). Defaults to V(/usr/local/bin) for root and V(~/.local/bin) for other users.
    type: path
  adopt:
    description:
      - What to do with something that this collection did not make, found at O(link) or in O(bin_dir); without it that is a failure.
      - A toolchain at O(link) of the version that is wanted is adopted, without a download, if the transparency log or a pinned h1 proves that it is the
        release.
      - Everything else is moved aside whole.
    type: bool
    default: false
  lock_timeout:
    description: For how many seconds to wait for another run on the same host.
    type: int
    default: 300
  uploads:
    description: Archives on this host by file name, each with C(path) and C(origin). Set by the controller when it pushes.
    type: dict
    default: {}
  incoming:
    description: Whether the host is to make a folder that the connection's user can put archives into. Set by the controller.
    type: bool
    default: false
notes:
  - Toolchains that are installed already are held to O(trust) too, and are verified again where they are.
  - O(ca_path) is read on whichever machine downloads, which is the host with O(transfer=pull), and the controller with O(transfer=push) and for the index.
  - Proxies are taken from the environment (E(https_proxy), E(no_proxy)); set it for the host with the task's C(environment) keyword.
  - E(GOPATH) is never touched.
extends_documentation_fragment:
  - gofleet.golang.releases
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
  - name: Go's download page
    description: Releases and their digests.
    link: https://go.dev/dl/
'''

EXAMPLES = r'''
- name: Have the newest patch of Go 1.26
  gofleet.golang.go_toolchain:
    version: "1.26"

- name: Have a pinned release on a fleet of two architectures, without asking anybody
  gofleet.golang.go_toolchain:
    version: "1.26.6"
    checksums:
      go1.26.6.linux-amd64.tar.gz: "sha256:{{ go_amd64_sha256 }}"
      go1.26.6.linux-arm64.tar.gz: "sha256:{{ go_arm64_sha256 }}"
    mirrors:
      - https://mirror.example.com/go

- name: Have what a project asks for, keep the line before it, remove all others
  gofleet.golang.go_toolchain:
    version_from: "{{ playbook_dir }}/../go.mod"
    also: ["1.25"]
    prune: true

- name: Have what is locked, and nothing that the transparency log does not know
  gofleet.golang.go_toolchain:
    version: "1.26"
    lock: "{{ playbook_dir }}/go.lock.yml"
    trust: [log]

- name: Read every file of the toolchains, and replace those that were changed
  gofleet.golang.go_toolchain:
    version: "1.26"
    verify: deep

- name: Bring archives to hosts that reach nothing
  gofleet.golang.go_toolchain:
    version: "1.26.6"
    transfer: push

- name: Remove everything that this collection installed
  gofleet.golang.go_toolchain:
    state: absent
'''

RETURN = r'''
version:
  description: The active version that was asked for, as it was resolved.
  returned: success, state is present
  type: str
  sample: 1.26.6
toolchains:
  description: The toolchains of this collection that are on the host.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: Its version.
      type: str
    goarch:
      description: Its architecture in Go's words.
      type: str
    path:
      description: Its folder.
      type: str
    active:
      description: Whether O(link) names it.
      type: bool
    proof:
      description:
        - What vouched for it; each with RV(ignore:kind) V(pinned), V(signature), V(log) or V(index), the digest, and when that was said.
      type: list
      elements: dict
    source:
      description: Where its archive came from, with sha256 and size in bytes.
      type: dict
    problem:
      description: What is wrong with it, as far as it was looked at (O(verify)); null if nothing is.
      type: str
    differences:
      description:
        - With O(verify=deep), names of files that are C(changed), C(missing), C(extra) or have another C(mode), at most 20 each, and their C(count).
        - C(go_env_edited) says whether C(go.env) is among the changed.
      type: dict
damaged:
  description: Toolchains of this collection that were not what was installed, as in RV(toolchains).
  returned: success
  type: list
  elements: dict
proven:
  description: Versions that were there and for which O(trust) had more vouch (in check mode, would have).
  returned: success
  type: list
  elements: str
adopted:
  description: What O(adopt=true) came of for a toolchain at O(link), with C(path), C(version), C(taken_in) and, if it was not, the C(reason).
  returned: success
  type: list
  elements: dict
goarch:
  description: The architecture of the host's userland in Go's words.
  returned: success
  type: str
  sample: amd64
installed:
  description: Versions that were installed (in check mode, that would be).
  returned: success
  type: list
  elements: str
pruned:
  description: Versions that were removed (in check mode, that would be).
  returned: success
  type: list
  elements: str
moved_aside:
  description: Names under which foreign things are kept, with O(adopt=true), and toolchains of this collection that hold files of others (RV(kept)).
  returned: success
  type: list
  elements: str
kept:
  description: Toolchains that were kept aside instead of being removed (in check mode, would be), because they hold files that their release does not have.
  returned: success
  type: list
  elements: dict
  contains:
    tree:
      description: The folder that it was in.
      type: str
    version:
      description: Its version.
      type: str
    path:
      description: The folder that it is kept as. This collection does not touch it again.
      type: str
    count:
      description: How many such files there are; null if the list of the release's files could not be read, so that nobody can say.
      type: int
    extra:
      description: Names of such files below the tree, at most 20.
      type: list
      elements: str
plan:
  description: The steps that were taken (in check mode, that would be), one a line.
  returned: success
  type: list
  elements: str
passed_over:
  description: Sources that were tried before one gave the archive, each with C(url), C(code) and C(reason).
  returned: success
  type: list
  elements: dict
bytes_fetched:
  description: Bytes that the host fetched over the network.
  returned: success
  type: int
transfer:
  description: V(push) if the controller brought an archive, V(pull) if the host fetched one, V(none) if neither was needed.
  returned: success
  type: str
releases:
  description: The release records that were used.
  returned: success, state is present
  type: list
  elements: dict
code:
  description: What failed, as a stable word for machines.
  returned: failure
  type: str
  sample: sha256_mismatch
evidence:
  description: The values behind RV(ignore:msg).
  returned: failure
  type: dict
'''

from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import sources
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture
from ansible_collections.gofleet.golang.plugins.module_utils._texts import shown
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import options, plan, records, trust

ARGUMENT_SPEC = dict(
    options.RELEASES,
    version={'type': 'str'},
    also={'type': 'list', 'elements': 'str', 'default': []},
    prune={'type': 'bool', 'default': False},
    state={'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
    releases={'type': 'list', 'elements': 'dict', 'default': [], 'options': {
        'version': {'type': 'str', 'required': True},
        'archives': {'type': 'dict', 'default': {}},
    }},
    lock={'type': 'path'},
    verify={'type': 'str', 'choices': ['quick', 'deep'], 'default': 'quick'},
    archive={'type': 'path'},
    remote_src={'type': 'bool', 'default': False},
    transfer={'type': 'str', 'choices': ['auto', 'pull', 'push'], 'default': 'auto'},
    prefix={'type': 'path'},
    link={'type': 'path'},
    bin_dir={'type': 'path'},
    adopt={'type': 'bool', 'default': False},
    lock_timeout={'type': 'int', 'default': 300},
    uploads={'type': 'dict', 'default': {}},
    incoming={'type': 'bool', 'default': False},
)


def main():
    module = frame.Module(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    frame.finish(module, lambda run: converge(module.params, run, module.check_mode))


def converge(params, run, check_mode):
    """The result for these options; run: programs.runner(). Raises GofleetError, OSError."""
    # Here: the action plugin imports this file for its options alone.
    from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import converge as toolchain

    goarch = architecture.goarch()
    paths = toolchain_paths.chosen_paths(params['prefix'], params['link'], params['bin_dir'])
    policy = trust.Policy(tuple(params['trust']), params['trust_all'])
    wanted = plan.wanted(params['state'], params['version'], params['also'], params['prune'], params['adopt'], goarch, policy)
    known = records.Records(params['releases'])
    offered = sources.Sources(
        files=sources.files_at(params['archive'] if params['remote_src'] else None, params['uploads']),
        mirrors=params['mirrors'], goproxy=sources.proxy_urls(params['goproxy']), transfer=params['transfer'],
        # The controller reads the folder's path from a result, so it must be one that a result shows unchanged.
        incoming=params['incoming'] and shown.is_whole(paths.prefix), options=sources.Options(params['timeout'], params['ca_path']))
    result = toolchain.converge(wanted, paths, known, offered, run, check_mode, params['lock_timeout'], params['verify'] == 'deep')
    result['goarch'] = goarch
    if wanted.remove is None:
        result['version'] = wanted.active
    return result


if __name__ == '__main__':
    main()
