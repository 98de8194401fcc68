# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
import warnings
from operator import itemgetter
from pathlib import Path

import pytest

from support.mirror.certificates import Authority, ServerCertificate
from support.mirror.server import Mirror, Unsatisfiable, parse_range
from support.toolchains.real import Archive
from support.units.mirror_client import Get


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-200", (0, 100)),
        ("bytes=-", None),
        ("bytes=20-10", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
    ],
)
def test_ranges(value: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(value, 100) == expected


@pytest.mark.parametrize("value", ["bytes=100-", "bytes=-0"])
def test_a_range_past_the_end_cannot_be_satisfied(value: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(value, 100)


def test_a_redirect_leads_to_the_archive(mirror: Mirror, archives: list[Archive], get: Get) -> None:
    redirected = get(f"{mirror.url}/dl/{archives[0].filename}")
    assert (redirected.status, redirected.headers["Location"]) == (302, f"/go/{archives[0].filename}")
    answer = get(f"{mirror.url}/go/{archives[0].filename}")
    assert hashlib.sha256(answer.body).hexdigest() == archives[0].sha256
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_head_has_the_headers_of_get_and_no_body(mirror: Mirror, archives: list[Archive], get: Get) -> None:
    answer = get(f"{mirror.url}/go/{archives[0].filename}", "HEAD")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, str(archives[0].size), b"")


def test_the_index_knows_get_only(mirror: Mirror, get: Get) -> None:
    assert get(f"{mirror.url}/dl/?mode=json", "HEAD").status == 405
    assert get(f"{mirror.url}/dl/?mode=json", "POST").status == 405


def test_a_range_is_a_part_of_the_file(mirror: Mirror, archives: list[Archive], get: Get) -> None:
    answer = get(f"{mirror.url}/go/{archives[0].filename}", Range="bytes=1000-1999")
    assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes 1000-1999/{archives[0].size}")
    assert answer.body == archives[0].path.read_bytes()[1000:2000]


def test_a_range_past_the_end_is_a_416(mirror: Mirror, archives: list[Archive], get: Get) -> None:
    answer = get(f"{mirror.url}/go/{archives[0].filename}", Range=f"bytes={archives[0].size}-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{archives[0].size}")


def test_if_range_gives_a_part_of_the_same_file_and_the_whole_of_another(mirror: Mirror, archives: list[Archive], get: Get) -> None:
    url = f"{mirror.url}/go/{archives[0].filename}"
    headers = get(url, "HEAD").headers
    for validator in (headers["ETag"], headers["Last-Modified"]):
        assert get(url, Range="bytes=5-", If_Range=validator).status == 206
    assert get(url, Range="bytes=5-", If_Range='"another"').status == 200


def test_an_unchanged_file_is_a_304(mirror: Mirror, archives: list[Archive], get: Get) -> None:
    url = f"{mirror.url}/go/{archives[0].filename}"
    answer = get(url, If_None_Match=get(url, "HEAD").headers["ETag"])
    assert (answer.status, answer.body) == (304, b"")


def test_a_connection_carries_many_requests(mirror: Mirror, archives: list[Archive]) -> None:
    connection = http.client.HTTPConnection(mirror.url.removeprefix("http://"), timeout=20)
    for _attempt in range(3):
        connection.request("GET", f"/go/{archives[0].filename}.sha256")
        assert connection.getresponse().read() == archives[0].sha256.encode()
    connection.close()


def test_https_serves_the_same_to_clients_that_trust_the_authority(
    mirror: Mirror, archives: list[Archive], tls: ServerCertificate, get: Get
) -> None:
    answer = get(f"{mirror.https_url}/go/{archives[0].filename}", authority=tls.authority)
    assert hashlib.sha256(answer.body).hexdigest() == archives[0].sha256
    part = get(f"{mirror.https_url}/go/{archives[0].filename}", authority=tls.authority, Range="bytes=-7")
    assert part.body == archives[0].path.read_bytes()[-7:]


def test_a_client_that_does_not_trust_the_authority_gets_no_answer(mirror: Mirror, tmp_path: Path, get: Get) -> None:
    other = Authority.kept(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        get(f"{mirror.https_url}/dl/?mode=json", authority=other.certificate)
    assert mirror.failed_handshakes() == 1
    assert mirror.requests() == []


def test_tls_1_1_is_refused(mirror: Mirror, tls: ServerCertificate) -> None:
    context = ssl.create_default_context(cafile=str(tls.authority))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    # Or OpenSSL 3 wouldn't even offer it.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    host, _colon, port = mirror.https_url.removeprefix("https://").partition(":")
    with (
        socket.create_connection((host, int(port)), timeout=20) as connection,
        pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"),
    ):
        context.wrap_socket(connection, server_hostname=host)


def test_the_server_name_in_tls_is_logged(mirror: Mirror, tls: ServerCertificate, get: Get) -> None:
    get(mirror.https_url.replace("127.0.0.1", "localhost") + "/dl/?mode=json", authority=tls.authority)
    get(mirror.https_url + "/dl/?mode=json", authority=tls.authority)
    assert [request.server_name for request in mirror.requests()] == ["localhost", None]


def test_a_silent_client_does_not_block_others(mirror: Mirror, tls: ServerCertificate, get: Get) -> None:
    host, _colon, port = mirror.https_url.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20):
        assert get(f"{mirror.https_url}/dl/?mode=json", authority=tls.authority).status == 200


def test_each_request_is_kept_and_written_down(mirror: Mirror, archives: list[Archive], get: Get, tmp_path: Path) -> None:
    get(f"{mirror.url}/go/{archives[0].filename}?a=b", Range="bytes=0-9", User_Agent="tester/1")
    get(f"{mirror.fault_url('not_found')}/dl/")
    first, second = mirror.requests()
    assert (first.method, first.path, first.query) == ("GET", f"/go/{archives[0].filename}", "a=b")
    assert (first.status, first.sent, first.range, first.user_agent) == (206, 10, "bytes=0-9", "tester/1")
    assert (first.scheme, first.client, first.proxied, first.fault) == ("http", "127.0.0.1", False, None)
    assert (second.status, second.fault) == (404, "not_found")
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text(encoding="utf-8").splitlines()]
    # The file is in order of completion, and a client may ask again before the mirror has noted that it was answered.
    lines.sort(key=itemgetter("time"))
    assert [line["path"] for line in lines] == [first.path, second.path]


