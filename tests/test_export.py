"""The list as a file: CSV, XLSX and Graph's JSON, whole or visibly not."""

import datetime as dt
import gc

import orjson
import pytest
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError, OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from certstates import exporter
from certstates.admin.turns import ALONE
from certstates.cells import plain, written
from certstates.exporter import DoesNotFit
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ
from tests.files import EXPORT, LIST, body_of, csv_rows, sheet_rows
from tests.make import URL, ApiClient, HttpsClient, make_state, make_token

pytestmark = pytest.mark.django_db

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "\u200b@x",
    "\ufeff-1",
    "\u3000+1",
    "\uff1d1+1",
    "'=1",
]
HARMLESS = [
    "LAPTOP-1",
    "a=b",
    "'s-Gravenhage",
    "CN=x, O=y",
    '"quoted"',
    "Ü 末 🙂",
    "; =1",
]
TEXTS = [*FORMULAS, *HARMLESS, "", "'", "''", " ", "a\r\nb", "a\nb", "_x000D_", "\x01"]


def export(client, kind, **query):
    return body_of(client.get(EXPORT, {"format": kind, **query}))


def test_the_csv_has_graphs_names_and_the_apis_values(staff):
    make_state(
        id="a",
        certificate_revoke_status=2,
        certificate_key_usages=-4,
        certificate_subject_name='CN="x", O=y',
        certificate_expiration_date_time=dt.datetime(
            2027, 1, 5, 10, 0, 0, 120000, dt.UTC
        ),
    )
    response = staff.get(EXPORT, {"format": "csv"})
    body = body_of(response)
    assert body.startswith(b"\xef\xbb\xbfid,certificateRevokeStatus,")
    header, row = csv_rows(body)
    found = dict(zip(header, row, strict=True))
    [api] = ApiClient(make_token(READ)).get(URL).json()["value"]
    assert header == [*api]
    assert found == {name: "" if v is None else str(v) for name, v in api.items()}
    assert found["certificateRevokeStatus"] == "issued"
    assert found["certificateExpirationDateTime"] == "2027-01-05T10:00:00.12Z"
    assert response["Content-Type"].startswith("text/csv; charset=utf-8")
    assert response["Content-Disposition"].endswith('.csv"')
    assert "no-store" in response["Cache-Control"]


def test_the_json_is_the_apis_list(staff):
    for text in TEXTS:
        make_state(managed_device_display_name=text, user_principal_name=None)
    client = ApiClient(make_token(READ))
    answer = client.get(URL, {"$orderby": "certificateExpirationDateTime,id"})
    exported = export(staff, "json")
    assert exported == answer.content
    assert orjson.loads(exported)["value"][0]["managedDeviceDisplayName"] == "=1+1"


def test_the_workbook_has_the_same_cells_as_the_csv(staff):
    for text in TEXTS:
        make_state(managed_device_display_name=text, certificate_key_usages=160)
    rows = sheet_rows(export(staff, "xlsx"))
    cells = csv_rows(export(staff, "csv"))
    as_text = [["" if c is None else str(c) for c in row] for row in rows]
    # What XML cannot hold is written as _x000D_ and the like; see the import.
    column = rows[0].index("managedDeviceDisplayName")
    for found, expected in zip(as_text, cells, strict=True):
        if not {*"\r\x01_"} & {*expected[column]}:
            assert found == expected
    assert {type(row[rows[0].index("certificateKeyUsages")]) for row in rows[1:]} == {
        int
    }


def test_nothing_exported_is_empty_but_the_header(staff):
    assert len(csv_rows(export(staff, "csv"))) == 1
    assert len(sheet_rows(export(staff, "xlsx"))) == 1
    assert orjson.loads(export(staff, "json"))["value"] == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_begins_like_a_formula(staff, kind):
    for text in FORMULAS:
        make_state(managed_device_display_name=text, user_principal_name=text)
    body = export(staff, kind)
    rows = csv_rows(body) if kind == "csv" else sheet_rows(body)
    for row in rows[1:]:
        for cell in row:
            assert (
                not str(cell or "")
                .strip("\t\r\n \u200b\ufeff")
                .startswith(("=", "+", "-", "@", "\uff1d"))
            )


