"""An index for each order and question of the admin's list.

Each costs every write, so each has to say why it exists:

- device, user, subject: their column sorts by it, the API's $orderby too, and the search
  finds what begins with a text by it.
- serial number: its column sorts by it. The index for LIKE that exists beside it serves
  the API's $filter and the search, which ask for another expression.
- issuer: its column sorts by it, the filter lists one issuer's certificates in order of
  expiry, and the names of all issuers are found by leaping from one to the next. The
  expiry in the middle is for the issuer with a third of all records.
- status and expiration: the filter by status in the list's usual order, also where all
  revoked certificates have expired long ago. It leaves the healthy ones out, and so is
  nearly free.
- open revocation: fewer records have one. It answers "open for longer than a week".
"""

from django.db import migrations, models
from django.db.models.functions import Collate, Left, Upper

TABLE = "certstates_managedalldevicecertificatestate"
# Without statistics of what an index holds, PostgreSQL may not use it. An empty table
# is left alone: it would be taken for one that stays small.
ANALYZE = f"""
DO $$ BEGIN
    IF EXISTS (SELECT FROM {TABLE}) THEN ANALYZE {TABLE}; END IF;
END $$
"""  # nosec B608 # the name of this file's


def by_text(name, *more, index):
    key = Collate(Left(Upper(name), 255), "C")
    return migrations.AddIndex(
        model_name="managedalldevicecertificatestate",
        index=models.Index(
            models.OrderBy(key, nulls_first=True), *map(models.F, more), name=index
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("certstates", "0005_statistics_targets")]

    operations = [
        by_text("managed_device_display_name", "id", index="certstates_device_order"),
        by_text("user_principal_name", "id", index="certstates_user_order"),
        by_text("certificate_subject_name", "id", index="certstates_subject_order"),
        by_text("certificate_serial_number", "id", index="certstates_serial_order"),
        by_text(
            "certificate_issuer_name",
            "certificate_expiration_date_time",
            "id",
            index="certstates_issuer_order",
        ),
        migrations.AddIndex(
            model_name="managedalldevicecertificatestate",
            index=models.Index(
                models.F("certificate_revoke_status"),
                models.F("certificate_expiration_date_time"),
                models.F("id"),
                condition=models.Q(certificate_revoke_status__gt=0),
                name="certstates_status_expiration",
            ),
        ),
        migrations.AddIndex(
            model_name="managedalldevicecertificatestate",
            index=models.Index(
                models.F("certificate_revoke_status_last_change_date_time"),
                models.F("id"),
                condition=models.Q(certificate_revoke_status__in=[1, 2, 3]),
                name="certstates_open_revocation",
            ),
        ),
        migrations.RunSQL(ANALYZE, migrations.RunSQL.noop),
    ]
