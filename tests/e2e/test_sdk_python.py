"""Graph's SDK for Python, unchanged, against a running server."""

import ast
import json

import pytest

from tests.e2e.clients import program, recipe

STEPS = [
    node.name
    for node in ast.parse(program("sdk_python.py")).body
    if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_")
]


def test_the_recipe_works_as_it_stands(served, count_records):
    records = count_records(served)
    code, out, err = served.run_python(recipe("python"))
    assert code == 0, err
    assert out.splitlines() == [
        f"{records} records",
        "created LAPTOP-PYTHON",
        "changed to revoked",
        "deleted",
    ]
    assert count_records(served) == records


@pytest.fixture(scope="session")
def failures(https):
    """Return each step's failure, or an empty text, from one run of them all.

    (The SDK takes seconds to read its first object, so there is one process.)
    """
    code, out, err = https.run_python(program("sdk_python.py"))
    assert code == 0, out + err
    return dict(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("step", STEPS)
def test_the_sdk_sees_that(failures, step):
    assert failures[step] == ""
