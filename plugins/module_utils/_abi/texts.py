# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each reason of a verdict says to a person: what is wrong, where, and what to build or change instead."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

_FORMATS = {
    'gzip': 'It is a gzip archive: unpack it, and name the program in it.',
    'zip': 'It is a zip archive: unpack it, and name the program in it.',
    'html': 'It is an HTML page, most likely what a server said instead of the program: look at where it was fetched from.',
    'java': 'It is a Java class: a JVM runs it.',
    'macho': 'It is a program for macOS: build it with GOOS=linux.',
    'pe': 'It is a program for Windows: build it with GOOS=linux.',
    'wasm': 'It is a WebAssembly module: build it with GOOS=linux, and GOARCH of the host.',
    'plan9': 'It is a program for Plan 9: build it with GOOS=linux.',
    'xcoff': 'It is a program for AIX: build it with GOOS=linux, and GOARCH of the host.',
    'text': "It is text without a '#!' line: the kernel runs no such file.",
    'empty': 'It is empty: it was most likely cut short when it was written.',
}
# How zig names targets.
_TRIPLES = {'amd64': 'x86_64-linux-gnu', '386': 'x86-linux-gnu', 'arm64': 'aarch64-linux-gnu', 'arm': 'arm-linux-gnueabihf', 'riscv64': 'riscv64-linux-gnu',
            's390x': 's390x-linux-gnu', 'ppc64le': 'powerpc64le-linux-gnu'}


def detail(code, said):
    """A sentence or two. said: subject, need and have of the reason, and what else its text speaks of."""
    text = TEXTS[code]
    return text(said) if callable(text) else text % _filled(said)


def _filled(said):
    values = {'why': '', 'subject': '', 'need': '', 'have': ''}
    values.update((key, 'nothing' if value is None else value) for key, value in said.items())
    return values


def _needed_by(said):
    """Who needs it, where that is not the program itself."""
    return ' It is %s that needs it.' % said['by'] if said.get('by') else ''


def _libc(said):
    if not said.get('libc'):
        return 'this host'
    return 'this host (%s)' % ' '.join(each for each in (said['libc'], said.get('libc_version')) if each)


def _rebuild(said):
    """How to build for the C library of this host."""
    version = said.get('libc_version')
    advice = []
    if said.get('go'):
        advice.append('with CGO_ENABLED=0')
    if said.get('libc') == 'glibc' and version:
        advice.append('where glibc is %s or older' % version)
        if said.get('arch') in _TRIPLES:
            advice.append("with CC='zig cc -target %s.%s'" % (_TRIPLES[said['arch']], version))
    elif said.get('libc') == 'musl':
        advice += ['on a host with musl %s or older' % version if version else 'on such a host', 'statically']
    return 'Build it %s.' % _or(advice) if advice else 'Build it for this host.'


def _or(parts):
    return ', or '.join(parts)


def _not_elf(said):
    if said['have'] == 'script':
        return 'It is a script, and its interpreter %s runs here; whether what the script calls is here was not looked at.' % said['need']
    if said['have'] in _FORMATS:
        return _FORMATS[said['have']]
    if str(said['have']).startswith('script with'):
        return "A byte order mark stands before its '#!', so the kernel does not take it for a script: save it without one."
    return 'It is %s, not a program that Linux runs: name the program itself.' % (said['have'] if said['have'] != 'other' else 'of no format that is known')


def _script_interpreter_missing(said):
    if said.get('crlf'):
        return "Its first line ends with a carriage return, which becomes part of the interpreter's name: write the script with Unix line ends."
    return "Its interpreter %s does not run here: %s" % (said['need'], said.get('why') or 'it is not there.')


def _wrong_arch(said):
    if said.get('may_run') == 'binfmt_misc':
        return ('It is for %s. This host is %s, and hands such programs to an emulator (binfmt_misc), which may or may not run it.'
                % (said['need'], said['have']))
    if said.get('may_run'):
        return ('It is for %s, and this host is %s. Whether its kernel was built to run such programs cannot be seen from here.'
                % (said['need'], said['have']))
    if said.get('said_by') and said['certain']:
        return 'It was built for %s, as %s says: build it for Linux (GOOS=linux).' % (said['need'], said['said_by'])
    if said.get('said_by'):
        return ('It may have been built for %s, as %s says, and nothing else in it says which system it is for. Build it for Linux (GOOS=linux), '
                'or start it once to see.' % (said['need'], said['said_by']))
    return 'It is for %s, and this host is %s: build it with GOARCH=%s.' % (said['need'], said['have'], said['have'])


def _emulation_unseen(said):
    if said['have'] in _FORMATS:
        problem = _FORMATS[said['have']]
    else:
        problem = 'It is for %s, and this host is %s: build it with GOARCH=%s.' % (said['need'], said['have'], said['have'])
    return problem + (' Only an emulator or interpreter that the kernel hands it to (binfmt_misc) could run it, and whether there is one cannot be seen '
                      'from here. If there is, judge it with fail_on: never.')


