"""Files and rows that are not imported: each by a sentence, and nothing is saved."""

import io
import time
import zipfile

import pytest
from django.conf import settings

from certstates.admin import importing
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.sources import workbooks
from tests.files import (
    IMPORT,
    RECORD,
    confirm,
    csv_file,
    csv_rows,
    json_file,
    upload,
    xlsx_file,
)
from tests.make import HttpsClient, make_state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("upload_directory")]


def archive(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return buffer.getvalue()


def without(*names):
    return {name: value for name, value in RECORD.items() if name not in names}


def text_of(page):
    """Return why a file was refused, wherever the page says it."""
    errors = page.context["form"].errors if "form" in page.context else {}
    said = [str(e) for found in errors.values() for e in found]
    return " ".join([*said, page.context.get("refused") or ""])


SHEET = "xl/worksheets/sheet1.xml"
FOREIGN = '<?xml version="1.0" encoding="nonsense"?>'
CSV = csv_file(RECORD)
HEADER, LINE, _ = CSV.split(b"\r\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf", "nothing but white space"),
        (b" \r\n\t", "nothing but white space"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture (PNG)"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "an old .xls"),
        (b"\x1f\x8b\x08\0\0\0", "gzip"),
        (b"<!DOCTYPE html><p>Log in", "HTML"),
        (b"-----BEGIN X509 CRL-----\n", "no certificate"),
        (b"\0\x01\x02\x03", "no text"),
        (CSV.decode().encode("utf-16-le")[:-1], "The file is not UTF-16-LE"),
        (
            archive(a="b"),
            "a ZIP archive, and its name does not say so: it must end in .zip",
        ),
        (b"PK\x03\x04broken", "damaged or not whole"),
        (archive(xl__workbook_xml="<x"), "The workbook cannot be read"),
        (
            CSV.replace(b"LAPTOP-4711", b"caf\xe9"),
            f"the byte 0xE9 at offset {CSV.index(b'LAPTOP-4711') + 3} (line 2)",
        ),
        (CSV.decode().encode("utf-16")[:-1], "The file is not UTF-16"),
        (b"x,y\r\n1,2\r\n", "The first row must name the columns"),
        (csv_file(without("userPrincipalName")), "missing: userPrincipalName."),
        (
            HEADER + b",user_principal_name\r\n" + LINE + b",x\r\n",
            "Two columns of the header are userPrincipalName",
        ),
        (HEADER + b"\r\n", "no records"),
        (HEADER + b'\r\n"x', "Line 2 cannot be read"),
        (HEADER + b"\r\n\r\n" + b'"x"y,', "Line 3 cannot be read"),
        (HEADER + b"\r\n" + b"x" * 2**20, "more than 1,048,576 characters"),
        (HEADER + b"\r\n" + b"x" * 2**19, "field larger than field limit"),
        (b"[]", "no records"),
        (b'{"value": []}', "no records"),
        (b'{"value": [\n{"id": "a"},\n{"id": }]}', "in line 3: Expecting value"),
        (b'[{"id": "a"}', "expected ',', at the end of the file"),
        (b'[{"id": "a"},\n\n]', "in line 3: Expecting value, before ']'."),
        (b'[\n{"id": "a', "in line 2: Unterminated string, before '\"a'."),
        (b'[{"id": "a", "id": "b"}]', "occurs twice"),
        (b'{"id": "a", "id": "b"}', "occurs twice"),
        (b'[{"id": NaN}]', "in line 1: NaN is not a JSON value"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"id": "' + b"x" * 2**21, "or does not end"),
        (b'[{"id": ' + b"1" * 5000 + b"}]", "a number is too long"),
        (b'{"id": "a"} x', "expected an object or an array"),
        (xlsx_file([]), "The first sheet is empty"),
        (xlsx_file(["a", "b"], [1, 2]), "The first row must name the columns"),
        (xlsx_file([*RECORD]), "no records"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_a_sentence(staff, content, reason):
    page = upload(staff, content)
    assert page.status_code == 200
    assert reason in text_of(page)
    assert not State.objects.exists()


ROWS = [
    ({"certificateKeyUsages": "x"}, "certificateKeyUsages: Expected Edm.Int32"),
    ({"certificateKeyUsages": "2147483648"}, "less than or equal to 2147483647"),
    ({"certificateKeyUsages": "1.5"}, "certificateKeyUsages: Expected Edm.Int32"),
    ({"certificateRevokeStatus": "gone"}, "Unknown member 'gone'"),
    ({"certificateRevokeStatus": "5"}, "Unknown member '5'"),
    (
        {"certificateRevokeStatus": ""},
        "certificateRevokeStatus: This property must not",
    ),
    ({"certificateExpirationDateTime": ""}, "certificateExpirationDateTime: This prop"),
    (
        {"certificateExpirationDateTime": "2027-01-05 10:00"},
        "Not an Edm.DateTimeOffset",
    ),
    ({"certificateExpirationDateTime": "2027-01-05T10:00:00"}, "Not an Edm.DateTime"),
    (
        {"certificateExpirationDateTime": "1/5/2027 10:00 AM"},
        "Not an Edm.DateTimeOffset",
    ),
    ({"certificateExpirationDateTime": "2027-02-30T10:00:00Z"}, "no such moment"),
    ({"certificateThumbprint": "x" * 256}, "at most 255 characters"),
    ({"id": "a/b"}, "id: An id must not contain a slash"),
    ({"id": ".."}, "id: An id must not contain a slash"),
]


@pytest.mark.parametrize(("change", "reason"), ROWS)
@pytest.mark.parametrize("kind", [csv_file, json_file])
def test_a_row_is_refused_with_its_line_and_what_the_api_would_say(
    staff, change, reason, kind
):
    if kind is json_file:
        change = {
            name: int(value) if value == "2147483648" else value or None
            for name, value in change.items()
        }
    page = upload(
        staff, kind({**RECORD, "id": "good"}, {**RECORD, "id": "x", **change})
    )
    [verdict] = page.context["sections"][0][3]
    assert verdict.line == (1 if kind is json_file else 3)
    assert reason in " ".join(verdict.faults)
    assert page.context["outcome"].is_refused
    confirm(staff, page)
    assert not State.objects.exists()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE + b",x", "The row has 12 cells, and the header has 11."),
        (LINE.partition(b",")[0], "The row has 1 cell, and the header has 11."),
    ],
)
def test_a_row_of_another_width_than_the_header_is_refused(staff, line, reason):
    page = upload(staff, b"\r\n".join([HEADER, LINE, b"", line, b""]))
    [verdict] = page.context["sections"][0][3]
    assert (verdict.line, verdict.faults) == (4, [reason])


def test_an_id_that_stands_in_the_file_twice_is_refused(staff):
    page = upload(staff, csv_file({**RECORD, "id": "a"}, {**RECORD, "id": "a"}))
    [verdict] = page.context["sections"][0][3]
    assert verdict.line == 3
    assert "same id" in verdict.faults[0]


def test_a_new_record_without_the_columns_of_one_is_refused_once(staff):
    page = upload(staff, csv_file({"id": "nobody", "userPrincipalName": "x"}))
    [verdict] = page.context["sections"][0][3]
    [fault] = verdict.faults
    assert fault.startswith(
        "No record has the id 'nobody', and a new record also needs"
    )
    assert "certificateThumbprint" in fault


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("=1+1", "holds a formula"),
        (12345, "drops zeros and digits"),
        (1.5e17, "drops zeros and digits"),
        (True, "Expected Edm.String, found true"),
    ],
)
def test_a_cell_that_is_no_text_is_refused(staff, value, reason):
    row = [*{**RECORD, "certificateSerialNumber": value}.values()]
    page = upload(staff, xlsx_file([*RECORD], row))
    [verdict] = page.context["sections"][0][3]
    assert reason in verdict.faults[0]


