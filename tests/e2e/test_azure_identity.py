"""Microsoft's own sign-in libraries, unchanged, against a running server."""

import ast
import json

import pytest

from tests.e2e.clients import program, recipe

STEPS = [
    node.name
    for node in ast.parse(program("azure_python.py")).body
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
]
HEADING = "## With client id and secret"


def test_the_recipe_works_as_it_stands(https, count_records):
    records = count_records(https)
    code, out, err = https.run_python(recipe("python", below=HEADING))
    assert code == 0, err
    assert out.splitlines() == [f"{records} records"]


@pytest.fixture(scope="session")
def failures(https):
    """Return each step's failure, or an empty text, from one run of them all."""
    code, out, err = https.run_python(program("azure_python.py"))
    assert code == 0, out + err
    return dict(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("step", STEPS)
def test_azure_identity_sees_that(failures, step):
    assert failures[step] == ""
