# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of abi_check: verdicts on programs of this host, or on programs elsewhere by their facts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible.module_utils.common.text.converters import to_native

from ansible_collections.gofleet.golang.plugins.module_utils._abi import host_facts, program_facts, report, stored, verdict
from ansible_collections.gofleet.golang.plugins.module_utils._abi import reasons as abi_reasons
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._files import regular as regular_files
from ansible_collections.gofleet.golang.plugins.module_utils._host import sysroot

# The interpreter of a script may be a script itself; after five of them kernels return ELOOP (fs/exec.c, exec_binprm()).
_SCRIPTS = 5
# The folders in which env(1) searches for a script's interpreter in a service (PATH of systemd and OpenRC).
_PATH = ('/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin')
_SHELLS = ('sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'zsh')
# A file that cannot be read, or that changed meanwhile, may still run.
_NOT_READ = ('file_unreadable', 'file_changed')


def check(params):
    """The result for the options of abi_check. Raises GofleetError."""
    if not (params['path'] or params['paths'] or params['binaries'] or params['gather']):
        raise GofleetError('There is nothing to check: set path, paths, src or gather.', 'nothing_asked')
    observed = host_facts.Observed(params['sysroot'], params['kernel'], _text(params['cpuinfo']))
    paths = [params['path']] if params['path'] else params['paths']
    results = [_judge_named(path, observed, params) for path in paths]
    results += [dict(_judged(each, observed), path=each['path']) for each in params['binaries']]
    answer = {'changed': False, 'verdict': verdict.worst([each['verdict'] for each in results])}
    if params['path']:
        answer.update(results[0])
    else:
        answer['results'] = results
    if params['gather']:
        answer['host'] = observed.portable_facts()
    answer.update(_failure(results, params['fail_on']))
    return report.plain(answer)


def _text(path):
    if path is None:
        return None
    return to_native(regular_files.read_start(path, 1 << 22), errors='surrogate_or_replace')


def _failure(results, fail_on):
    failing = [each for each in results if verdict.fails(each, fail_on)]
    if not failing:
        return {}
    worst = verdict.worst([each['verdict'] for each in failing])
    said = ['%s: %s' % (each['path'], verdict.cause(each)['detail']) for each in failing[:5]]
    said += ['and %d more.' % (len(failing) - 5)] if len(failing) > 5 else []
    what = 'cannot run' if worst == verdict.INCOMPATIBLE else 'may not run'
    return {'failed': True, 'code': _code(failing, fail_on) or worst,
            'msg': '%d of %d programs %s on this host. %s' % (len(failing), len(results), what, ' '.join(said))}


def _code(failing, fail_on):
    """The code that all failing results share, if it is more specific than their verdict: the file is missing, or needs an emulator.

    With fail_on: unknown, an open verdict has the code unknown.
    """
    codes = set(verdict.cause(each)['code'] for each in failing)
    known = abi_reasons.NO_FILE + (abi_reasons.LIKELY_MISTAKES if fail_on == 'incompatible' else ())
    return codes.pop() if len(codes) == 1 and codes <= set(known) else None


def _judge_named(path, observed, params):
    """The result for a file that an option names. A missing file is an error if it is the only one, and gets a verdict otherwise.

    Raises GofleetError.
    """
    try:
        return judge_file(path, observed, params['checksum'], params['gather'])
    except GofleetError as exc:
        if exc.code not in (abi_reasons.NOTHING_TO_RUN if params['paths'] else ()) + _NOT_READ:
            raise
        binary = dict(program_facts.unread(path, exc), noexec=sysroot.is_noexec(path))
        result = dict(_judged(binary, observed), path=to_native(path))
        if params['gather']:
            result['binary'] = program_facts.portable(binary)
        return result


def judge_file(path, observed, checksum=False, with_facts=False):
    """The result for a file of this host. Raises GofleetError(not_a_file, file_missing, file_unreadable)."""
    with program_facts.opened(path, checksum) as binary:
        inside = observed.root.inside(path)
        placed = dict(binary, noexec=sysroot.is_noexec(path), origin=os.path.dirname(inside) if inside else None)
        result = dict(_judged(placed, observed), path=to_native(path))
        if with_facts:
            # One reading serves facts and digest, so that a large file is not read twice.
            result['binary'] = program_facts.portable(binary)
        return result


def _judged(binary, observed, depth=0):
    host = dict(observed.facts(), linking=_linking(binary, observed), script=_script(binary, observed, depth))
    return report.result(binary, host, verdict.verdict(binary, host))


def judge_by_facts(binary, facts):
    """The result for facts of a program and stored facts of a host, both as abi_check returns them; 'unknown' if they are not enough."""
    host = dict(facts, linking=stored.from_stored(binary, facts), script=None)
    return report.plain(dict(report.result(binary, host, verdict.verdict(binary, host)), path=binary['path']))


def _linking(binary, observed):
    file = binary['file']
    if file is None or file['format'] != 'elf' or file['interp'] is None or file['type'] not in ('EXEC', 'DYN'):
        return None
    # If the kernel cannot run the program itself, the loaders of this host do not matter.
    if observed.facts()['runs'].get(verdict.architecture(file)) not in ('native', 'compatible'):
        return None
    return observed.linker.answer(binary)


# ---- scripts


def _script(binary, observed, depth):
    file = binary['file']
    if file is None or file['format'] != 'script' or file['interpreter_line']['bom'] or not file['interpreter_line']['program']:
        return None
    line = file['interpreter_line']
    # The kernel's strings end at a NUL.
    program, ends, dummy = to_native(line['program']).partition('\0')
    argument = None if ends else to_native(line['argument'] or '').partition('\0')[0]
    if line['crlf'] and not argument:
        return _not_there(program + '\\r')
    if depth >= _SCRIPTS:
        return _fails(program, 'it is the sixth script in a chain, and the kernel follows at most five.')
    if not program.startswith('/'):
        return _open(program, '%s is a relative path, so it depends on the working directory.' % program)
    judged = _interpreter(program, observed, depth)
    if judged['verdict'] != verdict.RUNS:
        return judged
    if ends and os.path.basename(program) in _SHELLS:
        return _open(program, 'its first line contains a NUL byte, with which bash refuses the script and dash does not.')
    if os.path.basename(program) == 'env':
        return _by_env(argument, line['crlf'], judged, observed)
    return _open(program, 'the argument on its first line ends with a carriage return.') if line['crlf'] else judged


def _interpreter(program, observed, depth):
    real = observed.root.real(program)
    if real is None:
        return _not_there(program)
    try:
        with program_facts.opened(real) as binary:
            inside = observed.root.resolved(program)
            binary.update(path=program, noexec=sysroot.is_noexec(real), origin=os.path.dirname(inside) if inside else None)
            judged = _judged(binary, observed, depth + 1)
    except GofleetError as exc:
        if exc.code in _NOT_READ:
            return _open(program, exc.msg)
        return _not_there(program) if exc.code == 'file_missing' else _fails(program, exc.msg)
    return {'program': program, 'verdict': judged['verdict'], 'reasons': judged['reasons']}


def _open(program, why):
    return {'program': program, 'verdict': verdict.UNKNOWN, 'reasons': [{'detail': why}]}


def _fails(program, why):
    return {'program': program, 'verdict': verdict.INCOMPATIBLE, 'reasons': [{'detail': why}]}


def _not_there(program):
    return _fails(program, '%s does not exist.' % program)


def _by_env(argument, crlf, judged, observed):
    """The verdict on a script that env(1) starts: env searches PATH, which the service may have changed."""
    if crlf:
        return _not_there(argument.split()[-1] + '\\r')
    words = [each for each in (argument or '').split() if not each.startswith('-') and '=' not in each]
    if words and not any(_is_program(observed.root.real('%s/%s' % (folder, words[0]))) for folder in _PATH):
        return _open(judged['program'], 'env searches PATH for %s, which is in none of its usual folders.' % words[0])
    return judged


def _is_program(path):
    """Whether env would start this file: it skips folders, and files that are not executable."""
    return path is not None and os.path.isfile(path) and bool(os.stat(path).st_mode & 0o111)
