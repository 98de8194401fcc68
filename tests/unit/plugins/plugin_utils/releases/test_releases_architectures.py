# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go's words for architectures, and what operators write instead of them."""

from __future__ import annotations

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports
from ansible_collections.gofleet.golang.plugins.plugin_utils._releases import architectures


def error_of(*words: str) -> GofleetError:
    with pytest.raises(GofleetError) as caught:
        architectures.checked('architectures', words)
    return caught.value


def test_every_port_of_go_on_linux_is_taken() -> None:
    assert architectures.checked('architectures', sorted(ports.PORTS)) == sorted(ports.PORTS)


def test_blanks_and_repetitions_are_dropped() -> None:
    assert architectures.checked('architectures', ['arm64', ' amd64', 'arm64', '']) == ['arm64', 'amd64']


@pytest.mark.parametrize('words', [[], ['', ' ']])
def test_no_architecture_at_all_is_refused(words: list[str]) -> None:
    error = error_of(*words)
    assert (error.code, 'architectures: [amd64, arm64]' in error.msg) == ('no_architecture', True)


@pytest.mark.parametrize(('word', 'meant'), [
    ('x86_64', 'amd64'), ('x86-64', 'amd64'), ('X86_64', 'amd64'), ('AMD64', 'amd64'), ('x64', 'amd64'), ('linux/amd64', 'amd64'),
    ('i386', '386'), ('i686', '386'), ('x86', '386'), ('aarch64', 'arm64'), ('ARM64', 'arm64'), ('arm64v8', 'arm64'), ('armv6l', 'arm'),
    ('armv7l', 'arm'), ('armhf', 'arm'), ('armv5tel', 'arm'), ('ppc64el', 'ppc64le'), ('mipsel', 'mipsle'), ('mips64el', 'mips64le'),
    ('loongarch64', 'loong64'), ('s390', 's390x'), ('riscv', 'riscv64'),
])  # fmt: skip
def test_another_word_for_an_architecture_is_refused_with_go_s(word: str, meant: str) -> None:
    error = error_of('amd64', word)
    assert (error.code, error.evidence['meant']) == ('unknown_architecture', meant)
    assert f"names '{word}'" in error.msg
    assert f'Did you mean {meant}?' in error.msg


@pytest.mark.parametrize('word', ['sparc', 'linux', '42', 'adm64', 'amd'])
def test_an_unknown_architecture_is_refused_with_all_known_names(word: str) -> None:
    error = error_of(word)
    assert ('Did you mean' in error.msg, 'amd64, arm, arm64' in error.msg) == (False, True)
