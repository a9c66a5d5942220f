"""The records of the list as a file: CSV, XLSX or Graph's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from certstates import exporter
from certstates.addresses import ROOTS, ServiceRoot
from certstates.admin.base import StateAdmin, WrongParameter
from certstates.admin.routes import page_url, route, with_query
from certstates.admin.turns import Occupied, Turn
from certstates.exporter import DoesNotFit
from certstates.models import CertificateStateQuerySet
from certstates.odata.formats import Format
from certstates.odata.representation import Representation

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Records = CertificateStateQuerySet


def as_csv(request: HttpRequest, records: Records) -> HttpResponseBase:
    chunks = exporter.csv_file(exporter.lines(records))
    return StreamingHttpResponse(
        chunks, content_type="text/csv; charset=utf-8; header=present"
    )


def as_json(request: HttpRequest, records: Records) -> HttpResponseBase:
    """Return what the API would list below Graph's own root, on one page."""
    shape = Representation(ServiceRoot.of(request, ROOTS[0]), Format())
    chunks = exporter.json_file(exporter.rows(records), shape)
    return StreamingHttpResponse(chunks, content_type=shape.format.content_type)


def as_xlsx(request: HttpRequest, records: Records) -> HttpResponseBase:
    """Return a workbook; raise DoesNotFit, if possible before it is made."""
    exporter.refuse_too_many(records)
    return FileResponse(exporter.xlsx_file(exporter.rows(records)), content_type=XLSX)


FORMATS = {"csv": as_csv, "xlsx": as_xlsx, "json": as_json}


def download(kind: str, request: HttpRequest, records: Any) -> HttpResponseBase:
    """Return the records as a file.

    Raises DoesNotFit where that cannot be whole, and Occupied.
    """
    if kind not in FORMATS:
        raise DoesNotFit(f"The formats are {', '.join(FORMATS)}.")
    turn = Turn.take()
    try:
        response = FORMATS[kind](request, records)
    except BaseException:
        turn.end()
        raise
    turn.lasts_until_sent(response)
    name = f"certificate-states-{timezone.now():%Y-%m-%dT%H%MZ}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class ExportAdmin(StateAdmin):
    """The address behind the list's export links."""

    matching: Callable[[HttpRequest], CertificateStateQuerySet]  # the list's own

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=route("export")), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Export what the list shows under the same parameters, in its order."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = request.GET.copy()
        kind = str(query.pop("format", ["csv"])[-1])
        request.GET = query  # type: ignore[assignment]
        try:
            return download(kind, request, self.matching(request))
        except (DoesNotFit, Occupied) as refused:
            messages.error(request, str(refused))
        except WrongParameter as wrong:
            messages.error(request, f"Nothing was exported. {wrong}")
            query.pop(wrong.name, None)
        return redirect(with_query(page_url("changelist"), query.urlencode()))


def export_action(kind: str, label: str) -> Any:
    """Return the action that exports what is selected in the list."""

    @admin.action(description=f"Export selected as {label}", permissions=["view"])
    def export(
        modeladmin: Any, request: HttpRequest, queryset: Any
    ) -> HttpResponseBase | None:
        try:
            return download(kind, request, queryset)
        except (DoesNotFit, Occupied) as refused:
            messages.error(request, str(refused))
            return None

    export.__name__ = f"export_{kind}"
    return export


LABELS = {"csv": "CSV", "xlsx": "XLSX", "json": "Graph JSON"}
ACTIONS = [export_action(kind, label) for kind, label in LABELS.items()]
