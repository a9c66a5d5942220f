"""Cases of the OData ABNF: how each is read here, and why it may end otherwise.

A case is a text, the rule that it is for, and whether the rule takes it. The model of
others has other names: what is compared is whether a text is read, not what it finds.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from django.http import QueryDict
from django.test import RequestFactory

from certstates.errors import BadRequest, GraphError, NotImplementedYet
from certstates.middleware import foreign_version, isolated
from certstates.odata import options, syntax
from certstates.odata.batch import parse_batch
from certstates.odata.expressions import Binder
from certstates.odata.formats import named
from certstates.odata.preferences import Preferences
from certstates.odata.values import Edm, parse_value
from certstates.views import CertificateStateViewSet

READ = "read, as the ABNF says"
REFUSED = "refused, as the ABNF says"
NOT_OFFERED = "valid, and refused by its name as not implemented"
OWN = "valid, and refused for a reason of this server's"
PASSED_OVER = "valid, and passed over, as a preference or foreign header may be"
LENIENT = "not valid, and read all the same"

# Names of the case's own model, which is not this server's.
FOREIGN_NAME = re.compile(r"has no property|there is no (function|type)")


@dataclass(frozen=True)
class Case:
    rule: str
    text: str
    valid: bool = True


class PassedOver(Exception):
    pass


def load(path):
    """Return the cases of OASIS's file, of those rules that are read here."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    cases = [Case(c["Rule"], c["Input"], "FailAt" not in c) for c in found]
    return [case for case in cases if is_ours(case)], len(cases)


def is_ours(case):
    """Say whether this server reads what the case is about."""
    if case.rule in ADDRESSES:
        path, mark, _ = case.text.partition("?")
        return bool(mark) and "$" not in path.replace("/$count", "")
    return case.rule in READERS


def ending_of(case):
    """Return how the case ends, one of the six above, and the words of a refusal."""
    try:
        READERS[case.rule](case.text)
    except PassedOver:
        return (PASSED_OVER if case.valid else REFUSED), ""
    except (GraphError, ValueError) as error:
        words = str(error)
        if not case.valid:
            return REFUSED, words
        missing = isinstance(error, NotImplementedYet) or "not implemented" in words
        return (NOT_OFFERED if missing else OWN), words
    return (READ if case.valid else LENIENT), ""


# --- Readers, one for each rule ---------------------------------------------------


def expression(text, start="filter", option="$filter"):
    """Parse a text, and look up whatever does not depend on a model's names."""
    tree = syntax.parse(text, start, option=option)
    for item in tree if isinstance(tree, tuple) else (tree,):
        look_into(item, option)


def look_into(node, option):
    if not isinstance(node, syntax.SortItem):
        try:
            Binder(option, {}).bind(node)
        except BadRequest as error:
            if isinstance(node, syntax.Literal) and not FOREIGN_NAME.search(str(error)):
                raise
    for child in node.children:
        look_into(child, option)


def select(text):
    for item in syntax.parse(text, "select", option="$select"):
        if isinstance(item, syntax.NotOffered):
            raise NotImplementedYet(f"{item.what} is not implemented.")


OPTIONS = {
    "count": options.true_or_false,
    "expand": options.expand,
    "filter": expression,
    "format": named,
    "orderby": lambda text: expression(text, "orderby", "$orderby"),
    "search": lambda text: syntax.parse(text, "search", option="$search"),
    "select": select,
    "skip": options.skipped,
    "top": options.page_size,
}


def query(text):
    offered = CertificateStateViewSet.list_options | {"deltatoken"}
    given, aliases = options._given(QueryDict(text), offered)
    for value in aliases.values():
        expression(value)
    for name, value in given.items():
        OPTIONS.get(name, str)(value)


def address(text):
    query(text.partition("?")[2])


def literal(text):
    expression(unquote(text))


def value_of(kind):
    return lambda text: parse_value(kind, text)


def preference(text):
    found = Preferences.of(text.removeprefix("Prefer:"))
    if not (found.returns or found.page_size):
        raise PassedOver


def header(text):
    name, _, value = text.partition(":")
    request = RequestFactory().get("/", headers={name: value.strip()})
    request.graph_request_id = request.graph_client_request_id = ""
    answer = foreign_version(request) or isolated(request)
    if answer:
        raise ValueError(answer.content.decode())
    if not re.fullmatch(r"odata-(max)?version", name, re.IGNORECASE):
        raise PassedOver


def batch_id(text):
    item = {"id": text, "method": "GET", "url": "/"}
    parse_batch({"requests": [item]})


ADDRESSES = ("odataRelativeUri", "odataUri")
SHAPES = "Collection LineString MultiLineString MultiPoint MultiPolygon Point Polygon"
PLACES = [kind + s for s in SHAPES.split() for kind in ("geography", "geometry")]

READERS = {
    **dict.fromkeys(ADDRESSES, address),
    **dict.fromkeys(
        [
            *("queryOptions", "systemQueryOption", "customQueryOption", "compute"),
            *("deltatoken", "expand", "filter", "orderby", "orderBy", "search"),
            *("select", "skiptoken"),
        ],
        query,
    ),
    **dict.fromkeys(
        [
            *("commonExpr", "boolCommonExpr", "boolcommonExpr", "firstMemberExpr"),
            *("isofExpr", "notExpr", "propertyPathExpr", "odataIdentifier"),
            *("primitiveLiteral", "binaryLiteral", "dateTimeOffsetLiteral"),
            *("dateTimeOffsetValueInUrl", "decimalLiteral", "doubleLiteral"),
            *("durationLiteral", "enumLiteral", "guid", "int16Literal"),
            *("int32Literal", "int64Literal", "null", "sbyteLiteral"),
            *("singleLiteral", "stringLiteral", "timeOfDayLiteral"),
            *PLACES,
        ],
        literal,
    ),
    "anyExpr": lambda text: expression(f"x/{text}"),
    "functionParameter": lambda text: expression(f"f({text})"),
    "stringInUrl": lambda text: literal(f"x in [{text}]"),
    "searchExpr": lambda text: OPTIONS["search"](unquote(text)),
    "boolean": value_of(Edm.BOOLEAN),
    "booleanValue": value_of(Edm.BOOLEAN),
    "date": value_of(Edm.DATE),
    "dateValue": value_of(Edm.DATE),
    "dateTimeOffsetValue": value_of(Edm.DATE_TIME_OFFSET),
    "durationValue": value_of(Edm.DURATION),
    "timeOfDayValue": value_of(Edm.TIME_OF_DAY),
    **dict.fromkeys(
        [
            *("byteValue", "decimalValue", "doubleValue", "int16Value", "int32Value"),
            *("int64Value", "sbyteValue", "singleValue"),
        ],
        value_of(Edm.DECIMAL),
    ),
    **dict.fromkeys(
        [
            *("prefer", "preference", "maxpagesizePreference"),
            "includeAnnotationsPreference",
        ],
        preference,
    ),
    "header": header,
    "request-id": batch_id,
}
