"""What a token request asks for, in the spellings of Entra ID.

``{resource}/.default`` stands for all that the application may do, whatever the
resource is called: there is one behind this server. A scope is asked for by its name,
alone or behind a resource, in any case.
"""

from certstates.models import Scope

DEFAULT = ".default"


class NotHeld(Exception):
    """A scope was asked for that the application has not got."""


def granted(asked: list[str], own: Scope) -> list[str]:
    """Return the scopes of the token, or raise NotHeld."""
    held = {scope.value.lower(): scope.value for scope in own.held}
    names = {scope.rpartition("/")[2].lower() for scope in asked}
    if names - held.keys() - {DEFAULT}:
        raise NotHeld
    if not names or DEFAULT in names:
        return [own.value]
    return [scope for name, scope in held.items() if name in names]
