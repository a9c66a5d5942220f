"""$batch: a request in it is read as it would be alone: its url, headers and body."""

import base64
import json

import pytest

from certstates.addresses import COLLECTION
from certstates.headers import make_readable
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.batches import BODY_IS_JSON, ask, item_error, responses_of, send_batch
from tests.make import JSON, ROOT, URL, error_of, make_body, make_state

pytestmark = pytest.mark.django_db


ALONE_AND_IN_A_BATCH = [
    ("GET", URL, {}, None),
    ("GET", f"{URL}?$top=1", {}, None),
    ("GET", f"{URL}?%24top=1&x=%7Bx%7D", {}, None),
    ("GET", f"{URL}?$top=0", {}, None),
    ("GET", f"{URL}?$top=1", {"Content-Type": "application/json; charset=hex"}, None),
    ("GET", f"{URL}/a", {"Accept": "text/html"}, None),
    ("GET", f"{URL}/a", {"Accept": "application/json; x*=bogus''y"}, None),
    ("GET", f"{URL}/a", {"X-HTTP-Method-Override": "DELETE"}, None),
    ("GET", f"{URL}/a", {"Content-Type": JSON}, {"x": 1}),
    ("GET", f"{URL}/a", {"Content-Type": "image/png"}, {"x": 1}),
    ("GET", f"{URL}/nope", {}, None),
    ("GET", f"{URL}('a')", {}, None),
    ("GET", f"{URL}%28%27a%27%29", {}, None),
    ("GET", f"{URL}/a%2Fb", {}, None),
    ("GET", f"{URL}/%C3%A4%20b", {}, None),
    ("GET", f"{URL}/%00", {}, None),
    ("GET", "/beta/nope", {}, None),
    ("PUT", f"{URL}/a", {"Content-Type": JSON}, {}),
    ("DELETE", URL, {}, None),
    ("POST", URL, {"Content-Type": JSON}, {}),
    ("POST", URL, {"Content-Type": JSON}, None),
    ("POST", URL, {"Content-Type": JSON}, []),
    ("POST", URL, {"Content-Type": JSON}, 7),
    ("POST", URL, {"Content-Type": JSON}, make_body(id="a")),
    ("POST", URL, {"Content-Type": JSON}, make_body(certificateIssuerName="\ud800")),
    ("POST", URL, {"Content-Type": JSON}, make_body(certificateKeyUsages=1.5)),
    ("POST", URL, {"content-type": "Application/JSON; charset=UTF-8"}, {}),
    ("POST", URL, {"Content-Type": "text/plain"}, make_body()),
    ("POST", URL, {"Content-Type": "application/json; x*=bogus''y"}, make_body()),
    ("POST", URL, {"Content-Type": JSON, "Content-Encoding": "gzip"}, make_body()),
    ("POST", URL, {}, make_body()),
    ("PATCH", f"{URL}/a", {"Content-Type": JSON}, {"id": "b"}),
    ("PATCH", f"{URL}/a", {"Content-Type": JSON}, {"userPrincipalName": "ä 🦊"}),
    ("PATCH", f"{URL}/nope", {"Content-Type": JSON}, {}),
]


@pytest.mark.parametrize(("method", "url", "headers", "body"), ALONE_AND_IN_A_BATCH)
def test_an_answer_is_the_same_as_alone(operator, method, url, headers, body):
    for id in ("a", "ä b"):
        make_state(id=id)
    sent = "" if body is None else json.dumps(body)
    alone = operator.generic(method, url, sent, **as_the_server_shows(headers))
    [item] = responses_of(operator, ask("1", method, url, headers=headers, body=body))
    assert item["status"] == alone.status_code
    assert {"request-id", "client-request-id", "OData-Version"} <= {*item["headers"]}
    for name in {*item["headers"]} - {"request-id", "client-request-id"}:
        assert item["headers"][name] == alone.headers[name]
    expected = alone.json() if alone.content else None
    assert without_ids(item.get("body")) == without_ids(expected)


def as_the_server_shows(headers):
    environ = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in headers.items()}
    kind = environ.pop("HTTP_CONTENT_TYPE", "")
    environ = {**environ, "CONTENT_TYPE": kind}
    make_readable(environ)
    return {**environ, "content_type": environ.pop("CONTENT_TYPE")}


def without_ids(body):
    if body and "error" in body:
        del body["error"]["innerError"]
    return body


