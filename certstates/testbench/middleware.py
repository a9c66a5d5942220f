"""Where the test bench stands in the way of a request: inside of Graph's headers."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from certstates import errors
from certstates.middleware import PAGES
from certstates.oauth.addresses import is_oauth
from certstates.testbench import rules, turns
from certstates.testbench.faults import Fault

ADDRESS = "/testbench"
METRICS = "/metrics"  # a scrape in between would use up the faults of a test
HEADER = "X-Certstates-Fault"


def is_of_the_bench(request: HttpRequest) -> bool:
    path = request.path_info.lower()
    return path == ADDRESS or path.startswith(f"{ADDRESS}/")


def is_of_the_api(request: HttpRequest) -> bool:
    path = request.path_info
    is_elsewhere = path in ("/", METRICS) or PAGES.fullmatch(path)
    return not is_elsewhere and not is_oauth(request)


class TestBenchMiddleware:
    """Adds the bench's own addresses, and lets faults befall requests to the API.

    It is installed on a test bench only. Pages, the token endpoint and what monitoring
    reads have no faults.
    """

    __test__ = False  # its name is not to tell pytest anything

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_of_the_bench(request):
            request.urlconf = "certstates.testbench.urls"
            return self._without_faults(request)
        if not is_of_the_api(request):
            return self.get_response(request)
        try:
            fault = self._fault(request)
        except errors.GraphError as refused:
            return refusal(request, refused)
        if fault is None:
            return self._in_turn(request)
        return fault.befall(request, self._in_turn)

    def _without_faults(self, request: HttpRequest) -> HttpResponseBase:
        if HEADER not in request.headers:
            return self.get_response(request)
        message = "The test bench's own addresses have no faults."
        return errors.response(request, 400, message, target=HEADER)

    def _fault(self, request: HttpRequest) -> Fault | None:
        """Return the fault that the request itself asks for, or else a rule's."""
        if HEADER not in request.headers:
            return rules.fault_for(request)
        fault = Fault.parse(request.headers[HEADER], target=HEADER)
        if fault.fits(request):
            return fault
        raise errors.BadRequest(
            "There is no link to expire: the query has no $skiptoken or $deltatoken.",
            target=HEADER,
        )

    def _in_turn(self, request: HttpRequest) -> HttpResponseBase:
        try:
            with turns.with_others():
                return self.get_response(request)
        except errors.GraphError as refused:
            return refusal(request, refused)


def refusal(request: HttpRequest, error: errors.GraphError) -> HttpResponseBase:
    answer = errors.response(
        request, error.status_code, str(error.detail), target=error.target
    )
    for name, value in error.headers.items():
        answer[name] = value
    return answer
