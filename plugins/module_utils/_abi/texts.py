# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of each reason of a verdict: what is wrong, where, and what to build or change."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

_FORMATS = {
    'gzip': 'It is a gzip archive: unpack it, and name the program in it.',
    'zip': 'It is a zip archive: unpack it, and name the program in it.',
    'html': 'It is an HTML page, most likely the error page of a server: check where it was fetched from.',
    'java': 'It is a Java class, which needs a JVM.',
    'macho': 'It is a program for macOS: build it with GOOS=linux.',
    'pe': 'It is a program for Windows: build it with GOOS=linux.',
    'wasm': 'It is a WebAssembly module: build it with GOOS=linux, and GOARCH of the host.',
    'plan9': 'It is a program for Plan 9: build it with GOOS=linux.',
    'xcoff': 'It is a program for AIX: build it with GOOS=linux, and GOARCH of the host.',
    'text': "It is a text file without a '#!' line, which the kernel cannot run.",
    'empty': 'It is empty: most likely, writing it was interrupted. Fetch or build it again.',
}
# Go's name of an architecture -> the target name for 'zig cc'.
_TRIPLES = {'amd64': 'x86_64-linux-gnu', '386': 'x86-linux-gnu', 'arm64': 'aarch64-linux-gnu', 'arm': 'arm-linux-gnueabihf', 'riscv64': 'riscv64-linux-gnu',
            's390x': 's390x-linux-gnu', 'ppc64le': 'powerpc64le-linux-gnu'}


def detail(code, known):
    """The message of a reason, a sentence or two. known: its subject, need and have, and the other values that its message uses."""
    text = TEXTS[code]
    return text(known) if callable(text) else text % _filled(known)


def _filled(known):
    values = {'why': '', 'subject': '', 'need': '', 'have': ''}
    values.update((key, 'nothing' if value is None else value) for key, value in known.items())
    return values


def _needed_by(known):
    """The clause that names the object with the need, unless that is the program itself."""
    return ' It is needed by %s.' % known['by'] if known.get('by') else ''


def _libc(known):
    if not known.get('libc'):
        return 'this host'
    return 'this host (%s)' % ' '.join(each for each in (known['libc'], known.get('libc_version')) if each)


def _rebuild(known):
    """Advice on how to build for the C library of this host."""
    version = known.get('libc_version')
    advice = []
    if known.get('go'):
        advice.append('with CGO_ENABLED=0')
    if known.get('libc') == 'glibc' and version:
        advice.append('on a system with glibc %s or older' % version)
        if known.get('arch') in _TRIPLES:
            advice.append("with CC='zig cc -target %s.%s'" % (_TRIPLES[known['arch']], version))
    elif known.get('libc') == 'musl':
        advice += ['on a system with musl %s or older' % version if version else 'on such a system', 'statically']
    return 'Build it %s.' % ', or '.join(advice) if advice else 'Build it for this host.'


def _not_elf(known):
    have = known['have']
    if have == 'script':
        return 'It is a script, and its interpreter %s runs on this host; the programs that the script calls were not checked.' % known['need']
    if have in _FORMATS:
        return _FORMATS[have]
    if str(have).startswith('script with'):
        return "A byte order mark precedes its '#!', so the kernel does not take it for a script: save it without the mark."
    return 'It is %s, not a program that Linux can run: name the program itself.' % (have if have != 'other' else 'a file of an unknown format')


def _script_interpreter_missing(known):
    if known.get('crlf'):
        return "Its first line ends with a carriage return, which becomes part of the interpreter's name: save the script with Unix line endings."
    return 'Its interpreter %s does not run on this host: %s' % (known['need'], known.get('why') or 'it does not exist.')


def _wrong_arch(known):
    if known.get('may_run') == 'binfmt_misc':
        return ('It is built for %s. This host is %s, and passes such programs to an emulator (binfmt_misc), which may or may not run it.'
                % (known['need'], known['have']))
    if known.get('may_run'):
        return 'It is built for %s, and this host is %s. Whether the kernel of this host can run such programs is unknown.' % (known['need'], known['have'])
    if known.get('said_by') and known['certain']:
        return 'It was built for %s, according to %s: build it for Linux (GOOS=linux).' % (known['need'], known['said_by'])
    if known.get('said_by'):
        return ('It may have been built for %s, according to %s, and nothing else in it names a system. Build it for Linux (GOOS=linux), '
                'or start it once to find out.' % (known['need'], known['said_by']))
    return _other_architecture(known)


def _other_architecture(known):
    return 'It is built for %s, and this host is %s: build it with GOARCH=%s.' % (known['need'], known['have'], known['have'])


def _emulation_unseen(known):
    problem = _FORMATS[known['have']] if known['have'] in _FORMATS else _other_architecture(known)
    return problem + (' Only an emulator or interpreter registered with the kernel (binfmt_misc) could run it, and whether there is one '
                      'is not visible from here. If there is one, check the program with fail_on: never.')


def _interpreter_missing(known):
    state = known.get('state')
    if state == 'unnamed':
        return 'It needs libraries, but names no dynamic loader to load them: link it as a program.'
    others = sorted(set('%s %s' % (each['libc'], each['libc_version'] or '') for each in known.get('libcs') or () if each['libc']))
    has = ' This host has %s.' % ', '.join(each.strip() for each in others) if others else ''
    problems = {'missing': 'does not exist', 'not_executable': 'is not executable', 'broken': 'is not a loader (%s)' % known.get('why')}
    text = 'Its dynamic loader %s %s.%s ' % (known['subject'], problems.get(state, 'is %s' % state), has)
    if known.get('go') and not known.get('needed'):
        return text + 'It needs no library, and has a loader only because it was built with -buildmode=pie: build it without.'
    if known.get('go'):
        return text + 'Build it with CGO_ENABLED=0, or against the C library of this host.'
    return text + 'Build it against the C library of this host, or statically.'


