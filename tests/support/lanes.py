# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python interpreters and the virtual environments that the tests run in.

    lanes.py path NAME...       make what is missing, print each environment's folder
    lanes.py run NAME ARG...    run the Python of an environment
    lanes.py python X.Y         print an interpreter of that version, or exit 1
    lanes.py lock NAME...       resolve the direct pins of tests/requirements/NAME.txt again
    lanes.py list               the environments, their interpreters, and whether they exist

Lanes are controllers: el7 (ansible-core 2.16, the last for CentOS 7), main and newest.
Standard library only, Python 3.9 and later: it is the first thing that a bare machine runs.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / 'requirements'
# Everything under this line is written by `lock`.
RESOLVED = '# Resolved from the pins above.'
# Raise it when the way an environment is built changes, so that old ones are not reused.
RECIPE = 2
# What is taken out of the `ansible` package; the whole of it is 20,000 files that no test reads.
COLLECTIONS = ('ansible/posix', 'community/docker', 'community/library_inventory_filtering_v1')


class LaneError(Exception):
    """An environment cannot be made; the message says what, why and what to do."""


class MissingPython(LaneError):
    """This machine has no interpreter for it: something a test may name and leave out, unlike a failed build."""


@dataclass(frozen=True)
class Interpreter:
    path: Path
    version: str
    has_venv: bool


@dataclass(frozen=True)
class Environment:
    name: str
    # Acceptable interpreters, the preferred one first.
    pythons: tuple[str, ...]

    @property
    def requirements(self) -> Path:
        return REQUIREMENTS / f'{self.name}.txt'


LANES = {
    lane.name: lane
    for lane in (
        # ansible-core 2.16 runs on 3.10 to 3.12, 2.19 on 3.11 to 3.13, 2.21 on 3.12 to 3.14;
        # the controller side of this collection asks for 3.11.
        Environment('el7', ('3.11', '3.12')),
        Environment('main', ('3.11', '3.12', '3.13')),
        Environment('newest', ('3.12', '3.13', '3.14')),
    )
}
# What a managed host may run: the interpreters of the host-side unit tests.
HOST_PYTHONS = ('2.7', '3.6', '3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13')
ENVIRONMENTS = {
    **LANES,
    'dev': Environment('dev', ('3.11', '3.12', '3.13')),
    # The last virtualenv that makes environments for Python 2.7 (20.22 ended it).
    'virtualenv': Environment('virtualenv', ('3.11', '3.10', '3.9', '3.12')),
    **{f'py{version}': Environment(f'py{version}', (version,)) for version in HOST_PYTHONS},
}


def cache_root() -> Path:
    configured = os.environ.get('GOFLEET_CACHE')
    return Path(configured).expanduser().absolute() if configured else Path.home() / '.cache' / 'gofleet'


def environments_root() -> Path:
    """Where the environments lie: GOFLEET_ENVIRONMENTS lets another cache's be used, for pip made them and not the tests."""
    configured = os.environ.get('GOFLEET_ENVIRONMENTS')
    return Path(configured).expanduser().absolute() if configured else cache_root() / 'venvs'


# ---- interpreters


def _candidates(version: str) -> Iterator[Path]:
    """PATH first, then pyenv's own folders: its shims are on PATH but run only versions that are switched on."""
    for folder in os.environ.get('PATH', os.defpath).split(os.pathsep):
        yield Path(folder or '.') / f'python{version}'
    pyenv = Path(os.environ.get('PYENV_ROOT') or Path.home() / '.pyenv') / 'versions'
    patches = [found.name.split('.')[-1] for found in pyenv.glob(f'{version}.*')]
    for patch in sorted((patch for patch in patches if patch.isdigit()), key=int, reverse=True):
        yield pyenv / f'{version}.{patch}' / 'bin' / f'python{version}'


