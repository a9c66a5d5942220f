"""X.509 certificates as a source of records: what is read, and how it is spelt."""

import datetime as dt
import gzip
import hashlib
import io
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from certstates.sources import Reading, open_source
from certstates.sources.identity import derived_id
from tests.certificates import (
    DER,
    PEM,
    alternative_names,
    der,
    key_usage,
    make_authority,
    make_certificate,
    part,
    pem,
    pkcs12_file,
    private_key_pem,
    purposes,
    upn,
)

CLIENT = "Client Authentication (1.3.6.1.5.5.7.3.2)"
LEAF, CHAIN, ROOT = (
    make_certificate(),
    make_authority(),
    make_authority("Contoso Root"),
)


def read(content, **reading):
    """Return the rows of a file, and what is said of it."""
    source = open_source(io.BytesIO(content), Reading(**reading))
    return [*source], source.warnings


def row_of(certificate, **reading):
    [row], _ = read(der(certificate), **reading)
    assert not row.faults
    return row


def subjects(rows):
    return [row.values.get("certificateSubjectName") for row in rows]


def test_a_certificate_becomes_a_row_of_all_that_it_knows():
    row = row_of(LEAF, device="LAPTOP-4711", user="ana.silva@contoso.example")
    sha256 = hashlib.sha256(der(LEAF)).hexdigest()
    assert row.values == {
        "id": derived_id("x509", "LAPTOP-4711", sha256),
        "managedDeviceDisplayName": "LAPTOP-4711",
        "userPrincipalName": "ana.silva@contoso.example",
        "certificateExpirationDateTime": "2027-11-23T09:00:00Z",
        "certificateIssuerName": "CN=Contoso Issuing CA 2, O=Contoso, C=PT",
        "certificateThumbprint": LEAF.fingerprint(hashes.SHA1()).hex().upper(),
        "certificateSerialNumber": "5A0000004D2C1B7E",
        "certificateSubjectName": "CN=LAPTOP-4711, O=Contoso, C=PT",
        "certificateKeyUsages": 160,
        "certificateExtendedKeyUsages": CLIENT,
        "certificateIssuanceDateTime": "2026-11-23T09:00:00Z",
    }
    assert row.defaults == {"certificateRevokeStatus": "none"}
    assert row.is_derived


def test_what_nobody_knows_is_null_for_new_records_only():
    row = row_of(LEAF)
    assert row.defaults == {
        "certificateRevokeStatus": "none",
        "managedDeviceDisplayName": None,
        "userPrincipalName": None,
    }
    assert not row.values.keys() & row.defaults.keys()
    assert row.values["id"] != row_of(LEAF, device="LAPTOP-4711").values["id"]


def pkcs7_file(encoding):
    return pkcs7.serialize_certificates([LEAF], encoding)


def zipped(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("device.cer", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "place", "line"),
    [
        (pem(LEAF), "Line", 1),
        (pem(LEAF, CHAIN, ROOT), "Line", 1),
        (pem(CHAIN, LEAF), "Line", pem(CHAIN).count(b"\n") + 1),
        (pem(LEAF).replace(b"\n", b"\r\n"), "Line", 1),
        (b"\xef\xbb\xbf" + pem(LEAF), "Line", 1),
        (pem(LEAF).decode().encode("utf-16"), "Line", 1),
        (pem(LEAF).decode().encode("utf-16-le"), "Line", 1),
        (b"subject=CN = caf\xe9\n\n" + pem(LEAF) + b"\nafter", "Line", 3),
        (b"Bag Attributes\n    x: y\n" * 900 + pem(LEAF), "Line", 1801),
        (pem(LEAF).replace(b"CERTIFICATE", b"X509 CERTIFICATE"), "Line", 1),
        (pem(LEAF).rstrip(), "Line", 1),
        (private_key_pem() + pem(LEAF), "Line", 6),
        (der(LEAF), "Certificate", 1),
        (der(LEAF) + b"\r\n", "Certificate", 1),
        (der(CHAIN) + der(LEAF), "Certificate", 2),
        (pkcs7_file(DER), "Certificate", 1),
        (pkcs7_file(PEM), "Line", 1),
        (pkcs12_file(LEAF, CHAIN, ROOT), "Certificate", 1),
        (gzip.compress(pem(LEAF)), "Line", 1),
        (zipped(der(LEAF)), "Certificate", 1),
    ],
)
def test_certificates_are_known_by_their_content(content, place, line):
    source = open_source(io.BytesIO(content), Reading())
    [row] = source
    assert row.values == row_of(LEAF).values
    assert (source.place, row.line) == (place, line)


