import contextlib
import datetime as dt
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, OperationalError, ProgrammingError
from django.utils import timezone
from psycopg import errors

from certstates.copying import copy_rows
from certstates.history import recorded
from certstates.management.progress import bar
from certstates.models import Door, ManagedAllDeviceCertificateState
from certstates.models.queryset import MOVABLE
from certstates.seeding.certificates import Row
from certstates.seeding.rows import make_rows

MOST = 100_000_000
# From here on it is worth keeping others out of the table, to be done much sooner.
MANY = 20_000


def whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no whole number.") from None


def moment(text: str) -> dt.datetime:
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is no date such as 2026-11-23 or 2026-11-23T08:00:00Z."
        ) from None
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


def start_of_day() -> dt.datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


class Command(BaseCommand):
    help = (
        "Make realistic certificate states, all or none; a seed repeats them exactly."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--count", type=whole_number, required=True, help=f"1 to {MOST}"
        )
        parser.add_argument(
            "--seed",
            type=whole_number,
            default=1,
            help="any whole number; each has records of its own (default: 1)",
        )
        parser.add_argument(
            "--now",
            type=moment,
            metavar="ISO",
            help="the moment from which all dates are counted, in UTC if it has no "
            "offset (default: the start of this day)",
        )

    def handle(
        self, *, count: int, seed: int, now: dt.datetime | None, **options: Any
    ) -> None:
        if not 1 <= count <= MOST:
            raise CommandError(f"--count must be 1 to {MOST:,}, and not {count:,}.")
        now = now or start_of_day()
        if not MOVABLE[0] <= now < MOVABLE[1]:
            raise CommandError("--now must be in the years 1900 to 2199.")
        records = ManagedAllDeviceCertificateState.objects
        started = time.monotonic()
        with refusals_explained(seed), recorded(Door.COMMAND, who="seed_states"):
            rows = self.shown(make_rows(count, seed=seed, now=now), count)
            anew = count >= MANY and records.count() < count
            copy_rows(ManagedAllDeviceCertificateState, rows, anew=anew)
        seconds = time.monotonic() - started
        self.stdout.write(
            f"Made {count:,} records in {seconds:,.1f} s "
            f"({count / seconds:,.0f} a second). The table has {records.count():,} now."
        )

    def shown(self, rows: Iterator[Row], count: int) -> Iterator[Row]:
        """Pass rows on; show how many on standard error, if that is a terminal."""
        yield from bar(iterable=rows, total=count, unit=" records", unit_scale=True)
        self.stdout.write("All are copied; indexes and statistics follow")
        self.stdout.flush()


@contextlib.contextmanager
def refusals_explained(seed: int) -> Iterator[None]:
    try:
        yield
    except IntegrityError as refused:
        if not isinstance(refused.__cause__, errors.UniqueViolation):
            raise
        raise CommandError(
            f"Records of seed {seed} exist already, so nothing was made. "
            f"Choose another: --seed {seed + 1}"
        ) from None
    except ProgrammingError:
        raise CommandError(
            "The database has no tables yet: run manage.py migrate, or up."
        ) from None
    except OperationalError as error:
        raise CommandError(f"The database failed, nothing was made: {error}") from None
