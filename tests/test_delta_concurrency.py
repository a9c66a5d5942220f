"""The delta while several transactions are open: nothing is lost, nothing too early."""

import contextlib
import random

import pytest
from django.db import connection, transaction

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata.snapshot import Moment
from certstates.permissions import READ_WRITE
from tests.make import URL, ApiClient, make_body, make_state, make_token
from tests.mirror import Mirror
from tests.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = State._meta.db_table


class Writer:
    """A connection of its own, with one transaction that is open or not."""

    def __init__(self):
        self.connection = connection.copy()
        self.connection.set_autocommit(False)
        self.touched = set()

    def write(self, id):
        """Create the record, or change it where there is one."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {TABLE} AS states (id, certificate_revoke_status,"
                " certificate_revoke_status_last_change_date_time,"
                " certificate_expiration_date_time, certificate_issuance_date_time)"
                " VALUES (%s, 0, now(), now(), now())"
                " ON CONFLICT (id) DO UPDATE SET managed_device_display_name ="
                " concat(states.managed_device_display_name, 'x')",
                [id],
            )
        self.touched.add(id)

    def remove(self, id):
        with self.connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [id])
        self.touched.add(id)

    def end(self, how):
        getattr(self.connection, how)()
        self.touched.clear()


@pytest.fixture
def writers():
    with contextlib.ExitStack() as stack:
        found = [Writer() for _ in range(3)]
        for writer in found:
            stack.callback(writer.connection.close)
            stack.callback(writer.connection.rollback)
        yield found


def test_who_began_first_and_commits_last_is_not_lost(reader, writers):
    early, late, _ = writers
    mirror = Mirror(reader)
    assert mirror.read_round() == []
    early.write("early")
    late.write("late")
    late.end("commit")
    assert mirror.read_round() == ["late"]
    early.end("commit")
    assert State.objects.get(id="early").version < State.objects.get(id="late").version
    assert mirror.read_round() == ["early"]
    assert mirror.read_round() == []


@pytest.mark.parametrize("act", ["write", "remove"])
def test_a_change_is_told_once_it_is_committed_and_not_before(reader, writers, act):
    writer, *_ = writers
    make_state(id="a")
    mirror = Mirror(reader)
    mirror.read_round()
    getattr(writer, act)("a")
    assert mirror.read_round() == []
    writer.end("commit")
    assert mirror.read_round() == [{"write": "a", "remove": "-a"}[act]]
    assert mirror.read_round() == []


def test_what_is_rolled_back_leaves_nothing(reader, writers):
    writer, *_ = writers
    make_state(id="a")
    mirror = Mirror(reader)
    mirror.read_round()
    writer.remove("a")
    writer.write("b")
    writer.end("rollback")
    assert mirror.read_round() == []


def test_a_savepoint_counts_as_its_transaction(reader, writers):
    other, *_ = writers
    mirror = Mirror(reader)
    mirror.read_round()
    with transaction.atomic():
        make_state(id="a")
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            make_state(id="b")
            1 / 0  # noqa: B018 -- takes back b alone
        with transaction.atomic():
            make_state(id="c")
        other.write("d")
        other.end("commit")
    assert mirror.read_round() == ["a", "c", "d"]
    assert len({*State.objects.values_list("version", flat=True)}) == 2


def test_an_early_number_may_bring_back_what_a_late_one_removed(reader, writers):
    early, late, _ = writers
    make_state(id="a")
    mirror = Mirror(reader)
    mirror.read_round()
    early.write("other")
    late.remove("a")
    late.end("commit")
    early.write("a")
    early.end("commit")
    assert mirror.read_round() == ["a", "other"]
    assert [*mirror.kept] == ["a", "other"]


def test_a_commit_during_a_round_comes_with_the_next(reader, writers):
    early, late, _ = writers
    mirror = Mirror(reader, "?$top=1")
    mirror.read_round()
    early.write("c")
    for id in ("b", "d"):
        late.write(id)
    late.end("commit")
    assert mirror.read_page() == (["b"], False)
    early.end("commit")
    assert mirror.read_round() == ["d"]
    assert mirror.read_round() == ["c"]


def test_a_commit_during_the_first_round_is_not_lost(reader, writers):
    early, *_ = writers
    make_state(id="b")
    make_state(id="c")
    early.write("a")
    mirror = Mirror(reader, "?$top=1")
    assert mirror.read_page() == (["b"], False)
    early.end("commit")  # before the place reached
    assert mirror.read_round() == ["c"]
    assert mirror.read_round() == ["a"]


def test_a_delta_inside_a_transaction_does_not_take_it_for_over(reader):
    with transaction.atomic():
        make_state(id="a")
        other = Writer()
        other.write("b")  # a greater number, which moves the snapshot beyond ours
        other.end("commit")
        other.connection.close()
        mirror = Mirror(reader, "?$deltatoken=latest")
        mirror.read_page()
        make_state(id="c")
    assert mirror.read_round() == ["a", "c"]


def test_a_snapshot_reads_as_it_was_written(writers):
    for n, writer in enumerate(writers):
        writer.write(f"{n}")
    writers[1].end("commit")
    snapshot = Moment.now().snapshot
    assert type(snapshot).parse(str(snapshot)) == snapshot
    assert State.objects.filter(snapshot.unseen()).count() == 0
    writers[0].end("commit")
    assert [r.id for r in State.objects.filter(snapshot.unseen())] == ["0"]
    assert State.objects.get(id="0").version in snapshot.running
    assert [r.id for r in State.objects.filter(snapshot.seen())] == ["1"]


class Walk:
    """Three writers and two clients, doing what a die says."""

    def __init__(self, die, writers, client):
        self.die = die
        self.writers = writers
        tops = (die.randint(1, 4), 1000)
        self.mirrors = [Mirror(client, f"?$top={top}") for top in tops]

    def step(self):
        writer = self.die.choice(self.writers)
        id = self.die.choice("abcdefgh")
        locked = set().union(*(w.touched for w in self.writers if w is not writer))
        match self.die.choice(["write", "write", "remove", "end", "read", "read"]):
            case "write" if id not in locked:
                writer.write(id)
            case "remove" if id not in locked:
                writer.remove(id)
            case "end":
                writer.end(self.die.choice(["commit", "commit", "rollback"]))
            case "read":
                self.die.choice(self.mirrors).read_page()

    def check(self):
        """Assert that every client, once nobody writes, has what the table has."""
        for writer in self.writers:
            writer.end("commit")
        listed = self.mirrors[0].client.get(URL).json()["value"]
        for mirror in self.mirrors:
            mirror.read_round()  # ends the round that it was in
            mirror.read_round()
            assert mirror.kept == {record["id"]: record for record in listed}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_clients_end_with_what_the_table_has(reader, writers, seed):
    walk = Walk(random.Random(seed), writers, reader)
    for _ in range(6):
        for _ in range(40):
            walk.step()
        walk.check()


def test_clients_that_write_and_read_at_once_agree_in_the_end():
    token = make_token(READ_WRITE)
    mirror = Mirror(ApiClient(token), "?$top=7")

    def write(seed):
        die, client = random.Random(seed), ApiClient(token)
        for n in range(25):
            id = die.choice("abcdefgh")
            client.create(make_body(id=id))
            client.change(id, {"managedDeviceDisplayName": f"{seed}-{n}"})
            if die.random() < 0.3:
                client.delete(f"{URL}/{id}")

    def read():
        for _ in range(40):
            mirror.read_page()

    at_once(read, *(lambda seed=seed: write(seed) for seed in range(4)))
    mirror.read_round()
    mirror.read_round()
    listed = mirror.client.get(URL).json()["value"]
    assert mirror.kept == {record["id"]: record for record in listed}


def test_after_each_round_without_writing_the_copy_is_the_table(reader, writers):
    """One writer, commits between rounds only: each single round is enough."""
    die = random.Random(1)
    [writer, *_] = writers
    mirror = Mirror(reader, "?$top=3")
    for _ in range(60):
        for _ in range(die.randint(0, 6)):
            die.choice([writer.write, writer.remove])(die.choice("abcdef"))
        writer.end(die.choice(["commit", "rollback"]))
        mirror.read_round()
        listed = reader.get(URL).json()["value"]
        assert mirror.kept == {record["id"]: record for record in listed}
