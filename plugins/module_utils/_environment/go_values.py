# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refuse values that the go command rejects, before they reach a host, where they would make every go command fail.

tests/properties compares this with a real go. Values that go accepts but that never have the intended effect are also refused: GOPRIVATE and its like with
the scheme of an address, and a relative GOBIN or GOTMPDIR, which go rejects only when it needs them. This does not check GOEXPERIMENT, whose names
differ between releases, and values of flags that only one command reads.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.gofleet.golang.plugins.module_utils._environment import flags, urls
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError


def check(shares):
    """Raise GofleetError(invalid_go_value), with every refusal but without values, if the go command would reject Variables of a consumer.

    shares: lists of Variables, one per consumer.
    """
    reasons = {}
    for share in shares:
        for variable in share:
            reasons[variable.name] = refusal(variable)
        reasons.update(_port_refusal(dict((variable.name, variable.text) for variable in share)))
    refused = [{'variable': name, 'reason': reasons[name]} for name in sorted(reasons) if reasons[name]]
    if refused:
        raise GofleetError('The go command would reject these values, so nothing was changed: %s.'
                           % '; '.join('%s %s' % (each['variable'], each['reason']) for each in refused), 'invalid_go_value', refused=refused)


def refusal(variable):
    """The reason why the go command would reject a Variable, as a text that follows its name, or None. It never contains the value."""
    if variable.name == 'GOFLAGS':
        return _flags(variable)
    # Entries of a list of folders have other rules (values.py), and the consumer resolves ~/ in them.
    if variable.name == 'GOPATH' and variable.is_list:
        return None
    return _REASONS[variable.name](variable.text) if variable.name in _REASONS and variable.text else None


def _port_refusal(values):
    goos, goarch = values.get('GOOS') or u'linux', values.get('GOARCH')
    if goos in _PORTS and goarch in _ARCHITECTURES and goarch not in _PORTS[goos]:
        return {'GOARCH': 'is not valid with GOOS %s: Go has no such port ("go tool dist list" shows all)' % goos}
    return {}


def _flags(variable):
    # With another type than the usual one, the user declares the value to be valid: it may have a flag of a newer Go.
    if variable.type == 'flag_list':
        return flags.refusal(variable.value)
    return flags.of_arguments(variable.text) or flags.refusal(flags.split(variable.text), any_name=True)


def _one_of(*words):
    return lambda text: None if text in words else 'must be %s or %s' % (', '.join(words[:-1]), words[-1])


def _like(pattern, rule):
    compiled = re.compile(u'(?:%s)\\Z' % pattern)
    return lambda text: None if compiled.match(text) else rule


def _folder(text):
    return None if text.startswith(u'/') else 'must be an absolute path: nothing expands ~ or a variable in it'


def _folders(text):
    return next((reason for reason in (_folder(entry) for entry in text.split(u':') if entry) if reason), None)


def _path_or_off(text):
    return None if text == u'off' else _folder(text)


_NUMBER = u'(?:0|[1-9][0-9]*)'
_VERSION = u'{0}(?:\\.{0}(?:\\.{0}|[a-z]+{0}?)?)?'.format(_NUMBER)


def _toolchain(text):
    name, plus, mode = text.partition(u'+')
    if text in (u'auto', u'path') or (name == u'local' and (not plus or mode in (u'auto', u'path'))):
        return None
    if name.startswith(u'go1') and re.match(u'%s(?:[ \t-][^/\\\\]*)?\\Z' % _VERSION, name[2:]) and (not plus or mode in (u'auto', u'path')):
        return None
    advice = ''
    if re.match(u'[0-9]+\\.', text):
        advice = '; a version begins with go (go1.26.6)'
    elif text.lower() != text:
        advice = '; write it in lower case'
    elif text == u'latest':
        advice = '; there is no latest, but auto uses the version that a go.mod requires'
    return 'must be local, auto, path or goVERSION, or goVERSION or local followed by +auto or +path%s' % advice


def _patterns(text):
    if u'://' in text:
        return 'is a list of module paths, not of addresses, and an entry with :// matches no module. Leave https:// out: git.example.com/team'
    return None


