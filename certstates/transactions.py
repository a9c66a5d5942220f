"""Transactions that write many records at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Trigrams wait in a list, which is worked in when it is full: rarely is cheaper.
# Sorting and comparing many records takes more memory than a page's queries.
SETTINGS = """
SET LOCAL statement_timeout = 0;
SET LOCAL gin_pending_list_limit = '256MB';
SET LOCAL work_mem = '64MB'
"""

# A long list would slow each search. Only the index's owner may work it in; where
# somebody else migrates, autovacuum does it. There may be no such index at all.
WORK_IN = """
SELECT gin_clean_pending_list(oid::regclass) FROM pg_class
WHERE oid = to_regclass('certstates_device_user_trgm')
AND pg_has_role(relowner, 'USAGE')
"""


@contextmanager
def patient() -> Iterator[None]:
    """Begin a transaction whose statements may take longer than a page's."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        yield
        if not connection.needs_rollback:  # else nothing waits, and no question passes
            cursor.execute(WORK_IN)
