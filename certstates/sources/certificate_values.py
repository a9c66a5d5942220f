"""What a certificate says of itself, in the spelling in which Windows writes it.

Intune gets its values from Windows and .NET, so records of both sources compare equal.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID, NameOID

from certstates.edm import EdmDateTimeOffset
from certstates.sources.flags import FLAGS, folded
from certstates.usages import MICROSOFT, PKIX

# The library's names for them.
KEY_USAGES = (
    "crl_sign",
    "key_cert_sign",
    "key_agreement",
    "data_encipherment",
    "key_encipherment",
    "content_commitment",
    "digital_signature",
)
# These have a meaning, and for the library a value, beside a key agreement only.
AGREEMENT_USAGES = ("encipher_only", "decipher_only")

# Windows' English names of extended key usages.
PURPOSES = {
    "2.5.29.37.0": "Any Purpose",
    f"{PKIX}.1": "Server Authentication",
    f"{PKIX}.2": "Client Authentication",
    f"{PKIX}.3": "Code Signing",
    f"{PKIX}.4": "Secure Email",
    f"{PKIX}.5": "IP security end system",
    f"{PKIX}.6": "IP security tunnel termination",
    f"{PKIX}.7": "IP security user",
    f"{PKIX}.8": "Time Stamping",
    f"{PKIX}.9": "OCSP Signing",
    "1.3.6.1.5.5.8.2.2": "IP security IKE intermediate",
    "1.3.6.1.5.2.3.5": "KDC Authentication",
    f"{MICROSOFT}.10.3.1": "Microsoft Trust List Signing",
    f"{MICROSOFT}.10.3.4": "Encrypting File System",
    f"{MICROSOFT}.10.3.4.1": "File Recovery",
    f"{MICROSOFT}.10.3.5": "Windows Hardware Driver Verification",
    f"{MICROSOFT}.10.3.11": "Key Recovery",
    f"{MICROSOFT}.10.3.12": "Document Signing",
    f"{MICROSOFT}.20.2.1": "Certificate Request Agent",
    f"{MICROSOFT}.20.2.2": "Smart Card Logon",
    f"{MICROSOFT}.21.5": "Private Key Archival",
    f"{MICROSOFT}.21.6": "Key Recovery Agent",
    f"{MICROSOFT}.21.19": "Directory Service Email Replication",
    f"{MICROSOFT}.54.1.2": "Remote Desktop Authentication",
    f"{MICROSOFT}.67.1.1": "BitLocker Drive Encryption",
    f"{MICROSOFT}.67.1.2": "BitLocker Data Recovery Agent",
    f"{MICROSOFT}.76.6.1": "Windows Update",
    "2.23.133.8.1": "Endorsement Key Certificate",
    "2.23.133.8.3": "Attestation Identity Key Certificate",
}

# Windows' keys of a name's attributes (CertNameToStr); any other stands as OID.1.2.3.
NAME_KEYS = {
    NameOID.COMMON_NAME: "CN",
    NameOID.COUNTRY_NAME: "C",
    NameOID.DN_QUALIFIER: "dnQualifier",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.EMAIL_ADDRESS: "E",
    NameOID.GIVEN_NAME: "G",
    NameOID.INITIALS: "I",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.STATE_OR_PROVINCE_NAME: "S",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.SURNAME: "SN",
    NameOID.TITLE: "T",
}
QUOTED = re.compile(r'\A\Z|\A\s|\s\Z|[,+="\n<>#;]')

UPN = x509.ObjectIdentifier(f"{MICROSOFT}.20.2.3")
# UTF8String is what the name must be; issuers were seen to write other strings, too.
STRING_TAGS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii"}


def values_of(certificate: x509.Certificate) -> dict[str, Any]:
    """Return the properties that a certificate knows; null stands for no extension.

    Raises ValueError or x509.DuplicateExtension where it is not as RFC 5280 has it.
    """
    return {
        "certificateThumbprint": thumbprint(certificate),
        "certificateSerialNumber": serial_number(certificate.serial_number),
        "certificateSubjectName": distinguished_name(certificate.subject),
        "certificateIssuerName": distinguished_name(certificate.issuer),
        "certificateIssuanceDateTime": moment(certificate.not_valid_before_utc),
        "certificateExpirationDateTime": moment(certificate.not_valid_after_utc),
        "certificateKeyUsages": key_usages(certificate),
        "certificateExtendedKeyUsages": extended_key_usages(certificate),
    }


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the hash by which Windows names a certificate; it proves nothing."""
    # nosemgrep: secrets-weak-hash -- Windows and Intune know no other
    name = certificate.fingerprint(hashes.SHA1())  # noqa: S303 # nosec B303
    return name.hex().upper()


def serial_number(number: int) -> str:
    """Return the octets of the number in the certificate, all that DER has of it.

    So it begins with 00 where its first bit is set, as Windows shows it, and the two's
    complement stands for a negative one (RFC 5280 allows none).
    """
    length = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return number.to_bytes(length, "big", signed=True).hex().upper()


def moment(value: dt.datetime) -> str:
    return EdmDateTimeOffset().to_representation(value)


def distinguished_name(name: x509.Name) -> str:
    """Return the name with its last part first, as Windows writes it."""
    return ", ".join(" + ".join(map(attribute, rdn)) for rdn in reversed(name.rdns))


def attribute(part: x509.NameAttribute[str | bytes]) -> str:
    key = NAME_KEYS.get(part.oid) or f"OID.{part.oid.dotted_string}"
    return f"{key}={attribute_value(part.value)}"


def attribute_value(value: str | bytes) -> str:
    """Return the value, in quotation marks where it could be mistaken for more."""
    if isinstance(value, bytes):
        return f"#{value.hex().upper()}"
    if QUOTED.search(value):
        return '"' + value.replace('"', '""') + '"'
    return value


def extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> Any:
    """Return what an extension holds, or nothing where there is none."""
    try:
        return certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


def key_usages(certificate: x509.Certificate) -> int | None:
    usages = extension(certificate, ExtensionOID.KEY_USAGE)
    if usages is None:
        return None
    names = KEY_USAGES + (AGREEMENT_USAGES if usages.key_agreement else ())
    return sum(FLAGS[folded(name)] for name in names if getattr(usages, name))


def extended_key_usages(certificate: x509.Certificate) -> str | None:
    usages = extension(certificate, ExtensionOID.EXTENDED_KEY_USAGE)
    if usages is None:
        return None
    return ", ".join(purpose(usage.dotted_string) for usage in usages)


def purpose(oid: str) -> str:
    return f"{PURPOSES[oid]} ({oid})" if oid in PURPOSES else oid


def user_of(certificate: x509.Certificate) -> str | None:
    """Return the first UPN among the alternative names, if there is one to be read."""
    names = extension(certificate, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    if names is None:
        return None
    others = cast("list[x509.OtherName]", names.get_values_for_type(x509.OtherName))
    found = (string_of(other.value) for other in others if other.type_id == UPN)
    return next((text for text in found if text), None)


def string_of(der: bytes) -> str | None:
    """Return the text of a value of DER, which the library has seen to be whole."""
    if der[0] not in STRING_TAGS:
        return None
    header = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)  # X.690, section 8.1.3
    try:
        return der[header:].decode(STRING_TAGS[der[0]])
    except UnicodeDecodeError:
        return None


def is_authority(certificate: x509.Certificate) -> bool:
    """Say whether it may certify others (RFC 5280, section 4.2.1.9)."""
    constraints = extension(certificate, ExtensionOID.BASIC_CONSTRAINTS)
    return constraints is not None and bool(constraints.ca)
