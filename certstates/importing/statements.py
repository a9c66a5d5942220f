# ruff: noqa: S608 -- made of the model's own names; each value is a parameter
"""SQL over the rows of a file that wait in a temporary table.

``staged`` has the rows as they were judged one by one, in the file's order by ``n``.
``judged`` says what becomes of those that are not left as they are; its ``place``
numbers them in the order of the records' ids, in which they are locked and written.
"""

from django.db import connection

from certstates.importing.laws import BITS, COLUMNS, NAMES
from certstates.models import ManagedAllDeviceCertificateState as State

STATES = f'"{State._meta.db_table}"'
STAGED = "certstates_import_staged"
JUDGED = "certstates_import_judged"
STATUS = "certificate_revoke_status"
LAST_CHANGE = "certificate_revoke_status_last_change_date_time"
BIT_OF = dict(zip(COLUMNS, (BITS[name] for name in NAMES), strict=True))
STAGED_COLUMNS = ("n", "line", "id", "given", "lacks", "is_derived", "told", *COLUMNS)


def each(pattern: str, joined: str = ", ") -> str:
    """Repeat a piece of SQL for each column, with its name and its bit."""
    return joined.join(
        pattern.format(column=column, bit=bit) for column, bit in BIT_OF.items()
    )


# The types of the model's columns. The records' table itself is not asked: who wants
# it alone later must not hold a lock on it before.
TYPES = {
    field.name: str(field.db_type(connection)) for field in State._meta.concrete_fields
}
ID = f'{TYPES["id"]} COLLATE "C"'


def typed(prefix: str = "") -> str:
    return ", ".join(f"{prefix}{column} {TYPES[column]}" for column in COLUMNS)


CREATE = f"""
DROP TABLE IF EXISTS pg_temp.{STAGED}, pg_temp.{JUDGED};
CREATE TEMPORARY TABLE {STAGED} (
    n integer, line bigint, id {ID}, given integer, lacks integer,
    is_derived boolean, told text, {typed()}
) ON COMMIT DROP;
CREATE TEMPORARY TABLE {JUDGED} (
    n integer, place bigint GENERATED ALWAYS AS IDENTITY, kind text, earlier bigint,
    reason text, {typed("old_")}
) ON COMMIT DROP
"""

COPY = f"COPY {STAGED} ({', '.join(STAGED_COLUMNS)}) FROM STDIN (FORMAT BINARY)"

# Few rows are found without an index, and planned well enough without statistics.
PREPARE = f"CREATE INDEX ON {STAGED} (n); ANALYZE {STAGED} (n, id)"
PREPARE_TO_WRITE = f"CREATE INDEX ON {JUDGED} (place); ANALYZE {JUDGED} (n, place)"

NOT_JUDGED = f"NOT EXISTS (SELECT FROM {JUDGED} j WHERE j.n = t.n)"  # nosec B608 # the names of the model and of this file

# What has an id of an earlier row. An id that was made of all that tells a certificate
# may come again, if nothing else differs.
REPEATED = f"""
INSERT INTO {JUDGED} (n, kind, earlier)
SELECT t.n,
       CASE WHEN t.is_derived AND f.is_derived
            AND (t.given, t.told, {each("t.{column}")})
                IS NOT DISTINCT FROM (f.given, f.told, {each("f.{column}")})
       THEN 'skip' ELSE 'invalid' END,
       f.line
FROM (SELECT id, min(n) AS n FROM {STAGED} WHERE id IS NOT NULL
      GROUP BY id HAVING count(*) > 1) twice
JOIN {STAGED} f ON f.n = twice.n
JOIN {STAGED} t ON t.id = twice.id AND t.n > twice.n
"""  # nosec B608 # the names of the model and of this file

# Of a row that is refused already it is only asked whether it lacks something, too.
NEW = f"""
INSERT INTO {JUDGED} (n, kind)
SELECT t.n,
       CASE WHEN t.told IS NULL AND t.lacks = 0 THEN 'new' ELSE 'invalid' END
FROM {STAGED} t
WHERE (t.told IS NULL OR t.lacks <> 0)
AND NOT EXISTS (SELECT FROM {STATES} s WHERE s.id = t.id) AND {NOT_JUDGED}
ORDER BY t.id
"""  # nosec B608 # the names of the model and of this file

