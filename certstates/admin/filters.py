"""What the list of records can be narrowed to.

The address says it: ``expiry``, ``status``, ``open``, ``issuer`` and ``vanished``.
Anything else is refused by name, and the list shown without it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from certstates.admin.base import WrongParameter
from certstates.models import TEXT_LENGTH, RevocationStatus, SyncedState, issuers


class Filter(admin.SimpleListFilter):
    """A filter of a few choices, whose value is one of them or empty."""

    template = "admin/certstates/filter.html"
    options: ClassVar[dict[str, str]]
    expected: ClassVar[str]

    def __init__(self, request: HttpRequest, params: Any, *rest: Any) -> None:
        super().__init__(request, params, *rest)
        value = self.value()
        if value is not None and not self.knows(value):
            raise WrongParameter(
                self.parameter_name or "",
                f"The filter by {self.title} does not know “{value[:40]}”. It takes "
                f"{self.expected}.",
            )

    kept: list[tuple[str, str]]  # of the address, where a form changes this filter

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*self.options.items()]

    def has_output(self) -> bool:
        return True

    def value(self) -> str | None:
        """Return what was asked for; a form sends an empty text for nothing."""
        return super().value() or None

    def knows(self, value: str) -> bool:
        return value in self.options

    @property
    def words(self) -> str:
        """Return the value in force as a person would say it."""
        value = self.value() or ""
        return self.options.get(value, value)

    def choices(self, changelist: Any) -> Iterator[Any]:
        self.kept = [p for p in changelist.kept if p[0] != self.parameter_name]
        yield self.choice(changelist, None, "Any")
        for value, label in self.options.items():
            yield self.choice(changelist, value, label)

    def choice(self, changelist: Any, value: str | None, label: str) -> dict[str, Any]:
        return {
            "selected": self.value() == value,
            "url": changelist.get_query_string({self.parameter_name: value}),
            "display": label,
        }


class ExpiryFilter(Filter):
    title = "expiry"
    parameter_name = "expiry"
    template = "admin/certstates/filter_expiry.html"
    options = {
        "expired": "Expired",
        "7": "Within 7 days",
        "30": "Within 30 days",
        "90": "Within 90 days",
    }
    expected = "expired, 7, 30, 90, or a month such as 2027-01"

    def knows(self, value: str) -> bool:
        return value in self.options or self.month(value) is not None

    @property
    def month_asked(self) -> str:
        value = self.value() or ""
        return "" if value in self.options else value

    @staticmethod
    def month(value: str) -> dt.datetime | None:
        """Return the beginning of a month such as ``2027-01``."""
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", value) or value < "0001":
            return None
        year, month = value.split("-")
        return dt.datetime(int(year), int(month), 1, tzinfo=dt.UTC)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset
        if value == "expired":
            return queryset.expired()
        if first := self.month(value):
            return queryset.expiring_in_month(first)
        return queryset.expiring(within=dt.timedelta(days=int(value)))


class StatusFilter(Filter):
    title = "revocation"
    parameter_name = "status"
    options = {status.wire_name: status.label for status in RevocationStatus}
    expected = ", ".join(options)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if value := self.value():
            status = RevocationStatus.from_wire(value)
            return queryset.filter(certificate_revoke_status=status)
        return queryset


class OpenRevocationFilter(Filter):
    title = "open revocation"
    parameter_name = "open"
    options = {
        "1": "For more than a day",
        "7": "For more than 7 days",
        "30": "For more than 30 days",
        "90": "For more than 90 days",
    }
    expected = "1, 7, 30 or 90 days"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if value := self.value():
            return queryset.revocation_open(longer_than=dt.timedelta(days=int(value)))
        return queryset


class IssuerFilter(Filter):
    """One issuer by its whole name, of which a script completes what is typed."""

    title = "issuer"
    parameter_name = "issuer"
    template = "admin/certstates/filter_issuer.html"
    options = {}
    expected = f"a name of at most {TEXT_LENGTH:,} characters without NUL"

    @property
    def suggestions(self) -> list[str]:
        """Return what there is, or what begins like the name that is asked for."""
        return issuers(self.value() or "")

    def knows(self, value: str) -> bool:
        return "\0" not in value and len(value) <= TEXT_LENGTH

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if value := self.value():
            return queryset.issued_by(value)
        return queryset


class VanishedFilter(Filter):
    title = "source"
    parameter_name = "vanished"
    options = {"yes": "Vanished from its source"}
    expected = "yes"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value():
            gone = SyncedState.objects.gone()
            return queryset.filter(pk__in=gone.values("state_id"))
        return queryset


FILTERS = (
    ExpiryFilter,
    StatusFilter,
    OpenRevocationFilter,
    IssuerFilter,
    VanishedFilter,
)
