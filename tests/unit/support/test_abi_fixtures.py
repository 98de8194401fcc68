# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The designs of the ABI fixtures fit together; building them is tested by the loaders that start them (tests/judge)."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from support.abi import compilers as abi_compilers
from support.abi import spoiled
from support.abi.design import ANY
from support.abi.designs import DESIGNS, UNKNOWABLE
from support.abi.spoiled import PT_LOAD
from support.toolchains.tiny import tiny_elf

PROGRAM = tiny_elf('amd64', 'works\n')


def test_no_two_files_have_one_name() -> None:
    assert [path for path, count in Counter(design.path for design in DESIGNS).items() if count > 1] == []


def test_what_is_edited_is_made_before_its_edits() -> None:
    made: set[str] = set()
    for design in DESIGNS:
        assert not design.base or design.base in made, design.path
        made.add(design.path)


def test_what_may_stay_open_is_among_the_fixtures() -> None:
    assert set(UNKNOWABLE) <= {design.path for design in DESIGNS if design.started}


def test_every_fixture_is_for_a_loader_that_is_asked() -> None:
    assert {design.arch for design in DESIGNS} == {'amd64', 'arm64', ANY}


@pytest.mark.parametrize('field', ['source', 'compiler', 'arguments', 'variables', 'files'])
def test_the_key_of_a_recipe_changes_with_what_it_is(field: str) -> None:
    recipe = abi_compilers.Recipe('zig', 'int main;')
    changed = {'source': 'int other;', 'compiler': '1.21.13', 'arguments': ('-s',), 'variables': (('GOARCH', 'arm'),), 'files': (('a', 'b'),)}
    assert replace(recipe, **{field: changed[field]}).key != recipe.key  # type: ignore[arg-type]


def test_the_key_of_a_recipe_changes_with_what_it_is_linked_to() -> None:
    library = abi_compilers.Recipe('zig', 'int one;')
    recipe = abi_compilers.Recipe('zig', 'int main;', objects=(('library', library),))
    assert replace(recipe, objects=(('library', replace(library, source='int two;')),)).key != recipe.key


def test_an_edit_of_the_header_changes_that_field_alone() -> None:
    edited = spoiled.header(osabi=9)(PROGRAM)
    assert [at for at, (one, other) in enumerate(zip(PROGRAM, edited, strict=True)) if one != other] == [7]


def test_an_edit_of_a_segment_adds_to_its_field() -> None:
    before, after = (next(spoiled.segments(each)) for each in (PROGRAM, spoiled.segment(PT_LOAD, vaddr=16)(PROGRAM)))
    assert after.vaddr == before.vaddr + 16
    assert (after.offset, after.filesz) == (before.offset, before.filesz)


def test_the_byte_that_is_cut_is_the_last_that_is_loaded() -> None:
    load = next(spoiled.segments(PROGRAM))
    assert len(spoiled.cut_last_byte(PROGRAM + bytes(100))) == load.offset + load.filesz - 1


def test_an_edit_that_finds_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r'subsection|substring|not found|nothing to change'):
        spoiled.isa_needed(1)(PROGRAM)


def test_names_of_versions_are_hashed_as_loaders_do() -> None:
    # What ld writes beside these names.
    assert [spoiled.elf_hash(name) for name in ('GLIBC_2.2.5', 'GLIBC_2.17', 'GLIBC_2.34')] == [0x09691A75, 0x06969197, 0x069691B4]


def test_old_objects_are_forgotten_and_those_in_use_are_not(tmp_path: Path) -> None:
    for name, age in (('old', abi_compilers.KEPT + 1), ('new', 0)):
        (tmp_path / name).mkdir()
        stamp = time.time() - age
        os.utime(tmp_path / name, (stamp, stamp))
    abi_compilers.forget_old(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['new']
