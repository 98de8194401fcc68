#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: go_toolchain
short_description: Install, verify, activate and remove Go toolchains
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Installs releases of Go side by side, activates one of them, and removes others on request.
  - The controller resolves a version to a release record with the SHA-256 of each architecture's archive. The host selects the record of its own
    architecture, so no facts are needed.
  - An archive is downloaded, verified, unpacked and tested beside its target, and one rename publishes it. The previous toolchain stays active until
    then. If a run is killed at any point, the old state or the new one remains, and the next run converges.
  - On a host that already has the wanted state, the module reads only, in one round trip.
  - Defaults of the go command that M(gofleet.golang.env_file) set with its O(gofleet.golang.env_file#module:level=default) stay with O(link). They
    are written to the C(go.env) of a toolchain before O(link) leads to it, and defaults that were removed meanwhile are not. Releases before 1.21 do
    not read C(go.env); a warning says so.
  - A toolchain is removed only if it contains no files other than those of its release. If it contains others (C(bin/dlv), C(pkg/mod)), it is renamed
    to C(goVERSION.before-gofleet-TIME) in O(prefix), and a warning names them. Changes to files of the release are not kept.
options:
  version:
    description:
      - The release to activate. An exact release (V(1.26.6), V(1.27rc1)), a line (V(1.26), its newest stable patch) or V(latest).
      - Quote it in YAML, or V(1.20) becomes the number 1.2.
      - The first release of an old line is written V(1.20.0), because V(1.20) is the line.
      - With O(state=absent), the exact releases or lines to remove. Without this and O(also), all toolchains of this collection are removed.
    type: str
  also:
    description: Other releases to keep installed, written as in O(version).
    type: list
    elements: str
    default: []
  prune:
    description: Whether to remove toolchains that this collection installed and that are no longer wanted. Those that contain added files are renamed
      instead.
    type: bool
    default: false
  state:
    description: Whether the toolchains are installed or removed.
    type: str
    choices: [present, absent]
    default: present
  releases:
    description:
      - Release records to use instead of the index. By default the controller provides them.
      - RV(releases) of an earlier run can be passed.
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
          - By architecture in Go's words (V(amd64), V(arm64) and so on), a dict of C(filename), C(size) (bytes), C(sha256) (hex), C(h1) (the digest
            of the tree in Go's transparency log) and C(vouched). C(sha256) or C(h1) is required.
          - C(vouched) reports for C(sha256) and C(h1) who vouched for it and when, as a dict of times. Records that you pass count as V(pinned),
            whatever they claim. If O(trust) requires the log or a signature, that is verified again.
        type: dict
        default: {}
  lock:
    description:
      - A lock file on the controller, as M(gofleet.golang.go_release_lock) writes it. Its releases are used like O(releases).
      - With a lock the index is not asked. The log or a signature is asked only if O(trust) names it and the controller's cache cannot prove it.
        O(version) can still be a line or V(latest), and is resolved from the lock.
    type: path
  verify:
    description:
      - How installed toolchains are verified. V(quick) compares programs, tools and folders with the manifest; V(deep) reads every file.
      - A toolchain that differs from what was installed is replaced. An edited C(go.env) is reported and kept.
      - With V(deep), added files count as a difference too. Such a toolchain is renamed (RV(kept)) once its replacement is installed.
    type: str
    choices: [quick, deep]
    default: quick
  archive:
    description:
      - An archive (C(goVERSION.linux-ARCH.tar.gz), or the C(.zip) of a module), or a folder with the archives of all architectures.
      - On the controller, or on the host with O(remote_src=true).
      - It is verified like any other source.
    type: path
  remote_src:
    description: Whether O(archive) is on the host.
    type: bool
    default: false
  transfer:
    description:
      - V(pull) downloads on the host.
      - V(push) downloads once for each architecture to the controller's cache, and copies from there to the host.
      - V(auto) pulls, and pushes to hosts that cannot reach a source or cannot verify its TLS certificate.
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
      - Whether to take over something at O(link) or in O(bin_dir) that this collection did not create. By default the task fails.
      - An existing toolchain at O(link) of the wanted version is adopted, without a download, if the transparency log or a pinned h1 proves that it
        is the release.
      - Anything else is renamed.
    type: bool
    default: false
  lock_timeout:
    description: How many seconds to wait for another run on the same host.
    type: int
    default: 300
  uploads:
    description: Archives on this host by file name, each with C(path) and C(origin). Set by the controller when it pushes.
    type: dict
    default: {}
  incoming:
    description: Whether the host creates a folder for archives that the connection's user can write to. Set by the controller.
    type: bool
    default: false
notes:
  - Installed toolchains must have a proof that O(trust) accepts too, and are verified in place.
  - >-
    O(ca_path) is a file on the machine that downloads: the host with O(transfer=pull), the controller with O(transfer=push) and for the index.
  - Proxies are taken from the environment (E(https_proxy), E(no_proxy)). Set it for the host with the task's C(environment) keyword.
  - E(GOPATH) is never changed.
extends_documentation_fragment:
  - gofleet.golang.releases
  - gofleet.golang.attributes
attributes:
  async:
    description: Can run with the C(async) keyword.
    support: none
    details: The controller does half of the work. The task fails with RV(code=async_unsupported).
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
- name: Install the newest patch of Go 1.26
  gofleet.golang.go_toolchain:
    version: "1.26"

- name: Install a pinned release on a fleet with two architectures, without asking the index
  gofleet.golang.go_toolchain:
    version: "1.26.6"
    checksums:
      go1.26.6.linux-amd64.tar.gz: "sha256:{{ go_amd64_sha256 }}"
      go1.26.6.linux-arm64.tar.gz: "sha256:{{ go_arm64_sha256 }}"
    mirrors:
      - https://mirror.example.com/go

- name: Install the release that a project requires, keep the line before it, remove all others
  gofleet.golang.go_toolchain:
    version_from: "{{ playbook_dir }}/../go.mod"
    also: ["1.25"]
    prune: true

- name: Install a locked release, if the transparency log proves it too
  gofleet.golang.go_toolchain:
    version: "1.26"
    lock: "{{ playbook_dir }}/go.lock.yml"
    trust: [log]

- name: Verify every file of the toolchains, and replace damaged ones
  gofleet.golang.go_toolchain:
    version: "1.26"
    verify: deep

- name: Copy archives to air-gapped hosts
  gofleet.golang.go_toolchain:
    version: "1.26.6"
    transfer: push

- name: Remove everything that this collection installed
  gofleet.golang.go_toolchain:
    state: absent
'''

RETURN = r'''
version:
  description: The resolved version that is active.
  returned: success, state is present
  type: str
  sample: 1.26.6
toolchains:
  description: The toolchains of this collection on the host.
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
      description: Whether O(link) leads to it.
      type: bool
    proof:
      description:
        - Who vouched for it. Each entry has RV(ignore:kind) (V(pinned), V(signature), V(log) or V(index)), the digest, and the time.
      type: list
      elements: dict
    source:
      description: Where its archive came from, with its sha256 and size in bytes.
      type: dict
    problem:
      description: What is wrong with it, as far as O(verify) found; null if nothing is.
      type: str
    differences:
      description:
        - With O(verify=deep), names of files that are C(changed), C(missing), C(extra) or have another C(mode), at most 20 of each, and their
          C(count).
        - C(go_env_edited) reports whether C(go.env) is among the changed files.
      type: dict
damaged:
  description: Toolchains of this collection that differed from what was installed, as in RV(toolchains).
  returned: success
  type: list
  elements: dict
proven:
  description: Installed versions that got a stronger proof because O(trust) requires it (in check mode, that would get it).
  returned: success
  type: list
  elements: str
adopted:
  description: Whether O(adopt=true) adopted a toolchain at O(link), with C(path), C(version), C(taken_in), and the C(reason) if it did not.
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
  description: New names of foreign files and folders that O(adopt=true) renamed, and of toolchains that contain added files (RV(kept)).
  returned: success
  type: list
  elements: str
kept:
  description: Toolchains that were renamed instead of removed (in check mode, that would be), because they contain files that do not belong to their
    release.
  returned: success
  type: list
  elements: dict
  contains:
    tree:
      description: The folder before it was renamed.
      type: str
    version:
      description: Its version.
      type: str
    path:
      description: The folder now. This collection does not touch it again.
      type: str
    count:
      description: Number of such files; null if the release's list of files could not be read.
      type: int
    extra:
      description: Names of such files below the tree, at most 20.
      type: list
      elements: str
plan:
  description: The steps that were taken (in check mode, that would be), one on each line.
  returned: success
  type: list
  elements: str
passed_over:
  description: Sources that failed before one provided the archive, each with C(url), C(code) and C(reason).
  returned: success
  type: list
  elements: dict
bytes_fetched:
  description: Bytes that the host downloaded.
  returned: success
  type: int
transfer:
  description: V(push) if the controller copied an archive, V(pull) if the host downloaded one, V(none) if neither was needed.
  returned: success
  type: str
releases:
  description: The release records that were used.
  returned: success, state is present
  type: list
  elements: dict
code:
  description: What failed, as a stable identifier for programs.
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
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import converge as toolchain
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import options, plan, records, trust
from ansible_collections.gofleet.golang.plugins.module_utils._toolchain import paths as toolchain_paths

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
    """The result for these options; run: _frame.runner(). Raises GofleetError, OSError."""
    paths, wanted = _wanted(params, architecture.goarch())
    known = records.Records(params['releases'])
    offered = sources.Sources(
        files=sources.files_at(params['archive'] if params['remote_src'] else None, params['uploads']),
        mirrors=params['mirrors'], goproxy=sources.proxy_urls(params['goproxy']), transfer=params['transfer'],
        # The controller reads the folder's path from the result, so the result must show it unchanged.
        incoming=params['incoming'] and shown.is_whole(paths.prefix), options=sources.Options(params['timeout'], params['ca_path']))
    result = toolchain.converge(wanted, paths, known, offered, run, check_mode, params['lock_timeout'], params['verify'] == 'deep')
    return _completed(result, wanted)


def unchanged(params, interpreter, check_mode):
    """The result of converge() for a host that has what these options want, or None; for a controller that has a snapshot of the host.

    interpreter: the path of the Python that the module would be run by. Raises GofleetError, OSError.
    """
    paths, wanted = _wanted(params, architecture.goarch(interpreter))
    # As converge() does.
    records.Records(params['releases'])
    result = toolchain.unchanged(wanted, paths, check_mode)
    return result and _completed(result, wanted)


def _wanted(params, goarch):
    paths = toolchain_paths.chosen_paths(params['prefix'], params['link'], params['bin_dir'])
    policy = trust.Policy(tuple(params['trust']), params['trust_all'])
    return paths, plan.wanted(params['state'], params['version'], params['also'], params['prune'], params['adopt'], goarch, policy)


def _completed(result, wanted):
    result['goarch'] = wanted.goarch
    if wanted.remove is None:
        result['version'] = wanted.active
    return result


if __name__ == '__main__':
    main()