def _interpreter_missing(said):
    state = said.get('state')
    if state == 'unnamed':
        return 'It needs libraries, but names no dynamic loader that would bring them: link it as a program.'
    others = sorted(set('%s %s' % (each['libc'], each['libc_version'] or '') for each in said.get('libcs') or () if each['libc']))
    has = ' This host has %s.' % ', '.join(each.strip() for each in others) if others else ''
    what = {'missing': 'is not there', 'not_executable': 'is not executable', 'broken': 'is no loader (%s)' % said.get('why')}.get(state, 'is %s' % state)
    text = 'Its dynamic loader %s %s.%s ' % (said['subject'], what, has)
    if said.get('go') and not said.get('needed'):
        return text + 'It needs no library, and has a loader only because it was built with -buildmode=pie: build it without.'
    return text + ('Build it with CGO_ENABLED=0, or against the C library of this host.' if said.get('go') else 'Build it against the C library of this host, '
                   'or statically.')


def _library_missing(said):
    why = said.get('why')
    if why and said['have']:
        return ('The loader would take %s for %s, and refuse it: %s.%s Install that library anew.'
                % (said['have'], said['subject'], why.rstrip('.'), _needed_by(said)))
    looked = ' It was looked for in %s.' % ', '.join(said['looked']) if said.get('looked') else ''
    return ('%s is not on %s.%s%s Install the package that brings it (LD_LIBRARY_PATH is not considered: a service starts without), or link it '
            'statically.' % (said['subject'], _libc(said), looked, _needed_by(said)))


def _version_missing(said):
    if said.get('why'):
        return said['why'][0].upper() + said['why'][1:] + '.'
    have = ' has at most %s' % said['have'] if said['have'] else ' has no such version'
    text = '%s is needed of %s, which on %s%s.%s ' % (said['need'], said['subject'], _libc(said), have, _needed_by(said))
    if not str(said['need']).startswith('GLIBC_'):
        return text + 'Install a newer %s, or build with an older one.' % said['subject']
    return text + _rebuild(said)


def _symbol_missing(said):
    version = '@%s' % said['need'] if said['need'] else ''
    if said.get('late'):
        return 'It needs the symbol %s%s, which nothing on %s defines: it starts, and dies as soon as it calls that.%s %s' % (
            said['subject'], version, _libc(said), _needed_by(said), _rebuild(said))
    where = ' %s does not define it' % said['have'] if said['have'] else ' None of its libraries here defines it'
    return 'It needs the symbol %s%s.%s on %s.%s %s' % (said['subject'], version, where, _libc(said), _needed_by(said), _rebuild(said))


def _relr(said):
    if said.get('why'):
        return 'The loader refuses it: %s. Link it without -z pack-relative-relocs.' % said['why']
    return ('%s has packed relocations (DT_RELR), which the loader of %s does not know: it would crash. Link it without -z pack-relative-relocs.'
            % (said['subject'], _libc(said)))


def _kernel(said):
    if said.get('go'):
        return 'Built with %s, it needs Linux %s or later; this host runs %s. Build it with an older Go, or update the kernel.' % (
            said['go'] if isinstance(said['go'], str) else said['go'].get('version'), said['need'], said['have'])
    consequence = '; this host runs %s' % said['have'] if said['have'] else ', and the loader passes it over on this kernel'
    return '%s was built for Linux %s and later%s.' % (said['subject'], said['need'], consequence)


def _cpu(said):
    if said.get('lacks') is None:
        return '%s needs a processor of level %s; this host has %s.' % (said['subject'], said['need'], said['have'])
    return ('It was built for processors with %s; this host has %s and lacks %s. Build it with %s.'
            % (said['need'], said['have'] or 'nothing of it', said['lacks'] or 'some of that', said['setting']))


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
    'wrong_float_abi': 'It was built for the %(need)s-float ABI, and its loader here is for the %(have)s-float one: build it for the float ABI of this host.',
    'interpreter_missing': _interpreter_missing,
    'library_missing': _library_missing,
    'library_wrong_class': lambda said: 'Of %s this host has only %s, which is not for %s.%s Install the package of the right architecture.' % (
        said['subject'], said['have'], said['need'], _needed_by(said)),
    'version_missing': _version_missing,
    'symbol_missing': _symbol_missing,
    'relr_unsupported': _relr,
    'cpu_level': _cpu,
    'kernel_too_old': _kernel,
    'page_size': 'Its segments are aligned to fewer bytes than a memory page of this host has (%(have)s): link it with -z max-page-size=65536.',
    'packed': 'It is packed (UPX): what is inside, which may be dynamic, shows only when it runs. Judge it unpacked (upx -d), or deploy it so.',
    'not_executable': lambda said: 'It is a shared library: there is nothing in it to start.' if said['have'] == 'a shared library' else
    'Nobody may execute it (mode %s): install it with mode 0755.' % said['have'],
    'noexec_mount': 'It lies on a file system that is mounted noexec: nothing there can be run. Put it elsewhere, or mount that without noexec.',
    'private_symbols': '%(need)s of %(subject)s is private to one build of that library: any update of it may break the program. Rebuild it with each.',
    'execstack': 'It asks for an executable stack, which hardened hosts (SELinux) refuse: link it with -z noexecstack.',
    'parse_limit': '%(why)s',
    'undetermined': lambda said: 'That cannot be told: %s.' % str(said.get('why') or 'nothing says so').rstrip('.'),
}
