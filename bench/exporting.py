"""What an export costs, beside ``psql \\copy`` of the same rows in the same run.

Run it as ``python -m bench.exporting`` where ``psql`` is there. It makes a database of
its own beside that of ``DATABASE_URL``, or in a cluster of its own, with ``--rows``
seeded records, and drops it. Each contender writes the same records in the same order
into a file, in turns; ``--runs`` says how often.

``ratio`` is psql's median by the contender's: 1 is as fast, 0.5 takes twice as long.
``peak`` is the most memory that a process of its own held that did nothing else.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess  # nosec B404 # psql, and this module itself
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from bench.databases import database, environment
from certstates import exporter
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata.ordering import Ordering

COLUMNS = ", ".join(State.GRAPH_PROPERTIES)
COPY = r"\copy (SELECT {} FROM {} ORDER BY id LIMIT {}) TO '{}'"
CLIENT = {
    "PGHOST": "HOST",
    "PGPORT": "PORT",
    "PGUSER": "USER",
    "PGPASSWORD": "PASSWORD",  # nosec B105 # the name of a setting
    "PGDATABASE": "NAME",
}
PSQL = "psql \\copy"


def copy(rows: int, path: Path) -> None:
    statement = COPY.format(COLUMNS, State._meta.db_table, rows, path)
    found = connection.settings_dict
    known = {name: str(found[key]) for name, key in CLIENT.items() if found[key]}
    command = ["psql", "-qXc", statement]
    subprocess.run(  # noqa: S603 # nosec B603 # the statement is this module's
        command, check=True, env={**os.environ, **known}
    )


def export(kind: str, rows: int, path: Path) -> None:
    records = Ordering().apply(State.objects.all())
    records = records.filter(pk__lte=records.values_list("pk", flat=True)[rows - 1])
    with path.open("wb") as file:
        file.writelines(exporter.FORMATS[kind](records, iter))


def contenders(rows: int, path: Path) -> dict[str, Callable[[], None]]:
    """Return what writes so many records into the file, by its name."""
    ours = {kind: lambda kind=kind: export(kind, rows, path) for kind in FORMATS}
    return {PSQL: lambda: copy(rows, path), **ours}


FORMATS = (*exporter.FORMATS,)


def measured(rows: int, runs: int, path: Path) -> dict[str, list[float]]:
    """Return the seconds of each run; the first one only warms."""
    taken: dict[str, list[float]] = {}
    for run in range(runs + 1):
        for name, write in contenders(rows, path).items():
            began = time.perf_counter()
            write()
            if run:
                taken.setdefault(name, []).append(time.perf_counter() - began)
    return taken


def peak(kind: str, rows: int) -> float:
    """Return the peak in MB of a process that exports once."""
    command = [sys.executable, "-m", "bench.exporting", "--rows", str(rows)]
    done = subprocess.run(  # noqa: S603 # nosec B603 # this module itself
        [*command, "--only", kind],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment()},
    )
    return float(done.stdout)


def report(taken: dict[str, list[float]], rows: int) -> None:
    base = statistics.median(taken[PSQL])
    titles = ("median", "least", "a row", "ratio", "peak")
    print(f"{'format':<12}{''.join(f'{title:>11}' for title in titles)}")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        line = (
            f"{name:<12}{1000 * median:>8,.0f} ms{1000 * min(seconds):>8,.0f} ms"
            f"{1e6 * median / rows:>8.2f} µs{base / median:>11.2f}"
        )
        if name in FORMATS:
            line += f"{peak(name, rows):>8.0f} MB"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure exports.")
    parser.add_argument("--rows", type=int, default=100_000, help="of each file")
    parser.add_argument("--runs", type=int, default=5, help="how often each is made")
    parser.add_argument("--only", choices=FORMATS, help="make it once; say the peak")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "records"
        if asked.only:  # in a database that another of these has made
            export(asked.only, asked.rows, path)
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
            return
        with database():
            call_command("seed_states", count=asked.rows)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
            print(f"{asked.rows:,} records, {asked.runs} runs")
            report(measured(asked.rows, asked.runs, path), asked.rows)


if __name__ == "__main__":
    main()
