# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons of a verdict that do not depend on the architecture: access, format, a script's interpreter, and whether the file is complete."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.gofleet.golang.plugins.module_utils._abi import reasons

# Formats other than ELF for which hosts are known to have an interpreter.
_INTERPRETED = ('pe', 'java', 'wasm')

reason = reasons.reason


def _access(binary, host):
    if binary['placed'] and not binary['mode'] & 0o111:
        yield reason('not_executable', 'fatal', binary['path'], 'a mode with x', '0%o' % (binary['mode'] & 0o7777))
    if binary['placed'] and binary.get('noexec'):
        yield reason('noexec_mount', 'fatal' if host['sysroot'] is None else 'warn', binary['path'])


def _readable(binary, host):
    """The reasons for parts that could not be read. The kernel or the loader also refuses the file if it reads the same bytes."""
    for error in binary['errors']:
        if error['code'] in reasons.NO_FILE:
            yield reason(error['code'], 'fatal' if error['code'] in reasons.NOTHING_TO_RUN else 'warn', binary['path'], why=error['msg'])
            continue
        refused = error['of'] == 'file' or (error['of'] == 'symbols' and binary['file'] and binary['file']['interp'])
        if refused and error['code'] in ('malformed', 'truncated'):
            yield reason(error['code'], 'fatal', binary['path'], why=error['msg'])
        else:
            yield reason('parse_limit', 'warn', binary['path'], why=error['msg'])


def _container(binary, host):
    file = binary['file']
    if file is None or file['format'] in ('elf', 'script'):
        return
    if file['format'] in host['runs']:
        yield reason('undetermined', 'warn', binary['path'], 'an ELF program', file['format'],
                     why='this host passes %s files to an interpreter (binfmt_misc), which may or may not run this one' % file['format'])
    elif file['format'] in _INTERPRETED and host['others'] == 'unknown':
        yield reason('emulation_unseen', 'warn', binary['path'], 'an ELF program', file['format'])
    else:
        yield reason('not_elf', 'fatal', binary['path'], 'an ELF program', file['format'])


def _script(binary, host):
    if binary['file'] is None or binary['file']['format'] != 'script':
        return
    line = binary['file']['interpreter_line']
    if line['bom'] or not line['program']:
        have = 'script with a byte order mark' if line['bom'] else 'a script without an interpreter'
        yield reason('not_elf', 'fatal', binary['path'], 'an ELF program or a script', have)
        return
    script = host['script']
    if script is None:
        yield reason('undetermined', 'warn', binary['path'], line['program'], None, why='it is a script, and its interpreter was not checked')
    elif script['verdict'] == reasons.INCOMPATIBLE:
        yield reason('script_interpreter_missing', 'fatal', binary['path'], line['program'] + ('\\r' if line['crlf'] else ''), None,
                     crlf=line['crlf'], why=script['reasons'][0]['detail'] if script['reasons'] else '')
    elif script['verdict'] == reasons.UNKNOWN:
        # A more specific code, such as that of an emulator.
        codes = [each['code'] for each in script['reasons'] if each.get('code') in reasons.OPEN]
        said = reason('undetermined', 'warn', binary['path'], line['program'], None,
                      why='it is a script. About its interpreter: %s' % script['reasons'][0]['detail'].rstrip('.'))
        yield dict(said, code=codes[0]) if codes else said
    else:
        yield reason('not_elf', 'info', binary['path'], line['program'], 'script')


def _whole(binary, host):
    file = binary['file']
    if file['truncated']:
        severity = 'fatal' if _lacks_a_page(binary, host['page_size']) else 'warn'
        yield reason('truncated', severity, binary['path'], why='It is truncated (%s): fetch or copy it again.' % file['truncated'])
    if file['malformed']:
        yield reason('malformed', 'warn', binary['path'], why='Its headers have errors that the kernel ignores: %s.' % '; '.join(file['malformed']))
    if file['limits']:
        yield reason('parse_limit', 'warn', binary['path'], why='Not all of it could be checked: %s.' % '; '.join(file['limits']))
    if file['packed']:
        yield reason('packed', 'warn', binary['path'])


def _lacks_a_page(binary, page_size):
    """Whether a segment lacks more than the rest of the file's last page, which the kernel fills with zeros."""
    end = -(-binary['size'] // page_size) * page_size
    return any(load['filesz'] and load['offset'] + load['filesz'] > end for load in binary['file']['loads'])


OF_ANY_FILE = (_access, _readable, _container, _script)
OF_ANY_ELF = (_whole,)
