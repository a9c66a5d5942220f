"""Sessions: what the database keeps of their keys, and how long they last.

The name of this module is the setting SESSION_ENGINE. Who reads the database cannot
sign in with what they find: the key itself is in the browser's cookie alone.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY as WHO
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import db
from django.dispatch import receiver
from django.utils import timezone

from certstates import logs

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.sessions.base_session import AbstractBaseSession
    from django.contrib.sessions.models import Session
    from django.http import HttpRequest

SINCE = "_signed_in_at"
# How much of the idle time may pass before that is written down.
REFRESH_AFTER = dt.timedelta(minutes=1)


def stored(key: str) -> str:
    """Return what stands in the table for a key: as much of SHA-256 as fits there."""
    digest = hashlib.sha256(key.encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest[:30]).decode()


class SessionStore(db.SessionStore):
    """Django's sessions in the database, by the hash of their keys.

    They end after some idle time, and some hours after the sign-in in any case.
    """

    def load(self) -> dict[str, Any]:
        return self._opened(self._get_session_from_db())

    async def aload(self) -> dict[str, Any]:
        return self._opened(await self._aget_session_from_db())

    def exists(self, session_key: str) -> bool:
        return super().exists(stored(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(stored(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        return self._hidden(super().create_model_instance(data))

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        return self._hidden(await super().acreate_model_instance(data))

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(stored(key))

    async def adelete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            await super().adelete(stored(key))

    def _get_session_from_db(self) -> Session | None:
        return self._found(self._current().first())

    async def _aget_session_from_db(self) -> Session | None:
        return self._found(await self._current().afirst())

    def _current(self) -> Any:
        key = stored(self.session_key or "")
        return self.model.objects.filter(
            session_key=key, expire_date__gt=timezone.now()
        )

    def _found(self, row: Session | None) -> Session | None:
        if not row:
            self._session_key = None
        return row

    def _hidden(self, row: AbstractBaseSession) -> AbstractBaseSession:
        row.session_key = stored(row.session_key)
        return row

    def _opened(self, row: Session | None) -> dict[str, Any]:
        """Return what a session holds, and have its idle time begin again."""
        data: dict[str, Any] = self.decode(row.session_data) if row else {}
        if not row or is_over(data):
            self._session_key = None
            return {}
        idle = dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
        if row.expire_date < timezone.now() + idle - REFRESH_AFTER:
            self.modified = True
        return data


def is_over(data: dict[str, Any]) -> bool:
    """Return whether somebody signed in too long ago, or nobody knows when."""
    oldest = timezone.now() - dt.timedelta(hours=settings.SESSION_HOURS)
    return WHO in data and data.get(SINCE, 0) <= oldest.timestamp()


@receiver(user_logged_in)
def begin_age(request: HttpRequest, **kwargs: Any) -> None:
    """Begin both ages; what was set before, as for a way to the provider, ends."""
    request.session.set_expiry(None)
    request.session[SINCE] = timezone.now().timestamp()


def sign_out_everywhere(user: AbstractBaseUser) -> int:
    """End all sessions of somebody, and return how many there were.

    The table does not say whose they are: each is opened. Staff have few.
    """
    store = SessionStore()
    rows = store.model.objects.filter(expire_date__gt=timezone.now())
    theirs = [
        row.pk
        for row in rows.iterator()
        if store.decode(row.session_data).get(WHO) == str(user.pk)
    ]
    deleted, _ = store.model.objects.filter(pk__in=theirs).delete()
    words = f"All sessions of user {user.pk} were ended: {deleted}."
    logs.security("sessions_ended", words, account=user.get_username())
    return deleted
