"""``manage.py export_states``: a whole file or none, or a pipe."""

import errno
import gzip
import io
import os
import stat

import orjson
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError

from certstates import exporter
from certstates.management.commands import export_states
from certstates.permissions import READ
from tests.files import csv_rows, sheet_rows
from tests.make import URL, ApiClient, make_state, make_token

pytestmark = pytest.mark.django_db

INTUNE = (
    "CertificateStatus,DeviceId,DeviceName,EnhancedKeyUsage,IssuerName,KeyUsage,"
    "PolicyId,SerialNumber,SubjectName,Thumbprint,UPN,UserId,ValidFrom,ValidTo"
)


def export(kind, **options):
    """Export to standard output, and return what came out of it."""
    out = io.TextIOWrapper(io.BytesIO())
    call_command("export_states", format=kind, stdout=out, **options)
    return out.buffer.getvalue()


def refusal(*arguments, **options):
    with pytest.raises(CommandError) as refused:
        call_command("export_states", *arguments, **options)
    return refused.value.returncode, str(refused.value)


@pytest.fixture
def two(db):
    make_state(id="a", certificate_revoke_status=4)
    make_state(id="b", managed_device_display_name="=1", user_principal_name=None)


def test_a_new_file_has_the_records_and_is_its_owners_alone(two, tmp_path):
    path, said = tmp_path / "records.csv", io.StringIO()
    call_command("export_states", format="csv", output=path, stdout=said)
    assert said.getvalue() == f"{path}: 2 records.\n"
    header, *rows = csv_rows(path.read_bytes())
    assert header == [*exporter.HEADERS]
    assert [row[0] for row in rows] == ["a", "b"]
    assert [row[3] for row in rows] == ["LAPTOP-1", "'=1"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [path]


def test_ndjson_has_the_apis_records_one_a_line(two):
    listed = orjson.loads(ApiClient(make_token(READ)).get(URL).content)["value"]
    lines = export("ndjson").split(b"\n")
    assert lines.pop() == b""
    assert lines == [orjson.dumps(record) for record in listed]


def test_json_is_the_apis_page_where_the_server_knows_its_address(two, settings):
    listed = ApiClient(make_token(READ)).get(URL)
    assert orjson.loads(export("json")) == {"value": listed.json()["value"]}
    settings.PUBLIC_URL = "https://testserver/"
    assert export("json") == listed.content


def test_a_workbook_has_the_same_cells(two):
    header, *rows = sheet_rows(export("xlsx"))
    assert header == [*exporter.HEADERS]
    assert [row[3] for row in rows] == ["LAPTOP-1", "'=1"]
    assert rows[1][4] is None


def test_intunes_columns_come_first_and_in_its_order(two):
    body = export("intune-csv")
    header, *rows = csv_rows(body)
    assert ",".join(header[:14]) == INTUNE
    assert header[14:] == [
        "Id",
        "CertificateRevokeStatus",
        "CertificateRevokeStatusLastChangeDateTime",
    ]
    found = dict(zip(header, rows[0], strict=True))
    assert found["DeviceName"] == "LAPTOP-1"
    assert found["CertificateStatus"] == found["CertificateRevokeStatus"] == "revoked"
    assert found["ValidTo"] == "2027-01-05T10:00:00Z"
    assert found["DeviceId"] == found["UserId"] == found["PolicyId"] == ""
    assert rows[1][2] == "'=1"


@pytest.mark.parametrize("kind", exporter.FORMATS)
def test_a_filter_and_an_order_mean_what_they_mean_in_the_api(kind):
    for id in "abc":
        make_state(id=id, managed_device_display_name=f"LAPTOP-{id}")
    make_state(id="d", managed_device_display_name="x")
    wanted = "startswith(managedDeviceDisplayName,'laptop') and id ne 'b'"
    body = export(kind, filter=wanted, orderby="managedDeviceDisplayName desc")
    if kind == "xlsx":
        found = [row[0] for row in sheet_rows(body)[1:]]
    elif "csv" in kind:
        header, *rows = csv_rows(body)
        at = [name.lower() for name in header].index("id")
        found = [row[at] for row in rows]
    else:
        lines = body.splitlines()
        pages = [orjson.loads(line) for line in lines]
        found = [r["id"] for page in pages for r in page.get("value", [page])]
    assert found == ["c", "a"]


@pytest.mark.parametrize("kind", exporter.FORMATS)
def test_what_matches_nothing_is_an_export_without_records(kind, tmp_path):
    path = tmp_path / "records"
    said = io.StringIO()
    call_command("export_states", format=kind, filter="false", output=path, stdout=said)
    assert said.getvalue() == f"{path}: 0 records.\n"


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"filter": "colour eq 1"}, {"$filter": "colour eq 1"}),
        ({"filter": ""}, {"$filter": ""}),
        ({"filter": "id eq"}, {"$filter": "id eq"}),
        ({"filter": "1 div 0 eq 1"}, {"$filter": "1 div 0 eq 1"}),
        ({"orderby": "id sideways"}, {"$orderby": "id sideways"}),
    ],
)
def test_a_wrong_filter_is_refused_in_the_apis_sentence(two, tmp_path, options, query):
    answer = ApiClient(make_token(READ)).get(URL, query)
    output = tmp_path / "records"
    found = refusal(format="csv", output=output, **options)
    assert found == (1, answer.json()["error"]["message"])
    assert not [*tmp_path.iterdir()]


