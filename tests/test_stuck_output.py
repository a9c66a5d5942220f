"""A pipe that nobody reads any more, such as a supervisor's, does not keep ``up``."""

import contextlib
import os

import pytest

from project.server import free_outputs


@pytest.fixture
def pipe():
    """Return both ends, reading and writing, of a pipe that is closed at the end."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def fill(output):
    os.set_blocking(output, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(output, bytes(4096))
    os.set_blocking(output, True)


def test_what_is_read_stays_where_it_goes(pipe):
    reading, writing = pipe
    free_outputs([writing], patience=0)
    os.write(writing, b"Stopped")
    assert os.read(reading, 100) == b"Stopped"


def test_what_nobody_reads_takes_everything(pipe):
    _, writing = pipe
    fill(writing)
    free_outputs([writing], patience=0)
    assert os.write(writing, bytes(1_000_000)) == 1_000_000


def test_what_its_reader_has_closed_is_left_as_it_is(pipe):
    reading, writing = pipe
    other, spare = os.pipe()
    os.close(spare)
    os.dup2(other, reading)  # the fixture still has something to close
    os.close(other)
    free_outputs([writing], patience=60)
    with pytest.raises(BrokenPipeError):
        os.write(writing, b"Stopped")
