"""Graph's permissions for this entity, as scopes of the access token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from oauth2_provider.models import AccessToken

    # Not for import at run time: it imports this module itself, by a setting.
    from rest_framework.views import APIView

READ = "DeviceManagementConfiguration.Read.All"
READ_WRITE = "DeviceManagementConfiguration.ReadWrite.All"


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
        token: AccessToken = request.auth
        held = token.scope.lower().split()
        if not any(scope.lower() in held for scope in accepted):
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
