"""What cannot be read as certificates: a row's fault or a file's refusal, in words."""

import io
import tracemalloc
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from cryptography.x509.oid import NameOID

from certstates.sources import FileRefused, Reading, open_source, pkcs12
from tests.certificates import (
    DER,
    EXPIRES,
    ISSUED,
    PEM,
    der,
    make_authority,
    make_certificate,
    name,
    part,
    pem,
    pkcs12_file,
    private_key_pem,
    signing_key,
)

LEAF = make_certificate()
BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
PASSWORD = b"correct horse"


def read(content, **reading):
    source = open_source(io.BytesIO(content), Reading(**reading))
    return [*source], source.warnings


def request():
    draft = x509.CertificateSigningRequestBuilder().subject_name(name("a"))
    return draft.sign(signing_key(), hashes.SHA256())


def revocation_list():
    draft = x509.CertificateRevocationListBuilder(name("a"), ISSUED, EXPIRES)
    return draft.sign(signing_key(), hashes.SHA256())


def key_in_der(*, password=b""):
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    return signing_key().private_bytes(DER, PrivateFormat.PKCS8, hidden)


def costly(content):
    """Return a PKCS#12 file that has its password hashed 2,147,483,647 times.

    Its end says so: the count of 2048, a number of two octets, becomes one of four.
    """
    salt_and_count = 14
    assert content.endswith(b"\x02\x02\x08\x00")
    digest = content.rindex(b"\x30\x31\x30\x0d\x06\x09", 0, -salt_and_count)
    begins = digest - 2
    mac = content[digest:-4] + b"\x02\x04\x7f\xff\xff\xff"
    body = content[4:begins] + bytes([0x30, len(mac)]) + mac
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (private_key_pem(), "no certificate; it has: private key (1)."),
        (private_key_pem().replace(b"\n", b"\r"), "it has: private key (1)."),
        (request().public_bytes(PEM) * 2, "it has: certificate request (2)."),
        (revocation_list().public_bytes(PEM), "it has: revocation list (1)."),
        (pem(LEAF).replace(b"CERTIFICATE", b"SOMETHING"), "it has: other block (1)."),
        (key_in_der(), "The file is a private key"),
        (key_in_der(password=b"x"), "The file is a private key"),
        (request().public_bytes(DER), "The file is a certificate request"),
        (revocation_list().public_bytes(DER), "The file is a revocation list"),
        (der(LEAF)[:-1], "not whole"),
        (pkcs12_file(LEAF)[:-1], "not whole"),
        (b"0\x82\x00\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\0\0", "PKCS#7"),
        (b"0\x84\xff\xff\xff\xff\x02\x01\x03", "not whole"),
        (b"0\x83\xff\xff\xff" + bytes(1 << 24), "more than 16,777,216 bytes"),
        (pkcs12_file(LEAF, password=PASSWORD), "by --password-file of the command"),
        (b"0\x82\x00\x05\x02\x01\x03\0\0", "or is damaged"),
    ],
)
def test_a_file_without_a_certificate_is_refused_by_a_sentence(content, reason):
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert reason in str(refused.value)


def test_a_wrong_password_is_told_and_not_repeated():
    content = pkcs12_file(LEAF, password=PASSWORD)
    with pytest.raises(FileRefused) as refused:
        read(content, password=b"battery staple")
    assert "cannot be opened by the password that --password-file" in str(refused.value)
    assert "staple" not in str(refused.value)
    assert "staple" not in repr(Reading(password=b"battery staple"))


def test_a_file_that_would_hash_its_password_for_hours_is_given_up(monkeypatch):
    monkeypatch.setattr(pkcs12, "SECONDS", 1)
    content = costly(pkcs12_file(LEAF, password=PASSWORD))
    with pytest.raises(FileRefused) as refused:
        read(content, password=PASSWORD)
    assert "hashed too often" in str(refused.value)


def without_end(content):
    return content.replace(END, b"")


SECOND = pem(LEAF).count(b"\n") + 1


