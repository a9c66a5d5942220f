"""One import from its rows to its end, within a transaction of its caller's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, connection
from django.db import transaction as transactions
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from psycopg.errors import ProgramLimitExceeded

from certstates.copying import indexes_built_anew
from certstates.importing.laws import Judge
from certstates.importing.reading import verdict_of
from certstates.importing.staging import MANY, stage
from certstates.importing.statements import (
    ANALYZE,
    CHANGED,
    CHANGED_AND_LOCKED,
    COUNT,
    EXPECTED,
    INSERT,
    LOCK_OUT,
    NEW,
    PLACES,
    PREPARE_TO_WRITE,
    READ,
    REFUSE,
    REPEATED,
    SIZES,
    UPDATE,
)
from certstates.importing.verdicts import Kind, OnConflict, Verdict
from certstates.models import ManagedAllDeviceCertificateState as State
from certstates.sources import Row

AT_A_TIME = 10_000
FETCHED = 1_000
KINDS = {OnConflict.UPDATE: Kind.CHANGED, OnConflict.FAIL: Kind.REFUSED}

Told = Callable[[int, int], None]  # of how many are written, and of how many


class Overtaken(Exception):
    """Somebody else made a record that was to be made here."""


class Course:
    """The rows of one file on their way into the records.

    ``stage`` reads them all, ``judge`` or ``carry_out`` finds what becomes of them, and
    then ``counts`` and ``verdicts`` tell. The caller rolls the transaction back if a
    refused row is to keep the others out.
    """

    def __init__(self, on_conflict: OnConflict = OnConflict.UPDATE) -> None:
        self.on_conflict = on_conflict
        self.number = 0
        self.law = Judge()

    def stage(self, rows: Iterable[Row]) -> int:
        """Read all rows, and judge each by itself; return how many they are."""
        self.number = stage(rows, self.law)
        return self.number

    def judge(self, *, lock: bool = False) -> None:
        """Compare the rows with each other and with the records."""
        with connection.cursor() as cursor:
            cursor.execute(REPEATED)
            cursor.execute(NEW)
            if kind := KINDS.get(self.on_conflict):
                is_locked = lock and kind == Kind.CHANGED
                statement = CHANGED_AND_LOCKED if is_locked else CHANGED
                # nosemgrep: sql-built -- one of two constants
                cursor.execute(statement, [kind])
            if self.number >= MANY:
                cursor.execute(PREPARE_TO_WRITE)

    def carry_out(
        self, *, keep_going: bool = False, alone: bool = False, told: Told | None = None
    ) -> None:
        """Judge and write; unless ``keep_going``, a refused row keeps all others out.

        ``alone`` may keep everybody else from the table, to be done sooner.
        """
        is_alone = alone and self.locked_out()
        while True:
            try:
                with transactions.atomic():  # what was judged is undone with the rest
                    self.judge(lock=True)
                    if keep_going or not self.counts()[Kind.REFUSED]:
                        self.write(told or said_nothing, alone=is_alone)
                    return
            except Overtaken:
                continue

    def locked_out(self) -> bool:
        """Keep all others out if that pays: if many rows come into a table of few.

        That is asked before the table is touched: who holds a lock already, and wants
        the strongest, may wait for another one who wants it too.
        """
        if self.number < MANY:
            return False
        with connection.cursor() as cursor:
            cursor.execute(SIZES)
            table, staged = cursor.fetchone()
            if 2 * table > staged:
                return False
            cursor.execute(LOCK_OUT)
        return True

    def write(self, told: Told, *, alone: bool) -> None:
        """Write what was judged, in slices, so that one can see it going on."""
        with connection.cursor() as cursor:
            *changed, changes = places(cursor, Kind.CHANGED)
            *new, news = places(cursor, Kind.NEW)
            writing = Writing(cursor, self.law.moment, told, changes + news)
            with anew(cursor) if alone and news >= MANY else nullcontext():
                writing.write(UPDATE, *changed)
                writing.write(INSERT, *new)
            if changes + news >= MANY:
                cursor.execute(ANALYZE)

    def counts(self) -> Counter[Kind]:
        """Return how many rows of each kind there are."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT)
            return Counter({Kind(kind): number for kind, number in cursor.fetchall()})

    def verdicts(
        self, *, unchanged: bool = True, accepted: bool = True
    ) -> Iterator[Verdict]:
        """Yield what becomes of the rows, in the file's order; those of these kinds."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(READ, [unchanged, accepted])
            while rows := cursor.fetchmany(FETCHED):
                yield from map(verdict_of, rows)


class Writing:
    """The slices of one writing statement after the other."""

    def __init__(
        self, cursor: CursorWrapper, moment: Any, told: Told, number: int
    ) -> None:
        self.cursor, self.moment, self.told = cursor, moment, told
        self.number, self.done = number, 0

    def write(self, statement: str, first: int | None, last: int | None) -> None:
        """Write the rows of all places; what the database refuses is left out."""
        if first is None or last is None:
            return
        for begin in range(first, last + 1, AT_A_TIME):
            self.write_slice(statement, begin, min(begin + AT_A_TIME - 1, last))
            self.told(self.done, self.number)

    def write_slice(self, statement: str, first: int, last: int) -> None:
        try:
            with transactions.atomic():
                written = self.send(statement, first, last)
        except (IntegrityError, DataError, OperationalError) as error:
            refuse_other(error)
            self.find(statement, first, last, error)
        else:
            self.done += written

    def send(self, statement: str, first: int, last: int) -> int:
        values = {"first": first, "last": last, "moment": self.moment}
        # nosemgrep: sql-built -- one of two constants
        self.cursor.execute(statement, values)
        written = int(self.cursor.rowcount)
        if statement is INSERT and written < self.expected(first, last):
            raise Overtaken
        return written

    def expected(self, first: int, last: int) -> int:
        self.cursor.execute(EXPECTED, [first, last])
        return int(self.cursor.fetchone()[0])

    def find(self, statement: str, first: int, last: int, error: Exception) -> None:
        """Refuse what breaks a constraint, found by halves, and write the rest."""
        if first == last:
            self.cursor.execute(REFUSE, [sentence(error), first])
            return
        middle = (first + last) // 2
        self.write_slice(statement, first, middle)
        self.write_slice(statement, middle + 1, last)


def said_nothing(done: int, number: int) -> None:
    """Tell nobody."""


def places(cursor: CursorWrapper, kind: Kind) -> tuple[int | None, int | None, int]:
    """Return the first and the last place of a kind, and how many there are."""
    cursor.execute(PLACES, [kind])
    first, last, number = cursor.fetchone()
    return first, last, number


def anew(cursor: CursorWrapper) -> AbstractContextManager[None]:
    return indexes_built_anew(cursor, sql.Identifier(State._meta.db_table))


def refuse_other(error: Exception) -> None:
    """Raise again what is not the fault of a row."""
    is_operational = isinstance(error, OperationalError)
    if is_operational and not isinstance(error.__cause__, ProgramLimitExceeded):
        raise error


def sentence(error: Exception) -> str:
    """Return what the database says of one row, without the row."""
    said = str(error).partition("\n")[0]
    return f"The database refuses it: {said.rstrip('.')}."
