"""Counts of requests, and the one function that judges and counts.

A function, because it makes one round trip of what would be five (begin, lock, read,
count, commit), and the locks are held for no longer than it runs. It finds its few rows
by the index whatever the table's statistics say: they are always of another minute.
"""

from django.db import migrations, models

TABLE = "certstates_throttlecount"
# Half a page is for new versions of its rows: no index has to learn of them.
NOT_LOGGED = f"ALTER TABLE {TABLE} SET UNLOGGED, SET (fillfactor = 50)"

ADMIT = f"""
CREATE FUNCTION certstates_admit(
    asked text[], most bigint[], counting boolean,
    OUT refused text, OUT wait double precision
) LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    moment double precision;
    this bigint;
BEGIN
    -- In one order: nobody waits in a circle. (429 keeps these locks apart from others;
    -- keys that share a number wait for each other, and no more.)
    PERFORM pg_advisory_xact_lock(429, number)
    FROM (
        SELECT DISTINCT hashtext(name) AS number FROM unnest(asked) AS name ORDER BY 1
    ) AS locks;

    -- Only now, when the waiting is over.
    moment := extract(epoch FROM clock_timestamp());
    this := floor(moment);

    -- The present second has only begun, so the twentieth before it still counts: no 20
    -- seconds, wherever they begin, hold more than the limit. A second leaves after 21;
    -- the wait is for the youngest of those that have to leave.
    SELECT sums.key, second + 21 - moment INTO refused, wait
    FROM (
        SELECT key, second, rate.most,
            sum(count) OVER (PARTITION BY key ORDER BY second DESC) AS kept
        FROM unnest(asked, most) AS rate (key, most)
        JOIN {TABLE} AS had USING (key)
        WHERE had.key = ANY (asked) AND second BETWEEN this - 20 AND this
    ) AS sums
    WHERE kept >= sums.most
    ORDER BY second DESC
    LIMIT 1;
    IF refused IS NOT NULL OR NOT counting THEN
        RETURN;
    END IF;

    INSERT INTO {TABLE} AS had (key, second, count)
    SELECT name, this, 1 FROM unnest(asked) AS name
    ON CONFLICT (key, second) DO UPDATE SET count = had.count + 1;

    -- More goes at once than can have come since the last time.
    IF random() < 0.01 THEN
        DELETE FROM {TABLE} WHERE (key, second) IN (
            SELECT key, second FROM {TABLE} WHERE second < this - 60
            LIMIT 1000 FOR UPDATE SKIP LOCKED
        );
    END IF;
END $$
"""  # nosec B608 # the table's name is the constant above
NO_ADMIT = "DROP FUNCTION certstates_admit(text[], bigint[], boolean)"


class Migration(migrations.Migration):
    dependencies = [("certstates", "0010_history_search_path")]

    operations = [
        migrations.CreateModel(
            name="ThrottleCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key",
                        "second",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("second", models.BigIntegerField(help_text="Unix time.")),
                ("count", models.IntegerField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(NOT_LOGGED, migrations.RunSQL.noop),
        migrations.RunSQL(ADMIT, NO_ADMIT),
    ]
