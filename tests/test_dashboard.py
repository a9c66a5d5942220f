"""The admin's first page: what needs doing, at a glance and at little cost."""

import datetime as dt
import re
from html import escape, unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from certstates.admin import overview
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import RevocationStatus, StateEvent
from certstates.statistics import Count
from tests.make import HttpsClient, make_state

pytestmark = pytest.mark.django_db

PAGE = "/admin/"
LIST = "/admin/certstates/managedalldevicecertificatestate/"
TABLE = State._meta.db_table
EVENTS = StateEvent._meta.db_table
DAY = dt.timedelta(days=1)
MOST_QUERIES = 15


def client_of(*permissions):
    """Return the client of somebody of the staff who may do these things only."""
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = HttpsClient()
    client.force_login(user)
    return client


def expires(days):
    return {"certificate_expiration_date_time": timezone.now() + days * DAY}


def revocation(status, *, days):
    return {
        "certificate_revoke_status": status,
        "certificate_revoke_status_last_change_date_time": timezone.now() - days * DAY,
        **expires(300),
    }


def make_morning():
    """Store one record for each thing that a morning can bring."""
    make_state(id="gone", **expires(-1))
    make_state(id="week", **expires(6.5), certificate_issuer_name="CN=Issuing CA 2")
    make_state(id="month", **expires(29), certificate_issuer_name="CN=Issuing CA 2")
    make_state(id="quarter", **expires(89), certificate_issuer_name="CN=Root")
    make_state(
        id="failed",
        managed_device_display_name="STUCK",
        **revocation(RevocationStatus.FAILED, days=60.5),
    )
    make_state(id="pending", **revocation(RevocationStatus.PENDING, days=3))
    make_state(id="issued", **revocation(RevocationStatus.ISSUED, days=2))
    make_state(id="done", **revocation(RevocationStatus.REVOKED, days=500))


def shown(figures):
    return {figure.url.removeprefix(LIST): figure.count.value for figure in figures}


def test_the_page_answers_the_mornings_questions(staff):
    make_morning()
    page = staff.get(PAGE)
    assert page.status_code == 200
    assert page.context["records"].count == Count(8)
    assert shown(page.context["expiry"]) == {
        "?expiry=expired": 1,
        "?expiry=7": 1,
        "?expiry=30": 2,
        "?expiry=90": 3,
    }
    assert shown(page.context["revocation"]) == {
        "?status=failed": 1,
        "?status=pending": 1,
        "?status=issued": 1,
        "?open=30": 1,
    }
    assert shown(page.context["issuers"]["largest"]) == {
        "?issuer=CN%3DIssuing+CA+2": 2,
        "?issuer=CN%3DRoot": 1,
    }
    assert page.context["issuers"]["others"] == Count(5)

    longest = page.context["longest_open"]
    assert (longest.device, longest.distance) == ("STUCK", "60 days ago")
    urls = [line.url for line in page.context["expiring_next"]]
    assert urls[:3] == [f"{LIST}{id}/change/" for id in ("week", "month", "quarter")]
    assert f"{LIST}gone/change/" not in urls
    distances = [line.distance for line in page.context["expiring_next"]]
    assert distances[:3] == ["in 6 days", "in 28 days", "in 88 days"]
    [newest, *_] = page.context["newest_changes"]
    assert (newest.url, newest.detail) == (f"{LIST}done/history/", "created by SQL")


def test_every_number_is_a_link_on_the_page(staff):
    make_morning()
    page = staff.get(PAGE)
    links = {*re.findall(r'href="([^"]+)"', page.content.decode())}
    context = page.context
    figures = [*context["expiry"], *context["revocation"], *context["months"]]
    for figure in [*figures, *context["issuers"]["largest"], context["records"]]:
        assert escape(figure.url) in links
    lines = [*context["expiring_next"], *context["newest_changes"]]
    for line in [*lines, context["longest_open"]]:
        assert line.url in links


