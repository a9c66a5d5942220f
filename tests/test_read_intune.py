"""Intune's reports of certificates, as CSV and as JSON, become rows."""

import io
import json

import pytest

from certstates.sources import FileRefused, Reading, open_source
from certstates.sources.identity import derived_id
from tests.files import csv_file

REPORT = {
    "DeviceId": "5f0c9c4e-0000-4000-8000-000000000001",
    "DeviceName": "LAPTOP-4711",
    "UserId": "5f0c9c4e-0000-4000-8000-000000000002",
    "UPN": "ana.silva@contoso.example",
    "PolicyId": "5f0c9c4e-0000-4000-8000-000000000003",
    "CertificateStatus": "issued",
    "CertificateStatus_loc": "Ausgestellt",
    "EnhancedKeyUsage": "Client Authentication (1.3.6.1.5.5.7.3.2)",
    "IssuerName": "CN=Contoso Issuing CA 2, O=Contoso, C=PT",
    "KeyUsage": "160",
    "SerialNumber": "005A0000004D2C",
    "SubjectName": "CN=LAPTOP-4711",
    "Thumbprint": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B",
    "ValidFrom": "2026-11-23T09:00:00Z",
    "ValidTo": "2027-11-23T09:00:00.1234567Z",
}
VALUES = {
    "id": derived_id(
        "intune", REPORT["DeviceId"], REPORT["Thumbprint"], REPORT["PolicyId"]
    ),
    "managedDeviceDisplayName": "LAPTOP-4711",
    "userPrincipalName": "ana.silva@contoso.example",
    "certificateIssuanceDateTime": "2026-11-23T09:00:00Z",
    "certificateExpirationDateTime": "2027-11-23T09:00:00.1234567Z",
    "certificateIssuerName": "CN=Contoso Issuing CA 2, O=Contoso, C=PT",
    "certificateSubjectName": "CN=LAPTOP-4711",
    "certificateSerialNumber": "005A0000004D2C",
    "certificateThumbprint": "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B",
    "certificateExtendedKeyUsages": "Client Authentication (1.3.6.1.5.5.7.3.2)",
    "certificateKeyUsages": 160,
}


def read(content, **reading):
    """Return the rows of a file, and what people are told of it."""
    source = open_source(io.BytesIO(content), Reading(**reading))
    return [*source], source.warnings


def in_csv(*records):
    return csv_file(*records, encoding="utf-8-sig")


def in_json(*records):
    return json.dumps({"values": records}).encode()


@pytest.mark.parametrize("write", [in_csv, in_json])
def test_a_report_is_read_and_its_ids_follow_from_its_keys(write):
    [row], warnings = read(write(REPORT))
    assert row.values == VALUES
    assert row.defaults == {"certificateRevokeStatus": "none"}
    assert row.is_derived
    assert not row.faults
    assert warnings == ["CertificateStatus: 'issued' in 1 row was taken for none."]
