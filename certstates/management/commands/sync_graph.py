"""Another Graph-shaped server's collection into the records."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from certstates.importer import Kind, Verdict
from certstates.management import progress
from certstates.management.refusals import explained
from certstates.models.sync import FILTER_LENGTH, URL_LENGTH
from certstates.sync.addresses import base_of, scope_of
from certstates.sync.fetching import Graph
from certstates.sync.pages import Page
from certstates.sync.refusals import SyncRefused
from certstates.sync.syncing import (
    Outcome,
    Plan,
    delete_vanished,
    rehearse,
    synchronise,
)
from certstates.sync.tokens import tokens_for

STOPPED = 130
MOST_RETRIES, MOST_SECONDS, MOST_ON_A_PAGE = 100, 3600, 100_000


class Command(BaseCommand):
    help = (
        "Copy the certificate states of Microsoft Graph, or of another server of its "
        "shape, and mark what is there no more. A run that stopped goes on where it "
        "was. Exit code 0: all is copied; 1: something is not, or a record was "
        "refused; 130: stopped by Ctrl-C."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_source(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen; save nothing"
        )
        parser.add_argument(
            "--restart", action="store_true", help="do not go on with a stopped run"
        )
        parser.add_argument(
            "--delete-vanished",
            action="store_true",
            help="after a complete run, delete what no source has any more",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="delete even more than half of the records that came from there",
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if dry_run and options["delete_vanished"]:
            raise CommandError(
                "--dry-run deletes nothing: leave --delete-vanished out."
            )
        began = time.monotonic()
        with (
            self.stopping(),
            refusals_explained(),
            explained(),
            self.plan(options) as plan,
        ):
            outcome = rehearse(plan) if dry_run else synchronise(plan)
            self.say(summary(plan, outcome, time.monotonic() - began, dry_run=dry_run))
            if options["delete_vanished"]:
                number = delete_vanished(plan, force=options["force"])
                self.say(f"{number:,} vanished records were deleted.")
        if refused := outcome.counts[Kind.REFUSED]:
            raise CommandError(f"{refused:,} records were refused.")

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    @contextmanager
    def plan(self, options: dict[str, Any]) -> Iterator[Plan]:
        base_url = base_of(options["base_url"])
        refuse_long(base_url, options["filter"])
        with progress.bar(desc="Records", unit=" records") as bar:

            def notify(sentence: str) -> None:
                bar.write(sentence, file=sys.stderr)

            yield Plan(
                base_url,
                Graph(
                    tokens_for(scope_of(base_url), options["token_file"]),
                    retries=options["retries"],
                    timeout=options["timeout"],
                    notify=notify,
                ),
                report=lambda verdict: notify(refusal_of(verdict)),
                filter=options["filter"],
                page_size=options["page_size"],
                restart=options["restart"],
                notify=notify,
                watch=lambda page: watch(bar, page),
            )

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Say how to go on, where somebody stops it."""
        try:
            yield
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What was saved stays; the same command goes on there.",
                returncode=STOPPED,
            ) from None


@contextmanager
def refusals_explained() -> Iterator[None]:
    try:
        yield
    except SyncRefused as refused:
        raise CommandError(str(refused)) from None
    except DatabaseError as error:
        raise CommandError(
            f"The database failed: {error}\nThe same command goes on where it was."
        ) from None


def add_source(parser: ArgumentParser) -> None:
    """Add what says from where and how pages are read."""
    parser.add_argument(
        "--base-url",
        required=True,
        metavar="URL",
        help="the service root, such as https://graph.microsoft.com/beta",
    )
    parser.add_argument(
        "--filter", default="", help="an OData filter; it is a source of its own"
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="holds a bearer token (default: GRAPH_TOKEN, or GRAPH_CLIENT_ID with "
        "GRAPH_CLIENT_SECRET)",
    )
    parser.add_argument(
        "--page-size",
        type=number(0, MOST_ON_A_PAGE),
        default=1000,
        help="records on a page, as $top; 0 does not ask (default: 1000)",
    )
    parser.add_argument(
        "--retries",
        type=number(0, MOST_RETRIES),
        default=6,
        help="how often a page is asked for again (default: 6)",
    )
    parser.add_argument(
        "--timeout",
        type=number(1, MOST_SECONDS),
        default=60,
        help="seconds that a page may take (default: 60)",
    )


def number(least: int, most: int) -> Any:
    """Return what reads a whole number from ``least`` to ``most``."""

    def read(text: str) -> int:
        is_number = text.isdecimal() and text.isascii() and len(text) < 10
        if not is_number or not least <= int(text) <= most:
            raise ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def refuse_long(base_url: str, condition: str) -> None:
    for name, text, most in (
        ("--base-url", base_url, URL_LENGTH),
        ("--filter", condition, FILTER_LENGTH),
    ):
        if len(text) > most or "\0" in text:
            raise SyncRefused(f"{name} may have {most:,} characters.")


def refusal_of(verdict: Verdict) -> str:
    return f"Refused: {verdict.id!a}: {' '.join(verdict.faults)}"


def watch(bar: Any, page: Page) -> None:
    if page.count:
        bar.total = page.count
    bar.update(len(page.ids))


def summary(plan: Plan, outcome: Outcome, seconds: float, *, dry_run: bool) -> str:
    counts, verb = outcome.counts, "would be " if dry_run else ""
    return (
        f"{plan.base_url}: {outcome.pages:,} pages in {seconds:,.1f} s: "
        f"{counts[Kind.NEW]:,} {verb}new, {counts[Kind.CHANGED]:,} {verb}changed, "
        f"{counts[Kind.UNCHANGED]:,} unchanged, {counts[Kind.REFUSED]:,} refused, "
        f"{outcome.vanished:,} {'would ' if dry_run else ''}have vanished"
        f"{'; nothing was saved' if dry_run else ''}."
    )
