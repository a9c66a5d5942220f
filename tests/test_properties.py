"""Laws that hold for every value, tried on generated ones."""

import datetime as dt
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certstates.edm import EdmDateTimeOffset
from certstates.models import ManagedAllDeviceCertificateState as State
from tests.make import URL, make_body

pytestmark = pytest.mark.django_db

# The database is emptied by hand below, not once per example.
common = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
field = EdmDateTimeOffset()

storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
PROPERTIES = [*make_body(), "id", "certificateRevokeStatusLastChangeDateTime", "x"]


@common
@given(
    moment=st.datetimes(),
    minutes=st.integers(-14 * 60, 14 * 60),
    digits=st.from_regex(r"\A[0-9]{0,12}\Z"),
)
def test_a_date_is_the_same_moment_cut_to_microseconds(moment, minutes, digits):
    moment = moment.replace(microsecond=0)
    zone = dt.timezone(dt.timedelta(minutes=minutes))
    text = moment.isoformat() + (f".{digits}" if digits else "")
    offset = moment.replace(tzinfo=zone).isoformat()[-6:]
    try:
        expected = moment.replace(tzinfo=zone).astimezone(dt.UTC)
    except OverflowError:
        with pytest.raises(Exception, match="0001 to 9999"):
            field.run_validation(text + offset)
        return
    micro = int((digits + "000000")[:6])
    found = field.run_validation(text + offset)
    assert found == expected + dt.timedelta(microseconds=micro)
    written = field.to_representation(found)
    assert written.endswith("Z")
    assert not written.endswith((".Z", "0Z")) or "." not in written
    assert field.run_validation(written) == found


@common
@given(text=storable)
def test_every_storable_text_comes_back_as_it_was(operator, text):
    response = operator.create(make_body(certificateSubjectName=text))
    assert response.status_code == 201
    assert response.json()["certificateSubjectName"] == text
    stored = State.objects.get(id=response.json()["id"])
    assert stored.certificate_subject_name == text


@common
@given(changes=st.dictionaries(st.sampled_from(PROPERTIES), json_values, min_size=1))
def test_whatever_is_sent_is_stored_whole_or_refused_in_the_envelope(operator, changes):
    before = State.objects.count()
    response = operator.create(json.dumps({**make_body(), **changes}))
    if response.status_code == 201:
        assert State.objects.count() == before + 1
        entity = operator.get(response.headers["Location"]).json()
        assert entity == response.json()
    else:
        assert response.status_code in (400, 409)
        assert response.json()["error"]["message"]
        assert State.objects.count() == before


@common
@given(body=st.binary(max_size=200))
def test_no_bytes_at_all_are_a_server_error(operator, body):
    response = operator.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]["code"] in ("BadRequest", "ModelValidationFailure")


@common
@given(path=st.text(max_size=40), method=st.sampled_from(["GET", "POST", "PATCH"]))
def test_no_path_below_the_root_is_a_server_error(operator, path, method):
    response = operator.generic(method, f"{URL}/{path}", b"{}", "application/json")
    assert response.status_code < 500
    assert response.headers["Content-Type"].startswith("application/json")
