"""One page of the list, as its address asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlencode

from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR, ChangeList
from django.db import connection
from django.http import HttpRequest
from django.utils.text import capfirst

from certstates.admin.base import WrongParameter
from certstates.admin.columns import COLUMNS, expires
from certstates.admin.pager import LAST, PARAMETER, Page, Place, Walk, ids_of
from certstates.admin.search import explained, read
from certstates.models import RevocationStatus
from certstates.odata.ordering import Ordering, parse_ordering
from certstates.statistics import Count, count_or_estimate, estimated

# What can be on, by its parameter.
SEARCH, EXPIRY, STATUS, OPEN, ISSUER = SEARCH_VAR, "expiry", "status", "open", "issuer"
VANISHED = "vanished"
DEFAULT_ORDER = "4"  # what expires first
# How far to count: the rows of a search or an issuer are read for it, all others are
# counted in an index.
MOST_COUNTED = 10_000
MOST_READ = 1_000
# So many records can be named by their ids.
MOST_NAMED = 100
# One record among so many is few, or expected to be rare.
FEW = 50
RARE = 64
ALL = "SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)"


class Sort:
    """The column that the list is sorted by: its number from 1, with a minus if down.

    Only one: there is an index for each column, and for no two of them.
    """

    def __init__(self, text: str) -> None:
        self.text, _, _ = text.partition(".")
        self.descending = self.text.startswith("-")
        number = self.text.removeprefix("-")
        known = {str(n): column for n, column in enumerate(COLUMNS, start=1)}
        if number not in known:
            sentence = f"There is no column “{self.text[:20]}” to sort by."
            raise WrongParameter(ORDER_VAR, sentence)
        self.column = known[number]

    @property
    def ordering(self) -> Ordering:
        asked: str = getattr(self.column, "admin_order_field")  # noqa: B009
        ordering = parse_ordering(asked, {})
        return ordering.reversed() if self.descending else ordering


class Records(ChangeList):
    """A list that is counted up to a point, and paged by place.

    Nothing is read before it is needed, so that this also serves to select what an
    action or an export is about.
    """

    def __init__(self, request: HttpRequest, *arguments: Any) -> None:
        super().__init__(request, *arguments)
        if not self.is_popup:
            self.title = str(capfirst(self.opts.verbose_name_plural))

    @cached_property
    def sort(self) -> Sort:
        return Sort(self.params.get(ORDER_VAR) or DEFAULT_ORDER)

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return [key.order_by for key in self.sort.ordering.keys]

    def get_ordering_field_columns(self) -> dict[int, Literal["desc", "asc"]]:
        index = [*self.list_display].index(self.sort.column)
        return {index: "desc" if self.sort.descending else "asc"}

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name != PARAMETER}

    def get_query_string(
        self,
        new_params: dict[str, Any] | None = None,
        remove: Iterable[str] | None = None,
    ) -> str:
        """Return the address of another list; it starts with its first page."""
        return super().get_query_string(
            {PARAMETER: None, **(new_params or {})}, remove or []
        )

    def get_results(self, request: HttpRequest) -> None:
        """Read where the page lies; the records are read when they are shown."""
        at = self.params.get(PARAMETER)
        self.place = Place.read(at, self.sort.text) if at else Place()
        self.show_full_result_count = False
        self.full_result_count = None
        self.can_show_all = False

    @cached_property
    def page(self) -> Page:
        ordering, size = self.sort.ordering, self.list_per_page
        if self.found == []:
            return Page([], previous=None, next=None, before=0)
        if self.found and len(self.found) <= MOST_NAMED:
            named: Any = self.root_queryset.filter(pk__in=self.found)
            return Walk(named, ordering, size, few=True).page(self.place)
        walk = Walk(self.queryset, ordering, size, few=self.are_few)
        return walk.page(self.place)

    @cached_property
    def found(self) -> list[str] | None:
        """Return the ids of what a search finds, unless many are expected.

        A search is dear, so that it is done once; and the expectation may be wrong: of
        a name that PostgreSQL has in its statistics, it expects one in a hundred.
        """
        if SEARCH not in self.on:
            return None
        [expected] = estimated([self.queryset.order_by()])
        if expected * RARE > self.in_all:
            return None
        ids = ids_of(self.queryset, MOST_READ + 1)
        return ids if len(ids) <= MOST_READ else None

    @cached_property
    def in_all(self) -> int:
        """Return how many records there are, as the last ANALYZE found; or -1."""
        with connection.cursor() as cursor:
            cursor.execute(ALL, [self.model._meta.db_table])
            (number,) = cursor.fetchone() or (-1,)
        return int(number)

    @property
    def are_few(self) -> bool:
        """Say whether the matches are known to be a small part of all records.

        It does not matter where an index has just these in just this order.
        """
        if not self.conditions or self.is_order_indexed or not self.count.is_exact:
            return False
        return self.count.value * FEW <= self.in_all

    @property
    def is_order_indexed(self) -> bool:
        """Say whether one index has the filters' records in order of expiry."""
        by_expiry = self.sort.column is expires
        return by_expiry and any(self.on <= {EXPIRY, one} for one in (STATUS, ISSUER))

    @cached_property
    def count(self) -> Count:
        """Return how many records match, counted in the order that is cheapest.

        That of the list may be none: to find 10,000 revoked ones by their devices'
        names, all devices are read.
        """
        if self.found is not None:
            return Count(len(self.found), is_exact=True)
        order = "certificate_expiration_date_time"
        # Healthy ones are everywhere, and so in no index with anything else.
        healthy = ("status", RevocationStatus.NONE.wire_name) in self.params.items()
        if OPEN in self.on:
            order = "certificate_revoke_status_last_change_date_time"
        elif healthy and self.on == {STATUS}:
            order = "certificate_revoke_status"
        elif VANISHED in self.on or self.on == {SEARCH}:
            order = "id"  # the order in which the rows lie on the disk
        is_read = self.on & {SEARCH, ISSUER} or (healthy and self.on > {STATUS})
        return count_or_estimate(
            # nosemgrep: orm-names -- one of the names above
            self.queryset.order_by(*dict.fromkeys([order, "id"])),
            cap=MOST_READ if is_read else MOST_COUNTED,
        )

    @cached_property
    def result_list(self) -> Any:
        return self.page.records

    @property
    def result_count(self) -> int:  # type: ignore[override]
        return self.count.value

    @property
    def multi_page(self) -> bool:  # type: ignore[override]
        return bool(self.page.previous or self.page.next)

    @property
    def show_admin_actions(self) -> bool:  # type: ignore[override]
        return bool(self.result_list)

    # --- What the template asks for ---------------------------------------------------

    @property
    def headers(self) -> list[dict[str, Any]]:
        """Return each column's name, its state of order, and the way to sort by it."""
        return [self.header(n, column) for n, column in enumerate(COLUMNS, start=1)]

    def header(self, number: int, column: Any) -> dict[str, Any]:
        current = column is self.sort.column
        down = current and not self.sort.descending
        return {
            "text": column.short_description,
            "name": column.__name__,
            "order": current
            and ("descending" if self.sort.descending else "ascending"),
            "url": self.get_query_string({ORDER_VAR: f"{'-' if down else ''}{number}"}),
        }

    @property
    def pager(self) -> list[dict[str, Any]]:
        """Return the ways to the first, previous, next and last page."""
        page, last = self.page, None
        if page.next:
            last = self.get_query_string({PARAMETER: LAST})
        return [
            {"text": "First", "url": page.previous and self.get_query_string()},
            {"text": "Previous", "url": self.url_at(page.previous)},
            {"text": "Next", "url": self.url_at(page.next)},
            {"text": "Last", "url": last},
        ]

    def url_at(self, place: Place | None) -> str | None:
        if place is None:
            return None
        return self.get_query_string({PARAMETER: place.sign(self.sort.text)})

    @property
    def extent(self) -> str:
        """Return which records are shown, of how many: only what is certain."""
        page, shown = self.page, len(self.page.records)
        first = page.before
        if first is None and page.next is None and self.count.is_exact:
            first = self.count.value - shown
        if first is None:
            which = "the last" if page.next is None else ""
            return f"{which} {shown:,} of {self.count}".strip()
        if shown == 0:
            return "none"
        return f"{first + 1:,}\u2013{first + shown:,} of {self.count}"

    @property
    def has_checkboxes(self) -> bool:
        return "action_checkbox" in self.list_display

    @property
    def explanation(self) -> str:
        """Say how the search was understood."""
        found = read(self.query)
        return explained(found) if found else ""

    @property
    def url_of_all(self) -> str:
        """Return the address without search and filters, in the same order."""
        order = self.params.get(ORDER_VAR)
        return f"?{urlencode({ORDER_VAR: order})}" if order else "?"

    @cached_property
    def conditions(self) -> list[tuple[str, str, str]]:
        """Return the search and the filters that are on: title, words, parameter."""
        specs: list[Any] = self.filter_specs
        on = [("search", self.query, SEARCH)] if self.query.strip() else []
        on += [(s.title, s.words, s.parameter_name) for s in specs if s.value()]
        return on

    @property
    def on(self) -> set[str]:
        return {parameter for _, _, parameter in self.conditions}

    @property
    def narrowing(self) -> list[dict[str, str]]:
        """Return the conditions as the page tells them, each with a way to drop it."""
        return [
            {"title": title, "words": words, "url": self.get_query_string({name: None})}
            for title, words, name in self.conditions
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what a form of this page must send along to change one thing only."""
        kept = {k: v for k, v in self.params.items() if k != PARAMETER}
        return [*kept.items()]
