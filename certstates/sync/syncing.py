"""A whole sync: from the first page, or the one that is next, to the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from certstates.history import recorded
from certstates.importer import Kind
from certstates.models import Door, GraphSource, SyncedState
from certstates.sync.addresses import first_page
from certstates.sync.fetching import Graph, Notify
from certstates.sync.following import follow
from certstates.sync.locking import alone
from certstates.sync.pages import Page
from certstates.sync.refusals import LinkExpired, LinkLeadsNowhere, SyncRefused
from certstates.sync.runs import Report, Run, judged, storable_ids
from certstates.transactions import patient

WHO = "sync_graph"

Watch = Callable[[Page], None]


@dataclass(frozen=True)
class Plan:
    """What is read from where, and who is told of it on the way.

    ``watch`` sees each page when it is done, ``report`` each refused record.
    """

    base_url: str
    graph: Graph
    report: Report
    filter: str = ""
    page_size: int = 1000
    restart: bool = False
    notify: Notify = lambda sentence: None
    watch: Watch = lambda page: None

    @property
    def first_page(self) -> str:
        return first_page(
            self.base_url, condition=self.filter, page_size=self.page_size
        )

    def pages(self, link: str = "") -> Iterator[Page]:
        """Yield the pages from a link on, or from the first one."""
        followed = follow(self.graph, link or self.first_page, is_linked=bool(link))
        for page in followed:
            if not page.next_link and not link:
                refuse_limit(page, self.page_size)
            link = page.next_link or ""
            yield page
            self.watch(page)


@dataclass
class Outcome:
    """What became of everything that the run, perhaps in several goes, has read."""

    pages: int = 0
    counts: Counter[Kind] = field(default_factory=Counter)
    vanished: int = 0

    @classmethod
    def of(cls, source: GraphSource, vanished: int) -> Outcome:
        counts = {
            Kind.NEW: source.new,
            Kind.CHANGED: source.changed,
            Kind.UNCHANGED: source.unchanged,
            Kind.REFUSED: source.refused,
        }
        return cls(source.pages, Counter(counts), vanished)


def refuse_limit(page: Page, page_size: int) -> None:
    """Refuse a first page that says it is all, and that there is more.

    OData means a limit by ``$top``, and Graph the size of a page.
    """
    if page_size and len(page.ids) >= page_size and (page.count or 0) > len(page.ids):
        raise SyncRefused(
            f"The server counts {page.count:,} records and gives {len(page.ids):,} of "
            "them: it takes $top for a limit. --page-size 0 leaves it out."
        )


def source_of(plan: Plan) -> GraphSource:
    source, _ = GraphSource.objects.get_or_create(
        base_url=plan.base_url, filter=plan.filter
    )
    return source


def synchronise(plan: Plan) -> Outcome:
    """Copy the collection, and mark what is there no more.

    Raises SyncRefused; what was saved until then stays, and the next one goes on there.
    """
    source = source_of(plan)
    with alone(source), recorded(Door.IMPORT, who=WHO):
        source.refresh_from_db()
        run = Run.of(source, plan.report, restart=plan.restart)
        if run.source.pages:
            plan.notify(f"Going on after page {run.source.pages:,}")
        try:
            read_all(plan, run)
        except LinkLeadsNowhere:
            run.source.abandon()
            raise
        vanished = run.complete()
        return Outcome.of(run.source, vanished)


def read_all(plan: Plan, run: Run) -> None:
    """Read what is left; once, from the beginning if a link has expired."""
    try:
        save_pages(plan, run)
    except LinkExpired as expired:
        plan.notify(f"{expired} Beginning anew")
        run.begin_anew()
        save_pages(plan, run)


def save_pages(plan: Plan, run: Run) -> None:
    for page in plan.pages(run.source.next_link):
        run.save(page)


def rehearse(plan: Plan) -> Outcome:
    """Say what a sync from the beginning would do; write nothing."""
    known = SyncedState.objects.present().filter(
        source__base_url=plan.base_url, source__filter=plan.filter
    )
    outcome = Outcome(vanished=known.count())

    def counted() -> Iterator[Page]:
        for page in plan.pages():
            outcome.pages += 1
            seen = known.filter(state_id__in=storable_ids(page))
            outcome.vanished -= seen.count()
            yield page

    for counts in judged(counted(), plan.report):
        outcome.counts += counts
    outcome.vanished = max(0, outcome.vanished)
    return outcome


def delete_vanished(plan: Plan, *, force: bool) -> int:
    """Delete the records that no source has any more; return how many.

    Raises SyncRefused where that is more than half of what came from the source.
    """
    source = source_of(plan)
    mine = SyncedState.objects.filter(source=source)
    with alone(source), recorded(Door.IMPORT, who=WHO), patient():
        number = mine.gone().records().lock()
        total = mine.records().count()
        if number * 2 > total and not force:
            raise SyncRefused(
                f"{number:,} of {total:,} records would be deleted, which is more "
                "than half: nothing was. --force deletes them."
            )
        mine.gone().records().delete()
        mine.filter(vanished_at__isnull=False).delete()
        source.refresh_from_db()
        source.count()
        source.save(update_fields=["present", "vanished"])
    return number
