"""The way to the identity provider, and the way back."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import UpdateError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)

from certstates.staff.refusals import Declined, SignInRefused, TooOld, refused_page
from certstates.staff.sso import setting

TIME_TO_SIGN_IN = 10 * 60  # seconds
# What browsers say of a link on a page of this server, and of what somebody typed.
ASKED_FOR = ("same-origin", "none")

View = Callable[[HttpRequest], HttpResponse]


class StartView(OIDCAuthenticationRequestView):  # type: ignore[misc] # it has no types
    """Sends the browser to the provider; the session keeps what it must come back with.

    It is met by a link: Chromium counts a form's redirects as sent by the form, and the
    pages' policy lets forms go to this server only. Who is led here by another site
    sees the login page first: to sign in is one's own decision.
    """

    get_settings = staticmethod(setting)

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("Sec-Fetch-Site", "none") not in ASKED_FOR:
            return HttpResponseRedirect(reverse("admin:login"))
        response: HttpResponse = super().get(request)
        if not request.user.is_authenticated:  # nothing is kept for who turns away
            request.session.set_expiry(TIME_TO_SIGN_IN)
        return response


class CallbackView(OIDCAuthenticationCallbackView):  # type: ignore[misc] # no types
    get_settings = staticmethod(setting)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Hear only what this browser has asked for, be it good or bad news."""
        if request.GET.get("state") not in request.session.get("oidc_states", {}):
            raise TooOld("the state is not one of this session")
        try:
            response: HttpResponse = super().get(request)
        except UpdateError:  # another window has signed in
            request.session.modified = False  # there is nothing left to save
            raise TooOld("the session ended meanwhile") from None
        return response

    @property
    def success_url(self) -> str:
        return self.request.session.get("oidc_login_next") or reverse("admin:index")

    def login_success(self) -> HttpResponse:
        """Begin a session that has nothing of the one before, least of all its key.

        What others began and never ended goes too, so that no heap of it can grow.
        """
        target = self.success_url
        self.request.session.flush()
        self.request.session.clear_expired()
        auth.login(self.request, self.user)
        return HttpResponseRedirect(target)

    def login_failure(self) -> HttpResponse:
        raise Declined("the provider sent an error, or no code")


def told(view: View) -> View:
    """Answer a refusal with its page; there is no such address without a provider."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if not settings.STAFF_OIDC_ISSUER:
            raise Http404
        try:
            return view(request)
        except SignInRefused as refusal:
            return refused_page(request, refusal)

    return answer


start = told(StartView.as_view())
callback = told(CallbackView.as_view())
