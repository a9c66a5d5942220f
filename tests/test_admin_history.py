"""What staff see of the history: of a record, of all records, of one request."""

import datetime as dt
import re
import uuid
from html import unescape

import pytest
from django.contrib.auth.models import Permission

from certstates.history import recorded
from certstates.models import Door, StateEvent
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import HttpsClient, make_body, make_state

pytestmark = pytest.mark.django_db

LIST = "/admin/certstates/managedalldevicecertificatestate/"
LOG = f"{LIST}history/"
HOSTILE = "<script>alert(1)</script><b>"


@pytest.fixture
def person(django_user_model):
    """Return a client of staff with the permissions that are named."""

    def sign_in(*permissions):
        user = django_user_model.objects.create_user("ana", is_staff=True)
        names = [f"{p}_managedalldevicecertificatestate" for p in permissions]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = HttpsClient()
        client.force_login(user)
        return client

    return sign_in


def text_of(response):
    """Return what a person reads: no tags, and one space between words."""
    assert response.status_code == 200, response.headers
    _, _, content = response.content.decode().partition('id="content"')
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content)).split())


def in_batch(*actions, door=Door.COMMAND, who="nightly"):
    with recorded(door, who=who) as batch:
        for action in actions:
            action()
    return batch


def test_a_records_history_says_who_did_what_when_and_why(staff, operator):
    operator.create(make_body(id="a", certificateRevokeStatus="none"))
    operator.change("a", {"certificateRevokeStatus": "revoked"})
    text = text_of(staff.get(f"{LIST}a/history/"))
    changed, created = text.index("Changed"), text.index("Created")
    assert changed < created
    assert "was Not revoked → became Revoked" in text
    assert "by tests (API)" in text
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text)
    assert StateEvent.objects.first().pgh_context_id.hex[:8] in text


def test_what_is_not_set_and_what_is_empty_are_told_apart(staff):
    make_state(id="a", user_principal_name=None)
    State.objects.update(user_principal_name="")
    State.objects.update(user_principal_name="x")
    text = text_of(staff.get(f"{LIST}a/history/"))
    assert "was not set → became empty text" in text
    assert "was empty text → became x" in text


def test_stored_markup_is_shown_as_text_everywhere(staff, admin_user):
    admin_user.username = HOSTILE
    admin_user.save()
    make_state(id="a")
    values = {
        "managed_device_display_name": HOSTILE,
        "user_principal_name": HOSTILE,
        "certificate_subject_name": HOSTILE * 20,
    }
    in_batch(lambda: State.objects.update(**values), who=HOSTILE)
    url = f"{LOG}change/{StateEvent.objects.last().pk}/revert/"
    reverted = staff.post(url, {"reason": HOSTILE})
    make_state(id=HOSTILE.replace("/", ""))
    pages = [
        f"{LIST}a/history/",
        f"{LIST}a/change/",
        LOG,
        f"{LOG}?who={HOSTILE}&record={HOSTILE}",
        reverted.headers["Location"],
        f"{reverted.headers['Location']}revert/",
        url,
        "/admin/",
    ]
    for page in pages:
        response = staff.get(page)
        assert response.status_code == 200, page
        assert b"<script>alert" not in response.content, page
        assert b"&lt;script&gt;alert" in response.content, page


def test_a_deleted_record_has_its_history_still(staff):
    id = "a_2F'\"x y%?#é"
    make_state(id=id, managed_device_display_name="GONE-1")
    State.objects.all().delete()
    [*_, link] = re.findall(
        r'class="record" href="([^"]+)"', staff.get(LOG).content.decode()
    )
    response = staff.get(unescape(link))
    text = text_of(response)
    assert "This record is deleted." in text
    assert "It had" in text
    assert "GONE-1" in text
    assert id in text


def test_of_what_never_was_there_is_no_history(staff):
    for id in ("x", "_00", "a/b"):
        response = staff.get(f"{LIST}{id}/history/")
        assert response.headers["Location"] == "/admin/"


def test_a_long_history_is_paged(staff):
    make_state(id="a")
    for n in range(120):
        State.objects.update(certificate_key_usages=n)
    url, seen = f"{LIST}a/history/", []
    while url:
        response = staff.get(url)
        seen += [entry.event.pk for entry in response.context["entries"]]
        older = response.context["older"]
        url = older and f"{LIST}a/history/{older}"
    assert len(seen) == 121
    assert seen == sorted({*seen}, reverse=True)
    first = response.context["entries"][0]
    assert first.event.before.pk == first.event.pk - 1


