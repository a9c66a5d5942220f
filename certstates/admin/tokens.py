"""The API's tokens: who has which, until when, and since when it is not used.

No page shows a token or its checksum, but for the one that makes it.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from oauth2_provider.models import AccessToken, revoke_access_token

from certstates.admin.base import PluralAdmin
from certstates.admin.guard import NarrowedAsShown
from certstates.admin.new_token import MakesTokens
from certstates.models import TokenUse
from certstates.tokens import revoke

VALIDITY = {"yes": "Valid", "no": "Expired"}


class ValidityFilter(admin.SimpleListFilter):
    title = "validity"
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*VALIDITY.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset
        if value not in VALIDITY:
            raise IncorrectLookupParameters
        now = timezone.now()
        if value == "yes":
            return queryset.filter(expires__gt=now)
        return queryset.filter(expires__lte=now)


@admin.register(AccessToken)
class AccessTokenAdmin(MakesTokens, NarrowedAsShown, PluralAdmin):
    """One token. To delete it is to revoke it, at once."""

    view_on_site = False  # there is no such page
    list_display = (
        "application", "scope", "is_valid", "expires", "last_used", "created",
    )  # fmt: skip
    list_filter = (ValidityFilter,)
    search_fields = ("application__name",)
    search_help_text = (
        "By application. Deleting a token revokes it at once; manage.py create_token "
        "makes one on the server."
    )
    ordering = ("-created", "-pk")
    fields = ("application", "scope", "is_valid", "expires", "last_used", "created")

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Allow what the filter adds to the address; it is no column."""
        known = lookup == ValidityFilter.parameter_name
        return known or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        tokens: QuerySet[Any] = super().get_queryset(request)
        return tokens.select_related("application", "use")

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if known := actions.get("delete_selected"):
            actions["delete_selected"] = (*known[:2], "Revoke selected tokens")
        return actions

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
        revoke(queryset)

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"title": "Revoke this token?", **(extra_context or {})}
        return super().delete_view(request, object_id, context)

    def response_delete(
        self, request: HttpRequest, obj_display: str, obj_id: Any
    ) -> HttpResponse:
        """Go back to the list; Django does so only who may change what is in it."""
        response = super().response_delete(request, obj_display, obj_id)
        if not self.has_view_permission(request):
            return response
        return redirect("admin:oauth2_provider_accesstoken_changelist")

    def message_user(
        self,
        request: HttpRequest,
        message: Any,
        level: int | str = messages.INFO,
        *rest: Any,
        **options: Any,
    ) -> None:
        """Say what deleting did; all that succeeds here is that."""
        if level == messages.SUCCESS:
            message = "Revoked. Requests that bring such a token are refused."
        super().message_user(request, message, level, *rest, **options)

    @admin.display(description="valid", boolean=True, ordering="expires")
    def is_valid(self, token: Any) -> bool:
        return not token.is_expired()

    @admin.display(description="last used", ordering="use__last_used")
    def last_used(self, token: Any) -> str:
        use: TokenUse | None = getattr(token, "use", None)
        when = use.last_used if use else None
        return date_format(when, "DATETIME_FORMAT") if when else "never"
