# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes that a run makes to a host, each as a state to begin with and options that lead away from it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import FOREIGN_VERSION, Host, record
from support.module_process import Module, Options
from support.toolchains.real import Archive
from support.toolchains.tiny import VERSIONS

FIRST, SECOND, THIRD = VERSIONS[:3]


@dataclass(frozen=True)
class Shelf:
    """Tiny archives, and the options by which a host takes one from a folder on it."""

    archives: dict[str, Archive]
    # Holds the .tar.gz files, or the module zips and nothing else.
    folder: Path
    zips: Path

    def options(self, version: str, *also: str, zipped: bool = False, **more: object) -> Options:
        return {
            'version': version,
            'also': list(also),
            'releases': [record(self.archives[each]) for each in (version, *also)],
            'archive': str(self.zips if zipped else self.folder),
            'remote_src': True,
            'mirrors': [],
            **more,
        }


Wanted = Callable[[Shelf], Options]


@dataclass(frozen=True)
class Scenario:
    """before, after: what `go version` says; None: there is no go.

    history: runs that lead to the first state; change: the run that is broken; prepare: what else the host has.
    """

    name: str
    before: str | None
    after: str | None
    change: Wanted
    history: tuple[Wanted, ...] = ()
    prepare: Callable[[Host], None] = Host.add_neighbours
    # What is done to the host after its history.
    damage: Callable[[Host], None] = field(default=lambda host: None)
    # A release that another tool unpacked to LINK.
    unpacked: str | None = None
    # A system call that this kernel lacks; without it, a name may be missing for a moment.
    lacks: str | None = None
    # What must not happen at any moment, or nothing.
    wrong: Callable[[Host], str | None] = field(default=lambda host: None)

    def set_up(self, host: Host, module: Module, shelf: Shelf) -> None:
        host.make()
        self.prepare(host)
        if self.unpacked:
            subprocess.run(['tar', '-xzf', str(shelf.archives[self.unpacked].path), '-C', str(host.link.parent)], check=True)
            # As its user made them, so that go has both of its names all along.
            for program in ('go', 'gofmt'):
                (host.bin_dir / program).symlink_to(host.link / 'bin' / program)
        for wanted in self.history:
            outcome = module.run({**wanted(shelf), **host.paths})
            assert outcome.succeeded, outcome
        self.damage(host)


def _nothing(host: Host) -> None:
    """A prefix that does not exist yet, and goes with what was in it."""


def _edit(host: Host) -> None:
    host.write(f'opt/go/go{FIRST}/src/fmt/print.go', 'evil\n')


def _index_only(shelf: Shelf) -> Options:
    options = shelf.options(FIRST)
    (known,) = options['releases'][0]['archives'].values()
    known.pop('h1')
    known['vouched'].pop('h1')
    known['exhausted'] = True
    return options


def _damage(host: Host) -> None:
    (host.prefix / f'go{FIRST}/VERSION').unlink()


_DEFAULTS = '# gofleet.golang environment fleet: begin\nGOPROXY=https://proxy.example.com\n# gofleet.golang environment fleet: end\n'
_OLD_DEFAULTS = _DEFAULTS.replace('proxy', 'old')


def _set_defaults(version: str) -> Callable[[Host], None]:
    """As env_file does at level default while this release is active."""

    def work(host: Host) -> None:
        host.write('opt/go/.gofleet/go.env', _DEFAULTS)
        tree = host.prefix / f'go{version}/go.env'
        tree.write_text(_DEFAULTS + tree.read_text(encoding='utf-8'), encoding='utf-8')

    return work


def _set_defaults_before(host: Host) -> None:
    """As a former release did, which kept nothing beside the trees."""
    _set_defaults(FIRST)(host)
    (host.prefix / '.gofleet/go.env').unlink()


def _set_defaults_since(host: Host) -> None:
    """The one that is not active has what held before."""
    _set_defaults(SECOND)(host)
    tree = host.prefix / f'go{FIRST}/go.env'
    tree.write_text(_OLD_DEFAULTS + tree.read_text(encoding='utf-8'), encoding='utf-8')


