# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide whether a program will run on a host. A pure function of the facts of both.

A reason is {code, severity, subject, need, have, detail}. A fatal one makes the verdict 'incompatible'; a warning with a code
of reasons.OPEN makes it 'unknown'.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._abi import files, links, systems
from ansible_collections.gofleet.golang.plugins.module_utils._abi import reasons as abi_reasons
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import kernels
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports, processors

reason = abi_reasons.reason
RUNS, UNKNOWN, INCOMPATIBLE = abi_reasons.RUNS, abi_reasons.UNKNOWN, abi_reasons.INCOMPATIBLE
# From the best to the worst.
VERDICTS = (RUNS, UNKNOWN, INCOMPATIBLE)
_SEVERITIES = ('fatal', 'warn', 'info')
_FAILING = {'incompatible': (INCOMPATIBLE,), 'unknown': (INCOMPATIBLE, UNKNOWN), 'never': ()}

_HARD_FLOAT, _SOFT_FLOAT = 0x400, 0x200


def verdict(binary, host):
    """{'verdict', 'reasons'} for the facts of a program (program_facts.read()) and of a host (host_facts.Observed.facts()).

    host also has 'linking': linker.Linker.answer() or stored.from_stored(), None if the program has no interpreter;
    and 'script': {'program', 'verdict', 'reasons'} of a script's interpreter, or None.
    """
    reasons = _said(_OF_ANY_FILE, binary, host)
    file = binary['file']
    if file is not None and file['format'] == 'elf':
        reasons += _said(_OF_ANY_ELF, binary, host)
        unfit = _said((_kind,), binary, host) or _said((_architecture,), binary, host)
        # Further reasons would not matter.
        reasons += unfit or _said(_OF_NATIVE_PROGRAMS, binary, host)
    reasons.sort(key=lambda each: _SEVERITIES.index(each['severity']))
    return {'verdict': _conclusion(reasons), 'reasons': reasons}


def _said(checks_of_a_kind, binary, host):
    said = []
    for check in checks_of_a_kind:
        said += [each for each in check(binary, host) if each not in said]
    return said


def _conclusion(reasons):
    if any(each['severity'] == 'fatal' for each in reasons):
        return INCOMPATIBLE
    if any(each['severity'] == 'warn' and each['code'] in abi_reasons.OPEN for each in reasons):
        return UNKNOWN
    return RUNS


def worst(verdicts):
    """The worst of some verdicts; 'runs' for an empty list."""
    return max(verdicts, key=VERDICTS.index) if verdicts else RUNS


def fails(judged, fail_on):
    """Whether a result ({'verdict', 'reasons'}) is a failure. fail_on: incompatible, unknown or never, as the option of abi_check."""
    return judged['verdict'] in _FAILING[fail_on] or (fail_on != 'never' and bool(_mistakes(judged)))


def cause(judged):
    """The main reason of a verdict, or None for a verdict without reasons."""
    return (_mistakes(judged) or judged['reasons'] or [None])[0]


def _mistakes(judged):
    """The reasons that make an 'unknown' verdict a failure by default."""
    return [each for each in judged['reasons'] if each['code'] in abi_reasons.LIKELY_MISTAKES] if judged['verdict'] == UNKNOWN else []


# ---- the kind of file


def _kind(binary, host):
    file = binary['file']
    if file['truncated']:
        # The missing part may be decisive.
        return
    if file['type'] not in ('EXEC', 'DYN'):
        yield reason('not_elf', 'fatal', binary['path'], 'a program', 'an ELF file of type %s' % file['type'])
    elif file['interp'] is None and not file['static'] and not file['static_pie']:
        if file['type'] == 'DYN' and not file['needed']:
            # Loaders are libraries of this kind that can be started.
            yield reason('undetermined', 'warn', binary['path'], 'a program', 'a shared library',
                         why='it is a shared library, and whether it can be started is unknown')
        elif file['type'] == 'DYN':
            yield reason('not_executable', 'fatal', binary['path'], 'a program', 'a shared library')
        else:
            yield reason('interpreter_missing', 'fatal', binary['path'], 'a dynamic loader', None, state='unnamed')


# ---- the machine


def architecture(file):
    """Go's name for the architecture of a file (elf.as_facts()), or None."""
    return ports.name_of(file['machine'], file['bits'], file['order'])


def _architecture(binary, host):
    file = binary['file']
    name = architecture(file)
    runs = host['runs'].get(name)
    if not runs and host['others'] == 'unknown':
        yield reason('emulation_unseen', 'warn', binary['path'], name or file['machine_name'], host['arch'])
    elif runs not in ('native', 'compatible'):
        yield reason('wrong_arch', 'warn' if runs else 'fatal', binary['path'], name or file['machine_name'], host['arch'], may_run=runs)
    foreign = _foreign(binary, host)
    if foreign and foreign.certain:
        yield reason('wrong_arch', 'fatal', binary['path'], foreign.system, 'Linux', said_by=foreign.said_by, certain=True)


def _header_of_another_system(binary, host):
    foreign = _foreign(binary, host)
    if foreign and not foreign.certain:
        yield reason('wrong_arch', 'warn', binary['path'], foreign.system, 'Linux', said_by=foreign.said_by, certain=False)


def _foreign(binary, host):
    return systems.foreign(binary['file'], binary['go'], (host['linking'] or {}).get('state') == 'ok')


def _float_abi(binary, host):
    link, file = host['linking'], binary['file']
    if not link or architecture(file) != 'arm' or link.get('flags') is None:
        return
    for mine, theirs, need, have in ((_HARD_FLOAT, _SOFT_FLOAT, 'hard', 'soft'), (_SOFT_FLOAT, _HARD_FLOAT, 'soft', 'hard')):
        if file['flags'] & mine and link['flags'] & theirs:
            yield reason('wrong_float_abi', 'fatal', binary['path'], need, have)


