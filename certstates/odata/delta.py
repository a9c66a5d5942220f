"""Change tracking: what was created, changed and removed since a delta token.

Source: OData 4.01 Part 1, section 11.3. A client reads in rounds. The first has every
record, each later one what was written since the round before. A round's end is fixed
when it begins, so that it ends however fast others write; what they write meanwhile
comes with the next round.
"""

import datetime as dt
import heapq
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from django.core import signing
from django.db.models import (
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.lookups import GreaterThan

from certstates.errors import BadRequest, SyncStateNotFound
from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
    RemovedState,
)
from certstates.odata.options import Options
from certstates.odata.paging import unsigned
from certstates.odata.snapshot import Moment, Snapshot

SIGNER = signing.Signer(salt="certstates.deltatoken")
PLACE_SIGNER = signing.Signer(salt="certstates.delta.skiptoken")
BEGIN_AGAIN = "; begin again without a token"
LATEST = "latest"  # Graph's word for "from now on"

Item = ManagedAllDeviceCertificateState | RemovedState
Place = tuple[int | str, ...]


class Row(Func):
    """SQL's row value: compared as a whole, it is one step into an index."""

    function = "ROW"
    output_field = TextField()  # nothing reads it; Django wants one


@dataclass(frozen=True)
class Round:
    """What was written after the snapshot ``since``, or everything, up to ``until``."""

    since: Snapshot | None
    until: Snapshot
    begun: dt.datetime

    @property
    def order(self) -> tuple[str, ...]:
        return ("version", "id") if self.since else ("id",)

    def place_of(self, item: Item) -> Place:
        return tuple(getattr(item, name) for name in self.order)

    def read(self, *, after: Place | None, most: int) -> list[Item]:
        """Return the next records and removals.

        Two statements may read them: a round's rows can leave it between the two, by
        being written again, but none can come in.
        """
        found = heapq.merge(
            self._part(self._records(), after, most),
            self._part(self._removals(), after, most),
            key=self.place_of,
        )
        return list(islice(found, most))

    def _part(
        self, rows: QuerySet[Any], after: Place | None, most: int
    ) -> QuerySet[Any]:
        if after is not None:
            rows = rows.filter(GreaterThan(Row(*self.order), Row(*map(Value, after))))
        # nosemgrep: orm-names -- one of two constants
        return rows.order_by(*self.order)[:most]

    def _records(self) -> CertificateStateQuerySet:
        records = ManagedAllDeviceCertificateState.objects.all()
        if self.since:
            return records.filter(self.since.unseen() & self.until.seen())
        # A record that is written again meanwhile was there all the same.
        return records.filter(self.until.seen() | Q(created_at__lte=self.begun))

    def _removals(self) -> QuerySet[RemovedState]:
        if not self.since:
            return RemovedState.objects.none()
        # Not an anti-join, for which the planner may prefer to read the whole table.
        records = ManagedAllDeviceCertificateState.objects.filter(id=OuterRef("id"))
        return RemovedState.objects.alias(again=Subquery(records.values("id"))).filter(
            self.since.unseen() & self.until.seen(), again=None
        )


@dataclass(frozen=True)
class DeltaPage:
    """Some records and removals, in order, and one of two tokens.

    ``skiptoken`` leads to the round's next page, ``deltatoken`` to the next round.
    """

    items: list[Item]
    skiptoken: str | None = None
    deltatoken: str | None = None

    @classmethod
    def of(cls, options: Options, *, size: int) -> Self:
        """Return the page that ``options`` ask for, of so many items at most.

        Raises SyncStateNotFound for a token of another history than this database's.
        """
        now = Moment.now()
        if options.deltatoken == LATEST and options.skiptoken is None:
            return cls([], deltatoken=_delta_token(now.snapshot, now))
        current, place = _round(options, now)
        items = current.read(after=place, most=size + 1)
        if len(items) <= size:
            return cls(items, deltatoken=_delta_token(current.until, now))
        items.pop()
        return cls(items, skiptoken=_skip_token(current, items[-1], now))

    @property
    def token(self) -> dict[str, str]:
        """Return the one token, by the name of its option."""
        tokens = {"skiptoken": self.skiptoken, "deltatoken": self.deltatoken}
        return {name: token for name, token in tokens.items() if token}


def _round(options: Options, now: Moment) -> tuple[Round, Place | None]:
    """Return the round that the tokens mean, and the place reached in it."""
    if options.skiptoken is not None:
        if options.deltatoken is not None:
            raise BadRequest(
                "$skiptoken goes on with a round by itself; leave $deltatoken out.",
                target="$deltatoken",
            )
        return _skipped(options.skiptoken, now)
    since = None
    if options.deltatoken is not None:
        since = _since(options.deltatoken, now)
    return Round(since, until=now.snapshot, begun=now.time), None


def _delta_token(snapshot: Snapshot, now: Moment) -> str:
    return SIGNER.sign_object([now.history, str(snapshot)], compress=True)


def _since(deltatoken: str, now: Moment) -> Snapshot:
    history, text = unsigned(SIGNER, deltatoken, "$deltatoken", advice=BEGIN_AGAIN)
    return _known(text, history, now)


def _skip_token(current: Round, last: Item, now: Moment) -> str:
    since = str(current.since) if current.since else None
    begun = current.begun.isoformat()
    place = current.place_of(last)
    return PLACE_SIGNER.sign_object(
        [now.history, since, str(current.until), begun, place], compress=True
    )


def _skipped(skiptoken: str, now: Moment) -> tuple[Round, Place]:
    state = unsigned(PLACE_SIGNER, skiptoken, "$skiptoken", advice=BEGIN_AGAIN)
    history, since, until, begun, place = state
    current = Round(
        since=_known(since, history, now) if since else None,
        until=_known(until, history, now),
        begun=dt.datetime.fromisoformat(begun),
    )
    return current, tuple(place)


def _known(text: str, history: int, now: Moment) -> Snapshot:
    snapshot = Snapshot.parse(text)
    if not now.follows(snapshot, history=history):
        raise SyncStateNotFound
    return snapshot
