"""What ``manage.py import_states`` is told, and what it tells."""

import io
import json
import os
import stat

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from certstates.management import refused_rows
from certstates.management.commands.import_states import MOST_UNPACKED
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.sources import Reading
from tests.files import RECORD, csv_file, csv_rows, json_file
from tests.make import make_state
from tests.processes import PATIENCE, ended, started

pytestmark = pytest.mark.django_db

BAD = {**RECORD, "id": "bad", "certificateKeyUsages": "1.5"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory of the test's own, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    """Run the command; return its exit code, its output and its errors."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_states", *map(str, arguments), stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}\n"
    return 0, out.getvalue(), err.getvalue()


def written_file(directory, content, name="a.csv"):
    path = directory / name
    path.write_bytes(content)
    return path.name


def piped(monkeypatch, content):
    stdin = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr("sys.stdin", stdin)


def test_a_file_may_be_piped(here, monkeypatch):
    piped(monkeypatch, json_file({**RECORD, "id": "a"}))
    code, out, _ = run("-")
    assert (code, out) == (
        0,
        "standard input: 1 added, 0 changed, 0 unchanged, 0 refused.\n",
    )
    assert State.objects.get().pk == "a"


def test_a_pipe_may_have_a_name(here):
    reading, writing = os.pipe()
    os.write(writing, csv_file({**RECORD, "id": "a"}))
    os.close(writing)
    assert run(f"/dev/fd/{reading}")[0] == 0
    os.close(reading)
    assert State.objects.exists()


def test_good_rows_are_saved_beside_refused_ones_if_that_is_wanted(here):
    name = written_file(here, csv_file({**RECORD, "id": "good"}, BAD))
    assert run(name)[0] == 1
    assert not State.objects.exists()
    code, out, err = run("--keep-going", name)
    assert code == 1
    assert out == "a.csv: 1 added, 0 changed, 0 unchanged, 1 refused.\n"
    assert err.endswith("\nOf 1 file, 1 was refused or has refused rows.\n")
    assert State.objects.get().pk == "good"


def test_half_a_file_is_not_saved_even_if_good_rows_are_wanted(here):
    content = json_file({**RECORD, "id": "a"}, {**RECORD, "id": "b"})
    name = written_file(here, content[:-40], "a.json")
    code, _, err = run("--keep-going", name)
    assert code == 1
    assert "a.json: The JSON" in err
    assert not State.objects.exists()


@pytest.mark.parametrize(
    ("option", "code", "stored"),
    [("skip", 0, "OLD"), ("update", 0, "N"), ("fail", 1, "OLD")],
)
def test_a_conflict_ends_as_it_was_told(here, option, code, stored):
    make_state(id="a", managed_device_display_name="OLD")
    name = written_file(here, csv_file({"id": "a", "managedDeviceDisplayName": "N"}))
    assert run("--on-conflict", option, name)[0] == code
    assert State.objects.get().managed_device_display_name == stored


def test_what_is_refused_stands_in_a_report_that_nobody_else_reads(here):
    evil = {**BAD, "managedDeviceDisplayName": "=1+1"}
    name = written_file(here, csv_file({**RECORD, "id": "good"}, evil))
    missing = "none.csv"
    code, _, err = run("--report", "out.csv", name, missing)
    assert code == 1
    assert "a.csv:3: certificateKeyUsages: Expected Edm.Int32" in err
    header, row, file = csv_rows((here / "out.csv").read_bytes())
    assert header == ["file", "line", "id", "device", "reason", "values"]
    assert row[:4] == ["a.csv", "3", "bad", "'=1+1"]
    assert row[4].startswith("certificateKeyUsages: Expected Edm.Int32")
    assert json.loads(row[5])["certificateKeyUsages"] == "1.5"
    assert file == ["none.csv", "", "", "", "No such file.", ""]
    assert stat.S_IMODE((here / "out.csv").stat().st_mode) == 0o600
    assert {path.name for path in here.iterdir()} == {"a.csv", "out.csv"}


def test_a_report_that_was_asked_for_is_written_when_nothing_is_refused(here):
    (here / "out.csv").write_text("of yesterday")
    name = written_file(here, csv_file({**RECORD, "id": "good"}))
    assert run("--report", "out.csv", name)[0] == 0
    assert len(csv_rows((here / "out.csv").read_bytes())) == 1
    assert run(name)[0] == 0
    assert not (here / "refused-rows.csv").exists()


def test_many_refusals_are_told_by_the_report_and_not_all_on_the_terminal(here):
    bad = [{**BAD, "id": f"{n}"} for n in range(50)]
    name = written_file(here, csv_file(*bad))
    _, _, err = run(name)
    assert err.count("a.csv:") == refused_rows.SHOWN
    assert "… and 30 more" in err
    assert "All that is refused stands in refused-rows.csv" in err
    assert len(csv_rows((here / "refused-rows.csv").read_bytes())) == 51


def test_a_directory_that_takes_no_report_is_no_obstacle(here, monkeypatch):
    name = written_file(here, csv_file({**RECORD, "id": "good"}, BAD))
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    code, _, err = run("--keep-going", name)
    assert code == 1
    assert "refused-rows.csv cannot be written: no." in err
    assert State.objects.exists()
    assert run("--report", "x/out.csv", name)[0] == 2


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_report_replaces_files_only(here, make):
    make(here / "odd")
    name = written_file(here, csv_file({**RECORD, "id": "good"}))
    code, _, err = run("--report", "odd", name)
    assert code == 2
    assert "odd cannot be written: it exists, and is no file." in err
    assert not (here / "odd").is_file()
    assert not State.objects.exists()


def refuse(*args, **kwargs):
    raise PermissionError(13, "no")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a.csv", "./a.csv"], "a.csv and ./a.csv are the same file."),
        (["-", "-"], "- and - are the same file."),
        (["a.csv", "--report", "a.csv"], "are the same file."),
        (["a.csv", "--password-file", "none"], "none: No such file."),
        (["a.csv", "--on-conflict", "maybe"], "invalid choice"),
    ],
)
def test_a_command_line_that_cannot_be_meant_is_refused(here, names, reason):
    written_file(here, csv_file(RECORD))
    code, _, err = run(*names)
    assert reason in err
    assert code in (1, 2)  # argparse ends the process itself; see the next test
    assert not State.objects.exists()


