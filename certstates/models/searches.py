"""A search of the list, kept under a name by one person, for whom they wish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now
from django.http import QueryDict
from django.urls import reverse

from certstates.models.fields import refuse_unstorable

if TYPE_CHECKING:
    from django.contrib.auth.models import User

QUERY_LENGTH = 2000
# What a search of the list consists of. Where its reader stands in the pages is none.
PARAMETERS = ("q", "expiry", "status", "open", "issuer", "vanished", "o")


def kept_query(address: QueryDict) -> str:
    """Return what of a list's address can be kept: one spelling for each search."""
    kept = QueryDict(mutable=True)
    for name in PARAMETERS:
        if value := address.get(name):
            kept[name] = value
    return kept.urlencode()


def may_see_records(user: User | AnonymousUser) -> bool:
    """Return whether the list is open to somebody; the admin knows it by the same."""
    names = ("view", "change")
    return user.is_staff and any(
        user.has_perm(f"certstates.{name}_managedalldevicecertificatestate")
        for name in names
    )


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return one's own searches, those of one's groups, and those for everyone.

        What somebody keeps for themselves is seen by nobody else, whatever they may.
        """
        if not may_see_records(user):
            return self.none()
        return self.filter(
            models.Q(owner=user.pk)
            | models.Q(for_everyone=True)
            | models.Q(group__in=Group.objects.filter(user=user.pk))
        )

    def own_first(self, user: User | AnonymousUser) -> Self:
        own = models.ExpressionWrapper(
            models.Q(owner=user.pk), output_field=models.BooleanField()
        )
        return self.annotate(is_own=own).order_by("-is_own", Lower("name"), "pk")


class SavedSearch(models.Model):
    """A named search; it is private unless it has a group or is for everyone."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(
        max_length=60,
        validators=[refuse_unstorable],
        help_text="What it finds, in a few words.",
    )
    query = models.CharField(max_length=QUERY_LENGTH, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_searches",
        editable=False,
    )
    group = models.ForeignKey(
        Group,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,  # what was the group's is then private again
        related_name="saved_searches",
    )
    for_everyone = models.BooleanField(default=False)
    created_at = models.DateTimeField("saved", db_default=Now(), editable=False)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "saved searches"
        default_permissions = ()  # whoever may see records keeps searches of their own
        permissions = [("moderate_savedsearch", "Can moderate what others share")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="certstates_search_name_once_an_owner"
            ),
            models.CheckConstraint(
                name="certstates_search_one_audience",
                condition=models.Q(group=None) | models.Q(for_everyone=False),
            ),
            models.CheckConstraint(
                name="certstates_search_not_empty",
                condition=~models.Q(name="") & ~models.Q(query=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a query that no list made; only the list's own words are kept."""
        address = QueryDict(self.query)
        if unknown := [name for name in address if name not in PARAMETERS]:
            raise ValidationError(f"The list has no parameter {unknown[0]!r}.")
        self.query = kept_query(address)
        if not self.query:
            raise ValidationError("There is nothing in this search to keep.")
        if len(self.query) > QUERY_LENGTH:
            raise ValidationError("This search is too long to be kept.")

    @property
    def is_shared(self) -> bool:
        return self.for_everyone or self.group_id is not None

    @property
    def audience(self) -> str:
        if self.for_everyone:
            return "everyone"
        return self.group.name if self.group else "only me"

    def get_list_url(self) -> str:
        """Return the list's address; the query is spelled anew, whatever is stored."""
        page = reverse("admin:certstates_managedalldevicecertificatestate_changelist")
        return f"{page}?{kept_query(QueryDict(self.query))}"
