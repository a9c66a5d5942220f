"""One action on many records: asked first, done at once, told, and undone."""

import datetime as dt
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus, StateEvent
from tests.make import HttpsClient, make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
BEFORE = dt.datetime(2026, 1, 6, 10, tzinfo=dt.UTC)


def content(response):
    return unescape(response.content.decode())


def choose(client, action, *ids, query=""):
    """Send what the list's action bar sends, and return the page that asks."""
    data = {"action": action, "index": "0", "select_across": "0"}
    if not ids:
        ids, data["select_across"] = ("x",), "1"
    return client.post(LIST + query, {**data, "_selected_action": ids})


def form_of(page):
    """Return where the page's form goes and what it sends."""
    text = content(page)
    form = text[text.index('<form method="post" action="/admin/certstates/') :]
    url = re.search(r'action="([^"]+)"', form)[1]
    fields = re.findall(
        r'name="(expected|moment|select_across|_selected_action)" value="([^"]*)"', form
    )
    data = {"reason": ""}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    return url, data


def confirm(client, page, **changes):
    url, data = form_of(page)
    return client.post(url, {**data, **changes})


def statuses():
    return {
        record.id: (
            record.certificate_revoke_status,
            record.certificate_revoke_status_last_change_date_time,
        )
        for record in State.objects.order_by("id")
    }


def test_selected_records_are_marked_dated_told_and_undone(staff):
    make_state(id="a")
    make_state(id="b", certificate_revoke_status=4)
    make_state(id="c")
    start = timezone.now()
    page = choose(staff, "mark_revoked", "a", "b")
    assert "2 selected records." in content(page)
    assert "1 of them is so already" in content(page)
    assert statuses()["a"] == (0, BEFORE)

    done = confirm(staff, page, reason="left the company")
    assert done.headers["Location"] == LIST
    (status, moment), other, untouched = statuses().values()
    assert status == RevocationStatus.REVOKED
    assert start <= moment <= timezone.now()
    assert other == (4, BEFORE)
    assert untouched == (0, BEFORE)
    told = content(staff.get(LIST))
    assert "1 record marked as “Revoked”, 1 already was so." in told
    event = StateEvent.objects.last()
    assert (event.who, event.reason) == ("admin", "left the company")

    [undo] = re.findall(r'href="([^"]+/revert/)">Undo', told)
    staff.post(undo, {"reason": ""})
    assert statuses()["a"] == (0, BEFORE)


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("mark_pending", 1),
        ("mark_issued", 2),
        ("mark_failed", 3),
        ("mark_revoked", 4),
        ("mark_none", 0),
    ],
)
def test_each_status_can_be_given_to_all_that_match(staff, action, status):
    for n in range(60):
        make_state(id=f"{n}", certificate_revoke_status=(status + 1) % 5)
    make_state(id="other", certificate_issuer_name="CN=Other")
    page = choose(staff, action)
    assert "All matching records: 61." in content(page)
    confirm(staff, page)
    assert {found for found, _ in statuses().values()} == {status}
    assert len({moment for _, moment in statuses().values()} - {BEFORE}) == 1


def test_all_that_match_are_those_of_the_lists_filters(staff):
    make_state(id="a", certificate_revoke_status=3)
    make_state(id="b", certificate_revoke_status=1)
    page = choose(staff, "mark_pending", query="?status=failed")
    assert "All matching records: 1." in content(page)
    response = confirm(staff, page)
    assert response.headers["Location"] == f"{LIST}?status=failed"
    assert [status for status, _ in statuses().values()] == [1, 1]
    assert StateEvent.objects.filter(pgh_label="update").count() == 1


def test_deleting_many_asks_first_and_can_be_undone(staff):
    for n in range(12):
        make_state(id=f"{n}", managed_device_display_name=f"PC-{n}")
    before = [*State.objects.values("id", "created_at").order_by("id")]
    page = choose(staff, "delete_selected")
    assert content(page).count("PC-") == 10
    assert State.objects.count() == 12
    confirm(staff, page)
    assert not State.objects.exists()
    told = content(staff.get(LIST))
    assert "12 records deleted." in told
    [undo] = re.findall(r'href="([^"]+/revert/)">Undo', told)
    staff.post(undo, {})
    assert [*State.objects.values("id", "created_at").order_by("id")] == before


def test_a_single_deletion_can_be_undone(staff):
    make_state(id="a")
    staff.post(f"{LIST}a/delete/", {"post": "yes"})
    [undo] = re.findall(r'href="([^"]+/revert/)">Undo', content(staff.get(LIST)))
    staff.post(undo, {})
    assert State.objects.get().id == "a"


def test_what_disappeared_meanwhile_is_told(staff):
    for id in "abc":
        make_state(id=id)
    page = choose(staff, "mark_failed", *"abc")
    State.objects.filter(id="b").delete()
    State.objects.filter(id="c").update(certificate_revoke_status=3)
    confirm(staff, page)
    sentence = (
        "1 record marked as “Revocation failed”, 1 already was so, "
        "1 had disappeared or changed meanwhile."
    )
    assert sentence in content(staff.get(LIST))


