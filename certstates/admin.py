"""What staff see of the records: which device, which state, until when."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.http import HttpRequest

from certstates.models import ManagedAllDeviceCertificateState

if TYPE_CHECKING:  # Django's class is generic for the type checker only
    ModelAdmin = admin.ModelAdmin[ManagedAllDeviceCertificateState]
else:
    ModelAdmin = admin.ModelAdmin

admin.site.site_header = "certstates"
admin.site.site_title = "certstates"
admin.site.index_title = "Device certificates"
admin.site.enable_nav_sidebar = False  # the width is for the list


class ExpiryFilter(admin.SimpleListFilter):
    title = "expiry"
    parameter_name = "expiry"
    days = {"7": 7, "30": 30, "90": 90}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        windows = [(key, f"Expires within {n} days") for key, n in self.days.items()]
        return [("expired", "Expired"), *windows]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset
        if value == "expired":
            return queryset.expired()
        if value not in self.days:
            raise IncorrectLookupParameters  # the list then says that it ignores it
        return queryset.expiring(within=dt.timedelta(days=self.days[value]))


@admin.register(ManagedAllDeviceCertificateState)
class CertificateStateAdmin(ModelAdmin):
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
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (
            None,
            {"fields": ("id", "managed_device_display_name", "user_principal_name")},
        ),
        (
            "Validity",
            {
                "fields": (
                    "certificate_issuance_date_time",
                    "certificate_expiration_date_time",
                )
            },
        ),
        (
            "Revocation",
            {
                "fields": (
                    "certificate_revoke_status",
                    "certificate_revoke_status_last_change_date_time",
                )
            },
        ),
        (
            "Certificate",
            {
                "fields": (
                    "certificate_subject_name",
                    "certificate_issuer_name",
                    "certificate_serial_number",
                    "certificate_thumbprint",
                    "certificate_key_usages",
                    "certificate_extended_key_usages",
                )
            },
        ),
        ("Record", {"fields": ("created_at", "updated_at")}),
    )

    class Media:
        css = {"all": ["certstates/admin.css"]}

    def get_readonly_fields(
        self, request: HttpRequest, obj: ManagedAllDeviceCertificateState | None = None
    ) -> tuple[str, ...]:
        """An id is given once; another id would make another record."""
        return ("id", *self.readonly_fields) if obj else self.readonly_fields

    def formfield_for_dbfield(
        self,
        db_field: models.Field[Any, Any],
        request: Any,
        **kwargs: Any,
    ) -> forms.Field | None:
        """Show texts whole and keep their outer spaces: the source wrote them."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            # "Changed" means other than in the database, not than in a hidden input.
            field.show_hidden_initial = False
        if isinstance(field, forms.CharField):
            field.strip = False
            field.widget.attrs["class"] = "vTextField"
        return field

    def save_model(
        self,
        request: HttpRequest,
        obj: ManagedAllDeviceCertificateState,
        form: Any,
        change: bool,
    ) -> None:
        if not change:
            obj.save(force_insert=True)
            return
        last_change = "certificate_revoke_status_last_change_date_time"
        obj.save_changes(form.changed_data, dated=last_change in form.changed_data)
