"""The list's searches, kept under names."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import certstates.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("certstates", "0006_list_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedSearch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(
                        help_text="What it finds, in a few words.",
                        max_length=60,
                        validators=[certstates.models.fields.refuse_unstorable],
                    ),
                ),
                ("query", models.CharField(editable=False, max_length=2000)),
                ("for_everyone", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="saved",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="saved_searches",
                        to="auth.group",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_searches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "saved searches",
                "default_permissions": (),
                "permissions": [
                    ("moderate_savedsearch", "Can moderate what others share")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "name"),
                        name="certstates_search_name_once_an_owner",
                    ),
                    models.CheckConstraint(
                        name="certstates_search_one_audience",
                        condition=models.Q(
                            ("group", None), ("for_everyone", False), _connector="OR"
                        ),
                    ),
                    models.CheckConstraint(
                        name="certstates_search_not_empty",
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("query", ""), _negated=True),
                        ),
                    ),
                ],
            },
        ),
    ]
