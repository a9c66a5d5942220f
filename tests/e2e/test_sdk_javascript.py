"""Graph's SDK for JavaScript, unchanged, against a running server."""

import json
import re

import pytest

from tests.e2e.clients import program, recipe

STEPS = re.findall(r"^  async (\w+)\(", program("sdk_javascript.mjs"), re.MULTILINE)


def test_the_recipe_works_as_it_stands(https, count_records):
    records = count_records(https)
    code, out, err = https.run_javascript(recipe("js"))
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{records} records",
        "created LAPTOP-NODE",
        "changed to revoked",
        "deleted",
    ]
    assert count_records(https) == records


def test_it_sends_no_token_over_plain_http(servers):
    code, out, err = servers["http"].run_javascript(recipe("js"))
    assert (code, out) == (1, "")
    assert "InvalidAuthenticationToken" in err


@pytest.fixture(scope="session")
def failures(https):
    """Return each step's failure, or an empty text, from one run of them all."""
    code, out, err = https.run_javascript(program("sdk_javascript.mjs"))
    assert code == 0, out + err
    return dict(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("step", STEPS)
def test_the_sdk_sees_that(failures, step):
    assert failures[step] == ""
