"""What an answer may load and do: the headers that browsers go by."""

from csp.decorators import csp_replace
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware

# For pages that send nothing: a form that got into one would have nowhere to go.
without_forms = csp_replace({"form-action": ["'none'"]})

POLICY = "Content-Security-Policy"
# Of what is no page: opened as one all the same, it loads nothing and is not framed.
NO_PAGE = "; ".join(
    f"{name} 'none'"
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors")
)


class EveryAnswerMiddleware(SecurityMiddleware):
    """Gives Django's security headers to what never gets as far as Django's own.

    It stands outermost: refusals and preflights are answered further out than pages.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Redirect nobody: the API refuses plain http, and pages are led on later."""

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        response.headers.setdefault(POLICY, NO_PAGE)
        return super().process_response(request, response)


class PagePolicyMiddleware(CSPMiddleware):
    """Gives pages their policy, which lets them load what is here."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
