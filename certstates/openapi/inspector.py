"""From a view to its operation: drf-spectacular asks, the tables of here answer."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from certstates.openapi import parameters
from certstates.openapi.operations import OPERATIONS
from certstates.openapi.responses import answers, refusals
from certstates.openapi.schemas import Schema
from certstates.permissions import HasGraphScope

BEARER = "bearer"


class GraphSchema(AutoSchema):
    """Describes a view of the API.

    drf-spectacular's own inspection is for model serializers and filter backends; the
    API has Graph's conventions in their place.
    """

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> Schema:
        action = getattr(self.view, "action", method.lower())
        name = f"{type(self.view).__name__}.{action}"
        operation = OPERATIONS[name]
        security = self.security()
        found: Schema = {
            "operationId": operation.id,
            "summary": operation.summary,
            "tags": [operation.tag],
            "parameters": [
                *parameters.path_variables(path),
                *parameters.options(self.offered(action)),
                *parameters.headers(operation.headers + parameters.EVERYWHERE),
            ],
            "security": security,
            "responses": {
                **answers()[name],
                **refusals(operation.codes(guarded=bool(security))),
            },
        }
        if operation.description:
            found["description"] = operation.description
        if body := operation.request_body():
            found["requestBody"] = body
        return found

    def offered(self, action: str) -> frozenset[str]:
        """Return the query options that the view itself goes by."""
        view: Any = self.view
        found: frozenset[str] = view.offered.get(action, frozenset())
        return found

    def security(self) -> list[dict[str, list[str]]]:
        """Return the scopes of which a token needs one, or nothing for everyone."""
        return [
            {BEARER: [scope]}
            for permission in self.view.get_permissions()
            if isinstance(permission, HasGraphScope)
            for scope in permission.accepted(self.view.request)
        ]
