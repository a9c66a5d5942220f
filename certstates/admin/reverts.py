"""The page that asks before a change, or all of a request, is taken back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.text import get_text_list

from certstates.admin.entries import FieldLine
from certstates.admin.history import HistoryAdmin
from certstates.admin.routes import page_url, record_url, route
from certstates.admin.words import counted, was
from certstates.history import REASON_LENGTH, because, undoing
from certstates.models import FIELDS, StateEvent
from certstates.models.history import differences
from certstates.reverting import Line, NotAllowed, Obstacle, Plan, Refused, Reversal

SAMPLES = 10
# What a reversal does to records, and the permission that it takes.
PERMISSIONS = {"update": "change", "delete": "delete", "create": "add"}


class RevertForm(forms.Form):
    reason = forms.CharField(required=False, max_length=REASON_LENGTH)
    partly = forms.BooleanField(required=False)


@dataclass(frozen=True)
class Source:
    """What is to be taken back, in words, and where it is shown."""

    title: str
    reason: str
    url: str
    batch: uuid.UUID | None
    reversal: Reversal


@dataclass(frozen=True)
class Sample:
    """One record of a reversal: what becomes of it, or why not."""

    line: Line
    name: str
    fields: list[FieldLine]

    @property
    def url(self) -> str:
        return record_url("history", self.line.id)

    @property
    def obstacle(self) -> str:
        return Obstacle(self.line.obstacle).label

    @property
    def refused_fields(self) -> str:
        names = [str(FIELDS[name].verbose_name) for name in self.line.fields]
        return get_text_list(names, "and")


class RevertAdmin(HistoryAdmin):
    """Taking back. It takes the permissions for what it does to records."""

    def get_urls(self) -> list[URLPattern]:
        change = self.admin_site.admin_view(self.revert_change_view)
        batch = self.admin_site.admin_view(self.revert_batch_view)
        return [
            path(
                "history/change/<int:number>/revert/",
                change,
                name=route("revert_change"),
            ),
            path(
                "history/batch/<uuid:batch>/revert/",
                batch,
                name=route("revert_batch"),
            ),
            *super().get_urls(),
        ]

    def revert_change_view(self, request: HttpRequest, number: int) -> HttpResponse:
        self.check_may_write(request)
        event = get_object_or_404(StateEvent, pk=number)
        source = Source(
            title=f"Revert one change of {self.name_of(event)}",
            reason=f"Revert of change {number}",
            url=record_url("history", event.pgh_obj_id),
            batch=event.pgh_context_id,
            reversal=Reversal.of_change(number),
        )
        return self.revert(request, source)

    def revert_batch_view(self, request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
        self.check_may_write(request)
        if StateEvent.objects.of_batch(batch).first() is None:
            raise Http404(f"No change is known of the request {batch}.")
        source = Source(
            title="Revert all changes of one request",
            reason=f"Revert of request {batch}",
            url=page_url("batch", batch),
            batch=batch,
            reversal=Reversal.of_batch(batch),
        )
        return self.revert(request, source)

    def revert(self, request: HttpRequest, source: Source) -> HttpResponse:
        form = RevertForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self.confirm_revert(request, source, source.reversal.plan(), form)
        own = form.cleaned_data["reason"]
        because(f"{source.reason}: {own}" if own else source.reason)
        undoing(source.batch)
        try:
            plan = source.reversal.carry_out(
                partly=form.cleaned_data["partly"], allowed=self.allowed(request)
            )
        except NotAllowed:
            raise PermissionDenied from None
        except Refused as refused:
            sentence = "Nothing was taken back: some records have changed since."
            self.message_user(request, sentence, messages.WARNING)
            return self.confirm_revert(request, source, refused.plan, form)
        return self.done(request, source, plan)

    def done(self, request: HttpRequest, source: Source, plan: Plan) -> HttpResponse:
        """Say what was done, and show it: it can be taken back as well."""
        if not plan.writes:
            sentence = "There was nothing left to take back."
            self.message_user(request, sentence, messages.INFO)
            return HttpResponseRedirect(source.url)
        sentence = f"{counted(plan.writes)} {was(plan.writes)} taken back."
        if plan.obstacles:
            left = plan.obstacles
            sentence += f" {counted(left)} {was(left)} not taken back as a whole."
        self.message_user(request, sentence, messages.SUCCESS)
        batch = request.graph_request_id  # type: ignore[attr-defined]
        return HttpResponseRedirect(page_url("batch", batch))

    def confirm_revert(
        self, request: HttpRequest, source: Source, plan: Plan, form: RevertForm
    ) -> HttpResponse:
        lacking = plan.verbs - self.allowed(request)
        context = {
            "title": source.title,
            "source": source,
            "plan": plan,
            "steps": steps(plan),
            "obstacles": f"{plan.obstacles:,}",
            "form": form,
            "reason_length": REASON_LENGTH,
            "lacking": get_text_list(sorted(PERMISSIONS[v] for v in lacking), "and"),
            "samples": samples(plan.writable[:SAMPLES]),
            "refused": samples(plan.refused),
        }
        return self.history_page(request, "revert", context)

    def allowed(self, request: HttpRequest) -> frozenset[str]:
        """Return what this user may do to records."""
        return frozenset(
            verb
            for verb, permission in PERMISSIONS.items()
            if getattr(self, f"has_{permission}_permission")(request)
        )

    def check_may_write(self, request: HttpRequest) -> None:
        self.check_may_see(request)
        if not self.allowed(request):
            raise PermissionDenied


def steps(plan: Plan) -> list[tuple[str, str]]:
    """Return how many records meet what."""
    found = [
        (plan.updates, "changed then; the values from before are written again"),
        (plan.deletions, "created then; deleted now"),
        (plan.creations, "deleted then; created again now, with id and all values"),
        (plan.done, "as before already; nothing happens"),
    ]
    return [
        (f"{number:,} record{'' if number == 1 else 's'}", sentence)
        for number, sentence in found
        if number
    ]


def samples(lines: list[Line]) -> list[Sample]:
    """Return lines with what their records would become."""
    numbers = {number for line in lines for number in (line.before, line.last)}
    events = StateEvent.objects.in_bulk([number for number in numbers if number])
    return [sample(line, events) for line in lines]


def sample(line: Line, events: dict[Any, StateEvent]) -> Sample:
    last, before = events[line.last], events.get(line.before)
    changed = differences(last, before) if line.verb == "update" and before else []
    name = last.managed_device_display_name or line.id
    kept = {*line.fields}
    fields = [FieldLine(each) for each in changed if each.field.name not in kept]
    return Sample(line, name, fields)
