# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Corrupt bytes of programs, and check that every reader ends soon, with a result or a GofleetError.

    fuzz_elf.py --count N [--seed S]     that many files
    fuzz_elf.py --only NUMBER --seed S   one of them again, with its traceback
                [--keep FILE]            and its bytes

Runs on the Python of a lane, and on 2.7 with Ansible's module_utils on its path. The same seed and number make the same file
on the same Python.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import argparse
import collections
import importlib
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import struct
import sys
import tempfile
import traceback

# It makes the checkout importable as the collection.
importlib.import_module('conftest')

from ansible_collections.gofleet.golang.plugins.module_utils._elf import file as elf
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._go import buildinfo as gobuild
from support.elf import hostile as hostile_elf
from support.elf import tiny as tiny_elf

CODES = frozenset(('malformed', 'truncated', 'parse_limit'))
# Seconds of processor time for everything that is read of one file: ten times what the slowest takes on a slow machine.
LIMIT = 0.5
# Seconds of processor time after which a reading is stopped.
END = 10
PAGE = 4096
# A real program is written out whole; larger ones would make the run one of the disk.
LARGEST = 1 << 22
# What fields have that break readers.
NUMBERS = [0, 1, 2, 3, 7, 8, 15, 16, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
           1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 16, (1 << 64) - 1]
LETTERS = 'BHIIQQ'

# hot: offsets of pages that a reader of the whole program looks at.
Seed = collections.namedtuple('Seed', 'name content hot')
Outcome = collections.namedtuple('Outcome', 'codes slowest slowest_number failures again')
Failure = collections.namedtuple('Failure', 'number seed why')


# ---- what is bent


def tiny_seeds():
    for machine, bits, order in tiny_elf.KINDS:
        yield 'tiny %d/%d%s' % (machine, bits, order), everything(machine, bits, order)
        data = tiny_elf.go_pointers(b'go1.15', tiny_elf.go_modules('path\tx'), bits, order)
        yield 'static %d/%d%s' % (machine, bits, order), tiny_elf.build(machine, bits, order, kind=tiny_elf.EXEC, data=data, sections=False)
    for layout in hostile_elf.LAYOUTS:
        yield 'program %d%s' % layout, hostile_elf.program(layout, hashes='gnu sysv')
    for table in (hostile_elf.MALFORMED, hostile_elf.LIMITS):
        for name in sorted(table):
            yield name, table[name]()


def everything(machine, bits, order):
    notes = [(b'GNU', 1, struct.pack(str(order + 'IIII'), 0, 3, 2, 0)), (b'GNU', 3, b'\1' * 20), (b'Go', 4, b'id'),
             (b'GNU', 5, struct.pack(str(order + 'IIII'), 0xc0008002, 4, 4, 0))]
    symbols = hostile_elf.SYMBOLS + [tiny_elf.Symbol('given', 'LIB_1', value=64), tiny_elf.Symbol('plain', value=80)]
    data = tiny_elf.go_inline(b'go1.26.6', tiny_elf.go_modules('path\tx', 'mod\tx\tv1', 'build\tCGO_ENABLED=1', 'build\t-ldflags="-s -w"'))
    return tiny_elf.build(
        machine, bits, order, interp='/lib/ld.so', needed=['libc.so.6', 'libm.so.6'], needs=hostile_elf.NEEDS, definitions=['LIB_1'], soname='x.so',
        rpath='/a:/b', runpath='/c', symbols=symbols, notes=notes, stack=7, flags_1=1, relr=True, data=data, symtab=True, relocations=[1, 2])


def real_paths():
    """Programs and libraries of this machine: of C, of Python, of Go."""
    with io.open('/proc/self/maps', encoding='utf-8') as maps:
        libraries = set(re.findall(r'/\S+/(?:libc|libm|ld-linux|ld-musl)[^/\s]*\.so\S*', maps.read()))
    programs = [os.path.realpath(os.path.join(folder, 'gofmt')) for folder in os.environ.get('PATH', os.defpath).split(os.pathsep)]
    return ['/bin/ls', os.path.realpath(sys.executable)] + sorted(libraries) + [path for path in programs if os.path.isfile(path)][:1]


