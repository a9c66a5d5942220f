"""What became of a record, of all records, and what one request did."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from certstates.admin.base import StateAdmin
from certstates.admin.entries import Entry, entries
from certstates.admin.routes import page_url, route
from certstates.models import (
    Door,
    Kind,
    ManagedAllDeviceCertificateState,
    StateEvent,
    StateEventQuerySet,
)
from certstates.models.events import LARGEST_NUMBER
from certstates.models.log import Log, Place
from certstates.statistics import count_or_estimate

PAGE_SIZE = 50
MOST_RECORDS = 200


class PlaceForm(forms.Form):
    """Where a page begins: after this moment and number, downwards."""

    before = forms.IntegerField(min_value=0, max_value=LARGEST_NUMBER, required=False)
    moment = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%S.%f"])

    @classmethod
    def number(cls, request: HttpRequest) -> int | None:
        """Return the number of the address; what makes no sense is the beginning."""
        form = cls(request.GET)
        form.is_valid()
        number: int | None = form.cleaned_data.get("before")
        return number

    @classmethod
    def place(cls, request: HttpRequest) -> Place | None:
        form = cls(request.GET)
        form.is_valid()
        moment, number = (form.cleaned_data.get(name) for name in ("moment", "before"))
        return Place(moment, number) if moment and number is not None else None


class LogForm(forms.Form):
    """What the log can be narrowed to."""

    record = forms.CharField(
        required=False,
        max_length=255,
        strip=False,
        label="Record",
        help_text="An id, also of a deleted record; or a device or user.",
    )
    who = forms.CharField(
        required=False,
        max_length=255,
        help_text="A staff user, an API client or a command, exactly.",
    )
    door = forms.ChoiceField(
        required=False, label="Came in by", choices=[("", "any door"), *Door.choices]
    )
    kind = forms.ChoiceField(
        required=False, label="What", choices=[("", "any change"), *Kind.choices]
    )
    start = forms.DateField(
        required=False, label="From", widget=forms.DateInput({"type": "date"})
    )
    end = forms.DateField(
        required=False, label="Until", widget=forms.DateInput({"type": "date"})
    )
    request_id = forms.UUIDField(
        required=False,
        label="Request",
        help_text="The request-id of an answer of the API.",
    )

    def moment(self, name: str, *, days: int = 0) -> dt.datetime | None:
        """Return the midnight at which a day begins, or so many days later."""
        day: dt.date | None = self.cleaned_data[name]
        if day is None or dt.date.max - day < dt.timedelta(days=days):
            return None
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
        return midnight + dt.timedelta(days=days)


class HistoryAdmin(StateAdmin):
    """The pages of the history. Who may see records may see what became of them."""

    def get_urls(self) -> list[URLPattern]:
        log = self.admin_site.admin_view(self.log_view)
        batch = self.admin_site.admin_view(self.batch_view)
        return [
            path("history/", log, name=route("log")),
            path("history/batch/<uuid:batch>/", batch, name=route("batch")),
            *super().get_urls(),
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show what became of one record, even if it is no more."""
        self.check_may_see(request)
        id = unquote(object_id).replace("\0", "")
        record = self.get_object(request, id)
        events = StateEvent.objects.of_record(id)
        place = PlaceForm.number(request)
        onwards = events if place is None else events.filter(pgh_id__lt=place)
        page, older = self.page_of(request, onwards)
        if record is None and not events.exists():
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined,no-any-return]
                request, self.opts, id
            )
        newest = page[0].event if page else None
        context = {
            "title": f"History of {self.name_of(record or newest)}",
            "record": record,
            "record_id": id,
            "entries": page,
            "older": older,
            "is_first_page": "before" not in request.GET,
            **(extra_context or {}),
        }
        return self.history_page(request, "record", context)

    def log_view(self, request: HttpRequest) -> HttpResponse:
        """Show the changes of all records, as narrow as asked for."""
        self.check_may_see(request)
        form = LogForm(request.GET)
        if not form.is_valid():
            return self.history_page(request, "log", {"form": form, "title": "History"})
        if batch := form.cleaned_data["request_id"]:
            return HttpResponseRedirect(page_url("batch", batch))
        place = PlaceForm.place(request)
        events = self.log(request, form).page(PAGE_SIZE + 1, after=place)
        page = entries(events[:PAGE_SIZE])
        context = {
            "title": "History",
            "subtitle": "All changes of all records, the newest first",
            "form": form,
            "is_narrowed": any(form.cleaned_data.values()),
            "is_first_page": place is None,
            "newest": self.here(request, before=None, moment=None),
            "entries": page,
        }
        if len(events) > PAGE_SIZE:
            last = events[PAGE_SIZE - 1]
            moment = last.pgh_created_at.astimezone(dt.UTC)
            context["older"] = self.here(
                request, before=last.pk, moment=f"{moment:%Y-%m-%dT%H:%M:%S.%f}"
            )
        return self.history_page(request, "log", context)

    def batch_view(self, request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
        """Show what one request or command did."""
        self.check_may_see(request)
        place = PlaceForm.number(request) or 0
        events = StateEvent.objects.of_batch(batch, after=place)
        page, older = self.page_of(request, events)
        first = StateEvent.objects.of_batch(batch).first()
        if first is None:
            raise Http404(f"No change is known of the request {batch}.")
        context = {
            "title": "Changes of one request",
            "batch": batch,
            "head": Entry(first, is_shared=True),
            "counts": counts(batch),
            "entries": page,
            "older": older,
            "is_first_page": "before" not in request.GET,
            "revert_url": page_url("revert_batch", batch),
        }
        return self.history_page(request, "batch", context)

    def log(self, request: HttpRequest, form: LogForm) -> Log:
        told = form.cleaned_data
        return Log(
            who=told["who"],
            door=told["door"],
            kind=told["kind"],
            start=form.moment("start"),
            end=form.moment("end", days=1),
            ids=self.ids_of(request, told["record"]) if told["record"] else None,
        )

    def ids_of(self, request: HttpRequest, text: str) -> tuple[str, ...]:
        """Return the ids that a text may mean, by the list's own search.

        A deleted record is found by its id only.
        """
        records = ManagedAllDeviceCertificateState.objects.order_by()
        found, _ = self.get_search_results(request, records, text)
        ids = found.values_list("pk", flat=True)[:MOST_RECORDS]
        return tuple({text, text.strip(), *ids})

    def page_of(
        self, request: HttpRequest, events: StateEventQuerySet
    ) -> tuple[list[Entry], str]:
        """Return the first of these events as a page, and the next one's address."""
        found = events[: PAGE_SIZE + 1].compared()
        page = found[:PAGE_SIZE]
        more = len(found) > PAGE_SIZE
        return entries(page), self.here(request, before=page[-1].pk) if more else ""

    def here(self, request: HttpRequest, **changes: Any) -> str:
        """Return this page's address with other parameters."""
        query = request.GET.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value is not None:
                query[name] = str(value)
        return f"?{query.urlencode()}"

    def history_page(
        self, request: HttpRequest, name: str, context: dict[str, Any]
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        common = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "may_write": self.may_write(request),
            "log_url": page_url("log"),
            "now": timezone.now(),
        }
        template = f"admin/certstates/history/{name}.html"
        return TemplateResponse(request, template, {**common, **context})

    def check_may_see(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def may_write(self, request: HttpRequest) -> bool:
        return (
            self.has_change_permission(request)
            or self.has_add_permission(request)
            or self.has_delete_permission(request)
        )

    def name_of(
        self, state: ManagedAllDeviceCertificateState | StateEvent | None
    ) -> str:
        device = state.managed_device_display_name if state else None
        return device or "a record without a device name"


def counts(batch: uuid.UUID) -> list[tuple[str, str]]:
    """Return how many changes there are of each kind, or about how many in all."""
    events = StateEvent.objects.filter(pgh_context_id=batch)
    total = count_or_estimate(events)
    if not total.is_exact:
        return [(str(total), "changes")]
    labels = events.order_by("pgh_label").values_list("pgh_label")
    numbers = dict(labels.annotate(number=models.Count("pk")))
    return [(f"{numbers[kind]:,}", kind.label) for kind in Kind if kind in numbers]