def test_when_more_fit_than_were_shown_it_asks_again(staff):
    make_state(id="a")
    page = choose(staff, "mark_revoked")
    make_state(id="b")
    again = confirm(staff, page, reason="why")
    assert again.status_code == 200
    assert "More records fit now than the 1 that were shown." in content(again)
    assert 'value="why"' in content(again)
    assert {status for status, _ in statuses().values()} == {0}
    confirm(staff, again)
    assert {status for status, _ in statuses().values()} == {4}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["mark_revoked", "delete_selected"])
def test_what_came_meanwhile_does_not_take_the_place_of_what_went(staff, action):
    for id in "abc":
        make_state(id=id, certificate_revoke_status=3)
    page = choose(staff, action, query="?status=failed")
    State.objects.filter(id="a").delete()
    State.objects.filter(id="b").update(managed_device_display_name="another")
    make_state(id="new", certificate_revoke_status=3)
    confirm(staff, page)
    assert [*State.objects.filter(certificate_revoke_status=3).values_list("id")] == [
        ("b",),
        ("new",),
    ]
    assert "2 had disappeared or changed meanwhile." in content(staff.get(LIST))


def test_when_all_disappeared_there_is_nothing_to_do(staff):
    make_state(id="a")
    page = choose(staff, "mark_revoked", "a")
    State.objects.all().delete()
    assert confirm(staff, page).headers["Location"] == LIST
    assert "0 records marked" in content(staff.get(LIST))
    assert "The selected records are gone." in content(
        choose(staff, "mark_failed", "a")
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"expected": "x"},
        {"expected": ""},
        {"expected": "-1"},
        {"reason": "x" * 501},
        {"reason": "a\0b"},
        {"_selected_action": ["a\0b"]},
        {"_selected_action": ["'"]},
    ],
)
def test_a_forged_confirmation_changes_nothing(staff, changes):
    make_state(id="a")
    page = choose(staff, "mark_revoked", "a")
    assert confirm(staff, page, **changes).status_code in (200, 302)
    assert statuses() == {"a": (0, BEFORE)}


@pytest.mark.parametrize("moment", ["", "1:999999999999:", "1:999999999999::x"])
def test_all_that_match_are_not_taken_at_an_invented_moment(staff, moment):
    make_state(id="a")
    page = choose(staff, "mark_revoked")
    again = confirm(staff, page, moment=moment)
    assert statuses() == {"a": (0, BEFORE)}
    confirm(staff, again)
    assert {status for status, _ in statuses().values()} == {4}


def test_an_address_that_means_nothing_changes_nothing(staff):
    make_state(id="a")
    url, data = form_of(choose(staff, "mark_revoked"))
    for query in ("status=x", "expiry=x", "o=99", "q=" + "x" * 10_000):
        response = staff.post(f"{url.split('?')[0]}?{query}", data)
        assert response.status_code in (200, 302)
        assert statuses() == {"a": (0, BEFORE)}
    assert staff.post(f"{LIST}bulk/explode/", data).status_code == 404
    assert staff.get(url.split("?")[0]).headers["Location"] == LIST


def test_stored_markup_is_shown_as_text(staff):
    for n in range(2):
        make_state(
            id=f"<script>{n}",
            managed_device_display_name="<script>alert(1)",
            certificate_subject_name="<script>alert(2)",
        )
    page = choose(staff, "delete_selected", "<script>0", "<script>1")
    assert b"<script>alert" not in page.content
    confirm(staff, page)
    assert not State.objects.exists()


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        (["view"], []),
        (["view", "change"], ["mark_revoked"]),
        (["view", "delete"], ["delete_selected"]),
        (["delete"], []),
        ([], []),
    ],
)
def test_who_may_not_is_refused(django_user_model, permissions, allowed):
    user = django_user_model.objects.create_user("ana", is_staff=True)
    names = [f"{p}_managedalldevicecertificatestate" for p in permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = HttpsClient()
    client.force_login(user)
    make_state(id="a")
    shown = client.get(LIST).content.decode() if "view" in permissions else ""
    for action in ("mark_revoked", "delete_selected"):
        expected = 200 if action in allowed else 403
        assert (f'value="{action}"' in shown) == (action in allowed)
        assert choose(client, action, "a").status_code == expected
        data = {"expected": "0", "_selected_action": "a"}
        response = client.post(f"{LIST}bulk/{action}/", data)
        assert response.status_code == expected
    expected = 200 if "delete_selected" in allowed else 403
    assert client.get(f"{LIST}a/delete/").status_code == expected
    assert statuses() == {"a": (0, BEFORE)}


def test_the_costs_are_the_same_for_one_and_many(staff, django_assert_max_num_queries):
    for n in range(100):
        make_state(id=f"{n}")
    with django_assert_max_num_queries(15):
        page = choose(staff, "mark_revoked")
    with django_assert_max_num_queries(15):
        confirm(staff, page)
    assert StateEvent.objects.filter(pgh_label="update").count() == 100