def needed_level(binary):
    """The x86-64 level that a program needs, 'v1' to 'v4'; 'unknown' for a Go program without this information; None otherwise."""
    said = [processors.isa_level(binary['file']['isa_needed']), _go_level(binary)]
    said = [each for each in said if each]
    return 'unknown' if 'unknown' in said else max(said) if said else None


def _go_level(binary):
    go = binary['go']
    return (go['settings'].get('GOAMD64') or go['cpu_level_text']) if go and architecture(binary['file']) == 'amd64' else None


def _level(binary, host):
    need, have = _go_level(binary), host['cpu_level']
    if need == 'unknown' or (need and need > 'v1' and have is None):
        yield reason('undetermined', 'warn', binary['path'], need, have, why='the x86-64 level that it needs, or that this host has, is unknown')
    elif need and have and need > have:
        lacks = [each for each in processors.missing_for_amd64(need, ()) if each in host['cpu_lacks']]
        yield reason('cpu_level', 'fatal', binary['path'], need, have, lacks=', '.join(lacks), setting='GOAMD64=%s' % have)


def _isa(binary, host):
    """glibc since 2.33 refuses a program because of this note; for other loaders the note is only a hint from the compiler."""
    unmet = processors.unmet_isa(binary['file']['isa_needed'], host['cpu_level'])
    if not unmet:
        return
    if host['cpu_level'] and (host['linking'] or {}).get('enforces_levels'):
        yield reason('cpu_level', 'fatal', binary['path'], unmet, host['cpu_level'], lacks=None)
    elif not unmet.startswith(processors.BEYOND):
        yield reason('undetermined', 'warn', binary['path'], unmet, host['cpu_level'],
                     why='it says that it needs a processor of level %s, which nothing checks before it starts' % unmet)


def _features(binary, host):
    """The processor features that Go's settings need on architectures other than amd64."""
    name = architecture(binary['file'])
    if not binary['go'] or name == 'amd64':
        return
    setting, asked = processors.asked_by_go(name, binary['go']['settings'])
    features = host['cpu_features']
    # 64-bit processors have all features of the 32-bit ones.
    if asked == [] or {'arm': 'arm64', '386': 'amd64'}.get(name) in host['runs']:
        return
    if asked is None or features is None:
        yield reason('undetermined', 'warn', binary['path'], setting, None, why='whether this processor has the features that %s needs is unknown' % setting)
    elif not any(set(each) <= set(features) for each in asked):
        yield reason('cpu_level', 'fatal', binary['path'], setting, ' '.join(features) or None,
                     lacks=', '.join(each for each in asked[0] if each not in features), setting='a lower %s' % setting.split('=')[0])


def needed_kernel(binary):
    """The oldest kernel that a program needs according to its own facts, as a tuple, or None."""
    wanted = []
    if binary['go']:
        minimum = _kernel_of_go(binary['go']['version'], architecture(binary['file']))
        wanted += [minimum] if minimum else []
    # In a dynamic program, the C library that it loads has this requirement.
    if binary['file']['interp'] is None and binary['file']['kernel_tag']:
        wanted.append(tuple(binary['file']['kernel_tag']))
    return max(wanted) if wanted else None


def _kernel_of_go(version, goarch):
    found = re.search(r'go([0-9]+\.[0-9]+(?:\.[0-9]+|rc[0-9]+|beta[0-9]+)?)', version or '')
    if not found:
        return None
    try:
        return kernels.minimum(found.group(1), goarch)
    except GofleetError:
        # The minimum kernel of this version of Go is unknown.
        return None


def _kernel(binary, host):
    needed = needed_kernel(binary)
    have = tuple(int(each) for each in host['kernel'].split('.'))
    if needed and have < needed:
        yield reason('kernel_too_old', 'fatal', binary['path'], '.'.join(str(each) for each in needed), host['kernel'],
                     go=binary['go']['version'] if binary['go'] else None)


def _entry(binary, host):
    """The reason for an invalid entry point, to which the kernel and the loaders jump without a check."""
    file, entry = binary['file'], binary.get('entry')
    if entry is None:
        return
    inside = [load for load in file['loads'] if load['vaddr'] <= entry < load['vaddr'] + load['memsz']]
    # On ppc64 the entry is a descriptor in a data segment; and on some kernels a program with an executable stack has executable data.
    must_be_code = architecture(file) != 'ppc64' and file['stack_executable'] is False
    if not inside or (must_be_code and not any(load['flags'] & 1 for load in inside)):
        yield reason('malformed', 'fatal', binary['path'], why='Its entry point %#x is in no code segment, so it would crash at once: build it again.' % entry)


def _page_size(binary, host):
    size = host['page_size']
    for load in binary['file']['loads']:
        if load['memsz'] and (load['vaddr'] - load['offset']) % size:
            yield reason('page_size', 'fatal', binary['path'], load['align'], size)
            return


def _stack(binary, host):
    if binary['file']['stack_executable']:
        yield reason('execstack', 'warn', binary['path'])


def _links(binary, host):
    if binary['file']['interp'] is None:
        return
    for code, severity, subject, need, have, said in links.reasons(binary, host):
        yield reason(code, severity, subject, need, have, **said)


_OF_ANY_FILE = files.OF_ANY_FILE
_OF_ANY_ELF = files.OF_ANY_ELF
_OF_NATIVE_PROGRAMS = (_header_of_another_system, _float_abi, _links, _entry, _isa, _level, _features, _kernel, _page_size, _stack)