def test_a_cell_with_a_date_of_excels_is_refused(staff):
    import datetime as dt

    moment = dt.datetime(2027, 1, 5, 10)  # noqa: DTZ001 -- what Excel has
    row = [*{**RECORD, "certificateExpirationDateTime": moment}.values()]
    page = upload(staff, xlsx_file([*RECORD], row))
    [verdict] = page.context["sections"][0][3]
    assert "no offset" in verdict.faults[0]


@pytest.mark.parametrize("record", [1, "x", None, ["a"], True])
def test_what_is_no_object_is_refused_in_its_line(staff, record):
    page = upload(staff, json_file(RECORD, record))
    [verdict] = page.context["sections"][0][3]
    assert verdict.faults[0].startswith("Expected an object, found ")


@pytest.mark.parametrize("id", [None, 1, [], {}, "", "\ud800", "a\0"])
def test_an_odd_id_of_json_is_refused(staff, id):
    page = upload(staff, json_file({**RECORD, "id": id, "userPrincipalName": "\ud800"}))
    assert page.context["outcome"].is_refused


def test_ten_thousand_bad_rows_are_all_reported_and_none_saved(staff):
    make_state(id="a")
    rows = [{**RECORD, "certificateRevokeStatus": f"x{n}"} for n in range(10_000)]
    page = upload(staff, csv_file(RECORD, *rows))
    assert page.context["outcome"].counts["invalid"] == 10_000
    assert (
        b"Nothing can be imported: 10,000 of 10,001 rows are refused." in page.content
    )
    assert b"9,900 more" in page.content
    assert b'value="Import' not in page.content
    report = csv_rows(staff.get(page.context["refused_url"]).content)
    assert len(report) == 10_001
    assert report[-1][0] == "10002"
    assert "x9999" in report[-1][3]
    confirm(staff, page)
    assert State.objects.count() == 1


