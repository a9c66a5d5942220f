"""``sync_graph`` outlasts what passes, and ends with a sentence at what does not.

The token never leaves the origin that it was meant for.
"""

import datetime as dt
import json
import threading
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management import CommandError, call_command

from certstates.models import GraphSource, SyncedState
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.graph_source import (
    PAGE,
    changed,
    cut_off,
    half_a_body,
    line_to,
    reset,
    says,
    slow,
    status,
)
from tests.make import make_body

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(graph_source):
    with line_to(graph_source.desk.port) as line:
        yield line


@pytest.fixture(autouse=True)
def naps(graph_source, settings, monkeypatch):
    """Return how long it would have slept, in seconds; nobody does."""
    settings.GRAPH = {"token": graph_source.token}
    naps = []
    monkeypatch.setattr("certstates.sync.fetching.pause", naps.append)
    return naps


def sync(line, **options):
    call_command("sync_graph", base_url=line.url, **{"page_size": PAGE, **options})


def refused(line, **options):
    with pytest.raises(CommandError) as refusal:
        sync(line, **options)
    assert refusal.value.returncode == 1
    return str(refusal.value)


def is_whole(graph_source):
    return {*State.objects.values_list("pk", flat=True)} == {*graph_source.records()}


DATE = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30), usegmt=True)
LONG_AGO = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        (status(429, Retry_After="7"), 7, 7.5),
        (status(429, Retry_After=DATE), 0, 32),
        (status(429, Retry_After=LONG_AGO), 0.5, 1),
        (status(429, Retry_After="0"), 0.5, 1),
        (status(429, Retry_After="999999999999"), 300, 315),
        (status(429, Retry_After="soon"), 0.5, 1),
        (status(429), 0.5, 1),
        (status(503, Retry_After="2"), 2, 2.5),
        (status(503), 0.5, 1),
        (status(500), 0.5, 1),
        (status(502), 0.5, 1),
        (status(504), 0.5, 1),
        (reset, 0.5, 1),
        (cut_off, 0.5, 1),
        (half_a_body, 0.5, 1),
        (slow(1.5), 0.5, 1),
    ],
)
def test_what_passes_is_waited_for(graph_source, line, naps, fault, least, most):
    line.faults.extend([None, fault])
    sync(line, timeout=1)
    [nap] = naps
    assert least <= nap <= most
    assert is_whole(graph_source)


def test_waits_grow_and_end_at_a_bound(line, naps):
    line.faults.extend([status(503)] * 9)
    assert "No page after 9 attempts: the answer was 503" in refused(line, retries=8)
    assert len(naps) == 8
    for number, nap in enumerate(naps):
        longest = min(60, 2**number)
        assert longest / 2 <= nap <= longest


def test_a_refusal_names_the_request(line):
    line.faults.append(status(403, code="Forbidden", request_id="3f-2a"))
    said = refused(line)
    assert "The server refused: 403 Forbidden: Said by the line." in said
    assert "request-id 3f-2a" in said


ITEM = {"id": "a", **make_body()}
DEEP = b'{"value":' * 100_000


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (says(b"<html>", Content_Type="text/html"), "'text/html', and not JSON"),
        (says({}, Content_Type="text/plain; charset=utf-8"), "and not JSON"),
        (says({}), "it has no array called value"),
        (says({"value": {}}), "it has no array called value"),
        (says([ITEM]), "it has no array called value"),
        (says({"value": [1]}), "Item 1 of the page is a number"),
        (says({"value": [ITEM, make_body()]}), "Item 2 of the page has no id"),
        (says({"value": [{"id": ""}]}), "Item 1 of the page has no id"),
        (says({"value": [{"id": 7}]}), "Item 1 of the page has no id"),
        (says({"value": [], "@odata.nextLink": 7}), "nextLink is no address"),
        (says({"value": [], "@odata.nextLink": ""}), "nextLink is no address"),
        (
            says({"value": [], "@odata.nextLink": "http://[::1"}),
            "nextLink is no http address",
        ),
        (
            says({"value": [], "@odata.nextLink": "file:///etc/passwd"}),
            "nextLink is no http address",
        ),
        (says(b" " * 70_000_000), "more than 67,108,864 bytes"),
        (status(302, Location="https://elsewhere.example/"), "sends elsewhere"),
        (status(308, Location="/beta/"), "sends elsewhere"),
        (status(400, code="BadRequest"), "The server refused: 400 BadRequest"),
        (status(404, code="ResourceNotFound"), "The server refused: 404"),
        (status(501), "The server refused: 501"),
        (status(204), "The server refused: 204"),
    ],
)
def test_what_does_not_pass_ends_it_with_a_sentence(line, naps, fault, words):
    line.faults.append(fault)
    assert words in refused(line)
    assert naps == []
    assert not State.objects.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "Expecting value"),
        (b'{"value": [', "Expecting value"),
        (b'{"value": [NaN]}', "NaN is not a JSON value"),
        (b'{"value": [], "value": []}', "occurs twice"),
        (b"\xff\xfe", "not UTF-8"),
        (DEEP, "nested too deeply"),
    ],
)
def test_json_that_cannot_be_read_is_asked_for_again_and_then_refused(
    line, naps, body, words
):
    line.faults.extend([says(body)] * 2)
    assert words in refused(line, retries=1)
    assert len(naps) == 1


