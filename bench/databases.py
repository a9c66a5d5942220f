"""A database for one measurement: made before it, and dropped after it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from project.embedded_postgres import Cluster


@contextlib.contextmanager
def database(*, durable: bool = True) -> Iterator[None]:
    """Make an empty database, and drop it at the end.

    It lies beside the one that ``DATABASE_URL`` names, or else in a cluster of its own,
    which waits for the disk if it is ``durable``.
    """
    with contextlib.ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            place = settings.BASE_DIR / ".data"
            cluster = Cluster(place, name="bench-postgres", durable=durable)
            stack.enter_context(cluster.running())
            connection.settings_dict.update(cluster.settings)
        name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        stack.callback(connection.creation.destroy_test_db, name, verbosity=0)
        yield


def address() -> str:
    """Return the URL of the database that was made."""
    found = connection.settings_dict
    user, password = quote(found["USER"] or ""), quote(found["PASSWORD"] or "")
    host, port = quote(found["HOST"] or "", safe=""), found["PORT"]
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return f"postgresql://{who}{host}{f':{port}' if port else ''}/{found['NAME']}"


def environment() -> dict[str, str]:
    """Return what tells a process of its own where the database is."""
    return {"DATABASE_URL": address(), "SECRET_KEY": settings.SECRET_KEY}
