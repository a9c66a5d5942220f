"""What a file cannot tell of itself, and people have to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reading:
    """How to read a file where its content leaves a choice, or lacks something.

    ``date_format`` is one of ``datetime.strptime``, for dates that a culture formatted.
    ``password`` opens a PKCS#12 file. ``device`` and ``user`` are the display name and
    the user principal name for records whose source knows neither. ``encoding`` is that
    of a text that does not tell its own. No archive becomes more than ``most_bytes``.
    """

    date_format: str = ""
    password: bytes | None = field(default=None, repr=False)
    device: str | None = None
    user: str | None = None
    encoding: str = ""
    most_bytes: int = 100 * 1024 * 1024


AS_IT_IS = Reading()
