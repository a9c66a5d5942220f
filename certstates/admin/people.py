"""Users and groups: nobody gives, or takes over, more than they hold themselves.

Django's own admin lets whoever may change users make superusers of them, or set a
superuser's password. Here an account or group is out of reach for all who lack any of
its permissions: they see it, and that is all. A superuser reaches everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import logout
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from certstates.admin.base import PluralAdmin
from certstates.admin.guard import NarrowedAsShown
from certstates.models import SavedSearch
from certstates.staff.attempts import unlock
from certstates.staff.sessions import sign_out_everywhere

if TYPE_CHECKING:
    DjangosUserAdmin = UserAdmin[User]
else:
    DjangosUserAdmin = UserAdmin


def held_by(user: Any) -> QuerySet[Permission]:
    """Return the permissions of somebody, who may be inactive for now."""
    return Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))


def beyond(user: Any) -> QuerySet[Permission]:
    """Return the permissions that somebody does not hold."""
    return Permission.objects.exclude(pk__in=held_by(user).values("pk"))


def is_within_reach(obj: Any, user: Any) -> bool:
    """Return whether somebody holds all that an account or group holds."""
    if user.is_superuser:
        return True
    if isinstance(obj, Group):
        return not obj.permissions.filter(pk__in=beyond(user)).exists()
    return not (obj.is_superuser or held_by(obj).filter(pk__in=beyond(user)).exists())


class WithinReach(NarrowedAsShown, PluralAdmin):
    """Changes and deletes what is within reach, and offers what is."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or is_within_reach(obj, request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or is_within_reach(obj, request.user))

    def formfield_for_manytomany(
        self, db_field: Any, request: Any = None, **kwargs: Any
    ) -> Any:
        """Offer the permissions and groups within reach, and take no others."""
        if not request.user.is_superuser:
            kwargs["queryset"] = self.offered(db_field.related_model, request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def offered(self, model: type[Model], user: Any) -> QuerySet[Any]:
        if model is Permission:
            return held_by(user).distinct().select_related("content_type")
        too_much = beyond(user).filter(group=OuterRef("pk"))
        return Group.objects.filter(~Exists(too_much))


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(WithinReach, DjangosUserAdmin):
    list_display = (
        "username", "full_name", "in_groups", "last_login", "is_active",
        "is_staff", "is_superuser",
    )  # fmt: skip
    list_filter = ("groups", "is_active", "is_staff", "is_superuser")
    list_per_page = 50
    actions = ("sign_out_everywhere", "unlock")

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Have one's own password changed by who knows the old one.

        An address may spell a number in many ways.
        """
        if self.get_object(request, unquote(id)) == request.user:
            return redirect("admin:password_change")
        return super().user_change_password(request, id, form_url)

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out_everywhere(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> None:
        people = self.all_within_reach(request, queryset)
        ended = sum(map(sign_out_everywhere, people))
        for person in people:
            self.log_change(request, person, "Signed out everywhere.")
        messages.success(request, f"Sessions ended: {ended}.")
        if request.user in people:
            logout(request)

    @admin.action(description="Unlock sign-in", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        people = self.all_within_reach(request, queryset)
        locked = [person for person in people if unlock(person.get_username())]
        for person in locked:
            self.log_change(request, person, "Unlocked sign-in.")
        names = ", ".join(person.get_username() for person in locked)
        messages.success(request, f"Wrong passwords forgotten: {names or 'none'}.")

    def all_within_reach(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> list[User]:
        people = [*queryset]
        if not all(is_within_reach(person, request.user) for person in people):
            raise PermissionDenied
        return people

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> list[str] | tuple[Any, ...]:
        fields = super().get_readonly_fields(request, obj)
        facts = ("last_login", "date_joined")
        mine = () if getattr(request.user, "is_superuser", False) else ("is_superuser",)
        return (*fields, *facts, *mine)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show no password, nor the way to set it, to who may not set it."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        _, *others = fieldsets
        return ((None, {"fields": ("username",)}), *others)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Name the accounts; what goes with them is counted only.

        Their private searches are nobody else's to read, and no reason to keep them.
        """
        shown, counts, needed, protected = super().get_deleted_objects(objs, request)
        accounts = [entry for entry in shown if not isinstance(entry, list)]
        needed.discard(SavedSearch._meta.verbose_name)
        return accounts, counts, needed, protected

    @admin.display(description="name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "-"

    @admin.display(description="groups")
    def in_groups(self, user: User) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all())) or "-"


@admin.register(Group)
class PeopleGroupAdmin(WithinReach, GroupAdmin):
    list_display = ("name", "members")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(members=Count("user"))

    @admin.display(ordering="members")
    def members(self, group: Any) -> int:
        number: int = group.members
        return number