def test_a_password_opens_pkcs12():
    content = pkcs12_file(LEAF, CHAIN, password=b"correct horse")
    [row], _ = read(content, password=b"correct horse")
    assert row.values == row_of(LEAF).values


def test_each_certificate_of_a_bundle_is_a_row():
    others = [make_certificate(f"PC-{n}", serial=n + 1) for n in range(5)]
    for content in (pem(*others), b"".join(map(der, others))):
        rows, warnings = read(content)
        assert subjects(rows) == [f"CN=PC-{n}, O=Contoso, C=PT" for n in range(5)]
        assert len({row.values["id"] for row in rows}) == 5
        assert not warnings


def test_authorities_beside_others_are_passed_over_and_told():
    rows, [warning] = read(pem(CHAIN, LEAF, ROOT))
    assert subjects(rows) == ["CN=LAPTOP-4711, O=Contoso, C=PT"]
    assert warning == (
        "Certificates of authorities, beside others, are passed over (2): "
        "CN=Contoso Issuing CA 2, O=Contoso, C=PT; CN=Contoso Root, O=Contoso, C=PT."
    )


def test_authorities_alone_are_records():
    for content in (pem(CHAIN, ROOT), der(CHAIN) + der(ROOT)):
        rows, warnings = read(content)
        assert len(rows) == 2
        assert not warnings


def test_a_private_key_is_passed_over_and_told():
    _, [warning] = read(private_key_pem() + pem(LEAF))
    assert (
        warning
        == "What is no certificate is passed over and not kept: private key (1)."
    )


def dn(*parts):
    return x509.Name([part(*one) for one in parts])


ODD = x509.ObjectIdentifier("1.2.3.4")
CN = NameOID.COMMON_NAME


@pytest.mark.parametrize(
    ("subject", "spelt"),
    [
        (x509.Name([]), ""),
        (dn((CN, "a")), "CN=a"),
        (dn((NameOID.COUNTRY_NAME, "JP"), (CN, "星空 é")), "CN=星空 é, C=JP"),
        (
            dn((NameOID.ORGANIZATION_NAME, "Halvorsen Shipping, AS"), (CN, "a")),
            'CN=a, O="Halvorsen Shipping, AS"',
        ),
        (dn((CN, 'say "x"')), 'CN="say ""x"""'),
        (dn((CN, " a")), 'CN=" a"'),
        (dn((CN, "a\nb")), 'CN="a\nb"'),
        (dn((CN, "a+b")), 'CN="a+b"'),
        (dn((CN, "back\\slash")), "CN=back\\slash"),
        (
            dn((CN, "Sara"), (NameOID.EMAIL_ADDRESS, "s@contoso.example")),
            "E=s@contoso.example, CN=Sara",
        ),
        (dn((NameOID.STATE_OR_PROVINCE_NAME, "Porto")), "S=Porto"),
        (dn((NameOID.DOMAIN_COMPONENT, "example")), "DC=example"),
        (
            dn((ODD, "x"), (NameOID.USER_ID, "u")),
            "OID.0.9.2342.19200300.100.1.1=u, OID.1.2.3.4=x",
        ),
        (
            x509.Name(
                [
                    x509.RelativeDistinguishedName(
                        [
                            x509.NameAttribute(CN, "a"),
                            x509.NameAttribute(NameOID.SERIAL_NUMBER, "7"),
                        ]
                    )
                ]
            ),
            "CN=a + SERIALNUMBER=7",
        ),
    ],
)
def test_names_are_spelt_as_windows_does(subject, spelt):
    values = row_of(make_certificate(subject, issuer=subject)).values
    assert values["certificateSubjectName"] == spelt
    assert values["certificateIssuerName"] == spelt