def test_every_number_leads_to_a_list_of_as_many_records(staff):
    make_morning()
    context = staff.get(PAGE).context
    figures = [*context["expiry"], *context["revocation"], *context["months"]]
    for figure in [*figures, *context["issuers"]["largest"], context["records"]]:
        listed = staff.get(figure.url).context["cl"].result_list
        assert Count(len(listed)) == figure.count, figure


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (dt.date(2026, 11, 23), "2026-11", "2027-10"),
        (dt.date(2027, 1, 1), "2027-01", "2027-12"),
        (dt.date(2027, 12, 31), "2027-12", "2028-11"),
    ],
)
def test_the_months_of_a_year_begin_with_this_one(today, first, last):
    questions = overview.month_questions(today)
    months = [question.parameters["expiry"] for question in questions]
    assert len(months) == 12
    assert (months[0], months[-1]) == (first, last)


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2027-01-31T23:59:59.999999+00:00", dt.date(2027, 1, 15)),
        ("2027-02-01T00:00:00+00:00", dt.date(2027, 2, 28)),
        ("2028-02-29T12:00:00+00:00", dt.date(2028, 2, 1)),
        ("0001-01-01T00:00:00+00:00", dt.date(1, 1, 1)),
        ("9999-12-31T23:59:59.999999+00:00", dt.date(9999, 12, 1)),
    ],
)
def test_a_month_has_all_its_moments_and_no_other(moment, month):
    make_state(certificate_expiration_date_time=dt.datetime.fromisoformat(moment))
    assert State.objects.expiring_in_month(month).exists()
    for days in (-31, 31):
        if dt.date(1, 2, 1) < month < dt.date(9999, 12, 1):
            neighbour = month.replace(day=15) + dt.timedelta(days)
            assert not State.objects.expiring_in_month(neighbour).exists()


def test_columns_are_as_high_as_their_numbers(staff):
    now = timezone.now()
    for n in range(200):
        make_state(id=str(n), certificate_expiration_date_time=now)
    following = (now.replace(day=1) + 32 * DAY).replace(day=1)
    make_state(id="later", certificate_expiration_date_time=following)
    first, second, *rest = staff.get(PAGE).context["months"]
    assert (first.count.value, first.length) == (200, overview.HIGHEST_COLUMN)
    assert (second.count.value, second.length) == (1, 2)  # seen, though it is small
    assert {figure.length for figure in rest} == {0}


def test_what_nobody_has_to_do_is_said_calmly(staff):
    make_state(**expires(400))
    page = staff.get(PAGE)
    tiles = [*page.context["expiry"], *page.context["revocation"]]
    assert {tile.mood for tile in tiles} == {"fine"}
    assert page.context["longest_open"] is None


def test_an_empty_table_says_how_to_begin(staff):
    page = staff.get(PAGE).content.decode()
    assert "There are no records yet" in page
    assert f'href="{LIST}add/"' in page
    assert "Expired" not in page


def test_who_may_only_view_is_not_told_to_add():
    viewer = client_of("view_managedalldevicecertificatestate")
    assert f"{LIST}add/" not in viewer.get(PAGE).content.decode()
    make_morning()
    page = viewer.get(PAGE)
    assert page.context["records"].count == Count(8)
    assert f"{LIST}add/" not in page.content.decode()


@pytest.mark.parametrize("permissions", [[], ["view_user"], ["add_user"]])
def test_who_may_not_view_records_is_told_nothing_of_them(permissions):
    make_morning()
    client = client_of(*permissions)
    with CaptureQueriesContext(connection) as captured:
        page = client.get(PAGE)
    assert page.status_code == 200
    assert not {"records", "expiry", "newest_changes"} & {*page.context.keys()}
    assert not [q for q in captured if "certstates" in q["sql"]]
    for word in ("STUCK", "Expired", "no records", "ssuing CA"):
        assert word not in page.content.decode()


def test_markup_in_records_is_shown_as_text(staff):
    evil = '<img src=x onerror="alert(1)">\u202eABC&amp;'
    make_state(
        id="a'<b>\"&amp;",
        managed_device_display_name=evil,
        user_principal_name=evil,
        certificate_issuer_name=evil,
        **revocation(RevocationStatus.PENDING, days=1),
    )
    page = staff.get(PAGE).content.decode()
    assert "<img src=x" not in page
    assert page.count(f"<bdi>{escape(evil).replace('&#x27;', '&#39;')}</bdi>") >= 4
    [url] = {*re.findall(rf'href="({LIST}[^"]+/change/)"', page)}
    assert staff.get(unescape(url)).status_code == 200


