#!/usr/bin/python
# Copyright (c) 2026, gofleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: abi_check
short_description: Say whether a program will run on a host, and why not, without running it
version_added: 0.1.0
author:
  - gofleet contributors (@gofleet)
description:
  - Reads a program as the kernel and the dynamic loader would, and compares what it needs with what the host has. That is its architecture and loader,
    each library and each version and symbol of them, the level of the processor, the kernel, the page size, and whether it may be run where it lies.
  - Neither the program nor C(ldd) nor a loader is run, and of a large file less than a hundredth is read.
  - What cannot be told for certain (a packed program, one for an architecture that C(binfmt_misc) may run, one that this user may not read)
    is V(unknown), never V(runs).
  - It looks for libraries as a service finds them, without E(LD_LIBRARY_PATH) and E(LD_PRELOAD). What a program loads while it runs (C(dlopen))
    is not looked at.
options:
  path:
    description: A program on the host.
    type: path
  paths:
    description:
      - Programs on the host, judged in one call.
      - One that is not there or not a file is V(incompatible), and the others are judged all the same.
    type: list
    elements: path
    default: []
  src:
    description:
      - Programs on the controller, judged by what the host has before anything is copied.
      - Only what the verdict turns on travels. A library that the program brings along beside itself (C($ORIGIN)) cannot be judged so.
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
      - Folder of a file system to judge by, as that of a container or of an image that is being built. Links are resolved inside it.
      - Kernel and processor remain those of the host. How O(sysroot) is mounted on the host is of no account.
    type: path
    default: /
  kernel:
    description: The kernel to judge by, as C(uname -r) says it, instead of the one that runs.
    type: str
  cpuinfo:
    description: A file on the host that is as C(/proc/cpuinfo), to judge by its processors instead of the host's.
    type: path
  checksum:
    description: Whether to return the SHA-256 of each program too. The whole file is read for that, which is most of the time.
    type: bool
    default: false
  gather:
    description:
      - Whether to return, as RV(host), facts of the host by which the filter P(gofleet.golang.abi_verdict#filter) judges later, and
        for O(path) and O(paths), as RV(binary), those of the programs.
      - It may be all that is asked for.
    type: bool
    default: false
  fail_on:
    description:
      - Which verdict is a failure. V(unknown) also fails on what is V(incompatible), V(never) only if O(path) is not there or not a file.
      - With V(incompatible) two more things are a failure, though their verdict is V(unknown). One is a program that only an emulator could run,
        on a host that does not show whether it has one (C(emulation_unseen)), as containers do not. The other is a program that this user may
        not read (C(file_unreadable)).
      - The result is the same with and without failure.
    type: str
    choices: [incompatible, unknown, never]
    default: incompatible
notes:
  - A verdict holds for the host as it is, so check again when its libraries were changed.
  - Libraries, loaders and the cache of C(ldconfig) are read once for all programs of a call.
extends_documentation_fragment:
  - gofleet.golang.attributes
attributes:
  async:
    description: Can run with the C(async) keyword.
    support: none
    details: The controller does its half of the work while the host does the other. Such a task fails with RV(code=async_unsupported).
  check_mode:
    support: full
  diff_mode:
    support: none
seealso:
  - plugin: gofleet.golang.abi_verdict
    plugin_type: filter
  - name: The playbook gofleet.golang.preflight
    description: Judges programs of the controller for a whole fleet and prints hosts against programs.
    link: https://github.com/gofleet/golang
'''

EXAMPLES = r'''
- name: Check the program that is about to be started
  gofleet.golang.abi_check:
    path: /opt/hello/current/bin/hello

- name: Ask before it is copied
  gofleet.golang.abi_check:
    src: [build/hello]
    fail_on: unknown

- name: Judge what was built by the root of an image
  gofleet.golang.abi_check:
    paths: [/srv/build/hello, /srv/build/world]
    sysroot: /srv/images/alpine
    kernel: 5.10.0
    fail_on: never
  register: judged

- name: Keep what a host has, to judge by later
  gofleet.golang.abi_check:
    gather: true
  register: abi
'''

RETURN = r'''
verdict:
  description: V(runs), V(unknown) or V(incompatible); of several programs the worst.
  returned: success, or failure by O(fail_on)
  type: str
results:
  description: A dictionary for each program of O(paths) or O(src), in their order, with its C(path) and the keys below.
  returned: O(path) is not set
  type: list
  elements: dict
path:
  description: The program.
  returned: O(path) is set
  type: str
reasons:
  description: Why, the gravest first; at most 100 of them.
  returned: O(path) is set
  type: list
  elements: dict
  contains:
    code:
      description:
        - What it is about, as a stable word for machines.
        - C(file_missing), C(not_a_file), C(file_unreadable), C(file_changed), C(not_elf), C(script_interpreter_missing), C(malformed), C(truncated),
          C(wrong_arch) (of another system than Linux, too), C(emulation_unseen), C(wrong_float_abi), C(interpreter_missing),
          C(library_missing), C(library_wrong_class), C(version_missing), C(symbol_missing), C(relr_unsupported), C(cpu_level), C(kernel_too_old),
          C(page_size), C(packed), C(not_executable), C(noexec_mount), C(private_symbols), C(execstack), C(parse_limit), C(undetermined).
      type: str
    severity:
      description: V(fatal) makes the verdict V(incompatible). V(warn) leaves it open where the code is C(packed), C(parse_limit), C(wrong_arch),
        C(emulation_unseen), C(file_unreadable), C(file_changed), C(symbol_missing), C(truncated) or C(undetermined). V(info) is of no account.
      type: str
    subject:
      description: The file, library or symbol.
      type: str
    need:
      description: What is needed.
      type: raw
    have:
      description: What the host has instead.
      type: raw
    detail:
      description: What is wrong and what to do, for people.
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
  description: What the file is.
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
  description: What the program needs, by its own word; C(min_glibc) is for display alone.
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
    - Go's build info. C(source) is V(none) and C(version) null where there is none.
    - C(settings) are those of C(go version -m), with C(-trimpath), GOFLAGS and the state of version control among them.
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
    - What the program was compared with, the C library being the one that its loader is of. With O(gather), more than that, for
      P(gofleet.golang.abi_verdict#filter), in less than 4 KB.
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
    - For a failure by O(fail_on) V(incompatible) or V(unknown), or V(file_missing), V(not_a_file), V(file_unreadable), V(file_changed) or, with
      O(fail_on=incompatible), V(emulation_unseen) if that is the reason of each program that fails.
    - Otherwise what failed, as a stable word for machines.
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