@pytest.mark.parametrize(
    ("serial", "spelt"),
    [
        (0x0A, "0A"),
        (0x7F, "7F"),
        (0x80, "0080"),
        (0x0123, "0123"),
        (0xF0 << 144, "00F0" + "00" * 18),
    ],
)
def test_a_serial_number_has_all_octets_of_the_certificate(serial, spelt):
    values = row_of(make_certificate(serial=serial)).values
    assert values["certificateSerialNumber"] == spelt


@pytest.mark.parametrize(
    ("octet", "spelt"), [(b"\xfa", "FA"), (b"\0", "00"), (b"\x80", "80")]
)
def test_a_serial_number_that_is_not_positive_is_taken_as_it_is(octet, spelt):
    content = der(make_certificate(serial=0x0A))
    [row], _ = read(content.replace(b"\x02\x01\x0a", b"\x02\x01" + octet, 1))
    assert row.values["certificateSerialNumber"] == spelt


@pytest.mark.parametrize(
    ("extensions", "number", "text"),
    [
        ([], None, None),
        ([key_usage("digital_signature")], 128, None),
        ([key_usage()], 0, None),
        ([key_usage("key_cert_sign", "crl_sign")], 6, None),
        ([key_usage("content_commitment", "data_encipherment")], 80, None),
        ([key_usage("key_agreement", "encipher_only")], 9, None),
        ([key_usage("key_agreement", "decipher_only")], 32776, None),
        (
            [purposes("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1")],
            None,
            f"{CLIENT}, Server Authentication (1.3.6.1.5.5.7.3.1)",
        ),
        (
            [purposes("1.3.6.1.4.1.311.20.2.2", "1.2.3.4")],
            None,
            "Smart Card Logon (1.3.6.1.4.1.311.20.2.2), 1.2.3.4",
        ),
    ],
)
def test_usages_are_spelt_as_records_have_them(extensions, number, text):
    values = row_of(make_certificate(extensions=extensions)).values
    assert values["certificateKeyUsages"] == number
    assert values["certificateExtendedKeyUsages"] == text


@pytest.mark.parametrize(
    ("names", "user"),
    [
        ([upn("ana@contoso.example")], "ana@contoso.example"),
        ([upn("é@contoso.example")], "é@contoso.example"),
        ([upn("a@b", tag=0x16)], "a@b"),
        ([x509.DNSName("x"), upn("a@b"), upn("c@d")], "a@b"),
        ([upn("é@b", tag=0x16)], None),
        ([upn("a@b", tag=0x02)], None),
        ([upn("")], None),
        ([x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x0c\x01a")], None),
        ([x509.DNSName("x")], None),
    ],
)
def test_the_user_is_the_one_of_the_certificate_unless_one_is_told(names, user):
    certificate = make_certificate(extensions=[alternative_names(*names)])
    row = row_of(certificate)
    assert (row.values | row.defaults)["userPrincipalName"] == user
    assert ("userPrincipalName" in row.values) == (user is not None)
    assert row_of(certificate, user="x@y").values["userPrincipalName"] == "x@y"


def test_a_long_user_is_read():
    user = "a" * 300 + "@contoso.example"
    octets = b"\x0c\x82" + len(user).to_bytes(2, "big") + user.encode()
    names = alternative_names(x509.OtherName(upn("").type_id, octets))
    row = row_of(make_certificate(extensions=[names]))
    assert row.values["userPrincipalName"] == user


@pytest.mark.parametrize(
    "key",
    [
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(public_exponent=65537, key_size=1024),
    ],
)
def test_the_kind_of_key_does_not_matter(key):
    assert row_of(make_certificate(key=key)).values["certificateKeyUsages"] == 160


@pytest.mark.parametrize(
    ("moment", "spelt"),
    [
        (dt.datetime(1950, 1, 1, tzinfo=dt.UTC), "1950-01-01T00:00:00Z"),
        (dt.datetime(2049, 12, 31, 23, 59, 59, tzinfo=dt.UTC), "2049-12-31T23:59:59Z"),
        (dt.datetime(2050, 1, 1, tzinfo=dt.UTC), "2050-01-01T00:00:00Z"),
        (dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC), "9999-12-31T23:59:59Z"),
    ],
)
def test_dates_may_lie_in_any_century(moment, spelt):
    values = row_of(make_certificate(issued=moment, expires=moment)).values
    assert values["certificateIssuanceDateTime"] == spelt
    assert values["certificateExpirationDateTime"] == spelt
