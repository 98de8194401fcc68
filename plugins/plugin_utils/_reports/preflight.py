# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix of verdicts on programs for hosts, as text for people and as a decision for a playbook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils._abi import verdict as abi
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError

NO_ANSWER = 'no answer'
CHOICES = ('incompatible', 'unknown', 'never')
# The longest line; with the characters that Ansible prints around it, it fills the 120 columns of a terminal.
WIDTH = 106
# The widest column, beyond which its text is wrapped; three columns fit side by side.
_CELL = 34
_GAP = '  '
# The number of failures that a summary names.
_NAMED = 5


@dataclass(frozen=True)
class Cell:
    """One program on one host. verdict: of abi_check, or 'no answer'; likely_mistake: whether it is a failure although its verdict is open."""

    host: str
    program: str
    verdict: str
    code: str = ''
    detail: str = ''
    likely_mistake: bool = False

    @property
    def text(self) -> str:
        return f'{self.verdict}: {self.code}' if self.code else self.verdict

    def fails(self, fail_on: str) -> bool:
        if fail_on == 'never':
            return False
        return self.verdict in (abi.INCOMPATIBLE, NO_ANSWER) or self.likely_mistake or (fail_on == 'unknown' and self.verdict == abi.UNKNOWN)


def programs_of(value: Any) -> list[str]:
    """The programs in a variable: a list, or a text with one or several between commas, as from -e on the command line.

    Raises GofleetError(invalid_option).
    """
    if value is None:
        return []
    named = value.split(',') if isinstance(value, str) else value
    if not isinstance(named, Sequence) or not all(isinstance(each, str) for each in named):
        raise GofleetError(f"The programs are {value!r}. Write a path, several between commas, or a list of paths.", 'invalid_option', programs=repr(value))
    return [each.strip() for each in named if each.strip()]


def cells(hosts: Iterable[str], answers: Mapping[str, Any], programs: Sequence[str]) -> list[Cell]:
    """A Cell for each program on each host, by hosts. answers: the registered results of abi_check, of the hosts that answered."""
    return [_cell(host, program, answers.get(host)) for host in hosts for program in programs]


def _cell(host: str, program: str, answer: Any) -> Cell:
    results = answer.get('results') if isinstance(answer, Mapping) else None
    for result in results or ():
        if result['path'] == program:
            # A program that runs may have warnings, which are not the reason for its verdict.
            reason = (abi.cause(result) or {}) if result['verdict'] != abi.RUNS else {}
            mistake = result['verdict'] == abi.UNKNOWN and abi.fails(result, 'incompatible')
            return Cell(host, program, result['verdict'], reason.get('code', ''), reason.get('detail', ''), mistake)
    why = answer.get('msg', '') if isinstance(answer, Mapping) else ''
    return Cell(host, program, NO_ANSWER, detail=why or 'The host was not reached, or could not be asked: see its own error.')


# ---- the table


def matrix(found: Sequence[Cell]) -> list[str]:
    """Lines of at most WIDTH: tables of hosts against programs, as many as fit side by side, then each reason once, with its hosts."""
    hosts = list(dict.fromkeys(cell.host for cell in found))
    programs = list(dict.fromkeys(cell.program for cell in found))
    by_place = {(cell.host, cell.program): cell.text for cell in found}
    columns = [[heading, *(by_place[host, program] for host in hosts)] for heading, program in zip(_headings(programs), programs, strict=True)]
    lines: list[str] = []
    for part in _parts(['', *hosts], columns):
        lines += ['', *part] if lines else part
    return lines + _reasons(found)


def _headings(programs: Sequence[str]) -> list[str]:
    """The last parts of paths, or whole paths if two last parts are equal."""
    names = [program.rpartition('/')[2] for program in programs]
    return [name if names.count(name) == 1 else program for name, program in zip(names, programs, strict=True)]


def _parts(first: Sequence[str], columns: Sequence[Sequence[str]]) -> list[list[str]]:
    """The table in parts of at most WIDTH, each with the first column."""
    parts: list[list[str]] = []
    taken: list[Sequence[str]] = []
    for column in columns:
        if taken and _width(first) + sum(len(_GAP) + _width(each) for each in (*taken, column)) > WIDTH:
            parts.append(_table([first, *taken]))
            taken = []
        taken.append(column)
    return [*parts, _table([first, *taken])] if taken else parts


def _width(column: Sequence[str]) -> int:
    return min(_CELL, max(map(len, column)))


def _table(columns: Sequence[Sequence[str]]) -> list[str]:
    widths = [_width(column) for column in columns]
    lines = []
    for row in zip(*columns, strict=True):
        wrapped = [_wrapped(text, width) for text, width in zip(row, widths, strict=True)]
        side_by_side = zip_longest(*wrapped, fillvalue='')
        lines += [_GAP.join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip() for texts in side_by_side]
    return lines


def _wrapped(text: str, width: int, indent: str = '') -> list[str]:
    """Wrap a text; a word that is longer than a line is broken, so that no character is lost."""
    if len(indent) + len(text) <= width:
        return [indent + text]
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False) or [indent]


def _reasons(found: Sequence[Cell]) -> list[str]:
    hosts: dict[tuple[str, str], list[str]] = {}
    for cell in found:
        if cell.detail:
            # A host without an answer has none for any program.
            program = f'{cell.program} on ' if cell.verdict != NO_ANSWER else ''
            named = hosts.setdefault((program, cell.detail), [])
            named += [cell.host] if cell.host not in named[-1:] else []
    lines = []
    for (program, detail), named in hosts.items():
        lines += ['', *_wrapped(f'{program}{", ".join(named)}:', WIDTH), *_wrapped(detail, WIDTH, '  ')]
    return lines


# ---- the decision


def decision(hosts: Iterable[str], answers: Mapping[str, Any], programs: Any, fail_on: str = 'incompatible') -> dict[str, Any]:
    """{'fit': whether no cell is a failure, 'lines': the matrix, 'failing': [{host, program, verdict, code}], 'summary': a line}.

    programs: as programs_of() takes them. fail_on: as the option of abi_check; a host that did not answer is a failure too, unless it is
    'never'. Raises GofleetError(invalid_option).
    """
    if fail_on not in CHOICES:
        raise GofleetError(f"fail_on is '{fail_on}'. Write one of {', '.join(CHOICES)}.", 'invalid_option', fail_on=fail_on)
    found = cells(hosts, answers, programs_of(programs))
    failing = [cell for cell in found if cell.fails(fail_on)]
    return {
        'fit': not failing,
        'lines': matrix(found),
        'failing': [{'host': cell.host, 'program': cell.program, 'verdict': cell.verdict, 'code': cell.code} for cell in failing],
        'summary': _summary(found, failing),
    }


def _summary(found: Sequence[Cell], failing: Sequence[Cell]) -> str:
    count = len({cell.host for cell in found})
    if not failing:
        return f'Every program was judged on {count} hosts, and none of the verdicts is a failure.'
    unfit = len({cell.host for cell in failing})
    named = [f'{cell.program} on {cell.host} ({cell.text})' for cell in failing[:_NAMED]]
    more = [f'and {len(failing) - _NAMED} more'] if len(failing) > _NAMED else []
    return f'{unfit} of {count} hosts cannot be relied on to run what is coming: {", ".join([*named, *more])}. Nothing was changed.'
