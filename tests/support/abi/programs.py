# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ABI fixtures in C, for many libcs and architectures, and in Go."""

from __future__ import annotations

from support.abi.compilers import Recipe
from support.abi.design import WORD, Design
from support.toolchains.tiny import tiny_elf

GO = '1.27.4'
OLD_GO = '1.21.13'

# ---- C, for libcs and architectures

HELLO = f'#include <stdio.h>\nint main(void) {{ puts("{WORD}"); return 0; }}\n'
# The length is not known before, or the compiler would do the work by itself.
STRLCPY = f"""#include <stdio.h>
#include <string.h>
static volatile size_t size = 9;
int main(void) {{ char word[9]; strlcpy(word, "{WORD}", size); puts(word); return 0; }}
"""
# Refused by the kernel (EBADF), which is no matter here: only the symbol has to be there.
PREADV2 = f"""#define _GNU_SOURCE
#include <stdio.h>
#include <sys/uio.h>
int main(void) {{ struct iovec none = {{0}}; preadv2(-1, &none, 1, 0, 0); puts("{WORD}"); return 0; }}
"""
THREADS = f"""#include <pthread.h>
#include <stdio.h>
static void *say(void *word) {{ puts(word); return 0; }}
int main(void) {{ pthread_t thread; pthread_create(&thread, 0, say, "{WORD}"); return pthread_join(thread, 0); }}
"""


def _zig(target: str, source: str = HELLO, *arguments: str) -> Recipe:
    return Recipe('zig', source, ('-s', '-target', target, *arguments))


def _c(name: str, target: str, source: str = HELLO, *arguments: str, arch: str = 'amd64') -> Design:
    return Design(f'c/{name}', f'C for {target} {" ".join(arguments)}'.strip(), _zig(target, source, *arguments), arch=arch)


def _musl(name: str, source: str = HELLO, *arguments: str) -> Design:
    """zig compiles the whole of musl for its first static program, which takes longer than everything else here."""
    return Design(f'c/{name}', f'C for musl {" ".join(arguments)}', Recipe('musl-gcc', source, ('-s', *arguments)))


C_PROGRAMS = (
    _c('glibc-2.17', 'x86_64-linux-gnu.2.17'),
    _c('glibc-2.34', 'x86_64-linux-gnu.2.34'),
    _c('glibc-2.38', 'x86_64-linux-gnu.2.38', STRLCPY),
    _c('glibc-2.17-threads', 'x86_64-linux-gnu.2.17', THREADS, '-lpthread'),
    _c('glibc-2.34-threads', 'x86_64-linux-gnu.2.34', THREADS),
    _c('glibc-2.38-preadv2', 'x86_64-linux-gnu.2.38', PREADV2),
    _c('glibc-pie', 'x86_64-linux-gnu.2.17', HELLO, '-fPIE', '-pie'),
    _c('glibc-no-pie', 'x86_64-linux-gnu.2.17', HELLO, '-fno-PIE', '-no-pie'),
    _musl('musl-static', HELLO, '-static', '-no-pie'),
    _musl('musl-pie', HELLO, '-pie', '-fPIE'),
    _c('musl-dynamic', 'x86_64-linux-musl', HELLO, '-dynamic'),
    _c('musl-dynamic-preadv2', 'x86_64-linux-musl', PREADV2, '-dynamic'),
    _c('musl-dynamic-strlcpy', 'x86_64-linux-musl', STRLCPY, '-dynamic'),
    _c('i386-glibc', 'x86-linux-gnu.2.17'),
    _c('riscv64-glibc', 'riscv64-linux-gnu.2.31'),
    _c('s390x-glibc', 's390x-linux-gnu.2.17'),
    _c('ppc64le-glibc', 'powerpc64le-linux-gnu.2.19'),
    _c('armhf-glibc', 'arm-linux-gnueabihf.2.17'),
    _c('armel-glibc', 'arm-linux-gnueabi.2.17'),
    _c('arm64-glibc-2.17', 'aarch64-linux-gnu.2.17', arch='arm64'),
    _c('arm64-glibc-2.34', 'aarch64-linux-gnu.2.34', arch='arm64'),
    _c('arm64-glibc-2.38', 'aarch64-linux-gnu.2.38', STRLCPY, arch='arm64'),
    _c('arm64-musl-dynamic', 'aarch64-linux-musl', HELLO, '-dynamic', arch='arm64'),
    *(
        Design(f'c/{arch}-static', f'machine code for {arch}', content=tiny_elf(arch, f'{WORD}\n'), arch='arm64' if arch == 'arm64' else 'amd64')
        for arch in ('amd64', '386', 'arm64')
    ),
)  # fmt: skip

