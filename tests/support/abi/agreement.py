# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the verdict on each program with the outcome of starting it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from support.abi.design import WORD
from support.abi.fixtures import Fixture

RUNS, UNKNOWN, INCOMPATIBLE = 'runs', 'unknown', 'incompatible'
# Reasons for which the verdict on any program may be left open.
OPEN_CODES = {'wrong_arch': 'foreign', 'emulation_unseen': 'foreign', 'packed': 'packed', 'parse_limit': 'parse_limit'}
# Formats that binfmt_misc may start.
OPEN_FORMATS = ('pe', 'java', 'wasm')


@dataclass(frozen=True)
class Start:
    """What became of a program that was started."""

    path: str
    errno: str | None
    status: int | None
    output: str

    def ran(self, word: str) -> bool:
        return self.status == 0 and word in self.output

    def __str__(self) -> str:
        if self.errno:
            return f'exec: {self.errno}'
        said = self.output.strip().splitlines()[-2:]
        died = f'signal {-self.status}' if self.status is not None and self.status < 0 else f'exit {self.status}'
        return ': '.join([died, *said])


@dataclass(frozen=True)
class Row:
    fixture: Fixture
    start: Start
    said: dict[str, Any]

    @property
    def ran(self) -> bool:
        return self.start.ran(WORD)

    @property
    def verdict(self) -> str:
        return str(self.said['verdict'])

    @property
    def false_runs(self) -> bool:
        return self.verdict == RUNS and not self.ran

    @property
    def false_incompatible(self) -> bool:
        return self.verdict == INCOMPATIBLE and self.ran

    @property
    def needlessly_open(self) -> bool:
        """Left open, though nothing of what cannot be known is the reason."""
        if self.verdict != UNKNOWN or self.fixture.unknowable:
            return False
        codes = {each['code'] for each in self.said['reasons'] if each['severity'] == 'warn'}
        return not codes.intersection(OPEN_CODES) and self.said['file']['format'] not in OPEN_FORMATS

    @property
    def open_for(self) -> str:
        """Why a verdict is left open, in a word or a sentence."""
        codes = {each['code'] for each in self.said['reasons'] if each['severity'] == 'warn'}
        other = 'another format' if self.said['file']['format'] in OPEN_FORMATS else 'undetermined'
        return self.fixture.unknowable or next((word for code, word in OPEN_CODES.items() if code in codes), other)

    def __str__(self) -> str:
        reasons = '; '.join(f'{each["code"]}({each["severity"]}) {each["detail"]}' for each in self.said['reasons'][:3]) or 'no reason'
        return f'{self.fixture.name} ({self.fixture.what}): {self.start}; said: {self.verdict}: {reasons}'


def summary(name: str, rows: list[Row]) -> str:
    """A line of the table of agreements."""
    count = Counter((row.verdict, row.ran) for row in rows)
    opened = sum(count[UNKNOWN, ran] for ran in (True, False))
    why = Counter(row.open_for for row in rows if row.verdict == UNKNOWN)
    known = [f'{word} {why.pop(word)}' for word in (*OPEN_CODES.values(), 'another format', 'undetermined') if word in why]
    known += [f'unknowable {sum(why.values())}'] if why else []
    return (
        f'{name:<26} {len(rows):>4} programs: {count[RUNS, True]:>3} runs, {count[INCOMPATIBLE, False]:>3} incompatible, {opened:>3} unknown'
        f' ({"; ".join([f"{count[UNKNOWN, True]} ran", *known])}); false runs {count[RUNS, False]}, false incompatible {count[INCOMPATIBLE, True]}'
    )
