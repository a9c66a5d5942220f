"""What is not offered to somebody is refused, and not passed over in silence."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest

from certstates.admin.base import AnyAdmin, StateAdmin


class NarrowedAsShown(AnyAdmin):
    """A list that its address narrows by the filters that it shows, and by no others.

    Django allows a condition on any column: who guesses letter by letter reads those
    that no page shows, such as the hash of a secret.
    """

    conditions = ("exact", "id__exact", "isnull")  # Django's filters lead to these

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        field, _, condition = lookup.partition("__")
        return field in self.list_filter and condition in self.conditions

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Know a row by its key only, whatever else the table or another one has.

        Django also looks for a name among the relations, and breaks off at some.
        """
        return to_field == self.opts.pk.name


class Guarded(StateAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting takes seeing: what asks before it shows the records."""
        may_see = self.has_view_or_change_permission(request, obj)
        return may_see and super().has_delete_permission(request, obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Refuse an action that its sender may not take; Django would show the list.

        An id with NUL was never in it, and PostgreSQL cannot even look for one.
        """
        asked = {name for name in request.POST.getlist("action") if name}
        if asked - self.get_actions(request).keys():
            raise PermissionDenied
        if any("\0" in id for id in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("A selected id has NUL.")
        return super().changelist_view(request, extra_context)

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Refuse before looking: whether a record exists is no stranger's to know."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)
