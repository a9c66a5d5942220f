"""The form of one record, and what it knows of the record that it showed.

The form carries, signed, the record as it was when the page was made. When it comes
back and the record was written meanwhile, nothing is saved: the page returns with the
user's entries kept, and with the neighbour's values in the fields that the user left
alone.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core import signing
from django.utils.html import format_html
from django.utils.safestring import SafeString

from certstates.admin.base import StateModelForm
from certstates.admin.overtaken import FIELDS, Entry, Overtaken
from certstates.history import REASON_LENGTH
from certstates.models import ManagedAllDeviceCertificateState

SALT = "certstates.admin.seen"


class StoredTextField(forms.CharField):
    """A text as the source wrote it: its outer spaces stay.

    Browsers send every line end as CR LF, so another line end alone is no change.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "strip": False})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(same_line_ends(initial), same_line_ends(data))


def same_line_ends(text: str | None) -> str | None:
    return text and text.replace("\r\n", "\n").replace("\r", "\n")


class StateForm(StateModelForm):
    """One record's form; ``overtaken`` says what happened while it was open."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=REASON_LENGTH,
        widget=AdminTextInputWidget,
        help_text="Why this change is made. The history keeps it, not the record.",
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, instance: Any = None, **kw: Any
    ) -> None:
        # A copy: the page shows the record beside the form, and not what was entered.
        super().__init__(data, files, instance=copy.copy(instance), **kw)
        self.stored: ManagedAllDeviceCertificateState = instance
        self.overtaken: Overtaken | None = None
        if self.is_bound and instance is not None:
            self._notice_neighbours()
        self._give_lines_their_room()

    @cached_property
    def record_fields(self) -> list[str]:
        return [name for name in self.fields if name != "reason"]

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name in self.record_fields]

    def is_valid(self) -> bool:
        return super().is_valid() and self.overtaken is None

    @property
    def seen(self) -> str:
        """Return the record as it is now, signed, for the form to bring back."""
        return show(self.stored)

    def compared(
        self, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None
    ) -> list[Entry]:
        """Return each field as it was seen, as it is now, and as it came back."""
        return [
            self._entry(
                name, seen=(before or now or {}).get(name), now=(now or {}).get(name)
            )
            for name in self.record_fields
        ]

    def _notice_neighbours(self) -> None:
        before = read_seen(self.data.get("seen", ""), id=self.stored.pk)
        if before and before["version"] == self.stored.version:
            return
        entries = self.compared(before, self.initial)
        self.overtaken = Overtaken(self.stored, before, entries)
        self._take([entry.take for entry in entries if not entry.is_entered])
        for entry in self.overtaken.contested:
            self[entry.name].help_text = theirs(entry)

    def _take(self, inputs: list[dict[str, str]]) -> None:
        """Show these values, as if the user had sent them."""
        data = {name: self.data[name] for name in self.data}
        for values in inputs:
            data |= values
        self.data = data

    def _entry(self, name: str, *, seen: Any, now: Any) -> Entry:
        field = self.fields[name]
        raw = field.widget.value_from_datadict(self.data, self.files, name)
        return Entry(
            name=name,
            form_field=field,
            seen=seen,
            now=now,
            raw=raw,
            is_entered=field.has_changed(as_shown(field, seen), raw),
            differs_from_now=field.has_changed(as_shown(field, now), raw),
            by_others=seen != now,
            take=as_posted(field, name, now),
            anchor=self[name].id_for_label or f"{self[name].auto_id}_0",
        )

    def _give_lines_their_room(self) -> None:
        """Show a text of several lines as such: an input would join them."""
        for name in self.record_fields:
            texts = f"{self[name].value()}{self.initial.get(name)}"
            if {*"\r\n"} & {*texts}:
                self.fields[name].widget = AdminTextareaWidget()


def theirs(entry: Entry) -> SafeString:
    """Return a field's help with the neighbour's value, which a button can take."""
    return format_html(
        '{}<span class="theirs">It is now <span class="value">{}</span> '
        '<button type="button" class="take" data-take="{}" data-label="{}" hidden>'
        'Use this<span class="visually-hidden"> for {}</span></button></span>',
        entry.form_field.help_text,
        entry.now_words or "empty",
        json.dumps(entry.take),
        entry.label,
        entry.label,
    )


def show(record: ManagedAllDeviceCertificateState) -> str:
    """Return a record as a signed text, so that nobody can invent one."""
    values = {
        name: None if getattr(record, name) is None else field.value_to_string(record)
        for name, field in FIELDS.items()
    }
    return signing.dumps(values, salt=SALT, compress=True)


def read_seen(text: str, *, id: str) -> dict[str, Any] | None:
    """Return the values of the record that a form showed, or None for a forged one."""
    try:
        values = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    if values["id"] != id:
        return None
    return {name: field.to_python(values[name]) for name, field in FIELDS.items()}


def as_shown(field: forms.Field, value: Any) -> Any:
    """Return a value as the form can show it: its clock has whole seconds."""
    if isinstance(value, dt.datetime) and not field.widget.supports_microseconds:
        return value.replace(microsecond=0)
    return value


def as_posted(field: forms.Field, name: str, value: Any) -> dict[str, str]:
    """Return what a browser would send of a field that shows this value."""
    shown = field.prepare_value(as_shown(field, value))
    widget: Any = field.widget
    if not isinstance(field.widget, forms.MultiWidget):
        return {name: written(widget, shown)}
    return {
        f"{name}{suffix}": written(part, value)
        for suffix, part, value in zip(
            widget.widgets_names, widget.widgets, widget.decompress(shown), strict=True
        )
    }


def written(widget: forms.Widget, value: Any) -> str:
    text = widget.format_value(value)
    if isinstance(text, list):  # of a select
        [text] = text
    return "" if text is None else str(text)
