# Copyright (c) 2026, gofleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import errno
import itertools
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading

import pytest

from ansible_collections.gofleet.golang.plugins.module_utils._errors import GofleetError
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download, sources
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import patience as fetch_patience
from ansible_collections.gofleet.golang.plugins.module_utils._fetch.sources import Options
from support.units.tiny_trees import sha256
from support.units.web_server import Answer, cut, rest_of

OPTIONS = Options(timeout=10, ca_path=None)
# Long enough for a busy machine to answer in, where the answer is not silence.
IMPATIENT = Options(timeout=1, ca_path=None)
CONTENT = bytes(bytearray(number * 7 % 251 for number in range(1000)))
SHA256 = sha256(CONTENT)
TAG = '"one"'


@pytest.fixture
def path(tmpdir):
    return tmpdir.join('archive')


@pytest.fixture
def fetch(path):
    def fetch(url, options=OPTIONS, **expected):
        return download.fetch(url, str(path), options, **expected)
    return fetch


@pytest.fixture
def closed_port():
    """An address of this machine without a server."""
    with_port = socket.socket()
    with_port.bind(('127.0.0.1', 0))
    yield 'http://127.0.0.1:%d/archive' % with_port.getsockname()[1]
    with_port.close()


def error_of(function, *arguments, **options):
    with pytest.raises(GofleetError) as caught:
        function(*arguments, **options)
    return caught.value


# ---- what comes as it should


def test_a_file_comes_with_its_size_and_digest(web, fetch, path):
    url = web.serve('/archive', CONTENT)
    assert fetch(url) == download.Fetched(url, 1000, SHA256, 1000)
    assert path.read_binary() == CONTENT


def test_a_file_that_is_as_expected_is_taken(web, fetch):
    assert fetch(web.serve('/archive', CONTENT), size=1000, sha256=SHA256).sha256 == SHA256


def test_an_empty_file_is_a_file(web, fetch, path):
    assert fetch(web.serve('/archive', b'')).size == 0
    assert path.read_binary() == b''


def test_a_file_of_many_chunks_is_downloaded_completely(web, fetch, path):
    content = os.urandom(2 * fetch_patience.PIECE + 1)
    assert fetch(web.serve('/archive', content)).sha256 == sha256(content)
    assert path.read_binary() == content


def test_an_existing_file_is_replaced(web, fetch, path):
    path.write_binary(b'x' * 5000)
    fetch(web.serve('/archive', CONTENT))
    assert path.read_binary() == CONTENT


def test_the_request_says_who_asks_and_for_the_bytes_as_they_are(web, fetch):
    fetch(web.serve('/archive', CONTENT))
    headers = web.requests[0].headers
    assert (headers['user-agent'], headers['accept-encoding']) == ('gofleet.golang', 'identity')
    assert 'range' not in headers


def test_packed_bytes_are_not_unpacked_on_the_way(web, fetch, path):
    fetch(web.serve('/archive', Answer(CONTENT, headers={'Content-Encoding': 'gzip'})))
    assert path.read_binary() == CONTENT


def test_a_redirect_is_followed(web, fetch):
    web.serve('/there', CONTENT)
    fetch(web.serve('/here', Answer(status=302, headers={'Location': '/there'})), sha256=SHA256)
    assert web.paths == ['/here', '/there']


def test_credentials_are_sent_but_not_shown(web, fetch):
    web.serve('/archive', Answer(status=401, headers={'WWW-Authenticate': 'Basic realm="mirror"'}), CONTENT)
    fetched = fetch('http://user:secret@' + web.url.partition('://')[2] + '/archive')
    assert web.requests[-1].headers['authorization'] == 'Basic ' + base64.b64encode(b'user:secret').decode('ascii')
    assert fetched.url == web.url + '/archive'


def test_the_proxy_of_the_environment_is_used(web, fetch, monkeypatch):
    monkeypatch.setenv('http_proxy', web.url)
    web.serve('http://mirror.example.com/archive', CONTENT)
    fetch('http://mirror.example.com/archive', sha256=SHA256)
    assert web.paths == ['http://mirror.example.com/archive']


