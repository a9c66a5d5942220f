"""Saved searches: kept from the list, shown above it, looked after by their owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR
from django.contrib.admin.widgets import AdminRadioSelect
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst

from certstates.admin.base import WrongParameter
from certstates.admin.changelist import Sort
from certstates.admin.filters import FILTERS
from certstates.admin.guard import NarrowedAsShown
from certstates.admin.routes import page_url
from certstates.models import SavedSearch
from certstates.models.searches import kept_query, may_see_records

if TYPE_CHECKING:
    SearchModelForm = forms.ModelForm[SavedSearch]
else:
    SearchModelForm = forms.ModelForm

MODERATE = "certstates.moderate_savedsearch"
SHARE = "certstates.change_managedalldevicecertificatestate"
PRIVATE, EVERYONE = "private", "everyone"
MOST_CHIPS = 24


@dataclass
class Shown:
    """The row above the list: searches, and the query that could become one."""

    searches: list[SavedSearch]
    current: SavedSearch | None = None
    query: str = ""
    has_more: bool = False


def saved_searches_for(request: HttpRequest) -> Shown:
    """Return what a page offers its reader, by one question to the database."""
    visible = SavedSearch.objects.visible_to(request.user).own_first(request.user)
    found = [*visible.select_related("group")[: MOST_CHIPS + 1]]
    query = kept_query(request.GET) if request.path == page_url("changelist") else ""
    current = next(
        (search for search in found if query and search.query == query), None
    )
    return Shown(found[:MOST_CHIPS], current, query, len(found) > MOST_CHIPS)


def audiences(user: User) -> list[tuple[str, str]]:
    """Return for whom somebody may save a search: sharing takes an editor."""
    choices = [(PRIVATE, "Only me")]
    if not user.has_perm(SHARE):
        return choices
    groups = Group.objects.order_by("name")
    if not user.has_perm(MODERATE):
        groups = groups.filter(user=user)
    choices += [(f"group:{group.pk}", f"Group {group.name}") for group in groups]
    return [*choices, (EVERYONE, "Everyone")]


def spoken(query: str) -> list[tuple[str, str]]:
    """Return what a search looks for: titles and values as the list calls them."""
    address = QueryDict(kept_query(QueryDict(query)))
    filters = {known.parameter_name: known for known in FILTERS}
    said = []
    for name, value in address.dict().items():
        if shown := filters.get(name):
            said.append((capfirst(shown.title), shown.options.get(value, value)))
        elif name == ORDER_VAR:
            said.append(("Sorted by", order_in_words(value)))
        else:
            said.append(("Search", value))
    return said


def order_in_words(value: str) -> str:
    try:
        sort = Sort(value)
    except WrongParameter:  # kept before the columns changed
        return value
    column: str = getattr(sort.column, "short_description")  # noqa: B009
    return f"{column}, descending" if sort.descending else column


def audience_of(search: SavedSearch) -> str:
    if search.for_everyone:
        return EVERYONE
    return f"group:{search.group_id}" if search.group_id else PRIVATE


class SearchForm(SearchModelForm):
    """A name and an audience. The query comes by the address, and then stays."""

    user: User  # set for each request, as is the query
    query: str

    audience = forms.ChoiceField(label="For", widget=AdminRadioSelect)

    class Meta:
        model = SavedSearch
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.instance.owner, self.instance.query = self.user, self.query
        choices = audiences(self.user)
        if "audience" not in self.fields:  # shown only, to somebody else
            return
        field: Any = self.fields["audience"]
        field.choices, self.initial["audience"] = choices, audience_of(self.instance)
        if len(choices) == 1:
            field.help_text = "To share a search takes the permission to edit records."

    def clean_name(self) -> str:
        """Refuse a second search of the same name, even if both come at once."""
        name: str = self.cleaned_data["name"]
        User.objects.select_for_update().get(pk=self.instance.owner_id)
        others = SavedSearch.objects.exclude(pk=self.instance.pk)
        if others.filter(owner=self.instance.owner_id, name=name).exists():
            raise forms.ValidationError("You have a search of this name already.")
        return name

    def clean(self) -> None:
        audience = self.cleaned_data.get("audience", PRIVATE)
        kind, _, group = audience.partition(":")
        self.instance.for_everyone = kind == EVERYONE
        self.instance.group_id = int(group) if group else None


@admin.register(SavedSearch)
class SavedSearchAdmin(NarrowedAsShown):
    form = SearchForm
    fields = ("name", "audience", "shows")
    readonly_fields = ("shows",)
    list_display = ("opens", "shows", "edits", "audience", "owner", "saved_on")
    list_display_links = None
    list_select_related = ("owner", "group")
    list_per_page = 50
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedSearch]:
        visible = SavedSearch.objects.visible_to(request.user)
        return visible.own_first(request.user)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ()  # the query set's own

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_records(request.user)

    def has_view_permission(
        self, request: HttpRequest, obj: SavedSearch | None = None
    ) -> bool:
        """Whoever sees records; which searches they see, the query set knows."""
        return may_see_records(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_see_records(request.user)

    def has_change_permission(
        self, request: HttpRequest, obj: SavedSearch | None = None
    ) -> bool:
        mine = obj is None or obj.owner_id == request.user.pk
        return mine and may_see_records(request.user)

    def has_delete_permission(
        self, request: HttpRequest, obj: SavedSearch | None = None
    ) -> bool:
        if self.has_change_permission(request, obj):
            return True
        moderates = request.user.has_perm(MODERATE) and may_see_records(request.user)
        return moderates and obj is not None and obj.is_shared

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Offer no "Add" on the first page: a search is saved from the list."""
        return {**super().get_model_perms(request), "add": False}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        context = {"has_add_permission": False, "title": "Saved searches"}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if not query_of(request):
            messages.warning(
                request,
                "Search, filter or sort the list first: what it then shows can be "
                "saved, by the button above it.",
            )
            return redirect(page_url("changelist"))
        context = {"title": "Save this search"}
        return super().add_view(request, form_url, {**context, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        one_button = {
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, one_button)

    def get_form(
        self,
        request: Any,
        obj: SavedSearch | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        known = {"user": request.user, "query": query_of(request)}
        return type(form.__name__, (form,), known)

    def response_add(
        self, request: HttpRequest, obj: SavedSearch, post_url_continue: Any = None
    ) -> HttpResponse:
        messages.success(request, f"The search “{obj}” is saved.")
        return redirect(obj.get_list_url())

    @admin.display(description="name", ordering="name")
    def opens(self, search: SavedSearch) -> str:
        return format_html('<a href="{}">{}</a>', search.get_list_url(), search)

    @admin.display(description="shows")
    def shows(self, search: SavedSearch) -> str:
        """Say it in the list's own words, and what was typed as it was typed."""
        return format_html_join(" · ", "{}: <q>{}</q>", spoken(search.query))

    @admin.display(description="saved")
    def saved_on(self, search: SavedSearch) -> str:
        return f"{search.created_at:%Y-%m-%d}"

    @admin.display(description="manage")
    def edits(self, search: Any) -> str:
        page = reverse("admin:certstates_savedsearch_change", args=[search.pk])
        text = "Rename or delete" if search.is_own else "Details"
        label = f"{text}: {search}"
        return format_html('<a href="{}" aria-label="{}">{}</a>', page, label, text)


def query_of(request: HttpRequest) -> str:
    """Return the search that an address asks to save, as it would be kept."""
    return kept_query(QueryDict(request.GET.get("query", "")))
