"""What staff see of the records: which device, which state, until when."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.widgets import AdminTextareaWidget
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
        self, db_field: models.Field[Any, Any], request: Any, **kwargs: Any
    ) -> forms.Field | None:
        """Keep the outer spaces of a text: the source wrote them."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.CharField):
            field.strip = False
        return field

    def get_form(
        self,
        request: Any,
        obj: ManagedAllDeviceCertificateState | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[ManagedAllDeviceCertificateState]]:
        """Have the form remember what it showed, so that "changed" means by its user.

        A record that others changed meanwhile then keeps what they wrote.
        """
        form = super().get_form(request, obj, change=change, **kwargs)
        for name, field in form.base_fields.items():
            field.show_hidden_initial = change
            if {*"\r\n"} & {*str(getattr(obj, name, ""))}:
                field.widget = AdminTextareaWidget()  # an input would join the lines
        return form

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> ManagedAllDeviceCertificateState | None:
        if "\0" in object_id:  # PostgreSQL cannot even compare it
            return None
        return super().get_object(request, object_id, from_field)

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Allow the filters that the list shows, and no others by the address bar."""
        shown = (ExpiryFilter.parameter_name, "certificate_revoke_status__exact")
        return lookup in shown

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