# ---- what comes in pieces


def test_a_broken_download_is_taken_up_where_it_broke(web, fetch, path):
    url = web.serve('/archive', cut(CONTENT, 400, headers={'ETag': TAG}), rest_of(CONTENT, TAG))
    assert fetch(url, size=1000, sha256=SHA256).received == 1000
    assert path.read_binary() == CONTENT
    again = web.requests[1].headers
    assert (again['range'], again['if-range']) == ('bytes=400-', TAG)


def test_a_download_may_break_more_than_once(web, fetch):
    url = web.serve('/archive', cut(CONTENT, 400), cut(CONTENT[400:], 200, status=206), rest_of(CONTENT))
    assert fetch(url, sha256=SHA256).received == 1000


def test_a_server_without_ranges_starts_over(web, fetch, path):
    url = web.serve('/archive', cut(CONTENT, 400), CONTENT)
    assert fetch(url, size=1000, sha256=SHA256) == download.Fetched(url, 1000, SHA256, 1400)
    assert path.read_binary() == CONTENT


def test_a_shorter_second_answer_leaves_nothing_of_the_first(web, fetch, path):
    fetch(web.serve('/archive', cut(CONTENT, 400), b'all there is'))
    assert path.read_binary() == b'all there is'


def test_a_file_that_changed_meanwhile_is_fetched_anew(web, fetch, path):
    fetch(web.serve('/archive', cut(b'old' * 100, 30, headers={'ETag': '"old"'}), rest_of(CONTENT, TAG)), sha256=SHA256)
    assert path.read_binary() == CONTENT


@pytest.mark.parametrize(('headers', 'condition'), [
    ({'ETag': TAG, 'Last-Modified': 'Wed, 03 Feb 2021 04:05:06 GMT'}, TAG),
    ({'Last-Modified': 'Wed, 03 Feb 2021 04:05:06 GMT'}, 'Wed, 03 Feb 2021 04:05:06 GMT'),
    # A weak validator does not promise equal bytes (RFC 9110, 13.1.5).
    ({'ETag': 'W/"one"'}, None),
    ({}, None),
])
def test_a_resume_holds_for_the_same_file_only(web, fetch, headers, condition):
    fetch(web.serve('/archive', cut(CONTENT, 400, headers=headers), rest_of(CONTENT, condition)))
    assert web.requests[1].headers.get('if-range') == condition


def test_a_server_that_resumes_elsewhere_is_found_out(web, fetch):
    url = web.serve('/archive', cut(CONTENT, 400), Answer(CONTENT[300:900], status=206))
    assert error_of(fetch, url, size=1000, sha256=SHA256).code == 'sha256_mismatch'


def test_a_stalled_download_is_taken_up_after_the_timeout(web, fetch, path):
    content = os.urandom(3 * fetch_patience.PIECE)
    fetch(web.serve('/archive', cut(content, 2 * fetch_patience.PIECE + 5, stall=True), rest_of(content)), IMPATIENT)
    assert path.read_binary() == content
    assert web.requests[1].headers['range'] == 'bytes=%d-' % (2 * fetch_patience.PIECE)


def test_a_download_that_gets_no_further_is_given_up(web, fetch):
    url = web.serve('/archive', cut(CONTENT, 400), cut(CONTENT[400:], 0, status=206))
    error = error_of(fetch, url)
    assert (error.code, error.evidence, len(web.requests)) == ('truncated', {'received': 400}, 2)
    assert '400' in error.msg


def test_a_download_that_breaks_again_and_again_is_given_up(web, fetch):
    pieces = [cut(CONTENT[at:], 10, status=206 if at else 200) for at in range(0, 100, 10)]
    error = error_of(fetch, web.serve('/archive', *pieces))
    assert (error.code, error.evidence, len(web.requests)) == ('truncated', {'received': 50}, 5)


def test_an_error_at_resumption_is_reported(web, fetch):
    error = error_of(fetch, web.serve('/archive', cut(CONTENT, 400), Answer(status=503)))
    assert (error.code, error.evidence) == ('http_status', {'status': 503})


