"""One item of a batch: what it would be on the wire, and its answer as JSON."""

import base64
import binascii
import io
import json
import re
from typing import Any, cast
from urllib.parse import unquote, unquote_to_bytes

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.encoding import iri_to_uri

from certstates.addresses import public_url, root_of
from certstates.errors import BadRequest, NotImplementedYet, shown
from certstates.headers import make_readable, readable_path
from certstates.odata.batch import Item

Environ = dict[str, Any]

INHERITED = (
    "REMOTE_ADDR",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.errors",
    "wsgi.multiprocess",
    "wsgi.multithread",
    "wsgi.run_once",
    "wsgi.version",
)
# The rest is the affair of the batch's own request (whose token, which host), or has
# no meaning here.
PASSED_ON = frozenset(
    {
        "accept",
        "client-request-id",
        "content-encoding",
        "content-type",
        "if-match",
        "if-none-match",
        "isolation",
        "odata-isolation",
        "odata-maxversion",
        "odata-version",
        "prefer",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
    }
)
HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")
UNFIT_FOR_URL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
# RFC 3986, appendix B, without a fragment.
URL = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?",
    re.IGNORECASE,
)
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def bare_environ(outer: HttpRequest, method: str) -> Environ:
    """Return a WSGI environment below the batch's own server, for no path so far."""
    return {
        **{name: outer.META[name] for name in INHERITED if name in outer.META},
        "SCRIPT_NAME": outer.META.get("SCRIPT_NAME", "").encode().decode("latin-1"),
        "REQUEST_METHOD": method,
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "CONTENT_LENGTH": "0",
        "HTTP_HOST": outer.get_host(),
        "HTTP_CLIENT_REQUEST_ID": outer.graph_client_request_id,  # type: ignore[attr-defined]
        "wsgi.url_scheme": outer.scheme,
        "wsgi.input": io.BytesIO(),
    }


def header_variables(item: Item) -> Environ:
    """Return the headers that mean something, or raise BadRequest."""
    found: Environ = {}
    for name, value in item.headers.items():
        if name.lower() not in PASSED_ON:
            continue
        variable = "HTTP_" + name.upper().replace("-", "_")
        variable = variable.replace("HTTP_CONTENT_TYPE", "CONTENT_TYPE")
        if variable in found:
            raise BadRequest(f"The header {name} is given twice.", target=name)
        if not HEADER_VALUE.fullmatch(value):
            raise BadRequest(
                f"The header {name} holds a character that no header can hold.",
                target=name,
            )
        found[variable] = value
    make_readable(found)
    return found


def address_variables(item: Item, outer: HttpRequest, root: str) -> Environ:
    """Return path and query, or raise BadRequest or NotImplementedYet.

    A url is absolute and of this server, or relative and then below one of the roots:
    the one that it begins with, or else ``root``, the batch's own.
    """
    found = _split(item.url)
    if found["scheme"] or found["authority"] is not None:
        path = _below_this_server(found, outer)
    else:
        path = _below_a_root(found["path"], outer, root)
        _refuse_reference(item)
    return {
        "PATH_INFO": readable_path("/" + unquote_to_bytes(path).decode("latin-1")),
        "QUERY_STRING": iri_to_uri(found["query"] or ""),
    }


def _split(url: str) -> re.Match[str]:
    if UNFIT_FOR_URL.search(url):
        raise BadRequest("The url holds a character that none can hold.", target="url")
    found = URL.fullmatch(url)
    if not found:
        raise BadRequest("The url holds a #, which is written %23.", target="url")
    return found


def _below_this_server(found: re.Match[str], outer: HttpRequest) -> str:
    path = found["path"] or "/"
    for base in (public_url(outer), outer.build_absolute_uri("/")):
        own = _split(base)
        if _origin(found) == _origin(own) and path.startswith(own["path"]):
            return path.removeprefix(own["path"])
    raise BadRequest(
        f"The url {shown(found[0])!r} is not below {public_url(outer)}.", target="url"
    )


def _origin(found: re.Match[str]) -> str:
    scheme = (found["scheme"] or "").lower()
    host = (found["authority"] or "").lower()
    return f"{scheme}://{host.removesuffix(DEFAULT_PORTS.get(scheme, ''))}"


def _below_a_root(path: str, outer: HttpRequest, root: str) -> str:
    # Some clients cut an absolute address behind the host, and so keep this path.
    own = _split(public_url(outer))["path"]
    path = path.removeprefix(own if path.startswith(own) else "/")
    return path if root_of(unquote(path)) else root + path


def _refuse_reference(item: Item) -> None:
    """Refuse ``$1/...``, the entity that item 1 answers with, by its name.

    Source: OData JSON Format 4.01, section 19.1.
    """
    first = re.split("[/?]", item.url, maxsplit=1)[0]
    if first.startswith("$") and first[1:] in item.depends_on:
        raise NotImplementedYet(
            f"A reference to another request ({shown(first)}) is not implemented.",
            target="url",
        )


def body_variables(item: Item) -> Environ:
    """Return the body and its length, or raise BadRequest."""
    body = _body(item.body)
    return {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}


def _body(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        return _from_base64(value)
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise BadRequest("The body is nested too deeply.", target="body") from None
    # What is not valid Unicode was an escape in the batch, and becomes one again.
    return text.encode("utf-8", "backslashreplace")


def _from_base64(text: str) -> bytes:
    """Return the bytes; both alphabets are read, with padding and without."""
    digits = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(
            "A body must be JSON, or a string that holds its bytes in base64.",
            target="body",
        ) from None


def answer(id: str, response: HttpResponseBase) -> dict[str, Any]:
    """Return an element of ``responses``. JSON goes in as it is, other text as string.

    Source: OData JSON Format 4.01, section 19.2.
    """
    whole = cast("HttpResponse | StreamingHttpResponse", response)
    found: dict[str, Any] = {
        "id": id,
        "status": response.status_code,
        "headers": dict(response.items()),
    }
    if content := whole.getvalue():
        kind = response.get("Content-Type", "").partition(";")[0]
        is_json = kind == "application/json"
        text = content.decode(errors="replace")
        found["body"] = orjson.Fragment(content) if is_json else text
    return found
