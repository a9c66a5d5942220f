"""The page that makes a token and shows it, in the answer to its form and never again.

The token is in no message, session, cookie or log. The form carries a number of its
own, signed, which the database keeps with the token: sent again, it makes no second.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminRadioSelect, AdminTextInputWidget
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.debug import sensitive_variables

from certstates.admin.base import AnyAdmin
from certstates.admin.scopes import choices_for, offered
from certstates.models import Scope, TokenUse, check_name
from certstates.tokens import issue

SALT = "certstates.admin.new_token"
OPEN_FOR = dt.timedelta(hours=1)
TOO_OLD = "The page was open for too long, or was not yours. Please send it again."


class NewTokenForm(forms.Form):
    error_css_class = "errors"

    application = forms.CharField(
        validators=[check_name],
        widget=AdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="Whose token: a script, a person, a system. A new name makes a new "
        "application; a token more of a known one does not end the others.",
    )
    scope = forms.ChoiceField(initial=Scope.READ, widget=AdminRadioSelect)
    days = forms.IntegerField(
        label="Days until it expires",
        min_value=1,
        max_value=3650,
        initial=90,
        help_text="1 to 3,650.",
    )

    def __init__(self, *args: Any, user: Any) -> None:
        super().__init__(*args)
        scope: Any = self.fields["scope"]
        scope.choices = choices_for(user)


class MakesTokens(AnyAdmin):
    """The page "add" of the tokens."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(offered(request.user)) and super().has_add_permission(request)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        form = NewTokenForm(data, user=request.user)
        if form.is_bound and form.is_valid():
            if number := number_in(request):
                return self.made(request, form.cleaned_data, number)
            form.add_error(None, TOO_OLD)
        return self.page(request, "new", title="New access token", form=form)

    @sensitive_variables("raw")
    def made(
        self, request: HttpRequest, wanted: dict[str, Any], number: uuid.UUID
    ) -> HttpResponse:
        lifetime = dt.timedelta(days=wanted["days"])
        try:
            with transaction.atomic():
                token, raw = issue(
                    wanted["application"], scope=wanted["scope"], lifetime=lifetime
                )
                TokenUse.objects.create(token=token, form=number)
                self.log_addition(request, token, [{"added": {}}])
        except IntegrityError:  # this form has made its token
            return self.page(request, "made", title="Shown already", token=None)
        return self.page(request, "made", title="The new token", token=token, raw=raw)

    def page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        ticket = signing.dumps([uuid.uuid4().hex, request.user.pk], salt=SALT)
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "ticket": ticket,
        }
        template = f"admin/oauth2_provider/accesstoken/{name}.html"
        return TemplateResponse(request, template, shared | context)


def number_in(request: HttpRequest) -> uuid.UUID | None:
    """Return the number of the form that was sent, if it was made for its sender."""
    try:
        number, person = signing.loads(
            request.POST.get("ticket", ""), salt=SALT, max_age=OPEN_FOR
        )
    except signing.BadSignature:
        return None
    return uuid.UUID(number) if person == request.user.pk else None
