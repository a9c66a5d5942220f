"""Every change leaves a trace: what, who, by which door, when."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from certstates.history import recorded
from certstates.models import Door, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import URL, HttpsClient, make_body, make_state

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = State._meta.db_table
ADMIN = "/admin/certstates/managedalldevicecertificatestate/"


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def told(**filters):
    events = StateEvent.objects.filter(**filters).order_by("pgh_id")
    return [(e.pgh_label, e.pgh_obj_id, e.door, e.who) for e in events]


def test_the_api_tells_who_created_changed_and_deleted_a_record(operator):
    created = operator.create(make_body(id="a"))
    changed = operator.change("a", {"managedDeviceDisplayName": "NEW"})
    deleted = operator.delete(f"{URL}/a")
    events = [*StateEvent.objects.order_by("pgh_id")]
    assert told() == [
        ("insert", "a", Door.API, "tests"),
        ("update", "a", Door.API, "tests"),
        ("delete", "a", Door.API, "tests"),
    ]
    for event, response in zip(events, (created, changed, deleted), strict=True):
        assert event.pgh_context_id == uuid.UUID(response.headers["request-id"])
    assert [e.managed_device_display_name for e in events[1:]] == ["NEW", "NEW"]


def test_the_admin_tells_who_is_signed_in(admin_user):
    staff = HttpsClient()
    staff.force_login(admin_user)
    make_state(id="a")
    url = "/admin/certstates/managedalldevicecertificatestate/a/delete/"
    staff.post(url, {"post": "yes"})
    assert told(pgh_label="delete") == [("delete", "a", Door.ADMIN, "admin")]


def test_what_is_written_past_every_door_is_told_too():
    make_state(id="a")
    make_state(id="b")
    State.objects.update(user_principal_name="bulk")
    execute(f"UPDATE {TABLE} SET user_principal_name = 'raw' WHERE id = 'a'")
    execute(f"DELETE FROM {TABLE} WHERE id = 'b'")
    with connection.cursor() as cursor:
        columns = (
            "id, certificate_revoke_status,"
            " certificate_revoke_status_last_change_date_time,"
            " certificate_expiration_date_time, certificate_issuance_date_time"
        )
        with cursor.copy(f"COPY {TABLE} ({columns}) FROM STDIN") as copy:
            copy.write("c\t0\t2026-01-01Z\t2027-01-01Z\t2026-01-01Z\n")
    assert told() == [
        ("insert", "a", Door.SQL, ""),
        ("insert", "b", Door.SQL, ""),
        ("update", "a", Door.SQL, ""),
        ("update", "b", Door.SQL, ""),
        ("update", "a", Door.SQL, ""),
        ("delete", "b", Door.SQL, ""),
        ("insert", "c", Door.SQL, ""),
    ]


@pytest.mark.parametrize(
    "context", ["5", '"x"', "[1]", "null", '{"door": ["x"], "who": {}, "undoes": 5}']
)
def test_what_sql_says_of_itself_breaks_no_page(admin_user, context):
    """The history cannot be corrected, so that it must be shown as it is."""
    client = HttpsClient()
    client.force_login(admin_user)
    with transaction.atomic():
        execute(f"SET LOCAL pghistory.context_metadata = '{context}'")
        make_state(id="a")
    [(_, _, door, _)] = told()
    assert door == Door.SQL
    for page in ("/admin/", f"{ADMIN}history/", f"{ADMIN}a/history/"):
        assert client.get(page).status_code == 200


def test_a_record_of_another_id_is_another_record():
    make_state(id="a")
    execute(f"UPDATE {TABLE} SET id = 'b', user_principal_name = 'x'")
    assert [event[:2] for event in told()] == [
        ("insert", "a"),
        ("delete", "a"),
        ("insert", "b"),
    ]


def test_an_emptied_table_tells_of_each_record():
    make_state(id="a")
    make_state(id="b")
    execute(f"TRUNCATE {TABLE}")
    removed = StateEvent.objects.filter(pgh_label="delete")
    assert {event.pgh_obj_id for event in removed} == {"a", "b"}


def test_a_write_that_changes_nothing_is_no_change(operator):
    operator.create(make_body(id="a"))
    operator.change("a", {"userPrincipalName": make_body()["userPrincipalName"]})
    assert [event[0] for event in told()] == ["insert"]


def test_a_batch_is_one_request(operator):
    items = [
        {
            "id": f"{n}",
            "method": "POST",
            "url": f"/{URL.split('/', 2)[2]}",
            "headers": {"Content-Type": "application/json"},
            "body": make_body(id=f"{n}"),
        }
        for n in range(2)
    ]
    response = operator.create({"requests": items}, url="/beta/$batch")
    assert [r["status"] for r in response.json()["responses"]] == [201, 201]
    batches = StateEvent.objects.values_list("pgh_context_id", flat=True)
    assert {*batches} == {uuid.UUID(response.headers["request-id"])}
    assert {event[2:] for event in told()} == {(Door.API, "tests")}


def test_a_command_names_itself_and_ends():
    with recorded(Door.COMMAND, who="up") as batch:
        make_state(id="a")
    make_state(id="b")
    assert told(pgh_context_id=batch) == [("insert", "a", Door.COMMAND, "up")]
    assert told(pgh_obj_id="b") == [("insert", "b", Door.SQL, "")]


def test_what_is_refused_leaves_no_trace(operator):
    operator.create(make_body(id="a"))
    operator.create(make_body(id="a"))
    with transaction.atomic():
        State.objects.update(user_principal_name="x")
        transaction.set_rollback(True)
    assert [event[0] for event in told()] == ["insert"]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM certstates_stateevent",
        "UPDATE certstates_stateevent SET pgh_label = 'x'",
    ],
)
def test_nobody_rewrites_the_history(sql):
    make_state(id="a")
    with pytest.raises(DatabaseError, match="Cannot"):
        execute(sql)


def test_whoever_has_another_search_path_is_told_too():
    make_state(id="a")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [schema] = cursor.fetchone()
        cursor.execute("SET LOCAL search_path = ''")
        table = f'"{schema}"."{TABLE}"'
        cursor.execute(f"UPDATE {table} SET user_principal_name = 'raw'")
        cursor.execute(f"UPDATE {table} SET id = 'b'")
        cursor.execute(f"DELETE FROM {table}")
    assert [(label, id) for label, id, *_ in told()] == [
        ("insert", "a"),
        ("update", "a"),
        ("delete", "a"),
        ("insert", "b"),
        ("delete", "b"),
    ]
