"""The page about the test bench is true."""

import json
import re
import shlex
from itertools import pairwise

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from certstates import stories
from certstates.permissions import READ_WRITE
from certstates.testbench import faults, rules, urls
from certstates.testbench.server import TestBench
from certstates.views import unknown_segment
from tests.bench import BenchClient, install
from tests.make import make_token
from tests.tables import codes, tables

TEXT = (settings.BASE_DIR / "docs/testbench.md").read_text(encoding="utf-8")
TABLES = tables(TEXT)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def bench(settings, db):
    install(settings)
    return BenchClient(make_token(READ_WRITE))


def run(client, curl):
    """Send what a curl command says."""
    words = shlex.split(curl)
    url = next(word for word in words if word.startswith("$CERTSTATES_URL"))
    values = dict(pairwise(words))
    headers = [words[n + 1] for n, word in enumerate(words) if word == "-H"]
    sent = dict(header.split(": ", 1) for header in headers)
    assert sent.pop("Authorization") == "Bearer $CERTSTATES_TOKEN"
    return client.generic(
        values.get("-X", "GET"),
        url.removeprefix("$CERTSTATES_URL"),
        values.get("-d", ""),
        sent.pop("Content-Type", ""),
        headers=sent,
    )


def test_its_requests_are_answered_as_it_says(bench):
    bench.send("/reset")
    curls = [block for block in blocks("sh") if block.startswith("curl")]
    answers = [run(bench, curl) for curl in curls]
    assert [a.status_code for a in answers] == [200, 201, 200, 429, 200]
    shown = [json.loads(block) for block in blocks("json")]
    for answer, expected in zip(answers, shown, strict=False):
        found = answer.json()
        for body in (found, expected):
            body.pop("createdDateTime", None)
        assert found == expected
    assert answers[3].headers["Retry-After"] == "3"
    assert len(answers[4].json()["faults"]) == 3


def test_its_commands_exist_with_their_options():
    lines = re.findall(r"^python3 manage\.py (\w+) (.*)$", TEXT, re.MULTILINE)
    assert {name for name, _ in lines} == {
        "up", "reset_states", "seed_states", "loaddata",
    }  # fmt: skip
    for name, rest in lines:
        if name != "loaddata":
            command = load_command_class(get_commands()[name], name)
            command.create_parser("manage.py", name).parse_args(shlex.split(rest))


def test_every_fixture_stands_in_the_table_with_its_size():
    rows = TABLES["Fixture"].rows
    assert sorted(TABLES["Fixture"].codes("Fixture")) == stories.names()
    for row in rows:
        said = re.match(r"\d+|none", row["Records"])[0].replace("none", "0")
        [name] = codes(row["Fixture"])
        assert len(stories.told(name, now=stories.MOMENT)) == int(said)


def test_every_fault_stands_in_the_table_with_its_parameters():
    said = {
        codes(row["Kind"])[0]: {*codes(row["Parameters"])}
        for row in TABLES["Kind"].rows
    }
    assert said == {kind: {*names} for kind, names in faults.PARAMETERS.items()}


def test_every_member_of_a_rule_stands_in_the_table():
    assert TABLES["Member"].codes("Member")[0] == "fault"
    assert [codes(row["Member"])[0] for row in TABLES["Member"].rows] == [
        *rules.READERS
    ]


def test_every_address_stands_in_the_table_with_its_methods():
    said = set()
    for [request] in map(codes, TABLES["Request"].column("Request")):
        method, path = request.split()
        path = path.replace("{name}", "a")
        said.add((resolve(path, "certstates.testbench.urls").route, method))
    known = {
        (str(route.pattern), method.upper())
        for route in urls.urlpatterns
        if route.callback is not unknown_segment
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(route.callback.view_class, method)
    }
    assert said == known


def test_what_it_says_of_the_fixtures_of_pytest_exists():
    sentence = TEXT.partition("Both have ")[2].partition(". Each worker")[0]
    for name in re.findall(r"`(\w+)", sentence):
        assert name in {*dir(TestBench), *TestBench.__dataclass_fields__}, name
