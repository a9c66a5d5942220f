"""Where the revocation of a certificate stands."""

from typing import Self

from django.db import models


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

    @classmethod
    def from_wire(cls, text: str) -> Self:
        """Return the member that a name (in any case) or a number in a string means.

        Raises KeyError for anything else. Source: OData JSON Format 4.01, section 7.1.
        """
        words = {word: m for m in cls for word in (m.wire_name, str(m.value))}
        return words[text.lower()]
