"""Intune's reports of certificates, as CSV and as JSON, become rows."""

import io
import json

import pytest

from certstates.sources import FileRefused, Reading, open_source
from certstates.sources.identity import derived_id
from tests.files import csv_file, xlsx_file

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
    assert warnings == ["CertificateStatus: 'issued' in 1 row tells of no revocation."]


def without(*names):
    return {name: value for name, value in REPORT.items() if name not in names}


def test_columns_stand_in_any_order_and_case():
    shuffled = {name.upper(): REPORT[name] for name in reversed(REPORT)}
    [row], _ = read(in_csv(shuffled))
    assert row.values == VALUES


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheet_may_have_saved_it_with_its_delimiter(delimiter):
    [row], _ = read(csv_file(REPORT, delimiter=delimiter))
    assert row.values == VALUES


def test_a_raw_column_wins_over_its_localized_twin_which_may_stand_alone():
    both = {"DeviceName_loc": "translated", **REPORT}
    [row], _ = read(in_csv(both))
    assert row.values["managedDeviceDisplayName"] == "LAPTOP-4711"
    alone = {**without("DeviceName"), "DeviceName_loc": "LAPTOP-4711"}
    [row], warnings = read(in_csv(alone))
    assert row.values == VALUES
    assert not [w for w in warnings if "_loc" in w]


def test_a_localized_status_is_not_interpreted():
    alone = {**without("CertificateStatus"), "CertificateStatus_loc": "Revoked"}
    [row], warnings = read(in_csv(alone))
    assert row.defaults["certificateRevokeStatus"] == "none"
    assert warnings == []


def test_only_columns_that_are_not_intunes_are_warned_of():
    record = {**REPORT, "CaConfiguration": "x", "Colour": "y"}
    _, [*_, warning] = read(in_csv(record))
    assert warning.endswith("passed over: Colour.")


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("revoked", "revoked"),
        ("Revoked", "revoked"),
        ("REVOKE", "revoked"),
        ("Revoke(d)", "revoked"),
        ("Certificate revoked", "revoked"),
        ("not revoked", None),
        ("revocationPending", None),
        ("issued", None),
        ("4", None),
        ("", None),
    ],
)
def test_a_status_is_a_revocation_or_says_nothing(status, found):
    [row], warnings = read(in_csv({**REPORT, "CertificateStatus": status}))
    assert row.values.get("certificateRevokeStatus") == found
    assert row.defaults == ({} if found else {"certificateRevokeStatus": "none"})
    told = [f"CertificateStatus: {status!r} in 1 row tells of no revocation."]
    assert warnings == ([] if found or not status else told)


def test_statuses_without_end_are_counted_in_memory_that_ends():
    records = [{**REPORT, "CertificateStatus": f"s{n}"} for n in range(300)]
    _, warnings = read(in_csv(*records))
    assert len(warnings) == 51
    assert warnings[-1] == "Other values in 250 rows were treated likewise."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("160", 160),
        ("-1", -1),
        ("Digital Signature, Key Encipherment", 160),
        ("Digital Signature, Key Encipherment (a0)", 160),
        ("DigitalSignature", 128),
        ("DigitalSignature KeyEncipherment", 160),
        ("digitalSignature;keyEncipherment", 160),
        ("Digital Signature|Non Repudiation", 192),
        ("Digital Signature, Non-Repudiation, Key Encipherment (e0)", 224),
        ("Certificate Signing, Off-line CRL Signing, CRL Signing (06)", 6),
        ("keyCertSign, cRLSign", 6),
        ("Encipher Only, Decipher Only", 32769),
        ("None", 0),
        ("", None),
    ],
)
@pytest.mark.parametrize("write", [in_csv, in_json])
def test_key_usages_are_a_number_or_names(write, text, number):
    [row], _ = read(write({**REPORT, "KeyUsage": text}))
    assert row.values["certificateKeyUsages"] == number