def test_the_log_is_paged(staff):
    in_batch(*(lambda n=n: make_state(id=f"{n:03}") for n in range(120)))
    url, seen = LOG, []
    while url:
        response = staff.get(url)
        seen += [entry.event.pgh_obj_id for entry in response.context["entries"]]
        older = response.context.get("older")
        url = older and LOG + older
    assert seen == [f"{n:03}" for n in reversed(range(120))]


@pytest.fixture
def mixed(operator):
    operator.create(make_body(id="a", managedDeviceDisplayName="LAPTOP-A"))
    operator.create(make_body(id="b", userPrincipalName="bob@contoso.example"))
    operator.change("b", {"userPrincipalName": "eve@contoso.example"})
    operator.delete(f"/beta/{URL_OF_A}")
    names = {"managed_device_display_name": "PC-C", "user_principal_name": "zoe@x"}
    in_batch(lambda: make_state(id="c", **names))


URL_OF_A = "deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates/a"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["c", "a", "b", "b", "a"]),
        ({"who": "nightly"}, ["c"]),
        ({"who": "night"}, []),
        ({"door": "api"}, ["a", "b", "b", "a"]),
        ({"door": "sql"}, []),
        ({"kind": "delete"}, ["a"]),
        ({"kind": "insert", "who": "tests"}, ["b", "a"]),
        ({"record": "a"}, ["a", "a"]),
        ({"record": "eve@contoso"}, ["b", "b"]),
        ({"record": "nobody"}, []),
        ({"start": "2000-01-01", "end": "9999-12-31"}, ["c", "a", "b", "b", "a"]),
        ({"end": "2000-01-01"}, []),
        ({"start": "9999-12-31"}, []),
        ({"start": "0001-01-01", "end": "0001-01-01"}, []),
    ],
)
def test_the_log_can_be_narrowed(staff, mixed, query, found):
    shown = staff.get(LOG, query).context["entries"]
    assert [entry.event.pgh_obj_id for entry in shown] == found


@pytest.mark.parametrize(
    "query",
    [
        {"door": "x"},
        {"kind": "x"},
        {"start": "2026-02-30"},
        {"record": "x" * 10_000},
        {"who": "a\0b"},
        {"request_id": "x"},
    ],
)
def test_the_log_says_what_it_does_not_understand(staff, mixed, query):
    response = staff.get(LOG, query)
    assert [*response.context["form"].errors] == [*query]
    assert b"errornote" in response.content


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", f"before={10**30}", "before=5&moment=x", "q=x"]
)
def test_an_invented_place_is_no_server_error(staff, mixed, query):
    for page in (LOG, f"{LIST}a/history/"):
        assert staff.get(f"{page}?{query}").status_code == 200


def test_a_request_is_found_by_its_id(staff, operator):
    operator.create(make_body(id="a"))
    response = operator.change("a", {"certificateRevokeStatus": "issued"})
    batch = response.headers["request-id"]
    found = staff.get(LOG, {"request_id": batch})
    assert found.headers["Location"] == f"{LOG}batch/{batch}/"
    assert "1 changed" in text_of(staff.get(found.headers["Location"]))


def test_a_batch_shows_all_that_one_request_did(staff):
    make_state(id="x")
    creations = (lambda n=n: make_state(id=f"{n:03}") for n in range(70))
    batch = in_batch(*creations, lambda: State.objects.filter(id="x").delete())
    url, seen = f"{LOG}batch/{batch}/", []
    while url:
        response = staff.get(url)
        seen += [entry.event.pgh_obj_id for entry in response.context["entries"]]
        older = response.context["older"]
        url = older and f"{LOG}batch/{batch}/{older}"
    assert seen == [f"{n:03}" for n in range(70)] + ["x"]
    assert "70 created · 1 deleted" in text_of(staff.get(f"{LOG}batch/{batch}/"))
    link = f'href="{LOG}batch/{batch}/">with other changes'
    assert link in staff.get(f"{LIST}x/history/").content.decode()


def test_what_nobody_asked_for_is_not_found(staff):
    assert staff.get(f"{LOG}batch/{uuid.uuid4()}/").status_code == 404
    assert staff.get(f"{LOG}batch/{uuid.uuid4()}/revert/").status_code == 404
    assert staff.get(f"{LOG}change/{10**30}/revert/").status_code == 404


