"""$filter: any expression over any records finds what the rules of OData say."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.filter_rows import insert
from tests.make import URL
from tests.reference import holds
from tests.spelling import encoded, spelled
from tests.trees import TABLES, conditions

pytestmark = pytest.mark.django_db


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=TABLES,
    tree=conditions(3),
    oddly=st.randoms(use_true_random=False),
)
def test_a_filter_finds_what_the_reference_finds(reader, rows, tree, oddly):
    text = spelled(tree, oddly)
    query = f"{oddly.choice(['$', '%24', ''])}filter={encoded(text, oddly)}"
    with transaction.atomic():
        insert(rows)
        response = reader.get(f"{URL}?{query}")
        assert response.status_code == 200, (text, response.content)
        count = reader.get(f"{URL}/$count?{query}").content.decode()
        transaction.set_rollback(True)
    found = {item["id"] for item in response.json()["value"]}
    assert found == {row["id"] for row in rows if holds(tree, row)}, text
    assert count == str(len(found))
