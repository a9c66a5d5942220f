"""Request bodies: JSON as RFC 8259 and OData want it, and nothing else."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from certstates.errors import BadRequest, RequestEntityTooLarge


class GraphJSONParser(BaseParser):
    """UTF-8 JSON of at most ``MAX_BODY_SIZE`` bytes, without duplicate names or NaN.

    Raises RequestEntityTooLarge, UnsupportedMediaType (another charset or a content
    encoding) or BadRequest, which says what is wrong and where.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        meta = (parser_context or {})["request"].META
        refuse_foreign_encodings(media_type or "", meta.get("HTTP_CONTENT_ENCODING"))
        return parse_json(read_within_limit(stream, int(meta["CONTENT_LENGTH"])))


def refuse_foreign_encodings(content_type: str, content_encoding: str | None) -> None:
    media_type, parameters = parse_header_parameters(content_type)
    if media_type != GraphJSONParser.media_type:  # REST framework takes */* for it
        raise UnsupportedMediaType(content_type)
    charset = parameters.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(content_type)
    if content_encoding and content_encoding.lower() != "identity":
        raise UnsupportedMediaType(
            content_type, f"Content-Encoding {content_encoding} is not supported."
        )


def read_within_limit(stream: IO[bytes], length: int) -> bytes:
    if length > settings.MAX_BODY_SIZE:
        raise RequestEntityTooLarge(
            f"The request body has {length} bytes; "
            f"{settings.MAX_BODY_SIZE} are allowed."
        )
    return stream.read(length)


def parse_json(body: bytes) -> Any:
    """Return the value, or raise BadRequest."""
    try:
        return decoder().decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8 (byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not JSON: {error.msg}, line {error.lineno} "
            f"column {error.colno}."
        ) from None
    except RecursionError:
        raise BadRequest("The JSON is nested too deeply.") from None
    except ValueError:  # the one that is left: a number of thousands of digits
        raise BadRequest("The JSON holds a number that is too long.") from None


def decoder() -> json.JSONDecoder:
    """Return what reads JSON, and refuses a name twice and NaN with BadRequest."""
    return json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = Counter(name for name, _ in pairs)
        twice = next(name for name, count in names.items() if count > 1)
        raise BadRequest(
            f"The name {twice[:50]!r} occurs twice in an object.", target=twice
        )
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise BadRequest(f"The body is not JSON: {word} is not a JSON value.")
