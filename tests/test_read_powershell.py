"""What PowerShell writes of Graph's objects: Export-Csv and ConvertTo-Json."""

import io
import json

import pytest

from certstates.sources import FileRefused, Reading, open_source
from tests.files import RECORD, csv_file

PASCAL = {name[0].upper() + name[1:]: value for name, value in RECORD.items()}
EXPORTED = {
    **PASCAL,
    "Id": "a",
    "AdditionalProperties": "System.Collections.Generic.Dictionary`2[System.String]",
}
TYPE = "#TYPE Microsoft.Graph.Beta.PowerShell.Models.MicrosoftGraphManagedAllDevice\r\n"
READ = {**RECORD, "id": "a"}


def read(content, **reading):
    source = open_source(io.BytesIO(content), Reading(**reading))
    return [*source], source.warnings


def refusal_of(content, **reading):
    with pytest.raises(FileRefused) as refused:
        read(content, **reading)
    return str(refused.value)


@pytest.mark.parametrize("type_line", ["", TYPE])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_export_csv_is_read(type_line, encoding, delimiter):
    named = {**EXPORTED, "ManagedDeviceDisplayName": "Zoë 末"}
    text = type_line + csv_file(named, delimiter=delimiter).decode()
    [row], warnings = read(text.encode(encoding))
    assert row.values == {**READ, "managedDeviceDisplayName": "Zoë 末"}
    assert row.line == (3 if type_line else 2)
    assert row.faults == ()
    assert warnings == []


def test_a_line_that_is_too_long_is_counted_below_the_type():
    content = TYPE.encode() + csv_file(EXPORTED) + b"x" * 2**20
    assert "Line 4 has more than" in refusal_of(content)


def test_an_empty_cell_is_null():
    [row], _ = read(csv_file({**EXPORTED, "UserPrincipalName": "", "Id": ""}))
    assert row.values["userPrincipalName"] is None
    assert "id" not in row.values


@pytest.mark.parametrize(
    ("date_format", "text", "moment"),
    [
        ("%m/%d/%Y %I:%M:%S %p", "1/5/2027 10:00:00 AM", "2027-01-05T10:00:00Z"),
        ("%m/%d/%Y %I:%M:%S %p", "1/5/2027 10:00:00\u202fPM", "2027-01-05T22:00:00Z"),
        ("%d/%m/%Y %H:%M:%S", "05/01/2027 10:00:00", "2027-01-05T10:00:00Z"),
        ("%d.%m.%Y %H:%M:%S", "05.01.2027 10:00:00", "2027-01-05T10:00:00Z"),
        ("%d/%m/%Y %H:%M %z", "05/01/2027 10:00 +0100", "2027-01-05T10:00:00+01:00"),
        ("%m/%d/%Y", "2027-01-05T10:00:00Z", "2027-01-05T10:00:00Z"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_culture_s_dates_are_read_by_the_format(kind, date_format, text, moment):
    record = {**EXPORTED, "CertificateExpirationDateTime": text}
    content = csv_file(record) if kind == "csv" else json.dumps(record).encode()
    [row], _ = read(content, date_format=date_format)
    assert row.faults == ()
    assert row.values["certificateExpirationDateTime"] == moment


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_without_a_format_each_such_date_is_a_fault_that_names_the_option(kind):
    record = {
        **EXPORTED,
        "CertificateExpirationDateTime": "1/5/2027 10:00:00 AM",
        "CertificateIssuanceDateTime": "1/5/2026 10:00:00 AM",
    }
    content = csv_file(record) if kind == "csv" else json.dumps(record).encode()
    [row], _ = read(content)
    assert len(row.faults) == 2
    for fault in row.faults:
        assert "--date-format '%m/%d/%Y %I:%M:%S %p' or " in fault


@pytest.mark.parametrize("date_format", ["%Q", "%", "%d%d", "no", "%Y\0"])
def test_a_format_that_is_none_is_a_fault_of_each_row(date_format):
    content = csv_file({**EXPORTED, "CertificateExpirationDateTime": "1/5/2027"})
    [row], _ = read(content, date_format=date_format)
    assert "is no date of the format" in row.faults[0]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(1796119200000)/", "2026-12-01T10:00:00Z"),
        ("/Date(1796119200000+0100)/", "2026-12-01T10:00:00Z"),
        ("/Date(1796119200123-0800)/", "2026-12-01T10:00:00.123000Z"),
        ("/Date(-62135596800000)/", "0001-01-01T00:00:00Z"),
        ("/Date(253402300799999)/", "9999-12-31T23:59:59.999000Z"),
    ],
)
def test_windows_powershell_counts_milliseconds_since_1970(text, moment):
    spelt = json.dumps({**PASCAL, "CertificateExpirationDateTime": text})
    content = spelt.replace("/", "\\/").encode()
    [row], _ = read(content)
    assert row.values["certificateExpirationDateTime"] == moment
    wrapped = {"value": text, "DisplayHint": 2, "DateTime": "Tuesday"}
    content = json.dumps({**PASCAL, "CertificateExpirationDateTime": wrapped})
    [row], _ = read(content.encode())
    assert row.values["certificateExpirationDateTime"] == moment


@pytest.mark.parametrize("number", ["253402300800000", "-62135596800001", "9" * 18])
def test_milliseconds_beyond_the_calendar_are_a_fault(number):
    record = {**PASCAL, "CertificateExpirationDateTime": f"/Date({number})/"}
    [row], _ = read(json.dumps(record).encode())
    assert "outside the years 0001 to 9999" in row.faults[0]


CONVERTED = {**PASCAL, "Id": "a", "CertificateRevokeStatus": 0}


@pytest.mark.parametrize(
    "value",
    [
        CONVERTED,
        [CONVERTED],
        {"value": [CONVERTED], "Count": 1},
        {**CONVERTED, "AdditionalProperties": {}},
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_convert_to_json_is_read_also_redirected_into_a_file(value, encoding):
    content = json.dumps(value, indent=4).replace("\n", "\r\n").encode(encoding)
    [row], warnings = read(content)
    assert row.values == {**READ, "certificateRevokeStatus": "0"}
    assert warnings == []


def test_an_encoding_that_no_mark_tells_has_to_be_told():
    named = {**EXPORTED, "ManagedDeviceDisplayName": "Zoë"}
    content = csv_file(named, encoding="cp1252")
    reason = refusal_of(content)
    assert "byte 0xEB at offset" in reason
    assert "--encoding cp1252" in reason
    [row], _ = read(content, encoding="cp1252")
    assert row.values["managedDeviceDisplayName"] == "Zoë"


def test_a_mark_wins_over_what_is_told():
    [row], _ = read(csv_file(EXPORTED, encoding="utf-16"), encoding="cp1252")
    assert row.values == READ


@pytest.mark.parametrize("encoding", ["klingon", "base64", "zlib", "rot13", "a\0b"])
def test_an_encoding_that_is_none_is_refused(encoding):
    assert "There is no encoding" in refusal_of(csv_file(EXPORTED), encoding=encoding)


def test_a_file_of_which_only_the_end_has_another_encoding_is_refused_whole():
    good = csv_file(*({**EXPORTED, "Id": f"{n}"} for n in range(5000)))
    bad = csv_file({**EXPORTED, "ManagedDeviceDisplayName": "Zoë"}, encoding="cp1252")
    last = bad.split(b"\r\n")[1]
    reason = refusal_of(good + last)
    assert "(line 5,002)" in reason
    assert f"at offset {len(good) + last.index(0xEB):,}" in reason
