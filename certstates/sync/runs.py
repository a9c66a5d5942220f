"""Pages into the records: each whole or not at all, with the place to go on at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction

from certstates.importer import Kind, Verdict, storable, verdicts
from certstates.models import ID_LENGTH, GraphSource, SyncedState
from certstates.sync.pages import Page
from certstates.sync.refusals import LinkLeadsNowhere, SyncRefused
from certstates.transactions import patient

# Pages without a single record that the run had not seen.
MOST_IDLE = 20

Report = Callable[[Verdict], None]


@dataclass
class Run:
    """A run that writes, as the database knows it.

    ``report`` is told of refused records once the page that had them is saved.
    """

    source: GraphSource
    report: Report
    idle: int = 0

    @classmethod
    def of(cls, source: GraphSource, report: Report, *, restart: bool) -> Run:
        """Go on with the run that is under way, or begin one."""
        if source.under_way and not restart:
            source.go_on()
        else:
            source.begin()
        return cls(source, report)

    def save(self, page: Page) -> Counter[Kind]:
        """Save a page, and that it is saved; return what became of its records."""
        with transaction.atomic():
            source = self.mine()
            found = [*verdicts(page.rows, dry_run=False, keep_going=True)]
            ids = storable_ids(page)
            fresh = SyncedState.objects.saw(source, ids)
            self.idle = 0 if fresh or len(ids) < len(page.ids) else self.idle + 1
            counts = Counter(verdict.kind for verdict in found)
            self.advance(source, page, counts)
        for verdict in found:
            if verdict.kind is Kind.REFUSED:
                self.report(verdict)
        if self.idle >= MOST_IDLE and page.next_link:
            raise LinkLeadsNowhere(
                f"The last {MOST_IDLE} pages had no record that was not there before."
            )
        return counts

    def mine(self) -> GraphSource:
        """Return the source, locked, if the run is still this process's own."""
        found = GraphSource.objects.select_for_update().filter(
            pk=self.source.pk, run=self.source.run
        )
        source = found.first()
        if source is None:
            raise SyncRefused("Another sync of this source has begun meanwhile.")
        return source

    def advance(self, source: GraphSource, page: Page, counts: Counter[Kind]) -> None:
        source.new += counts[Kind.NEW]
        source.changed += counts[Kind.CHANGED]
        source.unchanged += counts[Kind.UNCHANGED]
        source.refused += counts[Kind.REFUSED]
        source.step(page.next_link or "")
        self.source = source

    def begin_anew(self) -> None:
        with transaction.atomic():
            self.source = self.mine()
            self.source.begin()

    def complete(self) -> int:
        """Mark what was not seen; return how many vanished by it."""
        with patient():
            self.source = self.mine()
            return self.source.complete()


def storable_ids(page: Page) -> list[str]:
    """Return the ids that a record here could have."""
    return [id for id in page.ids if len(id) <= ID_LENGTH and storable(id)]


def judged(pages: Iterator[Page], report: Report) -> Iterator[Counter[Kind]]:
    """Yield what would become of each page, and save nothing."""
    idle = 0
    for page in pages:
        with transaction.atomic():
            found = [*verdicts(page.rows, dry_run=True)]
        for verdict in found:
            if verdict.kind is Kind.REFUSED:
                report(verdict)
        idle = 0 if found else idle + 1
        if idle >= MOST_IDLE and page.next_link:
            raise LinkLeadsNowhere(f"The last {MOST_IDLE} pages are empty.")
        yield Counter(verdict.kind for verdict in found)
