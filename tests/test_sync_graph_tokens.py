"""``sync_graph`` brings a token, renews it once, and tells it to nobody else."""

import copy
import json
import socket

import pytest
from django.core.management import CommandError, call_command

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.sync.addresses import base_of, scope_of
from tests.desk import free_port
from tests.graph_source import PAGE, first, line_to, status

pytestmark = pytest.mark.django_db

WORDLESS = {"authority": "", "tenant": "", "client": "", "secret": "", "key_file": ""}


@pytest.fixture
def line(graph_source):
    with line_to(graph_source.desk.port) as line:
        yield line


@pytest.fixture(autouse=True)
def without_token(settings):
    settings.GRAPH = {**WORDLESS, "token": ""}


@pytest.fixture(scope="module")
def application(graph_source):
    """Return an application of the source, and the https server that knows it."""
    tls = copy.copy(graph_source.desk)
    tls.port = free_port()
    code, made, errors = tls.run("create_application", "copier", "--json")
    assert code == 0, errors
    with tls.up("--tls") as serving:
        yield json.loads(made), serving


@pytest.fixture
def with_secret(application, settings):
    made, serving = application
    settings.OIDC_VERIFY_SSL = str(serving.authority)
    settings.GRAPH = {
        **WORDLESS,
        "authority": f"{serving.url}/",
        "tenant": "anything",
        "client": made["client_id"],
        "secret": made["client_secret"],
        "token": "",
    }
    return made


def sync(line, **options):
    call_command("sync_graph", base_url=line.url, **{"page_size": PAGE, **options})


def refused(line, **options):
    with pytest.raises(CommandError) as refusal:
        sync(line, **options)
    return str(refusal.value)


def test_msal_fetches_one_token_for_all_pages(graph_source, line, with_secret):
    sync(line)
    assert State.objects.count() == len(graph_source.records())
    [token] = {*line.tokens}
    assert token.startswith("Bearer certstates_")


def test_https_is_read_too(graph_source, application, with_secret):
    _, serving = application
    call_command("sync_graph", base_url=f"{serving.url}/beta")
    assert State.objects.count() == len(graph_source.records())


def test_a_refused_token_is_renewed_once(graph_source, line, with_secret):
    line.faults.extend([None, status(401), None, None, status(401)])
    sync(line)
    assert State.objects.count() == len(graph_source.records())
    assert len({*line.tokens}) == 3
    line.faults.extend([status(401), status(401)])
    assert "The server refused the token: 401" in refused(line)


def test_a_wrong_secret_is_told_without_it(line, with_secret, settings):
    settings.GRAPH["secret"] = "not-the-secret-of-anybody"
    said = refused(line)
    assert said.startswith("The token endpoint refused: invalid_client")
    assert "not-the-secret" not in said
    assert line.asked == []


def test_an_authority_that_is_not_trusted_gets_no_secret(line, with_secret, settings):
    settings.OIDC_VERIFY_SSL = True
    assert "The certificate of GRAPH_AUTHORITY is not trusted" in refused(line)


def test_a_server_that_is_not_trusted_gets_no_token(application, settings):
    _, serving = application
    settings.GRAPH["token"] = "a-token-that-nobody-made"
    with pytest.raises(CommandError, match="The server's certificate is not trusted"):
        call_command("sync_graph", base_url=f"{serving.url}/beta")


def test_a_ready_token_is_not_sent_twice_after_its_refusal(line, settings):
    settings.GRAPH["token"] = "a-token-that-nobody-made"
    said = refused(line)
    assert "The server refused the token: 401 InvalidAuthenticationToken" in said
    assert "nobody-made" not in said
    assert len(line.asked) == 1


def test_a_token_file_is_read_again(graph_source, line, tmp_path):
    file = tmp_path / "token"
    file.write_text("an-old-token\n")

    @first
    def replaced(handler, _):
        file.write_text(f"{graph_source.token}\n")
        status(401)(handler, None)

    line.faults.append(replaced)
    sync(line, token_file=file)
    assert line.tokens[:2] == ["Bearer an-old-token", f"Bearer {graph_source.token}"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "What the --token-file holds is no bearer token."),
        (b"two words", "is no bearer token"),
        (b"line\r\nX-Header: 1", "is no bearer token"),
        ("tökén".encode(), "cannot be read (UnicodeDecodeError)"),
        (b"x" * 100_000, "is no bearer token"),
        (None, "cannot be read (FileNotFoundError)"),
    ],
)
def test_what_is_no_token_is_not_sent(line, tmp_path, content, words):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    assert words in refused(line, token_file=file)
    assert line.asked == []


def test_without_any_it_says_what_is_needed(line):
    assert "There is no token: set GRAPH_TENANT_ID" in refused(line)


def test_netrc_has_no_say(graph_source, line, settings, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    settings.GRAPH["token"] = graph_source.token
    sync(line)
    assert {*line.tokens} == {f"Bearer {graph_source.token}"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://graph.example/beta", "must be https"),
        ("http://127.0.0.1.elsewhere.example/", "must be https"),
        ("ftp://graph.example", "must be an address such as"),
        ("graph.microsoft.com/beta", "must be an address such as"),
        ("https://user:word@graph.example/beta", "must be an address such as"),
        ("https://graph.example/beta?x=1", "no query and no fragment"),
        ("https://graph.example/beta#x", "no query and no fragment"),
        ("https://grüße.example/beta", "must be an address such as"),
        ("https://graph.example:99999/", "must be an address such as"),
        ("https:///beta", "must be an address such as"),
        ("https://graph.example/" + "x" * 500, "may have 500 characters"),
    ],
)
def test_an_address_that_cannot_be_trusted_is_refused(settings, url, words):
    settings.GRAPH["token"] = "a-token-that-nobody-made"
    with pytest.raises(CommandError) as refusal:
        call_command("sync_graph", base_url=url)
    assert words in str(refusal.value)
    assert "word@" not in str(refusal.value)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_no_proxy_hears_what_is_meant_for_this_machine(
    graph_source, line, settings, monkeypatch, name
):
    settings.GRAPH["token"] = graph_source.token
    monkeypatch.setenv("no_proxy", "elsewhere.example")
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        sync(line)
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert State.objects.count() == len(graph_source.records())


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com/beta",
        " https://graph.microsoft.com/beta// ",
        "HTTPS://Graph.Microsoft.com/beta",
        "https://graph.microsoft.com:443/beta",
        "https://graph.microsoft.com:/v1.0/../beta/",
    ],
)
def test_an_address_is_one_source_however_it_is_spelled(url):
    assert base_of(url) == "https://graph.microsoft.com/beta"
    assert scope_of(base_of(url)) == "https://graph.microsoft.com/.default"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://localhost:8000/Beta/", "http://localhost:8000/Beta"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://h/..", "https://h"),
    ],
)
def test_what_tells_a_source_from_others_is_kept(url, base):
    assert base_of(url) == base