@pytest.mark.parametrize(
    ("damaged", "reason", "second"),
    [
        (BEGIN + b"%%%\n" + END, "no Base64", 4),
        (BEGIN + b"AAA\n" + END, "no Base64", 4),
        (BEGIN + "é\n".encode() + END, "no Base64", 4),
        (BEGIN + END, "ShortData", 3),
        (BEGIN + b"\n" * (1 << 20) + b"\n" + END, "more than 1,048,576", (1 << 20) + 4),
        (BEGIN + b"A" * (1 << 21) + b"\n" + END, "more than 1,048,576", 4),
        (without_end(pem(LEAF)), "no END line", SECOND - 1),
        (pem(LEAF).replace(b"\nMII", b"\nAAA", 1), "damaged", SECOND),
        (pem(LEAF).replace(b"CERTIFICATE", b"PKCS7"), "PKCS#7", SECOND),
    ],
)
def test_a_damaged_block_is_a_faulty_row_beside_the_others(damaged, reason, second):
    rows, warnings = read(damaged + pem(LEAF, make_authority()))
    assert [row.line for row in rows] == [1, second]
    assert not rows[0].values
    assert reason in rows[0].faults[0]
    assert not rows[1].faults
    assert len(warnings) == 1


def test_a_bundle_may_end_anywhere():
    content = pem(LEAF, LEAF)
    for end in range(len(BEGIN) + 1, len(content), 7):
        rows, _ = read(content[:end])
        assert bool(rows[0].faults) == (end < len(content) // 2 - 1)


TEXT = b"ABCDEFGH"
ODD = make_certificate(
    x509.Name([part(NameOID.COMMON_NAME, TEXT.decode())]),
    extensions=[
        (x509.BasicConstraints(ca=False, path_length=None), False),
        (x509.SubjectKeyIdentifier(b"12"), False),
    ],
)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"\x0c\x08ABC", b"\x03\x08\0BC", "BitString"),
        (TEXT, b"ABC\xe9EFGH", "InvalidValue in subject."),
        (b"261123090000Z", b"269923090000Z", "InvalidValue in Time::UtcTime."),
        (b"261123090000Z", b"2611230900000", "damaged"),
        (b"\x55\x1d\x0e", b"\x55\x1d\x13", "Duplicate 2.5.29.19 extension found"),
        (b"\x55\x1d\x0e", b"\x55\x1d\x11", "damaged"),
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09", "version"),
        (b"\x02\x08\x5a", b"\x02\x08\x00", "damaged"),
    ],
)
def test_a_certificate_that_x509_does_not_allow_is_a_faulty_row(old, new, reason):
    assert old in der(ODD)
    [row], _ = read(der(ODD).replace(old, new, 1))
    assert reason in row.faults[0]


def test_a_message_with_an_impossible_certificate_is_refused():
    content = pkcs7.serialize_certificates([ODD], DER)
    version = b"\xa0\x03\x02\x01"
    assert version + b"\x02" in content
    with pytest.raises(FileRefused) as refused:
        read(content.replace(version + b"\x02", version + b"\x09", 1))
    assert "PKCS#7" in str(refused.value)


@pytest.mark.parametrize(
    "content", [der(ODD), pem(ODD), pkcs7.serialize_certificates([ODD], DER)]
)
def test_octets_that_were_changed_by_chance_are_a_fault_or_a_refusal(content):
    chance = Random(4711)
    read_or_refused = []
    for _ in range(1000):
        changed = bytearray(content)
        for _ in range(chance.choice((1, 1, 3))):
            changed[chance.randrange(8, len(changed))] = chance.randrange(256)
        try:
            [*rows] = open_source(io.BytesIO(changed))
        except FileRefused:
            read_or_refused.append(False)
        else:
            read_or_refused.append(bool(rows))
    assert any(read_or_refused)


@pytest.mark.parametrize("tail", [b"xx", der(LEAF)[:-4], b"0\x80\0\0"])
def test_what_follows_a_certificate_and_is_none_is_a_faulty_row(tail):
    rows, _ = read(der(LEAF) + tail)
    assert [bool(row.faults) for row in rows] == [False, True]
    assert rows[1].line == 2


@pytest.mark.parametrize("line", [b"A" * 64 + b"\n", b"A" * (1 << 16)])
def test_the_memory_does_not_grow_with_a_block_that_does_not_end(line):
    def peak(size):
        file = io.BytesIO(BEGIN + line * (size // len(line)))
        tracemalloc.start()
        rows = [*open_source(file)]
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(rows) == 1
        return found

    assert peak(16 << 20) < 1.5 * peak(4 << 20)


def test_the_memory_does_not_grow_with_the_certificates_of_a_bundle():
    def peak(number):
        file = io.BytesIO(pem(LEAF) * number)
        source = open_source(file)
        tracemalloc.start()
        assert sum(not row.faults for row in source) == number
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(2000) < 1.5 * peak(500)
