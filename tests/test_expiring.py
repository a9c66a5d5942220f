"""``manage.py expiring``: what expires next, with the exit codes of monitoring."""

import datetime as dt
import io
import json
import os
import subprocess
import sys
import tracemalloc

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from icalendar import Calendar

from certstates.models import RevocationStatus
from certstates.monitoring import durations
from certstates.monitoring.texts import fitted, visible, width
from tests.filter_rows import insert
from tests.make import make_state

OK, WARNING, CRITICAL, UNKNOWN = range(4)


def expires_in(days, **values):
    moment = timezone.now() + dt.timedelta(days=days)
    return make_state(certificate_expiration_date_time=moment, **values)


def run(*arguments):
    """Run the command here; return its exit code and what it wrote."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("expiring", *arguments, stdout=out, stderr=err)
    return int(ended.value.code), out.getvalue(), err.getvalue()


def run_alone(*arguments, **environment):
    """Run it as monitoring does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "manage.py", "expiring", *arguments],
        check=False,
        capture_output=True,
        cwd=settings.BASE_DIR,
        env={"PATH": os.defpath, "SECRET_KEY": "x", **environment},
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


NO_DATABASE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}


@pytest.mark.django_db
def test_people_see_what_expires_first_and_monitoring_its_numbers():
    expires_in(20.5, id="later", managed_device_display_name="LATER")
    expires_in(3.5, id="soon", managed_device_display_name="SOON")
    expires_in(40, id="much later")
    expires_in(-1, id="over")
    code, out, err = run()
    summary, empty, headers, first, second = out.splitlines()
    assert code == CRITICAL
    assert summary == (
        "CERTSTATES CRITICAL - 2 expire within 30d, 1 of them within 7d "
        "| expiring=2;0;;0 critical=1;;0;0 expired=0;;0;0"
    )
    assert empty == err == ""
    assert headers.split()[:4] == ["DEVICE", "USER", "SUBJECT", "ISSUER"]
    assert first.split()[:2] == ["SOON", "ana@contoso.example"]
    assert first.endswith("3     Not revoked")
    assert second.startswith("LATER")


@pytest.mark.parametrize(
    ("days", "arguments", "code"),
    [
        ([], [], OK),
        ([40], [], OK),
        ([-1], [], OK),
        ([20], [], WARNING),
        ([20], ["--within", "2w"], OK),
        ([40], ["--within", "P60D"], WARNING),
        ([20], ["--critical", "21d"], CRITICAL),
        ([3], [], CRITICAL),
        ([3], ["--critical", "1d"], WARNING),
        ([0.9], ["--within", "1d"], CRITICAL),
        ([0.9], ["--within", "24h", "--critical", "PT1H"], WARNING),
        ([-1], ["--expired", "2d"], CRITICAL),
        ([-3], ["--expired", "2d"], OK),
    ],
)
@pytest.mark.parametrize("form", ["table", "json", "ical"])
def test_the_exit_code_is_the_answer(db, days, arguments, code, form):
    for number in days:
        expires_in(number)
    assert run(*arguments, "--format", form)[0] == code


def test_what_is_revoked_need_not_be_renewed(db):
    for status in RevocationStatus:
        expires_in(3, id=status.wire_name, certificate_revoke_status=status)
    _, out, _ = run("--format", "json")
    ids = {record["id"] for record in json.loads(out)["value"]}
    assert ids == {"none", "pending", "issued", "failed"}
    _, out, _ = run("--format", "json", "--include-revoked")
    assert len(json.loads(out)["value"]) == 5


def test_a_filter_of_the_api_narrows_it(db):
    expires_in(3, id="a", certificate_issuer_name="CN=One")
    expires_in(3, id="b", certificate_issuer_name="CN=Two")
    chosen = ["--filter", "certificateIssuerName eq 'cn=two'", "--format", "json"]
    code, out, _ = run(*chosen)
    assert code == CRITICAL
    assert [record["id"] for record in json.loads(out)["value"]] == ["b"]
    assert run("--filter", "certificateIssuerName eq 'CN=Three'")[0] == OK


