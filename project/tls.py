"""The certificates with which ``up --tls`` serves, made on this machine for it alone.

A small certificate authority signs a certificate for this machine's own names. It is
kept for years, so that clients have to be told to trust it only once; what it signs is
renewed at each start that finds it missing, foreign or about to expire. The authority
may sign for nothing but this machine (its name constraints say so): whoever steals its
key can impersonate no other site to those who trust it.
"""

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from project import locks

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
AUTHORITY_LIFETIME = dt.timedelta(days=3652)
# Longer ones are refused by Apple's clients.
SERVER_LIFETIME = dt.timedelta(days=397)
RENEWED_BEFORE_EXPIRY = dt.timedelta(days=30)
CLOCKS_DIFFER_BY = dt.timedelta(hours=1)

Extension = tuple[x509.ExtensionType, bool]  # with: is it critical?


class Unusable(Exception):
    """What is kept on disk cannot serve any more; the text says why."""


@dataclass(frozen=True)
class Identity:
    """A private key and the certificate of its public half, each in a PEM file."""

    key_file: Path
    certificate_file: Path

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self.key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Unusable(f"{self.key_file} has another kind of key")
        return key

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate_file.read_bytes())

    def check(self, now: dt.datetime) -> None:
        """Raise Unusable unless both files are there, fit, and last for a while."""
        try:
            fits = self.key.public_key() == self.certificate.public_key()
        except (FileNotFoundError, TypeError, ValueError) as damage:
            raise Unusable(str(damage)) from None
        if not fits:
            raise Unusable(f"{self.key_file} is not the key of the certificate")
        if self.certificate.not_valid_before_utc > now:
            raise Unusable(f"{self.certificate_file} is not valid yet")
        if self.certificate.not_valid_after_utc - now <= RENEWED_BEFORE_EXPIRY:
            raise Unusable(f"{self.certificate_file} expires soon")

    def save(
        self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
    ) -> None:
        pem = serialization.Encoding.PEM
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _replace(self.key_file, private, mode=0o600)
        _replace(self.certificate_file, certificate.public_bytes(pem), mode=0o644)


@dataclass(frozen=True)
class Authority:
    """The certificate authority that lives in the directory ``home``."""

    home: Path

    @property
    def identity(self) -> Identity:
        return Identity(self.home / "ca.key", self.home / "ca.pem")

    @property
    def server(self) -> Identity:
        return Identity(self.home / "server.key", self.home / "server.pem")

    def ensure(self, now: dt.datetime | None = None) -> Identity:
        """Return what the server shows to clients, made or renewed where needed.

        Raises PermissionError where the files belong to another account. ``now`` is
        the present, unless a test tells another time.
        """
        now = now or dt.datetime.now(dt.UTC)
        self.home.mkdir(exist_ok=True, parents=True)
        with locks.exclusive(self.home / "lock"):
            try:
                self.identity.check(now)
            except Unusable:
                self._found(now)
            try:
                self.server.check(now)
                self._check_signature()
            except Unusable:
                self._sign(now)
        return self.server

    def _found(self, now: dt.datetime) -> None:
        """Become a new authority, that clients have to be told to trust."""
        key = _new_key()
        name = _name("certstates certificate authority of this machine")
        draft = _draft(key, signed_by=key, begin=now, end=now + AUTHORITY_LIFETIME)
        for extension, is_critical in _authority_extensions():
            draft = draft.add_extension(extension, is_critical)
        draft = draft.subject_name(name).issuer_name(name)
        self.identity.save(key, draft.sign(key, hashes.SHA256()))

    def _sign(self, now: dt.datetime) -> None:
        key, authority_key = _new_key(), self.identity.key
        authority = self.identity.certificate
        end = min(now + SERVER_LIFETIME, authority.not_valid_after_utc)
        draft = _draft(key, signed_by=authority_key, begin=now, end=end)
        for extension, is_critical in _server_extensions():
            draft = draft.add_extension(extension, is_critical)
        draft = draft.subject_name(_name(NAMES[0])).issuer_name(authority.subject)
        self.server.save(key, draft.sign(authority_key, hashes.SHA256()))

    def _check_signature(self) -> None:
        try:
            self.server.certificate.verify_directly_issued_by(self.identity.certificate)
        except (InvalidSignature, ValueError):
            raise Unusable("the certificate is from another authority") from None


def _draft(
    key: ec.EllipticCurvePrivateKey,
    *,
    signed_by: ec.EllipticCurvePrivateKey,
    begin: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    """Return what every certificate has; clients' clocks may be a little slow."""
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(
        signed_by.public_key()
    )
    return (
        x509.CertificateBuilder()
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - CLOCKS_DIFFER_BY)
        .not_valid_after(end - CLOCKS_DIFFER_BY)
        .add_extension(subject_key, critical=False)
        .add_extension(issuer_key, critical=False)
    )


def _authority_extensions() -> list[Extension]:
    networks = [ipaddress.ip_network(address) for address in ADDRESSES]
    permitted = [*map(x509.DNSName, NAMES), *map(x509.IPAddress, networks)]
    return [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_key_usage(key_cert_sign=True, crl_sign=True), True),
        (x509.NameConstraints(permitted, None), True),
    ]


def _server_extensions() -> list[Extension]:
    addresses = [ipaddress.ip_address(address) for address in ADDRESSES]
    names = [*map(x509.DNSName, NAMES), *map(x509.IPAddress, addresses)]
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName(names), False),
    ]


def _key_usage(
    *,
    digital_signature: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _replace(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that is whole, and has its mode from the first moment on."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # whatever the umask is
        file.write(content)
    new.replace(path)
