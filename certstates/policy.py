"""What a page may load and do: the Content-Security-Policy of the site's pages."""

from csp.decorators import csp_replace
from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# For pages that send nothing: a form that got into one would have nowhere to go.
without_forms = csp_replace({"form-action": ["'none'"]})


class PagePolicyMiddleware(CSPMiddleware):
    """Gives pages their policy, and spares the API's JSON, which loads nothing."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
