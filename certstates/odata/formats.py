"""Which JSON an answer is in: how much control information, and how numbers look.

Source: OData JSON Format 4.01, section 3 (media type parameters); ``$format`` overrides
``Accept`` (OData 4.01 Part 2, section 5.1.9). The prefix ``odata.`` is optional.
"""

from dataclasses import dataclass
from typing import Self

from django.http.request import MediaType
from rest_framework.request import Request

from certstates.errors import NotAcceptable, shown
from certstates.headers import parsed
from certstates.negotiation import JSON, SHORT_NAMES, media_ranges, quality

LEVELS = ("none", "minimal", "full")


@dataclass(frozen=True)
class Format:
    """JSON with a level of control information (``odata.metadata``)."""

    level: str = "minimal"
    # Whether 64-bit integers, which JavaScript cannot hold, are strings.
    ieee754_compatible: bool = False

    @property
    def content_type(self) -> str:
        return (
            f"application/json;odata.metadata={self.level};odata.streaming=true;"
            f"IEEE754Compatible={str(self.ieee754_compatible).lower()};charset=utf-8"
        )

    @classmethod
    def of(cls, accepted: MediaType) -> Self | None:
        """Return the format that a media type or range asks for, if there is one."""
        if accepted.main_type not in ("application", "*") or (
            accepted.sub_type not in ("json", "*")
        ):
            return None
        params = {
            name.lower().removeprefix("odata."): str(value).lower()
            for name, value in accepted.params.items()
        }
        level = params.get("metadata", "minimal")
        compatible = params.get("ieee754compatible", "false")
        known = (
            level in LEVELS
            and compatible in ("true", "false")
            and params.get("charset", "utf-8") in ("utf-8", "utf8")
            and "odata" not in params  # version 3: odata=verbose and the like
        )
        return cls(level, compatible == "true") if known else None


def negotiate(request: Request, format_option: str | None = None) -> Format:
    """Return the format of the answer, or raise NotAcceptable."""
    if format_option is not None:
        return named(format_option)
    if quality(request, JSON):
        for media_type in media_ranges(request):
            found = Format.of(media_type)
            if found:
                return found
    raise NotAcceptable(target="Accept")


def named(option: str) -> Format:
    """Return the format that ``$format`` names."""
    media_type = parsed(SHORT_NAMES.get(option.strip().lower(), option))
    found = Format.of(media_type) if media_type else None
    if found is None:
        raise NotAcceptable(
            f"$format={shown(option)} is not offered; json is, and "
            "application/json;odata.metadata=none, minimal or full.",
            target="$format",
        )
    return found
