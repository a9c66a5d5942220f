"""Pages: whatever the order, the filter and the writes in between, each record that
stays as it is comes exactly once, and in its place."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certstates.models import ManagedAllDeviceCertificateState as State
from tests.filter_rows import insert
from tests.make import ROOT, URL, error_of
from tests.reference import (
    DEVICE,
    EXPIRES,
    ID,
    ISSUED,
    KEYS,
    STATUS,
    USER,
    evaluate,
    holds,
    is_exact,
)
from tests.spelling import spelled
from tests.trees import ROWS, TEXTS, conditions

pytestmark = pytest.mark.django_db

KEY_TREES = st.one_of(
    st.sampled_from([ID, USER, DEVICE, KEYS, STATUS, EXPIRES, ISSUED]),
    st.sampled_from(
        [
            ("length", USER),
            ("concat", USER, DEVICE),
            ("tolower", ID),
            ("year", EXPIRES),
            ("date", ISSUED),
            ("time", EXPIRES),
            ("sub", EXPIRES, ISSUED),
            ("mod", KEYS, 3),
            ("divby", KEYS, 8),
            ("gt", KEYS, 0),
            ("contains", USER, "a"),
        ]
    ),
)
SORT_KEYS = st.lists(st.tuples(KEY_TREES, st.sampled_from(["", " asc", " desc"])))
TABLES = st.lists(ROWS, max_size=9, unique_by=lambda row: row["id"])


def place(row, tree):
    """Return what stands for a row in a sort: null is lowest."""
    value = evaluate(tree, row)
    if isinstance(value, str) and not is_exact(tree):
        value = value.upper()
    return (0, 0) if value is None else (1, value)


def ordered(rows, keys):
    last = bool(keys) and keys[-1][1] == " desc"
    rows = sorted(rows, key=lambda row: row["id"], reverse=last)
    for tree, direction in reversed(keys):
        rows.sort(key=lambda row: place(row, tree), reverse=direction == " desc")
        # A reversed sort keeps equals as they were, too.
    return [row["id"] for row in rows]


def disturb(action, others, number):
    """Insert, change or remove a record that is none of those that stay."""
    id = f"~{number}"
    if action == "insert":
        insert([{**others, "id": id}])
    elif action == "update":
        State.objects.filter(id__startswith="~").update(
            user_principal_name="moved", certificate_key_usages=number
        )
    else:
        State.objects.filter(id__startswith="~").delete()


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), rows=TABLES, keys=SORT_KEYS.filter(lambda keys: len(keys) < 5))
def test_what_stays_comes_once_and_in_its_place(reader, data, rows, keys):
    tree = data.draw(st.just(True) | conditions(1), label="filter")
    size = data.draw(st.integers(1, 4), label="page size")
    options = {"$top": str(size), "$filter": spelled(tree), "$count": "true"}
    if keys:
        options["$orderby"] = ",".join(f"{spelled(key)}{way}" for key, way in keys)
    with transaction.atomic():
        insert(rows)
        found = [*pages(reader, options, size, data)]
        transaction.set_rollback(True)
    expected = ordered([row for row in rows if holds(tree, row)], keys)
    assert [id for id in found if not id.startswith("~")] == expected


def pages(client, options, size, data):
    """Yield the ids of all pages, and disturb the table after each of them."""
    url, query = URL, options
    others = data.draw(ROWS, label="others")
    for number in range(40):
        page = client.get(url, query)
        assert page.status_code == 200, page.content
        page = page.json()
        ids = [item["id"] for item in page["value"]]
        yield from ids
        url, query = page.get("@odata.nextLink"), None
        if url is None:
            return
        assert len(ids) == size
        assert url.startswith(f"{ROOT}beta/")
        for action in data.draw(
            st.lists(st.sampled_from(ACTIONS), max_size=2, unique=True)
        ):
            disturb(action, others, number)
    pytest.fail("The pages do not end.")


ACTIONS = ["insert", "update", "delete"]


@pytest.fixture
def seven(reader):
    insert({**EXAMPLE, "id": f"id-{n}", KEYS.key: n // 2} for n in range(7))
    return reader


EXAMPLE = {
    USER.key: "ana",
    DEVICE.key: None,
    STATUS.key: 0,
    EXPIRES.key: "2027-01-05T10:00:00Z",
    ISSUED.key: "2026-01-05T10:00:00Z",
}


def test_links_carry_every_option_and_the_count_stays(seven):
    options = {
        "$filter": "userPrincipalName eq @p",
        "@p": "'ana'",
        "$search": "ana",
        "$orderby": "certificateKeyUsages desc",
        "$select": "id",
        "$count": "true",
        "$top": "3",
        "$skip": "1",
        "$expand": "*",
        "$format": "json",
        "mine": "{a b}+&'",
    }
    page = seven.get(URL, options).json()
    found, counts = [], []
    while True:
        found += [item["id"][3:] for item in page["value"]]
        counts.append(page["@odata.count"])
        url = page.get("@odata.nextLink")
        if not url:
            break
        assert url.startswith(f"{ROOT}beta/")
        assert url.isascii()
        assert not set(url) & set("{}'<>\" ")
        for name in (*options, "$skiptoken"):
            assert (f"{name.replace('@', '%40')}=" in url) is (name != "$skip")
        page = seven.get(url).json()
    assert "".join(found) == "543210"
    assert counts == [7, 7]


@pytest.mark.parametrize(
    ("options", "digits"),
    [
        ({"$skip": "5"}, "56"),
        ({"$skip": "7"}, ""),
        ({"$skip": "0", "$top": "2"}, "01"),
        ({"$skip": "2", "$top": "2"}, "23"),
        ({"$skip": "99999999999999999999"}, ""),
        ({"$skip": "2", "$top": "2", "$orderby": "id desc"}, "43"),
        ({"$skip": "1", "$filter": "certificateKeyUsages gt 1"}, "56"),
    ],
)
def test_skip_passes_over_the_first_records(seven, options, digits):
    page = seven.get(URL, {**options, "$count": "true"}).json()
    assert "".join(item["id"][3:] for item in page["value"]) == digits
    assert page["@odata.count"] == (3 if "$filter" in options else 7)


def link_of(client, **options):
    return client.get(URL, {"$top": "2", **options}).json()["@odata.nextLink"]


def token_of(link):
    return link.rpartition("$skiptoken=")[2].replace("%3A", ":")


def test_a_token_is_bound_to_its_order(seven):
    by_id = token_of(link_of(seven))
    by_keys = token_of(link_of(seven, **{"$orderby": "certificateKeyUsages"}))
    delta = seven.get(f"{URL}/delta", {"$top": "2"}).json()["@odata.nextLink"]
    for token, orderby in [
        (by_id, "certificateKeyUsages"),
        (by_keys, "certificateKeyUsages desc"),
        (by_keys, "id"),
        (by_keys, None),
        (token_of(delta), None),
        (by_id[:-1], None),
        (by_id + "x", None),
        ("x" + by_id, None),
        (by_id.swapcase(), None),
        (by_id.partition(":")[0], None),
        ("", None),
        ("é", None),
        ("\0", None),
        ("😀:😀", None),
        (":" * 5000, None),
    ]:
        options = {"$skiptoken": token, **({"$orderby": orderby} if orderby else {})}
        error = error_of(seven.get(URL, options), 400, "BadRequest")
        assert error["target"] == "$skiptoken"


def test_an_order_by_an_alias_is_another_with_another_value(seven):
    options = {"$orderby": "certificateKeyUsages mod @p", "@p": "2"}
    token = token_of(link_of(seven, **options))
    assert seven.get(URL, {**options, "$skiptoken": token}).status_code == 200
    changed = {**options, "@p": "3", "$skiptoken": token}
    error_of(seven.get(URL, changed), 400, "BadRequest")


@pytest.mark.parametrize("other", [{"$filter": "id ne 'x'"}, {"$search": "x"}, {}])
def test_a_token_is_bound_to_what_it_pages_through(seven, other):
    options = {"$filter": "id ne 'y'", "$top": "2"}
    token = token_of(link_of(seven, **options))
    response = seven.get(URL, {**other, "$skiptoken": token})
    assert error_of(response, 400, "BadRequest")["target"] == "$skiptoken"
    assert seven.get(URL, {**options, "$skiptoken": token}).status_code == 200


@given(text=TEXTS)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_text_as_a_token_is_a_bad_request(reader, text):
    response = reader.get(URL, {"$skiptoken": text})
    assert error_of(response, 400, "BadRequest")["target"] == "$skiptoken"
