# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host offers to programs, asked of its files and its kernel, without running anything."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import gzip
import io
import json
import os
import re
import struct

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture, ports, processors
from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel as host_kernel
from ansible_collections.gofleet.golang.plugins.module_utils._host.sysroot import Root
from ansible_collections.gofleet.golang.plugins.module_utils._linking import linker, loaders
from ansible_collections.gofleet.golang.plugins.module_utils._linking.libraries import Libraries

# Libraries whose versions a stored answer tells, the most asked for first: the last go if it would grow too large.
TOLD = ('libc.so.6', 'libpthread.so.0', 'libm.so.6', 'libdl.so.2', 'libresolv.so.2', 'librt.so.1', 'libgcc_s.so.1', 'libutil.so.1', 'libstdc++.so.6')
LARGEST_FACTS = 4000

PROC = '/proc'
_LARGEST_TEXT = 1 << 22
_BINFMT = 'sys/fs/binfmt_misc'
# Since this version a kernel that was built for IA32 may come with it switched off (CONFIG_IA32_EMULATION_DEFAULT_DISABLED).
_IA32_SWITCH_SINCE = (6, 7)
# How headers begin that are not ELF and that a handler may be registered for.
_FOREIGN = {'pe': b'MZ' + b'\0' * 126, 'java': b'\xca\xfe\xba\xbe' + b'\0' * 124, 'wasm': b'\0asm\1' + b'\0' * 123}


class Observed:
    """This host, or the one that options make of it.

    sysroot: folder of the file system to judge by; kernel: a release, as '3.10.0-1160.el7'; cpuinfo: text of /proc/cpuinfo.
    Raises GofleetError(unknown_architecture, no_sysroot, invalid_kernel).
    """

    def __init__(self, sysroot='/', kernel=None, cpuinfo=None):
        self.root = Root(sysroot)
        self.kernel = parsed_kernel(kernel) if kernel else host_kernel.version()
        self.machine = os.uname()[4]
        self.page_size = os.sysconf('SC_PAGE_SIZE')
        self._text = _read('cpuinfo') if cpuinfo is None else cpuinfo
        self.userland = _userland()
        self.kernel_arch = ports.of_kernel(self.machine)
        self._processors = processors.read(self._text or '')
        self._told_processors = cpuinfo is not None
        self.libraries = Libraries(self.root)
        self.linker = linker.Linker(self.libraries, self.kernel, self.level, self.page_size)
        self._facts = None

    @property
    def is_emulated(self):
        """Whether a user-mode emulator runs all this: its kernel is another one than it says."""
        told = self._processors.ports
        if not self._told_processors and told and self.kernel_arch and self.kernel_arch not in told:
            return True
        return any('qemu' in name or 'binfmt' in name for name in (_link('1/exe'), _link('self/exe')))

    @property
    def level(self):
        """The x86-64 level of its processors, 'v1' to 'v4', or None."""
        features = self._processors.features
        return processors.amd64_level(features) if features is not None and 'amd64' in self._processors.ports else None

    @property
    def features(self):
        return self._processors.features

    def facts(self):
        """What abi.verdict() has to know of the host, as plain values; see the module's documentation of 'host'."""
        if self._facts is None:
            self._facts = self._gather()
        return self._facts

    def _gather(self):
        runs, others = _runs(self)
        found = [each for each in self._loaders() if each['state'] == 'ok']
        arch = self.userland
        if not self.root.whole and found and arch not in [each['arch'] for each in found]:
            arch = found[0]['arch']
        facts = {
            'arch': arch, 'kernel': '.'.join(str(each) for each in self.kernel), 'kernel_machine': self.machine, 'page_size': self.page_size,
            'cpu_level': self.level, 'cpu_features': processors.useful(self.kernel_arch, self._processors.features),
            'cpu_lacks': processors.missing_for_amd64('v4', self._processors.features) if self.level else [],
            'runs': runs, 'others': others, 'sysroot': None if self.root.whole else self.root.folder, 'libcs': found,
            'libc': None, 'libc_version': None, 'libc_path': None,
            'evidence': {'arch': 'ELF header of the running interpreter', 'kernel': 'uname', 'cpu': '/proc/cpuinfo' if not self._told_processors else 'given'}}
        main = [each for each in found if each['arch'] == arch]
        if main:
            facts.update((key, main[0][key]) for key in ('libc', 'libc_version', 'libc_path'))
            facts['evidence']['libc'] = main[0]['loader']
        return facts

    def _loaders(self):
        for name in sorted(ports.PORTS, key=lambda each: (each != self.userland, each)):
            for path in ports.PORTS[name].glibc + ports.PORTS[name].musl:
                if self.root.real(path):
                    yield self._loader(path)

    def _loader(self, path):
        state, loader, dummy = self.linker.loader(path)
        told = {'loader': path, 'state': state, 'arch': None, 'libc': None, 'libc_version': None, 'libc_path': None}
        if loader is not None:
            told.update(arch=loader.arch, libc=loader.libc, libc_version=loader.version, relr=loader.relr, strict=bool(loader.strict),
                        levels=bool(loader.levels),
                        identity=list(loader.identity), flags=loader.library.facts['flags'],
                        libc_path=path if loader.libc == 'musl' else None)
            if loader.libc == 'glibc':
                found, definitions = self.linker.libc(path)
                told.update(libc_path=found, libc_version=loaders.glibc_version(definitions))
        return told

    def portable_facts(self):
        """facts() with the versions that the most usual libraries define, to be kept and judged by later; at most 4 KB as JSON."""
        facts = dict(self.facts())
        facts['libcs'] = [dict(each) for each in facts['libcs']]
        main = [each for each in facts['libcs'] if each['arch'] == facts['arch'] and each['libc'] == 'glibc']
        for told in main[:1]:
            told['libraries'] = {}
            for name in TOLD:
                outcome = self.linker.find(told['loader'], name)
                if outcome.library is not None and not outcome.broken:
                    told['libraries'][name] = outcome.library.facts['version_definitions']
            for name in reversed(TOLD):
                if len(json.dumps(facts)) <= LARGEST_FACTS:
                    break
                told['libraries'].pop(name, None)
        return facts