# ---- what does not come, or comes wrong


@pytest.mark.parametrize('status', [403, 404, 410, 500, 503])
def test_an_http_status_is_reported(web, fetch, status):
    error = error_of(fetch, web.serve('/archive', Answer(status=status)))
    assert (error.code, error.evidence) == ('http_status', {'status': status})
    assert error.msg.startswith('answers %d ' % status)


def test_a_refused_connection_is_reported(fetch, closed_port):
    error = error_of(fetch, closed_port)
    assert error.code == 'unreachable'
    assert 'refused' in error.msg


def test_a_server_that_says_nothing_is_given_up_after_the_timeout(web, fetch):
    error = error_of(fetch, web.serve('/archive', Answer(silent=True)), IMPATIENT)
    assert error.code == 'unreachable'
    assert 'timed out' in error.msg


@pytest.mark.parametrize('kind', ['text/html', 'text/html; charset=utf-8', 'Text/HTML'])
def test_a_web_page_is_no_archive(web, fetch, path, kind):
    error = error_of(fetch, web.serve('/archive', Answer(b'<title>Sign in</title>', kind=kind)))
    assert error.code == 'html_answer'
    assert kind in error.msg
    assert path.read_binary() == b''


def test_a_file_of_another_digest_is_refused_with_both(web, fetch):
    error = error_of(fetch, web.serve('/archive', b'x' * 1000), size=1000, sha256=SHA256)
    assert (error.code, error.evidence) == ('sha256_mismatch', {'found': sha256(b'x' * 1000), 'wanted': SHA256})
    assert error.evidence['found'] in error.msg
    assert SHA256 in error.msg


def test_a_file_that_announces_too_much_is_refused_unread(web, fetch, path):
    error = error_of(fetch, web.serve('/archive', CONTENT), size=999)
    assert (error.code, error.evidence) == ('too_large', {'found': 1000, 'wanted': 999})
    assert path.read_binary() == b''


def test_a_file_without_a_length_is_cut_off_at_the_expected_size(web, fetch):
    error = error_of(fetch, web.serve('/archive', Answer(CONTENT, declared=None)), size=999)
    assert (error.code, error.evidence) == ('too_large', {'wanted': 999})


def test_a_file_without_a_length_that_ends_early_is_refused(web, fetch):
    error = error_of(fetch, web.serve('/archive', Answer(CONTENT[:900], declared=None)), size=1000)
    assert (error.code, error.evidence) == ('size_mismatch', {'found': 900, 'wanted': 1000})


def test_a_file_that_is_announced_shorter_is_refused(web, fetch):
    assert error_of(fetch, web.serve('/archive', CONTENT[:900]), size=1000).code == 'size_mismatch'


def test_a_file_of_unknown_size_has_a_limit_too(web, fetch, monkeypatch):
    url = web.serve('/archive', Answer(b'', declared=sources.UNKNOWN_SIZE_LIMIT + 1))
    assert error_of(fetch, url).code == 'too_large'


def test_a_file_that_changed_to_a_larger_one_is_refused(web, fetch):
    url = web.serve('/archive', cut(CONTENT, 400), Answer(CONTENT + b'more'))
    assert error_of(fetch, url, size=1000).code == 'too_large'


@pytest.mark.parametrize('length', ['many', '-5', '1e3', '9' * 5000, '\xb2', '1_0', '+5', ' '])
def test_an_absurd_length_is_an_error_of_the_server(web, fetch, length):
    assert error_of(fetch, web.serve('/archive', Answer(CONTENT, declared=length)), size=1001).code == 'malformed_answer'


@pytest.mark.parametrize('location', ['http://127.0.0.1:70000/', 'http://127.0.0.1:99999999999/', 'http://[::1/', 'http://127.0.0.1:x/', '\xb2:'])
def test_a_redirect_to_what_is_no_address_is_an_error_of_the_server(web, fetch, location):
    assert error_of(fetch, web.serve('/archive', redirect(location))).code in ('malformed_answer', 'invalid_url', 'unreachable', 'bad_redirect')


