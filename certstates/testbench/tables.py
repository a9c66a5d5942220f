"""The tables of the test bench. They are no part of the product's own schema.

``up --testbench`` makes them where they are missing, so that a database which never
was a test bench has none of them.
"""

from django.db import connection

from certstates.models import ManagedAllDeviceCertificateState

# A record is kept as JSON: it fits whatever columns a later version has.
CREATE = """
CREATE TABLE IF NOT EXISTS certstates_testbench_snapshot (
    name text COLLATE "C" PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    records bigint NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS certstates_testbench_record (
    snapshot text COLLATE "C" NOT NULL
        REFERENCES certstates_testbench_snapshot (name) ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    record jsonb NOT NULL,
    PRIMARY KEY (snapshot, id)
);
CREATE TABLE IF NOT EXISTS certstates_testbench_rule (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule jsonb NOT NULL,
    seen bigint NOT NULL DEFAULT 0,
    injected bigint NOT NULL DEFAULT 0
)
"""

KNOWN = "SELECT to_regclass('certstates_testbench_rule') IS NOT NULL"
IN_USE = "SELECT to_regclass('certstates_managedalldevicecertificatestate') IS NOT NULL"


def are_known() -> bool:
    """Say whether this database was a test bench before."""
    return _is_true(KNOWN)


def is_in_use() -> bool:
    """Say whether there are records, in whatever version of the schema."""
    return _is_true(IN_USE) and ManagedAllDeviceCertificateState.objects.exists()


def _is_true(question: str) -> bool:
    with connection.cursor() as cursor:
        # nosemgrep: sql-built -- one of two constants
        cursor.execute(question)
        return bool(cursor.fetchone() == (True,))


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
