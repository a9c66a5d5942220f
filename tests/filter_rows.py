"""Eight records that differ where filters and orders could go wrong."""

import datetime as dt
from contextlib import contextmanager

from django.db import transaction

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.permissions import READ
from tests.make import ApiClient, make_token


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


COLUMNS = (
    "id",
    "user_principal_name",
    "managed_device_display_name",
    "certificate_key_usages",
    "certificate_revoke_status",
    "certificate_expiration_date_time",
)
ISSUED = utc(2026, 1, 5, 10)
TABLE = [
    ("a", "Ana@x.example", "LAPTOP-1", 160, 0, utc(2027, 1, 5, 10)),
    ("A", "BOB", None, 1, 1, utc(2026, 2, 28, 23, 59, 59, 999999)),
    ("b", None, None, None, 2, utc(1, 1, 1)),
    ("c", "", "", 0, 3, utc(9999, 12, 31, 23, 59, 59, 999999)),
    ("d", "it's 100%_\\ ok", "laptop-1", -5, 4, utc(2024, 2, 29, 12, 34, 56, 500000)),
    ("e", " Éva ", "ANA@X.EXAMPLE", 2**31 - 1, 0, utc(2027, 1, 5)),
    ("f", "ana@x.example", "f", -(2**31), 4, utc(1999, 12, 31, 23)),
    ("ü'g", "bob", "%", 2, 1, utc(2027, 1, 5, 10, 0, 0, 1)),
]
ROWS = [
    {**dict(zip(COLUMNS, row, strict=True)), "certificate_issuance_date_time": ISSUED}
    for row in TABLE
]


def insert(rows):
    State.objects.bulk_create(State(**row) for row in rows)


NAMES = {"g": "ü'g"}  # the letter that stands for an id in the tables


def ids(letters):
    """Return the ids that a table's letters mean."""
    return {NAMES.get(letter, letter) for letter in letters}


@contextmanager
def reader_of_rows(blocker):
    """Store the rows for as long as the tests of a module read them."""
    with blocker.unblock(), transaction.atomic():
        insert(ROWS)
        yield ApiClient(make_token(READ))
        transaction.set_rollback(True)
