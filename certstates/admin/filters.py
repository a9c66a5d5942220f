"""What the list of records can be narrowed to."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest


class ExpiryFilter(admin.SimpleListFilter):
    title = "expiry"
    parameter_name = "expiry"
    days = {"7": 7, "30": 30, "90": 90}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        windows = [(key, f"Expires within {n} days") for key, n in self.days.items()]
        return [("expired", "Expired"), *windows]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value is None:
            return queryset
        if value == "expired":
            return queryset.expired()
        if value not in self.days:
            raise IncorrectLookupParameters  # the list then says that it ignores it
        return queryset.expiring(within=dt.timedelta(days=self.days[value]))