DIFFERS = each(
    "(t.given & {bit} <> 0 AND t.{column} IS DISTINCT FROM s.{column})", "\n OR "
)

# In the order of the ids, so that no two writers wait for each other. A record that
# somebody else is just writing is waited for, and compared as it is then.
CHANGED = f"""
INSERT INTO {JUDGED} (n, kind, {each("old_{column}")})
SELECT t.n, %s, {each("s.{column}")}
FROM {STAGED} t JOIN {STATES} s ON s.id = t.id
WHERE t.told IS NULL AND {NOT_JUDGED} AND ({DIFFERS})
ORDER BY s.id
"""  # nosec B608 # the names of the model and of this file
CHANGED_AND_LOCKED = f"{CHANGED} FOR UPDATE OF s"

INSERT = f"""
INSERT INTO {STATES} (id, {each("{column}")})
SELECT t.id, {each("t.{column}")}
FROM {JUDGED} j JOIN {STAGED} t ON t.n = j.n
WHERE j.kind = 'new' AND j.place BETWEEN %(first)s AND %(last)s
ORDER BY j.place
ON CONFLICT (id) DO NOTHING
"""  # nosec B608 # the names of the model and of this file

# A new status is dated now, unless the row brings another date than the record had.
DATED = (
    f"WHEN t.given & {BIT_OF[STATUS]} <> 0 AND t.{STATUS} <> s.{STATUS} "
    f"AND (t.given & {BIT_OF[LAST_CHANGE]} = 0 OR t.{LAST_CHANGE} = s.{LAST_CHANGE}) "
    "THEN %(moment)s "
)


def assigned(column: str) -> str:
    dated = DATED if column == LAST_CHANGE else ""
    given = f"WHEN t.given & {BIT_OF[column]} <> 0 THEN t.{column}"
    return f"{column} = CASE {dated}{given} ELSE s.{column} END"


UPDATE = f"""
UPDATE {STATES} s
SET {", ".join(map(assigned, COLUMNS))}, updated_at = %(moment)s
FROM {JUDGED} j JOIN {STAGED} t ON t.n = j.n
WHERE j.kind = 'update' AND j.place BETWEEN %(first)s AND %(last)s AND s.id = t.id
"""  # nosec B608 # the names of the model and of this file

EXPECTED = f"""
SELECT count(*) FROM {JUDGED} WHERE kind = 'new' AND place BETWEEN %s AND %s
"""  # nosec B608 # the names of the model and of this file

REFUSE = f"""
UPDATE {JUDGED} SET kind = 'invalid', reason = %s WHERE place = %s
"""  # nosec B608 # the names of the model and of this file

PLACES = f"""
SELECT min(place), max(place), count(*) FROM {JUDGED} WHERE kind = %s
"""  # nosec B608 # the names of the model and of this file

# A row that nobody judged is as its record is.
KIND = "CASE WHEN t.told IS NOT NULL THEN 'invalid' ELSE coalesce(j.kind, 'skip') END"

COUNT = f"""
SELECT {KIND}, count(*) FROM {STAGED} t LEFT JOIN {JUDGED} j ON j.n = t.n GROUP BY 1
"""  # nosec B608 # the names of the model and of this file

READ = f"""
SELECT {KIND} AS kind, t.line, t.id, t.given, t.lacks, t.is_derived, t.told,
       j.n IS NOT NULL AS is_judged, j.earlier, j.reason,
       s.managed_device_display_name,
       {each("t.{column}")}, {each("j.old_{column}")}
FROM {STAGED} t LEFT JOIN {JUDGED} j ON j.n = t.n
LEFT JOIN {STATES} s ON s.id = t.id
WHERE %s OR {KIND} <> 'skip' AND (%s OR {KIND} = 'invalid')
ORDER BY t.n
"""  # nosec B608 # the names of the model and of this file

# What the table and the rows that wait take on the disk.
SIZES = f"SELECT pg_relation_size('{STATES}'), pg_relation_size('{STAGED}')"
LOCK_OUT = f"LOCK TABLE {STATES} IN ACCESS EXCLUSIVE MODE"
ANALYZE = f"ANALYZE {STATES}"
