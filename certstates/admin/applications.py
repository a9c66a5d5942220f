"""The API's clients: those that fetch tokens with a secret, and the others.

A secret is shown once, on the page that answers the form it was asked for with. It is
in no message, cookie, session or log, and sending that form again makes no other one.
"""

from __future__ import annotations

from typing import Any

import oauth2_provider.admin  # noqa: F401 -- registers what is replaced here
from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from oauth2_provider.models import (
    AccessToken,
    Application,
    Grant,
    IDToken,
    RefreshToken,
)

from certstates.admin.base import PluralAdmin
from certstates.admin.guard import NarrowedAsShown
from certstates.admin.scopes import choices_for, offered
from certstates.admin.secrets import SecretPages
from certstates.models import ClientCredentials, Scope, take_name

HOW = "Its tokens are made on a page of their own, or by manage.py create_token."

# The flows that would fill the last three are not offered.
for model in (Application, AccessToken, Grant, IDToken, RefreshToken):
    admin.site.unregister(model)


def credentials_of(application: Any) -> ClientCredentials | None:
    """Return what an application with a secret may do; others have tokens only."""
    return getattr(application, "client_credentials", None)


class NameForm(forms.ModelForm):  # type: ignore[type-arg] # not at run time
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:  # as it is for who may change it
            self.fields["name"].required = True

    def clean_name(self) -> str:
        """Let no two of a kind have one name: people and the history go by it."""
        name: str = self.cleaned_data["name"]
        if "name" in self.changed_data:
            take_name(name, has_secret="scope" in self.fields)
        return name


class ClientForm(NameForm):
    scope = forms.ChoiceField(
        label="May",
        help_text="What its tokens may do. With less than before, those that have "
        "more end at once.",
    )


@admin.register(Application)
class ApplicationAdmin(SecretPages, NarrowedAsShown, PluralAdmin):
    """One client of the API. To delete it is to revoke all its tokens."""

    view_on_site = False  # there is no such page
    list_display = ("name", "scope", "valid_tokens", "secret_made", "created")
    list_select_related = ("client_credentials",)
    search_fields = ("name", "client_id")
    search_help_text = "By name or client id."
    ordering = ("name", "pk")
    readonly_fields = (
        "client_id", "secret_made", "valid_tokens", "created", "updated",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        valid = Q(accesstoken__expires__gt=timezone.now())
        number = Count("accesstoken", filter=valid)
        found: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = found.annotate(valid_tokens=number)
        return counted

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody takes over more than they could give."""
        known = credentials_of(obj)
        within = known is None or known.scope in offered(request.user)
        return within and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(offered(request.user)) and super().has_add_permission(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        ends = "Deleting the application revokes its tokens."
        if obj is None:
            words = "It fetches its tokens with a client id and a secret, which is "
            return one_fieldset(f"{words}shown on the next page only.", "name", "scope")
        if credentials_of(obj) is None:
            fields = ("name", "valid_tokens", "created", "updated")
            return one_fieldset(f"{HOW} {ends}", *fields)
        return one_fieldset(ends, "name", "scope", *self.readonly_fields)

    def get_form(
        self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None and credentials_of(obj) is None:
            return super().get_form(request, obj, change, form=NameForm, **kwargs)
        form = super().get_form(request, obj, change, form=ClientForm, **kwargs)
        if field := form.base_fields.get("scope"):
            # This class is the request's own, its fields are not yet.
            form.base_fields["scope"] = forms.ChoiceField(
                label=field.label,
                help_text=field.help_text,
                choices=choices_for(request.user),
                initial=obj.client_credentials.scope if obj else Scope.READ,
            )
        return form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Register a new application; the form then has its secret to show."""
        application = super().save_form(request, form, change)
        if change:
            return application
        values = form.cleaned_data
        made, secret = ClientCredentials.register(values["name"], scope=values["scope"])
        made.application.shown_once = secret
        return made.application

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Write what was changed, and nothing over a secret that is newer."""
        if not change:
            return
        obj.save(update_fields=["name", "updated"])
        if "scope" in form.changed_data:
            scope = form.cleaned_data["scope"]
            if ended := obj.client_credentials.change_scope(scope):
                words = f"Tokens that allowed more than that have ended: {ended}."
                self.message_user(request, words)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.secret_page(request, obj, obj.shown_once)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer one way to save a new application: the page after it has the secret."""
        if kwargs.get("add"):
            context |= dict.fromkeys(
                ("show_save_and_add_another", "show_save_and_continue"), False
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, Application.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete them with all their tokens, also one that is being issued now."""
        with transaction.atomic():
            credentials = ClientCredentials.objects.select_for_update()
            [*credentials.filter(application__in=queryset).order_by("pk")]
            queryset.delete()

    @admin.display(description="may", empty_value="tokens only")
    def scope(self, application: Any) -> str | None:
        known = credentials_of(application)
        return Scope(known.scope).label if known else None

    @admin.display(
        description="secret made", ordering="client_credentials__secret_created"
    )
    def secret_made(self, application: Any) -> str | None:
        known = credentials_of(application)
        return date_format(known.secret_created, "DATETIME_FORMAT") if known else None

    @admin.display(ordering="valid_tokens")
    def valid_tokens(self, application: Any) -> int:
        number: int = application.valid_tokens
        return number


def one_fieldset(description: str, *fields: str) -> Any:
    return ((None, {"fields": fields, "description": description}),)
