"""Staff see where records came from, and which of them are there no more."""

import datetime as dt
import re

import pytest

from certstates.models import GraphSource, SyncedState
from tests.make import make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
SOURCES = "/admin/certstates/graphsource/"
NIGHT = dt.datetime(2026, 11, 20, 2, 15, 7, 123456, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def source():
    return GraphSource.objects.create(
        base_url="https://other.example/beta",
        filter="id ne '<b>'",
        began=NIGHT,
        completed=NIGHT,
        present=2,
        vanished=1,
    )


def see(source, id, *, vanished=None):
    make_state(id=id)
    SyncedState.objects.create(
        state_id=id,
        source=source,
        first_seen=NIGHT - DAY,
        last_seen=NIGHT,
        vanished_at=vanished,
    )


def found(staff, **query):
    response = staff.get(LIST, query)
    assert response.status_code == 200, response.headers
    return {record.id for record in response.context["cl"].result_list}


def words_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_list_is_narrowed_to_what_vanished(staff, source):
    other = GraphSource.objects.create(base_url="https://third.example")
    see(source, "here")
    see(source, "gone", vanished=NIGHT + DAY)
    see(source, "moved", vanished=NIGHT + DAY)
    SyncedState.objects.create(
        state_id="moved", source=other, first_seen=NIGHT, last_seen=NIGHT
    )
    make_state(id="mine")
    assert found(staff, vanished="yes") == {"gone"}
    assert found(staff) == {"here", "gone", "moved", "mine"}
    page = words_of(staff.get(LIST, {"vanished": "yes"}))
    assert "Vanished from its source" in page
    response = staff.get(LIST, {"vanished": "no"}, follow=True)
    assert "does not know “no”. It takes yes." in response.content.decode()


def test_a_record_tells_where_it_was_and_until_when(staff, source):
    see(source, "here")
    see(source, "gone", vanished=NIGHT + DAY)
    make_state(id="mine")
    name = "https://other.example/beta (id ne &#x27;&lt;b&gt;&#x27;)"
    here = words_of(staff.get(f"{LIST}here/change/"))
    assert f"{name}, last seen 2026-11-20 02:15:07 UTC" in here
    gone = words_of(staff.get(f"{LIST}gone/change/"))
    assert f"{name} until 2026-11-20 02:15:07 UTC , not seen since 2026-11-21" in gone
    assert "Copied from" not in words_of(staff.get(f"{LIST}mine/change/"))


def test_sources_are_listed_with_their_last_run(staff, source):
    page = words_of(staff.get(SOURCES))
    assert "https://other.example/beta id ne &#x27;&lt;b&gt;&#x27;" in page
    assert "2026-11-20 02:15:07 UTC complete 2 1" in page
    source.under_way, source.progressed, source.pages = True, NIGHT, 1234
    source.save()
    assert "under way, 1,234 pages until" in words_of(staff.get(SOURCES))


def test_no_page_shows_the_link_to_go_on_with(staff, source):
    source.next_link = "https://other.example/beta?$skiptoken=opaque"
    source.save()
    page = words_of(staff.get(f"{SOURCES}{source.pk}/change/"))
    assert "https://other.example/beta" in page
    assert "opaque" not in page


def test_a_source_has_no_history_of_its_own(staff, source):
    page = staff.get(f"{SOURCES}{source.pk}/change/").content.decode()
    assert "https://other.example/beta" in page
    assert f"{SOURCES}{source.pk}/history/" not in page