@pytest.mark.parametrize("text", ["yes", "Digital Signature, x", "(a0)", "1.5"])
def test_key_usages_that_are_not_understood_are_left_out_and_told(text):
    [row], warnings = read(in_csv({**REPORT, "KeyUsage": text}))
    assert "certificateKeyUsages" not in row.values
    assert row.defaults["certificateKeyUsages"] is None
    assert f"KeyUsage: {text!r} in 1 row was not understood, and left out." in warnings


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-11-23T09:00:00Z", "2027-11-23T09:00:00Z"),
        ("2027-11-23T09:00:00.0000000+01:00", "2027-11-23T09:00:00.0000000+01:00"),
        ("2027-11-23 09:00:00.0000000", "2027-11-23T09:00:00.0000000Z"),
        ("2027-11-23T09:00:00", "2027-11-23T09:00:00Z"),
        ("2027-11-23 09:00", "2027-11-23T09:00Z"),
        ("2027-11-23 09:00:00Z", "2027-11-23T09:00:00Z"),
    ],
)
def test_a_date_without_a_zone_is_of_utc(text, moment):
    [row], _ = read(in_csv({**REPORT, "ValidTo": text}))
    assert row.values["certificateExpirationDateTime"] == moment


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("1/5/2027 10:00:00 AM", ["%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M:%S %p"]),
        ("05.01.2027 10:00", ["%d.%m.%Y %H:%M"]),
        ("05/01/2027, 10:00:00", ["%m/%d/%Y, %H:%M:%S", "%d/%m/%Y, %H:%M:%S"]),
        ("2027/01/05 10:00:00", ["%Y/%m/%d %H:%M:%S"]),
        ("5-1-2027", ["%m-%d-%Y", "%d-%m-%Y"]),
        (
            "1/5/2027 10:00 +00:00",
            ["%m/%d/%Y %H:%M %z", "%d/%m/%Y %H:%M %z"],
        ),
        ("1/5/2027 1:00 PM", ["%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M %p"]),
    ],
)
def test_a_date_of_a_culture_is_not_guessed(text, formats):
    content = in_csv({**REPORT, "ValidTo": text})
    [row], _ = read(content)
    [fault] = row.faults
    assert fault.startswith("certificateExpirationDateTime: Not an Edm.DateTimeOffset")
    assert " or ".join(f"--date-format '{f}'" for f in formats) in fault
    for date_format in formats:
        [row], _ = read(content, date_format=date_format)
        assert row.faults == ()
        assert row.values["certificateExpirationDateTime"].endswith("Z")


def test_a_format_that_does_not_fit_is_refused_in_each_row():
    content = in_csv({**REPORT, "ValidTo": "31/12/2027"}, REPORT)
    rows, _ = read(content, date_format="%m/%d/%Y")
    assert "'31/12/2027' is no date of the format '%m/%d/%Y'." in rows[0].faults[0]
    assert not rows[1].faults


def test_what_the_own_export_adds_is_taken_exactly():
    own = {
        "Id": "a",
        "CertificateRevokeStatus": "failed",
        "CertificateRevokeStatusLastChangeDateTime": "2026-01-06T10:00:00Z",
    }
    rows, warnings = read(
        in_csv({**REPORT, **own}, {**REPORT, **dict.fromkeys(own, "")})
    )
    assert rows[0].values["id"] == "a"
    assert not rows[0].is_derived
    assert rows[0].values["certificateRevokeStatus"] == "failed"
    changed = "certificateRevokeStatusLastChangeDateTime"
    assert rows[0].values[changed] == "2026-01-06T10:00:00Z"
    assert rows[0].defaults == {}
    assert (rows[1].values, rows[1].is_derived) == (VALUES, True)
    assert rows[1].defaults == {"certificateRevokeStatus": "none"}
    assert "CertificateStatus: 'issued' in 1 row" in warnings[0]


