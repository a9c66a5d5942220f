"""The admin as a whole: its names, and its first page.

It stands outside the package ``admin``, which registers itself with it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from certstates.models import ManagedAllDeviceCertificateState
from certstates.staff.site import StaffSite


class CertstatesAdminSite(StaffSite):
    site_header = "certstates"
    site_title = "certstates"
    index_title = "Device certificates"
    index_template = "admin/dashboard/index.html"
    enable_nav_sidebar = False  # the width is for the list

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Answer the morning's questions, to those who may see records."""
        # Not earlier: the package admin registers itself with this site.
        from certstates.admin.overview import overview

        records: Any = self.get_model_admin(ManagedAllDeviceCertificateState)
        context: dict[str, Any] = {"may_view": records.has_view_permission(request)}
        if context["may_view"]:
            context |= overview()
            context["may_add"] = records.has_add_permission(request)
            context["may_import"] = records.has_import_permission(request)
        return super().index(request, {**context, **(extra_context or {})})
