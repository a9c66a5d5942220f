"""What can be done to many records at once: asked first, done at once, undoable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from certstates.admin.base import WrongParameter
from certstates.admin.columns import badge
from certstates.admin.listing import ListAdmin
from certstates.admin.reverts import RevertAdmin
from certstates.admin.routes import page_url, route, with_query
from certstates.admin.words import counted, was
from certstates.history import REASON_LENGTH, because
from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
    RevocationStatus,
)
from certstates.odata.snapshot import Snapshot
from certstates.transactions import patient

SAMPLES = 10
SIGNER = signing.Signer(salt="certstates.admin.actions")
MOMENT = "SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned()::text"


def what_is_written() -> Snapshot:
    """Return what this moment sees, and what its own transaction has written."""
    with connection.cursor() as cursor:
        cursor.execute(MOMENT)
        text, own = cursor.fetchone() or ("0:0:", None)
    seen = Snapshot.parse(text)
    if own is None:
        return seen
    end = max(seen.xmax, int(own) + 1)
    return Snapshot(seen.xmin, end, seen.running - {int(own)})


@dataclass(frozen=True)
class Verb:
    """Something that is done to records: a new status, or (without one) deletion."""

    name: str
    label: str
    done: str
    status: RevocationStatus | None = None

    @property
    def permission(self) -> str:
        return "delete" if self.status is None else "change"


MARKS = [
    Verb(
        name=f"mark_{status.wire_name}",
        label=f"Mark as “{status.label}”",
        done=f"marked as “{status.label}”",
        status=status,
    )
    for status in (
        RevocationStatus.PENDING,
        RevocationStatus.ISSUED,
        RevocationStatus.FAILED,
        RevocationStatus.REVOKED,
        RevocationStatus.NONE,
    )
]
# Django's action of this name would collect each record and what belongs to it.
DELETE = Verb("delete_selected", "Delete", "deleted")
VERBS = {verb.name: verb for verb in (*MARKS, DELETE)}


class BulkForm(forms.Form):
    """What the confirm page sends: how many were shown, when, and why it is done."""

    expected = forms.IntegerField(min_value=0)
    moment = forms.CharField(required=False)
    reason = forms.CharField(required=False, max_length=REASON_LENGTH)

    def clean_moment(self) -> Snapshot | None:
        """Return what all that matched was taken from; selected records need none."""
        if self.data.get("select_across") != "1":
            return None
        try:
            return Snapshot.parse(SIGNER.unsign(self.cleaned_data["moment"]))
        except signing.BadSignature:
            raise forms.ValidationError("No page showed this.") from None


@dataclass(frozen=True)
class Choice:
    """The records that were chosen: some by their ids, or all that the list matches."""

    records: CertificateStateQuerySet
    ids: list[str] | None

    @property
    def is_all(self) -> bool:
        return self.ids is None

    def as_shown(self, moment: Snapshot | None) -> Choice:
        """Leave out what was written since; who selected an id meant that record.

        Else a record that came meanwhile would take the place of one that went.
        """
        if not self.is_all or moment is None:
            return self
        return Choice(self.records.filter(moment.seen()), self.ids)


@dataclass(frozen=True)
class Outcome:
    """What became of the records that were shown when it was asked."""

    changed: int
    already: int
    gone: int

    def words(self, verb: Verb) -> str:
        parts = [f"{counted(self.changed)} {verb.done}"]
        if self.already:
            parts.append(f"{self.already:,} already {was(self.already)} so")
        if self.gone:
            parts.append(f"{self.gone:,} had disappeared or changed meanwhile")
        return ", ".join(parts) + "."


class Grown(Exception):
    """More records fit now than were shown when it was asked; nothing was done."""


def apply(verb: Verb, choice: Choice, *, expected: int) -> Outcome:
    """Do it to all that was chosen, but never to more records than were shown.

    A record that fits only since the records were locked counts as one more.
    """
    records = choice.records
    with patient():
        found = records.lock()
        if found > expected:
            raise Grown
        if verb.status is None:
            changed, already = records.order_by().delete()[0], 0
        else:
            same = records.filter(certificate_revoke_status=verb.status)
            already = same.order_by().count()
            changed = records.mark(verb.status)
        if changed + already > expected:
            raise Grown
    return Outcome(changed, already, gone=expected - changed - already)


def action_of(verb: Verb) -> Any:
    """Return the action as Django's list offers it: it asks, and does nothing."""

    @admin.action(permissions=[verb.permission], description=verb.label)
    def ask(self: ActionsAdmin, request: HttpRequest, queryset: Any) -> HttpResponse:
        return self.ask(request, verb)

    ask.__name__ = verb.name
    return ask


