#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: abi_check
short_description: Report whether a program will run on a host, and why not, without running it
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Reads a program as the kernel and the dynamic loader do, and compares its requirements with the host. These are its architecture and loader, each
    library with its versions and symbols, the level of the processor, the kernel, the page size, and whether it can be executed at its path.
  - Neither the program nor C(ldd) nor a loader is run. Of a large file, less than one percent is read.
  - If a question cannot be decided (a packed program, one for an architecture that C(binfmt_misc) may run, one that this user cannot read), the
    verdict is V(unknown), never V(runs).
  - Libraries are searched as for a service, without E(LD_LIBRARY_PATH) and E(LD_PRELOAD). Libraries that a program loads while it runs (C(dlopen))
    are not checked.
options:
  path:
    description: A program on the host.
    type: path
  paths:
    description:
      - Programs on the host, checked in one call.
      - A path that does not exist or is not a file has the verdict V(incompatible). The others are checked regardless.
    type: list
    elements: path
    default: []
  src:
    description:
      - Programs on the controller, checked against the host before anything is copied.
      - Only the facts that the verdict needs are sent. A library that the program brings along in its own folder (C($ORIGIN)) cannot be checked in
        this way.
    type: list
    elements: str
    default: []
  binaries:
    description: Facts of the programs of O(src). Set by the controller.
    type: list
    elements: dict
    default: []
  sysroot:
    description:
      - Root folder of a file system to check against, such as that of a container or of an image that is being built. Links are resolved inside it.
      - Kernel and processor are still those of the host. Mount options of O(sysroot) are ignored.
    type: path
    default: /
  kernel:
    description: The kernel version to check against, as C(uname -r) prints it, instead of the running one.
    type: str
  cpuinfo:
    description: A file on the host in the format of C(/proc/cpuinfo), whose processors are checked instead of the host's.
    type: path
  checksum:
    description: Whether to return the SHA-256 of each program too. This reads the whole file, and takes most of the time.
    type: bool
    default: false
  gather:
    description:
      - Whether to return facts of the host in RV(host), which the filter P(gofleet.golang.abi_verdict#filter) uses later, and for O(path) and
        O(paths) facts of the programs in RV(binary).
      - It can be used without any program.
    type: bool
    default: false
  fail_on:
    description:
      - Which verdict is a failure. V(unknown) also fails on V(incompatible). V(never) fails only if O(path) does not exist or is not a file.
      - With V(incompatible) two cases are a failure although their verdict is V(unknown). One is a program that only an emulator could run, on a host
        that does not show whether it has one (C(emulation_unseen)), such as a container. The other is a program that this user cannot read
        (C(file_unreadable)).
      - The result is the same with and without failure.
    type: str
    choices: [incompatible, unknown, never]
    default: incompatible
notes:
  - A verdict applies to the current state of the host. Check again after its libraries were changed.
  - Libraries, loaders and the cache of C(ldconfig) are read once for all programs of a call.
extends_documentation_fragment:
  - gofleet.golang.attributes
attributes:
  async:
    description: Can run with the C(async) keyword.
    support: none
    details: The controller does half of the work. The task fails with RV(code=async_unsupported).
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - plugin: gofleet.golang.abi_verdict
    plugin_type: filter
  - name: The playbook gofleet.golang.preflight
    description: Checks programs of the controller for a whole fleet and prints a table of hosts and programs.
    link: https://github.com/gofleet/golang
'''

EXAMPLES = r'''
- name: Check a program before it is started
  gofleet.golang.abi_check:
    path: /opt/hello/current/bin/hello

- name: Check a program before it is copied
  gofleet.golang.abi_check:
    src: [build/hello]
    fail_on: unknown

- name: Check programs against the root folder of an image
  gofleet.golang.abi_check:
    paths: [/srv/build/hello, /srv/build/world]
    sysroot: /srv/images/alpine
    kernel: 5.10.0
    fail_on: never
  register: judged

- name: Gather facts of a host for later checks
  gofleet.golang.abi_check:
    gather: true
  register: abi
'''

RETURN = r'''
verdict:
  description: V(runs), V(unknown) or V(incompatible). With several programs, the worst.
  returned: success, or failure by O(fail_on)
  type: str
results:
  description: A dictionary for each program of O(paths) or O(src), in that order, with its C(path) and the keys below.
  returned: O(path) is not set
  type: list
  elements: dict
path:
  description: The program.
  returned: O(path) is set
  type: str
reasons:
  description: The reasons for the verdict, the most severe first; at most 100.
  returned: O(path) is set
  type: list
  elements: dict
  contains:
    code:
      description:
        - The kind of reason, as a stable identifier for programs.
        - C(file_missing), C(not_a_file), C(file_unreadable), C(file_changed), C(not_elf), C(script_interpreter_missing), C(malformed), C(truncated),
          C(wrong_arch) (also for operating systems other than Linux), C(emulation_unseen), C(wrong_float_abi), C(interpreter_missing),
          C(library_missing), C(library_wrong_class), C(version_missing), C(symbol_missing), C(relr_unsupported), C(cpu_level), C(kernel_too_old),
          C(page_size), C(packed), C(not_executable), C(noexec_mount), C(private_symbols), C(execstack), C(parse_limit), C(undetermined).
      type: str
    severity:
      description: V(fatal) makes the verdict V(incompatible). V(warn) makes it V(unknown) if the code is C(packed), C(parse_limit), C(wrong_arch),
        C(emulation_unseen), C(file_unreadable), C(file_changed), C(symbol_missing), C(truncated) or C(undetermined). V(info) does not affect it.
      type: str
    subject:
      description: The file, library or symbol.
      type: str
    need:
      description: What the program requires.
      type: raw
    have:
      description: What the host has.
      type: raw
    detail:
      description: What is wrong and what to do, in words.
      type: str
  sample:
    - code: version_missing
      severity: fatal
      subject: libc.so.6
      need: GLIBC_2.34
      have: GLIBC_2.17
      detail: >-
        It needs GLIBC_2.34 of libc.so.6, which on this host (glibc 2.17) provides at most GLIBC_2.17. Build it with CGO_ENABLED=0, or on a
        system with glibc 2.17 or older, or with CC='zig cc -target x86_64-linux-gnu.2.17'.
file:
  description: Properties of the file.
  returned: O(path) is set
  type: dict
  sample:
    format: elf
    class: 64
    endian: little
    machine: x86-64
    type: DYN
    e_flags: 0
    interp: /lib64/ld-linux-x86-64.so.2
    static: false
    static_pie: false
    packed: false
    truncated: null
    stripped: true
    build_id: 5f1b
    size: 104857600
    sha256: null
needs:
  description: What the program requires according to its file; C(min_glibc) is for display only.
  returned: O(path) is set
  type: dict
  sample:
    libs: [libc.so.6]
    versions:
      libc.so.6: [GLIBC_2.2.5, GLIBC_2.34]
    weak_versions: {}
    symbols_missing: []
    min_glibc: "2.34"
    cpu_level: v1
    kernel_min: "3.2"
go:
  description:
    - Go's build info. If there is none, C(source) is V(none) and C(version) is null.
    - C(settings) are those of C(go version -m), including C(-trimpath), GOFLAGS and the state of version control.
  returned: O(path) is set
  type: dict
  sample:
    version: go1.26.6
    path: example.org/hello
    main: example.org/hello@v1.2.3
    cgo: true
    vcs_revision: 1f0e2d3c
    trimpath: true
    settings:
      GOAMD64: v1
    source: segment
host:
  description:
    - The host's properties that the program was compared with. The C library is the one of the program's loader. With O(gather) it contains more
      facts for P(gofleet.golang.abi_verdict#filter), in less than 4 KB.
  returned: O(path) is set, or O(gather) is
  type: dict
  sample:
    arch: amd64
    libc: glibc
    libc_version: "2.17"
    libc_path: /lib64/libc.so.6
    kernel: 3.10.0
    cpu_level: v3
    page_size: 4096
    evidence:
      libc: /lib64/ld-linux-x86-64.so.2
binary:
  description: Facts of the program for P(gofleet.golang.abi_verdict#filter). With O(paths) they are in RV(results).
  returned: O(gather), O(path) is set
  type: dict
code:
  description:
    - With a failure by O(fail_on), V(incompatible) or V(unknown). If all failed programs have the same reason, and it is one of V(file_missing),
      V(not_a_file), V(file_unreadable), V(file_changed) or, with O(fail_on=incompatible), V(emulation_unseen), that reason.
    - Otherwise what failed, as a stable identifier for programs.
  returned: failure
  type: str
  sample: file_missing
evidence:
  description: The values behind RV(ignore:msg).
  returned: failure
  type: dict
'''

from ansible_collections.gofleet.golang.plugins.module_utils import _frame as frame
from ansible_collections.gofleet.golang.plugins.module_utils._abi import judge

ARGUMENT_SPEC = {
    'path': {'type': 'path'},
    'paths': {'type': 'list', 'elements': 'path', 'default': []},
    'src': {'type': 'list', 'elements': 'str', 'default': []},
    'binaries': {'type': 'list', 'elements': 'dict', 'default': []},
    'sysroot': {'type': 'path', 'default': '/'},
    'kernel': {'type': 'str'},
    'cpuinfo': {'type': 'path'},
    'checksum': {'type': 'bool', 'default': False},
    'gather': {'type': 'bool', 'default': False},
    'fail_on': {'type': 'str', 'choices': ['incompatible', 'unknown', 'never'], 'default': 'incompatible'},
}


def main():
    module = frame.Module(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    frame.finish(module, lambda run: judge.check(module.params))


if __name__ == '__main__':
    main()
