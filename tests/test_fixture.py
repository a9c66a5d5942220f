"""The fixtures: small, readable, each row a story."""

import datetime as dt
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.utils import timezone

from certstates import stories
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus
from certstates.stories import MOMENT
from tests.make import URL

pytestmark = pytest.mark.django_db

FULL = [name for name in stories.names() if name != "empty"]


@pytest.fixture
def sample():
    call_command("loaddata", "sample", verbosity=0)


def story(part):
    return State.objects.get(id__contains=part)


@pytest.mark.parametrize("name", FULL)
def test_its_records_obey_every_law(name):
    call_command("loaddata", name, verbosity=0)
    assert 20 <= State.objects.count() <= 60
    for record in State.objects.all():
        record.full_clean()


@pytest.mark.parametrize("name", FULL)
def test_loading_it_twice_changes_nothing(name):
    for _ in range(2):
        call_command("loaddata", name, verbosity=0)
    told = stories.told(name, now=MOMENT)
    assert sorted(record.id for record in told) == [
        *State.objects.order_by("id").values_list("id", flat=True)
    ]


@pytest.mark.parametrize("name", FULL)
def test_an_id_says_which_fixture_it_is_of_and_counts_its_stories(name):
    ids = [record.id for record in stories.told(name, now=MOMENT)]
    for number, id in enumerate(ids, 1):
        assert id.startswith(f"{name}-{number:02}"), id


def test_the_empty_one_has_no_story():
    assert stories.told("empty", now=MOMENT) == []
    with pytest.warns(RuntimeWarning, match="No fixture data found for 'empty'"):
        call_command("loaddata", "empty", verbosity=0)


def told(name):
    """Return the records of a fixture, by what their ids say of them."""
    records = stories.told(name, now=MOMENT)
    return {record.id.split("-", 2)[2]: record for record in records}


@pytest.mark.parametrize("days", [7, 30, 90])
def test_each_limit_of_expiry_has_a_record_before_at_and_after_it(days):
    records, limit = told("expiring"), MOMENT + dt.timedelta(days=days)
    for words, offset in (("a-second-before", -1), ("in", 0), ("a-second-after", 1)):
        expires = records[f"expires-{words}-{days}-days"]
        assert (
            expires.certificate_expiration_date_time - limit
        ).total_seconds() == offset


def test_a_filter_finds_what_a_fixture_promises(reader):
    stories.begin_anew(stories.told("expiring", now=MOMENT))
    limit = (MOMENT + dt.timedelta(days=7)).isoformat().replace("+00:00", "Z")
    for operator, last in (("le", True), ("lt", False)):
        question = f"certificateExpirationDateTime {operator} {limit}"
        answer = reader.get(URL, {"$filter": question}).json()
        ids = {item["id"].split("-", 2)[2] for item in answer["value"]}
        assert ("expires-in-7-days" in ids) == last
        assert "expires-a-second-before-7-days" in ids
        assert "expires-a-second-after-7-days" not in ids


def test_every_status_is_there_fresh_and_old():
    for status in RevocationStatus:
        ages = [
            MOMENT - record.certificate_revoke_status_last_change_date_time
            for record in told("revocations").values()
            if record.certificate_revoke_status == status
        ]
        assert min(ages) <= dt.timedelta(days=1), status
        assert max(ages) >= dt.timedelta(days=30), status


def test_every_name_comes_back_as_it_was_written(reader):
    records = stories.told("unicode", now=MOMENT)
    stories.begin_anew(records)
    answers = {item["id"]: item for item in reader.get(URL).json()["value"]}
    for record in records:
        answer = answers[record.id]
        assert answer["managedDeviceDisplayName"] == record.managed_device_display_name
        assert answer["userPrincipalName"] == record.user_principal_name
        assert reader.read(quote(record.id, safe="")).status_code == 200


@pytest.mark.parametrize(
    ("question", "stories_found"),
    [
        ("contains(managedDeviceDisplayName,'%')", {"percent"}),
        ("startswith(managedDeviceDisplayName,'LAP_')", {"underscore"}),
        ("managedDeviceDisplayName eq 'lap_top'", {"underscore"}),
        ("contains(managedDeviceDisplayName,'\\')", {"backslash"}),
        ("contains(managedDeviceDisplayName,'o''b')", {"single-quote"}),
        ("startswith(managedDeviceDisplayName,'=')", {"formula-equals"}),
        ("managedDeviceDisplayName eq 'ноутбук-7'", {"cyrillic"}),
    ],
)
def test_its_traps_are_told_apart(reader, question, stories_found):
    stories.begin_anew(stories.told("unicode", now=MOMENT))
    answer = reader.get(URL, {"$filter": question}).json()
    assert {item["id"].split("-", 2)[2] for item in answer["value"]} == stories_found


@pytest.mark.usefixtures("sample")
def test_every_revocation_status_has_a_story():
    found = State.objects.values_list("certificate_revoke_status", flat=True)
    assert {*found} == {*RevocationStatus}


@pytest.mark.usefixtures("sample")
def test_it_tells_of_expiry_unicode_nulls_and_length():
    moment = MOMENT
    tomorrow = story("expires-tomorrow").certificate_expiration_date_time
    assert tomorrow == moment + dt.timedelta(days=1)
    assert story("expired-yesterday").certificate_expiration_date_time < moment
    nulls = story("nullable-properties-null")
    assert nulls.managed_device_display_name is nulls.certificate_key_usages is None
    assert story("empty-texts").managed_device_display_name == ""
    assert "末" in story("cjk").managed_device_display_name
    assert len(story("very-long").certificate_subject_name) > 1000


@pytest.mark.usefixtures("sample")
def test_its_dates_can_be_moved_to_now():
    for record in State.objects.all():
        record.move_dates(timezone.now() - MOMENT)
        record.save()
    tomorrow = story("expires-tomorrow").certificate_expiration_date_time
    assert abs(tomorrow - timezone.now() - dt.timedelta(days=1)).total_seconds() < 60
    never = story("never-expires").certificate_expiration_date_time
    assert never.year == 9999
    first = story("first-moment")
    assert first.certificate_expiration_date_time.year == 1


@pytest.mark.usefixtures("sample")
def test_its_fixture_stands_for_what_the_api_answers(reader):
    answer = reader.read("sample-04-expires-this-month").json()
    assert answer["certificateRevokeStatus"] == "none"
    assert answer["certificateExpirationDateTime"] == "2026-12-17T08:00:00Z"
