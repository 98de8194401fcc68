# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts against programs: the matrix of verdicts, as text for people and as a decision for a playbook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.gofleet.golang.plugins.module_utils import abi
from ansible_collections.gofleet.golang.plugins.module_utils.errors import GofleetError

NO_ANSWER = 'no answer'
# What a terminal shows side by side.
_CELL = 36
_FAILS = {'incompatible': (abi.INCOMPATIBLE, NO_ANSWER), 'unknown': (abi.INCOMPATIBLE, abi.UNKNOWN, NO_ANSWER), 'never': ()}


@dataclass(frozen=True)
class Cell:
    """One program on one host. verdict: as abi_check says it, or 'no answer'."""

    host: str
    program: str
    verdict: str
    code: str = ''
    detail: str = ''

    @property
    def text(self) -> str:
        return f'{self.verdict}: {self.code}' if self.code else self.verdict


def cells(hosts: Iterable[str], answers: Mapping[str, Any], programs: Sequence[str]) -> list[Cell]:
    """A Cell for each program on each host, by hosts. answers: what abi_check registered there, of the hosts that answered."""
    return [_cell(host, program, answers.get(host)) for host in hosts for program in programs]


def _cell(host: str, program: str, answer: Any) -> Cell:
    results = answer.get('results') if isinstance(answer, Mapping) else None
    for result in results or ():
        if result['path'] == program:
            # One that runs may have been warned about, which is not why it does.
            reason = result['reasons'][0] if result['reasons'] and result['verdict'] != abi.RUNS else {}
            return Cell(host, program, result['verdict'], reason.get('code', ''), reason.get('detail', ''))
    why = answer.get('msg', '') if isinstance(answer, Mapping) else ''
    return Cell(host, program, NO_ANSWER, detail=why or 'The host was not reached, or could not be asked: see its own error.')


def matrix(found: Sequence[Cell]) -> list[str]:
    """Lines: a table of hosts against programs, then each reason once, with the hosts that it is of."""
    hosts = list(dict.fromkeys(cell.host for cell in found))
    programs = list(dict.fromkeys(cell.program for cell in found))
    by_place = {(cell.host, cell.program): cell for cell in found}
    rows = [['', *(_headings(programs))]] + [[host, *(by_place[host, program].text for program in programs)] for host in hosts]
    widths = [min(_CELL, max(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    # A text that is too long for its column goes on; what is cut would be the reason.
    lines = ['  '.join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return lines + _reasons(found)


def _headings(programs: Sequence[str]) -> list[str]:
    """The last parts of paths, unless two are alike."""
    names = [program.rpartition('/')[2] for program in programs]
    return [name if names.count(name) == 1 else program for name, program in zip(names, programs, strict=True)]


def _reasons(found: Sequence[Cell]) -> list[str]:
    hosts: dict[tuple[str, str], list[str]] = {}
    for cell in found:
        if cell.detail:
            # Who did not answer did so for no program.
            program = f'{cell.program} on ' if cell.verdict != NO_ANSWER else ''
            named = hosts.setdefault((program, cell.detail), [])
            named += [cell.host] if cell.host not in named else []
    lines = []
    for (program, detail), named in hosts.items():
        lines += ['', f'{program}{", ".join(named)}:', *textwrap.wrap(detail, 100, initial_indent='  ', subsequent_indent='  ')]
    return lines


def decision(hosts: Iterable[str], answers: Mapping[str, Any], programs: Sequence[str], fail_on: str = 'incompatible') -> dict[str, Any]:
    """{'fit': whether no cell is a failure, 'lines': the matrix, 'failing': [{host, program, verdict, code}]}.

    fail_on: 'incompatible', 'unknown' or 'never', as the option of abi_check. A host that did not answer is a failure too, unless it is
    'never'. Raises GofleetError(invalid_option).
    """
    if fail_on not in _FAILS:
        raise GofleetError(f"fail_on is '{fail_on}'. Write one of {', '.join(_FAILS)}.", 'invalid_option', fail_on=fail_on)
    found = cells(hosts, answers, programs)
    failing = [
        {'host': cell.host, 'program': cell.program, 'verdict': cell.verdict, 'code': cell.code} for cell in found if cell.verdict in _FAILS[fail_on]
    ]
    return {'fit': not failing, 'lines': matrix(found), 'failing': failing}
