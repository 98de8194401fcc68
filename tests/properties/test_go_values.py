# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""_environment/go_values.py refuses exactly the values that a real go rejects, except for the exceptions listed here."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

import go_command
from ansible_collections.gofleet.golang.plugins.module_utils._environment import flags as environment_flags
from ansible_collections.gofleet.golang.plugins.module_utils._environment import go_values as environment_go
from ansible_collections.gofleet.golang.plugins.module_utils._environment import model as environment
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from go_command import Go
from values import SEED

VARIANTS = 12
FOLDERS = ['{root}/folder', '~/folder', 'folder', './folder', '$HOME/folder', '{root}/a b']
KEY = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'
# Values from which variants are made by a character more or less. {root} is a folder that exists.
VALUES: dict[str, list[str]] = {
    'GOPATH': FOLDERS, 'GOMODCACHE': FOLDERS, 'GOBIN': FOLDERS,
    'GOTMPDIR': ['{root}', '{root}/work', '~/tmp', 'tmp'],
    'GOCACHE': ['{root}/cache', '~/cache', 'cache', 'off'],
    'GO111MODULE': ['on', 'off', 'auto', 'true', 'On'], 'GOWORK': ['off', 'auto', 'work', '~/go.work', 'on'],
    'GOTOOLCHAIN': ['local', 'Local', 'auto', 'path', 'latest', '1.26.6', 'go1.26.6', 'go1.26', 'go1', 'go1.26rc1', 'go1.26.6-custom', 'go1.26.6+auto',
                    'go1.26.6+path', 'go1.26.6+local', 'local+auto', 'local+path', 'auto+local', 'go1.026', 'go1.26.x', 'off', 'v1.26.6', 'go1.26.6+'],
    'GOPROXY': ['https://proxy.example.com', 'https://proxy.example.com,direct',
                'https://a.example|https://b.example|off', 'direct', 'off', 'proxy.example.com',
                'proxy', 'ftp://proxy.example.com', 'https://proxy.example.com:port', 'https://user:pass@proxy.example.com/x', 'file:///srv/proxy',
                'file://srv/proxy', 'file:/srv/proxy', 'file:/go//srv/proxy', 'FILE:/srv/proxy', 'FILE:////srv/proxy',
                'srv/proxy', ',', ' , ', 'https://proxy.example.com/%zz', 'https://pro xy.example', 'http://[::1]:8080/x', 'https//x',
                'http://[:1]/', 'http://[1.2.3.4]/', 'http://[::ffff:1.2.3.4]/',
                'direct,,nonsense', 'off|nonsense', 'http://a:b:80/', 'https://x/?y=%', 'file:///a?b', 'https://x/#%'],
    'GOSUMDB': ['off', 'sum.golang.org', 'sum.golang.google.cn', 'sum.golang.org https://sum.example.com', 'sum.example.com', KEY, f'{KEY} https://x.example',
                f'{KEY} :', 'on', 'Off', 'a b c', 'https://sum.golang.org', KEY.replace('033d', '033e')],
    'GOVCS': ['*:git', 'public:git,private:all', 'public:off', 'git', 'github.com:git|hg,*:off', '*:', ':git', 'a:git,a:hg', './x:git', 'a:git||hg', 'off',
              ','],
    'GOAUTH': ['off', 'netrc', 'netrc;off', 'git', 'git rel', ';', 'netrc;;netrc'],
    'CC': ['gcc', "''gcc", '{root}/gcc', 'bin/gcc', 'gcc -m32', "'gcc", '"/opt/a b/gcc" -O2', ' ', 'ccache gcc'], 'CXX': ['g++', './g++'],
    'GOOS': ['linux', 'Linux', 'windows', 'none', 'darwin '], 'GOARCH': ['amd64', 'x86_64', 'aarch64', 'arm64', 'mips128', 'wasm'],
    'GOARM64': ['v8.0', 'v9.5,lse', 'v8.1,crypto,lse', 'v7.0', 'v9.6', 'lse'], 'GOMIPS': ['hardfloat', 'soft'], 'GOMIPS64': ['softfloat', 'hard'],
    'GOPPC64': ['power8', 'power7'], 'GORISCV64': ['rva20u64', 'rva22u64', 'rv64'], 'GOWASM': ['satconv', 'signext,satconv', 'simd'],
    'GOFIPS140': ['off', 'latest', 'on', 'v1', 'v2.0.0', '1.0.0'],
    'GOMEMLIMIT': ['off', '1GiB', '1024', '512MiB', '0', 'unlimited'],
    'GOFLAGS': ['-mod=mod', '-mod=vendored', '-v', '-v=true', '-v=maybe', '--trimpath', '---v', '-', '--', '-=x', 'mod=mod', '-nosuchflag',
                '-ldflags=-s',
                "'-ldflags=-s -w'", "-ldflags='-s -w'", '"-gcflags=all=-N -l" -v', "-ldflags='-s'", "'-ldflags=-s", '-ldflags=x', '-ldflags', '-tags=a,b',
                '-tags', '-p=2', '-p=many', '-p', '-count=1', '-count=x', '-timeout=10m', '-timeout=10', '-buildvcs=auto', '-buildvcs=maybe', '-covermode=set',
                '-covermode=all', '-race=no', '-json', '-short -failfast', "'-toolexec=a \"b'", '-trimpath=1 -v', '-compiler=gc', '-compiler=clang',
                "-gcflags='-N -l'", '-test.v', '-test.count=x', '-test.nosuch'],
}  # fmt: skip
# Characters that variants gain.
PIECES = list(' :/,;+-.~=|%"\'0a') + ['go', '//', 'off']


