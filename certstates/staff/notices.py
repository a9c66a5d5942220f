"""Django's messages, such as "was changed successfully", on their way to the next page.

Their cookie bears the prefix of all cookies here, so that no other host can set it.
"""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    cookie_name = f"{settings.COOKIE_PREFIX}messages"


class NoticeStorage(FallbackStorage):
    """Keeps what is short in the cookie, and what is long in the session."""

    storage_classes = (HostCookieStorage, SessionStorage)
