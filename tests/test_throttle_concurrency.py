"""Many clients at once on connections of their own: never more than the limit."""

import random
import time
from collections import Counter
from itertools import chain

import pytest
from django.db import models, transaction

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import ThrottleCount
from certstates.permissions import READ_WRITE
from certstates.throttling import Rate, admit, memory
from tests.make import ApiClient, make_body, make_token
from tests.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    """Ask the database each time, as processes do that know nothing of each other."""
    monkeypatch.setattr(memory, "keep", lambda key, wait: None)
    memory.clear()


def admitted(*rates, times):
    return sum(admit(*rates) is None for _ in range(times))


def test_of_many_at_once_exactly_the_limit_is_admitted():
    began = time.monotonic()
    rates = [Rate("app", 100), Rate("tenant", 100)]
    counts = at_once(*[lambda: admitted(*rates, times=25)] * 8)
    assert time.monotonic() - began < 19
    assert sum(counts) == 100
    stored = ThrottleCount.objects.values_list("key").annotate(models.Sum("count"))
    assert {*stored} == {("app", 100), ("tenant", 100)}


def test_many_keys_in_any_order_make_no_deadlock():
    began = time.monotonic()

    def hammer(seed):
        order = random.Random(seed)
        found = []
        for _ in range(60):
            keys = order.sample(range(12), 4)
            if not admit(*(Rate(f"{key}", 60) for key in keys)):
                found += keys
        return found

    each = at_once(*(lambda seed=seed: hammer(seed) for seed in range(8)))
    assert time.monotonic() - began < 19
    admissions = Counter(chain.from_iterable(each))
    assert max(admissions.values()) == 60
    stored = ThrottleCount.objects.values_list("key").annotate(models.Sum("count"))
    assert {*stored} == {(f"{key}", count) for key, count in admissions.items()}


def test_of_many_posts_at_once_only_the_admitted_are_stored(settings):
    settings.THROTTLE = True
    settings.THROTTLE_APP_WRITES = 5
    token = make_token(READ_WRITE)

    def post():
        return ApiClient(token).create(make_body()).status_code

    statuses = at_once(*[post] * 12)
    assert sorted(statuses) == [201] * 5 + [429] * 7
    assert State.objects.count() == 5


def test_a_write_that_waits_for_a_lock_keeps_nobody_from_counting(settings):
    """Counting is over before the write's own transaction begins."""
    settings.THROTTLE = True
    token = make_token(READ_WRITE)
    client = ApiClient(token)
    client.create(make_body(id="a"))

    def patch():
        return client.change("a", {"certificateKeyUsages": 1}).status_code

    def others():
        time.sleep(0.3)  # the PATCH waits by now
        began = time.monotonic()
        assert admit(Rate("writes", 100), Rate("requests", 100)) is None
        return time.monotonic() - began

    def hold():
        with transaction.atomic():
            State.objects.select_for_update().get(pk="a")
            time.sleep(1)

    _, status, took = at_once(hold, lambda: time.sleep(0.1) or patch(), others)
    assert status == 200
    assert took < 0.5
