"""Files that the openssl command made, and values that it prints of a certificate."""

import io

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certstates.sources import Reading, open_source
from tests.certificates import (
    make_authority,
    make_certificate,
    name,
    needs_openssl,
    openssl,
    part,
    pem,
    private_key_pem,
)

pytestmark = needs_openssl

PARTS = [
    (NameOID.COUNTRY_NAME, "PT"),
    (NameOID.ORGANIZATION_NAME, "Contoso, Lda"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "Área 1"),
    (NameOID.COMMON_NAME, "LAPTOP-4711"),
]
SUBJECT = x509.Name([part(*one) for one in PARTS])


@pytest.fixture
def files(tmp_path):
    """Return a directory with a certificate, its key and its chain."""
    (tmp_path / "leaf.pem").write_bytes(pem(make_certificate(SUBJECT)))
    (tmp_path / "chain.pem").write_bytes(pem(make_authority()))
    (tmp_path / "key.pem").write_bytes(private_key_pem())
    return tmp_path


def subjects(content, **reading):
    rows = open_source(io.BytesIO(content), Reading(**reading))
    return [row.values["certificateSubjectName"] for row in rows]


SPELT = 'CN=LAPTOP-4711, OU=Área 1, O="Contoso, Lda", C=PT'


@pytest.mark.parametrize("serial", [0x0A, 0x80, 0x5A0000004D2C1B7E, 2**158 + 1])
def test_the_values_are_those_that_openssl_prints(serial):
    certificate = make_certificate(SUBJECT, issuer=name("Contoso CA"), serial=serial)
    [row] = open_source(io.BytesIO(pem(certificate)))
    printed = openssl(
        "x509", "-noout", "-serial", "-fingerprint", "-dates", given=pem(certificate)
    )
    lines = dict(line.split("=", 1) for line in printed.decode().splitlines())
    values = row.values
    # The octet with which DER keeps a number positive is not printed.
    assert values["certificateSerialNumber"].removeprefix("00") == lines["serial"]
    fingerprint = lines.get("SHA1 Fingerprint") or lines["sha1 Fingerprint"]
    assert values["certificateThumbprint"] == fingerprint.replace(":", "")
    assert lines["notBefore"] == "Nov 23 09:00:00 2026 GMT"
    assert values["certificateIssuanceDateTime"] == "2026-11-23T09:00:00Z"


def test_a_name_has_the_parts_that_openssl_prints():
    options = "dn_rev,sep_comma_plus_space,sname,dump_unknown,dump_der,lname,utf8"
    certificate = make_certificate(x509.Name([part(*one) for one in PARTS[::3]]))
    printed = openssl(
        "x509",
        "-noout",
        "-subject",
        "-nameopt",
        options.replace(",lname", ""),
        given=pem(certificate),
    )
    assert printed.decode().strip() == "subject=CN=LAPTOP-4711, C=PT"
    assert subjects(pem(certificate)) == ["CN=LAPTOP-4711, C=PT"]


@pytest.mark.parametrize(
    "how",
    [
        ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
        ["-legacy"],  # RC2 with 40 bits, as old versions of Windows have it
        ["-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC"],
        ["-keypbe", "NONE", "-certpbe", "NONE"],
        ["-nokeys"],
    ],
)
@pytest.mark.parametrize("password", [b"correct horse", b"", "Größe".encode()])
def test_pkcs12_is_opened_whatever_encrypts_it(files, how, password):
    content = openssl(
        "pkcs12",
        "-export",
        *("-in", str(files / "leaf.pem")),
        *("-inkey", str(files / "key.pem")),
        *("-certfile", str(files / "chain.pem")),
        *("-passout", "stdin"),
        *how,
        given=password + b"\n",
    )
    assert subjects(content, password=password) == [SPELT]
    if not password:
        assert subjects(content) == [SPELT]


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_pkcs7_is_read(files, form):
    content = openssl(
        "crl2pkcs7",
        "-nocrl",
        *("-certfile", str(files / "leaf.pem")),
        *("-certfile", str(files / "chain.pem")),
        *("-outform", form),
    )
    assert subjects(content) == [SPELT]


def test_a_signed_message_without_told_lengths_is_read(files):
    content = openssl(
        "smime",
        "-sign",
        "-stream",
        "-nodetach",
        *("-signer", str(files / "leaf.pem")),
        *("-inkey", str(files / "key.pem")),
        *("-outform", "DER"),
        given=b"text",
    )
    assert content.startswith(b"0\x80")
    assert subjects(content) == [SPELT]


def test_a_trusted_certificate_is_read_without_its_trust(files):
    leaf = (files / "leaf.pem").read_bytes()
    content = openssl("x509", "-trustout", "-addtrust", "clientAuth", given=leaf)
    assert b"BEGIN TRUSTED CERTIFICATE" in content
    assert subjects(content) == [SPELT]


def test_text_before_a_certificate_is_passed_over(files):
    content = openssl("x509", "-text", given=(files / "leaf.pem").read_bytes())
    assert content.startswith(b"Certificate:")
    assert subjects(content) == [SPELT]
