# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from support.mirror.certificates import ServerCertificate
from support.mirror.faults import BOMB, DRIP, FAULTS, FIRST_BYTES, LIE, FaultPath
from support.mirror.server import Mirror
from support.toolchains.real import Archive
from support.units.mirror_client import Get, connection_to


def digests_in_index(body: bytes) -> list[str]:
    return [file["sha256"] for release in json.loads(body) for file in release["files"]]


@pytest.fixture
def name(archives: list[Archive]) -> str:
    return archives[1].filename


@pytest.fixture
def content(archives: list[Archive]) -> bytes:
    return archives[1].path.read_bytes()


def test_a_path_names_fault_scope_and_key() -> None:
    place = FaultPath.parse("/fault/truncate_once+index~host-7/dl/x")
    assert place is not None
    assert place.fault is not None
    assert (place.fault.name, place.fault.scope) == ("truncate_once", "index")
    assert (place.prefix, place.path) == ("/fault/truncate_once+index~host-7", "/dl/x")


@pytest.mark.parametrize("path", ["/fault/nonsense/dl/", "/fault/flip+nonsense/dl/"])
def test_an_unknown_fault_is_a_404_that_lists_the_known(mirror: Mirror, get: Get, path: str) -> None:
    answer = get(mirror.url + path)
    assert answer.status == 404
    assert b"truncate_once" in answer.body


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_spares_what_it_does_not_strike(mirror: Mirror, get: Get, fault: str) -> None:
    spared = "index" if FAULTS[fault].scope != "index" else "archive"
    url = f"{mirror.fault_url(f'{fault}+digest')}/dl/?mode=json"
    if spared == "archive":
        url = f"{mirror.fault_url(fault)}/go/go1.30.1.linux-amd64.tar.gz"
    assert get(url).status == 200


@pytest.mark.parametrize(("fault", "status"), [("not_found", 404), ("server_error", 500)])
def test_errors_strike_everything(mirror: Mirror, get: Get, name: str, fault: str, status: int) -> None:
    for path in ("/dl/?mode=json", f"/dl/{name}", f"/go/{name}"):
        assert get(mirror.fault_url(fault) + path).status == status


def test_a_redirect_stays_below_the_fault(mirror: Mirror, get: Get, name: str) -> None:
    answer = get(f"{mirror.fault_url('flip')}/dl/{name}")
    assert answer.headers["Location"] == f"/fault/flip/go/{name}"


def test_unavailable_once_then_fine(mirror: Mirror, get: Get, name: str, content: bytes) -> None:
    url = f"{mirror.fault_url('unavailable_once')}/go/{name}"
    first, second = get(url), get(url)
    assert (first.status, first.headers["Retry-After"]) == (503, "1")
    assert second.body == content


def test_each_key_gives_a_fault_a_separate_memory(mirror: Mirror, get: Get, name: str) -> None:
    statuses = [get(f"{mirror.fault_url(f'unavailable_once~{key}')}/go/{name}").status for key in ("a", "a", "b")]
    assert statuses == [503, 200, 503]
    mirror.forget()
    assert get(f"{mirror.fault_url('unavailable_once~a')}/go/{name}").status == 503


def test_truncate_never_gets_past_the_middle(mirror: Mirror, get: Get, name: str, content: bytes) -> None:
    url = f"{mirror.fault_url('truncate')}/go/{name}"
    middle = len(content) // 2
    first = get(url)
    assert (first.status, first.whole, first.headers["Content-Length"]) == (200, False, str(len(content)))
    assert first.body == content[:middle]
    resumed = get(url, Range=f"bytes={middle}-")
    assert (resumed.status, resumed.whole, resumed.body) == (206, False, b"")


@pytest.mark.parametrize("secure", [False, True])
def test_truncate_once_can_be_resumed(mirror: Mirror, tls: ServerCertificate, get: Get, name: str, content: bytes, secure: bool) -> None:
    url = f"{mirror.fault_url('truncate_once', secure)}/go/{name}"
    first = get(url, authority=tls.authority)
    assert not first.whole
    rest = get(url, authority=tls.authority, Range=f"bytes={len(first.body)}-", If_Range=first.headers["ETag"])
    assert rest.status == 206
    assert first.body + rest.body == content


def test_drop_no_range_answers_a_resume_with_everything(mirror: Mirror, get: Get, name: str, content: bytes) -> None:
    url = f"{mirror.fault_url('drop_no_range')}/go/{name}"
    first = get(url)
    assert (first.whole, "Accept-Ranges" in first.headers) == (False, False)
    second = get(url, Range=f"bytes={len(first.body)}-")
    assert (second.status, second.body) == (200, content)


