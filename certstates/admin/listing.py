"""The list: which device, which state, until when."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from certstates.admin.base import StateAdmin, WrongParameter
from certstates.admin.changelist import Records
from certstates.admin.columns import COLUMNS
from certstates.admin.filters import FILTERS
from certstates.admin.search import searched
from certstates.models import CertificateStateQuerySet, issuers
from certstates.models import ManagedAllDeviceCertificateState as State


class ListAdmin(StateAdmin):
    """How records are listed, searched and narrowed."""

    list_display = COLUMNS
    list_filter = FILTERS
    list_per_page = 50
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    search_help_text = (
        "A device, user or subject; a serial number or thumbprint, however it is "
        "separated; or an id."
    )

    @admin.display(description="select")
    def action_checkbox(self, obj: State) -> SafeString:
        """Return what Django would, but without a template for each row."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" '
            'aria-label="Select {}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            obj,
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Records]:
        return Records

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Allow the filters that the list shows, and no others by the address bar."""
        return lookup in {shown.parameter_name for shown in FILTERS}

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        return searched(queryset, search_term), False

    def matching(self, request: HttpRequest) -> CertificateStateQuerySet:
        """Return the records that the list's address means, on all of its pages.

        Raises WrongParameter for an address that means nothing.
        """
        found: CertificateStateQuerySet = self.get_changelist_instance(request).queryset
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().changelist_view(request, extra_context)
        except WrongParameter as wrong:
            self.message_user(request, str(wrong), messages.WARNING)
            kept = request.GET.copy()
            kept.pop(wrong.name, None)
            return HttpResponseRedirect(f"{request.path}?{kept.urlencode()}")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.issuers_view)
        return [
            path("issuers/", view, name="certstates_issuers"),
            *super().get_urls(),
        ]

    def issuers_view(self, request: HttpRequest) -> JsonResponse:
        """Return the first issuers that begin with ``q``, for the filter's field."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        beginning = request.GET.get("q", "").replace("\0", "")
        return JsonResponse({"issuers": issuers(beginning)})
