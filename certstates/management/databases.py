"""What people call the database that a command is about to change."""

import os

from django.db import connection


def database_at_hand() -> str:
    """Return its name and its place, without user and password."""
    if not os.environ.get("DATABASE_URL"):
        return "the embedded database"
    connection.ensure_connection()
    where = connection.connection.info
    return f"the database {where.dbname} on {where.host or 'this machine'}"
