# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Corrupt untrusted input, and check that each reader ends with a result or a GofleetError, within bounds of memory and processor time.

Each reader has a separate process, whose address space and processor time the kernel limits; a busy machine does not affect that clock.
The same seed and number make the same input on the same Python. fuzz_host_readers.py is the command; controller_readers.py has the other side's.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import copy
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import traceback

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

# Bytes beyond what the process has when it begins: the largest input takes a fraction of it.
MEMORY = 384 << 20
# Seconds of processor time for an input, of those that a reader gets together, and for what comes before the first.
EACH = 0.05
START = 20
# What breaks readers wherever it stands.
PIECES = [
    b'', b'\0', b'\n', b'\r\n', b' ', b'\t', b'"', b"'", b'\\', b'{', b'}', b'[', b']', b':', b',', b'-', b'*', b'&a', b'*a', b'!', b'#', b'<', b'=', b'(',
    b')', b'../', b'./', b'/', b'%', b'\xff', b'\xfe', b'\xc2\xb2', b'\xd9\xa1', b'\xed\xa0\x80', b'\xef\xbb\xbf', b'\xe2\x80\xa8', b'\x1b[31m', b'\x85',
    b'Infinity', b'NaN', b'1e999', b'-1', b'0', b'9' * 20, b'1' * 5000, b'[' * 2000, b'{"a":' * 2000,
    b'null', b'true', b'2026-13-45', b'x' * 5000, b'\x7f\xff\xff\xff', b'\xff' * 8,
    b'\0' * 8, b'PK\5\6', b'\\ud800',
]  # fmt: skip

# seeds: what is bent, bytes; read: a function of bytes and the path of an empty folder; share: how many of the inputs it gets, of one.
Reader = collections.namedtuple('Reader', 'seeds read share hostile')
Failure = collections.namedtuple('Failure', 'reader number why')
Outcome = collections.namedtuple('Outcome', 'counts failures')


def reader(seeds, read, share=1.0, hostile=()):
    """hostile: whole inputs that are tried once each, beside the bent ones."""
    return Reader(seeds, read, share, hostile)


# ---- bending


def bent(chance, seed):
    content = bytearray(seed)
    for dummy in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(content) + 1)
        kind = chance.random()
        if kind < 0.4:
            content[at:at + chance.choice((0, 0, 1, 4, 8))] = chance.choice(PIECES)
        elif kind < 0.6 and at < len(content):
            content[at] = chance.choice((0, 1, 0x7f, 0x80, 0xff, content[at] ^ 1 << chance.randrange(8)))
        elif kind < 0.75:
            source = chance.randrange(len(content) + 1)
            content[at:at] = content[source:source + chance.choice((1, 8, 40, 400))]
        elif kind < 0.9:
            del content[at:at + chance.choice((1, 4, 40, 400))]
        else:
            del content[at:]
    return bytes(content)


# In place of any value of a JSON text.
VALUES = [None, True, 0, -1, 1.5, 2 ** 63, '', u'x', u'a\0b', u'\ud800', u'\u00b2', u'../../x', u'h1:', [], [[]], [None], [1, 2], {}, {'a': None}, {'': {}}]


def bent_json(chance, seed):
    """The same with another value, or another key, in one to three places: what is bent by bytes alone is mostly no JSON."""
    value = json.loads(seed.decode('utf-8'))
    for dummy in range(chance.choice((1, 1, 2, 3))):
        places = places_in(value)
        if places:
            holder, key = chance.choice(places)
            if isinstance(holder, dict) and chance.random() < 0.3:
                kept = holder.pop(key)
                if chance.random() < 0.5:
                    holder[chance.choice([u'', u'x', u'a\0b', u'../x', u'\ud800'])] = kept
            else:
                holder[key] = copy.deepcopy(chance.choice(VALUES))
    return json.dumps(value).encode('ascii')


def is_json(content):
    try:
        json.loads(content.decode('utf-8'))
    except ValueError:
        return False
    return True


def places_in(value):
    found = []
    for key, each in sorted(value.items()) if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found.append((value, key))
        found.extend(places_in(each))
    return found


def input_of(each, seed, number):
    if number < len(each.hostile):
        return each.hostile[number]
    chance = random.Random(seed * 1000003 + number)
    content = chance.choice(each.seeds)
    if is_json(content) and chance.random() < 0.7:
        return bent_json(chance, content)
    return bent(chance, content)


# ---- reading, in a separate process


def take(each, content, folder):
    """'result' or the code of a refusal; raises any other error of a reader."""
    os.mkdir(folder)
    try:
        each.read(content, folder)
    except GofleetError as exc:
        return exc.code
    finally:
        shutil.rmtree(folder)
    return 'result'


def limit(count):
    with open('/proc/self/statm') as source:
        used = int(source.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    seconds = int(sum(os.times()[:2]) + START + EACH * count)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    # A reader has no business with more than a tiny tree.
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))


def work(each, seed, count, folder, report):
    """Write to report: the number and the outcome of each input. The number comes first, so that the last one shows where a killed process was."""
    for number in range(count):
        report.write('%d ' % number)
        report.flush()
        try:
            end = take(each, input_of(each, seed, number), os.path.join(folder, 'one'))
        except Exception as exc:  # noqa: BLE001
            # Whatever it is, it is what was looked for; the next input is another.
            end = '!%s: %s' % (type(exc).__name__, ' '.join(str(exc).split())[:200])
        report.write(end + '\n')


def run(name, each, seed, count):
    """An Outcome of one reader."""
    folder = tempfile.mkdtemp(prefix='gofleet-fuzz-')
    path = os.path.join(folder, 'report')
    count = int(count * each.share) + len(each.hostile)
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            limit(count)
            with open(path, 'w') as report:
                work(each, seed, count, folder, report)
            code = 0
        except BaseException:  # noqa: BLE001
            # The parent's tests are not this process's.
            traceback.print_exc()
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    try:
        with open(path) as source:
            lines = source.read().split('\n')
    finally:
        shutil.rmtree(folder)
    return outcome_of(name, lines, status)


def outcome_of(name, lines, status):
    counts, failures = collections.Counter(), []
    for line in lines[:-1]:
        number, dummy, end = line.partition(' ')
        if end.startswith('!'):
            failures.append(Failure(name, int(number), end[1:]))
        else:
            counts[end] += 1
    if status:
        at = lines[-1].strip()
        why = 'was ended by signal %d: it takes too much processor time' % os.WTERMSIG(status) if os.WIFSIGNALED(status) else 'ended by itself'
        failures.append(Failure(name, int(at) if at else -1, why))
    return Outcome(counts, failures)


def fuzz(readers, count, seed):
    """{name: Outcome}."""
    return dict((name, run(name, readers[name], seed, count)) for name in sorted(readers))


def report(outcomes, seed):
    python = '.'.join(str(each) for each in sys.version_info[:3])
    for name in sorted(outcomes):
        counts, failures = outcomes[name]
        print('fuzz_readers: %s: %d inputs (seed %d, Python %s): %s; %d failed' % (
            name, sum(counts.values()) + len(failures), seed, python, ', '.join('%s %d' % each for each in sorted(counts.items())), len(failures)))
        for failure in failures[:10]:
            print('fuzz_readers: FAILED: --seed %d --reader %s --only %d: %s' % (seed, failure.reader, failure.number, failure.why))
