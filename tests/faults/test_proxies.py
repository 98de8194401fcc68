# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment's HTTP(S) proxies are honoured by what the host itself fetches."""

from __future__ import annotations

import subprocess

import pytest

from sandbox import Host
from scenarios import FIRST, Shelf
from support.mirror.certificates import ServerCertificate
from support.mirror.server import Mirror
from support.module_process import Module, Options

# Only the proxy knows where it is.
NAME = 'mirror.test'
# How ansible.module_utils.urls loads authorities. Python 2.7 built with OpenSSL 3 takes the end of a DER list for an error.
LOADS_DER = """
import ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_SSLv23)
context.load_verify_locations(cadata=bytearray(ssl.PEM_cert_to_DER_cert(open(sys.argv[1]).read())))
"""


def loads_authorities(module: Module, tls: ServerCertificate) -> bool:
    command = [str(module.python), '-c', LOADS_DER, str(tls.authority)]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def fetched(shelf: Shelf, host: Host, **more: object) -> Options:
    return {**shelf.options(FIRST), **host.paths, 'archive': None, **more}


@pytest.mark.parametrize('zipped', [False, True], ids=['mirror', 'goproxy'])
def test_a_proxy_is_used_for_http(zipped: bool, module: Module, shelf: Shelf, host: Host, mirror: Mirror) -> None:
    root = mirror.url.replace('127.0.0.1', NAME)
    source = {'mirrors': [], 'goproxy': f'{root}/proxy'} if zipped else {'mirrors': [f'{root}/dl']}
    options = fetched(shelf, host, **source)
    without = module.run(options)
    assert without.succeeded, without
    assert without.result
    assert without.result['needs'], 'there is no way to it but the proxy'
    assert mirror.requests() == []
    outcome = module.within(http_proxy=mirror.proxy_url).run(options)
    assert outcome.changed, outcome
    assert all(request.proxied for request in mirror.requests())
    assert [request.status for request in mirror.requests()] == ([200] if zipped else [302, 200])
    assert host.answers() == {'link': FIRST, 'bin': FIRST}


def test_a_proxy_is_used_for_https(module: Module, shelf: Shelf, host: Host, mirror: Mirror, tls: ServerCertificate, tally: list[str]) -> None:
    root = mirror.https_url.replace('127.0.0.1', NAME)
    options = fetched(shelf, host, mirrors=[f'{root}/dl'], ca_path=str(tls.authority))
    outcome = module.within(https_proxy=mirror.proxy_url).run(options)
    assert outcome.succeeded, outcome
    assert outcome.result
    if not loads_authorities(module, tls):
        # A host that cannot verify TLS asks its controller, and says why.
        assert [failure['code'] for need in outcome.result['needs'] for failure in need['failures']] == ['tls_failed']
        tally.append(f'https through a proxy: Python {module.version} cannot load authorities here, so it asks for a push')
        return
    assert outcome.changed, outcome
    requests = mirror.requests()
    assert [(request.method, request.proxied) for request in requests] == [('CONNECT', True), ('GET', True)] * 2
    assert host.answers() == {'link': FIRST, 'bin': FIRST}


def test_hosts_in_no_proxy_are_reached_directly(module: Module, shelf: Shelf, host: Host, mirror: Mirror) -> None:
    options = fetched(shelf, host, mirrors=[f'{mirror.url}/dl'])
    outcome = module.within(http_proxy='http://127.0.0.1:9', no_proxy='127.0.0.1').run(options)
    assert outcome.changed, outcome
    assert not any(request.proxied for request in mirror.requests())


@pytest.mark.parametrize('transfer', ['auto', 'pull'])
def test_a_password_in_a_proxy_s_or_mirror_s_address_is_not_shown(transfer: str, module: Module, shelf: Shelf, host: Host) -> None:
    options = fetched(shelf, host, mirrors=[f'http://somebody:hunter3@{NAME}/dl'], transfer=transfer)
    outcome = module.within(http_proxy='http://somebody:hunter2@127.0.0.1:9').run(options)
    assert outcome.fault() is None, outcome
    assert outcome.result
    shown = {key: value for key, value in outcome.result.items() if key != 'invocation'}
    assert 'hunter2' not in str(shown)
    assert 'hunter3' not in str(shown)
