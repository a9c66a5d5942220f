"""Reading the provider's documents by https, straight or through a proxy."""

import contextlib
import socket
import ssl
import threading
import time
from http.client import HTTPConnection

import pytest

from certstates.oidc.fetching import Unreadable, fetch_json
from project import tls
from tests import key_server


@pytest.fixture
def authority(tmp_path):
    authority = tls.Authority(tmp_path / "tls")
    authority.ensure()
    return authority


@pytest.fixture
def provider(authority):
    """An identity provider that speaks https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    home = authority.home
    context.load_cert_chain(home / "server.pem", home / "server.key")
    with key_server.running(context) as server:
        yield server


@pytest.fixture
def trusted(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.home / "ca.pem"))


def fetch(url):
    return fetch_json(url, deadline=time.monotonic() + 2)


def test_a_certificate_must_be_trusted(provider, trusted):
    assert fetch(f"https://127.0.0.1:{provider.server_port}/keys") == {"keys": []}


def test_an_untrusted_certificate_is_refused(provider):
    with pytest.raises(Unreadable, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"https://127.0.0.1:{provider.server_port}/keys")
    assert provider.asked == []


def test_a_certificate_of_another_name_is_refused(provider, trusted, proxied):
    with (
        proxied() as asked,
        pytest.raises(Unreadable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        fetch(f"https://login.example:{provider.server_port}/keys")
    assert provider.asked == []
    assert asked[0].startswith("CONNECT login.example:")


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/keys",
        "https://user:secret@login.example/keys",
        "file:///etc/passwd",
        "",
        "https://a b",
        "https://[::1",
        "https://login.example:99999999/keys",
        "https://login.example/\r\nX: y",
    ],
)
def test_what_is_no_trustworthy_address_is_not_called(url):
    with pytest.raises(Unreadable):
        fetch(url)


@contextlib.contextmanager
def tunnelling():
    """Serve one CONNECT as a proxy does; yield the address and what was asked."""
    asked = []

    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve():
        client, _ = listener.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(1024)
        asked.append(request.split(b"\r\n")[0].decode())
        port = int(asked[0].split()[1].rpartition(":")[2])
        with client, socket.create_connection(("127.0.0.1", port)) as target:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, client))
            back.start()
            pump(client, target)
            back.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join(2)


@pytest.fixture
def proxied(monkeypatch):
    """Return what makes the environment name a proxy, for one request."""

    @contextlib.contextmanager
    def proxied(scheme="http://"):
        with tunnelling() as (address, asked):
            monkeypatch.setenv("https_proxy", f"{scheme}{address}")
            monkeypatch.setenv("no_proxy", "")
            yield asked

    return proxied


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_proxy_on_the_way_is_used(provider, trusted, proxied, scheme):
    with proxied(scheme) as asked:
        assert fetch(f"https://localhost:{provider.server_port}/keys") == {"keys": []}
    assert asked[0].startswith("CONNECT localhost:")


@pytest.mark.parametrize("late", [0, 0.6])
def test_a_proxy_that_only_drips_is_given_up(monkeypatch, late):
    connect = HTTPConnection.connect
    monkeypatch.setattr(
        HTTPConnection, "connect", lambda self: (time.sleep(late), connect(self))
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100:
                    client.sendall(bytes([byte]))
                    time.sleep(0.1)

        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        start = time.monotonic()
        with pytest.raises(Unreadable):
            fetch_json("https://login.example/", deadline=start + 0.5)
        assert time.monotonic() - start < 5  # the whole answer takes 12
        thread.join()


def test_a_proxy_is_passed_by_where_the_environment_says_so(
    provider, trusted, monkeypatch
):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "localhost")
    assert fetch(f"https://localhost:{provider.server_port}/keys") == {"keys": []}