def seeds():
    found = [Seed(name, bytes(tiny.content), None) for name, tiny in tiny_seeds()]
    for path in real_paths():
        if os.path.isfile(path) and os.path.getsize(path) <= LARGEST:
            with open(path, 'rb') as source:
                content = source.read()
            with elf.open_file(path) as source:
                read_all(source)
                found.append(Seed(path, content, sorted(source.pages_read())))
    return found


# ---- bending


class Bender:
    """A copy of a seed with bytes that are wrong in one to six places."""

    def __init__(self, chance, seed):
        self._chance = chance
        self._content = bytearray(seed.content)
        self._hot = seed.hot or range((len(seed.content) + PAGE - 1) // PAGE)

    def bent(self):
        for dummy in range(self._chance.choice((1, 1, 1, 2, 3, 6))):
            self._chance.choice((self._number, self._number, self._number, self._byte, self._bits, self._copy, self._cut, self._grow))()
        return bytes(self._content)

    def _place(self):
        """Mostly where something stands: at the beginning, and on pages that are read."""
        size = len(self._content)
        if not size:
            return 0
        kind = self._chance.random()
        if kind < 0.3:
            return self._chance.randrange(min(size, 64 + 56 * 8))
        if kind < 0.9:
            return min(size - 1, self._chance.choice(self._hot) * PAGE + self._chance.randrange(PAGE))
        return self._chance.randrange(size)

    def _number(self):
        letter = self._chance.choice(LETTERS)
        width = struct.calcsize(str('=' + letter))
        # Fields are aligned to their size.
        at = self._place() // width * width
        value = self._chance.choice(NUMBERS)
        if self._chance.random() < 0.3:
            value = self._chance.getrandbits(8 * width)
        elif self._chance.random() < 0.3:
            value += len(self._content)
        raw = struct.pack(str(self._chance.choice('<<>') + letter), value % (1 << 8 * width))
        self._content[at:at + width] = raw

    def _byte(self):
        at = self._place()
        self._content[at:at + 1] = bytearray([self._chance.getrandbits(8)])

    def _bits(self):
        at = self._place()
        if at < len(self._content):
            self._content[at] ^= 1 << self._chance.randrange(8)

    def _copy(self):
        source, target = self._place(), self._place()
        part = self._content[source:source + self._chance.choice((4, 8, 16, 24, 56, 200))]
        self._content[target:target + len(part)] = part

    def _cut(self):
        del self._content[self._place():]

    def _grow(self):
        at = self._place()
        self._content[at:at] = b'\0' * self._chance.choice((1, 4, 16, 4096))


# ---- reading


def read_all(source):
    binary = elf.read(source)
    if binary.format == 'elf':
        for action in (elf.undefined_symbols, elf.defined_symbols, gobuild.read):
            action(source, binary)
    json.dumps(elf.as_facts(binary))


def read_each(source):
    """Like read_all, but continues after refusals. Returns the codes of the refusals."""
    codes = []
    try:
        binary = elf.read(source)
    except GofleetError as exc:
        return [refused(exc)]
    json.dumps(elf.as_facts(binary))
    for action in (elf.undefined_symbols, elf.defined_symbols, gobuild.read):
        try:
            result = action(source, binary)
        except GofleetError as exc:
            codes.append(refused(exc))
        else:
            if action is gobuild.read:
                json.dumps(gobuild.as_facts(result))
    return codes


def refused(exc):
    assert exc.code in CODES, exc.code
    json.dumps(exc.as_result())
    return exc.code


def processor_time():
    """Seconds that this process has had of a processor: a busy machine takes the clock's, not these."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed_read(path):
    """(codes, seconds); raises any other error."""
    began = processor_time()
    with elf.open_file(path) as source:
        codes = read_each(source)
    return codes, processor_time() - began


def bent_file(all_seeds, seed, number):
    """(name, bytes) of the file of a number."""
    chance = random.Random(seed * 1000003 + number)
    chosen = all_seeds[chance.randrange(len(all_seeds))]
    return chosen.name, Bender(chance, chosen).bent()


def check(path, content):
    """(codes, seconds, whether it was measured twice). Raises AssertionError if it takes too long, and any other error of a reader."""
    with open(path, 'wb') as target:
        target.write(content)
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, END)
    try:
        return measured(path)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def stop(dummy_signal, dummy_frame):
    raise AssertionError('it does not end')


def measured(path):
    codes, seconds = timed_read(path)
    if seconds <= LIMIT:
        return codes, seconds, False
    # It may have been this process's own garbage collection: the second time counts.
    codes, again = timed_read(path)
    assert again <= LIMIT, 'it takes %.0f ms of processor time, and again %.0f ms' % (seconds * 1000, again * 1000)
    return codes, again, True


def fuzz(count, seed, folder, all_seeds=None):
    """An Outcome; failures stay out of its way."""
    all_seeds = all_seeds or seeds()
    path = os.path.join(folder, 'bent')
    codes = collections.Counter()
    slowest, failures, again = (0.0, None), [], 0
    for number in range(count):
        name, content = bent_file(all_seeds, seed, number)
        try:
            found, seconds, twice = check(path, content)
        except Exception as exc:  # noqa: BLE001
            # Whatever it is, it is what was looked for; the next file is another.
            failures.append(Failure(number, name, '%s: %s' % (type(exc).__name__, exc)))
            continue
        again += twice
        codes.update([','.join(sorted(set(found))) or 'read'])
        slowest = max(slowest, (seconds, number))
    return Outcome(codes, slowest[0], slowest[1], failures, again)


def report(outcome, count, seed):
    python = '.'.join(str(each) for each in sys.version_info[:3])
    ends = ', '.join('%s %d' % (name, many) for name, many in sorted(outcome.codes.items()))
    print('fuzz_elf: %d files (seed %d, Python %s): %s; slowest %.1f ms of processor time (number %s), %d measured twice; %d failed' % (
        count, seed, python, ends, outcome.slowest * 1000, outcome.slowest_number, outcome.again, len(outcome.failures)))
    for failure in outcome.failures[:20]:
        print('fuzz_elf: FAILED: --seed %d --only %d (of %s): %s' % (seed, failure.number, failure.seed, failure.why))


def replay(seed, number, folder, keep):
    name, content = bent_file(seeds(), seed, number)
    if keep:
        with open(keep, 'wb') as target:
            target.write(content)
    print('number %d of seed %d: %d bytes, of %s' % (number, seed, len(content), name))
    try:
        print('%s; %.1f ms' % (check(os.path.join(folder, 'bent'), content)[0], timed_read(os.path.join(folder, 'bent'))[1] * 1000))
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return 1
    return 0


def main(arguments):
    parser = argparse.ArgumentParser(description='Bend bytes of programs, and read them.')
    parser.add_argument('--count', type=int, default=5000)
    parser.add_argument('--seed', type=int, default=20261121)
    parser.add_argument('--only', type=int, metavar='NUMBER')
    parser.add_argument('--keep', metavar='FILE')
    options = parser.parse_args(arguments)
    folder = tempfile.mkdtemp(prefix='gofleet-fuzz-')
    try:
        if options.only is not None:
            return replay(options.seed, options.only, folder, options.keep)
        outcome = fuzz(options.count, options.seed, folder)
    finally:
        shutil.rmtree(folder)
    report(outcome, options.count, options.seed)
    return 1 if outcome.failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
