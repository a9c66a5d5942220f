"""The people who work in the admin: one for each group, and their browsers."""

from importlib import import_module

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection

from tests.make import HttpsClient

GROUPS = ("Viewer", "Editor", "Importer", "Administrator")


def groups_of_the_migration():
    """Return the groups; tests that empty all tables take them away."""
    if Group.objects.filter(name__in=GROUPS).count() < len(GROUPS):
        migration = import_module("certstates.migrations.0008_groups")
        with connection.schema_editor() as editor:
            migration.make_groups(apps, editor)
    return {group.name: group for group in Group.objects.filter(name__in=GROUPS)}


def make_person(name, *groups, **values):
    """Return a member of staff; the groups are named."""
    known = groups_of_the_migration()
    values = {"is_staff": True, **values}
    person = User.objects.create_user(name, password="pass-of-" + name, **values)
    person.groups.set(known[group] for group in groups)
    return person


def browser_of(person):
    client = HttpsClient()
    client.force_login(person)
    return client
