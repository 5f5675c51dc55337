"""Both HTTP clients against real receivers on loopback: what it refuses, what it bounds, what it calls a success."""

import asyncio
import gzip
import os
import random
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_httpserver import HTTPServer
from werkzeug import Response

from smartagent.outbound import async_client, client
from smartagent.outbound.client import MAX_RESPONSE_BYTES
from smartagent.outbound.errors import AddressRefused, RequestRefused, Unreachable
from tests.receivers import raw_server


@pytest.fixture(autouse=True)
def _loopback(settings, monkeypatch):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8", "::1"]
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


class InEventLoop:
    """The client of the event loop, for a test without one: the loop runs in a thread of its own."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.opened = None
        return self

    def __exit__(self, *error):
        if self.opened:
            self.run(self.opened.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def send(self, *named, **options):
        if not self.opened:  # only now: the environment is read when they are opened
            self.opened = async_client.connections()
            self.run(self.opened.__aenter__())
        return self.run(async_client.send(*named, **options))


@pytest.fixture(params=["in threads", "in an event loop"])
def send(request):
    if request.param == "in threads":
        yield client.send
    else:
        with InEventLoop() as opened:
            yield opened.send


def test_an_answer(send, httpserver: HTTPServer):
    httpserver.expect_request("/hook", method="POST", data=b"hello", headers={"X-One": "1"}).respond_with_data("ok")
    answer = send("POST", httpserver.url_for("/hook"), content=b"hello", headers={"X-One": "1"})
    assert (answer.code, answer.excerpt, answer.succeeded, answer.retry_after) == (200, "ok", True, None)
    assert 0 < answer.seconds < 5


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_no_success(send, httpserver: HTTPServer, code):
    httpserver.expect_request("/old").respond_with_data("", status=code, headers={"Location": "/new"})
    httpserver.expect_request("/new").respond_with_data("here")
    answer = send("POST", httpserver.url_for("/old"))
    assert (answer.code, answer.succeeded) == (code, False)
    assert [request.path for request, _ in httpserver.log] == ["/old"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"])
def test_private_addresses_are_refused_before_anything_is_sent(send, httpserver: HTTPServer, settings, host):
    settings.OUTBOUND_ALLOWED = []
    with pytest.raises((AddressRefused, Unreachable)):
        send("POST", f"http://{host}:{httpserver.port}/hook")
    assert httpserver.log == []


def test_each_connection_is_checked_also_where_the_name_has_changed_its_meaning(
    send, httpserver: HTTPServer, settings, monkeypatch
):
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    meanings, really = [[(2, 1, 6, "", ("127.0.0.1", 0))], [(2, 1, 6, "", ("127.0.0.2", 0))]], socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, *rest, **more: meanings.pop(0) if host == "rebinding.example" else really(host, *rest, **more),
    )
    httpserver.expect_request("/hook").respond_with_data("ok", headers={"Connection": "close"})
    address = f"http://rebinding.example:{httpserver.port}/hook"
    assert send("GET", address).succeeded
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.2"):
        send("GET", address)


@pytest.mark.parametrize(
    ("address", "words"),
    [("", "name a host"), ("ftp://example.com", "must begin with https"), ("https://", "name a host"),
     ("https://me:secret@example.com/", "Do not put"), ("nonsense", "must begin with"),
     ("https://exa mple.invalid", "looked up")],
)  # fmt: skip
def test_what_is_no_address(send, address, words):
    with pytest.raises((AddressRefused, Unreachable), match=words) as refused:
        send("GET", address)
    assert "secret" not in str(refused.value)


def test_a_server_that_says_one_byte_at_a_time_does_not_keep_us(send, monkeypatch):
    monkeypatch.setattr("smartagent.outbound.client.TOTAL", 1.0)
    sent = []

    def dribble(connection):
        connection.recv(65536)
        for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" * 9:
            sent.append(letter)
            connection.sendall(bytes([letter]))
            time.sleep(0.1)

    with raw_server(dribble) as address:
        with pytest.raises(Unreachable, match=r"127.0.0.1 (did not answer|could not be reached: Timed out)"):
            send("GET", address)
        assert 0 < len(sent) < 100


def test_a_server_that_hangs(send, monkeypatch):
    monkeypatch.setattr("smartagent.outbound.client.TOTAL", 0.5)
    done = threading.Event()
    with raw_server(lambda connection: done.wait(5)) as address:
        with pytest.raises(Unreachable):
            send("GET", address)
        done.set()


def test_an_answer_without_end_is_read_up_to_a_bound(send):
    sent = []

    def pour(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65536)
                sent.append(65536)
        except OSError:
            pass

    with raw_server(pour) as address:
        answer = send("GET", address)
    assert len(answer.body) == MAX_RESPONSE_BYTES
    assert answer.excerpt == "x" * 500
    assert sum(sent) < 50_000_000


@pytest.mark.parametrize("say", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"])
def test_answers_that_are_cut_off_or_none(send, say):
    def answer(connection):
        connection.recv(65536)
        connection.sendall(say)

    with raw_server(answer) as address, pytest.raises(Unreachable, match="could not be reached"):
        send("POST", address, content=b"x")


@pytest.mark.parametrize(
    "say",
    [
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;a=b\r\nk\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nok",  # until the end of the connection
        b"HTTP/1.1 200\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
    ],
)
def test_every_way_to_answer(send, say):
    def answer(connection):
        while not connection.recv(65536).endswith(b"x"):
            pass
        for byte in say:
            connection.sendall(bytes([byte]))

    with raw_server(answer) as address:
        for _ in range(2):
            answered = send("POST", address, content=b"x")
            assert (answered.code, answered.body) == (200, b"ok")
            time.sleep(0.05)  # until it is known that the server has closed the connection


@pytest.mark.parametrize(("method", "code"), [("HEAD", 200), ("GET", 204), ("POST", 304)])
def test_answers_without_a_body(send, method, code):
    def answer(connection):
        while not connection.recv(65536).endswith(b"\r\n\r\n"):
            pass
        connection.sendall(f"HTTP/1.1 {code} X\r\nContent-Length: 50\r\n\r\n".encode())

    with raw_server(answer) as address:
        for _ in range(2):
            answered = send(method, address)
            assert (answered.code, answered.body) == (code, b"")
            time.sleep(0.05)


@pytest.mark.parametrize("length", [1, 200_000, 3_000_000])
def test_bodies_of_every_length_arrive_as_they_are(send, httpserver: HTTPServer, length):
    body = random.randbytes(length)
    httpserver.expect_request("/a b", method="PUT", data=body).respond_with_data("ok")
    assert send("PUT", httpserver.url_for("/a%20b?c=%C3%A4&d"), content=body, headers={"X-One": "a  b"}).code == 200
    request = httpserver.log[-1][0]
    assert (request.query_string, request.headers["X-One"]) == (b"c=%C3%A4&d", "a  b")
    assert request.headers["Host"] == f"{httpserver.host}:{httpserver.port}"
    assert request.headers["Content-Length"] == str(length)


@pytest.mark.parametrize("name", ["X: 1\r\nY", "X Y", "", "Ä"])
def test_a_name_of_a_header_that_cannot_be_written(send, httpserver: HTTPServer, name):
    with pytest.raises(RequestRefused):
        send("POST", httpserver.url_for("/"), headers={name: "secret"})
    assert not httpserver.log


def test_a_server_that_reads_slowly_does_not_keep_us(send, monkeypatch):
    monkeypatch.setattr("smartagent.outbound.client.TOTAL", 1.0)
    read = []

    def sip(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while some := connection.recv(4096):
            read.append(len(some))
            time.sleep(0.02)

    with raw_server(sip) as address:
        with pytest.raises(Unreachable):
            send("POST", address, content=b"x" * 20_000_000)
        assert 0 < sum(read) < 10_000_000


def test_what_is_packed_is_not_unpacked(send, httpserver: HTTPServer):
    bomb = gzip.compress(b"x" * 50_000_000)
    httpserver.expect_request("/").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    answer = send("GET", httpserver.url_for("/"))
    assert answer.body == bomb[:MAX_RESPONSE_BYTES]
    assert httpserver.log[0][0].headers["Accept-Encoding"] == "identity"


def test_headers_without_end_are_not_read(send):
    def pour(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"x" * 60_000 + b"\r\n")

    with raw_server(pour) as address, pytest.raises(Unreachable, match="could not be reached"):
        send("GET", address)


def test_cookies_are_not_kept(send, httpserver: HTTPServer):
    httpserver.expect_request("/").respond_with_data("ok", headers={"Set-Cookie": "who=alice; Path=/"})
    for _ in range(2):
        send("GET", httpserver.url_for("/"))
    assert [request.headers.get("Cookie") for request, _ in httpserver.log] == [None, None]


def test_a_connection_is_used_again(send):
    connections = []

    def answer(connection):
        connections.append(connection)
        while come := connection.recv(65536):
            if come.endswith(b"x"):  # the head comes before, or with it
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with raw_server(answer) as address:
        assert [send("POST", address, content=b"x").code for _ in range(5)] == [200] * 5
    assert len(connections) == 1


def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used(send):
    def answer_once(connection):
        while not connection.recv(65536).endswith(b"x"):
            pass
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with raw_server(answer_once) as address:
        for _ in range(3):
            assert send("POST", address, content=b"x").code == 200
            time.sleep(0.05)


def test_many_threads_share_the_connections(send, httpserver: HTTPServer):
    httpserver.expect_request("/").respond_with_handler(lambda request: Response(request.data))
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda n: send("POST", httpserver.url_for("/"), content=b"%d" % n).excerpt, range(100))
    assert list(answers) == [str(number) for number in range(100)]


def test_a_child_of_a_process_has_connections_of_its_own(httpserver: HTTPServer):
    httpserver.expect_request("/").respond_with_data("ok")
    address = f"http://localhost:{httpserver.port}/"
    client.send("GET", address)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if client.send("GET", address).code == 200 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.send("GET", address).code == 200
    ports = [request.environ["REMOTE_PORT"] for request, _ in httpserver.log]
    assert ports[1] not in (ports[0], ports[2])


@pytest.mark.parametrize("value", ["Bearer secret\nX-Other: 1", "Bearer secret\x00", "Bearer secret ä€"])
def test_a_header_that_cannot_be_written_does_not_tell_its_secret(send, httpserver: HTTPServer, value):
    with pytest.raises(RequestRefused, match="request is invalid") as refused:
        send("GET", httpserver.url_for("/"), headers={"Authorization": value})
    assert "secret" not in str(refused.value)
    assert httpserver.log == []


@pytest.mark.parametrize("port", ["99999", "-1", "x", "0"])
def test_ports_that_are_none(send, port):
    with pytest.raises((AddressRefused, Unreachable)):
        send("GET", f"http://127.0.0.1:{port}/")


def test_nobody_there(send):
    with raw_server(lambda connection: None) as address:
        pass
    with pytest.raises(Unreachable, match="could not be reached"):
        send("GET", address)


@pytest.mark.parametrize(
    ("message", "least", "maximum"),
    [("7", 7, 7), ("0", 0, 0), ("999999999999", 7 * 86_400, 7 * 86_400),
     ("in three minutes", 100, 180),
     ("Mon, 02 Mar 2020 10:00:00 GMT", 0, 0)],
)  # fmt: skip
def test_how_long_to_wait(send, httpserver: HTTPServer, message, least, maximum):
    if message == "in three minutes":
        message = (datetime.now(UTC) + timedelta(minutes=3)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    httpserver.expect_request("/").respond_with_data("", status=429, headers={"Retry-After": message})
    assert least <= send("GET", httpserver.url_for("/")).retry_after.total_seconds() <= maximum


@pytest.mark.parametrize("message", ["soon", "-1", "1.5", ""])
def test_waits_that_cannot_be_read_are_none(send, httpserver: HTTPServer, message):
    httpserver.expect_request("/").respond_with_data("", status=503, headers={"Retry-After": message})
    assert send("GET", httpserver.url_for("/")).retry_after is None


def test_tls_is_verified(send, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    encoding = serialization.Encoding.PEM
    file = tmp_path / "own.pem"
    file.write_bytes(
        certificate.public_bytes(encoding)
        + key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        server.expect_request("/").respond_with_data("ok")
        with pytest.raises(Unreachable, match="certificate"):
            send("GET", f"https://127.0.0.1:{server.port}/")
        assert server.log == []


def test_a_proxy_of_the_environment_is_used(send, httpserver: HTTPServer, monkeypatch):
    httpserver.expect_request("/hook").respond_with_handler(lambda request: Response(f"by proxy to {request.host}"))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{httpserver.port}")
    assert (
        send("POST", "http://only-the-proxy-knows.invalid/hook").excerpt == "by proxy to only-the-proxy-knows.invalid"
    )


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_may_be_named_without_a_scheme(send, httpserver: HTTPServer, monkeypatch, name):
    httpserver.expect_request("/hook").respond_with_data("by proxy")
    monkeypatch.setenv(name, f"127.0.0.1:{httpserver.port}")
    assert send("POST", "http://only-the-proxy-knows.invalid/hook").excerpt == "by proxy"


def test_no_proxy_is_used_where_the_environment_says_so(send, httpserver: HTTPServer, monkeypatch):
    httpserver.expect_request("/hook").respond_with_data("straight")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert send("POST", f"http://127.0.0.1:{httpserver.port}/hook").excerpt == "straight"


def test_nothing_private_is_asked_of_a_proxy(send, httpserver: HTTPServer, monkeypatch, settings):
    settings.OUTBOUND_ALLOWED = []
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{httpserver.port}")
    with pytest.raises(AddressRefused):
        send("GET", "http://127.0.0.1/latest/meta-data/")
    assert httpserver.log == []