class Stranger:
    """A server elsewhere, which remembers whatever reaches it."""

    def __init__(self):
        heard = self.heard = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                heard.append(dict(self.headers))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port


@pytest.fixture
def stranger():
    stranger = Stranger()
    thread = threading.Thread(target=stranger.server.serve_forever, daemon=True)
    thread.start()
    yield stranger
    stranger.server.shutdown()
    stranger.server.server_close()
    thread.join()


ELSEWHERE = [
    "http://127.0.0.1:{stranger}/beta",
    "http://localhost:{line}/beta",
    "https://127.0.0.1:{line}/beta",
    "//127.0.0.1:{stranger}/beta",
    "http://127.0.0.1:{line}@127.0.0.1:{stranger}/beta",
    "http://user:word@127.0.0.1:{line}/beta",
    "http://127.0.0.1:{stranger}\\@127.0.0.1:{line}/beta",
    "http://127.0.0.1:{stranger}#@127.0.0.1:{line}/beta",
    "http://127.0.0.1:{stranger}?@127.0.0.1:{line}/beta",
    "http://127.0.0.1:{stranger}/ @127.0.0.1:{line}/beta",
    "http://127.0.0.1:{line}.elsewhere.example/beta",
    "HTTP://127.0.0.1:{stranger}/beta",
    "\\\\127.0.0.1:{stranger}/beta",
    "http:\\\\127.0.0.1:{stranger}/beta",
    "http://127.0.0.1:{line}\r\nHost: elsewhere.example/beta",
]


@pytest.mark.parametrize("link", ELSEWHERE)
def test_a_link_to_another_origin_never_gets_the_token(line, stranger, link):
    link = link.format(stranger=stranger.port, line=line.server.server_port)
    line.faults.append(changed(lambda page: {**page, "@odata.nextLink": link}))
    said = refused(line)
    assert "nextLink" in said
    assert stranger.heard == []
    assert len(line.asked) == 1
    assert not State.objects.exists()  # the page is not half believed


def test_a_redirect_is_not_followed(line, stranger):
    location = f"http://127.0.0.1:{stranger.port}/"
    for number in (301, 302, 303, 307, 308):
        line.faults.append(status(number, Location=location))
        assert "the token is not sent there" in refused(line)
    assert stranger.heard == []


def test_a_relative_link_stays_here(graph_source, line):
    def shorten(page):
        link = page["@odata.nextLink"]
        page["@odata.nextLink"] = link.partition(str(line.server.server_port))[2]

    line.faults.append(changed(shorten))
    sync(line)
    assert is_whole(graph_source)


def test_a_link_to_its_own_page_is_refused(line):
    def to_itself(page):
        path, _ = line.asked[-1]
        page["@odata.nextLink"] = line.url.removesuffix("/beta") + path

    line.faults.append(changed(to_itself))
    assert "in a circle" in refused(line)


@pytest.mark.parametrize("length", [2, 3, 7])
def test_links_in_a_circle_are_refused_and_the_next_run_begins_anew(
    graph_source, line, length
):
    number = 0

    def on(page):
        nonlocal number
        number += 1
        page["value"] = page["value"][:3]
        page["@odata.nextLink"] = f"{first()}&x={number % length}"

    def first():
        return line.url.removesuffix("/beta") + line.asked[0][0]

    line.faults.extend([changed(on)] * 40)
    assert "in a circle" in refused(line)
    assert number < 4 * length + 4
    assert not SyncedState.objects.filter(vanished_at__isnull=False).exists()
    line.faults.clear()
    sync(line)
    assert is_whole(graph_source)


