"""System checks: what runs, but not as well as it could."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import WARNING, CheckMessage, Error, Info, register
from django.db import DatabaseError, connection

from certstates.models.lookups import TRIGRAM_INDEX

NO_TRIGRAM_INDEX = Info(
    "No index finds a part of a device or user name on this server.",
    hint="The admin finds what a name begins with; the API's contains() reads the "
    "whole table, which takes long with many records. Cure: as a superuser "
    "CREATE EXTENSION pg_trgm, then CREATE INDEX CONCURRENTLY "
    f"{TRIGRAM_INDEX} ON certstates_managedalldevicecertificatestate USING gin "
    "(UPPER(managed_device_display_name::text) gin_trgm_ops, "
    "UPPER(user_principal_name::text) gin_trgm_ops). "
    "Everything else works without it.",
    id="certstates.I001",
)


NO_BENCH_WITHOUT_DEBUG = Error(
    "TESTBENCH is on, and DEBUG is off: a test bench is for one's own desk only.",
    hint="Unset TESTBENCH, which whoever has a token could delete all records by. "
    "It has no effect as it is.",
    id="certstates.E001",
)


@register()
def check_testbench(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a test bench where records may be real."""
    if settings.TESTBENCH and not settings.DEBUG:
        return [NO_BENCH_WITHOUT_DEBUG]
    return []


@register()
def check_trigram_index(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Say what is lost where PostgreSQL has no pg_trgm. Silent without a database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT to_regclass('certstates_managedalldevicecertificatestate')"
                " IS NOT NULL AND to_regclass(%s) IS NULL",
                [TRIGRAM_INDEX],
            )
            (is_missing,) = cursor.fetchone() or (False,)
    except DatabaseError:
        return []
    return [NO_TRIGRAM_INDEX] if is_missing else []


@register()
def check_mapped_groups(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Say which groups single sign-on cannot give. Silent without a database."""
    wanted = {ours for _, ours in settings.STAFF_OIDC_GROUPS}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM auth_group")
            missing = sorted(wanted - {name for (name,) in cursor})
    except DatabaseError:
        return []
    return [
        CheckMessage(
            WARNING,
            f"STAFF_OIDC_GROUPS names a group that there is not: {name!r}.",
            hint="Give it the name of a group of the admin, or make the group there.",
            id="certstates.W001",
        )
        for name in missing
    ]