@pytest.mark.parametrize('raised', [IndexError, KeyError, OverflowError, AttributeError, TypeError, RuntimeError])
def test_an_answer_that_crashes_a_library_is_reported_as_an_error_of_the_server(fetch, monkeypatch, raised):
    def stumbling(*dummy, **dummies):
        raise raised('over an answer')

    monkeypatch.setattr(download, 'open_url', stumbling)
    assert error_of(fetch, 'http://127.0.0.1/x').code == 'malformed_answer'


@pytest.mark.parametrize('url', ['mirror.example.com/go/archive', '/go/archive', '', 'gopher://mirror.example.com/x', 'http://', 'http://[::1/archive',
                                 'http://127.0.0.1:port/archive', 'http://127.0.0.1:99999/archive', 'http://127.0.0.1/a b\r\nHost: c'])
def test_an_invalid_address_is_an_error_without_a_crash(fetch, url):
    assert error_of(fetch, url).msg


def test_a_missing_ca_file_is_reported_before_any_request(web, fetch, tmpdir):
    missing = str(tmpdir.join('ca.pem'))
    error = error_of(fetch, web.serve('/archive', CONTENT), Options(10, missing))
    assert (error.code, error.evidence, web.requests) == ('ca_path_missing', {'path': missing}, [])


def test_a_server_that_does_not_speak_tls_is_reported(web, fetch):
    web.serve('/archive', CONTENT)
    error = error_of(fetch, web.url.replace('http:', 'https:') + '/archive')
    assert error.code == 'tls_failed'


def test_a_failure_of_tls_names_the_store_of_the_machine(web, fetch, monkeypatch):
    paths = ssl.get_default_verify_paths()._replace(cafile='/etc/own/ca.crt', capath='/etc/own/certs')
    monkeypatch.setattr(ssl, 'get_default_verify_paths', lambda: paths)
    error = error_of(fetch, web.url.replace('http:', 'https:') + '/archive')
    assert 'those of this machine (/etc/own/ca.crt and /etc/own/certs)' in error.msg


def test_a_full_disk_is_no_failure_of_the_network(web):
    with pytest.raises((IOError, OSError)) as caught:
        download.fetch_first([web.serve('/archive', CONTENT)] * 2, '/dev/full', OPTIONS)
    assert caught.value.errno == errno.ENOSPC
    assert len(web.requests) == 1


def test_a_missing_folder_is_not_a_network_failure(web, tmpdir):
    with pytest.raises((IOError, OSError)) as caught:
        download.fetch_first([web.serve('/archive', CONTENT)], str(tmpdir.join('missing', 'archive')), OPTIONS)
    assert (caught.value.errno, web.requests) == (errno.ENOENT, [])


# ---- redirects


def redirect(location, status=302, **options):
    return Answer(status=status, headers={'Location': location}, **options)


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_followed(web, fetch, status):
    web.serve('/there', CONTENT)
    assert fetch(web.serve('/here', redirect('/there', status)), sha256=SHA256).size == 1000


def test_ten_redirects_are_followed_and_no_more(web, fetch):
    for number in range(11):
        web.serve('/%d' % number, redirect('/%d' % (number + 1)))
    web.serve('/11', CONTENT)
    assert fetch(web.url + '/1').size == 1000
    assert error_of(fetch, web.url + '/0').code == 'bad_redirect'


def test_the_body_of_a_redirect_is_not_read(web, fetch):
    web.serve('/there', CONTENT)
    url = web.serve('/here', redirect('/there', body=b'x' * 1000, declared=1 << 40, stall=True))
    assert fetch(url, sha256=SHA256).received == 1000


def test_a_resumed_download_follows_the_redirect_again(web, fetch, path):
    web.serve('/there', cut(CONTENT, 400, headers={'ETag': TAG}), rest_of(CONTENT, TAG))
    fetch(web.serve('/here', redirect('/there')), sha256=SHA256)
    assert web.paths == ['/here', '/there'] * 2
    assert path.read_binary() == CONTENT


