"""Where records were copied from, and how the last run of each source went."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from certstates.admin.base import PluralAdmin
from certstates.admin.columns import exact_time
from certstates.admin.details import whole
from certstates.admin.guard import NarrowedAsShown
from certstates.models import GraphSource
from certstates.models.searches import may_see_records


@admin.register(GraphSource)
class GraphSourceAdmin(NarrowedAsShown, PluralAdmin):
    """Only looked at: manage.py sync_graph writes it."""

    list_display = (
        "base_url", "filter", "last_complete", "stands", "present", "vanished",
    )  # fmt: skip
    fields = (
        "base_url", "filter", "last_complete", "present", "vanished", "stands",
        "begun", "pages", "new", "changed", "unchanged", "refused",
    )  # fmt: skip
    ordering = ("base_url", "filter")
    actions = None
    view_on_site = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_records(request.user)

    def has_view_permission(
        self, request: HttpRequest, obj: GraphSource | None = None
    ) -> bool:
        """Whoever sees records may see where they came from."""
        return may_see_records(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="last complete run", ordering="completed")
    def last_complete(self, source: GraphSource) -> SafeString | str:
        return exact_time(whole(source.completed)) if source.completed else "none yet"

    @admin.display(description="state")
    def stands(self, source: GraphSource) -> SafeString | str:
        """Say whether a run has yet to end; whether one is at work, nobody knows."""
        if not source.under_way or source.progressed is None:
            return "complete" if source.completed else "given up"
        return format_html(
            "under way, {} pages until {}",
            f"{source.pages:,}",
            exact_time(whole(source.progressed)),
        )

    @admin.display(description="last run began")
    def begun(self, source: GraphSource) -> SafeString | None:
        return exact_time(whole(source.began)) if source.began else None
