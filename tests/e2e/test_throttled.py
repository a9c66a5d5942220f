"""Limits of a running server: right across its workers, and kept by Graph's SDK."""

import json
import os
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from certstates.addresses import COLLECTION
from tests.desk import desk_of_ones_own
from tests.e2e.clients import Served, program
from tests.make import make_body

LIMIT = 5
# The SDK's clients and their objects, without the steps that another test runs.
STEPS_ASIDE = program("sdk_python.py").partition('if __name__ == "__main__":')[0]
POST_SOME = f"""
async def _post_some():
    await states.post(whole_object())  # what it loads first takes its time
    began = datetime.now()
    await asyncio.gather(*(states.post(whole_object()) for n in range({LIMIT + 1})))
    print((datetime.now() - began).total_seconds())

asyncio.run(_post_some())
"""


@pytest.fixture(scope="module")
def limited():
    """Yield two applications of an ``up`` that admits few writes of each."""
    if os.environ.get("DATABASE_URL"):
        pytest.skip("needs the embedded database")
    with desk_of_ones_own() as desk:
        desk.environment |= {"THROTTLE": "on", "THROTTLE_APP_WRITES": f"{LIMIT}"}
        with desk.up() as serving:
            code, other, err = desk.run("create_token", "other", "--scope", "readwrite")
            assert code == 0, err
            tokens = (serving.token, other.strip())
            yield [Served(serving.url, token) for token in tokens]


def ask(served, path="", body=None):
    """Return status, headers and body of a GET, or of a POST."""
    headers = {"Authorization": f"Bearer {served.token}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(
        f"{served.url}/beta/{COLLECTION}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers, refused.read()


def count(served):
    return int(ask(served, "/$count")[2])


def test_the_limit_holds_for_all_workers_together(limited):
    served, _ = limited
    before = count(served)
    with ThreadPoolExecutor(20) as pool:
        answers = [*pool.map(lambda _: ask(served, body=make_body()), range(20))]
    assert sorted(status for status, _, _ in answers) == (
        [201] * LIMIT + [429] * (20 - LIMIT)
    )
    waits = [int(head["Retry-After"]) for status, head, _ in answers if status == 429]
    assert 15 <= min(waits) <= max(waits) <= 21
    assert count(served) == before + LIMIT


def test_the_sdk_waits_as_it_is_told_and_repeats_without_doubling(limited):
    _, served = limited
    before = count(served)
    code, seconds, err = served.run_python(STEPS_ASIDE + POST_SOME)
    assert code == 0, err
    assert float(seconds) > 19  # one more than any 20 seconds admit
    assert count(served) == before + LIMIT + 2