def test_a_limit_shortens_the_list_and_not_the_numbers(db):
    for number in range(5):
        expires_in(3 + number / 10, id=str(number))
    _, out, _ = run("--format", "json", "--limit", "2")
    answer = json.loads(out)
    assert answer["counts"] == {"expired": 0, "critical": 5, "warning": 0}
    assert [record["id"] for record in answer["value"]] == ["0", "1"]


def test_programs_get_the_records_as_the_api_has_them(db, reader):
    expires_in(3.5, id="a", certificate_serial_number="00FF")
    code, out, err = run("--format", "json")
    answer = json.loads(out)
    assert err == ""
    assert answer.pop("checkedAt").endswith("Z")
    assert answer.pop("exitCode") == code == CRITICAL
    [record] = answer.pop("value")
    assert record.pop("daysLeft") == 3
    read = reader.read("a").json()
    assert record == {n: v for n, v in read.items() if not n.startswith("@")}
    assert answer == {
        "status": "CRITICAL",
        "within": "P30DT00H00M00S",
        "critical": "P7DT00H00M00S",
        "expired": "P0DT00H00M00S",
        "counts": {"expired": 0, "critical": 1, "warning": 0},
    }


def test_a_calendar_has_an_event_for_each_certificate(db):
    odd = 'A;B,C\\ "D"\nE\x07 BEGIN:VEVENT é 日本'
    expires_in(3, id="a", managed_device_display_name=odd)
    expires_in(20, id="b", managed_device_display_name="x" * 500)
    _, out, _ = run("--format", "ical")
    assert all(len(line.encode()) <= 75 for line in out.split("\r\n"))
    assert "\n" not in out.replace("\r\n", "")
    calendar = Calendar.from_ical(out)
    first, second = calendar.walk("VEVENT")
    assert first["SUMMARY"] == f"Certificate expires: {visible(odd)}"
    assert "\x07" not in out
    assert second["DTSTART"].dt - first["DTSTART"].dt < dt.timedelta(days=18)
    assert first["UID"] != second["UID"]
    assert first.walk("VALARM")[0]["TRIGGER"].dt == dt.timedelta(days=-7)
    assert first.walk("VALARM")[0]["DESCRIPTION"] == first["SUMMARY"]
    assert run("--format", "ical")[1] == out


def test_an_event_changes_its_stamp_with_its_record_only(db):
    record = expires_in(3, id="a")
    _, before, _ = run("--format", "ical")
    record.user_principal_name = "ben@contoso.example"
    record.save()
    _, after, _ = run("--format", "ical")
    [was], [now] = (Calendar.from_ical(t).walk("VEVENT") for t in (before, after))
    assert was["UID"] == now["UID"]
    assert was["DTSTAMP"].dt <= now["DTSTAMP"].dt
    assert "ben@contoso.example" in now["DESCRIPTION"]


def test_many_on_a_day_are_one_event(db):
    noon = timezone.now().replace(hour=12) + dt.timedelta(days=3)
    for number in range(21):
        name = f"D-{number:02}"
        make_state(
            certificate_expiration_date_time=noon, managed_device_display_name=name
        )
    expires_in(10, id="alone")
    _, out, _ = run("--format", "ical")
    day, alone = Calendar.from_ical(out).walk("VEVENT")
    assert day["SUMMARY"] == "21 certificates expire"
    assert day["DTSTART"].dt == noon.date()
    assert day["DESCRIPTION"].count("D-") == 20
    assert day["DESCRIPTION"].endswith("and 1 more")
    assert alone["SUMMARY"].startswith("Certificate expires:")


