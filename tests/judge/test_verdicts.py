# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real loader is the judge: abi_check says what will run in a root, then everything is started there."""

from __future__ import annotations

import json

from conftest import Judged

# So many of the fixtures run in a root, and so many do not, that neither answer given to all would do.
AT_LEAST = {'amd64': 60, 'arm64': 12}
# What is known of these by heart: for each program the roots that it runs on.
GLIBC = ('centos7', 'debian11', 'debian12', 'debian13')
CLASSICS = {
    'c/glibc-2.17': GLIBC,
    'c/glibc-2.34': ('debian12', 'debian13'),
    'c/glibc-2.38': ('debian13',),
    'c/musl-static': (*GLIBC, 'alpine'),
    'c/musl-dynamic': ('alpine',),
    'c/musl-dynamic-preadv2': (),
    'c/s390x-glibc': (),
    'go/pure': (*GLIBC, 'alpine'),
    'go/pie': GLIBC,
    'go/cgo-net-glibc-2.17': GLIBC,
    'go/cgo-net-glibc-2.34': ('debian12', 'debian13'),
    'bare/relr-glibc': ('debian12', 'debian13'),
    'bare/rpath-inherited-glibc': GLIBC,
    'bare/runpath-inherited-glibc': (),
    'bare/runpath-inherited-musl': ('alpine',),
    'bare/library-missing-glibc': (),
    'spoiled/cut-static': (),
    'spoiled/cut-sections-static': (*GLIBC, 'alpine'),
    # glibc 2.17 bears with the version, and not with a symbol of it.
    'spoiled/version-weak': ('debian11', 'debian12', 'debian13'),
    'spoiled/version-weak-strong': ('debian13',),
    'spoiled/interp-missing': (),
    'spoiled/osabi-static': (*GLIBC, 'alpine'),
    'spoiled/no-x-bit': (),
    'script/crlf': (),
    'script/folder': (),
    'go/on-dragonfly': (),
    'go/on-freebsd': (),
    'noexec': (),
    'c/arm64-glibc-2.17': ('debian12-arm64',),
    'c/arm64-glibc-2.38': (),
    'c/arm64-musl-dynamic': (),
    'go/arm64-pie': ('debian12-arm64',),
    'script/sh': (*GLIBC, 'alpine', 'debian12-arm64'),
    'file/html': (),
}


def test_fixtures_get_different_verdicts_on_different_roots(judged: Judged) -> None:
    ran = {row.fixture.name: row.ran for row in judged.rows}
    least = AT_LEAST[judged.root.architecture]
    assert min(sum(ran.values()), len(ran) - sum(ran.values())) >= least
    known = {name: judged.root.name in where for name, where in CLASSICS.items() if name in ran}
    assert {name: ran[name] for name in known} == known


def test_programs_with_the_verdict_runs_start(judged: Judged) -> None:
    assert [str(row) for row in judged.rows if row.false_runs] == []


def test_incompatible_programs_do_not_start(judged: Judged) -> None:
    assert [str(row) for row in judged.rows if row.false_incompatible] == []


def test_only_undecidable_programs_are_unknown(judged: Judged) -> None:
    assert [str(row) for row in judged.rows if row.needlessly_open] == []


def test_verdicts_on_controller_programs_match_the_loaders(judged: Judged) -> None:
    assert [str(row) for row in judged.sent if row.false_runs or row.false_incompatible] == []


def test_verdicts_by_stored_facts_match_the_loaders(judged: Judged) -> None:
    assert [str(row) for row in judged.stored if row.false_runs or row.false_incompatible] == []


def test_facts_of_a_host_stay_small(judged: Judged) -> None:
    assert len(json.dumps(judged.host)) < 4096


# On each root of amd64; musl has no versions of symbols.
REASONS = {'wrong_arch', 'interpreter_missing', 'library_missing', 'library_wrong_class', 'symbol_missing', 'truncated', 'malformed', 'not_executable',
           'noexec_mount', 'not_elf', 'script_interpreter_missing', 'packed', 'page_size', 'execstack'}  # fmt: skip
REASONS_OF_GLIBC = {'version_missing', 'relr_unsupported', 'private_symbols'}


def test_every_kind_of_reason_is_given_somewhere(judged: Judged) -> None:
    if judged.root.architecture != 'amd64':
        return
    given = {each['code'] for row in judged.rows for each in row.said['reasons']}
    assert REASONS - given == set()
    assert judged.root.name not in GLIBC or not REASONS_OF_GLIBC - given
