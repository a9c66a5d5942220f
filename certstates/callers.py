"""Who calls the API: an application, with the scopes that its token carries."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """One application, as permissions, throttles, history and logs know it.

    ``key`` tells applications apart and is never shown (``application:7``), ``name`` is
    what people call it, ``scopes`` are in lower case.
    """

    key: str
    name: str
    scopes: frozenset[str]

    # What Django and its libraries ask of whoever stands in request.user.
    is_authenticated = True
    is_active = True

    def __str__(self) -> str:
        return self.name

    def has_any(self, scopes: list[str]) -> bool:
        """Return whether one of these is carried, in any case."""
        return any(scope.lower() in self.scopes for scope in scopes)


def scopes_of(text: str) -> frozenset[str]:
    """Return the scopes of a list that is separated by spaces (RFC 6749, 3.3)."""
    return frozenset(text.lower().split())
