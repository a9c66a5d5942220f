"""The operators' SQL. Source: OData 4.01 Part 2, section 5.1.1.1 and 5.1.1.2.

``eq``, ``ne``, ``in`` and the order comparisons are true or false, never null: null
equals null, and is neither less nor greater than anything.
"""

from collections.abc import Sequence

from django.db.models import Func, Value

from certstates.odata.sql import FIELDS, Typed, comparable, measured
from certstates.odata.values import Edm

NULL = Typed(Edm.NULL, Value(None), nullable=True)
COMPARISONS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
ARITHMETIC = frozenset(["add", "sub", "mul", "div", "divby", "mod"])


def truth(template: str, *operands: Typed) -> Typed:
    return Typed.made(Edm.BOOLEAN, template, *operands, nullable=False)


def prepared(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Return two operands as they compare."""
    if left.type == right.type == Edm.STRING:
        left, right = comparable(left, right)
    return left, right


def equal(left: Typed, right: Typed) -> Typed:
    if Edm.NULL in (left.type, right.type):
        return is_null(left, right)
    left, right = prepared(left, right)
    if left.nullable and right.nullable:
        return truth("({0} IS NOT DISTINCT FROM {1})", left, right)
    # An index serves "=", and not IS NOT DISTINCT FROM.
    return truth(f"({{0}} = {{1}}{and_not_null(left, right)})", left, right)


def unequal(left: Typed, right: Typed) -> Typed:
    if Edm.NULL in (left.type, right.type):
        return truth("(NOT {0})", is_null(left, right))
    left, right = prepared(left, right)
    if left.nullable or right.nullable:
        return truth("({0} IS DISTINCT FROM {1})", left, right)
    return truth("({0} <> {1})", left, right)


def is_null(left: Typed, right: Typed) -> Typed:
    """Return the equality of two operands one of which is the literal null."""
    other = right if left.type == Edm.NULL else left
    return truth("TRUE") if other.type == Edm.NULL else truth("({0} IS NULL)", other)


def ordered(operator: str, left: Typed, right: Typed) -> Typed:
    if Edm.NULL in (left.type, right.type):
        return truth("FALSE")
    left, right = prepared(left, right)
    collation = ' COLLATE "C"' if left.type == Edm.STRING else ""
    sign = COMPARISONS[operator]
    return truth(
        f"({{0}}{collation} {sign} {{1}}{collation}{and_not_null(left, right)})",
        left,
        right,
    )


def and_not_null(*operands: Typed) -> str:
    """Return what makes a comparison false, and not null, where an operand is null."""
    tests = (f"{{{n}}} IS NOT NULL" for n, o in enumerate(operands) if o.nullable)
    return "".join(f" AND {test}" for test in tests)


def among(subject: Typed, choices: Sequence[Typed]) -> Typed:
    """Return whether the subject equals one of the choices; one IN for the literals."""
    literals = [c for c in choices if c.is_constant and c.type != Edm.NULL]
    others = [c for c in choices if not c.is_constant or c.type == Edm.NULL]
    tests = [equal(subject, choice) for choice in others]
    if literals and subject.type != Edm.NULL:
        tests.append(in_list(subject, literals))
    return junction("OR", tests) if tests else truth("FALSE")


def in_list(subject: Typed, literals: list[Typed]) -> Typed:
    if subject.type == Edm.STRING:
        subject, *literals = comparable(subject, *literals)
    listed = Typed(
        subject.type,
        Func(
            *(literal.sql for literal in literals),
            template="(%(expressions)s)",
            output_field=FIELDS[subject.type],
        ),
    )
    listed = measured(listed, literals)
    return truth(f"({{0}} IN {{1}}{and_not_null(subject)})", subject, listed)


def junction(operator: str, parts: Sequence[Typed]) -> Typed:
    """Return the parts joined by AND or OR, in SQL's logic of three values."""
    sql = Func(
        *(part.sql for part in parts),
        template="(%(expressions)s)",
        arg_joiner=f" {operator} ",
        output_field=FIELDS[Edm.BOOLEAN],
    )
    nullable = any(part.nullable for part in parts)
    return measured(Typed(Edm.BOOLEAN, sql, nullable), parts)


def negative(operand: Typed) -> Typed | None:
    if operand.type in (Edm.INT, Edm.DECIMAL):
        return Typed.made(operand.type, "(-{0}::numeric)", operand)
    if operand.type == Edm.DURATION:
        return Typed.made(Edm.DURATION, "(-{0})", operand)
    return NULL if operand.type == Edm.NULL else None


def arithmetic(operator: str, left: Typed, right: Typed) -> Typed | None:
    """Return the result, or None where the types have none.

    Numbers are calculated as numeric, which does not overflow. Division by zero is
    null: one row must not make the whole list fail.
    """
    if Edm.NULL in (left.type, right.type):
        return NULL
    if left.type.is_number and right.type.is_number:
        return calculated(operator, left, right)
    found = MOMENTS.get((left.type, operator, right.type))
    return found and Typed.made(found[0], found[1], left, right)


def calculated(operator: str, left: Typed, right: Typed) -> Typed:
    whole = left.type == right.type == Edm.INT
    template = {
        "add": "({0}::numeric + {1}::numeric)",
        "sub": "({0}::numeric - {1}::numeric)",
        "mul": "({0}::numeric * {1}::numeric)",
        "div": "({0}::numeric / NULLIF({1}::numeric, 0))",
        "divby": "({0}::numeric / NULLIF({1}::numeric, 0))",
        "mod": "MOD({0}::numeric, NULLIF({1}::numeric, 0))",
    }[operator]
    if operator == "div" and whole:
        template = "DIV({0}::numeric, NULLIF({1}::numeric, 0))"
    divides = operator in ("div", "divby", "mod") and right.value is None
    return Typed.made(
        Edm.INT if whole and operator != "divby" else Edm.DECIMAL,
        template,
        left,
        right,
        nullable=left.nullable or right.nullable or divides,
    )


# What dates and durations make together.
MOMENTS: dict[tuple[Edm, str, Edm], tuple[Edm, str]] = {
    (Edm.DATE_TIME_OFFSET, "add", Edm.DURATION): (
        Edm.DATE_TIME_OFFSET,
        "({0} + {1})",
    ),
    (Edm.DATE_TIME_OFFSET, "sub", Edm.DURATION): (
        Edm.DATE_TIME_OFFSET,
        "({0} - {1})",
    ),
    (Edm.DATE_TIME_OFFSET, "sub", Edm.DATE_TIME_OFFSET): (
        Edm.DURATION,
        "({0} - {1})",
    ),
    (Edm.DURATION, "add", Edm.DURATION): (Edm.DURATION, "({0} + {1})"),
    (Edm.DURATION, "sub", Edm.DURATION): (Edm.DURATION, "({0} - {1})"),
}