@pytest.mark.parametrize('location', ['file:///etc/passwd', 'ftp://127.0.0.1/archive', 'gopher://127.0.0.1/', 'data:,archive', ''])
def test_only_http_is_redirected_to(web, fetch, path, location):
    assert error_of(fetch, web.serve('/archive', redirect(location))).code == 'bad_redirect'
    assert path.read_binary() == b''


def test_a_redirect_to_no_address_is_no_crash(web, fetch):
    assert error_of(fetch, web.serve('/archive', redirect('http://[::1/archive'))).msg


# ---- what comes too slowly


class SlowServer(object):
    """Answers each connection with what a function yields, a piece every few milliseconds, until the client goes."""

    def __init__(self, pieces):
        self._pieces = pieces
        self._socket = socket.socket()
        self._socket.bind(('127.0.0.1', 0))
        self._socket.listen(5)
        self.url = 'http://127.0.0.1:%d/archive' % self._socket.getsockname()[1]
        thread = threading.Thread(target=self._serve)
        thread.daemon = True
        thread.start()

    def _serve(self):
        while True:
            connection = self._socket.accept()[0]
            connection.recv(65536)
            try:
                for piece in self._pieces():
                    connection.sendall(piece)
                    if select.select([connection], [], [], 0.01)[0]:
                        break
            except socket.error:
                # The client went away.
                pass
            connection.close()


HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'
SLOW_ANSWERS = {
    'body': lambda: itertools.chain([HEAD], itertools.repeat(b'x')),
    'status': lambda: itertools.chain([b'HTTP/1.1 200 '], itertools.repeat(b'x')),
    'headers': lambda: itertools.chain([b'HTTP/1.1 200 OK\r\nX: '], itertools.repeat(b'x')),
    'continue': lambda: itertools.repeat(b'HTTP/1.1 100 Continue\r\n\r\n'),
    'chunks': lambda: itertools.chain([b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'], itertools.repeat(b'1\r\nx\r\n')),
    'trailer': lambda: itertools.chain([b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n'], itertools.repeat(b'X: x\r\n')),
}


@pytest.mark.parametrize('answer', sorted(SLOW_ANSWERS))
def test_an_answer_that_drips_is_given_up_though_it_is_never_silent(fetch, monkeypatch, answer):
    monkeypatch.setattr(fetch_patience, 'MINIMUM_RATE', 1 << 20)
    # One round, so that on a busy machine too the server is never silent for as long as all of it may take.
    monkeypatch.setattr(fetch_patience, 'ROUNDS', 1)
    error = error_of(fetch, SlowServer(SLOW_ANSWERS[answer]).url, Options(timeout=0.6, ca_path=None))
    assert (error.code, error.evidence) == ('too_slow', {'minimum': 1 << 20})


def test_every_received_byte_counts(web, fetch, monkeypatch):
    counted = []
    monkeypatch.setattr(fetch_patience.Patience, 'renew', lambda patience, received: counted.append(received))
    content = os.urandom(3 * fetch_patience.PIECE + 7)
    fetch(web.serve('/archive', cut(content, 2 * fetch_patience.PIECE), rest_of(content)), sha256=sha256(content))
    assert sum(counted) == len(content)


def test_no_alarm_stays_set(web, fetch):
    before = signal.getsignal(signal.SIGALRM)
    fetch(web.serve('/archive', CONTENT))
    error_of(fetch, web.url + '/missing')
    assert (signal.getitimer(signal.ITIMER_REAL)[0], signal.getsignal(signal.SIGALRM)) == (0, before)


def test_an_alarm_of_the_caller_is_not_changed(web, fetch):
    def ring(signum, frame):
        raise AssertionError('nothing here takes a hundred seconds')
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        fetch(web.serve('/archive', CONTENT))
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
        assert signal.getsignal(signal.SIGALRM) is ring
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_thread_can_fetch_too(web, fetch):
    found = []
    thread = threading.Thread(target=lambda: found.append(fetch(web.serve('/archive', CONTENT)).size))
    thread.start()
    thread.join()
    assert found == [1000]


# ---- mirrors


def test_the_first_mirror_is_enough(web, path):
    urls = [web.serve('/one', CONTENT), web.serve('/two', CONTENT)]
    fetched, failures = download.fetch_first(urls, str(path), OPTIONS, 1000, SHA256)
    assert (fetched.url, failures, web.paths) == (urls[0], [], ['/one'])


def test_a_failing_mirror_is_skipped_and_reported(web, path, closed_port):
    urls = [closed_port, web.url + '/missing', web.serve('/lies', b'x' * 1000), web.serve('/page', Answer(b'', kind='text/html')),
            web.serve('/good', CONTENT), web.serve('/never', CONTENT)]
    fetched, failures = download.fetch_first(urls, str(path), OPTIONS, 1000, SHA256)
    assert (fetched.url, '/never' in web.paths) == (web.url + '/good', False)
    assert [each['code'] for each in failures] == ['unreachable', 'http_status', 'sha256_mismatch', 'html_answer']
    assert [each['url'] for each in failures] == urls[:4]
    assert path.read_binary() == CONTENT


def test_a_shorter_file_leaves_nothing_of_a_longer_wrong_one(web, path):
    urls = [web.serve('/lies', b'x' * 5000), web.serve('/good', CONTENT)]
    download.fetch_first(urls, str(path), OPTIONS, None, SHA256)
    assert path.read_binary() == CONTENT


def test_when_all_fail_each_failure_is_reported(web, path):
    fetched, failures = download.fetch_first([web.url + '/a', web.url + '/b'], str(path), OPTIONS)
    assert (fetched, [each['reason'] for each in failures]) == (None, ['answers 404 Not Found'] * 2)


def test_failures_keep_no_credentials(web, path):
    url = 'http://user:secret@' + web.url.partition('://')[2] + '/missing'
    failures = download.fetch_first([url], str(path), OPTIONS)[1]
    assert failures[0]['url'] == web.url + '/missing'
    assert 'secret' not in str(failures)


def test_without_mirrors_there_is_neither_file_nor_failure(path):
    assert download.fetch_first([], str(path), OPTIONS) == (None, [])


# ---- what is read into memory


def test_a_body_is_read(web):
    assert download.read(web.serve('/index', CONTENT), OPTIONS, 1000) == CONTENT


@pytest.mark.parametrize('declared', [1000, None])
def test_no_more_than_the_limit_is_read(web, declared):
    assert error_of(download.read, web.serve('/index', Answer(CONTENT, declared=declared)), OPTIONS, 999).code == 'too_large'


def test_a_broken_body_is_resumed_too(web):
    assert download.read(web.serve('/index', cut(CONTENT, 400), rest_of(CONTENT)), OPTIONS, 1000) == CONTENT


def test_a_body_that_starts_over_is_read_once(web):
    assert download.read(web.serve('/index', cut(CONTENT, 400), CONTENT), OPTIONS, 1000) == CONTENT


# ---- a Python without ssl, as on some Alpine hosts


WITHOUT_SSL = r'''
import sys
sys.modules['_ssl'] = sys.modules['ssl'] = None
sys.path.insert(0, sys.argv[1])
import conftest
from ansible_collections.gofleet.golang.plugins.module_utils import _errors as errors
from ansible_collections.gofleet.golang.plugins.module_utils._fetch import download, sources
try:
    print(download.read(sys.argv[2], sources.Options(10, None), 100).decode('ascii'))
except errors.GofleetError as exc:
    print(exc.code)
'''


def without_ssl(url):
    tests = os.path.abspath(__file__).rsplit(os.sep, 5)[0]
    process = subprocess.Popen([sys.executable, '-c', WITHOUT_SSL, tests, url], stdout=subprocess.PIPE)
    return process.communicate()[0].decode('ascii').strip()


def test_without_ssl_plain_http_works(web):
    assert without_ssl(web.serve('/index', b'the index')) == 'the index'
    assert web.requests[0].headers['user-agent'] == 'gofleet.golang'


def test_without_ssl_https_is_said_to_be_unavailable(web):
    assert without_ssl(web.url.replace('http:', 'https:') + '/index') == 'tls_unavailable'
