# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The architectures and formats that the kernel runs: native and compatible ones, and those that binfmt_misc passes to an interpreter."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import gzip
import io
import os
import re
import struct

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._host import ports, proc

_BINFMT = 'sys/fs/binfmt_misc'
# Since this version, a kernel with IA32 support may have it switched off by default (CONFIG_IA32_EMULATION_DEFAULT_DISABLED).
_IA32_SWITCH_SINCE = (6, 7)
# First bytes of formats other than ELF for which a handler may be registered.
_FOREIGN = {'pe': b'MZ' + b'\0' * 126, 'java': b'\xca\xfe\xba\xbe' + b'\0' * 124, 'wasm': b'\0asm\1' + b'\0' * 123}


def runs(userland, kernel_arch, kernel, features):
    """({architecture or format: why}, others): what the kernel runs, or passes to an emulator or interpreter.

    why: 'native', 'compatible', 'binfmt_misc' or 'unknown'; others: 'refused' or 'unknown' for all other ones.
    userland, kernel_arch: Go's names, the latter None if it is unknown; kernel: a tuple; features: of the processor, or None.
    """
    found = {userland: 'native'}
    if kernel_arch:
        found.setdefault(kernel_arch, 'native')
    for native in list(found):
        for other in ports.COMPATIBLE.get(native, ()):
            if other not in found:
                answer = _ia32(kernel) if other == '386' else None
                if answer is not False:
                    found[other] = 'compatible' if answer else 'unknown'
    if userland == '386' and 'lm' in (features or ()):
        # uname gives the architecture of the process's personality (setarch), so the kernel may be an amd64 one.
        found.setdefault('amd64', 'unknown')
    handled, others = _handlers()
    for name in handled:
        found.setdefault(name, 'binfmt_misc')
    return found, others


def _ia32(kernel):
    """Whether an amd64 kernel runs i386 programs: True, False, or None if it is unknown."""
    if not os.path.isdir(proc.path('sys/kernel')):
        return None
    # The sysctl is there if the kernel was built for it (arch/x86/entry/vdso/vdso32-setup.c).
    if not os.path.exists(proc.path('sys/abi/vsyscall32')):
        return False
    if kernel < _IA32_SWITCH_SINCE:
        return True
    switch = re.search(r'(?:^|\s)ia32_emulation=(\S+)', proc.read('cmdline') or '')
    if switch:
        return switch.group(1).lower() in ('1', 'y', 'yes', 'on', 'true', 't')
    built = _kernel_configuration()
    return None if built is None else 'CONFIG_IA32_EMULATION_DEFAULT_DISABLED=y' not in built


def _kernel_configuration():
    release = os.uname()[2]
    for path, opener in ((proc.path('config.gz'), gzip.open), ('/boot/config-%s' % release, io.open),
                         ('/lib/modules/%s/config' % release, io.open), ('/usr/lib/modules/%s/config' % release, io.open)):
        try:
            source = opener(path, 'rb')
            try:
                return to_native(source.read(proc.LARGEST_TEXT), errors='surrogate_or_replace')
            finally:
                source.close()
        except (IOError, OSError):
            # Not every kernel or distribution has the file there.
            continue
    return None


def _handlers():
    """([architecture or format that binfmt_misc passes to an interpreter], 'refused' or 'unknown' for all other ones)."""
    folder = proc.path(_BINFMT)
    if not os.path.exists(os.path.join(folder, 'status')):
        # In a container, the handlers that the host registered work but are not visible.
        known = proc.read('filesystems')
        return [], 'refused' if known is not None and 'binfmt_misc' not in known.split() else 'unknown'
    if (proc.read(_BINFMT + '/status') or '').strip() != 'enabled':
        return [], 'refused'
    handlers = [_handler(proc.read(os.path.join(_BINFMT, name)) or '') for name in os.listdir(folder) if name not in ('register', 'status')]
    headers = list(_FOREIGN.items())
    for name, port in ports.PORTS.items():
        headers += [(name, _header(port, kind)) for kind in (2, 3)]
    return sorted(set(name for name, header in headers for handler in handlers if handler and _matches(handler, header))), 'refused'


def _header(port, kind):
    """The first 128 bytes of a program, which binfmt_misc compares. kind: 2 ET_EXEC, 3 ET_DYN."""
    ident = b'\x7fELF' + struct.pack('4B', 1 if port.bits == 32 else 2, 1 if port.order == '<' else 2, 1, 0) + b'\0' * 8
    return (ident + struct.pack(port.order + 'HHI', kind, port.machine, 1)).ljust(128, b'\0')


def _handler(text):
    """(offset, magic, mask) of an enabled entry that matches by magic, or None. Source: bm_entry_read() of fs/binfmt_misc.c."""
    fields = dict(line.split(' ', 1) for line in text.splitlines() if ' ' in line)
    if not text.startswith('enabled') or 'magic' not in fields:
        return None
    magic = bytearray(binascii.unhexlify(fields['magic'].encode('ascii')))
    mask = bytearray(binascii.unhexlify(fields['mask'].encode('ascii'))) if 'mask' in fields else bytearray(b'\xff' * len(magic))
    return int(fields.get('offset', '0')), magic, mask


def _matches(handler, header):
    offset, magic, mask = handler
    part = bytearray(header)[offset:offset + len(magic)]
    return len(part) == len(magic) and all((found ^ wanted) & bits == 0 for found, wanted, bits in zip(part, magic, mask))