def _library_missing(known):
    why = known.get('why')
    if why and known['have']:
        return ('The loader would find %s for %s, and refuse it: %s.%s Reinstall that library.'
                % (known['have'], known['subject'], why.rstrip('.'), _needed_by(known)))
    looked = ' It was searched for in %s.' % ', '.join(known['looked']) if known.get('looked') else ''
    return ('%s is not on %s.%s%s Install the package that provides it, or link the program statically. LD_LIBRARY_PATH is not considered, '
            'because a service starts without it.' % (known['subject'], _libc(known), looked, _needed_by(known)))


def _library_wrong_class(known):
    return ('For %s this host has only %s, which is not for %s.%s Install the package for the right architecture.'
            % (known['subject'], known['have'], known['need'], _needed_by(known)))


def _version_missing(known):
    if known.get('why'):
        return known['why'][0].upper() + known['why'][1:] + '.'
    have = ' provides at most %s' % known['have'] if known['have'] else ' provides no such version'
    text = 'It needs %s of %s, which on %s%s.%s ' % (known['need'], known['subject'], _libc(known), have, _needed_by(known))
    if not str(known['need']).startswith('GLIBC_'):
        return text + 'Install a newer %s, or build with an older one.' % known['subject']
    return text + _rebuild(known)


def _symbol_missing(known):
    symbol = '%s@%s' % (known['subject'], known['need']) if known['need'] else known['subject']
    if known.get('late'):
        return ('It needs the symbol %s, which nothing on %s defines: it starts, and crashes when it first calls that function.%s %s'
                % (symbol, _libc(known), _needed_by(known), _rebuild(known)))
    where = '%s does not define it' % known['have'] if known['have'] else 'None of its libraries defines it'
    return 'It needs the symbol %s. %s on %s.%s %s' % (symbol, where, _libc(known), _needed_by(known), _rebuild(known))


def _relr_unsupported(known):
    if known.get('why'):
        return 'The loader refuses it: %s. Link it without -z pack-relative-relocs.' % known['why']
    return ('%s has packed relocations (DT_RELR), which the loader of %s does not support: it would crash. Link it without -z pack-relative-relocs.'
            % (known['subject'], _libc(known)))


def _kernel_too_old(known):
    if known.get('go'):
        version = known['go'] if isinstance(known['go'], str) else known['go'].get('version')
        return 'It was built with %s and needs Linux %s or later; this host runs %s. Build it with an older Go, or update the kernel.' % (
            version, known['need'], known['have'])
    consequence = '; this host runs %s' % known['have'] if known['have'] else ', so the loader skips it on this kernel'
    return '%s was built for Linux %s and later%s.' % (known['subject'], known['need'], consequence)


def _cpu_level(known):
    if known.get('lacks') is None:
        return '%s needs a processor of level %s; this host has %s.' % (known['subject'], known['need'], known['have'])
    return ('It was built for processors with %s; this host has %s and lacks %s. Build it with %s.'
            % (known['need'], known['have'] or 'none of these features', known['lacks'] or 'some of these features', known['setting']))


def _not_executable(known):
    if known['have'] == 'a shared library':
        return 'It is a shared library, which cannot be started: name the program itself.'
    return 'It is not executable (mode %s): install it with mode 0755.' % known['have']


def _undetermined(known):
    return 'The verdict is open: %s.' % str(known.get('why') or 'there is no evidence').rstrip('.')


TEXTS = {
    'not_elf': _not_elf,
    'script_interpreter_missing': _script_interpreter_missing,
    'malformed': '%(why)s',
    'truncated': '%(why)s',
    'wrong_arch': _wrong_arch,
    'emulation_unseen': _emulation_unseen,
    'file_missing': '%(why)s',
    'not_a_file': '%(why)s',
    'file_unreadable': '%(why)s',
    'file_changed': '%(why)s',
    'wrong_float_abi': 'It was built for the %(need)s-float ABI, and its loader on this host is for the %(have)s-float one: build it for the latter.',
    'interpreter_missing': _interpreter_missing,
    'library_missing': _library_missing,
    'library_wrong_class': _library_wrong_class,
    'version_missing': _version_missing,
    'symbol_missing': _symbol_missing,
    'relr_unsupported': _relr_unsupported,
    'cpu_level': _cpu_level,
    'kernel_too_old': _kernel_too_old,
    'page_size': 'Its segments are aligned to less than a memory page of this host (%(have)s bytes): link it with -z max-page-size=65536.',
    'packed': 'It is packed (UPX), so what the program inside needs is not visible. Unpack it for the check (upx -d), or deploy it unpacked.',
    'not_executable': _not_executable,
    'noexec_mount': 'It is on a file system that is mounted noexec, where no program can run. Install it elsewhere, or mount that without noexec.',
    'private_symbols': '%(need)s of %(subject)s is private to one build of that library: any update of it may break the program. '
                       'Rebuild the program with each update.',
    'execstack': 'It asks for an executable stack, which hardened hosts (SELinux) refuse: link it with -z noexecstack.',
    'parse_limit': '%(why)s',
    'undetermined': _undetermined,
}
