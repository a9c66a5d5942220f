"""How long to wait before a page is asked for again."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import time
from email.utils import parsedate_to_datetime

from django.utils import timezone

LONGEST_ASKED = 300.0  # seconds; a server may ask for a day
LONGEST = 60.0


def pause(seconds: float) -> None:
    time.sleep(seconds)


def retry_after(header: str | None) -> float | None:
    """Return the seconds that a server asks for, or nothing if it does not.

    Source: RFC 9110, section 10.2.3: a number, or an HTTP date.
    """
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return min(float(text), LONGEST_ASKED)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    seconds = (moment - timezone.now()).total_seconds()
    return min(max(0.0, seconds), LONGEST_ASKED)


def wait_of(attempt: int, asked: float | None) -> float:
    """Return the seconds before the next attempt, the first of which is 1.

    No two clients that were refused together should come back together. A server that
    asks for no time at all gets what one gets that does not ask.
    """
    spread = secrets.randbelow(1000) / 1000
    if asked:
        return asked * (1 + spread / 20)
    return min(LONGEST, 2.0 ** (attempt - 1)) * (0.5 + spread / 2)
