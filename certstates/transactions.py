"""Transactions that write many records at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def patient() -> Iterator[None]:
    """Begin a transaction whose statements may take longer than a page's."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        yield
