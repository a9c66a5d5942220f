"""An import that ends before its end: by Ctrl-C or worse, and nothing is half done."""

import os
import signal
import threading

import pytest
from django.db import connection, transaction

from certstates.management.interrupts import Patience
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from tests.files import RECORD, csv_file
from tests.make import make_state
from tests.processes import ended, somebody, started, wait_until, waits_for_a_lock

pytestmark = pytest.mark.django_db(transaction=True)

STAGED = "query LIKE 'COPY certstates_import_staged%'"


@pytest.fixture
def file(tmp_path):
    """A file of many records, of which a neighbour may make the last."""
    path = tmp_path / "records.csv"
    path.write_bytes(csv_file(*({**RECORD, "id": f"{n:05}"} for n in range(9_000))))
    return path


def temporary_tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'certstates_import%'"
        )
        return cursor.fetchone()[0]


def nothing_is_left():
    wait_until(lambda: not somebody("query LIKE '%certstates_%'"))
    return not State.objects.exists() and not temporary_tables()


def test_ctrl_c_while_a_file_is_read_saves_nothing_of_it(file, tmp_path):
    before = tmp_path / "before.csv"
    before.write_bytes(csv_file({**RECORD, "id": "before"}))
    process = started("import_states", before, file)
    wait_until(lambda: State.objects.exists() and somebody(STAGED))
    process.send_signal(signal.SIGINT)
    code, out, err = ended(process)
    assert code == 130
    assert "before.csv: 1 added" in out
    assert f"Nothing of {file} was saved. Saved before: {before}." in err
    assert "Traceback" not in err
    State.objects.get(pk="before").delete()
    assert nothing_is_left()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_an_end_while_it_writes_saves_nothing(file, how):
    with transaction.atomic():
        make_state(id="05000")  # the import waits for what becomes of it
        process = started("import_states", file)
        wait_until(waits_for_a_lock)
        process.send_signal(how)
        code, _, err = ended(process)
        transaction.set_rollback(True)
    assert code == (130 if how == signal.SIGINT else -how)
    assert "Traceback" not in err
    assert nothing_is_left()
    assert not StateEvent.objects.exists()


def test_ctrl_c_before_a_pipe_ends_saves_nothing(file):
    reading, writing = os.pipe()
    process = started("import_states", "-", stdin=reading)
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as pipe:
        pipe.write(file.read_bytes()[: 1 << 19])  # no pipe holds that: it is reading
        process.send_signal(signal.SIGINT)
        code, _, err = ended(process)
    assert code == 130
    assert "Nothing of standard input was saved." in err
    assert nothing_is_left()


def test_ctrl_c_at_the_very_end_waits_until_it_is_known_what_was_saved():
    patience = Patience()
    patience.begin()
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        patience.end()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_without_signals_is_patient_by_itself():
    def run():
        patience = Patience()
        patience.begin()
        patience.end()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
