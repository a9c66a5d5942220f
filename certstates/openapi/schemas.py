"""The shapes of bodies, derived from the serializer, the model and the limits."""

import inspect
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.core.validators import MinLengthValidator, RegexValidator

from certstates.edm import EdmDateTimeOffset, EdmField, EdmInt32, EdmRevocationStatus
from certstates.errors import CODES, DETAIL_CODES, INVALID_VALUE, GraphError
from certstates.models import RevocationStatus, refuse_unstorable
from certstates.odata.batch import METHODS, MOST_ITEMS
from certstates.odata.metadata import NAMESPACE, required_properties
from certstates.odata.options import PAGE_SIZE
from certstates.serializers import CertificateStateSerializer

Schema = dict[str, Any]

ENTITY = CertificateStateSerializer.Meta.type_name
STATUS = EdmRevocationStatus.type_name
CREATE = f"{ENTITY}Create"
UPDATE = f"{ENTITY}Update"
REMOVED = f"{ENTITY}Removed"
PAGE = f"{ENTITY}CollectionResponse"
DELTA_PAGE = f"{ENTITY}DeltaResponse"
SINGLETON = f"{NAMESPACE}.deviceManagement"
SERVICE = f"{NAMESPACE}.serviceDocument"
PROPERTY = f"{NAMESPACE}.propertyResponse"
BATCH = f"{NAMESPACE}.batchRequest"
BATCH_ANSWER = f"{NAMESPACE}.batchResponse"
ERROR = f"{NAMESPACE}.ODataErrors.ODataError"
MAIN_ERROR = f"{NAMESPACE}.ODataErrors.MainError"
ERROR_DETAILS = f"{NAMESPACE}.ODataErrors.ErrorDetails"
INNER_ERROR = f"{NAMESPACE}.ODataErrors.InnerError"

TEXT: Schema = {"type": "string"}
ADDRESS: Schema = {"type": "string", "format": "uri"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
STORABLE = r"^[^\u0000]*$"  # what refuse_unstorable lets pass, as JSON can say it
# What was read may be sent back; the server makes it anew.
READ_BACK = r"^@(odata\.)?(context|etag|id|editLink|readLink)$"


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(items: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits}


def one_of(words: Iterable[str]) -> Schema:
    return {"type": "string", "enum": [*words]}


def strict_object(properties: Mapping[str, Schema], **rest: Any) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        **rest,
    }


def error_codes() -> list[str]:
    raised = {error.default_code for error in GraphError.__subclasses__()}
    return sorted(raised | {*CODES.values()})


def property_schemas() -> dict[str, Schema]:
    """Return the entity's properties by their names on the wire."""
    fields = CertificateStateSerializer().fields.items()
    return {name: property_schema(field) for name, field in fields}


def property_schema(field: Any) -> Schema:
    """Return what the serializer's field and the model's field say together."""
    meta = CertificateStateSerializer.Meta
    column: Any = meta.model._meta.get_field(field.source)
    schema = type_schema(field, column)
    if field.allow_null:
        schema = nullable(schema)
    return {**schema, "description": column.help_text}


def type_schema(field: EdmField, column: Any) -> Schema:
    if isinstance(field, EdmRevocationStatus):
        return ref(STATUS)
    if isinstance(field, EdmDateTimeOffset):
        return MOMENT
    if isinstance(field, EdmInt32):
        limits = {limit.code: limit.limit_value for limit in column.validators}
        return {
            "type": "integer",
            "format": "int32",
            "minimum": limits["min_value"],
            "maximum": limits["max_value"],
        }
    return text_schema(column)


def text_schema(column: Any) -> Schema:
    """Return a text with the limits that the column's validators know."""
    schema: Schema = {"type": "string", "maxLength": column.max_length}
    for validator in column.validators:
        if isinstance(validator, MinLengthValidator):
            schema["minLength"] = validator.limit_value
        elif isinstance(validator, RegexValidator):
            regex: Any = validator.regex
            schema["pattern"] = ecma(regex.pattern)
        elif validator is refuse_unstorable:
            schema.setdefault("pattern", STORABLE)
    return schema


def ecma(pattern: str) -> str:
    """Return a pattern in the dialect of JSON Schema, which has neither \\A nor \\Z."""
    return pattern.replace(r"\A", "^").replace(r"\Z", "$")


def nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def records() -> dict[str, Schema]:
    """Return the entity: as it is read, created and changed."""
    properties = property_schemas()
    written = partial(
        strict_object,
        patternProperties={READ_BACK: {}},
    )
    sent = {"@odata.type": one_of([f"#{ENTITY}", ENTITY]), **properties}
    unchangeable = {**properties["id"], "readOnly": True}
    return {
        ENTITY: strict_object(
            {
                "@odata.context": ADDRESS,
                "@odata.type": {"const": f"#{ENTITY}"},
                "@odata.etag": TEXT,
                **properties,
            },
            title=ENTITY.removeprefix(f"{NAMESPACE}."),
            description=f"{described()} With $select it has fewer properties, and with "
            "odata.metadata=full more control information.",
            patternProperties={r"@odata\.": {}},
        ),
        CREATE: written(
            sent,
            description=f"{described()} As it is sent to be created.",
            required=[*required_properties()],
        ),
        UPDATE: written(
            {**sent, "id": unchangeable},
            description="Any of the properties. What is not named stays as it is.",
        ),
        STATUS: {
            **one_of(status.wire_name for status in RevocationStatus),
            "description": "Where a revocation stands. "
            + "; ".join(f"{s.wire_name}: {s.label}" for s in RevocationStatus)
            + ". In requests the case of a name does not matter.",
        },
    }


def described() -> str:
    return inspect.getdoc(CertificateStateSerializer.Meta.model) or ""


def pages() -> dict[str, Schema]:
    """Return what holds several records."""
    control = {"@odata.context": ADDRESS, "@odata.nextLink": ADDRESS}
    count = {
        # A string where the client asks for IEEE754Compatible=true.
        "@odata.count": {"type": ["integer", "string"], "format": "int64"},
    }
    removed = {"id": TEXT, "@removed": strict_object({"reason": {"const": "deleted"}})}
    change = {"oneOf": [ref(ENTITY), ref(REMOVED)]}
    return {
        PAGE: strict_object(
            {**control, **count, "value": array_of(ref(ENTITY), maxItems=PAGE_SIZE)},
            required=["value"],
        ),
        DELTA_PAGE: strict_object(
            {
                **control,
                "@odata.deltaLink": ADDRESS,
                "value": array_of(change, maxItems=PAGE_SIZE),
            },
            required=["value"],
            description="Follow @odata.nextLink to the end of the round, and "
            "@odata.deltaLink when you next want to know what changed.",
        ),
        REMOVED: strict_object(
            removed, required=[*removed], description="What is left of a record."
        ),
    }


def services() -> dict[str, Schema]:
    link = strict_object({"name": TEXT, "kind": TEXT, "url": TEXT}, required=["name"])
    control = {"@odata.context": ADDRESS, "@odata.type": TEXT}
    value = {"type": ["string", "integer"]}
    return {
        SERVICE: strict_object(
            {"@odata.context": ADDRESS, "value": array_of(link)}, required=["value"]
        ),
        SINGLETON: strict_object({**control, "id": TEXT}, required=["id"]),
        PROPERTY: strict_object({**control, "value": value}, required=["value"]),
    }


def batches() -> dict[str, Schema]:
    """Return a batch and its answer; members that are null count as absent."""
    headers = {"type": "object", "additionalProperties": TEXT}
    id = {**TEXT, "minLength": 1}
    ask = {
        "type": "object",
        "required": ["id", "method", "url"],
        "properties": {
            "id": {**id, "description": "Unique in the batch, in any case."},
            "method": one_of(METHODS),
            "url": {**id, "description": "Relative to the service root, or absolute."},
            "headers": nullable(headers),
            "body": {"description": "JSON, or its bytes in base64."},
            "dependsOn": {
                **nullable(array_of(TEXT)),
                "description": "Ids of earlier requests that must have succeeded.",
            },
        },
    }
    answer = strict_object(
        {"id": TEXT, "status": {"type": "integer"}, "headers": headers, "body": {}},
        required=["id", "status", "headers"],
    )
    size = {"minItems": 1, "maxItems": MOST_ITEMS}
    return {
        BATCH: {
            "type": "object",
            "required": ["requests"],
            "properties": {"requests": array_of(ask, **size)},
        },
        BATCH_ANSWER: strict_object(
            {"responses": array_of(answer, **size)}, required=["responses"]
        ),
    }


def errors() -> dict[str, Schema]:
    detail_codes = sorted({*DETAIL_CODES.values(), INVALID_VALUE})
    inner = {"date": TEXT, "request-id": TEXT, "client-request-id": TEXT}
    detail = {"code": one_of(detail_codes), "message": TEXT, "target": TEXT}
    main = {
        "code": one_of(error_codes()),
        "message": {**TEXT, "minLength": 1},
        "target": {**TEXT, "description": "What of the request is at fault."},
        "details": array_of(ref(ERROR_DETAILS)),
        "innerError": ref(INNER_ERROR),
    }
    return {
        ERROR: strict_object({"error": ref(MAIN_ERROR)}, required=["error"]),
        MAIN_ERROR: strict_object(main, required=["code", "message", "innerError"]),
        ERROR_DETAILS: strict_object(detail, required=["code", "message"]),
        INNER_ERROR: strict_object(inner, required=[*inner]),
    }


def schemas() -> dict[str, Schema]:
    return {**records(), **pages(), **services(), **batches(), **errors()}
