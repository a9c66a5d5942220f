"""Certificates as devices have them, signed by one key that is as good as any."""

import datetime as dt
import functools
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DER, PEM = Encoding.DER, Encoding.PEM
ISSUED = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
EXPIRES = dt.datetime(2027, 11, 23, 9, tzinfo=dt.UTC)
UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
AUTHORITY = (x509.BasicConstraints(ca=True, path_length=0), True)

needs_openssl = pytest.mark.skipif(
    not shutil.which("openssl"), reason="needs the openssl command"
)


@functools.cache
def signing_key():
    return ec.generate_private_key(ec.SECP256R1())


def part(oid, value):
    return x509.RelativeDistinguishedName([x509.NameAttribute(oid, value)])


def name(common_name):
    """Return CN=…, O=Contoso, C=PT, of which the country is encoded first."""
    return x509.Name(
        [
            part(NameOID.COUNTRY_NAME, "PT"),
            part(NameOID.ORGANIZATION_NAME, "Contoso"),
            part(NameOID.COMMON_NAME, common_name),
        ]
    )


def key_usage(*names):
    flags = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**{**flags, **dict.fromkeys(names, True)}), True


def purposes(*oids):
    return x509.ExtendedKeyUsage(map(x509.ObjectIdentifier, oids)), False


def alternative_names(*names):
    return x509.SubjectAlternativeName(names), False


def upn(text, *, tag=0x0C):
    octets = text.encode()
    return x509.OtherName(UPN, bytes([tag, len(octets)]) + octets)


DEVICE = [
    key_usage("digital_signature", "key_encipherment"),
    purposes(ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string),
]


def make_certificate(
    subject="LAPTOP-4711",
    *,
    issuer="Contoso Issuing CA 2",
    serial=0x5A0000004D2C1B7E,
    extensions=DEVICE,
    issued=ISSUED,
    expires=EXPIRES,
    key=None,
):
    """Return a certificate; a subject that is a text becomes a common name."""
    draft = (
        x509.CertificateBuilder()
        .subject_name(name(subject) if isinstance(subject, str) else subject)
        .issuer_name(name(issuer) if isinstance(issuer, str) else issuer)
        .public_key((key or signing_key()).public_key())
        .serial_number(serial)
        .not_valid_before(issued)
        .not_valid_after(expires)
    )
    for extension, is_critical in extensions:
        draft = draft.add_extension(extension, is_critical)
    return draft.sign(signing_key(), hashes.SHA256())


def make_authority(subject="Contoso Issuing CA 2", **values):
    return make_certificate(
        subject, issuer="Contoso Root", extensions=[AUTHORITY], **values
    )


def pem(*certificates):
    return b"".join(certificate.public_bytes(PEM) for certificate in certificates)


def der(certificate):
    return certificate.public_bytes(DER)


def private_key_pem():
    return signing_key().private_bytes(PEM, PrivateFormat.PKCS8, NoEncryption())


def pkcs12_file(certificate, *others, password=b""):
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        None, signing_key(), certificate, others, hidden
    )


def openssl(*arguments, given=b""):
    """Return what the openssl command prints."""
    done = subprocess.run(
        ["openssl", *arguments], input=given, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