def _systems(text):
    """The reason for a GOVCS. Source: cmd/go/internal/vcs.parseGOVCS."""
    seen = set()
    for entry in text.strip().split(u','):
        pattern, colon, systems = [part.strip() for part in entry.partition(u':')]
        if not pattern or not colon or not all(system.strip() for system in systems.split(u'|')) or re.match(u'\\.\\.?(/|\\Z)', pattern):
            return 'must be a list of PATTERN:SYSTEM|SYSTEM, such as public:git,private:all or *:off'
        if pattern in seen:
            return 'contains a pattern twice'
        seen.add(pattern)
    return None


def _authentication(text):
    commands = [command.split() for command in text.split(u';')]
    if not all(commands) or (len(commands) > 1 and any(command[0] == u'off' for command in commands)):
        return 'contains an empty command, or off together with another command'
    if any(command[0] == u'git' and (len(command) != 2 or not command[1].startswith(u'/')) for command in commands):
        return 'must have exactly one argument after git, an absolute folder'
    return None


def _program(text):
    problem = flags.of_arguments(text)
    if problem:
        return problem
    words = flags.split(text)
    if not words:
        return 'contains only spaces'
    is_program = words[0].startswith(u'/') or (words[0] and u'/' not in words[0])
    return None if is_program else 'must begin with the name of a program or its absolute path'


def _wasm(text):
    return None if all(each in (u'', u'satconv', u'signext') for each in text.split(u',')) else 'must contain only satconv and signext'


# `go tool dist list` of Go 1.21 to 1.26.
_PORTS = dict((goos, tuple(goarchs.split())) for goos, goarchs in (line.split(None, 1) for line in '''
    aix ppc64
    android 386 amd64 arm arm64
    darwin amd64 arm64
    dragonfly amd64
    freebsd 386 amd64 arm arm64 riscv64
    illumos amd64
    ios amd64 arm64
    js wasm
    linux 386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x
    netbsd 386 amd64 arm arm64
    openbsd 386 amd64 arm arm64 mips64 ppc64 riscv64
    plan9 386 amd64 arm
    solaris amd64
    wasip1 wasm
    windows 386 amd64 arm arm64
'''.strip().splitlines()))
_ARCHITECTURES = tuple(sorted(set(goarch for goarchs in _PORTS.values() for goarch in goarchs)))

_REASONS = dict(
    [(name, _folder) for name in ('GOBIN', 'GOCACHE', 'GOMODCACHE', 'GOTMPDIR')]
    + [(name, _patterns) for name in ('GOPRIVATE', 'GONOSUMDB', 'GONOPROXY', 'GOINSECURE')]
    + [(name, _program) for name in ('CC', 'CXX')]
    + [('CGO_%sFLAGS' % name, flags.of_arguments) for name in ('C', 'CPP', 'CXX', 'F', 'LD')],
    GOMEMLIMIT=_like(u'off|[0-9]+(?:B|[KMGT]iB)?', 'must be off or a whole number of bytes, optionally with KiB, MiB, GiB or TiB'),
    GO111MODULE=_one_of('on', 'off', 'auto'), GOPATH=_folders, GOENV=_path_or_off, GOWORK=lambda text: None if text == u'auto' else _path_or_off(text),
    GOTOOLCHAIN=_toolchain, GOVCS=_systems, GOAUTH=_authentication,
    GOPROXY=urls.proxy_refusal, GOSUMDB=urls.database_refusal, GOCACHEPROG=flags.of_arguments,
    GOOS=_one_of(*sorted(_PORTS)), GOARCH=_one_of(*_ARCHITECTURES), GO386=_one_of('sse2', 'softfloat'), GOAMD64=_one_of('v1', 'v2', 'v3', 'v4'),
    GOARM=_like(u'[567](,softfloat|,hardfloat)?', 'must be 5, 6 or 7, optionally with ,softfloat or ,hardfloat'),
    GOARM64=_like(u'v(8\\.[0-9]|9\\.[0-5])(,lse|,crypto)*', 'must be v8.0 to v9.5, optionally with ,lse and ,crypto'),
    GOMIPS=_one_of('hardfloat', 'softfloat'), GOMIPS64=_one_of('hardfloat', 'softfloat'), GOPPC64=_one_of('power8', 'power9', 'power10'),
    GORISCV64=_one_of('rva20u64', 'rva22u64', 'rva23u64'), GOWASM=_wasm,
    GOFIPS140=_like(u'off|latest|inprocess|certified|v1\\.[0-9]+\\.[0-9]+(-rc[0-9]+|-.{8})?', 'must be off, latest, inprocess, certified or v1.Y.Z'),
)
