"""Examples of answers, made by the code that makes the answers."""

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import orjson
from rest_framework import exceptions, serializers

from certstates import errors
from certstates.addresses import ServiceRoot
from certstates.authentication import REFUSED
from certstates.callers import Caller
from certstates.examples import CREATE
from certstates.middleware import LONGEST_ADDRESS, overlong
from certstates.models import ManagedAllDeviceCertificateState
from certstates.odata.formats import Format
from certstates.odata.options import is_system_option
from certstates.odata.representation import Representation
from certstates.oidc import keys
from certstates.permissions import HasGraphScope
from certstates.serializers import CertificateStateSerializer
from certstates.throttling import Rate, Refusal

Value = dict[str, Any]

SERVER = "https://certs.example/"
ID = "01a20692-d33a-7040-a505-bef51b2ba8d4"
LAST_CHANGE = {"certificateRevokeStatusLastChangeDateTime": "2026-11-23T09:00:01.35Z"}
REQUEST_ID = "5f0c1d5e-6f2b-4a53-9d4e-0c3c6f7a2b11"
VERSION = 0x2F5
# What every refusal is told of its request.
REQUEST: Any = SimpleNamespace(
    META={"QUERY_STRING": "x" * LONGEST_ADDRESS},
    auth=Caller("", "", scopes=frozenset()),
    graph_client_request_id=REQUEST_ID,
    graph_request_id=REQUEST_ID,
    method="POST",
    path_info="/beta/",
)


def record() -> ManagedAllDeviceCertificateState:
    """Return the example of the docs page as if it had been stored."""
    serializer = CertificateStateSerializer(data={**CREATE, **LAST_CHANGE})
    serializer.is_valid(raise_exception=True)
    values = serializer.validated_data
    # nosemgrep: orm-model-from-data -- the example's own
    return ManagedAllDeviceCertificateState(**values, id=ID, version=VERSION)


def representation() -> Representation:
    return Representation(ServiceRoot(f"{SERVER}beta/"), Format())


def entity() -> Value:
    return representation().entity(record())


def page(**control: Any) -> Value:
    shape = representation()
    found = record()
    row = [getattr(found, name) for name in shape.columns]
    return shape.page([row], **control)


def list_page() -> Value:
    url = representation().service.collection
    return page(count=2048, nextLink=f"{url}?$count=true&$skiptoken=WyJpZCIs")


def delta_page() -> Value:
    link = f"{representation().service.delta}?$deltatoken=WzcyMTQz"
    found = page(deltaLink=link)
    removed = {"id": "a-removed-record", "@removed": {"reason": "deleted"}}
    return {**found, "value": [*found["value"], removed]}


def single_property() -> Value:
    name = "certificateThumbprint"
    return representation().single_property(ID, name, CREATE[name])


def batch() -> Value:
    url = f"/{representation().entity_set}"
    first = {"id": "1", "method": "POST", "url": url, "body": CREATE}
    first["headers"] = {"Content-Type": "application/json"}
    second = {"id": "2", "method": "GET", "url": f"{url}/$count", "dependsOn": ["1"]}
    return {"requests": [first, second]}


def batch_answer() -> Value:
    kind = {"Content-Type": "application/json"}
    codes = {"1": (409, "Conflict"), "2": (424, "FailedDependency")}
    return {
        "responses": [
            {"id": id, "status": status, "headers": kind, "body": refusals()[code]}
            for id, (status, code) in codes.items()
        ]
    }


def changes() -> Value:
    return {"certificateRevokeStatus": "revoked"}


def caught(call: Callable[[], Any]) -> exceptions.APIException:
    """Return what a call refuses."""
    try:
        call()
    except exceptions.APIException as refused:
        return refused
    raise AssertionError("This was to be refused.")


def system_option(name: str, *, offered: Iterable[str]) -> bool:
    return is_system_option(f"${name}", name, frozenset(offered))


def invalid_body() -> serializers.ValidationError:
    body = {**CREATE, "certificateKeyUsages": "160", "colour": "blue"}
    serializer = CertificateStateSerializer(data=body)
    serializer.is_valid()
    return serializers.ValidationError(serializer.errors)


def throttled() -> errors.TooManyRequests:
    rate = Rate("", 100, "writes of this application")
    return Refusal(rate, wait=7).error()


def refused() -> Mapping[str, exceptions.APIException]:
    """Return a refusal for each code, with the words of the place that makes it."""
    scopeless: Any = HasGraphScope().has_permission
    return {
        "BadRequest": caught(lambda: system_option("fliter", offered={"filter"})),
        "ModelValidationFailure": invalid_body(),
        "InvalidAuthenticationToken": exceptions.AuthenticationFailed(REFUSED),
        "Forbidden": caught(lambda: scopeless(REQUEST, None)),
        "ResourceNotFound": errors.ResourceNotFound(),
        "MethodNotAllowed": exceptions.MethodNotAllowed("PUT"),
        "NotAcceptable": errors.NotAcceptable(),
        "Conflict": errors.Conflict(target="id"),
        "SyncStateNotFound": errors.SyncStateNotFound(),
        "PreconditionFailed": errors.PreconditionFailed(target="If-Match"),
        "RequestEntityTooLarge": errors.RequestEntityTooLarge(),
        "UnsupportedMediaType": exceptions.UnsupportedMediaType("text/plain"),
        "FailedDependency": errors.FailedDependency(),
        "TooManyRequests": throttled(),
        "InternalServerError": exceptions.APIException(errors.CRASHED),
        "NotImplemented": caught(lambda: system_option("apply", offered=set())),
        "ServiceUnavailable": errors.ServiceUnavailable(keys.UNREADABLE),
    }


def refusals() -> dict[str, Value]:
    """Return the envelope for each code, as it leaves."""
    context = {"request": SimpleNamespace(_request=REQUEST)}
    found: dict[str, Value] = {
        code: errors.exception_handler(error, context).data
        for code, error in refused().items()
    }
    if too_long := overlong(REQUEST):
        found["UriTooLong"] = orjson.loads(too_long.content)
    for envelope in found.values():
        envelope["error"]["innerError"]["date"] = "2026-11-23T09:00:00"
    return found
