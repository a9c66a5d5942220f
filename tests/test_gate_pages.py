"""A hidden name in a file or on a page of the admin is one that means nothing."""

import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from oauth2_provider.models import Application

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import SavedSearch
from certstates.sources import names
from tests.files import (
    EXPORT,
    IMPORT,
    LIST,
    RECORD,
    confirm,
    csv_file,
    json_file,
    upload,
)
from tests.gate import HIDDEN, assert_same, nonsense, without
from tests.make import make_state

pytestmark = pytest.mark.django_db

GATE = State.GRAPH_PROPERTIES

# --- Files ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [csv_file, json_file])
@pytest.mark.usefixtures("upload_directory")
def test_a_hidden_column_of_a_file_is_passed_over_as_unknown(staff, make):
    def page_of(named):
        page = upload(staff, make({**RECORD, "id": "new", named: "1"}))
        text = re.sub(r"import/[\w-]{20,}", "import/", page.text)
        return without(text, name, nonsense(name))

    for name in HIDDEN:
        if names.property_of(name) is None:  # snake_case is a spelling in files
            assert page_of(name) == page_of(nonsense(name)), name


@pytest.mark.usefixtures("upload_directory")
def test_a_file_writes_no_hidden_column(staff):
    make_state(id="a")
    before = State.objects.values("created_at").get(pk="a")
    row = {**RECORD, "id": "a", "version": "7", "created_at": "2001-01-01T00:00:00Z"}
    confirm(staff, upload(staff, csv_file(row)), reason="")
    written = State.objects.get(pk="a")
    assert written.managed_device_display_name == RECORD["managedDeviceDisplayName"]
    assert written.created_at == before["created_at"]
    assert written.version != 7


# --- The admin -----------------------------------------------------------------------

LOOKUPS = [
    "version", "version__gt", "version__isnull", "pk", "pk__in", "id__startswith",
    "created_at__year", "_state", "user__password", "user__password__startswith",
    "owner__password__startswith", "certificate_thumbprint__startswith",
    "managed_device_display_name", "events__pgh_id", "stateevent__pgh_id__gt",
    "__class__", "password", "password__startswith", "client_secret__startswith",
    "token__startswith", "token_checksum__startswith", "accesstoken__token__startswith",
    "groups__user__password", "permissions__codename", "application__client_secret",
    "user__is_superuser__exact", "savedsearch__query", "saved_searches__query",
]  # fmt: skip

LISTS = [
    LIST,
    "/admin/certstates/savedsearch/",
    "/admin/auth/user/",
    "/admin/auth/group/",
    "/admin/oauth2_provider/application/",
    "/admin/oauth2_provider/accesstoken/",
]


# Pages take their time: a column, a key, a relation, a secret, a lookup, an attribute.
FEW = ["version", "pk", "user", "password", "client_secret", "version__gt", "__class__"]


@pytest.fixture
def furnished(staff, admin_user):
    """Return the browser; each list has a row that a lookup could find."""
    make_state(id="a")
    Application.objects.create(
        name="app", client_type="confidential", authorization_grant_type="x"
    )
    SavedSearch.objects.create(name="mine", query="q=a", owner=admin_user)
    User.objects.create_user("other", password="other")
    return staff


def asked(browser, page, **query):
    browser.cookies.pop("__Host-messages", None)  # what the request before was told
    return browser.get(page, query)


@pytest.mark.parametrize("page", LISTS)
def test_a_lookup_in_the_address_is_refused_whatever_it_names(furnished, page):
    for name in LOOKUPS:
        assert furnished.get(page, {name: "a"}).status_code == 400, name
        assert_same(lambda named: asked(furnished, page, **{named: "a"}), name)


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize("parameter", ["o", "_to_field"])
def test_an_order_or_a_key_by_name_is_none(furnished, page, parameter):
    for name in FEW:
        assert_same(lambda named: asked(furnished, page, **{parameter: named}), name)


@pytest.mark.parametrize("parameter", ["expiry", "status", "open", "at", "action", "e"])
def test_the_other_parameters_of_the_list_take_no_name(furnished, parameter):
    for name in FEW:
        assert_same(lambda named: asked(furnished, LIST, **{parameter: named}), name)


@pytest.mark.parametrize(
    "parameter", ["fields", "columns", "format", "o", "_to_field", ""]
)
def test_an_export_takes_no_name_of_a_column(furnished, parameter):
    for name in FEW:
        assert_same(
            lambda named: asked(furnished, EXPORT, **{parameter or named: named}), name
        )


@pytest.mark.parametrize("name", FEW)
def test_an_action_is_one_of_the_lists_own(furnished, name):
    def selected(named):
        return furnished.post(LIST, {"action": named, "_selected_action": "a"})

    assert_same(selected, name)
    assert_same(lambda named: furnished.post(f"{LIST}bulk/{named}/"), name)


@pytest.mark.parametrize("name", [*FEW, "owner__password", "q__in"])
def test_a_saved_search_keeps_no_name_but_the_lists_own(furnished, name):
    def saved(named):
        query = f"q=a&{quote(named)}=1"
        furnished.post("/admin/certstates/savedsearch/add/?query=" + quote(query), {
            "name": "kept", "audience": "me",
        })  # fmt: skip
        [*kept] = SavedSearch.objects.filter(name="kept").values_list("query")
        SavedSearch.objects.filter(name="kept").delete()
        return kept

    assert name not in str(saved(name))
    assert saved(name) == saved(nonsense(name))


@pytest.mark.parametrize("name", FEW)
def test_nothing_completes_a_name(furnished, name):
    def completed(named):
        return furnished.get("/admin/autocomplete/", {
            "app_label": "certstates", "field_name": named, "term": "a",
            "model_name": "managedalldevicecertificatestate",
        })  # fmt: skip

    assert_same(completed, name)
    assert_same(lambda named: furnished.get(f"{LIST}issuers/", {"q": named}), name)


def test_an_entry_form_has_no_hidden_column(furnished):
    page = furnished.get(f"{LIST}a/change/")
    fields = page.context["adminform"].form.fields
    assert {*fields} - {"reason"} == {*GATE} - {"id"}


def test_the_import_page_takes_no_name_by_its_address(furnished):
    assert_same(lambda named: furnished.get(IMPORT, {named: "1"}), "version__gt")
