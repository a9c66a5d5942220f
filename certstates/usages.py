"""What a certificate may be used for, read from the number and the text that say so.

Graph documents neither: the number may be .NET's ``X509KeyUsageFlags`` or Intune's own
``keyUsages``, and the text has no known separator. So these are readings, beside what
is stored and never instead of it.
"""

import re
from dataclasses import dataclass

INT32_BITS = 32

# Source: RFC 5280, section 4.2.1.3, by the numbers of .NET's X509KeyUsageFlags.
DOTNET = {
    1: "encipher only",
    2: "CRL signing",
    4: "certificate signing",
    8: "key agreement",
    16: "data encipherment",
    32: "key encipherment",
    64: "non-repudiation",
    128: "digital signature",
    32768: "decipher only",
}
# Source: the enumeration keyUsages of Graph's Intune types.
INTUNE = {1: "key encipherment", 2: "digital signature"}
SCHEMES = {"X.509 (.NET)": DOTNET, "Intune": INTUNE}

PKIX = "1.3.6.1.5.5.7.3"
MICROSOFT = "1.3.6.1.4.1.311"
# Source: RFC 5280 section 4.2.1.12, RFC 4945, RFC 4556, RFC 9336 and Microsoft's list.
PURPOSES = {
    "2.5.29.37.0": "any purpose",
    f"{PKIX}.1": "server authentication",
    f"{PKIX}.2": "client authentication",
    f"{PKIX}.3": "code signing",
    f"{PKIX}.4": "e-mail protection",
    f"{PKIX}.5": "IPsec end system",
    f"{PKIX}.6": "IPsec tunnel",
    f"{PKIX}.7": "IPsec user",
    f"{PKIX}.8": "time stamping",
    f"{PKIX}.9": "OCSP signing",
    f"{PKIX}.13": "EAP over PPP",
    f"{PKIX}.14": "EAP over LAN",
    f"{PKIX}.17": "IPsec IKE",
    f"{PKIX}.21": "SSH client",
    f"{PKIX}.22": "SSH server",
    f"{PKIX}.36": "document signing",
    "1.3.6.1.5.2.3.4": "Kerberos client authentication",
    "1.3.6.1.5.2.3.5": "Kerberos KDC",
    "1.3.6.1.5.5.8.2.2": "IKE intermediate",
    f"{MICROSOFT}.2.1.21": "individual code signing",
    f"{MICROSOFT}.2.1.22": "commercial code signing",
    f"{MICROSOFT}.10.3.1": "trust list signing",
    f"{MICROSOFT}.10.3.4": "encrypting file system",
    f"{MICROSOFT}.10.3.4.1": "file recovery",
    f"{MICROSOFT}.10.3.5": "driver verification",
    f"{MICROSOFT}.10.3.11": "key recovery",
    f"{MICROSOFT}.10.3.12": "document signing (Microsoft)",
    f"{MICROSOFT}.20.2.1": "certificate request agent",
    f"{MICROSOFT}.20.2.2": "smart-card logon",
    f"{MICROSOFT}.21.5": "private key archival",
    f"{MICROSOFT}.21.6": "key recovery agent",
    f"{MICROSOFT}.21.19": "directory service replication",
    f"{MICROSOFT}.54.1.2": "remote desktop",
    f"{MICROSOFT}.67.1.1": "BitLocker drive encryption",
    f"{MICROSOFT}.67.1.2": "BitLocker data recovery",
    f"{MICROSOFT}.76.6.1": "Windows update",
    "1.2.840.113583.1.1.5": "PDF signing (Adobe)",
    "2.23.133.8.1": "TPM endorsement key",
    "2.23.133.8.3": "TPM attestation identity key",
}

# No digit or arc may stand at either end: half an identifier would be another one.
OID = re.compile(r"(?<!\d)(?<!\d\.)[0-2](?:\.(?:0|[1-9]\d*)){2,}(?!\.?\d)", re.ASCII)


@dataclass(frozen=True)
class Reading:
    """A number as one scheme reads it: names of its bits, or why it cannot be."""

    scheme: str
    names: tuple[str, ...] = ()
    objection: str = ""


@dataclass(frozen=True)
class Purpose:
    """One extended key usage; ``name`` is empty where the identifier is not known."""

    oid: str
    name: str


def read_key_usages(number: int) -> list[Reading]:
    """Return how each scheme reads the number (an Int32)."""
    return [_read(number, scheme) for scheme in SCHEMES]


def _read(number: int, scheme: str) -> Reading:
    if number < 0:
        return Reading(scheme, objection="a negative number is no set of flags")
    names = SCHEMES[scheme]
    bits = [1 << n for n in range(INT32_BITS) if number >> n & 1]
    if unknown := [str(bit) for bit in bits if bit not in names]:
        return Reading(scheme, objection=f"it has no flag {' or '.join(unknown)}")
    return Reading(scheme, tuple(names[bit] for bit in bits))


def read_purposes(text: str) -> list[Purpose]:
    """Return the extended key usages whose object identifiers stand in the text."""
    found = dict.fromkeys(OID.findall(text))
    return [Purpose(oid, PURPOSES.get(oid, "")) for oid in found]
