"""The form of one record, along its certificate's life, and what saving it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from certstates.admin import details
from certstates.admin.details import DetailAdmin
from certstates.admin.forms import StateForm, StoredTextField, read_seen
from certstates.admin.overtaken import FIELDS, what_happened_since
from certstates.history import because
from certstates.models import ManagedAllDeviceCertificateState

LAST_CHANGE = "certificate_revoke_status_last_change_date_time"
# What people only look at is told in words, with its distance from now.
TOLD = {
    "certificate_issuance_date_time": "issued",
    "certificate_expiration_date_time": "expires",
    "certificate_revoke_status": "revocation",
    LAST_CHANGE: "revocation_changed",
}

# Two readings, and what they read.
READ = {
    "key_usages_read": "certificate_key_usages",
    "purposes_read": "certificate_extended_key_usages",
}

LIFE: dict[str, tuple[str, ...]] = {
    "Device and user": ("managed_device_display_name", "user_principal_name"),
    "Validity": (
        "certificate_issuance_date_time",
        "certificate_expiration_date_time",
        "validity",
    ),
    "Revocation": ("certificate_revoke_status", LAST_CHANGE),
    "Certificate": (
        "certificate_subject_name",
        "certificate_issuer_name",
        "certificate_serial_number",
        "certificate_thumbprint",
        "certificate_key_usages",
        "key_usages_read",
        "certificate_extended_key_usages",
        "purposes_read",
    ),
    "Record": ("id", "sources", "recorded", "last_written", "etag"),
}


class EditAdmin(DetailAdmin):
    """How one record is shown and changed."""

    form = StateForm
    formfield_overrides = {models.CharField: {"form_class": StoredTextField}}

    def get_fieldsets(
        self, request: HttpRequest, obj: ManagedAllDeviceCertificateState | None = None
    ) -> Any:
        told = dict.fromkeys(self.silent(obj), "")
        if obj and not self.has_change_permission(request, obj):
            return fieldsets(told | TOLD)
        return [*fieldsets(told), REASON]

    def silent(self, record: ManagedAllDeviceCertificateState | None) -> Sequence[str]:
        """Return the readings that there is nothing for."""
        if record is None:
            return self.readings
        silent = [
            name
            for name, source in READ.items()
            if getattr(record, source) in (None, "")
        ]
        return silent if any(details.seen(record)) else [*silent, "sources"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: ManagedAllDeviceCertificateState | None = None
    ) -> tuple[str, ...]:
        """An id is given once; another id would make another record."""
        return ("id", *self.readings) if obj else self.readings

    def get_form(
        self,
        request: Any,
        obj: ManagedAllDeviceCertificateState | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Have what is told in words explained in the model's words."""
        explained = {told: FIELDS[name].help_text for name, told in TOLD.items()}
        return super().get_form(
            request, obj, change, **{"help_texts": explained, **kwargs}
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Let no address fill in a form: it could say what no field understands."""
        return {}

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Have the form say so where its id was taken while it was being saved."""
        try:
            return super().add_view(request, *args, **kwargs)
        except IntegrityError:
            return super().add_view(request, *args, **kwargs)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Refuse to make another record of this one; Django would, unasked."""
        if "_saveasnew" in request.POST:
            raise PermissionDenied
        return super().change_view(request, *args, **kwargs)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> ManagedAllDeviceCertificateState | None:
        """Return the record, locked where it is about to be changed.

        The lock makes "was it written meanwhile?" a question with one answer.
        """
        if "\0" in object_id:  # PostgreSQL cannot even compare it
            return None
        records = self.get_queryset(request)
        if request.method == "POST" and transaction.get_connection().in_atomic_block:
            records = records.select_for_update()
        return records.filter(pk=object_id).first()

    def save_model(
        self,
        request: HttpRequest,
        obj: ManagedAllDeviceCertificateState,
        form: Any,
        change: bool,
    ) -> None:
        because(form.cleaned_data["reason"])
        if not change:
            obj.save(force_insert=True)
            return
        obj.save_changes(form.changed_data, dated=LAST_CHANGE in form.changed_data)

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        if record := context["original"]:
            context = {
                **context,
                "related": [*details.related_to(record)],
                "copied": [*details.copied(record)],
                "in_api": details.in_api(request, record),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponseBase:
        """Keep what was entered where the record was deleted meanwhile."""
        if "seen" in request.POST and "\0" not in unquote(object_id):
            return self.deleted_meanwhile(request, unquote(object_id))
        parent: Any = super()
        return parent._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[no-any-return]

    def deleted_meanwhile(self, request: HttpRequest, id: str) -> HttpResponseBase:
        """Show what was entered for a record that is gone, and how to create it."""
        names = flatten_fieldsets(self.get_fieldsets(request))
        data = request.POST.copy()
        data["id"] = id
        form = self.get_form(request, fields=names)(data)
        before = read_seen(request.POST["seen"], id=id)
        context = {
            **self.admin_site.each_context(request),
            "title": "This record was deleted while you edited it",
            "opts": self.opts,
            "id": id,
            "form": form,
            "before": before,
            "entries": form.compared(before, None),
            "events": what_happened_since(id, before),
            "may_add": self.has_add_permission(request),
        }
        name = f"admin/{self.opts.app_label}/{self.opts.model_name}/gone.html"
        return TemplateResponse(request, name, context)


def fieldsets(told: dict[str, str]) -> list[Any]:
    """Return a life's fields, some of them told as another one or not at all."""
    return [
        (title, {"fields": [n for name in names if (n := told.get(name, name))]})
        for title, names in LIFE.items()
    ]


REASON = ("This change", {"fields": ["reason"]})
