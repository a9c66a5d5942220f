"""A saved search is for oneself, for a group or for everyone, and nobody else's."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, User

from certstates.models import SavedSearch
from tests.searches import FAILED, SEARCHES, add_url, make_search, row_for
from tests.staff import browser_of, groups_of_the_migration, make_person

pytestmark = pytest.mark.django_db


def names_in(page):
    links = re.findall(r'<a href="[^"]*"[^>]*>([^<]*)', page)
    return [unescape(text).strip() for text in links]


@pytest.fixture
def eve(db):
    return make_person("eve", "Editor")


@pytest.fixture
def vera(db):
    return make_person("vera", "Viewer")


@pytest.fixture
def shelf(eve, vera):
    """Searches for each audience, and somebody of another group."""
    groups = groups_of_the_migration()
    make_search(eve, "eve's own")
    make_search(eve, "for editors", group=groups["Editor"])
    make_search(eve, "for viewers", group=groups["Viewer"])
    make_search(eve, "for everyone", for_everyone=True)
    make_search(vera, "vera's own")
    make_person("ian", "Importer")
    make_person("adam", "Administrator")
    make_person("nobody")
    make_person("outsider", "Viewer", is_staff=False)
    make_person("gone", "Viewer", is_active=False)
    User.objects.create_superuser("root")


SEEN = {
    "eve": {"eve's own", "for editors", "for viewers", "for everyone"},
    "vera": {"vera's own", "for viewers", "for everyone"},
    "ian": {"for everyone"},
    "adam": {"for everyone"},
    "root": {"for everyone"},
    "nobody": set(),
    "outsider": set(),
    "gone": set(),
}


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(("name", "seen"), SEEN.items())
def test_everybody_sees_what_is_meant_for_them(name, seen):
    user = User.objects.get(username=name)
    assert {s.name for s in SavedSearch.objects.visible_to(user)} == seen
    row = row_for(user)
    for search in SavedSearch.objects.all():
        shown = f">{search.name.replace(chr(39), '&#x27;')}" in row
        assert shown == (search.name in seen)
    if not seen:
        assert not row.strip()


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("name", ["eve", "vera", "ian", "adam", "root"])
def test_by_list_and_by_address_one_sees_no_more(name):
    browser = browser_of(User.objects.get(username=name))
    page = browser.get(SEARCHES)
    assert {search.name for search in page.context["cl"].result_list} == SEEN[name]
    for search in SavedSearch.objects.all():
        for where in ("change", "delete", "history"):
            response = browser.get(f"{SEARCHES}{search.pk}/{where}/")
            if search.name not in SEEN[name]:
                assert response.status_code == 302
                assert response.headers["Location"] == "/admin/"
            elif where != "delete":
                assert response.status_code == 200


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("name", ["nobody", "outsider"])
def test_who_may_not_see_records_has_no_searches(name):
    browser = browser_of(User.objects.get(username=name))
    number = SavedSearch.objects.get(name="for everyone").pk
    for url in (SEARCHES, add_url(FAILED), f"{SEARCHES}{number}/change/"):
        response = browser.get(url)
        assert response.status_code == (403 if name == "nobody" else 302)


@pytest.mark.usefixtures("shelf")
def test_ones_own_come_first_and_the_row_says_whom_a_search_is_for(eve, vera):
    make_search(eve, "A first one", for_everyone=True)
    assert names_in(row_for(vera))[:4] == [
        "vera's own", "A first one", "for everyone", "for viewers",
    ]  # fmt: skip
    assert re.search(r'for viewers <span class="audience">Viewer<', row_for(vera))
    assert re.search(r'for everyone <span class="audience">everyone<', row_for(vera))


@pytest.mark.parametrize(
    ("name", "groups", "offered"),
    [
        ("vera", ["Viewer"], ["Only me"]),
        ("eve", ["Editor"], ["Only me", "Group Editor", "Everyone"]),
        (
            "adam",
            ["Administrator"],
            [
                "Only me", "Group Administrator", "Group Editor", "Group Importer",
                "Group Viewer", "Everyone",
            ],
        ),
    ],
)  # fmt: skip
def test_sharing_takes_an_editor_and_groups_are_ones_own(name, groups, offered):
    browser = browser_of(make_person(name, *groups))
    page = browser.get(add_url(FAILED))
    form = page.context["adminform"].form
    assert [label for _, label in form.fields["audience"].choices] == offered
    said = "To share a search takes" in page.content.decode()
    assert said == (offered == ["Only me"])

    known = dict(form.fields["audience"].choices)
    every = ["private", "everyone", *(f"group:{g.pk}" for g in Group.objects.all())]
    for number, audience in enumerate(every):
        values = {"name": f"{number}", "audience": audience}
        response = browser.post(add_url(FAILED), values)
        assert response.status_code == (302 if audience in known else 200)
    assert SavedSearch.objects.count() == len(offered)


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("who", "name", "status"),
    [
        ("eve", "eve's own", 302),
        ("eve", "for everyone", 302),
        ("vera", "for viewers", 403),
        ("vera", "for everyone", 403),
        ("adam", "for everyone", 403),
        ("root", "for everyone", 403),
    ],
)
def test_only_its_owner_edits_a_search(who, name, status):
    browser = browser_of(User.objects.get(username=who))
    before = SavedSearch.objects.get(name=name)
    url = f"{SEARCHES}{before.pk}/change/"
    forged = {"name": "new", "audience": "private", "query": "q=forged", "owner": "1"}
    assert browser.post(f"{url}?query=q%3Dforged", forged).status_code == status
    after = SavedSearch.objects.get(pk=before.pk)
    assert after.name == ("new" if status == 302 else name)
    assert (after.query, after.owner_id) == (before.query, before.owner_id)
    assert after.is_shared == (before.is_shared and status != 302)


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("who", "name", "status", "is_gone"),
    [
        ("eve", "eve's own", 302, True),
        ("vera", "for everyone", 403, False),
        ("adam", "for everyone", 302, True),
        ("root", "for everyone", 302, True),
        ("adam", "eve's own", 302, False),  # to the first page: it is not there
        ("root", "eve's own", 302, False),
    ],
)
def test_owners_delete_their_searches_and_administrators_shared_ones(
    who, name, status, is_gone
):
    browser = browser_of(User.objects.get(username=who))
    search = SavedSearch.objects.get(name=name)
    response = browser.post(f"{SEARCHES}{search.pk}/delete/", {"post": "yes"})
    assert response.status_code == status
    assert SavedSearch.objects.filter(name=name).exists() != is_gone


def test_who_may_no_longer_share_must_say_so_to_edit_what_they_shared(vera):
    search = make_search(vera, for_everyone=True)
    url = f"{SEARCHES}{search.pk}/change/"
    values = {"name": "renamed", "audience": "everyone"}
    assert browser_of(vera).post(url, values).status_code == 200
    values["audience"] = "private"
    assert browser_of(vera).post(url, values).status_code == 302
    assert not SavedSearch.objects.get().is_shared


def test_a_search_whose_group_goes_is_private_again(eve):
    group = Group.objects.create(name="Night shift")
    make_search(eve, group=group)
    group.delete()
    assert not SavedSearch.objects.get().is_shared
