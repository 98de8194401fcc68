# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Translate names of architectures that operators use into Go's names."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._host import ports

# Names of Debian, RPM, OCI images and Windows, besides those of uname -m (ports.PORTS).
_OF_OTHERS = {
    'x86-64': 'amd64', 'x64': 'amd64', 'x86': '386', 'ia32': '386',
    'arm64v8': 'arm64', 'armv8': 'arm64', 'armhf': 'arm', 'armel': 'arm', 'arm32': 'arm', 'arm32v6': 'arm', 'arm32v7': 'arm',
    'armv6': 'arm', 'armv7': 'arm', 'armv6hl': 'arm', 'armv7hl': 'arm', 'loongarch': 'loong64', 'mipsel': 'mipsle', 'mips64el': 'mips64le',
    'ppc64el': 'ppc64le', 'powerpc64le': 'ppc64le', 'powerpc64': 'ppc64', 'riscv': 'riscv64', 'rv64': 'riscv64', 's390': 's390x',
}  # fmt: skip
_WORDS = {**_OF_OTHERS, **{machine: goarch for goarch in sorted(ports.PORTS, reverse=True) for machine in ports.PORTS[goarch].uname}}


def checked(option: str, words: Sequence[str]) -> list[str]:
    """Go's names, without duplicates. Raises GofleetError(no_architecture, unknown_architecture), which suggests Go's name for an unknown one."""
    found = list(dict.fromkeys(word.strip() for word in words if word.strip()))
    if not found:
        raise GofleetError(f"{option} is empty, and a lock without architectures installs nothing. Write those of the fleet in Go's words, as in "
                           f'{option}: [amd64, arm64], or leave it out.', 'no_architecture', option=option)
    for word in found:
        if word not in ports.PORTS:
            raise _unknown(option, word)
    return found


def _unknown(option: str, word: str) -> GofleetError:
    meant = go_word(word)
    hint = f" Did you mean {meant}?" if meant else ''
    return GofleetError(f"{option} names '{word}', which is not one of Go's architectures on Linux.{hint} They are {', '.join(sorted(ports.PORTS))}.",
                        'unknown_architecture', option=option, architecture=word, meant=meant)


def go_word(word: str) -> str | None:
    """Go's name for another system's name of an architecture; None if unknown. Never the most similar one, because arm64 resembles amd64."""
    word = word.lower().rpartition('/')[2]
    return word if word in ports.PORTS else _WORDS.get(word)
