"""The form of one record, along its certificate's life."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models
from django.http import HttpRequest

from certstates.admin.base import StateAdmin
from certstates.models import ManagedAllDeviceCertificateState


class EditAdmin(StateAdmin):
    """How one record is shown and changed."""

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
