"""What stands under the names of a table or an object: found once, used for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from certstates.cells import plain
from certstates.edm import EdmDateTimeOffset, EdmInt32
from certstates.models import camel_case
from certstates.serializers import CertificateStateSerializer
from certstates.sources import names
from certstates.sources.dates import Dates, Unreadable
from certstates.sources.flags import WHOLE_NUMBER
from certstates.sources.rows import Row

Convert = Callable[[Any], Any]
ABSENT: Any = object()  # a value that the source leaves to the server
# An empty cell leaves these to the server, or as they are.
SERVER_SUPPLIED = {
    camel_case(name) for name in CertificateStateSerializer.Meta.server_supplied
}


class Layout(Protocol):
    """Makes a row of the values that stand under the names it was made for."""

    def row(self, line: int, cells: Sequence[Any]) -> Row: ...


class Columns:
    """Values of certain columns, each converted as its property wants it."""

    def __init__(self, parts: Iterable[tuple[int, str, Convert]]) -> None:
        self.parts = [*parts]
        self.may_lack = any(name in SERVER_SUPPLIED for _, name, _ in self.parts)

    def read(self, cells: Sequence[Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the values by their names, and what is wrong with the others."""
        try:
            values = {name: convert(cells[n]) for n, name, convert in self.parts}
        except Unreadable:
            return self._what_is_readable(cells)
        return without_absent(values) if self.may_lack else values, ()

    def _what_is_readable(
        self, cells: Sequence[Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        values = {}
        faults = []
        for n, name, convert in self.parts:
            try:
                values[name] = convert(cells[n])
            except Unreadable as fault:
                faults.append(f"{name}: {fault}")
        return without_absent(values), tuple(faults)


def without_absent(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


class OwnLayout:
    """The entity's own names, as Graph, PowerShell and this product write them."""

    def __init__(
        self, columns: Sequence[str | None], convert: Callable[[str], Convert]
    ) -> None:
        self.columns = Columns(
            (n, name, convert(name)) for n, name in enumerate(columns) if name
        )
        found = [name for name in columns if name]
        self.faults = tuple(
            f"Two names of the object are {name}."
            for name in dict.fromkeys(found)
            if found.count(name) > 1
        )

    def row(self, line: int, cells: Sequence[Any]) -> Row:
        values, faults = self.columns.read(cells)
        return Row(line, values, self.faults + faults)


def cell(text: str) -> str | None:
    """Return what a cell of a table stands for; an empty one is null."""
    return plain(text) if text[:1] == "'" else text or None


def cells_of(texts: Sequence[str]) -> list[str | None]:
    """Return what the cells of a row stand for."""
    return [text if text and text[0] != "'" else cell(text) for text in texts]


def values_of(values: Sequence[Any]) -> list[Any]:
    """Return JSON values as if they had stood in cells, so that they are the same."""
    return [
        str(value) if type(value) is int else None if value == "" else value
        for value in values
    ]


def of_cells(dates: Dates) -> Callable[[str], Convert]:
    """Return what converts the cells of a property: all of them are texts."""

    def convert(name: str) -> Convert:
        read = by_type(name, dates)
        if name in SERVER_SUPPLIED:
            return lambda text: read(cell(text)) if text else ABSENT
        return lambda text: read(cell(text))

    def by_type(name: str, dates: Dates) -> Convert:
        if isinstance(names.FIELDS[name], EdmInt32):
            return whole_number
        if isinstance(names.FIELDS[name], EdmDateTimeOffset):
            return dates.read
        return lambda text: text

    return convert


def cell_value(name: str, text: str) -> str | int | None:
    """Return what a cell of a property stands for, whatever a date looks like."""
    value = cell(text)
    is_number = isinstance(names.FIELDS[name], EdmInt32)
    return whole_number(value) if is_number else value


def whole_number(text: str | None) -> int | str | None:
    return int(text) if text and WHOLE_NUMBER.fullmatch(text) else text


def of_json(dates: Dates) -> Callable[[str], Convert]:
    """Return what converts the JSON values of a property, which have their types."""

    def convert(name: str) -> Convert:
        if name in names.ENUMERATIONS:  # a member's number stands in a string
            return lambda value: str(value) if type(value) is int else value
        if isinstance(names.FIELDS[name], EdmDateTimeOffset):
            return lambda value: dates.read(unwrapped(value))
        return lambda value: value

    return convert


def unwrapped(value: Any) -> Any:
    """Return the date within an object that Windows PowerShell makes of it."""
    if isinstance(value, dict) and "DateTime" in value:
        return value.get("value", value)
    return value
