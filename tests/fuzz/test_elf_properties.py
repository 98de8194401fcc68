# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the ELF reader: it reads what a program contains, and a corrupted program gives a result or a refusal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fuzz_elf
from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import buildinfo as gobuild
from support.elf import hostile as hostile_elf
from support.elf import tiny as tiny_elf

# Reproducible: the seed of every example is the test's name. The fuzz run is what looks for the new.
settings.register_profile('house', derandomize=True, deadline=None, max_examples=int(os.environ.get('GOFLEET_EXAMPLES', '200')), database=None,
                          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
settings.load_profile('house')

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_characters=':\x7f'), min_size=1, max_size=40)
KINDS = st.sampled_from(tiny_elf.KINDS)
NUMBERS = st.integers(0, 0xFFFF)
NEEDS = st.lists(
    st.tuples(NAMES, st.lists(st.tuples(NAMES, st.sampled_from([0, 2])), min_size=1, max_size=5, unique_by=lambda each: each[0])),
    max_size=4, unique_by=lambda each: each[0],
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=['Cs', 'Cc', 'Zl', 'Zp'], exclude_characters='"`='), max_size=60)

Reading = Callable[[Any, Callable[[Any, Any], Any]], Any]


@pytest.fixture(name='read')
def reading(tmp_path: Path) -> Reading:
    """Write bytes or a Tiny, and what a function of (source, File) makes of it."""

    def read(content: Any, action: Callable[[Any, Any], Any]) -> Any:
        path = tmp_path / 'program'
        path.write_bytes(bytes(getattr(content, 'content', content)))
        with elf.open_file(str(path)) as source:
            return action(source, elf.read(source))

    return read


def refused_or_read(action: Callable[[], Any]) -> tuple[str | None, Any]:
    """(code, None) or (None, what it returns)."""
    try:
        return None, action()
    except GofleetError as exc:
        return exc.code, None


@given(kind=KINDS, needed=st.lists(NAMES, max_size=6), folders=st.lists(NAMES, max_size=4), soname=NAMES, needs=NEEDS)
def test_what_a_program_needs_is_read_as_it_was_written(read: Reading, kind: Any, needed: Any, folders: Any, soname: str, needs: Any) -> None:
    tiny = tiny_elf.build(*kind, needed=needed, runpath=':'.join(folders), soname=soname, needs=needs)
    found = read(tiny, lambda source, binary: binary)
    assert (found.needed, found.runpath, found.soname) == (needed, folders, soname)
    assert [(need.library, [(each.name, each.flags) for each in need.versions]) for need in found.version_needs] == [
        (library, list(versions)) for library, versions in needs
    ]
    assert all(each.hash == elf.version_hash(each.name) for need in found.version_needs for each in need.versions)
    assert (found.malformed, found.limits, found.truncated) == ([], [], None)


@given(kind=KINDS, names=st.lists(NAMES, max_size=8), given_names=st.lists(NAMES, max_size=8, unique=True), version=NAMES,
       needs=NEEDS.filter(bool), weak=st.booleans())  # fmt: skip
def test_each_symbol_is_taken_or_given_with_its_version(read: Reading, kind: Any, names: Any, given_names: Any, version: str, needs: Any, weak: bool) -> None:
    library, versions = needs[0]
    taken = [tiny_elf.Symbol(name, versions[number % len(versions)][0], library, weak=weak) for number, name in enumerate(names)]
    offered = [tiny_elf.Symbol(name, version if number % 2 else None, value=8) for number, name in enumerate(given_names)]
    tiny = tiny_elf.build(*kind, needs=needs, definitions=[version], soname='own', symbols=taken + offered, hashes='gnu sysv wide' if kind[0] == tiny_elf.S390
                          else 'gnu sysv')  # fmt: skip
    undefined, defined = read(tiny, lambda source, binary: (elf.undefined_symbols(source, binary), elf.defined_symbols(source, binary)))
    assert undefined == [elf.Symbol(each.name, each.version, library, weak) for each in taken]
    assert defined == {each.name: {each.version or ''} for each in offered}


@given(kind=KINDS, version=TEXTS.filter(bool), path=TEXTS, found_settings=st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=6))
def test_build_info_is_read_as_it_was_written(read: Reading, kind: Any, version: str, path: str, found_settings: dict[str, str]) -> None:
    lines = [f'path\t{path}', *(f'build\t{key}={value}' for key, value in found_settings.items())]
    tiny = tiny_elf.build(*kind, data=tiny_elf.go_inline(version.encode(), tiny_elf.go_modules(*lines)))
    found = read(tiny, gobuild.read)
    assert (found.version, found.path, found.settings) == (version, path, found_settings)


@given(kind=KINDS, size=st.integers(0, 9000))
def test_a_program_that_is_cut_is_never_whole(read: Reading, kind: Any, size: int) -> None:
    tiny = fuzz_elf.everything(*kind)
    end = tiny.at['data'] + 1
    code, found = refused_or_read(lambda: read(tiny.content[:size], lambda source, binary: binary))
    assert code in (None, 'truncated')
    assert size >= end or code or found.truncated or found.format != 'elf'


@given(kind=KINDS, changes=st.lists(st.tuples(NUMBERS, st.binary(min_size=1, max_size=16)), min_size=1, max_size=8))
def test_every_overwritten_byte_gives_a_result_or_a_refusal(read: Reading, kind: Any, changes: Any) -> None:
    content = bytearray(fuzz_elf.everything(*kind).content)
    for number, raw in changes:
        at = number % len(content)
        content[at : at + len(raw)] = raw
    code, codes = refused_or_read(lambda: read(content, lambda source, dummy_binary: fuzz_elf.read_each(source)))
    assert {code, *(codes or [])} <= {None, *fuzz_elf.CODES}


@given(content=st.binary(max_size=600), magic=st.booleans())
def test_every_file_has_a_format_or_is_refused(read: Reading, content: bytes, magic: bool) -> None:
    code, found = refused_or_read(lambda: read((b'\x7fELF' if magic else b'') + content, lambda source, binary: binary))
    assert code in {None, *fuzz_elf.CODES}
    assert code or json.dumps(elf.as_facts(found))
    assert code or found.format


def test_every_kind_is_bent_and_every_hostile_one_too() -> None:
    names = {seed.name for seed in fuzz_elf.seeds()}
    assert {f'tiny {machine}/{bits}{order}' for machine, bits, order in tiny_elf.KINDS} <= names
    assert {*hostile_elf.MALFORMED, *hostile_elf.LIMITS, '/bin/ls'} <= names