def test_a_change_says_what_was_done_and_leads_to_the_records_history(staff):
    make_state(id="a", managed_device_display_name="STAYS", **expires(1))
    make_state(id="b", managed_device_display_name="GOES")
    State.objects.filter(id="a").update(certificate_revoke_status=3)
    State.objects.filter(id="b").delete()
    lines = staff.get(PAGE).context["newest_changes"]
    assert [(line.device, line.detail) for line in lines] == [
        ("GOES", "deleted by SQL"),
        ("STAYS", "changed by SQL: revocation"),
        ("GOES", "created by SQL"),
        ("STAYS", "created by SQL"),
    ]
    for line in lines:
        assert line.device in staff.get(line.url).content.decode()


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_record_without_a_name_is_called_by_its_id(staff, name):
    texts = ("managed_device_display_name", "user_principal_name")
    issuer = {"certificate_issuer_name": name}
    make_state(id="the-id", **dict.fromkeys(texts, name), **issuer, **expires(1))
    page = staff.get(PAGE)
    for lines in ("expiring_next", "newest_changes"):
        assert [line.device for line in page.context[lines]] == ["the-id"]
    for figure in page.context["issuers"]["largest"]:
        assert (figure.label, figure.url) == ("(no name)", f"{LIST}?issuer=++")
    assert b">None<" not in page.content


def test_nothing_on_the_page_needs_a_script_or_a_style_of_its_own(staff):
    make_morning()
    page = staff.get(PAGE).content.decode()
    content = page.partition('<div id="content-main">')[2].partition("</main>")[0]
    assert "<svg" in content
    assert not re.search(r"<script|<style|\s(style|on\w+)=", content)


def test_the_page_costs_the_same_for_few_and_for_many_records(staff):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(PAGE).status_code == 200
        return len(captured)

    nothing = cost()
    make_morning()
    few = cost()
    for n in range(100):
        make_state(id=str(n), **expires(n))
    assert nothing <= few == cost() <= MOST_QUERIES


COUNT = 20_000
FILL = f"""
INSERT INTO {TABLE} (id, certificate_revoke_status,
    certificate_revoke_status_last_change_date_time, managed_device_display_name,
    user_principal_name, certificate_subject_name, certificate_issuer_name,
    certificate_thumbprint, certificate_expiration_date_time,
    certificate_issuance_date_time)
SELECT md5(n::text), CASE WHEN n % 20 < 5 THEN n % 20 ELSE 0 END,
    now() - n % 100 * interval '1 day', 'LAPTOP-' || n, n || '@contoso.example',
    'CN=LAPTOP-' || n, 'CN=Issuing CA ' || n % 12, md5('t' || n),
    now() + (n * 7919::bigint % {COUNT} * 800.0 / {COUNT} - 600) * interval '1 day',
    now()
FROM generate_series(1, {COUNT}) AS n
"""


@pytest.fixture
def thousands(db):
    with connection.cursor() as cursor:
        with transaction.atomic():
            # VACUUM calls nothing visible whose commit is not on the disk yet.
            cursor.execute("SET LOCAL synchronous_commit = on")
            cursor.execute(FILL)
        cursor.execute(f"VACUUM ANALYZE {TABLE}, {EVENTS}")


@pytest.mark.django_db(transaction=True)
def test_no_plan_of_the_page_reads_a_whole_table(staff, thousands):
    with CaptureQueriesContext(connection) as captured:
        context = staff.get(PAGE).context
    assert len(captured) <= MOST_QUERIES
    assert context["records"].count == Count(COUNT, is_exact=False)
    statements = [q["sql"] for q in captured if not q["sql"].startswith("EXPLAIN")]
    asked = [sql for sql in statements if "certstates" in sql]
    assert len(asked) >= 6
    for sql in asked:
        plan = explained(sql)
        assert not re.search(rf"Seq Scan on ({TABLE}|{EVENTS})", plan), plan

    expired, *_ = context["expiry"]
    assert not expired.count.is_exact
    assert expired.count.value == pytest.approx(COUNT * 600 / 800, rel=0.02)
    assert [figure.label for figure in context["issuers"]["largest"]]
    for figure in context["issuers"]["largest"]:
        assert figure.count.value == pytest.approx(COUNT / 12, rel=0.05)


def explained(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}".replace("%", "%%"))
        return "\n".join(line for (line,) in cursor.fetchall())