def test_a_page_of_the_history_costs_the_same_for_one_and_many(
    staff, django_assert_max_num_queries
):
    for n in range(60):
        in_batch(lambda n=n: make_state(id=f"{n}"))
        State.objects.update(certificate_key_usages=n)
    for page in (LOG, f"{LIST}0/history/", f"{LOG}?who=nightly&record=LAPTOP"):
        with django_assert_max_num_queries(8):
            assert len(staff.get(page).context["entries"]) == 50


def test_a_change_is_taken_back_with_a_reason_and_can_be_again(staff):
    make_state(id="a")
    State.objects.update(user_principal_name="wrong")
    url = f"{LOG}change/{StateEvent.objects.last().pk}/revert/"
    text = text_of(staff.get(url))
    assert "1 record : changed then; the values from before are written again." in text
    assert "is wrong → becomes ana@contoso.example" in text
    response = staff.post(url, {"reason": "typo"})
    assert State.objects.get().user_principal_name == "ana@contoso.example"
    undo = response.headers["Location"]
    page = staff.get(undo)
    assert b"1 record was taken back." in page.content
    assert "typo" in text_of(page)
    staff.post(f"{undo}revert/", {"reason": ""})
    assert State.objects.get().user_principal_name == "wrong"
    newest = StateEvent.objects.last()
    assert (newest.who, newest.door) == ("admin", Door.ADMIN)


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_taken_back_is_named_and_the_rest_waits(staff):
    make_state(id="a")
    make_state(id="b")
    batch = in_batch(lambda: State.objects.update(user_principal_name="x"))
    State.objects.filter(id="b").update(user_principal_name="newer")
    url = f"{LOG}batch/{batch}/revert/"
    text = text_of(staff.get(url))
    assert "It was changed again since. Not taken back: user." in text
    response = staff.post(url, {"reason": ""})
    assert response.status_code == 200
    assert "Nothing was taken back" in response.content.decode()
    assert State.objects.get(id="a").user_principal_name == "x"
    assert staff.post(url, {"partly": "on"}).status_code == 302
    assert State.objects.get(id="a").user_principal_name == "ana@contoso.example"
    assert State.objects.get(id="b").user_principal_name == "newer"


@pytest.mark.parametrize(
    "permissions", [("view",), ("view", "change"), ("view", "add")]
)
def test_taking_back_takes_the_permission_for_what_it_does(person, permissions):
    client = person(*permissions)
    batch = in_batch(lambda: make_state(id="a"))
    url = f"{LOG}batch/{batch}/revert/"
    page = client.get(url)
    assert page.status_code == (403 if permissions == ("view",) else 200)
    assert client.post(url, {}).status_code == 403
    assert State.objects.exists()
    if page.status_code == 200:
        assert "permission to delete records" in text_of(page)


def test_who_may_delete_takes_a_creation_back(person):
    client = person("view", "delete")
    batch = in_batch(lambda: make_state(id="a"))
    assert client.post(f"{LOG}batch/{batch}/revert/", {}).status_code == 302
    assert not State.objects.exists()


def test_a_viewer_sees_the_history_and_no_way_to_revert(person):
    client = person("view")
    batch = in_batch(lambda: make_state(id="a"))
    for page in (LOG, f"{LIST}a/history/", f"{LOG}batch/{batch}/"):
        response = client.get(page)
        assert response.status_code == 200
        assert b"Revert" not in response.content


def test_who_may_not_see_records_sees_no_history(person):
    client = person()
    make_state(id="a", managed_device_display_name="SECRET")
    batch = in_batch(lambda: make_state(id="b", managed_device_display_name="SECRET"))
    pages = [
        LOG,
        f"{LIST}a/history/",
        f"{LOG}batch/{batch}/",
        f"{LOG}batch/{batch}/revert/",
        f"{LOG}change/{StateEvent.objects.last().pk}/revert/",
    ]
    for page in pages:
        assert client.get(page).status_code == 403
        assert client.post(page, {}).status_code == 403
    assert b"SECRET" not in client.get("/admin/").content


def test_a_stranger_is_asked_to_sign_in():
    for page in (LOG, f"{LIST}a/history/", f"{LOG}batch/{uuid.uuid4()}/"):
        assert HttpsClient().get(page).status_code == 302


def test_the_ends_of_the_calendar_can_be_shown(staff):
    make_state(id="a")
    for year in (1, 9999):
        moment = dt.datetime(year, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)
        State.objects.update(certificate_expiration_date_time=moment)
    text = text_of(staff.get(f"{LIST}a/history/"))
    assert "0001-12-31 23:59:59.999999 UTC" in text
    assert "9999-12-31 23:59:59.999999 UTC" in text
