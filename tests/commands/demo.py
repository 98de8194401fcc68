# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install Go into .demo/ of this checkout with the collection, as a user would, and compile a program with it.

Needs Python 3.10 or later with venv and pip, nothing else. Changes nothing outside .demo/.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DEMO = CHECKOUT / '.demo'
# 2.17 is excluded: molecule and ansible-lint do not support it.
ANSIBLE = 'ansible-core>=2.16.19,!=2.17.*,<2.22'
INDEX = 'https://go.dev/dl/?mode=json'
PROGRAM = """package main

import (
\t"fmt"
\t"runtime"
)

func main() {
\tfmt.Printf("Hello from a program built by %s on %s/%s.\\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
"""


def main() -> int:
    if sys.version_info < (3, 10):
        print(f'demo: Python 3.10 or later is needed, {sys.executable} is {sys.version.split()[0]}. Run: make demo PYTHON=python3.12', file=sys.stderr)
        return 1
    started = time.monotonic()
    environment = prepare()
    trouble = trouble_with(INDEX)
    changed = run_site(environment)
    print(source_line(trouble))
    print(build_and_run())
    print(f'demo: {"Go was installed" if changed else "nothing had to be changed"} ({time.monotonic() - started:.0f} s). '
          f'Try: {(DEMO / "bin" / "go").relative_to(CHECKOUT)} version')
    return 0


def prepare() -> dict[str, str]:
    """A private virtual environment with the collection installed from a build of this checkout."""
    DEMO.mkdir(exist_ok=True)
    commands = DEMO / 'venv' / 'bin'
    if not (commands / 'ansible-playbook').exists():
        print(f'demo: making {commands.parent.relative_to(CHECKOUT)} with {ANSIBLE}', flush=True)
        subprocess.run([sys.executable, '-m', 'venv', '--clear', str(commands.parent)], check=True)
        subprocess.run([str(commands / 'python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ANSIBLE], check=True)
    # Our own file, so that no other ansible.cfg applies.
    configuration = DEMO / 'ansible.cfg'
    configuration.write_text('[defaults]\ninventory = localhost,\n', encoding='utf-8')
    environment = os.environ | {
        'PATH': f'{commands}{os.pathsep}{os.environ["PATH"]}',
        'ANSIBLE_COLLECTIONS_PATH': str(DEMO / 'collections'),
        'ANSIBLE_HOME': str(DEMO / 'ansible'),
        'ANSIBLE_CONFIG': str(configuration),
    }
    install_collection(commands, environment)
    return environment


def install_collection(commands: Path, environment: dict[str, str]) -> None:
    built = DEMO / 'build'
    shutil.rmtree(built, ignore_errors=True)
    galaxy = str(commands / 'ansible-galaxy')
    run_quietly([galaxy, 'collection', 'build', '--output-path', str(built)], environment)
    archive = next(built.glob('gofleet-golang-*.tar.gz'))
    run_quietly([galaxy, 'collection', 'install', '--force', '--offline', str(archive)], environment)


def run_quietly(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(f'demo: {" ".join(command)} failed:\n{done.stdout}')


def trouble_with(url: str) -> str | None:
    """Why go.dev is not used, if it can't be."""
    try:
        with urllib.request.urlopen(url, timeout=10):
            return None
    except (urllib.error.URLError, OSError) as exc:
        return str(getattr(exc, 'reason', exc))


def goproxy() -> str:
    """GOPROXY from the environment, from an installed go, or Go's default."""
    if os.environ.get('GOPROXY'):
        return os.environ['GOPROXY']
    if shutil.which('go'):
        said = subprocess.run(['go', 'env', 'GOPROXY'], capture_output=True, text=True, check=False).stdout.strip()
        if said:
            return said
    return 'https://proxy.golang.org,direct'


def run_site(environment: dict[str, str]) -> bool:
    """Run the site playbook against this machine, without becoming anybody. Whether it changed something."""
    variables = {
        'gofleet_become': False,
        'ansible_python_interpreter': sys.executable,
        'go_toolchain_version': 'latest',
        'go_toolchain_goproxy': goproxy(),
        'go_toolchain_prefix': str(DEMO / 'toolchains'),
        'go_toolchain_link': str(DEMO / 'go'),
        'go_toolchain_bin_dir': str(DEMO / 'bin'),
        'go_toolchain_cache_path': str(DEMO / 'cache'),
    }
    command = ['ansible-playbook', '-i', 'localhost,', '-c', 'local', '-e', json.dumps(variables), 'gofleet.golang.site']
    process = subprocess.Popen(command, cwd=DEMO, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = []
    for line in process.stdout:
        output.append(line)
        print(line, end='', flush=True)
    if process.wait():
        sys.exit('demo: the playbook failed; what to do is in the message above.')
    recap = re.search(r'changed=(\d+)', output[-1] + ''.join(output[-4:]))
    return recap is not None and recap[1] != '0'


def source_line(trouble: str | None) -> str:
    """One line: where the active toolchain came from, why from there, and what proved it."""
    tree = (DEMO / 'go').resolve().name
    manifest = json.loads((DEMO / 'toolchains' / '.gofleet' / 'manifests' / f'{tree}.json').read_text(encoding='utf-8'))
    proof = {'log': "Go's transparency log", 'index': 'the release index', 'pinned': 'a pinned digest'}
    vouched = ' and '.join(proof[each['kind']] for each in manifest['proof'])
    why = f'since go.dev cannot be reached ({trouble})' if trouble else 'the first choice'
    return f"demo: Go {manifest['version']} is from {manifest['source']['origin']}, {why}; verified by {vouched}."


def build_and_run() -> str:
    """What a small program says that the installed toolchain has compiled, with nothing of this machine's Go settings."""
    source = DEMO / 'hello'
    source.mkdir(exist_ok=True)
    (source / 'main.go').write_text(PROGRAM, encoding='utf-8')
    (source / 'go.mod').write_text('module example.com/hello\n\ngo 1.21\n', encoding='utf-8')
    environment = {
        'PATH': f'{DEMO / "bin"}{os.pathsep}{os.defpath}', 'HOME': str(DEMO), 'GOENV': 'off', 'GOTOOLCHAIN': 'local',
        'GOCACHE': str(DEMO / 'gocache'), 'GOPATH': str(DEMO / 'gopath'), 'CGO_ENABLED': '0',
    }
    subprocess.run(['go', 'build', '-buildvcs=false', '-o', 'hello', '.'], cwd=source, env=environment, check=True)
    return subprocess.run([str(source / 'hello')], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == '__main__':
    sys.exit(main())