def _probe(candidate: Path) -> Interpreter | None:
    # Debian packs ensurepip apart from Python (python3-venv), so a working interpreter is not yet one that can make
    # environments. The real path outlives an environment that happens to be first on PATH.
    script = (
        'import os, platform, sys\n'
        'print(os.path.realpath(sys.executable))\n'
        'print(platform.python_version())\n'
        'import ensurepip, venv\n'
        'print("has venv")\n'
    )
    try:
        answer = subprocess.run(
            [str(candidate), '-c', script], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.splitlines()
    return Interpreter(Path(lines[0]), lines[1], has_venv=len(lines) > 2) if len(lines) > 1 else None


@functools.cache
def find_python(version: str) -> Interpreter | None:
    """An interpreter of that minor version; one that can make environments if there is one."""
    fallback = None
    for candidate in _candidates(version):
        found = _probe(candidate) if os.access(candidate, os.X_OK) else None
        if found and found.version.startswith(f'{version}.'):
            if found.has_venv or version == '2.7':
                return found
            fallback = fallback or found
    return fallback


def _interpreter_for(environment: Environment) -> Interpreter:
    found = [python for python in map(find_python, environment.pythons) if python]
    usable = [python for python in found if python.has_venv or python.version.startswith('2.7.')]
    if usable:
        return usable[0]
    wanted = ' or '.join(environment.pythons)
    if found:
        raise MissingPython(
            f'environment {environment.name}: {found[0].path} has no venv and ensurepip; '
            'install them (Debian and Ubuntu: apt-get install python3-venv)'
        )
    raise MissingPython(
        f'environment {environment.name} needs Python {wanted}: none on PATH nor under ~/.pyenv/versions; install one'
    )


# ---- environments


def _key(environment: Environment, python: Interpreter) -> str:
    digest = hashlib.sha256(environment.requirements.read_bytes())
    digest.update(repr((RECIPE, COLLECTIONS, str(python.path), python.version)).encode())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('a') as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: list[str], doing: str) -> str:
    """The command's output; raises LaneError with its end if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        tail = '\n'.join(done.stdout.splitlines()[-15:])
        raise LaneError(f'{doing} failed (exit {done.returncode}):\n  {" ".join(command)}\n{tail}')
    return done.stdout


def _pins(environment: Environment) -> list[str]:
    lines = (line.split('#')[0].strip() for line in environment.requirements.read_text(encoding='utf-8').splitlines())
    return [line for line in lines if line]


def _direct_pins(environment: Environment) -> list[str]:
    text = environment.requirements.read_text(encoding='utf-8').split(RESOLVED)[0]
    return [line.split('#')[0].strip() for line in text.splitlines() if line.split('#')[0].strip()]


def _is_ansible(pin: str) -> bool:
    return pin.startswith('ansible==')


def _make_bare(python: Interpreter, target: Path) -> None:
    if python.version.startswith('2.7.'):
        tool = path('virtualenv') / 'bin' / 'python'
        command = [str(tool), '-m', 'virtualenv', '--quiet', '--app-data', str(cache_root() / 'virtualenv')]
        command += ['--python', str(python.path), str(target)]
    else:
        command = [str(python.path), '-m', 'venv', str(target)]
    run(command, f'making an environment of Python {python.version}')


def _pip_install(target: Path, pins: list[str], *options: str) -> None:
    # _compile does it, with all processors.
    command = [str(target / 'bin' / 'python'), '-m', 'pip', 'install', '--quiet', '--no-compile', *options, *pins]
    run(command, f'installing into {target}')


def _unpack_collections(target: Path, pin: str) -> None:
    """Collections come from PyPI's ``ansible`` package: no Galaxy server is needed, and no other source is pinned."""
    site = next(target.glob('lib/python3*/site-packages'))
    wanted = tuple(f'ansible_collections/{name}/' for name in COLLECTIONS)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        pip = [str(target / 'bin' / 'python'), '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, pin]
        run(pip, f'fetching {pin}')
        wheel = next(Path(folder).glob('*.whl'))
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith(wanted)]
            archive.extractall(site, names)
    missing = [name for name in COLLECTIONS if not (site / 'ansible_collections' / name).is_dir()]
    if missing:
        raise LaneError(f'{pin} holds no {", ".join(missing)}: adjust COLLECTIONS in {__file__}')