def test_an_existing_file_is_refused_unless_it_may_be_replaced(two, tmp_path):
    path = tmp_path / "records"
    path.write_text("mine")
    code, said = refusal(format="csv", output=path)
    assert (code, said) == (1, f"{path} exists; --force replaces it.")
    assert path.read_text() == "mine"
    call_command(
        "export_states", format="csv", output=path, force=True, stdout=io.StringIO()
    )
    assert len(csv_rows(path.read_bytes())) == 3


@pytest.mark.parametrize("name", ["", "pipe", "nowhere/records"])
def test_what_is_no_place_for_a_file_is_named(two, tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / name
    code, said = refusal(format="csv", output=path, force=True)
    assert code == 1
    assert str(path) in said
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("kind", exporter.FORMATS)
@pytest.mark.parametrize("end", [KeyboardInterrupt, DatabaseError])
def test_what_breaks_off_leaves_no_file_and_an_older_one_as_it_was(
    two, tmp_path, monkeypatch, kind, end
):
    def broken(self, found):
        yield next(iter(found))
        raise end

    monkeypatch.setattr(export_states.Counted, "__call__", broken)
    older = tmp_path / "older"
    older.write_text("mine")
    for path in (tmp_path / "new", older):
        with pytest.raises(end):
            call_command("export_states", format=kind, output=path, force=True)
    assert older.read_text() == "mine"
    assert [*tmp_path.iterdir()] == [older]


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json", "intune-csv"])
def test_a_pipe_that_breaks_off_does_not_look_whole(two, monkeypatch, kind):
    def broken(self, found):
        yield next(iter(found))
        raise DatabaseError

    monkeypatch.setattr(export_states.Counted, "__call__", broken)
    out = io.TextIOWrapper(io.BytesIO())
    with pytest.raises(DatabaseError):
        call_command("export_states", format=kind, stdout=out)
    body = out.buffer.getvalue()
    if "csv" in kind:
        assert body.endswith(exporter.INCOMPLETE)
        return
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body.splitlines()[-1])


def test_a_standard_output_that_is_full_is_named(two):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(CommandError) as refused:
        call_command("export_states", format="csv", stdout=io.TextIOWrapper(Full()))
    assert str(refused.value) == "Standard output: No space left on device."


def test_a_reader_that_goes_away_ends_it_quietly(two, capfd):
    reader, writer = os.pipe()
    os.close(reader)
    out = io.TextIOWrapper(os.fdopen(writer, "wb"))
    with pytest.raises(SystemExit) as ended:
        call_command("export_states", format="csv", stdout=out)
    assert ended.value.code == 141
    out.close()
    assert capfd.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("options", [{"format": "xlsx"}, {"compress": "gzip"}])
def test_a_terminal_is_not_sent_what_is_no_text(two, options):
    code, said = refusal(**{"format": "csv", **options}, stdout=Terminal())
    assert code == 2
    assert "--output" in said


@pytest.mark.parametrize("arguments", [[], ["--format", "pdf"], ["--format"]])
def test_a_command_that_is_not_understood_is_refused(arguments):
    with pytest.raises(CommandError):
        call_command("export_states", *arguments)


def test_a_name_or_an_option_packs_the_file(two, tmp_path):
    path = tmp_path / "records.ndjson.gz"
    call_command("export_states", format="ndjson", output=path, stdout=io.StringIO())
    plain = export("ndjson")
    assert gzip.decompress(path.read_bytes()) == plain
    assert gzip.decompress(export("ndjson", compress="gzip")) == plain


def test_people_see_how_far_it_is_and_nobody_else(two, monkeypatch, capsys):
    export("csv")
    assert capsys.readouterr().err == ""
    seen = Terminal()
    monkeypatch.setattr("sys.stderr", seen)
    export("csv")
    assert "2.00/2.00" in seen.getvalue()
