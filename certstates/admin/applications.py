"""The API's clients. No page shows a secret.

``manage.py create_token`` makes an application and its token.
"""

from __future__ import annotations

from typing import Any

import oauth2_provider.admin  # noqa: F401 -- registers what is replaced here
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
