# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system that a program was built for, if the program contains evidence that this is not Linux.

The kernel starts such a program if the architecture is right; it then crashes at its first system call.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._host import ports

# system: its name. said_by: the part of the program that names it. certain: whether no program for Linux contains such a part.
Foreign = collections.namedtuple('Foreign', 'system said_by certain')

# GOOS (go tool dist list, less linux).
_GO_SYSTEMS = {
    'aix': 'AIX', 'android': 'Android', 'darwin': 'macOS', 'dragonfly': 'DragonFly BSD', 'freebsd': 'FreeBSD', 'hurd': 'Hurd', 'illumos': 'illumos',
    'ios': 'iOS', 'js': 'JavaScript (GOOS=js)', 'nacl': 'Native Client', 'netbsd': 'NetBSD', 'openbsd': 'OpenBSD', 'plan9': 'Plan 9',
    'solaris': 'Solaris', 'wasip1': 'WASI', 'windows': 'Windows', 'zos': 'z/OS',
}
# Loaders of other systems that no Linux distribution has. Not /lib/ld.so.1: it is Solaris's loader, but also glibc's on MIPS and 32-bit PowerPC.
_LOADERS = {
    '/libexec/ld-elf.so.1': 'FreeBSD', '/libexec/ld-elf32.so.1': 'FreeBSD', '/usr/libexec/ld-elf.so.1': 'FreeBSD',
    '/usr/libexec/ld-elf.so.2': 'DragonFly BSD', '/libexec/ld-elf.so.2': 'DragonFly BSD',
    '/libexec/ld.elf_so': 'NetBSD', '/usr/libexec/ld.elf_so': 'NetBSD', '/usr/libexec/ld.so': 'OpenBSD',
    '/usr/lib/ld.so.1': 'Solaris', '/lib/amd64/ld.so.1': 'Solaris', '/usr/lib/amd64/ld.so.1': 'Solaris', '/lib/64/ld.so.1': 'Solaris',
    '/usr/lib/64/ld.so.1': 'Solaris', '/lib/sparcv9/ld.so.1': 'Solaris', '/usr/lib/sparcv9/ld.so.1': 'Solaris',
    '/system/bin/linker': 'Android', '/system/bin/linker64': 'Android', '/system/bin/linker_asan': 'Android', '/system/bin/linker_asan64': 'Android',
    '/apex/com.android.runtime/bin/linker': 'Android', '/apex/com.android.runtime/bin/linker64': 'Android',
    '/lib/ld.so': 'Hurd', '/lib/ld-x86-64.so.1': 'Hurd', '/lib/ld-kfreebsd-x86-64.so.1': 'FreeBSD',
    '/system/runtime_loader': 'Haiku', '/usr/lib/ldqnx.so.2': 'QNX', '/usr/lib/ldqnx-64.so.2': 'QNX', '/boot/system/runtime_loader': 'Haiku',
}
# EI_OSABI (gABI, "Operating System and ABI"); 0, 3 and those of processors (64 and above) are used by Linux.
_HEADERS = {
    1: 'HP-UX', 2: 'NetBSD', 4: 'Hurd', 6: 'Solaris', 7: 'AIX', 8: 'IRIX', 9: 'FreeBSD', 10: 'Tru64 UNIX', 11: 'Novell Modesto', 12: 'OpenBSD',
    13: 'OpenVMS', 14: 'NonStop', 15: 'AROS', 16: 'FenixOS', 17: 'CloudABI', 18: 'OpenVOS',
}


def foreign(file, go, has_loader):
    """The Foreign of a program, or None if nothing names another system, or better evidence names Linux.

    file: elf.as_facts(); go: buildinfo.as_facts() or None; has_loader: whether the interpreter that the program names is on the host.
    """
    goos = (go['settings'] if go else {}).get('GOOS')
    # Android's kernel is Linux: a static program for Android needs only Linux system calls; others need Android's loader.
    if goos and goos != 'linux' and not (goos == 'android' and (file['interp'] is None or has_loader)):
        return Foreign(_GO_SYSTEMS.get(goos, goos), "Go's build info (GOOS=%s)" % goos, True)
    if file['foreign_os']:
        return Foreign(file['foreign_os'], 'a note in it', True)
    interp = to_native(file['interp'] or '')
    if interp in _LOADERS and not has_loader:
        return Foreign(_LOADERS[interp], 'its dynamic loader, %s' % interp, True)
    if file['osabi'] in _HEADERS and not _is_for_linux(file, goos, interp):
        # Kernels do not check this field, and some tools change it.
        return Foreign(_HEADERS[file['osabi']], 'its header (EI_OSABI %d)' % file['osabi'], False)
    return None


def _is_for_linux(file, goos, interp):
    return goos in ('linux', 'android') or file['kernel_tag'] is not None or any(interp in port.glibc + port.musl for port in ports.PORTS.values())
