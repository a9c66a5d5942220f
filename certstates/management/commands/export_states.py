"""Records into a file, or a pipe, from which the import reads the same records."""

from __future__ import annotations

import contextlib
import gzip
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from django.core.management.base import BaseCommand, CommandError

from certstates import exporter
from certstates.errors import GraphError
from certstates.management.outputs import new_file, pipe
from certstates.management.progress import bar
from certstates.management.refusals import explained
from certstates.models import (
    CertificateStateQuerySet,
    ManagedAllDeviceCertificateState,
)
from certstates.odata.filtering import matching
from certstates.odata.options import Options
from certstates.odata.ordering import parse_ordering
from certstates.odata.paging import computable

STDOUT = Path("-")
USAGE = 2  # argparse's own code
GZIP = "gzip"
PACKED = ".gz"
LEVEL = 3  # half the time of gzip's own 6, for a tenth more bytes

Each = TypeVar("Each")


class Command(BaseCommand):
    help = (
        "Export certificate states as they are at one moment. import_states reads "
        "every format, and makes the same records of it. Exit code 0: all is written; "
        "1: nothing is, or a pipe has a part that does not look whole; 2: the command "
        "was not understood; 130: interrupted, no file is left; 141: the reader of "
        "the pipe went away."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=exporter.FORMATS, required=True)
        parser.add_argument(
            "--filter", metavar="ODATA", help="which, in the words of $filter"
        )
        parser.add_argument(
            "--orderby",
            metavar="ODATA",
            help="in which order, in the words of $orderby (default: by id)",
        )
        parser.add_argument(
            "--output",
            type=Path,
            default=STDOUT,
            metavar="FILE",
            help="a new file that only its owner can read, or - for standard output, "
            "the default",
        )
        parser.add_argument(
            "--force", action="store_true", help="replace a file that exists"
        )
        parser.add_argument(
            "--compress",
            choices=[GZIP],
            help=f"pack the file, as a name that ends in {PACKED} also demands",
        )

    def handle(
        self,
        *,
        output: Path,
        force: bool,
        compress: str | None,
        **options: Any,
    ) -> None:
        kind = options["format"]
        packed = compress == GZIP or output.suffix == PACKED
        self.refuse_terminal(output, is_binary=packed or kind == "xlsx")
        with refused_in_words(output):
            records = asked_for(options["filter"], options["orderby"])
            counted = Counted()
            chunks = exporter.FORMATS[kind](records, watching(records, counted))
            with self.opened(output, force=force) as file:
                write(chunks, file, packed=packed)
        if output != STDOUT:
            self.stdout.write(f"{output}: {counted.number:,} records.")

    def refuse_terminal(self, output: Path, *, is_binary: bool) -> None:
        if is_binary and output == STDOUT and self.stdout.isatty():
            raise CommandError(
                "This is no text for a terminal: use --output FILE, or a pipe.",
                returncode=USAGE,
            )

    def opened(
        self, output: Path, *, force: bool
    ) -> contextlib.AbstractContextManager[IO[bytes]]:
        if output == STDOUT:
            return pipe(cast("IO[bytes]", self.stdout.buffer))
        return new_file(output, force=force)


@contextlib.contextmanager
def refused_in_words(output: Path) -> Iterator[None]:
    try:
        with explained(), computable():
            yield
    except GraphError as refused:
        raise CommandError(str(refused.detail)) from None
    except exporter.DoesNotFit as refused:
        raise CommandError(str(refused)) from None
    except OSError as error:
        name = "Standard output" if output == STDOUT else output
        raise CommandError(f"{name}: {error.strerror or error}.") from None


def asked_for(wanted: str | None, orderby: str | None) -> CertificateStateQuerySet:
    """Return the records that the API would list for these options, in its order."""
    ordering = parse_ordering(orderby, {})
    records = ManagedAllDeviceCertificateState.objects.all()
    return ordering.apply(matching(records, Options(filter=wanted)))


def write(chunks: Iterable[bytes], file: IO[bytes], *, packed: bool) -> None:
    with contextlib.ExitStack() as packing:
        if packed:
            packer = gzip.GzipFile("", "wb", LEVEL, fileobj=file, mtime=0)
            file = cast("IO[bytes]", packing.enter_context(packer))
        for chunk in chunks:
            file.write(chunk)


class Counted:
    """Passes on what it is given, and knows how much that was."""

    number = 0

    def __call__(self, found: Iterable[Each]) -> Iterator[Each]:
        for self.number, each in enumerate(found, 1):
            yield each


def watching(records: CertificateStateQuerySet, counted: Counted) -> exporter.Watch:
    """Return what shows how far it is, where somebody looks on."""
    if not sys.stderr.isatty():
        return counted

    def watch(found: Iterable[Any]) -> Iterator[Any]:
        total = records.order_by().count()
        yield from bar(
            iterable=counted(found), total=total, unit=" records", unit_scale=True
        )

    return watch
