"""What is written down: who asked what, under which id, and nothing to get in with."""

import json
import logging
import re

import pytest

from certstates.logs import Facts, JsonLines, PlainLines, without_secrets
from certstates.tokens import new_token
from tests.make import URL, ApiClient, make_body, make_state

TOKEN = new_token()
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


class Lines(logging.Handler):
    """Keeps the lines that the production handler would write."""

    def __init__(self):
        super().__init__()
        self.setFormatter(JsonLines())
        self.addFilter(Facts())
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))

    def objects(self, logger="certstates.access"):
        found = [json.loads(line) for line in self.lines]
        return [line for line in found if line["logger"] == logger]


@pytest.fixture
def lines():
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_a_request_is_one_line_with_its_id_and_its_caller(operator, lines):
    make_state(id="a")
    response = operator.get(f"{URL}/a?$select=id")
    [line] = lines.objects()
    assert line.pop("duration_ms") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}\+00:00", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "certstates.access",
        "message": f"GET {URL}/a 200",
        "method": "GET",
        "path": f"{URL}/a",
        "status": 200,
        "request_id": response.headers["request-id"],
        "address": "127.0.0.1",
        "caller": "tests",
    }


def test_a_refusal_is_written_too(stranger, lines, db):
    response = stranger.create(make_body())
    [line] = lines.objects()
    assert (line["status"], line["method"]) == (401, "POST")
    assert line["request_id"] == response.headers["request-id"]
    assert line["error"] == "InvalidAuthenticationToken"
    assert line["refused"] == "An access token is required: Authorization: Bearer."
    assert "caller" not in line


def test_a_refusal_says_what_was_lacking(reader, lines):
    reader.create(make_body())
    [line] = lines.objects()
    assert (line["status"], line["error"], line["caller"]) == (
        403,
        "Forbidden",
        "tests",
    )
    assert "ReadWrite.All" in line["refused"]


def test_what_was_sent_wrongly_is_called_by_its_code_only(operator, lines):
    operator.create(make_body(certificateKeyUsages="ana@contoso.example"))
    [line] = lines.objects()
    assert (line["status"], line["error"]) == (400, "ModelValidationFailure")
    assert "contoso" not in "".join(lines.lines)


def test_a_line_says_whom_the_proxy_saw(stranger, lines, settings, db):
    settings.TRUSTED_PROXIES = 1
    headers = {"X-Forwarded-For": "203.0.113.1, 192.0.2.7"}
    stranger.get(URL, headers=headers)
    [line] = lines.objects()
    assert line["address"] == "192.0.2.7"


def test_a_page_names_the_member_of_staff(staff, lines):
    staff.get("/admin/")
    [line] = lines.objects()
    assert (line["staff"], line["path"]) == ("admin", "/admin/")


def test_an_item_of_a_batch_has_a_line_of_its_own(operator, lines):
    items = [{"id": "1", "method": "GET", "url": URL.removeprefix("/beta")}]
    operator.post("/beta/$batch", {"requests": items}, content_type="application/json")
    item, batch = lines.objects()
    assert item["batch_id"] == batch["request_id"]
    assert (item["method"], batch["method"]) == ("GET", "POST")
    assert item["caller"] == batch["caller"] == "tests"
    assert "batch_id" not in batch


def test_no_request_knows_of_the_one_before(operator, stranger, lines):
    operator.get(URL)
    stranger.get(URL)
    logging.getLogger("elsewhere").warning("later")
    _, second = lines.objects()
    assert "caller" not in second
    [later] = lines.objects("elsewhere")
    assert "request_id" not in later


def test_a_crash_is_written_with_its_id_and_without_the_query(
    reader, lines, monkeypatch
):
    monkeypatch.setattr(
        "certstates.views.CertificateStateViewSet.list",
        lambda *args, **kwargs: {}["what is not there"],
    )
    response = reader.get(f"{URL}?$filter=userPrincipalName eq 'ana@contoso.example'")
    assert response.status_code == 500
    [crash] = lines.objects("certstates.errors")
    assert "what is not there" in crash["exc_info"]
    [line] = lines.objects("django.request")
    assert line["message"] == f"Internal Server Error: {URL}"
    for found in (crash, line):
        assert found["request_id"] == response.headers["request-id"]
    assert "contoso" not in "".join(lines.lines)


