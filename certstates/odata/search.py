"""``$search``: words and phrases, looked for in every text of a record.

A word or phrase matches where a text contains it, in any case; the id contains it as
it is written, and the revocation status matches by its whole name (a part of ``none``
would find nearly everything). ``"property:value"``, in quotation marks, looks in one
property. Source: OData 4.01 Part 2, section 5.1.8, and Graph's form of it.
"""

import difflib

from certstates.errors import BadRequest, shown
from certstates.models import RevocationStatus, in_any_case
from certstates.odata import syntax
from certstates.odata.functions import FUNCTIONS
from certstates.odata.operators import junction, truth
from certstates.odata.properties import PROPERTIES, Property, find
from certstates.odata.sql import Typed, text
from certstates.odata.values import Edm, parse_value, storable_text

OPTION = "$search"
MOST_TERMS = 100  # each is compared with every text of every record
[CONTAINS] = FUNCTIONS["contains"]
TEXTS = [found for found in PROPERTIES.values() if found.type == Edm.STRING]
[STATUS] = [p for p in PROPERTIES.values() if p.type == Edm.REVOCATION_STATUS]
STATUS_NAMES = {member.wire_name: member.value for member in RevocationStatus}


def bind_search(node: syntax.Node) -> Typed:
    """Return the condition that a search stands for; it is true, or it is not."""
    if node.size > MOST_TERMS:
        raise BadRequest(
            f"{OPTION} has more than {MOST_TERMS} words, phrases and operators.",
            target=OPTION,
        )
    match node:
        case syntax.Term(quoted=True):
            return phrase(node)
        case syntax.Term():
            return word(node)
        case syntax.Operation(operator="not"):
            return truth("({0} IS NOT TRUE)", bind_search(node.children[0]))
        case syntax.Operation(operator=operator):
            parts = [bind_search(child) for child in node.children]
            return junction(operator.upper(), parts)
    raise TypeError(node)


def word(node: syntax.Term) -> Typed:
    name, colon, _ = node.text.partition(":")
    if colon and find(name):
        raise refused(node, f'a property stands in quotation marks: "{name}:…"')
    return anywhere(storable(node, node.text))


def phrase(node: syntax.Term) -> Typed:
    name, colon, value = node.text.partition(":")
    found = find(name.strip()) if colon else None
    value = storable(node, value.strip() if found else node.text)
    if found is None:
        refuse_misspelled(node, name if colon else "")
        return anywhere(value)
    if not value:
        raise refused(node, f"what to look for is missing after {found.name}")
    if found.type == Edm.STRING:
        return contains(found, value)
    if found.type == Edm.REVOCATION_STATUS:
        return has_status(node, value)
    raise refused(node, f"{found.name} holds no text; $filter can compare it")


def refuse_misspelled(node: syntax.Term, name: str) -> None:
    """Refuse what is nearly a property; a colon may well be a part of a text."""
    meant = difflib.get_close_matches(in_any_case(name), PROPERTIES, n=1, cutoff=0.8)
    if meant:
        right = PROPERTIES[meant[0]].name
        raise refused(
            node, f"there is no property {shown(name)!r}; did you mean {right}?"
        )


def anywhere(value: str) -> Typed:
    tests = [contains(found, value) for found in TEXTS]
    status = STATUS_NAMES.get(in_any_case(value))
    if status is not None:
        tests.append(truth(f"({{0}} = {status})", STATUS.column))
    return junction("OR", tests)


def contains(found: Property, value: str) -> Typed:
    literal = Typed(Edm.STRING, text(value), literal=value)
    return CONTAINS.build(found.column, literal)


def has_status(node: syntax.Term, value: str) -> Typed:
    try:
        number: int = parse_value(Edm.REVOCATION_STATUS, value)
    except ValueError as error:
        raise refused(node, str(error)) from None
    return truth(f"({{0}} = {number})", STATUS.column)


def storable(node: syntax.Term, value: str) -> str:
    """Return what can stand in a text of PostgreSQL; refuse NUL."""
    try:
        return storable_text(value)
    except ValueError as error:
        raise refused(node, str(error)) from None


def refused(node: syntax.Term, reason: str) -> BadRequest:
    return syntax.misplaced(OPTION, node.at, reason)
