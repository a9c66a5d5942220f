"""The operations: Graph's names for them, and what each can be asked and refuse.

Names follow Graph's own description: ``deviceManagement.List...`` in the plural, dots
between the parts. (Its PowerShell edition has singulars and an underscore.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certstates.addresses import NAVIGATION, SINGLETON
from certstates.examples import CREATE as CREATE_EXAMPLE
from certstates.negotiation import JSON
from certstates.openapi import examples
from certstates.openapi import schemas as named
from certstates.openapi.responses import COLLECTION_ID
from certstates.openapi.schemas import ENTITY, Schema, ref

RECORDS = f"{SINGLETON}.{ENTITY.rpartition('.')[2]}"
SERVICE = "service"
TAGS = [
    {"name": RECORDS, "description": "The records: certificates on managed devices."},
    {"name": f"{SINGLETON}.{SINGLETON}", "description": "What holds the collection."},
    {"name": SERVICE, "description": "What the service says of itself; batches."},
]

# Of any request: the second also where a header overrides the method, the third where
# one asks for Isolation.
ALWAYS = (
    "BadRequest",
    "MethodNotAllowed",
    "PreconditionFailed",
    "UriTooLong",
    "InternalServerError",
    "NotImplemented",
)
GUARDED = ("InvalidAuthenticationToken", "Forbidden", "ServiceUnavailable")
WITH_BODY = ("ModelValidationFailure", "RequestEntityTooLarge", "UnsupportedMediaType")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """``refuses`` are the codes besides those of any request and of any guarded one."""

    id: str
    summary: str
    description: str = ""
    tag: str = RECORDS
    body: str | None = None
    example: Callable[[], Any] | None = None
    headers: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    is_counted: bool = True

    def codes(self, *, guarded: bool) -> tuple[str, ...]:
        found = ALWAYS + self.refuses + (GUARDED if guarded else ())
        if guarded and self.is_counted:
            found += ("TooManyRequests",)
        # The refusal of a body names both codes of its status.
        return found + WITH_BODY if self.body else found

    def request_body(self) -> Schema | None:
        if self.body is None or self.example is None:
            return None
        content = {"schema": ref(self.body), "example": self.example()}
        return {"required": True, "content": {JSON: content}}


def of_the_collection(name: str) -> str:
    return f"{SINGLETON}.{NAVIGATION}.{name}"


OPERATIONS = {
    "CertificateStateViewSet.list": Operation(
        id=f"{SINGLETON}.List{COLLECTION_ID}",
        summary="List records",
        description="Follow `@odata.nextLink` while there is one.",
        headers=("Prefer",),
        refuses=("NotAcceptable",),
    ),
    "CertificateStateViewSet.create": Operation(
        id=f"{SINGLETON}.Create{COLLECTION_ID}",
        summary="Create a record",
        body=named.CREATE,
        example=lambda: CREATE_EXAMPLE,
        headers=("Prefer",),
        refuses=("NotAcceptable", "Conflict"),
    ),
    "CertificateStateViewSet.retrieve": Operation(
        id=f"{SINGLETON}.Get{COLLECTION_ID}",
        summary="Read a record",
        headers=("If-None-Match",),
        refuses=("ResourceNotFound", "NotAcceptable"),
    ),
    "CertificateStateViewSet.partial_update": Operation(
        id=f"{SINGLETON}.Update{COLLECTION_ID}",
        summary="Change a record",
        description="Writes what the body names, and nothing else. A change of "
        "`certificateRevokeStatus` is dated now, unless a date comes with it.",
        body=named.UPDATE,
        example=examples.changes,
        headers=("If-Match", "If-None-Match", "Prefer"),
        refuses=("ResourceNotFound", "NotAcceptable"),
    ),
    "CertificateStateViewSet.destroy": Operation(
        id=f"{SINGLETON}.Delete{COLLECTION_ID}",
        summary="Delete a record",
        headers=("If-Match", "If-None-Match"),
        refuses=("ResourceNotFound", "NotAcceptable"),
    ),
    "CertificateStateViewSet.count": Operation(
        id=of_the_collection("GetCount"), summary="Count records"
    ),
    "CertificateStateViewSet.retrieve_property": Operation(
        id=of_the_collection("GetProperty"),
        summary="Read one property",
        refuses=("ResourceNotFound", "NotAcceptable"),
    ),
    "CertificateStateViewSet.retrieve_value": Operation(
        id=of_the_collection("GetPropertyValue"),
        summary="Read one property as text",
        refuses=("ResourceNotFound",),
    ),
    "DeltaViewSet.delta": Operation(
        id=of_the_collection("delta"),
        summary="Read what changed",
        description="The first round has all records; each later one what was "
        "created, changed or removed since.",
        headers=("Prefer",),
        refuses=("NotAcceptable", "SyncStateNotFound"),
    ),
    "DeviceManagementView.get": Operation(
        id=f"{SINGLETON}.{SINGLETON}.GetDeviceManagement",
        summary="Read the singleton",
        tag=f"{SINGLETON}.{SINGLETON}",
        refuses=("NotAcceptable",),
    ),
    "ServiceDocumentView.get": Operation(
        id=f"{SERVICE}.GetServiceDocument",
        summary="Read the service document",
        tag=SERVICE,
        refuses=("NotAcceptable",),
    ),
    "MetadataView.get": Operation(
        id=f"{SERVICE}.GetMetadata",
        summary="Read the model and its capabilities",
        tag=SERVICE,
        refuses=("NotAcceptable",),
    ),
    "BatchView.post": Operation(
        id=f"{SERVICE}.Batch",
        summary="Send several requests in one",
        description="They run in their order, with the rights of this request's token. "
        "What one wrote stays, whatever becomes of the next; one whose dependency "
        "failed is answered 424 `FailedDependency`.",
        tag=SERVICE,
        body=named.BATCH,
        example=examples.batch,
        refuses=("NotAcceptable",),
        is_counted=False,
    ),
}