def test_a_directory_is_not_read(here):
    (here / "dir").mkdir()
    _, _, err = run("dir")
    assert "dir: This is a directory; name the files in it." in err


def test_a_line_of_two_gigabytes_is_refused_in_little_memory(here):
    with (here / "a.csv").open("wb") as file:
        file.write(csv_file(*[RECORD] * 500)[:-2] + b"x" * (2 << 20))
        file.truncate(2 << 30)
    code, _, err = run("a.csv")
    assert code == 1
    assert "more than 1,048,576 characters" in err


def test_a_record_of_many_lines_is_refused_before_it_fills_the_memory(here):
    name = written_file(here, csv_file(RECORD) + b'"x\n",' * 300_000)
    code, _, err = run(name)
    assert code == 1
    assert "has more than 1,048,576 characters: is a quotation mark not closed?" in err


def test_an_object_of_many_long_values_is_refused_before_it_fills_the_memory(here):
    value = "[" + "1," * 2**18 + "1]"
    content = "{" + ",".join(f'"n{n}": {value}' for n in range(4)) + "}"
    code, _, err = run(written_file(here, content.encode(), "a.json"))
    assert code == 1
    assert "The JSON value in line 1 has more than 1,048,576 characters" in err


def test_what_a_file_cannot_tell_is_passed_on(here, monkeypatch):
    found = []

    def open_source(file, reading):
        found.append(reading)
        return iter(())

    monkeypatch.setattr(
        "certstates.management.commands.import_states.open_source", open_source
    )
    written_file(here, b"pass \r\nmore", "secret")
    name = written_file(here, csv_file(RECORD))
    options = ["--date-format", "%d.%m.%Y", "--password-file", "secret"]
    run(*options, "--device", "D", "--user", "U", name)
    assert found == [Reading("%d.%m.%Y", b"pass ", "D", "U", most_bytes=MOST_UNPACKED)]


def test_a_change_is_shown_without_what_moves_a_cursor(here):
    make_state(id="a", managed_device_display_name="OLD")
    name = written_file(
        here, json_file({"id": "a", "managedDeviceDisplayName": "\x1b[2J\u202e\x9b"})
    )
    _, out, _ = run("--dry-run", name)
    assert '    managedDeviceDisplayName: "OLD" -> "\\u001b[2J\\u202e\\u009b"' in out


@pytest.mark.django_db(transaction=True)
def test_exit_codes_are_those_of_a_process(tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_bytes(csv_file(BAD))
    report = tmp_path / "report.csv"
    both = [
        started("import_states", bad, "--report", report),
        started("import_states", bad, "--on-conflict", "maybe"),
    ]
    ends = [ended(process) for process in both]
    assert [code for code, _, _ in ends] == [1, 2]
    assert not any("Traceback" in err for _, _, err in ends)
    assert not any("%" in err for _, _, err in ends)  # no bar where nobody looks


def test_an_encoding_is_believed(here):
    text = csv_file({**RECORD, "id": "a", "managedDeviceDisplayName": "GRÜN"})
    name = written_file(here, text.decode("utf-8-sig").encode("cp1252"))
    assert run(name)[0] == 1
    assert run("--encoding", "cp1252", name)[0] == 0
    assert State.objects.get().managed_device_display_name == "GRÜN"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_reader_who_goes_away_is_no_fault_of_a_file(here, options):
    rows = [{**RECORD, "id": f"{n}"} for n in range(2_000)]
    name = here / written_file(here, csv_file(*rows))
    process = started("import_states", name, *options)
    process.stdout.close()
    assert process.wait(PATIENCE) == 141
    with process.stderr:
        assert process.stderr.read() == ""
    assert not (here / "refused-rows.csv").exists()
