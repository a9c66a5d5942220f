"""The token endpoint, and the documents that lead to it."""

from __future__ import annotations

import http
import json
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauthlib.oauth2 import OAuth2Error, UnsupportedGrantTypeError

from certstates import logs
from certstates.models import Scope
from certstates.oauth import limits
from certstates.oauth.addresses import AUTHORIZE, KEYS, TOKEN, base_of
from certstates.oauth.answers import answer, refusal
from certstates.oauth.requests import FIELDS, read_form, with_credentials

GRANT = "client_credentials"
# Nobody learns whether it is the id that is wrong, or the secret.
WORDS = {
    "invalid_client": "The client id or the client secret is wrong or missing.",
    "unauthorized_client": "This application may not fetch tokens itself.",
    "invalid_scope": "The application has not got this scope.",
}


@method_decorator(csrf_exempt, name="dispatch")
class OAuthView(View):
    """Answers other methods than its own as OAuth does: in JSON."""

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        allowed = ", ".join(name.upper() for name in self.http_method_names)
        words = f"The method is not allowed here; {allowed} is."
        response = refusal(request, "invalid_request", words, status=405)
        response["Allow"] = allowed
        return response


class TokenView(OAuthView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, tenant: str | None = None) -> HttpResponse:
        try:
            status, body = ask(request)
        except limits.TooManyRequests as error:
            words = error.description
            response = refusal(request, error.error, words, status=error.status_code)
            response["Retry-After"] = str(error.retry_after)
            return response
        except OAuth2Error as error:
            status, body = error.status_code, dict(error.twotuples)
        if status == http.HTTPStatus.OK:
            return answer(body)
        kind = body["error"]
        line = f"A token request was refused: {kind}."
        logs.security("client_refused", line, level=logging.WARNING, error=kind)
        words = WORDS.get(kind) or body.get("error_description", f"{kind}.")
        return refusal(request, kind, words, status=status)


def ask(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    """Let the server judge a request; return status and body of its answer."""
    form = read_form(request)
    if form.get("grant_type", GRANT) != GRANT:
        raise UnsupportedGrantTypeError(f"The only grant_type here is {GRANT}.")
    form = with_credentials(form, request.headers.get("Authorization"))
    limits.count(request, form.get("client_id", ""))
    fields = [(name, form[name]) for name in FIELDS if name in form]
    server = get_oauthlib_core().server
    _, text, status = server.create_token_response(f"/{TOKEN}", "POST", fields, {})
    body = json.loads(text)
    if "access_token" in body:
        body["ext_expires_in"] = body["expires_in"]
        if "scope" in form:
            # Exactly that was granted, and MSAL finds a token again by this text.
            del body["scope"]
    return status, body


class AuthorizeView(OAuthView):
    """Where people would sign in, if they could: MSAL wants the address to exist."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, tenant: str | None = None) -> HttpResponse:
        words = f"Nobody signs in here; the only grant is {GRANT}."
        return refusal(request, "unsupported_response_type", words)

    post = get


class KeysView(OAuthView):
    """No keys: the tokens are opaque, and nothing here is signed."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, tenant: str | None = None) -> HttpResponse:
        return answer({"keys": []})


class ConfigurationView(OAuthView):
    """What is true here of OpenID Connect Discovery 1.0, section 3.

    The issuer is the address before ``/.well-known``, as its section 4.3 demands. The
    lists that must be there and would name what is not offered are empty.
    """

    http_method_names = ["get", "head"]
    path = "v2.0"

    def get(self, request: HttpRequest, tenant: str | None = None) -> HttpResponse:
        base = base_of(request, tenant)
        return answer(
            {
                "issuer": f"{base}{self.path}".rstrip("/"),
                "authorization_endpoint": f"{base}{AUTHORIZE}",
                "token_endpoint": f"{base}{TOKEN}",
                "jwks_uri": f"{base}{KEYS}",
                "grant_types_supported": [GRANT],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "scopes_supported": [scope.value for scope in Scope],
                "response_types_supported": [],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [],
            }
        )
