# ruff: noqa: S608 -- made of the model's own names; each value is a parameter
"""The three statements of a reversal: lock the records, compare them, write them.

``{which}`` stands for the condition that picks the changes.
"""

from certstates.models import TRACKED, ManagedAllDeviceCertificateState, StateEvent

STATES = ManagedAllDeviceCertificateState._meta.db_table
EVENTS = StateEvent._meta.db_table

# A status and its date are one: neither goes back without the other.
DATED = (
    "certificate_revoke_status",
    "certificate_revoke_status_last_change_date_time",
)
UNITS = [DATED, *((name,) for name in TRACKED if name not in DATED)]

SHOWN = 50


def row(alias: str, names: tuple[str, ...] | list[str]) -> str:
    return f"ROW({', '.join(f'{alias}.{name}' for name in names)})"


def unit_columns() -> str:
    """Return for each unit whether it can be taken back, and whether it clashes."""
    columns = []
    for number, names in enumerate(UNITS):
        now, after, before = (row(alias, names) for alias in ("s", "a", "b"))
        touched = f"{after} IS DISTINCT FROM {before}"
        kept = f"{now} IS NOT DISTINCT FROM {after}"
        clash = f"NOT {kept} AND {now} IS DISTINCT FROM {before}"
        columns.append(f"{touched} AND {kept} AS take_{number}")
        columns.append(f"{touched} AND {clash} AS clash_{number}")
    return ", ".join(columns)


def any_unit(flag: str) -> str:
    return f"({' OR '.join(f'{flag}_{number}' for number in range(len(UNITS)))})"


def clashing_fields() -> str:
    names = (
        f"CASE WHEN clash_{number} THEN '{name}' END"
        for number, names in enumerate(UNITS)
        for name in names
    )
    return f"array_remove(ARRAY[{', '.join(names)}], NULL)"


# "net": the first and the last change of each record. "told": what it was before them.
# "compared": what it is now. "plan": what is to be done about it.
PLAN = f"""
WITH net AS (
    SELECT pgh_obj_id AS id, min(pgh_id) AS first, max(pgh_id) AS last
    FROM {EVENTS} WHERE {{which}} GROUP BY pgh_obj_id
), told AS (
    SELECT net.id, net.last, opening.pgh_label <> 'insert' AS existed,
        CASE opening.pgh_label WHEN 'delete' THEN net.first WHEN 'update' THEN (
            SELECT earlier.pgh_id FROM {EVENTS} AS earlier
            WHERE earlier.pgh_obj_id = net.id AND earlier.pgh_id < net.first
            ORDER BY earlier.pgh_id DESC LIMIT 1
        ) END AS before,
        net.first < net.last AND EXISTS (
            SELECT FROM {EVENTS} AS other WHERE other.pgh_obj_id = net.id
            AND other.pgh_id > net.first AND other.pgh_id < net.last
            AND other.pgh_context_id IS DISTINCT FROM opening.pgh_context_id
        ) AS mixed
    FROM net JOIN {EVENTS} AS opening ON opening.pgh_id = net.first
), compared AS (
    SELECT told.id, told.last, told.before, told.mixed,
        told.existed AND told.before IS NULL AS unknown,
        CASE WHEN told.existed AND a.pgh_label <> 'delete' THEN 'update'
            WHEN told.existed THEN 'create'
            WHEN a.pgh_label <> 'delete' THEN 'delete' END AS verb,
        s.id IS NOT NULL AS exists, s.version,
        {row("s", TRACKED)} IS NOT DISTINCT FROM {row("a", TRACKED)} AS as_after,
        {row("s", TRACKED)} IS NOT DISTINCT FROM {row("b", TRACKED)} AS as_before,
        {", ".join(f"b.{name}" for name in TRACKED)}, {unit_columns()}
    FROM told JOIN {EVENTS} AS a ON a.pgh_id = told.last
    LEFT JOIN {EVENTS} AS b ON b.pgh_id = told.before
    LEFT JOIN {STATES} AS s ON s.id = told.id
), plan AS MATERIALIZED (
    SELECT *,
        CASE WHEN verb IS NULL THEN ''
            WHEN verb = 'create' AND exists AND as_before THEN ''
            WHEN verb = 'delete' AND NOT exists THEN ''
            WHEN mixed THEN 'mixed' WHEN unknown THEN 'unknown'
            WHEN verb = 'create' AND exists THEN 'exists'
            WHEN verb = 'delete' AND NOT as_after THEN 'changed'
            WHEN verb = 'update' AND NOT exists THEN 'gone'
            WHEN verb = 'update' AND {any_unit("clash")} THEN 'changed'
            ELSE '' END AS obstacle,
        NOT mixed AND NOT unknown AND CASE verb
            WHEN 'update' THEN exists AND {any_unit("take")}
            WHEN 'delete' THEN exists AND as_after
            WHEN 'create' THEN NOT exists ELSE false END AS writable
    FROM compared
)
"""  # nosec B608 # names of the model's

FIRST_LINES = f"""
(SELECT coalesce(json_agg(line), '[]') FROM (
    SELECT id, verb, obstacle,
        CASE WHEN verb = 'update' AND obstacle = 'changed'
            THEN {clashing_fields()} ELSE ARRAY[]::text[] END AS fields, before, last
    FROM plan WHERE {{which}} ORDER BY id LIMIT {SHOWN}
) AS line)
"""  # nosec B608 # names of the model's

COUNT = f"""
SELECT count(*) FILTER (WHERE writable AND verb = 'update'),
    count(*) FILTER (WHERE writable AND verb = 'delete'),
    count(*) FILTER (WHERE writable AND verb = 'create'),
    count(*) FILTER (WHERE NOT writable AND obstacle = ''),
    count(*) FILTER (WHERE obstacle <> ''),
    {FIRST_LINES.format(which="writable")},
    {FIRST_LINES.format(which="obstacle <> ''")}
FROM plan
"""  # nosec B608 # names of the model's

# Who changes a record after it was compared gives it another version.
WRITE = f"""
, updated AS (
    UPDATE {STATES} AS s SET updated_at = now(), {{assignments}}
    FROM plan WHERE plan.writable AND plan.verb = 'update'
    AND s.id = plan.id AND s.version = plan.version RETURNING 1
), deleted AS (
    DELETE FROM {STATES} AS s USING plan WHERE plan.writable AND plan.verb = 'delete'
    AND s.id = plan.id AND s.version = plan.version RETURNING 1
), created AS (
    INSERT INTO {STATES} (id, updated_at, {", ".join(TRACKED)})
    SELECT id, now(), {", ".join(TRACKED)} FROM plan
    WHERE writable AND verb = 'create' ORDER BY id
    ON CONFLICT (id) DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM updated) + (SELECT count(*) FROM deleted)
    + (SELECT count(*) FROM created)
""".format(  # nosec B608 # names of the model's
    assignments=", ".join(
        f"{name} = CASE WHEN take_{number} THEN plan.{name} ELSE s.{name} END"
        for number, names in enumerate(UNITS)
        for name in names
    )
)

# Whoever writes many records locks them in this order, so that nobody waits for ever.
LOCK = f"""
SELECT count(*) FROM (
    SELECT id FROM {STATES}
    WHERE id IN (SELECT pgh_obj_id FROM {EVENTS} WHERE {{which}})
    ORDER BY id FOR UPDATE
) AS locked
"""  # nosec B608 # names of the model's
