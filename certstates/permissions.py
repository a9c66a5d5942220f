"""Graph's permissions for this entity, as scopes of the access token."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from certstates.models import Scope

if TYPE_CHECKING:
    # Not for import at run time: it imports this module itself, by a setting.
    from rest_framework.views import APIView

    from certstates.callers import Caller

READ = Scope.READ.value
READ_WRITE = Scope.READ_WRITE.value


def accepted_scopes(method: str) -> list[str]:
    """Return the scopes of which a token needs one, the smallest first."""
    return [READ, READ_WRITE] if method in SAFE_METHODS else [READ_WRITE]


class HasGraphScope(BasePermission):
    """Reading needs either scope, writing the second; their case does not matter."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise NotAuthenticated(
                "An access token is required: Authorization: Bearer."
            )
        accepted = self.accepted(request)
        caller = cast("Caller", request.auth)
        if not caller.has_any(accepted):
            raise PermissionDenied(
                f"The access token needs the scope {' or '.join(accepted)}."
            )
        return True

    def accepted(self, request: Request) -> list[str]:
        return accepted_scopes(request.method or "")


class HasEitherGraphScope(HasGraphScope):
    """For a batch: it does nothing itself, and each item needs its own scope."""

    def accepted(self, request: Request) -> list[str]:
        return [READ, READ_WRITE]
