"""Ids for the rows of Intune's reports, which have none: they follow from the rows."""

import json
import uuid

import pytest

from certstates.sources.identity import NAMESPACE, derived_id
from tests.test_read_intune import REPORT, VALUES, in_csv, in_json, read, without


@pytest.mark.parametrize("n", range(40))
def test_an_id_is_a_uuid_of_version_5(n):
    name = json.dumps(["intune", f"é{n}", None], ensure_ascii=False).replace(", ", ",")
    assert derived_id("intune", f"é{n}", None) == str(uuid.uuid5(NAMESPACE, name))


def test_an_id_does_not_depend_on_how_a_thumbprint_is_written():
    spelt = "\u200e9f 86 d0 81 88 4c 7d 65 9a 2f ea a0 c5 5a d0 15 a3 bf 4f 1b"
    [row], _ = read(in_csv({**REPORT, "Thumbprint": spelt}))
    assert row.values["id"] == VALUES["id"]
    assert row.values["certificateThumbprint"] == spelt


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_an_id_does_not_depend_on_the_case_of_guids(case):
    spelt = {name: case(REPORT[name]) for name in ("DeviceId", "PolicyId")}
    [row], _ = read(in_csv({**REPORT, **spelt}))
    assert row.values["id"] == VALUES["id"]


@pytest.mark.parametrize("name", ["DeviceId", "Thumbprint", "PolicyId"])
def test_each_part_of_the_key_makes_another_id(name):
    rows, _ = read(in_csv(REPORT, {**REPORT, name: "AB12"}, {**REPORT, name: ""}))
    assert len({row.values["id"] for row in rows}) == 3


def test_a_column_that_is_not_there_makes_the_same_id_as_an_empty_one():
    [missing], _ = read(in_csv(without("PolicyId")))
    [empty], _ = read(in_csv({**REPORT, "PolicyId": ""}))
    [null], _ = read(in_json({**REPORT, "PolicyId": None}))
    assert missing.values["id"] == empty.values["id"] == null.values["id"]


def test_without_a_device_or_a_thumbprint_other_columns_make_the_id():
    nameless = {**REPORT, "DeviceId": "", "Thumbprint": ""}
    rows, _ = read(
        in_csv(
            nameless,
            {**nameless, "DeviceName": "OTHER"},
            {**nameless, "SerialNumber": "1"},
            {**nameless, "ValidTo": "2030-01-01T00:00:00Z"},
        )
    )
    ids = [row.values["id"] for row in rows]
    assert len({*ids}) == 3
    assert ids[0] == ids[3]


def test_a_certificate_that_nothing_tells_from_others_is_refused():
    [row], _ = read(in_csv({**REPORT, "Thumbprint": "", "SerialNumber": ""}))
    assert row.faults[0].startswith("Neither Thumbprint nor SerialNumber")


def test_a_key_that_is_no_unicode_is_refused():
    [row], _ = read(in_json({**REPORT, "DeviceId": "\ud800"}))
    assert "is no text" in row.faults[0]
