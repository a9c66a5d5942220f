"""Where the revocation of a certificate stands."""

from enum import StrEnum
from typing import Self

from django.db import models

from certstates.models.fields import in_any_case


class Tone(StrEnum):
    """How a status is to be taken; pages give each a shape and a colour."""

    HEALTHY = "healthy"
    PROGRESS = "progress"
    ALARM = "alarm"
    DONE = "done"


class RevocationStatus(models.IntegerChoices):
    """Graph's enumeration ``certificateRevocationStatus``, with its numbers.

    The wire carries the member's name. ``none`` is the healthy one; ``issued`` means
    that the revocation *command* was issued.
    """

    NONE = 0, "Not revoked"
    PENDING = 1, "Revocation pending"
    ISSUED = 2, "Revocation command issued"
    FAILED = 3, "Revocation failed"
    REVOKED = 4, "Revoked"

    @property
    def wire_name(self) -> str:
        return self.name.lower()

    @property
    def tone(self) -> Tone:
        return TONES[self]

    @property
    def meaning(self) -> str:
        return MEANINGS[self]

    @classmethod
    def open(cls) -> list[Self]:
        """Return the states of what was meant to be revoked and is not, or not yet."""
        return [cls.PENDING, cls.ISSUED, cls.FAILED]

    @classmethod
    def from_wire(cls, text: str) -> Self:
        """Return the member that a name (in any case) or a number in a string means.

        Raises KeyError for anything else. Source: OData JSON Format 4.01, section 7.1.
        """
        words = {word: m for m in cls for word in (m.wire_name, str(m.value))}
        return words[in_any_case(text)]


TONES = {
    RevocationStatus.NONE: Tone.HEALTHY,
    RevocationStatus.PENDING: Tone.PROGRESS,
    RevocationStatus.ISSUED: Tone.PROGRESS,
    RevocationStatus.FAILED: Tone.ALARM,
    RevocationStatus.REVOKED: Tone.DONE,
}
MEANINGS = {
    RevocationStatus.NONE: "Nobody has asked for its revocation.",
    RevocationStatus.PENDING: "Its revocation is wanted and has not begun.",
    RevocationStatus.ISSUED: "The command to revoke it was issued; no answer yet.",
    RevocationStatus.FAILED: "It should be revoked, and that did not work.",
    RevocationStatus.REVOKED: "It is revoked, and no longer to be trusted.",
}
