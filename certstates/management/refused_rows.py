"""The refused rows of an import: the first on standard error, all in a report."""

from __future__ import annotations

import csv
import errno
import json
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from certstates.cells import written
from certstates.importing.verdicts import Verdict

HEADER = ("file", "line", "id", "device", "reason", "values")
SHOWN = 20


class RefusedRows:
    """A table in CSV that stands under its name when it is complete, and not before.

    Nobody else may read it: it repeats what is in the files.
    """

    def __init__(self, path: Path, errors: Any) -> None:
        self.path, self.errors = path, errors
        self.number = 0
        self.file: IO[str] | None = None
        self.is_lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.file:
            self.file.close()
            Path(self.file.name).replace(self.path)
        if self.number > SHOWN:
            self.errors.write(f"… and {self.number - SHOWN:,} more")
        if self.number and self.file:
            self.errors.write(f"All that is refused stands in {self.path}")

    def begin(self) -> None:
        """Make the file, next to where it will be; raise OSError if that cannot be.

        A device, a pipe and a directory would be replaced, or fail at the very end.
        """
        if self.path.exists() and not self.path.is_file():
            raise FileExistsError(errno.EEXIST, "it exists, and is no file")
        # mkstemp's mode: nobody else reads it.
        descriptor, name = tempfile.mkstemp(
            dir=self.path.parent, prefix=f".{self.path.name}."
        )
        os.close(descriptor)
        self.file = Path(name).open(  # noqa: SIM115 -- closed at the end
            "w", encoding="utf-8-sig", errors="backslashreplace", newline=""
        )
        csv.writer(self.file).writerow(HEADER)

    def add_file(self, file: str, reason: str) -> None:
        """Note a file that was refused as a whole."""
        self.note(f"{file}: {reason}", (file, "", "", "", reason, ""))

    def add(self, file: str, verdict: Verdict) -> None:
        """Note a row, with a line for each fault."""
        values = json.dumps(verdict.values, ensure_ascii=False, default=str)
        known = (file, str(verdict.line), verdict.id, verdict.device or "")
        for fault in verdict.faults:
            self.note(f"{file}:{verdict.line}: {fault}", (*known, fault, values))

    def note(self, sentence: str, cells: tuple[str, ...]) -> None:
        self.number += 1
        if self.number <= SHOWN:
            self.errors.write(sentence)
        if not self.file and not self.is_lost:
            self.begin_late()
        if self.file:
            row = [cell and written(cell) for cell in cells]
            csv.writer(self.file).writerow(row)

    def begin_late(self) -> None:
        """Make a file that nobody asked for, where that can be."""
        try:
            self.begin()
        except OSError as error:
            self.is_lost = True
            self.errors.write(f"{self.path} cannot be written: {error.strerror}.")
