"""What comes back: bodies with their headers, and every refusal."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from certstates.errors import CODES
from certstates.middleware import SERVED_VERSIONS
from certstates.negotiation import JSON, XML
from certstates.odata.batch import MOST_ITEMS
from certstates.openapi import examples
from certstates.openapi import schemas as named
from certstates.openapi.paths import KEY
from certstates.openapi.schemas import TEXT, Schema, one_of, ref

STATUSES = {code: status for status, code in CODES.items()}
REFUSED = {
    "BadRequest": "The request is wrong: what, the message says.",
    "ModelValidationFailure": "The body is not JSON, or its properties are wrong.",
    "InvalidAuthenticationToken": "No token, or one that does not count.",
    "Forbidden": "The token lacks the scope.",
    "ResourceNotFound": "No record has this id.",
    "MethodNotAllowed": "Another method, or one in an override header.",
    "NotAcceptable": "No format that the client accepts is served.",
    "Conflict": "The id exists; nothing was changed.",
    "SyncStateNotFound": "The delta token is of another history; begin again.",
    "PreconditionFailed": "The record is in another version, or Isolation is wanted.",
    "RequestEntityTooLarge": "The body is too large.",
    "UriTooLong": "The address is too long.",
    "UnsupportedMediaType": "The body is not application/json in UTF-8.",
    "FailedDependency": "In a batch: a request that this one depends on failed.",
    "TooManyRequests": "A limit is reached. Nothing was done; try again later.",
    "InternalServerError": "A bug; the `request-id` finds it in the log.",
    "NotImplemented": "OData that is valid, but not offered.",
    "ServiceUnavailable": "The token cannot be checked now; nothing was done.",
}
EVERYWHERE = ("request-id", "client-request-id", "OData-Version")
HEADERS: dict[str, tuple[str, Schema]] = {
    "request-id": ("Finds the request in the log.", {**TEXT, "format": "uuid"}),
    "client-request-id": ("The client's, or else the server's.", TEXT),
    "OData-Version": ("The version of the answer.", one_of(SERVED_VERSIONS)),
    "Allow": ("The methods that there are.", TEXT),
    "ETag": ("The record's version, for If-Match.", TEXT),
    "Location": ("Where the record is, or where to begin again.", TEXT),
    "OData-EntityId": ("Where the record is, in an answer without body.", TEXT),
    "Preference-Applied": ("What of Prefer was done.", TEXT),
    "Retry-After": (
        "Seconds until it is worth another try.",
        {**TEXT, "pattern": "^[0-9]+$"},
    ),
    "WWW-Authenticate": ("That a bearer token is wanted.", TEXT),
}
# Headers that a refusal always has besides.
REFUSAL_HEADERS = {
    "InvalidAuthenticationToken": "WWW-Authenticate",
    "MethodNotAllowed": "Allow",
    "SyncStateNotFound": "Location",
    "ServiceUnavailable": "Retry-After",
    "TooManyRequests": "Retry-After",
}
# Operations that go on with a record, by the id that an answer has.
FOLLOWING = ("Get", "Update", "Delete")
COLLECTION_ID = "DeviceConfigurationsAllManagedDeviceCertificateStates"


def header_components() -> dict[str, Schema]:
    return {
        name: {
            "description": description,
            "required": name in EVERYWHERE,
            "schema": schema,
        }
        for name, (description, schema) in HEADERS.items()
    }


def headers(*names: str) -> dict[str, Schema]:
    return {
        name: {"$ref": f"#/components/headers/{name}"} for name in EVERYWHERE + names
    }


def answer(
    description: str,
    schema: str | None = None,
    example: Callable[[], Any] | None = None,
    *also: str,
) -> Schema:
    """Return a JSON answer, or one without body; ``also`` are headers it can have."""
    found: Schema = {"description": description, "headers": headers(*also)}
    if schema:
        content: Schema = {"schema": ref(schema)}
        if example:
            content["example"] = example()
        found["content"] = {JSON: content}
    return found


def text(description: str, schema: Schema, *media_types: str) -> Schema:
    content = {name: {"schema": schema} for name in media_types or ["text/plain"]}
    return {"description": description, "headers": headers(), "content": content}


def created() -> Schema:
    found = answer("Created.", named.ENTITY, examples.entity, "Location", *WRITTEN)
    found["links"] = {
        verb.lower(): {
            "operationId": f"deviceManagement.{verb}{COLLECTION_ID}",
            "parameters": {KEY: "$response.body#/id"},
        }
        for verb in FOLLOWING
    }
    return found


WRITTEN = ("ETag", "Preference-Applied")


def answers() -> dict[str, dict[str, Schema]]:
    """Return the good answers of each operation, by their status."""
    whole = answer("The record.", named.ENTITY, examples.entity, *WRITTEN)
    nothing = "Nothing, under `Prefer: return=minimal`."
    no_value = answer("The property is null.")
    return {
        "CertificateStateViewSet.list": {
            "200": answer(
                "A page of records.",
                named.PAGE,
                examples.list_page,
                "Preference-Applied",
            )
        },
        "CertificateStateViewSet.create": {
            "201": created(),
            "204": answer(nothing, None, None, "Location", "OData-EntityId", *WRITTEN),
        },
        "CertificateStateViewSet.retrieve": {
            "200": answer("The record.", named.ENTITY, examples.entity, "ETag"),
            "304": answer("Unchanged since the ETag.", None, None, "ETag"),
        },
        "CertificateStateViewSet.partial_update": {
            "200": whole,
            "204": answer(nothing, None, None, *WRITTEN),
        },
        "CertificateStateViewSet.destroy": {"204": answer("Deleted.")},
        "CertificateStateViewSet.count": {
            "200": text("A bare number.", {**TEXT, "pattern": "^[0-9]+$"})
        },
        "CertificateStateViewSet.retrieve_property": {
            "200": answer("The value.", named.PROPERTY, examples.single_property),
            "204": no_value,
        },
        "CertificateStateViewSet.retrieve_value": {
            "200": text("The value as text.", TEXT),
            "204": no_value,
        },
        "DeltaViewSet.delta": {
            "200": answer(
                "Records and removals.",
                named.DELTA_PAGE,
                examples.delta_page,
                "Preference-Applied",
            )
        },
        "DeviceManagementView.get": {"200": answer("It.", named.SINGLETON)},
        "ServiceDocumentView.get": {"200": answer("The document.", named.SERVICE)},
        "MetadataView.get": {"200": text("The model.", {}, XML, JSON)},
        "BatchView.post": {
            "200": answer(
                f"An answer for each of the 1 to {MOST_ITEMS} requests.",
                named.BATCH_ANSWER,
                examples.batch_answer,
            )
        },
    }


def refusal(codes: Iterable[str]) -> Schema:
    """Return the answer that has one of these codes, which share a status."""
    listed = [*codes]
    also = [REFUSAL_HEADERS[code] for code in listed if code in REFUSAL_HEADERS]
    shown = {code: {"$ref": f"#/components/examples/{code}"} for code in listed}
    return {
        "description": " ".join(REFUSED[code] for code in listed),
        "headers": headers(*also),
        "content": {JSON: {"schema": ref(named.ERROR), "examples": shown}},
    }


def refusal_components() -> dict[str, Schema]:
    """Return one answer for each code; that of a wrong body shares its status."""
    found = {code: refusal([code]) for code in REFUSED}
    found["ModelValidationFailure"] = refusal(["BadRequest", "ModelValidationFailure"])
    return found


def example_components() -> dict[str, Schema]:
    return {
        code: {"summary": REFUSED[code], "value": envelope}
        for code, envelope in examples.refusals().items()
    }


def refusals(codes: Iterable[str]) -> dict[str, Schema]:
    """Return references to refusals by their status, in its order."""
    found = {
        str(STATUSES.get(code, HTTPStatus.BAD_REQUEST)): {
            "$ref": f"#/components/responses/{code}"
        }
        for code in codes
    }
    return dict(sorted(found.items()))
