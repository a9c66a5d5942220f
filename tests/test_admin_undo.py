"""What was done to one record can be undone from the sentence that tells of it."""

import re
from html import unescape

import pytest

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import HttpsClient, make_state
from tests.test_admin import LIST, form_of

pytestmark = pytest.mark.django_db

URL = f"{LIST}a/change/"
DEVICE = "managed_device_display_name"


@pytest.fixture
def staff(admin_user):
    client = HttpsClient()
    client.force_login(admin_user)
    return client


def ways_to_undo(staff):
    """Return the links of the next page's sentences; the page says them once."""
    page = unescape(staff.get(LIST).content.decode())
    return re.findall(r'href="([^"]+/revert/)">Undo…', page)


def test_an_edit_is_undone_from_where_it_is_told(staff):
    make_state(id="a", managed_device_display_name="OLD")
    staff.post(URL, {**form_of(staff, URL), DEVICE: "NEW"})
    assert State.objects.get().managed_device_display_name == "NEW"
    [undo] = ways_to_undo(staff)
    staff.post(undo, {})
    assert State.objects.get().managed_device_display_name == "OLD"


def test_a_new_record_is_undone_from_where_it_is_told(staff):
    url = f"{LIST}add/"
    make_state(id="a")
    staff.post(url, {**form_of(staff, URL), "id": "b"})
    assert State.objects.filter(id="b").exists()
    [undo] = ways_to_undo(staff)
    staff.post(undo, {})
    assert not State.objects.filter(id="b").exists()


def test_a_deletion_is_told_once_with_the_way_to_undo_it(staff):
    make_state(id="a", managed_device_display_name="<b>GONE")
    staff.post(f"{LIST}a/delete/", {"post": "yes"})
    page = staff.get(LIST).content.decode()
    [said] = re.findall(r'<li class="success">(.*?)</li>', page, re.DOTALL)
    assert "&lt;b&gt;GONE" in said
    [undo] = re.findall(r'href="([^"]+/revert/)">Undo…', said)
    staff.post(undo, {})
    assert State.objects.get().id == "a"


def test_where_nothing_was_changed_there_is_nothing_to_undo(staff):
    make_state(id="a")
    staff.post(URL, form_of(staff, URL))
    assert ways_to_undo(staff) == []
