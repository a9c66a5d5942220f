"""Made-up records: repeatable, lawful, and like those of real firms."""

import collections
import datetime as dt
import hashlib
import re
import subprocess
import sys
import uuid

import pytest
from django.conf import settings

from certstates.copying import copy_rows
from certstates.models import FIRST_MOMENT, LAST_MOMENT, RevocationStatus
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.seeding.certificates import ODDITIES
from certstates.seeding.rows import make_rows

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
EXPIRES = "certificate_expiration_date_time"
ISSUED = "certificate_issuance_date_time"
CHANGED = "certificate_revoke_status_last_change_date_time"
STATUS = "certificate_revoke_status"
ISSUER = "certificate_issuer_name"
SUBJECT = "certificate_subject_name"
DEVICE = "managed_device_display_name"
USER = "user_principal_name"

# Of each text, some values look like this.
FORMS = [
    (DEVICE, r"LAPTOP-[0-9A-Z]{7}"),
    (DEVICE, r"DESKTOP-[0-9A-Z]{7}"),
    (DEVICE, r"\w+\u2019s iPhone"),
    (DEVICE, r".*_AndroidForWork_.*"),
    (DEVICE, r"sql-\d+\.contoso\.example"),
    (DEVICE, r"KIOSK-.*"),
    (USER, r"[a-z]+\.[a-z]+@contoso\.example"),
    (USER, r".*\.o'neill@.*"),
    ("certificate_thumbprint", r"[0-9A-F]{40}"),
    ("certificate_thumbprint", r"[0-9a-f]{40}"),
    ("certificate_serial_number", r"[0-9A-F]{38}"),
    ("certificate_serial_number", r"[0-9A-F]{4}"),
    ("certificate_serial_number", r"[0-9a-f]{32}"),
    ("certificate_serial_number", r"([0-9a-f]{2}:){19}[0-9a-f]{2}"),
    (SUBJECT, r"CN=LAPTOP-\w{7}"),
    (SUBJECT, r"CN=.*, OU=.*, O=Contoso, C=PT"),
    (SUBJECT, r"E=.*, CN=.*"),
    (SUBJECT, r"CN=[0-9a-f-]{36}"),
    (SUBJECT, r".*[\u0370-\u03ff].*"),
    (SUBJECT, r".*[\u0600-\u06ff].*"),
    (SUBJECT, r".*[\u4e00-\u9fff].*"),
    ("certificate_extended_key_usages", r"Client Authentication \([\d.]+\)"),
    ("certificate_extended_key_usages", r"Secure Email .*"),
    ("certificate_extended_key_usages", r".*, .*"),
]


def made(count, *, seed=1, now=NOW):
    return [*make_rows(count, seed=seed, now=now)]


@pytest.fixture(scope="module")
def many():
    return made(20_000)


def share(things, condition):
    return sum(map(condition, things)) / len(things)


def expired(row):
    return row[EXPIRES] <= NOW


# --- Repeatable ----------------------------------------------------------------------


def test_a_seed_repeats_its_records():
    assert made(2000) == made(2000)
    assert made(2000)[:300] == made(300)


def test_another_seed_has_other_records():
    seeds = [0, 1, 2, -1, 10**30]
    rows = [row for seed in seeds for row in made(500, seed=seed)]
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({row["certificate_thumbprint"] for row in rows}) > 0.9 * len(rows)


