"""The tables of the test bench. They are no part of the product's own schema.

``up --testbench`` makes them where they are missing, so that a database which never
was a test bench has none of them.
"""

from django.db import connection

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


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
