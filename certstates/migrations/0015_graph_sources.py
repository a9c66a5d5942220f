"""Where records were copied from, and when they were seen there.

Each run dates what it sees. Room on the pages keeps the indexes from learning of that.
"""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


ROOM = "ALTER TABLE certstates_syncedstate SET (fillfactor = 70)"


class Migration(migrations.Migration):
    dependencies = [
        ("certstates", "0014_staff_identity"),
    ]

    operations = [
        migrations.CreateModel(
            name="GraphSource",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("base_url", models.CharField(max_length=500, verbose_name="address")),
                ("filter", models.CharField(blank=True, max_length=2000)),
                ("run", models.UUIDField(null=True)),
                ("under_way", models.BooleanField(default=False)),
                (
                    "began",
                    models.DateTimeField(null=True, verbose_name="last run began"),
                ),
                (
                    "progressed",
                    models.DateTimeField(null=True, verbose_name="last page"),
                ),
                (
                    "completed",
                    models.DateTimeField(null=True, verbose_name="last complete run"),
                ),
                ("next_link", models.TextField(blank=True)),
                ("pages", models.BigIntegerField(default=0)),
                ("new", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                ("unchanged", models.BigIntegerField(default=0)),
                ("refused", models.BigIntegerField(default=0)),
                ("present", models.BigIntegerField(default=0)),
                ("vanished", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "source",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("base_url"),
                        django.db.models.functions.text.MD5("filter"),
                        name="certstates_source_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncedState",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "state_id",
                        "source_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("state_id", models.CharField(db_collation="C", max_length=255)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                ("vanished_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="states",
                        to="certstates.graphsource",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        models.F("state_id"),
                        condition=models.Q(("vanished_at__isnull", False)),
                        name="certstates_vanished",
                    )
                ],
            },
        ),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
    ]