def test_columns_that_new_records_can_do_without_are_null_for_those():
    few = ("DeviceId", "ValidFrom", "ValidTo", "Thumbprint")
    content = in_csv({name: REPORT[name] for name in few})
    [row], _ = read(content, device="LAPTOP-1", user="ana@contoso.example")
    assert {*row.values} == {
        "id",
        "certificateIssuanceDateTime",
        "certificateExpirationDateTime",
        "certificateThumbprint",
    }
    assert row.defaults == {
        "certificateRevokeStatus": "none",
        "managedDeviceDisplayName": "LAPTOP-1",
        "userPrincipalName": "ana@contoso.example",
        "certificateIssuerName": None,
        "certificateSubjectName": None,
        "certificateSerialNumber": None,
        "certificateExtendedKeyUsages": None,
        "certificateKeyUsages": None,
    }


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (without("ValidTo"), "are missing: ValidTo. It has: DeviceId, DeviceName"),
        (
            without("ValidFrom", "Thumbprint", "SerialNumber"),
            "are missing: ValidFrom, Thumbprint or SerialNumber.",
        ),
        ({**REPORT, "devicename": "x"}, "Two columns of the header are devicename."),
        ({**REPORT, "Device_Name": "x"}, "Two columns of the header are Device_Name."),
        (
            {**REPORT, "UPN_loc": "", "upn_LOC": ""},
            "Two columns of the header are upn_L",
        ),
    ],
)
@pytest.mark.parametrize("write", [in_csv, in_json])
def test_columns_that_are_missing_or_there_twice_are_named(write, record, reason):
    with pytest.raises(FileRefused) as refused:
        read(write(record))
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        in_json(REPORT),
        json.dumps({"schema": ["x"], "values": [REPORT]}).encode(),
        json.dumps([REPORT]).encode(),
        json.dumps(REPORT).encode(),
        json.dumps({"Values": [{**REPORT, "KeyUsage": 160}]}).encode(),
        json.dumps(
            {
                "TotalRowCount": 1,
                "Schema": [{"Column": n, "PropertyType": "String"} for n in REPORT],
                "Values": [[*REPORT.values()]],
            }
        ).encode(),
    ],
)
def test_json_has_the_rows_where_it_likes(content):
    [row], warnings = read(content)
    assert row.values == VALUES
    assert len(warnings) == 1


def test_a_null_of_json_and_an_empty_cell_are_the_same():
    [cell], _ = read(in_csv({**REPORT, "UPN": "", "KeyUsage": ""}))
    [null], _ = read(in_json({**REPORT, "UPN": None, "KeyUsage": None}))
    [empty], _ = read(in_json({**REPORT, "UPN": "", "KeyUsage": ""}))
    assert cell.values == null.values == empty.values
    assert cell.values["userPrincipalName"] is None


def test_a_number_of_json_is_the_text_of_a_cell():
    numbers = {"SerialNumber": 123, "Thumbprint": 45, "PolicyId": 6, "KeyUsage": 160}
    [number], _ = read(in_json({**REPORT, **numbers}))
    [text], _ = read(in_csv({**REPORT, **numbers}))
    assert number.values == text.values


@pytest.mark.parametrize("value", [1.5, True, [], {}, ["x"]])
def test_other_values_of_json_are_left_to_the_api_and_break_nothing(value):
    for name in REPORT:
        [row], _ = read(in_json({**REPORT, name: value}))
        assert row.values["id"] or row.faults


def test_states_of_a_profile_are_another_type():
    record = {
        "id": "x",
        "deviceDisplayName": "LAPTOP",
        "certificateIssuer": "CN=x",
        "certificateIssuanceState": "issued",
    }
    for content in (json.dumps({"value": [record]}).encode(), csv_file(record)):
        with pytest.raises(FileRefused, match="another type of Graph's"):
            read(content)


def test_a_report_that_excel_has_saved_is_refused():
    with pytest.raises(FileRefused, match="as it was downloaded"):
        read(xlsx_file([*REPORT], [*REPORT.values()]))


@pytest.mark.parametrize("serial", ["5.9E+33", "5,90123E+33", "1E+20"])
def test_a_serial_number_that_excel_has_rounded_is_refused(serial):
    [row], _ = read(in_csv({**REPORT, "SerialNumber": serial}))
    assert "a number that Excel has rounded" in row.faults[0]
    own = {**REPORT, "SerialNumber": serial, "Id": "a"}
    [row], _ = read(in_csv(own))
    assert row.values["certificateSerialNumber"] == serial
    assert not row.faults


def test_words_without_end_are_not_remembered():
    long = {"KeyUsage": "x" * 100_000, "CertificateStatus": "y" * 100_000}
    _, warnings = read(in_csv({**REPORT, **long}))
    assert [len(warning) < 200 for warning in warnings] == [True, True]
