# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a push that cannot be: by whom it is refused, with what code, and what is left."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.gofleet.golang.plugins.action.go_toolchain import ActionModule
from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.plugin_utils import _archives as archives
from support.units.playbook_runs import Site

SAID = 'Failed to set permissions on the temporary files Ansible needs to create when becoming an unprivileged user'
FILENAME = 'go1.30.1.linux-amd64.tar.gz'


class Push(ActionModule):  # type: ignore[misc]
    """The action on a host that lacks an archive, without the host."""

    def __init__(self, incoming: str | None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._incoming = incoming
        self._cache = None
        self._connection = SimpleNamespace(become=None, _shell=SimpleNamespace(tmpdir='/tmp/ansible', join_path=os.path.join))

    def get_become_option(self, option: str, *dummy: Any) -> str:
        return {'become_user': 'builder'}[option]

    def _transfer_file(self, local_path: str, remote_path: str) -> None:
        pass

    def _prove_by_signature(self, *arguments: Any) -> None:
        pass

    def _unchanged(self, *arguments: Any) -> None:
        """It lacks an archive, so that a probe cannot answer."""

    def _call(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        self.calls.append(dict(arguments))
        need = {'kind': 'archive', 'version': '1.30.1', 'goarch': 'amd64', 'filename': FILENAME, 'failures': [], 'incoming': self._incoming}
        return {'changed': False}, [need] if len(self.calls) == 1 else []

    def push(self) -> dict[str, Any]:
        resolution: Any = SimpleNamespace(records=[SimpleNamespace(version='1.30.1', as_option=dict)], record=lambda version: None)
        request: Any = SimpleNamespace(archive=Path('archive.tar.gz'))
        return self._until_satisfied({}, request, resolution, {})


@pytest.fixture(autouse=True)
def _archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, 'local_archive', lambda *arguments: Path(FILENAME))


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refused(self: ActionBase, *arguments: Any) -> None:
        raise error

    monkeypatch.setattr(ActionBase, '_fixup_perms2', refused)


def test_an_ordinary_user_who_cannot_become_another_one_gets_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, AnsibleError(SAID))
    with pytest.raises(GofleetError) as caught:
        Push(None).push()
    assert (caught.value.code, caught.value.evidence) == ('become_unprivileged', {'user': 'builder'})
    parts = ('builder', 'acl', 'become root', 'pipelining', 'transfer: pull', 'allow_world_readable_tmpfiles', SAID)
    assert [part for part in parts if part not in caught.value.msg] == []


def test_a_connection_that_fails_is_no_refusal_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, AnsibleConnectionFailure('no route to host'))
    with pytest.raises(AnsibleConnectionFailure):
        Push(None).push()


def no_archive(*arguments: Any) -> Path:
    raise GofleetError('There is no archive.', 'no_file')


def test_the_host_is_called_again_if_the_archive_cannot_be_uploaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, 'local_archive', no_archive)
    action = Push('/opt/go/.gofleet/incoming/x')
    with pytest.raises(GofleetError, match='There is no archive'):
        action.push()
    assert [each['uploads'] for each in action.calls][1:] == [
        {FILENAME: {'path': '/opt/go/.gofleet/incoming/x/withdrawn', 'origin': 'the controller'}}
    ]


def test_a_host_that_awaits_nothing_is_not_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, 'local_archive', no_archive)
    action = Push(None)
    with pytest.raises(GofleetError):
        action.push()
    assert len(action.calls) == 1


# ---- async


@pytest.fixture(scope='module')
def asynchronous(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp('asynchronous'))
    site.run({'name': 'async', 'version': '1.30.1', 'keywords': {'async': 60, 'poll': 1}})
    return site


def test_async_is_refused_with_a_code(asynchronous: Site) -> None:
    assert asynchronous('async').code == 'async_unsupported'


def test_async_is_refused_with_advice(asynchronous: Site) -> None:
    message = asynchronous('async')['msg']
    assert [part for part in ('gofleet.golang.go_toolchain', 'Nothing was changed', 'Leave out async', 'strategy: free') if part not in message] == []


def test_async_is_refused_before_anything_is_made(asynchronous: Site) -> None:
    assert not asynchronous.path('opt').exists()