# ---- Go

PURE = f'package main\n\nfunc main() {{ println("{WORD}") }}\n'
CGO = f"""package main

// #include <stdio.h>
// static void say(void) {{ puts("{WORD}"); fflush(stdout); }}
import "C"

func main() {{ C.say() }}
"""
# What a service is: with the resolver of the libc.
CGO_NET = f"""package main

import (
\t"net"
\t"os"
)

func main() {{
\tif len(os.Args) > 1 {{
\t\tnet.LookupHost(os.Args[1])
\t}}
\tos.Stdout.WriteString("{WORD}\\n")
}}
"""
STRIPPED = ('-ldflags=-s -w', '-trimpath')


def _go(name: str, what: str, *arguments: str, version: str = GO, source: str = PURE, arch: str = 'amd64', **variables: str) -> Design:
    return Design(f'go/{name}', f'Go {version}, {what}', Recipe(version, source, arguments, tuple(sorted(variables.items()))), arch=arch)


def _cgo(name: str, target: str, *arguments: str, source: str = CGO, arch: str = 'amd64', link: str = '', **variables: str) -> Design:
    flags = f'-ldflags=-s -w -linkmode external -extldflags "{link}"' if link else '-ldflags=-s -w'
    own = {'CGO_ENABLED': '1', 'CC': f'{{zig}} cc -target {target} {link}'.strip(), **variables}
    return _go(name, f'cgo for {target} {link}'.strip(), flags, '-trimpath', *arguments, source=source, arch=arch, **own)


# Every other system that Go builds for, and the port of it: each has its own way of saying what it is, and DragonFly has none but the build info.
OTHER_SYSTEMS = {
    'aix': 'ppc64', 'android': 'arm64', 'darwin': 'amd64', 'dragonfly': 'amd64', 'freebsd': 'amd64', 'illumos': 'amd64', 'js': 'wasm', 'netbsd': 'amd64',
    'openbsd': 'amd64', 'plan9': 'amd64', 'solaris': 'amd64', 'wasip1': 'wasm', 'windows': 'amd64',
}  # fmt: skip

GO_PROGRAMS = (
    # The slow ones first.
    _cgo('cgo-net-glibc-2.17', 'x86_64-linux-gnu.2.17', source=CGO_NET),
    _cgo('cgo-net-glibc-2.34', 'x86_64-linux-gnu.2.34', source=CGO_NET),
    _cgo('cgo-glibc-2.17', 'x86_64-linux-gnu.2.17'),
    _cgo('cgo-glibc-2.38', 'x86_64-linux-gnu.2.38'),
    _cgo('cgo-glibc-pie', 'x86_64-linux-gnu.2.17', '-buildmode=pie'),
    _cgo('cgo-musl-static', '', link='-static', CC='musl-gcc'),
    _cgo('cgo-musl-dynamic', 'x86_64-linux-musl', link='-dynamic'),
    _cgo('arm64-cgo-glibc-2.17', 'aarch64-linux-gnu.2.17', arch='arm64', GOARCH='arm64'),
    _go('pure', 'pure'),
    _go('stripped', 'pure, stripped, without paths', *STRIPPED),
    _go('pie', 'pure, yet with an interpreter', *STRIPPED, '-buildmode=pie'),
    *(_go(f'amd64-{level}', f'pure, GOAMD64={level}', *STRIPPED, GOAMD64=level) for level in ('v2', 'v3', 'v4')),
    _go('386', 'pure, 386', *STRIPPED, GOARCH='386'),
    *(_go(f'arm-{level}', f'pure, GOARM={level}', *STRIPPED, GOARCH='arm', GOARM=level) for level in ('5', '7')),
    _go('arm64', 'pure, arm64', *STRIPPED, arch='arm64', GOARCH='arm64'),
    _go('arm64-pie', 'pure, arm64, yet with an interpreter', *STRIPPED, '-buildmode=pie', arch='arm64', GOARCH='arm64'),
    *(
        _go(f'on-{system}', f'pure, for {system}', *STRIPPED, arch='arm64' if port == 'arm64' else 'amd64', GOOS=system, GOARCH=port)
        for system, port in OTHER_SYSTEMS.items()
    ),
    _go('old', 'pure', *STRIPPED, version=OLD_GO),
    _go('old-amd64-v3', 'pure, GOAMD64=v3', *STRIPPED, version=OLD_GO, GOAMD64='v3'),
)
