"""What expires next: for people, for programs, for calendars and for monitoring."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import sys
import traceback
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from certstates.errors import GraphError
from certstates.management.refusals import explained
from certstates.monitoring import durations
from certstates.monitoring.calendars import calendar
from certstates.monitoring.documents import document
from certstates.monitoring.expiry import Answer, Level, Question
from certstates.monitoring.tables import table

WIDEST = 120  # columns, where no terminal says how many it has
PATIENCE = 10  # seconds for a database to be reached


class Judged(SystemExit):
    """The exit code is the answer, and no accident."""


class Command(BaseCommand):
    help = (
        "Say which certificates expire next; what is revoked already is left out. Exit "
        "codes as monitoring plug-ins have them. 0: none expires within the time; 1: "
        "some do; 2: some do very soon, or have expired; 3: it could not be found out."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--within", type=length, default="30d", metavar="TIME", help="default: 30d"
        )
        parser.add_argument(
            "--critical",
            type=length,
            metavar="TIME",
            help="default: 7d, or --within if that is shorter",
        )
        parser.add_argument(
            "--expired",
            type=length,
            default=dt.timedelta(),
            metavar="TIME",
            help="count those too that have expired in so long a time; default: none",
        )
        parser.add_argument("--filter", metavar="ODATA", help="an OData $filter")
        parser.add_argument("--include-revoked", action="store_true")
        parser.add_argument(
            "--limit",
            type=int,
            metavar="N",
            help="name no more than N; all are counted",
        )
        parser.add_argument("--format", choices=FORMATS, default="table")

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> Any:
        """Have a wrong option told here, and not by argparse on standard error."""
        parser = super().create_parser(prog_name, subcommand, **options)
        parser.called_from_command_line = False
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """End with 3 whatever goes wrong: 1 and 2 are answers of their own."""
        be_writable()
        try:
            super().run_from_argv(argv)
        except Judged:
            raise
        except BrokenPipeError:  # whoever read has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Judged(Level.UNKNOWN) from None
        except CommandError as refused:
            self.unknown(str(refused).removeprefix("Error: "))
        except SystemExit as ended:
            if ended.code:
                self.unknown("The command cannot be run so; see standard error.")
        except Exception:
            traceback.print_exc()
            self.unknown("The command broke; see standard error.")

    def handle(self, **options: Any) -> NoReturn:
        be_patient()
        is_table = options["format"] == "table"
        try:
            with explained():
                level = self.answer(question_of(options), FORMATS[options["format"]])
        except CommandError as refused:
            self.unknown(str(refused), to_stdout=is_table)
        except GraphError as refused:
            self.unknown(f"--filter: {refused.detail}", to_stdout=is_table)
        raise Judged(level)

    def answer(
        self, question: Question, written: Callable[[Answer], Iterator[str]]
    ) -> Level:
        with question.answered() as answer:
            for part in written(answer):
                self.stdout.write(part, ending="")
            self.stdout.flush()
            return answer.level

    def unknown(self, sentence: str, *, to_stdout: bool = True) -> NoReturn:
        """Say it where a monitoring system reads, unless a program reads there."""
        stream = self.stdout if to_stdout else self.stderr
        stream.write(f"CERTSTATES UNKNOWN - {' '.join(sentence.split())}")
        raise Judged(Level.UNKNOWN)


def length(text: str) -> dt.timedelta:
    try:
        return durations.parse(text)
    except ValueError as refused:
        raise ArgumentTypeError(str(refused)) from None


def question_of(options: dict[str, Any]) -> Question:
    within, critical, limit = options["within"], options["critical"], options["limit"]
    if critical is None:
        critical = min(dt.timedelta(days=7), within)
    if critical > within:
        raise CommandError("--critical must not be longer than --within.")
    if limit is not None and limit < 0:
        raise CommandError("--limit must not be negative.")
    return Question(
        now=timezone.now(),
        within=within,
        critical=critical,
        expired=options["expired"],
        filter=options["filter"],
        include_revoked=options["include_revoked"],
        limit=limit,
    )


def be_writable() -> None:
    """Let no text break the output: files are UTF-8, and a terminal has escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def be_patient() -> None:
    """Wait for a database, but not for ever."""
    chosen = connection.settings_dict.get("OPTIONS") or {}
    connection.settings_dict["OPTIONS"] = {"connect_timeout": PATIENCE, **chosen}


def lines(answer: Answer) -> Iterator[str]:
    columns = shutil.get_terminal_size((WIDEST, 24)).columns
    for line in table(answer, columns=columns):
        yield f"{line}\n"


FORMATS: dict[str, Callable[[Answer], Iterator[str]]] = {
    "table": lines,
    "json": document,
    "ical": calendar,
}
