"""When a token was last used; the note goes with the token, whoever deletes that."""

import django.db.models.deletion
from django.db import migrations, models

CASCADE = """
ALTER TABLE certstates_tokenuse ADD CONSTRAINT certstates_tokenuse_of_token
FOREIGN KEY (token_id) REFERENCES oauth2_provider_accesstoken (id)
ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [
        ("oauth2_provider", "0001_initial"),
        ("certstates", "0011_throttle"),
    ]

    operations = [
        migrations.CreateModel(
            name="TokenUse",
            fields=[
                (
                    "token",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="use",
                        serialize=False,
                        to="oauth2_provider.accesstoken",
                    ),
                ),
                ("last_used", models.DateTimeField(editable=False, null=True)),
                ("form", models.UUIDField(editable=False, null=True, unique=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(CASCADE, migrations.RunSQL.noop),
    ]
