"""JSON: pages of Graph, bare arrays, single records, and many of them in a row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any, NoReturn, TextIO

from certstates.edm import json_type
from certstates.errors import BadRequest
from certstates.parsers import decoder
from certstates.sources.layouts import Layout
from certstates.sources.reading import AS_IT_IS, Reading
from certstates.sources.rows import FileRefused, Row, Source, printable
from certstates.sources.shapes import layout_of_object
from certstates.sources.texts import text_of

READ = 1 << 16
LONGEST_VALUE = 1 << 20  # characters that one record may have
LONGEST_TOKEN = 16  # that can look wrong while its end is missing: \\u00e9, -Infinity
MOST_LAYOUTS = 10  # that are remembered
MOST_PROPERTIES = 200  # of an object, as many as the API takes
PAGES = {"value", "values"}  # Graph's pages, and Intune's reports
OF_A_BODY = "The body is not JSON: "  # what the API says before its reason
SPACE = re.compile(r"[ \t\r\n]*")


class JsonFile(Source):
    """Records one after the other, from arrays, pages (``value``) or lines."""

    kind = "JSON"

    def __init__(self, file: IO[bytes], reading: Reading = AS_IT_IS) -> None:
        super().__init__(reading)
        self.text = Text(text_of(file, reading.encoding))
        self.schema: list[str] = []  # names of a report that has rows of values only
        self.layouts: dict[tuple[str, ...], Layout] = {}

    def __iter__(self) -> Iterator[Row]:
        while character := self.text.peek():
            if character == "[":
                yield from self._array()
            elif character == "{":
                yield from self._page_or_record()
            else:
                self.text.refuse("expected an object or an array")

    def _array(self) -> Iterator[Row]:
        self.text.expect("[")
        if self.text.taken("]"):
            return
        while True:
            self.text.peek()
            line = self.text.line
            yield self._row(line, self.text.value())
            if self.text.taken("]"):
                return
            self.text.expect(",")

    def _page_or_record(self) -> Iterator[Row]:
        """Read an object that may have a million records in its ``value``."""
        line = self.text.line
        found: dict[str, Any] = {}
        is_page, size = False, 0
        self.text.expect("{")
        ends = self.text.taken("}")
        while not ends:
            name = self._name(found)
            if name.lower() in PAGES and self.text.peek() == "[":
                is_page = True
                self.schema = schema_of(found)
                yield from self._array()
            else:
                begins = self.text.place
                found[name] = self.text.value()
                size += self.text.place - begins
                if size > LONGEST_VALUE:
                    raise too_long(line)
            ends = self.text.taken("}")
            if not ends:
                self.text.expect(",")
        if not is_page:
            refuse_refusal(found)
            yield self._row(line, found)

    def _name(self, found: dict[str, Any]) -> str:
        if self.text.peek() != '"':
            self.text.refuse("expected a name in quotation marks")
        name = str(self.text.value())
        if name in found:
            self.text.refuse(f"the name {name[:50]!r} occurs twice in an object")
        if len(found) >= MOST_PROPERTIES:
            self.text.refuse(f"an object has more than {MOST_PROPERTIES} names")
        self.text.expect(":")
        return name

    def _row(self, line: int, record: Any) -> Row:
        if isinstance(record, list) and len(record) == len(self.schema):
            record = dict(zip(self.schema, record, strict=True))
        if not isinstance(record, dict):
            fault = f"Expected an object, found {json_type(record)}."
            return Row(line, {}, (fault,))
        return self._layout(record).row(line, [*record.values()])

    def _layout(self, record: dict[str, Any]) -> Layout:
        """Return the layout of an object's names, which most objects share."""
        header = (*record,)
        if header not in self.layouts:
            if len(self.layouts) >= MOST_LAYOUTS:
                self.layouts.clear()
            self.layouts[header] = layout_of_object(header, self)
        return self.layouts[header]


def schema_of(page: dict[str, Any]) -> list[str]:
    """Return the names that a report tells before its rows, or nothing."""
    schema = page.get("schema") or page.get("Schema")
    if not isinstance(schema, list):
        return []
    found = [part.get("Column") if isinstance(part, dict) else part for part in schema]
    names = [name for name in found if isinstance(name, str)]
    return names if len({*names}) == len(schema) else []


def refuse_refusal(found: dict[str, Any]) -> None:
    """Refuse what a server said instead of records."""
    error = found.get("error")
    if isinstance(error, dict):
        said = printable(
            " ".join(f"{error.get('code')}: {error.get('message')}".split())
        )
        raise FileRefused(f"The file is an error that a server answered: {said}")


def too_long(line: int) -> FileRefused:
    return FileRefused(
        f"The JSON value in line {line:,} has more than {LONGEST_VALUE:,} characters, "
        "or does not end."
    )


def reason_of(error: json.JSONDecodeError) -> str:
    """Return what is wrong; Python's sentences go on with the place, which follows."""
    return error.msg.removesuffix(" at").removesuffix(" starting")


class Text:
    """JSON that is read value by value, and never kept as a whole."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.decoder = decoder()
        self.buffer, self.at, self.line = "", 0, 1
        self.passed = 0  # characters that are not in the buffer any more
        self.whole = False  # the buffer has the end of the file

    @property
    def place(self) -> int:
        """Return how many characters of the file were passed."""
        return self.passed + self.at

    def peek(self) -> str:
        """Return the next character that is no white space; nothing at the end."""
        while True:
            end = SPACE.match(self.buffer, self.at).end()  # type: ignore[union-attr]
            self._pass(end)
            if self.at < len(self.buffer) or not self._read():
                return self.buffer[self.at : self.at + 1]

    def taken(self, character: str) -> bool:
        """Say whether this character is next, and pass it."""
        found = self.peek() == character
        self.at += found
        return found

    def expect(self, character: str) -> None:
        if not self.taken(character):
            self.refuse(f"expected {character!r}")

    def value(self) -> Any:
        """Return the next value, however many pieces of the file it takes."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.at)
            except json.JSONDecodeError as error:
                if self.whole or self._is_final(error):
                    self._pass(error.pos)
                    self.refuse(reason_of(error))
                self._read()  # places in the buffer are others thereafter
                continue
            except BadRequest as error:
                self.refuse(str(error.detail).removeprefix(OF_A_BODY))
            except RecursionError:
                self.refuse("it is nested too deeply")
            except ValueError:  # the one that is left
                self.refuse("a number is too long")
            if end < len(self.buffer) or not self._read():  # 12 may be half of 1234
                self._pass(end)
                return value

    def _is_final(self, error: json.JSONDecodeError) -> bool:
        """Say whether no more of the file could make the value whole."""
        is_open = error.msg.startswith("Unterminated string")
        return not is_open and error.pos < len(self.buffer) - LONGEST_TOKEN

    def refuse(self, reason: str) -> NoReturn:
        found = self.buffer[self.at : self.at + 20]
        place = f"before {found!r}" if found else "at the end of the file"
        raise FileRefused(
            f"The JSON cannot be read in line {self.line:,}: {reason.rstrip('.')}, "
            f"{place}."
        )

    def _read(self) -> bool:
        """Add the next piece of the file; say whether there was one."""
        if self.whole:
            return False
        rest = self.buffer[self.at :]
        if len(rest) > LONGEST_VALUE:
            raise too_long(self.line)
        piece = self.file.read(max(READ, len(rest)))
        self.passed += self.at
        self.buffer, self.at, self.whole = rest + piece, 0, not piece
        return bool(piece)

    def _pass(self, end: int) -> None:
        self.line += self.buffer.count("\n", self.at, end)
        self.at = end
