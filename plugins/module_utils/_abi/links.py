# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons of a verdict that follow from dynamic linking: from linker.Linker.answer(), or from stored facts of a host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.module_utils.common.text.converters import to_native


def reasons(binary, host):
    """[(code, severity, subject, need, have, other values of the message)] of a program that has an interpreter."""
    link = host['linking']
    file = binary['file']
    interp = to_native(file['interp'])
    if link is None:
        return [('undetermined', 'warn', interp, None, None, {'why': 'its loader was not checked'})]
    return list(_of_loader(link, file, interp, host, binary)) + list(_of_findings(link, binary))


def _of_findings(link, binary):
    said = {'libc': link.get('libc'), 'libc_version': link.get('libc_version'), 'go': binary['go'], 'arch': link.get('arch')}
    for finding in link['findings']:
        more = dict(said, by=finding['by'], program=binary['path'], **dict((key, finding[key]) for key in ('why', 'looked', 'path', 'late') if key in finding))
        if finding['level'] == 'doubt':
            more['why'] = _doubt(finding)
            yield 'undetermined', 'warn', finding['subject'], finding['need'], finding['have'], more
        else:
            yield finding['code'], finding['level'], finding['subject'], finding['need'], finding['have'], more


def _doubt(finding):
    what = {'library_missing': 'it is in none of the folders that are searched', 'library_wrong_class': 'only a library for another architecture was found',
            'symbol_missing': 'nothing that was checked defines it', 'cpu_level': "what this host's processor can do is unknown",
            'relr_unsupported': 'its loader may not support DT_RELR'}.get(finding['code'])
    return ': '.join(each for each in (what, finding.get('why')) if each)


def _of_loader(link, file, interp, host, binary):
    state = link['state']
    said = {'state': state, 'go': binary['go'], 'needed': file['needed'], 'libcs': host['libcs'], 'why': link['have'] or ''}
    if state == 'noexec':
        yield 'noexec_mount', 'fatal', interp, None, None, {}
    elif state in ('unknown', 'relative'):
        yield 'undetermined', 'warn', interp, 'a dynamic loader', link['have'], {
            'why': 'it names its loader by a relative path' if state == 'relative' else link['have']}
    elif state != 'ok':
        yield 'interpreter_missing', 'fatal', interp, 'a dynamic loader', link['have'] if state != 'missing' else None, said
    elif link['identity'] != [file['machine'], file['bits'], file['order']]:
        yield 'interpreter_missing', 'fatal', interp, file['machine_name'], link['arch'], dict(said, state='of another architecture')
    elif link['libc'] == 'other':
        yield 'undetermined', 'warn', interp, None, None, {'why': 'it is neither the loader of glibc nor of musl'}
