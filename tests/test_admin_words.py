"""All pages of the admin speak alike: titles as the links to them, moments in UTC."""

import datetime as dt

import pytest
from django.contrib.auth.models import User

from tests.staff import browser_of

pytestmark = pytest.mark.django_db

LISTS = {
    "/admin/auth/user/": "Users",
    "/admin/auth/group/": "Groups",
    "/admin/oauth2_provider/accesstoken/": "Access tokens",
    "/admin/oauth2_provider/application/": "Applications",
    "/admin/certstates/savedsearch/": "Saved searches",
    "/admin/certstates/managedalldevicecertificatestate/": "Certificate states",
}


@pytest.mark.parametrize("url", LISTS)
def test_a_list_is_titled_as_the_link_to_it(admin_user, url):
    page = browser_of(admin_user).get(url).content.decode()
    assert f"<h1>{LISTS[url]}</h1>" in page


def test_djangos_own_lists_say_moments_as_the_records_do(admin_user):
    then = dt.datetime(2026, 1, 6, 22, 5, tzinfo=dt.UTC)
    User.objects.create_user("ana", last_login=then)
    page = browser_of(admin_user).get("/admin/auth/user/").content.decode()
    assert "2026-01-06 22:05 UTC" in page
