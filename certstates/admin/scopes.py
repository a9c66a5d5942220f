"""Which scopes somebody may give: those whose powers they have in the admin themselves.

What opens the API is shown to who makes it, be it a token or an application's secret.
"""

from __future__ import annotations

from typing import Any

from certstates.models import Scope

STATE = "certstates.{}_managedalldevicecertificatestate"
TAKES = {
    Scope.READ: ("view",),
    Scope.READ_WRITE: ("view", "add", "change", "delete"),
}


def offered(user: Any) -> list[Scope]:
    """Return the scopes that somebody may give."""
    return [
        scope
        for scope, verbs in TAKES.items()
        if user.has_perms([STATE.format(verb) for verb in verbs])
    ]


def choices_for(user: Any) -> list[tuple[str, str]]:
    """Return them for a form."""
    return [(scope.value, scope.label) for scope in offered(user)]
