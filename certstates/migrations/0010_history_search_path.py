"""The history's triggers find its table, whatever path their writer comes with.

A restore of data alone, for one, comes with none: each of its rows was refused. The
functions are django-pgtrigger's, which makes them without a path of their own; whoever
makes one anew (for a new field) has to give it the path again, and a test says so.
"""

from django.db import migrations

EACH = """
DO $$
DECLARE function regprocedure;
BEGIN
    FOR function IN
        SELECT DISTINCT tgfoid FROM pg_trigger
        WHERE tgrelid = 'certstates_managedalldevicecertificatestate'::regclass
        AND starts_with(tgname, 'pgtrigger_')
    LOOP
        EXECUTE 'ALTER FUNCTION ' || function || ' {} search_path {}';
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("certstates", "0009_history_indexes")]

    operations = [
        migrations.RunSQL(EACH.format("SET", "FROM CURRENT"), EACH.format("RESET", ""))
    ]
