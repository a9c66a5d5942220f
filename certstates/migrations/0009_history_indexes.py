"""The log of all changes is found by indexes, each of which costs every write.

Two are enough: the branches of the one (a door, a kind) merged are the log of all, and
the other has what one person, client or command did.
"""

import django.db.models.fields.json
from django.db import migrations, models

DOORS = ["api", "admin", "import", "command", "migration", "sql"]


class Migration(migrations.Migration):
    dependencies = [("certstates", "0008_groups")]

    operations = [
        migrations.AddIndex(
            model_name="stateevent",
            index=models.Index(
                models.Case(
                    models.When(
                        pgh_context__door__in=DOORS,
                        then=django.db.models.fields.json.KeyTextTransform(
                            "door", "pgh_context"
                        ),
                    ),
                    default=models.Value("sql"),
                    output_field=models.TextField(),
                ),
                models.F("pgh_label"),
                models.F("pgh_created_at"),
                models.F("pgh_id"),
                name="certstates_event_door",
            ),
        ),
        migrations.AddIndex(
            model_name="stateevent",
            index=models.Index(
                django.db.models.fields.json.KeyTextTransform("who", "pgh_context"),
                models.F("pgh_label"),
                models.F("pgh_created_at"),
                models.F("pgh_id"),
                condition=models.Q(("pgh_context__isnull", False)),
                name="certstates_event_who",
            ),
        ),
    ]
