"""``manage.py import_states``: files of any size, each whole or not at all."""

import io
import tracemalloc

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from tests.files import RECORD, csv_file, json_file
from tests.make import make_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that imports files, and returns what was said and reported."""
    monkeypatch.chdir(tmp_path)  # where the report of refused rows is written

    def run(*contents, **options):
        paths = []
        for n, content in enumerate(contents):
            paths.append(tmp_path / f"{n}.txt")
            if content is not None:
                paths[-1].write_bytes(content)
        out, err = io.StringIO(), io.StringIO()
        code = 0
        try:
            call_command("import_states", *paths, stdout=out, stderr=err, **options)
        except CommandError as error:
            code = error.returncode
        said = (out.getvalue() + err.getvalue()).replace(f"{tmp_path}/", "")
        return code, said.splitlines()

    return run


def test_files_are_imported_and_counted(run):
    make_state(id="a", managed_device_display_name="OLD")
    code, said = run(
        csv_file({**RECORD, "id": "a"}, {**RECORD, "id": "b"}),
        json_file({**RECORD, "id": "a"}, {**RECORD, "id": "c"}),
    )
    assert code == 0
    assert said == [
        "0.txt: 1 added, 1 changed, 0 unchanged, 0 refused.",
        "1.txt: 1 added, 0 changed, 1 unchanged, 0 refused.",
    ]
    assert State.objects.count() == 3
    event = StateEvent.objects.filter(pgh_obj_id="b").get()
    assert (event.door, event.who) == ("import", "import_states")


def test_a_dry_run_says_all_of_it_and_saves_nothing(run):
    make_state(id="a", managed_device_display_name="OLD")
    content = csv_file({**RECORD, "id": "a"}, {**RECORD, "id": "b"})
    code, said = run(content, dry_run=True)
    assert code == 0
    *shown, line = said
    assert shown == [
        '~ a  "OLD"',
        '    managedDeviceDisplayName: "OLD" -> "LAPTOP-4711"',
        *shown[2:-1],
        '+ b  "LAPTOP-4711"',
    ]
    assert any(text.startswith("    certificateThumbprint: null -> ") for text in shown)
    assert line.startswith("0.txt: 1 would be added, 1 would be changed, 0 unchanged")
    assert line.endswith("nothing was saved.")
    assert State.objects.get().managed_device_display_name == "OLD"


def test_a_file_with_a_bad_row_is_not_saved_and_the_others_are(run):
    bad = [{**RECORD, "id": f"{n}", "certificateKeyUsages": "x"} for n in range(3)]
    good = [{**RECORD, "id": f"good{n}"} for n in range(1500)]
    code, said = run(csv_file(*good, *bad), csv_file({**RECORD, "id": "other"}))
    assert code == 1
    faults = [line for line in said if line.startswith("0.txt:150")]
    assert [line.split(" ")[0] for line in faults] == [
        f"0.txt:{n}:" for n in (1502, 1503, 1504)
    ]
    assert "Expected Edm.Int32" in faults[0]
    assert any("3 refused; nothing was saved" in line for line in said)
    assert [*State.objects.values_list("id", flat=True)] == ["other"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "The file is empty."),
        (b"\x89PNG\r\n", "PNG"),
        (b"[" + json_file(RECORD)[34:-2] + b",{", "in line 1"),
        (b"[]", "no records"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run, content, reason):
    code, said = run(content, csv_file({**RECORD, "id": "other"}))
    assert code == 1
    assert any(line.startswith("0.txt:") or "0.txt" in line for line in said)
    assert any(reason in line for line in said)
    assert [*State.objects.values_list("id", flat=True)] == ["other"]


def test_names_that_are_passed_over_are_told(run):
    _, said = run(csv_file({**RECORD, "remark": "x"}))
    assert any("passed over: remark." in line for line in said)


def test_an_import_that_is_repeated_changes_nothing(run):
    content = csv_file(*({**RECORD, "id": f"{n}"} for n in range(2500)))
    run(content)
    versions = {*State.objects.values_list("id", "version")}
    _, said = run(content)
    assert said == ["0.txt: 0 added, 0 changed, 2,500 unchanged, 0 refused."]
    assert {*State.objects.values_list("id", "version")} == versions


def test_its_memory_does_not_grow_with_the_file(run):
    def peak(rows):
        content = json_file(*({**RECORD, "id": f"{n}"} for n in range(rows)))
        tracemalloc.start()
        run(content)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)
    assert peak(6000) < 1.5 * peak(2000)
