"""Hypothesis strategies: rows and expressions in which much can go wrong.

Letters are those whose upper and lower case is the same one letter to Python and to
every PostgreSQL: no sharp s, no dotless i, no final sigma.
"""

import datetime as dt
from functools import cache

from hypothesis import strategies as st

from tests.filter_rows import utc
from tests.reference import DEVICE, EXPIRES, ID, ISSUED, KEYS, STATUS, USER, Status

LETTERS = "aAbBzZ09 éÉяЯ日😀'\"%_\\,()-$+&#?=;\u00a0"
TEXTS = st.text(LETTERS, max_size=5)
IDS = st.text(LETTERS, min_size=1, max_size=4)
INTS = st.sampled_from([0, 1, -1, 2, 3, -7, 160, 2**31 - 1, -(2**31)])
DIVISORS = st.sampled_from([1, 2, -2, 3, 7, 2**31])
EXACT_DIVISORS = st.sampled_from([1, 2, -4, 5, 8])  # whose quotients have an end
DECIMALS = st.decimals(-100, 100, places=2)
MOMENTS = st.sampled_from(
    [
        utc(1, 1, 1),
        utc(9999, 12, 31, 23, 59, 59, 999999),
        utc(2024, 2, 29, 12, 30),
        utc(1969, 12, 31, 23, 59, 59, 999999),
        utc(2027, 1, 5, 10, 0, 0, 1),
    ]
) | st.datetimes(timezones=st.just(dt.UTC))
DAYS = dt.timedelta(days=1)
DURATIONS = st.timedeltas(-40_000 * DAYS, 40_000 * DAYS)

ROWS = st.fixed_dictionaries(
    {
        "id": IDS,
        USER.key: st.none() | TEXTS,
        DEVICE.key: st.none() | TEXTS,
        KEYS.key: st.none() | INTS,
        STATUS.key: st.sampled_from([*map(int, Status)]),
        EXPIRES.key: MOMENTS,
        ISSUED.key: MOMENTS,
    }
)
TABLES = st.lists(ROWS, max_size=5, unique_by=lambda row: row["id"])

ORDERS = st.sampled_from(["lt", "le", "gt", "ge"])
COMPARISONS = ORDERS | st.sampled_from(["eq", "ne"])
TEXT_TESTS = st.sampled_from(["contains", "startswith", "endswith"])
DATE_PARTS = st.sampled_from(["year", "month", "day"])
TIME_PARTS = st.sampled_from(["hour", "minute", "second"])


def one(name, *operands):
    """Return a strategy of trees with this operator, or one of these."""
    names = st.just(name) if isinstance(name, str) else name
    return st.tuples(names, *operands)


@cache
def texts(depth):
    leaves = st.sampled_from([USER, DEVICE, ID]) | TEXTS | st.none()
    if not depth:
        return leaves
    inner, number = texts(depth - 1), ints(0)
    return st.one_of(
        leaves,
        one("concat", inner, inner),
        one(st.sampled_from(["tolower", "toupper", "trim"]), inner),
        one("substring", inner, number),
        one("substring", inner, number, number),
    )


@cache
def ints(depth):
    leaves = st.just(KEYS) | INTS | st.none()
    if not depth:
        return leaves
    inner, moment = ints(depth - 1), st.sampled_from([EXPIRES, ISSUED])
    return st.one_of(
        leaves,
        one("length", texts(depth - 1)),
        one("indexof", texts(depth - 1), texts(depth - 1)),
        one(DATE_PARTS | TIME_PARTS, moment),
        one(DATE_PARTS, one("date", moment)),
        one(TIME_PARTS, one("time", moment)),
        one(st.sampled_from(["add", "sub", "mul"]), inner, inner),
        one(st.sampled_from(["div", "mod"]), inner, DIVISORS | st.just(KEYS)),
        one("negate", inner),
    )


@cache
def numbers(depth):
    leaves = ints(depth) | DECIMALS
    if not depth:
        return leaves
    inner = numbers(depth - 1)
    return st.one_of(
        leaves,
        one(st.sampled_from(["round", "floor", "ceiling"]), inner),
        one(st.sampled_from(["add", "sub", "mul"]), inner, inner),
        one("mod", inner, DIVISORS | st.just(KEYS)),
        one("divby", inner, EXACT_DIVISORS),
        one("totalseconds", durations(depth - 1)),
        one("fractionalseconds", st.sampled_from([EXPIRES, ISSUED])),
    )


@cache
def moments(depth):
    ends = st.sampled_from([("mindatetime",), ("maxdatetime",)])
    leaves = st.sampled_from([EXPIRES, ISSUED]) | MOMENTS | ends
    if not depth:
        return leaves
    inner = moments(depth - 1)
    # Not by any difference of moments: PostgreSQL's calendar begins in 4713 BC.
    moved = one(st.sampled_from(["add", "sub"]), inner, DURATIONS)
    return leaves | moved


@cache
def durations(depth):
    if not depth:
        return DURATIONS
    inner, moment = durations(depth - 1), moments(depth - 1)
    return st.one_of(
        DURATIONS,
        one("sub", moment, moment),
        one(st.sampled_from(["add", "sub"]), inner, inner),
        one("negate", inner),
    )


@cache
def conditions(depth):
    leaves = st.sampled_from([True, False, None]) | one(TEXT_TESTS, texts(1), texts(1))
    status = st.sampled_from([*Status]) | st.none()
    if not depth:
        return leaves
    inner = conditions(depth - 1)
    return st.one_of(
        leaves,
        *(compared(kind(depth - 1)) for kind in (texts, numbers, moments, durations)),
        one(COMPARISONS, st.just(STATUS), status),
        one(COMPARISONS, status, st.just(STATUS)),
        one("in", st.just(STATUS), status, status),
        one(COMPARISONS, inner, inner),
        one(COMPARISONS, *[one("date", st.sampled_from([EXPIRES, ISSUED]))] * 2),
        one("not", inner),
        one(st.sampled_from(["and", "or"]), inner, inner),
        one(st.sampled_from(["and", "or"]), inner, inner, inner),
        one("in", inner, inner, inner),
    )


def compared(operands):
    return st.one_of(
        one(COMPARISONS, operands, operands),
        one("in", operands),
        one("in", operands, operands, operands),
    )
