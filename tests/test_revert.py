"""Taking back what a change or a whole request did."""

import datetime as dt
import uuid

import pytest

from certstates.history import recorded
from certstates.models import TRACKED, Door, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.reverting import Refused, Reversal
from tests.make import make_state
from tests.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

LATER = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def by(*actions):
    """Do it all in one batch, and return the batch."""
    with recorded(Door.COMMAND, who="tests") as batch:
        for action in actions:
            action()
    return batch


def change(id="a", **values):
    return lambda: State.objects.filter(id=id).update(**values)


def create(id, **values):
    return lambda: make_state(id=id, **values)


def remove(id):
    return lambda: State.objects.filter(id=id).delete()


def content():
    return {row["id"]: row for row in State.objects.values("id", *TRACKED)}


def take_back(batch, **options):
    with recorded(Door.COMMAND, who="tests") as reverting:
        plan = Reversal.of_batch(batch).carry_out(**options)
    return reverting, plan


REVOKE = {
    "certificate_revoke_status": 4,
    "certificate_revoke_status_last_change_date_time": LATER,
}


@pytest.mark.parametrize(
    "actions",
    [
        [change(user_principal_name="x")],
        [change(**REVOKE)],
        [change(**REVOKE, user_principal_name=None), change("b", **REVOKE)],
        [change(certificate_key_usages=4), change(certificate_key_usages=5)],
        [remove("a")],
        [remove("a"), remove("b")],
        [create("c"), create("d")],
        [create("c"), change("c", **REVOKE)],
        [create("c"), remove("c")],
        [change(**REVOKE), remove("a")],
        [remove("a"), create("a", managed_device_display_name="again")],
        [remove("a"), create("a"), remove("a")],
        [create("c"), change(**REVOKE), remove("b")],
    ],
)
def test_a_batch_is_taken_back_and_that_is_taken_back_too(actions):
    make_state(id="a", user_principal_name="", certificate_subject_name="s")
    make_state(id="b", certificate_key_usages=160)
    before = content()
    batch = by(*actions)
    after = content()
    reverting, plan = take_back(batch)
    assert content() == before
    assert plan.obstacles == 0
    again, _ = take_back(reverting)
    assert content() == after
    take_back(again)
    assert content() == before


def test_one_change_of_a_batch_is_taken_back():
    make_state(id="a")
    make_state(id="b")
    by(change(**REVOKE), change("b", **REVOKE))
    change_of_a = StateEvent.objects.of_record("a").first()
    Reversal.of_change(change_of_a.pk).carry_out()
    assert State.objects.get(id="a").certificate_revoke_status == 0
    assert State.objects.get(id="b").certificate_revoke_status == 4


def test_what_others_wrote_into_other_fields_stays():
    make_state(id="a")
    batch = by(change(**REVOKE))
    change(user_principal_name="neighbour")()
    take_back(batch)
    record = State.objects.get()
    assert record.certificate_revoke_status == 0
    assert record.user_principal_name == "neighbour"


STATUS = [
    "certificate_revoke_status",
    "certificate_revoke_status_last_change_date_time",
]
# What a batch did, what came later, why it is refused and which fields are.
CLASHES = [
    ([change(**REVOKE)], [change(certificate_revoke_status=3)], "changed", STATUS),
    (
        [change(**REVOKE)],
        [
            change(
                certificate_revoke_status_last_change_date_time=dt.datetime.now(dt.UTC)
            )
        ],
        "changed",
        STATUS,
    ),
    ([change(**REVOKE)], [remove("a")], "gone", []),
    ([create("c")], [change("c", user_principal_name=None)], "changed", []),
    ([remove("a")], [create("a")], "exists", []),
]


@pytest.mark.parametrize(("did", "later", "obstacle", "fields"), CLASHES)
def test_what_was_changed_again_is_refused_and_nothing_is_written(
    did, later, obstacle, fields
):
    make_state(id="a", user_principal_name="x")
    make_state(id="z")
    batch = by(*did, change("z", **REVOKE))
    by(*later)
    after = content()
    with pytest.raises(Refused) as refused:
        take_back(batch)
    [line] = refused.value.plan.refused
    assert (line.obstacle, [*line.fields]) == (obstacle, fields)
    assert content() == after

    _, plan = take_back(batch, partly=True)
    assert (plan.writes, plan.obstacles) == (1, 1)
    assert content()["z"]["certificate_revoke_status"] == 0
    assert {**content(), "z": 0} == {**after, "z": 0}


def test_of_a_record_with_a_clash_the_other_fields_can_go_back():
    make_state(id="a", user_principal_name="old", certificate_subject_name="old")
    batch = by(change(user_principal_name="new", certificate_subject_name="new"))
    change(user_principal_name="newer")()
    take_back(batch, partly=True)
    record = State.objects.get()
    assert record.user_principal_name == "newer"
    assert record.certificate_subject_name == "old"


def test_what_is_as_before_already_needs_nothing():
    make_state(id="a")
    make_state(id="b")
    batch = by(change(**REVOKE), remove("b"), create("c"))
    take_back(batch)
    number = StateEvent.objects.count()
    plan = Reversal.of_batch(batch).carry_out()
    assert (plan.writes, plan.obstacles, plan.done) == (0, 0, 3)
    assert StateEvent.objects.count() == number


def test_what_others_did_in_between_is_not_taken_back():
    make_state(id="a")
    with recorded(Door.API, who="slow") as batch:
        change(user_principal_name="1")()
        at_once(change(certificate_subject_name="between"))
        change(user_principal_name="2")()
    with pytest.raises(Refused) as refused:
        take_back(batch)
    assert refused.value.plan.refused[0].obstacle == "mixed"


def test_a_batch_that_nobody_knows_is_empty():
    plan = Reversal.of_batch(uuid.uuid4()).plan()
    assert (plan.writes, plan.obstacles, plan.done) == (0, 0, 0)
