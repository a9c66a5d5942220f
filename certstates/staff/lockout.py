"""django-axes, with delays that grow: who is refused, and the page that says so."""

from __future__ import annotations

import datetime as dt
import logging
import math
from typing import TYPE_CHECKING, Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.contrib import admin
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from certstates.staff.addresses import normalised
from certstates.staff.attempts import Attempt, name_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

# Names are not logged while nobody is signed in: they may be a password, mistyped.
logger = logging.getLogger(__name__)


class GrowingDelay(AxesDatabaseHandler):  # type: ignore[misc] # it has no types
    """What django-axes asks and tells, whichever form the password came by."""

    def is_locked(
        self, request: Any, credentials: dict[str, Any] | None = None
    ) -> bool:
        """Count the attempt, unless that has to wait: then it is refused unread."""
        name = (credentials or {}).get("username")
        if not isinstance(name, str):
            return False  # no password is to be guessed, as with single sign-on
        request.sign_in = Attempt(request, name)
        request.sign_in_wait = request.sign_in.begin()
        return bool(request.sign_in_wait)

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any
    ) -> None:
        """Note it; it was counted when it began."""
        if request is None:
            return  # asked from a shell
        what = "has to wait" if request.axes_locked_out else "failed"
        logger.warning("A sign-in from %s %s.", request.axes_ip_address, what)

    def user_logged_in(
        self, sender: Any, request: Any, user: AbstractBaseUser, **kwargs: Any
    ) -> None:
        if attempt := getattr(request, "sign_in", None):
            attempt.succeed()
        logger.info("User %s signed in from %s.", user.pk, request.axes_ip_address)

    def user_logged_out(
        self, sender: Any, request: Any, user: AbstractBaseUser | None, **kwargs: Any
    ) -> None:
        logger.info("User %s signed out.", user and user.pk)

    def reset_attempts(
        self,
        *,
        ip_address: str | None = None,
        username: str | None = None,
        ip_or_username: bool = False,
    ) -> int:
        """Serve the axes_reset commands, which know addresses and names as typed."""
        rows = AccessAttempt.objects.all()
        if username:
            rows = rows.filter(username=name_key(username))
        if ip_address:
            rows = rows.filter(ip_address=normalised(ip_address) or None)
        deleted, _ = rows.delete()
        return int(deleted)


def in_words(wait: dt.timedelta) -> str:
    """Return a time that is long enough, in whole minutes."""
    minutes = math.ceil(wait.total_seconds() / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def locked_page(
    request: HttpRequest, response: Any = None, credentials: Any = None
) -> HttpResponse:
    """Answer who has to wait: the same to everybody, whether the name exists or not."""
    wait: dt.timedelta = request.sign_in_wait  # type: ignore[attr-defined]
    context = {
        **admin.site.each_context(request),
        "title": "Sign-in has to wait",
        "wait": in_words(wait),
    }
    page = render(request, "admin/locked.html", context, status=429)
    page["Retry-After"] = str(math.ceil(wait.total_seconds()))
    add_never_cache_headers(page)
    return page


def counted_by_old_password(
    request: HttpRequest, view: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse:
    """Have a view look at the old password of who is signed in, unless it must wait."""
    attempt = Attempt(request, request.user.get_username())
    if wait := attempt.begin():
        request.sign_in_wait = wait  # type: ignore[attr-defined]
        return locked_page(request)
    response = view(request)
    form = (getattr(response, "context_data", None) or {}).get("form")
    if not form or "old_password" not in form.errors:
        attempt.succeed()
    elif not form.has_error("old_password", "password_incorrect"):
        attempt.take_back()
    return response
