# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins by real shells: which startup file each reads, and that the line we recommend works with our file and without it."""

from __future__ import annotations

import itertools
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._environment import login_shells as environment_shells
from parsers import BARE, Missing

# The program, its arguments before -c, and its first argument: a dash in front makes a login shell.
SHELLS = {
    'bash': ('bash', ()), 'sh': ('bash', ()), 'dash': ('dash', ()), 'ash': ('busybox', ()), 'mksh': ('mksh', ()), 'ksh93': ('ksh93', ()), 'zsh': ('zsh', ()),
}  # fmt: skip
STARTUP = ('.profile', '.bash_profile', '.bash_login', '.zprofile', '.zshenv', '.zlogin', '.bashrc', '.zshrc')


def log_in(name: str, home: Path, script: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(SHELLS[name][0])
    if program is None:
        raise Missing(f'{SHELLS[name][0]} is not installed (Debian: apt-get install {SHELLS[name][0]})')
    return subprocess.run(
        [f'-{name}', '-c', script], executable=program, env=BARE | {'HOME': str(home)}, capture_output=True, text=True, check=False
    )


def user(name: str, home: Path) -> environment_shells.User:
    return environment_shells.User(str(home), f'/bin/{name}')


def login(name: str, home: Path) -> environment_shells.Login:
    return environment_shells.observe(user(name, home))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home of o'user $x"
    folder.mkdir()
    return folder


def with_file(home: Path) -> Path:
    path = home / '.config' / 'gofleet' / 'gofleet.sh'
    path.parent.mkdir(parents=True)
    path.write_text('OURS=here\nexport OURS\n', encoding='utf-8')
    return path


@pytest.mark.parametrize('name', SHELLS)
def test_the_startup_files_that_a_shell_reads_are_those_that_we_look_into(home: Path, name: str) -> None:
    for there in itertools.product([False, True], repeat=5):
        for startup, exists in zip(STARTUP[:5], there, strict=True):
            (home / startup).unlink(missing_ok=True)
            if exists:
                (home / startup).write_text(f'READ="${{READ-}} {startup}"\n', encoding='utf-8')
        read, dummy = environment_shells.startup_files(user(name, home))
        done = log_in(name, home, 'echo $READ')
        assert (there, done.stdout.split()) == (there, [Path(path).name for path in read])


@pytest.mark.parametrize('name', SHELLS)
@pytest.mark.parametrize('existing', [(), ('.profile',), ('.bash_profile',), ('.profile', '.bash_login'), ('.zshenv',)], ids=' and '.join)
def test_the_recommended_line_works_with_the_file_and_after_it_is_gone(home: Path, name: str, existing: tuple[str, ...]) -> None:
    for startup in existing:
        (home / startup).write_text('BEFORE=1\n', encoding='utf-8')
    path = with_file(home)
    warning = environment_shells.warning(login(name, home), str(path), True, False)
    place, line = environment_shells.startup_files(user(name, home))[1], environment_shells.line_for(str(path))
    assert place in warning
    assert warning.endswith(f'  {line}')
    with Path(place).open('a', encoding='utf-8') as startup_file:
        startup_file.write(f'{line}\nAFTER=1\n')
    assert log_in(name, home, 'echo "$OURS $AFTER"').stdout == 'here 1\n'
    assert environment_shells.warning(login(name, home), str(path), True, False) is None
    path.unlink()
    done = log_in(name, home, 'echo "alive $AFTER"')
    assert (done.returncode, done.stdout, done.stderr) == (0, 'alive 1\n', '')
    assert environment_shells.warning(login(name, home), str(path), False, False) is None


# Ways to write the same, by people and by installers.
LINES = {
    'dot': '. ~/.config/gofleet/gofleet.sh', 'home': '. $HOME/.config/gofleet/gofleet.sh', 'quoted home': '. "$HOME/.config/gofleet/gofleet.sh"',
    'braces': '. "${HOME}"/.config/gofleet/gofleet.sh', 'half quoted': '. "$HOME"/.config/\'gofleet\'/gofleet.sh',
    'xdg': '. "${XDG_CONFIG_HOME:-$HOME/.config}/gofleet/gofleet.sh"',
    'if': 'if [ -r ~/.config/gofleet/gofleet.sh ]\nthen\n  . ~/.config/gofleet/gofleet.sh\nfi',
    'if on a line': 'if test -f "$HOME/.config/gofleet/gofleet.sh"; then . "$HOME/.config/gofleet/gofleet.sh"; fi',
    'and': '[ -r ~/.config/gofleet/gofleet.sh ] && . ~/.config/gofleet/gofleet.sh', 'comment behind': '. ~/.config/gofleet/gofleet.sh # ours',
    'slashes': '. ~/.config//gofleet/./gofleet.sh', 'indented': '{ true; . ~/.config/gofleet/gofleet.sh; }',
}  # fmt: skip
NOT_LINES = {
    'comment': '# . ~/.config/gofleet/gofleet.sh', 'echo': 'echo . ~/.config/gofleet/gofleet.sh', 'single quotes': ". '$HOME/.config/gofleet/gofleet.sh'",
    'another': '. ~/.config/gofleet/gofleet.sh.old', 'test alone': '[ -r ~/.config/gofleet/gofleet.sh ]', 'text': 'X=". ~/.config/gofleet/gofleet.sh"',
    'quoted tilde': '. "~/.config/gofleet/gofleet.sh"',
}  # fmt: skip


@pytest.mark.parametrize('name', SHELLS)
@pytest.mark.parametrize('line', [*LINES.values(), *NOT_LINES.values()], ids=[*LINES, *NOT_LINES])
def test_a_line_is_recognised_when_the_shell_reads_the_file_by_it(tmp_path: Path, name: str, line: str) -> None:
    home = tmp_path / 'home'
    home.mkdir()
    path = with_file(home)
    Path(environment_shells.startup_files(user(name, home))[1]).write_text(f'{line}\n', encoding='utf-8')
    reads = log_in(name, home, 'echo "$OURS"').stdout == 'here\n'
    assert environment_shells.is_sourced(login(name, home), str(path)) == reads == (line in LINES.values())


@pytest.mark.parametrize('name', ['dash', 'ash'])
@pytest.mark.parametrize('line', LINES.values(), ids=LINES)
def test_a_line_that_ends_logins_without_the_file_is_named_when_the_file_goes(tmp_path: Path, name: str, line: str) -> None:
    home = tmp_path / 'home'
    home.mkdir()
    path = with_file(home)
    (home / '.profile').write_text(f'{line}\n', encoding='utf-8')
    path.unlink()
    dies = log_in(name, home, 'echo alive').stdout != 'alive\n'
    assert (environment_shells.warning(login(name, home), str(path), False, False) is not None) == dies


def test_a_line_in_a_file_that_the_startup_file_comes_to_counts(home: Path) -> None:
    path = with_file(home)
    (home / '.bash_profile').write_text('if [ -f ~/.bashrc ]; then\n\t. ~/.bashrc\nfi\n', encoding='utf-8')
    (home / '.bashrc').write_text(f'{environment_shells.line_for(str(path))}\n', encoding='utf-8')
    assert log_in('bash', home, 'echo "$OURS"').stdout == 'here\n'
    assert environment_shells.is_sourced(login('bash', home), str(path))
    assert shlex.quote(str(path)) in environment_shells.line_for(str(path))


def test_fish_is_served_by_its_own_file(home: Path) -> None:
    path = str(with_file(home))
    assert environment_shells.warning(login('fish', home), path, True, True) is None
    assert 'consumer fish' in environment_shells.warning(login('fish', home), path, True, False)
