"""The API does what its description says: requests made up from it, and answers
checked against it.

``SCHEMATHESIS_EXAMPLES=2000 pytest tests/test_schemathesis.py`` tries more of them.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.checks import positive_data_acceptance

from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.odata.conditions import ENTITY_TAGS
from certstates.openapi.document import document_for
from certstates.permissions import READ_WRITE
from tests.make import make_state, make_token

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "20"))
KEY = "managedAllDeviceCertificateState-id"
STORED = "kept-for-schemathesis"

# Formats that JSON Schema cannot say, or says more widely than OData: no leap second,
# no offset beyond 14 hours.
schemathesis.openapi.format(
    "date-time",
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
)
schemathesis.openapi.format(
    "odata-filter",
    st.sampled_from(
        [
            "certificateRevokeStatus eq 'none'",
            "certificateKeyUsages ge 3 and not contains(userPrincipalName,'x')",
            "certificateExpirationDateTime lt 2027-01-01T00:00:00Z",
            "id in ('a','b') or certificateThumbprint eq null",
        ]
    ),
)
schemathesis.openapi.format("odata-deltatoken", st.just("latest"))
schemathesis.openapi.format(
    "odata-etag", st.sampled_from(["*", 'W/"2f5"', '"a", W/"b"'])
)
schemathesis.openapi.format(
    "odata-search", st.sampled_from(["laptop", '"a b" OR c', "NOT x"])
)
schemathesis.openapi.format(
    "odata-format", st.sampled_from(["json", "application/json;odata.metadata=full"])
)

application = get_wsgi_application()


def by_https(environ, start_response):
    """Come as the settings of production demand."""
    return application({**environ, "wsgi.url_scheme": "https"}, start_response)


def described_api():
    config = Path(__file__).with_name("schemathesis.toml")
    found = schemathesis.openapi.from_dict(
        json.loads(document_for("", "documented").body),
        config=schemathesis.Config.from_path(config),
    )
    found.app = by_https
    return found


schema = described_api()


@pytest.fixture
def authorised(db):
    """Return the headers of a client, and keep the test's transaction open.

    (Django's own test client does the second by itself.)
    """
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield {"Authorization": f"Bearer {make_token(READ_WRITE)}"}
    for signal in signals:
        signal.connect(close_old_connections)


# A batch's ids are unique in any case, and dependsOn names earlier ones: no schema can
# say this, so that batches that it allows are refused.
NOT_CHECKED = {"POST /$batch": [positive_data_acceptance]}


def say_what_a_schema_cannot(case):
    """Make a request that the schema allows one that the server allows, too."""
    case.query.pop("$skiptoken", None)  # only the server can make one
    for name in ("If-Match", "If-None-Match"):
        # Links lead to headers of any text, whatever format the schema names.
        if name in case.headers and not ENTITY_TAGS.fullmatch(case.headers[name]):
            case.headers[name] = "*"
    body = case.body if isinstance(case.body, dict) else {}
    for name, value in body.items():
        # To JSON Schema 160.0 is an integer. OData's int32Value has no fraction.
        if isinstance(value, float) and value.is_integer():
            body[name] = int(value)


def tried(**more):
    """Return how many requests are made up, and that they are always the same."""
    return settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=[*HealthCheck],
        **more,
    )


@schema.parametrize()
@tried()
def test_whatever_the_description_allows(case, authorised):
    if not State.objects.filter(pk=STORED).exists():
        make_state(id=STORED)
    if case.meta.generation.mode.is_positive:
        say_what_a_schema_cannot(case)
        if len(case.path_parameters.get(KEY, "")) % 2:  # sometimes one that there is
            case.path_parameters[KEY] = STORED
    excluded = NOT_CHECKED.get(case.operation.label, [])
    case.call_and_validate(headers=authorised, excluded_checks=excluded)


def test_a_record_can_be_followed_from_its_creation_to_its_end(authorised):
    """Follow the links of the description: create, then read, change and delete."""
    api = described_api()

    @api.auth()
    class Authorised:
        def get(self, case, context):
            return authorised

        def set(self, case, data, context):
            case.headers.update(data)

    answered = Counter()

    class Client(api.as_state_machine()):
        def setup(self):
            State.objects.all().delete()

        def before_call(self, case):
            if case.meta.generation.mode.is_positive:
                say_what_a_schema_cannot(case)

        def after_call(self, response, case):
            super().after_call(response, case)
            answered[case.operation.method, response.status_code] += 1

        def validate_response(self, response, case, **kwargs):
            if case.operation.label not in NOT_CHECKED:
                super().validate_response(response, case, **kwargs)

    run_state_machine_as_test(Client, settings=tried(stateful_step_count=8))
    for done in [("post", 201), ("get", 200), ("patch", 200), ("delete", 204)]:
        assert answered[done], answered
