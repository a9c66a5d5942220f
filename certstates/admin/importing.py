"""Records from a file: choose it, see what would happen, confirm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from certstates.admin.base import StateAdmin
from certstates.admin.routes import page_url, route
from certstates.admin.words import counted
from certstates.cells import written
from certstates.history import REASON_LENGTH, because, through
from certstates.importer import Kind, NotSaved, Outcome, Verdict, apply, preview
from certstates.models import Door
from certstates.sources import (
    ENDINGS,
    FileRefused,
    Row,
    open_source,
    refuse_other_name,
)
from certstates.sources.names import FIELDS, required
from certstates.uploads import Gone, Waiting

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
ENVELOPE = 16 * 1024  # what a form adds to its file
SHOWN = 100  # rows of each kind that a preview lists
BY_COMMAND = "python3 manage.py import_states FILE"
FOR_MORE = f"For more there is a command, to be run on the server: {BY_COMMAND}"
ACCEPTED = ",".join(sorted({end for ends in ENDINGS.values() for end in ends}))
COLUMNS = [(name, name in required()) for name in FIELDS]
PERMISSION = "certstates.import_managedalldevicecertificatestate"
LABELS = {
    Kind.REFUSED: "refused",
    Kind.NEW: "new",
    Kind.CHANGED: "changed",
    Kind.UNCHANGED: "unchanged",
}
TEMPLATES = "admin/certstates"


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text=f"CSV, XLSX, JSON or certificates, also in a ZIP or gzip, at most "
        f"{MOST_ROWS:,} records and {MOST_BYTES // 1024 // 1024} MB.",
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "data-most": MOST_BYTES}),
        error_messages={"empty": "The file is empty."},
    )

    def clean_file(self) -> Any:
        """Refuse what cannot be read at all, before anything is kept."""
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(too_large(upload.size))
        content = io.BytesIO(upload.read())
        try:
            refuse_other_name(content, upload.name)
            open_source(content)
        except FileRefused as refused:
            raise forms.ValidationError(str(refused)) from None
        return upload


class ConfirmForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="Why, for the history of the records. May be left out.",
    )
    digest = forms.CharField(widget=forms.HiddenInput)


def asking(digest: str, sent: ConfirmForm | None) -> ConfirmForm:
    """Return the form of a preview; what was sent may be that of another one."""
    reason = sent.data.get("reason", "") if sent else ""
    form = ConfirmForm(initial={"digest": digest, "reason": reason})
    if sent and sent.errors.get("reason"):
        form.fields["reason"].help_text = sent.errors["reason"].as_text()
    return form


def too_large(size: int) -> str:
    return (
        f"The file has about {size / 1024 / 1024:,.0f} MB; "
        f"{MOST_BYTES // 1024 // 1024} MB can be imported here. {FOR_MORE}"
    )


class ImportAdmin(StateAdmin):
    """Two pages: the choice of a file, and the preview that is confirmed."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            # Exempt so that an overlong body is refused before it is read for a token;
            # the others are then checked as everywhere.
            path("import/", wrap(csrf_exempt(self.import_view)), name=route("import")),
            path(
                "import/<str:ticket>/preview/",
                wrap(self.preview_view),
                name=route("import_preview"),
            ),
            path(
                "import/<str:ticket>/refused.csv",
                wrap(self.refused_view),
                name=route("import_refused"),
            ),
            *super().get_urls(),
        ]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return (
            self.has_add_permission(request)
            and self.has_change_permission(request)
            and request.user.has_perm(PERMISSION)
        )

    def import_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_import_permission(request):
            raise PermissionDenied
        if "Transfer-Encoding" in request.headers:
            return self.upload_page(
                request, refused="The upload does not say how long it is.", status=411
            )
        length = stated_length(request)
        if length > MOST_BYTES + ENVELOPE:
            return self.upload_page(request, refused=too_large(length), status=413)
        return csrf_protect(self.upload_view)(request)

    def upload_view(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return self.upload_page(request)
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.upload_page(request, form=form)
        upload: UploadedFile[bytes] = form.cleaned_data["file"]
        kept = Waiting.keep(upload, user=request.user)
        return redirect(page_url("import_preview", kept.ticket))

    def preview_view(self, request: HttpRequest, ticket: str) -> HttpResponseBase:
        if not self.has_import_permission(request):
            raise PermissionDenied
        try:
            kept = Waiting.of(ticket, user=request.user)
            if request.method == "POST":
                return self.confirm(request, kept)
            return self.preview_page(request, kept)
        except Gone:
            return self.gone(request)

    def confirm(self, request: HttpRequest, kept: Waiting) -> HttpResponseBase:
        """Save what the preview showed, or show what would happen now."""
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return self.preview_page(request, kept, form=form)
        because(form.cleaned_data["reason"])
        through(Door.IMPORT)
        try:
            with kept.taken() as file:
                rows = practical(open_source(file))
                outcome = apply(rows, expected=form.cleaned_data["digest"])
        except (NotSaved, FileRefused, IntegrityError, OperationalError):
            return self.preview_page(request, kept, form=form, overtaken=True)
        messages.success(request, said(outcome.counts))
        return redirect(page_url("changelist"))

    def preview_page(
        self,
        request: HttpRequest,
        kept: Waiting,
        *,
        form: ConfirmForm | None = None,
        overtaken: bool = False,
    ) -> HttpResponseBase:
        try:
            with kept.open() as file:
                source = open_source(file)
                outcome = preview(practical(source), most=SHOWN)
        except FileRefused as refused:
            kept.forget()
            return self.upload_page(request, refused=str(refused))
        context = {
            "title": "Import: preview",
            "name": kept.name,
            "kind": source.kind,
            "place": source.place,
            "warnings": source.warnings,
            "outcome": outcome,
            "sections": [*sections(outcome)],
            "headline": headline(outcome),
            "confirm": f"Import {counted(to_write(outcome.counts))}",
            "form": asking(outcome.digest, form),
            "overtaken": overtaken,
            "refused_url": page_url("import_refused", kept.ticket),
        }
        return self.page(request, "import_preview.html", context)

    def refused_view(self, request: HttpRequest, ticket: str) -> HttpResponseBase:
        """Return all refused rows as a table."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        try:
            with Waiting.of(ticket, user=request.user).open() as file:
                outcome = preview(practical(open_source(file)), most=MOST_ROWS)
        except (Gone, FileRefused):
            return self.gone(request)
        return refused_rows(outcome.shown[Kind.REFUSED])

    def upload_page(
        self,
        request: HttpRequest,
        *,
        form: UploadForm | None = None,
        refused: str = "",
        status: int = 200,
    ) -> HttpResponseBase:
        context = {
            "title": "Import certificate states",
            "form": form or UploadForm(),
            "refused": refused,
            "columns": COLUMNS,
            "command": BY_COMMAND,
        }
        return self.page(request, "import_upload.html", context, status=status)

    def page(
        self,
        request: HttpRequest,
        template: str,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> HttpResponseBase:
        common = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(
            request, f"{TEMPLATES}/{template}", {**common, **context}, status=status
        )

    def gone(self, request: HttpRequest) -> HttpResponseBase:
        messages.error(
            request,
            "This upload is not here any more: it was imported (the list shows it), is "
            "being imported, or is older than an hour. Else choose the file again.",
        )
        return redirect(page_url("import"))


def stated_length(request: HttpRequest) -> int:
    """Return how long the body is, as Django reads it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def practical(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows, as long as a page can wait for them."""
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise FileRefused(
                f"The file has more than {MOST_ROWS:,} records, the most that can be "
                f"imported here. {FOR_MORE}"
            )
        yield row


def to_write(counts: Mapping[Kind, int]) -> int:
    return counts[Kind.NEW] + counts[Kind.CHANGED]


def headline(outcome: Outcome) -> str:
    """Return what would happen, in a sentence or two."""
    counts = outcome.counts
    if outcome.is_refused:
        return (
            f"Nothing can be imported: {counts[Kind.REFUSED]:,} of {counts.total():,} "
            "rows are refused. Correct them in the file, and choose it again."
        )
    if not outcome.changes_something:
        return "Nothing would change: every record is as the file has it."
    return (
        f"Nothing is saved yet. If you confirm, {counted(counts[Kind.NEW])} will be "
        f"added and {counted(counts[Kind.CHANGED])} changed."
    )


def sections(outcome: Outcome) -> Iterator[tuple[str, str, str, list[Verdict], str]]:
    """Yield each kind's name, label and number, its first rows, and what follows."""
    for kind, label in LABELS.items():
        number, shown = outcome.counts[kind], outcome.shown[kind]
        rest = f"… and {number - len(shown):,} more." if number > len(shown) else ""
        yield label, label, f"{number:,}", shown, rest


def said(counts: Mapping[Kind, int]) -> str:
    """Return what an import did, as a sentence."""
    return (
        f"Imported: {counted(counts[Kind.NEW])} added, {counts[Kind.CHANGED]:,} "
        f"changed, {counts[Kind.UNCHANGED]:,} left as they were."
    )


def refused_rows(verdicts: Iterable[Verdict]) -> HttpResponse:
    """Return a table of what was refused, with a line for each fault."""
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    write(["row", "id", "device", "reason"])
    for verdict in verdicts:
        for fault in verdict.faults:
            texts = (verdict.id, verdict.device or "", fault)
            write([verdict.line, *(text and written(text) for text in texts)])
    response = HttpResponse(
        buffer.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="refused-rows.csv"'
    return response
