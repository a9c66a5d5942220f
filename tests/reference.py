"""What expressions mean, told once more: OData's rules in plain Python.

Written from OData 4.01 Part 2, section 5.1.1, and from what this server says of texts
(any case, but an id exactly), and not from its code. A tree is a property, a literal
(None, bool, int, Decimal, str, a date, time or moment, a timedelta, a Status) or a
tuple: the name of an operator or function, and the operands.

Moments and durations count microseconds, and other numbers are fractions: so nothing
overflows or is rounded here.
"""

import datetime as dt
import decimal
import math
import operator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

BEGINNING = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class Status(IntEnum):
    none = 0
    pending = 1
    issued = 2
    failed = 3
    revoked = 4


@dataclass(frozen=True)
class Prop:
    """A property, by its name on the wire and by its key in a row."""

    name: str
    key: str


ID = Prop("id", "id")
USER = Prop("userPrincipalName", "user_principal_name")
DEVICE = Prop("managedDeviceDisplayName", "managed_device_display_name")
KEYS = Prop("certificateKeyUsages", "certificate_key_usages")
STATUS = Prop("certificateRevokeStatus", "certificate_revoke_status")
EXPIRES = Prop("certificateExpirationDateTime", "certificate_expiration_date_time")
ISSUED = Prop("certificateIssuanceDateTime", "certificate_issuance_date_time")


def holds(tree, row):
    """Return whether a row belongs to the result: neither false nor null will do."""
    return evaluate(tree, row) is True


def evaluate(tree, row):
    if isinstance(tree, Prop):
        return plain(row[tree.key])
    if not isinstance(tree, tuple):
        return plain(tree)
    name, *operands = tree
    if name == "in":
        return any(evaluate(("eq", operands[0], o), row) for o in operands[1:])
    if name in TEXT_TESTS and not any(map(is_exact, operands)):
        return strict(TEXT_TESTS[name], *(fold(evaluate(o, row)) for o in operands))
    values = [evaluate(operand, row) for operand in operands]
    if name in COMPARISONS and not any(map(is_exact, operands)):
        values = [*map(fold, values)]
    if name in LENIENT:
        return LENIENT[name](*values)
    return strict(VALUES[name], *values)


def plain(value):
    if isinstance(value, dt.datetime):
        return (value - BEGINNING) // MICROSECOND
    if isinstance(value, dt.timedelta):
        return value // MICROSECOND
    if isinstance(value, decimal.Decimal):
        return Fraction(value)
    return value


def strict(function, *values):
    """A function of null is null."""
    return None if None in values else function(*values)


def fold(value):
    return value.upper() if isinstance(value, str) else value


def is_exact(tree):
    """An id compares exactly, and so does every text that is made of one."""
    if isinstance(tree, tuple) and tree[0] in TEXT_MAKERS:
        return any(map(is_exact, tree[1:]))
    return tree == ID


# --- Operators: null is a value to these ------------------------------------------


def ordered(compare):
    return lambda a, b: a is not None and b is not None and compare(a, b)


def conjunction(*values):
    if False in values:
        return False
    return None if None in values else True


def disjunction(*values):
    if True in values:
        return True
    return None if None in values else False


COMPARISONS = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": ordered(operator.gt),
    "ge": ordered(operator.ge),
    "lt": ordered(operator.lt),
    "le": ordered(operator.le),
}
LENIENT = {**COMPARISONS, "and": conjunction, "or": disjunction}

# --- Operators and functions of values ----------------------------------------------


def divided(a, b):
    """Whole numbers have a whole quotient, cut towards zero; by zero there is none."""
    if b == 0:
        return None
    quotient = Fraction(a) / b
    whole = isinstance(a, int) and isinstance(b, int)
    return math.trunc(quotient) if whole else quotient


def rest(a, b):
    return None if b == 0 else a - b * math.trunc(Fraction(a) / b)


def half_away_from_zero(number):
    half = Fraction(1, 2)
    return math.floor(number + half) if number >= 0 else math.ceil(number - half)


def moment(microseconds):
    return BEGINNING + microseconds * MICROSECOND


def part(name):
    def read(value):
        if isinstance(value, int):
            value = moment(value)
        return getattr(value, name)

    return read


def fraction_of_second(value):
    return Fraction(part("microsecond")(value), 1_000_000)


def substring(text, start, count=None):
    begin = max(start, 0)
    return text[begin:] if count is None else text[begin : begin + max(count, 0)]


TEXT_TESTS = {
    "contains": lambda text, what: what in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "indexof": str.find,
}
TEXT_MAKERS = {
    "substring": substring,
    "tolower": str.lower,
    "toupper": str.upper,
    "trim": str.strip,
    "concat": operator.add,
}
STRICT = {
    **TEXT_MAKERS,
    "not": operator.not_,
    "negate": operator.neg,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": divided,
    "divby": lambda a, b: divided(Fraction(a), b),
    "mod": rest,
    "length": len,
    **{name: part(name) for name in ("year", "month", "day")},
    **{name: part(name) for name in ("hour", "minute", "second")},
    "fractionalseconds": fraction_of_second,
    "date": lambda value: moment(value).date(),
    "time": lambda value: moment(value).time(),
    "totaloffsetminutes": lambda value: 0,
    "totalseconds": lambda value: Fraction(value, 1_000_000),
    "now": lambda: plain(dt.datetime.now(dt.UTC)),
    "mindatetime": lambda: 0,
    "maxdatetime": lambda: plain(dt.datetime.max.replace(tzinfo=dt.UTC)),
    "round": lambda number: Fraction(half_away_from_zero(number)),
    "floor": lambda number: Fraction(math.floor(number)),
    "ceiling": lambda number: Fraction(math.ceil(number)),
}
VALUES = {**STRICT, **TEXT_TESTS}
FUNCTIONS = frozenset(VALUES) - frozenset(
    {"not", "negate", "add", "sub", "mul", "div", "divby", "mod"}
)
