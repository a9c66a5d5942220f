import contextlib
import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from certstates import stories
from certstates.history import recorded
from certstates.management.commands.seed_states import moment
from certstates.management.databases import database_at_hand
from certstates.management.refusals import explained
from certstates.models import Door, ManagedAllDeviceCertificateState
from certstates.models.queryset import MOVABLE


class Command(BaseCommand):
    help = (
        "Delete all records and load a fixture, both or neither. Users, tokens and "
        "the history stay; the history has the deletions too."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--fixture",
            choices=stories.names(),
            default="sample",
            help="which records there are to be (default: sample)",
        )
        parser.add_argument(
            "--now",
            type=moment,
            metavar="ISO",
            help="the moment at which the fixture's stories are told, in UTC if it "
            "has no offset (default: now)",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(
        self, *, fixture: str, now: dt.datetime | None, yes: bool, **options: Any
    ) -> None:
        now = now or timezone.now()
        if not MOVABLE[0] <= now < MOVABLE[1]:
            raise CommandError("--now must be in the years 1900 to 2199.")
        with explained(), recorded(Door.COMMAND, who="reset_states"):
            if not yes:
                self.ask(ManagedAllDeviceCertificateState.objects.count())
            records = stories.told(fixture, now=now)
            gone = stories.begin_anew(records)
        self.stdout.write(
            f"Deleted {gone:,} records and loaded {len(records)} of the fixture "
            f"{fixture}. The history still has those that are gone."
        )

    def ask(self, count: int) -> None:
        """Let somebody say yes before anything is lost, or raise CommandError."""
        if not count:
            return
        records = f"{count:,} records of {database_at_hand()}"
        if not sys.stdin.isatty():
            raise CommandError(
                f"There are {records}, and nobody to ask whether they may be deleted. "
                "Nothing was done; --yes deletes them."
            )
        self.stdout.write(f"This deletes {records}.\nType yes to go on: ", ending="")
        self.stdout.flush()
        with contextlib.suppress(EOFError):
            if input().strip().lower() == "yes":
                return
        raise CommandError("Nothing was deleted.")
