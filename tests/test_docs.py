"""The README is true: commands run, the example is answered, tables are whole."""

import json
import re
import shlex

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.utils import timezone

from certstates import errors, examples
from certstates.permissions import READ
from tests.make import ApiClient, make_state, make_token

ROOT = settings.BASE_DIR
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def curl():
    [block] = [block for block in blocks("sh") if block.startswith("curl -i")]
    return block


def test_it_fits_on_a_few_screens():
    assert len(README.splitlines()) <= 200


def test_its_request_is_answered_as_it_says(db, curl):
    words = shlex.split(curl)
    path = words[2].removeprefix("http://127.0.0.1:8000")
    body = words[words.index("-d") + 1]
    client = ApiClient(make_token("DeviceManagementConfiguration.ReadWrite.All"))
    response = client.create(body, url=path)
    assert response.status_code == 201
    [shown] = (json.loads(block) for block in blocks("json"))
    answer = response.json()
    assert [*answer] == [*shown]
    for name in (
        "id",
        "certificateRevokeStatusLastChangeDateTime",
        "@odata.context",
        "@odata.etag",
    ):
        assert type(answer.pop(name)) is type(shown.pop(name))
    assert answer == shown


def test_its_question_is_answered(db):
    [block] = [block for block in blocks("sh") if block.startswith("curl -G")]
    words = shlex.split(block)
    asked = [words[n + 1] for n, word in enumerate(words) if word == "--data-urlencode"]
    query = dict(text.replace("\\$", "$").split("=", maxsplit=1) for text in asked)
    make_state(id="later")
    make_state(id="soon", certificate_expiration_date_time=timezone.now())
    client = ApiClient(make_token(READ))
    path = words[2].removeprefix("http://127.0.0.1:8000")
    [found] = client.get(path, query).json()["value"]
    assert [*found] == ["managedDeviceDisplayName", "certificateExpirationDateTime"]


def test_its_request_is_the_one_that_up_and_the_docs_page_show(curl, client):
    printed = examples.curl_create("http://127.0.0.1:8000", "$TOKEN")
    assert printed == curl.strip()
    [question] = [block for block in blocks("sh") if block.startswith("curl -G")]
    printed_question = examples.curl_expiring("http://127.0.0.1:8000", "$TOKEN")
    assert printed_question == question.strip()
    page = client.get("/docs/", secure=True, headers={"Host": "localhost"})
    assert page.context["curl"] == printed.replace(
        "http://127.0.0.1:8000", "https://localhost"
    )


def test_its_commands_exist_with_their_options():
    commands = re.findall(r"python3 manage\.py (\w+)(.*)", README)
    assert {"up", "test", "create_token"} <= {name for name, _ in commands}
    for name, rest in commands:
        if name != "test":
            command = load_command_class(get_commands()[name], name)
            parser = command.create_parser("manage.py", name)
            if rest.strip("`, "):
                parser.parse_args(shlex.split(rest))


def test_every_error_code_stands_in_it():
    raised = {e.default_code for e in errors.GraphError.__subclasses__()}
    details = {*errors.DETAIL_CODES.values(), errors.INVALID_VALUE}
    for code in raised | details | {*errors.CODES.values()}:
        assert f"`{code}`" in README, code


def test_every_file_that_it_names_exists():
    for path in re.findall(r"\]\(([\w/.-]+)\)", README):
        assert (ROOT / path).exists(), path
    tour = README.partition("## The house")[2].partition("##")[0]
    for cell in re.findall(r"^\| (`.*?) \|", tour, re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([^`]+)`", cell):
            path = name if "/" in name else f"{folder}/{name}"
            assert (ROOT / path).exists(), path
            folder = str((ROOT / path).parent.relative_to(ROOT))


def anchors_of(page):
    """Return what the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {text.strip().replace(" ", "-") for text in words}


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda page: page.name,
)
def test_every_link_of_a_page_leads_to_a_file_and_its_heading(page):
    text = page.read_text(encoding="utf-8")
    for path, anchor in re.findall(r"\]\(([^)#:]*)(?:#([\w-]+))?\)", text):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors_of(target), f"{path}#{anchor}"
    for path in re.findall(r"`((?:certstates|project|tests|docs)/[^`*{}:]+)`", text):
        assert (ROOT / path).exists(), path


def test_every_module_has_its_place_in_the_tour():
    tour = README.partition("## The house")[2]
    for folder in ("certstates", "project"):
        for module in (ROOT / folder).glob("*.py"):
            if module.stem not in (
                "__init__", "apps", "checks", "examples", "settings", "urls", "wsgi"
            ):  # fmt: skip
                assert module.name in tour, module.name


def test_modules_stay_short():
    for folder in ("certstates", "project", "tests"):
        for module in (ROOT / folder).rglob("*.py"):
            assert len(module.read_text().splitlines()) < 400, module
