# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of a host that decide which programs it can run, read from its files and its kernel; no program is run."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import architecture, foreign_programs, ports, proc, processors
from ansible_collections.gofleet.golang.plugins.module_utils._host import kernel as host_kernel
from ansible_collections.gofleet.golang.plugins.module_utils._host.sysroot import Root
from ansible_collections.gofleet.golang.plugins.module_utils._linking import linker, loaders
from ansible_collections.gofleet.golang.plugins.module_utils._linking.libraries import Libraries

# Libraries whose versions are in stored facts, the most common first: the last ones are omitted if the facts become too large.
LIBRARIES = ('libc.so.6', 'libpthread.so.0', 'libm.so.6', 'libdl.so.2', 'libresolv.so.2', 'librt.so.1', 'libgcc_s.so.1', 'libutil.so.1', 'libstdc++.so.6')
LARGEST_FACTS = 4000


class Observed:
    """The facts of this host; options may replace some of them.

    sysroot: folder of the file system to read; kernel: a release, as '3.10.0-1160.el7'; cpuinfo: text of /proc/cpuinfo.
    Raises GofleetError(unknown_architecture, no_sysroot, invalid_kernel).
    """

    def __init__(self, sysroot='/', kernel=None, cpuinfo=None):
        self.root = Root(sysroot)
        self.kernel = parsed_kernel(kernel) if kernel else host_kernel.version()
        self.machine = os.uname()[4]
        self.page_size = os.sysconf('SC_PAGE_SIZE')
        self._text = proc.read('cpuinfo') if cpuinfo is None else cpuinfo
        self.userland = _userland()
        self.kernel_arch = ports.of_kernel(self.machine)
        self._processors = processors.read(self._text or '')
        self._given_processors = cpuinfo is not None
        self.libraries = Libraries(self.root)
        self.linker = linker.Linker(self.libraries, self.kernel, self.level, self.page_size)
        self._facts = None

    @property
    def is_emulated(self):
        """Whether a user-mode emulator runs this process, because then uname does not report the kernel's architecture."""
        reported = self._processors.ports
        if not self._given_processors and reported and self.kernel_arch and self.kernel_arch not in reported:
            return True
        return any('qemu' in name or 'binfmt' in name for name in (proc.link('1/exe'), proc.link('self/exe')))

    @property
    def level(self):
        """The x86-64 level of the host's processors, 'v1' to 'v4', or None."""
        features = self._processors.features
        return processors.amd64_level(features) if features is not None and 'amd64' in self._processors.ports else None

    @property
    def features(self):
        return self._processors.features

    def facts(self):
        """The facts that verdict.verdict() needs, as plain values; see 'host' in the documentation of abi_check."""
        if self._facts is None:
            self._facts = self._gather()
        return self._facts

    def _gather(self):
        runs, others = foreign_programs.runs(self.userland, self.kernel_arch, self.kernel, self.features)
        found = [each for each in self._loaders() if each['state'] == 'ok']
        arch = self.userland
        if not self.root.whole and found and arch not in [each['arch'] for each in found]:
            arch = found[0]['arch']
        facts = {
            'arch': arch, 'kernel': '.'.join(str(each) for each in self.kernel), 'kernel_machine': self.machine, 'page_size': self.page_size,
            'cpu_level': self.level, 'cpu_features': processors.useful(self.kernel_arch, self._processors.features),
            'cpu_lacks': processors.missing_for_amd64('v4', self._processors.features) if self.level else [],
            'runs': runs, 'others': 'unknown' if self.is_emulated else others, 'sysroot': None if self.root.whole else self.root.folder, 'libcs': found,
            'libc': None, 'libc_version': None, 'libc_path': None,
            'evidence': {'arch': 'ELF header of the running interpreter', 'kernel': 'uname', 'cpu': '/proc/cpuinfo' if not self._given_processors else 'given'}}
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
        known = {'loader': path, 'state': state, 'arch': None, 'libc': None, 'libc_version': None, 'libc_path': None}
        if loader is not None:
            known.update(
                arch=loader.arch, libc=loader.libc, libc_version=loader.version, relr=loader.relr, strict=bool(loader.strict),
                levels=bool(loader.levels), identity=list(loader.identity), flags=loader.library.facts['flags'],
                libc_path=path if loader.libc == 'musl' else None)
            if loader.libc == 'glibc':
                found, definitions = self.linker.libc(path)
                known.update(libc_path=found, libc_version=loaders.glibc_version(definitions))
        return known

    def portable_facts(self):
        """facts() with the versions that the most common libraries define, to be stored for later verdicts; at most 4 KB as JSON."""
        facts = dict(self.facts())
        facts['libcs'] = [dict(each) for each in facts['libcs']]
        main = [each for each in facts['libcs'] if each['arch'] == facts['arch'] and each['libc'] == 'glibc']
        for known in main[:1]:
            known['libraries'] = {}
            for name in LIBRARIES:
                outcome = self.linker.find(known['loader'], name)
                if outcome.library is not None and not outcome.broken:
                    known['libraries'][name] = outcome.library.facts['version_definitions']
            for name in reversed(LIBRARIES):
                if len(json.dumps(facts)) <= LARGEST_FACTS:
                    break
                known['libraries'].pop(name, None)
        return facts


def parsed_kernel(text):
    """A kernel's release as a tuple of numbers. Raises GofleetError(invalid_kernel)."""
    version = host_kernel.version(text)
    if version is None:
        raise GofleetError("Invalid kernel '%s': write a release as uname -r prints it, such as 3.10.0-1160.el7.x86_64." % text,
                           'invalid_kernel', kernel=text)
    return version


def _userland():
    try:
        return architecture.goarch()
    except GofleetError as exc:
        if exc.code != 'processor_too_old':
            raise
        # The processor is too old for Go's archive; whether other programs run depends on its features.
        return 'arm'
