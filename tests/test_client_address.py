"""Where a request comes from cannot be made up."""

import pytest
from django.test import RequestFactory

from certstates.staff.addresses import UNKNOWN, client_address, normalised
from tests.test_settings import read

SPELLINGS = [
    ("192.0.2.7", "192.0.2.7"),
    (" 192.0.2.7 ", "192.0.2.7"),
    ("192.0.2.7:49152", "192.0.2.7"),
    ("::ffff:192.0.2.7", "192.0.2.7"),
    ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ("2001:DB8:1:2::FFFF", "2001:db8:1:2::"),
    ("[2001:db8:1:2::1]", "2001:db8:1:2::"),
    ("[2001:db8:1:2::1]:443", "2001:db8:1:2::"),
    ("fe80::1%eth0", "fe80::"),
    ("2001:db8:0:0:1::", "2001:db8::"),
    ("::1", "::1"),
    ("::", ""),
    ("::2", ""),
    ("", ""),
    ("unknown", ""),
    ("192.0.2.300", ""),
    ("192.0.2.7, 192.0.2.8", ""),
    ("192.0.2.7:port", ""),
    ("٣.1.1.1", ""),
    ("_hidden", ""),
    ("x" * 10_000, ""),
]


@pytest.mark.parametrize(("text", "address"), SPELLINGS)
def test_each_client_has_one_spelling(text, address):
    assert normalised(text) == address


def seen(proxies, forwarded, settings, remote="10.0.0.1"):
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)
    return client_address(request)


FORWARDED = [
    (0, None, "10.0.0.1"),
    (0, "192.0.2.7", "10.0.0.1"),
    (1, None, "10.0.0.1"),
    (1, "192.0.2.7", "192.0.2.7"),
    (1, "made.up, 198.51.100.1, 192.0.2.7", "192.0.2.7"),
    (1, "198.51.100.1,192.0.2.7:5000", "192.0.2.7"),
    (1, "192.0.2.7, unknown", "10.0.0.1"),
    (1, "", "10.0.0.1"),
    (1, ",,,", "10.0.0.1"),
    (2, "198.51.100.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
    (2, "192.0.2.7", "192.0.2.7"),
]


@pytest.mark.parametrize(("proxies", "forwarded", "address"), FORWARDED)
def test_only_what_trusted_proxies_appended_is_believed(
    proxies, forwarded, address, settings
):
    assert seen(proxies, forwarded, settings) == address


@pytest.mark.parametrize("remote", ["", "unix:", "\0"])
def test_all_clients_without_an_address_are_one(remote, settings):
    assert seen(0, None, settings, remote=remote) == UNKNOWN


@pytest.mark.parametrize(
    ("environment", "proxies"),
    [
        ({}, "0"),
        ({"BEHIND_TLS_PROXY": "on"}, "1"),
        ({"BEHIND_TLS_PROXY": "on", "TRUSTED_PROXIES": "2"}, "2"),
        ({"BEHIND_TLS_PROXY": "on", "TRUSTED_PROXIES": "0"}, "0"),
    ],
)
def test_a_proxy_is_trusted_where_the_environment_says_so(environment, proxies):
    assert read("TRUSTED_PROXIES", **environment)[1] == proxies


def test_a_number_of_proxies_is_a_number():
    code, _, err = read("DEBUG", TRUSTED_PROXIES="all")
    assert code == 1
    assert "TRUSTED_PROXIES must be a whole number from 0 to" in err
