"""From a tree to SQL: types are checked, and names reach declared properties only."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Value

from certstates.errors import BadRequest, NotImplementedYet, shown
from certstates.odata import syntax
from certstates.odata.functions import FUNCTIONS, NOT_OFFERED, Overload
from certstates.odata.operators import (
    ARITHMETIC,
    COMPARISONS,
    NULL,
    among,
    arithmetic,
    equal,
    junction,
    negative,
    ordered,
    unequal,
)
from certstates.odata.properties import find, unknown
from certstates.odata.sql import Typed, text, weighed
from certstates.odata.values import Edm, parse_string, parse_value

# The alias "graph" is declared in $metadata.
ENUM_TYPES = {
    Edm.REVOCATION_STATUS.lower(),
    Edm.REVOCATION_STATUS.lower().removeprefix("microsoft."),
}
LITERALS = {
    "BOOLEAN": Edm.BOOLEAN,
    "NUMBER": Edm.INT,
    "DATE_TIME_OFFSET": Edm.DATE_TIME_OFFSET,
    "DATE": Edm.DATE,
    "TIME_OF_DAY": Edm.TIME_OF_DAY,
}


def implies_duration(operator: str, operands: list[Typed]) -> bool:
    """Say whether OData calculates with these, and this server does not."""
    kinds = {operand.type for operand in operands}
    if operator in ("mul", "div"):
        return Edm.DURATION in kinds and any(kind.is_number for kind in kinds)
    return kinds <= {Edm.DATE, Edm.DURATION} and operands[0].type == Edm.DATE


class Binder:
    """Binds the trees of one query option to SQL.

    ``aliases`` are the parameter aliases of the request by name, with the ``@``; one
    that is not given is null. The functions in ``without`` are not offered here. Raises
    BadRequest or NotImplementedYet, which name the culprit and its place.
    """

    def __init__(
        self,
        option: str,
        aliases: Mapping[str, str] | None = None,
        *,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.option = option
        self.aliases = aliases
        self.without = without
        self.found: dict[str, Typed] = {}  # what the aliases stand for

    def bind(self, node: syntax.Node) -> Typed:
        bound = self._bind(node)
        if bound.excess:
            raise self.refused(node, bound.excess)
        return bound

    def _bind(self, node: syntax.Node) -> Typed:
        match node:
            case syntax.Literal():
                return self.literal(node)
            case syntax.Property(name=name):
                return self.property(node, name)
            case syntax.Alias(name=name):
                return self.alias(node, name)
            case syntax.Call(name=name):
                return self.call(node, name)
            case syntax.Membership():
                return self.membership(node)
            case syntax.Operation(operator=operator):
                return self.operation(node, operator)
            case syntax.PathBehind(name=name):
                kind = self.property(node, name).type
                raise self.refused(node, f"{name} is {kind}, which has no properties")
            case syntax.NotOffered(what=what):
                raise self.not_offered(node, what)
        raise TypeError(node)

    def condition(self, node: syntax.Node) -> Typed:
        """Bind what must be true, false or null."""
        bound = self.converted(node, self.bind(node), Edm.BOOLEAN)
        if bound.type == Edm.NULL:
            return Typed.made(Edm.BOOLEAN, "NULL::boolean", nullable=True)
        if bound.type != Edm.BOOLEAN:
            raise self.refused(node, f"expected a condition, found {bound.type}")
        return bound

    # --- Leaves -------------------------------------------------------------------

    def literal(self, node: syntax.Literal) -> Typed:
        match node.kind:
            case "NULL":
                return NULL
            case "STRING":
                return self.string(node)
            case "PREFIXED":
                return self.prefixed(node)
            case "INFINITE":
                raise self.not_offered(node, f"The number {node.text}")
            case "GUID":
                raise self.refused(node, "an id is a text: put it in quotation marks")
        return self.value(node, LITERALS[node.kind], node.text)

    def string(self, node: syntax.Literal) -> Typed:
        try:
            value = parse_string(node.text)
        except ValueError as error:
            raise self.refused(node, str(error)) from None
        return weighed(Typed(Edm.STRING, text(value), literal=value), len(value) // 64)

    def prefixed(self, node: syntax.Literal) -> Typed:
        prefix, _, rest = node.text.partition("'")
        literal = rest[:-1].replace("''", "'")
        if prefix.lower() in ENUM_TYPES:
            return self.value(node, Edm.REVOCATION_STATUS, literal)
        if prefix.lower() == "duration":
            return self.value(node, Edm.DURATION, literal)
        if prefix.lower() in ("binary", "geography", "geometry"):
            raise self.not_offered(node, f"The literal {prefix}'…'")
        raise self.refused(node, f"there is no type {shown(prefix)!r}")

    def value(self, node: syntax.Node, kind: Edm, literal: str) -> Typed:
        try:
            value = parse_value(kind, literal)
        except ValueError as error:
            raise self.refused(node, str(error)) from None
        if kind == Edm.INT and not isinstance(value, int):
            kind = Edm.DECIMAL
        # A product of long numbers is longer still, and made for every record.
        return weighed(Typed(kind, Value(value), value=value), len(literal) // 8)

    def property(self, node: syntax.Node, name: str) -> Typed:
        found = find(name)
        if found is None:
            raise self.refused(node, unknown(name))
        return found.column

    def alias(self, node: syntax.Node, name: str) -> Typed:
        if self.aliases is None:
            raise self.not_offered(node, "A parameter alias inside another")
        if name not in self.aliases:
            return NULL
        if name not in self.found:
            tree = syntax.parse(self.aliases[name], "filter", option=name)
            self.found[name] = Binder(name, without=self.without).bind(tree)
        return self.found[name]

    # --- Functions ----------------------------------------------------------------

    def call(self, node: syntax.Node, name: str) -> Typed:
        if name.lower() in NOT_OFFERED or "." in name:
            raise self.not_offered(node, f"The function {name}")
        if name.lower() in self.without:
            raise self.not_offered(node, f"An order by {name}()")
        if name.lower() not in FUNCTIONS:
            raise self.refused(node, f"there is no function {shown(name)!r}")
        arguments = [self.bind(child) for child in node.children]
        overloads = FUNCTIONS[name.lower()]
        for overload in overloads:
            found = self.fitting(node, overload, arguments)
            if found is not None:
                return NULL if NULL in found else overload.build(*found)
        given = ", ".join(argument.type for argument in arguments)
        forms = " or ".join(f"({', '.join(o.parameters)})" for o in overloads)
        raise self.refused(node, f"{name} takes {forms}, not ({given})")

    def fitting(
        self, node: syntax.Node, overload: Overload, arguments: list[Typed]
    ) -> list[Typed] | None:
        """Return the arguments as the overload takes them, or None."""
        if len(arguments) != len(overload.parameters):
            return None
        pairs = [*zip(arguments, overload.parameters, strict=True)]
        for argument, wanted in pairs:
            can_be = {
                argument.type,
                *([wanted] if argument.literal is not None else []),
            }
            # A whole number can be a decimal one, and not the other way round.
            promoted = argument.type == Edm.INT and wanted == Edm.DECIMAL
            if not promoted and not can_be & {wanted, Edm.NULL}:
                return None
        return [
            self.converted(child, argument, wanted)
            for child, (argument, wanted) in zip(node.children, pairs, strict=True)
        ]

    # --- Operators ----------------------------------------------------------------

    def operation(self, node: syntax.Operation, operator: str) -> Typed:
        if operator in ("and", "or"):
            parts = [self.condition(child) for child in node.children]
            return junction(operator.upper(), parts)
        if operator == "not":
            inner = self.condition(node.children[0])
            return Typed.made(Edm.BOOLEAN, "(NOT {0})", inner)
        if operator == "has":
            raise self.not_offered(node, "The operator has")
        operands = [self.bind(child) for child in node.children]
        if operator == "negate":
            return self.result(node, negative(*operands), operands)
        if operator in ARITHMETIC:
            return self.arithmetic(node, *operands)
        return self.comparison(node, *operands)

    def comparison(self, node: syntax.Operation, left: Typed, right: Typed) -> Typed:
        first, second = node.children
        right = self.converted(second, right, left.type)
        left = self.converted(first, left, right.type)
        self.check_alike(node, node.operator, left, right)
        if node.operator in COMPARISONS:
            return ordered(node.operator, left, right)
        return equal(left, right) if node.operator == "eq" else unequal(left, right)

    def arithmetic(self, node: syntax.Operation, left: Typed, right: Typed) -> Typed:
        if node.operator in ("div", "divby", "mod") and right.value == 0:
            raise self.refused(node, "division by zero")
        return self.result(node, arithmetic(node.operator, left, right), [left, right])

    def membership(self, node: syntax.Membership) -> Typed:
        subject, *choices = (self.bind(child) for child in node.children)
        found = []
        for child, choice in zip(node.children[1:], choices, strict=True):
            same = self.converted(child, choice, subject.type)
            self.check_alike(child, "in", subject, same)
            found.append(same)
        return among(subject, found)

    # --- Types --------------------------------------------------------------------

    def converted(self, node: syntax.Node, given: Typed, wanted: Edm) -> Typed:
        """Read a text in quotes as the type that is wanted; leave all else alone.

        Source: OData 4.01 Part 2, section 5.1.1.10.
        """
        if given.literal is None or wanted in (Edm.STRING, Edm.NULL):
            return given
        return self.value(node, wanted, given.literal)

    def check_alike(
        self, node: syntax.Node, operator: str, left: Typed, right: Typed
    ) -> None:
        types = {left.type, right.type} - {Edm.NULL}
        if len(types) < 2 or all(each.is_number for each in types):
            return
        hint = ""
        if types == {Edm.DATE, Edm.DATE_TIME_OFFSET}:
            hint = " (a moment is written 2027-01-05T00:00:00Z)"
        reason = f"{operator} cannot compare {left.type} with {right.type}{hint}"
        raise self.refused(node, reason)

    def result(
        self, node: syntax.Operation, result: Typed | None, operands: list[Typed]
    ) -> Typed:
        if result is None and implies_duration(node.operator, operands):
            raise self.not_offered(
                node, f"The operator {node.operator} for these types"
            )
        if result is None:
            types = " and ".join(operand.type for operand in operands)
            raise self.refused(node, f"{node.operator} is not defined for {types}")
        return result

    # --- Refusals -----------------------------------------------------------------

    def refused(self, node: syntax.Node, reason: str) -> BadRequest:
        return syntax.misplaced(self.option, node.at, reason)

    def not_offered(self, node: syntax.Node, what: str) -> NotImplementedYet:
        return syntax.not_offered(self.option, node.at, what)
