"""ZIP archives and gzip: one file in each, unpacked no further than is allowed."""

import gc
import gzip
import io
import struct
import tempfile
import tracemalloc
import zipfile
import zlib

import pytest

from certstates.sources import FileRefused, Reading, open_source
from tests.files import RECORD, csv_file, json_file, xlsx_file

CSV = csv_file({**RECORD, "id": "a"})


def archive(*members, method=zipfile.ZIP_DEFLATED):
    """Return a ZIP of names and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return buffer.getvalue()


def nameless(content):
    """Return an archive of one file, which has no name at all any more."""
    local, directory, end = (
        content.index(mark) for mark in (b"PK\3\4", b"PK\1\2", b"PK\5\6")
    )
    entry = bytearray(content[directory:end])
    entry[28:30] = bytes(2)
    entry[42:46] = bytes(4)
    del entry[46:47]
    first = bytearray(content[local:directory])
    first[26:28] = bytes(2)
    del first[30:31]
    tail = bytearray(content[end:])
    tail[12:20] = struct.pack("<LL", len(entry), len(first))
    return bytes(first + entry + tail)


def ids_of(content, **reading):
    rows = open_source(io.BytesIO(content), Reading(**reading))
    return [row.values.get("id") for row in rows]


def refusal_of(content, **reading):
    with pytest.raises(FileRefused) as refused:
        ids_of(content, **reading)
    return str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        archive(("AllDeviceCertificates_x.csv", CSV)),
        archive(("x.csv", CSV), method=zipfile.ZIP_STORED),
        archive(("a/b/", b""), ("a/b/x.csv", CSV)),
        archive(("x.csv", CSV), ("__MACOSX/._x.csv", b"\0\5\x16\7")),
        archive(("x.json", json_file({**RECORD, "id": "a"}))),
        archive(("x.xlsx", xlsx_file(["id", *RECORD], ["a", *RECORD.values()]))),
        archive(("../../etc/passwd", CSV)),
        archive(("/etc/passwd", CSV)),
        archive(("C:\\x\\..\\nul", CSV)),
        archive(("x" * 60_000, CSV)),
        nameless(archive(("x", CSV))),
        gzip.compress(CSV),
        gzip.compress(CSV[:99]) + gzip.compress(b"") + gzip.compress(CSV[99:]),
        gzip.compress(CSV) + bytes(512),
        gzip.compress(json_file({**RECORD, "id": "a"})),
        gzip.compress(CSV.decode().encode("utf-16")),
    ],
)
def test_what_is_packed_is_read(content):
    assert ids_of(content) == ["a"]


def test_what_was_unpacked_is_gone_with_its_reader(settings, tmp_path, monkeypatch):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    make, made = tempfile.TemporaryFile, []
    monkeypatch.setattr(
        tempfile,
        "TemporaryFile",
        lambda **given: made.append(make(**given)) or made[-1],
    )
    source = open_source(io.BytesIO(archive(("x.csv", CSV))))
    assert len([*source]) == 1
    assert not made[0].closed
    assert not [*tmp_path.iterdir()]
    del source
    gc.collect()
    assert made[0].closed
    refusal_of(archive(("x.csv", b"x,y\r\n1,2\r\n")))
    refusal_of(changed(ZIP, DIRECTORY, 24, b"\xff\xff\xff\x0f"))
    assert [file.closed for file in made] == [True] * 3


def changed(content, mark, offset, values):
    """Return an archive of which somebody changed bytes after a mark."""
    begin = content.index(mark) + offset
    return content[:begin] + values + content[begin + len(values) :]


ZIP = archive(("x.csv", CSV * 50))
DIRECTORY = b"PK\x01\x02"
GZIP = gzip.compress(CSV * 50)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (archive(), "an empty ZIP archive"),
        (archive(("a/", b"")), "has no file in it"),
        (
            archive(("a.csv", CSV), ("b\n\x1b.csv", CSV)),
            "has 2 files (a.csv, b??.csv); one is read from each",
        ),
        (archive(*((f"{n}", CSV) for n in range(9))), "has 9 files (0, 1, 2, 3, 4, …)"),
        (archive(("x.zip", ZIP)), "is itself a ZIP archive. Unpack it first."),
        (archive(("x.gz", GZIP)), "is itself packed with gzip."),
        (gzip.compress(ZIP), "is itself a ZIP archive."),
        (gzip.compress(GZIP), "is itself packed with gzip."),
        (archive(("x.csv", b"")), "The file is empty."),
        (archive(("x.png", b"\x89PNG\r\n")), "a picture (PNG)"),
        (archive(("x.html", b"<!DOCTYPE html>")), "an HTML page"),
        (archive(("x.csv", CSV), method=zipfile.ZIP_LZMA), "method 14"),
        (archive(("x.csv", CSV), method=zipfile.ZIP_BZIP2), "method 12"),
        (changed(ZIP, DIRECTORY, 10, b"\x63"), "method 99"),
        (changed(ZIP, DIRECTORY, 8, b"\x01"), "has a password"),
        (changed(ZIP, DIRECTORY, 16, b"\0\0\0\0"), "Bad CRC-32"),
        (changed(ZIP, DIRECTORY, 24, b"\x10\0\0\0"), "Bad CRC-32"),
        (changed(ZIP, DIRECTORY, 24, b"\xff\xff\xff\x0f"), "a size in it is wrong"),
        (changed(ZIP, DIRECTORY, 20, b"\xff\xff\xff\x0f"), "damaged"),
        (changed(ZIP, DIRECTORY, 20, b"\x10\0\0\0"), "damaged"),
        (changed(ZIP, DIRECTORY, 42, b"\xff\xff\xff\x0f"), "damaged"),
        (changed(ZIP, DIRECTORY, 46, b"y"), "damaged"),
        (ZIP[:-1], "damaged or not whole"),
        (ZIP[: len(ZIP) // 2], "damaged or not whole"),
        (ZIP[:40] + b"\xff\xff\xff\xff" + ZIP[44:], "damaged"),
        (GZIP[:-1], "damaged"),
        (GZIP[:-9], "damaged"),
        (GZIP[:5], "damaged"),
        (GZIP[:-8] + bytes(4) + GZIP[-4:], "CRC check failed"),
        (GZIP[:-4] + bytes(4), "Incorrect length"),
        (GZIP[:20] + b"\xff" * 9 + GZIP[29:], "damaged"),
        (GZIP + b"x" * 99, "damaged"),
        (b"\x1f\x8b\x09" + GZIP[3:], "damaged"),
        (b"BZh91AY", "bzip2"),
        (b"x" * 257 + b"ustar" + bytes(250), "a tar archive"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_by_a_sentence(content, reason):
    assert reason in refusal_of(content)


def two_that_overlap():
    """Return an archive with two names for the same packed bytes."""
    packed = archive(("a.csv", CSV), ("b.csv", CSV))
    second = packed.rindex(DIRECTORY) + 42
    return packed[:second] + bytes(4) + packed[second + 4 :]


def test_entries_that_share_their_bytes_are_refused():
    assert "has 2 files" in refusal_of(two_that_overlap())


def bomb(size):
    """Return a gzip of so many zeros, made without having them."""
    packer = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    parts = [packer.compress(piece) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])


def zipped_bomb(size):
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("x.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    return buffer.getvalue()


@pytest.mark.parametrize("made", [bomb, zipped_bomb])
def test_a_bomb_is_refused_in_little_memory_and_on_little_disk(
    made, settings, tmp_path
):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    content = made(128 << 20)
    assert len(content) < 1 << 20
    tracemalloc.start()
    reason = refusal_of(content, most_bytes=4 << 30)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    most = max(16 << 20, 250 * len(content))
    assert f"more than {most:,} bytes" in reason
    assert peak < 4 << 20


@pytest.mark.parametrize("packed", [lambda c: archive(("x.csv", c)), gzip.compress])
def test_an_honest_file_may_have_so_many_bytes_and_no_more(packed):
    content = packed(CSV)
    assert ids_of(content, most_bytes=len(CSV)) == ["a"]
    assert "more than" in refusal_of(content, most_bytes=len(CSV) - 1)


def test_an_archive_of_very_many_names_is_refused_unread():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for n in range(20_000):
            packed.writestr(f"{n:050}", b"")
    tracemalloc.start()
    assert "directory" in refusal_of(buffer.getvalue())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