def test_a_file_of_too_many_records_is_told_the_command(staff, monkeypatch):
    monkeypatch.setattr(importing, "MOST_ROWS", 2)
    page = upload(staff, csv_file(RECORD, RECORD, RECORD))
    assert "manage.py import_states" in text_of(page)
    assert upload(staff, csv_file(RECORD, RECORD)).context["outcome"]


class Unread(io.BytesIO):
    def read(self, *args):
        raise AssertionError("The body was read.")


def send_unread(client, url, size):
    """Send a form with a file of so many bytes, of which none may be read."""
    return client.generic(
        "POST",
        url,
        b"",
        "multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(size),
        **{"wsgi.input": Unread()},
    )


def test_a_large_file_is_refused_by_its_length_unread(staff):
    before = time.monotonic()
    response = send_unread(staff, IMPORT, 100 * 1024 * 1024)
    assert time.monotonic() - before < 5
    assert response.status_code == 413
    assert b"manage.py import_states" in response.content
    assert b"100 MB" in response.content


@pytest.mark.parametrize("url", ["/admin/login/", f"/admin/x{IMPORT}", "/docs/"])
def test_no_other_page_takes_a_file(url):
    stranger = HttpsClient(enforce_csrf_checks=True)
    stranger.cookies[settings.CSRF_COOKIE_NAME] = "x" * 32
    response = send_unread(stranger, url, 3 * 1024 * 1024)
    assert response.status_code == 413
    assert b"3,145,728 bytes; 2,621,440 are allowed" in response.content


def test_a_body_that_does_not_say_its_length_is_refused(staff):
    response = staff.post(IMPORT, headers={"Transfer-Encoding": "chunked"})
    assert response.status_code == 411


def test_a_length_that_is_no_number_is_none(staff):
    response = staff.post(IMPORT, {"a": "b"}, CONTENT_LENGTH="many")
    assert response.status_code == 200
    assert "This field is required." in text_of(response)


