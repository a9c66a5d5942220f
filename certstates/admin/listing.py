"""The list: which device, which state, until when."""

from __future__ import annotations

from typing import Any

from certstates.admin.base import StateAdmin
from certstates.admin.filters import ExpiryFilter


class ListAdmin(StateAdmin):
    """How records are listed, searched and narrowed."""

    list_display = (
        "managed_device_display_name",
        "certificate_expiration_date_time",
        "certificate_revoke_status",
        "user_principal_name",
        "certificate_issuer_name",
        "certificate_subject_name",
        "certificate_serial_number",
    )
    list_filter = (ExpiryFilter, "certificate_revoke_status")
    list_per_page = 50
    ordering = ("certificate_expiration_date_time", "id")
    search_fields = (
        "managed_device_display_name",
        "user_principal_name",
        "certificate_thumbprint__istartswith",
        "certificate_serial_number__istartswith",
        "id__exact",
    )
    search_help_text = (
        "A part of a device or user name, the beginning of a thumbprint or serial "
        "number, or an id."
    )

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Allow the filters that the list shows, and no others by the address bar."""
        shown = (ExpiryFilter.parameter_name, "certificate_revoke_status__exact")
        return lookup in shown
