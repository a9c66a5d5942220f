"""Records out to files and in from files."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from certstates.admin import exporting
from certstates.admin.importing import ImportAdmin


class ExchangeAdmin(exporting.ExportAdmin, ImportAdmin):
    """Export and import, and what leads to them from the list."""

    actions = exporting.ACTIONS

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let the list know whether to offer an import."""
        allowed = {"has_import_permission": self.has_import_permission(request)}
        return super().changelist_view(request, {**(extra_context or {}), **allowed})
