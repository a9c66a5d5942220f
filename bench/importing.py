"""What an import costs, beside ``psql \\copy`` of the same rows in the same run.

Run it as ``python -m bench.importing`` where ``psql`` is there. It makes a database of
its own beside that of ``DATABASE_URL``, or in a cluster of its own, and drops it.
``--rows`` says how many rows the report of Intune has, ``--runs`` how often everything
is measured; medians are printed.

An import is ``manage.py import_states`` in a process of its own, from its start to its
end: it reads and judges every row, tells new from changed, and writes the history.
``\\copy`` does none of that but the history, which triggers write. Neither empties a
cache.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import statistics
import subprocess  # nosec B404 # each command is of this file
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import ProgrammingError, connection

from bench.databases import address, database, environment
from certstates.importing.laws import COLUMNS, printed
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RemovedState, StateEvent, camel_case
from certstates.seeding.rows import make_rows
from certstates.sources.identity import derived_id

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
TABLE = State._meta.db_table
BARE = "bench_bare"
HEADER = (
    *("DeviceId", "DeviceName", "UPN", "UserId", "PolicyId", "CertificateStatus"),
    *("EnhancedKeyUsage", "IssuerName", "KeyUsage", "SerialNumber", "SubjectName"),
    *("Thumbprint", "ValidFrom", "ValidTo"),
)
WAYS = {
    "bare": "\\copy into a table with a key only",
    "copy": "\\copy into the table",
    "first": "import into the empty table",
    "again": "import of the same file again",
}


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class Cost(NamedTuple):
    seconds: float
    peak: float  # MB of memory that the process had


def intune_row(row: Mapping[str, Any]) -> list[Any]:
    """Return a line of AllDeviceCertificates; the ids are of devices and users."""
    wire = {name: printed(name, row[column]) for name, column in WIRE.items()}
    device, user = wire["managedDeviceDisplayName"], wire["userPrincipalName"]
    return [
        derived_id("bench device", device, row["id"]),
        device,
        user,
        derived_id("bench user", user),
        derived_id("bench policy", wire["certificateIssuerName"]),
        "Active",
        wire["certificateExtendedKeyUsages"],
        wire["certificateIssuerName"],
        wire["certificateKeyUsages"],
        wire["certificateSerialNumber"],
        wire["certificateSubjectName"],
        wire["certificateThumbprint"],
        wire["certificateIssuanceDateTime"],
        wire["certificateExpirationDateTime"],
    ]


WIRE = {camel_case(column): column for column in COLUMNS}


def make_files(directory: Path, count: int) -> tuple[Path, Path]:
    """Write the same rows as a report of Intune, and as the table has them."""
    report, table = directory / "report.csv", directory / "table.csv"
    with report.open("w", newline="") as one, table.open("w", newline="") as other:
        intune, copied = csv.writer(one), csv.writer(other)
        intune.writerow(HEADER)
        for row in make_rows(count, seed=1, now=NOW):
            intune.writerow(intune_row(row))
            copied.writerow([row["id"], *(row[column] for column in COLUMNS)])
    return report, table


def cost(command: list[str], told: Mapping[str, str]) -> Cost:
    """Run a process to its end, and return what it took.

    Memory is asked of a small process between: a child is charged with what its parent
    had when it was begun, and this one has much.
    """
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 # nosec B603 # commands of this file
        [sys.executable, "-ISc", MEASURED, *command],
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        check=True,
    )
    return Cost(time.perf_counter() - began, int(done.stdout) / 1024)


def copy(table: str, file: Path) -> Cost:
    columns = ", ".join(["id", *COLUMNS])
    statement = f"\\copy {table} ({columns}) from '{file}' (format csv)"
    return cost(["psql", "-qX", address(), "-c", statement], {})


def import_file(file: Path) -> Cost:
    command = [sys.executable, "manage.py", "import_states", str(file)]
    return cost(command, environment())


def empty() -> None:
    """Begin anew: no records, no history."""
    with connection.cursor() as cursor:
        for model in (State, StateEvent, RemovedState):
            # nosemgrep: sql-built -- the names of the models' tables
            cursor.execute(f"TRUNCATE {model._meta.db_table}")
        cursor.execute(f"DROP TABLE IF EXISTS {BARE}")
        # nosemgrep: sql-built -- the name of the model's table
        cursor.execute(f"CREATE TABLE {BARE} (LIKE {TABLE} INCLUDING DEFAULTS)")
        cursor.execute(f"ALTER TABLE {BARE} ADD PRIMARY KEY (id)")
        with suppress(ProgrammingError):  # not everybody may ask for one
            cursor.execute("CHECKPOINT")


def run(report: Path, table: Path) -> dict[str, Cost]:
    ways: dict[str, Callable[[], Cost]] = {
        "bare": lambda: copy(BARE, table),
        "copy": lambda: copy(TABLE, table),
        "first": lambda: import_file(report),
        "again": lambda: import_file(report),
    }
    costs = {}
    for name, way in ways.items():
        if name != "again":
            empty()
        costs[name] = way()
    return costs


def lines_of(costs: list[dict[str, Cost]], rows: int) -> Iterator[str]:
    median = {
        name: statistics.median(cost[name].seconds for cost in costs) for name in WAYS
    }
    yield f"{rows:,} rows, median of {len(costs)}"
    for name, label in WAYS.items():
        peak = max(cost[name].peak for cost in costs)
        yield (
            f"{label:<40}{median[name]:>8.1f} s{rows / median[name]:>10,.0f} rows/s"
            f"{peak:>8.0f} MB"
        )
    yield f"import : \\copy              {median['copy'] / median['first']:6.2f} x"
    yield f"import : \\copy, key only    {median['bare'] / median['first']:6.2f} x"
    yield f"again : first               {median['first'] / median['again']:6.2f} x"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the import.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    os.chdir(settings.BASE_DIR)
    with tempfile.TemporaryDirectory() as directory, database():
        files = make_files(Path(directory), asked.rows)
        costs = [run(*files) for _ in range(asked.runs)]
        print("\n".join(lines_of(costs, asked.rows)))


if __name__ == "__main__":
    main()
