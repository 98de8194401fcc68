# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Split and check GOFLAGS as the go command does.

An unknown flag, or a value that a command cannot read, makes every go command fail. Sources: cmd/internal/quoted, cmd/go/internal/base/goflags.go,
cmd/go/internal/load/flag.go; the names are those of Go 1.21 to 1.26, and tests/properties compares them with a real go.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import difflib
import re

_SPACE = u' \t\n\r'


def _words(text):
    return frozenset(text.split())


# Flags by the type of their values. Those of `go test` also exist with the prefix test.
_BOOLEANS = _words('''
    a asan cache changed compiled d deps diff e export find fmt fullpath fuzzcache i insecure linkshared m modcache modcacherw msan n print r race
    retracted t test testcache trimpath u vendor versions w work x artifacts benchmem cover failfast json short v
''')
_TEXTS = _words('''
    C asmflags buildmode compat compiler debug-actiongraph debug-runtime-trace debug-trace dropexclude dropgodebug dropignore dropreplace droprequire
    dropretract droptool dropuse exclude exec fixtool gccgoflags gcflags go godebug ignore installsuffix ldflags mod modfile module o overlay p pgo pkgdir
    replace require retract reuse tags toolchain toolexec use vet vettool bench benchtime blockprofile blockprofilerate count covermode coverpkg coverprofile
    cpu cpuprofile fuzz fuzzminimizetime fuzztime list memprofile memprofilerate mutexprofile mutexprofilefraction outputdir parallel run shuffle skip
    timeout trace
''')
# Flags that are boolean in one command and text in another.
_EITHER = _words('c f fix tool buildvcs')
_OF_TEST = _words('''
    artifacts bench benchmem benchtime blockprofile blockprofilerate count coverprofile cpu cpuprofile failfast fullpath fuzz fuzzminimizetime fuzztime list
    memprofile memprofilerate mutexprofile mutexprofilefraction outputdir parallel run short shuffle skip timeout trace v
''')
NAMES = _BOOLEANS | _TEXTS | _EITHER | frozenset('test.' + name for name in _OF_TEST)

_BOOLEAN = re.compile(u'(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)\\Z')
_NUMBER = re.compile(u'[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|0|[1-9](_?[0-9])*)\\Z')
_DURATION = re.compile(u'[+-]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)\\Z')
_SHAPES = {
    'p': (_NUMBER, 'a whole number'), 'count': (_NUMBER, 'a whole number'), 'parallel': (_NUMBER, 'a whole number'),
    'timeout': (_DURATION, 'a duration such as 10m'),
    'buildvcs': (re.compile(_BOOLEAN.pattern[:-2] + u'\\Z|auto\\Z'), 'true, false or auto'),
    'mod': (re.compile(u'(mod|readonly|vendor)?\\Z'), 'mod, readonly or vendor'),
    'compiler': (re.compile(u'(gc|gccgo)\\Z'), 'gc or gccgo'),
    'covermode': (re.compile(u'(set|count|atomic)\\Z'), 'set, count or atomic'),
}
# Flags whose value is a list of arguments for a tool, with an optional pattern= before it.
PER_PACKAGE = ('asmflags', 'gccgoflags', 'gcflags', 'ldflags')
_PROGRAMS = ('exec', 'toolexec')


class Unterminated(Exception):
    """A quote is not closed."""


def split(text):
    """The entries of a list of flags, split as Go does: quotes count only around a whole entry, and there are no escapes. Raises Unterminated."""
    entries = []
    rest = text.lstrip(_SPACE)
    while rest:
        if rest[0] in u'"\'':
            entry, quote, rest = rest[1:].partition(rest[0])
            if not quote:
                raise Unterminated()
        else:
            entry = re.split(u'[%s]' % _SPACE, rest, maxsplit=1)[0]
            rest = rest[len(entry):]
        entries.append(entry)
        rest = rest.lstrip(_SPACE)
    return entries


def quoted(entry):
    """An entry in a form that split() reads: quoted as a whole if it contains spaces or begins with a quote."""
    if entry and not re.search(u'[%s]' % _SPACE, entry) and entry[0] not in u'"\'':
        return entry
    return u'"%s"' % entry if u"'" in entry else u"'%s'" % entry


def refusal(entries, any_name=False):
    """The reason why the go command would reject these flags in GOFLAGS, or None. It may name flags, but never contains a value.

    entries: text, one per flag; any_name: whether an unknown flag is accepted, since a newer Go may have it.
    """
    for entry in entries:
        found = re.match(u'--?([^-=][^=]*)(=(.*))?\\Z', entry, re.DOTALL)
        if not found:
            return _NO_FLAG
        name, given, value = found.groups()
        if name not in NAMES and not any_name:
            return _unknown(name)
        reason = _of_value(name[5:] if name.startswith('test.') else name, value if given else None)
        if reason:
            return 'contains -%s, which %s' % (name, reason)
    return None


_NO_FLAG = ('is a list of -flag or -flag=value. Quotes count only around a whole flag: write \'-ldflags=-s -w\' (in a YAML list '
            'without any quotes of your own: - -ldflags=-s -w), not -ldflags=\'-s -w\'')


def _unknown(name):
    # A text that does not look like a name may be a part of a secret value that contains a space.
    if not re.match(u'[A-Za-z.-]+\\Z', name):
        return _NO_FLAG
    near = difflib.get_close_matches(name, sorted(NAMES), 1)
    return 'contains -%s, which is not a flag of any go command%s' % (name, ' (did you mean -%s?)' % near[0] if near else '')


def _of_value(name, value):
    if value is None:
        return 'needs a value: write -%s=VALUE' % name if name in _TEXTS else None
    if name in _BOOLEANS and not _BOOLEAN.match(value):
        return 'is a boolean: write -%s alone, or with =true or =false' % name
    if name in _SHAPES and not _SHAPES[name][0].match(value):
        return 'must be %s' % _SHAPES[name][1]
    if name in PER_PACKAGE:
        return _of_packages(value.strip())
    return of_arguments(value) if name in _PROGRAMS else None


def _of_packages(value):
    """load.PerPackageFlag: [pattern=]arguments."""
    if value and not value.startswith(u'-'):
        if value[0] in u'"\'':
            return 'must not have its value in quotes: quote the whole flag, or in a list nothing at all'
        pattern, equals, value = value.partition(u'=')
        if not pattern or not equals:
            return 'must be followed by arguments that begin with -, or by PATTERN=arguments'
    return of_arguments(value)


def of_arguments(value):
    """The reason why Go could not split a list of arguments, or None."""
    try:
        split(value)
    except Unterminated:
        return 'contains an unterminated quote'
    return None
