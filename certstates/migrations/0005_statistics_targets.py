"""Let PostgreSQL look closer at two columns, for the dashboard's estimates.

A histogram of a thousand bounds tells of a month's expiries what a hundred cannot,
and a thousand most common issuers are all that there are. The next migration looks at
what is stored already.
"""

from django.db import migrations

TABLE = "certstates_managedalldevicecertificatestate"
COLUMNS = ("certificate_expiration_date_time", "certificate_issuer_name")


def set_targets(target):
    return [
        f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STATISTICS {target}"
        for column in COLUMNS
    ]


class Migration(migrations.Migration):
    dependencies = [("certstates", "0004_history")]

    operations = [migrations.RunSQL(set_targets(1000), set_targets(-1))]