@pytest.fixture(scope='module')
def go(tmp_path_factory: pytest.TempPathFactory) -> Go:
    return go_command.prepared(tmp_path_factory.mktemp('go'))


def variants(name: str) -> list[str]:
    """The values of a name, and some of them with a character more or less; the same in every run of one commit."""
    source = random.Random(f'{SEED} {name}')
    made = list(VALUES[name])
    for dummy in range(VARIANTS):
        value = source.choice(VALUES[name])
        position = source.randrange(len(value) + 1)
        made.append(value[:position] + source.choice(PIECES) + value[position:] if source.random() < 0.6 else value[:position] + value[position + 1 :])
    # Go creates GOCACHE at the given path, and requires an existing GOWORK: an absolute path stays below the test's own folder.
    return [value for value in dict.fromkeys(made) if value and not value.startswith('/') and ('{' in value) == ('{root}/' in value)]


def is_excepted(name: str, value: str) -> bool:
    """Whether go takes a value that is refused here, because it is never what was meant: a sign, or an entry that is the current folder.

    And flags that are a switch of one command and take a text in another are not judged here.
    """
    if name == 'GOFLAGS':
        return re.search(r'-(test\.)?(c|f|fix|tool)=', value) is not None
    return (name == 'GOMEMLIMIT' and value[0] in '+-') or (name == 'GOPATH' and '' in value.split(':'))


def refuses(name: str, value: str) -> bool:
    try:
        environment_go.check([environment.variables_of([{name: value}], {})])
    except GofleetError:
        return True
    return False


def handed_on(go: Go, name: str, value: str) -> str:
    """What go is given of a value: sizes are written without spaces, and what reads the file resolves ~/ in a list of folders, or the variable is refused."""
    if name == 'GOMEMLIMIT':
        return re.sub(r'(?<=[0-9]) +(?=[BKMGT]|\Z)', '', value)
    return ':'.join(str(go.root) + entry[1:] if entry.startswith('~/') else entry for entry in value.split(':')) if name == 'GOPATH' else value


@pytest.mark.parametrize('name', VALUES)
def test_a_value_is_refused_when_go_refuses_it(go: Go, name: str) -> None:
    values = [value.replace('{root}', str(go.root)) for value in variants(name) if not is_excepted(name, value)]
    with ThreadPoolExecutor(2) as pool:
        judged = dict(zip(values, pool.map(lambda value: go.refuses(name, handed_on(go, name, value)), values), strict=True))
    assert {value: verdict for value, verdict in judged.items() if refuses(name, value) != verdict} == {}


@pytest.mark.parametrize(('name', 'value'), [
    ('GOPRIVATE', 'https://git.example.com'), ('GONOSUMDB', 'a.example,http://b.example'), ('GONOPROXY', 'ssh://a.example'), ('GOINSECURE', 'https://a'),
    ('GOENV', 'relative'), ('GOENV', '~/env'), ('GOAMD64', 'v5'), ('GOARM', '8'), ('GO386', 'sse'),
])  # fmt: skip
def test_a_value_that_go_takes_without_effect_is_refused(name: str, value: str) -> None:
    """The exceptions: patterns with a scheme match no module; a missing env file is ignored; go ignores an invalid GOAMD64 when it reads GOARM64."""
    assert refuses(name, value)


def test_the_table_has_exactly_the_flags_that_go_has(go: Go) -> None:
    others = {f'{name}x' for name in environment_flags.NAMES} | {f'test.{name}' for name in environment_flags.NAMES}
    wrong = {name for name in environment_flags.NAMES | others if go.knows_flag(name) != (name in environment_flags.NAMES)}
    assert wrong == set()