def test_links_that_lead_on_and_on_to_nothing_are_refused(line):
    number = 0

    def on(page):
        nonlocal number
        number += 1
        page["@odata.nextLink"] = f"{line.url}/{number}"

    same = {"value": [ITEM]}
    pages = [{**same, "@odata.nextLink": f"{line.url}/{n}"} for n in range(100)]
    line.faults.extend(map(says, pages))
    assert "The last 20 pages had no record" in refused(line)
    assert len(line.asked) == 21
    line.faults.clear()
    line.faults.extend(says({**page, "value": []}) for page in pages)
    assert "The last 20 pages are empty." in refused(line, dry_run=True)


def test_an_expired_link_begins_anew_by_itself_once(graph_source, line, capsys):
    for number in (400, 410):
        line.faults.extend([None, status(number)])
        sync(line, restart=True)
        assert "Beginning anew" in capsys.readouterr().err
        assert is_whole(graph_source)
    line.faults.extend([None, status(410), None, status(410)])
    assert "The server refused its own link: 410" in refused(line, restart=True)
    line.faults.extend([status(400)])  # the place of the run that stopped
    sync(line)
    assert is_whole(graph_source)


def test_what_vanished_meanwhile_is_marked_by_the_run_that_began_anew(
    graph_source, line
):
    id = graph_source.create(make_body())
    sync(line)
    line.faults.extend([None, status(410)])
    graph_source.remove(id)
    sync(line)
    assert [row.pk for row in SyncedState.objects.gone().records()] == [id]


def test_an_incomplete_run_marks_nothing(graph_source, line):
    sync(line)
    line.faults.extend([says({"value": [ITEM], "@odata.nextLink": f"{line.url}/x"})])
    line.faults.extend([status(403)])
    refused(line)
    assert not SyncedState.objects.filter(vanished_at__isnull=False).exists()
    assert GraphSource.objects.get().under_way


def test_a_limit_is_not_taken_for_a_page(line):
    page = {"value": [ITEM], "@odata.count": 12_345}
    line.faults.append(says(page))
    assert "it takes $top for a limit" in refused(line, page_size=1)
    line.faults.append(says(page))
    sync(line, page_size=0)
    assert "$top" not in line.asked[-1][0]


def test_refused_records_keep_no_other_one_out(line, capsys):
    bad = {**ITEM, "id": "bad", "certificateKeyUsages": "many"}
    nul = {**ITEM, "id": "nul\0"}
    twice = [ITEM, {**ITEM, "id": "b"}, bad, nul, {**ITEM, "id": "b"}]
    line.faults.append(says({"value": twice}))
    assert refused(line) == "3 records were refused."
    said = capsys.readouterr()
    assert "2 new, 0 changed, 0 unchanged, 3 refused" in said.out
    assert "Refused: 'bad': certificateKeyUsages: " in said.err
    assert "Refused: 'nul\\x00': id: " in said.err
    assert {*State.objects.values_list("pk", flat=True)} == {"a", "b"}


def test_a_dry_run_names_the_ids_that_nobody_could_store(line, capsys):
    bad = [{**ITEM, "id": id} for id in ("nul\0", "half\ud800", "x" * 5000)]
    line.faults.append(says({"value": [ITEM, *bad]}))
    assert refused(line, dry_run=True) == "3 records were refused."
    assert "1 would be new" in capsys.readouterr().out


def test_what_a_page_leaves_out_is_null_for_a_new_record_only(line):
    needed = ("id", "certificateExpirationDateTime", "certificateIssuanceDateTime")
    item = {name: ITEM[name] for name in (*needed, "certificateRevokeStatus")}
    line.faults.extend([says({"value": [ITEM]}), says({"value": [item]})])
    sync(line)
    before = State.objects.values().get(pk="a")
    sync(line)
    assert State.objects.values().get(pk="a") == before
    line.faults.append(says({"value": [{**item, "id": "b"}]}))
    sync(line)
    assert State.objects.get(pk="b").managed_device_display_name is None


def test_other_names_and_control_information_are_passed_over(line):
    item = {**ITEM, "@odata.etag": 'W/"7"', "new@odata.type": "#x", "newProperty": {}}
    line.faults.append(says({"value": [item], "@odata.context": "x", "more": 1}))
    sync(line)
    assert State.objects.get().pk == "a"


def test_pages_may_be_packed(graph_source, line):
    import gzip

    page = json.dumps({"value": [ITEM]}).encode()
    line.faults.append(says(gzip.compress(page), Content_Encoding="gzip"))
    sync(line)
    assert State.objects.get().pk == "a"


def test_a_bomb_is_not_unpacked(line):
    import gzip

    bomb = gzip.compress(b" " * 200_000_000, compresslevel=9)
    line.faults.append(says(bomb, Content_Encoding="gzip"))
    assert "more than 67,108,864 bytes" in refused(line)