def test_a_terminal_is_not_commanded_by_what_is_stored(db, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    odd = "\x1b[2J\x9b31m\u202e|\r\n\ufeff日本"
    expires_in(3, managed_device_display_name=odd, certificate_subject_name="s" * 400)
    _, out, _ = run()
    assert out.isprintable() or {c for c in out if not c.isprintable()} == {"\n"}
    assert max(map(width, out.splitlines()[2:])) <= 100
    assert out.count("|") == 1  # of the summary
    assert r"\x1b[2J" in out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("a\x1b[0m", r"a\x1b[0m"),
        ("a\\x1b", r"a\x5cx1b"),
        ("\u202ea\u2028", r"\u202ea\u2028"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("abc", "abc  "),
        ("abcdef", "abcd…"),
        ("日本語", "日本…"),
        ("e\u0301bc", "e\u0301bc  "),
    ],
)
def test_a_text_has_exactly_its_columns(text, fitting):
    assert fitted(text, 5) == fitting


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("12h", 12), ("90m", 1.5), ("30d", 720), ("2w", 336), ("P30D", 720),
        ("P2W", 336), ("PT36H", 36), ("P1DT12H", 36),
    ],
)  # fmt: skip
def test_a_length_of_time_is_read(text, hours):
    assert durations.parse(text) == dt.timedelta(hours=hours)
    assert durations.parse(durations.short(durations.parse(text))) == dt.timedelta(
        hours=hours
    )


@pytest.mark.parametrize(
    "text",
    ["", "30", "d", "30 d", "1y", "P1Y", "P1M", "-1d", "-P1D", "0d", "1.5d", "٣d",
     "P", "PT", "36501d", "999999w", "9999999999999d", "P99999999999999D", "30d\n"],
)  # fmt: skip
def test_what_is_no_length_of_time_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match=r"length of time|longer than"):
        durations.parse(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--critical", "31d"], "--critical must not be longer than --within."),
        (["--limit", "-1"], "--limit must not be negative."),
        (["--filter", "nothing eq 1"], "has no property 'nothing'"),
        (["--filter", "id eq"], "--filter: $filter"),
        (["--filter", "year(now()) div 0 eq 1"], "--filter:"),
    ],
)
def test_a_wrong_question_is_unknown(db, arguments, words):
    code, out, err = run(*arguments)
    assert code == UNKNOWN
    assert out.startswith("CERTSTATES UNKNOWN - ")
    assert words in out
    assert err == ""
    code, out, err = run(*arguments, "--format", "json")
    assert (code, out) == (UNKNOWN, "")
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--within", "3x"], "'3x' is no length of time such as 30d"),
        (["--invented"], "unrecognized arguments: --invented"),
    ],
)
def test_a_wrong_option_is_unknown_and_not_critical(arguments, words):
    code, out, err = run_alone(*arguments, **NO_DATABASE)
    assert code == UNKNOWN
    assert out.startswith("CERTSTATES UNKNOWN - ")
    assert words in out
    assert err == ""


def test_a_database_that_is_away_is_unknown():
    code, out, err = run_alone(**NO_DATABASE)
    assert code == UNKNOWN
    assert out.startswith("CERTSTATES UNKNOWN - The database cannot be reached")
    assert len(out.splitlines()) == 1
    assert "Traceback" not in out + err


def test_help_is_no_alarm():
    assert run_alone("--help", **NO_DATABASE)[0] == OK


class Sink(io.StringIO):
    """Forgets what is written to it."""

    def write(self, text):
        return len(text)


@pytest.mark.parametrize("form", ["table", "json", "ical"])
def test_memory_does_not_grow_with_the_records(db, form):
    tomorrow = timezone.now() + dt.timedelta(days=1)
    row = {
        "certificate_expiration_date_time": tomorrow,
        "certificate_issuance_date_time": tomorrow,
        "certificate_subject_name": "s" * 4000,
    }
    with pytest.raises(SystemExit):  # what is imported late is there afterwards
        call_command("expiring", "--format", form, stdout=Sink())
    insert({**row, "id": str(number)} for number in range(3000))
    tracemalloc.start()
    try:
        with pytest.raises(SystemExit):
            call_command("expiring", "--format", form, stdout=Sink())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8_000_000  # the subjects alone have 12