def _compile(target: Path, python: Interpreter) -> None:
    """Write byte code for all packages: with PYTHONDONTWRITEBYTECODE no import would, and each process would compile Ansible and pytest anew."""
    [packages] = target.glob('lib/python*/site-packages')
    jobs = [] if python.version.startswith('2.7.') else ['-j', '0']
    # Some packages hold files for other versions of Python; a file that does not compile is left as it is.
    subprocess.run([str(target / 'bin' / 'python'), '-m', 'compileall', '-q', *jobs, str(packages)], capture_output=True, check=False)


def _build(environment: Environment, python: Interpreter, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    _make_bare(python, target)
    pins = _pins(environment)
    # The file is already a complete resolution, so pip has nothing to decide.
    _pip_install(target, [pin for pin in pins if not _is_ansible(pin)], '--no-deps')
    for pin in filter(_is_ansible, pins):
        _unpack_collections(target, pin)
    _compile(target, python)


def path(name: str) -> Path:
    """The environment's folder; makes it if it is missing. Raises LaneError.

    Scripts in an environment hold its absolute path, so it is built where it stays; the mark that is written last
    tells a complete one from one whose builder was killed.
    """
    environment = ENVIRONMENTS[name]
    python = _interpreter_for(environment)
    key = _key(environment, python)
    target = environments_root() / f'{name}-{key}'
    mark = target / '.complete'
    if mark.exists():
        return target
    with _lock(target.parent / f'.{name}-{key}.lock'):
        if not mark.exists():
            print(f'making environment {name} (Python {python.version})', file=sys.stderr, flush=True)
            _build(environment, python, target)
            mark.touch()
    return target


def lock(name: str) -> None:
    """Rewrite the resolved half of a requirements file from its direct pins."""
    environment = ENVIRONMENTS[name]
    direct = [pin for pin in _direct_pins(environment) if not _is_ansible(pin)]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / 'environment'
        _make_bare(_interpreter_for(environment), target)
        _pip_install(target, direct)
        frozen = run([str(target / 'bin' / 'python'), '-m', 'pip', 'freeze'], 'pip freeze').splitlines()
    own = {pin.split('==')[0].split('[')[0].lower().replace('_', '-') for pin in direct}
    # Old pips print notices and options between the pins.
    pins = [line for line in frozen if '==' in line and ' ' not in line]
    resolved = [pin for pin in pins if pin.split('==')[0].lower().replace('_', '-') not in own]
    head = environment.requirements.read_text(encoding='utf-8').split(RESOLVED)[0].rstrip()
    text = '\n'.join([head, '', f'{RESOLVED} Refresh: lanes.py lock {name}', *resolved, ''])
    environment.requirements.write_text(text, encoding='utf-8')


# ---- command line


def _list() -> None:
    for environment in ENVIRONMENTS.values():
        try:
            python = _interpreter_for(environment)
        except LaneError as error:
            print(f'{environment.name:<11} -  {error}')
            continue
        target = environments_root() / f'{environment.name}-{_key(environment, python)}'
        state = target if (target / '.complete').exists() else 'not made yet'
        print(f'{environment.name:<11} Python {python.version:<8} {state}')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description='Interpreters and virtual environments of the tests.')
    commands = parser.add_subparsers(dest='command', required=True)
    for command in ('path', 'lock'):
        commands.add_parser(command).add_argument('names', nargs='+', choices=sorted(ENVIRONMENTS), metavar='NAME')
    commands.add_parser('python').add_argument('version', metavar='X.Y')
    running = commands.add_parser('run')
    running.add_argument('name', choices=sorted(ENVIRONMENTS), metavar='NAME')
    running.add_argument('arguments', nargs=argparse.REMAINDER)
    commands.add_parser('list')
    return parser


def main() -> int:
    arguments = _parser().parse_args()
    try:
        if arguments.command == 'list':
            _list()
        elif arguments.command == 'python':
            python = find_python(arguments.version)
            if not python:
                print(f'no Python {arguments.version} on PATH nor under ~/.pyenv/versions', file=sys.stderr)
                return 1
            print(python.path)
        elif arguments.command == 'run':
            python_of_lane = str(path(arguments.name) / 'bin' / 'python')
            os.execv(python_of_lane, [python_of_lane, *arguments.arguments])
        else:
            for name in arguments.names:
                if arguments.command == 'lock':
                    lock(name)
                else:
                    print(path(name))
    except LaneError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
