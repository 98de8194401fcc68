# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.hosts import machine
from support.hosts.engine import RecordedProcess

NOTE = 'emulator.pid'


@pytest.fixture
def image(tmp_path: Path) -> machine.Image:
    (tmp_path / 'host_key.pub').write_text('ssh-ed25519 AAAA root@machine\n', encoding='ascii')
    return machine.Image(tmp_path)


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the emulator's place; what it does is still to be written."""
    program = tmp_path / 'programs/qemu-system-x86_64'
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setenv('PATH', f'{program.parent}:/usr/bin:/bin')
    return program


def says(emulator: Path, script: str) -> None:
    emulator.write_text(f'#!/bin/sh\necho $$ > {emulator.with_name(NOTE)}\n{script}\n', encoding='ascii')


def test_each_part_of_a_recipe_decides_which_disk_it_is() -> None:
    recipe = machine.Recipe(packages=('fish',), files={'/etc/motd': 'hello\n'}, commands=('true',))
    others = [
        replace(recipe, packages=('zsh',)),
        replace(recipe, files={'/etc/motd': 'hi\n'}),
        replace(recipe, commands=('false',)),
        replace(recipe, suite='sid'),
    ]
    assert replace(recipe).key == recipe.key
    assert len({each.key for each in (recipe, *others)}) == 5


def test_a_machine_is_up_when_it_says_so_and_gone_with_the_block(image: machine.Image, emulator: Path) -> None:
    says(emulator, 'echo starting; echo "gofleet-machine: running"; exec sleep 1000')
    with machine.booted(image) as host:
        running = RecordedProcess.observe(int(emulator.with_name(NOTE).read_text(encoding='ascii')))
        assert running
        assert running.alive()
        folder = host.key.parent
        assert (folder / 'known_hosts').read_text(encoding='ascii') == f'[127.0.0.1]:{host.port} ssh-ed25519 AAAA root@machine\n'
    assert not running.alive()
    assert not folder.exists()


@pytest.mark.parametrize(
    ('script', 'said'),
    [
        ('echo no such disk; exit 1', 'the machine died while it booted'),
        ('echo Oops; echo "---[ end Kernel panic - not syncing: Oops ]---"; exec sleep 1000', 'the machine died while it booted'),
        ('echo "gofleet-machine: degraded own.service"; exec sleep 1000', 'the machine booted, but is degraded own.service'),
    ],
)
def test_a_failed_boot_is_reported_with_the_end_of_the_console(image: machine.Image, emulator: Path, script: str, said: str) -> None:
    says(emulator, script)
    with pytest.raises(machine.MachineFailed) as caught, machine.booted(image):
        pass
    assert said in str(caught.value)
    assert str(caught.value).splitlines()[1].strip() in script
    running = RecordedProcess.observe(int(emulator.with_name(NOTE).read_text(encoding='ascii')))
    assert running is None


def test_a_machine_that_hangs_is_given_up(image: machine.Image, emulator: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, '_BOOT_SECONDS', 0.2)
    says(emulator, 'echo stuck; exec sleep 1000')
    with pytest.raises(machine.MachineFailed, match='did not boot within'), machine.booted(image):
        pass


def test_a_port_in_use_by_another_process_is_not_taken(image: machine.Image, emulator: Path) -> None:
    mark = emulator.with_name('tried')
    says(
        emulator,
        f'if mkdir {mark}; then echo "Could not set up host forwarding rule"; exit 1; fi\necho "gofleet-machine: running"; exec sleep 1000',
    )
    with machine.booted(image):
        assert mark.is_dir()
