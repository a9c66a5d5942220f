"""Token requests, read strictly: RFC 6749, sections 2.3.1, 3.2 and 4.4.2."""

import base64
import binascii
import re
from collections import Counter
from urllib.parse import parse_qsl, unquote_plus

from django.http import HttpRequest
from django.utils.http import parse_header_parameters
from oauthlib.oauth2 import InvalidClientError, InvalidRequestError

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 64 * 1024
MOST_FIELDS = 100
LENGTH = re.compile(r"\d{1,9}", re.ASCII)
BASIC = re.compile(r"basic +([A-Za-z0-9+/]+=*)", re.ASCII | re.IGNORECASE)
# What is read of a request; what libraries send besides these means nothing here.
FIELDS = ("grant_type", "client_id", "client_secret", "scope")


def read_form(request: HttpRequest) -> dict[str, str]:
    """Return the fields of the body; those without a value count as left out.

    Raises InvalidRequestError for one of FIELDS in the address, another content type, a
    field given twice, and for what is not UTF-8 or has NUL.
    """
    refuse_in_address(request.META.get("QUERY_STRING", ""))
    media_type, _ = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))
    encoding = request.headers.get("Content-Encoding", "identity")
    if media_type != FORM or encoding.lower() != "identity":
        raise InvalidRequestError(f"The body must be {FORM}.")
    pairs = parsed(body_of(request))
    if twice := [name for name, n in Counter(n for n, _ in pairs).items() if n > 1]:
        raise InvalidRequestError(f"{len(twice)} of the parameters are repeated.")
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise InvalidRequestError("A parameter has NUL.")
    return {name: value for name, value in pairs if value}


def refuse_in_address(query: str) -> None:
    """Refuse what would stand in other people's logs; MSAL's request id is welcome."""
    names = {name for name, _ in parsed(query.encode("latin-1"))}
    if names.intersection(FIELDS):
        raise InvalidRequestError("Parameters belong in the body, not in the address.")


def body_of(request: HttpRequest) -> bytes:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not LENGTH.fullmatch(length) or int(length) > MOST_BYTES:
        raise InvalidRequestError(
            f"The body may have {MOST_BYTES:,} bytes.", status_code=413
        )
    return request.read(int(length))


def parsed(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:  # not UTF-8, or too many fields
        raise InvalidRequestError(
            f"The body must be UTF-8, with at most {MOST_FIELDS} parameters."
        ) from None


def with_credentials(form: dict[str, str], authorization: str | None) -> dict[str, str]:
    """Return the form with client_id and client_secret, from whichever place has them.

    Raises InvalidRequestError for credentials in both places, and InvalidClientError
    for a header that cannot be read.
    """
    if authorization is None:
        return form
    if "client_secret" in form:
        raise InvalidRequestError(
            "Credentials belong in the body or in the header, not in both."
        )
    client_id, secret = basic(authorization)
    if form.get("client_id", client_id) != client_id:
        raise InvalidRequestError("The header and the body name two clients.")
    return {**form, "client_id": client_id, "client_secret": secret}


def basic(authorization: str) -> list[str]:
    """Return client id and secret of a header, each of them form-urlencoded in it."""
    match = BASIC.fullmatch(authorization.strip())
    try:
        text = base64.b64decode(match[1] if match else "", validate=True).decode()
        client_id, secret = text.split(":", 1)
        return [unquote_plus(part, errors="strict") for part in (client_id, secret)]
    except (binascii.Error, ValueError):
        raise InvalidClientError from None
