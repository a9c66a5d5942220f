"""Who looks after accounts and groups gives and takes no more than they hold."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import AccessToken, Application

from certstates.permissions import READ
from tests.make import ApiClient, make_state, make_token
from tests.staff import browser_of, groups_of_the_migration, make_person

pytestmark = pytest.mark.django_db

USERS = "/admin/auth/user/"
GROUPS = "/admin/auth/group/"
TOKENS = "/admin/oauth2_provider/accesstoken/"
CLIENTS = "/admin/oauth2_provider/application/"
PASSWORDS = {"password1": "a-long-pass-phrase", "password2": "a-long-pass-phrase"}


@pytest.fixture
def administrator(db):
    return browser_of(make_person("adam", "Administrator"))


@pytest.fixture
def powerful(db):
    """Holds one permission that no Administrator has, and is inactive just now."""
    person = make_person("paul", is_active=False)
    person.user_permissions.add(Permission.objects.get(codename="delete_session"))
    return person


def form_of(user, **values):
    """Return what the form of an account sends."""
    fields = {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_staff": "on",
        "is_active": "on",
        "groups": [group.pk for group in user.groups.all()],
        "user_permissions": [row.pk for row in user.user_permissions.all()],
    }
    return {name: value for name, value in {**fields, **values}.items() if value != ""}


def change(browser, user, **values):
    return browser.post(f"{USERS}{user.pk}/change/", form_of(user, **values))


def test_an_administrator_makes_a_colleague_an_editor(administrator):
    new = {"username": "eve", "usable_password": "true", **PASSWORDS}
    assert administrator.post(f"{USERS}add/", new).status_code == 302
    eve = User.objects.get(username="eve")
    editor = groups_of_the_migration()["Editor"]
    response = change(administrator, eve, first_name="Eve", groups=[editor.pk])
    assert response.status_code == 302, response.context["errors"]
    eve = User.objects.get(username="eve")
    assert (eve.first_name, eve.is_staff, eve.is_superuser) == ("Eve", True, False)
    assert [*eve.groups.all()] == [editor]
    page = administrator.get(USERS).content.decode()
    assert ">Editor</td>" in page


@pytest.mark.parametrize("whose", ["eve", "adam"])
def test_an_administrator_makes_nobody_a_superuser(administrator, whose):
    make_person("eve", "Editor")
    user = User.objects.get(username=whose)
    assert change(administrator, user, is_superuser="on").status_code == 302
    assert not User.objects.get(username=whose).is_superuser


def test_a_superuser_makes_superusers(admin_user):
    eve = make_person("eve")
    assert change(browser_of(admin_user), eve, is_superuser="on").status_code == 302
    assert User.objects.get(username="eve").is_superuser


PAGES = [
    ("change/", {"username": "renamed"}),
    ("password/", {"usable_password": "true", **PASSWORDS}),
    ("delete/", {"post": "yes"}),
]


@pytest.mark.parametrize(("page", "values"), PAGES)
@pytest.mark.parametrize("whose", ["admin", "paul"])
def test_who_holds_more_is_out_of_an_administrators_reach(
    administrator, admin_user, powerful, whose, page, values
):
    before = User.objects.filter(username=whose).values().get()
    url = f"{USERS}{before['id']}/{page}"
    assert administrator.post(url, values).status_code == 403
    assert administrator.get(url).status_code == (200 if page == "change/" else 403)
    assert User.objects.filter(username=whose).values().get() == before


def test_the_account_of_who_holds_more_is_shown_without_its_passwords_hash(
    administrator, admin_user
):
    page = administrator.get(f"{USERS}{admin_user.pk}/change/").content.decode()
    assert admin_user.email in page
    assert admin_user.password not in page
    assert 'name="_save"' not in page


def test_who_holds_more_is_not_deleted_among_others(administrator, admin_user):
    eve = make_person("eve")
    values = {
        "action": "delete_selected",
        "_selected_action": [eve.pk, admin_user.pk],
        "post": "yes",
    }
    assert administrator.post(USERS, values).status_code == 403
    assert User.objects.count() == 3


def test_accounts_within_reach_are_changed_renewed_and_deleted(administrator):
    eve = make_person("eve", "Editor")
    for page, values in PAGES[1:]:
        url = f"{USERS}{eve.pk}/{page}"
        assert administrator.post(url, values).status_code == 302, page
    assert not User.objects.filter(pk=eve.pk).exists()


def test_an_administrator_gives_only_permissions_that_they_hold(administrator):
    eve = make_person("eve")
    held = Permission.objects.get(codename="view_user")
    other = Permission.objects.get(codename="delete_session")
    response = change(administrator, eve, user_permissions=[held.pk, other.pk])
    assert "user_permissions" in response.context["adminform"].form.errors
    assert not eve.user_permissions.exists()
    assert change(administrator, eve, user_permissions=[held.pk]).status_code == 302
    assert [*eve.user_permissions.all()] == [held]


def test_an_administrator_gives_only_groups_that_hold_no_more_than_they(administrator):
    eve = make_person("eve")
    keepers = Group.objects.create(name="Keepers")
    keepers.permissions.add(Permission.objects.get(codename="delete_session"))
    for name in ("eve", "adam"):
        user = User.objects.get(username=name)
        response = change(administrator, user, groups=[keepers.pk])
        assert "groups" in response.context["adminform"].form.errors
    assert not keepers.user_set.exists()
    page = administrator.get(f"{USERS}{eve.pk}/change/").content.decode()
    assert "Keepers" not in page


def test_a_group_is_changed_by_who_holds_all_of_it(administrator):
    held = Permission.objects.get(codename="view_user")
    other = Permission.objects.get(codename="delete_session")
    helpers = Group.objects.create(name="Helpers")
    url = f"{GROUPS}{helpers.pk}/change/"
    values = {"name": "Helpers", "permissions": [held.pk]}
    assert administrator.post(url, values).status_code == 302
    response = administrator.post(url, {**values, "permissions": [other.pk]})
    assert "permissions" in response.context["adminform"].form.errors
    assert [*helpers.permissions.all()] == [held]

    helpers.permissions.add(other)
    assert administrator.post(url, values).status_code == 403
    delete = f"{GROUPS}{helpers.pk}/delete/"
    assert administrator.post(delete, {"post": "yes"}).status_code == 403
    assert helpers.permissions.count() == 2


def test_lists_of_people_cost_the_same_questions_for_one_and_for_many(
    administrator, django_assert_num_queries
):
    with CaptureQueriesContext(
        connection,
    ) as few:
        administrator.get(USERS)
    for number in range(20):
        make_person(f"person-{number}", "Viewer", "Editor")
    with django_assert_num_queries(len(few)):
        administrator.get(USERS)


TOKENS = "/admin/oauth2_provider/accesstoken/"
CLIENTS = "/admin/oauth2_provider/application/"


def test_a_token_is_seen_without_its_value_and_revoked(administrator):
    raw = make_token(READ)
    make_state()
    assert ApiClient(raw).read("x").status_code == 404
    token = AccessToken.objects.get()
    change, delete = (f"{TOKENS}{token.pk}/{page}/" for page in ("change", "delete"))
    for url in (TOKENS, change, delete):
        page = administrator.get(url).content.decode()
        assert raw not in page
        assert token.token_checksum[:8] not in page
        assert "tests" in page
    assert READ in administrator.get(TOKENS).content.decode()
    assert "create_token" in administrator.get(TOKENS).content.decode()
    administrator.post(delete, {"post": "yes"})
    assert ApiClient(raw).read("x").status_code == 401


def test_selected_tokens_are_revoked(administrator):
    tokens = [make_token(READ) for _ in range(3)]
    keep, *others = AccessToken.objects.order_by("pk")
    administrator.post(
        TOKENS,
        {
            "action": "delete_selected",
            "_selected_action": [token.pk for token in others],
            "post": "yes",
        },
    )
    assert [*AccessToken.objects.all()] == [keep]
    assert [ApiClient(t).read("x").status_code for t in tokens] == [404, 401, 401]


def test_tokens_are_not_edited(admin_user):
    superuser = browser_of(admin_user)
    make_token(READ)
    before = AccessToken.objects.values().get()
    far = dt.datetime(2099, 1, 1, tzinfo=dt.UTC).isoformat()
    page = f"{TOKENS}{before['id']}/change/"
    response = superuser.post(page, {"expires": far, "token": "x"})
    assert response.status_code == 403
    assert AccessToken.objects.values().get() == before


def test_an_application_is_renamed_and_shows_no_secret(administrator):
    make_token(READ)
    before = Application.objects.get()
    url = f"{CLIENTS}{before.pk}/change/"
    page = administrator.get(url).content.decode()
    assert before.client_secret not in page
    assert "client_secret" not in page
    forged = {"name": "renamed", "client_secret": "mine", "client_id": "mine"}
    assert administrator.post(url, forged).status_code == 302
    after = Application.objects.get()
    assert after.name == "renamed"
    assert after.client_secret == before.client_secret
    assert after.client_id == before.client_id


def test_deleting_an_application_revokes_its_tokens(administrator):
    raw = make_token(READ)
    client = Application.objects.get()
    administrator.post(f"{CLIENTS}{client.pk}/delete/", {"post": "yes"})
    assert ApiClient(raw).read("x").status_code == 401


@pytest.mark.parametrize("model", ["grant", "refreshtoken", "idtoken"])
def test_what_nothing_uses_is_not_shown(admin_user, model):
    response = browser_of(admin_user).get(f"/admin/oauth2_provider/{model}/")
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("page", "condition"),
    [
        (CLIENTS, "client_secret__startswith=p"),
        (TOKENS, "token_checksum__startswith=a"),
        (TOKENS, "token=a"),
        (USERS, "password__startswith=a"),
        (USERS, "saved_searches=1"),
        (USERS, "username=%00"),
        (USERS, "username__regex=("),
        (USERS, "date_joined__year=0"),
        (USERS, "groups__name=Editor"),
        (GROUPS, "name=%00"),
        ("/admin/certstates/savedsearch/", "name=%00"),
        ("/admin/certstates/savedsearch/", "query__startswith=q"),
    ],
)
def test_a_list_is_narrowed_by_what_it_shows_only(administrator, page, condition):
    assert administrator.get(f"{page}?{condition}").status_code == 400


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("is_active__exact=0", {"paul"}),
        ("groups__id__exact={}", {"adam"}),
        ("groups__isnull=True", {"paul"}),
    ],
)
def test_the_filters_of_people_work(administrator, powerful, condition, found):
    group = Group.objects.get(name="Administrator")
    page = administrator.get(f"{USERS}?{condition.format(group.pk)}")
    assert {user.username for user in page.context["cl"].result_list} == found


@pytest.mark.parametrize("spelling", ["{}", "0{}", "+{}", "_2B{}", "%20{}"])
def test_ones_own_password_takes_the_old_one(spelling):
    adam = make_person("adam", "Administrator")
    fields = {"usable_password": "true", **PASSWORDS}
    address = f"{USERS}{spelling.format(adam.pk)}/password/"
    response = browser_of(adam).post(address, fields)
    assert response.headers["Location"] == "/admin/password_change/"
    adam.refresh_from_db()
    assert adam.check_password("pass-of-adam")
