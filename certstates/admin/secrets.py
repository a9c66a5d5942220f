"""The page that shows a client secret, and the one that asks for a new secret."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from certstates.addresses import public_url
from certstates.admin.base import AnyAdmin
from certstates.models import ClientCredentials

ROUTE = "oauth2_provider_application_{}"
MEANWHILE = (
    "Nothing was done: that form was sent already, or somebody else made a new secret. "
    "The secret that was made last is the one that is valid; if nobody has seen it, "
    "make another."
)


def url_of(page: str, application: Any) -> str:
    return reverse(f"admin:{ROUTE.format(page)}", args=[quote(application.pk)])


class SecretPages(AnyAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.new_secret_view)
        name = ROUTE.format("new_secret")
        return [
            path("<path:object_id>/new-secret/", view, name=name),
            *super().get_urls(),
        ]

    def new_secret_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whether the secret is to be another, or make and show it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        application = self.get_object(request, unquote(object_id))
        credentials = getattr(application, "client_credentials", None)
        if credentials is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined,no-any-return]
                request, self.opts, object_id
            )
        if not self.has_change_permission(request, application):
            raise PermissionDenied
        if request.method != "POST":
            return self.question(request, credentials)
        return self.renewed(request, credentials)

    def question(
        self, request: HttpRequest, credentials: ClientCredentials
    ) -> HttpResponse:
        application = credentials.application
        context = {
            "title": f"New secret for {application}",
            "seen": seen_in(credentials),
            "change_url": url_of("change", application),
        }
        return self.page(request, "new_secret", application, context)

    def renewed(
        self, request: HttpRequest, credentials: ClientCredentials
    ) -> HttpResponse:
        """Make a new secret, if the one that the form was about is still valid.

        So a page that shows a secret can be reloaded without making that invalid.
        """
        application = credentials.application
        with transaction.atomic():
            now = ClientCredentials.locked(credentials.pk)
            if seen_in(now) != request.POST.get("seen"):
                self.message_user(request, MEANWHILE, messages.WARNING)
                return redirect(url_of("change", application))
            secret = credentials.renew_secret()
            self.log_change(request, application, "Made a new secret.")
        return self.secret_page(request, application, secret)

    def secret_page(
        self, request: HttpRequest, application: Any, secret: str
    ) -> HttpResponse:
        """Show the secret in the answer to the form, and nowhere else."""
        context = {
            "title": f"The secret of {application}",
            "secret": secret,
            "server": public_url(request).rstrip("/"),
            "change_url": url_of("change", application),
        }
        return self.page(request, "secret", application, context)

    def page(
        self,
        request: HttpRequest,
        name: str,
        application: Any,
        context: dict[str, Any],
    ) -> HttpResponse:
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "application": application,
            "credentials": application.client_credentials,
        }
        template = f"admin/oauth2_provider/application/{name}.html"
        return TemplateResponse(request, template, context)


def seen_in(credentials: ClientCredentials) -> str:
    return credentials.secret_created.isoformat()
