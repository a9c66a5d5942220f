"""What is exported and imported again is what it was, in every format."""

import datetime as dt
import io
import string
import tempfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from certstates import exporter, printing
from certstates.cells import written
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.models import StateEvent
from certstates.odata.representation import FIELDS
from tests.make import make_state

pytestmark = pytest.mark.django_db

COLUMNS = [field.source or name for name, field in FIELDS.items()]
UTC = dt.UTC
ODD = [
    "",
    "'",
    "''",
    "=1+1",
    "'=1",
    "\t=1",
    "\r\n-1",
    " ",
    " @x ",
    '"',
    'a"b,c;d\te',
    "a\r\nb\rc\nd",
    "\\.",
    "\\N",
    "NULL",
    "_x000D_",
    "_x005F_x000D_",
    "_x0041_x0042_",
    "<r><t>x</t></r>",
    "<b>&amp;]]>",
    "\x01\x1f\x7f\x85",
    "\ufeff",
    "\ufffe\uffff",
    "\u2028=",
    "\uff1d1",
    "🙂末Ü",
    "\U0010ffff",
    "1e5",
    "007",
    "true",
    "#TYPE x",
    "{}",
]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
texts = st.none() | st.sampled_from(ODD) | TEXT.map(lambda text: text[:255])
signs = st.text(st.sampled_from("'=+-@ \t\r\n,\"\\_x0A\u00a0\u200b\ufeff\uff1d"))
moments = st.sampled_from(
    [
        dt.datetime.min.replace(tzinfo=UTC),
        dt.datetime.max.replace(tzinfo=UTC),
        dt.datetime(2027, 1, 5, 10, 0, 0, 120000, UTC),
        dt.datetime(999, 12, 31, 23, 59, 59, 1, UTC),
    ]
) | st.datetimes(timezones=st.just(UTC))
OPAQUE = st.characters(exclude_characters="/", exclude_categories=["Cs", "Cc"])
ids = st.text(OPAQUE, min_size=1, max_size=255).filter(lambda id: id not in (".", ".."))


def value_of(column):
    kind = State._meta.get_field(column).get_internal_type()
    if column == "id":
        return ids
    if kind == "DateTimeField":
        return moments
    if kind == "IntegerField":
        return st.none() | st.integers(-(2**31), 2**31 - 1)
    return st.integers(0, 4) if kind == "SmallIntegerField" else texts | signs


records = st.fixed_dictionaries({column: value_of(column) for column in COLUMNS})
tables = st.lists(
    records, min_size=1, max_size=6, unique_by=lambda record: record["id"]
)


def stored():
    return [*State.objects.order_by("id").values_list(*COLUMNS)]


def import_file(path):
    """Import a file, and return what was said."""
    said = io.StringIO()
    try:
        call_command("import_states", path, stdout=said, stderr=said)
    except CommandError:
        pytest.fail(said.getvalue())
    return said.getvalue()


def passes_there_and_back(kind, rows):
    State.objects.all().delete()
    State.objects.bulk_create(State(**row) for row in rows)
    before, events = stored(), StateEvent.objects.count()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "records"
        call_command("export_states", format=kind, output=path, stdout=io.StringIO())
        said = import_file(path)
        assert f" {len(rows)} unchanged" in said
        assert stored() == before
        assert StateEvent.objects.count() == events
        State.objects.all().delete()
        import_file(path)
    assert stored() == before


@pytest.mark.parametrize("kind", exporter.FORMATS)
@given(rows=tables)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
def test_any_records_are_the_same_afterwards(kind, rows):
    passes_there_and_back(kind, rows)


@pytest.mark.parametrize("kind", exporter.FORMATS)
def test_odd_texts_are_the_same_afterwards(kind):
    moment = dt.datetime(2027, 1, 5, tzinfo=UTC)
    dates = {column: moment for column in COLUMNS if column.endswith("date_time")}
    names = [c for c in COLUMNS if "name" in c or ("usages" in c and "extended" in c)]
    rows = [
        {**dates, "id": f"{n}", **dict.fromkeys(names, text)}
        for n, text in enumerate(ODD)
    ]
    passes_there_and_back(kind, rows)


@given(rows=tables)
@example([])
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
def test_postgresql_prints_what_the_api_prints(rows):
    State.objects.all().delete()
    State.objects.bulk_create(State(**row) for row in rows)
    found = [*exporter.rows(State.objects.order_by("id"))]
    expected = [
        tuple(
            None if value is None else field.to_representation(value)
            for field, value in zip(FIELDS.values(), row, strict=True)
        )
        for row in stored()
    ]
    assert found == expected


def cells_of(texts):
    """Return the cells that PostgreSQL makes of texts."""
    State.objects.all().delete()
    State.objects.bulk_create(
        State(
            id=f"{n:07}",
            managed_device_display_name=text,
            certificate_expiration_date_time=dt.datetime.min.replace(tzinfo=UTC),
            certificate_issuance_date_time=dt.datetime.min.replace(tzinfo=UTC),
        )
        for n, text in enumerate(texts)
    )
    cell = printing.cell("managedDeviceDisplayName")
    return [*State.objects.order_by("id").values_list(cell, flat=True)]


@given(st.lists(TEXT | signs, max_size=50))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_postgresql_makes_the_same_cells_as_python(texts):
    assert cells_of(texts) == [written(text) for text in texts]


def test_postgresql_knows_every_character_that_python_knows_at_the_beginning():
    first = [chr(n) for n in range(1, 0x3100)]
    first += [chr(n) for n in range(0xFE00, 0x10000)]
    texts = [f"{before}{c}=1" for c in first for before in ("", "'")]
    texts += [*first, *(f"{c}1" for c in string.punctuation)]
    assert cells_of(texts) == [written(text) for text in texts]


def test_what_is_printed_does_not_depend_on_the_sessions_words():
    make_state(id="a")
    before = [*exporter.rows(State.objects.all())]
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL datestyle = 'German'; SET LOCAL timezone = 'Asia/Tokyo'"
        )
    assert [*exporter.rows(State.objects.all())] == before