@pytest.mark.parametrize("secure", [False, True])
def test_flip_changes_one_byte(mirror: Mirror, tls: ServerCertificate, get: Get, name: str, content: bytes, secure: bool) -> None:
    url = f"{mirror.fault_url('flip', secure)}/go/{name}"
    body = get(url, authority=tls.authority).body
    changed = [offset for offset, (was, now) in enumerate(zip(content, body, strict=True)) if was != now]
    assert changed == [len(content) // 2]
    part = get(url, authority=tls.authority, Range=f"bytes={len(content) // 2}-").body
    assert part == body[len(content) // 2 :]


def test_flip_index_spoils_every_digest(mirror: Mirror, get: Get) -> None:
    right = digests_in_index(get(f"{mirror.url}/dl/?mode=json&include=all").body)
    wrong = digests_in_index(get(f"{mirror.fault_url('flip_index')}/dl/?mode=json&include=all").body)
    assert len(wrong) == len(right)
    assert all(was[0] != now[0] and was[1:] == now[1:] for was, now in zip(right, wrong, strict=True))


def test_flip_sha256_spoils_the_digest_file(mirror: Mirror, archives: list[Archive], get: Get, name: str) -> None:
    body = get(f"{mirror.fault_url('flip_sha256')}/go/{name}.sha256").body.decode()
    assert (len(body), body[1:]) == (64, archives[1].sha256[1:])
    assert body != archives[1].sha256


def test_html_comes_with_status_200(mirror: Mirror, get: Get, name: str) -> None:
    answer = get(f"{mirror.fault_url('html')}/go/{name}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("secure", [False, True])
def test_stall_is_silent_after_some_bytes(mirror: Mirror, tls: ServerCertificate, name: str, content: bytes, secure: bool) -> None:
    root = mirror.fault_url("stall", secure)
    connection = connection_to(root, tls.authority)
    connection.request("GET", f"{urlsplit(root).path}/go/{name}")
    # An answer whose length is known leaves the connection its socket.
    assert connection.sock is not None
    answer = connection.getresponse()
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.read(FIRST_BYTES) == content[:FIRST_BYTES]
    # Only for the silence: on a busy machine the answer itself may take longer.
    connection.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        answer.read(1)
    connection.close()
    assert [request.sent for request in mirror.requests()] == [FIRST_BYTES]


def test_stopping_ends_a_stall(archives: list[Archive], name: str) -> None:
    with Mirror(archives) as running:
        parts = urlsplit(running.fault_url("stall"))
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        connection.request("GET", f"{parts.path}/go/{name}")
        answer = connection.getresponse()
        answer.read(FIRST_BYTES)
    with pytest.raises(http.client.IncompleteRead):
        answer.read()


def test_reset_is_a_tcp_reset(mirror: Mirror, name: str) -> None:
    parts = urlsplit(mirror.fault_url("reset"))
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(f"GET {parts.path}/go/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = iter(lambda: connection.recv(1 << 20), b"")
        with pytest.raises(ConnectionResetError):
            list(received)


def test_a_reset_comes_through_a_tunnel(mirror: Mirror, name: str) -> None:
    # In plain HTTP: Python's ssl module may report a reset as an ordinary end.
    proxy, target = urlsplit(mirror.proxy_url), urlsplit(mirror.url)
    connection = http.client.HTTPConnection(str(proxy.hostname), proxy.port, timeout=20)
    connection.set_tunnel("mirror.test", target.port)
    connection.request("GET", f"/fault/reset/go/{name}")
    with pytest.raises(ConnectionResetError):
        connection.getresponse().read()
    connection.close()


def test_redirect_loop_never_repeats_a_url(mirror: Mirror, name: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="redirect"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{mirror.fault_url('redirect_loop')}/dl/{name}", timeout=20)
    asked = [(request.path, request.query) for request in mirror.requests()]
    assert len(asked) > 5
    assert len(set(asked)) == len(asked)


def test_long_length_announces_more_bytes_than_it_sends(mirror: Mirror, get: Get, name: str, content: bytes) -> None:
    answer = get(f"{mirror.fault_url('long_length')}/go/{name}")
    assert (answer.whole, answer.body, answer.headers["Content-Length"]) == (False, content, str(len(content) + LIE))


def test_short_length_promises_less_than_there_is(mirror: Mirror, get: Get, name: str, content: bytes) -> None:
    answer = get(f"{mirror.fault_url('short_length')}/go/{name}")
    assert (answer.whole, answer.body) == (True, content[:-LIE])


def test_stale_index_lacks_newest_patches(mirror: Mirror, get: Get) -> None:
    releases = json.loads(get(f"{mirror.fault_url('stale_index')}/dl/?mode=json").body)
    assert [release["version"] for release in releases] == ["go1.31.0", "go1.30.1"]


def test_bad_json_and_an_empty_index(mirror: Mirror, get: Get) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(f"{mirror.fault_url('bad_json')}/dl/?mode=json").body)
    assert json.loads(get(f"{mirror.fault_url('empty_index')}/dl/?mode=json").body) == []


def test_wrong_arch_serves_the_other_port(mirror: Mirror, archives: list[Archive], get: Get, name: str) -> None:
    body = get(f"{mirror.fault_url('wrong_arch')}/go/{name}").body
    assert hashlib.sha256(body).hexdigest() == archives[2].sha256


def test_refuse_closes_before_any_answer(mirror: Mirror, get: Get, name: str) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        get(f"{mirror.fault_url('refuse')}/go/{name}")
    assert [(request.status, request.sent) for request in mirror.requests()] == [(None, 0)]


def raw(mirror: Mirror, fault: str, name: str, size: int) -> bytes:
    """The first bytes of an answer, headers and all, as they come."""
    parts = urlsplit(mirror.fault_url(fault))
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(f"GET {parts.path}/go/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            return answer.read(size)


@pytest.mark.parametrize("secure", [False, True])
def test_drip_sends_the_right_bytes_one_by_one(mirror: Mirror, tls: ServerCertificate, name: str, content: bytes, secure: bool) -> None:
    root = mirror.fault_url("drip", secure)
    connection = connection_to(root, tls.authority)
    # From before the first byte can have gone: a busy machine may show it to this test only when the second is on its way.
    started = time.monotonic()
    connection.request("GET", f"{urlsplit(root).path}/go/{name}")
    answer = connection.getresponse()
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.read(2) == content[:2]
    assert time.monotonic() - started >= DRIP
    connection.close()
    # The pace holds however late this test was to hang up.
    assert mirror.requests()[0].sent <= 1 + (time.monotonic() - started) / DRIP


def test_headers_drip_too(mirror: Mirror, name: str) -> None:
    assert raw(mirror, "drip_headers", name, 26) == b"HTTP/1.1 200 OK\r\nX-Drip: x"


def test_endless_continue_never_comes_to_an_answer(mirror: Mirror, name: str) -> None:
    assert b"200" not in raw(mirror, "endless_continue", name, 1 << 20)


@pytest.mark.parametrize("fault", ["many_headers", "one_header"])
def test_headers_of_many_megabytes(mirror: Mirror, name: str, fault: str) -> None:
    assert b"\r\n\r\n" not in raw(mirror, fault, name, 4 << 20)


def test_endless_goes_on_after_the_file_and_gives_no_length(mirror: Mirror, name: str, content: bytes) -> None:
    headers, _end, body = raw(mirror, "endless", name, len(content) + (1 << 20)).partition(b"\r\n\r\n")
    assert b"Content-Length" not in headers
    assert body[: len(content)] == content
    assert len(body) > len(content)


def test_a_redirect_with_an_endless_body_leads_to_the_file(mirror: Mirror, name: str) -> None:
    answer = raw(mirror, "redirect_endless", name, 1 << 20)
    assert answer.startswith(b"HTTP/1.1 302 ")
    assert f"Location: {mirror.url}/go/{name}\r\n".encode() in answer


@pytest.mark.parametrize(("fault", "start"), [("to_file", "file:///"), ("to_ftp", "ftp://"), ("to_http", "http://")])
def test_redirects_to_other_schemes(mirror: Mirror, tls: ServerCertificate, get: Get, name: str, fault: str, start: str) -> None:
    answer = get(f"{mirror.fault_url(fault, secure=True)}/go/{name}", authority=tls.authority)
    assert answer.status == 302
    assert answer.headers["Location"].startswith(start)


def test_a_packed_bomb_is_small_until_it_is_unpacked(mirror: Mirror, get: Get, name: str) -> None:
    answer = get(f"{mirror.fault_url('packed_bomb')}/go/{name}")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.body) * 500 < len(gzip.decompress(answer.body)) == BOMB


def test_head_has_no_body_under_any_fault(mirror: Mirror, get: Get, name: str) -> None:
    for fault in ("truncate", "long_length", "flip", "wrong_arch"):
        assert get(f"{mirror.fault_url(fault)}/go/{name}", "HEAD").body == b""
