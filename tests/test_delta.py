"""Change tracking: GET …/delta, and what it says of every kind of writing."""

import pytest
from django.core.management import call_command
from django.db import connection

from certstates.addresses import COLLECTION
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RemovedState
from tests.make import ROOT, URL, make_body, make_state
from tests.mirror import Mirror

# Each test writes in transactions of its own: they are what the delta is about.
pytestmark = pytest.mark.django_db(transaction=True)

TABLE = State._meta.db_table


@pytest.fixture
def mirror(reader):
    """Return a client that has read the records a, b and c."""
    for id in ("a", "b", "c"):
        make_state(id=id)
    mirror = Mirror(reader)
    assert mirror.read_round() == ["a", "b", "c"]
    return mirror


def write(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_client_is_told_what_was_created_changed_and_removed(operator):
    for id in ("a", "b", "c"):
        make_state(id=id)
    first = operator.get(f"{URL}/delta")
    assert first.status_code == 200
    assert first.headers["Content-Type"].startswith("application/json;odata.metadata")
    page = first.json()
    assert [*page] == ["@odata.context", "@odata.deltaLink", "value"]
    assert page["@odata.context"] == f"{ROOT}beta/$metadata#{COLLECTION}/$delta"
    assert page["value"] == operator.get(URL).json()["value"]

    operator.create(make_body(id="d"))
    operator.change("b", {"managedDeviceDisplayName": "other"})
    operator.delete(f"{URL}/a")
    link = page["@odata.deltaLink"]
    assert link.startswith(f"{ROOT}beta/{COLLECTION}/delta?$deltatoken=")
    second = operator.get(link).json()
    changed, _, created = operator.get(URL).json()["value"]
    assert changed["managedDeviceDisplayName"] == "other"
    assert second["value"] == [
        created,
        changed,
        {"id": "a", "@removed": {"reason": "deleted"}},
    ]

    third = operator.get(second["@odata.deltaLink"]).json()
    assert [*third] == ["@odata.context", "@odata.deltaLink", "value"]
    assert third["value"] == []


def test_nothing_new_is_an_empty_page_that_can_be_asked_again(mirror):
    link = mirror.url
    assert mirror.read_round() == mirror.read_round() == []
    make_state(id="d")
    assert mirror.read_round() == ["d"]
    mirror.url = link
    assert mirror.read_round() == ["d"]


def test_a_record_that_comes_again_is_a_record(mirror):
    State.objects.filter(id="a").delete()
    make_state(id="a")
    assert mirror.read_round() == ["a"]
    State.objects.filter(id="a").delete()
    assert mirror.read_round() == ["-a"]
    make_state(id="a")
    assert mirror.read_round() == ["a"]
    assert mirror.read_round() == []


def test_what_came_and_went_between_two_rounds_ends_as_removed(mirror):
    make_state(id="d").delete()
    assert mirror.read_round() == ["-d"]


def test_a_patch_that_changes_nothing_is_no_change(mirror, operator):
    body = {"managedDeviceDisplayName": "x"}
    operator.change("a", body)
    assert mirror.read_round() == ["a"]
    operator.change("a", body)
    assert mirror.read_round() == []


DOORS = {
    "save": (lambda: State.objects.get(id="b").save(), ["b"]),
    "update": (lambda: State.objects.update(user_principal_name="x"), ["a", "b", "c"]),
    "update of ids": (lambda: State.objects.filter(id="b").update(id="z"), ["-b", "z"]),
    "bulk_update": (
        lambda: State.objects.bulk_update(
            State.objects.filter(id="b"), ["user_principal_name"]
        ),
        ["b"],
    ),
    "delete": (lambda: State.objects.exclude(id="b").delete(), ["-a", "-c"]),
    "SQL": (lambda: write(f"UPDATE {TABLE} SET id = id WHERE id = 'b'"), ["b"]),
    "SQL that sets the version": (
        lambda: write(f"UPDATE {TABLE} SET version = 1 WHERE id = 'b'"),
        ["b"],
    ),
    "SQL that removes": (lambda: write(f"DELETE FROM {TABLE} WHERE id = 'b'"), ["-b"]),
    "SQL that empties the table": (
        lambda: write(f"TRUNCATE {TABLE}"),
        ["-a", "-b", "-c"],
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_is_seen(mirror, door):
    act, expected = DOORS[door]
    act()
    assert mirror.read_round() == expected
    assert mirror.read_round() == []


def test_the_admin_is_seen(mirror, admin_client):
    admin_client.post(
        "/admin/certstates/managedalldevicecertificatestate/bulk/delete_selected/",
        {"_selected_action": ["b"], "expected": "1"},
        secure=True,
        headers={"Host": "localhost"},
    )
    assert mirror.read_round() == ["-b"]


def test_a_fixture_cannot_bring_a_version(mirror, tmp_path):
    dump = tmp_path / "dump.json"
    make_state(id="d").delete()
    models = ["certstates.managedalldevicecertificatestate", "certstates.removedstate"]
    call_command("dumpdata", *models, output=str(dump), verbosity=0)
    assert '"version"' not in dump.read_text()
    dump.write_text(dump.read_text().replace('"fields": {', '"fields": {"version": 3,'))
    mirror.read_round()
    call_command("loaddata", str(dump), verbosity=0)
    assert sorted(mirror.read_round()) == ["-d", "a", "b", "c"]
    for model in (State, RemovedState):
        assert not model.objects.filter(version=3).exists()


def test_rows_from_a_server_with_greater_numbers_are_told_all_the_same(reader):
    """A dump has rows as they were, and brings them back before the triggers."""
    for id in ("a", "b", "c"):
        make_state(id=id)
    write(f"ALTER TABLE {TABLE} DISABLE TRIGGER certstates_stamp")
    write(f"UPDATE {TABLE} SET version = version + 1000000000")
    write(f"ALTER TABLE {TABLE} ENABLE TRIGGER certstates_stamp")
    mirror = Mirror(reader)
    assert mirror.read_round() == ["a", "b", "c"]
    State.objects.get(id="a").delete()
    State.objects.get(id="b").save()
    assert mirror.read_round() == ["-a", "b"]
    assert mirror.read_round() == []


def test_a_removed_id_is_kept_once():
    for _ in range(3):
        make_state(id="a").delete()
    assert [str(row) for row in RemovedState.objects.all()] == ["a"]


def test_the_version_is_not_on_the_wire(mirror):
    assert not any("version" in name.lower() for name in mirror.kept["a"])


def test_it_costs_the_same_queries_for_1_and_for_100_records(
    reader, django_assert_num_queries
):
    latest = Mirror(reader, "?$deltatoken=latest")
    latest.read_page()
    for new, all_of_them in ((1, 1), (100, 101)):
        for _ in range(new):
            make_state()
        with django_assert_num_queries(3):  # the bearer, the moment, the records
            assert len(reader.get(f"{URL}/delta").json()["value"]) == all_of_them
        with django_assert_num_queries(4):  # and the removals
            assert len(latest.read_page()[0]) == new