def test_a_request_whose_end_is_noted_while_the_mirror_stops_is_written_down(
    archives: list[Archive], get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()
    with Mirror(archives, log_path=tmp_path / "late.jsonl") as running:
        settle, close = running.log.settle, running.log.close
        monkeypatch.setattr(running.log, "settle", lambda request: stopping.wait(20) and settle(request))
        monkeypatch.setattr(running.log, "close", lambda: stopping.set() or close())
        get(f"{running.url}/dl/?mode=json")
    assert [json.loads(line)["path"] for line in (tmp_path / "late.jsonl").read_text(encoding="utf-8").splitlines()] == ["/dl/"]


def test_forgetting_starts_the_count_anew(mirror: Mirror, get: Get) -> None:
    get(f"{mirror.url}/dl/?mode=json")
    assert len(mirror.requests()) == 1
    mirror.forget()
    assert mirror.requests() == []


def opened_through_proxy(mirror: Mirror, url: str, authority: Path) -> bytes:
    proxies = urllib.request.ProxyHandler({"http": mirror.proxy_url, "https": mirror.proxy_url})
    context = ssl.create_default_context(cafile=str(authority))
    opener = urllib.request.build_opener(proxies, urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=20) as answer:
        body: bytes = answer.read()
    return body


@pytest.mark.parametrize("secure", [False, True])
def test_the_proxy_leads_to_the_mirror(mirror: Mirror, archives: list[Archive], tls: ServerCertificate, secure: bool) -> None:
    # A name that nothing on this machine resolves: who gets an answer asked the proxy.
    root = (mirror.https_url if secure else mirror.url).replace("127.0.0.1", "mirror.test")
    body = opened_through_proxy(mirror, f"{root}/dl/{archives[0].filename}", tls.authority)
    assert hashlib.sha256(body).hexdigest() == archives[0].sha256
    requests = [request for request in mirror.requests() if request.method == "GET"]
    assert [(request.proxied, request.client, request.status) for request in requests] == [
        (True, "127.0.0.1", 302),
        (True, "127.0.0.1", 200),
    ]
    assert {request.method for request in mirror.requests()} == ({"CONNECT", "GET"} if secure else {"GET"})


@pytest.mark.parametrize("target", ["http://elsewhere.test/", "/dl/?mode=json", "https://mirror.test/"])
def test_the_proxy_leads_nowhere_else(mirror: Mirror, target: str) -> None:
    connection = http.client.HTTPConnection(mirror.proxy_url.removeprefix("http://"), timeout=20)
    connection.request("GET", target)
    assert connection.getresponse().status == 403
    connection.close()


def test_the_proxy_opens_no_tunnel_to_others(mirror: Mirror, tls: ServerCertificate) -> None:
    with pytest.raises(urllib.error.URLError, match="403"):
        opened_through_proxy(mirror, "https://elsewhere.test/", tls.authority)


def test_sixteen_clients_at_once(mirror: Mirror, archives: list[Archive], get: Get) -> None:
    digests: list[str] = []

    def fetch() -> None:
        digests.append(hashlib.sha256(get(f"{mirror.url}/go/{archives[0].filename}").body).hexdigest())

    threads = [threading.Thread(target=fetch) for _number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert digests == [archives[0].sha256] * 16
    assert len(mirror.requests()) == 16


def test_a_stopped_mirror_refuses_connections(archives: list[Archive]) -> None:
    with Mirror(archives) as running:
        address = running.url.removeprefix("http://").partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address[0], int(address[2])), timeout=20)


def test_a_mirror_without_a_certificate_explains_what_to_do(archives: list[Archive]) -> None:
    with Mirror(archives) as running, pytest.raises(ValueError, match="start it with tls="):
        _url = running.https_url
