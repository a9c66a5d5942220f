"""Two servers on one database: one by https, and a lenient one by http."""

import contextlib
import copy
import json
import os
import ssl
import tempfile
from pathlib import Path

import pytest

from certstates.addresses import COLLECTION
from tests.desk import Desk, fetch, free_port
from tests.e2e.clients import Served


@pytest.fixture(scope="session")
def servers():
    if os.environ.get("DATABASE_URL"):
        pytest.skip("needs the embedded database")
    with contextlib.ExitStack() as stack:
        top = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="certstates-desk-", dir="/tmp")
        )
        Path(top).chmod(0o755)
        strict = Desk(Path(top))
        lenient = copy.copy(strict)
        lenient.port = free_port()
        lenient.environment = {**strict.environment, "CREATE_REQUIRES": "metadata"}
        https = stack.enter_context(strict.up("--tls"))
        http = stack.enter_context(lenient.up())
        yield {
            "http": Served(http.url, https.token, lenient_url=http.url),
            "https": Served(
                https.url, https.token, https.authority, lenient_url=http.url
            ),
        }


@pytest.fixture(scope="session")
def https(servers):
    return servers["https"]


@pytest.fixture(scope="session", params=["http", "https"])
def served(servers, request):
    return servers[request.param]


@pytest.fixture
def count_records():
    """Return a function that counts the recipes' records without any SDK."""

    def count(served):
        context = (
            ssl.create_default_context(cafile=served.authority)
            if served.authority
            else None
        )
        status, body = fetch(
            f"{served.url}/beta/{COLLECTION}",
            context=context,
            Authorization=f"Bearer {served.token}",
        )
        assert status == 200, body
        statuses = [r["certificateRevokeStatus"] for r in json.loads(body)["value"]]
        return statuses.count("none")

    return count