class ActionsAdmin(ListAdmin, RevertAdmin):
    """Actions on selected records, or on all that match."""

    actions = [action_of(verb) for verb in VERBS.values()]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.bulk_view)
        return [
            path("bulk/<slug:action>/", view, name=route("bulk")),
            *super().get_urls(),
        ]

    def bulk_view(self, request: HttpRequest, action: str) -> HttpResponse:
        """Do what was asked and confirmed; the address has the list's filters."""
        if action not in VERBS:
            raise Http404(f"There is no action {action}.")
        verb = VERBS[action]
        if not getattr(self, f"has_{verb.permission}_permission")(request):
            raise PermissionDenied
        if request.method == "POST":
            try:
                return self.confirmed(request, verb)
            except WrongParameter as wrong:
                self.message_user(request, str(wrong), messages.WARNING)
        return HttpResponseRedirect(self.list_url(request))

    def confirmed(self, request: HttpRequest, verb: Verb) -> HttpResponse:
        form = BulkForm(request.POST)
        if not form.is_valid():
            return self.ask(request, verb, form)
        because(form.cleaned_data["reason"])
        expected = form.cleaned_data["expected"]
        try:
            choice = self.chosen(request).as_shown(form.cleaned_data["moment"])
            outcome = apply(verb, choice, expected=expected)
        except Grown:
            sentence = (
                f"More records fit now than the {expected:,} that were shown. Nothing "
                "was done yet; look again."
            )
            self.message_user(request, sentence, messages.WARNING)
            return self.ask(request, verb, form)
        self.tell(request, verb, outcome)
        return HttpResponseRedirect(self.list_url(request))

    def ask(
        self, request: HttpRequest, verb: Verb, form: BulkForm | None = None
    ) -> HttpResponse:
        """Show how many and which records are meant, and ask for a reason."""
        moment = what_is_written()
        choice = self.chosen(request).as_shown(moment)
        count = choice.records.order_by().count()
        already = 0
        if verb.status is not None:
            same = choice.records.filter(certificate_revoke_status=verb.status)
            already = same.order_by().count()
        context = {
            "title": f"{verb.label}: {counted(count)}",
            "verb": verb,
            "ids": choice.ids,
            "is_all": choice.is_all,
            "count": count,
            "moment": SIGNER.sign(str(moment)),
            "counted": f"{count:,}",
            "already": already and f"{already:,}",
            "samples": [
                (record, badge(record.certificate_revoke_status))
                for record in choice.records[:SAMPLES]
            ],
            "narrowing": self.narrowing(request),
            "form": form,
            "reason_length": REASON_LENGTH,
            "bulk_url": with_query(
                page_url("bulk", verb.name), request.GET.urlencode()
            ),
            "list_url": self.list_url(request),
        }
        return self.history_page(request, "bulk", context)

    def narrowing(self, request: HttpRequest) -> list[dict[str, str]]:
        """Return what the list is narrowed to, in words."""
        records: Any = self.get_changelist_instance(request)
        words: list[dict[str, str]] = records.narrowing
        return words

    def chosen(self, request: HttpRequest) -> Choice:
        if request.POST.get("select_across") == "1":
            return Choice(self.matching(request), None)
        sent = request.POST.getlist(ACTION_CHECKBOX_NAME)
        ids = [id for id in dict.fromkeys(sent) if "\0" not in id]
        records = ManagedAllDeviceCertificateState.objects.filter(pk__in=ids)
        return Choice(records.order_by("pk"), ids)

    def tell(self, request: HttpRequest, verb: Verb, outcome: Outcome) -> None:
        """Say what was done, and how to undo it."""
        words = outcome.words(verb)
        level = messages.SUCCESS if outcome.changed else messages.WARNING
        if outcome.changed:
            words = format_html("{} {}", words, self.undo_link(request))
        self.message_user(request, words, level)

    def undo_link(self, request: HttpRequest) -> SafeString:
        batch = request.graph_request_id  # type: ignore[attr-defined]
        url = page_url("revert_batch", batch)
        return format_html('<a href="{}">Undo…</a>', url)

    def list_url(self, request: HttpRequest) -> str:
        return with_query(page_url("changelist"), request.GET.urlencode())

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        request.is_undoable = bool(form.changed_data)  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        request.is_undoable = True  # type: ignore[attr-defined]

    def message_user(
        self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Say with what became of one record how to undo it, as after many."""
        if getattr(request, "is_undoable", False):
            message = format_html("{} {}", message, self.undo_link(request))
        super().message_user(request, message, *args, **kwargs)