# --- URLs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch", "url", "root"),
    [
        ("/beta/$batch", URL, "beta/"),
        ("/beta/$batch", f"/v1.0/{COLLECTION}", "v1.0/"),
        ("/beta/$batch", f"v1.0/{COLLECTION}", "v1.0/"),
        ("/beta/$batch", f"/{COLLECTION}", "beta/"),
        ("/beta/$batch", COLLECTION, "beta/"),
        ("/beta/$batch", COLLECTION.upper(), "beta/"),
        ("/beta/$batch", f"{COLLECTION}/", "beta/"),
        ("/beta/$batch", f"/%62eta/{COLLECTION}", "beta/"),
        ("/beta/$batch", f"{ROOT}beta/{COLLECTION}", "beta/"),
        ("/beta/$batch", f"{ROOT}{COLLECTION}", ""),
        ("/beta/$batch", f"HTTPS://TestServer:443/v1.0/{COLLECTION}", "v1.0/"),
        ("/v1.0/$batch", COLLECTION, "v1.0/"),
        ("/v1.0/$batch", URL, "beta/"),
        ("/v1.0/%24BATCH/", COLLECTION, "v1.0/"),
        ("/$batch", f"/{COLLECTION}", ""),
        ("/$batch", URL, "beta/"),
    ],
)
def test_every_form_of_url_leads_below_its_root(reader, batch, url, root):
    for id in ("a", "b"):
        make_state(id=id)
    [item] = responses_of(reader, ask("1", "GET", f"{url}?$top=1"), url=batch)
    assert item["body"]["@odata.context"] == f"{ROOT}{root}$metadata#{COLLECTION}"
    link = item["body"]["@odata.nextLink"]
    assert link.startswith(f"{ROOT}{root}{COLLECTION}?")
    [rest] = responses_of(reader, ask("1", "GET", link), url=batch)
    assert [record["id"] for record in rest["body"]["value"]] == ["b"]


@pytest.mark.parametrize(
    "url",
    [
        f"https://certs.example/graph/beta/{COLLECTION}",
        f"https://CERTS.example:443/graph/beta/{COLLECTION}",
        f"{ROOT}beta/{COLLECTION}",
        f"/graph/beta/{COLLECTION}",
        f"/graph/{COLLECTION}",
        f"/beta/{COLLECTION}",
    ],
)
def test_the_public_address_is_this_server_too(reader, settings, url):
    settings.PUBLIC_URL = "https://certs.example/graph/"
    [item] = responses_of(reader, ask("1", "GET", url))
    context = item["body"]["@odata.context"]
    assert context.startswith("https://certs.example/graph/beta/$metadata")


@pytest.mark.parametrize(
    ("id", "url"),
    [
        ("a b", "/a b"),
        ("a b", "/a%20b"),
        ("äöü-日本", "/äöü-日本"),
        ("äöü-日本", "('%C3%A4%C3%B6%C3%BC-%E6%97%A5%E6%9C%AC')"),
        ("it's", "('it''s')"),
        ("a+b", "/a+b"),
        ("100%", "/100%25"),
        ("what?", "/what%3F"),
        ("#1", "/%231"),
    ],
)
def test_urls_are_read_with_and_without_escapes(reader, id, url):
    make_state(id=id)
    [item] = responses_of(reader, ask("1", "GET", URL + url))
    assert item["body"]["id"] == id


def test_a_query_needs_no_escapes(reader):
    make_state(id="a")
    make_state(id="b")
    [item] = responses_of(reader, ask("1", "GET", f"{URL}?$top=1&x=ä b|{{c}}"))
    assert item["status"] == 200
    assert "x=%C3%A4%20b%7C%7Bc%7D" in item["body"]["@odata.nextLink"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://elsewhere.example" + URL, "not below https://testserver/"),
        ("http://testserver" + URL, "not below"),
        ("https://testserver:8443" + URL, "not below"),
        ("https://me@testserver" + URL, "not below"),
        ("https://testserver.evil.example" + URL, "not below"),
        ("//testserver" + URL, "not below"),
        ("https://[" + URL, "not below"),
        ("mailto:x", "not below"),
        ("https:" + URL, "not below"),
        (URL + "#x", "%23"),
        (URL + "\n", "none can hold"),
        (URL + "/\ud800", "none can hold"),
        ("/beta/$batch", "another batch"),
        ("$BATCH/", "another batch"),
        ("https://testserver/v1.0/%24batch?x", "another batch"),
        ("/nope", "no resource"),
        ("../admin/", "no resource"),
        ("/oauth2/v2.0/token", "no resource"),
        ("x" * 100_000, "no resource"),
    ],
)
@pytest.mark.parametrize("batch", ["/beta/$batch", "/$batch"])
def test_an_item_for_another_place_is_a_bad_request(operator, batch, url, words):
    refused, fine = responses_of(
        operator, ask("1", "GET", url), ask("2", "GET", URL), url=batch
    )
    error = item_error(refused, 400, "BadRequest")
    assert words in error["message"]
    assert refused["headers"]["OData-Version"] == "4.0"
    assert len(str(refused)) < 2000
    assert fine["status"] == 200


def test_a_reference_to_another_answer_is_not_implemented(operator):
    make_state(id="a")
    _, answer = responses_of(
        operator,
        ask("1", "GET", f"{URL}/a"),
        ask("2", "DELETE", "$1", dependsOn=["1"]),
    )
    item_error(answer, 501, "NotImplemented")
    assert State.objects.exists()


# --- Headers -------------------------------------------------------------------------


