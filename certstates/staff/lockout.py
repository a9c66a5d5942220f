"""django-axes, with delays that grow: who is refused, and the page that says so."""

from __future__ import annotations

import datetime as dt
import logging
import math
from typing import TYPE_CHECKING, Any

from axes.handlers.database import AxesDatabaseHandler
from django.contrib import admin
from django.db.models import Q
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from certstates import logs
from certstates.staff.addresses import normalised
from certstates.staff.attempts import Attempt, forget, name_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

SINGLE_SIGN_ON = "certstates.staff.sso.SingleSignOn"


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
        address, attempt = request.axes_ip_address, getattr(request, "sign_in", None)
        if request.axes_locked_out:
            in_vain("sign_in_waits", f"A sign-in from {address} has to wait.", attempt)
        else:
            in_vain("sign_in_failed", f"A sign-in from {address} failed.", attempt)

    def user_logged_in(
        self, sender: Any, request: Any, user: AbstractBaseUser, **kwargs: Any
    ) -> None:
        if attempt := getattr(request, "sign_in", None):
            attempt.succeed()
        backend = getattr(user, "backend", "")
        method = "single sign-on" if backend == SINGLE_SIGN_ON else "password"
        logs.note(staff=user.get_username())
        words = f"User {user.pk} signed in from {request.axes_ip_address}."
        logs.security("signed_in", words, method=method, account=user.get_username())

    def user_logged_out(
        self, sender: Any, request: Any, user: AbstractBaseUser | None, **kwargs: Any
    ) -> None:
        if user:
            words = f"User {user.pk} signed out."
            logs.security("signed_out", words, account=user.get_username())

    def reset_attempts(
        self,
        *,
        ip_address: str | None = None,
        username: str | None = None,
        ip_or_username: bool = False,
    ) -> int:
        """Serve the axes_reset commands, which know addresses and names as typed."""
        rows = Q()
        if username:
            rows &= Q(username=name_key(username))
        if ip_address:
            rows &= Q(ip_address=normalised(ip_address) or None)
        deleted = forget(rows)
        logs.security("sign_in_unlocked", f"{deleted} counts of failures forgotten.")
        return deleted


def in_vain(event: str, words: str, attempt: Attempt | None) -> None:
    """Write the line of an attempt in vain.

    The name is not in it while nobody is signed in, for it may be a password, mistyped;
    but a keyed hash is, so that attempts for one name can be told from others.
    """
    facts = {"name_hash": attempt.name} if attempt else {}
    logs.security(event, words, level=logging.WARNING, **facts)


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
        in_vain("old_password_waits", "An old password has to wait.", attempt)
        request.sign_in_wait = wait  # type: ignore[attr-defined]
        return locked_page(request)
    response = view(request)
    form = (getattr(response, "context_data", None) or {}).get("form")
    if not form or "old_password" not in form.errors:
        attempt.succeed()
    elif not form.has_error("old_password", "password_incorrect"):
        attempt.take_back()
    else:
        in_vain("old_password_wrong", "An old password was wrong.", attempt)
    return response