def _has_other_defaults(host: Host) -> str | None:
    active = (host.link / 'go.env').read_text(encoding='utf-8')
    return None if active.startswith(_DEFAULTS) and 'old' not in active else f'the go.env of the active toolchain is {active!r}'


def _add_own(host: Host) -> None:
    host.write(f'opt/go/go{FIRST}/bin/dlv', 'mine\n', 0o755)


def _has_lost_own(host: Host) -> str | None:
    return None if list(host.prefix.glob(f'go{FIRST}*/bin/dlv')) else 'bin/dlv is gone'


SCENARIOS = (
    Scenario('install', None, FIRST, lambda shelf: shelf.options(FIRST), prepare=_nothing),
    Scenario('install_zip', None, FIRST, lambda shelf: shelf.options(FIRST, zipped=True)),
    Scenario(
        'upgrade', FIRST, SECOND, lambda shelf: shelf.options(SECOND), history=(lambda shelf: shelf.options(FIRST),)
    ),
    Scenario(
        'switch_back', SECOND, FIRST, lambda shelf: shelf.options(FIRST),
        history=(lambda shelf: shelf.options(SECOND, FIRST),),
    ),
    Scenario(
        'prune', SECOND, SECOND, lambda shelf: shelf.options(SECOND, prune=True),
        history=(lambda shelf: shelf.options(SECOND, FIRST, THIRD),),
    ),
    Scenario(
        'repair', FIRST, FIRST, lambda shelf: shelf.options(FIRST), history=(lambda shelf: shelf.options(FIRST),),
        damage=_damage,
    ),
    Scenario(
        'adopt', FOREIGN_VERSION, FIRST, lambda shelf: shelf.options(FIRST, adopt=True), prepare=Host.add_foreign,
    ),
    # Linux before 3.15, and file systems that cannot exchange two names.
    Scenario(
        'adopt_old', FOREIGN_VERSION, FIRST, lambda shelf: shelf.options(FIRST, adopt=True), prepare=Host.add_foreign,
        lacks='renameat2',
    ),
    Scenario(
        'take_in', FIRST, FIRST, lambda shelf: shelf.options(FIRST, adopt=True, archive=None, transfer='pull'),
        unpacked=FIRST,
    ),
    Scenario(
        'prove', FIRST, FIRST, lambda shelf: shelf.options(FIRST, trust=['log']), history=(_index_only,),
    ),
    Scenario(
        'deep', FIRST, FIRST, lambda shelf: shelf.options(FIRST, verify='deep'), history=(lambda shelf: shelf.options(FIRST),),
        damage=_edit,
    ),
    Scenario(
        'upgrade_defaults', FIRST, SECOND, lambda shelf: shelf.options(SECOND, prune=True), history=(lambda shelf: shelf.options(FIRST),),
        damage=_set_defaults_before, wrong=_has_other_defaults,
    ),
    Scenario(
        'switch_defaults', SECOND, FIRST, lambda shelf: shelf.options(FIRST), history=(lambda shelf: shelf.options(SECOND, FIRST),),
        damage=_set_defaults_since, wrong=_has_other_defaults,
    ),
    Scenario(
        'prune_own', SECOND, SECOND, lambda shelf: shelf.options(SECOND, prune=True), history=(lambda shelf: shelf.options(SECOND, FIRST),),
        damage=_add_own, wrong=_has_lost_own,
    ),
    Scenario(
        'remove', SECOND, None, lambda shelf: {'state': 'absent'},
        history=(lambda shelf: shelf.options(SECOND, FIRST),), prepare=_nothing,
    ),
    Scenario(
        'remove_one', SECOND, None, lambda shelf: {'state': 'absent', 'version': SECOND},
        history=(lambda shelf: shelf.options(SECOND, FIRST),),
    ),
)  # fmt: skip
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
