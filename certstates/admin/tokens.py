"""The API's tokens: who has which, until when; to be revoked.

No page shows a token or its checksum.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from oauth2_provider.models import AccessToken, revoke_access_token

from certstates.admin.applications import HOW, MadeElsewhere


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
