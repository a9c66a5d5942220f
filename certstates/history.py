"""Who makes a change, by which door and why: what the history's triggers are told.

django-pghistory sends it to PostgreSQL with each writing statement.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pghistory
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from certstates import logs
from certstates.models import Door

REASON_LENGTH = 500

GetResponse = Callable[[HttpRequest], HttpResponseBase]


@contextmanager
def recorded(door: Door, *, who: str) -> Iterator[uuid.UUID]:
    """Have all changes within known as one batch of this author; yield its id.

    A request within another one, as of a $batch, has the author that is known.
    """
    known = {"door": door, "who": who} if who else {"door": door}
    with pghistory.context(**known) as context:
        yield context.id


def name_staff(get_response: GetResponse) -> GetResponse:
    """Tell the log who is at work in the admin, and the history who is to write."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/admin/"):
            return get_response(request)
        who = request.user.get_username()
        if who:
            logs.note(staff=who)
        if request.method == "POST":
            by(who)
        return get_response(request)

    return middleware


def by(who: str) -> None:
    """Name the author of the changes from here on, where a request is recorded."""
    pghistory.context(who=who)


def because(reason: str) -> None:
    """Give the reason for the changes from here on, where a request is recorded."""
    if reason:
        pghistory.context(reason=reason)


def through(door: Door) -> None:
    """Correct the door of the changes from here on, where a request is recorded."""
    pghistory.context(door=door)


def undoing(batch: uuid.UUID | None) -> None:
    """Say that the changes from here on take back those of another batch."""
    if batch:
        pghistory.context(undoes=str(batch))
