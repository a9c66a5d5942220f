"""Four groups stand ready after the first migration, and stay as people make them."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection

from tests.staff import groups_of_the_migration

STATE = "managedalldevicecertificatestate"


def names_of(group):
    return {row.codename for row in Group.objects.get(name=group).permissions.all()}


def on_states(*verbs):
    return {f"{verb}_{STATE}" for verb in verbs}


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("Viewer", on_states("view")),
        ("Editor", on_states("view", "add", "change", "delete")),
        ("Importer", on_states("view", "add", "change", "import")),
        (
            "Administrator",
            on_states("view", "add", "change", "delete", "import")
            | {"moderate_savedsearch"}
            | {
                f"{verb}_{model}"
                for verb in ("view", "add", "change", "delete")
                for model in ("user", "group", "application", "accesstoken")
            },
        ),
    ],
)
def test_each_group_may_do_what_it_is_for(db, group, names):
    groups_of_the_migration()
    assert names_of(group) == names


def test_its_permissions_are_the_ones_that_django_would_make(db):
    call_command("migrate", verbosity=0)  # makes what is missing
    for row in Permission.objects.filter(content_type__model=STATE):
        assert (
            row.name
            == f"Can {row.codename.removesuffix('_' + STATE)} {'certificate state'}"
        )
    by_key = Permission.objects.values_list("content_type", "codename")
    assert len(by_key) == len({*by_key})


def test_the_migration_can_be_repeated_and_keeps_what_was_added_by_hand(db):
    viewer = groups_of_the_migration()["Viewer"]
    viewer.permissions.add(Permission.objects.get(codename="view_session"))
    viewer.permissions.remove(Permission.objects.get(codename=f"view_{STATE}"))
    migration = import_module("certstates.migrations.0008_groups")
    with connection.schema_editor() as editor:
        migration.make_groups(apps, editor)
    assert names_of("Viewer") == on_states("view") | {"view_session"}
    assert Group.objects.count() == 4


@pytest.fixture
def without_groups(transactional_db):
    """Have the database as it was before the groups, for the length of a test."""
    call_command("migrate", "certstates", "0007", verbosity=0)
    yield
    call_command("migrate", "certstates", verbosity=0)


def test_backwards_only_groups_without_members_go(transactional_db):
    groups = groups_of_the_migration()
    User.objects.create_user("ana").groups.add(groups["Editor"])
    try:
        call_command("migrate", "certstates", "0007", verbosity=0)
        assert [group.name for group in Group.objects.all()] == ["Editor"]
    finally:
        call_command("migrate", "certstates", verbosity=0)
    assert Group.objects.count() == 4
    assert User.objects.get(groups__name="Editor").username == "ana"


def test_a_database_without_permissions_gets_groups_that_have_them(without_groups):
    Permission.objects.all().delete()
    call_command("migrate", "certstates", "0008", verbosity=0)
    assert names_of("Viewer") == on_states("view")
    assert len(names_of("Administrator")) == 22
