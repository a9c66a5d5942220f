"""A test bench inside the tests' own process, and words for what is sent there."""

import json

from certstates.testbench import tables
from tests.make import JSON, ApiClient

MIDDLEWARE = "certstates.testbench.middleware.TestBenchMiddleware"
AROUND_IT = "certstates.middleware.GraphMiddleware"


def install(settings):
    """Do what the settings do where TESTBENCH is on, and what ``up`` does."""
    settings.TESTBENCH = True
    inside = settings.MIDDLEWARE.index(AROUND_IT) + 1
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:inside],
        MIDDLEWARE,
        *settings.MIDDLEWARE[inside:],
    ]
    tables.prepare()


class BenchClient(ApiClient):
    def send(self, path, body=None, *, method="POST", **extra):
        if method != "GET":
            data = "" if body is None else json.dumps(body)
            extra |= {"data": data, "content_type": JSON}
        return getattr(self, method.lower())(f"/testbench{path}", **extra)

    def faults(self, *rules):
        response = self.send("/faults", {"faults": list(rules)}, method="PUT")
        assert response.status_code == 200, response.content
        return response.json()["faults"]
