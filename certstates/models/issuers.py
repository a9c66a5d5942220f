"""Who issued certificates: a handful of names in a million records."""

from __future__ import annotations

from django.db import connection

from certstates.models.fields import KEY_LENGTH
from certstates.models.lookups import escaped

# As ``sort_key`` has it, and so the index.
KEY = f'LEFT(UPPER(certificate_issuer_name), {KEY_LENGTH}) COLLATE "C"'

# From each name the index leads to the next, however many records are between them.
# The lower bound keeps away from the nulls, with which the index begins, and from the
# empty name. The pattern is tested outside, where it cannot lead the planner astray.
LEAP = f"""
WITH RECURSIVE found (name, key) AS (
    (SELECT certificate_issuer_name, {KEY}
     FROM certstates_managedalldevicecertificatestate
     WHERE {KEY} > '' AND {KEY} >= UPPER(%(first)s)
     ORDER BY {KEY} NULLS FIRST LIMIT 1)
  UNION ALL
    SELECT following.* FROM found, LATERAL
    (SELECT certificate_issuer_name, {KEY}
     FROM certstates_managedalldevicecertificatestate
     WHERE {KEY} > found.key
     ORDER BY {KEY} NULLS FIRST LIMIT 1) AS following
    WHERE found.key LIKE UPPER(%(pattern)s)
)
SELECT name FROM found WHERE key LIKE UPPER(%(pattern)s) LIMIT %(limit)s
"""  # noqa: S608 # nosec B608 # the expression is the constant above


def issuers(beginning: str, *, limit: int = 20) -> list[str]:
    """Return some issuers that begin like this, in any case; ``CN=`` may be left out.

    Of names that differ in case only, or behind a sort key's end, one is told.
    """
    found: list[str] = []
    for text in [beginning, f"CN={beginning}"] if beginning else [""]:
        with connection.cursor() as cursor:
            cursor.execute(
                LEAP,
                {
                    "first": text[:KEY_LENGTH],
                    "pattern": f"{escaped(text[:KEY_LENGTH])}%",
                    "limit": limit - len(found),
                },
            )
            found += [name for (name,) in cursor.fetchall()]
    return found