@pytest.mark.parametrize(
    ("content", "name", "endings"),
    [
        (CSV, "records.xlsx", ".csv, .tsv or .txt"),
        (CSV, "records", ".csv, .tsv or .txt"),
        (CSV, "records.csv.exe", ".csv, .tsv or .txt"),
        (xlsx_file([*RECORD]), "records.csv", "in .xlsx."),
        (json_file(RECORD), "records.csv", ".json, .jsonl, .ndjson or .txt"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    staff, content, name, endings
):
    assert endings in text_of(upload(staff, content, name=name))


@pytest.mark.parametrize(
    ("content", "name"),
    [(CSV, "RECORDS.CSV"), (CSV, "a.b.txt"), (json_file(RECORD), "r.ndjson")],
)
def test_a_name_may_say_it_in_several_ways(staff, content, name):
    assert "outcome" in upload(staff, content, name=name).context


def test_a_form_without_a_file_is_refused(staff):
    assert "This field is required." in text_of(staff.post(IMPORT, {}))


def test_a_small_workbook_that_becomes_a_huge_one_is_refused(staff):
    sheet = b"0" * (workbooks.MOST_UNPACKED + 1)
    content = archive(xl__workbook_xml="<x/>", xl__sheet1_xml=sheet)
    assert len(content) < 1024 * 1024
    assert "Unpacked, the workbook has" in text_of(upload(staff, content))


def workbook_with(name, old, new):
    """Return a workbook, of which one part was changed by somebody else."""
    source = zipfile.ZipFile(io.BytesIO(xlsx_file([*RECORD], [*RECORD.values()])))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for each in source.namelist():
            content = source.read(each).decode()
            packed.writestr(
                each, content.replace(old, new) if each == name else content
            )
    return buffer.getvalue()


def test_a_workbook_whose_entities_explode_is_refused(staff):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    content = workbook_with(
        "xl/worksheets/sheet1.xml", "<worksheet", f"{bomb}]><worksheet"
    )
    assert "EntitiesForbidden" in text_of(upload(staff, content))


@pytest.mark.parametrize(
    ("part", "old", "new", "reason"),
    [
        (SHEET, "<worksheet", f"{FOREIGN}<worksheet", "unknown encoding"),
        ("xl/workbook.xml", "<workbook", f"{FOREIGN}<workbook", "unknown encoding"),
        (SHEET, '<row r="2"', '<row r="9000000000"', "at most 1,048,576 rows"),
    ],
)
def test_a_workbook_that_somebody_forged_is_refused(staff, part, old, new, reason):
    assert reason in text_of(upload(staff, workbook_with(part, old, new)))


@pytest.mark.parametrize(
    ("offset", "values"), [(6, [99]), (8, [0, 8]), (46, [0xFF])], ids=str
)
def test_an_archive_that_python_cannot_read_is_refused(staff, offset, values):
    """Change the version, the flags and the first name of the archive's directory."""
    content = bytearray(xlsx_file([*RECORD], [*RECORD.values()]))
    content[content.index(b"PK\x01\x02") + 9] |= 8  # its names are UTF-8
    begin = content.index(b"PK\x01\x02") + offset
    content[begin : begin + len(values)] = bytes(values)
    page = upload(staff, bytes(content))
    assert page.status_code == 200
    assert not State.objects.exists()


def test_a_sheet_that_claims_a_million_columns_is_read_fast(staff):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append([*RECORD])
    for row in range(2, 200):
        book.active.cell(row, 16_384, "x")
    book.active.cell(1_048_576, 1, "x")
    buffer = io.BytesIO()
    book.save(buffer)
    before = time.monotonic()
    page = upload(staff, buffer.getvalue())
    assert page.context["outcome"].is_refused
    assert time.monotonic() - before < 30
