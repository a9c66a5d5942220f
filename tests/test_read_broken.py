"""Texts that are not what they seem, or not whole: each is named, none is read."""

import io
import json
import tracemalloc

import pytest

from certstates.sources import FileRefused, open_source
from tests.effort import ended_at_once
from tests.files import RECORD, csv_file, json_file

CSV = csv_file({**RECORD, "id": "a"}, {**RECORD, "id": "b"})
HEADER = CSV.split(b"\r\n")[0]


def read(content):
    source = open_source(io.BytesIO(content))
    return [*source], source.warnings


def refusal_of(content):
    with pytest.raises(FileRefused) as refused:
        read(content)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\r\n <!DOCTYPE HTML><title>Sign in", "an HTML page, perhaps one to sign in"),
        (b"\xef\xbb\xbf<html lang=en>", "an HTML page"),
        ("<html>".encode("utf-16"), "an HTML page"),
        ("<html><body></html>".encode("utf-16-le"), "an HTML page"),
        (b'<?xml version="1.0"?><Error>', "HTML or XML"),
        (
            b'{"error": {"code": "Forbidden", "message": "No\\n\\u001b"}}',
            "Forbidden: No",
        ),
        (CSV + b'"x', "Line 4 cannot be read: unexpected end of data"),
        (CSV[:-20], None),
        (
            CSV + b'"INCOMPLETE: the export broke off here."\r\n',
            "line 4 says that it is",
        ),
        (json_file(RECORD)[:-1], "at the end of the file"),
        (json_file(RECORD)[:-3], "in line 1"),
        (CSV.replace(b",", b"|"), "seems to be divided by |"),
        (CSV.replace(b",", b"^"), "seems to be divided by ^"),
        (b"name\r\nx\r\n", "Commas, semicolons and tabs were tried"),
        (
            b"x" * ((1 << 17) + 1) + b"\r\n",
            "cannot be read: field larger than field limit",
        ),
        (b"name\x1b[31m,x\r\ny,z\r\n", "it has: name?[31m, x"),
        (HEADER + b",certificate_thumbprint\r\n", "Two columns of the header are"),
        (b"\0\0\0\0" * 99, "The file is no text."),
        (bytes(range(1, 32)) * 20 + bytes(9), "The file is no text."),
        (b"PK\x05\x06" + bytes(18), "an empty ZIP archive"),
        (b"\xff\xd8\xff\xe0", "a picture (JPEG)"),
    ],
)
def test_what_is_no_table_and_no_json_is_named(content, reason):
    if reason is None:
        rows, _ = read(content)
        assert rows[-1].faults[0].startswith("The row has")
    else:
        assert reason in refusal_of(content)


def test_nothing_of_a_file_is_a_command_to_a_terminal():
    record = {**RECORD, "id": "a", "\x1b[31m\x9b": "x", "a\nb": "y"}
    for content in (csv_file(record), json.dumps(record).encode()):
        _, [warning] = read(content)
        assert warning.endswith("passed over: ?[31m?, a?b.")


def test_names_without_end_are_not_remembered():
    records = [{**RECORD, f"{n}" * 1000: "x"} for n in range(100)]
    source = open_source(io.BytesIO(json_file(*records)))
    assert len([*source]) == 100
    assert len(str(source.unknown)) < 5000
    [warning] = source.warnings
    assert warning.endswith(", ….")


def test_an_object_of_very_many_names_is_refused():
    content = json.dumps({f"{n}": n for n in range(10_000)}).encode()
    assert "an object has more than 200 names" in refusal_of(content)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_lines_end_in_any_way(end):
    rows, _ = read(CSV.replace(b"\r\n", end))
    assert [row.line for row in rows] == [2, 3]
    assert [row.values["id"] for row in rows] == ["a", "b"]


@pytest.mark.parametrize(
    ("more", "line"),
    [(bytes(500), 1002), ("\r\nx,y".encode("utf-16-le"), 1002), (b"a\r\nb\0", 1003)],
)
def test_a_nul_beyond_the_beginning_is_named_with_its_line(more, line):
    good = csv_file(*({**RECORD, "id": f"{n}"} for n in range(1000)))
    reason = refusal_of(good + more)
    assert f"Line {line:,} has a NUL" in reason
    assert "UTF-16" in reason


class Endless(io.RawIOBase):
    """A header, and a line of two gigabytes below it that nobody wrote."""

    size = 2 << 30

    def __init__(self):
        self.place = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        self.place = offset if whence == 0 else self.size + offset
        return self.place

    def tell(self):
        return self.place

    def read(self, size=-1):
        assert size >= 0
        piece = HEADER + b"\r\n" if self.place == 0 else b"x" * size
        piece = piece[: min(size, self.size - self.place)]
        self.place += len(piece)
        return piece


def test_a_line_of_two_gigabytes_is_refused_before_it_is_read():
    tracemalloc.start()
    with (
        ended_at_once(),
        pytest.raises(FileRefused, match="Line 2 has more than 1,048"),
    ):
        open_source(Endless())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_table_is_read_in_memory_that_does_not_grow():
    def peak(rows):
        content = csv_file(*({**RECORD, "id": f"{n}"} for n in range(rows)))
        tracemalloc.start()
        for _ in open_source(io.BytesIO(content)):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)
    assert peak(8000) < 1.5 * peak(2000)
