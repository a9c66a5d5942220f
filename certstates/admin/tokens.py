"""The API's clients and their tokens: who has which, until when; to be revoked.

``manage.py create_token`` makes both. No page shows a token, a checksum or a secret.
"""

from __future__ import annotations

from typing import Any

import oauth2_provider.admin  # noqa: F401 -- registers what is replaced below
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.models import (
    AccessToken,
    Application,
    Grant,
    IDToken,
    RefreshToken,
    revoke_access_token,
)

from certstates.admin.base import PluralAdmin
from certstates.admin.guard import NarrowedAsShown

HOW = "A token is made by manage.py create_token, which shows it once."

# The flows that would fill the last three are not offered.
for model in (Application, AccessToken, Grant, IDToken, RefreshToken):
    admin.site.unregister(model)


class MadeElsewhere(NarrowedAsShown, PluralAdmin):
    view_on_site = False  # there is no such page

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Application)
class ApplicationAdmin(MadeElsewhere):
    """One client of the API. To delete it is to revoke all its tokens."""

    list_display = ("name", "valid_tokens", "created")
    search_fields = ("name",)
    search_help_text = f"By name. {HOW}"
    ordering = ("name", "pk")
    readonly_fields = ("client_id", "valid_tokens", "created", "updated")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", *readonly_fields),
                "description": f"{HOW} Deleting the application revokes its tokens.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        valid = Q(accesstoken__expires__gt=timezone.now())
        number = Count("accesstoken", filter=valid)
        found: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = found.annotate(valid_tokens=number)
        return counted

    @admin.display(ordering="valid_tokens")
    def valid_tokens(self, application: Any) -> int:
        number: int = application.valid_tokens
        return number


@admin.register(AccessToken)
class AccessTokenAdmin(MadeElsewhere):
    """One token. To delete it is to revoke it, at once."""

    list_display = ("__str__", "application", "scope", "is_valid", "expires", "created")
    list_select_related = ("application",)
    search_fields = ("application__name",)
    search_help_text = f"By application. {HOW} Deleting it revokes it at once."
    ordering = ("-created", "-pk")
    fields = ("application", "scope", "is_valid", "expires", "created")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is what its owner was told; another needs a new one."""
        return False

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Say whose tokens would be revoked: their numbers alone say little."""
        _, counts, needed, protected = super().get_deleted_objects(objs, request)
        whose = [f"{t} of {t.application}: {t.scope}" for t in objs]
        return whose, counts, needed, protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        revoke_access_token(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for token in queryset:
            revoke_access_token(token)

    @admin.display(description="valid", boolean=True)
    def is_valid(self, token: Any) -> bool:
        return not token.is_expired()