def test_the_access_log_can_be_turned_off(operator, lines, settings):
    settings.ACCESS_LOG = False
    operator.get(URL)
    assert lines.objects() == []


def test_refusals_are_written_all_the_same(stranger, reader, lines, settings):
    settings.ACCESS_LOG = False
    stranger.get(URL)
    reader.create(make_body())
    assert [line["status"] for line in lines.objects()] == [401, 403]


def test_a_token_does_not_get_into_any_line(lines, db):
    ApiClient(TOKEN).get(f"{URL}?access_token={TOKEN}")
    ApiClient(JWT).get(f"{URL}/{TOKEN}")
    assert len(lines.objects()) == 2
    assert TOKEN not in "".join(lines.lines)
    assert JWT not in "".join(lines.lines)


@pytest.mark.parametrize(
    "path", ["/secret=é", "/password=%0Ab", "/code=%5C", "/_token:%22a"]
)
def test_no_path_makes_a_line_that_is_no_json(stranger, lines, path):
    stranger.get(path)
    [line] = lines.objects()
    assert line["status"] == 400


@pytest.mark.parametrize("secret", ["éclair99", "eclair\u00e999", "a\x7fb\x1bcd"])
def test_a_secret_is_hidden_whole_whatever_json_would_escape(secret):
    record = logging.LogRecord("x", 40, "", 0, f"password={secret} b", None, None)
    line = json.loads(JsonLines().format(record))
    assert line["message"] == "password=[hidden] b"


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"token {TOKEN} is new", TOKEN),
        (f"refused {JWT}", JWT),
        ("Authorization: Bearer abc.def/ghi+jkl==", "abc.def/ghi+jkl"),
        ("headers {'Authorization': 'Basic YWxhZGRpbjpvcGVu'}", "YWxhZGRpbjpvcGVu"),
        ("client_id=a&client_secret=s3cr3t!&scope=x", "s3cr3t!"),
        ('{"password": "correct horse"}', "correct"),
        (r"{\"client_secret\": \"s3cr3t\"}", "s3cr3t"),
        ("new_password1=opensesame", "opensesame"),
        ("GET /cb?code=abcdef&state=1", "abcdef"),
        ("postgresql://user:pa55word@db/name", "pa55word"),
        (f"secret certstates_secret_{'k' * 43}", "k" * 43),
    ],
)
def test_what_could_be_used_to_get_in_is_hidden(line, secret):
    assert secret not in without_secrets(line)
    record = logging.LogRecord("x", logging.ERROR, "", 0, line, None, None)
    for formatter in (JsonLines(), PlainLines()):
        assert secret not in formatter.format(record)
        assert "[hidden]" in formatter.format(record)


@pytest.mark.parametrize(
    "line",
    [
        'relation "certstates_managedalldevicecertificatestate" does not exist',
        "The password is too short.",
        "SECRET_KEY is not set.",
        "https://certs.example/beta/$metadata",
    ],
)
def test_what_is_harmless_is_left_alone(line):
    assert without_secrets(line) == line


def test_a_line_stays_one_line_of_ascii():
    text = "a\nb\u2028c\ud800\x1b[31m"
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s", (text,), None)
    line = JsonLines().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == text


def test_a_plain_line_stays_one_line_but_for_a_traceback():
    record = logging.LogRecord("x", 40, "", 0, "%s", ("/a\nb\u2028\x1b[31m/é",), None)
    line = r"ERROR x: /a\nb\u2028\x1b[31m/é"
    assert PlainLines().format(record) == line
    record.exc_text = "Traceback:\n  here"
    assert PlainLines().format(record) == f"{line}\nTraceback:\n  here"