def parsed_kernel(text):
    """A kernel's release as a tuple of numbers. Raises GofleetError(invalid_kernel)."""
    version = host_kernel.version(text)
    if version is None:
        raise GofleetError("kernel is '%s', which is no release of Linux. Write it as uname -r does: 3.10.0-1160.el7.x86_64." % text,
                           'invalid_kernel', kernel=text)
    return version


def _userland():
    try:
        return architecture.goarch()
    except GofleetError as exc:
        if exc.code != 'processor_too_old':
            raise
        # Too old for Go's own archive; what else runs there is asked of the processor's features.
        return 'arm'


# ---- which architectures the kernel runs


def _runs(observed):
    """({architecture: why}, others): why is 'native', 'compatible', 'binfmt_misc' or 'unknown'; others 'refused' or 'unknown'."""
    runs = {observed.userland: 'native'}
    if observed.kernel_arch:
        runs.setdefault(observed.kernel_arch, 'native')
    for kernel in list(runs):
        for other in ports.COMPATIBLE.get(kernel, ()):
            if other not in runs:
                said = _ia32(observed.kernel) if other == '386' else None
                if said is not False:
                    runs[other] = 'compatible' if said else 'unknown'
    if observed.userland == '386' and 'lm' in (observed.features or ()):
        # uname says what the personality of the process (setarch) makes it say.
        runs.setdefault('amd64', 'unknown')
    handled, others = _handlers()
    for name in handled:
        runs.setdefault(name, 'binfmt_misc')
    return runs, 'unknown' if observed.is_emulated else others


def _ia32(kernel):
    """Whether an amd64 kernel runs i386 programs: True, False, or None if that cannot be seen."""
    if not os.path.isdir(os.path.join(PROC, 'sys/kernel')):
        return None
    # The sysctl is there if the kernel was built for it (arch/x86/entry/vdso/vdso32-setup.c).
    if not os.path.exists(os.path.join(PROC, 'sys/abi/vsyscall32')):
        return False
    if kernel < _IA32_SWITCH_SINCE:
        return True
    switch = re.search(r'(?:^|\s)ia32_emulation=(\S+)', _read('cmdline') or '')
    if switch:
        return switch.group(1).lower() in ('1', 'y', 'yes', 'on', 'true', 't')
    built = _kernel_configuration()
    return None if built is None else 'CONFIG_IA32_EMULATION_DEFAULT_DISABLED=y' not in built


def _kernel_configuration():
    release = os.uname()[2]
    for path, opener in ((os.path.join(PROC, 'config.gz'), gzip.open), ('/boot/config-%s' % release, io.open),
                         ('/lib/modules/%s/config' % release, io.open), ('/usr/lib/modules/%s/config' % release, io.open)):
        try:
            source = opener(path, 'rb')
            try:
                return to_native(source.read(_LARGEST_TEXT), errors='surrogate_or_replace')
            finally:
                source.close()
        except (IOError, OSError):
            # Not every kernel leaves its configuration behind.
            continue
    return None


def _handlers():
    """(names of architectures and formats that binfmt_misc hands to an interpreter, what of the others: 'refused' or 'unknown')."""
    folder = os.path.join(PROC, _BINFMT)
    if not os.path.exists(os.path.join(folder, 'status')):
        # Registered handlers work where nobody can see them: in containers.
        known = _read('filesystems')
        return [], 'refused' if known is not None and 'binfmt_misc' not in known.split() else 'unknown'
    if (_read(_BINFMT + '/status') or '').strip() != 'enabled':
        return [], 'refused'
    handlers = [_handler(_read(os.path.join(_BINFMT, name)) or '') for name in os.listdir(folder) if name not in ('register', 'status')]
    headers = list(_FOREIGN.items())
    for name, port in ports.PORTS.items():
        headers += [(name, _header(port, kind)) for kind in (2, 3)]
    return sorted(set(name for name, header in headers for handler in handlers if handler and _matches(handler, header))), 'refused'


def _header(port, kind):
    """The first 128 bytes of a program, of which binfmt_misc looks at. kind: 2 ET_EXEC, 3 ET_DYN."""
    ident = b'\x7fELF' + struct.pack('4B', 1 if port.bits == 32 else 2, 1 if port.order == '<' else 2, 1, 0) + b'\0' * 8
    return (ident + struct.pack(port.order + 'HHI', kind, port.machine, 1)).ljust(128, b'\0')


def _handler(text):
    """(offset, magic, mask) of an entry that is enabled and goes by magic, or None. Source: bm_entry_read() of fs/binfmt_misc.c."""
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


# ---- /proc


def _read(name):
    """The text of a file below /proc, or None."""
    try:
        with io.open(os.path.join(PROC, name), 'rb') as source:
            return to_native(source.read(_LARGEST_TEXT), errors='surrogate_or_replace')
    except (IOError, OSError):
        # Containers lack some of them; what they would have said is then unknown.
        return None


def _link(name):
    try:
        return os.path.basename(os.readlink(os.path.join(PROC, name)))
    except OSError:
        # Another user's.
        return ''
