"""Files as people bring them to the import, and what the export gave back."""

import csv
import io
import json

import openpyxl

from certstates.examples import CREATE

LIST = "/admin/certstates/managedalldevicecertificatestate/"
EXPORT = f"{LIST}export/"
IMPORT = f"{LIST}import/"
RECORD = {name: value for name, value in CREATE.items() if "@" not in name}


def body_of(response):
    assert response.status_code == 200, response
    return b"".join(response.streaming_content)


def csv_rows(body):
    """Return the rows of an exported CSV file, as plain lists of cells."""
    return [*csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))]


def sheet_rows(body):
    sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
    return [[*row] for row in sheet.iter_rows(values_only=True)]


def csv_file(*records, header=None, delimiter=",", encoding="utf-8"):
    """Return a CSV file of dictionaries; the first one names the columns."""
    header = header or [*records[0]]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, header, restval="", delimiter=delimiter)
    writer.writerow({name: name for name in header})
    writer.writerows(records)
    return buffer.getvalue().encode(encoding)


def json_file(*records):
    return json.dumps({"@odata.context": "x", "value": records}).encode()


def xlsx_file(*rows):
    """Return a workbook of lists of cells, the header first."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def named(content):
    """Return a name that fits a file."""
    if content.startswith(b"PK"):
        return "records.xlsx"
    if content.startswith((b"-----BEGIN", b"0\x82")):
        return "records.pem"
    is_json = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{")
    return "records.json" if is_json else "records.csv"


def upload(client, content, name=""):
    """Choose a file, and return the page that follows."""
    file = io.BytesIO(content)
    file.name = name or named(content)
    return client.post(IMPORT, {"file": file}, follow=True)


def confirm(client, page, **values):
    """Confirm a preview, and return the page that follows."""
    path = (
        page.redirect_chain[-1][0] if page.redirect_chain else page.request["PATH_INFO"]
    )
    digest = page.context["form"]["digest"].value()
    return client.post(path, {"digest": digest, "reason": "", **values}, follow=True)


def import_file(client, content, name=""):
    return confirm(client, upload(client, content, name))
