"""``up --tls``: https on a desk, with certificates that are made there."""

import datetime as dt
import http.client
import http.cookiejar
import ipaddress
import json
import os
import re
import shlex
import ssl
import stat
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from certstates.addresses import COLLECTION
from project import tls
from project.tls import Authority
from tests.desk import desk_of_ones_own, fetch, somebody_else

RECORDS = f"/beta/{COLLECTION}"
NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
FILES = ("ca.key", "ca.pem", "server.key", "server.pem")

needs_embedded = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="tests the embedded database"
)


@pytest.fixture(params=["myself", "nobody"])
def desk(request):
    account = somebody_else() if request.param == "nobody" else None
    with desk_of_ones_own(account=account) as desk:
        yield desk


def trusting(authority):
    """Return a context that trusts this authority only, and reads it strictly."""
    context = ssl.create_default_context(cafile=authority)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@needs_embedded
def test_a_newcomer_posts_a_record_over_https(desk):
    with desk.up("--tls") as serving:
        context = trusting(serving.authority)
        assert serving.url == f"https://127.0.0.1:{desk.port}"
        curl = serving.words[serving.words.index("curl") :].partition("\n\n")[0]
        words = shlex.split(curl)
        assert words[2] == serving.url + RECORDS
        assert words[words.index("--cacert") + 1] == str(serving.authority)
        answer, location = post(words, context)
        root = f"{serving.url}/beta/"
        assert answer["@odata.context"].startswith(f"{root}$metadata#")
        assert location == f"{root}{COLLECTION}/{answer['id']}"

        authorised = {"context": context, "Authorization": f"Bearer {serving.token}"}
        first = read(f"{serving.url}{RECORDS}?$top=30", **authorised)
        assert first["@odata.nextLink"].startswith(f"{root}{COLLECTION}?$top=30&")
        second = read(first["@odata.nextLink"], **authorised)
        ids = {record["id"] for record in first["value"] + second["value"]}
        assert len(ids) == 43
        by_name = serving.url.replace("127.0.0.1", "localhost")
        page = read(f"{by_name}{RECORDS}?$top=1", **authorised)
        assert page["@odata.nextLink"].startswith(f"{by_name}/beta/")
    assert serving.process.returncode == 0


def post(curl, context):
    """Do what the printed curl command does (curl itself may not be installed)."""
    data = curl[curl.index("-d") + 1].encode()
    headers = [curl[n + 1] for n, word in enumerate(curl) if word == "-H"]
    request = urllib.request.Request(
        curl[2], data, dict(header.split(": ") for header in headers)
    )
    with urllib.request.urlopen(request, context=context) as response:
        assert response.status == 201
        return json.load(response), response.headers["Location"]


def read(url, **options):
    status, body = fetch(url, **options)
    assert status == 200, body
    return json.loads(body)


@needs_embedded
@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_nobody_is_served_who_does_not_trust_or_who_comes_by_http(desk):
    with desk.up("--tls") as serving:
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(serving.url, context=ssl.create_default_context())
        with pytest.raises(http.client.BadStatusLine):
            fetch(desk.url)


@needs_embedded
@pytest.mark.parametrize("desk", ["myself"], indirect=True)
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_client_that_stays_connected_does_not_hold_up_the_stop(desk, version):
    with desk.up("--tls") as serving:
        context = trusting(serving.authority)
        context.maximum_version = ssl.TLSVersion[version]
        context.set_alpn_protocols(["h2", "http/1.1"])  # as a browser would
        client = http.client.HTTPSConnection("127.0.0.1", desk.port, context=context)
        client.request("GET", "/")
        with client.getresponse() as response:
            assert response.read()
        assert client.sock.selected_alpn_protocol() == "http/1.1"
        began = time.monotonic()
    client.close()
    assert serving.process.returncode == 0
    assert time.monotonic() - began < 10  # the limit for requests that go on is 20


@needs_embedded
@pytest.mark.parametrize("desk", ["myself"], indirect=True)
@pytest.mark.parametrize("debug", ["on", "off"])
def test_staff_sign_in_over_https(desk, debug):
    desk.environment["DEBUG"] = debug
    with desk.up("--tls") as serving:
        browser = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusting(serving.authority)),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )
        login = f"{serving.url}/admin/login/?next=/admin/"
        with browser.open(login) as response:
            # Of a host name a browser would remember that, for every port.
            told = response.headers["Strict-Transport-Security"]
            page = response.read().decode()
        assert (told is None) == (debug == "on")
        form = {
            "csrfmiddlewaretoken": re.search(r'token" value="(\w+)"', page)[1],
            "username": "admin",
            "password": serving.said(r"password +(\S+)"),
        }
        data = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(login, data, {"Referer": login})
        with browser.open(request) as response:
            assert response.url == f"{serving.url}/admin/"
            assert "Log out" in response.read().decode()


