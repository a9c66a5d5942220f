"""What Django cannot say of indexes: one less, and one more where it can be had.

The trigram index answers "which device or user has this in its name?". It needs the
extension pg_trgm, which somebody's own server may lack or forbid. The index is then
left out, and ``manage.py check`` says so.
"""

from django.db import ProgrammingError, migrations, transaction

# Django gives every textual key an index for LIKE. In the "C" collation the primary
# key's own index does that already, and a second one would slow each insert.
DROP_LIKE_INDEX = 'DROP INDEX IF EXISTS "certstates_managedalldevicecertificatestate_id_fe3e3bd2_like"'

# Django's icontains compiles to UPPER(column::text) LIKE UPPER(...).
CREATE_TRIGRAM_INDEX = """
CREATE INDEX certstates_device_user_trgm
ON certstates_managedalldevicecertificatestate
USING gin (UPPER(managed_device_display_name::text) gin_trgm_ops,
           UPPER(user_principal_name::text) gin_trgm_ops)
"""


def create_trigram_index(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if not cursor.fetchone():
            return
        try:
            with transaction.atomic(using=schema_editor.connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                cursor.execute(CREATE_TRIGRAM_INDEX)
        except ProgrammingError:  # not permitted, or in a schema out of sight
            return


def drop_trigram_index(apps, schema_editor):
    schema_editor.execute("DROP INDEX IF EXISTS certstates_device_user_trgm")


class Migration(migrations.Migration):
    dependencies = [("certstates", "0001_initial")]

    operations = [
        migrations.RunSQL(DROP_LIKE_INDEX, migrations.RunSQL.noop),
        migrations.RunPython(create_trigram_index, drop_trigram_index),
    ]
