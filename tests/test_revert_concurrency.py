"""Taking back and marking many while others write, each on a connection of its own."""

import threading

import pytest
from django.db import OperationalError, connection, transaction

from certstates.admin.actions import VERBS, Choice, apply
from certstates.history import recorded
from certstates.models import Door, RevocationStatus, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.reverting import Refused, Reversal
from tests.make import make_state
from tests.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = 200


@pytest.fixture
def batch():
    """Mark many records in one batch, and return it."""
    for n in range(NUMBER):
        make_state(id=f"{n:03}", user_principal_name="before")
    with recorded(Door.COMMAND, who="tests") as batch:
        State.objects.update(certificate_revoke_status=4)
    return batch


def carry_out(batch, **options):
    with recorded(Door.COMMAND, who="tests"):
        try:
            return Reversal.of_batch(batch).carry_out(**options)
        except Refused as refused:
            return refused


def numbers():
    return [*State.objects.values_list("certificate_revoke_status", flat=True)]


def test_of_many_who_take_the_same_back_one_does_it(batch):
    plans = at_once(*[lambda: carry_out(batch)] * 5)
    assert sorted(plan.writes for plan in plans) == [0] * 4 + [NUMBER]
    assert {*numbers()} == {0}
    updates = StateEvent.objects.filter(pgh_label="update").count()
    assert updates == 2 * NUMBER


def test_what_others_write_meanwhile_is_never_lost(batch):
    """Whatever the order: a neighbour's value stays, and so does its whole record."""

    def neighbour():
        for n in range(0, NUMBER, 7):
            State.objects.filter(id=f"{n:03}").update(certificate_revoke_status=2)

    def other_field():
        for n in reversed(range(NUMBER)):
            State.objects.filter(id=f"{n:03}").update(user_principal_name=f"{n}")

    at_once(lambda: carry_out(batch, partly=True), neighbour, other_field)
    found = State.objects.order_by("id").values_list(
        "certificate_revoke_status", "user_principal_name"
    )
    for n, (status, user) in enumerate(found):
        assert user == f"{n}"
        assert status in ((2,) if n % 7 == 0 else (0,))


def test_bulk_actions_and_reversals_do_not_wait_for_each_other_forever(batch):
    verb = VERBS["mark_failed"]

    def mark(order):
        records = State.objects.order_by(order)
        return apply(verb, Choice(records, None), expected=NUMBER)

    outcomes = at_once(
        lambda: mark("id"),
        lambda: mark("-id"),
        lambda: carry_out(batch, partly=True),
        lambda: mark("-certificate_expiration_date_time"),
        lambda: carry_out(batch, partly=True),
    )
    changed = [outcome.changed for outcome in outcomes if hasattr(outcome, "changed")]
    assert sum(changed) in (NUMBER, 2 * NUMBER)
    assert {*numbers()} <= {0, RevocationStatus.FAILED}


def test_a_reversal_waits_for_who_writes_and_then_sees_it(batch):
    written, go_on = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            State.objects.filter(id="005").update(certificate_revoke_status=1)
            written.set()
            go_on.wait(10)

    def revert():
        written.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        waiting.append(pid)
        return carry_out(batch)

    def release():
        written.wait(10)
        with connection.cursor() as cursor:
            for _ in range(1000):
                cursor.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%s)"
                    " AND wait_event_type = 'Lock'",
                    [waiting],
                )
                if cursor.fetchone():
                    break
        go_on.set()

    waiting = []
    _, refused, _ = at_once(write, revert, release)
    assert isinstance(refused, Refused)
    [line] = refused.plan.refused
    assert (line.id, line.obstacle) == ("005", "changed")
    assert numbers().count(4) == NUMBER - 1


def test_records_created_again_by_two_come_once():
    make_state(id="a")
    with recorded(Door.COMMAND, who="tests") as batch:
        State.objects.all().delete()

    def create():
        with transaction.atomic():
            make_state(id="a", user_principal_name="another")

    def attempt():
        try:
            return create()
        except Exception as error:
            return error

    at_once(*[lambda: carry_out(batch)] * 3, attempt)
    assert State.objects.count() == 1


def test_a_long_statement_is_not_cut_off(batch):
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 1")
    try:
        with pytest.raises(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        assert carry_out(batch).writes == NUMBER
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
