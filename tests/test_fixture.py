"""The fixture ``sample``: small, readable, each row a story."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.utils import timezone

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus
from certstates.stories import MOMENT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sample():
    call_command("loaddata", "sample", verbosity=0)


def story(part):
    return State.objects.get(id__contains=part)


def test_it_has_about_forty_records_that_obey_every_law():
    assert 38 <= State.objects.count() <= 45
    for record in State.objects.all():
        record.full_clean()


def test_loading_it_twice_changes_nothing():
    before = [*State.objects.order_by("id").values_list("id", flat=True)]
    call_command("loaddata", "sample", verbosity=0)
    assert [*State.objects.order_by("id").values_list("id", flat=True)] == before


def test_every_revocation_status_has_a_story():
    found = State.objects.values_list("certificate_revoke_status", flat=True)
    assert {*found} == {*RevocationStatus}


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


def test_its_fixture_stands_for_what_the_api_answers(reader):
    answer = reader.read("sample-04-expires-this-month").json()
    assert answer["certificateRevokeStatus"] == "none"
    assert answer["certificateExpirationDateTime"] == "2026-12-17T08:00:00Z"
