"""Rules: which requests a fault befalls, and which of them.

They and their counts are in the database, so "the next three" are three, whichever
worker process answers, and a restart changes nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

import orjson
from django.db import connection, transaction
from django.http import HttpRequest

from certstates.errors import BadRequest, shown
from certstates.parsers import parse_json
from certstates.testbench.faults import Fault

MOST_RULES = 100
METHOD = re.compile(r"[A-Z]{1,20}|\*", re.ASCII)

ADD = "INSERT INTO certstates_testbench_rule (rule) VALUES (%s)"
LISTED = """
SELECT number, rule, seen, injected FROM certstates_testbench_rule ORDER BY number
"""
# One statement counts and tells the number: no two requests get the same one.
SEE = """
UPDATE certstates_testbench_rule SET seen = seen + 1 WHERE number = %s RETURNING seen
"""
INJECT = """
UPDATE certstates_testbench_rule SET injected = injected + 1 WHERE number = %s
"""
CLEAR = "DELETE FROM certstates_testbench_rule"


@dataclass(frozen=True)
class Rule:
    """A fault for requests of a method and a path, and for which of them.

    Without ``next`` (so many, and no more), ``every`` (each so many-th) or
    ``probability`` (by chance, the same with the same ``seed``) it is for all.
    """

    fault: str
    method: str = "*"
    path: str = "*"
    next: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0

    @classmethod
    def parse(cls, told: Any) -> Self:
        """Return the rule that is meant, or raise BadRequest with what is wrong."""
        if not isinstance(told, dict):
            raise BadRequest("A rule is a JSON object.", target="faults")
        for name, value in told.items():
            if name not in READERS:
                known = ", ".join(READERS)
                raise BadRequest(
                    f"A rule has no {shown(name)!r}; it has {known}.",
                    target=shown(name),
                )
            READERS[name](name, value)
        if "fault" not in told:
            raise BadRequest("A rule needs a fault.", target="fault")
        chosen = [n for n in ("next", "every", "probability") if n in told]
        if len(chosen) > 1:
            raise BadRequest(
                f"A rule has one of {' and '.join(chosen)}, not both.", target=chosen[1]
            )
        return cls(**told)

    @property
    def json(self) -> dict[str, Any]:
        return {
            name: value for name, value in asdict(self).items() if value is not None
        }

    def fits(self, request: HttpRequest) -> bool:
        if self.method not in ("*", request.method):
            return False
        path = request.path_info.lower()
        return fnmatchcase(path, self.path.lower()) and self._fault.fits(request)

    def befalls(self, number: int) -> bool:
        """Say whether the fault befalls the request of this number, from 1 on."""
        if self.next is not None:
            return number <= self.next
        if self.every is not None:
            return number % self.every == 0
        if self.probability is not None:
            # Not for secrets: the same seed has to give the same faults.
            chance = random.Random(f"{self.seed}:{number}")  # noqa: S311 # nosec B311
            return chance.random() < self.probability
        return True

    @property
    def _fault(self) -> Fault:
        return Fault.parse(self.fault, target="fault")


def _read_fault(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise BadRequest("fault must be a text.", target=name)
    Fault.parse(value, target=name)


def _read_method(name: str, value: Any) -> None:
    if not isinstance(value, str) or not METHOD.fullmatch(value):
        raise BadRequest("method must be one such as GET, or *.", target=name)


def _read_path(name: str, value: Any) -> None:
    if not isinstance(value, str) or not re.match(r"[/*]", value):
        raise BadRequest(
            "path must be a pattern such as /beta/* that begins with / or *.",
            target=name,
        )


def _read_count(name: str, value: Any) -> None:
    if type(value) is not int or not 1 <= value <= 1_000_000_000:
        raise BadRequest(
            f"{name} must be a whole number from 1 to 1000000000.", target=name
        )


def _read_seed(name: str, value: Any) -> None:
    if type(value) is not int or abs(value) > 1_000_000_000:
        raise BadRequest(
            "seed must be a whole number from -1000000000 to 1000000000.", target=name
        )


def _read_probability(name: str, value: Any) -> None:
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise BadRequest("probability must be a number from 0 to 1.", target=name)


READERS = {
    "fault": _read_fault,
    "method": _read_method,
    "path": _read_path,
    "next": _read_count,
    "every": _read_count,
    "probability": _read_probability,
    "seed": _read_seed,
}


def replace_by_setting(text: str) -> None:
    """Replace all rules by those of a JSON array, if there is any text.

    Raises BadRequest with what is wrong.
    """
    if text:
        replace_all(parse_all(parse_json(text.encode())))


def parse_all(told: Any) -> list[Rule]:
    if not isinstance(told, list):
        raise BadRequest("faults must be an array of rules.", target="faults")
    return [Rule.parse(one) for one in told]


def replace_all(rules: Iterable[Rule]) -> None:
    with transaction.atomic():
        clear()
        add(rules)


def add(rules: Iterable[Rule]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for rule in rules:
            cursor.execute(ADD, [orjson.dumps(rule.json).decode()])
        if len(_stored()) > MOST_RULES:
            raise BadRequest(
                f"There can be {MOST_RULES} rules at most.", target="faults"
            )


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CLEAR)


def listed() -> list[Mapping[str, Any]]:
    """Return all rules, with how many requests each has seen and befallen."""
    return [
        {**rule.json, "seen": seen, "injected": injected}
        for _, rule, seen, injected in _stored()
    ]


def _stored() -> list[tuple[int, Rule, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(LISTED)
        rows = cursor.fetchall()
    return [
        (number, Rule(**(orjson.loads(rule) if isinstance(rule, str) else rule)), *rest)
        for number, rule, *rest in rows
    ]


def fault_for(request: HttpRequest) -> Fault | None:
    """Return the fault of the first rule that befalls a request, and count it.

    Rules behind that one do not see the request.
    """
    for number, rule, _, _ in _stored():
        if rule.fits(request) and rule.befalls(_counted(number)):
            with connection.cursor() as cursor:
                cursor.execute(INJECT, [number])
            return Fault.parse(rule.fault, target="fault")
    return None


def _counted(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(SEE, [number])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
