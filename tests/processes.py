"""Commands in processes of their own, over the tests' database."""

import os
import subprocess
import sys
import time
from urllib.parse import quote

from django.conf import settings
from django.db import connection

PATIENCE = 60  # seconds that a loaded machine may take


def address():
    """Return the URL of the database that the tests use."""
    found = connection.settings_dict
    user, password = quote(found["USER"]), quote(found["PASSWORD"])
    host = quote(found["HOST"], safe="")
    return (
        f"postgresql://{user}:{password}@{host}:{found['PORT'] or 5432}/{found['NAME']}"
    )


def started(*arguments, **options):
    """Start a command of manage.py, whose output is kept."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address(), "SECRET_KEY": "x" * 50},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def ended(process):
    """Wait for a process; return its exit code and what it said."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def wait_until(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "It does not happen."
        time.sleep(0.02)


def somebody(where):
    """Say whether another connection is in a state, told as SQL."""
    with connection.cursor() as cursor:
        # Within a transaction the first answer would stay the only one.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            f"AND pid <> pg_backend_pid() AND {where}"
        )
        return cursor.fetchone()[0]


def waits_for_a_lock():
    return somebody("wait_event_type = 'Lock'")
