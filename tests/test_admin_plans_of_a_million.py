"""The same pages over a million records: minutes, so ``-m million`` asks for them."""

import pytest

from bench.pages import PAGES, pages
from tests.many_records import many_records
from tests.test_admin_plans import assert_reads_by_index

pytestmark = [pytest.mark.django_db, pytest.mark.million]


@pytest.fixture(scope="module")
def addresses(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), many_records(1_000_000):
        yield pages()


@pytest.mark.parametrize("name", PAGES)
def test_no_page_reads_all_records(addresses, staff, name):
    assert_reads_by_index(staff, addresses[name])
