"""The quick look at a row takes what the API takes, and makes the same of it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from certstates.importing.laws import COLUMNS, NAMES, Judge
from certstates.models import camel_case
from certstates.serializers import CertificateStateSerializer
from certstates.sources import Row
from tests.files import RECORD

TEXTS = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Zs", "L"]), max_size=5),
    st.sampled_from(["", "x" * 255, "x" * 256, "x" * 4096, "x" * 4097, "é" * 4096]),
    st.sampled_from(["a\0", "\ud800", "none", "1", ".", "..", "a/b", "a\x85", "\n"]),
)
DIGITS = st.integers(0, 9999)
MOMENTS = st.one_of(
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}+14:00"),
    st.builds(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
        DIGITS,
        st.integers(0, 13),
        st.integers(0, 32),
        st.integers(0, 25),
        st.integers(0, 61),
        st.integers(0, 61),
        st.sampled_from(["", ".", ".1", ".123456", ".1234567", ",5"]),
        st.sampled_from(["Z", "z", "", "+00:00", "-15:00", "Z\n", " Z"]),
    ),
    st.sampled_from(["2027-01-05", "20270105T100000Z", "٢٠٢٧-01-05T10:00:00Z"]),
)
NUMBERS = st.one_of(
    st.integers(-(2**33), 2**33), st.sampled_from([2**31, 2**31 - 1, -(2**31)])
)
STATUSES = st.sampled_from(["none", "NONE", "4", "5", "04", "İssued", "revoked", "³"])
OTHERS = st.one_of(st.booleans(), st.floats(), st.just([]), st.just({}))
VALUES = st.one_of(TEXTS, MOMENTS, NUMBERS, STATUSES, OTHERS)
LIKELY = {
    name: MOMENTS
    if name.endswith("DateTime")
    else STATUSES
    if name == "certificateRevokeStatus"
    else NUMBERS
    if name == "certificateKeyUsages"
    else TEXTS
    for name in ("id", *NAMES)
}
ROWS = st.fixed_dictionaries(
    {}, optional={name: st.one_of(likely, VALUES) for name, likely in LIKELY.items()}
)


def by_the_law(values):
    """Return what a POST would make of a row, or the properties that it refuses."""
    try:
        found = CertificateStateSerializer().run_validation(values)
    except ValidationError as error:
        missing = {n for n, [e, *_] in error.detail.items() if e.code == "required"}
        return {*error.detail} - missing, bool(missing)
    return {camel_case(name): value for name, value in found.items()}, False


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ROWS, st.booleans())
def test_a_row_is_read_as_the_api_reads_it(values, is_whole):
    if is_whole:
        values = {**RECORD, **values}
    expected, is_missing = by_the_law(values)
    judged = Judge().judge(Row(1, values))
    if judged.told is not None:
        faults = json.loads(judged.told)["faults"]
        assert {fault.partition(":")[0] for fault in faults} >= {*expected}
        assert isinstance(expected, set)
        return
    assert bool(judged.lacks) == is_missing
    if is_missing:
        assert expected == set()
        return
    found = dict(zip(NAMES, judged.values, strict=True))
    for name, value in expected.items():
        assert (judged.id if name == "id" else found[name]) == value


@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_is_plainly_right_does_not_trouble_the_law(name, monkeypatch):
    def troubled(self, data):
        raise AssertionError(f"asked for {data}")

    monkeypatch.setattr(CertificateStateSerializer, "run_validation", troubled)
    value = "none" if name == "certificateRevokeStatus" else RECORD.get(name)
    value = value or "2027-01-05T10:00:00Z"
    assert Judge().judge(Row(1, {**RECORD, name: value})).told is None


def test_every_column_has_a_quick_look_and_a_bit():
    assert len({*NAMES}) == len(COLUMNS) == 12


def test_an_id_is_made_of_device_and_certificate_alone():
    def id_of(**changes):
        return Judge().judge(Row(1, {**RECORD, **changes})).id

    id = id_of()
    assert id == id_of()
    assert id == id_of(certificateRevokeStatus="revoked")
    assert id == id_of(certificateKeyUsages=None)
    assert id == id_of(certificateExtendedKeyUsages=None)
    expires = RECORD["certificateExpirationDateTime"]
    assert id == id_of(certificateExpirationDateTime=expires.replace("Z", ".000+00:00"))
    assert len({id, id_of(userPrincipalName="x"), id_of(userPrincipalName=None)}) == 3
    assert id != id_of(certificateExpirationDateTime="2030-01-01T00:00:00Z")


def test_a_row_without_an_id_and_a_key_is_none():
    assert Judge().judge(Row(1, {"managedDeviceDisplayName": "x"})).id is None
