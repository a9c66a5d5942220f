"""Several importers and writers at once: each record once, and nobody is undone."""

import threading

import pytest
from django.db import connection, transaction

from certstates.importer import Course, Kind, OnConflict, verdicts
from certstates.importing import course, staging
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from certstates.sources import Row
from certstates.transactions import patient
from tests.files import RECORD, csv_file
from tests.make import make_state
from tests.processes import ended, started, wait_until, waits_for_a_lock
from tests.test_concurrency import at_once
from tests.test_copying import indexes

pytestmark = pytest.mark.django_db(transaction=True)


def rows(count, **values):
    return [Row(n, {**RECORD, "id": f"{n:04}", **values}) for n in range(count)]


def kinds(found):
    return {verdict.kind for verdict in found}


def after_each_other(first, second, **options):
    """Import rows, and others while the first are written and not yet committed."""
    is_written = threading.Event()

    def early():
        with transaction.atomic():
            found = [*verdicts(first, dry_run=False)]
            is_written.set()
            wait_until(waits_for_a_lock)
        return found

    def late():
        is_written.wait()
        with transaction.atomic():
            return [*verdicts(second, dry_run=False, **options)]

    return at_once(early, late)


def test_the_second_importer_of_the_same_rows_finds_them_unchanged():
    first, second = after_each_other(rows(50), rows(50)[::-1])
    assert (kinds(first), kinds(second)) == ({Kind.NEW}, {Kind.UNCHANGED})
    assert State.objects.count() == StateEvent.objects.count() == 50


def test_the_second_importer_changes_what_the_first_made():
    second = rows(60, userPrincipalName="second")
    _, found = after_each_other(rows(50), second)
    assert [verdict.kind for verdict in found] == [Kind.CHANGED] * 50 + [Kind.NEW] * 10
    assert [change.name for change in found[0].changes] == ["userPrincipalName"]
    assert State.objects.filter(user_principal_name="second").count() == 60


def test_the_second_importer_may_refuse_what_the_first_made():
    second = rows(50, userPrincipalName="second")
    _, found = after_each_other(rows(50), second, on_conflict=OnConflict.FAIL)
    assert kinds(found) == {Kind.REFUSED}
    assert "differs in userPrincipalName" in found[0].faults[0]
    assert not State.objects.filter(user_principal_name="second").exists()


def test_a_change_that_is_waited_for_is_not_undone():
    make_state(id="a")
    is_written = threading.Event()

    def neighbour():
        with transaction.atomic():
            State.objects.update(certificate_key_usages=7, user_principal_name="x")
            is_written.set()
            wait_until(waits_for_a_lock)

    def importer():
        is_written.wait()
        values = {"id": "a", "managedDeviceDisplayName": "N", "userPrincipalName": "x"}
        with transaction.atomic():
            return [*verdicts([Row(1, values)], dry_run=False)]

    _, [verdict] = at_once(neighbour, importer)
    record = State.objects.get()
    assert (record.certificate_key_usages, record.user_principal_name) == (7, "x")
    assert record.managed_device_display_name == "N"
    assert [change.name for change in verdict.changes] == ["managedDeviceDisplayName"]


def test_importers_in_any_order_do_not_block_each_other():
    def run(number):
        for round_ in range(4):
            mine = rows(150, certificateKeyUsages=number * 10 + round_)
            with transaction.atomic():
                [*verdicts(mine[:: -1 if number % 2 else 1], dry_run=False)]

    at_once(*(lambda number=number: run(number) for number in range(4)))
    assert State.objects.count() == 150
    usages = {*State.objects.values_list("certificate_key_usages", flat=True)}
    assert len(usages) == 1


def import_alone(**options):
    with patient():
        mine = Course()
        mine.stage(rows(400))
        mine.carry_out(alone=True, **options)
        return mine.counts()


@pytest.fixture
def many_are_few(monkeypatch):
    """Let a handful of rows be enough for what is done for many."""
    for module in (course, staging):
        monkeypatch.setattr(module, "MANY", 5)


@pytest.mark.usefixtures("many_are_few")
def test_importers_that_want_the_table_for_themselves_take_turns():
    before = indexes()

    found = at_once(import_alone, import_alone, import_alone)
    assert sum(counts[Kind.NEW] for counts in found) == 400
    assert sum(counts[Kind.UNCHANGED] for counts in found) == 800
    assert indexes() == before
    assert State.objects.count() == StateEvent.objects.count() == 400


@pytest.mark.usefixtures("many_are_few")
def test_a_failure_brings_the_indexes_back():
    before = indexes()
    with pytest.raises(KeyboardInterrupt):
        import_alone(told=interrupt)
    assert indexes() == before
    assert not State.objects.exists()


def interrupt(done, number):
    raise KeyboardInterrupt


def test_two_processes_with_one_file_make_each_record_once(tmp_path):
    path = tmp_path / "records.csv"
    path.write_bytes(csv_file(*(row.values for row in rows(2000))))
    both = [started("import_states", path) for _ in range(2)]
    ends = [ended(process) for process in both]
    assert [(code, err) for code, _, err in ends] == [(0, "")] * 2
    assert State.objects.count() == StateEvent.objects.count() == 2000
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT version) FROM " + State._meta.db_table)
        assert cursor.fetchone() == (1,)
