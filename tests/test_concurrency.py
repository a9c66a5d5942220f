"""Several clients at once, each on a connection of its own."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connections
from oauth2_provider.models import AccessToken, Application

from certstates.errors import BadRequest
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata.syntax import parse
from certstates.permissions import READ_WRITE
from tests.make import URL, ApiClient, make_body, make_state, make_token

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*actions):
    """Run every action in a thread of its own, and return what they returned."""

    def run(action):
        try:
            return action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [*pool.map(run, actions)]


def test_of_many_posts_with_one_id_exactly_one_is_stored():
    token = make_token(READ_WRITE)

    def post(n):
        body = make_body(id="same", managedDeviceDisplayName=f"D-{n}")
        return ApiClient(token).create(body)

    answers = at_once(*(lambda n=n: post(n) for n in range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 7
    [created] = [answer for answer in answers if answer.status_code == 201]
    record = State.objects.get()
    assert (
        record.managed_device_display_name
        == (created.json()["managedDeviceDisplayName"])
    )


def test_patches_of_different_properties_undo_nothing():
    token = make_token(READ_WRITE)
    make_state(id="a")
    names = ["managedDeviceDisplayName", "userPrincipalName", "certificateIssuerName"]

    def patch(name):
        return [ApiClient(token).change("a", {name: f"{n}"}) for n in range(10)]

    answers = at_once(*(lambda name=name: patch(name) for name in names))
    assert {answer.status_code for each in answers for answer in each} == {200}
    entity = ApiClient(token).read("a").json()
    assert [entity[name] for name in names] == ["9"] * 3


def test_of_many_equal_changes_of_status_only_the_first_is_dated():
    token = make_token(READ_WRITE)
    make_state(id="a")
    body = {"certificateRevokeStatus": "revoked"}
    answers = at_once(*[lambda: ApiClient(token).change("a", body)] * 8)
    name = "certificateRevokeStatusLastChangeDateTime"
    assert len({answer.json()[name] for answer in answers}) == 1


def test_of_many_deletes_exactly_one_finds_the_record():
    token = make_token(READ_WRITE)
    make_state(id="a")
    answers = at_once(*[lambda: ApiClient(token).delete(f"{URL}/a")] * 6)
    assert sorted(a.status_code for a in answers) == [204] + [404] * 5


def test_tokens_made_at_once_share_one_application(capsys):
    at_once(*[lambda: call_command("create_token", "nightly")] * 6)
    assert Application.objects.count() == 1
    assert AccessToken.objects.count() == 6


def test_one_parser_serves_many_threads():
    texts = [
        f"id eq '{n}' and (length(id) add {n} gt 1 or id in ('x'))" for n in range(99)
    ]
    trees = [parse(text, "filter", option="$filter") for text in texts]

    def read_all():
        for text, tree in zip(texts, trees, strict=True):
            assert parse(text, "filter", option="$filter") == tree
            with pytest.raises(BadRequest):
                parse(f"{text} and", "filter", option="$filter")

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # let the threads cut in on each other
    try:
        at_once(*[read_all] * 8)
    finally:
        sys.setswitchinterval(before)
