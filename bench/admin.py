"""What the admin's pages cost, beside the same pages over an empty table.

Run it as ``python -m bench.admin`` in an environment whose ``DATABASE_URL`` names a
database with many records (``manage.py seed_states --count 1000000`` makes them), after
``VACUUM ANALYZE``. It logs in as a member of staff who is rolled back at the end, and
makes and drops an empty database beside. ``--runs`` says how often each page is asked,
``--only`` which pages by a part of their name. The pages stand in ``bench/pages.py``.

The time is the server's own, from request to rendered page, with a warm cache, in one
process: the median and the least. A busy machine stretches both; it stretches the time
that Python itself was at work much less.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.pages import pages
from certstates.models import ManagedAllDeviceCertificateState as State

ONE = re.compile(r"/(change|history)/$(?<!state/history/)")


@dataclass(frozen=True)
class Cost:
    median: float
    least: float
    processor: float
    queries: int


@contextmanager
def staff() -> Iterator[Client]:
    """Yield the client of a superuser, who never was."""
    with transaction.atomic():
        user = User.objects.create_superuser("bench", password=None)
        client = Client(SERVER_NAME="localhost")
        client.force_login(user)
        yield client
        transaction.set_rollback(True)


def cost(client: Client, url: str, runs: int) -> Cost:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url, secure=True)
        queries = len(captured)
    if response.status_code != 200:
        raise SystemExit(f"{url} answers {response.status_code}.")
    taken, used = [], []
    for _ in range(runs):
        began, busy = time.perf_counter(), time.process_time()
        client.get(url, secure=True)
        used.append(1000 * (time.process_time() - busy))
        taken.append(1000 * (time.perf_counter() - began))
    return Cost(statistics.median(taken), min(taken), statistics.median(used), queries)


def costs(pages: Mapping[str, str], runs: int) -> dict[str, Cost]:
    with staff() as client:
        return {name: cost(client, url, runs) for name, url in pages.items()}


def without_records(pages: Mapping[str, str]) -> dict[str, str]:
    """Leave out the pages of one record, which an empty table does not have."""
    return {name: url for name, url in pages.items() if not ONE.search(url)}


def costs_of_empty_table(pages: Mapping[str, str], runs: int) -> dict[str, Cost]:
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        return costs(without_records(pages), runs)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def report(full: Mapping[str, Cost], empty: Mapping[str, Cost]) -> Iterator[str]:
    names = ("median", "least", "Python", "empty")
    yield f"{'page':<40}{'queries':>8}{''.join(f'{n:>9}' for n in names)}{'ratio':>7}"
    for name, found in full.items():
        line = (
            f"{name:<40}{found.queries:>8}{found.median:>6.1f} ms{found.least:>6.1f} ms"
            f"{found.processor:>6.1f} ms"
        )
        if base := empty.get(name):
            line += f"{base.median:>6.1f} ms{found.median / base.median:>7.1f}"
        yield line


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the admin's pages.")
    parser.add_argument("--runs", type=int, default=9, help="how often each is asked")
    parser.add_argument("--only", default="", help="pages with this in their name")
    asked = parser.parse_args()
    asked_for = {name: url for name, url in pages().items() if asked.only in name}
    full = costs(asked_for, asked.runs)
    empty = costs_of_empty_table(asked_for, asked.runs)
    print(f"{State.objects.count():,} records")
    print("\n".join(report(full, empty)))


if __name__ == "__main__":
    main()
