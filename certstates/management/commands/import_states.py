"""Files of any size into the records: each whole or not at all."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, ProgrammingError, transaction

from certstates.history import recorded
from certstates.importer import Course, Kind, OnConflict
from certstates.management import inputs, outputs, progress
from certstates.management.diffs import lines_of
from certstates.management.interrupts import Patience
from certstates.management.refusals import explained
from certstates.management.refused_rows import RefusedRows
from certstates.models import Door
from certstates.sources import FileRefused, Reading, open_source
from certstates.transactions import patient

REPORT = "refused-rows.csv"
MOST_UNPACKED = 4 * 1024**3  # bytes; a million records take a tenth of it
EPILOG = """
Exit code 0: all files are saved (or could be, with --dry-run); 1: a file or a row was
refused; 2: the command line cannot be understood; 130: interrupted by Ctrl-C, nothing
of the file at hand was saved; 141: the reader of the output went away, and no further
file was begun.
"""


class Command(BaseCommand):
    help = (
        "Import certificate states from files; what they are is told by what is in "
        "them. A row with the id of a record changes it; any other is a new one, and a "
        "row without an id gets one that follows from its certificate and device, so "
        "that a file can be imported again. Each file is saved as a whole, or not at "
        "all if a row is refused."
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, epilog=EPILOG, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("paths", nargs="+", metavar="PATH", help="a file, or - for standard input")
        add("--dry-run", action="store_true", help="show the changes, and save nothing")
        add(
            "--on-conflict",
            choices=[choice.value for choice in OnConflict],
            default=OnConflict.UPDATE.value,
            help="what a row means for a record that differs: skip leaves the record, "
            "update changes it (the default), fail refuses the row",
        )
        add(
            "--keep-going",
            action="store_true",
            help="save the good rows of a file though others are refused",
        )
        add(
            "--report",
            metavar="FILE",
            help="a CSV file for the refused rows, replaced if it is there (default: "
            f"{REPORT}, made only if a row is refused)",
        )
        add(
            "--date-format",
            default="",
            help="of dates without a standard's form, such as %%m/%%d/%%Y %%H:%%M:%%S",
        )
        add("--encoding", default="", help="of texts that are no UTF-8, such as cp1252")
        add(
            "--password-file",
            metavar="FILE",
            help="has the password of a PKCS#12 file in its first line",
        )
        add("--device", help="the display name of the device where a file has none")
        add("--user", help="the user principal name where a file has none")

    def handle(self, *, paths: list[str], **options: Any) -> None:
        self.options = options
        self.saved: list[str] = []
        paths = [str(path) for path in paths]  # tests call with objects
        report = Path(options["report"] or REPORT)
        inputs.refuse_twice([*paths, *([str(report)] if report.exists() else [])])
        self.reading = reading(options)
        with outputs.pipe(self.stdout):
            bad = self.import_all(paths, report)
        if bad:
            raise CommandError(not_whole(len(bad), len(paths)))

    def import_all(self, paths: list[str], report: Path) -> list[str]:
        """Import one file after the other; return those that are not well."""
        with RefusedRows(report, self.stderr) as self.refused:
            if self.options["report"]:
                self.begin_report(report)
            return [path for path in paths if not self.is_imported(path)]

    def begin_report(self, report: Path) -> None:
        try:
            self.refused.begin()
        except OSError as error:
            raise CommandError(
                f"{report} cannot be written: {error.strerror}.", returncode=2
            ) from None

    def is_imported(self, path: str) -> bool:
        """Import one file; say what became of it, and whether all of it is well."""
        name = "standard input" if path == inputs.STANDARD_INPUT else path
        try:
            with inputs.opened(path) as file:
                counts = self.run_file(file, name)
        except FileRefused as error:
            self.refused.add_file(name, str(error))
        except BrokenPipeError:  # of what is said, and not of the file
            raise
        except OSError as error:
            self.refused.add_file(name, inputs.why_not(error))
        except ProgrammingError:
            with explained():
                raise
        except DatabaseError as error:
            said = str(error).partition("\n")[0].rstrip(".")
            reason = f"The database failed, nothing of it was saved: {said}."
            self.refused.add_file(name, reason)
        except KeyboardInterrupt:
            raise CommandError(self.interrupted(name), returncode=130) from None
        else:
            return not counts[Kind.REFUSED]
        return False

    def interrupted(self, name: str) -> str:
        others = [saved for saved in self.saved if saved != name]
        earlier = f" Saved before: {', '.join(others)}." if others else ""
        what = "All" if name in self.saved else "Nothing"
        return f"Interrupted. {what} of {name} was saved.{earlier}"

    def run_file(self, file: Any, name: str) -> Counter[Kind]:
        patience = Patience()
        try:
            with recorded(Door.IMPORT, who="import_states"), patient():
                counts, is_saved = self.judged(file, name)
                if not is_saved:
                    transaction.set_rollback(True)
                patience.begin()
            if is_saved:
                self.saved.append(name)
            self.stdout.write(summary(name, counts, is_saved))
        finally:
            patience.end()
        return counts

    def judged(self, file: Any, name: str) -> tuple[Counter[Kind], bool]:
        """Return how many rows of each kind there are, and whether they are saved."""
        is_dry, keep_going = self.options["dry_run"], self.options["keep_going"]
        source = open_source(file, self.reading)
        course = Course(OnConflict(self.options["on_conflict"]))
        if not course.stage(progress.read_along(source, file, name)):
            raise FileRefused("The file has no records.")
        for warning in source.warnings:
            self.stderr.write(f"{name}: {warning}")
        if is_dry:
            course.judge()
        else:
            with progress.writing(name) as told:
                course.carry_out(keep_going=keep_going, alone=True, told=told)
        counts = course.counts()
        self.tell(course, name)
        return counts, not is_dry and (keep_going or not counts[Kind.REFUSED])

    def tell(self, course: Course, name: str) -> None:
        """Report what is refused and, of a dry run, show what would change."""
        is_dry = self.options["dry_run"]
        for verdict in course.verdicts(unchanged=False, accepted=is_dry):
            if verdict.kind is Kind.REFUSED:
                self.refused.add(name, verdict)
            elif is_dry:
                self.stdout.write("\n".join(lines_of(verdict)))


def reading(options: dict[str, Any]) -> Reading:
    file = options["password_file"]
    return Reading(
        date_format=options["date_format"],
        password=inputs.first_line(file) if file else None,
        device=options["device"],
        user=options["user"],
        encoding=options["encoding"],
        most_bytes=MOST_UNPACKED,
    )


def not_whole(bad: int, number: int) -> str:
    """Return the last sentence; with --keep-going, such a file may be saved in part."""
    files = f"{number:,} file{'' if number == 1 else 's'}"
    were = "was refused or has" if bad == 1 else "were refused or have"
    return f"Of {files}, {bad:,} {were} refused rows."


def summary(name: str, counts: Counter[Kind], is_saved: bool) -> str:
    verb = "" if is_saved else "would be "
    return (
        f"{name}: {counts[Kind.NEW]:,} {verb}added, {counts[Kind.CHANGED]:,} "
        f"{verb}changed, {counts[Kind.UNCHANGED]:,} unchanged, "
        f"{counts[Kind.REFUSED]:,} refused"
        f"{'' if is_saved else '; nothing was saved'}."
    )
