"""``sync_graph`` copies another server, marks what vanished there, and goes on."""

import pytest
from django.core.management import CommandError, call_command

from certstates.models import GraphSource, StateEvent, SyncedState
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.graph_source import PAGE, line_to, says, status
from tests.make import URL, ApiClient, make_body, make_state, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(graph_source):
    with line_to(graph_source.desk.port) as line:
        yield line


@pytest.fixture(autouse=True)
def token(graph_source, settings):
    settings.GRAPH = {"token": graph_source.token}


def sync(line, capsys=None, **options):
    """Run the command; return what it said, and its complaints."""
    call_command("sync_graph", base_url=line.url, **{"page_size": PAGE, **options})
    return capsys.readouterr() if capsys else None


def plain(records):
    """Return records without what each server says of its own."""
    return {
        record["id"]: {n: v for n, v in record.items() if not n.startswith("@")}
        for record in records
    }


def copy():
    client = ApiClient(make_token("DeviceManagementConfiguration.Read.All"))
    return plain(client.get(URL, {"$top": "1000"}).json()["value"])


def test_the_copy_equals_the_source(graph_source, line, capsys):
    said = sync(line, capsys)
    source = graph_source.records()
    assert copy() == plain(source.values())
    number = len(source)
    assert f": {number} new, 0 changed, 0 unchanged, 0 refused, 0 have" in said.out
    assert len(line.asked) == -(-number // PAGE)
    assert {event.who for event in StateEvent.objects.all()} == {"sync_graph"}
    assert {event.door for event in StateEvent.objects.all()} == {"import"}


def test_a_second_run_writes_nothing(graph_source, line, capsys):
    sync(line)
    before = StateEvent.objects.count()
    said = sync(line, capsys)
    assert f": 0 new, 0 changed, {before} unchanged" in said.out.replace(
        f"{before:,}", f"{before}"
    )
    assert StateEvent.objects.count() == before


def test_what_vanished_is_marked_and_unmarked_when_it_comes_again(
    graph_source, line, capsys
):
    id = graph_source.create(make_body(managedDeviceDisplayName="GOES"))
    sync(line)
    graph_source.remove(id)
    said = sync(line, capsys)
    assert "1 have vanished" in said.out
    assert State.objects.filter(pk=id).exists()
    assert SyncedState.objects.get(state_id=id).vanished_at
    assert [row.pk for row in SyncedState.objects.gone().records()] == [id]
    source = GraphSource.objects.get()
    assert (source.present, source.vanished) == (len(graph_source.records()), 1)
    graph_source.create(make_body(id=id))
    sync(line)
    assert SyncedState.objects.get(state_id=id).vanished_at is None
    graph_source.remove(id)


def test_what_changed_is_changed_and_only_that_is_written(graph_source, line):
    sync(line)
    before = StateEvent.objects.count()
    id = min(graph_source.records())
    graph_source.change(id, managedDeviceDisplayName="RENAMED")
    sync(line)
    assert State.objects.get(pk=id).managed_device_display_name == "RENAMED"
    assert StateEvent.objects.count() == before + 1


def test_records_of_ones_own_are_never_marked(graph_source, line):
    make_state(id="mine")
    sync(line)
    sync(line)
    assert not SyncedState.objects.filter(state_id="mine").exists()
    assert State.objects.filter(pk="mine").exists()


def test_a_dry_run_says_all_and_writes_nothing(graph_source, line, capsys):
    said = sync(line, capsys, dry_run=True)
    number = len(graph_source.records())
    assert f"{number} would be new" in said.out
    assert not State.objects.exists()
    assert not GraphSource.objects.exists()
    sync(line)
    id = graph_source.create(make_body())
    sync(line)
    graph_source.remove(id)
    said = sync(line, capsys, dry_run=True)
    assert "1 would have vanished; nothing was saved" in said.out
    assert SyncedState.objects.get(state_id=id).vanished_at is None


def test_a_filter_is_a_source_of_its_own(graph_source, line, capsys):
    sync(line, filter="certificateRevokeStatus eq 'revoked'")
    assert {s.certificate_revoke_status for s in State.objects.all()} == {4}
    some = State.objects.count()
    sync(line)
    assert GraphSource.objects.count() == 2
    assert not SyncedState.objects.gone().exists()
    assert State.objects.count() > some > 0


def test_it_goes_on_where_it_stopped(graph_source, line, capsys):
    line.faults.extend([None, None, status(403, code="Forbidden")])
    with pytest.raises(CommandError, match="403 Forbidden"):
        sync(line)
    assert State.objects.count() == 2 * PAGE
    assert not SyncedState.objects.filter(vanished_at__isnull=False).exists()
    line.asked.clear()
    said = sync(line, capsys)
    pages = -(-len(graph_source.records()) // PAGE)
    assert len(line.asked) == pages - 2
    assert "Going on after page 2" in said.err
    assert f": {pages} pages in " in said.out
    assert copy() == plain(graph_source.records().values())


def test_a_restart_begins_anew(graph_source, line):
    line.faults.extend([None, status(403)])
    with pytest.raises(CommandError):
        sync(line)
    line.asked.clear()
    sync(line, restart=True)
    assert len(line.asked) == -(-len(graph_source.records()) // PAGE)


def test_what_vanished_can_be_deleted_in_a_batch_of_its_own(graph_source, line, capsys):
    id = graph_source.create(make_body())
    sync(line)
    graph_source.remove(id)
    said = sync(line, capsys, delete_vanished=True)
    assert "1 vanished records were deleted." in said.out
    assert not State.objects.filter(pk=id).exists()
    assert not SyncedState.objects.filter(state_id=id).exists()
    event = StateEvent.objects.of_record(id)[0]
    assert (event.kind, event.who, event.door) == ("delete", "sync_graph", "import")


def test_a_deletion_of_more_than_half_takes_force(graph_source, line, capsys):
    sync(line)
    line.faults.append(says({"value": []}))
    with pytest.raises(CommandError, match="more than half: nothing was"):
        sync(line, delete_vanished=True)
    number = State.objects.count()
    assert number == SyncedState.objects.gone().count() > 0
    line.faults.append(says({"value": []}))
    sync(line, delete_vanished=True, force=True)
    assert not State.objects.exists()


def test_what_another_source_has_is_not_deleted(graph_source, line):
    revoked = "certificateRevokeStatus eq 'revoked'"
    sync(line)
    sync(line, filter=revoked)
    line.faults.append(says({"value": []}))
    before = State.objects.count()
    sync(line, filter=revoked, delete_vanished=True)
    assert State.objects.count() == before