def digest(rows):
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_another_process_makes_the_same():
    program = (
        "import django; django.setup()\n"
        "from tests.test_seeding import digest, made\n"
        "print(digest(made(1000)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "project.settings", "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout.strip() == digest(made(1000))


def test_another_moment_moves_the_dates_and_nothing_else():
    for row, later in zip(made(2000), made(2000, now=NOW + 7 * DAY), strict=True):
        for name in (EXPIRES, ISSUED, CHANGED):
            if row[name] not in (FIRST_MOMENT, LAST_MOMENT):
                row[name] += 7 * DAY
        assert row == later


def test_ids_are_version_7_and_ascend(many):
    ids = [row["id"] for row in many]
    assert ids == sorted({*ids})
    assert {uuid.UUID(id).version for id in ids} == {7}
    assert {uuid.UUID(id).variant for id in ids} == {uuid.RFC_4122}


# --- Lawful --------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_record_obeys_the_law(many):
    odd = [{**many[0], **oddity} for oddity in ODDITIES]
    for row in [*many[:200], *odd]:
        State(**row).full_clean()
    # The test that copies them all asks the constraints, and asks but once.
    for row in many[:5000]:
        State(**row).full_clean(validate_unique=False, validate_constraints=False)


@pytest.mark.django_db
def test_the_database_takes_them_all(many):
    odd = [{**r, **o} for r, o in zip(made(99, seed=2), ODDITIES, strict=False)]
    copy_rows(State, [*many, *odd])
    assert State.objects.count() == len(many) + len(ODDITIES)
    ids = [row["id"] for row in odd]
    assert [*State.objects.filter(id__in=ids).order_by("id").values(*odd[0])] == odd


@pytest.mark.parametrize("year", [1900, 2199])
def test_early_and_late_moments_have_records_too(year):
    for row in made(2000, now=dt.datetime(year, 1, 1, tzinfo=dt.UTC)):
        assert row[ISSUED] <= LAST_MOMENT


# --- Realistic -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_first_expires_tomorrow(seed):
    [row] = made(1, seed=seed)
    assert row[EXPIRES].date() == NOW.date() + DAY


def test_about_a_fifth_has_expired_and_the_rest_expires_bit_by_bit(many):
    assert 0.16 < share(many, expired) < 0.24
    for days in range(0, 360, 30):
        first, last = NOW + days * DAY, NOW + (days + 30) * DAY
        assert 0.02 < share(many, lambda row: first < row[EXPIRES] <= last) < 0.2  # noqa: B023


def test_a_few_are_odd(many):
    assert {FIRST_MOMENT, LAST_MOMENT} <= {row[EXPIRES] for row in many}
    assert 0.0002 < share(many, lambda row: "" in row.values()) < 0.002
    assert any(row[EXPIRES] < row[ISSUED] for row in many)


def test_every_nullable_property_is_null_somewhere(many):
    for name in [f.attname for f in State._meta.concrete_fields if f.null]:
        assert 0 < share([row[name] for row in many], lambda v: v is None) < 0.2


def test_revocations_are_rare_and_recent(many):
    count = collections.Counter(row[STATUS] for row in many)
    assert 0.92 < count[RevocationStatus.NONE] / len(many) < 0.95
    assert 0.04 < count[RevocationStatus.REVOKED] / len(many) < 0.06
    is_open = {*RevocationStatus} - {RevocationStatus.NONE, RevocationStatus.REVOKED}
    for status in is_open:
        assert 0.003 < count[status] / len(many) < 0.007
    changes = [row[CHANGED] for row in many if row[STATUS] in is_open]
    ages = sorted(NOW - moment for moment in changes if moment != FIRST_MOMENT)
    assert dt.timedelta(minutes=1) <= ages[0] < dt.timedelta(hours=1)
    assert 100 * DAY < ages[-1] <= 200 * DAY


def test_nothing_changes_before_it_was_issued_or_after_now(many):
    for row in many[1:]:
        assert row[CHANGED] <= NOW
        if row[CHANGED] != FIRST_MOMENT:
            assert row[CHANGED] >= row[ISSUED]


def test_a_few_authorities_are_large_and_many_are_small(many):
    count = collections.Counter(row[ISSUER] for row in many if row[ISSUER])
    assert 22 <= len(count) <= 30
    assert sum(n for _, n in count.most_common(5)) > 0.5 * len(many)
    assert sum(n < 0.02 * len(many) for n in count.values()) > 8


def test_what_old_authorities_issued_has_expired(many):
    def by(name):
        return [row for row in many if f"CN={name}," in (row[ISSUER] or "")]

    assert share(by("Contoso Issuing CA 1"), expired) > 0.9
    assert share(by("Contoso S/MIME CA G1"), expired) > 0.9
    assert 0.1 < share(by("Contoso Issuing CA 2"), expired) < 0.5
    assert share(by("Contoso Issuing CA 3"), expired) < 0.01


def test_devices_have_several_certificates_and_their_users_several_devices(many):
    certificates = collections.Counter(row[DEVICE] for row in many)
    devices = collections.defaultdict(set)
    for row in many:
        devices[row[USER]].add(row[DEVICE])
    assert 0.3 < share(certificates.values(), lambda n: n > 1) < 0.7
    assert 0.2 < share(devices.values(), lambda found: len(found) > 1) < 0.6


def test_some_certificates_replaced_others(many):
    lives = collections.defaultdict(list)
    for row in many:
        lives[row[DEVICE], row[SUBJECT]].append(row[EXPIRES])
    renewed = [
        moments for moments in lives.values() if min(moments) <= NOW < max(moments)
    ]
    assert len(renewed) > 0.03 * len(lives)


def test_addresses_tell_people_apart(many):
    people = collections.defaultdict(set)
    for row in many:
        if named := re.match(r"E=(\S+), CN=([^,]+)", row[SUBJECT] or ""):
            people[named[1]].add(named[2])
    assert len(people) > 100
    assert {len(names) for names in people.values()} == {1}


@pytest.mark.parametrize(("name", "pattern"), FORMS)
def test_texts_have_the_forms_that_tools_write(many, name, pattern):
    assert any(re.fullmatch(pattern, row[name] or "") for row in many)


def test_key_usages_are_those_that_tools_write(many):
    found = {row["certificate_key_usages"] for row in many}
    assert found == {160, 128, 32, 3, None, -(2**31)}
