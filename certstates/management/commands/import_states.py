"""Files of any size into the records: each whole or not at all."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from tqdm import tqdm

from certstates.history import recorded
from certstates.importer import Kind, Verdict, verdicts
from certstates.models import Door
from certstates.sources import FileRefused, open_source


class Command(BaseCommand):
    help = (
        "Import certificate states from CSV, XLSX or JSON (pages of Graph, arrays, or "
        "a record a line). A row with the id of a record changes it; any other is a "
        "new one. Each file is saved as a whole, or not at all if a row is refused. "
        "Exit code 0: all files are saved; 1: at least one is not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would happen, and save nothing",
        )

    def handle(self, *, paths: list[Path], dry_run: bool, **options: Any) -> None:
        refused = [path for path in paths if not self.is_imported(path, dry_run)]
        if refused:
            raise CommandError(
                f"{len(refused)} of {len(paths)} files were not imported."
            )

    def is_imported(self, path: Path, dry_run: bool) -> bool:
        """Import one file; say what became of it, and whether all of it is well."""
        try:
            counts = self.run_file(path, dry_run=dry_run)
        except (FileRefused, OSError, DatabaseError) as refused:
            self.stderr.write(f"{path}: {refused}")
            return False
        verb = "would be " if dry_run or counts[Kind.REFUSED] else ""
        self.stdout.write(
            f"{path}: {counts[Kind.NEW]:,} {verb}added, {counts[Kind.CHANGED]:,} "
            f"{verb}changed, {counts[Kind.UNCHANGED]:,} unchanged, "
            f"{counts[Kind.REFUSED]:,} refused"
            f"{'; nothing was saved' if verb else ''}."
        )
        return not counts[Kind.REFUSED]

    def run_file(self, path: Path, *, dry_run: bool) -> Counter[Kind]:
        with (
            path.open("rb") as file,
            recorded(Door.IMPORT, who="import_states"),
            transaction.atomic(),
        ):
            source = open_source(file)
            counts: Counter[Kind] = Counter()
            for verdict in watched(verdicts(source, dry_run=dry_run), path.name):
                counts[verdict.kind] += 1
                self.report(path, verdict)
            if not counts:
                raise FileRefused("The file has no records.")
            for warning in source.warnings:
                self.stderr.write(f"{path}: {warning}")
            if dry_run or counts[Kind.REFUSED]:
                transaction.set_rollback(True)
        return counts

    def report(self, path: Path, verdict: Verdict) -> None:
        for fault in verdict.faults:
            self.stderr.write(f"{path}:{verdict.line}: {fault}")


def watched(found: Iterator[Verdict], name: str) -> Iterator[Verdict]:
    """Show how far it is, where somebody looks on."""
    yield from tqdm(
        found,
        desc=name,
        unit=" rows",
        mininterval=0.5,
        disable=not sys.stderr.isatty(),
    )
