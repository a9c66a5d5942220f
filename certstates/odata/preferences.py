"""The header ``Prefer``: what a client would like, and what of it is done.

Source: RFC 7240 and OData 4.01 Part 1, section 8.2.8. A preference that is unknown or
makes no sense is passed over, as both demand; what was done is said in
``Preference-Applied``.
"""

import re
from dataclasses import dataclass
from typing import Self

from certstates.odata.options import PAGE_SIZE, whole_number

# preference = token [ "=" word ] *( ";" [ parameter ] ); a word may be quoted.
PREFERENCE = re.compile(
    r'(?P<name>[!#$%&\'*+.^_`|~\w-]+)\s*(?:=\s*(?:"(?P<quoted>[^"]*)"|'
    r'(?P<bare>[^\s",;]*)))?\s*(?:;.*)?'
)
LONGEST_HEADER = 1_024


@dataclass(frozen=True)
class Preferences:
    """What a client would like.

    ``returns`` is ``minimal``, ``representation`` or None; ``page_size`` is capped like
    ``$top``; ``page_size_name`` is that preference's name as the client wrote it.
    """

    returns: str | None = None
    page_size: int | None = None
    page_size_name: str = ""

    @classmethod
    def of(cls, header: str) -> Self:
        """Read the header; the first of two equal preferences counts."""
        given: dict[str, tuple[str, str]] = {}
        for part in header[:LONGEST_HEADER].split(","):
            match = PREFERENCE.fullmatch(part.strip())
            if not match:
                continue
            value = match["quoted"] or match["bare"] or ""
            name = match["name"].lower().removeprefix("odata.")
            given.setdefault(name, (match["name"], value))
        _, returns = given.get("return", ("", ""))
        name, size = given.get("maxpagesize", ("", ""))
        number = whole_number(size)
        return cls(
            returns=returns if returns in ("minimal", "representation") else None,
            page_size=min(number, PAGE_SIZE) if number else None,
            page_size_name=name.lower(),
        )

    @property
    def wants_nothing_back(self) -> bool:
        return self.returns == "minimal"

    def applied_to_write(self) -> dict[str, str]:
        """Return the header that answers a POST or PATCH."""
        return {"Preference-Applied": f"return={self.returns}"} if self.returns else {}

    def applied_to_list(self) -> dict[str, str]:
        """Return the header that answers a list."""
        if not self.page_size:
            return {}
        return {"Preference-Applied": f"{self.page_size_name}={self.page_size}"}