def test_null_and_the_empty_text_are_two_cells(staff):
    make_state(id="a", user_principal_name=None, managed_device_display_name="")
    header, row = csv_rows(export(staff, "csv"))
    found = dict(zip(header, row, strict=True))
    assert found["userPrincipalName"] == ""
    assert found["managedDeviceDisplayName"] == "'"


@given(st.text())
def test_a_cell_gives_back_every_text(text):
    assert plain(written(text)) == text
    assert written(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_texts_stay_as_they_are(text):
    assert written(text) == text == plain(text)


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_filters_search_and_order_of_the_list_are_kept(staff, kind):
    make_state(
        id="a", managed_device_display_name="LAPTOP-A", certificate_revoke_status=1
    )
    make_state(
        id="b", managed_device_display_name="LAPTOP-B", certificate_revoke_status=1
    )
    make_state(id="c", managed_device_display_name="LAPTOP-C")
    make_state(id="d", managed_device_display_name="x", certificate_revoke_status=1)
    query = {"q": "laptop", "status": "pending", "o": "-1"}
    body = export(staff, kind, **query)
    if kind == "json":
        ids = [record["id"] for record in orjson.loads(body)["value"]]
    else:
        rows = csv_rows(body) if kind == "csv" else sheet_rows(body)
        ids = [row[0] for row in rows[1:]]
    assert ids == ["b", "a"]


def test_the_lists_links_lead_to_the_export_of_what_it_shows(staff):
    make_state(id="a", certificate_revoke_status=1)
    make_state(id="b")
    page = staff.get(LIST, {"status": "pending"}).content.decode()
    link = f"{EXPORT}?status=pending&amp;format=csv"
    assert link in page
    assert len(csv_rows(body_of(staff.get(link.replace("&amp;", "&"))))) == 2


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_the_selected_records_are_exported(staff, kind):
    for id in "abc":
        make_state(id=id)
    action = {"action": f"export_{kind}", "_selected_action": ["a", "c"]}
    body = body_of(staff.post(LIST, action))
    if kind == "json":
        assert [r["id"] for r in orjson.loads(body)["value"]] == ["a", "c"]
    else:
        rows = csv_rows(body) if kind == "csv" else sheet_rows(body)
        assert [row[0] for row in rows[1:]] == ["a", "c"]


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_an_id_that_cannot_be_is_refused_before_the_file_begins(staff, kind):
    action = {"action": f"export_{kind}", "_selected_action": ["a", "b\0c"]}
    assert staff.post(LIST, action).status_code == 400


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"format": "csv", "expiry": "x"}])
def test_an_unknown_format_or_filter_leads_back_to_the_list(staff, query):
    response = staff.get(EXPORT, query, follow=True)
    assert response.redirect_chain
    [message] = response.context["messages"]
    assert message.level_tag == "error"


def test_a_workbook_that_would_be_cut_is_refused_and_csv_named(staff, monkeypatch):
    monkeypatch.setattr(exporter, "MOST_SHEET_ROWS", 2)
    for id in "ab":
        make_state(id=id)
    assert len(sheet_rows(export(staff, "xlsx"))) == 3
    make_state(id="c")
    response = staff.get(EXPORT, {"format": "xlsx", "q": ""}, follow=True)
    [message] = response.context["messages"]
    assert "CSV" in str(message)
    assert response.redirect_chain[-1][0] == f"{LIST}?q="
    assert len(csv_rows(export(staff, "csv"))) == 4


def test_the_rows_that_came_after_the_count_are_not_cut_either(monkeypatch):
    monkeypatch.setattr(exporter, "MOST_SHEET_ROWS", 1)
    row = [None] * len(exporter.HEADERS)
    with pytest.raises(DoesNotFit):
        exporter.xlsx_file([row, row])


