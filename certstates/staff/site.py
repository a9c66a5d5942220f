"""The doors of the admin's site: signing in, signing out, a new password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from certstates.staff.devices import remember_device
from certstates.staff.lockout import counted_by_old_password
from certstates.staff.passwords import StaffLoginForm
from certstates.staff.refusals import PasswordsOff, refused_page
from certstates.staff.sessions import sign_out_everywhere


class StaffSite(admin.AdminSite):
    login_form = StaffLoginForm

    def get_urls(self) -> list[URLPattern | URLResolver]:
        view = self.admin_view(self.sign_out_everywhere)
        own = path("sign_out_everywhere/", view, name="sign_out_everywhere")
        return [own, *super().get_urls()]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer the ways in that there are: a password, an identity provider.

        The browser that somebody signed in with is remembered.
        """
        if request.method == "POST" and not settings.PASSWORD_SIGN_IN:
            return refused_page(request, PasswordsOff("a password was sent"))
        ways = {
            "password_sign_in": settings.PASSWORD_SIGN_IN,
            "single_sign_on": settings.STAFF_OIDC_ISSUER and settings.STAFF_OIDC_NAME,
        }
        response = super().login(request, {**ways, **(extra_context or {})})
        attempt = getattr(request, "sign_in", None)
        if attempt and attempt.was_right:
            remember_device(response, attempt.name)
        return response

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return without_pages(super().logout(request, extra_context))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Have the old password guessed no more often here than at the login."""
        if request.method != "POST":
            return super().password_change(request, extra_context)
        return counted_by_old_password(request, super().password_change)

    def sign_out_everywhere(self, request: HttpRequest) -> HttpResponse:
        """End all sessions of who asks, wherever they were left open."""
        if request.method == "POST":
            user: Any = request.user
            logout(request)
            sign_out_everywhere(user)
            login = reverse("admin:login", current_app=self.name)
            return without_pages(HttpResponseRedirect(login))
        context = {**self.each_context(request), "title": "Sign out everywhere"}
        return TemplateResponse(
            request, "registration/sign_out_everywhere.html", context
        )


def without_pages(response: HttpResponse) -> HttpResponse:
    """Have the browser forget the pages that it may still hold."""
    response["Clear-Site-Data"] = '"cache"'
    return response
