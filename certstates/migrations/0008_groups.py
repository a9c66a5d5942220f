"""Four groups to begin with; whoever runs the server may change them afterwards.

Django makes the rows of permissions when all migrations are done, which is too late
here. So this one makes them itself, by Django's own function and from the models as
they are at this point; what exists already is left alone.
"""

from django.apps import apps as global_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

STATE = "managedalldevicecertificatestate"

VIEWER = {("certstates", f"view_{STATE}")}
EDITOR = VIEWER | {
    ("certstates", f"{verb}_{STATE}") for verb in ("add", "change", "delete")
}
IMPORTER = VIEWER | {
    ("certstates", f"{verb}_{STATE}") for verb in ("add", "change", "import")
}
ADMINISTRATOR = (
    EDITOR
    | IMPORTER
    | {("certstates", "moderate_savedsearch")}
    | {
        (app, f"{verb}_{model}")
        for app, model in (
            ("auth", "user"),
            ("auth", "group"),
            ("oauth2_provider", "application"),
            ("oauth2_provider", "accesstoken"),
        )
        for verb in ("view", "add", "change", "delete")
    }
)
GROUPS = {
    "Viewer": VIEWER,
    "Editor": EDITOR,
    "Importer": IMPORTER,
    "Administrator": ADMINISTRATOR,
}


def make_permissions(apps, using):
    for label in ("certstates", "auth", "oauth2_provider"):
        # The real app says that it has models; the historical ones are then used.
        config = global_apps.get_app_config(label)
        create_permissions(config, verbosity=0, using=using, apps=apps)


def make_groups(apps, schema_editor):
    """Make what is missing; what a group may do already, it may do afterwards."""
    using = schema_editor.connection.alias
    make_permissions(apps, using)
    groups = apps.get_model("auth", "Group").objects.using(using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    rows = permissions.select_related("content_type")
    known = {(row.content_type.app_label, row.codename): row for row in rows}
    for name, wanted in GROUPS.items():
        group, _ = groups.get_or_create(name=name)
        group.permissions.add(*(known[permission] for permission in wanted))


def remove_groups(apps, schema_editor):
    """Remove the groups that nobody is in; the others are somebody's work."""
    groups = apps.get_model("auth", "Group").objects
    groups = groups.using(schema_editor.connection.alias)
    groups.filter(name__in=GROUPS, user=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("oauth2_provider", "0001_initial"),
        ("certstates", "0007_saved_searches"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="managedalldevicecertificatestate",
            options={
                "permissions": [
                    (
                        "import_managedalldevicecertificatestate",
                        "Can import certificate state",
                    )
                ],
                "verbose_name": "certificate state",
            },
        ),
        migrations.RunPython(make_groups, remove_groups),
    ]