def test_a_text_that_would_be_cut_is_refused():
    row = [None] * len(exporter.HEADERS)
    row[3] = "x" * exporter.LONGEST_CELL
    exporter.xlsx_file([row]).close()
    row[3] = "🙂" * (exporter.LONGEST_CELL // 2 + 1)
    with pytest.raises(DoesNotFit, match="managedDeviceDisplayName of row 2"):
        exporter.xlsx_file([row])


def breaking(found):
    """Return a source of rows, or lines, that fails after the last one."""

    def broken(records):
        yield from found(records)
        raise DatabaseError("the server closed the connection unexpectedly")

    return broken


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_broken_export_does_not_look_whole(staff, monkeypatch, kind):
    make_state()
    monkeypatch.setattr(exporter, "rows", breaking(exporter.rows))
    monkeypatch.setattr(exporter, "lines", breaking(exporter.lines))
    response = staff.get(EXPORT, {"format": kind})
    chunks = []
    with pytest.raises(DatabaseError):
        chunks.extend(response.streaming_content)
    received = b"".join(chunks)
    if kind == "csv":
        assert received.endswith(exporter.INCOMPLETE)
        assert len(csv_rows(received)[-1]) == 1
    else:
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(received)


def test_a_broken_workbook_is_not_sent_at_all(staff, monkeypatch):
    monkeypatch.setattr(exporter, "rows", breaking(exporter.rows))
    with pytest.raises(DatabaseError):
        staff.get(EXPORT, {"format": "xlsx"})


def test_who_may_not_see_the_records_exports_nothing(client):
    make_state()
    person = HttpsClient()
    assert person.get(EXPORT).status_code == 302
    user = User.objects.create_user("viewer", is_staff=True)
    person.force_login(user)
    assert person.get(EXPORT).status_code == 403
    permission = "view_managedalldevicecertificatestate"
    user.user_permissions.add(Permission.objects.get(codename=permission))
    assert len(csv_rows(body_of(person.get(EXPORT)))) == 2


def test_one_export_is_sent_at_a_time_and_another_after_it(staff):
    make_state()
    first = staff.get(EXPORT)
    refused = staff.get(EXPORT, follow=True)
    assert "Another export" in str(next(iter(refused.context["messages"])))
    assert body_of(first)
    abandoned = staff.get(EXPORT, {"format": "json"})
    next(abandoned.streaming_content)
    abandoned._iterator.close()  # the client hangs up
    for _ in range(3):
        assert body_of(staff.get(EXPORT))


@pytest.fixture(autouse=True)
def everybody_has_had_their_turn():
    yield
    gc.collect()
    assert ALONE.acquire(blocking=False)
    ALONE.release()


@pytest.mark.django_db(transaction=True)
def test_the_file_shows_one_moment(staff, monkeypatch):
    monkeypatch.setattr(exporter, "CHUNK", 1)
    State.objects.bulk_create(State(**values(n)) for n in range(100))
    chunks = staff.get(EXPORT, {"format": "csv"}).streaming_content
    received = next(chunks) + next(chunks)
    neighbour = connection.copy()
    with neighbour.cursor() as cursor:
        cursor.execute("DELETE FROM certstates_managedalldevicecertificatestate")
    neighbour.close()
    received += b"".join(chunks)
    assert len(csv_rows(received)) == 101
    assert not State.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_limit_of_a_statement_is_none_of_an_export(monkeypatch):
    State.objects.bulk_create(State(**values(n)) for n in range(100))
    slow = State.objects.extra(where=["pg_sleep(0.01)::text IS NOT NULL"])
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '500ms'")
        try:
            with pytest.raises(OperationalError):
                slow.count()
            assert len([*exporter.rows(slow)]) == 100
            assert len([*exporter.lines(slow)]) == 100
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("500ms",)
        finally:
            cursor.execute("SET statement_timeout = 0")


def values(n):
    moment = dt.datetime(2027, 1, 5, tzinfo=dt.UTC)
    return {
        "id": f"{n:05}",
        "certificate_expiration_date_time": moment,
        "certificate_issuance_date_time": moment,
    }
