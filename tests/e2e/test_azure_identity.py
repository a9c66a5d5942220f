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


def test_the_recipe_for_javascript_works_as_it_stands(https, count_records):
    records = count_records(https)
    code, out, err = https.run_javascript(recipe("js", below=HEADING))
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"{records} records"]


def test_the_recipe_for_curl_works_as_it_stands(https):
    code, out, err = https.run_shell(recipe("sh", below=HEADING))
    assert (code, err) == (0, "")
    assert int(out.strip("\ufeff")) > 0


def test_azure_identity_for_javascript_keeps_its_token(https):
    code, out, err = https.run_javascript(program("azure_javascript.mjs"))
    assert code == 0, err
    assert json.loads(out) == {
        "prefix": "certstates_",
        "kept": True,
        "status": 200,
        "refused": "invalid_client",
    }


@pytest.fixture(scope="session")
def failures(https):
    """Return each step's failure, or an empty text, from one run of them all."""
    code, out, err = https.run_python(program("azure_python.py"))
    assert code == 0, out + err
    return dict(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("step", STEPS)
def test_azure_identity_sees_that(failures, step):
    assert failures[step] == ""
