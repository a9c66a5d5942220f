"""What one moment has seen of all writing, and what is new since.

PostgreSQL numbers a transaction when it begins to write, and shows what it wrote when
it ends. The numbers end in any order, so "all above the greatest number seen" loses
whatever began early and ended late. A snapshot knows the numbers that were open.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Self

from django.db import connection
from django.db.models import Q

# The history is this database's on this server, up to a recovery, which begins another
# timeline: numbers are given again there, for other writing. It also ends when the
# table of the removed is emptied, which gives that table another file.
MOMENT = """
SELECT pg_current_snapshot()::text,
       pg_current_xact_id_if_assigned()::text,
       statement_timestamp(),
       hashtextextended(concat_ws('/',
           (SELECT system_identifier FROM pg_control_system()),
           (SELECT oid FROM pg_database WHERE datname = current_database()),
           left(pg_walfile_name(pg_current_wal_lsn()), 8),
           pg_relation_filenode('certstates_removedstate')), 0)
"""


@dataclass(frozen=True)
class Snapshot:
    """The transactions that were over: all below ``xmax`` but those ``running``.

    ``xmin`` is the lowest number that was not over.
    """

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what PostgreSQL's text form means: ``xmin:xmax:running,running``."""
        xmin, xmax, running = text.split(":")
        numbers = (int(number) for number in running.split(",") if number)
        return cls(int(xmin), int(xmax), frozenset(numbers))

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, sorted(self.running)))}"

    def seen(self) -> Q:
        """Select the rows that were last written by what was over."""
        return Q(version__lt=self.xmax) & ~Q(version__in=self.running)

    def unseen(self) -> Q:
        """Select the others; the first comparison is there for the index."""
        late = Q(version__gte=self.xmax) | Q(version__in=self.running)
        return Q(version__gte=self.xmin) & late


@dataclass(frozen=True)
class Moment:
    """Now: what is seen, the time, and a number for the history that it stands in."""

    snapshot: Snapshot
    time: dt.datetime
    history: int

    @classmethod
    def now(cls) -> Self:
        with connection.cursor() as cursor:
            cursor.execute(MOMENT)
            text, own, time, history = cursor.fetchone()
        snapshot = Snapshot.parse(text)
        if own:  # PostgreSQL shows a transaction to itself; it may write yet more
            running = snapshot.running | {int(own)}
            snapshot = Snapshot(snapshot.xmin, snapshot.xmax, running)
        return cls(snapshot, time, history)

    def follows(self, snapshot: Snapshot, *, history: int) -> bool:
        """Say whether this history once was at that snapshot."""
        return history == self.history and snapshot.xmax <= self.snapshot.xmax
