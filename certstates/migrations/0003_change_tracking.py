"""Every row knows the transaction that wrote it last; removed rows leave their id.

PostgreSQL does both by itself, so that no door is forgotten: API, admin, import and
raw SQL. The new column rewrites no table: the transaction of this migration is one
constant, which PostgreSQL keeps beside the rows until they are written again.
"""

import certstates.models
import django.db.models.functions.datetime
from django.db import migrations, models

STATES = "certstates_managedalldevicecertificatestate"
REMOVED = "certstates_removedstate"

# The path of this moment is kept: a writer may come with another one.
CREATE_FUNCTIONS = """
CREATE FUNCTION certstates_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;

CREATE FUNCTION certstates_remember_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO certstates_removedstate (id) VALUES (OLD.id)
    ON CONFLICT (id) DO UPDATE SET removed_at = DEFAULT;
    RETURN NULL;
END $$;

CREATE FUNCTION certstates_remember_all_removed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO certstates_removedstate (id) SELECT id FROM certstates_managedalldevicecertificatestate
    ON CONFLICT (id) DO UPDATE SET removed_at = DEFAULT;
    RETURN NULL;
END $$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION certstates_remember_all_removed();
DROP FUNCTION certstates_remember_removed();
DROP FUNCTION certstates_stamp();
"""

CREATE_TRIGGERS = f"""
CREATE TRIGGER certstates_stamp BEFORE INSERT OR UPDATE ON {STATES}
FOR EACH ROW EXECUTE FUNCTION certstates_stamp();

CREATE TRIGGER certstates_stamp BEFORE INSERT OR UPDATE ON {REMOVED}
FOR EACH ROW EXECUTE FUNCTION certstates_stamp();

CREATE TRIGGER certstates_deleted AFTER DELETE ON {STATES}
FOR EACH ROW EXECUTE FUNCTION certstates_remember_removed();

CREATE TRIGGER certstates_renamed AFTER UPDATE OF id ON {STATES}
FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION certstates_remember_removed();

CREATE TRIGGER certstates_truncated BEFORE TRUNCATE ON {STATES}
FOR EACH STATEMENT EXECUTE FUNCTION certstates_remember_all_removed();
"""

DROP_TRIGGERS = f"""
DROP TRIGGER certstates_truncated ON {STATES};
DROP TRIGGER certstates_renamed ON {STATES};
DROP TRIGGER certstates_deleted ON {STATES};
DROP TRIGGER certstates_stamp ON {REMOVED};
DROP TRIGGER certstates_stamp ON {STATES};
"""


def keep_out_like_index(apps, schema_editor):
    """Drop Django's plan for another index over the key.

    The primary key's own serves LIKE already, in the "C" collation.
    """
    planned = schema_editor.deferred_sql
    planned[:] = [statement for statement in planned if "_like" not in str(statement)]


def version_field():
    return models.BigIntegerField(
        db_default=certstates.models.TransactionId(), editable=False, serialize=False
    )


class Migration(migrations.Migration):
    dependencies = [("certstates", "0002_indexes")]

    operations = [
        migrations.CreateModel(
            name="RemovedState",
            fields=[
                (
                    "id",
                    models.CharField(
                        db_collation="C",
                        max_length=255,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("version", version_field()),
                (
                    "removed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="managedalldevicecertificatestate",
            name="version",
            field=version_field(),
        ),
        migrations.AddIndex(
            model_name="managedalldevicecertificatestate",
            index=models.Index("version", "id", name="certstates_version"),
        ),
        migrations.AddIndex(
            model_name="removedstate",
            index=models.Index("version", "id", name="certstates_removed_version"),
        ),
        migrations.RunPython(keep_out_like_index, migrations.RunPython.noop),
        migrations.RunSQL(CREATE_FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(CREATE_TRIGGERS, DROP_TRIGGERS),
    ]
