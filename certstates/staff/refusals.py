"""Why somebody is not let in, in words for them; the log has others.

What a refusal is made with goes to the log, and so never holds a token or a claim.
"""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from certstates import logs


class SignInRefused(Exception):
    """A sign-in that ends on a page of its own. The message is for the log."""

    status = 403
    heading = ""
    words = ""
    cure = ""


class ProviderSilent(SignInRefused):
    status = 503
    heading = "The sign-in service cannot be reached"
    words = "It did not answer as it should, so nobody can be signed in by it just now."
    cure = (
        "Try again in a few minutes. If it stays so, tell whoever administers this "
        "server."
    )


class NotVerified(SignInRefused):
    status = 400
    heading = "This sign-in could not be verified"
    words = "What came back from the sign-in service does not prove who you are."
    cure = (
        "Try again. If it stays so, tell whoever administers this server: its log "
        "says what was wrong."
    )


class TooOld(SignInRefused):
    status = 400
    heading = "This sign-in is over"
    words = (
        "It took too long, was used before, or began in another browser. You have not "
        "been signed in by it."
    )
    cure = "Begin again on the login page. Cookies have to be allowed for this server."


class Declined(SignInRefused):
    heading = "You have not been signed in"
    words = "The sign-in was cancelled there, or the sign-in service refused it."
    cure = (
        "Try again. If you did not cancel it, ask whoever administers the sign-in "
        "service whether your account there may use this server."
    )


class NoGroup(SignInRefused):
    heading = "Your account may not use this server"
    words = (
        "The sign-in service knows who you are, but you are in none of the groups that "
        "are let in here."
    )
    cure = (
        "If your work needs it, ask whoever administers this server which group that "
        "is. If you have another account, sign out at the sign-in service first."
    )


class AccountClosed(SignInRefused):
    heading = "Your account here is closed"
    words = "Somebody who administers this server has closed it."
    cure = "If your work needs it, ask them to open it again."


class PasswordsOff(SignInRefused):
    heading = "Passwords are not taken here"
    words = "Staff sign in at the sign-in service, and in no other way."
    cure = "The login page leads there."


def refused_page(request: HttpRequest, refusal: SignInRefused) -> HttpResponse:
    logs.security(
        "sign_in_refused",
        f"Sign-in refused, {type(refusal).__name__}: {refusal}",
        level=logging.WARNING,
    )
    page, context = "admin/sign_in_refused.html", {"refusal": refusal}
    response = render(request, page, context, status=refusal.status)
    add_never_cache_headers(response)
    return response