def test_each_answer_has_an_id_of_its_own_and_the_client_s(reader):
    mine = {"client-request-id": "mine"}
    first, second, refused = responses_of(
        reader,
        ask("1", "GET", URL),
        ask("2", "GET", f"{URL}/nope", headers={"Client-Request-Id": "second"}),
        ask("3", "GET", "https://elsewhere.example/"),
        headers=mine,
    )
    assert first["headers"]["client-request-id"] == "mine"
    assert second["headers"]["client-request-id"] == "second"
    for answer in (second, refused):
        inner = answer["body"]["error"]["innerError"]
        for name in ("request-id", "client-request-id"):
            assert inner[name] == answer["headers"][name]
    ids = {a["headers"]["request-id"] for a in (first, second, refused)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer nobody-made-this-one"},
        {"Authorization": "\n"},
        {"Host": "evil.example", "Content-Length": "9", "Cookie": "sessionid=x"},
        {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"},
        {"Transfer-Encoding": "chunked", "Connection": "close", "": "", "ä": "🦊"},
    ],
)
def test_headers_that_are_the_batch_s_affair_are_passed_over(reader, headers):
    [answer] = responses_of(reader, ask("1", "GET", URL, headers=headers))
    assert answer["status"] == 200
    assert answer["body"]["@odata.context"].startswith(f"{ROOT}beta/")


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Accept": "a\r\nb"}, "no header can hold"),
        ({"Accept": "🦊"}, "no header can hold"),
        ({"Content-Type": "\ud800"}, "no header can hold"),
        ({"Accept": "*/*", "accept": "*/*"}, "twice"),
    ],
)
def test_headers_that_no_request_could_have_are_refused(reader, headers, words):
    refused, other = responses_of(
        reader, ask("1", "GET", URL, headers=headers), ask("2", "GET", URL)
    )
    assert words in item_error(refused, 400, "BadRequest")["message"]
    assert other["status"] == 200


# --- Bodies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoded",
    [
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda body: base64.urlsafe_b64encode(body).rstrip(b"="),
    ],
)
@pytest.mark.parametrize("tail", ["", "?", "??", "¿¾ÿ"])
def test_a_body_may_come_as_base64(operator, encoded, tail):
    text = f"🦊?>{tail}"
    body = json.dumps(make_body(certificateSubjectName=text), ensure_ascii=False)
    item = ask("1", "POST", URL, headers=BODY_IS_JSON)
    item["body"] = encoded(body.encode()).decode()
    [answer] = responses_of(operator, item)
    assert answer["status"] == 201
    assert answer["body"]["certificateSubjectName"] == text


@pytest.mark.parametrize(
    "body", ["no base64!", "a", "ä", "\ud800", "{}", "AAAA AAAA", "====a", "AA=A"]
)
def test_a_text_that_is_no_base64_is_a_bad_request(operator, body):
    [answer] = responses_of(
        operator, ask("1", "POST", URL, body=body, headers=BODY_IS_JSON)
    )
    error = item_error(answer, 400, "BadRequest")
    assert error["target"] == "body"


def test_a_body_that_grows_over_the_limit_is_too_large(operator, settings):
    numbers = ",".join(["1e9"] * 300)  # 1000000000.0 when written again
    item = json.dumps(ask("1", "POST", URL, headers=BODY_IS_JSON, body=["numbers"]))
    document = '{"requests": [%s]}' % item.replace('"numbers"', numbers)  # noqa: UP031
    settings.MAX_BODY_SIZE = len(document)
    response = operator.post("/beta/$batch", document, content_type=JSON)
    [answer] = response.json()["responses"]
    item_error(answer, 413, "RequestEntityTooLarge")


def test_a_batch_is_no_larger_than_a_body_may_be(operator, settings):
    items = [ask("1", "POST", URL, headers=BODY_IS_JSON, body=make_body())]
    settings.MAX_BODY_SIZE = len(json.dumps({"requests": items}))
    responses_of(operator, *items)
    settings.MAX_BODY_SIZE -= 1
    error_of(send_batch(operator, *items), 413, "RequestEntityTooLarge")


@pytest.mark.parametrize("depth", [100, 400, 700, 800, 850, 900, 950])
def test_a_deep_body_is_a_bad_request(operator, depth):
    item = json.dumps(ask("1", "POST", URL, headers=BODY_IS_JSON, body="deep"))
    deep = "[" * depth + "]" * depth
    document = '{"requests": [%s]}' % item.replace('"deep"', deep)  # noqa: UP031
    response = operator.post("/beta/$batch", document, content_type=JSON)
    if response.status_code == 200:
        [answer] = response.json()["responses"]
        item_error(answer, 400, "BadRequest")
    else:
        error_of(response, 400, "BadRequest")


def test_a_byte_out_of_place_is_no_part_of_an_id(operator):
    make_state(id="%FF")
    refused, found = responses_of(
        operator, ask("1", "DELETE", f"{URL}/%ff"), ask("2", "GET", f"{URL}/%25FF")
    )
    item_error(refused, 400, "BadRequest")
    assert found["body"]["id"] == "%FF"


def test_a_root_needs_no_slash(operator):
    [found] = responses_of(operator, ask("1", "GET", "/beta"))
    assert found["status"] == 200