@needs_embedded
@pytest.mark.parametrize("desk", ["myself"], indirect=True)
def test_an_expired_certificate_is_renewed_at_the_start_and_then_kept(desk):
    home = desk.path / ".data" / "tls"
    Authority(home).ensure(dt.datetime.now(dt.UTC) - 400 * DAY)
    before = contents(home)
    with desk.up("--tls") as serving:
        assert fetch(serving.url, context=trusting(serving.authority))[0] == 200
    renewed = contents(home)
    assert changed(before, renewed) == {"server.key", "server.pem"}
    with desk.up("--tls") as serving:
        assert fetch(serving.url, context=trusting(serving.authority))[0] == 200
    assert contents(home) == renewed


@needs_embedded
@pytest.mark.parametrize("desk", ["nobody"], indirect=True)
def test_a_key_of_another_account_is_explained(desk):
    data = desk.path / ".data"
    Authority(data / "tls").ensure()
    desk.account.own(data)
    code, out, err = desk.run("up", "--tls", "--port", str(desk.port))
    assert code == 1
    assert "The certificate belongs to another account" in err
    assert "Traceback" not in out + err


@pytest.fixture
def authority(tmp_path):
    authority = Authority(tmp_path / "tls")
    authority.ensure(NOW)
    return authority


def contents(home):
    paths = (home / name for name in FILES)
    return {path.name: path.exists() and path.read_bytes() for path in paths}


def changed(before, after):
    return {name for name in FILES if before[name] != after[name]}


def test_the_certificate_is_one_for_this_machine(authority):
    ca, server = authority.identity.certificate, authority.server.certificate
    for name in (
        x509.DNSName("localhost"),
        *(x509.IPAddress(ipaddress.ip_address(a)) for a in ("127.0.0.1", "::1")),
    ):
        assert verify(server, ca, name)
    with pytest.raises(VerificationError):
        verify(server, ca, x509.DNSName("certs.example"))
    lifetime = server.not_valid_after_utc - server.not_valid_before_utc
    assert lifetime == 397 * DAY
    years = ca.not_valid_after_utc.year - ca.not_valid_before_utc.year
    assert years == 10


def verify(certificate, ca, name):
    policy = PolicyBuilder().store(Store([ca])).time(NOW.replace(tzinfo=None))
    return policy.build_server_verifier(name).verify(certificate, [])


def test_the_authority_can_vouch_for_no_other_site(authority, monkeypatch):
    monkeypatch.setattr(tls, "NAMES", ("bank.example",))
    authority._sign(NOW)
    ca, server = authority.identity.certificate, authority.server.certificate
    with pytest.raises(VerificationError, match="name constraint"):
        verify(server, ca, x509.DNSName("bank.example"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_the_keys(tmp_path, umask):
    before = os.umask(umask)
    try:
        Authority(tmp_path / "tls").ensure()
    finally:
        os.umask(before)
    modes = {n: stat.S_IMODE((tmp_path / "tls" / n).stat().st_mode) for n in FILES}
    assert modes == {
        "ca.key": 0o600,
        "ca.pem": 0o644,
        "server.key": 0o600,
        "server.pem": 0o644,
    }


SERVER = {"server.key", "server.pem"}
ALL = {*FILES}


@pytest.mark.parametrize(
    ("days", "renewed"),
    [
        (0, set()),
        (366, set()),
        (367, SERVER),
        (398, SERVER),
        (3621, SERVER),  # 31 days of the authority are left
        (3622, ALL),
        (4000, ALL),
        (-1, ALL),  # the clock was wrong before
    ],
)
def test_what_expires_soon_is_renewed_and_the_rest_is_kept(authority, days, renewed):
    before = contents(authority.home)
    later = NOW + days * DAY
    authority.ensure(later)
    after = contents(authority.home)
    assert changed(before, after) == renewed
    ca, server = authority.identity.certificate, authority.server.certificate
    server.verify_directly_issued_by(ca)
    assert server.not_valid_before_utc < later < server.not_valid_after_utc
    assert server.not_valid_after_utc <= ca.not_valid_after_utc
    authority.ensure(later)
    assert contents(authority.home) == after


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "another's"])
def test_what_is_missing_or_damaged_is_made_again(authority, tmp_path, name, damage):
    other = Authority(tmp_path / "other")
    other.ensure(NOW)
    path = authority.home / name
    if damage == "missing":
        path.unlink()
    else:
        content = (other.home / name).read_bytes() if damage == "another's" else b""
        path.write_bytes(content)
    before = contents(authority.home)
    authority.ensure(NOW)
    again = contents(authority.home)
    assert changed(before, again) == (ALL if name.startswith("ca") else SERVER)
    authority.ensure(NOW)
    assert contents(authority.home) == again
    authority.server.certificate.verify_directly_issued_by(
        authority.identity.certificate
    )
