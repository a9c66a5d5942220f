"""Watches the tables that say who may do what: each change is a line of the log.

So it does not matter by which door it came: the admin, a command, single sign-on, the
token endpoint. A line is written when the change is committed. What SQL, or a
queryset's ``update()``, writes past Django's models is not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_save, pre_delete
from django.dispatch import receiver
from oauth2_provider.models import AccessToken, Application

from certstates import logs
from certstates.models import ClientCredentials

Facts = dict[str, Any]

# What each sign-in writes, and says nothing of what somebody may do.
UNREMARKABLE = frozenset({"last_login"})


def of_account(user: User) -> Facts:
    flags = ("is_active", "is_staff", "is_superuser")
    return {"account": user.username, **{name: getattr(user, name) for name in flags}}


def of_group(group: Group) -> Facts:
    return {"group": group.name}


def of_application(application: Any) -> Facts:
    return {"application": application.name}


def of_credentials(credentials: ClientCredentials) -> Facts:
    return {"application": credentials.application.name, "scope": credentials.scope}


def of_token(token: Any) -> Facts:
    application = token.application and token.application.name
    return {
        "application": application,
        "token": token.pk,
        "scope": token.scope,
        "expires": token.expires.isoformat(timespec="seconds"),
    }


# What a row is called, and what of it is told. Never a hash, a token or its checksum.
WATCHED: dict[Any, tuple[str, Callable[[Any], Facts]]] = {
    User: ("account", of_account),
    Group: ("group", of_group),
    Application: ("application", of_application),
    ClientCredentials: ("client_credentials", of_credentials),
    AccessToken: ("token", of_token),
}
RIGHTS = (User.groups.through, User.user_permissions.through, Group.permissions.through)


def when_committed(event: str, words: str, facts: Facts) -> None:
    write = partial(logs.security, event, words, **facts)
    transaction.on_commit(write, robust=True)


def tell(row: Any, what: str, **more: Any) -> None:
    kind, facts_of = WATCHED[type(row)]
    facts = {**facts_of(row), **more}
    words = f"{kind.replace('_', ' ').capitalize()} {row.pk} was {what}."
    when_committed(f"{kind}_{what}", words, facts)


@receiver(post_save)
def saved(
    sender: type[Model], instance: Any, created: bool, update_fields: Any, **_: Any
) -> None:
    """Tell that a row was added or changed; of a change the columns, where known."""
    if sender not in WATCHED or (update_fields and update_fields <= UNREMARKABLE):
        return
    more: Facts = {"columns": sorted(update_fields)} if update_fields else {}
    if getattr(instance, "_password", None) is not None:  # until Django has saved it
        more["password_changed"] = True
    tell(instance, "added" if created else "changed", **more)


@receiver(pre_delete)
def deleted(sender: type[Model], instance: Any, **_: Any) -> None:
    """Tell that a row was deleted, unless it is a token that had ended anyway.

    Asked before, while what it belongs to is still there.
    """
    if sender not in WATCHED or (sender is AccessToken and instance.is_expired()):
        return
    tell(instance, "deleted")


@receiver(m2m_changed)
def rights_changed(
    sender: Any, instance: Any, action: str, model: Any, pk_set: Any, **_: Any
) -> None:
    """Tell which groups and permissions were given and taken."""
    done = {"post_add": "given", "post_remove": "taken", "post_clear": "taken"}
    if sender not in RIGHTS or action not in done or pk_set == set():
        return
    rows = model.objects.filter(pk__in=pk_set or ())
    names = "all" if pk_set is None else sorted(map(str, rows))
    kind, facts_of = WATCHED[type(instance)]
    words = f"Rights of {kind} {instance.pk} were {done[action]}."
    when_committed("rights_changed", words, {**facts_of(instance), done[action]: names})
