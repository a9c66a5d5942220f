"""Who has an account to sign in with, and to stay signed in with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend


class StaffBackend(ModelBackend):
    """Django's accounts, of staff only: nobody else has a door here.

    Who is no longer active or staff is signed out with their next request.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user) and user.is_staff)
