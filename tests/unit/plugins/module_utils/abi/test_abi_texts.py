# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type


import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._abi import verdict as abi
from support.units.abi_facts import binary, dynamic, elf_file, finding, go_build, host, link


@pytest.mark.parametrize(('go', 'advice'), [
    (None, 'Build it on a system with glibc 2.17 or older, or with CC='), (go_build(), 'Build it with CGO_ENABLED=0, or on a system with glibc')])
def test_a_missing_version_is_reported_with_how_to_build_for_this_host(go, advice):
    missing = finding('version_missing', subject='libc.so.6', need='GLIBC_2.34', have='GLIBC_2.17')
    detail = abi.verdict(binary(dynamic(), go=go), host(linking=link(missing)))['reasons'][0]['detail']
    assert detail.startswith('It needs GLIBC_2.34 of libc.so.6, which on this host (glibc 2.17) provides at most GLIBC_2.17. ' + advice)
    assert 'zig cc -target x86_64-linux-gnu.2.17' in detail


def test_a_pure_go_program_with_a_loader_is_reported_with_the_build_mode_that_causes_it():
    detail = abi.verdict(binary(dynamic(needed=[]), go=go_build()), host(linking=link(state='missing'), libcs=[
        {'libc': 'musl', 'libc_version': '1.2.5', 'arch': 'amd64', 'loader': '/lib/ld-musl-x86_64.so.1'}]))['reasons'][0]['detail']
    assert 'This host has musl 1.2.5.' in detail
    assert '-buildmode=pie' in detail


def test_a_level_that_is_too_high_is_reported_with_missing_features_and_the_setting():
    detail = abi.verdict(binary(go=go_build(GOAMD64='v4')), host())['reasons'][0]['detail']
    assert 'avx512f' in detail
    assert detail.endswith('Build it with GOAMD64=v3.')


@pytest.mark.parametrize(('facts', 'said'), [
    (binary(go=go_build(GOOS='dragonfly')), "built for DragonFly BSD, according to Go's build info (GOOS=dragonfly)"),
    (binary(elf_file(foreign_os='NetBSD')), 'built for NetBSD, according to a note in it'),
    (binary(dynamic(interp='/usr/libexec/ld.so')), 'built for OpenBSD, according to its dynamic loader, /usr/libexec/ld.so'),
    (binary(elf_file(osabi=9)), 'may have been built for FreeBSD, according to its header (EI_OSABI 9)'),
])
def test_a_program_for_another_system_is_reported_with_the_evidence(facts, said):
    detail = abi.verdict(facts, host(linking=link(state='missing')))['reasons'][0]['detail']
    assert said in detail
    assert 'GOOS=linux' in detail
