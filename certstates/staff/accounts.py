"""The accounts of staff whom an identity provider knows: made, grouped and shut out."""

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import transaction

from certstates.models import StaffIdentity

Claims = dict[str, Any]
NAME_LENGTH = 120  # of the 150 that Django has, so that a number finds room
# All but what Django's rule for user names allows.
FOREIGN = re.compile(r"[^\w.@+-]+")


def groups_of(claims: Claims) -> list[Group]:
    """Return the groups of this server that somebody's groups elsewhere stand for."""
    theirs = claims.get(settings.STAFF_OIDC_GROUPS_CLAIM)
    if isinstance(theirs, str):
        theirs = [theirs]
    if not isinstance(theirs, list):
        return []
    names = {ours for their, ours in settings.STAFF_OIDC_GROUPS if their in theirs}
    return [*Group.objects.filter(name__in=names)]


def accounts_of(claims: Claims) -> list[User]:
    """Return the account of who is meant; never one that merely has the same name."""
    identities = StaffIdentity.objects.select_related("user")
    found = identities.filter(issuer=settings.STAFF_OIDC_ISSUER, subject=claims["sub"])
    return [identity.user for identity in found]


@transaction.atomic
def open_account(claims: Claims) -> User:
    # nosemgrep: orm-model-from-data -- names of the table in facts()
    user = User(username=free_name(claims), is_staff=True, **facts(claims))
    user.set_unusable_password()
    user.save()
    user.identities.create(issuer=settings.STAFF_OIDC_ISSUER, subject=claims["sub"])
    note(user, "Opened by single sign-on.", flag=ADDITION)
    set_groups(user, groups_of(claims))
    return user


@transaction.atomic
def renew(user: User, claims: Claims) -> None:
    """Bring names and groups up to what the provider says today."""
    changed = {k: v for k, v in facts(claims).items() if getattr(user, k) != v}
    for name, value in changed.items():
        # nosemgrep: orm-attribute-from-data -- names of the table in facts()
        setattr(user, name, value)
    if changed:
        user.save(update_fields=[*changed])
    set_groups(user, groups_of(claims))


@transaction.atomic
def shut_out(user: User) -> None:
    """Take away what the provider gave, and end all sessions of an account.

    Each unusable password differs, and sessions end with the password they began with.
    """
    set_groups(user, [])
    user.set_unusable_password()
    user.save(update_fields=["password"])


def set_groups(user: User, wanted: Iterable[Group]) -> None:
    """Have somebody in these of the mapped groups; others are none of its business."""
    mapped = {ours for _, ours in settings.STAFF_OIDC_GROUPS}
    now = {*user.groups.filter(name__in=mapped)}
    given, taken = {*wanted} - now, now - {*wanted}
    if not given and not taken:
        return
    user.groups.add(*given)
    user.groups.remove(*taken)
    signs = [f"+{group.name}" for group in given] + [f"-{g.name}" for g in taken]
    note(user, f"Groups by single sign-on: {', '.join(sorted(signs))}.", flag=CHANGE)


def note(user: User, words: str, *, flag: int) -> None:
    """Write into the account's history what nobody did by hand."""
    LogEntry.objects.log_actions(user.pk, [user], flag, words)


def facts(claims: Claims) -> dict[str, str]:
    """Return what an account shows of a person, as far as the provider says it."""
    names = {"first_name": "given_name", "last_name": "family_name", "email": "email"}
    found = {ours: text(claims, theirs) for ours, theirs in names.items()}
    found = {ours: value for ours, value in found.items() if value}
    return {ours: value[:150] for ours, value in found.items()}


def text(claims: Claims, name: str) -> str:
    """Return what can be stored and shown of a claim that is a text."""
    value = claims.get(name)
    return "".join(filter(str.isprintable, value)) if isinstance(value, str) else ""


def free_name(claims: Claims) -> str:
    """Return a user name that nobody has, not even in other capitals."""
    wanted = next(
        filter(None, (text(claims, n) for n in ("preferred_username", "email", "sub")))
    )
    plain = FOREIGN.sub("-", User.normalize_username(wanted))[:NAME_LENGTH]
    name, number = plain, 1
    while User.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{plain}-{number}"
    return name
