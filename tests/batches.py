"""Batches and their answers."""

import json

from tests.make import JSON

BODY_IS_JSON = {"Content-Type": JSON}


def ask(id, method, url, **members):
    """Return one request of a batch."""
    return {"id": id, "method": method, "url": url, **members}


def send_batch(client, *items, url="/beta/$batch", **extra):
    # The test client's own encoder would refuse what is not valid Unicode.
    document = json.dumps({"requests": items})
    return client.post(url, document, content_type=JSON, **extra)


def responses_of(client, *items, **extra):
    """Return ``responses``, one for each item and in their order."""
    response = send_batch(client, *items, **extra)
    assert response.status_code == 200, response.content
    assert [r["id"] for r in response.json()["responses"]] == [i["id"] for i in items]
    return response.json()["responses"]


def item_error(answer, status, code):
    """Assert that an answer holds Graph's error envelope, and return its ``error``."""
    assert answer["status"] == status
    assert answer["headers"]["Content-Type"] == JSON
    error = answer["body"]["error"]
    assert error["code"] == code, error
    for name in ("request-id", "client-request-id"):
        assert error["innerError"][name] == answer["headers"][name]
    return error
